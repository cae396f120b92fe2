//! `export`, `received`, and what exports add to `no-silent-loss` and `token-confined`.

#![expect(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::super::testing::{Story, answer_header, header, refused};
use super::{assert_broken, assert_met, assert_undecided};
use crate::journal::{Body, Change, DataChanged, Exchange, StepEnd};

const KICK_OFF: &str =
    "/ws-diffusion-fhir/$export?_outputFormat=application%2Ffhir%2Bjson&_type=HealthcareService";
const POLL: &str = "/ws-diffusion-fhir/$export-poll-status?_jobId=0123456789abcdef";

fn look_at(facet: &str) -> Value {
    json!({"export": {"look-at": facet}})
}

fn file(number: u32) -> String {
    format!("/ws-diffusion-fhir/$export-get-file/job-{number}.json")
}

fn body(exchange: &mut Exchange, value: &Value) {
    let text = value.to_string();
    let size = text.len() as u64;
    exchange.response.as_mut().unwrap().body = Body { size, text: Some(text), ..Body::default() };
}

fn kick_off(story: &mut Story, at: u64) {
    let exchange = story.get(at, KICK_OFF, 202);
    answer_header(exchange, "content-location", &format!("https://localhost:8443{POLL}"));
}

fn manifest(story: &mut Story, at: u64, files: u32, error: Value) {
    let output: Vec<Value> = (1..=files)
        .map(|n| json!({"type": "HealthcareService", "url": format!("https://localhost:8443{}", file(n))}))
        .collect();
    body(story.get(at, POLL, 200), &json!({"output": output, "error": error}));
}

/// An export of two files, of which none was read yet.
fn story() -> Story {
    let mut story = Story::new("export", json!({"region": null}));
    kick_off(&mut story, 0);
    manifest(&mut story, 10, 2, json!([]));
    story
}

#[test]
fn an_export_read_to_its_end_is_right() {
    let mut story = story();
    story.get(20, &file(1), 200);
    story.get(30, &file(2).replace('$', "%24"), 200);
    for facet in ["kick-off", "content-location", "all-files"] {
        assert_met(&story.check(look_at(facet)));
    }
    assert_met(&story.check(json!({"no-silent-loss": {}})));
    for facet in ["polling", "one-job", "region"] {
        assert_undecided(&story.check(look_at(facet)));
    }
}

#[test]
fn a_file_left_out_is_a_loss_unless_it_is_said() {
    let mut story = story();
    story.get(20, &file(1), 200);
    story.get(30, &file(2), 200).complete = Some(false);
    assert_broken(&story.check(look_at("all-files")), &["did not read whole", "job-2"], &[2, 4]);
    assert_broken(&story.check(json!({"no-silent-loss": {}})), &["job-2"], &[2, 4]);
    story.fails("file 2 is missing");
    assert_met(&story.check(look_at("all-files")));
    assert_met(&story.check(json!({"no-silent-loss": {}})));
}

#[test]
fn a_second_export_makes_good_what_the_first_lacked() {
    let mut story = story();
    story.get(20, &file(1), 410);
    kick_off(&mut story, 100);
    manifest(&mut story, 110, 2, json!([]));
    story.get(120, &file(1), 200);
    story.get(130, &file(2), 200);
    assert_met(&story.check(json!({"no-silent-loss": {}})));
    assert_met(&story.check(look_at("all-files")));
}

#[test]
fn errors_told_a_202_taken_for_the_end_or_no_address_are_losses() {
    let mut told = Story::new("export", json!({"region": null}));
    kick_off(&mut told, 0);
    manifest(&mut told, 10, 0, json!([{"type": "OperationOutcome", "url": "https://localhost:8443/e"}]));
    assert_broken(&told.check(json!({"no-silent-loss": {}})), &["error"], &[2]);
    let mut early = Story::new("export", json!({"region": null}));
    kick_off(&mut early, 0);
    early.get(10, POLL, 202);
    assert_broken(&early.check(json!({"no-silent-loss": {}})), &["$export-poll-status"], &[1, 2]);
    let mut lost = Story::new("export", json!({"region": null}));
    lost.get(0, KICK_OFF, 202);
    assert_broken(&lost.check(json!({"no-silent-loss": {}})), &["Content-Location"], &[1]);
    // Searches may have brought everything all the same.
    lost.get(10, "/ws-diffusion-fhir/HealthcareService", 200);
    assert_undecided(&lost.check(json!({"no-silent-loss": {}})));
}

#[test]
fn ndjson_and_an_address_of_the_clients_own_making_are_accused() {
    let mut story = Story::new("export", json!({"region": null}));
    story.get(0, "/ws-diffusion-fhir/$export?_outputFormat=application%2Ffhir%2Bndjson", 400);
    assert_broken(&story.check(look_at("kick-off")), &["ndjson"], &[1]);
    let mut story = Story::new("export", json!({"region": null}));
    kick_off(&mut story, 0);
    story.get(10, "/ws-diffusion-fhir/$export-poll-status?job=0123456789abcdef", 404);
    assert_broken(&story.check(look_at("content-location")), &["made up"], &[1, 2]);
    let mut other = Story::new("export", json!({"region": null}));
    other.get(0, "/ws-diffusion-fhir/$export?_type=Location", 400);
    assert!(other.check(look_at("kick-off")).at_most_should, "the record is silent about other types");
}

