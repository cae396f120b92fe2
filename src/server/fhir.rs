//! The FHIR reading API: reads, searches and their pages (ror-fhir.md §1.4 and §3).

use hyper::header::{ACCEPT, ALLOW, CONTENT_TYPE};
use uuid::Uuid;

use super::answer::Answer;
use super::behaviour::ForeignLink;
use super::export;
use super::paths::segments;
use super::received::Received;
use super::state::{PagedSearch, State};
use crate::ror::{AccessProfile, Problem, ResourceType, View, capability_statement, searchset};

/// Whether the CapabilityStatement is asked for.
pub(super) fn is_metadata(request: &Received) -> bool {
    matches!(request.method(), "GET" | "HEAD") && segments(request.path()) == ["metadata"]
}

/// The CapabilityStatement, which generic clients read before they have a token (FHIR R4 §3.1.0.18).
pub(super) fn metadata(state: &State, request: &Received) -> Answer {
    Answer::fhir(200, capability_statement(&request.base_url(state)).to_string())
}

/// Answers a request that passed all gates.
pub(super) fn answer(state: &State, request: &Received, profile: AccessProfile, service: &str) -> Answer {
    // `_format` overrides `Accept` (FHIR R4 §3.1.0.1.11); whether it can be served, the search says.
    let by_parameter = request.parameters().iter().any(|(name, _)| name == "_format");
    if let Some(accept) = request.header(&ACCEPT).filter(|accept| !by_parameter && !accepts_json(accept)) {
        state.decide(request.exchange, "route", false, "no acceptable format");
        return Answer::problem(&Problem::not_acceptable(accept));
    }
    let view = state.data.current().view(profile);
    let answer = route(state, request, &view, profile, service);
    state.decide(request.exchange, "route", answer.status < 400, format!("{}", answer.status));
    answer
}

fn route(state: &State, request: &Received, view: &View, profile: AccessProfile, service: &str) -> Answer {
    let segments = segments(request.path());
    match (request.routed_method(), segments.as_slice()) {
        ("GET", [] | [""]) => page(state, request, profile),
        ("GET", ["metadata"]) => metadata(state, request),
        ("GET", ["$export"]) => export::kick_off(state, request, view, service),
        ("GET", ["$export-poll-status"]) => export::poll(state, request, service),
        ("DELETE", ["$export-poll-status"]) => export::cancel(state, request, service),
        ("GET", ["$export-get-file", name]) => export::file(state, request, service, name),
        ("GET", [resource_type]) => match ResourceType::parse(resource_type) {
            Some(resource_type) => search(state, request, view, profile, resource_type, request.parameters()),
            None => Answer::problem(&Problem::unknown_path(request.path())),
        },
        ("GET", [resource_type, id]) => match ResourceType::parse(resource_type) {
            Some(resource_type) => read(view, resource_type, id),
            None => Answer::problem(&Problem::unknown_path(request.path())),
        },
        ("POST", [resource_type, "_search"]) => match ResourceType::parse(resource_type) {
            Some(resource_type) => post_search(state, request, view, profile, resource_type),
            None => Answer::problem(&Problem::unknown_path(request.path())),
        },
        (_, [_] | [_, _] | []) => {
            Answer::problem(&Problem::method_not_allowed(request.method(), request.path())).with(ALLOW, "GET")
        }
        _ => Answer::problem(&Problem::unknown_path(request.path())),
    }
}

fn read(view: &View, resource_type: ResourceType, id: &str) -> Answer {
    match view.read(resource_type, id) {
        Some(resource) => Answer::fhir(200, resource.text.clone()),
        None => Answer::problem(&Problem::not_found(resource_type.name(), id)),
    }
}

/// `POST [type]/_search` (FHIR R4 §3.1.0.2): parameters of the body and of the query together.
fn post_search(
    state: &State,
    request: &Received,
    view: &View,
    profile: AccessProfile,
    resource_type: ResourceType,
) -> Answer {
    let media_type = request.header(&CONTENT_TYPE).unwrap_or_default();
    if !media_type.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return Answer::problem(&Problem::unsupported_media_type(media_type));
    }
    let mut parameters = request.parameters();
    parameters.extend(form_urlencoded::parse(&request.body).into_owned());
    search(state, request, view, profile, resource_type, parameters)
}

fn search(
    state: &State,
    request: &Received,
    view: &View,
    profile: AccessProfile,
    resource_type: ResourceType,
    parameters: Vec<(String, String)>,
) -> Answer {
    match view.search(resource_type, &parameters, state.behaviour.search) {
        Err(problem) => Answer::problem(&problem),
        Ok(result) => {
            let search = PagedSearch { profile, result: result.into() };
            let self_url = format!("{}{}", request.origin(state), request.target);
            bundle(state, request, view, &search, None, 0, &self_url)
        }
    }
}

/// A further page, by an opaque link of HAPI's form: `?_getpages=…&_getpagesoffset=…&_count=…&_bundletype=searchset`.
fn page(state: &State, request: &Received, profile: AccessProfile) -> Answer {
    let parameters = request.parameters();
    let value =
        |name: &str| parameters.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str());
    let Some(id) = value("_getpages") else {
        return Answer::problem(&Problem::unknown_path(request.path()));
    };
    let search = Uuid::parse_str(id).ok().and_then(|id| Some((id, state.search(id)?)));
    let Some((id, search)) = search.filter(|(_, search)| search.profile == profile) else {
        return Answer::problem(&Problem::gone("This page is not kept any more: ask for the search again"));
    };
    let Some(offset) = value("_getpagesoffset").and_then(|offset| offset.parse().ok()) else {
        return Answer::problem(&Problem::bad_request(
            "_getpagesoffset is missing: use the link as it was given",
        ));
    };
    let view = state.data.current().view(profile);
    let self_url = format!("{}{}", request.origin(state), request.target);
    bundle(state, request, &view, &search, Some(id), offset, &self_url)
}

fn bundle(
    state: &State,
    request: &Received,
    view: &View,
    search: &PagedSearch,
    kept: Option<Uuid>,
    offset: usize,
    self_url: &str,
) -> Answer {
    let count = search.result.page_size();
    let base = request.base_url(state);
    let page = |base: &str, id: Uuid, offset: usize| {
        format!("{base}?_getpages={id}&_getpagesoffset={offset}&_count={count}&_bundletype=searchset")
    };
    let mut links = Vec::new();
    if let Some(next) = search.result.next_offset(offset) {
        let id = kept.unwrap_or_else(|| state.keep_search(search.clone()));
        let base = state.foreign_base(ForeignLink::Next).unwrap_or_else(|| base.clone());
        links.push(("next", page(&base, id, next)));
    }
    if let (Some(id), 1..) = (kept, offset) {
        links.push(("previous", page(&base, id, offset.saturating_sub(count))));
    }
    let text = searchset(view, &search.result, offset, count, &base, self_url, &links);
    Answer::fhir(200, text)
}

/// Whether JSON is among what the client accepts (ror-fhir.md §1.3).
fn accepts_json(accept: &str) -> bool {
    accept
        .split(',')
        .map(|range| range.split(';').next().unwrap_or_default().trim())
        .any(|range| range.is_empty() || range.contains("json") || range == "*/*" || range == "application/*")
}
