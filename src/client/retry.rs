//! When a call is repeated: what `Retry-After` says, and for how long the client insists.
//!
//! Pure decisions; the waiting itself is done in `call.rs`.

use std::time::{Duration, SystemTime};

use hyper::HeaderMap;
use hyper::header::RETRY_AFTER;

use super::error::ClientError;
use super::flaws::{Flaw, FlawSet};
use super::pace::Manners;

/// Attempts of one call when the delays to wait are advertised.
const ATTEMPTS_AS_TOLD: u32 = 10;
/// Attempts of one call when no usable delay is advertised.
const ATTEMPTS_WITH_BACK_OFF: u32 = 5;
/// The first delay of the back-off; it doubles each time.
const BACK_OFF_FIRST: Duration = Duration::from_secs(1);
/// The longest delay of the back-off.
const BACK_OFF_LONGEST: Duration = Duration::from_secs(4);
/// A date in `Retry-After` must have passed; this is waited for on top of it.
const AFTER_DATE: Duration = Duration::from_millis(50);
/// Attempts of one call that meets 500, 502, 504, a cut connection or a broken answer.
const ATTEMPTS_AFTER_FAILURE: u32 = 3;
/// The delay before the repeat of such a call.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Repeats of the flaw `repeats-refusals`.
pub(crate) const REPEATS_OF_REFUSALS: u32 = 30;
const AT_ONCE: Duration = Duration::from_millis(20);
/// Attempts of `hammers-outages`, and the delay before each.
const ATTEMPTS_OF_A_HAMMER: u32 = 40;
const BETWEEN_BLOWS: Duration = Duration::from_millis(100);
/// Attempts of `hammers-quota`, and the delay before each.
const ATTEMPTS_AGAINST_QUOTA: u32 = 100;
const BETWEEN_HASTY_CALLS: Duration = Duration::from_millis(50);
/// The longest delay that `cuts-long-delays` waits for.
const LONGEST_WHEN_CUT: Duration = Duration::from_secs(2);
/// A delay of more than a century is a mistake, not a wait.
const LONGEST_SECONDS: u64 = 100 * 366 * 24 * 3600;

/// Which of the two services a call goes to; each has its own quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// The authorisation server's token endpoint.
    Token,
    /// A FHIR API.
    Api,
}

/// The delay that an answer advertises (RFC 9110 §10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advertised {
    /// delay-seconds, at least one.
    Seconds(Duration),
    /// HTTP-date: the time left until then, by the client's clock.
    Date(Duration),
    /// Absent, malformed, given twice, zero or past: it says nothing about how long to wait.
    Nothing,
}

impl Advertised {
    /// Reads `Retry-After`.
    pub(crate) fn read(headers: &HeaderMap, now: SystemTime) -> Self {
        let mut values = headers.get_all(RETRY_AFTER).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Self::Nothing;
        };
        let Ok(text) = value.to_str() else {
            return Self::Nothing;
        };
        let text = text.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return match text.parse::<u64>() {
                Ok(seconds @ 1..=LONGEST_SECONDS) => Self::Seconds(Duration::from_secs(seconds)),
                _ => Self::Nothing,
            };
        }
        match httpdate::parse_http_date(text).map(|date| date.duration_since(now)) {
            Ok(Ok(left)) => Self::Date(left),
            _ => Self::Nothing,
        }
    }

    /// How long nobody should call, as told.
    pub(crate) fn delay(self) -> Option<Duration> {
        match self {
            Self::Seconds(delay) => Some(delay),
            Self::Date(left) => Some(left + AFTER_DATE),
            Self::Nothing => None,
        }
    }
}

/// A repeat that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Repeat {
    /// How long to wait before it.
    pub(crate) wait: Duration,
    /// Whether all the workers wait (the service asked for it), or this call alone.
    pub(crate) for_all: bool,
    /// How the repeated call takes its turn.
    pub(crate) manners: Manners,
}

impl Repeat {
    fn together(wait: Duration) -> Self {
        Self { wait, for_all: true, manners: Manners::Paced }
    }

    fn alone(wait: Duration) -> Self {
        Self { wait, for_all: false, manners: Manners::Paced }
    }

    fn hasty(wait: Duration) -> Self {
        Self { wait, for_all: false, manners: Manners::Hasty }
    }
}

/// What follows a 429 or a 503: the repeat due after the `attempt`th attempt (counted from 1), or none any more.
pub(crate) fn after_throttling(
    service: Service,
    status: u16,
    advertised: Advertised,
    attempt: u32,
    flaws: &FlawSet,
) -> Option<Repeat> {
    if gives_up(flaws) {
        return None;
    }
    if let Some((repeat, attempts)) = flawed_repeat(service, status, advertised, flaws) {
        return (attempt < attempts).then_some(repeat);
    }
    match advertised.delay() {
        Some(delay) => (attempt < ATTEMPTS_AS_TOLD).then(|| Repeat::together(heeded(delay, flaws))),
        None => (attempt < ATTEMPTS_WITH_BACK_OFF).then(|| Repeat::together(back_off(attempt))),
    }
}

