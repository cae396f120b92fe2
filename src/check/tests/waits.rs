//! `gap` and `back-off`: waits after refusals.
#![expect(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::super::Verdict;
use super::super::testing::{Story, answer_header, header, refused};
use super::{assert_broken, assert_met, assert_undecided};
use crate::journal::{Exchange, Stall};

const LOCATION: &str = "/ws-diffusion-fhir/Location/1";

fn gap() -> Value {
    json!({"gap": {"after": {"status": 429}, "at-least": "advertised"}})
}

fn back_off() -> Value {
    json!({"back-off": {"after": {"status": 429}, "floor": "500ms", "attempts": 3}})
}

fn story() -> Story {
    let mut story = Story::new("read", json!({"resource": "Location", "id": "1"}));
    story.token(0, 200);
    story
}

fn parallel() -> Story {
    let mut story =
        Story::new("many-reads", json!({"resource": "Location", "ids": ["1", "2"], "parallel": 4}));
    story.token(0, 200);
    story
}

fn on_connection(exchange: &mut Exchange, connection: u32) {
    exchange.request.connection = connection;
}

#[test]
fn a_client_that_waits_as_told_is_right_and_so_is_one_that_waits_longer() {
    for at in [1_953, 2_002, 9_000] {
        let mut story = story();
        refused(story.get(0, LOCATION, 429), "2");
        story.get(at, LOCATION, 200);
        let finding = story.check(gap());
        assert_met(&finding);
        assert_eq!(finding.notes.len(), usize::from(at == 9_000), "late is a note: {finding:?}");
    }
}

#[test]
fn a_client_that_comes_back_early_is_accused_with_both_exchanges_and_the_gap() {
    let mut story = story();
    refused(story.get(0, LOCATION, 429), "2");
    story.get(1_000, LOCATION, 200);
    assert_broken(&story.check(gap()), &["998 ms", "2000 ms", "Retry-After: 2"], &[2, 3]);
}

#[test]
fn an_immediate_retry_on_the_same_connection_is_not_taken_for_a_call_in_flight() {
    for http_parallel in [false, true] {
        let mut story = if http_parallel { parallel() } else { story() };
        refused(story.get(0, LOCATION, 429), "2");
        story.get(5, LOCATION, 200);
        assert_broken(&story.check(gap()), &["3 ms"], &[2, 3]);
    }
}

#[test]
fn a_serial_client_with_a_new_connection_for_each_call_is_not_excused_either() {
    for (opened_ms, accused) in [(20, true), (1, false)] {
        let mut story = story();
        refused(story.get(10, LOCATION, 429), "2");
        story.connect(3).opened_us = opened_ms * 1_000;
        on_connection(story.get(50, "/ws-diffusion-fhir/Location/2", 200), 3);
        let finding = story.check(gap());
        if accused {
            assert_broken(&finding, &["38 ms"], &[2, 3]);
        } else {
            assert_met(&finding);
        }
    }
}

#[test]
fn calls_of_parallel_workers_in_flight_are_a_note() {
    let mut story = parallel();
    refused(story.get(10, LOCATION, 429), "1");
    for connection in 3..6 {
        story.connect(connection);
        on_connection(story.get(8 + u64::from(connection), "/ws-diffusion-fhir/Location/2", 200), connection);
    }
    on_connection(story.get(90, "/ws-diffusion-fhir/Location/7", 200), 4);
    story.get(1_020, LOCATION, 200);
    let finding = story.check(gap());
    assert_met(&finding);
    assert!(finding.notes.iter().any(|note| note.en.contains("under way")), "{finding:?}");
}

#[test]
fn a_client_on_another_machine_has_a_longer_round_trip() {
    for (peer, met) in [("192.0.2.7:4000", true), ("127.0.0.1:4000", false), ("[::1]:4000", false)] {
        let mut story = parallel();
        refused(story.get(10, LOCATION, 429), "1");
        story.connect(3).opened.peer = peer.to_owned();
        on_connection(story.get(300, "/ws-diffusion-fhir/Location/2", 200), 3);
        assert_eq!(story.check(gap()).verdict == Verdict::Met, met, "{peer}");
    }
}

#[test]
fn a_worker_that_goes_on_while_another_waits_is_accused() {
    let mut story = parallel();
    refused(story.get(10, LOCATION, 429), "1");
    story.connect(3);
    on_connection(story.get(500, "/ws-diffusion-fhir/Location/2", 200), 3);
    story.get(1_020, LOCATION, 200);
    assert_broken(&story.check(gap()), &["488 ms"], &[2, 3]);
}

