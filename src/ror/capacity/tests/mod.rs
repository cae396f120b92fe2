//! The feed over the dataset `demo`: bodies as the documentation has them, with values of our own.
#![expect(clippy::unwrap_used)]

mod accepted;
mod refused;

use fhirkit::r4;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use crate::ror::demo_tests::demo;
use crate::ror::{Problem, ResourceType, expand_code};

const NOW: OffsetDateTime = datetime!(2026-07-01 10:00:00.5 +2);
const MED: &str = "1450000001/MED08";

fn path(key: &[(&str, &str)]) -> String {
    let criteria: Vec<String> = key
        .iter()
        .map(|(name, code)| {
            format!("extension.where(url = '{name}' and valueCodeableConcept.coding.code = '{code}')")
        })
        .collect();
    format!("Location.extension.where(url='{SUPPORTED_CAPACITY}').where({})", criteria.join(" and "))
}

fn all_records() -> String {
    format!("Location.extension.where(url='{SUPPORTED_CAPACITY}')")
}

fn short_system(name: &str) -> &'static str {
    match name {
        "capacityStatus" => "TRE_R330",
        "capacityType" => "TRE_R329",
        "temporalityCapacity" => "TRE_R331",
        "genderCapacityAvailable" => "TRE_R332",
        "capacityClosingType" => "TRE_R333",
        "additionalBedType" => "TRE_R334",
        "capacitySourceType" => "TRE_R335",
        "crisisType" => "TRE_R336",
        _ => "TRE_R337",
    }
}

/// A whole extension; `key` without temporality and assignment, which are 01.
fn record(count: i64, codes: &[(&str, &str)]) -> Value {
    let mut parts = vec![
        json!({"url": "nbCapacity", "valueInteger": count}),
        json!({"url": "capacityUpdateDate", "valueDateTime": "2026-07-01T09:59:58+02:00"}),
    ];
    let defaults = [
        ("capacityType", "01"),
        ("temporalityCapacity", "01"),
        ("capacitySourceType", "02"),
        ("temporaryAssignement", "01"),
    ];
    let defaults = defaults.iter().filter(|(name, _)| !codes.iter().any(|(given, _)| given == name));
    for (name, code) in codes.iter().chain(defaults) {
        let system = expand_code(short_system(name)).unwrap();
        parts.push(
            json!({"url": name, "valueCodeableConcept": {"coding": [{"system": system, "code": code}]}}),
        );
    }
    json!({"url": SUPPORTED_CAPACITY, "extension": parts})
}

const WOMEN: [(&str, &str); 2] = [("capacityStatus", "02"), ("genderCapacityAvailable", "01")];
const MEN_IN_A_WEEK: [(&str, &str); 3] =
    [("capacityStatus", "02"), ("genderCapacityAvailable", "02"), ("temporalityCapacity", "04")];

fn with_defaults<'a>(codes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut key = codes.to_vec();
    for name in ["temporalityCapacity", "temporaryAssignement"] {
        if !codes.iter().any(|(given, _)| *given == name) {
            key.push((name, "01"));
        }
    }
    key
}

fn parameters(operations: &[Value]) -> Value {
    let operations: Vec<Value> =
        operations.iter().map(|parts| json!({"name": "operation", "part": parts})).collect();
    json!({"resourceType": "Parameters", "parameter": operations})
}

fn text(name: &str, text: &str) -> Value {
    json!({"name": name, "valueString": text})
}

fn wrapped(record: &Value) -> Value {
    json!({"name": "value", "part": [{"extension": [record]}]})
}

fn add(record: &Value) -> Value {
    json!([text("type", "add"), text("path", &all_records()), wrapped(record)])
}

fn replace(key: &[(&str, &str)], record: &Value) -> Value {
    json!([text("type", "replace"), text("path", &path(&with_defaults(key))), wrapped(record)])
}

fn delete(key: &[(&str, &str)]) -> Value {
    json!([text("type", "delete"), text("path", &path(&with_defaults(key)))])
}

fn send_with(identifier: &str, body: &Value, own: &[&str], options: Options) -> Result<Patched, Problem> {
    let own: Vec<String> = own.iter().map(|e| (*e).to_owned()).collect();
    patch(&demo(), identifier, body.to_string().as_bytes(), &own, NOW, options)
}

fn send(body: &Value) -> Result<Patched, Problem> {
    send_with(MED, body, &["1450000001"], Options::default())
}

fn held(location: &Value, codes: &[(&str, &str)]) -> Vec<Record> {
    let mut key = RecordKey::default();
    for (name, code) in with_defaults(codes) {
        key.set(KeyMember::parse(name).unwrap(), code);
    }
    Record::of_location(location).into_iter().filter(|record| record.key == key).collect()
}

fn before() -> Value {
    demo().all(ResourceType::Location).find(|location| location.id == "2008").unwrap().json.clone()
}

fn refused(result: Result<Patched, Problem>) -> (u16, &'static str, Vec<Value>) {
    let problem = result.unwrap_err();
    let outcome = problem.to_operation_outcome();
    if !problem.plain_expression {
        fhirkit::from_json_strict::<r4::OperationOutcome>(&outcome.to_string()).unwrap();
    }
    let issues = outcome["issue"].as_array().unwrap();
    (problem.status, problem.code, issues.iter().map(|issue| issue["expression"].clone()).collect())
}
