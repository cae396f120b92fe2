//! What failed and what to do: the checks that somebody has to act upon, the worst first.

use crate::judge::{CheckOutcome, Outcome, ScenarioOutcome};
use crate::report::{asks_for_action, worst_first};

use super::scenario::ExchangeLinks;

/// One card.
pub(crate) struct Action<'a> {
    pub(crate) scenario: &'a ScenarioOutcome,
    pub(crate) check: &'a CheckOutcome,
    pub(crate) exchanges: ExchangeLinks,
}

/// The cards, in order.
pub(crate) fn list(outcome: &Outcome) -> Vec<Action<'_>> {
    let all = worst_first(outcome).into_iter().filter(|(_, check)| asks_for_action(check.status));
    all.map(|(scenario, check)| Action { scenario, check, exchanges: ExchangeLinks::new(scenario, check) })
        .collect()
}
