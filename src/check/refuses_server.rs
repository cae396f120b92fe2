//! `refuses-server`: a server that does not prove its identity gets no request (BANC-TLS-01; client-testing.md §2.3).
//!
//! Each connection to such a server is put into a class by what was seen of it; a pass needs that the client was shown
//! what is wrong, and that it called the good server of the same endpoint before and after.

mod accepted;

use schemars::JsonSchema;
use serde::Deserialize;

use super::attempt::{Attempt, Class, attempts};
use super::context::{Report, Scene, report};
use super::impostor::{both_of, fault, name};
use super::reported;
use super::still_trying::still_trying;
use super::words::{both, quote};
use super::{Finding, Kind, Nature, Party};
use crate::journal::{Api, Endpoint, Exchange, Impostor, Step};
use crate::text::Text;
use accepted::{accepted_by, not_told, refused_untold};

/// `refuses-server`: see [`super::Expect::RefusesServer`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RefusesServer {
    /// What is looked at.
    pub look_at: RefusalFacet,
    /// Of `attempts`: most connections to one such server in a step.
    #[serde(default = "ten")]
    pub at_most: u32,
}

fn ten() -> u32 {
    10
}

/// What is looked at in the refusal of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalFacet {
    /// It gets no request.
    Request,
    /// The client reports an error with a message.
    Error,
    /// The client does not insist.
    Attempts,
}

impl Kind for RefusesServer {
    fn title(&self) -> Text {
        match self.look_at {
            RefusalFacet::Request => both!(
                "Un serveur qui ne prouve pas son identité ne reçoit aucune requête",
                "A server that does not prove its identity gets no request"
            ),
            RefusalFacet::Error => both!(
                "Le client signale pourquoi il n’a pas pu faire confiance au serveur",
                "The client reports why it could not trust the server"
            ),
            RefusalFacet::Attempts => both!(
                "Le client n’insiste pas auprès d’un serveur qu’il refuse",
                "The client does not insist with a server that it refuses"
            ),
        }
    }

    fn expected(&self, scene: &Scene<'_>) -> Text {
        let at_most = self.at_most;
        match self.look_at {
            RefusalFacet::Request => {
                let servers: Vec<Text> = scene
                    .steps()
                    .flat_map(|step| &step.started.impostors)
                    .filter(|impostor| !impostor.good)
                    .map(|impostor| both_of(&fault(&impostor.defect), &name(impostor.endpoint)))
                    .collect();
                let fr = servers.iter().map(|text| text.fr.as_str()).collect::<Vec<_>>().join(", ");
                let en = servers.iter().map(|text| text.en.as_str()).collect::<Vec<_>>().join(", ");
                Text::new(
                    format!(
                        "Aucune requête vers ce serveur ({fr}), alors que le bon est appelé avant et après."
                    ),
                    format!(
                        "No request to that server ({en}), while the good one is called before and after."
                    ),
                )
            }
            RefusalFacet::Error => {
                both!(
                    "Une erreur avec un message, avant l’échéance.",
                    "An error with a message, before the deadline."
                )
            }
            RefusalFacet::Attempts => both!(
                "Au plus {at_most} connexions à ce serveur par pas de test.",
                "At most {at_most} connections to that server per step."
            ),
        }
    }

    fn nature(&self) -> Nature {
        match self.look_at {
            RefusalFacet::Error => Nature::Completion,
            _ => Nature::Reaction,
        }
    }

    fn rests_on_connections(&self) -> bool {
        true
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let judged: Vec<(&Step, &Impostor)> = scene
            .steps()
            .flat_map(|step| step.started.impostors.iter().map(move |impostor| (step, impostor)))
            .filter(|(_, impostor)| !impostor.good)
            .collect();
        if judged.is_empty() {
            return Finding::undecided(
                both!("Aucun serveur à refuser.", "No server to refuse."),
                both!("Aucun pas de test n’a de serveur à refuser.", "No step has a server to refuse."),
            )
            .remedy(
                both!(
                    "Donnez à un pas du scénario un serveur à refuser : server: {{ token: expired }}.",
                    "Give a step of the scenario a server to refuse: server: {{ token: expired }}."
                ),
                Party::Configuration,
            );
        }
        let findings = judged.into_iter().filter_map(|(step, impostor)| self.judge(scene, step, impostor));
        Finding::of_all_steps(findings).unwrap_or_else(|| {
            Finding::skipped(
                both!("Aucun serveur n’a été refusé.", "No server was refused."),
                both!(
                    "Sans objet : il n’y a pas eu de refus à signaler.",
                    "Not applicable: there was no refusal to report."
                ),
            )
        })
    }
}

