//! A new anomaly.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::PROFILE;
use super::findings::{code_systems, findings, is_value_set, refusal};
use super::shape::TASK;
use crate::ror::Problem;
use crate::ror::date_time;
use crate::ror::fhirpath_patch;

/// The Task of a POST body, with its technical id, its first version and the ROR's profile. `text` is dropped: a
/// server writes its own narrative, and the ROR has none.
///
/// # Errors
/// 400 with all that is missing or wrong, each with its element.
pub fn create(body: &[u8], id: &str, now: OffsetDateTime) -> Result<Value, Problem> {
    let mut task = fhirpath_patch::json(body)?;
    if task.get("resourceType").and_then(Value::as_str) != Some("Task") {
        return Err(Problem::new(400, "structure", "Le corps doit être une ressource Task.").at("Task"));
    }
    if let Some(object) = task.as_object_mut() {
        object.shift_remove("text");
        // The id is given by the server (FHIR, create).
        object.shift_remove("id");
    }
    if let Some(problem) = refusal(findings(&task)) {
        return Err(problem);
    }
    task["id"] = json!(id);
    task["meta"] = meta(&task, "1", now);
    use_code_systems(&mut task);
    Ok(in_order(task))
}

/// Version and instant first, then the profile and tags that were given.
pub(super) fn meta(task: &Value, version: &str, now: OffsetDateTime) -> Value {
    let (_, updated) = date_time::milliseconds(now);
    let before = task.get("meta");
    let of = |member: &str| before.and_then(|meta| meta.get(member));
    let mut profiles = of("profile").and_then(Value::as_array).cloned().unwrap_or_default();
    if !profiles.iter().any(|profile| {
        profile.as_str().is_some_and(|p| p == PROFILE || p.starts_with(&format!("{PROFILE}|")))
    }) {
        profiles.push(json!(PROFILE));
    }
    let mut meta = json!({"versionId": version, "lastUpdated": updated, "profile": profiles});
    if let Some(tag) = of("tag") {
        meta["tag"] = tag.clone();
    }
    meta
}

/// A value set's URL becomes that of its code system, so that what is served can be searched.
pub(super) fn use_code_systems(task: &mut Value) {
    for (name, system) in code_systems() {
        if let Some(given) = task.pointer_mut(&format!("/{name}/coding/0/system"))
            && given.as_str().is_some_and(is_value_set)
        {
            *given = json!(system.url);
        }
    }
}

/// The elements in the order of FHIR, whatever the order of the body was.
pub(super) fn in_order(mut task: Value) -> Value {
    let mut ordered = Map::new();
    for element in &TASK {
        if let Some(value) = task.as_object_mut().and_then(|object| object.shift_remove(element.name)) {
            ordered.insert(element.name.to_owned(), value);
        }
    }
    Value::Object(ordered)
}
