//! Reports: one outcome → files for people (HTML, terminal) and for machines (JSON, JUnit). Pure but for the last
//! step, which writes the files; the same outcome gives the same bytes.

mod dates;
mod html;
mod json;
mod junit;
#[cfg(test)]
mod sample;
mod say;
mod show;
mod terminal;

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::journal::{Evidence, Exchange};
use crate::judge::{CheckOutcome, Outcome, ScenarioOutcome, Status};
use crate::text::{Lang, Text};

pub use html::page;
pub use json::report_json;
pub use junit::junit_xml;
pub use terminal::summary;

/// What every artefact says in its first lines.
#[must_use]
pub fn notice() -> Text {
    Text::new("auto-contrôle, ne vaut pas homologation", "self-check, not a homologation")
}

/// A report that could not be made or written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file could not be written.
    #[error("{}: {source}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A report could not be rendered: a fault of this bench.
    #[error("{name}: {reason}")]
    Render {
        /// The report.
        name: &'static str,
        /// Why.
        reason: String,
    },
}

impl ReportError {
    /// What to tell the user: what went wrong, where, and the remedy.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Write { file, source } => {
                let file = file.display();
                Text::new(
                    format!(
                        "impossible d’écrire {file} : {source}. Vérifiez que le dossier existe, que vous avez le \
                         droit d’y écrire et que le disque n’est pas plein, ou choisissez un autre dossier avec --report."
                    ),
                    format!(
                        "cannot write {file}: {source}. Check that the folder exists, that you may write to it and \
                         that the disk is not full, or choose another folder with --report."
                    ),
                )
            }
            Self::Render { name, reason } => Text::new(
                format!(
                    "le rapport {name} n’a pas pu être produit : {reason}. C’est un défaut du banc ; le journal de \
                     l’exécution est intact et peut être rejugé avec banc-ror judge."
                ),
                format!(
                    "the report {name} could not be made: {reason}. This is a fault of the bench; the run's journal \
                     is intact and can be judged again with banc-ror judge."
                ),
            ),
        }
    }
}

/// Writes `report.json`, `junit.xml`, `index.html` (in the run's language) and `index.fr.html` or `index.en.html` (in
/// the other one) into `dir`, which must exist. Each file is whole or absent: written beside its place, then renamed.
///
/// # Errors
/// When a file cannot be written; files before it are in place.
pub fn write_all(outcome: &Outcome, dir: &Path) -> Result<(), ReportError> {
    write(dir, "report.json", &report_json(outcome)?)?;
    write(dir, "junit.xml", &junit_xml(outcome)?)?;
    let other = outcome.lang.other();
    write(dir, "index.html", &page(outcome, outcome.lang)?)?;
    write(dir, &page_name(outcome.lang, other), &page(outcome, other)?)?;
    // A run judged again in its other language must not keep a page of the former verdict.
    let stale = dir.join(page_name(other, outcome.lang));
    match std::fs::remove_file(&stale) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(ReportError::Write { file: stale, source })
        }
        _ => Ok(()),
    }
}

/// The file name of the page in `lang`, for a run whose own language is `own`.
fn page_name(own: Lang, lang: Lang) -> String {
    if own == lang { "index.html".to_owned() } else { format!("index.{}.html", lang.code()) }
}

/// Whether somebody has to look at what has that status.
fn asks_for_action(status: Status) -> bool {
    status >= Status::Review
}

/// Every check of the run with its scenario, the worst status first, otherwise in the order of the run.
fn worst_first(outcome: &Outcome) -> Vec<(&ScenarioOutcome, &CheckOutcome)> {
    let scenarios = outcome.scenarios.iter();
    let mut all: Vec<_> =
        scenarios.flat_map(|scenario| scenario.checks.iter().map(move |check| (scenario, check))).collect();
    all.sort_by_key(|(_, check)| std::cmp::Reverse(check.status));
    all
}

/// How long a scenario took, as far as its evidence tells, in microseconds.
fn length_us(evidence: &Evidence) -> u64 {
    let steps = evidence.steps.iter().filter_map(|step| step.ended_us);
    let closed = evidence.connections.values().filter_map(|connection| connection.closed_us);
    let answers = evidence.exchanges.iter().filter_map(Exchange::ready_us);
    steps
        .chain(closed)
        .chain(answers)
        .max()
        .unwrap_or(evidence.started_us)
        .saturating_sub(evidence.started_us)
}

fn write(dir: &Path, name: &str, content: &str) -> Result<(), ReportError> {
    let file = dir.join(name);
    let attempt = || -> std::io::Result<()> {
        let mut beside = tempfile::Builder::new().prefix(".report-").tempfile_in(dir)?;
        beside.write_all(content.as_bytes())?;
        readable_by_others(beside.as_file())?;
        beside.persist(&file)?;
        Ok(())
    };
    attempt().map_err(|source| ReportError::Write { file: file.clone(), source })
}

/// Temporary files are private; a report is to be shared (a CI server publishes it under another account).
#[cfg(unix)]
fn readable_by_others(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_others(_file: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn all_files_are_there_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("index.html"), "an older one").unwrap();
        write_all(&sample::outcome(), dir.path()).unwrap();
        let mut names: Vec<_> = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["index.en.html", "index.html", "junit.xml", "report.json"]);
        assert!(
            std::fs::read_to_string(dir.path().join("index.html")).unwrap().contains("<html lang=\"fr\"")
        );
    }

    #[test]
    fn a_page_of_a_former_judgment_does_not_stay() {
        let dir = tempfile::tempdir().unwrap();
        let mut outcome = sample::outcome();
        write_all(&outcome, dir.path()).unwrap();
        outcome.lang = Lang::En;
        write_all(&outcome, dir.path()).unwrap();
        assert!(dir.path().join("index.fr.html").exists());
        assert!(!dir.path().join("index.en.html").exists());
    }

    #[test]
    fn the_same_outcome_gives_the_same_bytes() {
        let (first, second) = (sample::outcome(), sample::outcome());
        assert_eq!(report_json(&first).unwrap(), report_json(&second).unwrap());
        assert_eq!(junit_xml(&first).unwrap(), junit_xml(&second).unwrap());
        assert_eq!(page(&first, Lang::En).unwrap(), page(&second, Lang::En).unwrap());
    }

    #[test]
    fn an_error_names_the_file_and_the_remedy() {
        let error = write_all(&sample::outcome(), Path::new("/nowhere/at/all")).unwrap_err();
        let text = error.text();
        assert!(text.fr.contains("/nowhere/at/all/report.json") && text.fr.contains("--report"));
        assert!(text.en.contains("/nowhere/at/all/report.json") && text.en.contains("--report"));
    }

    #[test]
    fn every_artefact_says_first_what_it_is_not() {
        let outcome = sample::outcome();
        for artefact in
            [report_json(&outcome).unwrap(), junit_xml(&outcome).unwrap(), page(&outcome, Lang::Fr).unwrap()]
        {
            let head: Vec<&str> = artefact.lines().take(12).collect();
            assert!(head.join("\n").contains(&notice().fr), "{head:?}");
        }
    }
}
