//! `not-repeated`: after a refusal that more of the same cannot change, the call is not made again (BANC-REFUS-01).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::context::Scene;
use super::flight::{Flights, call_key};
use super::gap::not_refused;
use super::matcher::{Matcher, api_name};
use super::words::{both, listed, named};
use super::{Finding, Kind, Nature};
use crate::journal::Exchange;
use crate::text::Text;

/// `not-repeated`: the same call is not made again after such an answer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NotRepeated {
    /// The refusal. A 401 may be followed by one repetition with a fresh token.
    pub after: Matcher,
    /// Whether every further call of the same API counts, not only the same call.
    #[serde(default)]
    pub any_call: bool,
    /// Repetitions that are let pass.
    #[serde(default)]
    pub allowed: u32,
}

/// The repetitions of one call after its first refusal.
struct Repeated<'a> {
    refusal: &'a Exchange,
    calls: Vec<u32>,
    allowed: u32,
}

impl Kind for NotRepeated {
    fn title(&self) -> Text {
        if self.any_call {
            both!(
                "Après un refus définitif, le client n’appelle plus cette API",
                "After a final refusal the client calls that API no more"
            )
        } else {
            both!("Un appel refusé n’est pas répété", "A refused call is not made again")
        }
    }

    fn expected(&self, _: &Scene<'_>) -> Text {
        let (what, allowed) = (self.after.describe(), self.allowed);
        Text::new(
            format!(
                "Au plus {allowed} répétition(s) après un appel refusé{} (après un 401, une de plus avec un nouveau jeton).",
                what.fr
            ),
            format!(
                "At most {allowed} repetition(s) after a refused call{} (after a 401, one more with a new token).",
                what.en
            ),
        )
    }

    fn nature(&self) -> Nature {
        Nature::Reaction
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let flights = Flights::new(scene);
        // By step, because processes do not share memory, and by call.
        let mut series: BTreeMap<(Option<u32>, String), Repeated<'_>> = BTreeMap::new();
        let mut refusals = Vec::new();
        for exchange in scene.exchanges() {
            let key = if self.any_call { api_name(exchange.api()).to_owned() } else { call_key(exchange) };
            let key = (exchange.step, key);
            let refused = exchange.response.is_some() && self.after.matches(scene, exchange);
            if refused {
                refusals.push(exchange.number);
            }
            match series.get_mut(&key) {
                Some(repeated) if flights.in_flight(repeated.refusal, exchange) => {}
                Some(repeated) => {
                    let fresh = repeated.refusal.status() == Some(401)
                        && repeated.calls.is_empty()
                        && exchange.header("authorization") != repeated.refusal.header("authorization");
                    repeated.allowed += u32::from(fresh);
                    repeated.calls.push(exchange.number);
                }
                None if refused => {
                    let repeated = Repeated { refusal: exchange, calls: Vec::new(), allowed: self.allowed };
                    series.insert(key, repeated);
                }
                None => {}
            }
        }
        if refusals.is_empty() {
            return not_refused(&self.after);
        }
        let over = |repeated: &&Repeated<'_>| {
            repeated.calls.len() > usize::try_from(repeated.allowed).unwrap_or(usize::MAX)
        };
        if let Some(worst) = series.values().filter(over).max_by_key(|repeated| repeated.calls.len()) {
            return self.broken(worst);
        }
        let count = refusals.len();
        Finding::met(
            both!(
                "{count} refus, sans répétition de trop.",
                "{count} refusal(s), without a repetition too many."
            ),
            both!("Le client a pris acte du refus.", "The client accepted the refusal."),
        )
        .citing(refusals)
    }
}

impl NotRepeated {
    fn broken(&self, repeated: &Repeated<'_>) -> Finding {
        let (count, name, list) = (repeated.calls.len(), named(repeated.refusal), listed(&repeated.calls));
        let status = repeated.refusal.status().unwrap_or_default();
        let api = api_name(repeated.refusal.api());
        let actual = Text::new(
            format!("Refus : {} ; ensuite {count} appel(s) : {}.", name.fr, list.fr),
            format!("Refusal: {}; then {count} call(s): {}.", name.en, list.en),
        );
        let why = if self.any_call {
            both!(
                "Après un {status} définitif, le client a encore appelé l’API {api} {count} fois.",
                "After a final {status} the client called the {api} API {count} more time(s)."
            )
        } else {
            both!(
                "Après un {status}, le client a répété le même appel {count} fois : insister ne change pas un refus.",
                "After a {status} the client made the same call {count} more time(s): insisting does not change a refusal."
            )
        };
        let remedy = both!(
            "Ne réessayez pas un {status} : signalez l’erreur (après un 401, une seule fois, avec un nouveau jeton).",
            "Do not retry a {status}: report the error (after a 401, once only, with a new token)."
        );
        let cited = repeated.calls.iter().copied().take(20).chain([repeated.refusal.number]);
        Finding::broken(actual, why, remedy).citing(cited)
    }
}
