//! Whether an extraction, or the delta that follows it, is limited to the region of the perimeter.

use super::Finding;
use super::context::{Report, Scene, report};
use super::jobs::jobs;
use super::search::first_pages;
use super::words::{both, named};
use crate::journal::{Exchange, Step};
use crate::text::Text;

/// What an author of a request says about the region.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Region,
    /// Something that may amount to it.
    Other,
    Nothing,
}

/// Judges one step; none when it has no region, or nothing to judge.
pub(super) fn judge(scene: &Scene<'_>, step: &Step) -> Option<Finding> {
    let region = region(scene, step)?;
    let mut requests: Vec<&Exchange> = jobs(scene, step).iter().map(|job| job.kick_off).collect();
    let deltas = first_pages(scene, step, "HealthcareService");
    requests.extend(deltas.into_iter().filter(|exchange| !names_resources(scene, exchange)));
    let said: Vec<(&Exchange, Says)> =
        requests.into_iter().map(|exchange| (exchange, says(scene, exchange, &region))).collect();
    if said.is_empty() {
        return None;
    }
    if let Some((exchange, _)) = said.iter().find(|(_, says)| *says == Says::Nothing) {
        let (number, name) = (exchange.number, named(exchange));
        let actual = Text::new(format!("{}.", name.fr), format!("{}.", name.en));
        let why = both!(
            "L’échange {number} n’est pas limité à la région {region} : il demande tout le pays.",
            "Exchange {number} is not limited to region {region}: it asks for the whole country."
        );
        let remedy = both!(
            "Ajoutez la région : _typeFilter=HealthcareService%3F_tag%3D…%7C{region} à $export, _tag=…|{region} à une recherche.",
            "Add the region: _typeFilter=HealthcareService%3F_tag%3D…%7C{region} to $export, _tag=…|{region} to a search."
        );
        return Some(Finding::broken(actual, why, remedy).citing([number]));
    }
    let cited: Vec<u32> = said.iter().map(|(exchange, _)| exchange.number).collect();
    if said.iter().any(|(_, says)| *says == Says::Other) {
        return Some(
            Finding::undecided(
                both!("La demande porte un autre critère.", "The request has another criterion."),
                both!(
                    "Ce critère peut revenir au même ; ce contrôle ne peut pas le dire.",
                    "That criterion may amount to the same; this check cannot tell."
                ),
            )
            .citing(cited),
        );
    }
    let count = cited.len();
    Some(
        Finding::met(
            both!(
                "{count} demande(s) limitée(s) à la région {region}.",
                "{count} request(s) limited to region {region}."
            ),
            both!(
                "La région du périmètre est dans la demande.",
                "The region of the perimeter is in the request."
            ),
        )
        .citing(cited),
    )
}

/// The region of the step itself, or of the last extraction before a delta.
fn region(scene: &Scene<'_>, step: &Step) -> Option<String> {
    let steps = scene.evidence.steps.iter().rev();
    let export = steps
        .filter(|earlier| earlier.started.step <= step.started.step)
        .find(|earlier| earlier.started.action.as_deref() == Some("export"))?;
    // After an export that failed there is no base of a region to keep in step.
    if export.started.step != step.started.step && report(export) != Report::Ok {
        return None;
    }
    export.started.input["region"].as_str().map(str::to_owned)
}

/// A search for resources by their own names does not walk through a region.
fn names_resources(scene: &Scene<'_>, exchange: &Exchange) -> bool {
    let names = ["_id", "identifier"];
    scene
        .parameters(exchange)
        .iter()
        .any(|(name, _)| names.contains(&name.split(':').next().unwrap_or_default()))
}

fn says(scene: &Scene<'_>, exchange: &Exchange, region: &str) -> Says {
    let mut said = Says::Nothing;
    for (name, value) in scene.parameters(exchange) {
        let base = name.split(':').next().unwrap_or_default();
        // A filter may have been percent-encoded once more.
        let value = percent_encoding::percent_decode_str(&value).decode_utf8_lossy().into_owned();
        if holds_code(&value, region) && (base.ends_with("_tag") || value.contains("_tag")) {
            return Says::Region;
        }
        let harmless = ["_lastUpdated", "_since", "_type", "_outputFormat", "_count", "_sort", "_format"];
        let is_inclusion = base.starts_with("_include") || base.starts_with("_revinclude");
        if !harmless.contains(&base) && !is_inclusion && base != "includeAssociatedData" && base != "_total" {
            said = Says::Other;
        }
    }
    said
}

/// Whether the code stands in the text by itself: `…|52`, `_tag=52`, not in `152` or `520`.
fn holds_code(text: &str, code: &str) -> bool {
    text.match_indices(code).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + code.len()..].chars().next();
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '.');
        edge(before) && edge(after)
    })
}
