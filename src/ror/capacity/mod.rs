//! The bed capacity feed (`ws-synchro-dispo-lits-fhir`), without any socket: which Location is meant, what a body
//! asks for, whether the ROR accepts it, and the Location afterwards (`ror-fhir.md` §5.2).
//!
//! Documented liberties of the bodies (§5.1, a to f) are understood, and no deviation. What else a body gets wrong is
//! told by [`deviations`], whether the mock refuses it or not.

mod body;
mod deviations;
mod expression;
mod extension;
mod indicators;
mod locate;
mod patch;
mod record;
#[cfg(test)]
mod tests;

pub use body::{Operation, Patch};
pub use deviations::deviations;
pub use locate::{establishment, locations};
pub use patch::{DuplicateAdd, ExpressionForm, Options, Patched, identifier_parameter, patch};
pub use record::{Fault, KeyMember, Record, RecordKey};

/// The extension of a capacity record.
pub const SUPPORTED_CAPACITY: &str =
    "https://interop.esante.gouv.fr/ig/fhir/ror/StructureDefinition/ror-location-supported-capacity";
