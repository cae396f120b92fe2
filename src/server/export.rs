//! `$export` (`ror-fhir.md` §6): kick-off, polling, manifest, files, cancellation.
//!
//! A job holds pointers to resources of the view; a file is written out only when it is asked for, slice by slice, so
//! that an export of any size takes the memory of one slice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use hyper::header::{CONTENT_LOCATION, HeaderName};
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::Answer;
use super::behaviour::{ExportBehaviour, ForeignLink};
use super::received::Received;
use super::state::{State, lock, random_uuid};
use crate::ror::{ExportCriteria, Problem, Resource, View, fhir_instant};

/// Jobs kept; the oldest goes when one more comes.
const JOBS_KEPT: usize = 64;

/// The file that tells what could not be extracted.
const ERRORS: &str = "errors.json";

/// The jobs of one mock.
#[derive(Default)]
pub(super) struct Exports {
    jobs: Mutex<BTreeMap<Uuid, Job>>,
}

/// One export under way or ready.
#[derive(Clone)]
struct Job {
    service: String,
    request: String,
    transaction_time: String,
    started_us: u64,
    files: Arc<Vec<File>>,
    polls: u32,
    ready: bool,
}

/// One file: resources of one type.
struct File {
    name: String,
    resource_type: &'static str,
    resources: Vec<Arc<Resource>>,
}

/// `GET [base]/$export`.
pub(super) fn kick_off(state: &State, request: &Received, view: &View, service: &str) -> Answer {
    let parameters = request.parameters();
    let settings = &state.behaviour.export;
    if let Some(problem) = refused(&parameters) {
        return Answer::problem(&problem);
    }
    let found = ExportCriteria::parse(&parameters, state.behaviour.search)
        .and_then(|criteria| view.export(&criteria));
    let resources = match found {
        Ok(resources) => resources,
        Err(problem) => return Answer::problem(&problem),
    };
    let now_us = state.journal.now_us();
    let mut jobs = lock(&state.exports.jobs);
    let running = |job: &Job| job.service == service && !job.ready && !job.expired(settings, now_us);
    if settings.one_job_per_service && jobs.values().any(running) {
        let problem = Problem::new(429, "throttled", "Une extraction de ce service est déjà en cours.");
        return Answer::problem(&problem).retry_after(&settings.wait_seconds().to_string());
    }
    let id = random_uuid();
    let job = Job {
        service: service.to_owned(),
        request: format!("{}{}", request.origin(state), request.target),
        transaction_time: fhir_instant(state.journal.wall_at(now_us)),
        started_us: now_us,
        files: Arc::new(files(id, &resources, settings.slice)),
        polls: 0,
        ready: false,
    };
    if jobs.len() >= JOBS_KEPT
        && let Some(oldest) = jobs.iter().min_by_key(|(_, job)| job.started_us).map(|(id, _)| *id)
    {
        jobs.remove(&oldest);
    }
    jobs.insert(id, job);
    drop(jobs);
    let answer = Answer::fhir(202, "");
    if !settings.content_location {
        return answer;
    }
    let base = foreign_or_own(state, request, ForeignLink::Poll);
    answer.with(CONTENT_LOCATION, &format!("{base}/$export-poll-status?_jobId={id}"))
}

/// `GET [base]/$export-poll-status?_jobId=…`: 202 while it runs, then the manifest.
pub(super) fn poll(state: &State, request: &Received, service: &str) -> Answer {
    let settings = &state.behaviour.export;
    let now_us = state.journal.now_us();
    let mut jobs = lock(&state.exports.jobs);
    let job = job_id(request).and_then(|id| jobs.get_mut(&id)).filter(|job| job.service == service);
    let Some(job) = job else { return unknown_job() };
    if job.expired(settings, now_us) {
        return expired();
    }
    job.polls += 1;
    if job.polls <= settings.polls {
        return Answer::fhir(202, "")
            .with(HeaderName::from_static("x-progress"), &format!("{}/{}", job.polls, settings.polls + 1))
            .retry_after(&settings.wait_seconds().to_string());
    }
    job.ready = true;
    let job = job.clone();
    drop(jobs);
    Answer::json(200, &manifest(state, request, &job))
}

/// `DELETE [base]/$export-poll-status?_jobId=…` (bulk data 2.0.0): the job and its files go.
pub(super) fn cancel(state: &State, request: &Received, service: &str) -> Answer {
    let mut jobs = lock(&state.exports.jobs);
    let held = job_id(request).filter(|id| jobs.get(id).is_some_and(|job| job.service == service));
    match held {
        Some(id) => {
            jobs.remove(&id);
            Answer::fhir(202, "")
        }
        None => unknown_job(),
    }
}