#[test]
fn polling_hot_is_hammering_and_coming_early_a_warning() {
    let mut hot = Story::new("export", json!({"region": null}));
    kick_off(&mut hot, 0);
    for at in [10, 40, 70, 100] {
        hot.get(at, POLL, 202);
    }
    let finding = hot.check(look_at("polling"));
    assert_broken(&finding, &["hot loop"], &[3, 4, 5]);
    assert!(!finding.at_most_should);
    let mut early = Story::new("export", json!({"region": null}));
    kick_off(&mut early, 0);
    answer_header(early.get(10, POLL, 202), "retry-after", "2");
    early.get(510, POLL, 200);
    let finding = early.check(look_at("polling"));
    assert_broken(&finding, &["advertised"], &[2, 3]);
    assert!(finding.at_most_should);
    let mut growing = Story::new("export", json!({"region": null}));
    kick_off(&mut growing, 0);
    for at in [10, 60, 160, 360, 760] {
        growing.get(at, POLL, 202);
    }
    assert_met(&growing.check(look_at("polling")));
}

#[test]
fn a_refused_file_is_taken_up_again_and_not_the_whole_export() {
    let mut again = story();
    refused(again.get(20, &file(1), 429), "1");
    kick_off(&mut again, 1100);
    assert_broken(&again.check(look_at("one-job")), &["started a new export"], &[3, 4]);
    let mut gone = story();
    refused(gone.get(20, &file(1), 429), "1");
    gone.get(1100, &file(1), 410);
    kick_off(&mut gone, 1200);
    assert_met(&gone.check(look_at("one-job")));
}

#[test]
fn a_region_is_asked_for_in_any_encoding() {
    let ask = |query: &str| {
        let mut story = Story::new("export", json!({"region": "52"}));
        story.get(0, &format!("/ws-diffusion-fhir/$export?{query}"), 202);
        story.check(look_at("region"))
    };
    assert_met(&ask("_typeFilter=HealthcareService%3F_tag%3Dhttps%253A%252F%252Fx%257C52"));
    assert_met(&ask("_typeFilter=HealthcareService?_tag=52"));
    assert_broken(&ask("_type=HealthcareService"), &["region 52"], &[1]);
    assert_undecided(&ask("_typeFilter=HealthcareService%3Flocation.address-postalcode%3D44000"));
}

#[test]
fn a_token_taken_to_another_host_is_accused() {
    let mut story = story();
    story.connect(2);
    let exchange = story.get(20, &file(2), 401);
    exchange.request.connection = 9;
    story.connect(9).opened.listener = "another-host".to_owned();
    assert_broken(&story.check(json!({"token-confined": {}})), &["the token there"], &[3]);
    let exchange = story.evidence.exchanges.last_mut().unwrap();
    header(exchange, "authorization", "");
    let finding = story.check(json!({"token-confined": {}}));
    assert_met(&finding);
    assert!(
        finding.notes.iter().any(|note| note.en.contains("the Ror-* headers")),
        "headers alone: {finding:?}"
    );
    let exchange = story.evidence.exchanges.last_mut().unwrap();
    exchange.request.headers.clear();
    assert!(story.check(json!({"token-confined": {}})).notes.is_empty());
}

#[test]
fn a_change_is_received_when_an_answer_holds_it_as_it_is_now() {
    let now = json!({"resourceType": "Organization", "id": "1102", "name": "New", "meta": {"lastUpdated": "2026-11-01T00:00:00.000+00:00"}});
    let expect = json!({"received": {"resource": "Organization/1102"}});
    let mut story = Story::new("sync", json!({"since": null}));
    body(story.get(0, "/ws-diffusion-fhir/Organization/1102", 200), &now);
    let change = DataChanged { step: Some(1), put: vec![now.clone()], ..DataChanged::default() };
    story.evidence.changes.push(Change { step: 1, change });
    story.next_step("sync", json!({"since": null}));
    let mut old = now.clone();
    old["name"] = json!("Old");
    body(
        story.get(100, "/ws-diffusion-fhir/Organization", 200),
        &json!({"resourceType": "Bundle", "entry": [{"resource": old}]}),
    );
    let finding = story.check_step(expect.clone(), Some(2));
    assert_broken(&finding, &["up to date"], &[2]);
    assert_eq!(finding.notes.len(), 1, "an earlier version came");
    assert!(finding.why.en.contains("asked for nothing by date"), "{}", finding.why.en);
    assert!(finding.remedy.en.contains("by its own date"), "{}", finding.remedy.en);
    story.fails("out of order");
    assert_undecided(&story.check_step(expect.clone(), Some(2)));
    // What the requests say of the cause is told.
    for (from, begins_after) in [
        ("gt2026-11-01T00:00:00Z", true),
        ("ge2026-11-01T01:00:01%2B01:00", true),
        ("ge2026-11-01T00:00:00Z", false),
        ("2026-10-01T00:00:00Z", false),
    ] {
        let mut story = story.clone();
        story.ends(StepEnd::Done);
        story.get(150, &format!("/ws-diffusion-fhir/Organization?_lastUpdated={from}"), 200);
        let finding = story.check_step(expect.clone(), Some(2));
        assert!(finding.why.en.contains("_lastUpdated = "), "{}", finding.why.en);
        assert_eq!(finding.remedy.en.contains("begins after that change"), begins_after, "{from}");
    }
    body(
        story.get(200, "/ws-diffusion-fhir/Organization", 200),
        &json!({"resourceType": "Bundle", "entry": [{"resource": now}]}),
    );
    assert_met(&story.check_step(expect, Some(2)));
}
