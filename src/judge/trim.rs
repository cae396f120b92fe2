//! Cuts the evidence of a scenario to what a report shows: cited exchanges first, then the earliest.

use std::collections::BTreeSet;

use super::outcome::CheckOutcome;
use crate::journal::Evidence;

/// Exchanges shown, unless more of them are cited.
const SHOWN: usize = 200;
/// Connections shown that carry no exchange (failed handshakes, mostly).
const BARE_CONNECTIONS: usize = 50;

/// The evidence with at most 200 exchanges (all cited ones are kept), and how many were left out.
pub(super) fn trim(mut evidence: Evidence, checks: &[CheckOutcome]) -> (Evidence, usize) {
    let total = evidence.exchanges.len();
    let mut kept: BTreeSet<u32> = checks.iter().flat_map(|check| check.exchanges.iter().copied()).collect();
    for exchange in &evidence.exchanges {
        if kept.len() >= SHOWN {
            break;
        }
        kept.insert(exchange.number);
    }
    evidence.exchanges.retain(|exchange| kept.contains(&exchange.number));
    let used: BTreeSet<u32> = evidence.exchanges.iter().map(|exchange| exchange.request.connection).collect();
    let mut bare = 0;
    evidence.connections.retain(|number, _| {
        used.contains(number) || {
            bare += 1;
            bare <= BARE_CONNECTIONS
        }
    });
    for step in &mut evidence.steps {
        if let Some(result) = step.ended.as_mut().and_then(|ended| ended.result.as_mut())
            && result.integrated_kept.is_some()
        {
            result.integrated = None;
        }
    }
    let hidden = total - evidence.exchanges.len();
    (evidence, hidden)
}
