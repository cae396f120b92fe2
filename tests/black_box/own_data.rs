//! `serve` with data of one's own: three forms in one folder, broken files, a partial extract; drafts and lenience.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Served, banc, code, split, text};

const ROR: &str = "https://interop.esante.gouv.fr/ig/fhir/ror/StructureDefinition/";

fn extension(name: &str, kind: &str, value: Value) -> Value {
    json!({"url": format!("{ROR}{name}"), kind: value})
}

/// What every resource has.
fn resource(t: &str, id: &str, more: Value) -> Value {
    let mut resource = json!({
        "resourceType": t, "id": id, "meta": {"lastUpdated": "2026-05-01T10:00:00+02:00"},
        "extension": [extension("ror-meta-creation-date", "valueDateTime", json!("2024-01-01"))]
    });
    for (name, value) in more.as_object().unwrap() {
        match (name.as_str(), value) {
            ("extension", Value::Array(more)) => {
                resource["extension"].as_array_mut().unwrap().extend(more.iter().cloned());
            }
            _ => resource[name] = value.clone(),
        }
    }
    resource
}

/// A Bundle, an NDJSON file and files of one resource each, with resources of other types among them.
fn three_forms(folder: &Path) {
    let organization = resource(
        "Organization",
        "own-1",
        json!({"name": "ÉTABLISSEMENT FICTIF", "identifier": [{"value": "1450000009"}]}),
    );
    let commune = json!({"coding": [{"code": "45234"}]});
    let location = resource(
        "Location",
        "own-2",
        json!({"extension": [extension("ror-commune-cog", "valueCodeableConcept", commune)]}),
    );
    let modes = "https://mos.esante.gouv.fr/NOS/TRE_R213-ModePriseEnCharge/FHIR/TRE-R213-ModePriseEnCharge";
    let offer = |id: &str, sensitive: bool| {
        resource(
            "HealthcareService",
            id,
            json!({
                "extension": [
                    extension("ror-healthcareservice-sensitive-unit", "valueBoolean", json!(sensitive)),
                    json!({"url": format!("{ROR}ror-healthcareservice-patient-type"), "extension": []})
                ],
                "identifier": [{"value": format!("24/{id}")}], "providedBy": {"reference": "Organization/own-1"},
                "type": [{"coding": [{"code": "01"}]}], "specialty": [{"coding": [{"code": "022"}]}],
                "characteristic": [{"coding": [{"system": modes, "code": "28"}]}],
                "location": [{"reference": "Location/own-2"}]
            }),
        )
    };
    let bundle = json!({"resourceType": "Bundle", "type": "searchset", "entry": [
        {"resource": organization, "search": {"mode": "include"}},
        {"resource": {"resourceType": "OperationOutcome", "issue": []}},
        {"fullUrl": "urn:uuid:1"}
    ]});
    fs::write(folder.join("1-bundle.json"), serde_json::to_string_pretty(&bundle).unwrap()).unwrap();
    fs::write(
        folder.join("2-offers.ndjson"),
        format!("{}\n{}\n", offer("own-3", false), offer("own-4", true)),
    )
    .unwrap();
    fs::write(folder.join("3-location.json"), location.to_string()).unwrap();
    fs::write(folder.join("4-task.json"), r#"{"resourceType": "Task", "id": "1"}"#).unwrap();
}

#[test]
fn a_folder_of_three_forms_is_served_under_the_policy() {
    let folder = tempfile::tempdir().unwrap();
    three_forms(folder.path());
    for (profile, offers) in [("1", 2), ("0", 1)] {
        let mock = Served::start(&["--dataset", folder.path().to_str().unwrap(), "--profile", profile]);
        let token = mock.token();
        let query =
            "/HealthcareService?_include=HealthcareService:organization&_include=HealthcareService:location";
        let (status, _, bundle) = mock.get(&token, query, &[]);
        assert_eq!((status, bundle["total"].as_u64()), (200, Some(offers)), "{bundle}");
        assert_eq!(bundle["entry"].as_array().unwrap().len() as u64, offers + 2);
        let (status, _, read) = mock.get(&token, "/Organization/own-1", &[]);
        assert_eq!((status, read["name"].as_str()), (200, Some("ÉTABLISSEMENT FICTIF")));
    }
}

#[test]
fn warnings_go_to_standard_error_and_broken_files_stop_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(
        path.join("a.json"),
        r#"{"resourceType": "Location", "id": "1", "managingOrganization": {"reference": "Organization/9"}}"#,
    )
    .unwrap();
    let mut mock = Served::start(&["--lang", "en", "--dataset", path.to_str().unwrap()]);
    mock.token();
    let errors = mock.interrupted_errors();
    for word in
        ["warning:", "a.json:1:1", "Organization/9", "leads nowhere", "meta.lastUpdated", "RG_EXP_002"]
    {
        assert!(errors.contains(word), "{word}: {errors}");
    }
    fs::write(
        path.join("b.ndjson"),
        "{\"resourceType\": \"Location\", \"id\": \"2\"}\n{\"resourceType\": \n",
    )
    .unwrap();
    fs::write(path.join("c.json"), r#"{"resourceType": "Location", "id": "1"}"#).unwrap();
    for (lang, words) in
        [("fr", ["JSON mal formé", "donné deux fois"]), ("en", ["malformed JSON", "stands twice"])]
    {
        let output = banc().args(["serve", "--lang", lang, "--dataset"]).arg(path).output().unwrap();
        let errors = text(&output.stderr);
        assert_eq!(code(&output), 2, "{errors}");
        assert!(output.stdout.is_empty());
        for word in words.into_iter().chain(["b.ndjson:2:", "c.json:1:1", "a.json:1"]) {
            assert!(errors.contains(word), "{word}: {errors}");
        }
    }
    let output = banc().args(["serve", "--dataset", "/nowhere/at/all"]).output().unwrap();
    assert!(code(&output) == 2 && text(&output.stderr).contains("demo"), "{}", text(&output.stderr));
}

#[test]
fn drafts_and_lenience_are_switches() {
    let draft = "/Location?operational-status=3&_summary=count";
    let unknown = "/Location?nonsense=3&_summary=count";
    for (switch, expected) in
        [(None, [400, 400]), (Some("--drafts"), [200, 400]), (Some("--lenient"), [200, 200])]
    {
        let mock = Served::start(&switch.into_iter().collect::<Vec<_>>());
        let token = mock.token();
        let statuses = [draft, unknown].map(|query| mock.get(&token, query, &[]).0);
        assert_eq!(statuses, expected, "{switch:?}");
    }
}

#[test]
fn beyond_the_cap_every_page_warns_and_the_pages_end() {
    let mock = Served::start(&["--dataset", "large"]);
    let token = mock.token();
    let (_, _, first) = mock.get(&token, "/HealthcareService", &[]);
    assert_eq!(first["total"], 10_500);
    let warns =
        |bundle: &Value| {
            bundle["entry"].as_array().unwrap().iter().any(|e| {
                e["search"]["mode"] == "outcome" && e["resource"]["issue"][0]["severity"] == "warning"
            })
        };
    assert!(warns(&first));
    let next = first["link"].as_array().unwrap().iter().find(|l| l["relation"] == "next").unwrap();
    let base = mock.value("ROR_FHIR_URL");
    let last = next["url"].as_str().unwrap().replace("_getpagesoffset=200", "_getpagesoffset=9800");
    let (status, _, last) = mock.get(&token, last.strip_prefix(base).unwrap(), &[]);
    assert_eq!(status, 200);
    assert!(warns(&last) && !last["link"].to_string().contains("next"));
    assert_eq!(last["entry"].as_array().unwrap().len(), 201);
    let (_, _, below) = mock.get(&token, "/HealthcareService?specialty=017", &[]);
    assert!(!warns(&below));
}

/// What generic FHIR clients send, without special treatment on either side.
#[test]
fn generic_clients_search_page_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("banc.yaml");
    fs::write(&config, "quotas: { level-1: 1000, level-2: 1000, level-2-public: 1000 }\n").unwrap();
    for profile in ["0", "1"] {
        let mock = Served::start(&["--profile", profile, "--config", config.to_str().unwrap()]);
        let token = mock.token();
        let status = |path: &str, more: &[&str]| mock.get(&token, path, more).0;
        for accept in [
            "*/*",
            "application/fhir+json;fhirVersion=4.0",
            "application/fhir+xml;q=1.0, application/fhir+json;q=1.0",
        ] {
            assert_eq!(status("/metadata", &["--header", &format!("Accept: {accept}")]), 200, "{accept}");
        }
        assert_eq!(status("/Location?_format=json", &["--header", "Accept: application/fhir+xml"]), 200);
        assert_eq!(status("/Location", &["--header", "Accept: application/fhir+xml"]), 406);
        assert_eq!(status("/Location?_format=xml", &[]), 406);
        assert_eq!(
            status("/Location/2001?_pretty=true&_format=json", &["--header", "If-None-Match: W/\"1\""]),
            200
        );
        assert_eq!(status("/Location?_pretty=true&_total=accurate&_summary=false", &[]), 200);
        let metadata = format!("{}/metadata", mock.value("ROR_FHIR_URL"));
        let open = mock.curl().args(["--include", &metadata]).output().unwrap();
        assert_eq!(split(&open).0, 200, "before there is a token");
        let head = mock
            .curl()
            .arg("--head")
            .args(mock.headers(&token))
            .arg(format!("{}/Location/2001", mock.value("ROR_FHIR_URL")))
            .output()
            .unwrap();
        let head = text(&head.stdout).to_lowercase();
        assert!(head.contains(" 200") && head.contains("application/fhir+json"), "{head}");
        assert_eq!(status("/Location", &["--request", "OPTIONS"]), 405);

        let (_, _, mut page) =
            mock.get(&token, "/HealthcareService?_count=200&_include=HealthcareService:location", &[]);
        let (mut matches, mut pages) = (0, 0);
        loop {
            pages += 1;
            let entries = page["entry"].as_array().unwrap().clone();
            matches += entries.iter().filter(|e| e["search"]["mode"] == "match").count();
            let next = page["link"].as_array().unwrap().iter().find(|l| l["relation"] == "next").cloned();
            let Some(next) = next else {
                assert_eq!(matches as u64, page["total"].as_u64().unwrap());
                break;
            };
            let url = next["url"].as_str().unwrap();
            page = mock.get(&token, url.strip_prefix(mock.value("ROR_FHIR_URL")).unwrap(), &[]).2;
        }
        assert_eq!(pages, 3);
    }
}
