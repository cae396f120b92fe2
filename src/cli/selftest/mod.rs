//! `banc-ror selftest`: the bench judged by clients that are known. Correct ones must not be accused, and of each flawed
//! one the checks that `scenarios/reference/zoo.yaml` names must turn red, no others.

mod clients;
mod figures;
mod trial;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::arguments::{PlaceArguments, SelftestArguments};
use super::failure::Failure;
use super::preparation::{self, Setting};
use super::zoo::Zoo;
use super::{exit, terminal};
use crate::campaign::CampaignFile;
use crate::judge::Ledger;
use crate::ror::Directory;
use crate::scenario::catalogue::Catalogue;
use crate::text::Lang;

use clients::Trial;
use figures::Figures;
use trial::Tried;

/// What all trials share.
struct Shared {
    /// How the mock is set up for each access profile.
    settings: BTreeMap<u8, Setting>,
    directories: BTreeMap<String, Arc<Directory>>,
    lang: Lang,
    /// Keeps the certificates that were made until the end.
    _certificates: tempfile::TempDir,
}

pub(super) fn run(arguments: &SelftestArguments, lang: Lang) -> Result<u8, Failure> {
    let catalogue = Catalogue::builtin(&Ledger::builtin()?)?;
    let zoo = Zoo::builtin()?;
    if arguments.list {
        let names: String =
            clients::trials(&catalogue, &zoo).iter().map(|t| format!("{}\n", t.name)).collect();
        terminal::print(&names);
        return Ok(exit::CONFORMING);
    }
    let trials = clients::select(clients::trials(&catalogue, &zoo), &arguments.clients)?;
    let shared = Arc::new(shared(&trials, arguments.pki.as_deref(), lang)?);
    let jobs = usize::from(arguments.jobs);
    let tried = preparation::runtime()?.block_on(async {
        tokio::select! {
            tried = try_all(trials, &shared, jobs) => tried,
            () = preparation::interrupted() => Err(Failure::bench("Interrompu.", "Interrupted.")),
        }
    })?;
    if let Some(path) = &arguments.report {
        figures::write(&tried, path)?;
    }
    let figures = Figures::of(&tried);
    terminal::print(&figures.summary(lang));
    Ok(if figures.as_expected() { exit::CONFORMING } else { exit::BENCH })
}

/// Certificates are made once, datasets read once.
fn shared(trials: &[Trial], pki: Option<&Path>, lang: Lang) -> Result<Shared, Failure> {
    let runs = || trials.iter().flat_map(|trial| &trial.runs);
    let temporary = tempfile::tempdir().map_err(|error| Failure::no_temporary_folder(&error))?;
    let place = PlaceArguments::on_loopback(pki.unwrap_or(temporary.path()));
    let mut settings = BTreeMap::new();
    for run in runs() {
        if let Entry::Vacant(vacant) = settings.entry(run.profile.get()) {
            vacant.insert(Setting::prepare(&place, run.profile, &CampaignFile::default())?);
        }
    }
    let datasets = runs().flat_map(|run| &run.items).map(|item| item.scenario.given.dataset.as_str());
    let directories = preparation::directories(datasets, trial::SEED)?;
    Ok(Shared { settings, directories, lang, _certificates: temporary })
}

/// In the order of the list, `jobs` at once; a line is printed as each one ends.
async fn try_all(trials: Vec<Trial>, shared: &Arc<Shared>, jobs: usize) -> Result<Vec<Tried>, Failure> {
    let places = Arc::new(Semaphore::new(jobs));
    let mut playing = JoinSet::new();
    for (number, trial) in trials.into_iter().enumerate() {
        let (shared, places) = (Arc::clone(shared), Arc::clone(&places));
        playing.spawn(async move {
            // The semaphore is never closed.
            let _place = places.acquire_owned().await;
            let tried = trial::play(trial, &shared).await;
            if let Ok(tried) = &tried {
                terminal::print(&figures::line(tried, shared.lang));
            }
            (number, tried)
        });
    }
    let mut tried = BTreeMap::new();
    while let Some(ended) = playing.join_next().await {
        let (number, one) = ended.map_err(|error| {
            Failure::bench(format!("Le banc s’est arrêté : {error}."), format!("The bench broke: {error}."))
        })?;
        tried.insert(number, one?);
    }
    Ok(tried.into_values().collect())
}
