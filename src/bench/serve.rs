//! The mock alone: served until told to stop, and journaled like a run that plays no scenario.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;

use super::behaviour;
use super::run_started::run_started;
use super::service::{ServiceUnderTest, adapter_variables, scenario_started};
use crate::campaign::Campaign;
use crate::journal::{Event, Journal, RunEnded, ScenarioEnded};
use crate::ror::Directory;
use crate::ror::whitelist::Reference;
use crate::scenario::{Given, Quotas};
use crate::server::{Mock, Place, Tls, TokenKey};

/// Name under which the journal keeps what passes.
const NAME: &str = "serve";

/// Everything that serving needs.
pub struct Serving {
    /// What this run is.
    pub campaign: Campaign,
    /// Name of the dataset.
    pub dataset: String,
    /// The dataset.
    pub directory: Arc<Directory>,
    /// The service that is registered.
    pub service: ServiceUnderTest,
    /// Assigned values and other services.
    pub reference: Reference,
    /// Where the mock listens.
    pub place: Place,
    /// Its TLS.
    pub tls: Tls,
    /// Key of its tokens.
    pub token_key: TokenKey,
}

/// Serves until `stop`; quotas are enforced. `ready` is given the adapter variables and the base URL.
///
/// # Errors
/// When a port cannot be had.
pub async fn serve(
    serving: Serving,
    folder: &str,
    journal: Journal,
    ready: impl FnOnce(BTreeMap<String, String>, &str),
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let start = Instant::now();
    serving.service.register_secret(journal.redactor());
    let started = run_started(&serving.campaign, NAME, Vec::new(), folder, None, &journal);
    journal.write(Event::RunStarted(Box::new(started)));
    let given = Given {
        dataset: serving.dataset,
        quotas: Quotas { enforced: true, ..Quotas::default() },
        ..Given::default()
    };
    let whitelist = serving.service.whitelist(&serving.reference, given.registration, given.supplier);
    let quotas = serving.campaign.file.quotas.unwrap_or_default();
    let search = serving.campaign.search;
    let behaviour = behaviour::of(&given, quotas, search, serving.directory, whitelist, &serving.reference);
    let facts = behaviour::facts(&behaviour, serving.service.profile);
    let scenario = journal.scenario(NAME);
    let mock =
        Mock::start(&serving.place, behaviour, &serving.tls, serving.token_key, scenario.clone()).await?;
    let started = scenario_started(
        &serving.service,
        &serving.reference,
        serving.campaign.seed,
        &given,
        facts,
        &mock,
        journal.redactor(),
    );
    scenario.write(Event::ScenarioStarted(Box::new(started)));
    let mut variables = adapter_variables(&serving.service, &serving.reference, &mock);
    let supplier = serving.service.supplier_variables(&Value::Null);
    variables.extend(supplier.map(|(name, value)| (name.to_owned(), value)));
    ready(variables, &mock.api_url);
    stop.await;
    mock.stop().await;
    scenario.write(Event::ScenarioEnded(ScenarioEnded {
        noise_us: 0,
        harness_error: None,
        ..ScenarioEnded::default()
    }));
    let duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    journal.write(Event::RunEnded(RunEnded { duration_ms, interrupted: false }));
    Ok(())
}
