//! `banc-ror selftest`: the bench judged by clients that are known. Correct ones must not be accused, and of each flawed
//! one the checks that `scenarios/reference/zoo.yaml` names must turn red, no others.

mod clients;
mod compare;
mod figures;
mod trial;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
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
use compare::{Tried, compare};
use figures::Figures;
use trial::Played;

/// Clients that are tried at the same time: enough that their scenarios never run out before the places for them.
const CLIENTS_AT_ONCE: usize = 24;

/// Scenarios side by side of those that are played again.
const SIDE_BY_SIDE_IN_QUIET: usize = 4;

/// What all trials share.
struct Shared {
    /// How the mock is set up for each access profile.
    settings: BTreeMap<u8, Setting>,
    directories: BTreeMap<String, Arc<Directory>>,
    /// Places for scenarios side by side.
    places: Arc<Semaphore>,
    /// Few, for what a loaded machine left undecided.
    quiet: Arc<Semaphore>,
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
    let shared = Arc::new(shared(&trials, arguments, lang)?);
    let tried = preparation::runtime()?.block_on(async {
        tokio::select! {
            tried = try_all(trials, &shared) => tried,
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
fn shared(trials: &[Trial], arguments: &SelftestArguments, lang: Lang) -> Result<Shared, Failure> {
    let runs = || trials.iter().flat_map(|trial| &trial.runs);
    let temporary = tempfile::tempdir().map_err(|error| Failure::no_temporary_folder(&error))?;
    let place = PlaceArguments::on_loopback(arguments.pki.as_deref().unwrap_or(temporary.path()));
    let mut settings = BTreeMap::new();
    for run in runs() {
        if let Entry::Vacant(vacant) = settings.entry(run.profile.get()) {
            vacant.insert(Setting::prepare(&place, run.profile, &CampaignFile::default())?);
        }
    }
    let datasets = runs().flat_map(|run| &run.items).map(|item| item.scenario.given.dataset.as_str());
    let directories = preparation::directories(datasets, trial::SEED)?;
    let places = Arc::new(Semaphore::new(usize::from(arguments.jobs)));
    let quiet = Arc::new(Semaphore::new(SIDE_BY_SIDE_IN_QUIET));
    Ok(Shared { settings, directories, places, quiet, lang, _certificates: temporary })
}

/// Those with most to play first, lest one of them be left alone at the end; a line is printed as each one ends.
/// What the load of the machine left undecided is played again at the end, in quiet.
async fn try_all(trials: Vec<Trial>, shared: &Arc<Shared>) -> Result<Vec<Tried>, Failure> {
    let clients = Arc::new(Semaphore::new(CLIENTS_AT_ONCE));
    let mut playing = JoinSet::new();
    let mut trials: Vec<(usize, Trial)> = trials.into_iter().enumerate().collect();
    trials.sort_by_key(|(_, trial)| Reverse(trial.runs.iter().map(|run| run.items.len()).sum::<usize>()));
    for (number, trial) in trials {
        let (shared, clients) = (Arc::clone(shared), Arc::clone(&clients));
        playing.spawn(async move {
            // The semaphore is never closed.
            let _turn = clients.acquire_owned().await;
            (number, trial::play(trial, &shared).await)
        });
    }
    let (mut tried, mut undecided) = (BTreeMap::new(), BTreeMap::new());
    while let Some(ended) = playing.join_next().await {
        let (number, played) = ended.map_err(|error| {
            Failure::bench(format!("Le banc s’est arrêté : {error}."), format!("The bench broke: {error}."))
        })?;
        let played = played?;
        if played.undecided().is_empty() {
            tried.insert(number, told(played, shared.lang));
        } else {
            undecided.insert(number, played);
        }
    }
    for (number, played) in undecided {
        tried.insert(number, told(played.again(shared).await?, shared.lang));
    }
    Ok(tried.into_values().collect())
}

/// Compares, and prints the client's line.
fn told(played: Played, lang: Lang) -> Tried {
    let tried = compare(played, lang);
    terminal::print(&figures::line(&tried, lang));
    tried
}