/// What follows a passing failure of an idempotent call: the repeat due after the `attempt`th attempt, or none.
pub(crate) fn after_failure(attempt: u32, flaws: &FlawSet) -> Option<Repeat> {
    if gives_up(flaws) {
        return None;
    }
    if flaws.has(Flaw::RepeatsRefusals) {
        return (attempt <= REPEATS_OF_REFUSALS).then(|| Repeat::hasty(AT_ONCE));
    }
    if flaws.has(Flaw::HammersOutages) {
        return (attempt < ATTEMPTS_OF_A_HAMMER).then(|| Repeat::hasty(BETWEEN_BLOWS));
    }
    (attempt < ATTEMPTS_AFTER_FAILURE).then(|| Repeat::alone(AFTER_FAILURE))
}

fn gives_up(flaws: &FlawSet) -> bool {
    flaws.has(Flaw::GivesUpAtOnce) || flaws.has(Flaw::FirstFailureIsDone)
}

fn back_off(attempt: u32) -> Duration {
    let doubled = BACK_OFF_FIRST.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
    doubled.min(BACK_OFF_LONGEST)
}

fn heeded(delay: Duration, flaws: &FlawSet) -> Duration {
    if flaws.has(Flaw::CutsLongDelays) {
        return delay.min(LONGEST_WHEN_CUT);
    }
    if flaws.has(Flaw::RetriesEarly) { delay / 2 } else { delay }
}

/// The repeat of a client that does not wait as told, and its number of attempts.
fn flawed_repeat(
    service: Service,
    status: u16,
    advertised: Advertised,
    flaws: &FlawSet,
) -> Option<(Repeat, u32)> {
    let told = advertised != Advertised::Nothing;
    let ignored = match status {
        429 => flaws.has(Flaw::IgnoresRetryAfter),
        _ => flaws.has(Flaw::Ignores503RetryAfter),
    };
    if flaws.has(Flaw::RepeatsRefusals) {
        Some((Repeat::hasty(AT_ONCE), REPEATS_OF_REFUSALS + 1))
    } else if flaws.has(Flaw::Token429HotLoop) && service == Service::Token && status == 429 {
        Some((Repeat::hasty(Duration::ZERO), 11))
    } else if ignored && told {
        Some((Repeat::hasty(Duration::from_millis(30)), 6))
    } else if flaws.has(Flaw::MisreadsRetryAfterDate) && matches!(advertised, Advertised::Date(_)) {
        Some((Repeat::hasty(Duration::from_millis(100)), 6))
    } else if flaws.has(Flaw::HotLoopWithoutRetryAfter) && !told {
        Some((Repeat::hasty(Duration::ZERO), 21))
    } else if flaws.has(Flaw::HammersQuota) && status == 429 {
        Some((Repeat::hasty(BETWEEN_HASTY_CALLS), ATTEMPTS_AGAINST_QUOTA))
    } else if flaws.has(Flaw::UnboundedRetries) && !told && status == 429 {
        Some((Repeat::alone(Duration::from_millis(200)), u32::MAX))
    } else if flaws.has(Flaw::HammersOutages) && !told && status == 503 {
        Some((Repeat::hasty(BETWEEN_BLOWS), ATTEMPTS_OF_A_HAMMER))
    } else {
        None
    }
}

