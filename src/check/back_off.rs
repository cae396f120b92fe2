//! `back-off`: attempts after refusals without a usable delay are spaced and bounded. A budget, not a shape: jitter
//! and constant spacing are both fine.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Seconds;
use super::context::Scene;
use super::flight::{Flights, call_key};
use super::gap::not_refused;
use super::matcher::Matcher;
use super::wait::TOLERANCE_US;
use super::words::{both, ms, named};
use super::{Finding, Kind, Nature, Verdict};
use crate::journal::Exchange;
use crate::text::Text;

/// `back-off`: attempts after refusals without a usable delay.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BackOff {
    /// The refusals.
    pub after: Matcher,
    /// Shortest time between a refusal and the next attempt of the same call.
    pub floor: Seconds,
    /// Most attempts of the same call that are refused, over the whole scenario.
    pub attempts: u32,
}

impl Kind for BackOff {
    fn title(&self) -> Text {
        both!(
            "Après un refus sans délai utilisable, le client espace ses tentatives et en limite le nombre",
            "After a refusal without a usable delay the client spaces its attempts and bounds their number"
        )
    }

    fn expected(&self, _: &Scene<'_>) -> Text {
        let (floor, attempts) = (ms(self.floor.micros()), self.attempts);
        both!(
            "Au moins {floor} entre un refus et la tentative suivante du même appel ; au plus {attempts} tentatives refusées.",
            "At least {floor} between a refusal and the next attempt of the same call; at most {attempts} refused attempts."
        )
    }

    fn nature(&self) -> Nature {
        Nature::Reaction
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let flights = Flights::new(scene);
        let mut calls: BTreeMap<String, Vec<(&Exchange, bool)>> = BTreeMap::new();
        let mut refusals = Vec::new();
        for exchange in scene.exchanges() {
            let refused = exchange.response.is_some() && self.after.matches(scene, exchange);
            if refused {
                refusals.push(exchange.number);
            }
            calls.entry(call_key(exchange)).or_default().push((exchange, refused));
        }
        if refusals.is_empty() {
            return not_refused(&self.after);
        }
        let mut smallest: Option<Gap<'_>> = None;
        let mut short = 0;
        let mut in_doubt = false;
        let mut most: (u32, Vec<u32>) = (0, Vec::new());
        for series in calls.values() {
            let (gaps, doubtful) = gaps(&flights, series);
            in_doubt |= doubtful;
            short = short.max(gaps.iter().filter(|gap| self.is_short(gap.0)).count());
            if let Some(found) = gaps.into_iter().min_by_key(|gap| gap.0)
                && smallest.is_none_or(|(least, ..)| found.0 < least)
            {
                smallest = Some(found);
            }
            let attempts = attempts(&flights, series);
            if attempts.0 > most.0 {
                most = attempts;
            }
        }
        let finding = self.conclude(&refusals, (smallest, short), most);
        if in_doubt && finding.verdict == Verdict::Met { stalled(finding) } else { finding }
    }
}

impl BackOff {
    fn is_short(&self, gap_us: u64) -> bool {
        gap_us < self.floor.micros().saturating_sub(TOLERANCE_US)
    }

