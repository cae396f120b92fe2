//! Answers of the mock before they go to the wire, and the body that notices whether it was taken whole.

use std::collections::VecDeque;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue, RETRY_AFTER,
};
use hyper::{HeaderMap, Response, StatusCode};
use serde_json::Value;
use tokio::time::Sleep;

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
    /// Whether the scenario said it, in place of the ordinary answer.
    pub(super) made_up: bool,
    /// The answer to a HEAD request: its Content-Length is that of the body which is left out (RFC 9110 §9.3.2).
    pub(super) without_body: bool,
    /// How long it is held back.
    pub(super) hold: Option<Duration>,
    /// How long a stall or a drip lasts.
    pub(super) lasts: Duration,
    /// White space put into the body, in bytes.
    pub(super) padding: usize,
    /// What Content-Type says instead of the truth, which the journal keeps to.
    pub(super) labelled: Option<String>,
    /// Whether the body is compressed; the journal keeps it as it was before.
    pub(super) gzip: bool,
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

    /// What is out of the ordinary about it, for the journal: a success that the scenario made up is no success.
    pub(super) fn fault_name(&self) -> Option<&'static str> {
        self.fault.map(Fault::name).or((self.made_up && self.status == 200).then_some("made-up"))
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

    /// With one more Retry-After.
    pub(super) fn and_retry_after(mut self, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.append(RETRY_AFTER, value);
        }
        self
    }

    /// For the wire. `Date` and `Content-Length` are set here, so that the journal holds what was sent.
    pub(super) fn finish(mut self, date: &str, journal: ScenarioJournal, exchange: u32) -> Response<Tracked> {
        if let Ok(date) = HeaderValue::from_str(date) {
            self.headers.insert(DATE, date);
        }
        if let Some(label) = self.labelled.take().and_then(|label| HeaderValue::from_str(&label).ok()) {
            self.headers.insert(CONTENT_TYPE, label);
        }
        if self.padding > 0 {
            self.body = padded(&self.body, self.padding);
        }
        if self.gzip
            && let Some(compressed) = compressed(&self.body)
        {
            self.body = compressed;
            self.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let surplus = if self.fault == Some(Fault::Long) { SURPLUS } else { 0 };
        let announced = self.body.len() + surplus;
        self.headers.insert(CONTENT_LENGTH, HeaderValue::from(announced));
        let body = if self.without_body {
            Tracked::new(VecDeque::new(), 0, journal, exchange)
        } else {
            Tracked::new(pieces(self.body, self.fault, self.lasts), announced as u64, journal, exchange)
        };
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = self.headers;
        response
    }
}

/// What Content-Length announces beyond the body, with [`Fault::Long`]; bytes.
const SURPLUS: usize = 64;

/// In how many pieces a body drips.
const DROPS: usize = 20;

/// What a body does, one thing after the other.
enum Piece {
    Data(Bytes),
    Wait(Duration),
    /// The connection is cut.
    Cut,
}

fn pieces(body: Bytes, fault: Option<Fault>, lasts: Duration) -> VecDeque<Piece> {
    let half = body.slice(..body.len() / 2);
    match fault {
        _ if body.is_empty() => VecDeque::new(),
        Some(Fault::Truncate) => VecDeque::from([Piece::Data(half), Piece::Cut]),
        Some(Fault::Stall) => VecDeque::from([Piece::Data(half), Piece::Wait(lasts), Piece::Cut]),
        Some(Fault::Drip) => {
            let ends = drops(&body);
            let pause = lasts / u32::try_from(ends.len()).unwrap_or(u32::MAX).max(1);
            let mut start = 0;
            let drop = |end: usize| {
                let piece = body.slice(start..end);
                start = end;
                [Piece::Wait(pause), Piece::Data(piece)]
            };
            ends.into_iter().flat_map(drop).collect()
        }
        _ => VecDeque::from([Piece::Data(body)]),
    }
}

/// Where each drop of a body ends: inside a character of several bytes where one is near, as it may on any network.
fn drops(body: &[u8]) -> Vec<usize> {
    let size = body.len().div_ceil(DROPS);
    let inside =
        |at: usize| body[at..(at + size).min(body.len())].iter().position(|byte| byte & 0xC0 == 0x80);
    let mut ends: Vec<usize> =
        (size..body.len()).step_by(size).map(|at| at + inside(at).unwrap_or(0)).collect();
    ends.push(body.len());
    ends
}

/// JSON with white space after its first character, which says the same.
fn padded(body: &Bytes, padding: usize) -> Bytes {
    let Some((first, rest)) = body.split_first().filter(|(first, _)| matches!(first, b'{' | b'[')) else {
        return body.clone();
    };
    let mut longer = Vec::with_capacity(body.len() + padding);
    longer.push(*first);
    // Lines, because a line of several megabytes is a trouble of its own.
    longer.extend((0..padding).map(|at| if at % 100 == 99 { b'\n' } else { b' ' }));
    longer.extend_from_slice(rest);
    longer.into()
}

/// The body in gzip (RFC 1952).
fn compressed(body: &Bytes) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// A body that notes in the journal whether the connection took all of it.
pub(super) struct Tracked {
    pieces: VecDeque<Piece>,
    waiting: Option<Pin<Box<Sleep>>>,
    /// Bytes announced and not yet handed over.
    left: u64,
    journal: ScenarioJournal,
    exchange: u32,
    /// Whether it was cut on purpose.
    cut: bool,
}

