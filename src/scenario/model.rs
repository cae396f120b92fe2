//! A scenario as its YAML file says it. Shapes only: loading is in `load`, cross-checks are in `lint`.

mod given;
mod quotas;
mod replies;
mod steps;

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::{Check, Seconds};
use crate::text::Text;

pub use given::*;
pub use quotas::*;
pub use replies::*;
pub use steps::*;

/// One test case: what is given, what the client is made to do, what is then checked.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// Identifier, the same as the file's name without `.yaml`.
    pub id: String,
    /// One line.
    pub title: Text,
    /// What it is about and why it matters, two or three sentences.
    pub description: Text,
    /// Test plans that include it: fhir-export, fhir-search, fhir-capacity, feed, csd-1, csd-2, csd-3.
    pub plans: Vec<String>,
    /// Access profiles for which it makes sense; all when absent.
    #[serde(default = "all_profiles")]
    pub profiles: Vec<u8>,
    /// How much a failure matters.
    #[serde(default)]
    pub criticality: Criticality,
    /// Words by which it can be selected.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Whether its plans are covered by a client that lacks its actions (anomalies, for instance, are no search).
    #[serde(default)]
    pub optional: bool,
    /// About how long a patient client takes over it, from 3 s on: the longest are begun first.
    #[serde(default)]
    pub lasts: Option<Seconds>,
    /// The mock's set-up.
    #[serde(default)]
    pub given: Given,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// What must hold afterwards.
    pub checks: Vec<Check>,
}

impl Scenario {
    /// About how long it takes; nothing is said of the short ones.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.lasts.map_or(Duration::ZERO, Seconds::duration)
    }
}

fn all_profiles() -> Vec<u8> {
    (0..=5).collect()
}

/// How much a failure matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Criticality {
    /// A blemish.
    Minor,
    /// The client is not usable as it should be.
    #[default]
    Major,
    /// Data are wrong or lost, security is at stake, or the ROR suffers.
    Critical,
}

impl Criticality {
    /// The name used in YAML and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}
