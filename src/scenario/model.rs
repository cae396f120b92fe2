//! A scenario as its YAML file says it. Shapes only: loading is in `load`, cross-checks are in `lint`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::check::{Check, Seconds};
use crate::text::Text;

/// One test case: what is given, what the client is made to do, what is then checked.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// Identifier, the same as the file's name without `.yaml`.
    pub id: String,
    /// One line.
    pub title: Text,
    /// What it is about and why it matters, two or three sentences.
    pub description: Text,
    /// Test plans that include it: fhir-export, fhir-search, fhir-capacity, feed, csd-1, csd-2, csd-3.
    pub plans: Vec<String>,
    /// Access profiles for which it makes sense; all when absent.
    #[serde(default = "all_profiles")]
    pub profiles: Vec<u8>,
    /// How much a failure matters.
    #[serde(default)]
    pub criticality: Criticality,
    /// Words by which it can be selected.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Whether its plans are covered by a client that lacks its actions (anomalies, for instance, are no search).
    #[serde(default)]
    pub optional: bool,
    /// About how long a patient client takes over it, from 3 s on: the longest are begun first.
    #[serde(default)]
    pub lasts: Option<Seconds>,
    /// The mock's set-up.
    #[serde(default)]
    pub given: Given,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// What must hold afterwards.
    pub checks: Vec<Check>,
}

impl Scenario {
    /// About how long it takes; nothing is said of the short ones.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.lasts.map_or(Duration::ZERO, Seconds::duration)
    }
}

fn all_profiles() -> Vec<u8> {
    (0..=5).collect()
}

/// How much a failure matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Criticality {
    /// A blemish.
    Minor,
    /// The client is not usable as it should be.
    #[default]
    Major,
    /// Data are wrong or lost, security is at stake, or the ROR suffers.
    Critical,
}

impl Criticality {
    /// The name used in YAML and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

/// The mock's set-up.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Given {
    /// Name of a dataset of `scenarios/datasets/`.
    pub dataset: String,
    /// How the whitelist knows the client.
    pub registration: Registration,
    /// Lifetime of the tokens granted.
    pub token_lifetime: Seconds,
    /// Quotas.
    pub quotas: Quotas,
    /// What the mock does out of the ordinary.
    pub replies: Vec<ScriptedReply>,
    /// Whether it plays by itself because it judges the client's own pace.
    pub alone: bool,
    /// How extractions (`$export`) go.
    pub export: Export,
    /// How the capacity feed takes what the public record leaves open.
    pub capacity: CapacityFeed,
    /// Links that name another host, where a token must not go.
    pub another_host: Option<AnotherHost>,
    /// How the whitelist knows the client as a supplier of capacities.
    pub supplier: Registration,
    /// Whether search parameters that the ROR documents as drafts are understood.
    pub drafts: bool,
    /// Whether a client certificate may come without the authority that issued it.
    pub chains: Chains,
    /// How a client certificate that is no good by itself is refused.
    pub bad_certificates: BadCertificates,
    /// How the URLs given to the client name the host.
    pub called_by: CalledBy,
    /// Whether the servers staple a status (OCSP) to their certificate that says that it is good.
    pub staple: bool,
    /// Restricted values of the dataset that must not come out where they do not belong, eight characters or more.
    pub canaries: Vec<Canary>,
}

/// A value that is looked for in all that a client says: long enough not to stand there by chance.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct Canary(#[schemars(length(min = 8))] String);

impl Canary {
    /// The value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Canary {
    type Error = &'static str;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        if value.trim().chars().count() < 8 {
            return Err("a canary has eight characters or more, so that it stands nowhere by chance");
        }
        Ok(Self(value))
    }
}

/// Whether a client certificate may come without the authority that issued it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Chains {
    /// It may: the mock knows the intermediate authorities.
    #[default]
    Completed,
    /// It may not: the chain counts as it was sent.
    AsSent,
}

/// How the URLs given to the client name the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CalledBy {
    /// By its name (`--host`).
    #[default]
    Name,
    /// By the IP address at which the mock listens; such a scenario is played on the loopback only.
    Address,
}

/// How a client certificate that is no good by itself (expired, of an unknown authority…), or none, is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BadCertificates {
    /// The handshake completes, and the token endpoint answers 401.
    #[default]
    Answered,
    /// The authorisation server refuses it with a TLS alert; on one fixed port for all roles, a client that shows none
    /// is answered 401 all the same.
    TlsAlert,
}

/// How the capacity feed takes what the public record leaves open.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct CapacityFeed {
    /// What an `add` does when the record is already there.
    pub duplicate_add: DuplicateAdd,
    /// How the 404 of a missing record gives its `expression`.
    pub expression: ExpressionForm,
}

/// What an `add` does when the record is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DuplicateAdd {
    /// 400.
    #[default]
    Refused,
    /// A second record.
    Second,
}

