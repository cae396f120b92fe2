//! The end of a connection: how its handshake ended and how it closed is told in the journal, whatever became of its task.

use std::io;
use std::sync::Arc;

use super::state::State;
use super::tls::Tls;
use super::wire::Traffic;
use crate::journal::{ConnectionClosed, Event, Handshake, HandshakeCause, Redactor};

/// How much of a client's line the journal keeps, in characters.
const LONGEST_LINE: usize = 1_000;

/// Writes how the handshake ended and how the connection did, also when its task is dropped.
pub(super) struct Closing {
    state: Arc<State>,
    number: u32,
    tls: Tls,
    shaken: bool,
    below: Arc<Traffic>,
    above: Arc<Traffic>,
    pub(super) reason: Option<String>,
}

impl Closing {
    pub(super) fn new(
        state: &Arc<State>,
        number: u32,
        tls: Tls,
        below: &Arc<Traffic>,
        above: &Arc<Traffic>,
    ) -> Self {
        Self {
            state: Arc::clone(state),
            number,
            tls,
            shaken: false,
            below: Arc::clone(below),
            above: Arc::clone(above),
            reason: None,
        }
    }

    /// The handshake ended so.
    pub(super) fn shaken(&mut self, handshake: Handshake) {
        self.shaken = true;
        let redactor = self.state.journal.redactor();
        let failure = handshake.failure.as_deref().map(|failure| line(failure, redactor));
        let server_certificate = handshake.server_certificate.or_else(|| Some(self.tls.server_certificate()));
        let staple = self.tls.staple(&self.below);
        let handshake =
            Handshake { connection: self.number, failure, server_certificate, staple, ..handshake };
        self.state.journal.write(Event::Handshake(Box::new(handshake)));
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        if !self.shaken && self.above.read() == 0 {
            let interrupted = io::Error::new(io::ErrorKind::TimedOut, "nothing came any more");
            let failure = self.tls.failure(&interrupted, self.number, &self.below);
            self.shaken(Handshake { cause: Some(HandshakeCause::Unfinished), ..failure });
        }
        let redactor = self.state.journal.redactor();
        let closed = ConnectionClosed {
            connection: self.number,
            reason: self.reason.take(),
            received: self.above.read(),
            first_line: self.above.untold_line().map(|first| line(&first, redactor)),
            by_client: self.below.ended_by_client() || self.above.ended_by_client(),
            alert: self.above.alert(),
        };
        self.state.journal.write(Event::ConnectionClosed(closed));
    }
}

/// A line that a client wrote, without secrets, bounded.
fn line(line: &str, redactor: &Redactor) -> String {
    let line: String = line.chars().take(LONGEST_LINE).collect();
    let words: Vec<String> = line.split(' ').map(|word| redactor.target(word)).collect();
    redactor.text(&words.join(" "))
}
