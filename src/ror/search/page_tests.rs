//! Pages, includes and order, over the dataset `demo`.
#![expect(clippy::unwrap_used)]

use std::collections::HashSet;

use serde_json::Value;

use super::tests::attempt;
use super::*;
use crate::ror::ResourceType::{HealthcareService, Location, Organization};
use crate::ror::demo_tests::view;
use crate::ror::searchset;

fn page(profile: u8, t: ResourceType, query: &[(&str, &str)], offset: usize) -> Value {
    let result = attempt(profile, t, query).unwrap();
    let text = searchset(
        &view(profile),
        &result,
        offset,
        result.page_size(),
        "https://mock.example/ws-diffusion-fhir",
        "https://mock.example/self?a=\"1\"",
        &result
            .next_offset(offset)
            .map(|_| ("next", "https://mock.example/next".to_owned()))
            .into_iter()
            .collect::<Vec<_>>(),
    );
    fhirkit::from_json_strict::<fhirkit::r4::Bundle>(&text).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn entries(bundle: &Value, mode: &str) -> Vec<String> {
    let all = bundle["entry"].as_array().cloned().unwrap_or_default();
    all.iter()
        .filter(|e| e["search"]["mode"] == mode)
        .map(|e| {
            format!(
                "{}/{}",
                e["resource"]["resourceType"].as_str().unwrap(),
                e["resource"]["id"].as_str().unwrap()
            )
        })
        .collect()
}

const FULL: [(&str, &str); 5] = [
    ("_include", "HealthcareService:organization"),
    ("_include:iterate", "Organization:partof"),
    ("_include", "HealthcareService:location"),
    ("_revinclude", "PractitionerRole:service"),
    ("_include", "PractitionerRole:practitioner"),
];

#[test]
fn three_pages_cover_every_match_once() {
    let mut seen = Vec::new();
    let mut offset = Some(0);
    let result = attempt(1, HealthcareService, &[]).unwrap();
    let mut pages = 0;
    while let Some(at) = offset {
        let bundle = page(1, HealthcareService, &[], at);
        assert_eq!(bundle["total"], 483);
        offset = result.next_offset(at);
        let next = bundle["link"].as_array().unwrap().iter().any(|l| l["relation"] == "next");
        assert_eq!(next, offset.is_some());
        seen.extend(entries(&bundle, "match"));
        pages += 1;
    }
    assert_eq!(pages, 3);
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 483);
    assert_eq!(seen.len(), 483);
}

#[test]
fn count_is_bounded_and_may_be_zero() {
    let size = |count| attempt(1, HealthcareService, &[("_count", count)]).unwrap().page_size();
    assert_eq!((size("10"), size("200"), size("5000"), size("0")), (10, 200, 200, 0));
    let bundle = page(1, HealthcareService, &[("_count", "0")], 0);
    assert_eq!(bundle["total"], 483);
    assert!(bundle.get("entry").is_none());
    assert_eq!(attempt(1, HealthcareService, &[("_count", "0")]).unwrap().next_offset(0), None);
    assert_eq!(attempt(1, HealthcareService, &[("_count", "-1")]).unwrap_err().status, 400);
    let empty = page(1, HealthcareService, &[("specialty", "TRE_R211|481")], 0);
    assert_eq!(empty["total"], 0);
    assert!(empty.get("entry").is_none());
    let beyond = page(1, HealthcareService, &[], 5000);
    assert!(beyond.get("entry").is_none());
}

#[test]
fn full_brings_the_surroundings_once_each() {
    let query: Vec<_> = [("identifier", "24/0050002")].into_iter().chain(FULL).collect();
    let bundle = page(1, HealthcareService, &query, 0);
    assert_eq!(entries(&bundle, "match"), ["HealthcareService/50002"]);
    let mut included = entries(&bundle, "include");
    included.sort();
    assert_eq!(
        included,
        [
            "Location/2002",
            "Organization/1000",
            "Organization/1101",
            "Practitioner/3001",
            "PractitionerRole/7002"
        ]
    );
    assert_eq!(
        bundle["entry"][0]["fullUrl"],
        "https://mock.example/ws-diffusion-fhir/HealthcareService/50002"
    );
    let above: Vec<_> = [("organization.identifier:above", "1450000000")].into_iter().chain(FULL).collect();
    let many = entries(&page(1, HealthcareService, &above, 0), "include");
    assert_eq!(many.iter().collect::<HashSet<_>>().len(), many.len(), "each once");
    // Internal organizations bring their site and its EJ.
    assert!(["1000", "1101", "1112"].iter().all(|id| many.contains(&format!("Organization/{id}"))));
}

