//! What one mock does: its data, its whitelist, its quotas, and what it does out of the ordinary. It knows no scenario.

use std::sync::Arc;
use std::time::Duration;

use crate::journal::Api;
use crate::ror::quota::{Counting, Suspension};
use crate::ror::whitelist::{Assigned, Whitelist};
use crate::ror::{AccessProfile, Directory, SearchOptions, capacity};

/// Everything that decides how the mock answers.
#[derive(Clone)]
pub struct Behaviour {
    /// The data.
    pub directory: Arc<Directory>,
    /// Who may connect.
    pub whitelist: Arc<Whitelist>,
    /// How searches read their parameters.
    pub search: SearchOptions,
    /// The header values that go with a profile.
    pub assigned: Arc<Assigned>,
    /// Lifetime of the tokens granted.
    pub token_lifetime: Duration,
    /// Quotas.
    pub quotas: Quotas,
    /// Replies out of the ordinary.
    pub scripted: Vec<Scripted>,
    /// How the capacity feed takes what the public record leaves open.
    pub capacity: capacity::Options,
    /// How extractions go.
    pub export: ExportBehaviour,
    /// Whether a client certificate is refused when it comes without the authority that issued it.
    pub chains_as_sent: bool,
    /// Whether the authorisation server refuses a bad client certificate, or none, with a TLS alert.
    pub alerts_bad_certificates: bool,
    /// Which links name another host.
    pub foreign: Option<ForeignLink>,
}

impl Behaviour {
    /// Whether a listener has to play another host.
    #[must_use]
    pub fn needs_another_host(&self) -> bool {
        let leads_there = |reply: &Scripted| reply.redirect == Some(Redirect::AnotherHost);
        self.foreign.is_some() || self.scripted.iter().any(leads_there)
    }
}

/// How extractions (`$export`) go.
#[derive(Debug, Clone)]
pub struct ExportBehaviour {
    /// How often polling is answered 202 before the manifest.
    pub polls: u32,
    /// What Retry-After says meanwhile.
    pub poll_after: Duration,
    /// Most resources in one file.
    pub slice: usize,
    /// How long a job and its files last, counted from the kick-off.
    pub lifetime: Duration,
    /// Whether the kick-off's answer has its Content-Location.
    pub content_location: bool,
    /// Whether the manifest tells of errors.
    pub reports_errors: bool,
    /// Whether a kick-off is refused while another job of the service is not ready.
    pub one_job_per_service: bool,
}

impl Default for ExportBehaviour {
    fn default() -> Self {
        Self {
            polls: 0,
            poll_after: Duration::from_secs(1),
            slice: 500,
            lifetime: Duration::from_secs(3600),
            content_location: true,
            reports_errors: false,
            one_job_per_service: false,
        }
    }
}

impl ExportBehaviour {
    /// Whole seconds to wait between two polls, at least 1.
    #[must_use]
    pub fn wait_seconds(&self) -> u64 {
        self.poll_after.as_secs().max(1)
    }
}

/// A link that the mock gives with the name of another host, where a token must not go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignLink {
    /// The next page of a search.
    Next,
    /// Where the state of an extraction is asked for.
    Poll,
    /// The last file of an extraction.
    File,
}

/// Quotas of both levels, calls per second (CHA-Q-01…03).
#[derive(Debug, Clone)]
pub struct Quotas {
    /// Level 1, all services together, per API.
    pub level_1: u32,
    /// Level 2, a service with a certificate, per API.
    pub level_2_authenticated: u32,
    /// Level 2, a service of public data (profile 0), per API.
    pub level_2_public: u32,
    /// Whether exceeding them is answered 429.
    pub enforced: bool,
    /// Calls per second that other services make on each API.
    pub other_services: u32,
    /// How the 429 says when to come back.
    pub advertise: Advertise,
    /// In which dialect it does so.
    pub dialect: Dialect,
    /// How calls are counted.
    pub counting: Counting,
    /// Whether answers within the quota say, in that dialect, how much of it is left.
    pub announced: bool,
    /// What a service meets that calls on while it is told to wait.
    pub suspension: Option<Suspended>,
}

/// What a service meets that calls on while it is told to wait (CHA-Q-05).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspended {
    /// When, and for how long.
    pub rule: Suspension,
    /// Whether it is refused with 429 and a longer delay; otherwise with 403.
    pub throttled: bool,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            level_1: 100,
            level_2_authenticated: 10,
            level_2_public: 5,
            enforced: true,
            other_services: 0,
            advertise: Advertise::Seconds,
            dialect: Dialect::Rfc,
            counting: Counting::default(),
            announced: false,
            suspension: None,
        }
    }
}

impl Quotas {
    /// Level 2 for that profile.
    #[must_use]
    pub fn level_2(&self, profile: AccessProfile) -> u32 {
        if profile.get() == 0 { self.level_2_public } else { self.level_2_authenticated }
    }
}

/// How a refusal says when to come back (RFC 9110 §10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Advertise {
    /// Whole seconds, rounded up.
    #[default]
    Seconds,
    /// An HTTP-date, rounded up.
    Date,
    /// Not at all.
    Absent,
}

