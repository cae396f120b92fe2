//! Anomalies reported, changed and looked up. Values are our own.
#![expect(clippy::unwrap_used)]

use fhirkit::r4;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use crate::ror::demo_tests::demo;
use crate::ror::{Problem, expand_code};

const NOW: OffsetDateTime = datetime!(2026-07-01 10:00:00.25 +2);

fn concept(short: &str, code: &str) -> Value {
    json!({"coding": [{"system": expand_code(short).unwrap(), "code": code}]})
}

fn input(code: &str, member: &str, value: Value) -> Value {
    json!({"type": {"coding": [{"system": INPUTS, "code": code}]}, member: value})
}

/// A whole report on an establishment of the dataset.
fn report() -> Value {
    json!({
        "resourceType": "Task",
        "meta": {"profile": [PROFILE]},
        "status": "in-progress",
        "businessStatus": concept("TRE_R352", "01"),
        "intent": "order",
        "code": concept("TRE_R350/ThematiqueAnomalie", "06"),
        "description": "Le numéro du standard n'est plus attribué",
        "focus": {"type": "Organization", "identifier": {"value": "1450000001"}},
        "authoredOn": "2026-06-30",
        "lastModified": "2026-06-30",
        "reasonCode": concept("TRE_R349", "COR"),
        "input": [
            input("systemRequester", "valueString", json!("ANNUAIRE-FICTIF")),
            input("pathElementError", "valueExpression", json!({"language": "text/fhirpath", "expression": "Organization.contact.telecom"})),
            input("errorValue", "valueString", json!("0261910001")),
        ]
    })
}

fn post(task: &Value) -> Result<Value, Problem> {
    create(task.to_string().as_bytes(), "9001", NOW)
}

fn assert_r4(task: &Value) {
    if let Err(error) = fhirkit::from_json_strict::<r4::Task>(&task.to_string()) {
        panic!("{error}\n{task:#}");
    }
}

fn status_patch(code: &str) -> Value {
    json!({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
        {"name": "type", "valueString": "replace"},
        {"name": "path", "valueString": "Task.businessStatus"},
        {"name": "value", "valueCodeableConcept": concept("TRE_R352", code)}]}]})
}

fn change(task: &Value, body: &Value) -> Result<Value, Problem> {
    change_status(task, body.to_string().as_bytes(), NOW)
}

#[test]
fn a_whole_report_becomes_a_task() {
    let task = post(&report()).unwrap();
    assert_r4(&task);
    assert_eq!(task["id"], "9001");
    assert_eq!(
        task["meta"],
        json!({"versionId": "1", "lastUpdated": "2026-07-01T08:00:00.250+00:00", "profile": [PROFILE]})
    );
    assert_eq!(task["input"], report()["input"]);
    assert_eq!(task.as_object().unwrap().keys().next().unwrap(), "resourceType");
    assert_eq!(deviations(&report()), []);
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    let problem = post(&json!({"resourceType": "Task"})).unwrap_err();
    let outcome = problem.to_operation_outcome();
    fhirkit::from_json_strict::<r4::OperationOutcome>(&outcome.to_string()).unwrap();
    let expressions: Vec<_> = outcome["issue"]
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| issue["expression"][0].as_str().unwrap())
        .collect();
    assert_eq!(
        expressions,
        [
            "Task.status",
            "Task.intent",
            "Task.businessStatus",
            "Task.code",
            "Task.focus",
            "Task.authoredOn",
            "Task.lastModified",
            "Task.reasonCode",
            "Task.input"
        ]
    );
    assert_eq!((problem.status, problem.code), (400, "required"));
    assert_eq!(deviations(&json!({"resourceType": "Task"})).len(), 9);
}

#[test]
fn a_body_that_is_no_task_is_refused() {
    for body in [&b""[..], b"{", b"[]", b"3", br#"{"resourceType":"Location"}"#] {
        let problem = create(body, "1", NOW).unwrap_err();
        assert_eq!((problem.status, problem.code), (400, "structure"));
    }
    assert_eq!(deviations(&json!([]))[0].rule, "shape");
}

