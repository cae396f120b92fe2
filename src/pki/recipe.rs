//! The recipe of the test PKI, `certs/recipe.yaml`.

use serde::Deserialize;

use crate::yaml::{self, DataError};

/// What the test PKI is made of.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Recipe {
    /// Size of the RSA keys.
    pub(super) key_bits: u32,
    pub(super) validity_days: ValidityDays,
    pub(super) authorities: Vec<Authority>,
    pub(super) certificates: Vec<Leaf>,
    pub(super) defective: Vec<Defective>,
    /// Subject of an authority that is made for the occasion, and that nobody knows.
    pub(super) stranger: Subject,
    pub(super) impostors: Vec<Impostor>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ValidityDays {
    pub(super) authorities: u32,
    pub(super) certificates: u32,
}

/// Attribute type and value, in encoding order.
pub(super) type Subject = Vec<(String, String)>;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Authority {
    pub(super) name: String,
    /// Name of another authority; none for the root.
    #[serde(default)]
    pub(super) issuer: Option<String>,
    pub(super) subject: Subject,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Leaf {
    pub(super) name: String,
    pub(super) issuer: String,
    pub(super) kind: Kind,
    pub(super) subject: Subject,
    #[serde(default)]
    pub(super) names: Vec<String>,
}

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Server,
    Client,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Defective {
    pub(super) name: String,
    /// For the reader of the folder.
    pub(super) what: String,
    /// Name of an authority, or `stranger`.
    pub(super) issuer: String,
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) ended_days_ago: Option<u32>,
    #[serde(default)]
    pub(super) starts_in_days: Option<u32>,
    /// Sent without the authority that issued it.
    #[serde(default)]
    pub(super) without_chain: bool,
}

/// The mock's certificate with one thing wrong.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Impostor {
    pub(super) name: String,
    /// For the reader of the folder.
    pub(super) what: String,
    #[serde(default)]
    pub(super) ended_days_ago: Option<u32>,
    #[serde(default)]
    pub(super) starts_in_days: Option<u32>,
    /// The host that it is for, in its names and in its CN.
    #[serde(default)]
    pub(super) host: Option<String>,
    #[serde(default)]
    pub(super) no_names: bool,
    /// Signed with SHA-1.
    #[serde(default)]
    pub(super) sha1: bool,
    /// Without its IP addresses.
    #[serde(default)]
    pub(super) no_addresses: bool,
    /// Issued by the stranger.
    #[serde(default)]
    pub(super) unknown_authority: bool,
    #[serde(default)]
    pub(super) self_signed: bool,
    /// Sent without the authority that issued it.
    #[serde(default)]
    pub(super) without_chain: bool,
    #[serde(default)]
    pub(super) kind: Option<Kind>,
    /// With a new key.
    #[serde(default)]
    pub(super) other_key: bool,
    /// The good certificate as it is.
    #[serde(default)]
    pub(super) own_certificate: bool,
    /// Subject of an authority of the good root that may issue for another domain only.
    #[serde(default)]
    pub(super) constrained_authority: Option<Subject>,
    /// The chain comes in another order, its root included.
    #[serde(default)]
    pub(super) disordered: bool,
}

impl Recipe {
    /// The recipe that is built in.
    pub(super) fn builtin() -> Result<Self, DataError> {
        yaml::from_str("certs/recipe.yaml", include_str!("../../certs/recipe.yaml"))
    }

    pub(super) fn leaf(&self, name: &str) -> Option<&Leaf> {
        self.certificates.iter().find(|leaf| leaf.name == name)
    }
}
