//! Refusals that both endpoints share: by quota, and by a scripted reply.

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::answer::Answer;
use super::behaviour::{
    Advertise, Dialect, Fault, Gzip, Redirect, RetryAfter, Scripted, ScriptedBody, Suspended,
};
use super::received::Received;
use super::state::State;
use crate::journal::Api;
use crate::ror::Problem;
use crate::ror::quota::{self, Count};

/// 429 by quota (CHA-Q-04), with Retry-After as the mock is set to give it.
pub(super) fn quota(state: &State, api: Api, count: &Count) -> Answer {
    let wait_us = count.retry_in_us.unwrap_or(state.behaviour.quotas.counting.window_us);
    throttled(state, api, "Too many requests: the quota is exceeded", count.limit, wait_us)
}

/// What a service meets that went on calling while it was told to wait (CHA-Q-05).
pub(super) fn suspended(state: &State, api: Api, suspended: Suspended, left_us: u64) -> Answer {
    let what = "The authorisation of this service is suspended: it called on while it was told to wait";
    if suspended.throttled {
        let limit = state.behaviour.quotas.level_2_authenticated;
        return throttled(state, api, what, limit, left_us);
    }
    usual(api, 403, what)
}

/// An answer within the quota, which says how much of it is left if the mock is set to do so.
pub(super) fn announced(state: &State, answer: Answer, count: &Count) -> Answer {
    let quotas = &state.behaviour.quotas;
    if !quotas.announced {
        return answer;
    }
    let left = count.limit.saturating_sub(count.after);
    in_dialect(state, answer, quotas.dialect, (count.limit, left), Some(count.resets_in_us))
}

fn throttled(state: &State, api: Api, what: &str, limit: u32, wait_us: u64) -> Answer {
    let refused = usual(api, 429, what);
    let quotas = &state.behaviour.quotas;
    match (quotas.dialect, quotas.advertise) {
        (Dialect::Rfc, Advertise::Absent) => refused,
        (Dialect::Rfc, Advertise::Seconds) => {
            refused.retry_after(&quota::advertised_seconds(wait_us).to_string())
        }
        (Dialect::Rfc, Advertise::Date) => refused.retry_after(&date_in(state, wait_us)),
        (dialect, _) => in_dialect(state, refused, dialect, (limit, 0), Some(wait_us)),
    }
}

/// Says in a dialect without Retry-After how much of the quota is left and when there is more; with no delay, that
/// nobody knows.
fn in_dialect(
    state: &State,
    answer: Answer,
    dialect: Dialect,
    (limit, left): (u32, u32),
    wait_us: Option<u64>,
) -> Answer {
    match dialect {
        Dialect::Rfc | Dialect::Bare => answer,
        Dialect::Gravitee => {
            let reset = wait_us.map_or(-1, |wait_us| {
                let end = state.journal.wall_at(state.journal.now_us()) + microseconds(wait_us);
                // Rounded up: what is advertised is never too early.
                end.unix_timestamp_nanos().div_euclid(1_000_000) + 1
            });
            answer
                .with(HeaderName::from_static("x-rate-limit-limit"), &limit.to_string())
                .with(HeaderName::from_static("x-rate-limit-remaining"), &left.to_string())
                .with(HeaderName::from_static("x-rate-limit-reset"), &reset.to_string())
        }
        Dialect::DraftRatelimit => {
            let window_s = quota::advertised_seconds(state.behaviour.quotas.counting.window_us);
            let policy = format!("\"default\";q={limit};w={window_s}");
            let resets_in = wait_us.map_or(window_s, quota::advertised_seconds);
            let left = format!("\"default\";r={left};t={resets_in}");
            answer
                .with(HeaderName::from_static("ratelimit-policy"), &policy)
                .with(HeaderName::from_static("ratelimit"), &left)
        }
    }
}

fn microseconds(wait_us: u64) -> time::Duration {
    time::Duration::microseconds(i64::try_from(wait_us).unwrap_or(i64::MAX / 2))
}

