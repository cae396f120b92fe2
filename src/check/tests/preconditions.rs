//! Nothing is concluded from silence, from a client that lacks an action, or from a fault that was not delivered.
#![expect(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::super::testing::{Facts, Story, header, refused};
use super::super::{Party, Verdict};
use super::{assert_broken, assert_met, assert_undecided};
use crate::journal::{HandshakeCause, NotPlayable, ServerCertificate, StepEnd};

fn all_kinds() -> Vec<Value> {
    vec![
        json!({"requests": {"matching": {}, "times": {"at-most": 3}}}),
        json!({"gap": {"after": {"status": 429}, "at-least": "advertised"}}),
        json!({"back-off": {"after": {"status": 429}, "floor": "500ms", "attempts": 5}}),
        json!({"pace": {"bound": "any-window"}}),
        json!({"ror-headers": {"look-at": "presence"}}),
        json!({"token-form": {}}),
        json!({"credential": {"look-at": "proof"}}),
        json!({"token-reuse": {"tokens-at-most": 1}}),
        json!({"token-renewal": {}}),
        json!({"token-confined": {}}),
        json!({"secrets-kept": {}}),
        json!({"search": {}}),
        json!({"paging": {"look-at": "complete"}}),
        json!({"not-repeated": {"after": {"status": 403}}}),
        json!({"outcome": {"is": "ok"}}),
        json!({"outcome": {"is": "error"}}),
        json!({"integrated": {"compare": "ids"}}),
        json!({"no-silent-loss": {}}),
        json!({"refuses-server": {"look-at": "request"}}),
    ]
}

#[test]
fn what_cannot_be_played_where_the_mock_listens_is_not_judged() {
    for kind in all_kinds() {
        let mut story = Story::new("read", json!({"resource": "Organization", "id": "1"}));
        story.evidence.steps.clear();
        story.evidence.setting.not_playable = Some(NotPlayable::NotOnLoopback);
        let finding = story.check(kind);
        assert_eq!((finding.verdict, finding.party), (Verdict::Skipped, Some(Party::Configuration)));
    }
}

#[test]
fn no_traffic_is_never_a_pass_nor_a_failure() {
    for kind in all_kinds() {
        let story =
            Story::new("search", json!({"resource": "Location", "parameters": [], "all-pages": true}));
        let finding = story.check(kind.clone());
        assert_eq!(finding.verdict, Verdict::Undecided, "{kind}: {finding:#?}");
        assert!(!finding.remedy.is_empty());
    }
}

#[test]
fn a_failed_handshake_is_explained_and_not_held_against_the_client() {
    let mut story = Story::new("token", json!({}));
    story.connect(1).handshake.as_mut().unwrap().failure = Some("received alert: UnknownCA".to_owned());
    let finding = story.check(json!({"token-form": {}}));
    assert_undecided(&finding);
    assert!(finding.actual.en.contains("UnknownCA"));
    assert!(finding.remedy.en.contains("ROR_CA_CERT"));
}

#[test]
fn what_a_client_offers_that_cannot_be_taken_says_who_must_act() {
    for (cause, party, word) in [
        (HandshakeCause::PlainHttp, Party::Configuration, "https://"),
        (HandshakeCause::AsProxy, Party::Configuration, "proxy settings"),
        (HandshakeCause::OldTls, Party::Client, "TLS 1.2"),
        (HandshakeCause::NoCommonSuite, Party::Client, "ECDHE"),
        (HandshakeCause::NotTls, Party::Configuration, "proxy"),
        (HandshakeCause::Alert, Party::Configuration, "ROR_CA_CERT"),
    ] {
        let mut story = Story::new("token", json!({}));
        let handshake = story.connect(1).handshake.as_mut().unwrap();
        (handshake.failure, handshake.cause) = (Some("x".to_owned()), Some(cause));
        let finding = story.check(json!({"token-form": {}}));
        assert_undecided(&finding);
        assert_eq!(finding.party, Some(party), "{cause:?}");
        assert!(finding.remedy.en.contains(word), "{cause:?}: {}", finding.remedy.en);
    }
}

#[test]
fn an_alert_says_what_to_set_right() {
    let certificate = ServerCertificate {
        not_before: "2026-01-01T00:00:00Z".to_owned(),
        not_after: "2027-01-01T00:00:00Z".to_owned(),
        ..ServerCertificate::default()
    };
    let june_2026 = 1_781_000_000_000_000;
    let june_2028 = june_2026 + 2 * 365 * 86_400_000_000;
    for (alert, epoch_us, party, word) in [
        ("unknown_ca (48)", june_2026, Party::Configuration, "Add the file of ROR_CA_CERT"),
        ("certificate_expired (45)", june_2026, Party::Configuration, "clock of the client's machine"),
        ("certificate_expired (45)", june_2028, Party::Configuration, "make the certificates anew"),
        ("certificate_unknown (46)", june_2026, Party::Configuration, "Read the client's own error"),
        ("protocol_version (70)", june_2026, Party::Client, "Turn on TLS 1.2"),
        ("alert (200)", june_2026, Party::Configuration, "ROR_CA_CERT"),
    ] {
        let mut story = Story::new("token", json!({}));
        story.epoch_us = Some(epoch_us);
        story.fails("it said so");
        let handshake = story.connect(1).handshake.as_mut().unwrap();
        (handshake.failure, handshake.cause) = (Some("x".to_owned()), Some(HandshakeCause::Alert));
        handshake.alert = Some(alert.to_owned());
        handshake.server_certificate = Some(certificate.clone());
        let finding = story.check(json!({"token-form": {}}));
        assert_undecided(&finding);
        assert_eq!(finding.party, Some(party), "{alert}");
        assert!(finding.remedy.en.contains(word), "{alert}: {}", finding.remedy.en);
        assert!(finding.actual.en.contains("`it said so`"), "{}", finding.actual.en);
    }
}

