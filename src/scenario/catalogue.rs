//! The catalogue that travels inside the binary: scenarios, requirements and datasets.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use include_dir::{Dir, DirEntry, include_dir};

use super::diagnostic::{Code, Diagnostic, nearest, quoted};
use super::lint::{Known, Requirements, load_and_lint};
use super::load::{SCENARIO_LIMIT, read_text};
use super::model::Scenario;
use crate::text::Text;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// Folders of the catalogue that hold no scenario.
const OTHER_FOLDERS: [&str; 3] = ["requirements", "datasets", "reference"];

/// One scenario with the file that it comes from.
#[derive(Debug, Clone)]
pub struct Item {
    /// Where it comes from: `scenarios/quota/quota-retry-after.yaml`, or the path that the user gave.
    pub path: String,
    /// The file's text, to be kept beside the evidence.
    pub text: String,
    /// What it says.
    pub scenario: Scenario,
}

/// Scenarios by id, in the order of their paths.
#[derive(Debug, Clone)]
pub struct Catalogue {
    items: Vec<Item>,
}

impl Catalogue {
    /// The scenarios that come with the bench, linted against `requirements`.
    ///
    /// # Errors
    /// When a file of it is wrong, which a test of the bench excludes.
    pub fn builtin(requirements: &dyn Requirements) -> Result<Self, Vec<Diagnostic>> {
        let datasets = datasets();
        let known = Known { requirements, datasets: &datasets };
        let mut paths = BTreeMap::new();
        collect(&FILES, &mut paths);
        let mut items = Vec::new();
        for (path, text) in paths {
            let path = format!("scenarios/{path}");
            let (scenario, _warnings) = load_and_lint(&path, text, known)?;
            items.push(Item { path, text: text.to_owned(), scenario });
        }
        Ok(Self { items })
    }

