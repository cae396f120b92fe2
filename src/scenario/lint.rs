//! Cross-checks of a scenario: what its shape alone cannot refuse, each remark with its place.

mod checks;
mod instants;
mod replies;
mod steps;

use std::collections::BTreeSet;

use super::diagnostic::{Code, Diagnostic, nearest, quoted, suggestion};
use super::load::{Key, Loaded, load};
use super::model::Scenario;
use crate::text::Text;

/// The test plans.
pub const PLANS: [&str; 7] =
    ["fhir-export", "fhir-search", "fhir-capacity", "feed", "csd-1", "csd-2", "csd-3"];

/// The APIs, as scenarios name them.
pub const APIS: [&str; 4] = ["token", "fhir", "capacity", "anomalies"];

/// The widest access profile's number; they begin at 0.
pub const LAST_PROFILE: u8 = 5;

/// What the lint asks of the requirement ledger.
pub trait Requirements {
    /// Whether the requirement obliges the client; none when there is no such requirement.
    fn obliges_client(&self, id: &str) -> Option<bool>;
    /// The requirement whose id is nearest.
    fn nearest(&self, id: &str) -> Option<&str>;
}

/// What a scenario may refer to.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// The requirement ledger.
    pub requirements: &'a dyn Requirements,
    /// The names of datasets.
    pub datasets: &'a [String],
}

/// Reads a scenario and cross-checks it.
///
/// # Errors
/// All the diagnostics, warnings included, when one of them is an error.
pub fn load_and_lint(
    name: &str,
    text: &str,
    known: Known<'_>,
) -> Result<(Scenario, Vec<Diagnostic>), Vec<Diagnostic>> {
    let loaded: Loaded<Scenario> = load(name, text)?;
    let diagnostics = lint(&loaded, known);
    if diagnostics.iter().any(|diagnostic| diagnostic.severity == super::Severity::Error) {
        return Err(diagnostics);
    }
    Ok((loaded.value, diagnostics))
}

/// Cross-checks a scenario; the remarks come in the order of the file.
#[must_use]
pub fn lint(loaded: &Loaded<Scenario>, known: Known<'_>) -> Vec<Diagnostic> {
    let mut lint = Lint { loaded, known, found: Vec::new() };
    lint.identity();
    lint.selection();
    lint.texts();
    lint.given();
    lint.steps();
    lint.checks();
    lint.found.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
    lint.found
}

struct Lint<'a> {
    loaded: &'a Loaded<Scenario>,
    known: Known<'a>,
    found: Vec<Diagnostic>,
}

/// The path of a value in the file.
macro_rules! place {
    ($($key:expr),* $(,)?) => { &[$($crate::scenario::load::Key::from($key)),*] };
}
use place;