#[test]
fn a_missing_action_is_a_skip_for_every_kind() {
    for kind in all_kinds() {
        let mut story = Story::new("export", json!({"region": null}));
        story.ends(StepEnd::NoAction);
        let finding = story.check(kind.clone());
        assert_eq!(finding.verdict, Verdict::Skipped, "{kind}: {finding:#?}");
        assert!(finding.why.en.contains("export"));
    }
}

#[test]
fn an_adapter_that_does_not_start_or_is_killed_is_a_configuration_error() {
    for end in [StepEnd::NotStarted { reason: "not found".to_owned() }, StepEnd::Signal { signal: 11 }] {
        for kind in all_kinds() {
            let mut story = Story::new("token", json!({}));
            story.ends(end.clone());
            assert_eq!(story.check(kind.clone()).verdict, Verdict::ConfigError, "{kind}");
        }
    }
}

#[test]
fn what_is_wrong_on_the_wire_stands_even_when_the_adapter_crashed() {
    let mut story = Story::new("token", json!({}));
    header(story.token(0, 200), "content-type", "application/json");
    story.ends(StepEnd::Signal { signal: 6 });
    assert_broken(&story.check(json!({"token-form": {}})), &["application/json"], &[1]);
}

#[test]
fn a_scenario_that_was_cut_short_decides_nothing_but_what_was_seen() {
    let mut story = Story::new("read", json!({"resource": "Location", "id": "1"}));
    refused(story.get(0, "/ws-diffusion-fhir/Location/1", 429), "2");
    story.get(50, "/ws-diffusion-fhir/Location/1", 200);
    story.evidence.ended = None;
    story.evidence.steps[0].ended = None;
    assert_broken(
        &story.check(json!({"gap": {"after": {"status": 429}, "at-least": "advertised"}})),
        &["48 ms"],
        &[1, 2],
    );
    assert_undecided(
        &story.check(json!({"requests": {"matching": {"status": 500}, "times": {"at-least": 1}}})),
    );
    assert_undecided(&story.check(json!({"outcome": {"is": "ok"}})));
    assert_undecided(&story.check(json!({"ror-headers": {"look-at": "presence"}})));
}

#[test]
fn a_fault_that_was_not_delivered_turns_met_into_undecided() {
    let mut story = Story::new("read", json!({"resource": "Location", "id": "1"}));
    story.scripted(json!({"status": 503}));
    story.get(0, "/ws-diffusion-fhir/Location/1", 200);
    assert_undecided(&story.check(json!({"outcome": {"is": "ok"}})));
    assert_undecided(&story.check(json!({"no-silent-loss": {}})));
    assert_undecided(&story.check(json!({"outcome": {"is": "error"}})));
    assert_met(&story.check(json!({"ror-headers": {"look-at": "presence"}})));
    let missing = json!({"requests": {"matching": {"path": "/nowhere"}, "times": {"at-least": 1}}});
    // What is missing may be missing because the reply never came; what is too much is too much.
    assert_undecided(&story.check(missing));
    let much = json!({"requests": {"matching": {"status": 200}, "times": {"at-most": 0}}});
    assert_eq!(story.check(much).verdict, Verdict::Broken);
}

#[test]
fn a_check_of_one_step_looks_at_that_step_only() {
    let mut story = Story::new("read", json!({"resource": "Location", "id": "1"}));
    story.get(0, "/ws-diffusion-fhir/Location/1", 200);
    story.next_step("read", json!({"resource": "Location", "id": "2"}));
    let expect = json!({"requests": {"matching": {"status": 200}, "times": {"at-least": 1}}});
    assert_met(&story.check_step(expect.clone(), Some(1)));
    assert_undecided(&story.check_step(expect.clone(), Some(2)));
    assert_undecided(&story.check_step(expect, Some(3)));
}

#[test]
fn what_is_shown_without_a_call_counts_once_the_client_has_called_in_the_scenario() {
    let shown = |action: &str, called: bool| {
        let pair = ("Location".to_owned(), "1".to_owned());
        let mut story = Story::new("export", json!({"region": null}));
        story.truth = Some(Facts {
            expected: Some([pair.clone()].into()),
            existing: [pair].into(),
            ..Facts::default()
        });
        if called {
            story.get(0, "/ws-diffusion-fhir/$export", 202);
        }
        story.next_step(action, json!({"resource": "Location", "id": "1", "as-profile": 0}));
        story.holds(json!([]));
        story.check_step(json!({"integrated": {"compare": "ids"}}), Some(2)).verdict
    };
    assert_eq!(shown("show", true), Verdict::Broken);
    assert_eq!(shown("show", false), Verdict::Undecided, "nothing of the client ever came");
    assert_eq!(shown("read", true), Verdict::Undecided, "a read is a call");
}
