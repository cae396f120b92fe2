//! The events of the journal, schema 1: all that happened, and nothing of what it means.
//!
//! Times are microseconds on the bench's monotonic clock since the run began (`at_us`, `*_us`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Api;
use super::baseline::Baseline;
use super::canary::CanarySeen;
use super::wire::{
    Body, ConnectionClosed, ConnectionOpened, Decision, Handshake, Request, Response, ResponseEnded,
};

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
    /// The mock's data moved on: by a step of the scenario, or because a client wrote.
    DataChanged(Box<DataChanged>),
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
    /// How many scenarios of each plan, for this profile, were not asked for; plans played whole are not named.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, usize>,
    /// The campaign file as it was read, secrets removed.
    pub campaign: Value,
    /// The failures that the editor expects; none without `--baseline`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
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
    /// Whether search parameters that the ROR documents as drafts are understood.
    #[serde(default)]
    pub drafts: bool,
    /// Base URL of the capacity feed.
    #[serde(default)]
    pub capacity_url: String,
    /// URL of anomalies.
    #[serde(default)]
    pub task_url: String,
    /// The feed's own identity, as the whitelist knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<SupplierFacts>,
    /// Values of the dataset that are looked for in all that the client says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub canaries: Vec<String>,
    /// Why the scenario cannot be played where the mock listens; then no step is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_playable: Option<NotPlayable>,
}

/// Why a scenario cannot be played where the mock listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotPlayable {
    /// The mock is to be called by its IP address, and that is not known to be the same for the client.
    NotOnLoopback,
}

/// What the whitelist knows of the client under test as a supplier of capacities.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SupplierFacts {
    /// OAuth client_ids: one for all establishments, or one for each.
    pub client_ids: Vec<String>,
    /// Subject DN (RFC 4514) of the first one's certificate.
    pub subject: String,
    /// Establishments (IdNat_Struct) that it may write for.
    pub establishments: Vec<String>,
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
    /// Level 2 of the supplier, which always has a certificate; absent: that of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level_2_supplier: Option<u32>,
    /// Whether exceeding them is answered 429; otherwise they are observed only.
    pub enforced: bool,
    /// How they are counted, when not in a sliding second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counting: Option<CountingFacts>,
    /// What follows from calling on while told to wait; none when nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspension: Option<SuspensionFacts>,
}

/// How quotas are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountingFacts {
    /// Length of the window, in milliseconds.
    pub window_ms: u64,
    /// Whether the count restarts at multiples of that length since the run began; otherwise the window slides.
    pub fixed: bool,
}

/// The suspension that follows from calling on while told to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspensionFacts {
    /// The call too early with which it begins, from 1.
    pub after: u32,
    /// How long it lasts, in milliseconds.
    pub lasts_ms: u64,
    /// Status of what is refused meanwhile.
    pub status: u16,
}

impl QuotaFacts {
    /// The level-2 quota of calls to that API: the capacity feed is the supplier's.
    #[must_use]
    pub fn level_2_of(&self, api: Api) -> u32 {
        match (api, self.level_2_supplier) {
            (Api::Capacity, Some(quota)) => quota,
            _ => self.level_2,
        }
    }
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
    /// Servers of this step that a client must refuse.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub impostors: Vec<Impostor>,
    /// Which of several instances of the client, from 1, that act side by side; none when there is one only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<u32>,
    /// The certificate that the client was handed in place of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<HandedCredential>,
}

/// A client certificate that the client was handed for a step, in place of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedCredential {
    /// What it is: `expired`, `another-service`, `renewed`… `none` when it was handed none.
    pub name: String,
    /// Whether the mock takes it.
    pub good: bool,
    /// Subject, RFC 4514.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// SHA-256 of the certificate, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// A server that a client must refuse, in place of one of the mock's own for a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impostor {
    /// Which one it stands in for: `token` or `api`.
    pub endpoint: Endpoint,
    /// What is wrong with it: `expired`, `wrong-host`…
    pub defect: String,
    /// Whether a client has no reason to refuse it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub good: bool,
}

/// What a server answers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// The authorisation server.
    Token,
    /// The APIs.
    Api,
}

/// The mock's data moved on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DataChanged {
    /// The step that changed them; none when a client did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// The exchange by which a client wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<u32>,
    /// FHIR resources as they are now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub put: Vec<Value>,
    /// References of those that are gone, `HealthcareService/50001`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepEnded {
    /// The step.
    pub step: u32,
    /// Which instance, as in `step-started`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<u32>,
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
    /// Canaries in the outputs, looked for in all of them before they were cut; the declared result is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub canaries: Vec<CanarySeen>,
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
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
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
    /// Where `integrated` is kept when it is too long for a line of the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integrated_kept: Option<Body>,
}

/// A time in which the bench's machine did not get on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stall {
    /// When it began at the earliest, µs.
    pub from_us: u64,
    /// When it was over, µs.
    pub until_us: u64,
}

/// The scenario is over.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ScenarioEnded {
    /// Longest time, in microseconds, by which the bench itself woke up late while it played.
    pub noise_us: u64,
    /// When that was; none in journals of earlier versions, whose longest time counts for the whole scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stalls: Option<Vec<Stall>>,
    /// Longest lateness that is not listed, in microseconds: short ones, or the shorter ones of very many.
    #[serde(default)]
    pub unlisted_us: u64,
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
