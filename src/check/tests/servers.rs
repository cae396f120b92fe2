//! `refuses-server`: each class of §2.3, the controls, the leniencies.
#![expect(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::super::Verdict;
use super::super::testing::{Story, header};
use super::{assert_broken, assert_met, assert_undecided};
use crate::journal::*;

/// The good API is called, then one with that defect, then the good one again.
struct Refusal {
    story: Story,
}

/// Those that a client has no reason to refuse.
const GOOD: [&str; 2] = ["renewed", "disordered-chain"];

const JUDGED: u32 = 2;
const CONNECTION: u32 = 20;

impl Refusal {
    fn of(defect: &str) -> Self {
        let input = json!({"resource": "Organization", "id": "1"});
        let mut story = Story::new("read", input.clone());
        story.get(0, "/ws-diffusion-fhir/Organization/1", 200);
        story.next_step("read", input.clone());
        let impostor =
            Impostor { endpoint: Endpoint::Api, defect: defect.to_owned(), good: GOOD.contains(&defect) };
        story.evidence.steps.last_mut().unwrap().started.impostors = vec![impostor];
        story.fails("certificate refused");
        Self { story }
    }

    /// A connection to that server, closed by the client.
    fn connects(&mut self, handshake: Handshake, closed: ConnectionClosed) -> &mut Self {
        self.connects_to("api", handshake, closed)
    }

    fn connects_to(&mut self, listener: &str, handshake: Handshake, closed: ConnectionClosed) -> &mut Self {
        let defect = self.story.evidence.steps[1].started.impostors[0].defect.clone();
        let number = CONNECTION + u32::try_from(self.story.evidence.connections.len()).unwrap();
        let connection = self.story.connect(number);
        connection.opened.listener = listener.to_owned();
        connection.opened.step = Some(JUDGED);
        connection.opened.defect = Some(defect);
        connection.handshake = Some(handshake);
        connection.closed = Some(closed);
        self
    }

    /// A request on the last connection.
    fn asks(&mut self, authorization: bool) -> u32 {
        let connection = *self.story.evidence.connections.keys().last().unwrap();
        let exchange = self.story.get(10, "/ws-diffusion-fhir/Organization/1", 200);
        exchange.request.connection = connection;
        if !authorization {
            header(exchange, "authorization", "");
        }
        exchange.number
    }

    fn finding(&mut self, look_at: &str) -> super::Finding {
        self.story.next_step("read", json!({"resource": "Organization", "id": "1"}));
        self.story.get(50, "/ws-diffusion-fhir/Organization/1", 200);
        self.judged(look_at)
    }

    fn judged(&self, look_at: &str) -> super::Finding {
        let expect: Value = json!({"refuses-server": {"look-at": look_at, "at-most": 3}});
        self.story.check_step(expect, Some(JUDGED))
    }
}

fn failed(cause: HandshakeCause, shown: bool) -> Handshake {
    let alert = (cause == HandshakeCause::Alert).then(|| "certificate_expired (45)".to_owned());
    Handshake { failure: Some("x".to_owned()), cause: Some(cause), shown, alert, ..Handshake::default() }
}

fn completed() -> Handshake {
    Handshake { shown: true, ..Handshake::default() }
}

fn by_client() -> ConnectionClosed {
    ConnectionClosed { by_client: true, ..ConnectionClosed::default() }
}

#[test]
fn a_refusal_after_the_certificate_is_a_pass_however_it_is_said() {
    let late_alert = ConnectionClosed { alert: Some("unknown_ca (48)".to_owned()), ..by_client() };
    for (handshake, closed, told) in [
        (failed(HandshakeCause::Alert, true), by_client(), "certificate_expired (45)"),
        (failed(HandshakeCause::ClosedByClient, true), by_client(), "closed by the client once"),
        (completed(), by_client(), "without a byte"),
        (completed(), late_alert, "unknown_ca (48)"),
    ] {
        let mut refusal = Refusal::of("expired");
        let finding = refusal.connects(handshake, closed).finding("request");
        assert_met(&finding);
        assert!(finding.actual.en.contains(told), "{}", finding.actual.en);
        assert_met(&refusal.judged("error"));
        assert_met(&refusal.judged("attempts"));
    }
}

