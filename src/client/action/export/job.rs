//! The job of an export: started, waited for, forgotten.

use std::time::Duration;

use hyper::Uri;
use hyper::header::{CONTENT_LOCATION, HeaderName};
use percent_encoding::utf8_percent_encode;
use serde_json::Value;

use super::super::super::error::ClientError;
use super::super::super::flaws::Flaw;
use super::super::super::query::{REGION, VALUE, resolve};
use super::super::super::resource::elements;
use super::super::super::retry::Advertised;
use super::super::super::ror::{Call, Ror};
use super::super::super::transport::Answer;

/// The name of the first call in messages.
pub(super) const START: &str = "GET $export";
const POLL: &str = "GET of the export's state";
const PREFER: HeaderName = HeaderName::from_static("prefer");
/// The wait before the second poll when none is advertised; it grows by as much each time.
const WAIT_STEP: Duration = Duration::from_secs(1);
/// The longest such wait.
const WAIT_LONGEST: Duration = Duration::from_secs(5);
/// Polls at most, should nothing else end them.
const MOST_POLLS: u32 = 5_000;
/// Manifests that are read at most before one that is not JSON is an error.
const READINGS: u32 = 3;
/// The wait and the number of polls of `export-polls-hot`.
const HOT: (Duration, u32) = (Duration::from_millis(30), 60);
/// Further starts of `export-starts-over`.
const STARTS_OVER: u32 = 20;
/// The longest list of errors that is quoted, in characters.
const LONGEST_ERRORS: usize = 500;

/// Starts an export; gives where to ask for its state.
pub(super) async fn start(ror: &Ror, region: Option<&str>, again: bool) -> Result<Option<Uri>, ClientError> {
    let flaws = &ror.session.flaws;
    let url = start_url(ror, region.filter(|_| !flaws.has(Flaw::ExportIgnoresRegion)))?;
    let mut call = Call::get(url.clone(), START).with(PREFER, "respond-async");
    call.hasty = again && flaws.has(Flaw::ExportRestartsOn429);
    let is_begun = |answer: &Answer| matches!(answer.status, 200 | 202);
    let mut answer = ror.send(&call, is_begun).await?;
    let starts_over = if flaws.has(Flaw::ExportStartsOver) { STARTS_OVER } else { 0 };
    for _ in 0..starts_over {
        if !answer.headers.contains_key(CONTENT_LOCATION) {
            answer = ror.send(&call, is_begun).await?;
        }
    }
    let Some(link) = answer.headers.get(CONTENT_LOCATION).and_then(|value| value.to_str().ok()) else {
        if flaws.has(Flaw::IgnoresMissingContentLocation) {
            return Ok(None);
        }
        let problem = "the answer has no Content-Location, so that the export cannot be followed";
        return Err(content(START, problem));
    };
    let poll = resolve(&url, link)?;
    if flaws.has(Flaw::ExportRebuildsPollUrl) { rebuilt(ror, &poll).map(Some) } else { Ok(Some(poll)) }
}

/// Asks for the state of the export, as often as told, until its manifest comes.
pub(super) async fn wait(ror: &Ror, poll: &Uri) -> Result<Manifest, ClientError> {
    let flaws = &ror.session.flaws;
    let hot = flaws.has(Flaw::ExportPollsHot);
    let mut call = Call::get(poll.clone(), POLL);
    call.hasty = hot;
    let mut broken = 0;
    for number in 1..=(if hot { HOT.1 } else { MOST_POLLS }) {
        let answer = ror.send(&call, |answer| matches!(answer.status, 200 | 202)).await?;
        if answer.status == 200 {
            match serde_json::from_slice(&answer.body) {
                Ok(manifest) => return Ok(Manifest(manifest)),
                Err(error) if broken + 1 >= READINGS => {
                    return Err(content(POLL, &format!("the manifest is not JSON: {error}")));
                }
                Err(_) => broken += 1,
            }
        }
        if flaws.has(Flaw::ExportTakes202ForDone) {
            return Ok(Manifest(Value::Null));
        }
        let clock = &ror.session.clock;
        let wait = if hot { HOT.0 } else { told(ror, &answer).unwrap_or_else(|| growing(number)) };
        let due = clock.now() + wait;
        if ror.session.is_past_deadline(due) {
            return Err(ClientError::Deadline { call: "$export".to_owned() });
        }
        clock.sleep_until(due).await;
    }
    Err(content(POLL, "the export does not come to an end"))
}

/// Tells the server that the files are no longer needed; of no consequence.
pub(super) async fn forget(ror: &Ror, poll: Uri) {
    ror.send_once(&Call::delete(poll, "DELETE of the export")).await;
}

/// What the export has come to (FHIR Bulk Data, complete status).
pub(super) struct Manifest(Value);

impl Manifest {
    /// The URLs of the files.
    pub(super) fn files(&self) -> Vec<String> {
        let output = elements(&self.0["output"]).iter();
        output.filter_map(|file| file["url"].as_str().map(str::to_owned)).collect()
    }

    /// What went wrong, for a person; empty when nothing did.
    pub(super) fn errors(&self) -> String {
        let errors = elements(&self.0["error"]).iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
        let printable = errors.chars().map(|c| if c.is_control() { ' ' } else { c });
        printable.take(LONGEST_ERRORS).collect()
    }

    /// The moment that the export stands for.
    pub(super) fn transaction_time(&self) -> Option<String> {
        self.0["transactionTime"].as_str().map(str::to_owned)
    }
}

fn start_url(ror: &Ror, region: Option<&str>) -> Result<Uri, ClientError> {
    let base = ror.session.settings.require("ROR_FHIR_URL")?.trim_end_matches('/');
    let format = if ror.session.flaws.has(Flaw::ExportAsksNdjson) { "ndjson" } else { "json" };
    let mut url = format!("{base}/$export?_outputFormat=application/fhir%2B{format}&_type=HealthcareService");
    if let Some(region) = region {
        // Encoded once, as the ROR's documentation does it.
        let filter = format!("HealthcareService?_tag={REGION}|{region}");
        url.push_str(&format!("&_typeFilter={}", utf8_percent_encode(&filter, VALUE)));
    }
    url.parse().map_err(|error| ClientError::Settings(format!("not a URL that can be sent ({error})")))
}

fn told(ror: &Ror, answer: &Answer) -> Option<Duration> {
    Advertised::read(&answer.headers, ror.session.clock.wall()).delay()
}

fn growing(number: u32) -> Duration {
    (WAIT_STEP * number).min(WAIT_LONGEST)
}

/// The address that `export-rebuilds-poll-url` makes up: the job it knows, the parameter it imagines.
fn rebuilt(ror: &Ror, poll: &Uri) -> Result<Uri, ClientError> {
    let base = ror.session.settings.require("ROR_FHIR_URL")?.trim_end_matches('/');
    let job = poll.query().and_then(|query| query.split_once('=')).map_or("", |(_, job)| job);
    format!("{base}/$export-poll-status?job={job}")
        .parse()
        .map_err(|error| ClientError::Settings(format!("not a URL that can be sent ({error})")))
}

fn content(call: &str, problem: &str) -> ClientError {
    ClientError::Content { call: call.to_owned(), problem: problem.to_owned() }
}
