//! The shape of a Task in FHIR R4: elements, their types and how often they stand, as far as an anomaly needs them.
//! What is not in these tables is refused, so that nothing invalid is ever served.

use serde_json::Value;

use crate::ror::date_time;
use crate::text::Text;

/// Deeper than this nothing is valid here.
const MAXIMUM_DEPTH: usize = 12;

pub(super) struct Element {
    pub(super) name: &'static str,
    kind: Kind,
    many: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    String,
    Code,
    CodeOf(&'static [&'static str]),
    Uri,
    Date,
    DateTime,
    Boolean,
    Integer,
    Decimal,
    Complex(&'static [Element]),
}

const fn one(name: &'static str, kind: Kind) -> Element {
    Element { name, kind, many: false }
}

const fn many(name: &'static str, kind: Kind) -> Element {
    Element { name, kind, many: true }
}

use Kind::{Boolean, Code, CodeOf, Complex, Date, DateTime, Decimal, Integer, String, Uri};

static EXTENSION: [Element; 20] = [
    one("url", Uri),
    many("extension", Complex(&EXTENSION)),
    one("valueString", String),
    one("valueMarkdown", String),
    one("valueCode", Code),
    one("valueUri", Uri),
    one("valueUrl", Uri),
    one("valueCanonical", Uri),
    one("valueBoolean", Boolean),
    one("valueInteger", Integer),
    one("valueDecimal", Decimal),
    one("valueDate", Date),
    one("valueDateTime", DateTime),
    one("valueCoding", Complex(&CODING)),
    one("valueCodeableConcept", Complex(&CONCEPT)),
    one("valueIdentifier", Complex(&IDENTIFIER)),
    one("valueReference", Complex(&REFERENCE)),
    one("valuePeriod", Complex(&PERIOD)),
    one("valueQuantity", Complex(&QUANTITY)),
    one("valueExpression", Complex(&EXPRESSION)),
];

static CODING: [Element; 6] = [
    many("extension", Complex(&EXTENSION)),
    one("system", Uri),
    one("version", String),
    one("code", Code),
    one("display", String),
    one("userSelected", Boolean),
];

static CONCEPT: [Element; 3] =
    [many("extension", Complex(&EXTENSION)), many("coding", Complex(&CODING)), one("text", String)];

static PERIOD: [Element; 2] = [one("start", DateTime), one("end", DateTime)];

static IDENTIFIER: [Element; 7] = [
    many("extension", Complex(&EXTENSION)),
    one("use", CodeOf(&["usual", "official", "temp", "secondary", "old"])),
    one("type", Complex(&CONCEPT)),
    one("system", Uri),
    one("value", String),
    one("period", Complex(&PERIOD)),
    one("assigner", Complex(&REFERENCE)),
];

static REFERENCE: [Element; 5] = [
    many("extension", Complex(&EXTENSION)),
    one("reference", String),
    one("type", Uri),
    one("identifier", Complex(&IDENTIFIER)),
    one("display", String),
];

static QUANTITY: [Element; 5] = [
    one("value", Decimal),
    one("comparator", CodeOf(&["<", "<=", ">=", ">"])),
    one("unit", String),
    one("system", Uri),
    one("code", Code),
];

static EXPRESSION: [Element; 5] = [
    one("description", String),
    one("name", Code),
    one("language", Code),
    one("expression", String),
    one("reference", Uri),
];

static ANNOTATION: [Element; 4] = [
    one("authorReference", Complex(&REFERENCE)),
    one("authorString", String),
    one("time", DateTime),
    one("text", String),
];

static META: [Element; 5] = [
    one("source", Uri),
    one("versionId", String),
    one("lastUpdated", DateTime),
    many("profile", Uri),
    many("tag", Complex(&CODING)),
];

static PARAMETER: [Element; 19] = [
    one("type", Complex(&CONCEPT)),
    one("valueString", String),
    one("valueMarkdown", String),
    one("valueCode", Code),
    one("valueUri", Uri),
    one("valueUrl", Uri),
    one("valueCanonical", Uri),
    one("valueBoolean", Boolean),
    one("valueInteger", Integer),
    one("valueDecimal", Decimal),
    one("valueDate", Date),
    one("valueDateTime", DateTime),
    one("valueCoding", Complex(&CODING)),
    one("valueCodeableConcept", Complex(&CONCEPT)),
    one("valueIdentifier", Complex(&IDENTIFIER)),
    one("valueReference", Complex(&REFERENCE)),
    one("valuePeriod", Complex(&PERIOD)),
    one("valueQuantity", Complex(&QUANTITY)),
    one("valueExpression", Complex(&EXPRESSION)),
];

/// FHIR R4 value set task-status.
const STATUSES: [&str; 12] = [
    "draft",
    "requested",
    "received",
    "accepted",
    "rejected",
    "ready",
    "cancelled",
    "in-progress",
    "on-hold",
    "failed",
    "completed",
    "entered-in-error",
];

/// FHIR R4 value set task-intent.
const INTENTS: [&str; 9] = [
    "unknown",
    "proposal",
    "plan",
    "order",
    "original-order",
    "reflex-order",
    "filler-order",
    "instance-order",
    "option",
];

