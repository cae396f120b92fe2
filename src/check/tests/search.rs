//! `search`: what was asked is what was sent.

use serde_json::{Value, json};

use super::super::testing::{Story, form, header, page};
use super::{assert_broken, assert_met, assert_undecided};

fn story(parameters: Value) -> Story {
    let mut story = Story::new(
        "search",
        json!({"resource": "HealthcareService", "parameters": parameters, "all-pages": false}),
    );
    story.token(0, 200);
    story
}

fn sent(parameters: Value, query: &str) -> super::Finding {
    let mut story = story(parameters);
    story.get(10, &format!("/ws-diffusion-fhir/HealthcareService{query}"), 200);
    story.check(json!({"search": {}}))
}

#[test]
fn order_encoding_and_harmless_additions_do_not_matter() {
    let asked =
        json!([["specialty", "sys|022"], ["name", "Hôpital"], ["_include", "HealthcareService:location"]]);
    for query in [
        "?specialty=sys|022&name=H%C3%B4pital&_include=HealthcareService:location",
        "?_include=HealthcareService%3Alocation&name=H%c3%b4pital&specialty=sys%7C022",
        "?specialty=sys|022&name=Hôpital&_include=HealthcareService:location&_count=50&_format=json&_include:iterate=Organization:partof",
    ] {
        assert_met(&sent(asked.clone(), query));
    }
}

#[test]
fn a_search_sent_as_a_form_is_a_search() {
    let mut story = story(json!([["specialty", "sys|022"], ["name", "a b"]]));
    let search = story.get(10, "/ws-diffusion-fhir/HealthcareService/_search?name=a%20b", 200);
    search.request.method = "POST".to_owned();
    header(search, "content-type", "application/x-www-form-urlencoded");
    form(search, "specialty=sys%7C022");
    assert_met(&story.check(json!({"search": {}})));
}

#[test]
fn each_mistake_is_named() {
    let specialty = json!([["specialty", "sys|022"]]);
    let date = json!([["_lastUpdated", "ge2026-01-01T00:00:00+01:00"]]);
    let name = json!([["name:contains", "Hôpital"]]);
    for (asked, query, words) in [
        (&specialty, "", &["specialty=sys|022 is missing"][..]),
        (&specialty, "?specialty=022", &["without its system"]),
        (&specialty, "?specialty=sys%257C022", &["encoded twice"]),
        (&specialty, "?specialty=sys|022&active=true", &["active=true is too much"]),
        (&date, "?_lastUpdated=ge2026-01-01T00:00:00+01:00", &["%2B"]),
        (&name, "?name:contains=H%F4pital", &["Latin-1"]),
        (&name, "?name=H%C3%B4pital", &["modifier", "contains"]),
    ] {
        assert_broken(&sent(asked.clone(), query), words, &[2]);
    }
}

#[test]
fn a_parameter_that_repeats_is_not_one_with_a_comma() {
    let twice = json!([["specialty", "1"], ["specialty", "2"]]);
    assert_met(&sent(twice.clone(), "?specialty=2&specialty=1"));
    assert_broken(&sent(twice, "?specialty=1,2"), &["specialty=1,2 is too much"], &[2]);
}

#[test]
fn only_the_named_parameters_are_judged_when_some_are_named() {
    let mut story = story(json!([["specialty", "1"], ["name", "x"]]));
    story.get(10, "/ws-diffusion-fhir/HealthcareService?specialty=1&name=y", 200);
    assert_met(&story.check(json!({"search": {"parameters": ["specialty"]}})));
    assert_broken(&story.check(json!({"search": {"parameters": ["name"]}})), &["name=x", "name=y"], &[2]);
}

#[test]
fn one_right_request_is_enough_and_pages_are_no_searches() {
    let mut story = story(json!([["specialty", "1"]]));
    story.get(5, "/ws-diffusion-fhir/HealthcareService?specialty=9", 200);
    let next = "https://localhost:8443/ws-diffusion-fhir/HealthcareService?_getpages=z";
    page(story.get(10, "/ws-diffusion-fhir/HealthcareService?specialty=1", 200), Some(next));
    story.get(20, "/ws-diffusion-fhir/HealthcareService?_getpages=z", 200);
    let finding = story.check(json!({"search": {}}));
    assert_met(&finding);
    assert_eq!(finding.exchanges, [3]);
}

#[test]
fn another_type_is_not_the_search_asked_for_and_no_call_at_all_decides_nothing() {
    let mut story = story(json!([]));
    assert_undecided(&story.check(json!({"search": {}})));
    story.get(10, "/ws-diffusion-fhir/Location", 200);
    assert_broken(&story.check(json!({"search": {}})), &["/ws-diffusion-fhir/Location"], &[]);
}

#[test]
fn an_action_that_is_no_search_decides_nothing() {
    let mut story = Story::new("read", json!({"resource": "Location", "id": "1"}));
    story.get(10, "/ws-diffusion-fhir/Location/1", 200);
    assert_undecided(&story.check(json!({"search": {}})));
}
