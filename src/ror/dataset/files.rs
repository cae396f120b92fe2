//! Own data: FHIR resources from files, as a sandbox export leaves them. A `.json` file holds a resource or a Bundle
//! of any type, a `.ndjson` file one resource or Bundle a line.

mod read;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use super::DatasetError;
use crate::ror::directory::Directory;
use crate::ror::policy::AccessPolicy;
use crate::ror::resource::{Resource, ResourceType};
use crate::ror::search::Table;
use crate::text::Text;
use read::Found;

/// Files that one folder may hold.
const MAXIMUM_FILES: usize = 100_000;

/// Bytes that one file may hold.
const MAXIMUM_FILE: u64 = 1024 * 1024 * 1024;

/// Resources that a dataset may hold.
const MAXIMUM_RESOURCES: usize = 1_000_000;

/// Errors, and warnings of one kind, that are told one by one.
const MAXIMUM_TOLD: usize = 20;

/// Own data, and what is worth knowing about it.
#[derive(Debug)]
pub struct OwnData {
    /// The data.
    pub directory: Directory,
    /// What does not prevent it from being served: references that lead nowhere, mandatory elements missing, resources
    /// and files left out. At most twenty of a kind, then how many more.
    pub warnings: Vec<DatasetError>,
}

impl Directory {
    /// Reads FHIR resources from a file, or from the `.json` and `.ndjson` files of a folder in the order of their
    /// names. Folders in it and other files are left out.
    ///
    /// # Errors
    /// Everything that is wrong, twenty at most, each with file, line and column: a file that cannot be read or is
    /// larger than 1 GiB, malformed JSON, a resource without `resourceType` or `id`, an id that FHIR does not allow, an
    /// id that stands twice within a type, nothing that the ROR serves.
    pub fn from_files(path: &Path) -> Result<OwnData, Vec<DatasetError>> {
        let mut reading = Reading::default();
        match files(path, &mut reading) {
            Ok(paths) => paths.iter().for_each(|path| reading.file(path)),
            Err(error) => reading.errors.push(error),
        }
        reading.finish(path)
    }
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    /// The files, by their number.
    files: Vec<Box<str>>,
    resources: Vec<(Resource, Place)>,
    places: HashMap<(ResourceType, String), Place>,
    /// How many resources of other types were left out.
    others: BTreeMap<String, usize>,
    ignored: usize,
    errors: Vec<DatasetError>,
    full: bool,
}

/// Where a resource begins.
#[derive(Debug, Clone, Copy)]
struct Place {
    file: usize,
    line: u32,
    column: u32,
}

