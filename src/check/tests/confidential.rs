//! `confidential`: canaries in what is shown, sent and logged.
#![expect(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::super::testing::{Facts, Story, form, header};
use super::{assert_broken, assert_met, assert_undecided};
use crate::check::Verdict;
use crate::journal::{Body, CanarySeen, Exchange, Output};

const HIDDEN: &str = "0639980104";
const MAIL: &str = "direction@chr.example";
const PUBLIC: &str = "0261910001";

/// One step in which the client received all canaries; `PUBLIC` is visible to everybody.
fn story(action: &str, input: Value) -> Story {
    let mut story = Story::new(action, input);
    story.evidence.setting.canaries = [HIDDEN, MAIL, PUBLIC].map(str::to_owned).to_vec();
    story.truth = Some(Facts { visible: [PUBLIC.to_owned()].into(), ..Facts::default() });
    let text = format!("{{\"value\":\"{HIDDEN}\",\"mail\":\"{MAIL}\",\"open\":\"{PUBLIC}\"}}");
    answers(story.get(0, "/ws-diffusion-fhir/Organization/1101", 200), &text);
    story
}

fn answers(exchange: &mut Exchange, text: &str) {
    let size = u64::try_from(text.len()).unwrap();
    exchange.response.as_mut().unwrap().body = Body { size, text: Some(text.to_owned()), ..Body::default() };
}

fn look_at(facet: &str) -> Value {
    json!({ "confidential": { "look-at": facet } })
}

fn shown() -> Story {
    story("show", json!({"resource": "Organization", "id": "1101", "as-profile": 0}))
}

#[test]
fn what_a_narrower_user_is_shown_is_searched_in_all_its_members_and_in_the_message() {
    let mut right = shown();
    right.holds(json!([{"resourceType": "Organization", "id": "1101", "telecoms": [PUBLIC]}]));
    assert_met(&right.check(look_at("shown")));

    let mut wrong = shown();
    wrong.holds(json!([{"id": "1101", "card": {"mobile": "+33 6 39 98 01 04"}}]));
    assert_broken(&wrong.check(look_at("shown")), &[HIDDEN, "Profile 0"], &[1]);

    let mut told = shown();
    told.holds(json!([]));
    let step = told.evidence.steps.last_mut().unwrap();
    step.ended.as_mut().unwrap().result.as_mut().unwrap().message = format!("hidden: {MAIL}");
    assert_broken(&told.check(look_at("shown")), &[MAIL], &[1]);
    let mut refused = shown();
    refused.fails(&format!("not allowed: {MAIL}"));
    assert_broken(&refused.check(look_at("shown")), &[MAIL], &[1]);
}

#[test]
fn what_is_not_declared_or_was_never_received_decides_nothing() {
    assert_eq!(shown().check(look_at("shown")).verdict, Verdict::Skipped);
    let mut empty = Story::new("read", json!({"resource": "Organization", "id": "1"}));
    empty.evidence.setting.canaries = vec![HIDDEN.to_owned()];
    empty.truth = Some(Facts::default());
    empty.get(0, "/ws-diffusion-fhir/Organization/1", 200);
    for facet in ["requests", "logs"] {
        assert_undecided(&empty.check(look_at(facet)));
    }
    let mut no_dataset = shown();
    no_dataset.truth = None;
    assert_undecided(&no_dataset.check(look_at("logs")));
}

#[test]
fn a_restricted_value_in_a_request_is_found_wherever_it_stands() {
    let read = || story("read", json!({"resource": "Organization", "id": "1101"}));
    let mut right = read();
    right.get(10, &format!("/ws-diffusion-fhir/Organization?telecom={PUBLIC}"), 200);
    assert_met(&right.check(look_at("requests")));

    let mut in_url = read();
    in_url.get(10, "/ws-diffusion-fhir/Organization?telecom=06+39+98+01+04", 400);
    assert_broken(&in_url.check(look_at("requests")), &["the URL", HIDDEN], &[1, 2]);
    let mut in_header = read();
    header(in_header.get(10, "/ws-diffusion-fhir/Organization/1", 200), "from", MAIL);
    assert_broken(&in_header.check(look_at("requests")), &["from", MAIL], &[1, 2]);
    let mut in_body = read();
    form(in_body.get(10, "/ws-diffusion-fhir/Organization/_search", 200), "mail=direction%40chr.example");
    assert_broken(&in_body.check(look_at("requests")), &["the body", MAIL], &[1, 2]);
}

#[test]
fn a_value_that_the_step_itself_gave_is_no_leak() {
    let mut asked = story("search", json!({"resource": "Organization", "parameters": [["telecom", HIDDEN]]}));
    asked.get(10, &format!("/ws-diffusion-fhir/Organization?telecom={HIDDEN}"), 200);
    assert_met(&asked.check(look_at("requests")));
}

#[test]
fn what_was_seen_in_the_outputs_counts_unless_it_is_public() {
    let logs = |value: &str| {
        let mut story = story("read", json!({"resource": "Organization", "id": "1101"}));
        let seen = CanarySeen { value: value.to_owned(), output: Output::Stderr, line: 7 };
        story.evidence.steps.last_mut().unwrap().ended.as_mut().unwrap().canaries = vec![seen];
        story.check(look_at("logs"))
    };
    assert_met(&logs(PUBLIC));
    assert_broken(&logs(HIDDEN), &[HIDDEN, "standard error, line 7"], &[1]);
}
