//! Comparisons of what a client declares to hold with the truth of its profile, one function for each datum.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use super::context::{Expected, Truth};
use super::words::{both, quote, values};
use crate::text::Text;

/// One resource that the client declares.
pub(super) struct Item<'a> {
    resource: String,
    id: String,
    value: &'a Value,
}

/// What a comparison found: how many values were compared, and which are wrong.
#[derive(Default)]
pub(super) struct Comparison {
    pub(super) compared: usize,
    pub(super) wrong: Vec<Text>,
    /// Something that must be there is not.
    pub(super) missing: bool,
    /// Something is there that must not be.
    pub(super) extra: bool,
    /// A value that differs is the one from before a change.
    pub(super) stale: bool,
}

const KNOWN_TYPES: [&str; 8] = [
    "Organization",
    "HealthcareService",
    "Location",
    "Practitioner",
    "PractitionerRole",
    "Task",
    "Questionnaire",
    "Measure",
];

pub(super) fn items(declared: &[Value]) -> (Vec<Item<'_>>, Vec<Text>) {
    let mut items = Vec::new();
    let mut unusable = 0_usize;
    for value in declared {
        let resource = value.get("resourceType").and_then(Value::as_str);
        let id = value.get("id").and_then(plain);
        match (resource, id) {
            (Some(resource), Some(id)) => {
                let id = id.strip_prefix(&format!("{resource}/")).unwrap_or(&id).to_owned();
                items.push(Item { resource: resource.to_owned(), id, value });
            }
            _ => unusable += 1,
        }
    }
    let mut notes = Vec::new();
    if unusable > 0 {
        notes.push(both!(
            "{unusable} élément(s) de « integrated » sans resourceType ou id : non comparé(s).",
            "{unusable} item(s) of `integrated` without resourceType or id: not compared."
        ));
    }
    let unknown: BTreeSet<&str> =
        items.iter().map(|item| item.resource.as_str()).filter(|name| !KNOWN_TYPES.contains(name)).collect();
    if !unknown.is_empty() {
        let unknown = values(&unknown.into_iter().collect::<Vec<_>>());
        notes.push(both!(
            "Types inconnus du ROR, non comparés : {unknown}.",
            "Types unknown to the ROR, not compared: {unknown}."
        ));
    }
    items.retain(|item| KNOWN_TYPES.contains(&item.resource.as_str()));
    (items, notes)
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The types declared.
pub(super) fn types<'a>(items: &'a [Item<'_>]) -> BTreeSet<&'a str> {
    items.iter().map(|item| item.resource.as_str()).collect()
}

pub(super) fn ids(truth: &dyn Truth, items: &[Item<'_>], expected: &Expected) -> Comparison {
    let matched = &expected.types;
    let declared: BTreeSet<(String, String)> = items
        .iter()
        .filter(|item| matched.contains(item.resource.as_str()))
        .map(|item| (item.resource.clone(), item.id.clone()))
        .collect();
    let reference = |(resource, id): &(String, String)| format!("{resource}/{id}");
    let mut comparison = Comparison { compared: items.len(), ..Comparison::default() };
    let missing: Vec<String> = expected.required.difference(&declared).map(reference).collect();
    if !missing.is_empty() {
        comparison.missing = true;
        let (count, shown) = (missing.len(), values(&missing));
        comparison.wrong.push(both!(
            "Il manque {count} ressource(s) que le profil voit : {shown}.",
            "{count} resource(s) that the profile sees are missing: {shown}."
        ));
    }
    let extra = declared.difference(&expected.required).filter(|held| !expected.tolerated.contains(*held));
    let extra: Vec<String> = extra.map(reference).collect();
    if !extra.is_empty() {
        comparison.extra = true;
        let (count, shown) = (extra.len(), values(&extra));
        comparison.wrong.push(both!(
            "{count} ressource(s) déclarée(s) ne répondent pas à la demande : {shown}.",
            "{count} resource(s) declared do not answer what was asked: {shown}."
        ));
    }
    let invented: BTreeSet<String> = items
        .iter()
        .filter(|item| !matched.contains(item.resource.as_str()) && !truth.exists(&item.resource, &item.id))
        .filter(|item| !expected.tolerated.contains(&(item.resource.clone(), item.id.clone())))
        .map(|item| format!("{}/{}", item.resource, item.id))
        .collect();
    if !invented.is_empty() {
        comparison.extra = true;
        let invented: Vec<String> = invented.into_iter().collect();
        let (count, shown) = (invented.len(), values(&invented));
        comparison.wrong.push(both!(
            "{count} ressource(s) incluse(s) n’existent pas pour ce profil : {shown}.",
            "{count} included resource(s) do not exist for this profile: {shown}."
        ));
    }
    comparison
}

pub(super) fn no_repeat(items: &[Item<'_>]) -> Comparison {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for item in items {
        *counts.entry(format!("{}/{}", item.resource, item.id)).or_default() += 1;
    }
    let wrong = counts
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(reference, count)| {
            let reference = quote(&reference);
            both!("{reference} est déclarée {count} fois.", "{reference} is declared {count} times.")
        })
        .collect();
    Comparison { compared: items.len(), wrong, ..Comparison::default() }
}

/// `before` is the truth after each earlier step, the latest first: what a client holds that has not seen a change.
pub(super) fn names(
    truth: &dyn Truth,
    before: impl Fn() -> Vec<Rc<dyn Truth>>,
    items: &[Item<'_>],
) -> Comparison {
    let normal = |text: &str| text.trim().nfc().collect::<String>();
    let mut comparison = Comparison::default();
    for item in items {
        let Some(declared) = item.value.get("name").and_then(Value::as_str) else { continue };
        let Some(name) = truth.name(&item.resource, &item.id) else { continue };
        comparison.compared += 1;
        if normal(declared) == normal(&name) {
            continue;
        }
        let former = before()
            .iter()
            .filter_map(|truth| truth.name(&item.resource, &item.id))
            .any(|former| normal(&former) == normal(declared));
        let (reference, declared, name) = (item.reference(), quote(declared), quote(&name));
        comparison.wrong.push(if former {
            comparison.stale = true;
            both!(
                "{reference} s’appelle maintenant « {name} » dans le ROR ; le client tient le nom d’avant ce changement, « {declared} ».",
                "{reference} is now called `{name}` in the ROR; the client holds the name from before that change, `{declared}`."
            )
        } else {
            both!(
                "{reference} s’appelle « {name} » dans le ROR, et « {declared} » dans le client.",
                "{reference} is called `{name}` in the ROR and `{declared}` in the client."
            )
        });
    }
    comparison
}

pub(super) fn telecoms(truth: &dyn Truth, items: &[Item<'_>]) -> Comparison {
    let mut comparison = Comparison::default();
    for item in items {
        let declared = list(item.value, "telecoms");
        if !truth.exists(&item.resource, &item.id) {
            continue;
        }
        // That there is none is a declaration too, of which the truth says whether it is right.
        if declared.is_empty() {
            let none = || truth.telecoms(&item.resource, &item.id).is_empty();
            comparison.compared += usize::from(is_empty_list(item.value, "telecoms") && none());
            continue;
        }
        let visible: BTreeSet<String> =
            truth.telecoms(&item.resource, &item.id).iter().map(|value| plain_telecom(value)).collect();
        for telecom in declared {
            let Some(value) = plain(telecom).or_else(|| plain(telecom.get("value")?)) else { continue };
            comparison.compared += 1;
            if !visible.contains(&plain_telecom(&value)) {
                let (reference, value) = (item.reference(), quote(&value));
                comparison.wrong.push(both!(
                    "La coordonnée « {value} » n’est pas visible pour ce profil sur {reference}.",
                    "The telecom `{value}` is not visible to this profile on {reference}."
                ));
            }
        }
    }
    comparison
}

/// Telecoms of which the client declares a part only: the contract lets it, so that a person has to look.
pub(super) fn partial_telecoms(truth: &dyn Truth, items: &[Item<'_>]) -> Comparison {
    let value = |telecom: &Value| plain(telecom).or_else(|| plain(telecom.get("value")?));
    partial(truth, items, "telecoms", |item| {
        let declared = list(item.value, "telecoms").iter().filter_map(value);
        let visible = truth.telecoms(&item.resource, &item.id);
        (
            declared.map(|one| plain_telecom(&one)).collect(),
            visible.iter().map(|one| plain_telecom(one)).collect(),
        )
    })
}

/// Capacities of which the client declares a part only, likewise.
pub(super) fn partial_capacities(truth: &dyn Truth, items: &[Item<'_>]) -> Comparison {
    let pair = |(status, count): (String, i64)| format!("{status}:{count}");
    let read =
        |capacity: &Value| Some(pair((capacity.get("status").and_then(plain)?, capacity["count"].as_i64()?)));
    partial(truth, items, "capacities", |item| {
        let declared = list(item.value, "capacities").iter().filter_map(read).collect();
        (declared, truth.capacities(&item.resource, &item.id).into_iter().map(pair).collect())
    })
}

/// Compares, resource by resource, the set that is declared with the set that is visible, duplicates aside. A client
/// that declares nothing of a resource is not asked for it.
fn partial(
    truth: &dyn Truth,
    items: &[Item<'_>],
    member: &str,
    sets: impl Fn(&Item<'_>) -> (BTreeSet<String>, BTreeSet<String>),
) -> Comparison {
    let mut comparison = Comparison::default();
    for item in items.iter().filter(|item| truth.exists(&item.resource, &item.id)) {
        if item.value.get(member).and_then(Value::as_array).is_none() {
            continue;
        }
        let (declared, visible) = sets(item);
        comparison.compared += visible.len();
        let missing: Vec<&String> = visible.difference(&declared).collect();
        if missing.is_empty() {
            continue;
        }
        let (reference, shown) = (item.reference(), values(&missing));
        let (part, whole) = (visible.len() - missing.len(), visible.len());
        comparison.wrong.push(both!(
            "{reference} : « {member} » en déclare {part} sur {whole} ; il manque {shown}.",
            "{reference}: `{member}` declares {part} of {whole} of them; missing: {shown}."
        ));
    }
    comparison
}

fn is_empty_list(item: &Value, member: &str) -> bool {
    item.get(member).and_then(Value::as_array).is_some_and(Vec::is_empty)
}

pub(super) fn capacities(truth: &dyn Truth, items: &[Item<'_>]) -> Comparison {
    let mut comparison = Comparison::default();
    for item in items {
        let declared = list(item.value, "capacities");
        if !truth.exists(&item.resource, &item.id) {
            continue;
        }
        if declared.is_empty() {
            let none = || truth.capacities(&item.resource, &item.id).is_empty();
            comparison.compared += usize::from(is_empty_list(item.value, "capacities") && none());
            continue;
        }
        let mut left = truth.capacities(&item.resource, &item.id);
        let known = left.iter().map(|(status, count)| format!("{status}:{count}")).collect::<Vec<_>>();
        for capacity in declared {
            let status = capacity.get("status").and_then(plain);
            let count = capacity.get("count").and_then(Value::as_i64);
            let (Some(status), Some(count)) = (status, count) else { continue };
            comparison.compared += 1;
            match left.iter().position(|other| other.0 == status && other.1 == count) {
                Some(position) => drop(left.swap_remove(position)),
                None => {
                    let (reference, status, known) = (item.reference(), quote(&status), values(&known));
                    comparison.wrong.push(both!(
                        "{reference} : la capacité déclarée (statut {status}, nombre {count}) n’est pas dans le ROR ({known}).",
                        "{reference}: the capacity declared (status {status}, count {count}) is not in the ROR ({known})."
                    ));
                }
            }
        }
    }
    comparison.wrong.extend(zeros_left_out(truth, items));
    comparison
}

/// Zero is a datum: a client that declares capacities of a status does not leave out the current ones that are zero.
fn zeros_left_out(truth: &dyn Truth, items: &[Item<'_>]) -> Vec<Text> {
    let declared = |item: &Item<'_>| -> Option<Vec<(String, i64)>> {
        let capacities = item.value.get("capacities")?.as_array()?;
        let read =
            |capacity: &Value| Some((capacity.get("status").and_then(plain)?, capacity["count"].as_i64()?));
        Some(capacities.iter().filter_map(read).collect())
    };
    let known: BTreeSet<String> =
        items.iter().filter_map(declared).flatten().map(|(status, _)| status).collect();
    let mut wrong = Vec::new();
    for item in items {
        let Some(declared) = declared(item) else { continue };
        for status in truth.empty_capacities(&item.resource, &item.id) {
            if known.contains(&status) && !declared.contains(&(status.clone(), 0)) {
                let (reference, status) = (item.reference(), quote(&status));
                wrong.push(both!(
                    "{reference} : la capacité de statut {status} est à zéro dans le ROR, et manque : zéro n’est pas « inconnu ».",
                    "{reference}: the capacity of status {status} is zero in the ROR, and is missing: zero is not `unknown`."
                ));
            }
        }
    }
    wrong
}

pub(super) fn identifiers(truth: &dyn Truth, items: &[Item<'_>]) -> Comparison {
    let mut comparison = Comparison::default();
    for item in items {
        let known = truth.identifiers(&item.resource, &item.id);
        for (kind, value) in declared_identifiers(item.value) {
            if !truth.exists(&item.resource, &item.id) {
                continue;
            }
            comparison.compared += 1;
            if known.iter().any(|(code, other)| *code == kind && *other == value) {
                continue;
            }
            let (reference, shown, shown_kind) = (item.reference(), quote(&value), quote(&kind));
            let right = known.iter().find(|(_, other)| *other == value);
            comparison.wrong.push(match right {
                Some((code, _)) => both!(
                    "{reference} : « {shown} » est déclaré comme identifiant de type {shown_kind}, alors que le ROR lui donne le type {code}.",
                    "{reference}: `{shown}` is declared as the identifier of type {shown_kind} whereas the ROR gives it the type {code}."
                ),
                None => both!(
                    "{reference} : le ROR ne donne pas « {shown} » comme identifiant de type {shown_kind}.",
                    "{reference}: the ROR does not give `{shown}` as the identifier of type {shown_kind}."
                ),
            });
        }
    }
    comparison
}

/// `identifiers` as an object, `{"40": "1450000001"}`, or as a list, `[{"type": "40", "value": "1450000001"}]`.
fn declared_identifiers(item: &Value) -> Vec<(String, String)> {
    match item.get("identifiers") {
        Some(Value::Object(members)) => {
            members.iter().filter_map(|(kind, value)| Some((kind.clone(), plain(value)?))).collect()
        }
        Some(Value::Array(items)) => {
            let field = |identifier: &Value, name: &str| identifier.get(name).and_then(plain);
            items.iter().filter_map(|item| Some((field(item, "type")?, field(item, "value")?))).collect()
        }
        _ => Vec::new(),
    }
}

impl Item<'_> {
    fn reference(&self) -> String {
        quote(&format!("{}/{}", self.resource, self.id))
    }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A telecom without the way in which it is written: digits of a number, in national form; an address in lower case.
fn plain_telecom(value: &str) -> String {
    let value =
        value.trim().strip_prefix("tel:").or_else(|| value.trim().strip_prefix("mailto:")).unwrap_or(value);
    if !value.chars().any(|c| c.is_ascii_digit()) || value.chars().any(char::is_alphabetic) {
        return value.trim().to_lowercase();
    }
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let national =
        digits.strip_prefix("0033").or_else(|| digits.strip_prefix("33").filter(|rest| rest.len() == 9));
    national.map_or(digits.clone(), |rest| format!("0{rest}"))
}
