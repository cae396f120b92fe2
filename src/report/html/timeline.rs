//! The drawing of a scenario about quotas: one lane per API, a mark per request, the waits that were asked for; and the
//! same facts as a table for those who do not see the drawing.

use std::collections::{BTreeMap, BTreeSet};

use crate::judge::{Mark, ScenarioOutcome, Timeline, Wait};
use crate::report::dates;
use crate::report::say::Say;
use crate::text::Lang;

use super::scenario::status_class;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 96.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 14.0;
const LANE: f64 = 76.0;
/// More marks than that say nothing to the eye; the accused ones are always drawn.
const MOST_MARKS: usize = 1_500;
/// Rows of the table.
const MOST_ROWS: usize = 400;
/// Numbers closer than that would cover one another.
const LABEL_WIDTH: f64 = 17.0;

/// A drawing, in the units of its view box.
pub(crate) struct Drawing {
    pub(crate) height: f64,
    pub(crate) axis: f64,
    pub(crate) lanes: Vec<Lane>,
    pub(crate) ticks: Vec<Tick>,
    pub(crate) waits: Vec<WaitBox>,
    pub(crate) marks: Vec<MarkSign>,
    pub(crate) rows: Vec<GapRow>,
    /// Marks that are not drawn.
    pub(crate) hidden: usize,
    pub(crate) description: String,
}

pub(crate) struct Lane {
    pub(crate) name: &'static str,
    pub(crate) middle: f64,
}

pub(crate) struct Tick {
    pub(crate) x: f64,
    pub(crate) label: String,
}

pub(crate) struct WaitBox {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) length: String,
}

pub(crate) struct MarkSign {
    pub(crate) exchange: u32,
    pub(crate) x: f64,
    pub(crate) y: f64,
    /// `fine`, `throttled`, `refused`, `broken` or `none`: decides shape and colour.
    pub(crate) class: &'static str,
    pub(crate) accused: bool,
    pub(crate) labelled: bool,
    pub(crate) shown: bool,
    pub(crate) title: String,
}

/// A row of the table.
pub(crate) struct GapRow {
    pub(crate) exchange: u32,
    pub(crate) shown: bool,
    pub(crate) lane: &'static str,
    pub(crate) at_us: u64,
    pub(crate) status: Option<u16>,
    /// The delay that the answer asks for, µs.
    pub(crate) asked_us: Option<u64>,
    /// Since the request before in the same lane, µs.
    pub(crate) gap_us: Option<u64>,
    /// Inside a wait: how much of it was still to come, µs.
    pub(crate) early_us: Option<u64>,
    pub(crate) accused: bool,
}

impl Drawing {
    pub(crate) fn new(scenario: &ScenarioOutcome, timeline: &Timeline, t: Say) -> Self {
        let last =
            timeline.marks.iter().map(|mark| mark.at_us).chain(timeline.waits.iter().map(|wait| wait.to_us));
        let end = last.chain([timeline.end_us, 1]).max().unwrap_or(1);
        let x = |us: u64| LEFT + us as f64 / end as f64 * (WIDTH - LEFT - RIGHT);
        let lanes = lanes(timeline);
        let middle = |name: &str| lanes.iter().find(|lane| lane.name == name).map_or(TOP, |lane| lane.middle);
        let axis = TOP + LANE * lanes.len() as f64;
        let exchanges = scenario.evidence.iter().flat_map(|evidence| &evidence.exchanges);
        let exchanges: BTreeSet<u32> = exchanges.map(|exchange| exchange.number).collect();
        let shown = |number: u32| exchanges.contains(&number);
        let drawn: Vec<&Mark> = timeline
            .marks
            .iter()
            .enumerate()
            .filter(|(index, mark)| *index < MOST_MARKS || mark.accused)
            .map(|(_, mark)| mark)
            .collect();
        let mut labelled_until = BTreeMap::new();
        let signs = drawn.iter().map(|mark| {
            let at = x(mark.at_us);
            let until = labelled_until.entry(mark.lane).or_insert(0.0);
            let labelled = at >= *until;
            if labelled {
                *until = at + LABEL_WIDTH;
            }
            MarkSign {
                exchange: mark.exchange,
                x: at,
                y: middle(mark.lane),
                class: status_class(mark.status),
                accused: mark.accused,
                labelled,
                shown: shown(mark.exchange),
                title: title(mark, t),
            }
        });
        let marks: Vec<MarkSign> = signs.collect();
        Self {
            height: axis + 34.0,
            axis,
            ticks: ticks(end, t).into_iter().map(|(us, label)| Tick { x: x(us), label }).collect(),
            waits: timeline
                .waits
                .iter()
                .take(MOST_ROWS)
                .map(|wait| WaitBox {
                    x: x(wait.from_us),
                    y: middle(wait.lane) - LANE / 2.0 + 6.0,
                    width: (x(wait.to_us) - x(wait.from_us)).max(1.0),
                    length: t.seconds(&wait.to_us.saturating_sub(wait.from_us)),
                })
                .collect(),
            hidden: timeline.marks.len() - marks.len(),
            rows: rows(timeline, &shown),
            description: description(timeline, end, t),
            marks,
            lanes,
        }
    }
}

