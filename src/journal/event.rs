//! The events of the journal, schema 1: all that happened, and nothing of what it means.
//!
//! Times are microseconds on the bench's monotonic clock since the run began (`at_us`, `*_us`).

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of this schema, written in the first line of every journal.
pub const SCHEMA: u32 = 1;

/// One line of `journal.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Line number, from 1.
    pub seq: u64,
    /// When the line was written, in microseconds since the run began.
    pub at_us: u64,
    /// The scenario that the event belongs to; none for the run itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// What happened.
    pub event: Event,
    /// SHA-256 (hexadecimal) of the line before, without its line end; 64 zeros in the first line.
    pub prev: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// First line: what this run is.
    RunStarted(Box<RunStarted>),
    /// The mock of one scenario listens.
    ScenarioStarted(Box<ScenarioStarted>),
    /// The client is made to act.
    StepStarted(StepStarted),
    /// A client opened a TCP connection.
    ConnectionOpened(ConnectionOpened),
    /// The TLS handshake ended, well or badly.
    Handshake(Box<Handshake>),
    /// A whole request was read.
    Request(Box<Request>),
    /// A gate, the quota or a fault decided.
    Decision(Decision),
    /// An answer was handed to the connection.
    Response(Box<Response>),
    /// The answer's last byte was handed over, or the connection broke before that.
    ResponseEnded(ResponseEnded),
    /// A connection ended.
    ConnectionClosed(ConnectionClosed),
    /// The adapter, the trigger or the person answered.
    StepEnded(Box<StepEnded>),
    /// The scenario is over.
    ScenarioEnded(ScenarioEnded),
    /// Last line of a run that was not interrupted.
    RunEnded(RunEnded),
}

/// What this run is: everything that the report's first page needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The journal's schema.
    pub schema: u32,
    /// What an artefact must say first: a self-check, not a homologation.
    pub notice: String,
    /// `banc-ror`'s version.
    pub tool_version: String,
    /// The run's name, also that of its folder.
    pub run: String,
    /// Wall-clock start, RFC 3339.
    pub started: String,
    /// Language of the texts, `fr` or `en`.
    pub lang: String,
    /// Seed of faults and generated data.
    pub seed: u64,
    /// Access profile, 0 to 5.
    pub profile: u8,
    /// How the client is driven: the command, the trigger's URL, `built-in reference client`…
    pub client: String,
    /// Factor that stretches every deadline.
    pub patience: f64,
    /// Plans asked for; empty means all.
    pub plans: Vec<String>,
    /// Whether the plans were named on the command line or in the campaign: then an uncovered plan is exit 5.
    pub plans_named: bool,
    /// What turns a warning or an inconclusive check into exit 1.
    pub fail_on: Vec<String>,
    /// Ids of the scenarios selected, in the order of the report.
    pub scenarios: Vec<String>,
    /// The campaign file as it was read, secrets removed.
    pub campaign: Value,
}

/// The mock of one scenario listens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioStarted {
    /// Name of the dataset served.
    pub dataset: String,
    /// Seed of its generated part.
    #[serde(default)]
    pub seed: u64,
    /// Access profile of the registered service.
    pub profile: u8,
    /// The service as the whitelist knows it.
    pub service: ServiceFacts,
    /// Quotas in force, calls per second.
    pub quotas: QuotaFacts,
    /// Lifetime of the tokens granted, in seconds.
    pub token_lifetime_s: u64,
    /// Base URL of the FHIR API.
    pub fhir_url: String,
    /// URL of the token endpoint.
    pub token_url: String,
}

/// What the whitelist expects of the client under test.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ServiceFacts {
    /// OAuth client_id.
    pub client_id: String,
    /// Subject DN (RFC 4514) of the certificate declared; none with profile 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `active`, `suspended`, `not-listed` or `unknown-client`: how this scenario registered the service.
    pub registration: String,
    /// The four `Ror-*` headers that the ANS assigned, name and value.
    pub assigned_headers: Vec<(String, String)>,
    /// Redacted form of the client secret, to compare with what was sent; none with a certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// Quotas in force, in calls per second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QuotaFacts {
    /// Level 1: all services together, per API.
    pub level_1: u32,
    /// Level 2: one service, per API.
    pub level_2: u32,
    /// Whether exceeding them is answered 429; otherwise they are observed only.
    pub enforced: bool,
}

/// The client is made to act.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepStarted {
    /// Number of the step, from 1.
    pub step: u32,
    /// `ROR_ACTION`; none when the step is a wait or a change of the mock's data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// `ROR_INPUT`.
    pub input: Value,
    /// Time allowed, in milliseconds, patience included.
    pub deadline_ms: u64,
}

/// Which part of the mock a listener or a request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    /// The authorisation server's token endpoint.
    Token,
    /// FHIR reading (`/ws-diffusion-fhir`).
    Fhir,
    /// The bed capacity feed (`/ws-synchro-dispo-lits-fhir`).
    Capacity,
    /// Anomalies (`/anomalies`).
    Anomalies,
    /// A path that no API serves.
    Elsewhere,
}

/// A client opened a TCP connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectionOpened {
    /// Number of the connection within the scenario, from 1.
    pub connection: u32,
    /// `authorisation-server`, `api` or `all`.
    pub listener: String,
    /// Address of the client.
    pub peer: String,
}

