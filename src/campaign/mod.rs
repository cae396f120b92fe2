//! The campaign: what this run is. `banc.yaml` and the flags of the command line, put together.

mod file;

pub use file::{CampaignFile, Certificate, Editor, Model, QuotaValues, Service, Supplier, SupplierKind};

use std::time::Duration;

use crate::ror::{AccessProfile, SearchOptions};
use crate::text::Lang;

/// What is settled before anything is played.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// The campaign file as it was read; empty without one.
    pub file: CampaignFile,
    /// Access profile of the service under test.
    pub profile: AccessProfile,
    /// Plans to play; all when empty.
    pub plans: Vec<String>,
    /// Whether plans were named by `--plan`: one that is not covered is then exit 5.
    pub plans_named: bool,
    /// How the mock reads search parameters.
    pub search: SearchOptions,
    /// Stretches every deadline.
    pub patience: f64,
    /// Seed of faults and generated data.
    pub seed: u64,
    /// What turns into exit 1: `warn`, `inconclusive`.
    pub fail_on: Vec<String>,
    /// Language of what a person reads.
    pub lang: Lang,
}

impl Campaign {
    /// A deadline with patience.
    #[must_use]
    pub fn stretched(&self, deadline: Duration) -> Duration {
        deadline.mul_f64(self.patience.clamp(0.01, 1000.0))
    }
}
