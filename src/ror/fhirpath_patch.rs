//! FHIRPath Patch bodies (FHIR R4, `fhirpatch.html`) with the liberties that the ROR's documented examples take
//! (`ror-fhir.md` §5.1): the operations, before anybody looks at their values.

use serde_json::Value;

use super::problem::Problem;
use crate::text::Text;

/// More operations than this in one body are not read.
const MAXIMUM_OPERATIONS: usize = 1_000;

/// A body that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed {
    /// Where in the body.
    pub(super) at: String,
    pub(super) what: Text,
}

/// 400 `structure`; over the wire the mock speaks French, as the ROR does.
impl From<Malformed> for Problem {
    fn from(malformed: Malformed) -> Self {
        Self::new(400, "structure", malformed.what.fr).at(malformed.at)
    }
}

/// What an operation does. `insert` and `move` exist in FHIR, the ROR never uses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Add,
    Replace,
    Delete,
}

/// One operation.
#[derive(Debug)]
pub(super) struct Operation<'a> {
    /// Where it stands: `Parameters.parameter[0]`.
    pub(super) at: String,
    pub(super) kind: Kind,
    pub(super) path: &'a str,
    /// Where the path stands.
    pub(super) path_at: String,
    pub(super) name: Option<&'a str>,
    /// Parts that hold the value, each with its place; `extension` beside `value` is quirk (f).
    pub(super) values: Vec<(String, &'a Value)>,
}

/// The operations of a body; at least one.
///
/// # Errors
/// When the body is not a Parameters or an operation cannot be understood.
pub(super) fn operations(body: &Value) -> Result<Vec<Operation<'_>>, Malformed> {
    if body.get("resourceType").and_then(Value::as_str) != Some("Parameters") {
        return Err(malformed(
            "Parameters",
            "Le corps doit être une ressource Parameters (FHIRPath Patch).",
            "The body must be a Parameters resource (FHIRPath Patch).",
        ));
    }
    let parameters = items(body, "parameter", "Parameters");
    let found: Vec<_> =
        parameters.into_iter().filter(|(_, parameter)| name_of(parameter) == Some("operation")).collect();
    if found.is_empty() {
        return Err(malformed(
            "Parameters.parameter",
            "Aucun paramètre 'operation'.",
            "No parameter 'operation'.",
        ));
    }
    if found.len() > MAXIMUM_OPERATIONS {
        return Err(malformed(
            "Parameters.parameter",
            &format!("Plus de {MAXIMUM_OPERATIONS} opérations."),
            &format!("More than {MAXIMUM_OPERATIONS} operations."),
        ));
    }
    found.into_iter().map(|(at, parameter)| operation(at, parameter)).collect()
}

fn operation(at: String, parameter: &Value) -> Result<Operation<'_>, Malformed> {
    let parts = items(parameter, "part", &at);
    let named = |name: &str| parts.iter().find(|(_, part)| name_of(part) == Some(name));
    let text = |name: &str| named(name).and_then(|(at, part)| Some((at.clone(), text_of(part)?)));
    let Some((kind_at, kind)) = text("type") else {
        return Err(malformed(
            &at,
            "Le type de l'opération est absent.",
            "The type of the operation is missing.",
        ));
    };
    let kind = match kind {
        "add" => Kind::Add,
        "replace" => Kind::Replace,
        "delete" => Kind::Delete,
        _ => {
            return Err(malformed(
                &kind_at,
                "Type d'opération inconnu : attendu add, replace ou delete.",
                "Unknown type of operation: add, replace or delete is expected.",
            ));
        }
    };
    let Some((path_at, path)) = text("path") else {
        return Err(malformed(
            &at,
            "Le chemin (path) de l'opération est absent.",
            "The path of the operation is missing.",
        ));
    };
    let name = text("name").map(|(_, name)| name);
    let values = parts
        .iter()
        .filter(|(_, part)| matches!(name_of(part), Some("value" | "extension")))
        .map(|(at, part)| (at.clone(), *part))
        .collect();
    Ok(Operation { at, kind, path, path_at, name, values })
}

/// The name of a parameter or part.
pub(super) fn name_of(part: &Value) -> Option<&str> {
    part.get("name").and_then(Value::as_str)
}

/// `valueString` or `valueCode` (§5.1), or the bare `value` of quirk (c).
pub(super) fn text_of(part: &Value) -> Option<&str> {
    ["valueString", "valueCode", "valueUri", "valueUrl", "value"]
        .iter()
        .find_map(|member| part.get(member).and_then(Value::as_str))
}

/// The items of a member with their places; an object where an array is due counts as one item, quirk (e).
pub(super) fn items<'a>(value: &'a Value, member: &str, at: &str) -> Vec<(String, &'a Value)> {
    match value.get(member) {
        Some(Value::Array(items)) => {
            items.iter().enumerate().map(|(index, item)| (format!("{at}.{member}[{index}]"), item)).collect()
        }
        Some(one @ Value::Object(_)) => vec![(format!("{at}.{member}"), one)],
        _ => Vec::new(),
    }
}

pub(super) fn malformed(at: &str, fr: &str, en: &str) -> Malformed {
    Malformed { at: at.to_owned(), what: Text::new(fr, en) }
}

/// A body that should be JSON.
///
/// # Errors
/// 400 `structure`, with line and column.
pub(super) fn json(body: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        let place = format!("ligne {}, colonne {}", error.line(), error.column());
        Problem::new(400, "structure", format!("Le corps n'est pas du JSON bien formé ({place})."))
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn strings_and_codes_are_read_alike() {
        let body = |member: &str| {
            json!({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
                {"name": "type", member: "delete"}, {"name": "path", member: "Location"}]}]})
        };
        for member in ["valueString", "valueCode"] {
            let body = body(member);
            let operations = operations(&body).unwrap();
            assert_eq!((operations[0].kind, operations[0].path), (Kind::Delete, "Location"), "{member}");
            assert_eq!(operations[0].path_at, "Parameters.parameter[0].part[1]");
        }
    }

    #[test]
    fn what_is_not_a_patch_is_refused_with_its_place() {
        let part = |name: &str, text: &str| json!({"name": name, "valueString": text});
        let with = |parts: Value| json!({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]});
        for (body, place) in [
            (json!([]), "Parameters"),
            (json!({"resourceType": "Location"}), "Parameters"),
            (json!({"resourceType": "Parameters"}), "Parameters.parameter"),
            (json!({"resourceType": "Parameters", "parameter": [{"name": "x"}]}), "Parameters.parameter"),
            (with(json!([part("path", "Location")])), "Parameters.parameter[0]"),
            (
                with(json!([part("type", "remove"), part("path", "Location")])),
                "Parameters.parameter[0].part[0]",
            ),
            (
                with(json!([part("type", "insert"), part("path", "Location")])),
                "Parameters.parameter[0].part[0]",
            ),
            (with(json!([part("type", "add")])), "Parameters.parameter[0]"),
        ] {
            let problem = Problem::from(operations(&body).unwrap_err());
            assert_eq!((problem.status, problem.code), (400, "structure"));
            assert_eq!(problem.expression.as_deref(), Some(place), "{body}");
        }
        assert!(json(b"{").unwrap_err().diagnostics.contains("ligne 1"));
    }
}
