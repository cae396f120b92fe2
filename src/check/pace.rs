//! `pace`: the client's own pace against the level-2 quota, step by step and API by API.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::context::{Report, Scene, counts_for_service, report};
use super::matcher::api_name;
use super::noise::{DECIDABLE_US, Noise};
use super::words::{both, ms};
use super::{Finding, Kind, Nature};
use crate::journal::{Api, Exchange, Run};
use crate::text::Text;

/// `pace`: the client's own pace.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pace {
    /// Which reading of the quota.
    pub bound: PaceBound,
}

/// Readings of the level-2 quota Q.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PaceBound {
    /// At most Q × (T + 1) calls in any T seconds (BANC-PACE-01).
    AnyWindow,
    /// At most Q calls in any sliding second (BANC-PACE-02).
    SlidingSecond,
}

/// Arrivals may be closer together than departures by so much.
const GRACE_US: i64 = 50_000;
const SECOND_US: i64 = 1_000_000;

/// What was held up by a stall is read so soon after it: 20 ms.
const AFTERMATH_US: u64 = 20_000;

/// A call as it was read, and when it may have left the client at the earliest, µs.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    at: i64,
    earliest: i64,
    number: u32,
}

/// The window that comes nearest to its bound, or exceeds it most.
#[derive(Debug, Clone, Copy)]
struct Window {
    first: u32,
    last: u32,
    calls: i64,
    span_us: i64,
    /// Calls × 10⁶ beyond the bound; negative: below it. Wide enough for any quota and any clock.
    excess: i128,
}

/// Calls by run and API.
type Series<'a> = BTreeMap<(Run, Api), Vec<&'a Exchange>>;

impl Kind for Pace {
    fn title(&self) -> Text {
        match self.bound {
            PaceBound::AnyWindow => both!(
                "Le client règle lui-même son allure sur le quota du service",
                "The client keeps its own pace within the service's quota"
            ),
            PaceBound::SlidingSecond => both!(
                "Le client ne dépasse le quota dans aucune seconde glissante",
                "The client exceeds the quota in no sliding second"
            ),
        }
    }

    fn expected(&self, scene: &Scene<'_>) -> Text {
        let quota = main_quota(scene, &series(scene));
        match self.bound {
            PaceBound::AnyWindow => both!(
                "Au plus {quota} × (T + 1) appels dans toute fenêtre de T secondes, par API.",
                "At most {quota} × (T + 1) calls in any window of T seconds, per API."
            ),
            PaceBound::SlidingSecond => both!(
                "Au plus {quota} appels dans toute seconde glissante, par API.",
                "At most {quota} calls in any sliding second, per API."
            ),
        }
    }

    fn nature(&self) -> Nature {
        Nature::Form
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let series = series(scene);
        let quota = i64::from(main_quota(scene, &series));
        let of = |api: Api| i64::from(scene.evidence.setting.quotas.level_2_of(api));
        let longest = series.values().map(Vec::len).max().unwrap_or(0);
        let noise = Noise::of(scene.evidence);
        let worst = series
            .iter()
            .filter_map(|((_, api), calls)| Some((*api, self.worst(calls, of(*api), &noise, DECIDABLE_US)?)))
            .max_by_key(|(_, window)| window.excess);
        let Some((api, window)) = worst.filter(|_| quota > 0) else {
            return too_short(longest, quota);
        };
        let proved = || {
            series
                .iter()
                .filter_map(|((_, api), calls)| self.worst(calls, of(*api), &noise, u64::MAX))
                .any(|window| window.excess > 0)
        };
        let mut finding = if window.excess > 0 && !proved() {
            bunched(&window, scene, &noise)
        } else if window.excess > 0 {
            self.too_fast(scene, api, &window)
        } else if i64::try_from(longest).unwrap_or(i64::MAX) < 2 * quota && !is_done(scene) {
            too_short(longest, quota)
        } else {
            let (calls, span, first, last) =
                (window.calls, span_ms(window.span_us), window.first, window.last);
            Finding::met(
                both!(
                    "Série de {longest} appels ; passage le plus dense : {calls} appels en {span} (échanges {first} à {last}).",
                    "A series of {longest} calls; densest stretch: {calls} calls in {span} (exchanges {first} to {last})."
                ),
                both!("L’allure du client respecte le quota.", "The client's pace respects the quota."),
            )
            .citing([window.first, window.last])
        };
        // CHA-Q-03 gives 5/s to APIs without authentication: that this is profile 0 is an assumption of the bench.
        finding.at_most_should = scene.evidence.setting.profile == 0 && api != Api::Capacity;
        finding
    }
}