/// In which headers a refusal by quota speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// Retry-After (RFC 9110 §10.2.3).
    #[default]
    Rfc,
    /// The gateway's `X-Rate-Limit-*`, whose `-Reset` is an instant in milliseconds since 1970; no Retry-After.
    Gravitee,
    /// `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers); no Retry-After.
    DraftRatelimit,
    /// Neither.
    Bare,
}

/// A reply out of the ordinary, for requests that passed the token and whitelist gates.
#[derive(Debug, Clone)]
pub struct Scripted {
    /// Which requests.
    pub on: Selector,
    /// First matching request that it answers, from 1.
    pub nth: u32,
    /// How many in a row; none: all from then on.
    pub times: Option<u32>,
    /// For how long from the first one on, whatever their number.
    pub during: Option<Duration>,
    /// The status; none: the ordinary answer, with `fault`.
    pub status: Option<u16>,
    /// When the client is told to come back.
    pub retry_after: Option<RetryAfter>,
    /// In which dialect.
    pub dialect: Dialect,
    /// The body.
    pub body: ScriptedBody,
    /// What Content-Type says instead of the truth.
    pub content_type: Option<String>,
    /// Where Location leads.
    pub redirect: Option<Redirect>,
    /// When the body is compressed with gzip.
    pub gzip: Option<Gzip>,
    /// Entries of other types that a searchset gets besides its own.
    pub strangers: bool,
    /// White space put into a JSON body, which changes nothing but its size; bytes.
    pub padding: usize,
    /// What happens to the answer on the wire.
    pub fault: Option<Fault>,
    /// How long a stall or a drip lasts.
    pub lasts: Duration,
    /// How long the answer is held back.
    pub hold: Option<Duration>,
}

/// Which requests a scripted reply is for; all that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct Selector {
    /// Method.
    pub method: Option<String>,
    /// Path, exact, or a prefix when it ends with `*`.
    pub path: Option<String>,
    /// Another path that will do as well.
    pub or_path: Option<String>,
    /// API.
    pub api: Option<Api>,
    /// Technical id asked for: last segment of the path, or among the values of `_id`.
    pub id: Option<String>,
    /// Phase of the mock (see [`super::Mock::set_phase`]).
    pub phase: Option<u32>,
}

impl Selector {
    /// Whether a request is meant.
    #[must_use]
    pub fn selects(
        &self,
        method: &str,
        path: &str,
        parameters: &[(String, String)],
        api: Api,
        phase: u32,
    ) -> bool {
        self.phase.is_none_or(|wanted| wanted == phase)
            && self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.api.is_none_or(|wanted| wanted == api)
            && self.id.as_deref().is_none_or(|id| asks_for(id, path, parameters))
            && (self.path.as_deref().is_none_or(|wanted| is_path(wanted, path))
                || self.or_path.as_deref().is_some_and(|wanted| is_path(wanted, path)))
    }
}

fn is_path(wanted: &str, path: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None => path == wanted,
    }
}

fn asks_for(id: &str, path: &str, parameters: &[(String, String)]) -> bool {
    path.rsplit('/').next() == Some(id)
        || parameters.iter().any(|(name, value)| name == "_id" && value.split(',').any(|asked| asked == id))
}

/// What Retry-After says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetryAfter {
    /// Whole seconds.
    Seconds(u64),
    /// An HTTP-date that far ahead of the answer, rounded up to a whole second.
    DateIn(Duration),
    /// Exactly these characters.
    Raw(String),
    /// One header for each.
    Several(Vec<String>),
}

/// Where a redirection leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redirect {
    /// To the same URL on the same host.
    Same,
    /// To the same path on another host, where a token must not go.
    AnotherHost,
}

/// When a body is compressed with gzip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gzip {
    /// When the request says that it may be (RFC 9110 §12.5.3).
    IfAsked,
    /// In any case.
    Always,
}

/// Body of a scripted reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScriptedBody {
    /// OperationOutcome from the API, Keycloak's JSON from the token endpoint.
    #[default]
    Usual,
    /// JSON of an API gateway, not FHIR.
    Gateway,
    /// An HTML page.
    Html,
    /// Nothing.
    Empty,
    /// OperationOutcome whose `expression` is a text, as the ROR has been seen to write it.
    ExpressionText,
    /// OperationOutcome whose `expression` is a list, as FHIR has it.
    ExpressionList,
}

/// What happens to an answer on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is cut instead of an answer.
    Reset,
    /// The connection is cut in the middle of the body.
    Truncate,
    /// The body is half of itself, and whole as far as HTTP can tell.
    Half,
    /// Half of the body, then nothing for a while, then the connection is cut.
    Stall,
    /// The body comes in small pieces over a while, and whole.
    Drip,
    /// Content-Length announces more than there is.
    Long,
    /// The body has its length and its end, but is no JSON.
    Malformed,
}

impl Fault {
    /// Its name in the journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Truncate => "truncate",
            Self::Half => "half",
            Self::Stall => "stall",
            Self::Drip => "drip",
            Self::Long => "long",
            Self::Malformed => "malformed",
        }
    }
}
