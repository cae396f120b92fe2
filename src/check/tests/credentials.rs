//! `handed-credential`: what a client does with the certificate that a step hands to it.
#![expect(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::super::testing::Story;
use super::super::{Party, Verdict};
use super::{assert_broken, assert_met, assert_undecided};
use crate::journal::*;

const JUDGED: u32 = 2;
const OWN: u32 = 1;
const HANDED: u32 = 30;

/// A token with the own certificate, then a step with another one.
fn handed(name: &str, good: bool) -> Story {
    let mut story = Story::new("token", json!({}));
    story.token(0, 200);
    story.next_step("read", json!({"resource": "Organization", "id": "1"}));
    let sha256 = (name != "none").then(|| "ab".to_owned());
    let credential = HandedCredential { name: name.to_owned(), good, subject: None, sha256 };
    story.evidence.steps.last_mut().unwrap().started.credential = Some(credential);
    story
}

/// A token request on a connection with that certificate.
fn asks(story: &mut Story, status: u16, sha256: Option<&str>) -> u32 {
    let certificate = sha256.map(|sha256| CertificateFacts {
        subject: "CN=CLIENT,O=TEST".to_owned(),
        sha256: sha256.to_owned(),
        ..CertificateFacts::default()
    });
    let number = HANDED + u32::try_from(story.evidence.connections.len()).unwrap();
    story.connect(number).handshake.as_mut().unwrap().certificate = certificate;
    let exchange = story.token(10, status);
    exchange.request.connection = number;
    exchange.decisions = vec![Decision {
        exchange: exchange.number,
        gate: "credential".to_owned(),
        passed: status == 200,
        reason: "it ended".to_owned(),
        quota: None,
    }];
    exchange.number
}

fn and_own_again(story: &mut Story) {
    story.next_step("token", json!({}));
    story.token(50, 200).request.connection = OWN;
}

fn judge(story: &Story, look_at: &str) -> super::Finding {
    let expect: Value = json!({"handed-credential": {"look-at": look_at}});
    story.check_step(expect, Some(JUDGED))
}

#[test]
fn a_refusal_that_is_reported_and_not_insisted_on_is_a_pass() {
    // A TLS library may leave out a certificate that no authority named by the server has issued.
    for (name, shown) in [("expired", Some("ab")), ("unknown-authority", None), ("none", None)] {
        let mut story = handed(name, false);
        asks(&mut story, 401, shown);
        story.fails("the certificate has ended");
        and_own_again(&mut story);
        for look_at in ["error", "attempts", "no-call"] {
            let finding = judge(&story, look_at);
            assert_met(&finding);
            assert!(finding.notes.iter().any(|note| note.en.contains("it ended")), "{finding:?}");
        }
    }
}

#[test]
fn a_client_that_stops_by_itself_with_a_message_does_right() {
    let mut story = handed("expired", false);
    story.fails("my certificate has ended");
    // An adapter that always fails proves nothing.
    assert_undecided(&judge(&story, "error"));
    and_own_again(&mut story);
    assert_met(&judge(&story, "error"));
}

#[test]
fn a_client_whose_own_certificate_is_refused_is_told_that_first() {
    let mut story = handed("expired", false);
    asks(&mut story, 401, Some("ab"));
    story.fails("refused");
    story.next_step("token", json!({}));
    let number = asks(&mut story, 401, Some("own"));
    let finding = judge(&story, "error");
    assert_undecided(&finding);
    assert!(finding.actual.en.contains("with the good certificate: `it ended`"), "{finding:#?}");
    assert_eq!((finding.party, finding.exchanges.as_slice()), (Some(Party::Client), &[number][..]));
}

#[test]
fn silence_success_and_insistence_are_told() {
    let mut story = handed("expired", false);
    let number = asks(&mut story, 401, Some("ab"));
    and_own_again(&mut story);
    assert_broken(&judge(&story, "error"), &["success"], &[number]);

    let mut story = handed("expired", false);
    let numbers: Vec<u32> = (0..4).map(|_| asks(&mut story, 401, Some("ab"))).collect();
    story.fails("");
    and_own_again(&mut story);
    assert_broken(&judge(&story, "error"), &["without saying"], &numbers);
    assert_broken(&judge(&story, "attempts"), &["4 times"], &numbers);

    let mut story = handed("expired", false);
    let asked = asks(&mut story, 401, Some("ab"));
    let called = story.get(20, "/ws-diffusion-fhir/Organization/1", 401).number;
    story.fails("refused");
    and_own_again(&mut story);
    assert_broken(&judge(&story, "no-call"), &["called the API"], &[asked, called]);
}

