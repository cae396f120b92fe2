//! Reads YAML of any kind for the rest of the bench: strictly, within bounds, with positions. The only module that names
//! `serde-saphyr`.

mod messages;
mod positions;

use std::path::Path;

use serde::de::DeserializeOwned;

use super::diagnostic::{Code, Diagnostic};
use super::model::Scenario;
use crate::text::Text;

pub use positions::{Key, Positions};

/// The largest scenario file, in bytes.
pub const SCENARIO_LIMIT: u64 = 256 * 1024;

/// A file that was read: its value, its text and where everything stands in it.
#[derive(Debug)]
pub struct Loaded<T> {
    /// The name to be shown in messages.
    pub file: String,
    /// The text.
    pub text: String,
    /// What it says.
    pub value: T,
    /// Where everything stands.
    pub positions: Positions,
}

/// Reads a scenario's shape. Cross-checks are [`super::lint::lint`]'s.
///
/// # Errors
/// One diagnostic with its place: `serde` stops at the first mistake in a shape.
pub fn load_str(name: &str, text: &str) -> Result<Scenario, Vec<Diagnostic>> {
    load(name, text).map(|loaded| loaded.value)
}

/// Reads a scenario file's shape.
///
/// # Errors
/// As [`load_str`], and when the file is missing, a folder, too large or not UTF-8.
pub fn load_file(path: &Path) -> Result<Scenario, Vec<Diagnostic>> {
    let text = read_text(path, SCENARIO_LIMIT).map_err(|diagnostic| vec![*diagnostic])?;
    load_str(&path.display().to_string(), &text)
}

/// Reads any YAML value with its positions: scenarios, requirements, the campaign file.
///
/// # Errors
/// One diagnostic with its place.
pub fn load<T: DeserializeOwned>(name: &str, text: &str) -> Result<Loaded<T>, Vec<Diagnostic>> {
    let refuse = |diagnostic| Err(vec![diagnostic]);
    if text.len() as u64 > SCENARIO_LIMIT {
        return refuse(too_large(name, SCENARIO_LIMIT));
    }
    if is_blank(text) {
        return refuse(Diagnostic::of_file(
            Code::EmptyFile,
            name,
            Text::new("le fichier ne contient aucune donnée", "the file holds no data"),
            Text::new(
                "« banc-ror explain ID » montre un scénario complet",
                "`banc-ror explain ID` shows a whole scenario",
            ),
        ));
    }
    let positions = match Positions::read(text) {
        Ok(positions) => positions,
        Err(error) => return refuse(messages::diagnostic(name, text, None, &error)),
    };
    match serde_saphyr::from_str_with_options::<T>(text, options()) {
        Ok(value) => Ok(Loaded { file: name.to_owned(), text: text.to_owned(), value, positions }),
        Err(error) => refuse(messages::diagnostic(name, text, Some(&positions), &error)),
    }
}

/// Reads a text file of at most `limit` bytes.
///
/// # Errors
/// When it is missing, a folder, too large or not UTF-8.
pub fn read_text(path: &Path, limit: u64) -> Result<String, Box<Diagnostic>> {
    use std::io::Read;
    let name = path.display().to_string();
    let unreadable = |error: &std::io::Error| Box::new(unreadable(&name, error));
    if path.is_dir() {
        return Err(Box::new(Diagnostic::of_file(
            Code::NotAFile,
            &name,
            Text::new(
                "c’est un dossier, un fichier YAML est attendu",
                "this is a folder, a YAML file is expected",
            ),
            Text::new("nommez un fichier de ce dossier", "name a file of that folder"),
        )));
    }
    let file = std::fs::File::open(path).map_err(|error| unreadable(&error))?;
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too large without reading it whole.
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > limit {
        return Err(Box::new(too_large(&name, limit)));
    }
    String::from_utf8(bytes).map_err(|error| Box::new(not_utf_8(&name, &error)))
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        strict_booleans: true,
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::Error,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_events: 60_000,
            max_nodes: 30_000,
            max_depth: 24,
            max_aliases: 64,
            max_anchors: 64,
            max_documents: 1,
            flow_nesting_limit: 24,
        },
    }
}

fn is_blank(text: &str) -> bool {
    text.trim_start_matches('\u{feff}')
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#') || line.trim() == "---")
}

fn unreadable(name: &str, error: &std::io::Error) -> Diagnostic {
    let (message, help) = match error.kind() {
        std::io::ErrorKind::NotFound => (
            Text::new("ce fichier n’existe pas", "there is no such file"),
            Text::new(
                "vérifiez le chemin (les scénarios livrés avec le banc se nomment par leur identifiant : « banc-ror list »)",
                "check the path (the scenarios that come with the bench go by their ids: `banc-ror list`)",
            ),
        ),
        std::io::ErrorKind::PermissionDenied => (
            Text::new("la lecture de ce fichier est refusée", "this file may not be read"),
            Text::new("donnez-vous le droit de le lire", "give yourself the right to read it"),
        ),
        _ => (
            Text::new(
                format!("ce fichier ne peut pas être lu : {error}"),
                format!("this file cannot be read: {error}"),
            ),
            Text::default(),
        ),
    };
    Diagnostic::of_file(Code::UnreadableFile, name, message, help)
}

fn too_large(name: &str, limit: u64) -> Diagnostic {
    let kib = limit / 1024;
    Diagnostic::of_file(
        Code::FileTooLarge,
        name,
        Text::new(format!("le fichier dépasse {kib} Kio"), format!("the file is larger than {kib} KiB")),
        Text::new("partagez-le en plusieurs fichiers", "split it into several files"),
    )
}

fn not_utf_8(name: &str, error: &std::string::FromUtf8Error) -> Diagnostic {
    let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
    Diagnostic::of_file(
        Code::NotUtf8,
        name,
        Text::new(
            format!("le fichier n’est pas en UTF-8 : premier octet invalide à la ligne {line}"),
            format!("the file is not UTF-8: the first invalid byte is on line {line}"),
        ),
        Text::new(
            "enregistrez-le en UTF-8 dans votre éditeur de texte",
            "save it as UTF-8 in your text editor",
        ),
    )
}

#[cfg(test)]
mod tests;
