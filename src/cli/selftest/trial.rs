//! One client of the zoo: what it has to play, played and judged.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::Semaphore;

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

/// A client that was played, and what the bench says of it.
pub(super) struct Played {
    pub(super) trial: Trial,
    /// `scenario/check` and its outcome.
    pub(super) checks: Vec<(String, CheckOutcome)>,
}

/// Plays all that the client has to play.
pub(super) async fn play(trial: Trial, shared: &Arc<Shared>) -> Result<Played, Failure> {
    let checks = checks(&trial.runs, trial.flaw, shared, &shared.places).await?;
    Ok(Played { trial, checks })
}

impl Played {
    /// Plays those scenarios again, a few at a time, that a loaded machine left undecided. What was decided stays.
    pub(super) async fn again(mut self, shared: &Arc<Shared>) -> Result<Self, Failure> {
        let undecided = self.undecided();
        let runs: Vec<Run> = self.trial.runs.iter().filter_map(|run| run.only(&undecided)).collect();
        let again = checks(&runs, self.trial.flaw, shared, &shared.quiet).await?;
        self.checks.retain(|(name, _)| !undecided.contains(scenario_of(name)));
        self.checks.extend(again);
        Ok(self)
    }

    /// Scenarios of which a check that has to be decided is not.
    pub(super) fn undecided(&self) -> BTreeSet<String> {
        let matters = |name: &str| {
            let expected =
                |red: &BTreeSet<String>| red.contains(name) || red.contains(&format!("{name} (warn)"));
            self.trial.flaw.is_none() || self.trial.expected.as_ref().is_some_and(expected)
        };
        let left =
            self.checks.iter().filter(|(name, check)| check.status == Status::Inconclusive && matters(name));
        left.map(|(name, _)| scenario_of(name).to_owned()).collect()
    }
}

fn scenario_of(check: &str) -> &str {
    check.split('/').next().unwrap_or(check)
}

/// The checks of these runs, one run after the other.
async fn checks(
    runs: &[Run],
    flaw: Option<Flaw>,
    shared: &Arc<Shared>,
    places: &Arc<Semaphore>,
) -> Result<Vec<(String, CheckOutcome)>, Failure> {
    let mut checks = Vec::new();
    for run in runs {
        let outcome = outcome(run, flaw, shared, places).await?;
        for scenario in outcome.scenarios {
            let named = |check: CheckOutcome| (format!("{}/{}", scenario.id, check.id), check);
            checks.extend(scenario.checks.into_iter().map(named));
        }
    }
    Ok(checks)
}

/// One run, in a folder that does not stay.
async fn outcome(
    run: &Run,
    flaw: Option<Flaw>,
    shared: &Arc<Shared>,
    places: &Arc<Semaphore>,
) -> Result<Outcome, Failure> {
    let temporary = tempfile::tempdir().map_err(|error| Failure::temporary_unwritable(&error))?;
    let folder = RunFolder::named(&temporary.path().join("report"))
        .map_err(|error| Failure::temporary_unwritable(&error))?;
    let journal = run::open(&folder, &run.items)?;
    let plan = RunPlan { places: Arc::clone(places), ..plan(run, flaw, shared)? };
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
    Ok(setting.plan(scenarios, campaign, driver, shared.directories.clone(), 1))
}

/// Trials have lines of their own.
struct Silent;

impl Progress for Silent {
    fn started(&self, _: &Scenario) {}

    fn ended(&self, _: &Scenario) {}
}