#[test]
fn a_byte_of_a_request_is_a_failure_whatever_else_was_refused() {
    let mut refusal = Refusal::of("wrong-host");
    refusal.connects(failed(HandshakeCause::Alert, true), by_client());
    refusal.connects(completed(), by_client());
    let number = refusal.asks(true);
    let finding = refusal.finding("request");
    assert_broken(&finding, &["the API", "another host"], &[number]);
    assert!(finding.actual.en.contains("GET /ws-diffusion-fhir/Organization/1"));

    let line = "POST /token HT".to_owned();
    let partly = ConnectionClosed { received: 14, first_line: Some(line), ..by_client() };
    let finding = Refusal::of("expired").connects(completed(), partly).finding("request");
    assert_broken(&finding, &["expired"], &[]);
    assert!(finding.actual.en.contains("POST /token HT"));

    let plain = failed(HandshakeCause::PlainHttp, false);
    assert_broken(&Refusal::of("expired").connects(plain, by_client()).finding("request"), &["expired"], &[]);
}

#[test]
fn what_cannot_be_due_to_the_server_is_undecided() {
    let preface = Some("PRI * HTTP/2.0".to_owned());
    for (handshake, closed) in [
        (failed(HandshakeCause::ClosedByClient, false), by_client()),
        (failed(HandshakeCause::Alert, false), by_client()),
        (failed(HandshakeCause::OldTls, false), by_client()),
        (failed(HandshakeCause::Unfinished, true), ConnectionClosed::default()),
        (completed(), ConnectionClosed::default()),
        (completed(), ConnectionClosed { received: 24, first_line: preface, ..by_client() }),
    ] {
        let mut refusal = Refusal::of("expired");
        assert_undecided(&refusal.connects(handshake, closed).finding("request"));
        assert_undecided(&refusal.judged("error"));
    }
    let mut silent = Refusal::of("expired");
    for look_at in ["request", "error", "attempts"] {
        assert_undecided(&silent.finding(look_at));
    }
}

#[test]
fn without_the_good_server_before_and_after_a_refusal_proves_nothing() {
    let mut no_after = Refusal::of("expired");
    no_after.connects(failed(HandshakeCause::Alert, true), by_client());
    let finding = no_after.judged("request");
    assert_undecided(&finding);
    assert!(finding.actual.en.contains("after"), "{}", finding.actual.en);

    let mut no_before = Refusal::of("expired");
    no_before.story.evidence.exchanges.clear();
    let finding = no_before.connects(failed(HandshakeCause::Alert, true), by_client()).finding("request");
    assert_undecided(&finding);
    assert!(finding.remedy.en.contains("ROR_CA_CERT"));

    // A request to the impostor is no control.
    let mut no_before = Refusal::of("expired");
    no_before.story.evidence.exchanges[0].request.connection = 99;
    assert_undecided(
        &no_before.connects(failed(HandshakeCause::Alert, true), by_client()).finding("request"),
    );
}

#[test]
fn an_incomplete_chain_that_is_accepted_is_for_a_person_to_look_at() {
    let mut refusal = Refusal::of("incomplete-chain");
    refusal.connects(completed(), by_client());
    refusal.asks(true);
    assert_eq!(refusal.finding("request").verdict, Verdict::Review);
    let mut refused = Refusal::of("incomplete-chain");
    assert_met(&refused.connects(failed(HandshakeCause::Alert, true), by_client()).finding("request"));
}

#[test]
fn a_redirect_to_http_is_not_to_be_followed_least_of_all_with_a_token() {
    for (token, mild) in [(true, false), (false, true)] {
        let mut refusal = Refusal::of("redirect-to-http");
        refusal.connects(completed(), by_client());
        refusal.asks(true);
        refusal.story.evidence.exchanges.last_mut().unwrap().response.as_mut().unwrap().status = 307;
        refusal.connects_to("plain-http", Handshake::default(), by_client());
        let number = refusal.asks(token);
        let finding = refusal.finding("request");
        assert_broken(&finding, &["http://"], &[number]);
        assert_eq!(finding.at_most_should, mild);
    }
}

