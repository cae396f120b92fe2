//! `token-form`, `credential`, `token-reuse`, `token-renewal`, `token-confined`.
#![expect(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::super::Verdict;
use super::super::testing::{Story, form, header, page};
use super::{assert_broken, assert_met, assert_undecided};
use crate::journal::StepEnd;

fn token_form() -> Value {
    json!({"token-form": {}})
}

fn story() -> Story {
    Story::new("many-reads", json!({"resource": "Location", "ids": ["1"], "parallel": 1}))
}

fn with_form(body: &str) -> Story {
    let mut story = story();
    form(story.token(0, 400), body);
    story
}

#[test]
fn the_documented_form_is_right_and_so_are_more_fields_and_a_charset() {
    assert_met(
        &with_form("client_id=client-1&scope=openid&grant_type=client_credentials").check(token_form()),
    );
    let mut charset = story();
    header(charset.token(0, 200), "content-type", "application/x-www-form-urlencoded; charset=UTF-8");
    assert_met(&charset.check(token_form()));
}

#[test]
fn each_fault_of_the_form_is_named() {
    for (body, word) in [
        ("client_id=client-1", "grant_type is missing"),
        ("grant_type=password&client_id=client-1", "`password`"),
        ("grant_type=client_credentials&grant_type=client_credentials&client_id=client-1", "more than once"),
        ("grant_type=client_credentials", "client_id is missing"),
        ("grant_type=client_credentials&client_id=other", "`other`"),
    ] {
        assert_broken(&with_form(body).check(token_form()), &[word], &[1]);
    }
    let mut json_body = story();
    header(json_body.token(0, 400), "content-type", "application/json");
    assert_broken(&json_body.check(token_form()), &["application/json"], &[1]);
    let mut basic = with_form("grant_type=client_credentials");
    header(&mut basic.evidence.exchanges[0], "authorization", "Basic ‹redacted:b›");
    let finding = basic.check(token_form());
    assert_broken(&finding, &["Authorization: Basic"], &[1]);
    assert!(!finding.at_most_should, "with a certificate there is nothing to be said by Basic");
    basic.evidence.setting.profile = 0;
    basic.evidence.exchanges[0].response.as_mut().unwrap().status = 200;
    assert!(basic.check(token_form()).at_most_should, "RFC 6749 §2.3.1 allows a public client to use Basic");
    let mut in_url = story();
    in_url.token(0, 400).request.target = "/token?client_secret=‹redacted:s›".to_owned();
    assert_broken(&in_url.check(token_form()), &["secret is in the URL"], &[1]);
}

#[test]
fn a_probe_of_the_token_url_is_no_token_request() {
    let mut story = story();
    story.token(0, 405).request.method = "HEAD".to_owned();
    assert_undecided(&story.check(token_form()));
    story.token(5, 200);
    assert_met(&story.check(token_form()));
}

fn proof() -> Value {
    json!({"credential": {"look-at": "proof"}})
}

fn no_secret() -> Value {
    json!({"credential": {"look-at": "no-secret"}})
}

#[test]
fn the_declared_certificate_is_the_proof() {
    let mut story = story();
    story.token(0, 200);
    assert_met(&story.check(proof()));
    assert_met(&story.check(no_secret()));
    let certificate =
        |story: &mut Story| story.connect(1).handshake.as_mut().unwrap().certificate.take().unwrap();
    let shown = certificate(&mut story);
    assert_broken(&story.check(proof()), &["no certificate"], &[1]);
    let mut other = shown.clone();
    other.subject = "CN=OTHER".to_owned();
    story.connect(1).handshake.as_mut().unwrap().certificate = Some(other);
    assert_broken(&story.check(proof()), &["`CN=OTHER`", "`CN=CLIENT,O=TEST`"], &[1]);
    let mut expired = shown;
    expired.faults = vec!["expired".to_owned(), "wrong-usage".to_owned()];
    expired.not_after = "2020-01-01T00:00:00Z".to_owned();
    story.connect(1).handshake.as_mut().unwrap().certificate = Some(expired);
    assert_broken(&story.check(proof()), &["expired on 2020", "AUTH_CLI"], &[1]);
}

