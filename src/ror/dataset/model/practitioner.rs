//! Professionals and their operational situations.

use serde::Deserialize;

use super::{Telecom, Word, yes};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Practitioner {
    pub(crate) id: Word,
    pub(crate) updated: Option<Word>,
    /// Eleven digits; the identifier is `8` and these (idNat_PS).
    pub(crate) rpps: Word,
    pub(crate) family: String,
    pub(crate) given: Option<String>,
    /// TRE_R81: M, MME.
    pub(crate) prefix: Option<String>,
    /// male, female.
    pub(crate) gender: Option<String>,
    /// MSS mailboxes.
    #[serde(default)]
    pub(crate) telecoms: Vec<Telecom>,
    #[serde(default)]
    pub(crate) roles: Vec<Role>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Role {
    pub(crate) id: Word,
    pub(crate) updated: Option<Word>,
    pub(crate) identifier: Option<String>,
    #[serde(default = "yes")]
    pub(crate) active: bool,
    /// Id of the offer.
    pub(crate) offer: Word,
    /// Id of an organization.
    pub(crate) organization: Option<Word>,
    /// TRE_G15.
    pub(crate) profession: Word,
    /// TRE_R23.
    pub(crate) exercise_mode: Word,
    /// TRE_R04, with a TRE_R38 code for S.
    pub(crate) know_how: Option<KnowHow>,
    #[serde(default)]
    pub(crate) telecoms: Vec<Telecom>,
    #[serde(default)]
    pub(crate) hours: Vec<Word>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KnowHow {
    /// TRE_R04.
    pub(crate) kind: Word,
    /// TRE_R38.
    pub(crate) specialty: Option<Word>,
}