    fn conclude(
        &self,
        refusals: &[u32],
        (smallest, short): (Option<Gap<'_>>, usize),
        (attempts, cited): (u32, Vec<u32>),
    ) -> Finding {
        let floor = self.floor.micros();
        let actual = match smallest {
            Some((gap, refusal, call)) => {
                let (gap, refused, next) = (ms(gap), refusal.number, call.number);
                both!(
                    "{attempts} tentative(s) refusée(s) du même appel ; plus court intervalle {gap} (échanges {refused} et {next}).",
                    "{attempts} refused attempt(s) of the same call; shortest interval {gap} (exchanges {refused} and {next})."
                )
            }
            None => both!(
                "{attempts} tentative(s) refusée(s), aucune répétition du même appel.",
                "{attempts} refused attempt(s), the same call never repeated."
            ),
        };
        if let Some((gap, refusal, call)) = smallest
            && self.is_short(gap)
        {
            let (gap, floor, name) = (ms(gap), ms(floor), named(call));
            let why = Text::new(
                format!(
                    "Le client a répété l’appel refusé {gap} après le refus, au lieu de {floor} au moins : {}.",
                    name.fr
                ),
                format!(
                    "The client repeated the refused call {gap} after the refusal instead of {floor} at least: {}.",
                    name.en
                ),
            );
            let remedy = both!(
                "Sans délai annoncé, attendez un temps qui croît à chaque tentative (par exemple 1 s, 2 s, 4 s).",
                "Without an advertised delay, wait for a time that grows with each attempt (for instance 1 s, 2 s, 4 s)."
            );
            let mut finding = Finding::broken(actual, why, remedy).citing([refusal.number, call.number]);
            // Public HTTP libraries repeat once at once and then back off: that is no loop.
            finding.at_most_should = short == 1 && attempts <= self.attempts;
            return finding;
        }
        if attempts > self.attempts {
            let most = self.attempts;
            let why = both!(
                "Le même appel a été refusé {attempts} fois : le client aurait dû renoncer après {most} tentatives.",
                "The same call was refused {attempts} times: the client should have given up after {most} attempts."
            );
            let remedy = both!(
                "Limitez le nombre de tentatives, puis signalez une erreur.",
                "Bound the number of attempts, then report an error."
            );
            return Finding::broken(actual, why, remedy).citing(cited);
        }
        let why = both!(
            "Les tentatives sont espacées et leur nombre est limité.",
            "The attempts are spaced and their number is bounded."
        );
        Finding::met(actual, why).citing(refusals.iter().copied())
    }
}

/// Time from a refusal to the next attempt of the same call, µs, and both.
type Gap<'a> = (u64, &'a Exchange, &'a Exchange);

/// A stall of the bench's machine leaves it open whether some of the attempts were in flight.
fn stalled(finding: Finding) -> Finding {
    let why = both!(
        "La machine du banc a pris du retard entre un refus et la tentative suivante : on ne sait pas si celle-ci était déjà partie. Rejouez sur une machine moins chargée.",
        "The bench's machine was late between a refusal and the next attempt: whether that had left already is not known. Play again on a less loaded machine."
    );
    Finding::undecided(finding.actual, why).citing(finding.exchanges)
}

/// The times between a refusal and the next attempt of the same call in the same step, those in flight left out; and
/// whether a stall of the bench leaves some of them open.
fn gaps<'a>(flights: &Flights<'_>, series: &[(&'a Exchange, bool)]) -> (Vec<Gap<'a>>, bool) {
    let mut gaps = Vec::new();
    let mut in_doubt = false;
    for (index, (refusal, refused)) in series.iter().enumerate() {
        let Some(ready) = refusal.ready_us().filter(|_| *refused) else { continue };
        let next = series[index + 1..]
            .iter()
            .take(200)
            .map(|(call, _)| *call)
            .find(|call| call.run() == refusal.run() && !flights.in_flight(refusal, call));
        match next {
            Some(call) if flights.in_doubt(refusal, call) => in_doubt = true,
            Some(call) => gaps.push((call.request.first_byte_us.saturating_sub(ready), *refusal, call)),
            None => {}
        }
    }
    (gaps, in_doubt)
}

/// Refused attempts of one call; those that were under way together count once.
fn attempts(flights: &Flights<'_>, series: &[(&Exchange, bool)]) -> (u32, Vec<u32>) {
    let mut count = 0;
    let mut cited = Vec::new();
    let mut burst: Option<&Exchange> = None;
    for (exchange, _) in series.iter().filter(|(_, refused)| *refused) {
        if !burst.is_some_and(|first| flights.in_flight(first, exchange)) {
            count += 1;
            burst = Some(exchange);
        }
        cited.push(exchange.number);
    }
    (count, cited)
}
