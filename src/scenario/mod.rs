//! Scenarios: the YAML model, its loading with positions, its lint and its JSON Schema.

mod duration;
mod model;

pub use duration::Seconds;
pub use model::*;
