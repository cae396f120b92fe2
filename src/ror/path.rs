//! Paths into a FHIR resource, as the data tables write them.
//!
//! `address.postalCode` · `extension[ror-commune-cog].valueCodeableConcept` · `characteristic[system=TRE_R213]` ·
//! `notAvailable[id=closingReopeningDate].during`. Arrays are walked through. In `extension[…]` a name that starts
//! with `ror-` or `ROR` stands for the URL of the ROR's StructureDefinition, and `a|b` for either of two; `[system=…]` takes a short code
//! system.

use serde_json::Value;

use super::nomenclature::Nomenclature;

/// What precedes the id of every extension and profile of the ROR.
pub(crate) const ROR_STRUCTURE: &str = "https://interop.esante.gouv.fr/ig/fhir/ror/StructureDefinition/";

/// The URL of an extension written by its short name in tables and datasets.
pub(crate) fn extension_url(name: &str) -> String {
    if name.starts_with("ror-") || name.starts_with("ROR") {
        format!("{ROR_STRUCTURE}{name}")
    } else {
        name.to_owned()
    }
}

/// System and code of the first coding of a CodeableConcept.
pub(crate) fn first_coding(concept: &Value) -> Option<(Option<&str>, &str)> {
    let coding = concept.get("coding")?.get(0)?;
    Some((coding.get("system").and_then(Value::as_str), coding.get("code")?.as_str()?))
}

/// A parsed path; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Segment {
    name: String,
    filter: Option<Filter>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Filter {
    /// An extension with one of these URLs.
    Url(Vec<String>),
    /// A CodeableConcept with a coding of this system.
    System(String),
    /// An element whose member has this string value.
    Member(String, String),
}

impl Path {
    /// The error says what is wrong with `text`.
    pub(crate) fn parse(text: &str, nomenclature: &Nomenclature) -> Result<Self, String> {
        let mut segments = Vec::new();
        let mut rest = text;
        loop {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if name.is_empty() {
                return Err(format!("`{text}`: an element name is missing"));
            }
            let (filter, after) = match after.strip_prefix('[') {
                None => (None, after),
                Some(inner) => {
                    let (inner, after) =
                        inner.split_once(']').ok_or_else(|| format!("`{text}`: `]` is missing"))?;
                    (Some(Filter::parse(inner, nomenclature).map_err(|e| format!("`{text}`: {e}"))?), after)
                }
            };
            segments.push(Segment { name: name.to_owned(), filter });
            match after.strip_prefix('.') {
                Some(next) => rest = next,
                None if after.is_empty() => return Ok(Self(segments)),
                None => return Err(format!("`{text}`: `.` is missing after `]`")),
            }
        }
    }

    /// Whether one of the values at this path passes `test`.
    pub(crate) fn any<'a>(&self, root: &'a Value, test: &mut dyn FnMut(&'a Value) -> bool) -> bool {
        any(root, &self.0, test)
    }

    /// The first value at this path.
    pub(crate) fn first<'a>(&self, root: &'a Value) -> Option<&'a Value> {
        let mut found = None;
        self.any(root, &mut |value| {
            found = Some(value);
            true
        });
        found
    }

    /// Whether `keep(parent, node)` holds for every node at this path.
    pub(crate) fn all_kept(&self, root: &Value, keep: &dyn Fn(&Value, &Value) -> bool) -> bool {
        all_kept(root, &self.0, keep)
    }

    /// Removes the nodes for which `keep(parent, node)` does not hold, and arrays left empty.
    pub(crate) fn retain(&self, root: &mut Value, keep: &dyn Fn(&Value, &Value) -> bool) {
        retain(root, &self.0, keep);
    }
}

impl Filter {
    fn parse(text: &str, nomenclature: &Nomenclature) -> Result<Self, String> {
        match text.split_once('=') {
            Some(("system", short)) => nomenclature
                .system(short)
                .map(|system| Self::System(system.url.clone()))
                .ok_or_else(|| format!("code system `{short}` is not in the nomenclature")),
            Some((member, value)) if !text.contains("://") => {
                Ok(Self::Member(member.to_owned(), value.to_owned()))
            }
            _ => Ok(Self::Url(text.split('|').map(extension_url).collect())),
        }
    }
}