/// The lanes that something happened in, tokens above.
fn lanes(timeline: &Timeline) -> Vec<Lane> {
    let marks = timeline.marks.iter().map(|mark| mark.lane);
    let names: BTreeSet<(bool, &str)> = marks
        .chain(timeline.waits.iter().map(|wait| wait.lane))
        .map(|name| (!name.starts_with("token"), name))
        .collect();
    let names = names.into_iter().map(|(_, name)| name);
    names.enumerate().map(|(index, name)| Lane { name, middle: TOP + LANE * (index as f64 + 0.5) }).collect()
}

fn title(mark: &Mark, t: Say) -> String {
    let status =
        mark.status.map_or_else(|| t.of("sans réponse", "no answer").to_owned(), |status| status.to_string());
    let head = match t.lang {
        Lang::Fr => format!("échange {}", mark.exchange),
        Lang::En => format!("exchange {}", mark.exchange),
    };
    format!("{head} · {status} · {}\u{a0}s", t.seconds(&mark.at_us))
}

fn description(timeline: &Timeline, end: u64, t: Say) -> String {
    let (requests, waits) = (timeline.marks.len(), timeline.waits.len());
    let refused = timeline.marks.iter().filter(|mark| mark.status == Some(429)).count();
    let end = t.seconds(&end);
    match t.lang {
        Lang::Fr => format!(
            "Requêtes reçues : {requests}, dont refusées par 429 : {refused} ; attentes demandées : {waits} ; \
             durée : {end} s. Le tableau qui suit donne chaque écart."
        ),
        Lang::En => format!(
            "Requests received: {requests}, of which refused with 429: {refused}; waits asked for: {waits}; \
             length: {end} s. The table below gives each gap."
        ),
    }
}

/// Round times along the axis, at most eleven of them.
fn ticks(end: u64, t: Say) -> Vec<(u64, String)> {
    const STEPS_MS: [u64; 13] =
        [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000];
    let step = STEPS_MS.iter().map(|ms| ms * 1_000).find(|step| end / step <= 10).unwrap_or(end / 10 + 1);
    let label = |us: u64| {
        if step % 1_000_000 == 0 { (us / 1_000_000).to_string() } else { dates::seconds_short(us, t.lang) }
    };
    (0..=end / step).map(|index| (index * step, label(index * step))).collect()
}

fn rows(timeline: &Timeline, shown: &dyn Fn(u32) -> bool) -> Vec<GapRow> {
    let mut before = BTreeMap::new();
    let row = |mark: &Mark| GapRow {
        exchange: mark.exchange,
        shown: shown(mark.exchange),
        lane: mark.lane,
        at_us: mark.at_us,
        status: mark.status,
        asked_us: mark.asked_us,
        gap_us: before.insert(mark.lane, mark.at_us).map(|earlier: u64| mark.at_us.saturating_sub(earlier)),
        early_us: timeline.waits.iter().filter_map(|wait| early(mark, wait)).max(),
        accused: mark.accused,
    };
    timeline.marks.iter().take(MOST_ROWS).map(row).collect()
}

fn early(mark: &Mark, wait: &Wait) -> Option<u64> {
    (mark.lane == wait.lane && mark.at_us > wait.from_us && mark.at_us < wait.to_us)
        .then(|| wait.to_us - mark.at_us)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn drawing(timeline: &Timeline) -> Drawing {
        Drawing::new(&sample::outcome().scenarios[0], timeline, Say { lang: Lang::Fr })
    }

    #[test]
    fn gaps_are_counted_within_a_lane_and_early_calls_are_told() {
        let outcome = sample::outcome();
        let rows = drawing(outcome.scenarios[0].timeline.as_ref().unwrap_or(&Timeline::default())).rows;
        assert_eq!((rows[0].gap_us, rows[1].gap_us), (None, None), "different lanes");
        assert_eq!(rows[2].asked_us, Some(2_000_000), "what the refusal asks for");
        assert_eq!((rows[3].gap_us, rows[3].early_us), (Some(312_000), Some(1_692_000)));
        assert_eq!(rows[4].early_us, None, "after both waits");
    }

    #[test]
    fn an_empty_timeline_is_drawn_too() {
        let drawing = drawing(&Timeline::default());
        assert!(drawing.marks.is_empty() && drawing.lanes.is_empty());
        assert!(!drawing.ticks.is_empty());
    }

    #[test]
    fn everything_stays_inside_the_drawing_and_bounded() {
        let mark = |index: u64| Mark {
            exchange: index as u32,
            at_us: index * 1_000,
            lane: "api",
            status: Some(200),
            asked_us: None,
            accused: index == 9_999,
        };
        let wait = Wait { lane: "api", from_us: 0, to_us: 60_000_000 };
        let timeline = Timeline { end_us: 1, marks: (0..10_000).map(mark).collect(), waits: vec![wait] };
        let drawing = drawing(&timeline);
        assert_eq!(drawing.marks.len(), MOST_MARKS + 1);
        assert_eq!(drawing.hidden, 10_000 - MOST_MARKS - 1);
        assert!(drawing.marks.iter().all(|mark| mark.x >= LEFT && mark.x <= WIDTH - RIGHT));
        assert!(drawing.ticks.len() <= 11);
        assert!(drawing.waits[0].x + drawing.waits[0].width <= WIDTH);
    }
}
