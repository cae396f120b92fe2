//! The gate: the exit code, by the first rule that applies (DESIGN.md, exit codes), and the plans.

use std::collections::{BTreeMap, BTreeSet};

use super::outcome::{Gate, PlanOutcome, PlanState, ScenarioOutcome, Status};
use super::scenario::Judged;
use crate::check::{both, quote};
use crate::journal::RunStarted;
use crate::text::{Lang, Text};

/// The action without which a plan is not that plan (charter.md, choosing what to implement).
const ESSENTIAL: [(&str, &str); 7] = [
    ("fhir-export", "export"),
    ("fhir-search", "search"),
    ("fhir-capacity", "sync"),
    ("feed", "update-capacity"),
    ("csd-1", "csd-extract"),
    ("csd-2", "csd-read-establishment"),
    ("csd-3", "csd-read-organisation"),
];

/// What the gate has to know of the scenarios, once their evidence is cut.
#[derive(Default)]
pub(super) struct Facts {
    reached: bool,
    acted: bool,
    not_started: Option<String>,
    missing: BTreeMap<String, BTreeSet<String>>,
    played: BTreeMap<String, BTreeSet<String>>,
}

impl Facts {
    /// Takes note of one scenario.
    pub(super) fn take(&mut self, judged: &Judged) {
        self.reached |= judged.reached;
        self.acted |= judged.acted;
        if self.not_started.is_none() {
            self.not_started.clone_from(&judged.not_started);
        }
        self.missing.insert(judged.outcome.id.clone(), judged.missing_actions.clone());
        self.played.insert(judged.outcome.id.clone(), judged.played_actions.clone());
    }
}

/// Decides.
pub(super) fn decide(run: &RunStarted, scenarios: &[ScenarioOutcome], facts: &Facts) -> Gate {
    let plans = plans(run, scenarios, facts);
    let (exit_code, reason) = rule(run, scenarios, facts, &plans);
    Gate { exit_code, conforming: exit_code == 0, reason, plans }
}

fn rule(run: &RunStarted, scenarios: &[ScenarioOutcome], facts: &Facts, plans: &[PlanOutcome]) -> (u8, Text) {
    let count = |wanted: &[Status]| {
        scenarios
            .iter()
            .flat_map(|scenario| &scenario.checks)
            .filter(|check| wanted.contains(&check.status))
            .count()
    };
    if !facts.reached {
        if let Some(reason) = &facts.not_started {
            let reason = quote(reason);
            return (
                3,
                both!("L’adaptateur n’a pas pu démarrer : {reason}", "The adapter could not start: {reason}"),
            );
        }
        if facts.acted && count(&[Status::HarnessError]) == 0 {
            return (
                3,
                both!(
                    "Rien de l’adaptateur n’est arrivé au banc : c’est un problème de configuration, pas un verdict sur le client.",
                    "Nothing of the adapter ever reached the bench: that is a matter of configuration, not a verdict on the client."
                ),
            );
        }
    }
    let failed = count(&[Status::Fail, Status::Xpass]);
    if failed > 0 {
        let stale = count(&[Status::Xpass]);
        return (
            1,
            if stale == 0 {
                both!("{failed} contrôle(s) en échec.", "{failed} check(s) failed.")
            } else {
                let broken = failed - stale;
                both!(
                    "{broken} contrôle(s) en échec, {stale} succès inattendu(s) : la liste des échecs attendus est périmée.",
                    "{broken} check(s) failed, {stale} passed unexpectedly: the baseline is stale."
                )
            },
        );
    }
    for (name, status) in [("warn", Status::Warn), ("inconclusive", Status::Inconclusive)] {
        let found = count(&[status]);
        if found > 0 && run.fail_on.iter().any(|wanted| wanted == name) {
            let label = status.label();
            return (
                1,
                Text::new(
                    format!("{found} contrôle(s) « {} », comptés comme échecs (--fail-on {name}).", label.fr),
                    format!("{found} check(s) `{}`, counted as failures (--fail-on {name}).", label.en),
                ),
            );
        }
    }
    let broke = count(&[Status::HarnessError]);
    if broke > 0 {
        return (
            4,
            both!(
                "{broke} contrôle(s) empêchés par une erreur du banc.",
                "{broke} check(s) prevented by an error of the bench."
            ),
        );
    }
    let misconfigured = count(&[Status::ConfigError]);
    if misconfigured > 0 {
        return (
            3,
            both!(
                "{misconfigured} contrôle(s) empêchés par la configuration.",
                "{misconfigured} check(s) prevented by the configuration."
            ),
        );
    }
    let open = count(&[Status::Inconclusive]);
    if open > 0 {
        return (5, both!("{open} contrôle(s) non concluants.", "{open} check(s) inconclusive."));
    }
    if count(&[Status::Pass]) == 0 {
        return (
            5,
            both!("Aucun contrôle réussi : rien n’est prouvé.", "No check passed: nothing is proved."),
        );
    }
    if let Some(plan) = plans.iter().find(|plan| run.plans_named && !plan.covered) {
        let name = quote(&plan.plan);
        return (
            5,
            if plan.missing_actions.is_empty() {
                let action = plan.essential_not_played.as_deref().unwrap_or_default();
                both!(
                    "Le plan {name} n’est pas couvert : son action essentielle, {action}, n’a pas été jouée.",
                    "The plan {name} is not covered: its essential action, {action}, was not played."
                )
            } else {
                let actions = plan.missing_actions.join(", ");
                both!(
                    "Le plan {name} n’est pas couvert : le client n’a pas {actions}.",
                    "The plan {name} is not covered: the client does not have {actions}."
                )
            },
        );
    }
    let (open, in_part) = (uncovered(plans), in_part(plans));
    let Text { mut fr, mut en } = no_failure(count(&[Status::Xfail]), open.is_empty() && in_part.is_empty());
    if !open.is_empty() {
        fr.push_str(&format!(" Plans non couverts : {open}."));
        en.push_str(&format!(" Plans not covered: {open}."));
    }
    if !in_part.is_empty() {
        let list = |lang| in_part.iter().map(|plan| plan.get(lang)).collect::<Vec<_>>().join(", ");
        fr.push_str(&format!(" Plans joués en partie seulement : {}.", list(Lang::Fr)));
        en.push_str(&format!(" Plans played in part only: {}.", list(Lang::En)));
    }
    (0, Text { fr, en })
}

