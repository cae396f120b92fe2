//! The bed capacity feed on the wire: who may write, what is refused, and that readers see it at once.

use serde_json::{Value, json};

use crate::support::{Served, code, report, run, script, split, statuses, text};

const CAPACITY: &str =
    "https://interop.esante.gouv.fr/ig/fhir/ror/StructureDefinition/ror-location-supported-capacity";

fn update(establishment: &str, location: &str, capacities: Value) -> Value {
    json!({ "updates": [{ "establishment": establishment, "location": location, "capacities": capacities }] })
}

fn available(count: u32) -> Value {
    json!([{ "operation": "set", "count": count, "status": "02", "type": "01", "temporality": "01",
             "assignment": "01", "gender": "03" }])
}

/// Counts of the records of that status that a reader sees on the Location.
fn seen(mock: &Served, token: &str, id: &str, status: &str) -> Vec<i64> {
    let (_, _, location) = mock.get(token, &format!("/Location/{id}"), &[]);
    let extensions = location["extension"].as_array().cloned().unwrap_or_default();
    let records = extensions.iter().filter(|extension| extension["url"] == CAPACITY);
    let of = |record: &Value, url: &str| {
        record["extension"]
            .as_array()
            .unwrap()
            .iter()
            .find(|part| part["url"] == url)
            .cloned()
            .unwrap_or_default()
    };
    records
        .filter(|record| of(record, "capacityStatus")["valueCodeableConcept"]["coding"][0]["code"] == status)
        .map(|record| of(record, "nbCapacity")["valueInteger"].as_i64().unwrap())
        .collect()
}

/// A PATCH with curl: status, head, body.
fn patch(mock: &Served, token: &str, target: &str, headers: &[&str], body: &str) -> (u16, String, Value) {
    let url = format!("{}{target}", mock.value("ROR_CAPACITY_URL"));
    let mut curl = mock.curl();
    curl.args(["--include", "--globoff", "--request", "PATCH", "--data-binary", body, &url])
        .args(["--header", &format!("Authorization: Bearer {token}")]);
    for header in headers {
        curl.args(["--header", header]);
    }
    split(&curl.output().unwrap())
}