/// Element, its new value, the issue code (none: tolerated), the rule of the deviation.
fn wrong() -> Vec<(&'static str, Value, Option<&'static str>, &'static str)> {
    let jdv = "https://mos.esante.gouv.fr/NOS/JDV_J244-StatutMetierAnomalie-ROR/FHIR/JDV-J244-StatutMetierAnomalie-ROR";
    let requester = || input("systemRequester", "valueString", json!("X"));
    vec![
        ("/status", json!("unknown"), Some("structure"), "shape"),
        ("/intent", json!(["order"]), Some("structure"), "shape"),
        ("/businessStatus", concept("TRE_R352", "99"), Some("code-invalid"), "code"),
        ("/businessStatus", json!({"text": "Créé"}), Some("required"), "code"),
        ("/businessStatus", json!({"coding": [{"code": "01"}]}), Some("code-invalid"), "code-system"),
        ("/businessStatus", json!({"coding": [{"system": jdv, "code": "01"}]}), None, "code-system"),
        // The other system with the number 350.
        ("/code", concept("TRE_R350", "06"), Some("code-invalid"), "code-system"),
        ("/reasonCode", concept("TRE_R352", "01"), Some("code-invalid"), "code-system"),
        ("/focus", json!({"display": "Le CHR"}), Some("required"), "focus"),
        ("/focus", json!({"identifier": {"value": "1450000001"}}), None, "focus"),
        ("/authoredOn", json!("30/06/2026"), Some("structure"), "shape"),
        ("/lastModified", json!("2026-06-29"), Some("value"), "dates"),
        ("/description", json!(""), Some("structure"), "shape"),
        ("/description", Value::Null, Some("structure"), "shape"),
        ("/surprise", json!(1), Some("structure"), "shape"),
        ("/input", json!([]), Some("structure"), "shape"),
        (
            "/input",
            json!([input("errorValue", "valueString", json!("x"))]),
            Some("required"),
            "member-missing",
        ),
        ("/input", json!([input("systemRequester", "valueInteger", json!(3))]), Some("required"), "input"),
        ("/input", json!([requester(), requester()]), Some("structure"), "input"),
        ("/input", json!([requester(), {"type": {"text": "x"}}]), Some("structure"), "shape"),
        ("/input", json!([requester(), input("surprise", "valueString", json!("x"))]), None, "input"),
        (
            "/input",
            json!([
                requester(),
                input("ruleErrorId", "valueString", json!("R1")),
                input("ruleErrorId", "valueString", json!("R2"))
            ]),
            None,
            "input",
        ),
        (
            "/input",
            json!([requester(), input("pathElementError", "valueExpression", json!({"expression": "x"}))]),
            Some("structure"),
            "shape",
        ),
        ("/extension", json!([{"url": "https://example.org/x"}]), Some("structure"), "shape"),
    ]
}

#[test]
fn each_element_is_looked_at() {
    for (pointer, value, refusal, rule) in wrong() {
        let mut task = report();
        task[&pointer[1..]] = value;
        let found = deviations(&task);
        assert!(found.iter().any(|deviation| deviation.rule == rule), "{pointer} {rule}: {found:?}");
        for text in found.iter().flat_map(|deviation| [&deviation.expected, &deviation.actual]) {
            assert!(!text.fr.is_empty() && !text.en.is_empty());
        }
        match (post(&task), refusal) {
            (Ok(task), None) => {
                assert_r4(&task);
                assert_eq!(
                    task["businessStatus"]["coding"][0]["system"],
                    expand_code("TRE_R352").unwrap().as_str()
                );
            }
            (Err(problem), Some(code)) => {
                let further: Vec<_> = problem.further.iter().map(|issue| issue.code).collect();
                assert!(problem.code == code || further.contains(&code), "{pointer}: {problem} {further:?}");
                assert_eq!(problem.status, 400);
            }
            (outcome, _) => panic!("{pointer} {task}: {outcome:?}"),
        }
    }
}

#[test]
fn what_fhir_allows_besides_is_kept() {
    let mut task = report();
    task["id"] = json!("client-side");
    task["text"] = json!({"status": "generated", "div": "<div>x</div>"});
    task["identifier"] = json!([{"system": "https://editeur.example", "value": "A-1"}]);
    task["focus"] = json!({"reference": "HealthcareService/50001"});
    task["executionPeriod"] = json!({"start": "2026-06-30T08:00:00Z"});
    task["note"] = json!([{"text": "Vu avec le standard"}]);
    task["extension"] =
        json!([{"url": "https://example.org/x", "extension": [{"url": "y", "valueInteger": 3}]}]);
    task["meta"]["tag"] = json!([{"system": expand_code("TRE_R30").unwrap(), "code": "24"}]);
    let created = post(&task).unwrap();
    assert_r4(&created);
    assert_eq!(created["id"], "9001");
    assert_eq!(created.get("text"), None);
    assert_eq!(created["identifier"], task["identifier"]);
    assert_eq!(created["meta"]["tag"], task["meta"]["tag"]);
}

