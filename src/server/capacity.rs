//! The bed capacity feed on the wire (`ror-fhir.md` §5.2): conditional PATCH of a Location, seen at once by readers.

use hyper::header::{ALLOW, CONTENT_TYPE, ETAG, LAST_MODIFIED};
use serde_json::json;

use super::answer::Answer;
use super::data::Author;
use super::paths::CAPACITY_PATH;
use super::received::Received;
use super::refusal::http_date;
use super::state::State;
use crate::ror::capacity::{self, Patched};
use crate::ror::whitelist::{Entry, ROR_HEADERS};
use crate::ror::{Effect, Problem};

/// The one media type of a patch (`ror-fhir.md` §5.1).
const FHIR_JSON: &str = "application/fhir+json";

/// Answers a request that passed the gates which all APIs share.
pub(super) fn answer(state: &State, request: &Received, entry: &Entry) -> Answer {
    let answer = match patched(state, request, entry) {
        Ok(patched) => accepted(&patched),
        Err(answer) => *answer,
    };
    state.decide(request.exchange, "route", answer.status < 400, format!("{}", answer.status));
    answer
}

fn patched(state: &State, request: &Received, entry: &Entry) -> Result<Patched, Box<Answer>> {
    let refuse = |problem: Problem| Box::new(Answer::problem(&problem));
    let path = request.path().strip_prefix(CAPACITY_PATH).unwrap_or_default().trim_end_matches('/');
    if path != "/Location" {
        return Err(refuse(Problem::unknown_path(request.path())));
    }
    if request.method() != "PATCH" {
        let problem = Problem::method_not_allowed(request.method(), request.path());
        return Err(Box::new(Answer::problem(&problem).with(ALLOW, "PATCH")));
    }
    // Only Authorization and Content-Type are allowed here (ror-fhir.md §1.3).
    if let Some(name) = ROR_HEADERS.iter().find(|name| request.text_header(name).is_some()) {
        state.decide(request.exchange, "headers", false, format!("{name} has no place here"));
        return Err(refuse(Problem::bad_request(format!(
            "L’en-tête {name} ne doit pas être présent sur ce service"
        ))));
    }
    if request.media_type() != FHIR_JSON {
        let given = request.header(&CONTENT_TYPE).unwrap_or_default();
        return Err(refuse(Problem::unsupported_media_type(given)));
    }
    if !entry.supplies {
        let what = "Ce client_id consulte le ROR : l’alimentation a le sien, avec son propre certificat";
        state.decide(request.exchange, "supplier", false, "a consumer's token");
        return Err(refuse(Problem::forbidden(what)));
    }
    let parameters = request.parameters();
    let identifier = capacity::identifier_parameter(&parameters).map_err(refuse)?;
    let now = state.journal.wall_at(state.journal.now_us());
    let options = state.behaviour.capacity;
    state
        .data
        .update(&state.journal, Author::Exchange(request.exchange), |directory| {
            let establishments = &entry.establishments;
            let patched =
                capacity::patch(directory, identifier, &request.body, establishments, now, options)?;
            let effect = Effect::Put(Box::new(patched.location.clone()));
            Ok((patched, vec![effect]))
        })
        .map_err(refuse)
}

/// 200 with the new version and the functional identifier; the body holds no more than that (assumption: whether the
/// ROR returns the resource is not documented).
fn accepted(patched: &Patched) -> Answer {
    let location = &patched.location.json;
    let body = json!({
        "resourceType": "Location",
        "id": patched.location.id,
        "meta": { "versionId": patched.version, "lastUpdated": location["meta"]["lastUpdated"] },
        "identifier": location["identifier"]
    });
    Answer::fhir(200, body.to_string())
        .with(ETAG, &format!("W/\"{}\"", patched.version))
        .with(LAST_MODIFIED, &http_date(patched.last_modified))
}