/// The wait of a client that misreads what the refusal advertises, whatever its deadline; none when it does not.
///
/// # Errors
/// It crashes.
pub(crate) fn misread_delay(
    headers: &HeaderMap,
    now: SystemTime,
    flaws: &FlawSet,
) -> Result<Option<Duration>, ClientError> {
    let text = headers.get(RETRY_AFTER).map(|value| value.to_str().unwrap_or_default().trim());
    let digits = text.map(|text| text.trim_start_matches('-'));
    let number = digits.filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    if flaws.has(Flaw::CrashesOnBadDelay) && text.is_some_and(|text| text.parse::<u64>().is_err()) {
        let is_date = text.is_some_and(|text| httpdate::parse_http_date(text).is_ok());
        return if is_date { Ok(None) } else { Err(ClientError::Crash) };
    }
    if flaws.has(Flaw::WaitsAnyDelay)
        && let Some(number) = number
    {
        let seconds: u64 = number.parse().unwrap_or(u64::MAX);
        // A negative number becomes an immense one, as it does without a sign.
        let wraps = text.is_some_and(|text| text.starts_with('-'));
        let immense = wraps || seconds > LONGEST_SECONDS;
        return Ok(immense.then_some(Duration::from_secs(LONGEST_SECONDS)));
    }
    let reset = headers.get("x-rate-limit-reset").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if flaws.has(Flaw::ResetMsAsSeconds)
        && text.is_none()
        && let Some(reset) = reset
    {
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        return Ok(Some(Duration::from_secs(reset.saturating_sub(since.as_secs()).min(LONGEST_SECONDS))));
    }
    Ok(None)
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use std::time::UNIX_EPOCH;

    use hyper::header::HeaderValue;

    use super::*;

    fn read(values: &[&str]) -> Advertised {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(RETRY_AFTER, HeaderValue::from_str(value).unwrap());
        }
        // 1994-11-06T08:49:30Z
        Advertised::read(&headers, UNIX_EPOCH + Duration::from_secs(784_111_770))
    }

    fn decide(advertised: Advertised, attempt: u32, flaws: &FlawSet) -> Option<Repeat> {
        after_throttling(Service::Api, 429, advertised, attempt, flaws)
    }

    #[test]
    fn seconds_and_the_three_forms_of_a_date_are_understood() {
        assert_eq!(read(&["2"]), Advertised::Seconds(Duration::from_secs(2)));
        for date in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(read(&[date]), Advertised::Date(Duration::from_secs(7)));
        }
    }

    #[test]
    fn what_says_nothing_is_not_taken_for_a_delay() {
        for value in ["", "0", "-1", "1.5", "abc", "2 s", "99999999999999999999999", "18446744073709551615"] {
            assert_eq!(read(&[value]), Advertised::Nothing, "{value:?}");
        }
        assert_eq!(read(&["Sun, 06 Nov 1994 08:49:29 GMT"]), Advertised::Nothing, "past");
        assert_eq!(read(&["1", "2"]), Advertised::Nothing, "given twice");
        assert_eq!(read(&[]), Advertised::Nothing);
    }

    #[test]
    fn the_correct_client_waits_as_told_or_backs_off_within_bounds() {
        let none = FlawSet::none();
        let told = Advertised::Seconds(Duration::from_secs(2));
        assert_eq!(decide(told, 1, &none), Some(Repeat::together(Duration::from_secs(2))));
        assert_eq!(decide(told, 10, &none), None);
        let date = Advertised::Date(Duration::from_millis(1500));
        assert_eq!(decide(date, 1, &none).unwrap().wait, Duration::from_millis(1550));
        let waits: Vec<_> =
            (1..=5).map(|n| decide(Advertised::Nothing, n, &none).map(|r| r.wait.as_secs())).collect();
        assert_eq!(waits, [Some(1), Some(2), Some(4), Some(4), None]);
        assert_eq!((1..=3).filter_map(|attempt| after_failure(attempt, &none)).count(), 2);
    }

    #[test]
    fn each_flaw_deviates_on_its_own_case_only() {
        let told = Advertised::Seconds(Duration::from_secs(2));
        let date = Advertised::Date(Duration::from_secs(2));
        let cases = [
            (Service::Api, 429, told),
            (Service::Api, 429, date),
            (Service::Api, 429, Advertised::Nothing),
            (Service::Api, 503, told),
            (Service::Api, 503, Advertised::Nothing),
            (Service::Token, 429, told),
            (Service::Token, 503, told),
        ];
        let deviations = |flaw: Flaw| -> Vec<usize> {
            let of = |flaws: &FlawSet, index: usize| {
                let (service, status, advertised) = cases[index];
                after_throttling(service, status, advertised, 1, flaws)
            };
            let flawed = FlawSet::from(flaw);
            (0..cases.len()).filter(|i| of(&flawed, *i) != of(&FlawSet::none(), *i)).collect()
        };
        assert_eq!(deviations(Flaw::IgnoresRetryAfter), [0, 1, 5]);
        assert_eq!(deviations(Flaw::RetriesEarly), [0, 1, 3, 5, 6]);
        assert_eq!(deviations(Flaw::MisreadsRetryAfterDate), [1]);
        assert_eq!(deviations(Flaw::HotLoopWithoutRetryAfter), [2, 4]);
        assert_eq!(deviations(Flaw::UnboundedRetries), [2]);
        assert_eq!(deviations(Flaw::Ignores503RetryAfter), [3, 6]);
        assert_eq!(deviations(Flaw::Token429HotLoop), [5]);
        assert_eq!(deviations(Flaw::HammersQuota), [0, 1, 2, 5]);
        for flaw in [Flaw::Floods, Flaw::TokenPerCall, Flaw::Retries403] {
            assert_eq!(deviations(flaw), [0_usize; 0]);
        }
    }

    #[test]
    fn flawed_clients_end_too() {
        let count = |flaw: Flaw, advertised| {
            let flaws = FlawSet::from(flaw);
            (1..1000).take_while(|n| decide(advertised, *n, &flaws).is_some()).count()
        };
        assert_eq!(count(Flaw::IgnoresRetryAfter, Advertised::Seconds(Duration::from_secs(1))), 5);
        assert_eq!(count(Flaw::HotLoopWithoutRetryAfter, Advertised::Nothing), 20);
        assert_eq!(count(Flaw::UnboundedRetries, Advertised::Nothing), 999, "its deadline ends it");
    }
}
