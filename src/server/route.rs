//! From a request on a connection to an answer: read it, journal it, let the right gates answer, journal that.

use std::sync::Arc;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::http::request::Parts;
use hyper::{Request, Response, Version};

use super::answer::{Answer, Tracked};
use super::aside::{LONG_BODY, MANY_RESOURCES, aside};
use super::behaviour::Fault;
use super::impostor::Change;
use super::paths::api_of;
use super::received::Received;
use super::state::State;
use super::token::Granted;
use super::wire::{FirstByte, Traffic};
use super::{Role, gate, refusal, token};
use crate::journal::{self, Api, Event, Handshake};
use crate::ror::Problem;

/// Largest request body that is read, in bytes.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// What a connection knows that its requests share.
pub(super) struct ConnectionContext {
    pub(super) state: Arc<State>,
    pub(super) number: u32,
    pub(super) role: Role,
    pub(super) handshake: Handshake,
    pub(super) first_byte: FirstByte,
    /// Port of the listener, for links.
    pub(super) port: u16,
    /// Where all requests are redirected to, by a server that must not be followed.
    pub(super) redirect: Option<String>,
    /// The change of certificate that its answers bring nearer.
    pub(super) change: Option<Arc<Change>>,
    /// What goes over the connection, above TLS.
    pub(super) traffic: Arc<Traffic>,
}

/// Why there is no answer on the wire.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    /// A fault of the scenario.
    #[error("cut on purpose instead of an answer")]
    CutOnPurpose,
    /// The client went away while it sent its request.
    #[error("the request was not sent whole")]
    Incomplete,
}

/// Answers one request; its headers had been read at `seen_us`, microseconds since the run began.
pub(super) async fn handle(
    context: Arc<ConnectionContext>,
    request: Request<Incoming>,
    seen_us: u64,
) -> Result<Response<Tracked>, Unanswered> {
    let state = &context.state;
    let journal = &state.journal;
    // On HTTP/2 requests share the stream, so the first byte is the moment at which its headers were read: later, never earlier.
    let first_byte_us = match request.version() {
        Version::HTTP_2 => seen_us,
        _ => context.first_byte.get().unwrap_or(seen_us),
    };
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().map_or_else(|| parts.uri.to_string(), ToString::to_string);
    let api = api_of(parts.uri.path());
    let body = Limited::new(body, BODY_LIMIT).collect().await;
    let (bytes, unread) = match body {
        Ok(body) => (body.to_bytes(), None),
        Err(error) => (Bytes::new(), Some(error)),
    };
    let media_type = parts.headers.get(hyper::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let token = bearer(state, &parts);
    let exchange = journal.write_request(journal::Request {
        exchange: 0,
        connection: context.number,
        api,
        first_byte_us,
        method: parts.method.to_string(),
        target: journal.redactor().target(&target),
        // HTTP/2 has no request line: its scheme and authority are always there.
        absolute_form: parts.version < Version::HTTP_2 && parts.uri.scheme().is_some(),
        version: format!("{:?}", parts.version),
        headers: journal.headers(&parts.headers),
        body: aside(bytes.len() >= LONG_BODY, || journal.body(media_type.unwrap_or_default(), &bytes)),
        token_remaining_s: token.as_ref().map(|granted| remaining(state, granted)),
        token_client_id: token.map(|granted| granted.client_id),
    });
    context.traffic.tell();
    let received = Received {
        exchange,
        api,
        target,
        body: bytes,
        certificate: context.handshake.certificate.clone(),
        port: context.port,
        parts,
    };
    let mut answer = match unread {
        Some(error) if error.is::<LengthLimitError>() => Answer::problem(&Problem::too_large(BODY_LIMIT)),
        Some(_) => {
            state.decide(exchange, "route", false, "the request was not sent whole");
            return Err(Unanswered::Incomplete);
        }
        None => {
            let is_long = state.data.current().size() >= MANY_RESOURCES || received.body.len() >= LONG_BODY;
            aside(is_long, || answer(&context, &received))
        }
    };
    answer.without_body = received.method() == "HEAD";
    if let Some(hold) = answer.hold {
        tokio::time::sleep(hold).await;
    }
    if let Some(change) = &context.change {
        change.count();
    }
    let is_long = answer.body.len() >= LONG_BODY;
    aside(is_long, || send(&context, exchange, answer))
}

/// Which gates answer: a listener for one role does not know the other's paths.
fn answer(context: &ConnectionContext, received: &Received) -> Answer {
    let state = &context.state;
    if let Some(origin) = &context.redirect {
        state.decide(received.exchange, "route", false, "redirected to HTTP without TLS, on purpose");
        let target = format!("{origin}{}", received.target);
        return Answer::new(307, "text/plain", "").with(hyper::header::LOCATION, &target);
    }
    match (context.role, received.api) {
        (Role::Authorisation | Role::All, Api::Token) => token::answer(state, received),
        (Role::Api | Role::All, Api::Fhir | Api::Capacity | Api::Anomalies) => gate::answer(state, received),
        (Role::AnotherHost, _) => {
            state.decide(received.exchange, "route", false, "another host, which grants nothing");
            Answer::problem(&Problem::unauthorized("This is another host"))
        }
        _ => {
            state.decide(received.exchange, "route", false, "no such path here");
            Answer::problem(&Problem::unknown_path(received.path()))
        }
    }
}

fn send(context: &ConnectionContext, exchange: u32, answer: Answer) -> Result<Response<Tracked>, Unanswered> {
    let journal = &context.state.journal;
    let ready_us = journal.now_us();
    context.state.data.note_answer(ready_us);
    let cut = answer.fault == Some(Fault::Reset);
    let media_type = answer.headers.get(hyper::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut event = journal::Response {
        exchange,
        status: if cut { 0 } else { answer.status },
        headers: Vec::new(),
        body: if cut || answer.without_body {
            journal::Body::default()
        } else {
            journal.body(media_type.unwrap_or_default(), &answer.body)
        },
        ready_us,
        scripted: answer.scripted,
        fault: answer.fault_name().map(str::to_owned),
    };
    if cut {
        journal.write(Event::Response(Box::new(event)));
        return Err(Unanswered::CutOnPurpose);
    }
    let date = refusal::http_date(journal.wall_at(ready_us));
    let response = answer.finish(&date, journal.clone(), exchange);
    event.headers = journal.headers(response.headers());
    journal.write(Event::Response(Box::new(event)));
    context.first_byte.clear();
    Ok(response)
}

/// The token of ours that a request carries.
fn bearer(state: &State, parts: &Parts) -> Option<Granted> {
    let header = parts.headers.get(hyper::header::AUTHORIZATION)?.to_str().ok()?;
    state.tokens.find(header.split_once(' ')?.1.trim())
}

/// Seconds that a token still has.
fn remaining(state: &State, granted: &Granted) -> f64 {
    let now = state.journal.now_us();
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a run fit a double")]
    let seconds = (granted.expires_us as f64 - now as f64) / 1e6;
    (seconds * 1000.0).round() / 1000.0
}
