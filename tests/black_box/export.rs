//! `$export` on the wire, as curl meets it: kick-off, manifest, files, cancellation, refusals.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::Served;

const KICK_OFF: &str = "/$export?_outputFormat=application%2Ffhir%2Bjson&_type=HealthcareService";

/// A mock whose quota these tests do not reach.
fn unhurried(arguments: &[&str]) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("banc.yaml");
    std::fs::write(&config, "quotas: { level-2: 90, level-2-public: 90 }\n").unwrap();
    let mut all = vec!["--config", config.to_str().unwrap()];
    all.extend(arguments);
    Served::start(&all)
}

/// The path below the FHIR base of an absolute URL.
fn below<'a>(mock: &Served, url: &'a str) -> &'a str {
    url.strip_prefix(mock.value("ROR_FHIR_URL")).unwrap_or_else(|| panic!("{url} is not at the base"))
}

/// Where the state of a job is asked for: its Content-Location, of a head in lower case.
fn poll_url(head: &str) -> String {
    let url = head.lines().find_map(|line| line.strip_prefix("content-location: "));
    url.unwrap_or_else(|| panic!("no Content-Location in {head}")).trim().replace("_jobid=", "_jobId=")
}

/// The manifest of an export that begins with these parameters.
fn manifest(mock: &Served, token: &str, kick_off: &str) -> Value {
    let (status, head, _) = mock.get(token, kick_off, &["--globoff"]);
    assert_eq!(status, 202, "{head}");
    let poll = poll_url(&head);
    let (status, _, manifest) = mock.get(token, below(mock, &poll), &["--globoff"]);
    assert_eq!(status, 200, "{manifest}");
    manifest
}

/// Type and id of all that an export holds.
fn exported(mock: &Served, token: &str, kick_off: &str) -> BTreeSet<(String, String)> {
    let manifest = manifest(mock, token, kick_off);
    let mut held = BTreeSet::new();
    for output in manifest["output"].as_array().unwrap() {
        let url = output["url"].as_str().unwrap();
        assert!(url.ends_with(".json"), "{url}");
        let (status, _, bundle) = mock.get(token, below(mock, url), &["--globoff"]);
        assert_eq!((status, bundle["resourceType"].as_str()), (200, Some("Bundle")));
        let entries = bundle["entry"].as_array().unwrap();
        assert_eq!(output["count"], entries.len());
        for entry in entries {
            let resource = &entry["resource"];
            assert_eq!(resource["resourceType"], output["type"]);
            let id = resource["id"].as_str().unwrap().to_owned();
            assert!(held.insert((output["type"].as_str().unwrap().to_owned(), id)), "twice: {resource}");
        }
    }
    held
}

#[test]
fn an_export_holds_every_offer_of_the_profile_with_all_that_is_linked_to_it() {
    for profile in ["0", "1", "3"] {
        let mock = unhurried(&["--profile", profile]);
        let token = mock.token();
        let held = exported(&mock, &token, KICK_OFF);
        let offers = held.iter().filter(|(t, _)| t == "HealthcareService").count();
        let (_, _, search) = mock.get(&token, "/HealthcareService?_count=0", &[]);
        assert_eq!(search["total"], offers, "profile {profile}");
        for t in ["Organization", "Location"] {
            assert!(held.iter().any(|(held, _)| held == t), "profile {profile}: no {t}");
        }
    }
}

#[test]
fn a_region_is_a_filter_and_an_empty_one_gives_no_file() {
    let mock = unhurried(&[]);
    let token = mock.token();
    let region = |code: &str| {
        let system = "https%253A%252F%252Fmos.esante.gouv.fr%252FNOS%252FTRE_R30-RegionOM%252FFHIR%252FTRE-R30-RegionOM";
        format!("{KICK_OFF}&_typeFilter=HealthcareService%3F_tag%3D{system}%257C{code}")
    };
    let all = exported(&mock, &token, KICK_OFF);
    let of_region = exported(&mock, &token, &region("24"));
    assert!(!of_region.is_empty() && of_region.len() < all.len() && of_region.is_subset(&all));
    assert_eq!(manifest(&mock, &token, &region("06"))["output"], serde_json::json!([]));
}

#[test]
fn what_the_ror_does_not_serve_is_refused_with_a_reason() {
    let mock = Served::start(&[]);
    let token = mock.token();
    for (query, status, names) in [
        ("_outputFormat=application%2Ffhir%2Bndjson", 400, "_outputFormat"),
        ("_type=Patient", 400, "_type"),
        ("_typeFilter=HealthcareService%3Fnonsense%3D1", 400, "nonsense"),
        ("_since=yesterday", 400, "_since"),
    ] {
        let (answered, _, outcome) = mock.get(&token, &format!("/$export?{query}"), &["--globoff"]);
        assert_eq!(
            (answered, outcome["resourceType"].as_str()),
            (status, Some("OperationOutcome")),
            "{query}"
        );
        assert!(outcome.to_string().contains(names), "{query}: {outcome}");
    }
    let unknown = "/$export-poll-status?_jobId=00000000-0000-0000-0000-000000000000";
    assert_eq!(mock.get(&token, unknown, &[]).0, 404);
    assert_eq!(mock.get("not-a-token", KICK_OFF, &["--globoff"]).0, 401);
}

#[test]
fn a_job_that_was_cancelled_is_gone_with_its_files() {
    let mock = Served::start(&[]);
    let token = mock.token();
    let (_, head, _) = mock.get(&token, KICK_OFF, &["--globoff"]);
    let poll = poll_url(&head);
    let poll = below(&mock, &poll);
    let (_, _, manifest) = mock.get(&token, poll, &[]);
    let file = below(&mock, manifest["output"][0]["url"].as_str().unwrap()).to_owned();
    assert_eq!(mock.get(&token, &file, &[]).0, 200);
    assert_eq!(mock.get(&token, poll, &["--request", "DELETE"]).0, 202);
    assert_eq!(mock.get(&token, poll, &[]).0, 404);
    assert_eq!(mock.get(&token, &file, &[]).0, 404);
}