impl Segment {
    fn accepts(&self, node: &Value) -> bool {
        let text_is = |name: &str, wanted: &str| node.get(name).and_then(Value::as_str) == Some(wanted);
        match &self.filter {
            None => true,
            Some(Filter::Url(urls)) => urls.iter().any(|url| text_is("url", url)),
            Some(Filter::Member(name, value)) => text_is(name, value),
            Some(Filter::System(url)) => {
                node.get("coding").and_then(Value::as_array).is_some_and(|codings| {
                    codings.iter().any(|c| c.get("system").and_then(Value::as_str) == Some(url))
                })
            }
        }
    }

    fn nodes<'a>(&'a self, value: &'a Value) -> impl Iterator<Item = &'a Value> {
        let member = value.get(&self.name);
        let many = match member {
            Some(Value::Array(items)) => items.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        many.iter().filter(|node| self.accepts(node))
    }
}

fn any<'a>(value: &'a Value, segments: &[Segment], test: &mut dyn FnMut(&'a Value) -> bool) -> bool {
    let Some((first, rest)) = segments.split_first() else { return test(value) };
    match value.get(&first.name) {
        Some(Value::Array(items)) => items.iter().any(|item| first.accepts(item) && any(item, rest, test)),
        Some(one) => first.accepts(one) && any(one, rest, test),
        None => false,
    }
}

fn all_kept(value: &Value, segments: &[Segment], keep: &dyn Fn(&Value, &Value) -> bool) -> bool {
    match segments {
        [] => true,
        [last] => last.nodes(value).all(|node| keep(value, node)),
        [first, rest @ ..] => first.nodes(value).all(|node| all_kept(node, rest, keep)),
    }
}

fn retain(value: &mut Value, segments: &[Segment], keep: &dyn Fn(&Value, &Value) -> bool) {
    let Some((first, rest)) = segments.split_first() else { return };
    if rest.is_empty() {
        // Decided before anything is removed: a node's fate may hang on its siblings (the level of a contact).
        let decisions: Vec<bool> = match value.get(&first.name) {
            Some(Value::Array(items)) => {
                items.iter().map(|node| !first.accepts(node) || keep(value, node)).collect()
            }
            Some(one) => vec![!first.accepts(one) || keep(value, one)],
            None => return,
        };
        let Some(object) = value.as_object_mut() else { return };
        if decisions.contains(&true) {
            if let Some(Value::Array(items)) = object.get_mut(&first.name) {
                let mut decision = decisions.into_iter();
                items.retain(|_| decision.next().unwrap_or(true));
            }
        } else {
            object.shift_remove(&first.name);
        }
        return;
    }
    match value.get_mut(&first.name) {
        Some(Value::Array(items)) => {
            for item in items.iter_mut().filter(|item| first.accepts(item)) {
                retain(item, rest, keep);
            }
        }
        Some(one) if first.accepts(one) => retain(one, rest, keep),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn path(text: &str) -> Path {
        Path::parse(text, Nomenclature::standard()).unwrap()
    }

    #[test]
    fn walks_arrays_and_filters() {
        let value = json!({"a": [{"id": "x", "b": 1}, {"id": "y", "b": 2}], "extension": [
            {"url": format!("{ROR_STRUCTURE}ror-comment"), "valueString": "c"}, {"url": "plain", "valueString": "p"}]});
        assert_eq!(path("a[id=y].b").first(&value), Some(&json!(2)));
        assert_eq!(path("a.b").first(&value), Some(&json!(1)));
        assert_eq!(path("extension[ror-comment].valueString").first(&value), Some(&json!("c")));
        assert_eq!(path("extension[plain].valueString").first(&value), Some(&json!("p")));
        assert_eq!(path("extension[ror-none|plain].valueString").first(&value), Some(&json!("p")));
        assert_eq!(path("a.c").first(&value), None);
    }

    #[test]
    fn retain_removes_nodes_and_empty_arrays_but_keeps_the_order() {
        let mut value = json!({"first": 1, "a": [{"b": [1, 2]}, {"b": [3]}], "last": 2});
        path("a.b").retain(&mut value, &|_, node| node == &json!(2));
        assert_eq!(value.to_string(), r#"{"first":1,"a":[{"b":[2]},{}],"last":2}"#);
        path("a").retain(&mut value, &|_, _| false);
        assert_eq!(value.to_string(), r#"{"first":1,"last":2}"#);
    }

    #[test]
    fn refuses_what_is_not_a_path() {
        for bad in ["", "a.", "a[b", "a[b]c", "a[system=TRE_R9999]"] {
            assert!(Path::parse(bad, Nomenclature::standard()).is_err(), "{bad}");
        }
    }
}
