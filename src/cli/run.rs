//! `banc-ror run`: play scenarios, judge, report.

use std::collections::BTreeMap;
use std::path::Path;

use time::OffsetDateTime;

use super::arguments::{FailOn, RunArguments};
use super::failure::Failure;
use super::preparation::{self, Setting};
use super::{exit, preflight, progress, terminal};
use crate::bench::{self, RunFolder, RunPlan};
use crate::campaign::Campaign;
use crate::journal::{Baseline, Journal};
use crate::judge::{self, Ledger};
use crate::report;
use crate::scenario::catalogue::{self, Catalogue, Item};
use crate::scenario::lint::PLANS;
use crate::text::Lang;

pub(super) fn run(arguments: &RunArguments, lang: Lang) -> Result<u8, Failure> {
    let mut campaign = preparation::campaign(&arguments.setup, lang)?;
    if !arguments.plans.is_empty() {
        campaign.plans.clone_from(&arguments.plans);
        campaign.plans_named = true;
    }
    campaign.fail_on = arguments.fail_on.iter().copied().map(FailOn::name).map(str::to_owned).collect();
    let ledger = Ledger::builtin()?;
    let catalogue = Catalogue::builtin(&ledger)?;
    let items = select(&catalogue, &ledger, &arguments.scenarios, &campaign)?;
    let left_out = left_out(&catalogue, &items, &campaign);
    let baseline = baseline(arguments.baseline.as_deref(), &catalogue, &items)?;
    let command = if arguments.flaw.is_empty() {
        arguments.setup.client.as_deref().or(campaign.file.client.as_deref())
    } else {
        None
    };
    let driver = preparation::driver(command, &arguments.flaw)?;
    let jobs = arguments.jobs.map_or(if command.is_some() { 4 } else { 16 }, usize::from);
    let setting = Setting::prepare(&arguments.setup.place, campaign.profile, &campaign.file)?;
    preflight::before_run(&setting, command.is_some(), lang)?;
    let datasets = items.iter().map(|item| item.scenario.given.dataset.as_str());
    let directories = preparation::directories(datasets, campaign.seed)?;
    let folder = folder(arguments.report.as_deref(), campaign.profile.get())?;
    let journal = open(&folder, &items)?;
    let progress = progress::on(items.len(), lang);
    let scenarios = items.into_iter().map(|item| item.scenario);
    let plan = RunPlan { left_out, baseline, ..setting.plan(scenarios, campaign, driver, directories, jobs) };
    let runtime = preparation::runtime()?;
    let finished =
        runtime.block_on(bench::run(plan, &folder, journal, progress.clone(), preparation::interrupted()));
    progress.finish();
    let exit = conclude(folder.path(), None)?;
    match finished.journal_failure {
        None => Ok(exit),
        Some(reason) => Err(Failure::sentence(
            exit::BENCH,
            crate::text::Text::new(
                format!(
                    "Le journal est incomplet : {reason}. Libérez de la place ou choisissez un autre dossier avec --report."
                ),
                format!(
                    "The journal is incomplete: {reason}. Make room, or choose another folder with --report."
                ),
            ),
        )),
    }
}

/// Judges the run of that folder, writes its reports, prints the summary, and gives the exit code.
pub(super) fn conclude(folder: &Path, lang: Option<Lang>) -> Result<u8, Failure> {
    let outcome =
        judge::judge_run(folder, lang).map_err(|error| Failure::sentence(exit::USAGE, error.text()))?;
    report::write_all(&outcome, folder).map_err(|error| Failure::sentence(exit::BENCH, error.text()))?;
    terminal::print(&report::summary(&outcome, folder, terminal::width()));
    Ok(outcome.gate.exit_code)
}

