//! What is given: the mock's set-up.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Quotas, ScriptedReply};
use crate::check::Seconds;

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