impl RefusesServer {
    /// None where there is nothing to judge: the server was not refused, so that no refusal is to be reported.
    fn judge<'a>(self, scene: &Scene<'a>, step: &'a Step, impostor: &Impostor) -> Option<Finding> {
        let attempts = attempts(scene.evidence, step, impostor);
        match self.look_at {
            RefusalFacet::Request => Some(request(scene, step, impostor, &attempts)),
            RefusalFacet::Error if attempts.iter().any(|attempt| attempt.class == Class::Accepted) => None,
            // That server proved its identity: a redirect that is not followed is not its refusal.
            RefusalFacet::Error if impostor.defect == "redirect-to-http" => None,
            RefusalFacet::Error => Some(error(scene, step, impostor, &attempts)),
            RefusalFacet::Attempts => Some(self.insistence(impostor, &attempts)),
        }
    }

    fn insistence(self, impostor: &Impostor, attempts: &[Attempt<'_>]) -> Finding {
        let (count, at_most) = (attempts.len(), self.at_most);
        if count == 0 {
            return not_attempted(impostor, &[]);
        }
        let actual = both!("{count} connexion(s) à ce serveur.", "{count} connection(s) to that server.");
        if count > usize::try_from(at_most).unwrap_or(usize::MAX) {
            return Finding::broken(
                actual,
                both!(
                    "Le client s’est connecté {count} fois à un serveur qu’il refuse : un certificat refusé ne devient pas bon en insistant.",
                    "The client connected {count} times to a server that it refuses: a refused certificate does not become good by insisting."
                ),
                both!(
                    "Traitez un refus du certificat comme une erreur définitive : pas de nouvelle tentative, ou très peu.",
                    "Take the refusal of a certificate for a lasting error: no further attempt, or very few."
                ),
            );
        }
        Finding::met(actual, both!("Les tentatives sont bornées.", "The attempts are bounded."))
    }
}

/// Whether that server got a request.
fn request<'a>(scene: &Scene<'a>, step: &Step, impostor: &Impostor, attempts: &[Attempt<'a>]) -> Finding {
    let notes = attempts.iter().map(Attempt::told);
    // Only a client that was told of the revocation can mind it.
    let informed = |attempt: &&Attempt<'_>| impostor.defect != "revoked" || attempt.status_was_sent();
    let mut accepting = attempts.iter().filter(|attempt| attempt.class == Class::Accepted);
    if let Some(accepted) = accepting.clone().find(informed) {
        return accepted_by(scene, step, impostor, accepted).notes(notes);
    }
    let refused_knowingly = attempts.iter().filter(informed).any(|attempt| attempt.class.is_refusal());
    if let Some(accepted) = accepting.next() {
        return not_told(accepted).notes(notes);
    }
    if !refused_knowingly && attempts.iter().any(|attempt| attempt.class.is_refusal()) {
        return refused_untold().notes(notes);
    }
    let Some(refused) = attempts.iter().find(|attempt| attempt.class.is_refusal()) else {
        return not_attempted(impostor, attempts).notes(notes);
    };
    if let Some(doubt) = control(scene, step, impostor) {
        return doubt.notes(notes);
    }
    let (what, how) = (fault(&impostor.defect), refused.told());
    Finding::met(
        Text::new(format!("Refusé : {}", how.fr), format!("Refused: {}", how.en)),
        Text::new(
            format!(
                "Le client n’a rien envoyé à ce serveur ({}), et appelle bien le bon avant et après.",
                what.fr
            ),
            format!(
                "The client sent nothing to that server ({}), and does call the good one before and after.",
                what.en
            ),
        ),
    )
    .notes(attempts.iter().filter(|attempt| !std::ptr::eq(*attempt, refused)).map(Attempt::told))
}

