//! `received`: since a resource was changed, an answer delivered whole held it in its present version. Decided from
//! the wire, whatever the client declares.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::context::{Report, Scene, report};
use super::jobs::is_elsewhere;
use super::pages::is_answered_whole;
use super::words::{both, quote};
use super::{Finding, Kind, Nature};
use crate::journal::Exchange;
use crate::text::Text;

/// `received`: see [`super::Expect::Received`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Received {
    /// The resource that a step before changed, `Organization/1101`.
    pub resource: String,
}

/// What tells one version of a resource from another.
#[derive(PartialEq)]
struct Version<'a> {
    updated: Option<&'a str>,
    name: Option<&'a str>,
}

impl Kind for Received {
    fn title(&self) -> Text {
        let resource = quote(&self.resource);
        both!(
            "Le client a reçu {resource} tel qu’il est maintenant",
            "The client received {resource} as it is now"
        )
    }

    fn expected(&self, _: &Scene<'_>) -> Text {
        let resource = quote(&self.resource);
        both!(
            "Depuis son changement, une réponse entière contient {resource} dans sa version présente.",
            "Since its change, an answer delivered whole holds {resource} in its present version."
        )
    }

    fn nature(&self) -> Nature {
        Nature::Completion
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let resource = quote(&self.resource);
        let Some(last) = scene.steps().last() else { return unchanged(&resource) };
        let step = last.started.step;
        let Some((changed, now)) = self.present(scene, step) else { return unchanged(&resource) };
        let (kind, id) = self.resource.split_once('/').unwrap_or((&self.resource, ""));
        let visible = scene.history.is_none_or(|history| history.after(step, None).exists(kind, id));
        if !visible {
            let profile = scene.evidence.setting.profile;
            return Finding::skipped(
                both!(
                    "Le profil {profile} ne voit pas {resource}.",
                    "Profile {profile} does not see {resource}."
                ),
                both!("Il n’y a rien à recevoir.", "There is nothing to receive."),
            );
        }
        let since = |exchange: &&Exchange| exchange.step.is_some_and(|at| at > changed && at <= step);
        let mut outdated = false;
        for exchange in scene.evidence.exchanges.iter().filter(since) {
            if !is_answered_whole(exchange) || is_elsewhere(scene, exchange) {
                continue;
            }
            match held(scene, exchange, kind, id, &version(now)) {
                Some(true) => {
                    let number = exchange.number;
                    return Finding::met(
                        both!(
                            "{resource} est dans la réponse de l’échange {number}.",
                            "{resource} is in the answer of exchange {number}."
                        ),
                        both!("Le changement est arrivé au client.", "The change came to the client."),
                    )
                    .citing([number]);
                }
                Some(false) => outdated = true,
                None => {}
            }
        }
        let actual = both!(
            "Aucune réponse entière depuis le changement (pas {changed}) ne contient {resource} dans sa version présente.",
            "No answer delivered whole since the change (step {changed}) holds {resource} in its present version."
        );
        let cited = scene.during(last).filter(|exchange| is_answered_whole(exchange));
        let cited: Vec<u32> = cited.map(|exchange| exchange.number).take(10).collect();
        let finding = match report(last) {
            Report::Ok => Finding::broken(
                actual,
                both!(
                    "Le client se dit à jour sans avoir demandé ce qui a changé dans {resource}.",
                    "The client says that it is up to date without having asked for what changed in {resource}."
                ),
                both!(
                    "Demandez chaque type par sa propre date (_lastUpdated) : une organisation ou un lieu change sans que la date de ses offres change.",
                    "Ask for each type by its own date (_lastUpdated): an organisation or a place changes without touching the dates of its offers."
                ),
            ),
            Report::Human(_) => Finding::review(
                actual,
                both!(
                    "Une personne doit vérifier si le client se dit à jour.",
                    "A person has to check whether the client says that it is up to date."
                ),
            ),
            _ => Finding::undecided(
                actual,
                both!(
                    "Le client ne se dit pas à jour : il n’a pas fini, ou il a signalé une erreur.",
                    "The client does not say that it is up to date: it did not finish, or it reported an error."
                ),
            ),
        };
        let finding = finding.citing(cited);
        if !outdated {
            return finding;
        }
        finding.note(both!(
            "{resource} a été reçu, mais dans une version antérieure.",
            "{resource} was received, but in an earlier version."
        ))
    }
}

impl Received {
    /// The step of the last change of the resource before that step, and what it became.
    fn present<'a>(&self, scene: &Scene<'a>, step: u32) -> Option<(u32, &'a Value)> {
        let changes = scene.evidence.changes.iter().filter(|change| change.step < step);
        let mut put = changes.flat_map(|change| change.change.put.iter().map(move |put| (change.step, put)));
        put.rfind(|(_, put)| is(put, &self.resource))
    }
}

fn unchanged(resource: &str) -> Finding {
    Finding::undecided(
        both!("{resource} n’a pas changé.", "{resource} did not change."),
        both!(
            "Aucun pas de test n’a changé cette ressource avant celui qui est jugé.",
            "No step before the one that is judged changed that resource."
        ),
    )
}

fn is(resource: &Value, reference: &str) -> bool {
    let text = |name: &str| resource[name].as_str().unwrap_or_default();
    reference.split_once('/') == Some((text("resourceType"), text("id")))
}

fn version(resource: &Value) -> Version<'_> {
    Version { updated: resource["meta"]["lastUpdated"].as_str(), name: resource["name"].as_str() }
}

/// Whether an answer holds the resource, and then whether in that version.
fn held(scene: &Scene<'_>, exchange: &Exchange, kind: &str, id: &str, now: &Version<'_>) -> Option<bool> {
    let body = &scene.evidence.exchange(exchange.number)?.response.as_ref()?.body;
    let text = scene.text(body)?;
    // Most answers need not be parsed.
    if !text.contains(&format!("\"{id}\"")) {
        return None;
    }
    let answer: Value = serde_json::from_str(&text).ok()?;
    let entries = answer["entry"].as_array().into_iter().flatten().map(|entry| &entry["resource"]);
    let mut found = None;
    for resource in entries.chain([&answer]) {
        if resource["resourceType"] == kind && resource["id"] == id {
            found = Some(found == Some(true) || version(resource) == *now);
        }
    }
    found
}
