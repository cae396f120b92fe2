//! Anomalies on the wire (`ror-fhir.md` §8): a Task is reported, its business status changes, it is looked up.

use std::collections::BTreeMap;
use std::sync::Mutex;

use hyper::header::{ALLOW, CONTENT_TYPE, ETAG, LAST_MODIFIED, LOCATION};
use serde_json::{Value, json};

use super::answer::Answer;
use super::paths::TASK_PATH;
use super::received::Received;
use super::refusal::http_date;
use super::state::{State, lock};
use crate::journal::{DataChanged, Event};
use crate::ror::{Problem, anomaly};

/// The first id that is given to a Task.
const FIRST_ID: u64 = 1_001;

/// Most Tasks that one mock keeps.
const TASKS_KEPT: usize = 10_000;

/// The anomalies of one mock, by technical id.
pub(super) struct Tasks(Mutex<BTreeMap<u64, Value>>);

impl Tasks {
    /// Those of `scenarios/reference/anomalies.yaml`.
    pub(super) fn standard() -> Self {
        let held = anomaly::standard().into_iter().filter_map(|task| {
            let id = task["id"].as_str()?.parse().ok()?;
            Some((id, task))
        });
        Self(Mutex::new(held.collect()))
    }
}

/// Answers a request that passed the gates which all APIs share.
pub(super) fn answer(state: &State, request: &Received) -> Answer {
    let answer = route(state, request);
    state.decide(request.exchange, "route", answer.status < 400, format!("{}", answer.status));
    answer
}

fn route(state: &State, request: &Received) -> Answer {
    match (request.routed_method(), id_of(request.path())) {
        (_, None) => Answer::problem(&Problem::unknown_path(request.path())),
        ("POST", Some("")) => report(state, request),
        ("GET", Some("")) => search(state, request),
        ("GET", Some(id)) => read(state, id),
        ("PATCH", Some(id)) if !id.is_empty() => change(state, request, id),
        (method, Some(id)) => {
            let allowed = if id.is_empty() { "GET, POST" } else { "GET, PATCH" };
            Answer::problem(&Problem::method_not_allowed(method, request.path())).with(ALLOW, allowed)
        }
    }
}

/// The id in a path, empty for the type itself. A client that adds `Task` to the URL of Task is understood.
fn id_of(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(TASK_PATH)?;
    let rest =
        rest.strip_prefix("/Task").filter(|rest| rest.is_empty() || rest.starts_with('/')).unwrap_or(rest);
    let id = rest.trim_matches('/');
    (!id.contains('/') && (rest.is_empty() || rest.starts_with('/'))).then_some(id)
}

fn report(state: &State, request: &Received) -> Answer {
    if let Some(refused) = wrong_media_type(request) {
        return refused;
    }
    let mut tasks = lock(&state.tasks.0);
    if tasks.len() >= TASKS_KEPT {
        return Answer::problem(&Problem::new(429, "throttled", "Ce bouchon ne garde pas plus d’anomalies."));
    }
    let id = tasks.keys().next_back().map_or(FIRST_ID, |last| (last + 1).max(FIRST_ID));
    let now = state.journal.wall_at(state.journal.now_us());
    let task = match anomaly::create(&request.body, &id.to_string(), now) {
        Ok(task) => task,
        Err(problem) => return Answer::problem(&problem),
    };
    tasks.insert(id, task.clone());
    drop(tasks);
    written(state, request, &task);
    let url = format!("{}{TASK_PATH}/{id}/_history/1", request.origin(state));
    versioned(Answer::fhir(201, task.to_string()), &task, now).with(LOCATION, &url)
}

fn change(state: &State, request: &Received, id: &str) -> Answer {
    if let Some(refused) = wrong_media_type(request) {
        return refused;
    }
    let now = state.journal.wall_at(state.journal.now_us());
    let mut tasks = lock(&state.tasks.0);
    let held = id.parse::<u64>().ok().and_then(|number| tasks.get_mut(&number));
    let Some(held) = held else { return Answer::problem(&Problem::not_found("Task", id)) };
    let task = match anomaly::change_status(held, &request.body, now) {
        Ok(task) => task,
        Err(problem) => return Answer::problem(&problem),
    };
    *held = task.clone();
    drop(tasks);
    written(state, request, &task);
    versioned(Answer::fhir(200, task.to_string()), &task, now)
}

fn read(state: &State, id: &str) -> Answer {
    let tasks = lock(&state.tasks.0);
    match id.parse::<u64>().ok().and_then(|number| tasks.get(&number)) {
        Some(task) => Answer::fhir(200, task.to_string()),
        None => Answer::problem(&Problem::not_found("Task", id)),
    }
}

/// All that match, in one page.
fn search(state: &State, request: &Received) -> Answer {
    let tasks = lock(&state.tasks.0);
    let drafts = state.behaviour.search.drafts;
    let directory = state.data.current();
    let found = match anomaly::search(tasks.values(), &request.parameters(), &directory, drafts) {
        Ok(found) => found,
        Err(problem) => return Answer::problem(&problem),
    };
    let origin = request.origin(state);
    let entry = |task: &&Value| {
        let id = task["id"].as_str().unwrap_or_default();
        json!({ "fullUrl": format!("{origin}{TASK_PATH}/{id}"), "resource": task, "search": { "mode": "match" } })
    };
    let mut bundle = json!({
        "resourceType": "Bundle",
        "type": "searchset",
        "total": found.len(),
        "link": [{ "relation": "self", "url": format!("{origin}{}", request.target) }]
    });
    // FHIR R4 has no empty lists.
    if !found.is_empty() {
        bundle["entry"] = found.iter().map(entry).collect();
    }
    Answer::fhir(200, bundle.to_string())
}

/// Says in the journal what a client wrote; it may hold a secret, too.
fn written(state: &State, request: &Received, task: &Value) {
    let text = state.journal.redactor().text(&task.to_string());
    let put = vec![serde_json::from_str(&text).unwrap_or(Value::Null)];
    let change = DataChanged { exchange: Some(request.exchange), put, ..DataChanged::default() };
    state.journal.write(Event::DataChanged(Box::new(change)));
}

fn versioned(answer: Answer, task: &Value, now: time::OffsetDateTime) -> Answer {
    let version = task["meta"]["versionId"].as_str().unwrap_or("1");
    answer.with(ETAG, &format!("W/\"{version}\"")).with(LAST_MODIFIED, &http_date(now))
}

fn wrong_media_type(request: &Received) -> Option<Answer> {
    match request.media_type().as_str() {
        "application/fhir+json" | "application/json" => None,
        _ => {
            let given = request.header(&CONTENT_TYPE).unwrap_or_default();
            Some(Answer::problem(&Problem::unsupported_media_type(given)))
        }
    }
}
