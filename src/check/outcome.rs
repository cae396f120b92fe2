//! `outcome`: what the client reported at the end of a step.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Seconds;
use super::context::{Report, Scene, report};
use super::still_trying::still_trying;
use super::words::{both, ms, named, quote};
use super::{Finding, Kind, Nature, Party};
use crate::journal::{Exchange, Step};
use crate::text::Text;

/// `outcome`: what the client reported.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectedOutcome {
    /// What is expected.
    pub is: OutcomeKind,
    /// A client that is still running at the deadline is at fault only when it had at least that long; with less, a
    /// person has to say whether it would have ended (its own time-out may be longer). At fault in any case when absent.
    #[serde(default)]
    pub hang_after: Option<Seconds>,
}

/// What a client may report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeKind {
    /// Success.
    Ok,
    /// An error with a message; its wording is for a person to review.
    Error,
    /// Success, or an error with a message.
    OkOrError,
}

impl Kind for ExpectedOutcome {
    fn title(&self) -> Text {
        match self.is {
            OutcomeKind::Ok => both!("Le client annonce un succès", "The client reports success"),
            OutcomeKind::Error => {
                both!("Le client signale une erreur intelligible", "The client reports an intelligible error")
            }
            OutcomeKind::OkOrError => both!(
                "Le client annonce un succès ou signale une erreur intelligible",
                "The client reports success or an intelligible error"
            ),
        }
    }

    fn expected(&self, _: &Scene<'_>) -> Text {
        match self.is {
            OutcomeKind::Ok => both!("Un succès, avant l’échéance.", "Success, before the deadline."),
            OutcomeKind::Error => both!(
                "Une erreur avec un message, avant l’échéance.",
                "An error with a message, before the deadline."
            ),
            OutcomeKind::OkOrError => both!(
                "Un succès, ou une erreur avec un message, avant l’échéance.",
                "Success, or an error with a message, before the deadline."
            ),
        }
    }

    fn nature(&self) -> Nature {
        Nature::Completion
    }

    fn hinges_on_fault(&self, _: &[Option<u16>]) -> bool {
        self.is == OutcomeKind::Error
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let mut last = None;
        for step in scene.steps() {
            let finding =
                self.judge(scene, step).notes(malformed(step)).notes(super::announced::note(scene, step));
            if finding.verdict != super::Verdict::Met {
                return finding;
            }
            last = Some(finding);
        }
        last.unwrap_or_else(|| {
            Finding::undecided(
                both!("Aucune action.", "No action."),
                both!("Le client n’a rien eu à faire.", "The client had nothing to do."),
            )
        })
    }
}

/// What is wrong with the form of the adapter's result.
fn malformed(step: &Step) -> Vec<Text> {
    let result = step.ended.as_ref().and_then(|ended| ended.result.as_ref());
    let faults = result.map(|result| result.malformed.as_slice()).unwrap_or_default();
    faults
        .iter()
        .map(|fault| {
            let fault = quote(fault);
            both!(
                "Résultat de l’adaptateur mal formé : {fault}.",
                "The adapter's result is malformed: {fault}."
            )
        })
        .collect()
}

/// An answer given up later than this before the deadline may have been so by the end of the step.
const BEFORE_DEADLINE_US: u64 = 1_000_000;

/// A client that may have been waiting for its own time-out.
fn undecided_hang(deadline_ms: u64, enough: Seconds) -> Finding {
    // Rounded up: with that many times the deadline there is enough.
    let factor = enough.micros().div_ceil(deadline_ms.saturating_mul(1_000).max(1));
    Finding::review(
        both!(
            "L’adaptateur attendait encore à l’échéance ({deadline_ms} ms) et a été arrêté.",
            "The adapter was still waiting at the deadline ({deadline_ms} ms) and was stopped."
        ),
        both!(
            "Le client attend encore : une réponse qui ne vient pas, ou la fin d’un délai. Une personne doit vérifier qu’il borne cette attente (time-out de lecture, plus long délai admis) ; avec une échéance {factor} fois plus longue que celle-ci (--patience), le banc en juge lui-même.",
            "The client is still waiting: for an answer that does not come, or for the end of a delay. A person has to check that it bounds that wait (read time-out, longest delay that it accepts); with a deadline {factor} times as long as this one (--patience) the bench judges it by itself."
        ),
    )
    .remedy(
        both!(
            "Rejouez ce scénario en allongeant les échéances (--patience), ou donnez au client un time-out de lecture plus court.",
            "Play this scenario again with longer deadlines (--patience), or give the client a shorter read time-out."
        ),
        Party::Client,
    )
}

/// A client that was seen to give up a stalled answer by itself: it closed the connection well before the deadline.
fn own_time_out(scene: &Scene<'_>, step: &Step) -> Option<Finding> {
    let end = step.started_us.saturating_add(step.started.deadline_ms.saturating_mul(1_000));
    let mut given_up = scene.during(step).filter_map(|exchange| {
        let response = exchange.response.as_ref()?;
        if response.scripted.is_none() || exchange.complete == Some(true) {
            return None;
        }
        // On HTTP/2 the stream ends first, and the connection at the latest with the client.
        let ends = [closed_by_client(scene, exchange), exchange.given_up_us];
        let given_up = ends.into_iter().flatten().min()?;
        let early = given_up.saturating_add(BEFORE_DEADLINE_US) <= end;
        early.then(|| (exchange, given_up.saturating_sub(exchange.request.first_byte_us)))
    });
    let (first, waited_us) = given_up.next()?;
    let times = 1 + given_up.count();
    let (name, waited) = (named(first), ms(waited_us));
    let finding = Finding::review(
        Text::new(
            format!(
                "Après {waited}, le client a lui-même renoncé à la réponse : {} ({times} fois en tout).",
                name.fr
            ),
            format!("After {waited} the client gave up the answer by itself: {} ({times} in all).", name.en),
        ),
        both!(
            "Le client a un délai maximal (time-out) de lecture. À l’échéance du pas, il n’avait encore rien signalé : une personne doit vérifier qu’il finit par une erreur.",
            "The client has a read time-out. At the deadline of the step it had not reported anything yet: a person has to check that it ends with an error."
        ),
    );
    let remedy = both!(
        "Rejouez ce scénario en allongeant les échéances (--patience) : le client essayait sans doute encore.",
        "Play this scenario again with longer deadlines (--patience): the client was probably still trying."
    );
    Some(finding.remedy(remedy, Party::Configuration).citing([first.number]))
}

