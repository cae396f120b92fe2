//! `paging`: complete, verbatim, resumed.

use serde_json::{Value, json};

use super::super::testing::{Story, page, refused};
use super::{assert_broken, assert_met, assert_undecided};
use crate::journal::StepEnd;

const FIRST: &str = "/ws-diffusion-fhir/Location?status=active";

fn target(page: u32) -> String {
    format!("/ws-diffusion-fhir/Location?_getpages=abcdef&_getpagesoffset={page}")
}

fn link(page: u32) -> String {
    format!("https://localhost:8443{}", target(page))
}

fn look_at(facet: &str) -> Value {
    json!({"paging": {"look-at": facet}})
}

/// A search for all pages of which the first was read.
fn story() -> Story {
    let input = json!({"resource": "Location", "parameters": [["status", "active"]], "all-pages": true});
    let mut story = Story::new("search", input);
    page(story.get(0, FIRST, 200), Some(&link(2)));
    story
}

#[test]
fn links_followed_to_the_end_are_right() {
    let mut story = story();
    page(story.get(10, &target(2), 200), Some(&link(3)));
    page(story.get(20, &target(3), 200), None);
    assert_met(&story.check(look_at("complete")));
    assert_met(&story.check(look_at("verbatim")));
    assert_undecided(&story.check(look_at("resumed")));
}

#[test]
fn a_client_that_stops_early_is_accused_unless_it_says_so() {
    let mut story = story();
    page(story.get(10, &target(2), 200), Some(&link(3)));
    assert_broken(&story.check(look_at("complete")), &["stopped at exchange 2"], &[2]);
    story.fails("too many pages");
    assert_met(&story.check(look_at("complete")));
    story.fails("");
    assert_broken(&story.check(look_at("complete")), &["stopped"], &[2]);
    story.ends(StepEnd::Deadline);
    assert_undecided(&story.check(look_at("complete")));
}

#[test]
fn a_search_that_was_started_again_and_read_to_the_end_is_complete() {
    let mut story = story();
    page(story.get(100, FIRST, 200), Some(&link(7)));
    page(story.get(110, &target(7), 200), None);
    assert_met(&story.check(look_at("complete")));
}

#[test]
fn a_link_with_something_added_is_not_the_link() {
    let mut story = story();
    let altered = format!("{}&_format=json", target(2));
    page(story.get(10, &altered, 200), None);
    assert_broken(&story.check(look_at("verbatim")), &["altered the link", "_format=json"], &[2]);
    assert_broken(&story.check(look_at("complete")), &["another form", "_format=json"], &[1, 2]);
}

#[test]
fn a_page_url_of_the_clients_own_making_is_accused() {
    let mut story = story();
    page(story.get(10, "/ws-diffusion-fhir/Location?status=active&_page=2", 200), None);
    assert_broken(&story.check(look_at("verbatim")), &["made the URL of a page itself"], &[2]);
}

#[test]
fn the_first_search_made_again_is_no_page_of_the_clients_own_making() {
    let first = "/ws-diffusion-fhir/Location?status=active&_include=Location:organization";
    let next = format!("{}&_include=Location:organization", link(2));
    let target = format!("{}&_include=Location:organization", target(2));
    let mut story = story();
    story.evidence.exchanges.clear();
    page(story.get(0, first, 200), Some(&next));
    page(story.get(10, &target, 200), None);
    story.get(20, first, 200);
    assert_met(&story.check(look_at("verbatim")));
}

#[test]
fn an_equivalent_encoding_of_the_link_is_a_note() {
    let mut story = story();
    let encoded = "/ws-diffusion-fhir/Location?_getpages=%61bcdef&_getpagesoffset=2";
    page(story.get(10, encoded, 200), None);
    let finding = story.check(look_at("verbatim"));
    assert_met(&finding);
    assert_eq!(finding.notes.len(), 1);
    assert_met(&story.check(look_at("complete")));
}

#[test]
fn without_a_link_or_without_the_wish_for_all_pages_nothing_is_decided() {
    let mut one = story();
    page(&mut one.evidence.exchanges[0], None);
    let mut first_only = story();
    first_only.evidence.steps[0].started.input["all-pages"] = json!(false);
    for facet in ["complete", "verbatim", "resumed"] {
        assert_undecided(&one.check(look_at(facet)));
        assert_undecided(&first_only.check(look_at(facet)));
    }
}

#[test]
fn a_refused_page_is_asked_for_again_and_not_the_first() {
    let mut again = story();
    refused(again.get(10, &target(2), 429), "1");
    page(again.get(1_100, &target(2), 200), None);
    assert_met(&again.check(look_at("resumed")));
    let mut restart = story();
    refused(restart.get(10, &target(2), 429), "1");
    page(restart.get(1_100, FIRST, 200), Some(&link(2)));
    page(restart.get(1_110, &target(2), 200), None);
    assert_broken(&restart.check(look_at("resumed")), &["started over"], &[2, 3]);
}

#[test]
fn giving_up_with_a_clear_error_is_allowed_and_without_one_is_not() {
    let mut story = story();
    refused(story.get(10, &target(2), 503), "1");
    assert_broken(&story.check(look_at("resumed")), &["never asked for again"], &[2]);
    story.fails("the ROR is not available");
    assert_met(&story.check(look_at("resumed")));
    story.ends(StepEnd::Deadline);
    assert_undecided(&story.check(look_at("resumed")));
}
