//! What is wrong with the form of a body of the feed, for checks: more than what makes the mock refuse it.

use serde_json::Value;

use super::body::no_record;
use super::expression::{self, Selection};
use super::extension::{Extension, capacities};
use super::indicators::{CodeMember, Indicators};
use super::record::{COMMENT, COUNT, Fault, KeyMember, Record, SOURCE_TYPE, UPDATE_DATE, coding};
use crate::ror::Deviation;
use crate::ror::fhirpath_patch::{self, Kind, Malformed, Operation};
use crate::text::Text;

/// The form of a body, beside the documented liberties (`ror-fhir.md` §5.1, a to f), which are no deviation. Rules:
/// `patch`, `path`, `replace-all`, `delete-all`, `one-record`, `record-missing`, `key-mismatch`, `indicator`,
/// `member-missing`, `member-repeated`, `member-unknown`, `count`, `update-date`, `comment`, `code`, `code-system`,
/// `source-type`.
#[must_use]
pub fn deviations(body: &Value) -> Vec<Deviation> {
    let operations = match fhirpath_patch::operations(body) {
        Ok(operations) => operations,
        Err(malformed) => {
            let expected = Text::new(
                "un FHIRPath Patch : des opérations add, replace ou delete, chacune avec son chemin",
                "a FHIRPath Patch: operations add, replace or delete, each with its path",
            );
            return vec![told("patch", malformed, expected)];
        }
    };
    let mut found = Vec::new();
    for operation in &operations {
        operation_deviations(operation, &mut found);
    }
    found
}

fn told(rule: &'static str, malformed: Malformed, expected: Text) -> Deviation {
    Deviation::new(rule, malformed.at, expected, malformed.what)
}

fn operation_deviations(operation: &Operation<'_>, found: &mut Vec<Deviation>) {
    let selection = match expression::parse(operation.path) {
        Ok(selection) => Some(selection),
        Err(error) => {
            let expected = Text::new("un chemin de la forme documentée", "a path of the documented form");
            found.push(told("path", error.at(&operation.path_at), expected));
            None
        }
    };
    let records: Vec<Extension<'_>> =
        operation.values.iter().flat_map(|(at, value)| capacities(value, at)).collect();
    selection_deviations(operation, selection.as_ref(), found);
    if operation.kind != Kind::Delete {
        count_deviations(operation, &records, found);
    }
    for extension in &records {
        let record = Record::read(extension);
        if let Some(Selection::Record(key)) = &selection
            && *key != record.key
        {
            found.push(Deviation::new(
                "key-mismatch",
                &extension.at,
                Text::same(key.to_string()),
                Text::same(record.key.to_string()),
            ));
        }
        record_deviations(extension, &record, found);
    }
}

fn selection_deviations(
    operation: &Operation<'_>,
    selection: Option<&Selection>,
    found: &mut Vec<Deviation>,
) {
    let actual = || Text::same(operation.path.chars().take(300).collect::<String>());
    let one = || {
        Text::new(
            "un chemin qui désigne un seul indicateur, par ses clés",
            "a path that selects one record, by its keys",
        )
    };
    match (operation.kind, selection) {
        (Kind::Replace, Some(Selection::Records)) => {
            found.push(Deviation::new("replace-all", &operation.path_at, one(), actual()));
        }
        (Kind::Delete, Some(Selection::Records)) => {
            found.push(Deviation::new("delete-all", &operation.path_at, one(), actual()));
        }
        (Kind::Replace | Kind::Delete, Some(Selection::Record(key)))
            if !Indicators::standard().accepts(key) =>
        {
            found.push(Deviation::new(
                "indicator",
                &operation.path_at,
                valid_indicator(),
                Text::same(key.to_string()),
            ));
        }
        (_, None) | (Kind::Replace | Kind::Delete, Some(Selection::Record(_))) => {}
        (Kind::Replace | Kind::Delete, Some(_)) => {
            found.push(Deviation::new("path", &operation.path_at, one(), actual()));
        }
        (Kind::Add, Some(Selection::Records)) if operation.name.is_none_or(|name| name == "extension") => {}
        (Kind::Add, Some(Selection::Location | Selection::Extensions))
            if operation.name == Some("extension") => {}
        (Kind::Add, Some(_)) => {
            let expected = Text::new(
                "le chemin de tous les indicateurs, sans clé",
                "the path of all records, without keys",
            );
            found.push(Deviation::new("path", &operation.path_at, expected, actual()));
        }
    }
}

fn count_deviations(operation: &Operation<'_>, records: &[Extension<'_>], found: &mut Vec<Deviation>) {
    let one = Text::new("un indicateur", "one record");
    match records.len() {
        0 => found.push(told("record-missing", no_record(&operation.at), one)),
        1 => {}
        several => {
            let actual = Text::new(format!("{several} indicateurs"), format!("{several} records"));
            found.push(Deviation::new("one-record", &operation.at, one, actual));
        }
    }
}