#[test]
fn refusals_of_one_burst_are_waited_for_each_by_its_own_worker() {
    let mut story = parallel();
    refused(story.get(0, LOCATION, 429), "1");
    story.connect(3);
    let second = story.get(85, "/ws-diffusion-fhir/Location/2", 429);
    on_connection(second, 3);
    refused(second, "1");
    story.get(1_005, LOCATION, 200);
    on_connection(story.get(1_090, "/ws-diffusion-fhir/Location/2", 200), 3);
    assert_met(&story.check(gap()));
}

#[test]
fn a_refusal_at_the_token_endpoint_does_not_accuse_calls_of_the_api() {
    let mut story = story();
    refused(story.token(10, 429), "2");
    story.get(100, LOCATION, 200);
    assert_met(&story.check(gap()));
    story.token(1_000, 200);
    assert_broken(&story.check(gap()), &["token API"], &[2, 4]);
}

#[test]
fn a_call_without_a_token_belongs_to_no_service_and_a_new_step_to_a_new_process() {
    let mut story = story();
    refused(story.get(0, LOCATION, 429), "2");
    header(story.get(300, "/ws-diffusion-fhir/metadata", 200), "authorization", "");
    story.fails("429");
    story.next_step("read", json!({"resource": "Location", "id": "2"}));
    story.get(800, "/ws-diffusion-fhir/Location/2", 200);
    let finding = story.check(gap());
    assert_met(&finding);
    assert!(finding.actual.en.contains("No further call"), "{finding:?}");
}

#[test]
fn a_date_is_read_against_the_answers_own_date() {
    let dated = |at: u64| {
        let mut story = story();
        let refusal = story.get(0, LOCATION, 429);
        refused(refusal, "Sat, 21 Nov 2026 10:00:03 GMT");
        answer_header(refusal, "date", "Sat, 21 Nov 2026 10:00:00 GMT");
        story.get(at, LOCATION, 200);
        story.check(gap())
    };
    assert_met(&dated(2_100));
    assert_broken(&dated(1_500), &["1498 ms", "3000 ms"], &[2, 3]);
}

#[test]
fn an_unusable_delay_leaves_the_gap_undecided() {
    for value in ["1.5", "-1", "soon", ""] {
        let mut story = story();
        refused(story.get(0, LOCATION, 429), value);
        story.get(10, LOCATION, 200);
        assert_undecided(&story.check(gap()));
    }
    let mut story = story();
    story.get(0, LOCATION, 200);
    assert_undecided(&story.check(gap()));
}

#[test]
fn a_duration_of_the_scenario_is_waited_for_too() {
    let mut story = story();
    story.get(0, LOCATION, 503);
    story.get(300, LOCATION, 200);
    let expect = json!({"gap": {"after": {"status": 503}, "at-least": "500ms"}});
    assert_broken(&story.check(expect), &["298 ms", "500 ms"], &[2, 3]);
}

#[test]
fn a_loaded_machine_accuses_nobody_of_a_small_shortfall() {
    let mut story = story();
    refused(story.get(0, LOCATION, 429), "1");
    story.get(800, LOCATION, 200);
    story.evidence.ended.as_mut().unwrap().noise_us = 400_000;
    assert_undecided(&story.check(gap()));
    story.evidence.ended.as_mut().unwrap().noise_us = 100_000;
    assert_broken(&story.check(gap()), &["798 ms"], &[2, 3]);
}

/// The bench stalled from one moment to another, in milliseconds.
fn stall(story: &mut Story, from_ms: u64, until_ms: u64) {
    let stall = Stall { from_us: from_ms * 1_000, until_us: until_ms * 1_000 };
    let ended = story.evidence.ended.as_mut().unwrap();
    ended.noise_us = ended.noise_us.max((until_ms - from_ms) * 1_000);
    ended.stalls.get_or_insert_default().push(stall);
}

#[test]
fn only_the_noise_met_during_a_wait_counts() {
    for (from, until, decided) in [(300, 700, false), (5_000, 5_400, true), (300, 540, true)] {
        let mut story = story();
        refused(story.get(0, LOCATION, 429), "1");
        story.get(800, LOCATION, 200);
        stall(&mut story, from, until);
        let finding = story.check(gap());
        let verdict = if decided { Verdict::Broken } else { Verdict::Undecided };
        assert_eq!(finding.verdict, verdict, "{from} to {until}: {finding:#?}");
    }
}

#[test]
fn a_large_shortfall_is_told_whatever_the_noise() {
    let mut story = story();
    refused(story.get(0, LOCATION, 429), "5");
    story.get(800, LOCATION, 200);
    stall(&mut story, 300, 700);
    assert_broken(&story.check(gap()), &["798 ms"], &[2, 3]);
}