impl Pace {
    /// The worst window when each call may have left the client earlier by the stall in which it was read, `at_most`
    /// so much.
    fn worst(self, calls: &[&Exchange], quota: i64, noise: &Noise<'_>, at_most: u64) -> Option<Window> {
        let signed = |us: u64| i64::try_from(us).unwrap_or(i64::MAX / 4096);
        let mut times: Vec<Arrival> = calls
            .iter()
            .map(|call| {
                let read = call.request.first_byte_us;
                let late = noise.met(read.saturating_sub(AFTERMATH_US), read).min(at_most);
                Arrival { at: signed(read), earliest: signed(read.saturating_sub(late)), number: call.number }
            })
            .collect();
        times.sort_unstable_by_key(|arrival| (arrival.at, arrival.number));
        // A stretch of calls begins as early as any of them may have left, not only the one that was read first.
        let mut earliest = i64::MAX;
        for arrival in times.iter_mut().rev() {
            earliest = earliest.min(arrival.earliest);
            arrival.earliest = earliest;
        }
        match self.bound {
            PaceBound::AnyWindow => any_window(&times, quota),
            PaceBound::SlidingSecond => sliding_second(&times, quota),
        }
    }

    fn too_fast(self, scene: &Scene<'_>, api: Api, window: &Window) -> Finding {
        let (calls, span, first, last) = (window.calls, span_ms(window.span_us), window.first, window.last);
        let (api, quota) = (api_name(api), scene.evidence.setting.quotas.level_2_of(api));
        let actual = both!(
            "API {api} : {calls} appels en {span} (échanges {first} à {last}).",
            "{api} API: {calls} calls in {span} (exchanges {first} to {last})."
        );
        let why = match self.bound {
            PaceBound::AnyWindow => {
                let allowed =
                    i128::from(quota) * i128::from(window.span_us + SECOND_US) / i128::from(SECOND_US);
                both!(
                    "Le client a fait {calls} appels en {span} : le quota de {quota} par seconde en admet {allowed}, quelle que soit la façon de le compter.",
                    "The client made {calls} calls in {span}: the quota of {quota} a second admits {allowed}, whichever way it is counted."
                )
            }
            PaceBound::SlidingSecond => both!(
                "Le client a fait {calls} appels en moins d’une seconde, pour un quota de {quota}.",
                "The client made {calls} calls in less than one second, with a quota of {quota}."
            ),
        };
        let remedy = both!(
            "Répartissez les appels dans le temps, tous fils d’exécution confondus : au plus {quota} par seconde et par API.",
            "Spread the calls over time, all workers together: at most {quota} a second for each API."
        );
        Finding::broken(actual, why, remedy).citing([first, last])
    }
}

/// The quota of the API that the check is mostly about: that with the longest series.
fn main_quota(scene: &Scene<'_>, series: &Series<'_>) -> u32 {
    let longest = series.iter().max_by_key(|(_, calls)| calls.len());
    let quotas = &scene.evidence.setting.quotas;
    longest.map_or(quotas.level_2, |((_, api), _)| quotas.level_2_of(*api))
}

