//! `received`: since a resource was changed, an answer delivered whole held it in its present version. Decided from
//! the wire, whatever the client declares.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::context::{Report, Scene, report};
use super::jobs::is_elsewhere;
use super::pages::is_answered_whole;
use super::words::{both, quote, values};
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
            Report::Ok => {
                let answered = |exchange: &&Exchange| is_answered_whole(exchange);
                let asked = Asked::of(scene.evidence.exchanges.iter().filter(since));
                // What was asked for in vain tells nothing of where the bookmark ought to be.
                let served = Asked::of(scene.evidence.exchanges.iter().filter(since).filter(answered));
                let updated = version(now).updated.unwrap_or_default();
                Finding::broken(actual, asked.why(&resource, updated), served.remedy(updated))
            }
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

/// The dates from which the client asked for changes, as it sent them.
struct Asked(Vec<String>);

impl Asked {
    fn of<'a>(exchanges: impl Iterator<Item = &'a Exchange>) -> Self {
        let parameters = exchanges.flat_map(Exchange::parameters);
        let dates: BTreeSet<String> =
            parameters.filter(|(name, _)| name == "_lastUpdated").map(|(_, value)| value).collect();
        Self(dates.into_iter().collect())
    }

    /// Whether each of them leaves out what changed at that instant.
    fn begin_after(&self, updated: &str) -> bool {
        let Ok(updated) = OffsetDateTime::parse(updated, &Rfc3339) else { return false };
        let leaves_out = |date: &String| {
            let digits = date.find(|sign: char| sign.is_ascii_digit()).unwrap_or_default();
            let (prefix, instant) = date.split_at(digits);
            OffsetDateTime::parse(instant, &Rfc3339)
                .is_ok_and(|from| from > updated || (from == updated && matches!(prefix, "gt" | "sa")))
        };
        !self.0.is_empty() && self.0.iter().all(leaves_out)
    }

    fn why(&self, resource: &str, updated: &str) -> Text {
        let (updated, asked) = (quote(updated), values(&self.0));
        if self.0.is_empty() {
            return both!(
                "Le client se dit à jour, et rien de ce qu’il a demandé depuis ne lui a apporté {resource}, changé le {updated} ; il n’a rien demandé par date (_lastUpdated).",
                "The client says that it is up to date, and nothing that it asked for since brought {resource}, changed on {updated}; it asked for nothing by date (_lastUpdated)."
            );
        }
        both!(
            "Le client se dit à jour, et rien de ce qu’il a demandé depuis ne lui a apporté {resource}, changé le {updated} ; il a demandé _lastUpdated = {asked}.",
            "The client says that it is up to date, and nothing that it asked for since brought {resource}, changed on {updated}; it asked for _lastUpdated = {asked}."
        )
    }

    fn remedy(&self, updated: &str) -> Text {
        if self.begin_after(updated) {
            return both!(
                "La demande commence après ce changement : repartez du repère lui-même (« ge », non « gt »), pris dans les réponses du ROR et non à l’horloge du client, et ne l’avancez pas quand une synchronisation échoue.",
                "The request begins after that change: begin at the bookmark itself (`ge`, not `gt`), taken from the ROR's answers and not from the client's clock, and do not move it when a synchronisation fails."
            );
        }
        both!(
            "Causes possibles : ce type n’est pas demandé par sa propre date (une organisation ou un lieu change sans que la date de ses offres change) ; une page ou un fichier manqué n’est pas redemandé ; un critère écarte cette ressource.",
            "Possible causes: that type is not asked for by its own date (an organisation or a place changes without touching the dates of its offers); a page or a file that was lost is not asked for again; a criterion leaves that resource out."
        )
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
