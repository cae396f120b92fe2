//! What the body of a PATCH asks for.

use serde_json::Value;

use super::expression::{self, Selection};
use super::extension::capacities;
use super::record::{Record, RecordKey};
use crate::ror::fhirpath_patch::{self, Kind, Malformed, malformed};
use crate::ror::problem::Problem;

/// One body of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// In the order of the body; at least one.
    pub operations: Vec<Operation>,
}

/// One operation. Records are as they were given: [`Record::faults`] tells what is wrong with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// A new record.
    Add {
        /// The record.
        record: Record,
    },
    /// Another content for the record with this key.
    Replace {
        /// The key that the path gives.
        key: RecordKey,
        /// The record.
        record: Record,
    },
    /// Other records for all that the Location holds: the deprecated scenario 9.
    ReplaceAll {
        /// The records.
        records: Vec<Record>,
    },
    /// The record with this key goes.
    Delete {
        /// The key that the path gives.
        key: RecordKey,
    },
}

impl Patch {
    /// Reads a body, with every documented liberty.
    ///
    /// # Errors
    /// 400 `structure` when it is not a FHIRPath Patch of capacity records.
    pub fn parse(body: &Value) -> Result<Self, Problem> {
        Ok(Self::read(body)?)
    }

    pub(super) fn read(body: &Value) -> Result<Self, Malformed> {
        let mut operations = Vec::new();
        for given in fhirpath_patch::operations(body)? {
            let selection = expression::parse(given.path).map_err(|error| error.at(&given.path_at))?;
            let records: Vec<Record> = given
                .values
                .iter()
                .flat_map(|(at, value)| capacities(value, at))
                .map(|e| Record::read(&e))
                .collect();
            match (given.kind, selection) {
                (Kind::Add, selection) => {
                    let element = given.name.is_none_or(|name| name == "extension");
                    if !element || (selection == Selection::Location && given.name.is_none()) {
                        return Err(malformed(
                            &given.at,
                            "Seul l'élément 'extension' de Location peut être ajouté.",
                            "Only the element 'extension' of Location can be added.",
                        ));
                    }
                    if records.is_empty() {
                        return Err(no_record(&given.at));
                    }
                    let key = if let Selection::Record(key) = selection { Some(key) } else { None };
                    if key.is_some_and(|key| records.iter().any(|record| record.key != key)) {
                        return Err(malformed(
                            &given.path_at,
                            "Les critères du FhirPath ne sont pas ceux de l'objet ajouté.",
                            "The criteria of the FHIRPath are not those of the object added.",
                        ));
                    }
                    operations.extend(records.into_iter().map(|record| Operation::Add { record }));
                }
                (Kind::Replace, Selection::Record(key)) => {
                    let mut records = records.into_iter();
                    match (records.next(), records.next()) {
                        (Some(record), None) => operations.push(Operation::Replace { key, record }),
                        (None, _) => return Err(no_record(&given.at)),
                        _ => {
                            return Err(malformed(
                                &given.at,
                                "Un seul indicateur est attendu pour un remplacement.",
                                "One record only is expected for a replacement.",
                            ));
                        }
                    }
                }
                (Kind::Replace, Selection::Records) => {
                    if records.is_empty() {
                        return Err(no_record(&given.at));
                    }
                    operations.push(Operation::ReplaceAll { records });
                }
                (Kind::Delete, Selection::Record(key)) => operations.push(Operation::Delete { key }),
                _ => {
                    return Err(malformed(
                        &given.path_at,
                        "Le FhirPath ne désigne pas un indicateur de capacité.",
                        "The FHIRPath does not select a capacity record.",
                    ));
                }
            }
        }
        Ok(Self { operations })
    }

    /// Every record that the body gives.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.operations.iter().flat_map(|operation| match operation {
            Operation::Add { record } | Operation::Replace { record, .. } => std::slice::from_ref(record),
            Operation::ReplaceAll { records } => records,
            Operation::Delete { .. } => &[],
        })
    }
}

pub(super) fn no_record(at: &str) -> Malformed {
    malformed(
        at,
        "La valeur ne contient aucune extension ror-location-supported-capacity.",
        "The value holds no extension ror-location-supported-capacity.",
    )
}
