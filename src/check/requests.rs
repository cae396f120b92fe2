//! `requests`: how often a request was made, and answered.

use schemars::JsonSchema;
use serde::Deserialize;

use super::context::{Report, Scene, report};
use super::matcher::{Matcher, Times};
use super::words::{both, join, listed, named, quote, refusal};
use super::{Finding, Kind, Nature};
use crate::text::Text;

/// `requests`: how often a request was made.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Requests {
    /// Which.
    pub matching: Matcher,
    /// How often.
    pub times: Times,
    /// Also met when the client reported an intelligible error instead (a single interactive call may end so).
    #[serde(default)]
    pub or_error: bool,
}

impl Kind for Requests {
    fn title(&self) -> Text {
        let (times, what) = (self.times.describe(), self.matching.describe());
        Text::new(
            format!("Le client envoie {} requête(s){}", times.fr, what.fr),
            format!("The client sends {} request(s){}", times.en, what.en),
        )
    }

    fn expected(&self, _: &Scene<'_>) -> Text {
        let (times, what) = (self.times.describe(), self.matching.describe());
        let or = if self.or_error {
            both!(", ou une erreur claire du client", ", or a clear error from the client")
        } else {
            Text::default()
        };
        Text::new(
            format!("{} requête(s){}{}.", times.fr, what.fr, or.fr),
            format!("{} request(s){}{}.", times.en, what.en, or.en),
        )
    }

    fn nature(&self) -> Nature {
        if self.times.bounds().0 == 0 { Nature::Reaction } else { Nature::Completion }
    }

    fn hinges_on_fault(&self, _: &[Option<u16>]) -> bool {
        // What is missing may be missing because the reply that would have called for it never came.
        self.times.bounds().0 > 0
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let found: Vec<u32> = scene
            .exchanges()
            .filter(|exchange| self.matching.matches(scene, exchange))
            .map(|exchange| exchange.number)
            .collect();
        let (low, high) = self.times.bounds();
        let count = found.len();
        let list = listed(&found);
        let actual = Text::new(
            format!("{count} requête(s) correspondante(s) ({})", list.fr),
            format!("{count} matching request(s) ({})", list.en),
        );
        if count > usize::try_from(high).unwrap_or(usize::MAX) {
            let what = self.matching.describe();
            let why = Text::new(
                format!("Le client a envoyé {count} requête(s){}, au lieu de {high} au plus.", what.fr),
                format!("The client sent {count} request(s){} instead of {high} at most.", what.en),
            );
            let remedy = both!(
                "Voyez dans les échanges cités ce qui a provoqué ces appels, et faites qu’ils n’aient plus lieu.",
                "See in the exchanges cited what caused these calls, and make them not happen."
            );
            return Finding::broken(actual, why, remedy).citing(found);
        }
        if count >= usize::try_from(low).unwrap_or(usize::MAX) {
            let why = both!("Le compte y est : {count}.", "The count is right: {count}.");
            return Finding::met(actual, why).citing(found);
        }
        self.too_few(scene, actual).citing(found)
    }
}

impl Requests {
    fn too_few(&self, scene: &Scene<'_>, actual: Text) -> Finding {
        let last = scene.steps().last().map(report);
        let wanted = self.times.describe();
        match (&last, self.or_error) {
            (Some(Report::Error(message)), true) if !message.trim().is_empty() => {
                let message = quote(message);
                return Finding::met(
                    actual,
                    both!(
                        "Le client n’a pas abouti et l’a dit par une erreur, ce qui est permis ici.",
                        "The client did not succeed and said so by an error, which is allowed here."
                    ),
                )
                .note(both!(
                    "Message du client, à vérifier : « {message} »",
                    "The client's message, to be reviewed: `{message}`"
                ));
            }
            (Some(Report::Human(_)), true) => {
                return Finding::review(
                    actual,
                    both!(
                        "Les requêtes attendues manquent ; une personne doit vérifier que le client a affiché une erreur claire.",
                        "The expected requests are missing; a person has to check that the client showed a clear error."
                    ),
                );
            }
            _ => {}
        }
        let ending = match last {
            Some(Report::Deadline) => both!(
                " L’adaptateur tournait encore à l’échéance.",
                " The adapter was still running at the deadline."
            ),
            Some(Report::Error(message)) if message.trim().is_empty() => {
                both!(
                    " Le client a fini en erreur sans message.",
                    " The client ended with an error without a message."
                )
            }
            Some(Report::Error(message)) => {
                let message = quote(&message);
                both!(" Le client a dit : « {message} ».", " The client said: `{message}`.")
            }
            _ => Text::default(),
        };
        let why = Text::new(
            format!("Il manque des requêtes (attendu : {}).{}", wanted.fr, ending.fr),
            format!("Requests are missing (expected: {}).{}", wanted.en, ending.en),
        );
        let remedy = both!(
            "Comparez avec la requête la plus proche, s’il y en a une, et corrigez l’appel ou sa suite.",
            "Compare with the nearest request, if there is one, and correct the call or what follows it."
        );
        let finding = Finding::broken(actual, why, remedy);
        // A request that differs in everything is no help.
        let criteria = self.criteria();
        let nearest = scene
            .exchanges()
            .map(|exchange| (self.matching.differences(scene, exchange), exchange))
            .filter(|(differences, _)| !differences.is_empty() && differences.len() < criteria.max(2))
            .min_by_key(|(differences, exchange)| (differences.len(), exchange.number));
        match nearest {
            Some((differences, exchange)) => {
                let name = named(exchange);
                let fr: Vec<String> = differences.iter().map(|text| text.fr.clone()).collect();
                let en: Vec<String> = differences.iter().map(|text| text.en.clone()).collect();
                let note = Text::new(
                    format!("Requête la plus proche : {} — {}.", name.fr, fr.join(" ; ")),
                    format!("Nearest request: {} — {}.", name.en, en.join("; ")),
                );
                finding.note(join(&note, &refusal(exchange))).citing([exchange.number])
            }
            None => finding,
        }
    }

    fn criteria(&self) -> usize {
        let matching = &self.matching;
        usize::from(matching.method.is_some())
            + usize::from(matching.path.is_some())
            + usize::from(matching.api.is_some())
            + usize::from(matching.status.is_some())
            + usize::from(matching.scripted.is_some())
            + matching.parameters.len()
    }
}