/// When the client closed the connection of that exchange, µs; none when it did not.
fn closed_by_client(scene: &Scene<'_>, exchange: &Exchange) -> Option<u64> {
    let connection = scene.evidence.connections.get(&exchange.request.connection)?;
    connection.closed_us.filter(|_| connection.closed.as_ref().is_some_and(|it| it.by_client))
}

impl ExpectedOutcome {
    fn judge(self, scene: &Scene<'_>, step: &Step) -> Finding {
        match report(step) {
            Report::Ok if self.is == OutcomeKind::Error => Finding::broken(
                both!("Le client a annoncé un succès.", "The client reported success."),
                both!(
                    "Le client annonce un succès alors que l’action ne pouvait pas aboutir.",
                    "The client reports success although the action could not succeed."
                ),
                both!(
                    "Vérifiez le statut HTTP de chaque réponse et terminez en erreur, avec un message, quand l’action échoue.",
                    "Check the HTTP status of each answer and end with an error and a message when the action fails."
                ),
            ),
            Report::Ok => Finding::met(
                both!("Le client a annoncé un succès.", "The client reported success."),
                both!("L’action est annoncée comme réussie.", "The action is reported as done."),
            ),
            Report::Error(message) => self.judge_error(&message),
            Report::Deadline => {
                let deadline = step.started.deadline_ms;
                if let Some(enough) = self.hang_after
                    && deadline.saturating_mul(1_000) < enough.micros()
                {
                    return own_time_out(scene, step).unwrap_or_else(|| undecided_hang(deadline, enough));
                }
                if let Some(finding) = still_trying(scene, step) {
                    return finding;
                }
                Finding::broken(
                    both!(
                        "L’adaptateur tournait encore à l’échéance ({deadline} ms) et a été arrêté.",
                        "The adapter was still running at the deadline ({deadline} ms) and was stopped."
                    ),
                    both!(
                        "Le client n’a pas rendu la main : ni succès ni erreur en {deadline} ms.",
                        "The client did not hand back control: neither success nor error within {deadline} ms."
                    ),
                    both!(
                        "Bornez les attentes et les tentatives, puis terminez ; si la machine est lente, allongez les échéances (--patience).",
                        "Bound waits and attempts, then end; if the machine is slow, stretch the deadlines (--patience)."
                    ),
                )
            }
            Report::Human(answer) => {
                let answer = quote(&answer);
                Finding::review(
                    both!("Réponse de la personne : « {answer} ».", "The person's answer: `{answer}`."),
                    both!(
                        "Une personne doit confirmer ce que le client a affiché.",
                        "A person has to confirm what the client showed."
                    ),
                )
            }
            Report::Nothing => Finding::undecided(
                both!("Le client n’a rien annoncé.", "The client reported nothing."),
                both!("Le résultat du pas de test n’est pas connu.", "The result of the step is not known."),
            ),
        }
    }

    fn judge_error(self, message: &str) -> Finding {
        let said = quote(message);
        if self.is == OutcomeKind::Ok {
            let actual = if said.is_empty() {
                both!(
                    "Le client a signalé une erreur, sans message.",
                    "The client reported an error without a message."
                )
            } else {
                both!(
                    "Le client a signalé une erreur : « {said} ».",
                    "The client reported an error: `{said}`."
                )
            };
            return Finding::broken(
                actual,
                both!(
                    "L’action devait aboutir ; le client a signalé une erreur.",
                    "The action had to succeed; the client reported an error."
                ),
                both!(
                    "Suivez les échanges jusqu’au premier qui n’est pas 200 : sa réponse dit ce que le banc a refusé.",
                    "Follow the exchanges to the first that is not 200: its answer says what the bench refused."
                ),
            );
        }
        if said.is_empty() {
            return Finding::broken(
                both!("Une erreur, sans message.", "An error without a message."),
                both!(
                    "Le client finit en erreur sans dire pourquoi : son utilisateur ne peut pas agir.",
                    "The client ends with an error without saying why: its user cannot act."
                ),
                both!(
                    "Donnez la cause dans « message » ou sur la sortie d’erreur (par exemple le statut et la raison du ROR).",
                    "Give the cause in `message` or on standard error (for instance the ROR's status and reason)."
                ),
            );
        }
        Finding::met(
            both!("Le client a signalé une erreur : « {said} ».", "The client reported an error: `{said}`."),
            both!("L’échec est signalé avec un message.", "The failure is reported with a message."),
        )
        .note(both!(
            "À vérifier par une personne : la clarté du message « {said} ».",
            "To be reviewed by a person: how clear the message `{said}` is."
        ))
    }
}
