//! One request to the feed, from the identifier and the body to the new Location or a refusal.

use std::sync::Arc;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::body::{Operation, Patch};
use super::indicators::Indicators;
use super::locate::{establishment, functional_identifier, locations};
use super::record::{Fault, Record, RecordKey, TYPE};
use super::{SUPPORTED_CAPACITY, record};
use crate::ror::date_time;
use crate::ror::fhirpath_patch;
use crate::ror::problem::{Issue, shorten};
use crate::ror::{Directory, Problem, Resource};

/// Where the public record is silent or doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// What an `add` does when the record is already there.
    pub duplicate_add: DuplicateAdd,
    /// How the 404 of a missing indicator gives its `expression`.
    pub expression: ExpressionForm,
}

/// What an `add` does when a record of the same key is already there. Documented nowhere (assumption): it is refused,
/// because the key tells one indicator from the others; so a client whose answer was lost, and that adds again, learns
/// that its first `add` was committed. `Second` lets the bench see who ends up with two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DuplicateAdd {
    /// 400 `business-rule`.
    #[default]
    Refuse,
    /// A second record.
    Second,
}

/// How the 404 of a missing indicator gives its `expression` (`ror-fhir.md` §5.2, §10 point 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExpressionForm {
    /// A plain string, as in the documented answer.
    #[default]
    Plain,
    /// An array, as FHIR has it.
    Array,
}

/// A Location after a successful request.
#[derive(Debug, Clone, PartialEq)]
pub struct Patched {
    /// The Location, with its new version.
    pub location: Resource,
    /// Functional identifier: the unique entry id, else the external synchronisation id.
    pub identifier: String,
    /// `meta.versionId`: what the ETag holds.
    pub version: String,
    /// `meta.lastUpdated`.
    pub last_modified: OffsetDateTime,
}

/// The one `identifier` among the decoded parameters of a request.
///
/// # Errors
/// 400 when there is none, an empty one, or several.
pub fn identifier_parameter(parameters: &[(String, String)]) -> Result<&str, Problem> {
    let mut given =
        parameters.iter().filter(|(name, _)| name == "identifier").map(|(_, value)| value.as_str());
    match (given.next(), given.next()) {
        (Some(value), None) if !value.trim().is_empty() => Ok(value),
        (Some(_), None) => {
            Err(Problem::new(400, "required", "Le paramètre 'identifier' est vide.").at("http.identifier"))
        }
        (Some(_), Some(_)) => {
            Err(Problem::new(400, "value", "Le paramètre 'identifier' est donné plusieurs fois.")
                .at("http.identifier"))
        }
        (None, _) => {
            Err(Problem::new(400, "required", "Le paramètre 'identifier' est absent.").at("http.identifier"))
        }
    }
}

/// One request of a supplier that may write for `establishments` (IdNat_Struct): the Location afterwards.
///
/// # Errors
/// In this order: 403 for an establishment that is not its own; 400 `structure`; 404 no such Location; 412 several;
/// 400 `business-rule` with all that is wrong; 404 no such indicator. Nothing is changed then, whatever the body held.
pub fn patch(
    directory: &Directory,
    identifier: &str,
    body: &[u8],
    establishments: &[String],
    now: OffsetDateTime,
    options: Options,
) -> Result<Patched, Problem> {
    let found = locations(directory, identifier);
    authorise(directory, identifier, &found, establishments)?;
    let patch = Patch::parse(&fhirpath_patch::json(body)?)?;
    let location = match found.as_slice() {
        [] => return Err(no_location(identifier)),
        [location] => location,
        several => return Err(several_locations(several.len())),
    };
    let issues = business_issues(&patch, &Record::of_location(&location.json));
    if let Some(problem) = Problem::of_issues(400, issues) {
        return Err(problem);
    }
    let extensions = apply(&patch, &location.json, options)?;
    finish(location, extensions, now)
}

/// 403 when a Location found, or the establishment that the identifier names, is not the supplier's.
fn authorise(
    directory: &Directory,
    identifier: &str,
    found: &[&Arc<Resource>],
    establishments: &[String],
) -> Result<(), Problem> {
    let allowed = |establishment: &str| establishments.iter().any(|own| own == establishment);
    let refused = |whose: &str| {
        Problem::forbidden(format!(
            "L'établissement '{}' n'est pas de ceux pour lesquels ce fournisseur peut écrire.",
            shorten(whose)
        ))
    };
    for location in found {
        match establishment(directory, location) {
            Some(whose) if allowed(&whose) => {}
            Some(whose) => return Err(refused(&whose)),
            None => return Err(refused("inconnu")),
        }
    }
    // An unknown identifier: an IdNat_Struct has at least nine characters, what is shorter is the region of an entry id.
    match identifier.split_once('/') {
        Some((named, _)) if found.is_empty() && named.chars().count() >= 9 && !allowed(named) => {
            Err(refused(named))
        }
        _ => Ok(()),
    }
}

