//! A run's folder: `journal.jsonl`, `bodies/`, `scenarios/`, `requirements/`, `datasets/` as played.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::ledger::Ledger;
use super::outcome::Outcome;
use super::stream::{Inputs, judge_entries};
use super::truth::Datasets;
use crate::check::{Bodies, both};
use crate::journal::{Body, BodyFolder, BrokenLine, Reader};
use crate::scenario::{Diagnostic, Scenario, load_file};
use crate::text::{Lang, Text};

/// Why a run's folder could not be judged.
#[derive(Debug)]
pub enum JudgeError {
    /// A file or folder cannot be read.
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A scenario or the requirements of the folder are wrong.
    Wrong(Vec<Diagnostic>),
    /// It is no journal of ours.
    NoJournal(PathBuf),
}

impl JudgeError {
    /// What happened and what to do.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Unreadable { path, reason } => {
                let path = path.display();
                both!(
                    "{path} ne peut pas être lu : {reason}. Nommez le dossier d’un rapport de banc-ror.",
                    "{path} cannot be read: {reason}. Name the folder of a report of banc-ror."
                )
            }
            Self::Wrong(diagnostics) => {
                let render = |lang| {
                    diagnostics
                        .iter()
                        .map(|diagnostic| diagnostic.render(lang, false))
                        .collect::<Vec<_>>()
                        .join("\n")
                };
                Text::new(render(Lang::Fr), render(Lang::En))
            }
            Self::NoJournal(path) => {
                let path = path.display();
                both!(
                    "{path} : la première ligne n’est pas celle d’un journal de banc-ror, ou elle est abîmée.",
                    "{path}: the first line is not that of a journal of banc-ror, or it is damaged."
                )
            }
        }
    }
}

/// Judges a run's folder, and reads nothing else.
///
/// # Errors
/// When the journal, the scenarios or the requirements of the folder cannot be read.
pub fn judge_run(folder: &Path, lang: Option<Lang>) -> Result<Outcome, JudgeError> {
    let journal = folder.join("journal.jsonl");
    let reader = Reader::open(folder).map_err(|error| unreadable(&journal, &error))?;
    let scenarios = scenarios(&folder.join("scenarios"))?;
    let ledger = Ledger::load_dir(&folder.join("requirements")).map_err(JudgeError::Wrong)?;
    let bodies = BodyFolder::new(folder);
    let datasets = Datasets::new(folder);
    let inputs =
        Inputs { scenarios: &scenarios, ledger: &ledger, bodies: &bodies, truths: Some(&datasets), lang };
    let entries = reader.map(|entry| entry.map_err(|broken| stopped(&broken)));
    judge_entries(entries, inputs).ok_or(JudgeError::NoJournal(journal))
}

fn stopped(broken: &BrokenLine) -> Text {
    let (line, why) = (broken.line, &broken.why);
    Text::new(
        format!("Le journal s’arrête à la ligne {line} ({}) : la suite n’est pas jugée.", why.fr),
        format!("The journal ends at line {line} ({}): what follows is not judged.", why.en),
    )
}

/// The scenarios as played, in the order of their names.
fn scenarios(folder: &Path) -> Result<Vec<Scenario>, JudgeError> {
    let listing = std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    let mut files: Vec<PathBuf> = listing.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files.iter().map(|path| load_file(path).map_err(JudgeError::Wrong)).collect()
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> JudgeError {
    JudgeError::Unreadable { path: path.to_owned(), reason: error.to_string() }
}

impl Bodies for BodyFolder {
    fn text<'a>(&'a self, body: &'a Body) -> Option<Cow<'a, str>> {
        Self::text(self, body)
    }
}