#[test]
fn a_certificate_shown_to_the_api_only_does_not_prove_who_asks_for_a_token() {
    let mut story = story();
    story.token(0, 401);
    story.get(10, "/ws-diffusion-fhir/Location/1", 401);
    story.connect(1).handshake.as_mut().unwrap().certificate = None;
    assert_broken(&story.check(proof()), &["no certificate"], &[1]);
}

#[test]
fn a_secret_beside_a_certificate_is_accused_and_an_empty_field_is_not() {
    let fields = "grant_type=client_credentials&client_id=client-1&client_secret=";
    assert_met(&with_form(fields).check(no_secret()));
    assert_broken(&with_form(&format!("{fields}‹redacted:s›")).check(no_secret()), &["client_secret"], &[1]);
}

#[test]
fn with_profile_0_the_secret_is_the_proof() {
    let with_secret = |secret: &str| {
        let mut story =
            with_form(&format!("grant_type=client_credentials&client_id=client-1&client_secret={secret}"));
        story.evidence.setting.profile = 0;
        story.evidence.setting.service.subject = None;
        story.evidence.setting.service.secret = Some("‹redacted:right›".to_owned());
        story
    };
    assert_met(&with_secret("‹redacted:right›").check(proof()));
    assert_met(&with_secret("%E2%80%B9redacted:right%E2%80%BA").check(proof()));
    assert_broken(&with_secret("‹redacted:wrong›").check(proof()), &["not the one assigned"], &[1]);
    assert_broken(&with_secret("").check(proof()), &["no client_secret"], &[1]);
    let mut twice = with_secret("‹redacted:right›");
    twice.evidence.exchanges[0].response.as_mut().unwrap().status = 200;
    header(&mut twice.evidence.exchanges[0], "authorization", "Basic ‹redacted:b›");
    let finding = twice.check(proof());
    assert_broken(&finding, &["authenticates twice"], &[1]);
    assert!(!finding.at_most_should, "Basic in place of the form is let pass, beside it it is not");
    assert_eq!(with_secret("‹redacted:right›").check(no_secret()).verdict, Verdict::Skipped);
}

fn reuse() -> Value {
    json!({"token-reuse": {"tokens-at-most": 1}})
}

#[test]
fn one_token_for_many_calls_is_right_and_one_per_call_is_not() {
    let mut good = story();
    good.token(0, 200);
    let mut bad = story();
    for n in 0..4 {
        good.get(10 + n, "/ws-diffusion-fhir/Location/1", 200);
        bad.token(n * 100, 200);
        bad.get(n * 100 + 10, "/ws-diffusion-fhir/Location/1", 200);
    }
    assert_met(&good.check(reuse()));
    assert_broken(&bad.check(reuse()), &["4 tokens"], &[3, 5, 7]);
}

#[test]
fn renewals_for_a_reason_and_a_parallel_start_are_not_counted() {
    let mut story = story();
    story.evidence.setting.token_lifetime_s = 60;
    story.token(0, 200);
    story.token(1, 200);
    story.token(2, 200);
    story.get(10, "/ws-diffusion-fhir/Location/1", 200);
    story.get(20, "/ws-diffusion-fhir/Location/2", 401);
    story.token(30, 200);
    story.get(40, "/ws-diffusion-fhir/Location/2", 200);
    story.get(50, "/ws-diffusion-fhir/Location/3", 200);
    story.token(40_000, 200);
    story.get(40_010, "/ws-diffusion-fhir/Location/4", 200);
    let finding = story.check(reuse());
    assert_met(&finding);
    assert_eq!(finding.notes.len(), 2, "{finding:?}");
}

