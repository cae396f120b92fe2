//! What came of a requirement, apart from whether it was covered.

use super::outcome::Status;
use crate::text::Text;

/// What came of a requirement that was decided; the worst of the checks that decided it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Conformity {
    /// The client does as required.
    Met,
    /// It does not, and the baseline expects that.
    ExpectedFailure,
    /// It does not as advised.
    AdviceNotFollowed,
    /// It does not as demanded.
    Broken,
}

impl Conformity {
    /// All of them, in the order of `conformity` in `report.json`.
    pub const ALL: [Self; 4] = [Self::Met, Self::AdviceNotFollowed, Self::ExpectedFailure, Self::Broken];

    /// What a check of that status says; none when it decides nothing.
    #[must_use]
    pub fn of(status: Status) -> Option<Self> {
        match status {
            Status::Pass | Status::Xpass => Some(Self::Met),
            Status::Xfail => Some(Self::ExpectedFailure),
            Status::Warn => Some(Self::AdviceNotFollowed),
            Status::Fail => Some(Self::Broken),
            _ => None,
        }
    }

    /// The name that `report.json` uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::ExpectedFailure => "expected-failure",
            Self::AdviceNotFollowed => "advice-not-followed",
            Self::Broken => "broken",
        }
    }

    /// The label that people read.
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Self::Met => Text::new("respectée", "met"),
            Self::ExpectedFailure => Text::new("échec attendu", "expected failure"),
            Self::AdviceNotFollowed => Text::new("conseil non suivi", "advice not followed"),
            Self::Broken => Text::new("non respectée", "broken"),
        }
    }

    /// The status whose colour and sign it wears.
    #[must_use]
    pub fn looks_like(self) -> Status {
        match self {
            Self::Met => Status::Pass,
            Self::ExpectedFailure => Status::Xfail,
            Self::AdviceNotFollowed => Status::Warn,
            Self::Broken => Status::Fail,
        }
    }
}
