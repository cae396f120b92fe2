//! What is wrong with the form of a report or of a change, for checks: more than what makes the mock refuse it.

use serde_json::Value;

use super::findings::{concept_of_status, findings};
use crate::ror::Deviation;
use crate::ror::fhirpath_patch::{self, Kind};
use crate::text::Text;

/// The form of a POST body (Task) or of a PATCH body (Parameters). Rules: `shape`, `member-missing`, `code`,
/// `code-system`, `focus`, `dates`, `input` for the first; `patch`, `path`, `value-missing`, `code`, `code-system` for
/// the second.
#[must_use]
pub fn deviations(body: &Value) -> Vec<Deviation> {
    match body.get("resourceType").and_then(Value::as_str) {
        Some("Task") => findings(body).into_iter().map(|finding| finding.deviation).collect(),
        Some("Parameters") => patch_deviations(body),
        _ => vec![Deviation::missing(
            "shape",
            "resourceType",
            Text::new("Task, ou Parameters pour un PATCH", "Task, or Parameters for a PATCH"),
        )],
    }
}

fn patch_deviations(body: &Value) -> Vec<Deviation> {
    let operations = match fhirpath_patch::operations(body) {
        Ok(operations) => operations,
        Err(malformed) => {
            let expected = Text::new("un FHIRPath Patch", "a FHIRPath Patch");
            return vec![Deviation::new("patch", malformed.at, expected, malformed.what)];
        }
    };
    let mut found = Vec::new();
    for operation in operations {
        if operation.kind != Kind::Replace || operation.path.trim() != "Task.businessStatus" {
            let expected = Text::new("replace de Task.businessStatus", "replace of Task.businessStatus");
            let actual: String = operation.path.chars().take(200).collect();
            found.push(Deviation::new("path", operation.path_at, expected, Text::same(actual)));
            continue;
        }
        let concept = operation.values.iter().find_map(|(at, part)| {
            let member =
                ["valueCodeableConcept", "value"].into_iter().find(|member| part.get(member).is_some())?;
            Some((format!("{at}.{member}"), part.get(member)?))
        });
        match concept {
            Some((at, concept)) => found.extend(concept_of_status(concept, &at)),
            None => {
                let expected = Text::new(
                    "valueCodeableConcept, le nouveau statut",
                    "valueCodeableConcept, the new status",
                );
                found.push(Deviation::missing("value-missing", operation.at, expected));
            }
        }
    }
    found
}
