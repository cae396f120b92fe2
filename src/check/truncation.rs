//! `truncation`: a search beyond the cap is completed otherwise, or its truncation is reported (ror-fhir.md §3.1).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

use super::context::{Report, Scene, report};
use super::pages::is_answered_whole;
use super::words::{both, quote};
use super::{Finding, Kind, Nature};
use crate::journal::{Api, Exchange, Step};
use crate::ror::MAXIMUM_MATCHES;
use crate::text::Text;

/// Words by which a message tells that a result is not whole.
const TELLING: [&str; 5] = ["tronqu", "truncat", "incompl", "partiel", "partial"];

/// `truncation`: see [`super::Expect::Truncation`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Truncation {}

impl Kind for Truncation {
    fn title(&self) -> Text {
        both!(
            "Un résultat tronqué n’est jamais présenté comme complet",
            "A truncated result is never shown as complete"
        )
    }

    fn expected(&self, _: &Scene<'_>) -> Text {
        both!(
            "Au-delà de {MAXIMUM_MATCHES} résultats : le reste par $export, ou une erreur qui le dit.",
            "Beyond {MAXIMUM_MATCHES} results: the rest by $export, or an error that says so."
        )
    }

    fn nature(&self) -> Nature {
        Nature::Completion
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let findings = scene.steps().filter_map(|step| judge(scene, step));
        Finding::of_all_steps(findings).unwrap_or_else(|| {
            Finding::undecided(
                both!("Aucune recherche tronquée.", "No truncated search."),
                both!(
                    "Le client n’a pas fait de recherche au-delà de la limite : sa réaction n’a pas pu être observée.",
                    "The client made no search beyond the cap: its reaction could not be observed."
                ),
            )
        })
    }
}

fn judge(scene: &Scene<'_>, step: &Step) -> Option<Finding> {
    let cap = MAXIMUM_MATCHES;
    let wanted = step.started.input["resource"].as_str()?;
    let mut total = 0;
    let mut cited = None;
    let mut received: BTreeSet<String> = BTreeSet::new();
    for exchange in scene.during(step) {
        if exchange.api() != Api::Fhir || !is_answered_whole(exchange) {
            continue;
        }
        let Some(bundle) = bundle(scene, exchange) else { continue };
        cited = cited.or(Some(exchange.number));
        total = total.max(bundle.total.unwrap_or_default());
        let resources = bundle.entry.into_iter().filter_map(|entry| entry.resource);
        received.extend(
            resources.filter(|resource| resource.resource_type == wanted).map(|resource| resource.id),
        );
    }
    let held = received.len();
    if total <= cap && held <= cap {
        return None;
    }
    let actual = both!(
        "Le ROR annonce {total} résultats et en rend {cap} au plus par recherche ; {held} reçus.",
        "The ROR announces {total} results and gives {cap} at most for a search; {held} received."
    );
    let finding = match (report(step), held >= total) {
        (Report::Error(message), false) if message.trim().is_empty() => Finding::broken(
            actual,
            both!(
                "Le client se termine en erreur sans dire que le résultat est tronqué.",
                "The client ends with an error without saying that the result is truncated."
            ),
            both!("Donnez un message avec l’erreur.", "Give a message with the error."),
        ),
        (Report::Error(message), _) => {
            let message = quote(&message);
            Finding::met(
                actual,
                both!(
                    "Le client a signalé que le résultat n’est pas complet, ou n’a pas annoncé de succès.",
                    "The client reported that the result is not complete, or announced no success."
                ),
            )
            .note(both!("Message du client : « {message} »", "The client's message: `{message}`"))
        }
        (Report::Ok, true) => Finding::met(
            actual,
            both!(
                "Le client a reçu le tout par d’autres moyens.",
                "The client received all of it by other means."
            ),
        ),
        (Report::Ok, false) => {
            let said = step.ended.as_ref().and_then(|ended| ended.result.as_ref());
            let message =
                said.map(|result| result.message.to_lowercase().replace([' ', '\u{a0}', ',', '.'], ""));
            if message.is_some_and(|message| TELLING.iter().any(|word| message.contains(word))) {
                Finding::review(
                    actual,
                    both!(
                        "Le client annonce un succès dont le message semble parler de la troncature : une personne doit le vérifier.",
                        "The client reports a success whose message seems to tell of the truncation: a person has to check."
                    ),
                )
            } else {
                Finding::broken(
                    actual,
                    both!(
                        "Le client annonce un succès sans dire que le résultat est tronqué.",
                        "The client reports success without saying that the result is truncated."
                    ),
                    both!(
                        "Comparez Bundle.total au nombre de résultats reçus ; au-delà de la limite, passez par $export ou terminez en erreur.",
                        "Compare Bundle.total with the number of results received; beyond the cap go by $export, or end with an error."
                    ),
                )
            }
        }
        (Report::Human(_), _) => Finding::review(
            actual,
            both!(
                "Une personne doit vérifier que le client dit que le résultat est tronqué.",
                "A person has to check that the client says that the result is truncated."
            ),
        ),
        (Report::Deadline | Report::Nothing, _) => Finding::undecided(
            actual,
            both!(
                "Le client n’a annoncé ni succès ni erreur.",
                "The client reported neither success nor error."
            ),
        ),
    };
    Some(finding.citing(cited))
}

/// What is read of a Bundle: a page of a search, or a file of an export.
#[derive(Deserialize)]
struct Bundle {
    #[serde(default)]
    total: Option<usize>,
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    resource: Option<Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    resource_type: String,
    #[serde(default)]
    id: String,
}

fn bundle(scene: &Scene<'_>, exchange: &Exchange) -> Option<Bundle> {
    let text = scene.text(&exchange.response.as_ref()?.body)?;
    serde_json::from_str(&text).ok()
}
