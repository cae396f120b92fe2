//! A client may read a list of resources in batches (`_id` with several values): what needs one call for each is then not
//! applicable, and no doubt about the client.

use super::Finding;
use super::context::{Report, Scene, report};
use super::no_silent_loss::balance;
use super::words::both;
use crate::journal::{Api, Step};

/// The calls of a `many-reads` that brought everything in fewer of them than there were resources to read; none when the
/// step is another one, or something is missing.
fn calls_of_batches(scene: &Scene<'_>, step: &Step) -> Option<Vec<u32>> {
    if step.started.action.as_deref() != Some("many-reads") || report(step) != Report::Ok {
        return None;
    }
    let wanted = step.started.input["ids"].as_array()?.len();
    let calls = scene.during(step).filter(|exchange| exchange.api() == Api::Fhir);
    let calls: Vec<u32> = calls.map(|exchange| exchange.number).collect();
    let whole = balance(scene, step)?.missing.is_empty();
    (whole && !calls.is_empty() && calls.len() < wanted).then_some(calls)
}

/// Not applicable, when each step was done in batches.
pub(super) fn not_applicable(scene: &Scene<'_>) -> Option<Finding> {
    let calls: Option<Vec<Vec<u32>>> = scene.steps().map(|step| calls_of_batches(scene, step)).collect();
    let calls: Vec<u32> = calls?.concat();
    if calls.is_empty() {
        return None;
    }
    let count = calls.len();
    let finding = Finding::skipped(
        both!("Tout a été lu par lots, en {count} appel(s).", "All was read in batches, in {count} call(s)."),
        both!(
            "Sans objet : le client lit par lots, et a fini en trop peu d’appels pour que son jeton doive resservir ou être renouvelé.",
            "Not applicable: the client reads in batches, and was done in too few calls for its token to be used again or renewed."
        ),
    );
    Some(finding.citing(calls))
}
