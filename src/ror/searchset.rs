//! One page of a search as a Bundle, written by concatenation: the resources are serialised already.

use serde_json::{Value, json};

use super::directory::View;
use super::problem::truncated;
use super::resource::{Resource, ResourceType};
use super::search::{Point, SearchResult, included};

const DISTANCE: &str = "http://hl7.org/fhir/StructureDefinition/location-distance";

/// The Bundle of the matches `offset .. offset + count`, with what they include; after a geographic criterion
/// each Location that has a position tells its distance. When matches beyond the cap were left out, every page ends
/// with an OperationOutcome that warns of it.
///
/// `base_url` is that of the API without a final slash; `self_url`, and those of `links` (relation and URL), stand in
/// the links as given.
#[must_use]
pub fn searchset(
    view: &View,
    result: &SearchResult,
    offset: usize,
    count: usize,
    base_url: &str,
    self_url: &str,
    links: &[(&str, String)],
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
    for (relation, url) in links {
        text.push_str(r#"},{"relation":"#);
        push_string(&mut text, relation);
        text.push_str(r#","url":"#);
        push_string(&mut text, url);
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
        text.push('"');
        push_distance(&mut text, resource, &result.centres);
        text.push_str("}}");
    }
    if result.is_truncated() && count > 0 {
        text.push_str(if page.is_empty() { r#","entry":[{"resource":"# } else { r#",{"resource":"# });
        text.push_str(&truncated(result.len(), result.total()).to_string());
        text.push_str(r#","search":{"mode":"outcome"}}]"#);
    } else if !page.is_empty() {
        text.push(']');
    }
    text.push('}');
    text
}

/// The distance of a Location from where the criteria ask (`ror-fhir.md` §3.1, §4.9).
fn push_distance(text: &mut String, resource: &Resource, centres: &[Point]) {
    if resource.resource_type != ResourceType::Location {
        return;
    }
    let place = resource.json.get("position").and_then(Point::of);
    if let Some(kilometres) = place.and_then(|place| place.distance_told(centres)) {
        let extension = json!([{"url": DISTANCE, "valueDistance": {"value": kilometres, "unit": "km"}}]);
        text.push_str(&format!(r#","extension":{extension}"#));
    }
}

fn push_string(text: &mut String, value: &str) {
    text.push_str(&Value::String(value.to_owned()).to_string());
}
