//! What an update of capacities should have brought about, and what was never accepted.

use super::super::context::Scene;
use super::super::no_silent_loss::Balance;
use super::super::pages::is_answered_whole;
use super::{Fate, asked, keys, took_effect, writes_from};
use crate::journal::{Api, Exchange, Step};
use crate::ror::capacity::Operation;

/// The records of a step's input that the ROR never accepted, in this step or a later one: what an outage holds back
/// may be sent afterwards.
pub(in super::super) fn balance(scene: &Scene<'_>, step: &Step) -> Option<Balance> {
    let asked = asked(step);
    if asked.is_empty() {
        return None;
    }
    let writes = writes_from(scene, step);
    let mut missing = Vec::new();
    let mut cited = Vec::new();
    for record in &asked {
        let about = || {
            writes.iter().filter(|write| {
                write.identifier.as_ref() == Some(&record.identifier) && write.keys().contains(&record.key)
            })
        };
        let gone = |operations: &[Operation]| {
            record.deletes
                && operations.iter().any(|operation| {
                    matches!(operation, Operation::Delete { .. }) && keys(operation).contains(&record.key)
                })
        };
        let done = about().any(|write| {
            write.fate == Fate::Accepted
                || (write.fate == Fate::NoRecord && gone(&write.operations))
                || (took_effect(scene, write.exchange) && was_looked_up(scene, write.exchange))
        });
        if !done {
            missing.push(format!("{} ({})", record.identifier, record.key));
            cited.extend(about().map(|write| write.exchange.number));
        }
    }
    missing.sort();
    missing.dedup();
    Some(Balance { wanted: asked.len(), missing, cited, may_have_come_otherwise: false })
}

/// Whether a Location was read after a write: a client whose answer was lost may learn so what became of it.
fn was_looked_up(scene: &Scene<'_>, write: &Exchange) -> bool {
    scene.evidence.exchanges.iter().any(|exchange| {
        exchange.number > write.number
            && exchange.api() == Api::Fhir
            && exchange.path().contains("/Location")
            && is_answered_whole(exchange)
    })
}
