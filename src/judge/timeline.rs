//! Facts for the drawing of scenarios about quotas, waits and pace.

use std::collections::BTreeSet;

use super::outcome::{CheckOutcome, Mark, Status, Timeline, Wait};
use crate::check::{Expect, advertised_wait};
use crate::journal::{Api, Evidence, Exchange};
use crate::scenario::Scenario;

/// Marks drawn at most.
const MARKS: usize = 2_000;
/// A wait is drawn so far beyond the last mark at most, µs.
const BEYOND_US: u64 = 5_000_000;

/// The drawing; none for scenarios that are about something else.
pub(super) fn draw(
    scenario: &Scenario,
    evidence: &Evidence,
    checks: &[CheckOutcome],
    epoch_us: Option<i64>,
) -> Option<Timeline> {
    let about_time =
        |expect: &Expect| matches!(expect, Expect::Gap(_) | Expect::BackOff(_) | Expect::Pace(_));
    let refused = |exchange: &Exchange| matches!(exchange.status(), Some(429 | 503));
    let asked = |exchange: &Exchange| advertised_wait(exchange, epoch_us).filter(|_| refused(exchange));
    let wanted = scenario.checks.iter().any(|check| about_time(&check.expect))
        || evidence.exchanges.iter().any(refused);
    if !wanted || evidence.exchanges.is_empty() {
        return None;
    }
    let accused: BTreeSet<u32> = checks
        .iter()
        .filter(|check| matches!(check.status, Status::Fail | Status::Warn))
        .flat_map(|check| check.exchanges.iter().copied())
        .collect();
    let since = |at: u64| at.saturating_sub(evidence.started_us);
    let marks: Vec<Mark> = evidence
        .exchanges
        .iter()
        .take(MARKS)
        .map(|exchange| Mark {
            exchange: exchange.number,
            at_us: since(exchange.request.first_byte_us),
            lane: lane(exchange),
            status: exchange.status(),
            asked_us: asked(exchange).map(|wait| wait.wait_us),
            accused: accused.contains(&exchange.number),
        })
        .collect();
    let last = marks.iter().map(|mark| mark.at_us).max().unwrap_or(0);
    let waits: Vec<Wait> = evidence
        .exchanges
        .iter()
        .take(MARKS)
        .filter_map(|exchange| {
            let wait = asked(exchange)?;
            let from_us = since(exchange.ready_us()?);
            let to_us = from_us.saturating_add(wait.wait_us).min(last.max(from_us).saturating_add(BEYOND_US));
            Some(Wait { lane: lane(exchange), from_us, to_us })
        })
        .collect();
    let end_us = waits.iter().map(|wait| wait.to_us).max().unwrap_or(0).max(last);
    Some(Timeline { end_us, marks, waits })
}

/// Token endpoint and APIs apart, and so is each instance of the client: none waits for another's refusal.
fn lane(exchange: &Exchange) -> &'static str {
    const TOKEN: [&str; 9] =
        ["token", "token 1", "token 2", "token 3", "token 4", "token 5", "token 6", "token 7", "token 8"];
    const API: [&str; 9] = ["api", "api 1", "api 2", "api 3", "api 4", "api 5", "api 6", "api 7", "api 8"];
    let lanes = if exchange.api() == Api::Token { TOKEN } else { API };
    let instance = exchange.instance.and_then(|instance| usize::try_from(instance).ok()).unwrap_or(0);
    lanes.get(instance).copied().unwrap_or(lanes[0])
}
