//! One scenario as the page shows it: its checks, and the evidence behind them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::journal::{Body, Evidence, Exchange, Handshake};
use crate::judge::{CheckOutcome, ScenarioOutcome};
use crate::report::asks_for_action;
use crate::report::say::Say;

use super::timeline::Drawing;

/// Bodies are shown up to this many characters; the rest is in the journal.
const LONGEST_BODY: usize = 8_000;
/// No check needs more links than that.
const MOST_LINKS: usize = 24;

pub(crate) struct ScenarioView<'a> {
    pub(crate) scenario: &'a ScenarioOutcome,
    pub(crate) checks: Vec<CheckView<'a>>,
    pub(crate) exchanges: Vec<ExchangeView<'a>>,
    pub(crate) drawing: Option<Drawing>,
    /// Whether its evidence stands open: somebody has to look.
    pub(crate) open: bool,
}

impl<'a> ScenarioView<'a> {
    pub(crate) fn new(scenario: &'a ScenarioOutcome, t: Say) -> Self {
        Self {
            scenario,
            checks: scenario
                .checks
                .iter()
                .map(|check| CheckView { check, exchanges: ExchangeLinks::new(scenario, check) })
                .collect(),
            exchanges: scenario
                .evidence
                .iter()
                .flat_map(|evidence| exchanges(evidence, scenario, t))
                .collect(),
            drawing: scenario.timeline.as_ref().map(|timeline| Drawing::new(scenario, timeline, t)),
            open: asks_for_action(scenario.status),
        }
    }
}

pub(crate) struct CheckView<'a> {
    pub(crate) check: &'a CheckOutcome,
    pub(crate) exchanges: ExchangeLinks,
}

/// The exchanges that a check cites.
pub(crate) struct ExchangeLinks {
    pub(crate) links: Vec<ExchangeLink>,
    /// How many more it cites.
    pub(crate) more: usize,
}

pub(crate) struct ExchangeLink {
    pub(crate) number: u32,
    /// Whether the page shows it.
    pub(crate) shown: bool,
}

impl ExchangeLinks {
    pub(crate) fn new(scenario: &ScenarioOutcome, check: &CheckOutcome) -> Self {
        let shown = |number: u32| {
            let exchanges =
                scenario.evidence.as_ref().map(|evidence| evidence.exchanges.as_slice()).unwrap_or_default();
            exchanges.iter().any(|exchange| exchange.number == number)
        };
        Self {
            links: check
                .exchanges
                .iter()
                .take(MOST_LINKS)
                .map(|&number| ExchangeLink { number, shown: shown(number) })
                .collect(),
            more: check.exchanges.len().saturating_sub(MOST_LINKS),
        }
    }
}

pub(crate) struct ExchangeView<'a> {
    pub(crate) exchange: &'a Exchange,
    /// Since the scenario began, µs.
    pub(crate) offset_us: u64,
    /// From the request's first byte to the answer being ready, ms.
    pub(crate) duration_ms: Option<u64>,
    /// Colour and sign of the status code.
    pub(crate) class: &'static str,
    pub(crate) handshake: Option<&'a Handshake>,
    pub(crate) request_body: BodyView,
    pub(crate) response_body: BodyView,
    /// Checks that cite it.
    pub(crate) cited_by: Vec<&'a CheckOutcome>,
    /// Whether one of them asks somebody to look: it is printed open.
    pub(crate) matters: bool,
}

fn exchanges<'a>(evidence: &'a Evidence, scenario: &'a ScenarioOutcome, t: Say) -> Vec<ExchangeView<'a>> {
    let mut cited: BTreeMap<u32, Vec<&CheckOutcome>> = BTreeMap::new();
    for check in &scenario.checks {
        for number in &check.exchanges {
            cited.entry(*number).or_default().push(check);
        }
    }
    let view = |exchange: &'a Exchange| {
        let received = exchange.request.first_byte_us;
        let cited_by = cited.remove(&exchange.number).unwrap_or_default();
        ExchangeView {
            exchange,
            offset_us: received.saturating_sub(evidence.started_us),
            duration_ms: exchange.ready_us().map(|ready| ready.saturating_sub(received) / 1_000),
            class: status_class(exchange.status()),
            handshake: evidence.handshake(exchange),
            request_body: BodyView::new(&exchange.request.body, t),
            response_body: exchange
                .response
                .as_ref()
                .map(|one| BodyView::new(&one.body, t))
                .unwrap_or_default(),
            matters: cited_by.iter().any(|check| asks_for_action(check.status)),
            cited_by,
        }
    };
    evidence.exchanges.iter().map(view).collect()
}

/// The class of a status code: what the style sheet and the timeline draw it as.
pub(crate) fn status_class(status: Option<u16>) -> &'static str {
    match status {
        None => "none",
        Some(429) => "throttled",
        Some(100..=399) => "fine",
        Some(400..=499) => "refused",
        Some(_) => "broken",
    }
}

/// A body as the page shows it.
#[derive(Default)]
pub(crate) struct BodyView {
    pub(crate) size: u64,
    pub(crate) text: Option<String>,
    /// Name of its file in `bodies/`.
    pub(crate) file: Option<String>,
    pub(crate) truncated: bool,
}

impl BodyView {
    fn new(body: &Body, t: Say) -> Self {
        let text = body.text.as_deref().filter(|text| !text.is_empty());
        Self {
            size: body.size,
            text: text.map(|text| t.cut(pretty(text), LONGEST_BODY)),
            file: body.file.clone().filter(|file| is_plain_name(file)),
            truncated: body.truncated,
        }
    }
}

/// JSON with one member a line; anything else as it is.
fn pretty(text: &str) -> String {
    serde_json::from_str::<Value>(text)
        .ok()
        .and_then(|value| serde_json::to_string_pretty(&value).ok())
        .unwrap_or_else(|| text.to_owned())
}

/// A journal may come from somebody else: a link never leaves `bodies/`.
fn is_plain_name(file: &str) -> bool {
    !file.starts_with('.')
        && !file.is_empty()
        && file.len() <= 128
        && file.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_bodies_stay_in_their_folder() {
        assert!(is_plain_name("5fab01.json"));
        for name in ["", "../report.json", "a/b", ".hidden", "javascript:x", "a b"] {
            assert!(!is_plain_name(name), "{name}");
        }
    }

    #[test]
    fn json_is_laid_out_and_the_rest_is_not_touched() {
        assert_eq!(pretty("{\"b\":1,\"a\":[]}"), "{\n  \"b\": 1,\n  \"a\": []\n}");
        assert_eq!(pretty("grant_type=client_credentials"), "grant_type=client_credentials");
    }
}