/// No refusal and no acceptance: why nothing can be said.
pub(super) fn not_attempted(impostor: &Impostor, attempts: &[Attempt<'_>]) -> Finding {
    let place = name(impostor.endpoint);
    let doubt = attempts.first().map(|attempt| attempt.class);
    let (actual, why) = match doubt {
        None => (
            Text::new(
                format!("Aucune connexion à {} pendant ce pas de test.", place.fr),
                format!("No connection to {} during this step.", place.en),
            ),
            both!(
                "Le client n’a pas appelé le serveur à refuser : son refus n’a pas pu être observé.",
                "The client did not call the server that it has to refuse: its refusal could not be observed."
            ),
        ),
        Some(Class::Hang) => (
            both!("Le client s’est tu.", "The client fell silent."),
            both!(
                "La connexion est restée ouverte sans qu’un octet arrive : ni refus, ni requête.",
                "The connection stayed open without a byte: neither a refusal nor a request."
            ),
        ),
        Some(Class::SpokeOnly) => (
            both!(
                "Le client a ouvert HTTP/2 sans rien demander.",
                "The client opened HTTP/2 and asked for nothing."
            ),
            both!(
                "Le client a poursuivi après la négociation, mais aucune requête n’est arrivée : cela ne prouve rien.",
                "The client went on after the handshake, but no request came: that proves nothing."
            ),
        ),
        Some(_) => (
            both!(
                "Le client a fermé avant de voir ce qui devait le faire refuser.",
                "The client closed before it saw what should make it refuse."
            ),
            both!(
                "La connexion s’est arrêtée avant le certificat du serveur : le refus ne peut pas lui être dû.",
                "The connection ended before the server's certificate: the refusal cannot be due to it."
            ),
        ),
    };
    Finding::undecided(actual, why).remedy(
        both!(
            "Vérifiez que l’adaptateur appelle les URL données à chaque pas de test (ROR_TOKEN_URL, ROR_FHIR_URL) : leur port change. Un jeton gardé d’un pas à l’autre empêche aussi l’appel.",
            "Check that the adapter calls the URLs given at each step (ROR_TOKEN_URL, ROR_FHIR_URL): their port changes. A token kept from one step to the next also prevents the call."
        ),
        Party::Configuration,
    )
}

/// The good server of the same endpoint must have been called before and after; what is missing, if anything is.
pub(super) fn control(scene: &Scene<'_>, judged: &Step, impostor: &Impostor) -> Option<Finding> {
    let number = judged.started.step;
    let called = |exchange: &&Exchange| {
        let good = scene
            .evidence
            .connections
            .get(&exchange.request.connection)
            .is_some_and(|connection| connection.opened.defect.is_none());
        good && endpoint(exchange) == Some(impostor.endpoint)
    };
    let steps: Vec<Option<u32>> =
        scene.evidence.exchanges.iter().filter(called).map(|exchange| exchange.step).collect();
    let before = steps.iter().any(|step| step.is_some_and(|step| step < number));
    let after = steps.iter().any(|step| step.is_some_and(|step| step > number));
    let place = name(impostor.endpoint);
    let missing = match (before, after) {
        (true, true) => return None,
        (false, _) => both!("avant", "before"),
        (true, false) => both!("après", "after"),
    };
    Some(
        Finding::undecided(
            Text::new(
                format!("Aucune requête au bon serveur {} ({}).", missing.fr, place.fr),
                format!("No request to the good server {} ({}).", missing.en, place.en),
            ),
            both!(
                "Le client doit accepter le bon certificat avant et après : sinon son refus peut avoir une tout autre cause.",
                "The client has to accept the good certificate before and after: otherwise its refusal may have quite another cause."
            ),
        )
        .remedy(
            both!(
                "Faites reconnaître au client l’autorité du banc (ROR_CA_CERT) et vérifiez que les lectures ordinaires réussissent.",
                "Make the client trust the bench's authority (ROR_CA_CERT), and check that ordinary reads succeed."
            ),
            Party::Configuration,
        ),
    )
}

/// What the client said of its refusal.
fn error(scene: &Scene<'_>, step: &Step, impostor: &Impostor, attempts: &[Attempt<'_>]) -> Finding {
    if !attempts.iter().any(|attempt| attempt.class.is_refusal()) {
        return not_attempted(impostor, attempts);
    }
    let number = step.started.step;
    match report(step) {
        Report::Error(message) if !quote(&message).is_empty() => reported::with_message(&message),
        Report::Error(_) => Finding::broken(
            both!(
                "Pas de test n° {number} : une erreur, sans message.",
                "Step {number}: an error without a message."
            ),
            both!(
                "Le client finit en erreur sans dire que le serveur n’est pas sûr : son utilisateur ne peut pas agir.",
                "The client ends with an error without saying that the server is not safe: its user cannot act."
            ),
            said(),
        ),
        Report::Ok => Finding::broken(
            both!("Pas de test n° {number} : un succès annoncé.", "Step {number}: success reported."),
            both!(
                "Le client annonce un succès alors qu’il a refusé le serveur et n’a rien reçu.",
                "The client reports success although it refused the server and was given nothing."
            ),
            said(),
        ),
        Report::Deadline => still_trying(scene, step).unwrap_or_else(|| {
            Finding::broken(
                both!(
                    "Pas de test n° {number} : l’adaptateur tournait encore à l’échéance.",
                    "Step {number}: the adapter was still running at the deadline."
                ),
                both!(
                    "Le client n’a pas rendu la main après avoir refusé le serveur.",
                    "The client did not hand back control after it refused the server."
                ),
                said(),
            )
        }),
        Report::Human(answer) => reported::attested(&answer),
        Report::Nothing => reported::nothing(),
    }
}

fn said() -> Text {
    both!(
        "Terminez en erreur, avec la raison donnée par TLS : certificat expiré, hôte différent, autorité inconnue…",
        "End with an error that gives TLS's reason: certificate expired, another host, unknown authority…"
    )
}

/// The endpoint of a request.
fn endpoint(exchange: &Exchange) -> Option<Endpoint> {
    match exchange.api() {
        Api::Token => Some(Endpoint::Token),
        Api::Fhir | Api::Capacity | Api::Anomalies => Some(Endpoint::Api),
        Api::Elsewhere => None,
    }
}
