//! Judges a journal as it is read: only one scenario's evidence at a time, or those that ran side by side, is held.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::baseline::Expectations;
use super::ledger::Ledger;
use super::obstacle::Obstacles;
use super::outcome::{Outcome, ScenarioOutcome};
use super::scenario::{Judged, Surroundings, judge, not_played};
use super::{coverage, gate};
use crate::check::{Bodies, History, both, quote};
use crate::journal::{Collector, Entry, Event, Evidence, RunEnded, RunStarted};
use crate::scenario::Scenario;
use crate::text::{Lang, Text};

/// Where the truth of a scenario comes from: its dataset, step after step.
pub trait Truths {
    /// The truth of a scenario; none when its dataset is not at hand.
    fn of(&self, evidence: &Evidence) -> Option<Box<dyn History>>;
}

/// What the judge reads beside the journal.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The scenarios as played.
    pub scenarios: &'a [Scenario],
    /// The requirements as they were.
    pub ledger: &'a Ledger,
    /// The bodies.
    pub bodies: &'a dyn Bodies,
    /// The datasets.
    pub truths: Option<&'a dyn Truths>,
    /// Language of the outcome; that of the run when none.
    pub lang: Option<Lang>,
}

/// Judges the entries of one journal, in order. A reading error (a sentence for people) ends the journal there.
///
/// None when the journal does not begin with `run-started`.
pub fn judge_entries(
    entries: impl IntoIterator<Item = Result<Entry, Text>>,
    inputs: Inputs<'_>,
) -> Option<Outcome> {
    let mut entries = entries.into_iter();
    let run = match entries.next()?.ok()?.event {
        Event::RunStarted(run) => *run,
        _ => return None,
    };
    let mut desk = Desk {
        epoch_us: epoch_us(&run.started),
        inputs,
        open: BTreeMap::new(),
        judged: BTreeMap::new(),
        expectations: Expectations::of(&run),
        facts: gate::Facts::default(),
        obstacles: Obstacles::default(),
    };
    let mut remarks = Vec::new();
    let mut ended: Option<RunEnded> = None;
    for entry in entries {
        match entry {
            Ok(Entry { event: Event::RunEnded(end), .. }) => ended = Some(end),
            Ok(entry) => desk.take(entry),
            Err(why) => {
                remarks.push(why);
                break;
            }
        }
    }
    match &ended {
        None => remarks.push(both!(
            "Le journal n’est pas complet : le run a été coupé avant sa fin.",
            "The journal is not complete: the run was cut before its end."
        )),
        Some(end) if end.interrupted => {
            remarks.push(both!(
                "Le run a été interrompu avant sa fin.",
                "The run was interrupted before its end."
            ));
        }
        Some(_) => {}
    }
    Some(desk.close(run, ended, remarks))
}

/// The scenarios being read, and those that are judged.
struct Desk<'a> {
    inputs: Inputs<'a>,
    epoch_us: Option<i64>,
    open: BTreeMap<String, Collector>,
    judged: BTreeMap<String, ScenarioOutcome>,
    expectations: Expectations,
    facts: gate::Facts,
    obstacles: Obstacles,
}

impl Desk<'_> {
    fn take(&mut self, entry: Entry) {
        let Some(id) = entry.scenario.clone() else { return };
        // What comes after the end of a scenario (a connection that closes late) changes nothing.
        if self.judged.contains_key(&id) {
            return;
        }
        let end = match &entry.event {
            Event::ScenarioEnded(end) => Some(end.harness_error.clone()),
            _ => None,
        };
        self.open.entry(id.clone()).or_default().take(entry);
        if let Some(harness_error) = end {
            self.finish(&id, harness_error.as_deref());
        }
    }

    fn finish(&mut self, id: &str, harness_error: Option<&str>) {
        let evidence = self.open.remove(id).and_then(Collector::finish);
        let Some(scenario) = self.inputs.scenarios.iter().find(|scenario| scenario.id == id) else { return };
        let judged = match evidence {
            Some(mut evidence) => {
                fetch_integrated(&mut evidence, self.inputs.bodies);
                let history = self.inputs.truths.and_then(|truths| truths.of(&evidence));
                let around = Surroundings {
                    ledger: self.inputs.ledger,
                    bodies: self.inputs.bodies,
                    history: history.as_deref(),
                    epoch_us: self.epoch_us,
                };
                judge(scenario, evidence, &around)
            }
            None => not_played(scenario, self.inputs.ledger, harness_error),
        };
        self.keep(judged);
    }

    fn keep(&mut self, mut judged: Judged) {
        self.expectations.apply(&mut judged.outcome);
        self.facts.take(&judged);
        self.obstacles.take(&judged);
        self.judged.insert(judged.outcome.id.clone(), judged.outcome);
    }

    fn close(mut self, run: RunStarted, ended: Option<RunEnded>, mut remarks: Vec<Text>) -> Outcome {
        let open: Vec<String> = self.open.keys().cloned().collect();
        for id in open {
            self.finish(&id, None);
        }
        for id in &run.scenarios {
            if self.judged.contains_key(id) {
                continue;
            }
            match self.inputs.scenarios.iter().find(|scenario| scenario.id == *id) {
                Some(scenario) => {
                    let judged = not_played(scenario, self.inputs.ledger, None);
                    self.keep(judged);
                }
                None => {
                    let id = quote(id);
                    remarks.push(both!(
                        "Le fichier du scénario {id} manque dans le dossier du run.",
                        "The file of the scenario {id} is missing from the run's folder."
                    ));
                }
            }
        }
        let mut scenarios: Vec<ScenarioOutcome> =
            run.scenarios.iter().filter_map(|id| self.judged.remove(id)).collect();
        scenarios.extend(self.judged.into_values());
        let gate = gate::decide(&run, &scenarios, &self.facts);
        let requirements = coverage::requirements(self.inputs.ledger, &scenarios);
        let of_run = if run.lang == "en" { Lang::En } else { Lang::Fr };
        Outcome {
            lang: self.inputs.lang.unwrap_or(of_run),
            duration_ms: ended.map(|end| end.duration_ms),
            remarks,
            obstacle: self.obstacles.common(),
            gate,
            requirements,
            baseline: self.expectations.close(),
            scenarios,
            run,
        }
    }
}

/// Brings back what clients declared at length and the journal keeps beside itself.
fn fetch_integrated(evidence: &mut Evidence, bodies: &dyn Bodies) {
    let results = evidence.steps.iter_mut().filter_map(|step| step.ended.as_mut()?.result.as_mut());
    for result in results {
        let Some(kept) = &result.integrated_kept else { continue };
        match bodies.text(kept).and_then(|text| serde_json::from_str(&text).ok()) {
            Some(items) => result.integrated = Some(items),
            None => {
                result.malformed.push("integrated: the file that keeps it is missing or changed".to_owned())
            }
        }
    }
}

/// The wall clock at time zero, µs since the Unix epoch; none when it is only known to the second.
fn epoch_us(started: &str) -> Option<i64> {
    let precise = started.contains('.');
    let at = OffsetDateTime::parse(started, &Rfc3339).ok()?;
    let us = at.unix_timestamp_nanos() / 1000;
    // Known to the second only: the later end, so that a client never seems earlier than it was.
    i64::try_from(us).ok().map(|us| if precise { us } else { us + 999_999 })
}