#[test]
fn a_redirect_that_is_not_followed_is_a_pass() {
    let mut refusal = Refusal::of("redirect-to-http");
    refusal.connects(completed(), by_client());
    refusal.asks(true);
    refusal.story.evidence.exchanges.last_mut().unwrap().response.as_mut().unwrap().status = 307;
    assert_met(&refusal.finding("request"));
}

#[test]
fn old_tls_that_is_taken_up_is_a_warning() {
    let mut refusal = Refusal::of("old-tls");
    let finding =
        refusal.connects(failed(HandshakeCause::OldTlsAccepted, true), by_client()).finding("request");
    assert_broken(&finding, &["TLS 1.0"], &[]);
    assert!(finding.at_most_should);
}

#[test]
fn a_revoked_certificate_counts_where_the_client_asked_and_was_told() {
    let told = |handshake: Handshake, asked: Option<bool>| Handshake {
        staple: Some(Staple { status: "revoked".to_owned(), asked }),
        ..handshake
    };
    // Asked, told, went on: against RFC 6066, noted because the ledger has it as MAY.
    let mut refusal = Refusal::of("revoked");
    refusal.connects(told(completed(), Some(true)), by_client());
    let number = refusal.asks(true);
    let finding = refusal.finding("request");
    assert_broken(&finding, &["revoked"], &[number]);
    assert!(finding.actual.en.contains("asked for by the client and sent"));
    // Not asked, or nobody knows: noted, not blamed.
    for asked in [Some(false), None] {
        let mut refusal = Refusal::of("revoked");
        refusal.connects(told(completed(), asked), by_client());
        refusal.asks(true);
        let finding = refusal.finding("request");
        assert_eq!(finding.verdict, Verdict::Skipped, "{finding:?}");
        assert!(finding.why.en.contains("no fault") == (asked == Some(false)), "{}", finding.why.en);
        // A stop has another cause.
        let mut refusal = Refusal::of("revoked");
        refusal.connects(told(failed(HandshakeCause::Alert, true), asked), by_client());
        assert_undecided(&refusal.finding("request"));
    }
    let mut refusal = Refusal::of("revoked");
    refusal.connects(told(failed(HandshakeCause::Alert, true), Some(true)), by_client());
    assert_met(&refusal.finding("request"));
    let mut silent = Refusal::of("revoked");
    assert_undecided(&silent.finding("request"));
}

#[test]
fn a_refusal_is_reported_and_not_insisted_on() {
    let mut refusal = Refusal::of("expired");
    for _ in 0..4 {
        refusal.connects(failed(HandshakeCause::Alert, true), by_client());
    }
    refusal.story.fails("");
    assert_broken(&refusal.finding("error"), &["without saying"], &[]);
    assert_broken(&refusal.judged("attempts"), &["4 times"], &[]);

    let mut refusal = Refusal::of("expired");
    refusal.connects(failed(HandshakeCause::Alert, true), by_client());
    refusal.story.ends(StepEnd::Done);
    assert_broken(&refusal.finding("error"), &["success"], &[]);

    // Nothing was refused: there is nothing to report.
    let mut accepted = Refusal::of("expired");
    accepted.connects(completed(), by_client());
    accepted.asks(true);
    assert_eq!(accepted.finding("error").verdict, Verdict::Skipped);
}

#[test]
fn a_good_server_is_accepted_or_it_is_told() {
    let judged = |refusal: &Refusal| refusal.story.check_step(json!({"accepts-server": {}}), Some(JUDGED));
    for defect in GOOD {
        let mut refusal = Refusal::of(defect);
        refusal.connects(completed(), by_client());
        refusal.asks(true);
        refusal.finding("request");
        assert_met(&judged(&refusal));

        let mut refusal = Refusal::of(defect);
        refusal.connects(failed(HandshakeCause::Alert, true), by_client());
        // Without the good server afterwards, the refusal may have any cause.
        assert_undecided(&judged(&refusal));
        refusal.finding("request");
        assert_broken(&judged(&refusal), &["proves its identity"], &[]);

        let mut refusal = Refusal::of(defect);
        refusal.finding("request");
        assert_undecided(&judged(&refusal));
    }
    // It is not to be refused.
    let mut refusal = Refusal::of("renewed");
    refusal.connects(completed(), by_client());
    refusal.asks(true);
    assert_undecided(&refusal.finding("request"));
}