/// What a run without a failure says, apart from its plans.
fn no_failure(expected: usize, all_covered: bool) -> Text {
    match (expected, all_covered) {
        (0, true) => both!(
            "Aucun échec, et tout ce qui devait être décidé l’est.",
            "No failure, and all that had to be decided is."
        ),
        (0, false) => both!("Aucun échec dans ce qui a été joué.", "No failure in what was played."),
        (expected, _) => both!(
            "Aucun échec en dehors de {expected} échec(s) attendu(s).",
            "No failure beside {expected} expected failure(s)."
        ),
    }
}

fn uncovered(plans: &[PlanOutcome]) -> String {
    let open: Vec<&str> = plans.iter().filter(|plan| !plan.covered).map(|plan| plan.plan.as_str()).collect();
    open.join(", ")
}

/// The plans of which scenarios were not asked for, with how many were.
fn in_part(plans: &[PlanOutcome]) -> Vec<Text> {
    let in_part = plans.iter().filter(|plan| plan.covered && plan.left_out > 0);
    in_part
        .map(|plan| {
            let (name, part) = (&plan.plan, plan.part());
            Text::new(format!("{name} ({})", part.fr), format!("{name} ({})", part.en))
        })
        .collect()
}

/// The plans of the run: those asked for, or all that the scenarios name.
fn plans(run: &RunStarted, scenarios: &[ScenarioOutcome], facts: &Facts) -> Vec<PlanOutcome> {
    let mut names = run.plans.clone();
    if names.is_empty() {
        let all: BTreeSet<&String> = scenarios.iter().flat_map(|scenario| &scenario.plans).collect();
        names = all.into_iter().cloned().collect();
    }
    names.into_iter().map(|plan| outcome(plan, run, scenarios, facts)).collect()
}

fn outcome(plan: String, run: &RunStarted, scenarios: &[ScenarioOutcome], facts: &Facts) -> PlanOutcome {
    let members: Vec<&ScenarioOutcome> =
        scenarios.iter().filter(|scenario| scenario.plans.contains(&plan)).collect();
    let missing: BTreeSet<String> =
        members.iter().filter_map(|scenario| facts.missing.get(&scenario.id)).flatten().cloned().collect();
    let played: BTreeSet<&String> =
        members.iter().filter_map(|scenario| facts.played.get(&scenario.id)).flatten().collect();
    let essential_not_played = ESSENTIAL
        .iter()
        .find(|(name, _)| *name == plan)
        .map(|(_, action)| (*action).to_owned())
        .filter(|action| !played.contains(action) && !missing.contains(action));
    let covered = essential_not_played.is_none() && missing.is_empty();
    let good = |status: Status| {
        matches!(status, Status::Pass | Status::Xfail | Status::Skip | Status::Review | Status::Warn)
    };
    let passed =
        members.iter().flat_map(|scenario| &scenario.checks).any(|check| check.status == Status::Pass);
    let left_out = run.left_out.get(&plan).copied().unwrap_or_default();
    let broken = |status: Status| matches!(status, Status::Fail | Status::Xpass);
    let state = if !covered {
        PlanState::NotCovered
    } else if members.iter().any(|scenario| broken(scenario.status)) {
        PlanState::Broken
    } else if !passed || !members.iter().all(|scenario| good(scenario.status)) {
        PlanState::Undecided
    } else if left_out > 0 {
        PlanState::InPart
    } else {
        PlanState::Conforming
    };
    let expected_failures = members
        .iter()
        .flat_map(|scenario| &scenario.checks)
        .filter(|check| check.status == Status::Xfail)
        .count();
    PlanOutcome {
        plan,
        covered,
        scenarios: members.len(),
        left_out,
        state,
        missing_actions: missing.into_iter().collect(),
        essential_not_played,
        expected_failures,
    }
}
