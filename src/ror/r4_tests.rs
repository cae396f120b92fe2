//! FHIR R4 beyond what fhirkit checks (structure and datatypes): required bindings and invariants, over the dataset
//! `demo` as every profile sees it, its search results, the CapabilityStatement and OperationOutcomes.
#![expect(clippy::unwrap_used)]

use std::collections::HashSet;

use serde_json::Value;

use super::demo_tests::view;
use super::*;

/// Required bindings of FHIR R4: element that holds the code, code element, codes. `*`: any element.
const BINDINGS: &[(&str, &str, &[&str])] = &[
    ("telecom", "system", &["phone", "fax", "email", "pager", "url", "sms", "other"]),
    ("telecom", "use", &["home", "work", "temp", "old", "mobile"]),
    ("identifier", "use", &["usual", "official", "temp", "secondary", "old"]),
    ("name", "use", &["usual", "official", "temp", "nickname", "anonymous", "old", "maiden"]),
    ("address", "use", &["home", "work", "temp", "old", "billing"]),
    ("address", "type", &["postal", "physical", "both"]),
    ("*", "gender", &["male", "female", "other", "unknown"]),
    ("*", "daysOfWeek", &["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
    ("Location", "status", &["active", "suspended", "inactive"]),
    ("Location", "mode", &["instance", "kind"]),
    ("CapabilityStatement", "status", &["draft", "active", "retired", "unknown"]),
    ("CapabilityStatement", "kind", &["instance", "capability", "requirements"]),
    ("rest", "mode", &["client", "server"]),
    (
        "interaction",
        "code",
        &[
            "read",
            "vread",
            "update",
            "patch",
            "delete",
            "history-instance",
            "history-type",
            "create",
            "search-type",
        ],
    ),
    (
        "searchParam",
        "type",
        &["number", "date", "string", "token", "reference", "composite", "quantity", "uri", "special"],
    ),
    ("Bundle", "type", &["searchset"]),
    ("search", "mode", &["match", "include", "outcome"]),
    ("issue", "severity", &["fatal", "error", "warning", "information"]),
    (
        "issue",
        "code",
        &[
            "invalid",
            "structure",
            "required",
            "value",
            "invariant",
            "security",
            "login",
            "unknown",
            "expired",
            "forbidden",
            "suppressed",
            "processing",
            "not-supported",
            "duplicate",
            "multiple-matches",
            "not-found",
            "deleted",
            "too-long",
            "code-invalid",
            "extension",
            "too-costly",
            "business-rule",
            "conflict",
            "transient",
            "lock-error",
            "no-store",
            "exception",
            "timeout",
            "incomplete",
            "throttled",
            "informational",
        ],
    ),
];

/// What is wrong in `value`, which is the member `name` of something (or the resource of that type).
fn wrong(name: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| wrong(name, item, found)),
        Value::Object(object) => {
            for (parent, element, codes) in BINDINGS {
                if *parent == "*" || *parent == name {
                    let values = object.get(*element).into_iter().flat_map(|v| match v {
                        Value::Array(items) => items.as_slice(),
                        one => std::slice::from_ref(one),
                    });
                    for code in values.filter_map(Value::as_str).filter(|code| !codes.contains(code)) {
                        found.push(format!("{name}.{element}: {code}"));
                    }
                }
            }
            if name == "extension" {
                let valued = object.keys().filter(|key| key.starts_with("value")).count();
                let nested = object.contains_key("extension");
                // ext-1: extensions or a value, not both, not neither.
                if valued + usize::from(nested) != 1 {
                    found.push(format!("ext-1: {value}"));
                }
            }
            // ele-1: no element is empty.
            if object.is_empty() {
                found.push(format!("ele-1: {name} is empty"));
            }
            for (member, value) in object {
                let name = match (member.as_str(), value["resourceType"].as_str()) {
                    ("resource", Some(resource_type)) => resource_type,
                    _ => member,
                };
                wrong(name, value, found);
            }
        }
        Value::Null => found.push(format!("{name} is null")),
        Value::String(text) if text.trim().is_empty() => found.push(format!("{name} is an empty text")),
        _ => {}
    }
}

