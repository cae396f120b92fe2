//! From the text of one file to resources with their places: raw JSON keeps where each one stands.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::ror::resource::{Resource, ResourceType};
use crate::text::Text;

/// One resource of a file, or why there is none.
pub(super) enum Found {
    Resource(Resource),
    /// Of a type that the ROR does not serve.
    Other(String),
    /// What is wrong, and the remedy.
    Wrong(Text, Text),
}

/// A Bundle, as far as it is looked at.
#[derive(Deserialize)]
struct Bundle<'a> {
    #[serde(borrow, default)]
    entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
}

/// Gives every resource of `text` with its line and column, both from 1, until `take` says that it is enough.
/// `lines`: NDJSON.
pub(super) fn resources(text: &str, lines: bool, take: &mut dyn FnMut(u32, u32, Found) -> bool) {
    let mut places = Places { text, at: 0, line: 1, line_start: 0 };
    if !lines {
        document(text, 0, &mut places, take);
        return;
    }
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if !line.trim().is_empty() && !document(line.trim_end(), start, &mut places, take) {
            return;
        }
        start += line.len();
    }
}

/// One JSON document that starts at `start` of the file: a resource or a Bundle. False: enough.
fn document(
    text: &str,
    start: usize,
    places: &mut Places<'_>,
    take: &mut dyn FnMut(u32, u32, Found) -> bool,
) -> bool {
    let value: &RawValue = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            let (line, _) = places.of(start);
            let line = line.saturating_add(number(error.line()).saturating_sub(1));
            // What the parser says ends with its own idea of the place.
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or(&message);
            let found = Found::Wrong(
                Text::new(format!("JSON mal formé : {message}"), format!("malformed JSON: {message}")),
                Text::new("corrigez le fichier à cet endroit", "correct the file at this place"),
            );
            return take(line, number(error.column()), found);
        }
    };
    let offset = |part: &RawValue| start + (part.get().as_ptr() as usize - text.as_ptr() as usize);
    if kind(value).as_deref() != Some("Bundle") {
        let (line, column) = places.of(offset(value));
        return take(line, column, resource(value));
    }
    match serde_json::from_str::<Bundle<'_>>(value.get()) {
        Ok(bundle) => bundle.entry.iter().filter_map(|entry| entry.resource).all(|part| {
            let (line, column) = places.of(offset(part));
            take(line, column, resource(part))
        }),
        Err(_) => {
            let (line, column) = places.of(offset(value));
            let found = Found::Wrong(
                Text::new(
                    "Bundle sans liste `entry` de ressources",
                    "Bundle without an `entry` list of resources",
                ),
                Text::new(
                    "`entry` est une liste d'objets avec `resource`",
                    "`entry` is a list of objects with `resource`",
                ),
            );
            take(line, column, found)
        }
    }
}

/// The `resourceType`, without building the rest.
fn kind(value: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Kind {
        #[serde(rename = "resourceType")]
        resource_type: String,
    }
    serde_json::from_str::<Kind>(value.get()).ok().map(|kind| kind.resource_type)
}

fn resource(raw: &RawValue) -> Found {
    let wrong = |fr: &str, en: &str| {
        let remedy = Text::new(
            "une ressource FHIR a un `resourceType` et un `id`",
            "a FHIR resource has a `resourceType` and an `id`",
        );
        Found::Wrong(Text::new(fr, en), remedy)
    };
    let Some(name) = kind(raw) else {
        return wrong("ressource sans `resourceType`", "a resource without `resourceType`");
    };
    if ResourceType::parse(&name).is_none() {
        return Found::Other(name.chars().filter(|c| !c.is_control()).take(64).collect());
    }
    let Ok(json) = serde_json::from_str::<Value>(raw.get()) else {
        return wrong("ressource illisible", "an unreadable resource");
    };
    match json.get("id").map(Value::as_str) {
        None => wrong(&format!("{name} sans `id`"), &format!("{name} without `id`")),
        Some(Some(id)) if is_fhir_id(id) => match Resource::new(json) {
            Some(resource) => Found::Resource(resource),
            None => wrong("ressource illisible", "an unreadable resource"),
        },
        Some(id) => {
            let id: String = id.unwrap_or("…").chars().take(80).collect();
            Found::Wrong(
                Text::new(
                    format!("{name} : l'id « {id} » n'est pas permis"),
                    format!("{name}: the id `{id}` is not allowed"),
                ),
                Text::new(
                    "FHIR R4 permet 1 à 64 lettres, chiffres, tirets et points",
                    "FHIR R4 allows 1 to 64 letters, digits, hyphens and dots",
                ),
            )
        }
    }
}

/// FHIR R4, datatype `id`.
fn is_fhir_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

/// Lines and columns of growing offsets, in one walk through the text.
struct Places<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    line_start: usize,
}

impl Places<'_> {
    fn of(&mut self, offset: usize) -> (u32, u32) {
        let offset = offset.clamp(self.at, self.text.len());
        for (at, _) in self.text[self.at..offset].match_indices('\n') {
            self.line = self.line.saturating_add(1);
            self.line_start = self.at + at + 1;
        }
        self.at = offset;
        (self.line, number(self.text[self.line_start..offset].chars().count()).saturating_add(1))
    }
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
