//! The capacity feed and anomalies: `capacity-form`, `capacity-sequence`, `capacity-records`, `capacity-order`,
//! `identities`, `no-silent-loss` of an update, `anomaly-form`, `anomalies-created`.
#![expect(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::super::Verdict;
use super::super::testing::{Facts, Story, header};
use super::{assert_broken, assert_met, assert_undecided};
use crate::journal::{Api, Body, Change, DataChanged, Exchange, StepEnd, SupplierFacts};
use crate::ror::capacity::SUPPORTED_CAPACITY;

const USC01: &str = "1450000001/USC01";
/// 2026-11-20T10:00:00Z, in microseconds.
const EPOCH_US: i64 = 1_795_168_800_000_000;

fn nos(name: &str) -> String {
    let parts = name.split_once('-').unwrap();
    format!(
        "https://mos.esante.gouv.fr/NOS/{name}/FHIR/{}",
        format_args!("{}-{}", parts.0.replace('_', "-"), parts.1)
    )
}

fn coded(url: &str, system: &str, code: &str) -> Value {
    json!({"url": url, "valueCodeableConcept": {"coding": [{"system": nos(system), "code": code}]}})
}

/// The record « available », with its seven mandatory sub-extensions and its gender.
fn record(gender: &str, count: u32, updated: &str) -> Value {
    json!({"url": SUPPORTED_CAPACITY, "extension": [
        {"url": "nbCapacity", "valueInteger": count},
        {"url": "capacityUpdateDate", "valueDateTime": updated},
        coded("capacityStatus", "TRE_R330-TypeStatutCapacite", "02"),
        coded("capacityType", "TRE_R329-NatureCapacite", "01"),
        coded("temporalityCapacity", "TRE_R331-TemporaliteCapacite", "01"),
        coded("capacitySourceType", "TRE_R335-TypeSourceCapacite", "02"),
        coded("genderCapacityAvailable", "TRE_R332-GenreCapacite", gender),
        coded("temporaryAssignement", "TRE_R337-AffectationTemporaire", "01"),
    ]})
}

fn path(gender: Option<&str>) -> String {
    let all = format!("Location.extension.where(url='{SUPPORTED_CAPACITY}')");
    let Some(gender) = gender else { return all };
    let keys = [
        ("capacityStatus", "02"),
        ("temporalityCapacity", "01"),
        ("genderCapacityAvailable", gender),
        ("temporaryAssignement", "01"),
    ];
    let keys: Vec<String> = keys
        .iter()
        .map(|(url, code)| {
            format!("extension.where(url = '{url}' and valueCodeableConcept.coding.code = '{code}')")
        })
        .collect();
    format!("{all}.where({})", keys.join(" and "))
}

fn operation(kind: &str, path: &str, record: Option<Value>) -> Value {
    let mut part =
        vec![json!({"name": "type", "valueString": kind}), json!({"name": "path", "valueString": path})];
    part.extend(record.map(|record| json!({"name": "value", "part": [{"extension": [record]}]})));
    json!({"name": "operation", "part": part})
}

fn patch(operations: &[Value]) -> Value {
    json!({"resourceType": "Parameters", "parameter": operations})
}

fn replace(gender: &str, count: u32, updated: &str) -> Value {
    patch(&[operation("replace", &path(Some(gender)), Some(record(gender, count, updated)))])
}

fn add(gender: &str, count: u32, updated: &str) -> Value {
    patch(&[operation("add", &path(None), Some(record(gender, count, updated)))])
}

fn delete(gender: &str) -> Value {
    patch(&[operation("delete", &path(Some(gender)), None)])
}

const NOW: &str = "2026-11-20T10:00:00Z";

fn available(gender: &str, count: u32) -> Value {
    json!({"operation": "set", "count": count, "status": "02", "type": "01", "temporality": "01",
           "assignment": "01", "gender": gender})
}

fn updates(capacities: Value) -> Value {
    json!({"updates": [{"establishment": "1450000001", "location": "USC01", "capacities": capacities}]})
}