fn assert_right(what: &str, value: &Value) {
    let mut found = Vec::new();
    wrong(value["resourceType"].as_str().unwrap(), value, &mut found);
    assert!(found.is_empty(), "{what}: {found:?}\n{value}");
}

#[test]
fn codes_and_invariants_of_every_resource_of_every_profile() {
    for profile in 0..6 {
        for t in ResourceType::ALL {
            for resource in view(profile).all(t) {
                assert_right(&format!("profile {profile}, {}", resource.reference()), &resource.json);
                // org-1: an identifier or a name.
                let has = |element: &str| resource.json.get(element).is_some();
                assert!(t != ResourceType::Organization || has("identifier") || has("name"));
            }
        }
    }
}

#[test]
fn codes_and_invariants_of_search_results() {
    let query: Vec<(String, String)> = [
        ("_include", "HealthcareService:organization"),
        ("_include:iterate", "Organization:partof"),
        ("_include", "HealthcareService:location"),
        ("_revinclude", "PractitionerRole:service"),
        ("_include", "PractitionerRole:practitioner"),
        ("location.near", "47.9|1.9|500|km"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    let base = "https://mock.example/ws-diffusion-fhir";
    for profile in 0..6 {
        let view = view(profile);
        let result = view.search(ResourceType::HealthcareService, &query, SearchOptions::default()).unwrap();
        assert!(!result.is_empty());
        let text = searchset(
            &view,
            &result,
            0,
            200,
            base,
            &format!("{base}/HealthcareService"),
            &[("previous", format!("{base}?p"))],
        );
        fhirkit::from_json_strict::<fhirkit::r4::Bundle>(&text).unwrap();
        let bundle: Value = serde_json::from_str(&text).unwrap();
        assert_right(&format!("profile {profile}"), &bundle);
        // bdl-7: full URLs are unique, and those of the resources.
        let mut known = HashSet::new();
        for entry in bundle["entry"].as_array().unwrap() {
            let (url, resource) = (entry["fullUrl"].as_str().unwrap(), &entry["resource"]);
            let (t, id) = (resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
            assert_eq!(url, format!("{base}/{t}/{id}"));
            assert!(known.insert(url.to_owned()), "{url}");
        }
    }
}

#[test]
fn codes_and_invariants_of_the_statement_and_of_outcomes() {
    assert_right("metadata", &capability_statement("https://mock.example/ws-diffusion-fhir"));
    for problem in [
        Problem::bad_request("x"),
        Problem::unknown_parameter("x", &[]),
        Problem::draft_parameter("x"),
        Problem::invalid_value("a", "b", "c"),
        Problem::missing_header("x"),
        Problem::unauthorized("x"),
        Problem::forbidden("x"),
        Problem::not_found("Location", "1"),
        Problem::unknown_path("/x"),
        Problem::method_not_allowed("PUT", "/x"),
        Problem::not_acceptable("xml"),
        Problem::gone("x"),
        Problem::multiple_matches("Location", 2),
        Problem::too_large(1),
        Problem::unsupported_media_type("x"),
        Problem::too_many_requests("x"),
        Problem::internal("x"),
        Problem::not_implemented("x"),
        Problem::unavailable("x"),
    ] {
        let outcome = problem.to_operation_outcome();
        fhirkit::from_json_strict::<fhirkit::r4::OperationOutcome>(&outcome.to_string()).unwrap();
        assert_right(&problem.to_string(), &outcome);
    }
}

#[test]
fn what_is_wrong_is_found() {
    let broken = serde_json::json!({
        "resourceType": "Location", "status": "open", "telecom": [{"system": "telephone"}], "address": {},
        "extension": [{"url": "x"}], "name": " "
    });
    let mut found = Vec::new();
    wrong("Location", &broken, &mut found);
    assert_eq!(found.len(), 5, "{found:?}");
}
