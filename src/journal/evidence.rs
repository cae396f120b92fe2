//! One scenario's events, put together again: exchanges, connections, steps. What checks and reports read.

use std::collections::BTreeMap;

use super::event::{DataChanged, Entry, Event, ScenarioEnded, ScenarioStarted, StepEnded, StepStarted};
use super::wire::{Api, Body, ConnectionClosed, ConnectionOpened, Decision, Handshake, Request, Response};

/// All that one scenario left in the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// How the mock was set up.
    pub setting: ScenarioStarted,
    /// When the scenario began, µs.
    pub started_us: u64,
    /// Exchanges in the order in which their requests were read; numbered from 1 without a gap.
    pub exchanges: Vec<Exchange>,
    /// Connections by number.
    pub connections: BTreeMap<u32, Connection>,
    /// Steps in order.
    pub steps: Vec<Step>,
    /// How the data moved on, in order.
    pub changes: Vec<Change>,
    /// How it ended; none when the run was cut short.
    pub ended: Option<ScenarioEnded>,
}

/// A request and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// Number within the scenario, from 1.
    pub number: u32,
    /// The step during which the request came, from 1; none between steps.
    pub step: Option<u32>,
    /// Which of several instances of the client sent it, from 1; none when there is one only, or nobody knows.
    pub instance: Option<u32>,
    /// The request.
    pub request: Request,
    /// What gates, quotas and faults decided, in order.
    pub decisions: Vec<Decision>,
    /// The answer; none when there was none.
    pub response: Option<Response>,
    /// Whether the answer was taken whole; none when the connection never said.
    pub complete: Option<bool>,
    /// When the client gave up an answer that it had not taken whole, µs: its connection ended, or its stream did.
    pub given_up_us: Option<u64>,
}

/// A connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    /// Its opening.
    pub opened: ConnectionOpened,
    /// When, µs.
    pub opened_us: u64,
    /// The step during which it was opened, from 1; none between steps.
    pub step: Option<u32>,
    /// Its handshake; none when it never ended.
    pub handshake: Option<Handshake>,
    /// When it closed, µs.
    pub closed_us: Option<u64>,
    /// How it closed.
    pub closed: Option<ConnectionClosed>,
}

/// One run of the client: processes do not share memory, so that each answers for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// The step, from 1.
    pub step: u32,
    /// Which of several instances side by side, from 1.
    pub instance: Option<u32>,
}

/// A change of the mock's data.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The last step that had begun, from 1; 0 before the first one.
    pub step: u32,
    /// What changed.
    pub change: DataChanged,
}

/// A step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What was asked.
    pub started: StepStarted,
    /// When, µs.
    pub started_us: u64,
    /// How it ended; none when the run was cut short.
    pub ended: Option<StepEnded>,
    /// When, µs.
    pub ended_us: Option<u64>,
}

impl Step {
    /// The run that it is.
    #[must_use]
    pub fn run(&self) -> Run {
        Run { step: self.started.step, instance: self.started.instance }
    }
}

impl Exchange {
    /// The run that it belongs to; none between steps.
    #[must_use]
    pub fn run(&self) -> Option<Run> {
        self.step.map(|step| Run { step, instance: self.instance })
    }

    /// The path of the request, without its query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.request.target.split('?').next().unwrap_or_default()
    }

    /// The raw query of the request, when it has one.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.request.target.split_once('?').map(|(_, query)| query)
    }

    /// The query's pairs, decoded (`application/x-www-form-urlencoded`), in order.
    #[must_use]
    pub fn parameters(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.query().unwrap_or_default().as_bytes()).into_owned().collect()
    }

    /// The first header of that name (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.request.headers, name)
    }

    /// The first header of that name (lower case) in the answer.
    #[must_use]
    pub fn response_header(&self, name: &str) -> Option<&str> {
        self.response.as_ref().and_then(|response| find(&response.headers, name))
    }

    /// Status of the answer, when there was one on the wire.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.response.as_ref().map(|response| response.status).filter(|&status| status != 0)
    }

    /// When the answer was ready, µs.
    #[must_use]
    pub fn ready_us(&self) -> Option<u64> {
        self.response.as_ref().map(|response| response.ready_us)
    }

    /// The API that the request is for.
    #[must_use]
    pub fn api(&self) -> Api {
        self.request.api
    }

    /// `GET /ws-diffusion-fhir/Location/12 → 200`, for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let status = self.status().map_or_else(|| "—".to_owned(), |status| status.to_string());
        format!("{} {} → {status}", self.request.method, self.request.target)
    }
}

