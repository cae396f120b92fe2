//! Answers of the mock before they go to the wire, and the body that notices whether it was taken whole.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::Full;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Response, StatusCode};
use serde_json::Value;

use super::behaviour::Fault;
use crate::journal::{Event, ResponseEnded, ScenarioJournal};
use crate::ror::Problem;

/// FHIR JSON, RFC 8259 with the media type of FHIR R4 §2.6.
const FHIR_JSON: &str = "application/fhir+json;charset=utf-8";

/// An answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Which scripted reply it is, from 1.
    pub(super) scripted: Option<u32>,
    pub(super) fault: Option<Fault>,
    /// The answer to a HEAD request: its Content-Length is that of the body which is left out (RFC 9110 §9.3.2).
    pub(super) without_body: bool,
    /// How long it is held back.
    pub(super) hold: Option<std::time::Duration>,
}

impl Answer {
    /// An answer of that media type.
    pub(super) fn new(status: u16, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        Self { status, headers, body: body.into(), ..Self::default() }
    }

    /// FHIR JSON.
    pub(super) fn fhir(status: u16, body: impl Into<Bytes>) -> Self {
        Self::new(status, FHIR_JSON, body)
    }

    /// An OperationOutcome.
    pub(super) fn problem(problem: &Problem) -> Self {
        Self::fhir(problem.status, problem.to_operation_outcome().to_string())
    }

    /// Plain JSON, never stored (RFC 6749 §5.1).
    pub(super) fn json(status: u16, body: &Value) -> Self {
        let answer = Self::new(status, "application/json", body.to_string());
        answer.with(HeaderName::from_static("cache-control"), "no-store")
    }

    /// With one more header; a value that no header can hold is left out.
    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// With Retry-After.
    pub(super) fn retry_after(self, value: &str) -> Self {
        self.with(RETRY_AFTER, value)
    }

    /// For the wire. `Date` and `Content-Length` are set here, so that the journal holds what was sent.
    pub(super) fn finish(mut self, date: &str, journal: ScenarioJournal, exchange: u32) -> Response<Tracked> {
        if let Ok(date) = HeaderValue::from_str(date) {
            self.headers.insert(DATE, date);
        }
        self.headers.insert(CONTENT_LENGTH, HeaderValue::from(self.body.len()));
        if self.without_body {
            self.body = Bytes::new();
        }
        let cut_at = (self.fault == Some(Fault::Truncate)).then_some(self.body.len() / 2);
        let body = Tracked::new(self.body, cut_at, journal, exchange);
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = self.headers;
        response
    }
}

/// A body that notes in the journal whether the connection took all of it.
pub(super) struct Tracked {
    body: Full<Bytes>,
    length: u64,
    /// Cut the connection after the first part was handed over.
    cut: Option<Cut>,
    journal: ScenarioJournal,
    exchange: u32,
}

enum Cut {
    Before,
    Now,
}

/// The connection is to be cut here, on purpose.
#[derive(Debug, thiserror::Error)]
#[error("cut on purpose in the middle of the body")]
pub(super) struct CutHere;

impl Tracked {
    fn new(body: Bytes, cut_at: Option<usize>, journal: ScenarioJournal, exchange: u32) -> Self {
        let length = body.len() as u64;
        let (body, cut) = match cut_at {
            Some(at) => (body.slice(..at), Some(Cut::Before)),
            None => (body, None),
        };
        Self { body: Full::new(body), length, cut, journal, exchange }
    }
}

impl Body for Tracked {
    type Data = Bytes;
    type Error = CutHere;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutHere>>> {
        match self.cut {
            Some(Cut::Now) => return Poll::Ready(Some(Err(CutHere))),
            Some(Cut::Before) => self.cut = Some(Cut::Now),
            None => {}
        }
        Pin::new(&mut self.body).poll_frame(context).map(|frame| frame.map(|frame| frame.map_err(never)))
    }

    fn is_end_stream(&self) -> bool {
        self.cut.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.cut.is_some() { SizeHint::with_exact(self.length) } else { self.body.size_hint() }
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        let complete = self.is_end_stream();
        self.journal.write(Event::ResponseEnded(ResponseEnded { exchange: self.exchange, complete }));
    }
}

fn never(never: Infallible) -> CutHere {
    match never {}
}