#[test]
fn the_status_changes_and_the_version_with_it() {
    let created = post(&report()).unwrap();
    for code in ["08", "03"] {
        let body = status_patch(code);
        let changed = change(&created, &body).unwrap();
        assert_r4(&changed);
        assert_eq!(changed["businessStatus"], concept("TRE_R352", code));
        assert_eq!(changed["lastModified"], "2026-07-01T08:00:00.250+00:00");
        assert_eq!((&changed["meta"]["versionId"], &changed["id"]), (&json!("2"), &json!("9001")));
        assert_eq!(change(&changed, &body).unwrap()["meta"]["versionId"], "3");
        assert_eq!(deviations(&body), []);
    }
}

#[test]
fn liberties_of_the_documented_bodies_are_understood() {
    let created = post(&report()).unwrap();
    let mut body = status_patch("08");
    let coding = body.pointer("/parameter/0/part/2/valueCodeableConcept/coding/0").unwrap().clone();
    *body.pointer_mut("/parameter/0/part/2/valueCodeableConcept/coding").unwrap() = coding;
    assert_r4(&change(&created, &body).unwrap());
    body["parameter"][0]["part"][2] = json!({"name": "value", "value": concept("TRE_R352", "08")});
    body["parameter"][0]["part"][0] = json!({"name": "type", "valueCode": "replace"});
    assert_eq!(change(&created, &body).unwrap()["businessStatus"], concept("TRE_R352", "08"));
    assert_eq!(deviations(&body), []);
}

#[test]
fn other_attributes_of_the_first_level_may_change() {
    let created = post(&report()).unwrap();
    let mut body = status_patch("08");
    body["parameter"][0]["part"][1]["valueString"] = json!("Task.status");
    body["parameter"][0]["part"][2] = json!({"name": "value", "valueCode": "completed"});
    assert_eq!(change(&created, &body).unwrap()["status"], "completed");
    body["parameter"][0]["part"][1]["valueString"] = json!("Task.lastModified");
    body["parameter"][0]["part"][2] = json!({"name": "value", "valueDateTime": "2026-07-01"});
    assert_eq!(change(&created, &body).unwrap()["lastModified"], "2026-07-01");
}

#[test]
fn changes_that_are_none_are_refused() {
    let created = post(&report()).unwrap();
    let with = |index: usize, part: Value| {
        let mut body = status_patch("08");
        body["parameter"][0]["part"][index] = part;
        body
    };
    for (body, code, rule) in [
        (with(0, json!({"name": "type", "valueString": "add"})), "not-supported", "path"),
        (with(0, json!({"name": "type", "valueString": "delete"})), "not-supported", "path"),
        (with(0, json!({"name": "type", "valueString": "remove"})), "structure", "patch"),
        (with(1, json!({"name": "path", "valueString": "Task.businessStatus.coding"})), "structure", "path"),
        (with(1, json!({"name": "path", "valueString": "Task.id"})), "structure", "path"),
        (with(1, json!({"name": "path", "valueString": "Location.name"})), "structure", "path"),
        (with(2, json!({"name": "value"})), "required", "value-missing"),
        (
            with(2, json!({"name": "value", "valueCodeableConcept": concept("TRE_R352", "42")})),
            "code-invalid",
            "code",
        ),
        (with(2, json!({"name": "value", "valueString": "08"})), "structure", "value-missing"),
        (json!({"resourceType": "Parameters"}), "structure", "patch"),
    ] {
        let problem = change(&created, &body).unwrap_err();
        assert_eq!((problem.status, problem.code), (400, code), "{body}");
        assert_eq!(deviations(&body)[0].rule, rule, "{body}");
    }
    assert_eq!(change_status(&created, b"<Task/>", NOW).unwrap_err().code, "structure");
}