/// The connection is to be cut here, on purpose.
#[derive(Debug, thiserror::Error)]
#[error("cut on purpose in the middle of the body")]
pub(super) struct CutHere;

impl Tracked {
    fn new(pieces: VecDeque<Piece>, announced: u64, journal: ScenarioJournal, exchange: u32) -> Self {
        Self { pieces, waiting: None, left: announced, journal, exchange, cut: false }
    }
}

impl Body for Tracked {
    type Data = Bytes;
    type Error = CutHere;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutHere>>> {
        loop {
            if let Some(waiting) = &mut self.waiting {
                if waiting.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                self.waiting = None;
            }
            match self.pieces.pop_front() {
                None => return Poll::Ready(None),
                Some(Piece::Wait(pause)) => self.waiting = Some(Box::pin(tokio::time::sleep(pause))),
                Some(Piece::Data(data)) => {
                    self.left = self.left.saturating_sub(data.len() as u64);
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Some(Piece::Cut) => {
                    // Still cut when asked again: what is missing stays missing.
                    self.pieces.push_front(Piece::Cut);
                    self.cut = true;
                    return Poll::Ready(Some(Err(CutHere)));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty() && self.waiting.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        let complete = self.is_end_stream();
        let ended = ResponseEnded { exchange: self.exchange, complete, cut: self.cut };
        self.journal.write(Event::ResponseEnded(ended));
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use http_body_util::BodyExt;

    use super::*;
    use crate::journal::Journal;

    fn data(pieces: &VecDeque<Piece>) -> Vec<u8> {
        let parts = pieces.iter().filter_map(|piece| match piece {
            Piece::Data(data) => Some(data.as_ref()),
            Piece::Wait(_) | Piece::Cut => None,
        });
        parts.collect::<Vec<_>>().concat()
    }

    fn pauses(pieces: &VecDeque<Piece>) -> Duration {
        let pause = |piece: &Piece| if let Piece::Wait(pause) = piece { *pause } else { Duration::ZERO };
        pieces.iter().map(pause).sum()
    }

    #[test]
    fn a_stall_ends_with_a_cut_and_a_drip_brings_everything() {
        let body = Bytes::from_static(b"{\"resourceType\":\"Bundle\",\"type\":\"searchset\"}");
        let lasts = Duration::from_secs(2);
        let stalled = pieces(body.clone(), Some(Fault::Stall), lasts);
        assert_eq!((data(&stalled), pauses(&stalled)), (body[..body.len() / 2].to_vec(), lasts));
        assert!(matches!(stalled.back(), Some(Piece::Cut)));
        let dripping = pieces(body.clone(), Some(Fault::Drip), lasts);
        assert_eq!(data(&dripping), body);
        assert!(pauses(&dripping) <= lasts && pauses(&dripping) > lasts * 9 / 10);
        for fault in [None, Some(Fault::Long), Some(Fault::Malformed)] {
            assert_eq!(data(&pieces(body.clone(), fault, lasts)), body);
        }
        assert!(pieces(Bytes::new(), Some(Fault::Stall), lasts).is_empty());
    }

    #[test]
    fn a_drip_cuts_characters_in_two() {
        let body = Bytes::from("{\"name\":\"Œuvre d’été à Montréal\"}".repeat(20));
        let dripping = pieces(body.clone(), Some(Fault::Drip), Duration::from_secs(1));
        let cut = dripping
            .iter()
            .filter(|piece| matches!(piece, Piece::Data(data) if std::str::from_utf8(data).is_err()));
        assert!(cut.count() > DROPS / 2);
        assert_eq!(data(&dripping), body);
    }

    #[tokio::test]
    async fn the_journal_tells_an_answer_given_up_from_one_that_was_cut() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::create(folder.path(), time::OffsetDateTime::UNIX_EPOCH).unwrap().scenario("s");
        let truncated =
            || pieces(Bytes::from_static(b"{\"total\":3}"), Some(Fault::Truncate), Duration::ZERO);
        for (exchange, frames) in [(1, 1), (2, 2)] {
            let mut body = Tracked::new(truncated(), 11, journal.clone(), exchange);
            for _ in 0..frames {
                let _ = body.frame().await;
            }
        }
        let written = std::fs::read_to_string(folder.path().join("journal.jsonl")).unwrap();
        let lines = written.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let ends: Vec<(bool, bool)> = lines
            .map(|line| line["event"]["response-ended"].clone())
            .map(|ended| (ended["complete"] == false, ended["cut"] == true))
            .collect();
        assert_eq!(ends, [(true, false), (true, true)], "{written}");
    }

    #[test]
    fn padding_and_compression_change_nothing_of_what_is_said() {
        let body = Bytes::from_static(b"{\"total\":3}");
        let longer = padded(&body, 1000);
        assert_eq!(longer.len(), body.len() + 1000);
        assert_eq!(serde_json::from_slice::<Value>(&longer).unwrap()["total"], 3);
        assert_eq!(padded(&Bytes::from_static(b"<html>"), 10).as_ref(), b"<html>");
        let mut plain = Vec::new();
        GzDecoder::new(compressed(&body).unwrap().as_ref()).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, body);
    }
}
