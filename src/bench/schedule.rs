//! Scheduling a campaign: scenarios side by side, those that judge pace by themselves.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::play;
use super::run_started::run_started;
use super::service::ServiceUnderTest;
use super::shared::Shared;
use super::{Driver, RunFolder};
use crate::campaign::Campaign;
use crate::journal::{Baseline, Event, Journal, RunEnded, ScenarioEnded};
use crate::pki::{Credentials, Impostors};
use crate::ror::Directory;
use crate::ror::whitelist::Reference;
use crate::scenario::Scenario;
use crate::server::{Place, Tls, TokenKey};

/// Everything that a run needs.
pub struct RunPlan {
    /// Scenarios, in the order of the report.
    pub scenarios: Vec<Arc<Scenario>>,
    /// How many scenarios of each plan were not asked for.
    pub left_out: BTreeMap<String, usize>,
    /// What this run is.
    pub campaign: Campaign,
    /// Failures that are expected.
    pub baseline: Option<Baseline>,
    /// How the client is made to act.
    pub driver: Driver,
    /// How the client is called in the report.
    pub client: String,
    /// The service under test.
    pub service: ServiceUnderTest,
    /// Assigned values and other services.
    pub reference: Reference,
    /// Datasets by name.
    pub directories: BTreeMap<String, Arc<Directory>>,
    /// Where the mock listens.
    pub place: Place,
    /// Its TLS.
    pub tls: Tls,
    /// Key of its tokens.
    pub token_key: TokenKey,
    /// Its certificate with one thing wrong.
    pub impostors: Impostors,
    /// Certificates to hand to the client in place of its own.
    pub credentials: Credentials,
    /// A place for each scenario that may be played beside others; several runs may share them.
    pub places: Arc<Semaphore>,
    /// How many of the scenarios, longest first, come after the others: runs that share their places do not all wait
    /// at first and work at last.
    pub put_off: usize,
}

/// What is told while it plays.
pub trait Progress: Send + Sync {
    /// A scenario begins.
    fn started(&self, scenario: &Scenario);
    /// A scenario is over.
    fn ended(&self, scenario: &Scenario);
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// What prevented the journal from being written whole.
    pub journal_failure: Option<String>,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
}

/// Plays a campaign. `stop` ends it early: scenarios that have begun are cut short, the others not begun.
pub async fn run(
    plan: RunPlan,
    folder: &RunFolder,
    journal: Journal,
    progress: Arc<dyn Progress>,
    stop: impl Future<Output = ()>,
) -> Finished {
    let start = Instant::now();
    let scenarios = plan.scenarios.iter().map(|scenario| scenario.id.clone()).collect();
    let mut started =
        run_started(&plan.campaign, &plan.client, scenarios, folder.name(), plan.baseline.as_ref(), &journal);
    started.left_out = plan.left_out;
    journal.write(Event::RunStarted(Box::new(started)));
    plan.service.register_secret(journal.redactor());
    // There is one port: its users take turns.
    let places = if plan.place.port.is_some() { Arc::new(Semaphore::new(1)) } else { plan.places };
    let shared = Arc::new(Shared {
        journal: journal.clone(),
        campaign: plan.campaign,
        driver: plan.driver,
        service: plan.service,
        reference: plan.reference,
        directories: plan.directories,
        place: plan.place,
        tls: plan.tls,
        token_key: plan.token_key,
        impostors: plan.impostors,
        credentials: plan.credentials,
    });
    let (alone, mut together): (Vec<_>, Vec<_>) =
        plan.scenarios.into_iter().partition(|scenario| scenario.given.alone);
    // So that no long one is left alone at the end.
    together.sort_by_key(|scenario| Reverse(scenario.duration()));
    let put_off = plan.put_off.min(together.len());
    together.rotate_left(put_off);
    let interrupted = tokio::select! {
        () = stop => true,
        () = async {
            play_all(&shared, together, &places, &progress).await;
            play_all(&shared, alone, &Arc::new(Semaphore::new(1)), &progress).await;
        } => false,
    };
    journal.write(Event::RunEnded(RunEnded { duration_ms: milliseconds_since(start), interrupted }));
    Finished { journal_failure: journal.failure(), interrupted }
}

async fn play_all(
    shared: &Arc<Shared>,
    scenarios: Vec<Arc<Scenario>>,
    places: &Arc<Semaphore>,
    progress: &Arc<dyn Progress>,
) {
    let mut playing = JoinSet::new();
    let mut names = HashMap::new();
    for scenario in scenarios {
        // The semaphore is never closed.
        let Ok(place) = Arc::clone(places).acquire_owned().await else { return };
        let (shared, progress) = (Arc::clone(shared), Arc::clone(progress));
        let id = scenario.id.clone();
        let task = playing.spawn(async move {
            progress.started(&scenario);
            play::play(&shared, &scenario).await;
            progress.ended(&scenario);
            drop(place);
        });
        names.insert(task.id(), id);
    }
    while let Some(ended) = playing.join_next().await {
        // A fault of the bench is told as such: a scenario that merely stops would seem interrupted.
        if let Err(error) = ended
            && let Some(id) = names.get(&error.id())
        {
            let harness_error = Some(format!("the bench broke while it played: {error}"));
            shared.journal.scenario(id).write(Event::ScenarioEnded(ScenarioEnded {
                noise_us: 0,
                harness_error,
                ..ScenarioEnded::default()
            }));
        }
    }
}

/// How long something took, in milliseconds.
fn milliseconds_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}