/// The expected failures, when a file of them is named. It may name any check of the catalogue, and those of the
/// user's own files that this run plays.
fn baseline(path: Option<&Path>, catalogue: &Catalogue, items: &[Item]) -> Result<Option<Baseline>, Failure> {
    let Some(path) = path else { return Ok(None) };
    // A file of the user's own comes last: it stands in for the scenario of the same id.
    let scenarios = catalogue.iter().chain(items).map(|item| &item.scenario);
    Ok(Some(judge::load_baseline(path, scenarios)?))
}

fn select(
    catalogue: &Catalogue,
    ledger: &Ledger,
    words: &[String],
    campaign: &Campaign,
) -> Result<Vec<Item>, Failure> {
    if let Some(unknown) = campaign.plans.iter().find(|plan| !PLANS.contains(&plan.as_str())) {
        let known = PLANS.join(", ");
        return Err(Failure::usage(
            format!("Le plan « {unknown} » n’existe pas. Connus : {known}."),
            format!("There is no plan `{unknown}`. Known: {known}."),
        ));
    }
    let profile = campaign.profile.get();
    let named = catalogue.select(words, ledger)?;
    let mut items = named.clone();
    items.retain(|item| {
        let scenario = &item.scenario;
        scenario.profiles.contains(&profile)
            && (campaign.plans.is_empty() || scenario.plans.iter().any(|plan| campaign.plans.contains(plan)))
    });
    if items.is_empty() {
        if let [item] = named.as_slice()
            && !item.scenario.profiles.contains(&profile)
        {
            let (id, profiles) = (&item.scenario.id, numbers(&item.scenario.profiles));
            return Err(Failure::usage(
                format!(
                    "Le scénario {id} ne concerne pas le profil {profile}, mais : {profiles}. Choisissez-en un avec --profile."
                ),
                format!(
                    "The scenario {id} is not for profile {profile}, but for: {profiles}. Choose one with --profile."
                ),
            ));
        }
        return Err(Failure::usage(
            format!(
                "Aucun scénario à jouer : ceux qui sont demandés ne concernent pas le profil {profile}, ou pas ces plans."
            ),
            format!(
                "No scenario to play: those asked for are not for profile {profile}, or not in these plans."
            ),
        ));
    }
    Ok(items)
}

/// How many scenarios of each plan, for this profile, the words of the command line leave out.
fn left_out(catalogue: &Catalogue, items: &[Item], campaign: &Campaign) -> BTreeMap<String, usize> {
    let profile = campaign.profile.get();
    let is_played = |id: &str| items.iter().any(|item| item.scenario.id == id);
    let scenarios = catalogue.iter().map(|item| &item.scenario);
    let mut left_out = BTreeMap::new();
    for scenario in
        scenarios.filter(|scenario| scenario.profiles.contains(&profile) && !is_played(&scenario.id))
    {
        for plan in &scenario.plans {
            *left_out.entry(plan.clone()).or_default() += 1;
        }
    }
    left_out
}

fn numbers(profiles: &[u8]) -> String {
    profiles.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn folder(named: Option<&Path>, profile: u8) -> Result<RunFolder, Failure> {
    let folder = match named {
        Some(path) => RunFolder::named(path),
        None => RunFolder::dated(Path::new("reports"), OffsetDateTime::now_utc(), profile),
    };
    folder.map_err(|error| Failure::sentence(exit::USAGE, error.text()))
}

/// Opens the journal and lays beside it what is needed to judge the run again.
pub(super) fn open(folder: &RunFolder, items: &[Item]) -> Result<Journal, Failure> {
    let path = folder.path();
    let unwritable = |error: std::io::Error| {
        Failure::usage(
            format!(
                "Le dossier {} ne peut pas être écrit : {error}. Choisissez-en un autre avec --report DIR.",
                path.display()
            ),
            format!(
                "The folder {} cannot be written: {error}. Choose another one with --report DIR.",
                path.display()
            ),
        )
    };
    catalogue::write_to(path, items).map_err(unwritable)?;
    Journal::create(path, OffsetDateTime::now_utc()).map_err(unwritable)
}