#[test]
fn each_step_may_take_its_own_token_and_few_calls_show_nothing() {
    let mut story = story();
    for step in 0..3 {
        if step > 0 {
            story.next_step("many-reads", json!({}));
        }
        story.token(step * 1_000, 200);
        for n in 1..4 {
            story.get(step * 1_000 + n * 10, "/ws-diffusion-fhir/Location/1", 200);
        }
    }
    assert_met(&story.check(reuse()));
    let mut few = super::tokens::story();
    few.token(0, 200);
    few.get(10, "/ws-diffusion-fhir/Location/1", 200);
    assert_undecided(&few.check(reuse()));
}

fn renewal() -> Value {
    json!({"token-renewal": {}})
}

const TWO: &str = "Bearer ‹redacted:t2›";

#[test]
fn a_token_renewed_ahead_or_once_after_a_401_loses_nothing() {
    let mut ahead = story();
    ahead.token(0, 200);
    ahead.get(10, "/ws-diffusion-fhir/Location/1", 200);
    ahead.token(500, 200);
    header(ahead.get(510, "/ws-diffusion-fhir/Location/2", 200), "authorization", TWO);
    assert_met(&ahead.check(renewal()));
    let mut after = story();
    after.token(0, 200);
    after.get(10, "/ws-diffusion-fhir/Location/1", 401);
    after.token(20, 200);
    header(after.get(30, "/ws-diffusion-fhir/Location/1", 200), "authorization", TWO);
    assert_met(&after.check(renewal()));
}

#[test]
fn a_job_that_did_not_outlive_its_token_decides_nothing() {
    let mut story = story();
    story.token(0, 200);
    story.get(10, "/ws-diffusion-fhir/Location/1", 200);
    assert_undecided(&story.check(renewal()));
}

#[test]
fn a_call_lost_to_a_401_is_accused() {
    let mut story = story();
    story.token(0, 200);
    story.get(10, "/ws-diffusion-fhir/Location/1", 401);
    story.token(20, 200);
    header(story.get(30, "/ws-diffusion-fhir/Location/2", 200), "authorization", TWO);
    assert_broken(&story.check(renewal()), &["did not make the refused call", "success all the same"], &[2]);
    story.ends(StepEnd::Deadline);
    assert_broken(&story.check(renewal()), &["deadline"], &[2]);
}

#[test]
fn a_job_that_was_started_over_with_nothing_missing_lost_nothing() {
    let next = "https://localhost:8443/ws-diffusion-fhir/Location?_getpages=a";
    let mut story =
        Story::new("search", json!({"resource": "Location", "parameters": [], "all-pages": true}));
    story.token(0, 200);
    page(story.get(10, "/ws-diffusion-fhir/Location", 200), Some(next));
    story.get(20, "/ws-diffusion-fhir/Location?_getpages=a", 401);
    story.token(30, 200);
    let again = story.get(40, "/ws-diffusion-fhir/Location", 200);
    header(again, "authorization", TWO);
    page(again, Some("https://localhost:8443/ws-diffusion-fhir/Location?_getpages=b"));
    let last = story.get(50, "/ws-diffusion-fhir/Location?_getpages=b", 200);
    header(last, "authorization", TWO);
    page(last, None);
    assert_met(&story.check(renewal()));
}

#[test]
fn a_refused_call_on_which_nothing_depends_decides_nothing_without_a_new_token() {
    let mut story =
        Story::new("search", json!({"resource": "Location", "parameters": [], "all-pages": true}));
    story.token(0, 200);
    page(story.get(10, "/ws-diffusion-fhir/Location", 200), None);
    story.get(20, "/ws-diffusion-fhir/metadata", 401);
    assert_undecided(&story.check(renewal()));
    story.token(30, 200);
    assert_met(&story.check(renewal()));
}

#[test]
fn a_renewal_ahead_counts_whatever_became_of_a_call_on_which_nothing_depends() {
    let next = "https://localhost:8443/ws-diffusion-fhir/Location?_getpages=a";
    let mut story =
        Story::new("search", json!({"resource": "Location", "parameters": [], "all-pages": true}));
    story.token(0, 200);
    page(story.get(10, "/ws-diffusion-fhir/Location", 200), Some(next));
    story.get(15, "/ws-diffusion-fhir/metadata", 200);
    story.token(20, 200);
    // With the first token.
    story.get(30, "/ws-diffusion-fhir/Organization/1", 401);
    let last = story.get(40, "/ws-diffusion-fhir/Location?_getpages=a", 200);
    header(last, "authorization", TWO);
    page(last, None);
    assert_met(&story.check(renewal()));
}

