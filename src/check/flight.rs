//! Which requests were already under way when a refusal went out: they are never violations.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use super::context::{Scene, decoded_path};
use super::noise::{DECIDABLE_US, Noise};
use crate::journal::{Api, Connection, Evidence, Exchange, Run};

/// A request read so soon after a refusal may have left the client before the refusal came to it: 100 ms.
const WINDOW_US: u64 = 100_000;
/// The same for a client on another machine: 500 ms, because the round trip is not known.
const REMOTE_WINDOW_US: u64 = 500_000;

/// On one machine, an answer that is ready has come to a client that listens within 10 ms.
const SETTLING_US: u64 = 10_000;

/// From such a stall of the bench on, a client may have been held up noticeably: 50 ms.
const NOTICEABLE_US: u64 = 50_000;
/// So many times as long, and this long at most where the bench itself was not held up longer: 750 ms.
const HELD_UP: u64 = 4;
const LONGEST_HELD_UP_US: u64 = 750_000;

/// What is known about the client's parallelism, to tell a request in flight from a disobedient one.
pub(super) struct Flights<'a> {
    evidence: &'a Evidence,
    /// Runs in which the client works one call after the other, on this machine.
    serial: BTreeSet<Option<Run>>,
    noise: Noise<'a>,
}

impl<'a> Flights<'a> {
    pub(super) fn new(scene: &Scene<'a>) -> Self {
        let evidence = scene.evidence;
        let runs: BTreeSet<Option<Run>> = evidence.exchanges.iter().map(Exchange::run).collect();
        let serial = runs.into_iter().filter(|run| is_serial(evidence, *run)).collect();
        Self { evidence, serial, noise: Noise::of(evidence) }
    }

    /// Whether `later` may have left the client before it could know of `refusal`.
    ///
    /// Read before the refusal was ready: always. Within 100 ms after it (500 ms from another machine): only where that is possible, which excludes
    /// the same HTTP/1 connection, the same call again, and a connection opened after the refusal by a client of this
    /// machine that never has two calls under way.
    ///
    /// The windows are longer by twice as much as the bench's machine stalled meanwhile (the client waits for the same
    /// processors), 250 ms at most.
    pub(super) fn in_flight(&self, refusal: &Exchange, later: &Exchange) -> bool {
        self.is_within(refusal, later, (2 * self.stalled(refusal, later)).min(DECIDABLE_US))
    }

    /// Whether stalls of the machine leave it open that `later` was in flight: a client among many processes may be
    /// held up several times as long as the bench.
    pub(super) fn in_doubt(&self, refusal: &Exchange, later: &Exchange) -> bool {
        let stalled = self.stalled(refusal, later);
        stalled >= NOTICEABLE_US
            && !self.in_flight(refusal, later)
            && self.is_within(refusal, later, (HELD_UP * stalled).min(stalled.max(LONGEST_HELD_UP_US)))
    }

    /// Longest stall between the two, µs: what had left the client could be read so much later.
    fn stalled(&self, refusal: &Exchange, later: &Exchange) -> u64 {
        self.noise.met(refusal.request.first_byte_us, later.request.first_byte_us)
    }

    fn is_within(&self, refusal: &Exchange, later: &Exchange, grace: u64) -> bool {
        let Some(ready) = refusal.ready_us() else { return true };
        let first = later.request.first_byte_us;
        if first <= ready {
            return true;
        }
        let connection = self.evidence.connections.get(&later.request.connection);
        let window = if connection.is_some_and(is_local) { WINDOW_US } else { REMOTE_WINDOW_US };
        let serial = self.serial.contains(&later.run());
        // Two parts of a client that works one call after the other can only have begun together: the window then
        // begins with the refused call, so that a refusal that was held back has few or none in flight.
        let until = if serial {
            (refusal.request.first_byte_us + window).max(ready + SETTLING_US) + grace
        } else {
            ready + window + grace
        };
        if first > until {
            return false;
        }
        let same_connection = refusal.request.connection == later.request.connection;
        if same_connection && refusal.request.version.starts_with("HTTP/1") {
            return false;
        }
        if refusal.api() != Api::Token && call_key(refusal) == call_key(later) {
            return false;
        }
        let opened_after = connection.is_some_and(|connection| connection.opened_us > ready);
        !(opened_after && serial)
    }
}

/// What makes two requests the same call: method, decoded path, parameters in any order, body. Every token request is
/// the same call.
pub(super) fn call_key(exchange: &Exchange) -> String {
    if exchange.api() == Api::Token {
        return format!("{} token", exchange.request.method);
    }
    let mut parameters = exchange.parameters();
    parameters.sort();
    let method = &exchange.request.method;
    format!("{method} {} {parameters:?} {}", decoded_path(exchange), exchange.request.body.sha256)
}

/// Whether a request of the client was never under way together with another, as far as the mock can tell.
fn is_serial(evidence: &Evidence, run: Option<Run>) -> bool {
    let parallel = evidence
        .steps
        .iter()
        .find(|candidate| Some(candidate.run()) == run)
        .and_then(|step| step.started.input.get("parallel")?.as_u64())
        .unwrap_or(1);
    if parallel > 1 {
        return false;
    }
    let mut latest = 0;
    for exchange in evidence.exchanges.iter().filter(|exchange| exchange.run() == run) {
        let connection = evidence.connections.get(&exchange.request.connection);
        // Over a network, two calls may be under way for the client and not for the mock.
        if !connection.is_some_and(is_local) {
            return false;
        }
        if exchange.request.first_byte_us < latest {
            return false;
        }
        latest = latest.max(exchange.ready_us().unwrap_or(exchange.request.first_byte_us));
    }
    true
}

fn is_local(connection: &Connection) -> bool {
    let peer = &connection.opened.peer;
    let address = peer.parse::<SocketAddr>().map(|peer| peer.ip()).or_else(|_| peer.parse());
    address.is_ok_and(|address: IpAddr| address.to_canonical().is_loopback())
}
