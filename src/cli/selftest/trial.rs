//! One client of the zoo: played, judged, compared with what is expected of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::failure::Failure;
use super::super::{exit, preparation, run};
use super::Shared;
use super::clients::{Run, Trial};
use crate::bench::{self, Progress, RunFolder, RunPlan};
use crate::campaign::{Campaign, CampaignFile};
use crate::client::Flaw;
use crate::judge::{self, CheckOutcome, Outcome, Status};
use crate::ror::SearchOptions;
use crate::scenario::Scenario;

/// Seed of the generated data.
pub(super) const SEED: u64 = 1;
/// Scenarios of one client side by side, as `run` has it for the reference client.
const JOBS: usize = 16;

/// Mark of a check that may turn red, by how fast the machine is.
const MAY: &str = " (may)";

/// What came of a client.
pub(super) struct Tried {
    pub(super) name: String,
    pub(super) flaw: Option<Flaw>,
    /// `scenario/check` of what failed, and of warnings, marked so.
    pub(super) red: BTreeSet<String>,
    /// Expected to be red and not so, with the status instead.
    pub(super) let_through: Vec<String>,
    /// Red and not expected, with the reason that the report gives.
    pub(super) accused: Vec<String>,
    /// Of a correct client: neither passed nor skipped, and not red either.
    pub(super) undecided: Vec<String>,
    /// Checks that passed, failed or warned.
    pub(super) decided: usize,
}

impl Tried {
    pub(super) fn as_expected(&self) -> bool {
        self.let_through.is_empty() && self.accused.is_empty() && self.undecided.is_empty()
    }
}

/// Plays all that the client has to play, and compares.
pub(super) async fn play(trial: Trial, shared: &Arc<Shared>) -> Result<Tried, Failure> {
    let mut checks = Vec::new();
    for run in &trial.runs {
        let outcome = outcome(run, trial.flaw, shared).await?;
        for scenario in outcome.scenarios {
            let named = |check: CheckOutcome| (format!("{}/{}", scenario.id, check.id), check);
            checks.extend(scenario.checks.into_iter().map(named));
        }
    }
    Ok(compare(trial, &checks, shared))
}

fn compare(trial: Trial, checks: &[(String, CheckOutcome)], shared: &Shared) -> Tried {
    let unknown = trial.expected.is_none();
    let (may, expected): (BTreeSet<String>, BTreeSet<String>) =
        trial.expected.unwrap_or_default().into_iter().partition(|check| check.ends_with(MAY));
    let may = |name: &str| may.iter().any(|check| check.trim_end_matches(MAY) == name);
    let told = |name: &str, check: &CheckOutcome| {
        let status = check.status.label();
        format!("{name}: {} — {}", status.get(shared.lang), check.why.get(shared.lang))
    };
    let (mut red, mut accused, mut undecided, mut decided) = (BTreeSet::new(), Vec::new(), Vec::new(), 0);
    for (name, check) in checks {
        decided += usize::from(matches!(check.status, Status::Pass | Status::Fail | Status::Warn));
        let marked = match check.status {
            Status::Fail => name.clone(),
            Status::Warn => format!("{name} (warn)"),
            Status::Pass | Status::Skip => continue,
            _ => {
                if trial.flaw.is_none() {
                    undecided.push(told(name, check));
                }
                continue;
            }
        };
        if unknown || (!expected.contains(&marked) && !may(name)) {
            accused.push(told(name, check));
        }
        red.insert(marked);
    }
    let let_through = expected.difference(&red).map(|missed| {
        let plain = missed.trim_end_matches(" (warn)");
        let check = checks.iter().find(|(name, _)| name == plain);
        check.map_or_else(|| format!("{missed}: not played"), |(_, check)| told(missed, check))
    });
    Tried {
        name: trial.name,
        flaw: trial.flaw,
        let_through: let_through.collect(),
        red,
        accused,
        undecided,
        decided,
    }
}

/// One run, in a folder that does not stay.
async fn outcome(run: &Run, flaw: Option<Flaw>, shared: &Arc<Shared>) -> Result<Outcome, Failure> {
    let temporary = tempfile::tempdir().map_err(|error| Failure::temporary_unwritable(&error))?;
    let folder = RunFolder::named(&temporary.path().join("report"))
        .map_err(|error| Failure::temporary_unwritable(&error))?;
    let journal = run::open(&folder, &run.items)?;
    let plan = plan(run, flaw, shared)?;
    let finished = bench::run(plan, &folder, journal, Arc::new(Silent), std::future::pending()).await;
    if let Some(reason) = finished.journal_failure {
        return Err(Failure::temporary_unwritable(&reason));
    }
    let lang = shared.lang;
    let judged = tokio::task::spawn_blocking(move || judge::judge_run(folder.path(), Some(lang))).await;
    // The folder has to last until it is judged.
    drop(temporary);
    match judged {
        Ok(judged) => judged.map_err(|error| Failure::sentence(exit::BENCH, error.text())),
        Err(error) => Err(Failure::bench(
            format!("Le juge s’est arrêté : {error}."),
            format!("The judge broke: {error}."),
        )),
    }
}

fn plan(run: &Run, flaw: Option<Flaw>, shared: &Shared) -> Result<RunPlan, Failure> {
    let setting = shared
        .settings
        .get(&run.profile.get())
        .ok_or_else(|| Failure::bench("profil non préparé", "profile not prepared"))?;
    let flaws: Vec<String> = flaw.iter().map(|flaw| flaw.name().to_owned()).collect();
    let driver = preparation::driver(None, &flaws)?;
    let campaign = Campaign {
        profile: run.profile,
        plans: Vec::new(),
        plans_named: false,
        search: SearchOptions::default(),
        patience: 1.0,
        seed: SEED,
        fail_on: Vec::new(),
        lang: shared.lang,
        file: CampaignFile::default(),
    };
    let scenarios = run.items.iter().map(|item| item.scenario.clone());
    Ok(setting.plan(scenarios, campaign, driver, shared.directories.clone(), JOBS))
}

/// Trials have lines of their own.
struct Silent;

impl Progress for Silent {
    fn started(&self, _: &Scenario) {}

    fn ended(&self, _: &Scenario) {}
}