    /// All of them, in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = &Item> {
        self.items.iter()
    }

    /// The scenario of that id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.scenario.id == id)
    }

    /// What one word selects: a scenario by its id or by its path in the catalogue, otherwise all of a tag or a folder.
    #[must_use]
    pub fn find(&self, word: &str) -> Vec<&Item> {
        let word = word.trim_end_matches('/');
        let inside = word.strip_prefix("scenarios/").unwrap_or(word);
        let one: Vec<&Item> = self
            .items
            .iter()
            .filter(|item| item.scenario.id == word || item.path.strip_prefix("scenarios/") == Some(inside))
            .collect();
        if !one.is_empty() {
            return one;
        }
        let folder = format!("scenarios/{inside}/");
        self.items
            .iter()
            .filter(|item| item.path.starts_with(&folder) || item.scenario.tags.iter().any(|tag| tag == word))
            .collect()
    }

    /// What a command line names: ids, tags and folders of the catalogue, and paths of scenario files of the user's own.
    /// No word selects everything. Each scenario comes once; catalogue order first, then files in the order given.
    ///
    /// # Errors
    /// When a word selects nothing, or a file is wrong.
    pub fn select(
        &self,
        words: &[String],
        requirements: &dyn Requirements,
    ) -> Result<Vec<Item>, Vec<Diagnostic>> {
        if words.is_empty() {
            return Ok(self.items.clone());
        }
        let mut chosen: Vec<&str> = Vec::new();
        let mut own: Vec<Item> = Vec::new();
        let mut wrong = Vec::new();
        for word in words {
            let found = self.find(word);
            let path = Path::new(word);
            if !found.is_empty() {
                chosen.extend(found.iter().map(|item| item.scenario.id.as_str()));
            } else if path.exists() || path.extension().is_some() || word.contains(std::path::MAIN_SEPARATOR)
            {
                match self.own_file(path, requirements) {
                    Ok(item) if own.iter().any(|other| other.scenario.id == item.scenario.id) => {}
                    Ok(item) => own.push(item),
                    Err(diagnostics) => wrong.extend(diagnostics),
                }
            } else {
                wrong.push(self.selects_nothing(word));
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let replaced = |id: &str| own.iter().any(|item| item.scenario.id == id);
        let mut items: Vec<Item> = self
            .items
            .iter()
            .filter(|item| chosen.contains(&item.scenario.id.as_str()) && !replaced(&item.scenario.id))
            .cloned()
            .collect();
        items.extend(own);
        Ok(items)
    }

    fn own_file(&self, path: &Path, requirements: &dyn Requirements) -> Result<Item, Vec<Diagnostic>> {
        let text = read_text(path, SCENARIO_LIMIT).map_err(|diagnostic| vec![*diagnostic])?;
        let datasets = datasets();
        let name = path.display().to_string();
        let (scenario, _) = load_and_lint(&name, &text, Known { requirements, datasets: &datasets })?;
        Ok(Item { path: name, text, scenario })
    }

    fn selects_nothing(&self, word: &str) -> Diagnostic {
        let words = self.items.iter().flat_map(|item| {
            std::iter::once(item.scenario.id.as_str()).chain(item.scenario.tags.iter().map(String::as_str))
        });
        let help = match nearest(word, words) {
            Some(near) => {
                Text::new(format!("vouliez-vous dire « {near} » ?"), format!("did you mean `{near}`?"))
            }
            None => Text::new(
                "« banc-ror list » donne les identifiants et les étiquettes",
                "`banc-ror list` gives identifiers and tags",
            ),
        };
        let message = Text::new(
            "aucun scénario n’a cet identifiant, cette étiquette ou ce chemin",
            "no scenario has this identifier, tag or path",
        );
        Diagnostic::of_file(Code::UnknownScenario, &quoted(word), message, help)
    }
}

/// The names of the datasets that come with the bench.
#[must_use]
pub fn datasets() -> Vec<String> {
    let mut names: Vec<String> = FILES
        .get_dir("datasets")
        .into_iter()
        .flat_map(|dir| dir.entries())
        .filter_map(|entry| entry.path().file_stem().and_then(|stem| stem.to_str()).map(str::to_owned))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// The text of the dataset of that name.
#[must_use]
pub fn dataset(name: &str) -> Option<&'static str> {
    FILES.get_file(format!("datasets/{name}.yaml"))?.contents_utf8()
}

/// Copies what was played into a run's folder: `scenarios/<id>.yaml`, all of `requirements/`, the `datasets/` used.
///
/// # Errors
/// When a file cannot be written.
pub fn write_to<'a>(dir: &Path, played: impl IntoIterator<Item = &'a Item>) -> io::Result<()> {
    let scenarios = dir.join("scenarios");
    std::fs::create_dir_all(&scenarios)?;
    let mut used = std::collections::BTreeSet::new();
    for item in played {
        std::fs::write(scenarios.join(format!("{}.yaml", item.scenario.id)), &item.text)?;
        used.insert(item.scenario.given.dataset.clone());
    }
    write_folder("requirements", &dir.join("requirements"), &|_| true)?;
    write_folder("datasets", &dir.join("datasets"), &|name| used.contains(name))
}

fn write_folder(folder: &str, target: &Path, wanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
    std::fs::create_dir_all(target)?;
    for entry in FILES.get_dir(folder).into_iter().flat_map(|dir| dir.entries()) {
        let name = entry.path().file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if wanted(name) {
            write_entry(entry, target)?;
        }
    }
    Ok(())
}

fn write_entry(entry: &DirEntry<'_>, target: &Path) -> io::Result<()> {
    let Some(name) = entry.path().file_name() else { return Ok(()) };
    match entry {
        DirEntry::File(file) => std::fs::write(target.join(name), file.contents()),
        DirEntry::Dir(dir) => {
            let inside = target.join(name);
            std::fs::create_dir_all(&inside)?;
            dir.entries().iter().try_for_each(|entry| write_entry(entry, &inside))
        }
    }
}

/// Every scenario file with its path relative to `scenarios/`, `/` between folders on every system.
fn collect(dir: &'static Dir<'static>, paths: &mut BTreeMap<String, &'static str>) {
    for entry in dir.entries() {
        let parts: Vec<&str> = entry.path().iter().filter_map(|part| part.to_str()).collect();
        match entry {
            DirEntry::Dir(dir) if !OTHER_FOLDERS.contains(&parts[0]) => collect(dir, paths),
            DirEntry::File(file) if file.path().extension().is_some_and(|extension| extension == "yaml") => {
                paths.insert(parts.join("/"), file.contents_utf8().unwrap_or_default());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests;
