//! The actions of the adapter contract, one file each.

mod anomaly;
mod export;
mod many_reads;
mod read;
mod search;
mod show;
mod sync;
mod token;
mod update_capacity;

use std::sync::Arc;

use super::error::ClientError;
use super::flaws::{Flaw, FlawSet};
use super::outcome::Done;
use super::party::Party;
use super::ror::Ror;

/// What the bench can ask a client to do (`ROR_ACTION`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Obtain an access token.
    Token,
    /// Read one resource by its id.
    Read,
    /// Search, one page or all.
    Search,
    /// Read many resources, several at a time.
    ManyReads,
    /// Fetch everything, of a region or of the country.
    Export,
    /// Fetch what has changed.
    Sync,
    /// Feed bed capacities.
    UpdateCapacity,
    /// Report an anomaly.
    ReportAnomaly,
    /// Change the status of an anomaly.
    UpdateAnomaly,
    /// Show what a user of a narrower profile may see.
    Show,
    /// Fetch the extraction of the CSD services.
    CsdExtract,
    /// List what has changed in the CSD services.
    CsdChanges,
    /// Read one establishment of the CSD services.
    CsdReadEstablishment,
    /// Read one part of an organisation of the CSD services.
    CsdReadOrganisation,
}

impl Action {
    /// Every action of the contract.
    pub const ALL: &'static [Self] = &[
        Self::Token,
        Self::Read,
        Self::Search,
        Self::ManyReads,
        Self::Export,
        Self::Sync,
        Self::UpdateCapacity,
        Self::ReportAnomaly,
        Self::UpdateAnomaly,
        Self::Show,
        Self::CsdExtract,
        Self::CsdChanges,
        Self::CsdReadEstablishment,
        Self::CsdReadOrganisation,
    ];

    /// The value of `ROR_ACTION`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Read => "read",
            Self::Search => "search",
            Self::ManyReads => "many-reads",
            Self::Export => "export",
            Self::Sync => "sync",
            Self::UpdateCapacity => "update-capacity",
            Self::ReportAnomaly => "report-anomaly",
            Self::UpdateAnomaly => "update-anomaly",
            Self::Show => "show",
            Self::CsdExtract => "csd-extract",
            Self::CsdChanges => "csd-changes",
            Self::CsdReadEstablishment => "csd-read-establishment",
            Self::CsdReadOrganisation => "csd-read-organisation",
        }
    }

    /// The action of that name, if there is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }

    /// Whether the reference client has this action; the others end with exit code 89.
    #[must_use]
    pub fn is_available(self) -> bool {
        !matches!(
            self,
            Self::CsdExtract | Self::CsdChanges | Self::CsdReadEstablishment | Self::CsdReadOrganisation
        )
    }

    /// As whom the client does it.
    pub(crate) fn party(self, flaws: &FlawSet) -> Party {
        if self == Self::UpdateCapacity && !flaws.has(Flaw::FeedUsesConsumerIdentity) {
            Party::Supplier
        } else {
            Party::Consumer
        }
    }
}

/// Does `action`; nothing when the client does not have it.
///
/// # Errors
/// Whatever keeps the action from being done whole.
pub(crate) async fn perform(action: Action, ror: &Arc<Ror>) -> Option<Result<Done, ClientError>> {
    if ror.session.flaws.has(Flaw::TakesTokenOnly) && action.is_available() {
        return Some(token::perform(ror).await);
    }
    match action {
        Action::Token => Some(token::perform(ror).await),
        Action::Read => Some(read::perform(ror).await),
        Action::Search => Some(search::perform(ror).await),
        Action::ManyReads => Some(many_reads::perform(ror).await),
        Action::Export => Some(export::perform(ror).await),
        Action::Sync => Some(sync::perform(ror).await),
        Action::UpdateCapacity => Some(update_capacity::perform(ror).await),
        Action::ReportAnomaly => Some(anomaly::report(ror).await),
        Action::UpdateAnomaly => Some(anomaly::update(ror).await),
        Action::Show => Some(show::perform(ror).await),
        Action::CsdExtract
        | Action::CsdChanges
        | Action::CsdReadEstablishment
        | Action::CsdReadOrganisation => None,
    }
}