fn feed() -> Story {
    feeding(updates(json!([available("03", 6)])))
}

fn feeding(input: Value) -> Story {
    let mut story = Story::new("update-capacity", input);
    story.evidence.setting.capacity_url = "https://localhost:8443/ws-synchro-dispo-lits-fhir".to_owned();
    story.evidence.setting.task_url = "https://localhost:8443/anomalies/Task".to_owned();
    story.evidence.setting.supplier = Some(SupplierFacts {
        client_ids: vec!["supplier-1".to_owned()],
        subject: "CN=SUPPLIER,O=TEST".to_owned(),
        establishments: vec!["1450000001".to_owned()],
    });
    story
}

fn body(json: &Value) -> Body {
    let text = json.to_string();
    Body { size: text.len().try_into().unwrap(), sha256: text.clone(), text: Some(text), ..Body::default() }
}

/// A call of another API than reading, made out of one that reads.
fn call<'a>(
    story: &'a mut Story,
    at_ms: u64,
    (api, method, target): (Api, &str, &str),
    sent: &Value,
    status: u16,
) -> &'a mut Exchange {
    let exchange = story.get(at_ms, target, status);
    exchange.request.api = api;
    exchange.request.method = method.to_owned();
    exchange.request.body = body(sent);
    exchange.request.headers.retain(|(name, _)| name == "authorization");
    header(exchange, "content-type", "application/fhir+json");
    exchange
}

fn write<'a>(
    story: &'a mut Story,
    at_ms: u64,
    identifier: &str,
    sent: &Value,
    status: u16,
) -> &'a mut Exchange {
    let target = format!("/ws-synchro-dispo-lits-fhir/Location?identifier={identifier}");
    call(story, at_ms, (Api::Capacity, "PATCH", &target), sent, status)
}