fn no_location(identifier: &str) -> Problem {
    let diagnostics = format!(
        "Aucune Location n'a '{}' pour identifiant externe de synchro ou identifiant unique de saisie.",
        shorten(identifier)
    );
    Problem::new(404, "not-found", diagnostics).at("Location")
}

fn several_locations(count: usize) -> Problem {
    let diagnostics = format!("La Location recherchée n'est pas unique : il y a '{count}' résultats.");
    Problem::new(412, "multiple-matches", diagnostics).at("Location")
}

/// The element that a business rule is about, as the ROR writes it.
fn element(member: Option<&str>) -> String {
    let records = format!("Location.extension('{SUPPORTED_CAPACITY}')");
    match member {
        Some(member) => format!("{records}.extension('{member}')"),
        None => records,
    }
}

/// All that is wrong with the records and the keys, at once.
fn business_issues(patch: &Patch, held: &[Record]) -> Vec<Issue> {
    let mut issues = Vec::new();
    for operation in &patch.operations {
        match operation {
            Operation::Add { record } => record_issues(record, held, &mut issues),
            Operation::Replace { key, record } => {
                record_issues(record, held, &mut issues);
                key_issues(key, &mut issues);
                if *key != record.key {
                    issues.push(business(
                        &format!(
                            "Le nouvel objet ({}) n'est pas l'indicateur du FhirPath ({key}).",
                            record.key
                        ),
                        Some(&element(None)),
                    ));
                }
            }
            Operation::ReplaceAll { records } => {
                for (index, record) in records.iter().enumerate() {
                    record_issues(record, &[], &mut issues);
                    if records[..index].iter().any(|earlier| earlier.key == record.key) {
                        issues.push(duplicate(&record.key));
                    }
                }
            }
            Operation::Delete { key } => key_issues(key, &mut issues),
        }
    }
    issues
}

fn record_issues(record: &Record, held: &[Record], issues: &mut Vec<Issue>) {
    let indicators = Indicators::standard();
    if let Some(capacity_type) = &record.capacity_type {
        let other = held
            .iter()
            .any(|held| held.key == record.key && held.capacity_type.as_ref() != Some(capacity_type));
        if other || !indicators.accepts_type(&record.key, capacity_type) {
            issues.push(business(
                &format!(
                    "Indicateur {} : la 'natureCapacite' a un code autre que celui attendu.",
                    name(&record.key)
                ),
                Some(&element(Some(TYPE))),
            ));
        }
    }
    if !indicators.accepts(&record.key) {
        issues.push(business(
            &format!("Le nouvel objet ne correspond pas à un indicateur valide : {}", record.key),
            Some(&element(None)),
        ));
    }
    for (member, fault) in record.faults() {
        // Keys that are missing or unknown have just been told as a combination that does not exist.
        let told = *fault == Fault::UnknownCode || *fault == Fault::Missing || *fault == Fault::NoCode;
        if told && record::KeyMember::parse(member).is_some() && !indicators.accepts(&record.key) {
            continue;
        }
        // So has a nature that no indicator expects.
        if *fault == Fault::UnknownCode && member == TYPE {
            continue;
        }
        let what = match fault {
            Fault::Missing => "est absent",
            Fault::Repeated => "est donné plusieurs fois",
            Fault::NotACount => "n'est pas un nombre entier positif ou nul",
            Fault::NotADate => "n'est pas une date FHIR (dateTime)",
            Fault::NoCode => "ne contient pas de code",
            Fault::UnknownCode => "a un code inconnu de la nomenclature",
            Fault::NotAText => "n'est pas un texte",
        };
        issues.push(business(&format!("L'attribut '{member}' {what}."), Some(&element(Some(member)))));
    }
}

fn key_issues(key: &RecordKey, issues: &mut Vec<Issue>) {
    if !Indicators::standard().accepts(key) {
        // The documented answer has no expression here.
        issues.push(business(
            &format!("Les critères du FhirPath ne correspondent pas à un indicateur valide : {key}"),
            None,
        ));
    }
}

fn duplicate(key: &RecordKey) -> Issue {
    business(&format!("L'indicateur est déjà présent en base : {key}"), Some(&element(None)))
}

