//! One page of a search as a Bundle, written by concatenation: the resources are serialised already.

use serde_json::Value;

use super::directory::View;
use super::search::{SearchResult, included};

/// The Bundle of the matches `offset .. offset + count`, with what they include.
///
/// `base_url` is that of the API without a final slash; `self_url` and `next_url` stand in the links as given.
#[must_use]
pub fn searchset(
    view: &View,
    result: &SearchResult,
    offset: usize,
    count: usize,
    base_url: &str,
    self_url: &str,
    next_url: Option<&str>,
) -> String {
    let start = offset.min(result.matches.len());
    let end = start.saturating_add(count).min(result.matches.len());
    let page = &result.matches[start..end];
    let includes = included(view, result.resource_type(), page, &result.directives);
    let size: usize = page.iter().chain(&includes).map(|r| r.text.len() + base_url.len() + 120).sum();
    let mut text = String::with_capacity(size + 400);
    text.push_str(r#"{"resourceType":"Bundle","type":"searchset","total":"#);
    text.push_str(&result.total().to_string());
    text.push_str(r#","link":[{"relation":"self","url":"#);
    push_string(&mut text, self_url);
    if let Some(next) = next_url {
        text.push_str(r#"},{"relation":"next","url":"#);
        push_string(&mut text, next);
    }
    text.push_str("}]");
    let entries = page.iter().map(|r| (r, "match")).chain(includes.iter().map(|r| (r, "include")));
    for (position, (resource, mode)) in entries.enumerate() {
        text.push_str(if position == 0 { r#","entry":[{"fullUrl":"# } else { r#",{"fullUrl":"# });
        push_string(&mut text, &format!("{base_url}/{}/{}", resource.resource_type, resource.id));
        text.push_str(r#","resource":"#);
        text.push_str(&resource.text);
        text.push_str(r#","search":{"mode":""#);
        text.push_str(mode);
        text.push_str(r#""}}"#);
    }
    if !page.is_empty() {
        text.push(']');
    }
    text.push('}');
    text
}

fn push_string(text: &mut String, value: &str) {
    text.push_str(&Value::String(value.to_owned()).to_string());
}