/// `GET [base]/$export-get-file/[name].json`: one slice, as a Bundle.
pub(super) fn file(state: &State, request: &Received, service: &str, name: &str) -> Answer {
    if name == ERRORS && state.behaviour.export.reports_errors {
        let what = "Une partie des ressources n’a pas pu être extraite";
        return Answer::fhir(200, Problem::new(500, "exception", what).to_operation_outcome().to_string());
    }
    let now_us = state.journal.now_us();
    let jobs = lock(&state.exports.jobs);
    let job = jobs.values().find(|job| job.files.iter().any(|file| file.name == name));
    let Some(job) = job.filter(|job| job.service == service && job.ready) else {
        return Answer::problem(&Problem::new(404, "not-found", "Ce fichier n’existe pas."));
    };
    if job.expired(&state.behaviour.export, now_us) {
        return expired();
    }
    let files = Arc::clone(&job.files);
    drop(jobs);
    let base = request.base_url(state);
    let Some(file) = files.iter().find(|file| file.name == name) else { return unknown_job() };
    Answer::fhir(200, bundle(file, &base))
}

impl Job {
    fn expired(&self, settings: &ExportBehaviour, now_us: u64) -> bool {
        u128::from(now_us.saturating_sub(self.started_us)) > settings.lifetime.as_micros()
    }
}

/// What the ROR refuses of a kick-off (`ror-fhir.md` §6): ndjson is not served.
fn refused(parameters: &[(String, String)]) -> Option<Problem> {
    let format = parameters.iter().find(|(name, _)| name == "_outputFormat").map(|(_, value)| value.as_str());
    // A `+` that was not percent-encoded arrives as a space.
    match format.map(|format| format.replace(' ', "+")).as_deref() {
        None | Some("application/fhir+json" | "application/json" | "json") => None,
        Some(other) => Some(
            Problem::new(
                400,
                "processing",
                format!(
                    "_outputFormat : {other} n’est pas servi (application/fhir+json ou application/json)"
                ),
            )
            .at("http._outputFormat"),
        ),
    }
}

fn files(id: Uuid, resources: &[Arc<Resource>], slice: usize) -> Vec<File> {
    let of_one_type = resources.chunk_by(|one, other| one.resource_type == other.resource_type);
    let slices = of_one_type.flat_map(|of_type| of_type.chunks(slice.max(1)));
    slices
        .enumerate()
        .map(|(index, resources)| {
            let resource_type = resources.first().map_or("", |first| first.resource_type.name());
            File {
                name: format!("{id}-{:04}-{resource_type}.json", index + 1),
                resource_type,
                resources: resources.to_vec(),
            }
        })
        .collect()
}

fn manifest(state: &State, request: &Received, job: &Job) -> Value {
    let own = request.base_url(state);
    let last = job.files.len().saturating_sub(1);
    let output: Vec<Value> = job
        .files
        .iter()
        .enumerate()
        .map(|(index, file)| {
            // Elsewhere: the last file only, so that a client has something to lose.
            let base =
                if index == last { foreign_or_own(state, request, ForeignLink::File) } else { own.clone() };
            json!({
                "type": file.resource_type,
                "url": format!("{base}/$export-get-file/{}", file.name),
                "count": file.resources.len()
            })
        })
        .collect();
    let error: Vec<Value> = if state.behaviour.export.reports_errors {
        vec![json!({ "type": "OperationOutcome", "url": format!("{own}/$export-get-file/{ERRORS}") })]
    } else {
        Vec::new()
    };
    json!({
        "transactionTime": job.transaction_time,
        "request": job.request,
        "requiresAccessToken": true,
        "output": output,
        "error": error
    })
}

/// The texts of the resources, put together without being parsed again.
fn bundle(file: &File, base: &str) -> String {
    let size: usize = file.resources.iter().map(|resource| resource.text.len() + 160).sum();
    let mut text = String::with_capacity(size + 64);
    text.push_str(r#"{"resourceType":"Bundle","type":"collection","entry":["#);
    for (index, resource) in file.resources.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        // A base URL and a reference hold nothing that JSON escapes.
        text.push_str(&format!(r#"{{"fullUrl":"{base}/{}","resource":"#, resource.reference()));
        text.push_str(&resource.text);
        text.push('}');
    }
    text.push_str("]}");
    text
}

fn foreign_or_own(state: &State, request: &Received, link: ForeignLink) -> String {
    state.foreign_base(link).unwrap_or_else(|| request.base_url(state))
}

fn job_id(request: &Received) -> Option<Uuid> {
    let parameters = request.parameters();
    let value = parameters.iter().find(|(name, _)| name == "_jobId").map(|(_, value)| value.as_str());
    Uuid::parse_str(value?).ok()
}

fn unknown_job() -> Answer {
    Answer::problem(&Problem::new(404, "not-found", "Aucune extraction n’a cet identifiant."))
}

fn expired() -> Answer {
    Answer::problem(&Problem::gone("Cette extraction a expiré : demandez-la de nouveau"))
}
