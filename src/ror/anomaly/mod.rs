//! Anomalies (signalements), without any socket: a Task is reported, its business status changes, it is looked up
//! (`ror-fhir.md` §4.6, §7 K to M, §8). Every Task that comes out is valid FHIR R4.

mod change;
mod create;
mod deviations;
mod findings;
mod search;
mod shape;
#[cfg(test)]
mod tests;

pub use change::change_status;
pub use create::create;
pub use deviations::deviations;
pub use search::search;

/// The anomalies that a mock holds from the beginning: `scenarios/reference/anomalies.yaml`.
#[must_use]
pub fn standard() -> Vec<serde_json::Value> {
    let text = include_str!("../../../scenarios/reference/anomalies.yaml");
    // The file travels inside the binary, and a test reads it.
    serde_saphyr::from_str(text).unwrap_or_default()
}

/// `meta.profile` of an anomaly.
const PROFILE: &str = "https://interop.esante.gouv.fr/ig/fhir/ror/StructureDefinition/ror-task";
/// The code system of `Task.input.type`.
const INPUTS: &str = "https://interop.esante.gouv.fr/ig/fhir/ror/CodeSystem/input-task-ror-codesystem";
