//! Refusals that both endpoints share: by quota, and by a scripted reply.

use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::json;
use time::OffsetDateTime;

use super::answer::Answer;
use super::behaviour::{Advertise, Fault, RetryAfter, Scripted, ScriptedBody};
use super::state::State;
use crate::journal::Api;
use crate::ror::Problem;
use crate::ror::quota::{self, Count};

/// 429 by quota (CHA-Q-04), with Retry-After as the mock is set to give it.
pub(super) fn quota(state: &State, api: Api, count: &Count) -> Answer {
    let refused = usual(api, 429, "Too many requests: the quota is exceeded");
    let wait_us = count.retry_in_us.unwrap_or(quota::WINDOW_US);
    match state.behaviour.quotas.advertise {
        Advertise::Absent => refused,
        Advertise::Seconds => refused.retry_after(&quota::advertised_seconds(wait_us).to_string()),
        Advertise::Date => refused.retry_after(&date_in(state, wait_us)),
    }
}

/// A reply of the scenario; without a status it is the ordinary answer with a fault.
pub(super) fn scripted(
    state: &State,
    api: Api,
    (number, scripted): (u32, &Scripted),
    ordinary: impl FnOnce() -> Answer,
) -> Answer {
    let mut answer = match scripted.status {
        None => ordinary(),
        Some(status) => body(api, status, scripted.body),
    };
    if let Some(retry_after) = &scripted.retry_after {
        answer = answer.retry_after(&match retry_after {
            RetryAfter::Seconds(seconds) => seconds.to_string(),
            RetryAfter::DateIn(delay) => date_in(state, u64::try_from(delay.as_micros()).unwrap_or(u64::MAX)),
            RetryAfter::Raw(text) => text.clone(),
        });
    }
    answer.scripted = Some(number);
    answer.fault = scripted.fault;
    if scripted.fault == Some(Fault::Half) {
        answer.body.truncate(answer.body.len() / 2);
    }
    answer.hold = scripted.hold;
    answer
}

/// An IMF-fixdate that far ahead, rounded up to a whole second: what is advertised is never too early.
fn date_in(state: &State, wait_us: u64) -> String {
    let wait = time::Duration::microseconds(i64::try_from(wait_us).unwrap_or(i64::MAX / 2));
    let end = state.journal.wall_at(state.journal.now_us()) + wait;
    let rounded = end.unix_timestamp() + i64::from(end.nanosecond() > 0);
    http_date(OffsetDateTime::from_unix_timestamp(rounded).unwrap_or(end))
}

/// An IMF-fixdate (RFC 9110 §5.6.7).
pub(super) fn http_date(instant: OffsetDateTime) -> String {
    httpdate::fmt_http_date(instant.into())
}

fn body(api: Api, status: u16, body: ScriptedBody) -> Answer {
    match body {
        ScriptedBody::Usual => usual(api, status, "The mock was told to answer so"),
        ScriptedBody::Gateway => Answer::json(
            status,
            &json!({ "message": "Request refused by the gateway", "http_status_code": status }),
        ),
        ScriptedBody::Html => Answer::new(
            status,
            "text/html; charset=utf-8",
            format!("<!doctype html><title>{status}</title><h1>Service indisponible</h1>"),
        ),
        ScriptedBody::Empty => {
            let mut answer = Answer::new(status, "text/plain", "");
            answer.headers.remove(CONTENT_TYPE);
            answer
        }
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