/// How the 404 of a missing record gives its `expression` (ror-fhir.md §10, point 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExpressionForm {
    /// A text, as in the documented answer.
    #[default]
    Text,
    /// A list, as FHIR has it.
    List,
}

/// How extractions (`$export`) go; at once and whole when absent.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Export {
    /// How often polling is answered 202 before the manifest.
    pub polls: u32,
    /// Retry-After of these answers, in whole seconds; 1s when absent.
    pub poll_after: Option<Seconds>,
    /// Most resources in one file.
    pub slice: Option<usize>,
    /// How long a job and its files last; an hour when absent.
    pub lifetime: Option<Seconds>,
    /// The kick-off's answer lacks its Content-Location.
    pub no_content_location: bool,
    /// The manifest tells of an error: what is listed is not all.
    pub reports_errors: bool,
    /// A kick-off is refused (429) while another job of the service is not ready.
    pub one_job: bool,
}

/// The link that names another host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AnotherHost {
    /// The next page of a search.
    Next,
    /// Where the state of an extraction is asked for.
    Poll,
    /// The last file of an extraction.
    File,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            dataset: "demo".to_owned(),
            registration: Registration::Listed,
            token_lifetime: Seconds(300.0),
            quotas: Quotas::default(),
            replies: Vec::new(),
            alone: false,
            export: Export::default(),
            capacity: CapacityFeed::default(),
            another_host: None,
            supplier: Registration::Listed,
            drafts: false,
            canaries: Vec::new(),
            chains: Chains::Completed,
            bad_certificates: BadCertificates::Answered,
            called_by: CalledBy::Name,
            staple: false,
        }
    }
}

/// How the whitelist knows the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Registration {
    /// Listed and active.
    #[default]
    Listed,
    /// The client_id is known, its certificate (or secret) is not listed for it.
    NotListed,
    /// Listed, then suspended.
    Suspended,
    /// Nobody has that client_id.
    UnknownClient,
}

impl Registration {
    /// The name used in YAML and in the journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::NotListed => "not-listed",
            Self::Suspended => "suspended",
            Self::UnknownClient => "unknown-client",
        }
    }
}

/// Quotas in calls per second; those of the charter (CHA-Q-01…03) when absent.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Quotas {
    /// All services together, per API.
    pub level_1: Option<u32>,
    /// One service, per API.
    pub level_2: Option<u32>,
    /// Whether exceeding them is answered 429 (otherwise they are observed only).
    pub enforced: bool,
    /// Load of other services on each API, calls per second, so that level 1 can be met.
    pub other_services: u32,
    /// Whether the 429 carries Retry-After, and how.
    pub retry_after: AdvertiseDelay,
    /// In which headers the 429 speaks.
    pub dialect: Dialect,
    /// How calls are counted.
    pub counting: Counting,
    /// Length of the window in which they are counted; 1s when absent.
    pub window: Option<Seconds>,
    /// Whether answers within the quota say, in that dialect, how much of it is left.
    pub announced: bool,
    /// What a service meets that calls on while it is told to wait.
    pub suspension: Option<Suspension>,
}

/// How calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Counting {
    /// In a window that slides.
    #[default]
    Sliding,
    /// In windows that follow one another: the count restarts at each boundary.
    Fixed,
}

/// What a service meets that calls on while it is told to wait: a suspension from all the APIs.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Suspension {
    /// The call too early with which it begins, from 1; calls within 500 ms of the refusal are not counted.
    pub after: u32,
    /// How long it lasts.
    pub lasts: Seconds,
    /// How calls are refused meanwhile.
    #[serde(default)]
    pub by: SuspendedBy,
}

/// How the calls of a suspended service are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SuspendedBy {
    /// 403.
    #[default]
    Forbidden,
    /// 429, with the delay that is left.
    Throttling,
}

/// In which headers a refusal by quota speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// Retry-After (RFC 9110).
    #[default]
    Rfc,
    /// The gateway's X-Rate-Limit-*, whose -Reset is an instant in milliseconds since 1970; no Retry-After.
    Gravitee,
    /// RateLimit and RateLimit-Policy (an IETF draft); no Retry-After.
    DraftRatelimit,
    /// Neither.
    Bare,
}

/// How a refusal by quota advertises its delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdvertiseDelay {
    /// Whole seconds, rounded up.
    #[default]
    Seconds,
    /// An HTTP-date, rounded up.
    Date,
    /// No Retry-After at all.
    Absent,
}

/// One scripted reply.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ScriptedReply {
    /// Which requests it answers.
    pub on: On,
    /// What it answers.
    pub reply: Reply,
}