impl Evidence {
    /// The exchange of that number.
    #[must_use]
    pub fn exchange(&self, number: u32) -> Option<&Exchange> {
        // Not by position: a report's evidence leaves exchanges out.
        let index = self.exchanges.binary_search_by_key(&number, |exchange| exchange.number).ok()?;
        self.exchanges.get(index)
    }

    /// The TLS handshake of the connection that an exchange came on.
    #[must_use]
    pub fn handshake(&self, exchange: &Exchange) -> Option<&Handshake> {
        self.connections.get(&exchange.request.connection)?.handshake.as_ref()
    }

    /// Whether anything of the client reached the mock.
    #[must_use]
    pub fn has_traffic(&self) -> bool {
        !self.connections.is_empty()
    }
}

/// Puts the events of one scenario together, one after the other.
#[derive(Debug, Default)]
pub struct Collector {
    evidence: Option<Evidence>,
    current_step: Option<u32>,
}

impl Collector {
    /// Takes the next event of the scenario. Events before `scenario-started` are passed over.
    pub fn take(&mut self, entry: Entry) {
        let at = entry.at_us;
        if let Event::ScenarioStarted(setting) = entry.event {
            self.evidence = Some(Evidence {
                setting: *setting,
                started_us: at,
                exchanges: Vec::new(),
                connections: BTreeMap::new(),
                steps: Vec::new(),
                changes: Vec::new(),
                ended: None,
            });
            return;
        }
        let Some(evidence) = &mut self.evidence else { return };
        match entry.event {
            Event::StepStarted(started) => {
                self.current_step = Some(started.step);
                evidence.steps.push(Step { started, started_us: at, ended: None, ended_us: None });
            }
            Event::StepEnded(ended) => {
                let run = Run { step: ended.step, instance: ended.instance };
                if let Some(step) = evidence.steps.iter_mut().find(|step| step.run() == run) {
                    step.ended = Some(*ended);
                    step.ended_us = Some(at);
                }
                let goes_on = |step: &Step| step.started.step == run.step && step.ended.is_none();
                if !evidence.steps.iter().any(goes_on) {
                    self.current_step = None;
                }
            }
            Event::DataChanged(change) => {
                let last = evidence.steps.last().map_or(0, |step| step.started.step);
                evidence.changes.push(Change { step: change.step.unwrap_or(last), change: *change });
            }
            Event::ConnectionOpened(opened) => {
                let step = self.current_step;
                let connection = Connection {
                    opened_us: at,
                    step,
                    handshake: None,
                    closed_us: None,
                    closed: None,
                    opened,
                };
                evidence.connections.insert(connection.opened.connection, connection);
            }
            Event::Handshake(handshake) => {
                if let Some(connection) = evidence.connections.get_mut(&handshake.connection) {
                    connection.handshake = Some(*handshake);
                }
            }
            Event::ConnectionClosed(closed) => {
                if let Some(connection) = evidence.connections.get_mut(&closed.connection) {
                    connection.closed_us = Some(at);
                    connection.closed = Some(closed);
                }
            }
            Event::Request(request) => evidence.exchanges.push(Exchange {
                number: request.exchange,
                step: self.current_step,
                instance: evidence
                    .connections
                    .get(&request.connection)
                    .and_then(|connection| connection.opened.instance),
                request: *request,
                decisions: Vec::new(),
                response: None,
                complete: None,
                given_up_us: None,
            }),
            Event::Decision(decision) => {
                if let Some(exchange) = exchange_mut(evidence, decision.exchange) {
                    exchange.decisions.push(decision);
                }
            }
            Event::Response(response) => {
                if let Some(exchange) = exchange_mut(evidence, response.exchange) {
                    exchange.response = Some(*response);
                }
            }
            Event::ResponseEnded(ended) => {
                if let Some(exchange) = exchange_mut(evidence, ended.exchange) {
                    exchange.complete = Some(ended.complete);
                    exchange.given_up_us = (!ended.complete && !ended.cut).then_some(at);
                }
            }
            Event::ScenarioEnded(ended) => evidence.ended = Some(ended),
            Event::ScenarioStarted(_) | Event::RunStarted(_) | Event::RunEnded(_) => {}
        }
    }

    /// The evidence; none when the scenario never started.
    #[must_use]
    pub fn finish(self) -> Option<Evidence> {
        self.evidence
    }
}

fn exchange_mut(evidence: &mut Evidence, number: u32) -> Option<&mut Exchange> {
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    evidence.exchanges.get_mut(index)
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
}

impl Body {
    /// The inline text, empty when the body is not inline.
    #[must_use]
    pub fn inline(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }
}
