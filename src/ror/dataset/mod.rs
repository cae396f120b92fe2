//! From the compact YAML of `scenarios/datasets/` to FHIR R4 resources (`ror-fhir.md` §4); own data from FHIR files.

mod expand;
mod fhir;
mod files;
mod generate;
mod location;
mod model;
mod offer;
mod organization;
mod practitioner;
#[cfg(test)]
mod tests;

use std::fmt;

pub use files::OwnData;

use super::resource::Resource;
use crate::text::{Lang, Text};

/// The dataset `demo`, as YAML text.
pub const DEMO: &str = include_str!("../../../scenarios/datasets/demo.yaml");

/// What is wrong with a dataset, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetError {
    /// The name given with the text.
    pub file: Box<str>,
    /// From 1; 0 when no place is known.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// What is wrong.
    pub what: Text,
    /// What to do about it.
    pub remedy: Text,
}

impl DatasetError {
    /// One line in `lang`: place, what is wrong, remedy.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let Self { file, line, column, .. } = self;
        let colon = if lang == Lang::Fr { " :" } else { ":" };
        let place = if *line == 0 { String::new() } else { format!(":{line}:{column}") };
        format!("{file}{place}{colon} {} ({})", self.what.get(lang), self.remedy.get(lang))
    }
}

impl fmt::Display for DatasetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Lang::En))
    }
}

impl std::error::Error for DatasetError {}

/// Reads and expands a dataset.
pub(super) fn expand(name: &str, text: &str, seed: u64) -> Result<Vec<Resource>, DatasetError> {
    expand::expand(name, text, seed)
}