impl Reading {
    fn file(&mut self, path: &Path) {
        if self.errors.len() >= MAXIMUM_TOLD || self.full {
            return;
        }
        let file = self.files.len();
        self.files.push(path.display().to_string().into());
        let start = Place { file, line: 0, column: 0 };
        let text = match text_of(path) {
            Ok(text) => text,
            Err((what, remedy)) => return self.error(start, what, remedy),
        };
        let lines = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("ndjson"));
        read::resources(&text, lines, &mut |line, column, found| {
            let place = Place { file, line, column };
            match found {
                Found::Resource(resource) => self.take(resource, place),
                Found::Other(name) => *self.others.entry(name).or_default() += 1,
                Found::Wrong(what, remedy) => self.error(place, what, remedy),
            }
            !self.full && self.errors.len() < MAXIMUM_TOLD
        });
    }

    fn take(&mut self, resource: Resource, place: Place) {
        let key = (resource.resource_type, resource.id.clone());
        if let Some(first) = self.places.insert(key, place) {
            let (t, id) = (resource.resource_type, &resource.id);
            let (file, line) = (&self.files[first.file], first.line);
            self.error(
                place,
                Text::new(
                    format!("{t}/{id} est donné deux fois, la première fois ici : {file}:{line}"),
                    format!("{t}/{id} stands twice, first here: {file}:{line}"),
                ),
                Text::new("gardez la plus récente des deux", "keep the more recent of the two"),
            );
        }
        self.resources.push((resource, place));
        if self.resources.len() > MAXIMUM_RESOURCES {
            self.full = true;
            self.error(
                place,
                Text::new(
                    format!("plus de {MAXIMUM_RESOURCES} ressources"),
                    format!("more than {MAXIMUM_RESOURCES} resources"),
                ),
                Text::new("servez une partie des données", "serve a part of the data"),
            );
        }
    }

    fn error(&mut self, place: Place, what: Text, remedy: Text) {
        self.errors.push(self.at(place, what, remedy));
    }

    fn at(&self, place: Place, what: Text, remedy: Text) -> DatasetError {
        let file = self.files[place.file].clone();
        DatasetError { file, line: place.line, column: place.column, what, remedy }
    }

    fn finish(mut self, path: &Path) -> Result<OwnData, Vec<DatasetError>> {
        if self.errors.is_empty() && self.resources.is_empty() {
            let names = ResourceType::ALL.map(ResourceType::name).join(", ");
            self.errors.push(about(
                path,
                Text::new("aucune ressource que le ROR sert", "no resource that the ROR serves"),
                Text::new(
                    format!("donnez des fichiers .json ou .ndjson avec des ressources {names}"),
                    format!("give .json or .ndjson files with {names} resources"),
                ),
            ));
        }
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        let mut warnings = self.left_out(path);
        let dangling: Vec<_> =
            self.resources.iter().flat_map(|(r, place)| self.dangling(r, *place)).collect();
        warnings.extend(some(path, dangling));
        let policy = AccessPolicy::standard();
        let incomplete = self.resources.iter().filter_map(|(r, place)| self.incomplete(&policy, r, *place));
        warnings.extend(some(path, incomplete.collect()));
        let name = path.display().to_string();
        let directory = Directory::from_resources(&name, self.resources.into_iter().map(|(r, _)| r));
        Ok(OwnData { directory, warnings })
    }

    /// What was not read.
    fn left_out(&self, path: &Path) -> Vec<DatasetError> {
        let mut warnings = Vec::new();
        if !self.others.is_empty() {
            let others: Vec<String> =
                self.others.iter().map(|(name, count)| format!("{name} × {count}")).collect();
            let others = others.join(", ");
            warnings.push(about(
                path,
                Text::new(
                    format!("ressources d'autres types, laissées de côté : {others}"),
                    format!("resources of other types, left out: {others}"),
                ),
                Text::new("rien à faire", "nothing to do"),
            ));
        }
        if self.ignored > 0 {
            let count = self.ignored;
            warnings.push(about(
                path,
                Text::new(
                    format!("{count} fichier(s) ou dossier(s) laissés de côté"),
                    format!("{count} file(s) or folder(s) left out"),
                ),
                Text::new(
                    "seuls les fichiers .json et .ndjson du dossier sont lus",
                    "only the .json and .ndjson files of the folder are read",
                ),
            ));
        }
        warnings
    }

    /// An extract may be partial: a reference that leads nowhere is a warning.
    fn dangling(&self, resource: &Resource, place: Place) -> Vec<DatasetError> {
        let mut found = Vec::new();
        for row in Table::standard().references.iter().filter(|row| row.source == resource.resource_type) {
            row.path.any(&resource.json, &mut |value| {
                let Some(reference) = value["reference"].as_str() else { return false };
                let known = target(reference).is_some_and(|key| self.places.contains_key(&key));
                if !known {
                    let (name, at) = (resource.reference(), &row.name);
                    let reference: String = reference.chars().take(200).collect();
                    found.push(self.at(
                        place,
                        Text::new(
                            format!("{name} : la référence « {reference} » ({at}) ne mène à rien"),
                            format!("{name}: the reference `{reference}` ({at}) leads nowhere"),
                        ),
                        Text::new(
                            "ajoutez la ressource, ou acceptez un extrait partiel",
                            "add the resource, or accept a partial extract",
                        ),
                    ));
                }
                false
            });
        }
        found
    }

    /// RG_EXP_002: such a resource is never sent.
    fn incomplete(&self, policy: &AccessPolicy, resource: &Resource, place: Place) -> Option<DatasetError> {
        let missing = policy.missing(resource);
        if missing.is_empty() {
            return None;
        }
        let (name, missing) = (resource.reference(), missing.join(", "));
        Some(self.at(
            place,
            Text::new(
                format!(
                    "{name} n'a pas ses éléments obligatoires : {missing} ; ni elle ni ce qui en dépend ne sont servis (RG_EXP_002)"
                ),
                format!(
                    "{name} lacks mandatory elements: {missing}; neither it nor what depends on it is served (RG_EXP_002)"
                ),
            ),
            Text::new("complétez la ressource", "complete the resource"),
        ))
    }
}

