//! The folder of a run: made fresh, or taken over from an earlier run of ours, never from anybody else.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use time::macros::format_description;

use crate::text::Text;

/// What a run leaves in its folder; nothing else is ever removed from one.
const OURS: [&str; 10] = [
    "index.html",
    "index.en.html",
    "index.fr.html",
    "report.json",
    "junit.xml",
    "journal.jsonl",
    "bodies",
    "scenarios",
    "requirements",
    "datasets",
];

/// The folder of a run.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
    name: String,
}

/// Why a run has no folder.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be written.
    #[error("{}: {source}", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds something that is not ours.
    #[error("{}: not a report of banc-ror", .0.display())]
    NotOurs(PathBuf),
}

impl FolderError {
    /// What happened and what to do.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Unwritable { path, source } => Text::new(
                format!(
                    "Le dossier de rapport {} ne peut pas être écrit ({source}). Choisissez-en un autre avec --report DIR.",
                    path.display()
                ),
                format!(
                    "The report folder {} cannot be written ({source}). Choose another one with --report DIR.",
                    path.display()
                ),
            ),
            Self::NotOurs(path) => Text::new(
                format!(
                    "Le dossier {} existe et n’est pas un rapport de banc-ror : il n’est pas remplacé. Videz-le ou choisissez-en un autre avec --report DIR.",
                    path.display()
                ),
                format!(
                    "The folder {} exists and is no report of banc-ror: it is not replaced. Empty it, or choose another one with --report DIR.",
                    path.display()
                ),
            ),
        }
    }
}

impl RunFolder {
    /// `reports/<run>`, named by date and profile; `reports/latest` points to it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn dated(reports: &Path, now: OffsetDateTime, profile: u8) -> Result<Self, FolderError> {
        let stamp =
            now.format(format_description!("[year][month][day]-[hour][minute][second]")).unwrap_or_default();
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| FolderError::Unwritable { path, source }
        };
        fs::create_dir_all(reports).map_err(failed(reports))?;
        for attempt in 1_u32.. {
            let suffix = if attempt == 1 { String::new() } else { format!("-{attempt}") };
            let name = format!("{stamp}-profil-{profile}{suffix}");
            let path = reports.join(&name);
            match fs::create_dir(&path) {
                Ok(()) => {
                    point_latest(reports, &name);
                    return Ok(Self { path, name });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(&path)(error)),
            }
        }
        Err(FolderError::NotOurs(reports.to_owned()))
    }

    /// A folder that the user names; an earlier run of ours in it is replaced.
    ///
    /// # Errors
    /// When it cannot be made, or holds something that is not ours.
    pub fn named(path: &Path) -> Result<Self, FolderError> {
        let failed = |source| FolderError::Unwritable { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(failed)?;
        let mut entries = fs::read_dir(path).map_err(failed)?.peekable();
        if entries.peek().is_some() {
            if !is_ours(path) {
                return Err(FolderError::NotOurs(path.to_owned()));
            }
            for name in OURS {
                let entry = path.join(name);
                let removed =
                    if entry.is_dir() { fs::remove_dir_all(&entry) } else { fs::remove_file(&entry) };
                match removed {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
                    _ => {}
                }
            }
        }
        let name =
            path.file_name().map_or_else(|| "run".to_owned(), |name| name.to_string_lossy().into_owned());
        Ok(Self { path: path.to_owned(), name })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A folder is ours when its journal begins as ours do, or is empty because the run was ended at once.
fn is_ours(path: &Path) -> bool {
    let mut start = [0; 512];
    let Ok(mut journal) = fs::File::open(path.join("journal.jsonl")) else { return false };
    let length = io::Read::read(&mut journal, &mut start).unwrap_or(0);
    let begins = String::from_utf8_lossy(&start[..length]).contains("\"run-started\"");
    begins || (length == 0 && path.join("requirements").is_dir() && path.join("bodies").is_dir())
}

/// `reports/latest`, for people; a system that has no links goes without.
fn point_latest(reports: &Path, name: &str) {
    #[cfg(unix)]
    {
        let latest = reports.join("latest");
        if latest.is_symlink() {
            let _ = fs::remove_file(&latest);
        }
        let _ = std::os::unix::fs::symlink(name, latest);
    }
    #[cfg(not(unix))]
    let _ = (reports, name);
}
