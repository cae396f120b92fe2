//! One scenario: its checks evaluated, its status, its evidence cut to what a report shows.

use std::collections::BTreeSet;

use super::check;
use super::ledger::Ledger;
use super::outcome::{CheckOutcome, ScenarioOutcome, Status};
use super::{timeline, trim};
use crate::check::{self as checks, Bodies, Context, Finding, History};
use crate::journal::{Evidence, StepEnd};
use crate::scenario::Scenario;

/// A scenario judged, with what the gate has to know of its evidence.
pub(super) struct Judged {
    pub(super) outcome: ScenarioOutcome,
    /// Whether anything of the client reached the mock.
    pub(super) reached: bool,
    /// What it stumbled over before anything could be judged.
    pub(super) obstacle: Option<Finding>,
    /// Whether the mock served any of its calls.
    pub(super) served: bool,
    /// Whether the client was made to act by an adapter that has the action.
    pub(super) acted: bool,
    /// The adapter could not be started: why.
    pub(super) not_started: Option<String>,
    /// Actions that the client does not have, and that the scenario's plans need.
    pub(super) missing_actions: BTreeSet<String>,
    /// Actions that it was made to do.
    pub(super) played_actions: BTreeSet<String>,
}

/// What the evaluation needs beside the scenario and its evidence.
pub(super) struct Surroundings<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) bodies: &'a dyn Bodies,
    pub(super) history: Option<&'a dyn History>,
    pub(super) epoch_us: Option<i64>,
}

/// Judges a scenario by what it left in the journal.
pub(super) fn judge(scenario: &Scenario, evidence: Evidence, around: &Surroundings<'_>) -> Judged {
    let scripted: Vec<Option<u16>> = scenario.given.replies.iter().map(|reply| reply.reply.status).collect();
    let context = Context {
        scripted: &scripted,
        evidence: &evidence,
        history: around.history,
        bodies: around.bodies,
        epoch_us: around.epoch_us,
    };
    let checks: Vec<CheckOutcome> =
        scenario.checks.iter().map(|check| check::judge(check, &context, around.ledger)).collect();
    let timeline = timeline::draw(scenario, &evidence, &checks, around.epoch_us);
    let mut judged = Judged {
        outcome: outcome(scenario, checks),
        reached: evidence.has_traffic(),
        obstacle: None,
        served: evidence.exchanges.iter().any(|one| one.status().is_some_and(|status| status < 400)),
        acted: false,
        not_started: None,
        missing_actions: BTreeSet::new(),
        played_actions: BTreeSet::new(),
    };
    for step in &evidence.steps {
        let Some(action) = &step.started.action else { continue };
        match step.ended.as_ref().map(|ended| &ended.end) {
            Some(StepEnd::NoAction) if scenario.optional => {}
            Some(StepEnd::NoAction) => {
                judged.missing_actions.insert(action.clone());
            }
            Some(StepEnd::NotStarted { reason }) => judged.not_started = Some(reason.clone()),
            _ => {
                judged.acted = true;
                judged.played_actions.insert(action.clone());
            }
        }
    }
    if judged.acted || judged.not_started.is_some() {
        judged.obstacle = checks::obstacle(&context);
    }
    let (evidence, hidden) = trim::trim(evidence, &judged.outcome.checks);
    judged.outcome.evidence = Some(evidence);
    judged.outcome.hidden_exchanges = hidden;
    judged.outcome.timeline = timeline;
    judged
}

/// A scenario that never started.
pub(super) fn not_played(scenario: &Scenario, ledger: &Ledger, harness_error: Option<&str>) -> Judged {
    let checks =
        scenario.checks.iter().map(|check| check::not_played(check, ledger, harness_error)).collect();
    Judged {
        outcome: outcome(scenario, checks),
        reached: false,
        obstacle: None,
        served: false,
        acted: false,
        not_started: None,
        missing_actions: BTreeSet::new(),
        played_actions: BTreeSet::new(),
    }
}

fn outcome(scenario: &Scenario, checks: Vec<CheckOutcome>) -> ScenarioOutcome {
    ScenarioOutcome {
        id: scenario.id.clone(),
        title: scenario.title.clone(),
        description: scenario.description.clone(),
        criticality: scenario.criticality.name().to_owned(),
        plans: scenario.plans.clone(),
        status: checks.iter().map(|check| check.status).max().unwrap_or(Status::Inconclusive),
        instructions: scenario.steps.iter().filter_map(|step| step.tell.clone()).collect(),
        checks,
        evidence: None,
        hidden_exchanges: 0,
        timeline: None,
    }
}
