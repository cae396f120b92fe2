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

/// Scenarios side by side of those that judge a client's own pace: their calls are few and spread.
const AT_A_CALM_PACE: usize = 24;

/// Scenarios side by side of those that are played again.
const IN_QUIET: usize = 4;

/// Runs that are judged at the same time.
const JUDGES: usize = 1;

/// What all trials share.
struct Shared {
    /// How the mock is set up for each access profile.
    settings: BTreeMap<u8, Setting>,
    directories: BTreeMap<String, Arc<Directory>>,
    /// Places for scenarios side by side.
    places: Arc<Semaphore>,
    /// Few, for what is played again.
    quiet: Arc<Semaphore>,
    /// Those who judge take turns.
    judges: Arc<Semaphore>,
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
            tried = try_all(trials, arguments.jobs.into(), &shared) => tried,
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
    let quiet = Arc::new(Semaphore::new(IN_QUIET.min(arguments.jobs.into())));
    let judges = Arc::new(Semaphore::new(JUDGES));
    Ok(Shared { settings, directories, places, quiet, judges, lang, _certificates: temporary })
}

/// First what may be played beside others, then what judges a client's own pace, then once more what is not as expected.
/// A line is printed as each client ends.
async fn try_all(trials: Vec<Trial>, jobs: usize, shared: &Arc<Shared>) -> Result<Vec<Tried>, Failure> {
    let mut trials: Vec<(usize, Trial)> = trials.into_iter().enumerate().collect();
    // Those with most to play first, lest one of them be left alone at the end.
    trials.sort_by_key(|(_, trial)| Reverse(trial.runs.iter().map(|run| run.items.len()).sum::<usize>()));
    let (mut tried, mut paced, mut left) = (BTreeMap::new(), Vec::new(), Vec::new());
    let play = |number, trial, shared: Arc<Shared>| async move { trial::play(number, trial, &shared).await };
    side_by_side(CLIENTS_AT_ONCE, trials, shared, play, |number, played| {
        let list = if played.has_pace() { &mut paced } else { &mut left };
        list.push((number, played));
    })
    .await?;
    let play = |_, played: Played, shared: Arc<Shared>| async move { played.at_its_pace(&shared).await };
    side_by_side(AT_A_CALM_PACE.min(jobs), paced, shared, play, |number, played| left.push((number, played)))
        .await?;
    let (again, ended): (Vec<_>, Vec<_>) =
        left.into_iter().partition(|(_, played)| !played.not_as_expected().is_empty());
    for (number, played) in ended {
        tried.insert(number, told(played, shared.lang));
    }
    let play = |_, played: Played, shared: Arc<Shared>| async move { played.again(&shared).await };
    side_by_side(IN_QUIET.min(jobs), again, shared, play, |number, played| {
        tried.insert(number, told(played, shared.lang));
    })
    .await?;
    Ok(tried.into_values().collect())
}

/// Plays numbered clients, `at_once` of them at the same time; `ended` is told of each.
async fn side_by_side<T: Send + 'static, F: Future<Output = Result<Played, Failure>> + Send + 'static>(
    at_once: usize,
    clients: Vec<(usize, T)>,
    shared: &Arc<Shared>,
    play: impl Fn(usize, T, Arc<Shared>) -> F + Copy + Send + 'static,
    mut ended: impl FnMut(usize, Played),
) -> Result<(), Failure> {
    let turns = Arc::new(Semaphore::new(at_once));
    let mut playing = JoinSet::new();
    for (number, client) in clients {
        let (shared, turns) = (Arc::clone(shared), Arc::clone(&turns));
        playing.spawn(async move {
            // The semaphore is never closed.
            let _turn = turns.acquire_owned().await;
            (number, play(number, client, shared).await)
        });
    }
    while let Some(joined) = playing.join_next().await {
        let (number, played) = joined.map_err(|error| {
            Failure::bench(format!("Le banc s’est arrêté : {error}."), format!("The bench broke: {error}."))
        })?;
        ended(number, played?);
    }
    Ok(())
}

/// Compares, and prints the client's line.
fn told(played: Played, lang: Lang) -> Tried {
    let tried = compare(played, lang);
    terminal::print(&figures::line(&tried, lang));
    tried
}
