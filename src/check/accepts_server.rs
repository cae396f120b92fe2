//! `accepts-server`: a server that proves its identity is trusted, also when its certificate was renewed or its chain
//! comes in another order (client-testing.md §2.1).

use schemars::JsonSchema;
use serde::Deserialize;

use super::attempt::{Attempt, Class, attempts};
use super::context::Scene;
use super::impostor::{fault, name};
use super::refuses_server::{control, not_attempted};
use super::words::both;
use super::{Finding, Kind, Nature};
use crate::journal::{Impostor, Step};
use crate::text::Text;

/// `accepts-server`: see [`super::Expect::AcceptsServer`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AcceptsServer {}

impl Kind for AcceptsServer {
    fn title(&self) -> Text {
        both!(
            "Un serveur qui prouve son identité est accepté",
            "A server that proves its identity is accepted"
        )
    }

    fn expected(&self, scene: &Scene<'_>) -> Text {
        let servers: Vec<Text> =
            scene.steps().flat_map(good).map(|impostor| fault(&impostor.defect)).collect();
        let fr = servers.iter().map(|text| text.fr.as_str()).collect::<Vec<_>>().join(", ");
        let en = servers.iter().map(|text| text.en.as_str()).collect::<Vec<_>>().join(", ");
        both!("Une requête à ce serveur ({fr}).", "A request to that server ({en}).")
    }

    fn nature(&self) -> Nature {
        Nature::Reaction
    }

    fn rests_on_connections(&self) -> bool {
        true
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let judged: Vec<(&Step, &Impostor)> =
            scene.steps().flat_map(|step| good(step).map(move |impostor| (step, impostor))).collect();
        let findings = judged.into_iter().map(|(step, impostor)| judge(scene, step, impostor));
        Finding::of_all_steps(findings).unwrap_or_else(|| {
            Finding::undecided(
                both!("Aucun serveur à accepter.", "No server to accept."),
                both!("Aucun pas de test n’a de tel serveur.", "No step has such a server."),
            )
        })
    }
}

fn good(step: &Step) -> impl Iterator<Item = &Impostor> {
    step.started.impostors.iter().filter(|impostor| impostor.good)
}

fn judge<'a>(scene: &Scene<'a>, step: &'a Step, impostor: &Impostor) -> Finding {
    let attempts = attempts(scene.evidence, step, impostor);
    let notes = attempts.iter().map(Attempt::told);
    if let Some(accepted) = attempts.iter().find(|attempt| attempt.class == Class::Accepted) {
        let told = accepted.told();
        return Finding::met(
            Text::new(format!("Accepté : {}", told.fr), format!("Accepted: {}", told.en)),
            both!("Le client a fait confiance à ce serveur.", "The client trusted that server."),
        )
        .citing(accepted.exchanges.iter().take(5).map(|exchange| exchange.number));
    }
    let Some(refused) = attempts.iter().find(|attempt| attempt.class.is_refusal()) else {
        return not_attempted(impostor, &attempts).notes(notes);
    };
    if let Some(doubt) = control(scene, step, impostor) {
        return doubt.notes(notes);
    }
    let (what, place, how) = (fault(&impostor.defect), name(impostor.endpoint), refused.told());
    Finding::broken(
        Text::new(format!("Refusé : {}", how.fr), format!("Refused: {}", how.en)),
        Text::new(
            format!("Le client refuse un serveur qui prouve son identité, {} : {}.", place.fr, what.fr),
            format!("The client refuses a server that proves its identity, {}: {}.", place.en, what.en),
        ),
        both!(
            "Fiez-vous à l’autorité (ROR_CA_CERT) et non au certificat du serveur, qui sera renouvelé ; laissez la bibliothèque TLS construire la chaîne.",
            "Trust the authority (ROR_CA_CERT) and not the server's certificate, which will be renewed; let the TLS library build the chain."
        ),
    )
    .notes(notes)
}
