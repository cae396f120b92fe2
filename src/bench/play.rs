//! Playing one scenario: start its mock, drive the client through its steps, close its journal.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use time::OffsetDateTime;

use super::impostor::{Impostors, stapling};
use super::machines::{Machines, side_by_side};
use super::noise::Noise;
use super::service::{adapter_variables, scenario_started};
use super::shared::Shared;
use super::{Driver, behaviour, credential, place};
use crate::driver::{Call, Ending, MESSAGE_TAKEN, OUTPUT_TAKEN, Variables};
use crate::journal::{
    Event, HandedCredential, Impostor, NotPlayable, ScenarioEnded, ScenarioJournal, ScenarioStarted, StepEnd,
    StepEnded, StepStarted,
};
use crate::pki::CertificateStatus;
use crate::scenario::{Scenario, Step};
use crate::server::{Mock, Place};

/// How much of an output the journal keeps, in bytes.
const OUTPUT_SHOWN: usize = 16 * 1024;

/// How much of a message the journal keeps, in characters.
const MESSAGE_SHOWN: usize = 2_000;

/// No secret is longer, in bytes.
const LONGEST_SECRET: usize = 2 * 1024;

/// A longer `integrated` is kept beside the journal, in bytes.
const INTEGRATED_INLINE: usize = 64 * 1024;

/// Time allowed to a client when the scenario does not say.
pub(crate) const DEFAULT_DEADLINE: Duration = Duration::from_secs(30);

/// Plays one scenario. What goes wrong in the bench itself is told in the journal.
pub(super) async fn play(shared: &Shared, scenario: &Scenario) {
    let journal = shared.journal.scenario(&scenario.id);
    let noise = Noise::start(journal.clone());
    let harness_error = steps(shared, scenario, &journal).await.err();
    journal.write(Event::ScenarioEnded(ScenarioEnded { harness_error, ..noise.stop() }));
}

async fn steps(shared: &Shared, scenario: &Scenario, journal: &ScenarioJournal) -> Result<(), String> {
    let place = place::of(&scenario.given, &shared.place, &shared.tls);
    let not_playable = place.as_ref().err().copied();
    let place = place.unwrap_or_else(|_| shared.place.clone());
    let mut mock = start(shared, scenario, journal, &place, not_playable).await?;
    if not_playable.is_some() {
        mock.stop().await;
        return Ok(());
    }
    let temporary = || tempfile::tempdir().map_err(|error| format!("temporary folder: {error}"));
    let (state, certificates) = (temporary()?, temporary()?);
    let variables = adapter_variables(&shared.service, &shared.reference, &mock);
    let most = scenario.steps.iter().filter_map(|step| step.instances).max().unwrap_or(0);
    let machines = Machines::start(&mut mock, most, state.path()).await?;
    for (number, step) in (1..).zip(&scenario.steps) {
        mock.set_phase(number);
        if let Some(wait) = step.wait {
            tokio::time::sleep(wait.duration()).await;
            continue;
        }
        if let Some(changes) = &step.change {
            let changes = behaviour::changes(changes, OffsetDateTime::now_utc(), mock.last_answer());
            mock.change(number, &changes).map_err(|error| format!("step {number}: {error}"))?;
            continue;
        }
        let Some(action) = &step.act else { continue };
        let input = step.with.clone().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        let mut variables = step_variables(&variables, scenario, number, state.path());
        let supplier = shared.service.supplier_variables(&input);
        variables.extend(supplier.map(|(name, value)| (name.to_owned(), value)));
        let mut impostors = Impostors::start(shared, &mock, number, step, &mut variables).await?;
        let credential = credential::hand(shared, &mock, step, certificates.path(), &mut variables).await?;
        let canaries = scenario.given.canaries.iter().map(|canary| canary.as_str().to_owned()).collect();
        let call = Call { action: action.clone(), input, variables, canaries };
        let told = (std::mem::take(&mut impostors.told), credential);
        let ends = match step.instances {
            None => vec![act(shared, journal, Turn { number, step, instance: None }, told, call).await],
            Some(_) => {
                let acting = machines.calls(step, number, &call).map(|(instance, call)| {
                    let turn = Turn { number, step, instance: Some(instance) };
                    act(shared, journal, turn, told.clone(), call)
                });
                side_by_side(acting).await
            }
        };
        impostors.end().await;
        // Without an adapter, further steps would tell nothing.
        if ends.iter().any(|end| matches!(end, StepEnd::NotStarted { .. })) {
            break;
        }
    }
    mock.stop().await;
    Ok(())
}