/// A connection that the mock ended with an alert about that certificate.
fn alerted(story: &mut Story, sha256: Option<&str>) {
    let number = HANDED + u32::try_from(story.evidence.connections.len()).unwrap();
    let handshake = story.connect(number).handshake.as_mut().unwrap();
    handshake.failure = Some("the mock refused it".to_owned());
    handshake.cause = Some(HandshakeCause::ClientCertificate);
    handshake.alert_sent = Some("certificate_expired (45)".to_owned());
    handshake.certificate = sha256.map(|sha256| CertificateFacts {
        sha256: sha256.to_owned(),
        subject: "CN=OTHER".to_owned(),
        ..CertificateFacts::default()
    });
}

#[test]
fn a_refusal_by_an_alert_is_a_refusal() {
    for shown in [Some("ab"), None] {
        let mut story = handed("expired", false);
        alerted(&mut story, shown);
        story.fails("received fatal alert");
        and_own_again(&mut story);
        for look_at in ["error", "attempts", "no-call"] {
            let finding = judge(&story, look_at);
            assert_met(&finding);
            let proof = |note: &crate::text::Text| note.en.contains("certificate_expired (45), on purpose");
            assert!(finding.notes.iter().any(proof), "{finding:?}");
        }
    }
    // Success, silence and insistence are told.
    let mut story = handed("expired", false);
    for _ in 0..4 {
        alerted(&mut story, Some("ab"));
    }
    and_own_again(&mut story);
    assert_broken(&judge(&story, "error"), &["success"], &[]);
    assert_broken(&judge(&story, "attempts"), &["4 times"], &[]);
    // An alert about another certificate, or of another step, proves nothing.
    let mut story = handed("expired", false);
    alerted(&mut story, Some("own"));
    story.fails("received fatal alert");
    and_own_again(&mut story);
    let finding = judge(&story, "error");
    assert_undecided(&finding);
    assert!(finding.actual.en.contains("CN=OTHER"), "{}", finding.actual.en);
    let mut story = handed("expired", false);
    and_own_again(&mut story);
    alerted(&mut story, Some("ab"));
    assert_undecided(&judge(&story, "error"));
}

#[test]
fn what_cannot_be_due_to_the_certificate_is_undecided() {
    // Another certificate was shown.
    let mut story = handed("expired", false);
    asks(&mut story, 200, Some("own"));
    and_own_again(&mut story);
    assert_undecided(&judge(&story, "error"));
    // It was not refused.
    let mut story = handed("incomplete-chain", false);
    asks(&mut story, 200, Some("ab"));
    and_own_again(&mut story);
    assert_undecided(&judge(&story, "error"));
    // Nothing was asked, and nothing is wrong for the client: it has a token of before.
    let mut story = handed("expired", false);
    and_own_again(&mut story);
    assert_undecided(&judge(&story, "error"));
    // Its own certificate is not good either, as far as is known.
    let mut story = handed("expired", false);
    asks(&mut story, 401, Some("ab"));
    story.fails("refused");
    let finding = judge(&story, "error");
    assert_undecided(&finding);
    assert!(finding.actual.en.contains("after"), "{}", finding.actual.en);
}

#[test]
fn a_renewed_certificate_is_shown_or_it_is_told() {
    let mut story = handed("renewed", true);
    asks(&mut story, 200, Some("ab"));
    assert_met(&judge(&story, "shown"));
    let number = asks(&mut story, 200, Some("old"));
    assert_broken(&judge(&story, "shown"), &["keeps the old one"], &[number]);
    let mut story = handed("renewed", true);
    let number = asks(&mut story, 401, None);
    assert_broken(&judge(&story, "shown"), &["did not show"], &[number]);
    assert_undecided(&judge(&handed("renewed", true), "shown"));
}

#[test]
fn without_any_certificate_there_is_nothing_to_judge() {
    let mut story = Story::new("token", json!({}));
    story.token(0, 200);
    let finding = story.check_step(json!({"handed-credential": {"look-at": "error"}}), Some(1));
    assert_eq!(finding.verdict, Verdict::Skipped);
}
