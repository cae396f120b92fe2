//! What became of the expected failures, ready for any report.

use crate::judge::outcome::Status;
use crate::text::Text;

/// The expected failures of the run.
#[derive(Debug, Clone)]
pub struct BaselineOutcome {
    /// The file, as the user named it.
    pub file: String,
    /// Its entries, in file order.
    pub entries: Vec<ExpectedFailureOutcome>,
}

/// One expected failure, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedFailureOutcome {
    /// `scenario/check`.
    pub check: String,
    /// Who has to make it pass.
    pub owner: String,
    /// Why it fails for now.
    pub reason: Text,
    /// Last day on which it is expected, `2027-03-31`.
    pub until: String,
    /// Whether the run began after that day.
    pub expired: bool,
    /// What became of it.
    pub state: BaselineState,
    /// All that in one sentence.
    pub sentence: Text,
}

/// What became of an expected failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BaselineState {
    /// The check failed, as expected: `xfail`.
    Expected,
    /// The check passed: `xpass`, the entry has to go.
    Stale,
    /// The check failed and is no longer expected to: the failure counts.
    Expired,
    /// The check was not decided in this run; its status stands.
    Undecided,
    /// Its scenario was not selected for this run.
    NotPlayed,
}

impl BaselineState {
    /// All of them, what asks for action first.
    pub const ALL: [Self; 5] = [Self::Stale, Self::Expired, Self::Expected, Self::Undecided, Self::NotPlayed];

    /// The status whose colour and sign it wears.
    #[must_use]
    pub fn looks_like(self) -> Status {
        match self {
            Self::Expected => Status::Xfail,
            Self::Stale => Status::Xpass,
            Self::Expired => Status::Fail,
            Self::Undecided => Status::Inconclusive,
            Self::NotPlayed => Status::Skip,
        }
    }

    /// The name that `report.json` uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::Stale => "stale",
            Self::Expired => "expired",
            Self::Undecided => "undecided",
            Self::NotPlayed => "not-played",
        }
    }

    /// The label that people read.
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Self::Expected => Text::new("échec confirmé", "failed as expected"),
            Self::Stale => Text::new("périmé : le contrôle réussit", "stale: the check passes"),
            Self::Expired => Text::new("expiré : l’échec compte", "expired: the failure counts"),
            Self::Undecided => Text::new("non tranché", "not decided"),
            Self::NotPlayed => Text::new("non joué", "not played"),
        }
    }
}
