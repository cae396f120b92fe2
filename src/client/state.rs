//! What lasts from one action to the next: JSON files in `ROR_STATE_DIR`.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::ClientError;
use super::settings::Settings;

/// The folder, if the client was given one.
pub(crate) struct State(Option<PathBuf>);

impl State {
    /// The folder of `settings`.
    pub(crate) fn of(settings: &Settings) -> Self {
        Self(settings.get("ROR_STATE_DIR").map(PathBuf::from))
    }

    /// Whether what is written will be there the next time.
    pub(crate) fn lasts(&self) -> bool {
        self.0.is_some()
    }

    /// The content of the file `name`, if there is one.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub(crate) fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ClientError> {
        let Some(path) = self.0.as_ref().map(|folder| folder.join(name)) else {
            return Ok(None);
        };
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| unusable(&path, error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unusable(&path, error)),
        }
    }

    /// Writes the file `name` whole or not at all; nothing without a folder.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&self, name: &str, content: &impl Serialize) -> Result<(), ClientError> {
        let Some(folder) = &self.0 else {
            return Ok(());
        };
        let path = folder.join(name);
        let draft = folder.join(format!("{name}.new"));
        let bytes = serde_json::to_vec(content).map_err(|error| unusable(&path, error))?;
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&draft, bytes))
            .and_then(|()| std::fs::rename(&draft, &path))
            .map_err(|error| unusable(&path, error))
    }
}

fn unusable(path: &Path, reason: impl std::fmt::Display) -> ClientError {
    ClientError::State(format!("{}: {reason}", path.display()))
}
