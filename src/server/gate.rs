//! The gates of the API, in order: level-1 quota, token (401), whitelist (403), level-2 quota (429), headers, route.

use hyper::header::{AUTHORIZATION, WWW_AUTHENTICATE};

use super::anomalies;
use super::answer::Answer;
use super::capacity;
use super::fhir;
use super::paths::is_of_the_five_types;
use super::received::Received;
use super::refusal;
use super::state::State;
use crate::journal::Api;
use crate::ror::Problem;
use crate::ror::whitelist::{Entry, Status};

/// Answers a request to one of the APIs.
pub(super) fn answer(state: &State, request: &Received) -> Answer {
    let (exchange, api) = (request.exchange, request.api);
    if let Err(count) = state.count_level_1(exchange, api) {
        return refusal::quota(state, api, &count);
    }
    if fhir::is_metadata(request) && request.header(&AUTHORIZATION).is_none() {
        state.decide(exchange, "token", true, "none, and none is needed to read the CapabilityStatement");
        return fhir::metadata(state, request);
    }
    let client_id = match bearer(state, request) {
        Ok(client_id) => client_id,
        Err(reason) => {
            state.decide(exchange, "token", false, reason);
            let challenge =
                format!("Bearer realm=\"ror\", error=\"invalid_token\", error_description=\"{reason}\"");
            return Answer::problem(&Problem::unauthorized(reason)).with(WWW_AUTHENTICATE, &challenge);
        }
    };
    state.decide(exchange, "token", true, "valid");
    let entry = match state.behaviour.whitelist.find(&client_id) {
        Some(entry) if entry.status == Status::Active => entry,
        Some(_) => return not_listed(state, exchange, "the authorisation of this service is suspended"),
        None => return not_listed(state, exchange, "this service is not on the whitelist"),
    };
    state.decide(exchange, "whitelist", true, "active");
    let quota = state.count_level_2(exchange, api, entry);
    if let Some((suspended, left_us)) = state.suspended(exchange, entry, &quota) {
        return refusal::suspended(state, api, suspended, left_us);
    }
    if let Some(scripted) = state.scripted(request, &entry.service) {
        return refusal::scripted(state, request, scripted, || ordinary(state, request, entry));
    }
    match quota {
        Err(count) => refusal::quota(state, api, &count),
        Ok(count) => refusal::announced(state, ordinary(state, request, entry), &count),
    }
}

/// The last gate and the route.
fn ordinary(state: &State, request: &Received, entry: &Entry) -> Answer {
    if request.api == Api::Capacity {
        return capacity::answer(state, request, entry);
    }
    if entry.supplies {
        state.decide(request.exchange, "supplier", false, "a supplier's token reads nothing");
        let what = "Ce client_id alimente le ROR : la consultation a le sien, avec son propre certificat";
        return Answer::problem(&Problem::forbidden(what));
    }
    if request.api == Api::Anomalies {
        return anomalies::answer(state, request);
    }
    if let Err(problem) = assigned_headers(state, request, entry) {
        state.decide(request.exchange, "headers", false, problem.diagnostics.as_str());
        return Answer::problem(&problem);
    }
    let profile = entry.access_profile();
    fhir::answer(state, request, profile, &entry.service)
}

fn not_listed(state: &State, exchange: u32, reason: &str) -> Answer {
    state.decide(exchange, "whitelist", false, reason);
    Answer::problem(&Problem::forbidden(reason))
}

/// The client_id of a valid bearer token (RFC 6750 §2.1); otherwise why it is refused.
fn bearer(state: &State, request: &Received) -> Result<String, &'static str> {
    let header = request.header(&AUTHORIZATION).ok_or("there is no Authorization header")?;
    let (scheme, token) =
        header.split_once(' ').ok_or("the Authorization header is not `Bearer` and a token")?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err("the Authorization header is not `Bearer` and a token");
    }
    let granted =
        state.tokens.find(token.trim()).ok_or("this token was not granted by this authorisation server")?;
    if granted.expires_us <= state.journal.now_us() {
        return Err("this token has expired");
    }
    Ok(granted.client_id)
}

/// The four headers: required on GET of the five types only (ror-fhir.md §1.3), with the values assigned.
fn assigned_headers(state: &State, request: &Received, entry: &Entry) -> Result<(), Problem> {
    if !matches!(request.method(), "GET" | "HEAD") || !is_of_the_five_types(request.path()) {
        return Ok(());
    }
    for (name, assigned) in state.behaviour.assigned.headers(entry.profile) {
        match request.text_header(name) {
            None => return Err(Problem::missing_header(name)),
            Some(value) if value == assigned => {}
            Some(value) => {
                let value: String = value.chars().take(200).collect();
                let reason = format!("{name}: `{value}` is not what was assigned to this service");
                return Err(Problem::forbidden(reason));
            }
        }
    }
    state.decide(request.exchange, "headers", true, "as assigned");
    Ok(())
}