impl<'a> Lint<'a> {
    fn scenario(&self) -> &'a Scenario {
        &self.loaded.value
    }

    /// A remark on a value.
    fn at(&mut self, code: Code, path: &[Key], message: Text, help: Text) {
        let place = self.loaded.positions.value(path);
        self.found.push(Diagnostic::at(code, &self.loaded.file, &self.loaded.text, place, message, help));
    }

    /// A remark on a key.
    fn at_key(&mut self, code: Code, path: &[Key], message: Text, help: Text) {
        let place = self.loaded.positions.key(path);
        self.found.push(Diagnostic::at(code, &self.loaded.file, &self.loaded.text, place, message, help));
    }

    fn identity(&mut self) {
        let id = &self.scenario().id;
        if !self.id_form(id, place!["id"]) {
            return;
        }
        let file = std::path::Path::new(&self.loaded.file);
        let Some(stem) = file.file_stem().and_then(|stem| stem.to_str()) else { return };
        if stem != id {
            let (id, stem) = (quoted(id), quoted(stem));
            self.at(
                Code::IdNotFileName,
                place!["id"],
                Text::new(
                    format!("l’identifiant « {id} » n’est pas le nom du fichier"),
                    format!("the identifier `{id}` is not the name of the file"),
                ),
                Text::new(
                    format!("écrivez « id: {stem} », ou nommez le fichier {id}.yaml"),
                    format!("write `id: {stem}`, or name the file {id}.yaml"),
                ),
            );
        }
    }

    fn id_form(&mut self, id: &str, path: &[Key]) -> bool {
        let words_are_good = id.split('-').all(|word| {
            !word.is_empty()
                && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
        });
        let good = words_are_good && id.len() <= 80;
        if !good {
            let shown = quoted(id);
            self.at(
                Code::MalformedId,
                path,
                Text::new(format!("« {shown} » n’est pas un identifiant"), format!("`{shown}` is no identifier")),
                Text::new(
                    "des minuscules sans accent, des chiffres et des tirets, 80 caractères au plus : quota-retry-after",
                    "lower-case letters without accents, digits and hyphens, 80 characters at most: quota-retry-after",
                ),
            );
        }
        good
    }

    fn selection(&mut self) {
        let scenario = self.scenario();
        self.not_empty(scenario.plans.len(), "plans");
        self.not_empty(scenario.profiles.len(), "profiles");
        let mut seen = BTreeSet::new();
        for (index, plan) in scenario.plans.iter().enumerate() {
            let shown = quoted(plan);
            if !PLANS.contains(&plan.as_str()) {
                self.at(
                    Code::UnknownPlan,
                    place!["plans", index],
                    Text::new(
                        format!("il n’y a pas de plan « {shown} »"),
                        format!("there is no plan `{shown}`"),
                    ),
                    suggestion(plan, &PLANS),
                );
            } else if !seen.insert(plan) {
                self.twice(place!["plans", index], &shown);
            }
        }
        let mut seen = BTreeSet::new();
        for (index, profile) in scenario.profiles.iter().enumerate() {
            if *profile > LAST_PROFILE {
                self.at(
                    Code::UnknownProfile,
                    place!["profiles", index],
                    Text::new(
                        format!("il n’y a pas de profil d’accès {profile}"),
                        format!("there is no access profile {profile}"),
                    ),
                    Text::new("les profils vont de 0 à 5", "profiles go from 0 to 5"),
                );
            } else if !seen.insert(profile) {
                self.twice(place!["profiles", index], &profile.to_string());
            }
        }
    }

    fn not_empty(&mut self, length: usize, key: &str) {
        if length == 0 {
            self.at(
                Code::EmptyList,
                place![key],
                Text::new(format!("« {key} » est vide"), format!("`{key}` is empty")),
                Text::new("écrivez-y au moins un élément", "write at least one item"),
            );
        }
    }

    fn twice(&mut self, path: &[Key], word: &str) {
        self.at(
            Code::DuplicateId,
            path,
            Text::new(format!("« {word} » est déjà là"), format!("`{word}` is already there")),
            Text::new("retirez la répétition", "remove the repetition"),
        );
    }

    fn texts(&mut self) {
        let scenario = self.scenario();
        self.text(&scenario.title, place!["title"]);
        self.text(&scenario.description, place!["description"]);
    }

    fn text(&mut self, text: &Text, path: &[Key]) {
        for (language, words) in [("fr", &text.fr), ("en", &text.en)] {
            if words.trim().is_empty() {
                let mut inside = path.to_vec();
                inside.push(Key::from(language));
                self.at(
                    Code::EmptyText,
                    &inside,
                    Text::new(
                        format!("le texte « {language} » est vide"),
                        format!("the text `{language}` is empty"),
                    ),
                    Text::new("écrivez-le en français et en anglais", "write it in French and in English"),
                );
            }
        }
    }

    fn given(&mut self) {
        let given = &self.scenario().given;
        let datasets: Vec<&str> = self.known.datasets.iter().map(String::as_str).collect();
        if !datasets.contains(&given.dataset.as_str()) {
            let shown = quoted(&given.dataset);
            self.at(
                Code::UnknownDataset,
                place!["given", "dataset"],
                Text::new(
                    format!("il n’y a pas de jeu de données « {shown} »"),
                    format!("there is no dataset `{shown}`"),
                ),
                suggestion(&given.dataset, &datasets),
            );
        }
        for (value, key) in [(given.quotas.level_1, "level-1"), (given.quotas.level_2, "level-2")] {
            if value == Some(0) {
                self.count(place!["given", "quotas", key]);
            }
        }
        if given.token_lifetime.0 < 1.0 {
            self.at(
                Code::InvalidCount,
                place!["given", "token-lifetime"],
                Text::new("un jeton vit au moins une seconde", "a token lives at least one second"),
                Text::new("écrivez 1s ou plus", "write 1s or more"),
            );
        }
        self.replies();
    }

    fn count(&mut self, path: &[Key]) {
        self.at(
            Code::InvalidCount,
            path,
            Text::new("ce nombre commence à 1", "this number begins at 1"),
            Text::new("écrivez 1 ou plus", "write 1 or more"),
        );
    }

    fn unknown_requirement(&mut self, path: &[Key], id: &str) {
        let shown = quoted(id);
        let help = match self.known.requirements.nearest(id) {
            Some(near) => {
                Text::new(format!("vouliez-vous dire « {near} » ?"), format!("did you mean `{near}`?"))
            }
            None => Text::new(
                "les exigences sont dans scenarios/requirements/",
                "requirements are in scenarios/requirements/",
            ),
        };
        self.at(
            Code::UnknownRequirement,
            path,
            Text::new(
                format!("l’exigence « {shown} » n’est pas dans le registre"),
                format!("the requirement `{shown}` is not in the ledger"),
            ),
            help,
        );
    }
}

/// « Did you mean » over requirement ids, whose numbers would make every sibling look near.
#[must_use]
pub fn nearest_requirement<'a>(id: &str, ids: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest(id, ids)
}

#[cfg(test)]
mod tests;
