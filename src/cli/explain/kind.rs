//! A check kind: what it asks, what to do when it is red, and which checks are of that kind.

use serde::Deserialize;
use serde_json::Value;

use super::Shelf;
use super::page::Page;
use crate::scenario::catalogue::Item;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::load::load;
use crate::scenario::schema;
use crate::text::{Lang, Text};

/// One check kind, in words for the client's author.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CheckKind {
    /// Its name in scenarios.
    pub(super) kind: String,
    /// What it asks.
    pub(super) asks: Text,
    /// What to do when it is red.
    pub(super) when_red: Text,
}

/// All check kinds, those of the file first.
pub(super) struct Kinds(Vec<CheckKind>);

impl Kinds {
    /// Those that `scenarios/reference/check-kinds.yaml` tells; any other one by what its schema says.
    ///
    /// # Errors
    /// When the file is wrong, which a test of the bench excludes.
    pub(super) fn builtin() -> Result<Self, Vec<Diagnostic>> {
        let mut kinds = told()?;
        for (kind, about) in of_schema() {
            if !kinds.iter().any(|told| told.kind == kind) {
                kinds.push(CheckKind { kind, asks: Text::same(about), when_red: Text::default() });
            }
        }
        Ok(Self(kinds))
    }

    pub(super) fn get(&self, name: &str) -> Option<&CheckKind> {
        self.iter().find(|kind| kind.kind == name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &CheckKind> {
        self.0.iter()
    }
}

/// What people wrote about the kinds.
pub(super) fn told() -> Result<Vec<CheckKind>, Vec<Diagnostic>> {
    let text = include_str!("../../../scenarios/reference/check-kinds.yaml");
    load("scenarios/reference/check-kinds.yaml", text).map(|loaded| loaded.value)
}

/// Every kind that a scenario may name, with its description in English.
pub(super) fn of_schema() -> Vec<(String, String)> {
    let schema: Value = serde_json::from_str(&schema::scenario()).unwrap_or_default();
    let variants = schema["$defs"]["Expect"]["oneOf"].as_array().cloned().unwrap_or_default();
    variants
        .iter()
        .filter_map(|variant| {
            let name = variant["properties"].as_object()?.keys().next()?.clone();
            Some((name, variant["description"].as_str().unwrap_or_default().to_owned()))
        })
        .collect()
}

/// The kinds of the checks of that scenario, in file order, as its file names them.
pub(super) fn names(item: &Item) -> Vec<String> {
    let file: Value = load(&item.path, &item.text).map(|loaded| loaded.value).unwrap_or_default();
    let checks = file["checks"].as_array().cloned().unwrap_or_default();
    let kind = |check: &Value| check["expect"].as_object().and_then(|expect| expect.keys().next().cloned());
    checks.iter().map(|check| kind(check).unwrap_or_default()).collect()
}

pub(super) fn tell(kind: &CheckKind, shelf: &Shelf<'_>, lang: Lang) -> String {
    let mut page = Page::new(lang, &kind.kind, kind.asks.get(lang));
    page.fact("Quand il est rouge", "When it is red", kind.when_red.get(lang));
    page.fact("Ses paramètres", "Its parameters", "docs/scenarios.md, banc-ror schema");
    let mut checks = Vec::new();
    for item in shelf.catalogue.iter() {
        for (check, name) in item.scenario.checks.iter().zip(names(item)) {
            if name == kind.kind {
                let title = crate::check::title(check);
                checks.push(format!("{}/{}  {}", item.scenario.id, check.id, title.get(lang)));
            }
        }
    }
    page.list("Contrôles de ce genre", "Checks of that kind", checks);
    page.done()
}