#[test]
fn a_late_clock_leaves_a_valid_task() {
    let mut task = report();
    task["authoredOn"] = json!("2026-12-24T08:00:00Z");
    task["lastModified"] = json!("2026-12-24T08:00:00Z");
    let changed = change(&post(&task).unwrap(), &status_patch("08")).unwrap();
    assert_r4(&changed);
    assert_eq!(changed["lastModified"], "2026-12-24T08:00:00Z");
}

/// Ids of the Tasks found among three.
fn find(parameters: &[(&str, &str)], drafts: bool) -> Result<Vec<String>, Problem> {
    let first = post(&report()).unwrap();
    let mut second = report();
    second["focus"] = json!({"reference": "HealthcareService/50050"});
    second["identifier"] = json!([{"system": "https://editeur.example", "value": "A-2"}]);
    second["authoredOn"] = json!("2026-05-01T12:00:00Z");
    let second = create(second.to_string().as_bytes(), "9002", datetime!(2026-07-02 10:00 UTC)).unwrap();
    let third = create(report().to_string().as_bytes(), "9003", NOW).unwrap();
    let third = change(&third, &status_patch("08")).unwrap();
    let owned: Vec<_> = parameters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let tasks = [first, second, third];
    let found = search(&tasks, &owned, &demo(), drafts)?;
    Ok(found.iter().map(|task| task["id"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn tasks_are_looked_up() {
    let status = format!("{}|08", expand_code("TRE_R352").unwrap());
    for (parameters, expected) in [
        (vec![], vec!["9001", "9002", "9003"]),
        (vec![("_format", "json"), ("_count", "2")], vec!["9001", "9002", "9003"]),
        (vec![("_id", "9002,9003")], vec!["9002", "9003"]),
        (vec![("_id", "9002"), ("_id", "9003")], vec![]),
        (vec![("_lastUpdated", "ge2026-07-02")], vec!["9002"]),
        (vec![("authored-on", "lt2026-06-01")], vec!["9002"]),
        (vec![("business-status", status.as_str())], vec!["9003"]),
        (vec![("business-status", "01,08")], vec!["9001", "9002", "9003"]),
        (vec![("code", "06")], vec!["9001", "9002", "9003"]),
        (vec![("code", "07")], vec![]),
        (vec![("identifier", "https://editeur.example|A-2")], vec!["9002"]),
        (vec![("focus", "HealthcareService/50050")], vec!["9002"]),
        (vec![("focus", "50050")], vec!["9002"]),
        (vec![("focus", "0050")], vec![]),
    ] {
        assert_eq!(find(&parameters, false).unwrap(), expected, "{parameters:?}");
    }
}

#[test]
fn draft_criteria_reach_what_an_anomaly_is_about() {
    let region = expand_code("TRE_R30").unwrap();
    let (west, centre) = (format!("{region}|52"), format!("{region}|24"));
    for (name, value, expected) in [
        ("focus:HealthcareService.identifier", "52/0050050", vec!["9002"]),
        ("focus:Organization.identifier", "1450000001", vec!["9001", "9003"]),
        ("focus:HealthcareService:_tag", west.as_str(), vec!["9002"]),
        ("focus:Organization:_tag", centre.as_str(), vec!["9001", "9003"]),
        ("focus:Organization:_tag", west.as_str(), vec![]),
    ] {
        assert_eq!(find(&[(name, value)], true).unwrap(), expected, "{name}={value}");
        assert_eq!(find(&[(name, value)], false).unwrap_err().code, "not-supported", "{name}");
    }
}

#[test]
fn unknown_and_malformed_parameters_are_refused() {
    for (name, value, code) in [
        ("statut", "08", "not-supported"),
        ("business-statu", "08", "not-supported"),
        ("focus:Patient.identifier", "1", "not-supported"),
        ("focus:Organization.name", "x", "not-supported"),
        ("focus:Organization", "x", "not-supported"),
        ("_lastUpdated", "hier", "value"),
        ("_id", "", "value"),
    ] {
        let problem = find(&[(name, value)], true).unwrap_err();
        assert_eq!((problem.status, problem.code), (400, code), "{name}={value}");
    }
    assert!(find(&[("business-statu", "08")], false).unwrap_err().diagnostics.contains("business-status"));
}

#[test]
fn the_anomalies_of_the_beginning_are_whole() {
    let standard = standard();
    assert!(standard.iter().any(|task| task["id"] == "687"));
    for task in standard {
        assert_eq!(deviations(&task), Vec::new(), "{task}");
    }
}
