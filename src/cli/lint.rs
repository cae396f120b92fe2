//! `banc-ror lint PATH…`: check scenario files.

use std::path::{Path, PathBuf};

use super::arguments::LintArguments;
use super::failure::Failure;
use super::{exit, terminal};
use crate::judge::Ledger;
use crate::scenario::diagnostic::render_all;
use crate::scenario::lint::{Known, load_and_lint};
use crate::scenario::load::{SCENARIO_LIMIT, read_text};
use crate::scenario::{Severity, catalogue};
use crate::text::Lang;

pub(super) fn run(arguments: &LintArguments, lang: Lang) -> Result<u8, Failure> {
    let ledger = Ledger::builtin()?;
    let datasets = catalogue::datasets();
    let known = Known { requirements: &ledger, datasets: &datasets };
    let mut files = Vec::new();
    for path in &arguments.paths {
        collect(path, &mut files)?;
    }
    let mut diagnostics = Vec::new();
    for file in &files {
        match read_text(file, SCENARIO_LIMIT) {
            Err(diagnostic) => diagnostics.push(*diagnostic),
            Ok(text) => match load_and_lint(&file.display().to_string(), &text, known) {
                Ok((_, warnings)) => diagnostics.extend(warnings),
                Err(errors) => diagnostics.extend(errors),
            },
        }
    }
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    if !diagnostics.is_empty() {
        terminal::error_text(&render_all(&diagnostics, lang, terminal::colour()));
    }
    terminal::print(&match lang {
        Lang::Fr => format!(
            "{} fichier(s), {errors} erreur(s), {} avertissement(s)\n",
            files.len(),
            diagnostics.len() - errors
        ),
        Lang::En => {
            format!("{} file(s), {errors} error(s), {} warning(s)\n", files.len(), diagnostics.len() - errors)
        }
    });
    Ok(if errors == 0 { exit::CONFORMING } else { exit::USAGE })
}

/// A file as it is named; of a folder, all YAML files below it.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let unreadable = |error: std::io::Error| {
        Failure::usage(
            format!("Le dossier {} ne peut pas être lu : {error}.", path.display()),
            format!("The folder {} cannot be read: {error}.", path.display()),
        )
    };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        entries.push(entry.map_err(unreadable)?.path());
    }
    entries.sort();
    for entry in entries {
        // Links are not followed: a loop of folders would never end. Runs and data are no scenarios.
        if entry.is_dir() && !entry.is_symlink() {
            let data = entry
                .file_name()
                .is_some_and(|name| name == "requirements" || name == "datasets" || name == "reference");
            if !data && !entry.join("journal.jsonl").exists() {
                collect(&entry, files)?;
            }
        } else if entry.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            files.push(entry);
        }
    }
    Ok(())
}
