//! Paths of the mock, those of the real ROR (ror-fhir.md §1.1), and which API each belongs to.

use crate::journal::Api;
use crate::ror::ResourceType;

/// Path of the token endpoint (ror-fhir.md §1.1).
pub const TOKEN_PATH: &str = "/auth/realms/ror/protocol/openid-connect/token";

/// Base path of the FHIR reading API (ror-fhir.md §1.1). The bare root is an alias.
pub const FHIR_PATH: &str = "/ws-diffusion-fhir";

/// Base path of the capacity feed (ror-fhir.md §1.1).
pub const CAPACITY_PATH: &str = "/ws-synchro-dispo-lits-fhir";

/// Path of anomalies (ror-fhir.md §8).
pub const TASK_PATH: &str = "/anomalies/Task";

/// Which API a path belongs to; the bare root is an alias of the FHIR base (ror-fhir.md §1.1).
pub(super) fn api_of(path: &str) -> Api {
    let below =
        |base: &str| path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if path == TOKEN_PATH {
        Api::Token
    } else if below(CAPACITY_PATH) {
        Api::Capacity
    } else if below("/anomalies") {
        Api::Anomalies
    } else if below(FHIR_PATH)
        || path == "/"
        || path == "/metadata"
        || path.starts_with("/$export")
        || is_of_the_five_types(path)
    {
        Api::Fhir
    } else {
        Api::Elsewhere
    }
}

/// Whether the path is that of one of the five types (search or read).
pub(super) fn is_of_the_five_types(path: &str) -> bool {
    segments(path).first().is_some_and(|first| ResourceType::parse(first).is_some())
}

/// The path below the base, in segments; the bare root is an alias of the base.
pub(super) fn segments(path: &str) -> Vec<&str> {
    let below =
        path.strip_prefix(FHIR_PATH).filter(|rest| rest.is_empty() || rest.starts_with('/')).unwrap_or(path);
    let below = below.strip_prefix('/').unwrap_or(below);
    let below = below.strip_suffix('/').unwrap_or(below);
    if below.is_empty() { Vec::new() } else { below.split('/').collect() }
}
