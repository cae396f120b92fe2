//! A change of an anomaly by FHIRPath Patch: its business status, or another attribute of the first level.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::create::{in_order, meta, use_code_systems};
use super::findings::{findings, is_before, refusal};
use super::shape::TASK;
use crate::ror::Problem;
use crate::ror::date_time;
use crate::ror::fhirpath_patch::{self, Kind, Operation, items};

/// What the server keeps for itself.
const KEPT: [&str; 3] = ["resourceType", "id", "meta"];

/// The Task after a PATCH body. `lastModified` becomes `now`, unless the body sets it.
///
/// # Errors
/// 400 when the body is no FHIRPath Patch, replaces something else than an attribute of the first level (`ror-fhir.md`
/// §5.1), or leaves a Task that is no valid anomaly.
pub fn change_status(task: &Value, body: &[u8], now: OffsetDateTime) -> Result<Value, Problem> {
    let body = fhirpath_patch::json(body)?;
    let mut changed = task.clone();
    let mut modified = false;
    for operation in fhirpath_patch::operations(&body)? {
        let element = first_level(&operation)?;
        let value = value_of(&operation).ok_or_else(|| {
            Problem::new(400, "required", "La valeur de l'opération est absente.").at(&operation.at)
        })?;
        modified |= element == "lastModified";
        changed[element] = with_array_of_codings(value);
    }
    let (_, instant) = date_time::milliseconds(now);
    let authored = changed.get("authoredOn").and_then(Value::as_str).unwrap_or_default();
    // A clock that is late must not make the Task invalid.
    if !modified && !is_before(&instant, authored) {
        changed["lastModified"] = json!(instant);
    }
    changed["meta"] = meta(task, &next_version(task), now);
    if let Some(problem) = refusal(findings(&changed)) {
        return Err(problem);
    }
    use_code_systems(&mut changed);
    Ok(in_order(changed))
}

fn first_level(operation: &Operation<'_>) -> Result<&'static str, Problem> {
    if operation.kind != Kind::Replace {
        return Err(
            Problem::new(400, "not-supported", "Seul un remplacement (replace) est admis.").at(&operation.at)
        );
    }
    let named = operation.path.trim().strip_prefix("Task.").unwrap_or_default();
    TASK.iter().map(|element| element.name).find(|name| *name == named && !KEPT.contains(name)).ok_or_else(
        || {
            Problem::new(
            400,
            "structure",
            "Seuls les attributs de premier niveau peuvent être remplacés, par exemple Task.businessStatus.",
        )
        .at(&operation.path_at)
        },
    )
}

/// `value[x]`, or the bare `value` of quirk (c).
fn value_of(operation: &Operation<'_>) -> Option<Value> {
    operation.values.iter().find_map(|(_, part)| {
        let (_, value) = part.as_object()?.iter().find(|(member, _)| member.starts_with("value"))?;
        Some(value.clone())
    })
}

/// `coding` given as an object, quirk (e).
fn with_array_of_codings(mut value: Value) -> Value {
    if value.get("coding").is_some_and(Value::is_object) {
        let codings: Vec<Value> =
            items(&value, "coding", "").into_iter().map(|(_, coding)| coding.clone()).collect();
        value["coding"] = Value::Array(codings);
    }
    value
}

fn next_version(task: &Value) -> String {
    let current =
        task["meta"]["versionId"].as_str().and_then(|version| version.parse::<u64>().ok()).unwrap_or(1);
    current.saturating_add(1).to_string()
}
