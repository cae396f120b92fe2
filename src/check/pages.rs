//! The pages of a search: the links that the mock gave, and the requests that followed them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::context::Scene;
use crate::journal::{Api, Exchange, Step};

/// All links given by the Bundles of the scenario.
#[derive(Default)]
pub(super) struct Links {
    /// Targets as given, with the exchange that gave each first.
    targets: BTreeMap<String, u32>,
    /// The same, decoded: path and pairs.
    decoded: BTreeMap<(String, Vec<(String, String)>), u32>,
}

/// A page of a step's search that was answered 200 with a Bundle.
pub(super) struct Page<'a> {
    pub(super) exchange: &'a Exchange,
    /// URL of the next page as given; none on the last page.
    pub(super) next: Option<String>,
}

impl Links {
    /// Whether a request uses, character by character, a link given before it.
    pub(super) fn is_verbatim(&self, exchange: &Exchange) -> bool {
        self.targets.get(&exchange.request.target).is_some_and(|from| *from < exchange.number)
    }

    /// Whether a request uses a link given before it, in the same or in an equivalent encoding.
    pub(super) fn is_given(&self, exchange: &Exchange) -> bool {
        self.is_verbatim(exchange)
            || self.decoded.get(&decode(&exchange.request.target)).is_some_and(|from| *from < exchange.number)
    }

    /// The given link that a request looks like: same path, and a page parameter in common.
    pub(super) fn likeness(&self, exchange: &Exchange, own: &BTreeSet<(String, String)>) -> Option<&str> {
        let (_, sent) = decode(&exchange.request.target);
        self.targets
            .iter()
            .filter(|(_, from)| **from < exchange.number)
            .map(|(target, _)| target.as_str())
            .find(|target| {
                let (_, given) = decode(target);
                given.iter().any(|pair| is_page_pair(pair) && !own.contains(pair) && sent.contains(pair))
            })
    }
}

/// The links given by all Bundles of the scenario.
pub(super) fn link_targets(scene: &Scene<'_>) -> Links {
    let mut links = Links::default();
    for exchange in &scene.evidence.exchanges {
        for (relation, url) in bundle_links(scene, exchange) {
            if relation != "self" {
                let target = target_of(&url).to_owned();
                links.decoded.entry(decode(&target)).or_insert(exchange.number);
                links.targets.entry(target).or_insert(exchange.number);
            }
        }
    }
    links
}

/// The pages of a step that were answered whole.
pub(super) fn pages<'a>(scene: &Scene<'a>, step: &Step) -> Vec<Page<'a>> {
    scene
        .during(step)
        .filter(|exchange| is_answered_whole(exchange) && exchange.api() == Api::Fhir)
        .filter_map(|exchange| {
            let bundle = bundle(scene, exchange)?;
            let next = links_of(bundle).into_iter().find(|(relation, _)| relation == "next");
            Some(Page { exchange, next: next.map(|(_, url)| url) })
        })
        .collect()
}

/// The later requests of the same step for that link, whatever their answer.
pub(super) fn followers<'a>(scene: &Scene<'a>, step: &Step, page: &Page<'_>) -> Vec<&'a Exchange> {
    let Some(next) = &page.next else { return Vec::new() };
    let target = target_of(next);
    let decoded = decode(target);
    let from = page.exchange.number;
    scene
        .during(step)
        .filter(|exchange| exchange.number > from && exchange.request.method == "GET")
        .filter(|exchange| exchange.request.target == target || decode(&exchange.request.target) == decoded)
        .collect()
}

/// A 200 whose body was handed over whole.
pub(super) fn is_answered_whole(exchange: &Exchange) -> bool {
    exchange.complete != Some(false)
        && exchange
            .response
            .as_ref()
            .is_some_and(|response| response.status == 200 && response.fault.is_none())
}

/// Path and query of an absolute URL, or what is given when it has no authority.
pub(super) fn target_of(url: &str) -> &str {
    let Some((_, rest)) = url.split_once("://") else { return url };
    rest.find('/').map_or("/", |slash| &rest[slash..])
}

/// Names that ask for a page in the dialects of FHIR servers.
pub(super) fn asks_for_page(name: &str) -> bool {
    const NAMES: [&str; 12] = [
        "_getpages",
        "_getpagesoffset",
        "_page",
        "page",
        "_offset",
        "offset",
        "_skip",
        "_start",
        "_startindex",
        "_cursor",
        "_pagetoken",
        "ct",
    ];
    let name = name.to_ascii_lowercase();
    NAMES.contains(&name.as_str()) || name.starts_with("_page")
}

/// Pairs that tell one page from another: not the size of a page or its format.
fn is_page_pair((name, value): &(String, String)) -> bool {
    !["_count", "_format", "_pretty", "_bundletype", "_summary", "_sort", "_total"].contains(&name.as_str())
        && (asks_for_page(name) || value.len() >= 12)
}

fn bundle_links(scene: &Scene<'_>, exchange: &Exchange) -> Vec<(String, String)> {
    if exchange.api() != Api::Fhir || exchange.status() != Some(200) {
        return Vec::new();
    }
    bundle(scene, exchange).map(links_of).unwrap_or_default()
}

/// The part of a Bundle that is about pages; the entries are passed over.
#[derive(Deserialize)]
struct Bundle {
    #[serde(rename = "resourceType")]
    resource_type: String,
    #[serde(default)]
    link: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    relation: String,
    url: String,
}

fn bundle(scene: &Scene<'_>, exchange: &Exchange) -> Option<Bundle> {
    let body = &scene.evidence.exchange(exchange.number)?.response.as_ref()?.body;
    let bundle: Bundle = serde_json::from_str(&scene.text(body)?).ok()?;
    (bundle.resource_type == "Bundle").then_some(bundle)
}

fn links_of(bundle: Bundle) -> Vec<(String, String)> {
    bundle.link.into_iter().map(|link| (link.relation, link.url)).collect()
}

/// Path and pairs, decoded: the same for equivalent encodings.
pub(super) fn decode(target: &str) -> (String, Vec<(String, String)>) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    pairs.sort();
    (percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned(), pairs)
}
