//! Reads a baseline strictly: an entry that matches no check, a date that does not exist or a check that comes twice is
//! an error with its place. A baseline that silently matches nothing would look like one that works.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use time::Date;
use time::macros::format_description;

use crate::journal::{Baseline, ExpectedFailure};
use crate::scenario::Scenario;
use crate::scenario::diagnostic::{Code, Diagnostic, nearest, quoted};
use crate::scenario::load::{Key, Loaded, SCENARIO_LIMIT, load, read_text};
use crate::text::Text;

/// The file as people write it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    expected_failures: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    check: String,
    owner: String,
    #[serde(deserialize_with = "plain_or_bilingual")]
    reason: Text,
    until: String,
}

/// Reads the baseline of that path. `scenarios` are all that an entry may name: the catalogue and files of the user's
/// own, played in this run or not.
///
/// # Errors
/// When the file cannot be read or is wrong: all that is wrong with its entries, each with its place.
pub fn load_baseline<'a>(
    path: &Path,
    scenarios: impl IntoIterator<Item = &'a Scenario>,
) -> Result<Baseline, Vec<Diagnostic>> {
    let text = read_text(path, SCENARIO_LIMIT).map_err(|diagnostic| vec![*diagnostic])?;
    let loaded: Loaded<File> = load(&path.display().to_string(), &text)?;
    let known: BTreeMap<&str, &Scenario> =
        scenarios.into_iter().map(|scenario| (scenario.id.as_str(), scenario)).collect();
    let found = lint(&loaded, &known);
    if !found.is_empty() {
        return Err(found);
    }
    let entry = |entry: Entry| ExpectedFailure {
        check: entry.check,
        owner: entry.owner,
        reason: entry.reason,
        until: entry.until,
    };
    let expected_failures = loaded.value.expected_failures.into_iter().map(entry).collect();
    Ok(Baseline { file: loaded.file, expected_failures })
}

/// The day that a text names; none when there is no such day, or it is written in another way.
pub(super) fn day(text: &str) -> Option<Date> {
    // The parser would take a sign before the year.
    let plain = text.starts_with(|first: char| first.is_ascii_digit());
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok().filter(|_| plain)
}

fn lint(loaded: &Loaded<File>, known: &BTreeMap<&str, &Scenario>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, entry) in loaded.value.expected_failures.iter().enumerate() {
        let mut refuse = |code, key: &str, message, help| {
            let path = [Key::from("expected-failures"), Key::from(index), Key::from(key)];
            let place = loaded.positions.value(&path);
            found.push(Diagnostic::at(code, &loaded.file, &loaded.text, place, message, help));
        };
        if let Some((message, help)) = unknown(&entry.check, known) {
            refuse(Code::UnknownCheck, "check", message, help);
        } else if !seen.insert(entry.check.as_str()) {
            let check = quoted(&entry.check);
            refuse(
                Code::DuplicateId,
                "check",
                Text::new(
                    format!("le contrôle « {check} » est déjà listé plus haut"),
                    format!("the check `{check}` is listed already above"),
                ),
                Text::new("gardez une seule entrée par contrôle", "keep one entry for each check"),
            );
        }
        for (key, empty) in [
            ("owner", entry.owner.trim().is_empty()),
            ("reason", entry.reason.fr.trim().is_empty() || entry.reason.en.trim().is_empty()),
        ] {
            if empty {
                refuse(
                    Code::EmptyText,
                    key,
                    Text::new(format!("« {key} » est vide"), format!("`{key}` is empty")),
                    Text::new(
                        "dites qui s’en charge (owner) et pourquoi l’échec est attendu (reason)",
                        "say who takes care of it (owner) and why the failure is expected (reason)",
                    ),
                );
            }
        }
        if day(&entry.until).is_none() {
            let until = quoted(&entry.until);
            refuse(
                Code::MalformedDate,
                "until",
                Text::new(format!("« {until} » n’est pas une date"), format!("`{until}` is no date")),
                Text::new(
                    "le dernier jour où l’échec est attendu, année-mois-jour : 2027-03-31",
                    "the last day on which the failure is expected, year-month-day: 2027-03-31",
                ),
            );
        }
    }
    found
}

/// What is wrong with the name of a check, and the remedy; none when there is such a check.
fn unknown(name: &str, known: &BTreeMap<&str, &Scenario>) -> Option<(Text, Text)> {
    let shown = quoted(name);
    let (scenario, check) = match name.split_once('/') {
        Some((scenario, check)) => (scenario, Some(check)),
        None => (name, None),
    };
    let Some(found) = known.get(scenario) else {
        let message = Text::new(
            format!("aucun contrôle ne se nomme « {shown} » : il n’y a pas de scénario de ce nom"),
            format!("no check is named `{shown}`: there is no scenario of that name"),
        );
        let help = match nearest(scenario, known.keys().copied()) {
            Some(near) => {
                let near = check.map_or_else(|| near.to_owned(), |check| format!("{near}/{}", quoted(check)));
                Text::new(format!("vouliez-vous dire « {near} » ?"), format!("did you mean `{near}`?"))
            }
            None => Text::new(
                "« banc-ror list » donne les scénarios, « banc-ror explain SCÉNARIO » ses contrôles",
                "`banc-ror list` gives the scenarios, `banc-ror explain SCENARIO` its checks",
            ),
        };
        return Some((message, help));
    };
    let ids = || found.checks.iter().map(|check| check.id.as_str());
    if check.is_some_and(|check| ids().any(|id| id == check)) {
        return None;
    }
    let names: Vec<String> = ids().map(|id| format!("{scenario}/{id}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let message = match check {
        Some(_) => Text::new(
            format!("aucun contrôle ne se nomme « {shown} »"),
            format!("no check is named `{shown}`"),
        ),
        None => Text::new(
            format!(
                "« {shown} » nomme un scénario, une entrée nomme un seul contrôle : « scénario/contrôle »"
            ),
            format!("`{shown}` names a scenario, an entry names a single check: `scenario/check`"),
        ),
    };
    let near = check.and_then(|_| nearest(name, names.iter().copied()));
    let list = names.join(", ");
    let help = match near {
        Some(near) => Text::new(format!("vouliez-vous dire « {near} » ?"), format!("did you mean `{near}`?")),
        None => Text::new(
            format!("les contrôles de ce scénario : {list}"),
            format!("the checks of that scenario: {list}"),
        ),
    };
    Some((message, help))
}

/// A reason is the editor's own words: in one language for both, or in each.
fn plain_or_bilingual<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
    struct Reason;

    impl<'de> Visitor<'de> for Reason {
        type Value = Text;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a text, or { fr: …, en: … }")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
            Ok(Text::same(text))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Text, A::Error> {
            Text::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_any(Reason)
}
