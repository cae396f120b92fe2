//! Playing one scenario: start its mock, drive the client through its steps, close its journal.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::noise::Noise;
use super::service::adapter_variables;
use super::shared::Shared;
use super::{Driver, behaviour};
use crate::driver::{Call, Ending, Variables};
use crate::journal::{
    Event, Redactor, ScenarioEnded, ScenarioJournal, ScenarioStarted, StepEnd, StepEnded, StepStarted,
};
use crate::scenario::{Scenario, Step};
use crate::server::{FHIR_PATH, Mock};

/// Time allowed to a client when the scenario does not say.
pub(crate) const DEFAULT_DEADLINE: Duration = Duration::from_secs(30);

/// Plays one scenario. What goes wrong in the bench itself is told in the journal.
pub(super) async fn play(shared: &Shared, scenario: &Scenario) {
    let journal = shared.journal.scenario(&scenario.id);
    let noise = Noise::start();
    let harness_error = steps(shared, scenario, &journal).await.err();
    journal.write(Event::ScenarioEnded(ScenarioEnded { noise_us: noise.stop(), harness_error }));
}

async fn steps(shared: &Shared, scenario: &Scenario, journal: &ScenarioJournal) -> Result<(), String> {
    let mock = start(shared, scenario, journal).await?;
    let state = tempfile::tempdir().map_err(|error| format!("temporary folder: {error}"))?;
    let variables = adapter_variables(&shared.service, &shared.reference, &mock);
    for (number, step) in (1..).zip(&scenario.steps) {
        if let Some(wait) = step.wait {
            tokio::time::sleep(wait.duration()).await;
            continue;
        }
        let Some(action) = &step.act else { continue };
        let call = Call {
            action: action.clone(),
            input: step.with.clone().unwrap_or_else(|| Value::Object(serde_json::Map::new())),
            variables: step_variables(&variables, scenario, number, state.path()),
        };
        let end = act(shared, journal, number, step, call).await;
        // Without an adapter, further steps would tell nothing.
        if matches!(end, StepEnd::NotStarted { .. }) {
            break;
        }
    }
    mock.stop().await;
    Ok(())
}

async fn start(shared: &Shared, scenario: &Scenario, journal: &ScenarioJournal) -> Result<Mock, String> {
    let given = &scenario.given;
    let directory =
        shared.directories.get(&given.dataset).ok_or_else(|| format!("dataset `{}`", given.dataset))?;
    let whitelist = shared.service.whitelist(&shared.reference, given.registration);
    let quotas = shared.campaign.file.quotas.unwrap_or_default();
    let behaviour = behaviour::of(given, quotas, Arc::clone(directory), whitelist, &shared.reference);
    let quotas = behaviour::quota_facts(&behaviour.quotas, shared.service.profile);
    let mock = Mock::start(&shared.place, behaviour, &shared.tls, shared.token_key.clone(), journal.clone());
    let mock = mock.await.map_err(|error| format!("the mock cannot listen: {error}"))?;
    journal.write(Event::ScenarioStarted(Box::new(ScenarioStarted {
        dataset: given.dataset.clone(),
        seed: shared.campaign.seed,
        profile: shared.service.profile.get(),
        service: shared.service.facts(&shared.reference, given.registration, journal.redactor()),
        quotas,
        token_lifetime_s: given.token_lifetime.duration().as_secs(),
        fhir_url: format!("{}{FHIR_PATH}", mock.api_url),
        token_url: mock.token_url.clone(),
    })));
    Ok(mock)
}

async fn act(
    shared: &Shared,
    journal: &ScenarioJournal,
    number: u32,
    step: &Step,
    mut call: Call,
) -> StepEnd {
    let deadline = step.deadline.map_or(DEFAULT_DEADLINE, |deadline| deadline.duration());
    let deadline = shared.campaign.stretched(deadline);
    let deadline_ms = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
    call.variables.insert("ROR_DEADLINE_MS".to_owned(), deadline_ms.to_string());
    journal.write(Event::StepStarted(StepStarted {
        step: number,
        action: Some(call.action.clone()),
        input: call.input.clone(),
        deadline_ms,
    }));
    let has_action =
        shared.campaign.file.actions.as_ref().is_none_or(|actions| actions.contains(&call.action));
    let ending = if has_action {
        drive(&shared.driver, &call, deadline).await
    } else {
        Ending {
            end: StepEnd::NoAction,
            result: None,
            stdout_tail: String::new(),
            stderr_tail: String::new(),
        }
    };
    let ended = redacted(ending, journal.redactor());
    let end = ended.end.clone();
    journal.write(Event::StepEnded(Box::new(StepEnded { step: number, ..ended })));
    end
}

async fn drive(driver: &Driver, call: &Call, deadline: Duration) -> Ending {
    match driver {
        Driver::Command(adapter) => adapter.run(call, deadline).await,
    }
}

fn step_variables(common: &Variables, scenario: &Scenario, number: u32, state: &Path) -> Variables {
    let mut variables = common.clone();
    let mut set = |name: &str, value: String| variables.insert(name.to_owned(), value);
    set("ROR_SCENARIO", scenario.id.clone());
    set("ROR_STEP", number.to_string());
    set("ROR_STATE_DIR", state.display().to_string());
    set("ROR_RESULT_FILE", state.join(format!("result-{number}.json")).display().to_string());
    variables
}

/// What a client says may hold a secret, too.
fn redacted(ending: Ending, redactor: &Redactor) -> StepEnded {
    let end = match ending.end {
        StepEnd::Error { message } => StepEnd::Error { message: redactor.text(&message) },
        StepEnd::NotStarted { reason } => StepEnd::NotStarted { reason: redactor.text(&reason) },
        other => other,
    };
    let result = ending.result.map(|mut result| {
        result.message = redactor.text(&result.message);
        if let Some(items) = &mut result.integrated {
            let text = redactor.text(&Value::Array(std::mem::take(items)).to_string());
            *items = serde_json::from_str(&text).unwrap_or_default();
        }
        result
    });
    StepEnded {
        step: 0,
        end,
        result,
        stdout_tail: redactor.text(&ending.stdout_tail),
        stderr_tail: redactor.text(&ending.stderr_tail),
    }
}