/// A reply of the scenario; without a status it is the ordinary answer with a fault.
pub(super) fn scripted(
    state: &State,
    request: &Received,
    (number, scripted): (u32, &Scripted),
    ordinary: impl FnOnce() -> Answer,
) -> Answer {
    let mut answer = match scripted.status {
        None => ordinary(),
        Some(status) => body(request.api, status, scripted.body),
    };
    answer = advertised(state, answer, scripted);
    if let Some(location) = scripted.redirect.and_then(|redirect| location(state, request, redirect)) {
        answer = answer.with(LOCATION, &location);
    }
    answer.scripted = Some(number);
    answer.made_up = scripted.status.is_some();
    answer.fault = scripted.fault;
    match scripted.fault {
        Some(Fault::Half) => answer.body.truncate(answer.body.len() / 2),
        Some(Fault::Malformed) => answer.body = malformed(&answer.body),
        _ => {}
    }
    if scripted.strangers {
        answer.body = with_strangers(&answer.body);
    }
    answer.lasts = scripted.lasts;
    answer.padding = scripted.padding;
    answer.labelled.clone_from(&scripted.content_type);
    answer.gzip = match scripted.gzip {
        None => false,
        Some(Gzip::Always) => true,
        Some(Gzip::IfAsked) => {
            request.text_header("accept-encoding").is_some_and(|codings| asks_gzip(&codings))
        }
    };
    answer.hold = scripted.hold;
    answer
}

/// The delay of a scripted refusal, in its dialect.
fn advertised(state: &State, answer: Answer, scripted: &Scripted) -> Answer {
    if scripted.dialect != Dialect::Rfc {
        let wait_us = match &scripted.retry_after {
            Some(RetryAfter::Seconds(seconds)) => Some(seconds.saturating_mul(1_000_000)),
            Some(RetryAfter::DateIn(delay)) => Some(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX)),
            Some(RetryAfter::Raw(_) | RetryAfter::Several(_)) | None => None,
        };
        let limit = state.behaviour.quotas.level_2_authenticated;
        return in_dialect(state, answer, scripted.dialect, (limit, 0), wait_us);
    }
    match &scripted.retry_after {
        None => answer,
        Some(RetryAfter::Seconds(seconds)) => answer.retry_after(&seconds.to_string()),
        Some(RetryAfter::DateIn(delay)) => {
            answer.retry_after(&date_in(state, u64::try_from(delay.as_micros()).unwrap_or(u64::MAX)))
        }
        Some(RetryAfter::Raw(text)) => answer.retry_after(text),
        Some(RetryAfter::Several(texts)) => {
            texts.iter().fold(answer, |answer, text| answer.and_retry_after(text))
        }
    }
}

/// Where a redirection leads; the harmless parameter makes it another URL, which clients that look for circles need.
fn location(state: &State, request: &Received, redirect: Redirect) -> Option<String> {
    let origin = match redirect {
        Redirect::Same => request.origin(state),
        Redirect::AnotherHost => format!("https://{}", state.another_host()?),
    };
    let separator = if request.target.contains('?') { '&' } else { '?' };
    Some(format!("{origin}{}{separator}_format=json", request.target))
}

/// The same length and the same end, and no JSON: one colon in the middle is missing.
fn malformed(body: &Bytes) -> Bytes {
    let mut broken = body.to_vec();
    let half = broken.len() / 2;
    let colons = |range: &[u8]| range.windows(2).position(|pair| pair == b"\":");
    match colons(&broken[half..]).map(|at| half + at).or_else(|| colons(&broken)) {
        Some(at) => broken[at + 1] = b' ',
        None => broken.push(b'}'),
    }
    broken.into()
}

/// A searchset with two more entries: what the server has to say (mode `outcome`), and a resource
/// of a type that nobody asked for.
fn with_strangers(body: &Bytes) -> Bytes {
    let Ok(mut bundle) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    let Some(entries) = bundle["entry"].as_array_mut() else { return body.clone() };
    let warning =
        json!({ "severity": "information", "code": "informational", "diagnostics": "For your information" });
    let outcome = json!({ "resourceType": "OperationOutcome", "id": "avis", "issue": [warning] });
    let concept = json!({ "coding": [{ "system": "urn:oid:2.16.840.1.113883.3.9999", "code": "inconnu" }] });
    let basic = json!({ "resourceType": "Basic", "id": "inconnu-1", "code": concept });
    entries.insert(0, json!({ "resource": outcome, "search": { "mode": "outcome" } }));
    entries.push(json!({ "resource": basic, "search": { "mode": "include" } }));
    bundle.to_string().into()
}

/// Whether gzip is acceptable (RFC 9110 §12.5.3): named, or covered by `*`, and not with `q=0`.
fn asks_gzip(codings: &str) -> bool {
    let weight = |name: &str| {
        codings.split(',').find_map(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let named = parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case(name));
            let refused =
                parts.any(|part| part.strip_prefix("q=").and_then(|q| q.parse().ok()) == Some(0.0_f32));
            named.then_some(!refused)
        })
    };
    weight("gzip").or_else(|| weight("*")).unwrap_or(false)
}

