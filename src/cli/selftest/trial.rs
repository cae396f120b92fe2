//! One client of the zoo: what it has to play, played and judged.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::block_in_place;

use super::super::failure::Failure;
use super::super::{exit, preparation, run};
use super::clients::{Run, Trial, is_decided};
use super::{CLIENTS_AT_ONCE, Shared};
use crate::bench::{self, Progress, RunFolder, RunPlan};
use crate::campaign::{Campaign, CampaignFile};
use crate::client::Flaw;
use crate::judge::{self, CheckOutcome, Outcome, Status};
use crate::ror::SearchOptions;
use crate::scenario::Scenario;

/// Seed of the generated data.
pub(super) const SEED: u64 = 1;

/// Name of a run's folder in its temporary one.
const REPORT: &str = "report";

/// A client that was played, and what the bench says of it.
pub(super) struct Played {
    pub(super) trial: Trial,
    /// `scenario/check` and its outcome.
    pub(super) checks: Checks,
    /// What had been decided otherwise on a loaded machine.
    pub(super) before: Checks,
    /// Folders of the runs in which something was decided that is not as expected.
    pub(super) evidence: Vec<PathBuf>,
}

/// `scenario/check` and its outcome.
type Checks = Vec<(String, CheckOutcome)>;

/// Plays what may be played beside other clients. Clients of different numbers begin with different scenarios.
pub(super) async fn play(number: usize, trial: Trial, shared: &Arc<Shared>) -> Result<Played, Failure> {
    let mut played = Played { trial, checks: Vec::new(), before: Vec::new(), evidence: Vec::new() };
    let beside = |scenario: &Scenario| !scenario.given.alone;
    played.checks = played.play(number, beside, shared, &shared.places).await?;
    Ok(played)
}

impl Played {
    /// Whether it has scenarios that judge its own pace.
    pub(super) fn has_pace(&self) -> bool {
        self.trial.runs.iter().flat_map(|run| &run.items).any(|item| item.scenario.given.alone)
    }

    /// Plays the scenarios that judge its own pace.
    pub(super) async fn at_its_pace(mut self, shared: &Arc<Shared>) -> Result<Self, Failure> {
        let checks = self.play(0, |scenario| scenario.given.alone, shared, &shared.places).await?;
        self.checks.extend(checks);
        Ok(self)
    }

    /// Plays the scenarios once more of which something is not as expected or not decided.
    pub(super) async fn again(mut self, shared: &Arc<Shared>) -> Result<Self, Failure> {
        let again = self.not_as_expected();
        let mut checks = self.play(0, |scenario| again.contains(&scenario.id), shared, &shared.quiet).await?;
        let (before, stay): (Checks, Checks) =
            self.checks.drain(..).partition(|(name, _)| again.contains(scenario_of(name)));
        let is_other = |(name, check): &(String, CheckOutcome)| {
            is_decided(check.status)
                && checks.iter().any(|(other, now)| other == name && now.status != check.status)
        };
        self.before = before.into_iter().filter(is_other).collect();
        checks.extend(stay);
        self.checks = checks;
        Ok(self)
    }

    /// Scenarios of which something is not as expected or not decided.
    pub(super) fn not_as_expected(&self) -> BTreeSet<String> {
        let other = self.checks.iter().filter(|(name, check)| !self.trial.expects(name, check.status));
        other.map(|(name, _)| scenario_of(name).to_owned()).collect()
    }

    /// The checks of those scenarios, one run after the other. The evidence of what is not as expected is kept.
    async fn play(
        &mut self,
        number: usize,
        wanted: impl Fn(&Scenario) -> bool,
        shared: &Arc<Shared>,
        places: &Arc<Semaphore>,
    ) -> Result<Checks, Failure> {
        let mut checks = Vec::new();
        for run in self.trial.runs.iter().filter_map(|run| run.only(&wanted)) {
            let (outcome, folder) = outcome(&run, number, self.trial.flaw, shared, places).await?;
            // What a loaded machine leaves undecided is nothing to look into: it is played again.
            let is_last = Arc::ptr_eq(places, &shared.quiet);
            let mut as_expected = true;
            for scenario in outcome.scenarios {
                for check in scenario.checks {
                    let name = format!("{}/{}", scenario.id, check.id);
                    let matters = is_last || check.status != Status::Inconclusive;
                    as_expected &= !matters || self.trial.expects(&name, check.status);
                    checks.push((name, check));
                }
            }
            if as_expected {
                block_in_place(|| drop(folder));
            } else {
                self.evidence.push(folder.keep().join(REPORT));
            }
        }
        Ok(checks)
    }
}

fn scenario_of(check: &str) -> &str {
    check.split('/').next().unwrap_or(check)
}

/// One run, in a folder that goes with its handle unless that is told to keep it.
async fn outcome(
    run: &Run,
    number: usize,
    flaw: Option<Flaw>,
    shared: &Arc<Shared>,
    places: &Arc<Semaphore>,
) -> Result<(Outcome, TempDir), Failure> {
    let temporary = tempfile::tempdir().map_err(|error| Failure::temporary_unwritable(&error))?;
    let folder = RunFolder::named(&temporary.path().join(REPORT))
        .map_err(|error| Failure::temporary_unwritable(&error))?;
    // Files are work for another thread than those that read what clients send.
    let journal = block_in_place(|| run::open(&folder, &run.items))?;
    let put_off = run.items.len() * (number % CLIENTS_AT_ONCE) / CLIENTS_AT_ONCE;
    let plan = RunPlan { places: Arc::clone(places), put_off, ..plan(run, flaw, shared)? };
    let finished = bench::run(plan, &folder, journal, Arc::new(Silent), std::future::pending()).await;
    if let Some(reason) = finished.journal_failure {
        return Err(Failure::temporary_unwritable(&reason));
    }
    let lang = shared.lang;
    // The processors are for those who play. The semaphore is never closed.
    let _turn = Arc::clone(&shared.judges).acquire_owned().await;
    let judged = tokio::task::spawn_blocking(move || judge::judge_run(folder.path(), Some(lang))).await;
    match judged {
        Ok(Ok(outcome)) => Ok((outcome, temporary)),
        Ok(Err(error)) => Err(Failure::sentence(exit::BENCH, error.text())),
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