/// Task, in the order of FHIR.
pub(super) static TASK: [Element; 34] = [
    one("resourceType", Code),
    one("id", Code),
    one("meta", Complex(&META)),
    one("implicitRules", Uri),
    one("language", Code),
    many("extension", Complex(&EXTENSION)),
    many("identifier", Complex(&IDENTIFIER)),
    many("basedOn", Complex(&REFERENCE)),
    one("groupIdentifier", Complex(&IDENTIFIER)),
    many("partOf", Complex(&REFERENCE)),
    one("status", CodeOf(&STATUSES)),
    one("statusReason", Complex(&CONCEPT)),
    one("businessStatus", Complex(&CONCEPT)),
    one("intent", CodeOf(&INTENTS)),
    one("priority", CodeOf(&["routine", "urgent", "asap", "stat"])),
    one("code", Complex(&CONCEPT)),
    one("description", String),
    one("focus", Complex(&REFERENCE)),
    one("for", Complex(&REFERENCE)),
    one("executionPeriod", Complex(&PERIOD)),
    one("authoredOn", DateTime),
    one("lastModified", DateTime),
    one("requester", Complex(&REFERENCE)),
    many("performerType", Complex(&CONCEPT)),
    one("owner", Complex(&REFERENCE)),
    one("location", Complex(&REFERENCE)),
    one("reasonCode", Complex(&CONCEPT)),
    one("reasonReference", Complex(&REFERENCE)),
    many("note", Complex(&ANNOTATION)),
    many("relevantHistory", Complex(&REFERENCE)),
    many("input", Complex(&PARAMETER)),
    many("output", Complex(&PARAMETER)),
    one("instantiatesUri", Uri),
    one("instantiatesCanonical", Uri),
];

/// Something that FHIR does not allow.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) at: std::string::String,
    pub(super) expected: Text,
    pub(super) actual: Text,
}

/// All that is not as FHIR has it.
pub(super) fn faults(task: &Value) -> Vec<Fault> {
    let mut found = Vec::new();
    complex(task, &TASK, "Task", MAXIMUM_DEPTH, &mut found);
    found
}

fn complex(value: &Value, elements: &[Element], at: &str, depth: usize, found: &mut Vec<Fault>) {
    let Some(object) = value.as_object().filter(|object| !object.is_empty() && depth > 0) else {
        return fault(at, "un objet JSON non vide", "a JSON object that is not empty", value, found);
    };
    for (name, value) in object {
        let at = format!("{at}.{name}");
        match elements.iter().find(|element| element.name == name) {
            None => fault(&at, "un élément que le ROR emploie", "an element that the ROR uses", value, found),
            Some(Element { kind, many: false, .. }) => single(value, *kind, &at, depth, found),
            Some(Element { kind, many: true, .. }) => {
                match value.as_array().filter(|items| !items.is_empty()) {
                    None => {
                        fault(&at, "un tableau JSON non vide", "a JSON array that is not empty", value, found)
                    }
                    Some(items) => {
                        for (index, item) in items.iter().enumerate() {
                            single(item, *kind, &format!("{at}[{index}]"), depth, found);
                        }
                    }
                }
            }
        }
    }
    let has = |name: &str| object.contains_key(name);
    let values = object.keys().filter(|name| name.starts_with("value") && name.len() > 5).count();
    let is = |table: &[Element]| std::ptr::eq(elements.as_ptr(), table.as_ptr());
    if is(&EXTENSION) && !(has("url") && values + usize::from(has("extension")) == 1) {
        fault(
            at,
            "une url et une valeur, ou des extensions",
            "a url and one value, or extensions",
            value,
            found,
        );
    }
    if is(&PARAMETER) && !(has("type") && values == 1) {
        fault(at, "un type et une valeur", "a type and one value", value, found);
    }
    if is(&EXPRESSION) && !(has("language") && (has("expression") || has("reference"))) {
        fault(at, "language et expression", "language and expression", value, found);
    }
    if is(&ANNOTATION) && !has("text") {
        fault(at, "text", "text", value, found);
    }
}

fn single(value: &Value, kind: Kind, at: &str, depth: usize, found: &mut Vec<Fault>) {
    let text = value.as_str().filter(|text| !text.trim().is_empty());
    let (valid, fr, en) = match kind {
        Complex(elements) => return complex(value, elements, at, depth - 1, found),
        String => (text.is_some(), "un texte", "a text"),
        Code => (text.is_some_and(is_code), "un code", "a code"),
        CodeOf(codes) => {
            let known = text.is_some_and(|text| codes.contains(&text));
            if !known {
                let codes = codes.join(", ");
                fault(at, &format!("un code parmi {codes}"), &format!("one of {codes}"), value, found);
            }
            return;
        }
        Uri => (text.is_some_and(|text| !text.contains(char::is_whitespace)), "un URI", "a URI"),
        Date => {
            (text.is_some_and(|text| text.len() <= 10 && date_time::is_date_time(text)), "une date", "a date")
        }
        DateTime => {
            (text.is_some_and(date_time::is_date_time), "une date FHIR (dateTime)", "a FHIR dateTime")
        }
        Boolean => (value.is_boolean(), "true ou false", "true or false"),
        Integer => (value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()), "un entier", "a whole number"),
        Decimal => (value.is_number(), "un nombre", "a number"),
    };
    if !valid {
        fault(at, fr, en, value, found);
    }
}

/// No white space at the ends, and single spaces inside.
fn is_code(text: &str) -> bool {
    text.split(' ').all(|word| !word.is_empty() && !word.contains(char::is_whitespace))
}

fn fault(at: &str, fr: &str, en: &str, value: &Value, found: &mut Vec<Fault>) {
    let actual: std::string::String = value.to_string().chars().take(200).collect();
    found.push(Fault { at: at.to_owned(), expected: Text::new(fr, en), actual: Text::same(actual) });
}
