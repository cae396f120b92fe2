//! `requests`, `ror-headers` and `outcome`.
#![expect(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::super::Verdict;
use super::super::testing::{Story, form, header};
use super::{assert_broken, assert_met, assert_undecided};
use crate::journal::{ConnectionClosed, Decision, StepEnd};

fn answered(times: Value) -> Value {
    json!({"requests": {"matching": {"path": "/ws-diffusion-fhir/Location", "status": 200}, "times": times}})
}

fn story() -> Story {
    Story::new("search", json!({"resource": "Location", "parameters": []}))
}

#[test]
fn requests_are_counted_whatever_their_encoding() {
    let mut story = story();
    story.get(0, "/ws-diffusion-fhir/Loc%61tion/?status=active&_count=5", 200);
    let expect = json!({"requests": {"matching": {"method": "GET", "path": "/ws-diffusion-fhir/Location",
        "parameters": [["status", "active"]], "status": 200}, "times": {"exactly": 1}}});
    assert_met(&story.check(expect));
}

#[test]
fn a_search_sent_as_a_form_counts_as_the_get_that_it_stands_for() {
    let mut story = story();
    let search = story.get(0, "/ws-diffusion-fhir/Location/_search", 200);
    search.request.method = "POST".to_owned();
    form(search, "status=active");
    let expect = json!({"requests": {"matching": {"method": "GET", "path": "/ws-diffusion-fhir/Location",
        "parameters": [["status", "active"]]}, "times": {"exactly": 1}}});
    assert_met(&story.check(expect));
}

#[test]
fn too_few_requests_are_reported_beside_the_nearest_one() {
    let mut story = story();
    let refused = story.get(0, "/ws-diffusion-fhir/Location", 403);
    refused.decisions.push(Decision {
        exchange: 1,
        gate: "whitelist".to_owned(),
        passed: false,
        reason: "suspended".to_owned(),
        quota: None,
    });
    let finding = story.check(answered(json!({"at-least": 1})));
    assert_broken(&finding, &["at least 1"], &[1]);
    assert!(finding.notes[0].en.contains("answered 403 instead of 200"), "{finding:?}");
    assert!(finding.notes[0].en.contains("suspended"), "{finding:?}");
}

#[test]
fn too_many_requests_are_cited() {
    let mut story = story();
    for at in 0..3 {
        story.get(at * 10, "/ws-diffusion-fhir/Location", 200);
    }
    assert_broken(
        &story.check(answered(json!({"at-most": 2}))),
        &["3 request(s) /ws-diffusion-fhir/Location", "2 at most"],
        &[1, 2, 3],
    );
}

#[test]
fn a_clear_error_may_stand_for_the_requests_and_an_unclear_one_may_not() {
    let expect =
        json!({"requests": {"matching": {"status": 200}, "times": {"at-least": 1}, "or-error": true}});
    let mut clear = story();
    clear.get(0, "/ws-diffusion-fhir/Location", 429);
    clear.fails("the ROR is busy (429)");
    assert_met(&clear.check(expect.clone()));
    clear.fails("");
    assert_broken(&clear.check(expect.clone()), &["without a message"], &[1]);
    clear.ends(StepEnd::Human { answer: "done".to_owned() });
    assert_eq!(clear.check(expect).verdict, Verdict::Review);
}

#[test]
fn headers_are_looked_at_on_gets_of_the_five_types_only() {
    let presence = json!({"ror-headers": {"look-at": "presence"}});
    let mut story = story();
    story.get(0, "/ws-diffusion-fhir/Location/1", 200);
    header(story.get(1, "/ws-diffusion-fhir/metadata", 200), "ror-role-metier-code", "");
    let head = story.get(2, "/ws-diffusion-fhir/Location/1", 200);
    head.request.method = "HEAD".to_owned();
    header(head, "ror-role-metier-code", "");
    assert_met(&story.check(presence.clone()));
    header(story.get(3, "/ws-diffusion-fhir/Location?page=2", 400), "ror-role-metier-code", "");
    assert_broken(&story.check(presence), &["Ror-Role-Metier-Code is missing"], &[4]);
}

#[test]
fn header_values_are_those_assigned_and_missing_ones_are_judged_by_presence() {
    let codes = json!({"ror-headers": {"look-at": "codes"}});
    let systems = json!({"ror-headers": {"look-at": "systems"}});
    let mut story = story();
    header(story.get(0, "/ws-diffusion-fhir/Location/1", 400), "ror-role-metier-code", "");
    assert_met(&story.check(codes.clone()));
    header(story.get(1, "/ws-diffusion-fhir/Location/1", 403), "ror-profil-utilisateur-code", "CU22");
    assert_broken(&story.check(codes), &["`CU22`", "`CU20`"], &[2]);
    assert_met(&story.check(systems.clone()));
    let prefixed = story.get(2, "/ws-diffusion-fhir/Location/1", 403);
    header(prefixed, "ror-role-metier-system", "urn:oid:1.2.250.1.213.1.1.4.6");
    assert_broken(&story.check(systems), &["urn:oid:", "bare OID"], &[3]);
}