/// How the TLS handshake ended.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Handshake {
    /// The connection.
    pub connection: u32,
    /// None when it succeeded, otherwise why it failed, in English, as the TLS library says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// `TLSv1.2` or `TLSv1.3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Cipher suite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
    /// Application protocol agreed: `h2` or `http/1.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// Server name that the client asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// The certificate that the client showed; none when it showed none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateFacts>,
}

/// A client certificate as it was shown.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CertificateFacts {
    /// Subject, RFC 4514.
    pub subject: String,
    /// Issuer, RFC 4514.
    pub issuer: String,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// Start of validity, RFC 3339.
    pub not_before: String,
    /// End of validity, RFC 3339.
    pub not_after: String,
    /// SHA-256 of the certificate, hexadecimal.
    pub sha256: String,
    /// Number of certificates that came with it.
    pub chain: usize,
    /// All that is wrong with it, stable names: `expired`, `not-yet-valid`, `unknown-authority`, `wrong-usage`…
    pub faults: Vec<String>,
}

/// A whole request was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Number of the exchange within the scenario, from 1.
    pub exchange: u32,
    /// The connection it came on.
    pub connection: u32,
    /// Which API it is for, by its path.
    pub api: Api,
    /// When its first byte was known to have been read (never earlier than that).
    pub first_byte_us: u64,
    /// Method.
    pub method: String,
    /// Path and query exactly as sent, secrets redacted.
    pub target: String,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// Headers in the order received, names in lower case, secrets redacted.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Body,
    /// For a bearer token that the mock issued: seconds that it still had (negative: expired); none otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_remaining_s: Option<f64>,
}

/// A body: inline when short and text, in `bodies/` when long, by digest in any case.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Body {
    /// Size in bytes on the wire, before redaction.
    pub size: u64,
    /// SHA-256 (hexadecimal) of the redacted bytes; empty for an empty body.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sha256: String,
    /// The redacted text, when it is short UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Name of the file in `bodies/`, when it is not inline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Whether it was cut at the size that the bench keeps.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// A gate, the quota or a fault decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The exchange.
    pub exchange: u32,
    /// `quota-level-1`, `client-id`, `credential`, `token`, `whitelist`, `quota-level-2`, `headers`, `grant`, `route`, `scripted`.
    pub gate: String,
    /// Whether the request may go on.
    pub passed: bool,
    /// Why, in English, for the evidence.
    pub reason: String,
    /// For quotas: calls counted in the window before this one, and the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<QuotaState>,
}

/// The state of a quota's window when it decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaState {
    /// Calls in the window, before this one.
    pub before: u32,
    /// Calls in the window, this one included.
    pub after: u32,
    /// The limit.
    pub limit: u32,
}

/// An answer was handed to the connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The exchange.
    pub exchange: u32,
    /// Status code; 0 when the connection was cut instead of an answer.
    pub status: u16,
    /// Headers, secrets redacted.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Body,
    /// When the answer was ready, before its last byte was written.
    pub ready_us: u64,
    /// Which scripted reply of the scenario produced it (from 1, in the order of the file); none: the mock's own answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scripted: Option<u32>,
    /// The fault that the answer carries: `reset`, `truncate`…; none for an ordinary answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// The answer's body was handed over whole, or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseEnded {
    /// The exchange.
    pub exchange: u32,
    /// Whether the connection took all of it.
    pub complete: bool,
}

/// A connection ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionClosed {
    /// The connection.
    pub connection: u32,
    /// None when it ended as connections should, otherwise what happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepEnded {
    /// The step.
    pub step: u32,
    /// How.
    pub end: StepEnd,
    /// The result that the adapter gave; none when it gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<AdapterResult>,
    /// End of standard output, redacted and bounded.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stdout_tail: String,
    /// End of standard error, redacted and bounded.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stderr_tail: String,
}

/// How the adapter ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepEnd {
    /// Exit 0 (or 2xx of a trigger, or a wait that is over).
    Done,
    /// Exit 89 (501 of a trigger): the client does not have this action.
    NoAction,
    /// The client reports an error; the message may be empty.
    Error {
        /// What it said.
        message: String,
    },
    /// The adapter could not be started.
    NotStarted {
        /// Why.
        reason: String,
    },
    /// Killed by a signal that the bench did not send.
    Signal {
        /// The signal's number.
        signal: i32,
    },
    /// Still running at the deadline: its process group was killed.
    Deadline,
    /// A person did it (manual driver) or nobody was asked (passive).
    Human {
        /// What the person answered.
        answer: String,
    },
}

/// The adapter's result line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdapterResult {
    /// `ok` or `error`.
    pub outcome: String,
    /// What it said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// What the client declares to hold, as it gave it; none when it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integrated: Option<Vec<Value>>,
    /// What is wrong with the result's form (`integrated` not a list…); the rest is still used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub malformed: Vec<String>,
}

/// The scenario is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioEnded {
    /// Longest time, in microseconds, by which the bench itself woke up late while it played.
    pub noise_us: u64,
    /// What broke in the bench itself; none when all went well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harness_error: Option<String>,
}

/// The run is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEnded {
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Whether a person or a signal stopped it before its end.
    pub interrupted: bool,
}