#[test]
fn a_call_that_was_read_late_because_of_a_stall_was_in_flight() {
    let parallel = |read_ms: u64, until_ms: u64| {
        let mut story =
            Story::new("many-reads", json!({"resource": "Location", "ids": ["1", "2"], "parallel": 4}));
        story.token(0, 200);
        refused(story.get(100, LOCATION, 429), "5");
        story.connect(3);
        story.get(read_ms, "/ws-diffusion-fhir/Location/2", 200).request.connection = 3;
        stall(&mut story, 104, until_ms);
        story.check(gap())
    };
    // Up to 250 ms the window is as much longer; beyond, nothing is decided; and no stall explains a second.
    assert_eq!(parallel(300, 300).verdict, Verdict::Met);
    assert_eq!(parallel(480, 480).verdict, Verdict::Undecided);
    assert_eq!(parallel(1_400, 420).verdict, Verdict::Broken);
    assert_eq!(parallel(300, 110).verdict, Verdict::Broken);
}

#[test]
fn attempts_that_are_spaced_and_bounded_are_right_without_growing() {
    let mut story = story();
    for at in [0, 600, 1_200] {
        story.get(at, LOCATION, 429);
    }
    story.get(1_800, LOCATION, 200);
    assert_met(&story.check(back_off()));
}

#[test]
fn a_hot_loop_and_an_endless_loop_are_accused() {
    let mut hot = story();
    hot.get(0, LOCATION, 429);
    hot.get(100, LOCATION, 200);
    let finding = hot.check(back_off());
    assert_broken(&finding, &["98 ms", "500 ms"], &[2, 3]);
    assert!(finding.at_most_should, "one repetition at once, then a back-off, is what common libraries do");
    let mut hotter = story();
    hotter.get(0, LOCATION, 429);
    hotter.get(100, LOCATION, 429);
    hotter.get(200, LOCATION, 200);
    assert!(!hotter.check(back_off()).at_most_should, "a second one is a loop");
    let mut endless = story();
    for at in [0, 600, 1_200, 1_800] {
        endless.get(at, LOCATION, 429);
    }
    assert_broken(&endless.check(back_off()), &["refused 4 times", "after 3"], &[2, 3, 4, 5]);
}

#[test]
fn workers_that_ask_for_their_tokens_together_count_as_one_attempt() {
    let mut story = parallel();
    for at in [5, 6, 7, 8, 9] {
        let connection = u32::try_from(at).unwrap();
        story.connect(connection);
        on_connection(story.token(at, 429), connection);
    }
    story.token(700, 200);
    assert_met(&story.check(back_off()));
}

#[test]
fn other_calls_are_not_repetitions_of_the_refused_one() {
    let mut story = story();
    story.get(0, LOCATION, 429);
    story.get(20, "/ws-diffusion-fhir/Location/2", 200);
    story.get(600, LOCATION, 200);
    assert_met(&story.check(back_off()));
    let mut calm = super::waits::story();
    calm.get(0, LOCATION, 200);
    assert_undecided(&calm.check(back_off()));
}

#[test]
fn an_instance_waits_for_its_own_refusal_only() {
    for (caller, at_fault) in [(2, false), (1, true)] {
        let mut story = story();
        story.evidence.steps[0].started.instance = Some(1);
        let mut other = story.evidence.steps[0].clone();
        other.started.instance = Some(2);
        story.evidence.steps.push(other);
        story.evidence.exchanges[0].instance = Some(1);
        let refusal = story.get(0, LOCATION, 429);
        refused(refusal, "2");
        refusal.instance = Some(1);
        story.get(1_000, "/ws-diffusion-fhir/Location/2", 200).instance = Some(caller);
        let finding = story.check(gap());
        if at_fault {
            assert_broken(&finding, &["998 ms"], &[2, 3]);
        } else {
            assert_met(&finding);
        }
    }
}

#[test]
fn instances_that_cannot_be_told_apart_are_not_judged() {
    let mut story = story();
    story.evidence.steps[0].started.instance = Some(1);
    refused(story.get(0, LOCATION, 429), "2");
    story.get(1_000, LOCATION, 200);
    assert_eq!(story.check(gap()).verdict, Verdict::Skipped);
}

#[test]
fn obedience_to_an_enforced_quota_needs_a_refusal() {
    let budget = json!({"requests": {"matching": {"status": 429}, "times": {"at-most": 3}}});
    let mut story = story();
    story.evidence.setting.quotas.enforced = true;
    story.get(0, LOCATION, 200);
    assert_undecided(&story.check(budget.clone()));
    let refusal = story.get(100, LOCATION, 429);
    refusal.decisions.push(crate::journal::Decision {
        exchange: 3,
        gate: "quota-level-2".to_owned(),
        passed: false,
        reason: "over the quota".to_owned(),
        quota: None,
    });
    assert_met(&story.check(budget));
}