#[test]
fn includes_without_iterate_stop_at_the_matches() {
    let parents = |name: &str| {
        let query = [("_id", "1112"), (name, "Organization:partof")];
        entries(&page(1, Organization, &query, 0), "include")
    };
    assert_eq!(parents("_include"), ["Organization/1101"]);
    assert_eq!(parents("_include:iterate"), ["Organization/1101", "Organization/1000"]);
}

#[test]
fn includes_stay_within_the_profile() {
    let query = [("_id", "2010"), ("_revinclude", "HealthcareService:location")];
    assert_eq!(entries(&page(1, Location, &query, 0), "include").len(), 3);
    let public = entries(&page(0, Location, &query, 0), "include");
    assert_eq!(public, ["HealthcareService/50010", "HealthcareService/50011"]);
}

#[test]
fn wildcards_and_wrong_includes() {
    let wild = [("_id", "50002"), ("_include", "HealthcareService:*")];
    assert_eq!(entries(&page(1, HealthcareService, &wild, 0), "include").len(), 2);
    for (name, value) in [
        ("_include", "Healthcareservice:location"),
        ("_include", "HealthcareService"),
        ("_include", "HealthcareService:location:Organization"),
        ("_include", "HealthcareService:location:Location:x"),
        ("_revinclude", "Organization:partof"),
    ] {
        let problem = attempt(1, HealthcareService, &[(name, value)]).unwrap_err();
        assert_eq!(problem.status, 400, "{value}");
        assert!(problem.diagnostics.contains("HealthcareService:location"), "{}", problem.diagnostics);
    }
}

#[test]
fn sorted_by_last_update() {
    let updated = |sort| -> Vec<i128> {
        let result = attempt(1, HealthcareService, &[("_sort", sort)]).unwrap();
        let dates = result.matches.iter().map(|r| r.json["meta"]["lastUpdated"].as_str().unwrap());
        dates.map(|d| date::Interval::parse(d).unwrap().start).collect()
    };
    assert!(updated("_lastUpdated").is_sorted());
    assert!(updated("-_lastUpdated").iter().rev().is_sorted());
    assert_eq!(attempt(1, HealthcareService, &[("_sort", "name")]).unwrap_err().status, 400);
}

#[test]
fn beyond_the_cap_the_total_still_counts() {
    let locations = (0..MAXIMUM_MATCHES + 5).map(|n| {
        let json = serde_json::json!({
            "resourceType": "Location", "id": n.to_string(), "meta": {"lastUpdated": "2026-01-01T00:00:00Z"},
            "extension": [
                {"url": crate::ror::path::extension_url("ror-meta-creation-date"), "valueDateTime": "2026-01-01"},
                {"url": crate::ror::path::extension_url("ror-commune-cog"), "valueCodeableConcept": {}}
            ]
        });
        Resource::new(json).unwrap()
    });
    let directory = Arc::new(crate::ror::Directory::from_resources("large", locations));
    let view = directory.view(crate::ror::AccessProfile::try_new(1).unwrap());
    let result = view.search(Location, &[], SearchOptions::default()).unwrap();
    assert_eq!((result.total(), result.len()), (MAXIMUM_MATCHES + 5, MAXIMUM_MATCHES));
    assert!(result.is_truncated());
    assert!(!attempt(1, HealthcareService, &[]).unwrap().is_truncated());
    assert_eq!(result.next_offset(MAXIMUM_MATCHES - PAGE_SIZE), None);
    // Every page warns, the last one and one beyond as well; a page that gives the total alone does not.
    for (offset, count, matches) in
        [(0, 2, 2), (MAXIMUM_MATCHES - 2, 200, 2), (MAXIMUM_MATCHES, 200, 0), (0, 0, 0)]
    {
        let text = searchset(&view, &result, offset, count, "https://m.example", "https://m.example/s", &[]);
        fhirkit::from_json_strict::<fhirkit::r4::Bundle>(&text).unwrap();
        let bundle: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(entries(&bundle, "match").len(), matches);
        let all = bundle["entry"].as_array().cloned().unwrap_or_default();
        let warnings: Vec<&Value> = all.iter().filter(|e| e["search"]["mode"] == "outcome").collect();
        assert_eq!(warnings.len(), usize::from(count > 0), "{offset}");
        for warning in warnings {
            assert_eq!(warning["resource"]["issue"][0]["severity"], "warning");
            let text = warning["resource"]["issue"][0]["diagnostics"].as_str().unwrap();
            assert!(text.contains("10005") && text.contains("$export"), "{text}");
        }
    }
}