#[test]
fn insisting_with_the_refused_token_or_after_a_fresh_one_is_accused() {
    let mut same = story();
    same.token(0, 200);
    same.get(10, "/ws-diffusion-fhir/Location/1", 401);
    same.get(30, "/ws-diffusion-fhir/Location/1", 200);
    assert_broken(&same.check(renewal()), &["very token"], &[2, 3]);
    let mut fresh = story();
    for (n, token) in ["a", "b", "c"].into_iter().enumerate() {
        let at = u64::try_from(n).unwrap() * 100;
        fresh.token(at, 200);
        header(fresh.get(at + 10, "/ws-diffusion-fhir/Location/1", 401), "authorization", token);
    }
    assert_broken(&fresh.check(renewal()), &["fresh token had been refused"], &[2, 4, 6]);
    fresh.evidence.exchanges.truncate(4);
    assert_undecided(&fresh.check(renewal()));
}

#[test]
fn a_secret_in_a_url_or_a_referer_is_accused() {
    let confined = json!({"token-confined": {}});
    let mut story = story();
    story.token(0, 200);
    story.get(10, "/ws-diffusion-fhir/Location?name=access_token", 200);
    assert_met(&story.check(confined.clone()));
    story.get(20, "/ws-diffusion-fhir/Location?access_token=%E2%80%B9redacted:t1%E2%80%BA", 200);
    assert_broken(&story.check(confined.clone()), &["access_token"], &[3]);
    story.evidence.exchanges.truncate(2);
    header(&mut story.evidence.exchanges[1], "referer", "https://localhost/x?client_secret=y");
    assert_broken(&story.check(confined.clone()), &["Referer"], &[2]);
    let mut none = super::tokens::story();
    header(none.get(0, "/ws-diffusion-fhir/metadata", 200), "authorization", "");
    assert_undecided(&none.check(confined));
}

#[test]
fn a_token_that_was_sent_is_not_printed() {
    let told = |stderr: &str| {
        let mut story = Story::new("read", json!({"resource": "Organization", "id": "1101"}));
        story.token(0, 200);
        let read = story.get(10, "/ws-diffusion-fhir/Organization/1101", 200);
        header(read, "authorization", "Bearer ‹redacted:0123456789ab›");
        let ended = story.evidence.steps[0].ended.as_mut().unwrap();
        ended.stderr_tail = stderr.to_owned();
        story.check(json!({"secrets-kept": {}}))
    };
    assert_met(&told("GET /Organization/1101 200"));
    // What a client masked itself looks like a secret and is none that was sent.
    assert_met(&told("client_secret=‹redacted:ffffffffffff›"));
    assert_broken(&told("> Authorization: Bearer ‹redacted:0123456789ab›"), &["service's behalf"], &[]);
}

#[test]
fn a_client_that_reads_in_batches_has_no_occasion_to_use_its_token_again() {
    let read = |target: &str| {
        let input = json!({"resource": "Location", "ids": ["1", "2", "3"], "parallel": 1});
        let mut story = Story::new("many-reads", input);
        story.token(0, 200);
        story.get(100, target, 200);
        story
    };
    let kinds = [json!({"token-reuse": {"tokens-at-most": 1}}), json!({"token-renewal": {}})];
    for kind in kinds {
        let story = read("/ws-diffusion-fhir/Location?_id=1,2,3");
        assert_eq!(story.check(kind.clone()).verdict, Verdict::Skipped, "{kind}");
        // Something is missing, or the client does not say that it is done.
        assert_undecided(&read("/ws-diffusion-fhir/Location?_id=1,2").check(kind.clone()));
        let mut failed = read("/ws-diffusion-fhir/Location?_id=1,2,3");
        failed.fails("out of order");
        assert_undecided(&failed.check(kind));
    }
}
