//! Reading the project's own data files in YAML, strictly. Scenarios have their own loader, with diagnostics.

use serde::de::DeserializeOwned;

/// A data file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct DataError {
    /// The file.
    pub file: String,
    /// Line, column and reason, as the parser gives them.
    pub reason: String,
}

/// Reads a data file; duplicate and unknown keys are errors.
///
/// # Errors
/// With line, column and the reason.
pub(crate) fn from_str<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, DataError> {
    serde_saphyr::from_str(text)
        .map_err(|error| DataError { file: file.to_owned(), reason: error.to_string() })
}
