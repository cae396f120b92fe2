//! Applying the policy: from all resources to those, and those elements, that one access profile sees.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use super::condition::Element;
use super::offers::references;
use super::{AccessPolicy, Offers, Row};
use crate::ror::path::Path;
use crate::ror::resource::{AccessProfile, Resource, ResourceType};

type Resources = [Vec<Arc<Resource>>; 5];

/// What `profile` sees of `all`; resources that it sees whole are shared, not copied.
pub(crate) fn visible(
    all: &Resources,
    offers: &Offers,
    policy: &AccessPolicy,
    profile: AccessProfile,
) -> Resources {
    let mut seen: Resources = std::array::from_fn(|t| {
        all[t].iter().filter_map(|resource| show(resource, offers, policy, profile)).collect()
    });
    hide_lower_levels(all, &mut seen);
    seen
}

fn show(
    resource: &Arc<Resource>,
    offers: &Offers,
    policy: &AccessPolicy,
    profile: AccessProfile,
) -> Option<Arc<Resource>> {
    let t = resource.resource_type;
    let around = offers.around(t, &resource.id);
    let whole = Element::default();
    if !policy.whole(t, profile).all(|condition| condition.holds(around, &whole, &policy.options)) {
        return None;
    }
    let mut changed: Option<Value> = None;
    for row in policy.rows(t) {
        let condition = &row.profiles[usize::from(profile.get())];
        if condition.is_always() {
            continue;
        }
        let keep = |parent: &Value, node: &Value| {
            condition.holds(around, &row.element_at(parent, node, policy), &policy.options)
        };
        let current = changed.as_ref().unwrap_or(&resource.json);
        if !row.element.all_kept(current, &keep) {
            row.element.retain(changed.get_or_insert_with(|| resource.json.clone()), &keep);
        }
    }
    // RG_EXP_002: without a mandatory element the instance is not sent.
    let current = changed.as_ref().unwrap_or(&resource.json);
    if policy.mandatory(t).any(|element| element.is_missing(current)) {
        return None;
    }
    match changed {
        None => Some(Arc::clone(resource)),
        Some(json) => Resource::new(json).map(Arc::new),
    }
}

impl Row {
    fn element_at<'a>(&self, parent: &'a Value, node: &'a Value, policy: &'a AccessPolicy) -> Element<'a> {
        let contact_level = self
            .contact_level
            .as_ref()
            .map_or("", |path| level(path, parent).unwrap_or(&policy.default_level));
        Element {
            // A telecom without a level of its own has that of its contact (RG_EXP_034 forbids a wider one).
            level: self.level.as_ref().map_or("", |path| {
                level(path, node).unwrap_or(match self.contact_level {
                    Some(_) => contact_level,
                    None => &policy.default_level,
                })
            }),
            contact_level,
            capacity_status: part_code(node, "capacityStatus"),
            assignment: part_code(node, "temporaryAssignement"),
        }
    }
}

fn level<'a>(path: &Path, at: &'a Value) -> Option<&'a str> {
    path.first(at)?["valueCodeableConcept"]["coding"][0]["code"].as_str()
}

fn part_code<'a>(node: &'a Value, url: &str) -> &'a str {
    node.get("extension")
        .and_then(Value::as_array)
        .and_then(|parts| parts.iter().find(|part| part["url"].as_str() == Some(url)))
        .and_then(|part| part["valueCodeableConcept"]["coding"][0]["code"].as_str())
        .unwrap_or("")
}

/// RG_EXP_002: the lower levels of an instance that is not sent are not sent either.
fn hide_lower_levels(all: &Resources, seen: &mut Resources) {
    use ResourceType::{HealthcareService, Location, Organization, Practitioner, PractitionerRole};
    loop {
        let before = seen[Organization.index()].len();
        hide_under(all, seen, Organization, "partOf", Organization);
        if seen[Organization.index()].len() == before {
            break;
        }
    }
    hide_under(all, seen, HealthcareService, "providedBy", Organization);
    hide_unreferenced(all, seen, Location, HealthcareService, "location");
    hide_under(all, seen, PractitionerRole, "healthcareService", HealthcareService);
    hide_unreferenced(all, seen, Practitioner, PractitionerRole, "practitioner");
    hide_under(all, seen, PractitionerRole, "practitioner", Practitioner);
}

/// Hides the `lower` resources whose `element` refers to an `upper` one that exists and is not seen.
fn hide_under(
    all: &Resources,
    seen: &mut Resources,
    lower: ResourceType,
    element: &str,
    upper: ResourceType,
) {
    let (exists, visible) = (&all[upper.index()], &seen[upper.index()]);
    if exists.len() == visible.len() {
        return;
    }
    let visible: HashSet<&str> = visible.iter().map(|r| r.id.as_str()).collect();
    let hidden: HashSet<String> =
        exists.iter().map(|r| &r.id).filter(|id| !visible.contains(id.as_str())).cloned().collect();
    seen[lower.index()].retain(|r| !references(&r.json, element).any(|id| hidden.contains(id)));
}

/// Hides the `lower` resources that some `upper` ones refer to, but none that is seen.
fn hide_unreferenced(
    all: &Resources,
    seen: &mut Resources,
    lower: ResourceType,
    upper: ResourceType,
    element: &str,
) {
    if all[upper.index()].len() == seen[upper.index()].len() {
        return;
    }
    let referenced = |resources: &[Arc<Resource>]| -> HashSet<String> {
        resources.iter().flat_map(|r| references(&r.json, element).map(str::to_owned)).collect()
    };
    let ever = referenced(&all[upper.index()]);
    let still = referenced(&seen[upper.index()]);
    seen[lower.index()].retain(|r| !ever.contains(&r.id) || still.contains(&r.id));
}