/// Which requests a scripted reply answers. Only requests that passed the token and whitelist gates count.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct On {
    /// Method; any when absent.
    pub method: Option<String>,
    /// Path, exact, or a prefix when it ends with `*`; any when absent.
    pub path: Option<String>,
    /// Another path that will do as well, where clients may do the same thing in two ways.
    pub or_path: Option<String>,
    /// Name of the API instead of a path: token, fhir, capacity, anomalies.
    pub api: Option<String>,
    /// Technical id that the request asks for: last segment of its path, or among the values of `_id`.
    pub id: Option<String>,
    /// First matching request to be answered so, from 1.
    pub nth: Option<u32>,
    /// How many in a row, from the nth; 1 when absent.
    pub times: Option<u32>,
    /// All from the nth on.
    pub forever: bool,
    /// All from the nth on, for that long.
    pub during: Option<Seconds>,
    /// Only while this step is played, from 1.
    pub step: Option<u32>,
}

/// What a scripted reply answers.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Reply {
    /// Status; none with a `fault` on the ordinary answer.
    pub status: Option<u16>,
    /// Retry-After in whole seconds.
    pub retry_after: Option<Seconds>,
    /// Retry-After as an HTTP-date that far ahead, rounded up to a whole second.
    pub retry_after_date: Option<Seconds>,
    /// Retry-After with exactly these characters.
    pub retry_after_raw: Option<String>,
    /// Several Retry-After headers, each with exactly these characters.
    pub retry_after_several: Vec<String>,
    /// In which headers the delay is told.
    pub dialect: Dialect,
    /// Body.
    pub body: ReplyBody,
    /// What Content-Type says instead of the truth.
    pub content_type: Option<String>,
    /// Where a redirection leads.
    pub redirect: Option<Redirect>,
    /// When the body is compressed.
    pub gzip: Option<Gzip>,
    /// A page of a search gets entries besides its own: an OperationOutcome, and a type that nobody asked for.
    pub strangers: bool,
    /// MiB of white space put into a JSON body, 16 at most.
    pub padding: Option<u32>,
    /// What happens to the answer on the wire.
    pub fault: Option<Fault>,
    /// How long a stall or a drip lasts; 2s when absent.
    pub lasts: Option<Seconds>,
    /// How long the answer is held back: calls that were under way by themselves arrive meanwhile, so that what comes
    /// after it is a reaction.
    pub hold: Option<Seconds>,
}

/// Body of a scripted reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReplyBody {
    /// What the ROR would send: OperationOutcome for the API, Keycloak JSON for the token endpoint.
    #[default]
    Usual,
    /// The JSON of an API gateway, not FHIR.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The connection is cut before any answer.
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

/// Where a redirection leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Redirect {
    /// The same resource on the same host.
    Same,
    /// Another host, where a token must not go.
    AnotherHost,
}

/// When a body is compressed with gzip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Gzip {
    /// When the request says that it may be.
    IfAsked,
    /// In any case.
    Always,
}

/// One step: exactly one of `act`, `wait` and `change`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Step {
    /// Action of the adapter contract.
    pub act: Option<String>,
    /// Input of the action; codes by short names (`TRE_R211|022`) and, under `updated`, instants before the run
    /// (`now-30m`) are written out.
    pub with: Option<Value>,
    /// What a person at the client is told to do.
    pub tell: Option<Text>,
    /// Time allowed to the client.
    pub deadline: Option<Seconds>,
    /// The bench waits.
    pub wait: Option<Seconds>,
    /// The mock's data move on.
    pub change: Option<Vec<Change>>,
    /// Servers that the client must refuse, in place of the mock's own for this step.
    pub server: Option<Impostors>,
    /// How many instances of the client act side by side, each as on a machine of its own, with the same credentials.
    pub instances: Option<u32>,
    /// The certificate that the client is handed for this step, in place of its own (profiles 1 to 5).
    pub credential: Option<HandedCredential>,
}

/// A client certificate that the client is handed in place of its own (client-testing.md §2.2). But for what its name
/// says, it is the client's own: same subject, same key, same authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HandedCredential {
    /// None at all.
    None,
    /// It has ended.
    Expired,
    /// It has not begun.
    NotYetValid,
    /// Issued by an authority that the ROR does not know.
    UnknownAuthority,
    /// For server authentication only.
    WrongUsage,
    /// Without the authority that issued it; refused with `given.chains: as-sent`.
    IncompleteChain,
    /// Valid, and declared by nobody.
    NotListed,
    /// Valid, and declared for another client_id.
    AnotherService,
    /// Expired, for servers, and of an unknown authority.
    AllWrong,
    /// A newer one of the same subject with a new key; the old one is still good.
    Renewed,
    /// The same newer one; the old one is refused from now on.
    Replaced,
}

