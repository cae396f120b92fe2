//! The delay that an answer advertised on the wire: Retry-After (RFC 9110 §10.2.3), in seconds or as a date.

use std::time::UNIX_EPOCH;

use crate::journal::Exchange;

/// A delay as the client could read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AdvertisedWait {
    /// From the moment when the answer was ready, µs.
    pub(crate) wait_us: u64,
    /// How much earlier a call may come, because of the resolution of what was advertised, µs.
    pub(super) tolerance_us: u64,
}

/// 50 ms for whole seconds: timers may fire a little early.
pub(super) const TOLERANCE_US: u64 = 50_000;
/// One second for dates: both Date and Retry-After have that resolution.
const DATE_TOLERANCE_US: u64 = 1_000_000;

/// The delay that an answer advertises; none when it has no usable Retry-After.
///
/// A date is taken against the answer's own Date header or, without one, against the bench's wall clock.
pub(crate) fn advertised_wait(exchange: &Exchange, epoch_us: Option<i64>) -> Option<AdvertisedWait> {
    let response = exchange.response.as_ref()?;
    let mut values =
        response.headers.iter().filter(|(name, _)| name == "retry-after").map(|(_, value)| value.trim());
    let value = values.next()?;
    if values.any(|other| other != value) {
        return None;
    }
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = value.parse::<u64>().unwrap_or(u64::MAX);
        let wait_us = seconds.saturating_mul(1_000_000);
        return Some(AdvertisedWait { wait_us, tolerance_us: TOLERANCE_US });
    }
    let until = unix_us(value)?;
    let now = match exchange.response_header("date").and_then(unix_us) {
        Some(date) => date,
        None => epoch_us?.saturating_add(i64::try_from(response.ready_us).ok()?),
    };
    let wait_us = u64::try_from(until.saturating_sub(now)).unwrap_or(0);
    Some(AdvertisedWait { wait_us, tolerance_us: DATE_TOLERANCE_US })
}

/// What stood in Retry-After, for people.
pub(super) fn retry_after(exchange: &Exchange) -> Option<String> {
    exchange.response_header("retry-after").map(super::words::quote)
}

fn unix_us(date: &str) -> Option<i64> {
    let time = httpdate::parse_http_date(date).ok()?;
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros()).ok()
}