/// Calls of the service by step and API: each step is a process of its own, that knows nothing of the one before.
fn series<'a>(scene: &Scene<'a>) -> Series<'a> {
    let mut series = Series::new();
    for exchange in scene.exchanges().filter(|exchange| exchange.api() != Api::Elsewhere) {
        if let Some(run) = exchange.run().filter(|_| counts_for_service(exchange)) {
            series.entry((run, exchange.api())).or_default().push(exchange);
        }
    }
    series
}

/// Whether the client did the whole of what was asked: then a short series is one that needed few calls.
fn is_done(scene: &Scene<'_>) -> bool {
    scene.steps().all(|step| matches!(report(step), Report::Ok))
}

fn too_short(longest: usize, quota: i64) -> Finding {
    let wanted = 2 * quota;
    Finding::undecided(
        both!("Plus longue série : {longest} appels.", "Longest series: {longest} calls."),
        both!(
            "La série est trop courte pour juger l’allure du client : il en faudrait {wanted}.",
            "The series is too short to judge the client's pace: it would take {wanted}."
        ),
    )
}

/// Too many calls at once, that a stall of the bench may have brought together.
fn bunched(window: &Window, scene: &Scene<'_>, noise: &Noise<'_>) -> Finding {
    let read = |number| scene.evidence.exchange(number).map_or(0, |exchange| exchange.request.first_byte_us);
    let stalled = noise.met(read(window.first).saturating_sub(AFTERMATH_US), read(window.last));
    let (calls, span, noise) = (window.calls, span_ms(window.span_us), ms(stalled));
    Finding::undecided(
        both!("{calls} appels en {span}.", "{calls} calls in {span}."),
        both!(
            "La machine du banc a pris jusqu’à {noise} de retard et a pu lire d’un coup des appels espacés. Rejouez sur une machine moins chargée.",
            "The bench's machine was up to {noise} late and may have read spaced calls all at once. Play again on a less loaded machine."
        ),
    )
    .citing([window.first, window.last])
}

/// Over all windows from a call to a later one: calls − Q × (T + 1 + grace), all times 10⁶. One pass: the best start
/// for each end is the one with the least `index − Q × t` so far.
fn any_window(times: &[Arrival], quota: i64) -> Option<Window> {
    let mut start: Option<(i128, usize)> = None;
    let mut worst: Option<Window> = None;
    let times_quota = |us: i64| i128::from(quota) * i128::from(us);
    for (index, arrival) in times.iter().enumerate() {
        let (at, last) = (arrival.at, arrival.number);
        let position = i128::try_from(index).ok()? * i128::from(SECOND_US);
        let begins = position - times_quota(arrival.earliest);
        if start.is_none_or(|(least, _)| begins < least) {
            start = Some((begins, index));
        }
        let (least, from) = start?;
        let excess =
            position - times_quota(at) + i128::from(SECOND_US) - least - times_quota(SECOND_US + GRACE_US);
        if worst.is_none_or(|window| excess > window.excess) {
            let (calls, first) = (i64::try_from(index - from + 1).ok()?, times[from]);
            worst = Some(Window { first: first.number, last, calls, span_us: at - first.at, excess });
        }
    }
    worst
}

fn sliding_second(times: &[Arrival], quota: i64) -> Option<Window> {
    let mut from = 0;
    let mut worst: Option<Window> = None;
    for (index, arrival) in times.iter().enumerate() {
        let (at, last) = (arrival.at, arrival.number);
        // Beyond `index` when this call itself may have left a second before it was read.
        while from <= index && at - times[from].earliest >= SECOND_US - GRACE_US {
            from += 1;
        }
        let calls = i64::try_from((index + 1).saturating_sub(from)).ok()?;
        let excess = i128::from(calls - quota) * i128::from(SECOND_US);
        if let Some(first) = times[..=index].get(from)
            && worst.is_none_or(|window| excess > window.excess)
        {
            worst = Some(Window { first: first.number, last, calls, span_us: at - first.at, excess });
        }
    }
    worst
}

fn span_ms(us: i64) -> String {
    ms(u64::try_from(us).unwrap_or(0))
}