fn not_found(exchange: &mut Exchange, expression: Value) {
    let outcome = json!({"resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "not-found", "expression": expression}]});
    exchange.response.as_mut().unwrap().body = body(&outcome);
}

/// The connection is cut before the answer; the ROR has done what was asked, or not.
fn lost(story: &mut Story, done: bool) {
    let exchange = story.evidence.exchanges.last_mut().unwrap();
    exchange.response.as_mut().unwrap().status = 0;
    exchange.complete = Some(false);
    let number = exchange.number;
    if done {
        changed(story, number, Vec::new());
    }
}

fn changed(story: &mut Story, exchange: u32, put: Vec<Value>) {
    let change = DataChanged { exchange: Some(exchange), put, ..DataChanged::default() };
    story.evidence.changes.push(Change { step: 1, change });
}

fn form(facet: &str) -> Value {
    json!({"capacity-form": {"look-at": facet}})
}

fn sequence() -> Value {
    json!({"capacity-sequence": {}})
}

fn order() -> Value {
    json!({"capacity-order": {}})
}

fn loss() -> Value {
    json!({"no-silent-loss": {}})
}

#[test]
fn nothing_sent_decides_nothing() {
    let mut story = feed();
    story.token(0, 200);
    for check in [form("body"), sequence(), order(), json!({"identities": {}})] {
        assert_undecided(&story.check(check));
    }
}

#[test]
fn a_documented_replace_is_well_formed() {
    let mut story = feed();
    write(&mut story, 0, USC01, &replace("03", 6, NOW), 200);
    for facet in ["request", "headers", "body", "one-record"] {
        assert_met(&story.check(form(facet)));
    }
    // Without the time of the run, no date can be placed.
    assert_undecided(&story.check(form("update-date")));
}

#[test]
fn headers_and_media_type_are_those_of_the_feed() {
    let mut story = feed();
    header(write(&mut story, 0, USC01, &replace("03", 6, NOW), 400), "ror-role-metier-code", "AUTOMATE");
    assert_broken(&story.check(form("headers")), &["ror-role-metier-code"], &[1]);
    let mut story = feed();
    let exchange = write(&mut story, 0, USC01, &replace("03", 6, NOW), 200);
    header(exchange, "content-type", "application/fhir+json; charset=utf-8");
    assert_met(&story.check(form("headers")));
    header(story.evidence.exchanges.last_mut().unwrap(), "content-type", "application/json");
    assert_broken(&story.check(form("headers")), &["application/json"], &[1]);
}

#[test]
fn the_location_asked_for_is_the_one_written_by_either_of_its_identifiers() {
    let mut story = feed();
    write(&mut story, 0, "24/2001", &replace("03", 6, NOW), 200);
    assert_broken(&story.check(form("request")), &["24/2001"], &[1]);
    let identifiers = json!([{"value": "24/2001"}, {"value": USC01}]);
    story.truth = Some(Facts { locations: vec![json!({"identifier": identifiers})], ..Facts::default() });
    assert_met(&story.check(form("request")));
    assert_met(&story.check(loss()));
}

#[test]
fn all_at_once_is_told_apart_from_a_malformed_record() {
    let mut story = feed();
    let all = patch(&[operation("replace", &path(None), Some(record("03", 6, NOW)))]);
    write(&mut story, 0, USC01, &all, 200);
    assert_eq!(story.check(form("one-record")).verdict, Verdict::Broken);
    assert_met(&story.check(form("body")));
    let mut story = feed();
    let mut manual = record("03", 6, NOW);
    manual["extension"][5] = coded("capacitySourceType", "TRE_R335-TypeSourceCapacite", "01");
    let manual = patch(&[operation("replace", &path(Some("03")), Some(manual))]);
    write(&mut story, 0, USC01, &manual, 200);
    assert_met(&story.check(form("one-record")));
    assert_eq!(story.check(form("body")).verdict, Verdict::Broken);
}

#[test]
fn of_several_measures_of_a_record_the_one_with_that_count_is_meant() {
    let measured = |count: u32, updated: Option<&str>| {
        let mut capacity = available("03", count);
        capacity["updated"] = json!(updated);
        capacity
    };
    let (early, late) = ("2026-11-20T08:00:00Z", "2026-11-20T09:00:00Z");
    let sent = |capacities: Value, count: u32, updated: &str| {
        let mut story = feeding(updates(capacities));
        story.epoch_us = Some(EPOCH_US);
        write(&mut story, 0, USC01, &replace("03", count, updated), 200);
        story.check(form("update-date"))
    };
    let both = || json!([measured(7, Some(late)), measured(2, Some(early))]);
    assert_met(&sent(both(), 7, late));
    assert_met(&sent(both(), 2, early));
    assert_broken(&sent(both(), 7, early), &[early, late], &[1]);
    // A number that was not asked for is another check's; its date is one of those.
    assert_met(&sent(both(), 9, early));
    assert_broken(&sent(both(), 9, NOW), &[NOW], &[1]);
    // One of two measures of that number has no instant: anything recent goes.
    let undated = || json!([measured(7, Some(late)), measured(7, None)]);
    assert_met(&sent(undated(), 7, NOW));
    assert_met(&sent(undated(), 7, "2026-11-20T09:59:00Z"));
    // A record that is deleted and then set: the deletion has no date.
    let mut gone = measured(7, Some(early));
    gone["operation"] = json!("delete");
    assert_broken(&sent(json!([gone, measured(7, Some(late))]), 7, early), &[late], &[1]);
}

#[test]
fn the_date_is_that_of_the_call_or_of_the_measure() {
    let dated = |updated: &str, asked: Option<&str>| {
        let mut capacity = available("03", 6);
        if let Some(asked) = asked {
            capacity["updated"] = json!(asked);
        }
        let mut story = feeding(updates(json!([capacity])));
        story.epoch_us = Some(EPOCH_US);
        write(&mut story, 0, USC01, &replace("03", 6, updated), 200);
        story.check(form("update-date"))
    };
    assert_met(&dated("2026-11-20T10:00:00Z", None));
    assert_met(&dated("2026-11-20T10:55:00+01:00", None));
    assert_met(&dated("2026-11-20T08:00:00Z", Some("2026-11-20T09:00:00+01:00")));
    // The measure is old, and the client says that it is of now; or it shifts its time zone.
    let (measured, paris) = ("2026-11-20T09:00:00Z", "2026-11-20T10:00:00+01:00");
    for asked in [measured, paris] {
        for right in [measured, paris, "2026-11-20T09:00:00.900Z", "2026-11-20T09:04:59Z"] {
            assert_met(&dated(right, Some(asked)));
        }
        for wrong in [NOW, "2026-11-20T09:00:00+01:00", "2026-11-20T09:05:02Z"] {
            assert_broken(&dated(wrong, Some(asked)), &[wrong, "2026-11-20T"], &[1]);
        }
    }
    // An instant that cannot be read asks for nothing.
    assert_met(&dated(NOW, Some("this morning")));
    // Local time called UTC, and a date that never moves.
    assert_broken(&dated("2026-11-20T11:00:00Z", None), &["2026-11-20T11:00:00Z"], &[1]);
    assert_broken(&dated("2025-01-01T00:00:00Z", None), &["2025-01-01"], &[1]);
}

#[test]
fn an_addition_follows_the_404_of_the_record_only() {
    for expression in [json!(path(None)), json!([path(None)])] {
        let mut story = feed();
        not_found(write(&mut story, 0, USC01, &replace("03", 6, NOW), 404), expression);
        write(&mut story, 50, USC01, &add("03", 6, NOW), 200);
        assert_met(&story.check(sequence()));
        assert_met(&story.check(loss()));
    }
    let mut story = feed();
    not_found(write(&mut story, 0, USC01, &replace("03", 6, NOW), 404), json!(["Location"]));
    assert_met(&story.check(sequence()));
    write(&mut story, 50, USC01, &add("03", 6, NOW), 404);
    assert_broken(&story.check(sequence()), &["final refusal"], &[1, 2]);
}

#[test]
fn a_blind_addition_is_told_unless_the_client_had_read_the_location() {
    let mut story = feed();
    write(&mut story, 0, USC01, &add("03", 6, NOW), 200);
    assert_broken(&story.check(sequence()), &["has not answered"], &[1]);
    let mut story = feed();
    not_found(write(&mut story, 0, USC01, &replace("01", 6, NOW), 404), json!(path(None)));
    write(&mut story, 50, USC01, &add("03", 6, NOW), 200);
    assert_eq!(story.check(sequence()).verdict, Verdict::Broken, "another record was missing");
    let mut story = feed();
    story.get(0, "/ws-diffusion-fhir/Location?identifier=1450000001/USC01", 200);
    write(&mut story, 50, USC01, &add("03", 6, NOW), 200);
    assert_met(&story.check(sequence()));
}

#[test]
fn a_final_refusal_is_not_repeated_even_with_a_new_date() {
    for status in [400, 403, 412] {
        let mut story = feed();
        write(&mut story, 0, USC01, &replace("03", 6, NOW), status);
        write(&mut story, 500, USC01, &replace("03", 6, "2026-11-20T10:00:05Z"), status);
        assert_broken(&story.check(sequence()), &["repeated"], &[1, 2]);
    }
    // Another measure of that record, and what an outage refused, are no repetition.
    let mut story = feed();
    write(&mut story, 0, USC01, &replace("03", 6, NOW), 403);
    write(&mut story, 500, USC01, &replace("03", 7, NOW), 403);
    assert_met(&story.check(sequence()));
    let mut story = feed();
    write(&mut story, 0, USC01, &replace("03", 6, NOW), 503);
    write(&mut story, 500, USC01, &replace("03", 6, NOW), 200);
    assert_met(&story.check(sequence()));
}

#[test]
fn after_a_403_nothing_more_is_sent_for_that_establishment() {
    let expect = || json!({"capacity-sequence": {"look-at": "refused-establishment"}});
    let (other_place, other_establishment) = ("1450000001/REA05", "1450000002/UMJ12");
    let mut story = feed();
    write(&mut story, 0, USC01, &replace("01", 6, NOW), 200);
    assert_undecided(&story.check(expect()));
    let mut story = feed();
    write(&mut story, 0, USC01, &replace("01", 6, NOW), 403);
    write(&mut story, 500, other_establishment, &replace("03", 7, NOW), 200);
    assert_met(&story.check(expect()));
    write(&mut story, 900, other_place, &replace("03", 7, NOW), 403);
    assert_broken(&story.check(expect()), &["exchange 1", "establishment"], &[1, 3]);
    // Sent before the refusal was known: by several workers, on connections of their own.
    let mut story = feed();
    write(&mut story, 0, USC01, &replace("01", 6, NOW), 403);
    story.connect(7);
    write(&mut story, 2, USC01, &replace("03", 7, NOW), 403).request.connection = 7;
    assert_met(&story.check(expect()));
    // What an outage refuses is sent again; another step is another order.
    let mut story = feed();
    write(&mut story, 0, USC01, &replace("01", 6, NOW), 403);
    story.next_step("update-capacity", updates(json!([available("03", 6)])));
    write(&mut story, 900, USC01, &replace("03", 6, NOW), 403);
    assert_met(&story.check(expect()));
}

/// A Location as it is before and after: [`Facts`] knows one state only, so what is not looked at never changes here.
fn holding(records: Vec<Value>) -> Facts {
    Facts { locations: vec![json!({"extension": records})], ..Facts::default() }
}

fn held(count: Option<u32>, despite_error: bool) -> Value {
    let mut record = json!({"status": "02", "gender": "03"});
    if let Some(count) = count {
        record["count"] = json!(count);
    }
    json!({"capacity-records": {"location": USC01, "records": [record], "despite-error": despite_error}})
}

#[test]
fn the_record_is_there_once_with_its_count() {
    let mut story = feed();
    write(&mut story, 0, USC01, &replace("03", 6, NOW), 200);
    assert_undecided(&story.check(held(Some(6), false)));
    story.truth = Some(holding(vec![record("03", 6, NOW), record("01", 1, NOW)]));
    assert_met(&story.check(held(Some(6), false)));
    assert_broken(&story.check(held(Some(0), false)), &["6 instead of 0"], &[1]);
    assert_broken(&story.check(held(None, false)), &["still there"], &[1]);
    story.truth = Some(holding(Vec::new()));
    assert_broken(&story.check(held(Some(0), false)), &["missing"], &[1]);
    assert_met(&story.check(held(None, false)));
    // Two Locations of that identifier: nothing can be said.
    story.truth = Some(Facts { locations: vec![json!({}), json!({})], ..Facts::default() });
    assert_undecided(&story.check(held(Some(6), false)));
}

#[test]
fn an_error_excuses_what_is_missing_but_not_what_is_double() {
    let mut story = feed();
    write(&mut story, 0, USC01, &replace("03", 6, NOW), 503);
    story.truth = Some(holding(vec![record("03", 1, NOW)]));
    story.fails("HTTP 503");
    assert_eq!(story.check(held(Some(6), false)).verdict, Verdict::Skipped);
    story.ends(StepEnd::Deadline);
    assert_undecided(&story.check(held(Some(6), false)));
    story.ends(StepEnd::Human { answer: "ok".to_owned() });
    assert_eq!(story.check(held(Some(6), false)).verdict, Verdict::Review);
    story.fails("HTTP 503");
    story.truth = Some(holding(vec![record("03", 6, NOW), record("03", 6, NOW)]));
    assert_broken(&story.check(held(Some(6), false)), &["2 times"], &[1]);
}

#[test]
fn the_others_of_a_batch_are_sent_whatever_became_of_one() {
    let mut story = feed();
    write(&mut story, 0, "1450000001/NONE", &replace("03", 1, NOW), 404);
    story.truth = Some(holding(vec![record("03", 1, NOW)]));
    story.fails("1450000001/NONE: 404");
    assert_broken(&story.check(held(Some(6), true)), &["1 instead of 6"], &[1]);
    // One instance of a proprietary solution has sent it, and may not.
    write(&mut story, 50, USC01, &replace("03", 6, NOW), 403);
    assert_eq!(story.check(held(Some(6), true)).verdict, Verdict::Skipped);
}

#[test]
fn an_older_measure_never_follows_a_newer_one() {
    let (old, new) = ("2026-11-20T10:00:00Z", "2026-11-20T11:30:00+01:00");
    let mut story = feed();
    write(&mut story, 0, USC01, &replace("03", 7, old), 200);
    write(&mut story, 50, USC01, &replace("03", 3, new), 200);
    write(&mut story, 100, USC01, &replace("01", 3, old), 200);
    assert_met(&story.check(order()));
    write(&mut story, 150, USC01, &replace("03", 7, old), 200);
    assert_broken(&story.check(order()), &["older"], &[2, 4]);
    // A newer one that never came in is wiped out by nothing; one whose answer was lost is.
    for (done, verdict) in [(false, Verdict::Met), (true, Verdict::Broken)] {
        let mut story = feed();
        write(&mut story, 0, USC01, &replace("03", 3, new), 200);
        lost(&mut story, done);
        write(&mut story, 50, USC01, &replace("03", 7, old), 200);
        assert_eq!(story.check(order()).verdict, verdict);
    }
}

#[test]
fn an_update_never_accepted_is_a_loss_unless_reported() {
    let mut story = feed();
    write(&mut story, 0, USC01, &replace("03", 6, NOW), 503);
    assert_broken(&story.check(loss()), &["success", USC01], &[1]);
    story.fails("HTTP 503");
    assert_met(&story.check(loss()));
    // Sent in a later step: it was kept.
    let mut story = feed();
    write(&mut story, 0, USC01, &replace("03", 6, NOW), 503);
    story.next_step("update-capacity", updates(json!([available("01", 1)])));
    write(&mut story, 900, USC01, &replace("03", 6, NOW), 200);
    write(&mut story, 950, USC01, &replace("01", 1, NOW), 200);
    assert_met(&story.check(loss()));
}

#[test]
fn a_lost_answer_is_made_good_by_looking_or_by_another_replace() {
    let mut story = feed();
    not_found(write(&mut story, 0, USC01, &replace("03", 6, NOW), 404), json!(path(None)));
    write(&mut story, 50, USC01, &add("03", 6, NOW), 200);
    lost(&mut story, true);
    assert_eq!(story.check(loss()).verdict, Verdict::Broken, "the client cannot know");
    let mut looked = feed();
    looked.evidence = story.evidence.clone();
    looked.get(100, "/ws-diffusion-fhir/Location/2001", 200);
    assert_met(&looked.check(loss()));
    write(&mut story, 100, USC01, &replace("03", 6, NOW), 200);
    assert_met(&story.check(loss()));
    assert_met(&story.check(sequence()));
}

#[test]
fn what_is_gone_already_needs_no_deletion() {
    let mut capacity = available("03", 0);
    capacity["operation"] = json!("delete");
    let mut story = feeding(updates(json!([capacity])));
    not_found(write(&mut story, 0, USC01, &delete("03"), 404), json!(path(None)));
    assert_met(&story.check(loss()));
    assert_met(&story.check(sequence()));
    let mut set = feed();
    not_found(write(&mut set, 0, USC01, &replace("03", 6, NOW), 404), json!(path(None)));
    assert_eq!(set.check(loss()).verdict, Verdict::Broken);
}

#[test]
fn each_api_has_its_identity() {
    let identities = || json!({"identities": {}});
    let mut story = feed();
    story.get(0, "/ws-diffusion-fhir/Location/2001", 200).request.token_client_id =
        Some("client-1".to_owned());
    write(&mut story, 50, USC01, &replace("03", 6, NOW), 200).request.token_client_id =
        Some("supplier-1".to_owned());
    assert_met(&story.check(identities()));
    story.get(100, "/ws-diffusion-fhir/Location/2001", 403).request.token_client_id =
        Some("supplier-1".to_owned());
    assert_broken(&story.check(identities()), &["supplier-1"], &[3]);
    let mut story = feed();
    write(&mut story, 50, USC01, &replace("03", 6, NOW), 403).request.token_client_id =
        Some("client-1".to_owned());
    assert_broken(&story.check(identities()), &["client-1"], &[1]);
}

#[test]
fn a_token_is_asked_for_with_the_certificate_of_its_identity() {
    let mut story = feed();
    super::super::testing::form(story.token(0, 401), "grant_type=client_credentials&client_id=supplier-1");
    assert_broken(&story.check(json!({"identities": {}})), &["consumer's certificate"], &[1]);
    // An editor that declared one certificate for both is told elsewhere, not here.
    story.evidence.setting.supplier.as_mut().unwrap().subject = "CN=CLIENT,O=TEST".to_owned();
    assert_undecided(&story.check(json!({"identities": {}})));
}

fn anomaly() -> Story {
    let input = json!({"healthcare-service": "50001", "category": "06", "description": "d"});
    let mut story = feeding(Value::Null);
    let step = &mut story.evidence.steps.last_mut().unwrap().started;
    step.action = Some("report-anomaly".to_owned());
    step.input = input;
    story
}

fn task(offer: &str) -> Value {
    let code = |system: &str, code: &str| json!({"coding": [{"system": nos(system), "code": code}]});
    json!({"resourceType": "Task", "status": "requested", "intent": "order",
        "businessStatus": code("TRE_R352-StatutMetierAnomalie", "01"),
        "code": code("TRE_R350-ThematiqueAnomalie", "06"),
        "reasonCode": code("TRE_R349-ActionAnomalie", "COR"),
        "description": "d", "focus": {"reference": format!("HealthcareService/{offer}")},
        "authoredOn": "2026-11-20", "lastModified": "2026-11-20",
        "input": [{"type": {"coding": [{
            "system": "https://interop.esante.gouv.fr/ig/fhir/ror/CodeSystem/input-task-ror-codesystem",
            "code": "systemRequester"}]}, "valueString": "EXEMPLE"}]})
}

const TASK: (Api, &str, &str) = (Api::Anomalies, "POST", "/anomalies/Task");

#[test]
fn an_anomaly_is_a_whole_task_on_the_offer_asked_for() {
    let check = || json!({"anomaly-form": {}});
    let mut story = anomaly();
    call(&mut story, 0, TASK, &task("50001"), 201);
    assert_met(&story.check(check()));
    assert_met(&story.check(loss()));
    let mut story = anomaly();
    call(&mut story, 0, TASK, &task("50002"), 201);
    assert_broken(&story.check(check()), &["50002"], &[1]);
    let mut story = anomaly();
    let mut without = task("50001");
    without["input"][0]["type"]["coding"][0]["code"] = json!("ruleErrorId");
    call(&mut story, 0, TASK, &without, 400);
    assert_broken(&story.check(check()), &["systemRequester"], &[1]);
}

#[test]
fn a_report_whose_answer_was_lost_is_not_made_twice() {
    let check = || json!({"anomalies-created": {"at-most": 1}});
    let mut story = anomaly();
    call(&mut story, 0, TASK, &task("50001"), 201);
    lost(&mut story, false);
    changed(&mut story, 1, vec![json!({"resourceType": "Task", "id": "9001"})]);
    assert_met(&story.check(check()));
    assert_eq!(story.check(loss()).verdict, Verdict::Broken, "the client cannot know");
    let mut looked = anomaly();
    looked.evidence = story.evidence.clone();
    call(&mut looked, 50, (Api::Anomalies, "GET", "/anomalies/Task?focus=x"), &json!(""), 200);
    assert_met(&looked.check(loss()));
    call(&mut story, 50, TASK, &task("50001"), 201);
    changed(&mut story, 2, vec![json!({"resourceType": "Task", "id": "9002"})]);
    assert_broken(&story.check(check()), &["several times"], &[1, 2]);
}