/// An IMF-fixdate that far ahead, rounded up to a whole second: what is advertised is never too early.
fn date_in(state: &State, wait_us: u64) -> String {
    let end = state.journal.wall_at(state.journal.now_us()) + microseconds(wait_us);
    let rounded = end.unix_timestamp() + i64::from(end.nanosecond() > 0);
    http_date(OffsetDateTime::from_unix_timestamp(rounded).unwrap_or(end))
}

/// An IMF-fixdate (RFC 9110 §5.6.7).
pub(super) fn http_date(instant: OffsetDateTime) -> String {
    httpdate::fmt_http_date(instant.into())
}

fn body(api: Api, status: u16, body: ScriptedBody) -> Answer {
    match body {
        ScriptedBody::Usual => usual(api, status, diagnostic(status)),
        ScriptedBody::Gateway => Answer::json(
            status,
            &json!({ "message": "Request refused by the gateway", "http_status_code": status }),
        ),
        ScriptedBody::Html => Answer::new(
            status,
            "text/html; charset=utf-8",
            format!("<!doctype html><title>{status}</title><h1>Service indisponible</h1>"),
        ),
        ScriptedBody::ExpressionText | ScriptedBody::ExpressionList => {
            let mut outcome =
                Problem::new(status, "processing", "The mock was told to answer so").to_operation_outcome();
            let place = "HealthcareService.location";
            let list = body == ScriptedBody::ExpressionList;
            outcome["issue"][0]["expression"] = if list { json!([place]) } else { json!(place) };
            Answer::fhir(status, outcome.to_string())
        }
        ScriptedBody::Empty => {
            let mut answer = Answer::new(status, "text/plain", "");
            answer.headers.remove(CONTENT_TYPE);
            answer
        }
    }
}

/// What a scripted refusal says of itself.
fn diagnostic(status: u16) -> &'static str {
    match status {
        404 => "Resource not found",
        410 => "No longer available",
        429 => "Too many requests",
        503 => "Service unavailable",
        _ => "The mock was told to answer so",
    }
}

/// What the ROR would send: Keycloak's JSON from the token endpoint, OperationOutcome from the API.
fn usual(api: Api, status: u16, what: &str) -> Answer {
    if api == Api::Token {
        let error = match status {
            429 | 500..=599 => "temporarily_unavailable",
            401 => "invalid_client",
            403 => "access_denied",
            _ => "invalid_request",
        };
        return Answer::json(status, &json!({ "error": error, "error_description": what }));
    }
    let code = match status {
        401 => "login",
        403 => "forbidden",
        404 => "not-found",
        429 => "throttled",
        503 => "transient",
        500..=599 => "exception",
        _ => "processing",
    };
    let mut answer = Answer::problem(&Problem::new(status, code, what));
    if status == 401 {
        let challenge = HeaderValue::from_static("Bearer realm=\"ror\", error=\"invalid_token\"");
        answer.headers.insert(hyper::header::WWW_AUTHENTICATE, challenge);
    }
    answer
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_body_keeps_its_length_and_is_no_json() {
        let body = Bytes::from(json!({ "entry": [{ "id": "1" }, { "id": "2" }], "total": 2 }).to_string());
        let broken = malformed(&body);
        assert_eq!((broken.len(), broken.last()), (body.len(), body.last()));
        assert!(serde_json::from_slice::<Value>(&broken).is_err());
        assert!(serde_json::from_slice::<Value>(&malformed(&Bytes::from_static(b"[1]"))).is_err());
    }

    #[test]
    fn gzip_is_asked_for_by_name_or_by_star_unless_refused() {
        for codings in ["gzip", "deflate, GZIP;q=0.5", "*", "br, *;q=0.1"] {
            assert!(asks_gzip(codings), "{codings}");
        }
        for codings in ["", "identity", "gzip;q=0", "br, gzip; q=0.0, *", "*;q=0"] {
            assert!(!asks_gzip(codings), "{codings}");
        }
    }

    #[test]
    fn strangers_come_beside_the_results() {
        let body = Bytes::from(
            json!({ "resourceType": "Bundle", "total": 1, "entry": [{ "resource": { "id": "1" } }] })
                .to_string(),
        );
        let bundle: Value = serde_json::from_slice(&with_strangers(&body)).unwrap();
        let modes: Vec<_> =
            bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["search"]["mode"]).collect();
        assert_eq!(modes, [&json!("outcome"), &Value::Null, &json!("include")]);
        assert_eq!(bundle["total"], 1);
    }
}