impl HandedCredential {
    /// The name used in YAML and in the journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::UnknownAuthority => "unknown-authority",
            Self::WrongUsage => "wrong-usage",
            Self::IncompleteChain => "incomplete-chain",
            Self::NotListed => "not-listed",
            Self::AnotherService => "another-service",
            Self::AllWrong => "all-wrong",
            Self::Renewed => "renewed",
            Self::Replaced => "replaced",
        }
    }

    /// Whether the ROR takes it.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(self, Self::Renewed | Self::Replaced)
    }
}

/// Servers that a client must refuse: what is wrong with each.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Impostors {
    /// The authorisation server.
    pub token: Option<Defect>,
    /// The APIs.
    pub api: Option<Defect>,
}

/// What is wrong with a server that a client must refuse (client-testing.md §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Defect {
    /// Its certificate has ended.
    Expired,
    /// Its certificate has not begun.
    NotYetValid,
    /// Its certificate is another host's.
    WrongHost,
    /// Its certificate names the host in the CN only, without subjectAltName.
    CnOnly,
    /// Its certificate is issued by an authority that nobody knows.
    UnknownAuthority,
    /// Its certificate is signed by its own key.
    SelfSigned,
    /// It does not send the authority that issued its certificate.
    IncompleteChain,
    /// Its certificate is for client authentication only.
    WrongUsage,
    /// Its certificate does not name the IP address by which it is called (`given.called-by: address`).
    AddressNotNamed,
    /// The status that it staples to its certificate says that this one is revoked (`given.staple: true`).
    Revoked,
    /// Its certificate is signed with SHA-1.
    Sha1Signature,
    /// It answers in plain text, also to a TLS handshake.
    Plaintext,
    /// It redirects every request to http://.
    RedirectToHttp,
    /// It knows nothing newer than TLS 1.0.
    OldTls,
    /// The key by which it proves itself is not that of its certificate.
    KeyMismatch,
    /// Its certificate comes from an authority that may not issue for its host.
    NameConstraints,
    /// After a few answers, its certificate is one of an authority that nobody knows.
    ChangedAuthority,
    /// Good: after a few answers, its certificate is a newer one of the same authority.
    Renewed,
    /// Good: its chain is sent in another order.
    DisorderedChain,
}

impl Defect {
    /// The name used in YAML and in the journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::WrongHost => "wrong-host",
            Self::CnOnly => "cn-only",
            Self::UnknownAuthority => "unknown-authority",
            Self::SelfSigned => "self-signed",
            Self::IncompleteChain => "incomplete-chain",
            Self::WrongUsage => "wrong-usage",
            Self::AddressNotNamed => "address-not-named",
            Self::Revoked => "revoked",
            Self::Sha1Signature => "sha1-signature",
            Self::Plaintext => "plaintext",
            Self::RedirectToHttp => "redirect-to-http",
            Self::OldTls => "old-tls",
            Self::KeyMismatch => "key-mismatch",
            Self::NameConstraints => "name-constraints",
            Self::ChangedAuthority => "changed-authority",
            Self::Renewed => "renewed",
            Self::DisorderedChain => "disordered-chain",
        }
    }

    /// Whether a client has no reason to refuse it.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(self, Self::Renewed | Self::DisorderedChain)
    }

    /// Whether it begins as the mock's own, and becomes what it is after a few answers.
    #[must_use]
    pub fn comes_later(self) -> bool {
        matches!(self, Self::Renewed | Self::ChangedAuthority)
    }
}

/// One change of one resource: at most one of `copy-of`, `sensitive`, `confidentiality-level` and `remove`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Change {
    /// The resource, `HealthcareService/50001`.
    pub resource: String,
    /// JSON Merge Patch (RFC 7396) on its FHIR form; a resource that is not there yet is made of it.
    #[serde(default)]
    pub merge: Option<Value>,
    /// It begins as a copy of this one, then is merged.
    #[serde(default)]
    pub copy_of: Option<String>,
    /// An offer becomes a sensitive unit, or ceases to be one.
    #[serde(default)]
    pub sensitive: Option<bool>,
    /// All its contacts and telecoms get this level: 1, 2 or 3.
    #[serde(default)]
    pub confidentiality_level: Option<u8>,
    /// It vanishes.
    #[serde(default)]
    pub remove: bool,
    /// What `meta.lastUpdated` becomes.
    #[serde(default)]
    pub updated: Updated,
}

/// What `meta.lastUpdated` becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Updated {
    /// The instant of the change.
    #[default]
    Now,
    /// The instant of the last answer that the mock gave: a boundary that no correct client misses.
    LastAnswer,
    /// What it was.
    Unchanged,
}

impl Step {
    /// The time allowed to the client when the author does not say: thirty seconds.
    pub const DEFAULT_DEADLINE: Seconds = Seconds(30.0);

    /// The time allowed to the client, before patience.
    #[must_use]
    pub fn deadline(&self) -> Seconds {
        self.deadline.unwrap_or(Self::DEFAULT_DEADLINE)
    }
}
