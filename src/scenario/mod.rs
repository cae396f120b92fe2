//! Scenarios: the YAML model, its loading with positions, its lint, its JSON Schema and the catalogue.

pub mod action;
pub mod catalogue;
pub mod diagnostic;
mod expand;
pub mod lint;
pub mod load;
mod model;
pub mod schema;

pub use crate::check::{Check, Seconds};
pub use diagnostic::{Code, Diagnostic, Severity};
pub use expand::{expand_instants, expand_short_names};
pub use load::{load_file, load_str};
pub use model::*;
