//! FHIR extensions as the documented examples write them: as FHIR has them, wrapped once more (quirk a), with a bare
//! `value` (c), an object where an array is due (e), or spelt out in parts (f) (`ror-fhir.md` §5.1).

use serde_json::Value;

use super::SUPPORTED_CAPACITY;
use crate::ror::fhirpath_patch::{items, name_of, text_of};

/// Deeper than this nothing is read.
const MAXIMUM_DEPTH: usize = 12;

/// One extension, whatever its form was.
#[derive(Debug)]
pub(super) struct Extension<'a> {
    /// Where it stands in the body.
    pub(super) at: String,
    pub(super) url: &'a str,
    /// The name of the `value[x]` member, and the value.
    pub(super) value: Option<(&'a str, &'a Value)>,
    pub(super) children: Vec<Extension<'a>>,
}

/// Every capacity record below `node`.
pub(super) fn capacities<'a>(node: &'a Value, at: &str) -> Vec<Extension<'a>> {
    let mut found = Vec::new();
    collect(node, at, MAXIMUM_DEPTH, &mut found);
    found
}

/// This one extension; `None` when it has no url.
pub(super) fn read<'a>(node: &'a Value, at: &str) -> Option<Extension<'a>> {
    read_bounded(node, at, MAXIMUM_DEPTH)
}

fn collect<'a>(node: &'a Value, at: &str, depth: usize, found: &mut Vec<Extension<'a>>) {
    if depth == 0 {
        return;
    }
    match read_bounded(node, at, depth) {
        Some(extension) if extension.url == SUPPORTED_CAPACITY => found.push(extension),
        _ => {
            for member in ["part", "extension", "value", "valueExtension"] {
                for (at, item) in items(node, member, at) {
                    collect(item, &at, depth - 1, found);
                }
            }
        }
    }
}

fn read_bounded<'a>(node: &'a Value, at: &str, depth: usize) -> Option<Extension<'a>> {
    let depth = depth.checked_sub(1)?;
    if let Some(url) = node.get("url").and_then(Value::as_str) {
        let children = nested(node, "extension", at, depth);
        return Some(Extension { at: at.to_owned(), url, value: value_of(node), children });
    }
    let parts = items(node, "part", at);
    let url =
        parts.iter().find(|(_, part)| name_of(part) == Some("url")).and_then(|(_, part)| text_of(part))?;
    let mut extension = Extension { at: at.to_owned(), url, value: None, children: Vec::new() };
    for (at, part) in &parts {
        match name_of(part) {
            Some("extension") => match read_bounded(part, at, depth) {
                Some(child) => extension.children.push(child),
                None => extension.children.extend(below(part, at, depth)),
            },
            Some(name) if name.starts_with("value") => match value_of(part) {
                Some(value) => extension.value = Some(value),
                None => extension.children.extend(below(part, at, depth)),
            },
            _ => {}
        }
    }
    Some(extension)
}

/// The extensions inside a part that is not one itself.
fn below<'a>(part: &'a Value, at: &str, depth: usize) -> Vec<Extension<'a>> {
    let mut found = nested(part, "extension", at, depth);
    found.extend(nested(part, "part", at, depth));
    found
}

fn nested<'a>(node: &'a Value, member: &str, at: &str, depth: usize) -> Vec<Extension<'a>> {
    let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
    let read = |(at, item): (String, &'a Value)| match read_bounded(item, &at, depth) {
        Some(extension) => vec![extension],
        None => below(item, &at, depth),
    };
    items(node, member, at).into_iter().flat_map(read).collect()
}

fn value_of(node: &Value) -> Option<(&str, &Value)> {
    let (member, value) = node.as_object()?.iter().find(|(member, _)| member.starts_with("value"))?;
    Some((member, value))
}
