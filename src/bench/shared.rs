//! What all scenarios of a run share.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Driver;
use super::service::ServiceUnderTest;
use crate::campaign::Campaign;
use crate::journal::Journal;
use crate::pki::{Credentials, Impostors};
use crate::ror::Directory;
use crate::ror::whitelist::Reference;
use crate::server::{Place, Tls, TokenKey};

/// What all scenarios of a run share.
pub(super) struct Shared {
    pub(super) journal: Journal,
    pub(super) campaign: Campaign,
    pub(super) driver: Driver,
    pub(super) service: ServiceUnderTest,
    pub(super) reference: Reference,
    pub(super) directories: BTreeMap<String, Arc<Directory>>,
    pub(super) place: Place,
    pub(super) tls: Tls,
    pub(super) token_key: TokenKey,
    pub(super) impostors: Impostors,
    pub(super) credentials: Credentials,
}