#[test]
fn headers_of_a_client_that_read_nothing_are_undecided() {
    let mut story = story();
    story.token(0, 401);
    assert_undecided(&story.check(json!({"ror-headers": {"look-at": "presence"}})));
}

#[test]
fn outcomes() {
    let ends: [(StepEnd, [Verdict; 3]); 5] = [
        (StepEnd::Done, [Verdict::Met, Verdict::Broken, Verdict::Met]),
        (StepEnd::Error { message: "refused".to_owned() }, [Verdict::Broken, Verdict::Met, Verdict::Met]),
        (StepEnd::Error { message: " ".to_owned() }, [Verdict::Broken, Verdict::Broken, Verdict::Broken]),
        (StepEnd::Deadline, [Verdict::Broken, Verdict::Broken, Verdict::Broken]),
        (StepEnd::Human { answer: "ok".to_owned() }, [Verdict::Review, Verdict::Review, Verdict::Review]),
    ];
    for (end, verdicts) in ends {
        for (is, verdict) in ["ok", "error", "ok-or-error"].into_iter().zip(verdicts) {
            let mut story = story();
            story.get(0, "/ws-diffusion-fhir/Location", 200);
            story.ends(end.clone());
            let finding = story.check(json!({"outcome": {"is": is}}));
            assert_eq!(finding.verdict, verdict, "{end:?} {is}: {finding:#?}");
        }
    }
}

#[test]
fn the_message_of_an_expected_error_is_quoted_for_review() {
    let mut story = story();
    story.get(0, "/ws-diffusion-fhir/Location", 403);
    story.fails("accès refusé\u{1b}[31m par le ROR");
    let finding = story.check(json!({"outcome": {"is": "error"}}));
    assert_met(&finding);
    assert!(finding.notes[0].fr.contains("accès refusé [31m par le ROR"), "{finding:?}");
}

#[test]
fn a_client_stopped_while_it_backs_off_is_for_review_and_one_that_hangs_or_hammers_is_not() {
    // The step may last 20 s.
    let attempts = |times_ms: &[u64]| {
        let mut story = story();
        for at in times_ms {
            story.get(*at, "/ws-diffusion-fhir/Location", 502);
        }
        story.ends(StepEnd::Deadline);
        story.check(json!({"outcome": {"is": "error"}}))
    };
    let backs_off = attempts(&[0, 10, 1_200, 3_500, 8_000]);
    assert_eq!(backs_off.verdict, Verdict::Review);
    assert!(
        backs_off.actual.en.contains("4 attempts, the last ones 2300 ms and 4500 ms apart"),
        "{backs_off:#?}"
    );
    for others in [&[0, 1_200, 3_500][..], &[0, 4_000, 8_000, 12_000, 16_000], &[0, 10_000]] {
        assert_broken(&attempts(others), &["did not hand back control"], &[]);
    }
}

#[test]
fn a_client_that_gives_up_a_stalled_answer_by_itself_has_a_time_out() {
    let hang = json!({"outcome": {"is": "error", "hang-after": "2m"}});
    // The step may last 20 s.
    let closed = |at_ms: u64, by_client: bool, scripted: bool| {
        let mut story = Story::new("read", json!({"resource": "Organization", "id": "1"}));
        let exchange = story.get(0, "/ws-diffusion-fhir/Organization/1", 200);
        exchange.complete = Some(false);
        exchange.response.as_mut().unwrap().scripted = scripted.then_some(1);
        let connection = story.connect(2);
        connection.closed_us = Some(at_ms * 1000);
        connection.closed = Some(ConnectionClosed { by_client, ..ConnectionClosed::default() });
        story.ends(StepEnd::Deadline);
        story.check(hang.clone())
    };
    let gave_up = closed(10_000, true, true);
    assert_eq!(gave_up.verdict, Verdict::Review, "a time-out is seen, the error in the end is not");
    assert!(gave_up.actual.en.contains("After 10000 ms the client gave up the answer"), "{gave_up:#?}");
    assert_eq!(gave_up.exchanges, [1]);
    for (at_ms, by_client, scripted) in [(19_500, true, true), (10_000, false, true), (10_000, true, false)] {
        let finding = closed(at_ms, by_client, scripted);
        assert_eq!(finding.verdict, Verdict::Review);
        assert!(finding.actual.en.contains("was still waiting"), "{finding:#?}");
        // The step may last 20 s, two minutes are needed.
        assert!(finding.why.en.contains("6 times as long"), "{finding:#?}");
    }
    // On HTTP/2 the stream ends, and the connection stays.
    let mut story = Story::new("read", json!({"resource": "Organization", "id": "1"}));
    let exchange = story.get(0, "/ws-diffusion-fhir/Organization/1", 200);
    exchange.complete = Some(false);
    exchange.given_up_us = Some(10_000_000);
    exchange.response.as_mut().unwrap().scripted = Some(1);
    // Until the client is stopped, at the deadline.
    let connection = story.connect(2);
    connection.closed_us = Some(20_000_000);
    connection.closed = Some(ConnectionClosed { by_client: true, ..ConnectionClosed::default() });
    story.ends(StepEnd::Deadline);
    let gave_up = story.check(hang);
    assert!(gave_up.actual.en.contains("After 10000 ms the client gave up the answer"), "{gave_up:#?}");
}