async fn start(
    shared: &Shared,
    scenario: &Scenario,
    journal: &ScenarioJournal,
    place: &Place,
    not_playable: Option<NotPlayable>,
) -> Result<Mock, String> {
    let given = &scenario.given;
    let directory =
        shared.directories.get(&given.dataset).ok_or_else(|| format!("dataset `{}`", given.dataset))?;
    let whitelist = shared.service.whitelist(&shared.reference, given.registration, given.supplier);
    let quotas = shared.campaign.file.quotas.unwrap_or_default();
    let search = shared.campaign.search;
    let behaviour = behaviour::of(given, quotas, search, Arc::clone(directory), whitelist, &shared.reference);
    let facts = behaviour::facts(&behaviour, shared.service.profile);
    let tls = if given.staple { stapling(shared, CertificateStatus::Good)? } else { shared.tls.clone() };
    let mock = Mock::start(place, behaviour, &tls, shared.token_key.clone(), journal.clone());
    let mock = mock.await.map_err(|error| format!("the mock cannot listen: {error}"))?;
    let started = scenario_started(
        &shared.service,
        &shared.reference,
        shared.campaign.seed,
        given,
        facts,
        &mock,
        journal.redactor(),
    );
    journal.write(Event::ScenarioStarted(Box::new(ScenarioStarted { not_playable, ..started })));
    Ok(mock)
}

/// Which step is played, and by which of several instances of the client.
struct Turn<'a> {
    number: u32,
    step: &'a Step,
    instance: Option<u32>,
}

async fn act(
    shared: &Shared,
    journal: &ScenarioJournal,
    Turn { number, step, instance }: Turn<'_>,
    (impostors, credential): (Vec<Impostor>, Option<HandedCredential>),
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
        impostors,
        instance,
        credential,
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
            canaries: Vec::new(),
        }
    };
    let ended = redacted(ending, journal);
    let end = ended.end.clone();
    journal.write(Event::StepEnded(Box::new(StepEnded { step: number, instance, ..ended })));
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
    variables.extend(state_variables(number, state));
    variables
}

/// Where an adapter keeps what lasts for the scenario, and where it may write the result of a step.
pub(super) fn state_variables(number: u32, state: &Path) -> [(String, String); 2] {
    let result = state.join(format!("result-{number}.json"));
    [
        ("ROR_STATE_DIR".to_owned(), state.display().to_string()),
        ("ROR_RESULT_FILE".to_owned(), result.display().to_string()),
    ]
}

/// What a client says may hold a secret, too. Cut only once it is redacted, so that no half of a secret stays.
fn redacted(ending: Ending, journal: &ScenarioJournal) -> StepEnded {
    let redactor = journal.redactor();
    let beginning = |text: &str| first_part(&redactor.text(text), text.chars().count() >= MESSAGE_TAKEN);
    let stderr_tail =
        last_part(&redactor.text(&ending.stderr_tail), ending.stderr_tail.len() >= OUTPUT_TAKEN);
    let has_result = ending.result.as_ref().is_some_and(|result| result.outcome == "error");
    let end = match ending.end {
        // Without a result, the end of standard error is the message (the adapter contract).
        StepEnd::Error { message } if message.is_empty() && !has_result => {
            StepEnd::Error { message: last_lines(&stderr_tail) }
        }
        StepEnd::Error { message } => StepEnd::Error { message: beginning(&message) },
        StepEnd::NotStarted { reason } => StepEnd::NotStarted { reason: beginning(&reason) },
        other => other,
    };
    let result = ending.result.map(|mut result| {
        result.message = beginning(&result.message);
        if let Some(items) = result.integrated.take() {
            let text = Value::Array(items).to_string();
            if text.len() > INTEGRATED_INLINE {
                result.integrated_kept = Some(journal.body("application/json", text.as_bytes()));
            } else {
                result.integrated = serde_json::from_str(&redactor.text(&text)).ok();
            }
        }
        result
    });
    StepEnded {
        step: 0,
        instance: None,
        end,
        result,
        stdout_tail: last_part(&redactor.text(&ending.stdout_tail), ending.stdout_tail.len() >= OUTPUT_TAKEN),
        stderr_tail,
        canaries: ending.canaries,
    }
}

/// The end of an output. When the driver cut it, half a secret may stand at its beginning: that goes first.
fn last_part(text: &str, cut: bool) -> String {
    let least = if cut { LONGEST_SECRET } else { 0 };
    let mut start = text.len().saturating_sub(OUTPUT_SHOWN).max(least.min(text.len()));
    while !text.is_char_boundary(start) {
        start += 1;
    }
    if start == 0 { text.to_owned() } else { format!("[…]\n{}", &text[start..]) }
}

/// The beginning of a message. When the driver cut it, half a secret may stand at its end: that goes, too.
fn first_part(text: &str, cut: bool) -> String {
    let length = text.chars().count();
    let shown = MESSAGE_SHOWN.min(if cut { length.saturating_sub(LONGEST_SECRET) } else { length });
    if shown == length { text.to_owned() } else { text.chars().take(shown).chain(['…']).collect() }
}

/// The last lines that say something.
fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty() && *line != "[…]").collect();
    let text = lines[lines.len().saturating_sub(5)..].join("\n");
    let surplus = text.chars().count().saturating_sub(MESSAGE_SHOWN);
    if surplus == 0 { text } else { ['…'].into_iter().chain(text.chars().skip(surplus)).collect() }
}
