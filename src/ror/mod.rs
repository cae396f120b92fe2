//! What the ROR is, without any socket: the dataset as FHIR R4 resources, the access policy (profiles × elements),
//! the search, the errors.
//!
//! A [`Directory`] is made once from a dataset; [`Directory::view`] gives what one access profile may see of it, and
//! everything that the FHIR API answers comes from such a [`View`]. What domain experts review is data:
//! `scenarios/reference/access-policy.yaml`, `search-parameters.yaml`, `nomenclature.yaml`, `communes.yaml`.

pub mod anomaly;
mod capability;
pub mod capacity;
mod change;
mod dataset;
mod date_time;
#[cfg(test)]
mod demo_tests;
mod deviation;
mod directory;
pub mod distinguished_name;
mod export;
mod fhirpath_patch;
mod nomenclature;
mod path;
mod policy;
mod problem;
pub mod quota;
#[cfg(test)]
mod r4_tests;
mod resource;
mod search;
mod searchset;
pub mod whitelist;

pub use capability::capability_statement;
pub use change::{Change, ChangeError, Edit, Effect, Stamp, fhir_instant};
pub use dataset::{DEMO, DatasetError, OwnData};
pub use deviation::Deviation;
pub use directory::{Directory, View};
pub use export::ExportCriteria;
pub use nomenclature::{CodeSystem, Nomenclature, expand_code};
pub use policy::{AccessPolicy, PolicyError};
pub use problem::{Issue, Problem};
pub use resource::{AccessProfile, Resource, ResourceType};
pub(crate) use search::instant;
pub use search::{FilterMeaning, MAXIMUM_MATCHES, PAGE_SIZE, SearchOptions, SearchResult, filter_meaning};
pub use searchset::searchset;
