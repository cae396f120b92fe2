//! The baseline of a run: failures that the editor knows of and expects, as `--baseline` gave them.

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// The expected failures of a run; kept in its journal, so that judging it again needs nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// The file as the user named it.
    pub file: String,
    /// Its entries, in file order; no check comes twice.
    pub expected_failures: Vec<ExpectedFailure>,
}

/// One check that is known to fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedFailure {
    /// `scenario/check`.
    pub check: String,
    /// Who has to make it pass.
    pub owner: String,
    /// Why it fails for now.
    pub reason: Text,
    /// Last day on which the failure is expected (UTC), `2027-03-31`.
    pub until: String,
}
