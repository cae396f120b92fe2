//! What generic FHIR clients send besides criteria, announced parameters, nested `_has`, limits at both levels.
#![expect(clippy::unwrap_used)]

use std::sync::Arc;

use serde_json::json;

use super::tests::attempt;
use super::*;
use crate::ror::ResourceType::{HealthcareService, Location, Organization, Practitioner};
use crate::ror::demo_tests::view;
use crate::ror::path::extension_url;
use crate::ror::{AccessProfile, Directory};

fn with(options: SearchOptions, t: ResourceType, name: &str, value: &str) -> Result<SearchResult, Problem> {
    view(1).search(t, &[(name.to_owned(), value.to_owned())], options)
}

const DRAFTS: SearchOptions = SearchOptions { lenient: false, drafts: true };
const LENIENT: SearchOptions = SearchOptions { lenient: true, drafts: false };

#[test]
fn what_generic_clients_send_is_taken() {
    let all = attempt(1, HealthcareService, &[]).unwrap();
    for query in [("_pretty", "true"), ("_summary", "false"), ("_summary", "true"), ("_total", "accurate")] {
        let found = attempt(1, HealthcareService, &[query]).unwrap();
        assert_eq!((found.total(), found.page_size()), (all.total(), PAGE_SIZE), "{query:?}");
    }
    let count = attempt(1, HealthcareService, &[("_summary", "count")]).unwrap();
    assert_eq!((count.total(), count.page_size(), count.next_offset(0)), (all.total(), 0, None));
    for wrong in [("_summary", "all"), ("_total", "yes"), ("_pretty", ""), ("_contained", "true")] {
        assert_eq!(attempt(1, HealthcareService, &[wrong]).unwrap_err().status, 400, "{wrong:?}");
    }
}

#[test]
fn drafts_are_refused_as_such_unless_asked_for() {
    for (t, name, value) in [
        (HealthcareService, "_elements", "identifier"),
        (HealthcareService, "location", "Location/2002"),
        (HealthcareService, "_content", "cardio"),
        (Location, "operational-status", "3"),
        (HealthcareService, "location.operational-status", "3"),
        (Organization, "_filter", "(name eq x)"),
        (Practitioner, "_filter", "(_id eq 3001)"),
        (HealthcareService, "_sort", "notavailable-closing-reopeningdate"),
    ] {
        let problem = with(SearchOptions::default(), t, name, value).unwrap_err();
        assert_eq!(problem.status, 400, "{name}");
        assert!(problem.diagnostics.contains("draft"), "{name}: {}", problem.diagnostics);
        assert!(with(DRAFTS, t, name, value).is_ok(), "{name}");
    }
    for (name, value) in [("_elements", "identifier"), ("_content", "cardio"), ("nonsense", "1")] {
        let all = view(1).count(HealthcareService);
        assert_eq!(with(LENIENT, HealthcareService, name, value).unwrap().total(), all, "{name}");
    }
    let unknown = with(DRAFTS, HealthcareService, "nonsense", "1").unwrap_err();
    assert!(unknown.diagnostics.contains("inconnu") && unknown.diagnostics.contains("_elements"));
}

#[test]
fn has_may_be_nested() {
    let direct = attempt(1, HealthcareService, &[("_has:PractitionerRole:service:practitioner._id", "3001")]);
    assert!(direct.unwrap().total() > 0);
    let nested = "_has:HealthcareService:location:_has:PractitionerRole:service:practitioner._id";
    let found = attempt(1, Location, &[(nested, "3001")]).unwrap();
    assert!(found.ids().any(|id| id == "2002"), "{:?}", found.ids().collect::<Vec<_>>());
    let endless = "_has:HealthcareService:location:".repeat(500) + "name";
    assert_eq!(attempt(1, Location, &[(endless.as_str(), "x")]).unwrap_err().status, 400);
}

/// The SearchParameter has the limit beside the equipment, the examples have it inside.
#[test]
fn limits_are_found_at_both_levels() {
    let limit = json!({"url": extension_url("ror-location-equipment-limit"), "extension": [
        {"url": "equipmentFeature", "valueCodeableConcept": {"coding": [{"code": "001"}]}},
        {"url": "limitValue", "valueQuantity": {"value": 250, "code": "kg"}}
    ]});
    let equipment = |parts: Vec<serde_json::Value>| {
        let mut extension =
            vec![json!({"url": "equipmentType", "valueCodeableConcept": {"coding": [{"code": "088"}]}})];
        extension.extend(parts);
        json!({"url": extension_url("ror-location-equipment"), "extension": extension})
    };
    let location = |id: &str, own: Vec<serde_json::Value>| {
        let mut extension = vec![
            json!({"url": extension_url("ror-meta-creation-date"), "valueDateTime": "2026-01-01"}),
            json!({"url": extension_url("ror-commune-cog"), "valueCodeableConcept": {}}),
        ];
        extension.extend(own);
        let meta = json!({"lastUpdated": "2026-01-01T00:00:00Z"});
        let json = json!({"resourceType": "Location", "id": id, "meta": meta, "extension": extension});
        Resource::new(json).unwrap()
    };
    let directory = Directory::from_resources(
        "limits",
        [
            location("inside", vec![equipment(vec![limit.clone()])]),
            location("beside", vec![equipment(Vec::new()), limit]),
            location("none", vec![equipment(Vec::new())]),
        ],
    );
    let view = Arc::new(directory).view(AccessProfile::try_new(1).unwrap());
    let found = |query: &[(&str, &str)]| -> Vec<String> {
        let query: Vec<_> = query.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let result = view.search(Location, &query, SearchOptions::default()).unwrap();
        result.ids().map(str::to_owned).collect()
    };
    let heavy = ("limit-value", "ge200|http://unitsofmeasure.org|kg");
    assert_eq!(found(&[heavy]), ["inside", "beside"]);
    assert_eq!(found(&[heavy, ("equipment-feature", "001")]), ["inside", "beside"]);
    // Beside it, nothing tells whose limit it is.
    assert_eq!(found(&[heavy, ("equipment-type", "088")]), ["inside"]);
    assert_eq!(found(&[("equipment-type", "088")]), ["inside", "beside", "none"]);
    assert!(found(&[("limit-value", "gt300||kg")]).is_empty());
}
