//! `not-repeated` and `no-silent-loss`.
#![expect(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::super::Verdict;
use super::super::testing::{Story, header, page};
use super::{assert_broken, assert_met, assert_undecided};
use crate::journal::StepEnd;

const LOCATION: &str = "/ws-diffusion-fhir/Location/1";

fn after(status: u16) -> Value {
    json!({"not-repeated": {"after": {"status": status}}})
}

fn reads() -> Story {
    Story::new("many-reads", json!({"resource": "Location", "ids": ["1", "2", "3"], "parallel": 2}))
}

#[test]
fn a_403_is_not_repeated() {
    let mut story = reads();
    story.get(0, LOCATION, 403);
    story.get(10, "/ws-diffusion-fhir/Location/2", 403);
    assert_met(&story.check(after(403)));
    story.get(3_000, LOCATION, 403);
    assert_broken(&story.check(after(403)), &["403", "1 more time"], &[1, 3]);
}

#[test]
fn the_same_call_in_another_order_and_encoding_is_the_same_call() {
    let mut story = reads();
    story.get(0, "/ws-diffusion-fhir/Location?a=%C3%A9&b=2", 403);
    story.get(500, "/ws-diffusion-fhir/Location?b=2&a=é", 403);
    assert_eq!(story.check(after(403)).verdict, Verdict::Broken);
}

#[test]
fn a_401_may_be_followed_by_one_repetition_with_a_fresh_token() {
    let mut story = reads();
    story.get(0, LOCATION, 401);
    story.token(10, 200);
    header(story.get(20, LOCATION, 401), "authorization", "Bearer ‹redacted:t2›");
    assert_met(&story.check(after(401)));
    header(story.get(40, LOCATION, 401), "authorization", "Bearer ‹redacted:t3›");
    assert_broken(&story.check(after(401)), &["2 more time"], &[1, 3, 4]);
    let mut same = reads();
    same.get(0, LOCATION, 401);
    same.get(20, LOCATION, 401);
    assert_broken(&same.check(after(401)), &["1 more time"], &[1, 2]);
}

#[test]
fn token_requests_of_parallel_workers_are_not_repetitions() {
    let mut story = reads();
    for connection in 10..14 {
        story.connect(connection);
        story.token(u64::from(connection), 403).request.connection = connection;
    }
    assert_met(&story.check(after(403)));
    story.token(2_000, 403);
    assert_eq!(story.check(after(403)).verdict, Verdict::Broken);
}

#[test]
fn any_further_call_counts_when_the_scenario_says_so_but_not_that_of_another_process() {
    let any = json!({"not-repeated": {"after": {"status": 403}, "any-call": true, "allowed": 1}});
    let mut story = reads();
    story.get(0, LOCATION, 403);
    story.get(500, "/ws-diffusion-fhir/Location/2", 403);
    assert_met(&story.check(any.clone()));
    story.get(900, "/ws-diffusion-fhir/Location/3", 403);
    assert_broken(&story.check(any), &["2 more time"], &[1, 2, 3]);
    let mut two = reads();
    two.get(0, LOCATION, 403);
    two.next_step("read", json!({}));
    two.get(500, LOCATION, 403);
    assert_met(&two.check(after(403)));
}

#[test]
fn no_refusal_decides_nothing() {
    let mut story = reads();
    story.get(0, LOCATION, 200);
    assert_undecided(&story.check(after(403)));
}

fn loss() -> Value {
    json!({"no-silent-loss": {}})
}

#[test]
fn every_read_is_needed_unless_the_client_says_that_it_failed() {
    let mut story = reads();
    story.get(0, LOCATION, 200);
    story.get(1, "/ws-diffusion-fhir/Location/2", 500);
    story.get(2, "/ws-diffusion-fhir/Location/3", 200);
    assert_broken(&story.check(loss()), &["success", "Location/2"], &[2]);
    story.fails("Location/2: 500");
    assert_met(&story.check(loss()));
    story.ends(StepEnd::Deadline);
    assert_undecided(&story.check(loss()));
    story.ends(StepEnd::Human { answer: "ok".to_owned() });
    assert_eq!(story.check(loss()).verdict, Verdict::Review);
    story.ends(StepEnd::Done);
    story.get(2_000, "/ws-diffusion-fhir/Location/2", 200);
    assert_met(&story.check(loss()));
}

#[test]
fn a_truncated_answer_is_no_answer() {
    let mut story = Story::new("read", json!({"resource": "Location", "id": "1"}));
    story.get(0, LOCATION, 200).complete = Some(false);
    assert_broken(&story.check(loss()), &["Location/1"], &[1]);
}

#[test]
fn reads_batched_by_id_are_reads() {
    let mut story = reads();
    story.get(0, "/ws-diffusion-fhir/Location?_id=1,2,3", 200);
    assert_met(&story.check(loss()));
}

#[test]
fn a_page_that_never_came_is_a_loss_unless_reported() {
    let next = "https://localhost:8443/ws-diffusion-fhir/Location?_getpages=abc&_getpagesoffset=2";
    let mut story =
        Story::new("search", json!({"resource": "Location", "parameters": [], "all-pages": true}));
    page(story.get(0, "/ws-diffusion-fhir/Location", 200), Some(next));
    story.get(10, "/ws-diffusion-fhir/Location?_getpages=abc&_getpagesoffset=2", 503);
    assert_broken(&story.check(loss()), &["_getpagesoffset=2"], &[1, 2]);
    story.fails("page 2: 503");
    assert_met(&story.check(loss()));
    story.ends(StepEnd::Done);
    page(story.get(2_000, "/ws-diffusion-fhir/Location?_getpages=abc&_getpagesoffset=2", 200), None);
    assert_met(&story.check(loss()));
    // How the page was asked for is another check's matter.
    story.evidence.exchanges[2].request.target.push_str("&_format=json");
    assert_met(&story.check(loss()));
    // A first page is all that was asked for.
    story.evidence.steps.last_mut().unwrap().started.input["all-pages"] = json!(false);
    story.evidence.exchanges.truncate(1);
    assert_met(&story.check(loss()));
}
