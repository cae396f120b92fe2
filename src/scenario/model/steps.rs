//! Steps: what the client is made to do, with which servers and certificate, and how the data moves on.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::check::Seconds;
use crate::text::Text;

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