fn record_deviations(extension: &Extension<'_>, record: &Record, found: &mut Vec<Deviation>) {
    let indicators = Indicators::standard();
    let child = |name: &str| extension.children.iter().find(|child| child.url == name);
    let place = |name: &str| child(name).map_or_else(|| extension.at.clone(), |child| child.at.clone());
    for (name, fault) in record.faults() {
        found.push(fault_deviation(name, *fault, place(name), child(name)));
    }
    for member in indicators.code_members() {
        if let Some(child) = child(&member.name) {
            system_deviation(member, child, found);
        }
    }
    if let Some(source) = &record.source_type
        && source != "02"
        && !record.faults().iter().any(|(name, _)| name == SOURCE_TYPE)
    {
        found.push(Deviation::new(
            "source-type",
            place(SOURCE_TYPE),
            Text::new("02 (Bed management)", "02 (bed management)"),
            Text::same(source),
        ));
    }
    if let Some(date) = &record.update_date
        && record.updated().is_none()
        && !record.faults().iter().any(|(name, _)| name == UPDATE_DATE)
    {
        found.push(Deviation::new("update-date", place(UPDATE_DATE), date_expected(), Text::same(date)));
    }
    let known =
        |name: &str| [COUNT, UPDATE_DATE, COMMENT].contains(&name) || indicators.code_member(name).is_some();
    for child in extension.children.iter().filter(|child| !known(child.url)) {
        let expected = Text::new(
            "une sous-extension de ror-location-supported-capacity",
            "a sub-extension of ror-location-supported-capacity",
        );
        found.push(Deviation::new("member-unknown", &child.at, expected, Text::same(child.url)));
    }
    // A combination is judged when its codes are there and known: otherwise that has been told.
    let keys_are_sound = record.faults().iter().all(|(name, _)| KeyMember::parse(name).is_none());
    if keys_are_sound && !indicators.accepts(&record.key) {
        found.push(Deviation::new(
            "indicator",
            &extension.at,
            valid_indicator(),
            Text::same(record.key.to_string()),
        ));
    }
}

fn valid_indicator() -> Text {
    Text::new(
        "une combinaison de codes qui soit un indicateur valide",
        "a combination of codes that is a valid indicator",
    )
}

fn date_expected() -> Text {
    Text::new(
        "une date FHIR (dateTime) avec heure et décalage, par exemple 2026-06-20T18:15:39Z",
        "a FHIR dateTime with time and offset, for instance 2026-06-20T18:15:39Z",
    )
}

fn fault_deviation(name: &str, fault: Fault, at: String, child: Option<&Extension<'_>>) -> Deviation {
    let actual = Text::same(
        child.and_then(|child| child.value).map_or_else(|| "—".to_owned(), |(_, value)| excerpt(value)),
    );
    match fault {
        Fault::Missing => Deviation::missing(
            "member-missing",
            at,
            Text::new(format!("{name}, obligatoire"), format!("{name}, mandatory")),
        ),
        Fault::Repeated => {
            let expected = Text::new(format!("{name} une seule fois"), format!("{name} once only"));
            Deviation::new("member-repeated", at, expected, Text::new("plusieurs fois", "more than once"))
        }
        Fault::NotACount => {
            let expected = Text::new(
                "valueInteger, un nombre entier positif ou nul",
                "valueInteger, a whole number from 0",
            );
            Deviation::new("count", at, expected, actual)
        }
        Fault::NotADate => Deviation::new("update-date", at, date_expected(), actual),
        Fault::NoCode => {
            let expected = Text::new(
                "valueCodeableConcept avec un coding.code",
                "valueCodeableConcept with a coding.code",
            );
            Deviation::new("code", at, expected, actual)
        }
        Fault::UnknownCode => {
            let system = Indicators::standard().code_member(name).map_or("", |member| member.system.as_str());
            let expected = Text::new(format!("un code de {system}"), format!("a code of {system}"));
            let code = child.and_then(coding).map_or("", |(_, code)| code);
            Deviation::new("code", at, expected, Text::same(code))
        }
        Fault::NotAText => {
            Deviation::new("comment", at, Text::new("valueString, un texte", "valueString, a text"), actual)
        }
    }
}

fn system_deviation(member: &CodeMember, child: &Extension<'_>, found: &mut Vec<Deviation>) {
    let (Some((given, _)), Some(expected)) = (coding(child), member.code_system()) else { return };
    if given != Some(&expected.url) {
        let actual = given.map_or_else(|| Text::new("aucun system", "no system"), Text::same);
        found.push(Deviation::new("code-system", &child.at, Text::same(&expected.url), actual));
    }
}

fn excerpt(value: &Value) -> String {
    value.to_string().chars().take(200).collect()
}
