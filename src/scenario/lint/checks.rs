//! Cross-checks of checks: identity, requirements, the step they judge, the kind's own parameters.

use std::collections::BTreeSet;

use super::{Lint, place};
use crate::check::Check;
use crate::check::{AtLeast, Expect, HandedFacet, Times};
use crate::scenario::diagnostic::{Code, quoted};
use crate::scenario::load::Key;
use crate::scenario::model::{AdvertiseDelay, Defect, Step};
use crate::text::Text;

impl Lint<'_> {
    pub(super) fn checks(&mut self) {
        let checks = &self.scenario().checks;
        self.not_empty(checks.len(), "checks");
        let mut ids = BTreeSet::new();
        for (index, check) in checks.iter().enumerate() {
            self.id_form(&check.id, place!["checks", index, "id"]);
            if !ids.insert(&check.id) {
                let shown = quoted(&check.id);
                self.at(
                    Code::DuplicateId,
                    place!["checks", index, "id"],
                    Text::new(
                        format!("un autre contrôle s’appelle déjà « {shown} »"),
                        format!("another check is already called `{shown}`"),
                    ),
                    Text::new("donnez-lui un autre nom", "give it another name"),
                );
            }
            if let Some(title) = &check.title {
                self.text(title, place!["checks", index, "title"]);
            }
            self.requires(index, check);
            self.judged_step(index, check);
            self.expect(index, check);
        }
    }

    fn requires(&mut self, index: usize, check: &Check) {
        if check.requires.is_empty() {
            self.at(
                Code::EmptyList,
                place!["checks", index, "requires"],
                Text::new("ce contrôle ne cite aucune exigence", "this check cites no requirement"),
                Text::new(
                    "citez celle qu’il décide : requires: [BANC-429-01]",
                    "cite the one that it decides: requires: [BANC-429-01]",
                ),
            );
        }
        let mut seen = BTreeSet::new();
        for (position, id) in check.requires.iter().enumerate() {
            let path = place!["checks", index, "requires", position];
            match self.known.requirements.obliges_client(id) {
                None => self.unknown_requirement(path, id),
                Some(false) => self.at(
                    Code::NotAClientRequirement,
                    path,
                    Text::new(
                        format!("« {id} » oblige le serveur, un contrôle juge le client"),
                        format!("`{id}` obliges the server, a check judges the client"),
                    ),
                    Text::new(
                        "citez l’exigence qui en découle pour le client",
                        "cite the requirement that follows from it for the client",
                    ),
                ),
                Some(true) if !seen.insert(id) => self.twice(path, &quoted(id)),
                Some(true) => {}
            }
        }
    }

    fn judged_step(&mut self, index: usize, check: &Check) {
        let Some(step) = check.step else { return };
        let steps = &self.scenario().steps;
        let judged = usize::try_from(step).ok().and_then(|step| steps.get(step.checked_sub(1)?));
        let message = match judged {
            None => Text::new(
                format!("il n’y a pas d’étape {step}, le scénario en a {}", steps.len()),
                format!("there is no step {step}, the scenario has {}", steps.len()),
            ),
            Some(judged) if judged.act.is_none() => Text::new(
                format!("à l’étape {step} le client ne fait rien"),
                format!("in step {step} the client does nothing"),
            ),
            Some(_) => return,
        };
        self.at(
            Code::StepOutOfRange,
            place!["checks", index, "step"],
            message,
            Text::new("les étapes se comptent à partir de 1", "steps are counted from 1"),
        );
    }

    fn expect(&mut self, index: usize, check: &Check) {
        let inside =
            |kind: &str, key: &str| -> Vec<Key> { place!["checks", index, "expect", kind, key].to_vec() };
        match &check.expect {
            Expect::Requests(requests) => {
                self.matcher(&inside("requests", "matching"), &requests.matching);
                self.times(&inside("requests", "times"), requests.times);
            }
            Expect::Gap(gap) => {
                self.matcher(&inside("gap", "after"), &gap.after);
                if gap.at_least == AtLeast::Advertised && !self.advertises_a_delay() {
                    self.never_advertised(&inside("gap", "at-least"));
                }
            }
            Expect::BackOff(back_off) => {
                self.matcher(&inside("back-off", "after"), &back_off.after);
                if back_off.attempts == 0 {
                    self.count(&inside("back-off", "attempts"));
                }
            }
            Expect::TokenReuse(reuse) if reuse.tokens_at_most == 0 => {
                self.count(&inside("token-reuse", "tokens-at-most"));
            }
            Expect::RefusesServer(_) => {
                self.server_to_judge(index, check, |step| defects(step).any(|defect| !defect.is_good()));
            }
            Expect::AcceptsServer(_) => {
                self.server_to_judge(index, check, |step| defects(step).any(Defect::is_good))
            }
            Expect::HandedCredential(handed) => self.credential_to_judge(index, check, handed.look_at),
            Expect::NotRepeated(not_repeated) => {
                self.matcher(&inside("not-repeated", "after"), &not_repeated.after);
            }
            _ => {}
        }
    }

    fn server_to_judge(&mut self, index: usize, check: &Check, is_judged: impl Fn(&Step) -> bool) {
        let steps = (1..).zip(&self.scenario().steps);
        let judged = steps.filter(|(number, _)| check.step.is_none_or(|step| step == *number));
        if !judged.into_iter().any(|(_, step)| is_judged(step)) {
            self.at(
                Code::MissingControl,
                place!["checks", index, "expect"],
                Text::new(
                    "aucun serveur de ce genre n’est dans ce qui est jugé",
                    "there is no such server in what is judged",
                ),
                Text::new(
                    "jugez une étape qui a un « server », ou donnez-lui-en un",
                    "judge a step that has a `server`, or give it one",
                ),
            );
        }
    }

    fn credential_to_judge(&mut self, index: usize, check: &Check, look_at: HandedFacet) {
        let good = look_at == HandedFacet::Shown;
        let steps = (1..).zip(&self.scenario().steps);
        let mut judged = steps.filter(|(number, _)| check.step.is_none_or(|step| step == *number));
        if !judged.any(|(_, step)| step.credential.is_some_and(|credential| credential.is_good() == good)) {
            self.at(
                Code::MissingControl,
                place!["checks", index, "expect"],
                Text::new(
                    "aucun certificat de ce genre n’est donné dans ce qui est jugé",
                    "no such certificate is handed in what is judged",
                ),
                Text::new(
                    "jugez une étape qui a un « credential », ou donnez-lui-en un",
                    "judge a step that has a `credential`, or give it one",
                ),
            );
        }
    }

    fn times(&mut self, path: &[Key], times: Times) {
        let Times { at_least, at_most, exactly } = times;
        let (message, help) = if at_least.is_none() && at_most.is_none() && exactly.is_none() {
            (
                Text::new("aucune borne n’est donnée", "no bound is given"),
                Text::new(
                    "écrivez « at-least », « at-most » ou « exactly »",
                    "write `at-least`, `at-most` or `exactly`",
                ),
            )
        } else if exactly.is_some() && (at_least.is_some() || at_most.is_some()) {
            (
                Text::new(
                    "« exactly » rend les autres bornes inutiles",
                    "`exactly` makes the other bounds useless",
                ),
                Text::new("gardez « exactly » seul", "keep `exactly` alone"),
            )
        } else if at_least.zip(at_most).is_some_and(|(least, most)| least > most) {
            (
                Text::new("« at-least » dépasse « at-most »", "`at-least` is more than `at-most`"),
                Text::new("échangez-les", "swap them"),
            )
        } else {
            return;
        };
        self.at(Code::InvalidTimes, path, message, help);
    }

    fn advertises_a_delay(&self) -> bool {
        let given = &self.scenario().given;
        let scripted = given.replies.iter().map(|scripted| &scripted.reply).any(|reply| {
            reply.retry_after.is_some() || reply.retry_after_date.is_some() || reply.retry_after_raw.is_some()
        });
        scripted || (given.quotas.enforced && given.quotas.retry_after != AdvertiseDelay::Absent)
    }

    fn never_advertised(&mut self, path: &[Key]) {
        self.at(
            Code::DelayNeverAdvertised,
            path,
            Text::new(
                "aucune réponse de ce scénario n’annonce de délai",
                "no reply of this scenario advertises a delay",
            ),
            Text::new(
                "ajoutez « retry-after » à une réponse, ou des quotas appliqués ; sinon une durée, ou « back-off »",
                "add `retry-after` to a reply, or enforced quotas; otherwise a duration, or `back-off`",
            ),
        );
    }
}

/// What is wrong with the servers of a step.
fn defects(step: &Step) -> impl Iterator<Item = Defect> + use<> {
    step.server.into_iter().flat_map(|server| server.token.into_iter().chain(server.api))
}