fn business(diagnostics: &str, expression: Option<&str>) -> Issue {
    Issue::new("business-rule", diagnostics, expression)
}

fn name(key: &RecordKey) -> String {
    let status = key.status.as_deref().unwrap_or("null");
    let label = Indicators::standard()
        .code_member("capacityStatus")
        .and_then(|member| member.code_system()?.label(status))
        .unwrap_or("INDICATEUR_INCONNU");
    shorten(label)
}

/// The extensions of the Location after all operations, in their order.
fn apply(patch: &Patch, location: &Value, options: Options) -> Result<Vec<Value>, Problem> {
    let mut extensions = location.get("extension").and_then(Value::as_array).cloned().unwrap_or_default();
    let (mut refusals, mut missing) = (Vec::new(), false);
    for operation in &patch.operations {
        match operation {
            Operation::Add { record } => {
                let held = !positions(&extensions, &record.key).is_empty();
                if held && options.duplicate_add == DuplicateAdd::Refuse {
                    refusals.push(duplicate(&record.key));
                } else {
                    let last = extensions.iter().rposition(is_capacity);
                    extensions.insert(last.map_or(extensions.len(), |last| last + 1), record.to_extension());
                }
            }
            Operation::Replace { key, record } => match positions(&extensions, key).as_slice() {
                [] => missing = true,
                [one] => extensions[*one] = record.to_extension(),
                // FHIRPath Patch: the path of a replacement selects one element.
                several => refusals.push(business(
                    &format!("L'indicateur n'est pas unique, il y a '{}' résultats : {key}", several.len()),
                    Some(&element(None)),
                )),
            },
            Operation::ReplaceAll { records } => {
                extensions.retain(|extension| !is_capacity(extension));
                extensions.extend(records.iter().map(Record::to_extension));
            }
            Operation::Delete { key } => {
                let found = positions(&extensions, key);
                missing |= found.is_empty();
                for position in found.into_iter().rev() {
                    extensions.remove(position);
                }
            }
        }
    }
    match Problem::of_issues(400, refusals) {
        Some(problem) => Err(problem),
        None if missing => Err(no_indicator(options.expression)),
        None => Ok(extensions),
    }
}

fn is_capacity(extension: &Value) -> bool {
    extension.get("url").and_then(Value::as_str) == Some(SUPPORTED_CAPACITY)
}

fn positions(extensions: &[Value], key: &RecordKey) -> Vec<usize> {
    let same = |extension: &Value| Record::from_extension(extension).is_some_and(|record| record.key == *key);
    extensions
        .iter()
        .enumerate()
        .filter(|(_, extension)| same(extension))
        .map(|(position, _)| position)
        .collect()
}

fn no_indicator(form: ExpressionForm) -> Problem {
    let problem = Problem::new(
        404,
        "not-found",
        "L'indicateur à mettre à jour ne peut être déterminé : aucun indicateur présent en base ne correspond.",
    )
    .at(format!("Location.extension.where(url='{SUPPORTED_CAPACITY}')"));
    match form {
        ExpressionForm::Plain => problem.with_plain_expression(),
        ExpressionForm::Array => problem,
    }
}

fn finish(location: &Resource, extensions: Vec<Value>, now: OffsetDateTime) -> Result<Patched, Problem> {
    let mut json = location.json.clone();
    let version = next_version(&json);
    let (last_modified, text) = date_time::milliseconds(now);
    json["meta"] = meta(&json["meta"], &version, &text);
    json["extension"] = Value::Array(extensions);
    let identifier = functional_identifier(&json).unwrap_or_default().to_owned();
    let location = Resource::new(json)
        .ok_or_else(|| Problem::internal("La Location n'a pas d'identifiant technique."))?;
    Ok(Patched { location, identifier, version, last_modified })
}

/// A resource of the dataset has no version before its first change: that was version 1.
fn next_version(json: &Value) -> String {
    let current =
        json["meta"]["versionId"].as_str().and_then(|version| version.parse::<u64>().ok()).unwrap_or(1);
    current.saturating_add(1).to_string()
}

/// `versionId` and `lastUpdated` first, then what else was there.
fn meta(before: &Value, version: &str, updated: &str) -> Value {
    let mut meta = json!({"versionId": version, "lastUpdated": updated});
    for (member, value) in before.as_object().into_iter().flatten() {
        if member != "versionId" && member != "lastUpdated" {
            meta[member] = value.clone();
        }
    }
    meta
}
