//! `secrets-kept`: tokens and secrets do not stand in what a client prints or reports.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

use super::context::Scene;
use super::words::both;
use super::{Finding, Kind, Nature};
use crate::journal::{Api, REDACTED, Step, StepEnd};
use crate::text::Text;

/// `secrets-kept`: see [`super::Expect::SecretsKept`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretsKept {}

impl Kind for SecretsKept {
    fn title(&self) -> Text {
        both!(
            "Ni jeton ni secret dans les traces et les messages",
            "Neither token nor secret in logs and messages"
        )
    }

    fn expected(&self, _: &Scene<'_>) -> Text {
        both!(
            "Aucun jeton ni secret envoyé ne se retrouve sur la sortie standard, la sortie d’erreur ou dans le message du résultat.",
            "No token or secret that was sent stands on standard output, standard error or in the result's message."
        )
    }

    fn nature(&self) -> Nature {
        Nature::Form
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let sent = sent(scene);
        if sent.is_empty() {
            return Finding::undecided(
                both!("Aucun jeton ni secret envoyé.", "No token or secret was sent."),
                both!("Il n’y avait rien à garder.", "There was nothing to keep."),
            );
        }
        // A mark that is no secret of this scenario may be a word that the client masked itself.
        let leak = scene.steps().find_map(|step| {
            let place =
                said(step).into_iter().find(|(text, _)| marks(text).any(|mark| sent.contains(mark)))?.1;
            Some((step.started.step, place))
        });
        let Some((step, place)) = leak else {
            let count = sent.len();
            return Finding::met(
                both!(
                    "{count} jeton(s) ou secret(s) envoyé(s), aucun imprimé.",
                    "{count} token(s) or secret(s) sent, none printed."
                ),
                both!(
                    "Jetons et secrets ne sortent pas du client.",
                    "Tokens and secrets do not leave the client."
                ),
            );
        };
        Finding::broken(
            Text::new(
                format!("Un jeton ou un secret {} (pas de test {step}).", place.fr),
                format!("A token or secret {} (step {step}).", place.en),
            ),
            Text::new(
                format!(
                    "Un jeton ou un secret {} (pas de test {step}) : qui le lit peut lire le ROR au nom du service, jusqu’à la fin du jeton ou au-delà.",
                    place.fr
                ),
                format!(
                    "A token or secret {} (step {step}): whoever reads it can read the ROR on the service's behalf, until the token ends or longer.",
                    place.en
                ),
            ),
            both!(
                "Retirez jetons, secrets et en-têtes Authorization des traces, y compris celles de la bibliothèque HTTP et des messages d’erreur.",
                "Keep tokens, secrets and Authorization headers out of logs, those of the HTTP library and error messages included."
            ),
        )
    }
}

/// Marks of the tokens and secrets that were sent: headers of calls, forms of token requests.
fn sent(scene: &Scene<'_>) -> BTreeSet<String> {
    let mut sent = BTreeSet::new();
    for exchange in &scene.evidence.exchanges {
        let header = exchange.header("authorization").unwrap_or_default();
        sent.extend(marks(header).map(str::to_owned));
    }
    let forms = scene.evidence.exchanges.iter().filter(|exchange| exchange.api() == Api::Token);
    for form in forms.filter_map(|exchange| scene.text(&exchange.request.body)) {
        sent.extend(marks(&form).map(str::to_owned));
    }
    sent.extend(
        scene.evidence.setting.service.secret.iter().flat_map(|secret| marks(secret)).map(str::to_owned),
    );
    sent
}

/// What the client said in a step, and where.
fn said(step: &Step) -> Vec<(&str, Text)> {
    let Some(ended) = &step.ended else { return Vec::new() };
    let mut said = vec![
        (ended.stdout_tail.as_str(), both!("est sur la sortie standard", "is on standard output")),
        (ended.stderr_tail.as_str(), both!("est sur la sortie d’erreur", "is on standard error")),
    ];
    if let Some(result) = &ended.result {
        said.push((&result.message, both!("est dans le message du résultat", "is in the result's message")));
    }
    if let StepEnd::Error { message } = &ended.end {
        said.push((message, both!("est dans le message d’erreur", "is in the error message")));
    }
    said
}

fn marks(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices(REDACTED).filter_map(|(from, _)| {
        let rest = &text[from..];
        Some(&rest[..rest.find('›')?])
    })
}