fn supplier_token(mock: &Served) -> String {
    let client = ["--cert", mock.value("ROR_SUPPLIER_CERT"), "--key", mock.value("ROR_SUPPLIER_KEY")];
    let form = format!("grant_type=client_credentials&client_id={}", mock.value("ROR_SUPPLIER_CLIENT_ID"));
    let output = mock
        .curl()
        .arg("--include")
        .args(client)
        .args(["--data", &form, mock.value("ROR_TOKEN_URL")])
        .output()
        .unwrap();
    split(&output).2["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn what_a_supplier_writes_is_seen_at_once_by_readers_of_the_right_profiles() {
    let mock = Served::start(&["--profile", "1"]);
    let token = mock.token();
    let before = seen(&mock, &token, "2005", "02");
    let output =
        mock.client("update-capacity", &update("1450000001", "REA05", available(7))).output().unwrap();
    assert_eq!(code(&output), 0, "{}", text(&output.stdout));
    let after = seen(&mock, &token, "2005", "02");
    assert_eq!((before.len(), after), (1, vec![7]));
}

#[test]
fn an_establishment_that_is_not_its_own_is_refused_and_said() {
    let mock = Served::start(&[]);
    let output =
        mock.client("update-capacity", &update("1440000001", "ORTHO50", available(7))).output().unwrap();
    let printed = text(&output.stdout);
    assert_eq!(code(&output), 1, "{printed}");
    assert!(printed.contains("1440000001/ORTHO50") && printed.contains("403"), "{printed}");
}

#[test]
fn consumer_and_supplier_are_two() {
    let mock = Served::start(&[]);
    let (consumer, supplier) = (mock.token(), supplier_token(&mock));
    let target = "/Location?identifier=1450000001/REA05";
    let media_type = "Content-Type: application/fhir+json";
    assert_eq!(patch(&mock, &consumer, target, &[media_type], "{}").0, 403);
    assert_eq!(mock.get(&supplier, "/Location/2005", &[]).0, 403);
    // Its own identity gets as far as the body.
    assert_eq!(patch(&mock, &supplier, target, &[media_type], "{}").0, 400);
}

#[test]
fn every_documented_refusal_has_its_status_and_code() {
    let mock = Served::start(&[]);
    let token = supplier_token(&mock);
    let media_type = "Content-Type: application/fhir+json";
    let delete = |status: &str| {
        let path = format!(
            "Location.extension.where(url='{CAPACITY}').where(extension.where(url = 'capacityStatus' and \
             valueCodeableConcept.coding.code = '{status}') and extension.where(url = 'temporalityCapacity' and \
             valueCodeableConcept.coding.code = '05') and extension.where(url = 'temporaryAssignement' and \
             valueCodeableConcept.coding.code = '02'))"
        );
        json!({ "resourceType": "Parameters", "parameter": [{ "name": "operation", "part": [
            { "name": "type", "valueString": "delete" }, { "name": "path", "valueString": path }] }] })
        .to_string()
    };
    let installed = delete("01");
    let own = "/Location?identifier=1450000001/REA05";
    for (target, headers, body, status, code) in [
        ("/Location?identifier=1450000001/NONE", vec![media_type], &installed, 404, "not-found"),
        ("/Location?identifier=1450000001/DOUBLE", vec![media_type], &installed, 412, "multiple-matches"),
        ("/Location?identifier=1440000001/ORTHO50", vec![media_type], &installed, 403, "forbidden"),
        ("/Location", vec![media_type], &installed, 400, "required"),
        (own, vec!["Content-Type: application/json"], &installed, 415, "not-supported"),
        (own, vec![media_type, "Ror-Role-Metier-Code: AUTOMATE"], &installed, 400, ""),
    ] {
        let (answered, _, outcome) = patch(&mock, &token, target, &headers, body);
        let told = outcome["issue"][0]["code"].as_str().unwrap();
        assert!(
            answered == status && (code.is_empty() || told == code),
            "{target} {headers:?}: {answered} {outcome}"
        );
    }
    let (status, _, outcome) = patch(&mock, &token, own, &[media_type], &installed);
    let expression = outcome["issue"][0]["expression"].as_str().unwrap_or_default();
    assert!(status == 404 && expression.contains(CAPACITY), "a record that is not there: {outcome}");
    assert_eq!(patch(&mock, &token, "/Organization?identifier=1", &[media_type], &installed).0, 404);
}

#[test]
fn an_anomaly_is_reported_looked_up_and_changed() {
    let mock = Served::start(&[]);
    let token = mock.token();
    let report = json!({ "healthcare-service": "50001", "category": "06", "description": "Adresse périmée" });
    let output = mock.client("report-anomaly", &report).output().unwrap();
    assert_eq!(code(&output), 0, "{}", text(&output.stdout));
    let tasks = |query: &str| {
        let url = format!("{}{query}", mock.value("ROR_TASK_URL"));
        let header = format!("Authorization: Bearer {token}");
        split(&mock.curl().args(["--include", "--header", &header, &url]).output().unwrap())
    };
    let (status, _, found) = tasks("?focus=HealthcareService/50001&business-status=01");
    assert_eq!((status, found["total"].as_u64()), (200, Some(1)), "{found}");
    let task = found["entry"][0]["resource"].clone();
    assert_eq!(task["description"], "Adresse périmée");
    let id = task["id"].as_str().unwrap();
    let output = mock.client("update-anomaly", &json!({ "task": id, "status": "08" })).output().unwrap();
    assert_eq!(code(&output), 0, "{}", text(&output.stdout));
    assert_eq!(tasks(&format!("/{id}")).2["businessStatus"]["coding"][0]["code"], "08");
    assert_eq!(tasks("/687").0, 200, "there from the beginning");
    let unknown =
        mock.client("update-anomaly", &json!({ "task": "999999", "status": "08" })).output().unwrap();
    assert_eq!(code(&unknown), 1, "{}", text(&unknown.stdout));
}

/// ALI-CERT-01: one identity for each establishment; that of one writes nothing for the other.
#[test]
fn a_proprietary_solution_has_one_identity_for_each_establishment() {
    let folder = tempfile::tempdir().unwrap();
    let config = script(folder.path(), "banc.yaml", "supplier: { kind: proprietary }\n");
    let beds = r#"capacities: [{ count: 4, status: "02", gender: "03", type: "01" }]"#;
    let (first, second) = (
        format!(r#"{{ establishment: "1450000001", location: REA05, {beds} }}"#),
        format!(r#"{{ establishment: "1450000002", location: UMJ12, {beds} }}"#),
    );
    let scenario = format!(
        r#"
id: each-its-own
title: {{ fr: "À chacun la sienne", en: "Each its own" }}
description: {{ fr: "Une identité par établissement.", en: "One identity for each establishment." }}
plans: [feed]
steps:
  - {{ act: update-capacity, with: {{ updates: [{first}] }}, tell: {{ fr: "Envoyez.", en: "Send." }} }}
  - {{ act: update-capacity, with: {{ updates: [{second}] }}, tell: {{ fr: "Envoyez.", en: "Send." }} }}
  - {{ act: update-capacity, with: {{ updates: [{second}, {first}] }}, tell: {{ fr: "Envoyez.", en: "Send." }} }}
checks:
  - {{ id: first, requires: [ALI-CERT-01], step: 1, expect: {{ outcome: {{ is: ok }} }} }}
  - {{ id: second, requires: [ALI-CERT-01], step: 2, expect: {{ outcome: {{ is: ok }} }} }}
  - {{ id: refused, requires: [ALI-LIST-01], step: 3, expect: {{ outcome: {{ is: error }} }} }}
  - id: told-by-403
    requires: [ALI-LIST-01]
    step: 3
    expect: {{ requests: {{ matching: {{ api: capacity, status: 403 }}, times: {{ exactly: 1 }} }} }}
  - {{ id: own, requires: [FHIR-CAP-06], expect: {{ identities: {{}} }} }}
"#
    );
    let scenario = script(folder.path(), "each-its-own.yaml", &scenario);
    let to = folder.path().join("report");
    let output = run(&to).arg(scenario).arg("--config").arg(config).output().unwrap();
    assert_eq!(code(&output), 0, "{}{}", text(&output.stdout), text(&output.stderr));
    let found = statuses(&report(&to));
    assert!(found.iter().all(|(_, status)| status == "pass"), "{found:?}");
    let journal = std::fs::read_to_string(to.join("journal.jsonl")).unwrap();
    let writes: Vec<Value> = journal
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["event"]["request"].clone())
        .filter(|request| request["method"] == "PATCH")
        .collect();
    let identities: Vec<&str> =
        writes.iter().filter_map(|request| request["token_client_id"].as_str()).collect();
    let (one, two) = ("banc-ror-supplier", "banc-ror-supplier-2");
    assert_eq!(identities.first(), Some(&one));
    assert!(identities.len() > 1 && identities[identities.len() - 1] == two, "{identities:?}");
}