/// The files to read.
fn files(path: &Path, reading: &mut Reading) -> Result<Vec<PathBuf>, DatasetError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |error: std::io::Error| {
        about(
            path,
            Text::new(
                format!("le dossier ne peut pas être lu : {error}"),
                format!("the folder cannot be read: {error}"),
            ),
            Text::new("vérifiez le chemin et les droits", "check the path and the permissions"),
        )
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let hidden = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let wanted = file
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("json") || e.eq_ignore_ascii_case("ndjson"));
        match wanted && !hidden && file.is_file() {
            true => files.push(file),
            false => reading.ignored += usize::from(!hidden),
        }
        if files.len() > MAXIMUM_FILES {
            return Err(about(
                path,
                Text::new(
                    format!("plus de {MAXIMUM_FILES} fichiers"),
                    format!("more than {MAXIMUM_FILES} files"),
                ),
                Text::new("réunissez les ressources en NDJSON", "put the resources together as NDJSON"),
            ));
        }
    }
    files.sort();
    Ok(files)
}

/// The text of a file, without a byte order mark.
fn text_of(path: &Path) -> Result<String, (Text, Text)> {
    let remedy = || Text::new("vérifiez le chemin et les droits", "check the path and the permissions");
    let unreadable = |error: std::io::Error| {
        (
            Text::new(
                format!("le fichier ne peut pas être lu : {error}"),
                format!("the file cannot be read: {error}"),
            ),
            remedy(),
        )
    };
    if fs::metadata(path).map_err(unreadable)?.len() > MAXIMUM_FILE {
        return Err((
            Text::new("le fichier dépasse 1 Gio", "the file is larger than 1 GiB"),
            Text::new("partagez-le en plusieurs fichiers", "split it into several files"),
        ));
    }
    let mut text = String::from_utf8(fs::read(path).map_err(unreadable)?).map_err(|_| {
        (
            Text::new("le fichier n'est pas en UTF-8", "the file is not UTF-8"),
            Text::new("convertissez-le en UTF-8", "convert it to UTF-8"),
        )
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// What `Location/2001`, relative or absolute, refers to.
fn target(reference: &str) -> Option<(ResourceType, String)> {
    let mut parts = reference.rsplit('/');
    let id = parts.next()?;
    Some((ResourceType::parse(parts.next()?)?, id.to_owned()))
}

/// The first of many warnings of one kind, and how many more there are.
fn some(path: &Path, mut warnings: Vec<DatasetError>) -> Vec<DatasetError> {
    let more = warnings.len().saturating_sub(MAXIMUM_TOLD);
    warnings.truncate(MAXIMUM_TOLD);
    if more > 0 {
        warnings.push(about(
            path,
            Text::new(format!("et {more} autres de cette sorte"), format!("and {more} more of this kind")),
            Text::new("corrigez d'abord les premières", "correct the first ones first"),
        ));
    }
    warnings
}

fn about(path: &Path, what: Text, remedy: Text) -> DatasetError {
    DatasetError { file: path.display().to_string().into(), line: 0, column: 0, what, remedy }
}
