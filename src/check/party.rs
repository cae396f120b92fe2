//! Who has to act on a finding.

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// Who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// The editor's configuration: adapter, certificates, network.
    Configuration,
    /// The editor's client.
    Client,
    /// This bench.
    Bench,
}

impl Party {
    /// The label that people read.
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Self::Configuration => Text::new("votre configuration", "your configuration"),
            Self::Client => Text::new("votre client", "your client"),
            Self::Bench => Text::new("ce banc d’essai", "this bench"),
        }
    }
}
