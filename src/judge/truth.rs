//! The truth that a client's `integrated` is compared with: the dataset as its profile sees it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memchr::memmem::Finder;
use serde_json::Value;

use super::history;
use super::stream::Truths;
use crate::check::{History, Truth};
use crate::journal::Evidence;
use crate::ror::{AccessProfile, Directory, Resource, ResourceType, View};

/// Datasets by name and seed; none when one cannot be read.
type Expanded = BTreeMap<(String, u64), Option<Arc<Directory>>>;

/// Datasets of a run's folder, expanded when first needed.
pub(super) struct Datasets {
    folder: PathBuf,
    directories: RefCell<Expanded>,
}

impl Datasets {
    /// Those of that run.
    pub(super) fn new(run: &Path) -> Self {
        Self { folder: run.join("datasets"), directories: RefCell::default() }
    }

    fn directory(&self, name: &str, seed: u64) -> Option<Arc<Directory>> {
        let mut directories = self.directories.borrow_mut();
        let held = directories.entry((name.to_owned(), seed)).or_insert_with(|| {
            // The name comes from a journal that anyone may have edited: it must not lead out of the folder.
            let plain = Path::new(name).file_name().is_some_and(|file| file == name);
            let text =
                plain.then(|| std::fs::read_to_string(self.folder.join(format!("{name}.yaml"))).ok())??;
            Directory::from_yaml(&format!("{name}.yaml"), &text, seed).ok().map(Arc::new)
        });
        held.clone()
    }
}

impl Truths for Datasets {
    fn of(&self, evidence: &Evidence) -> Option<Box<dyn History>> {
        let setting = &evidence.setting;
        let directory = self.directory(&setting.dataset, setting.seed)?;
        let profile = AccessProfile::try_new(setting.profile)?;
        Some(Box::new(history::Played::new(directory, profile, evidence)))
    }
}

/// What one profile sees.
pub(super) struct Seen(pub(super) Arc<View>);

impl Truth for Seen {
    fn exists(&self, resource: &str, id: &str) -> bool {
        self.resource(resource, id).is_some()
    }

    fn name(&self, resource: &str, id: &str) -> Option<String> {
        self.resource(resource, id)?.json["name"].as_str().map(str::to_owned)
    }

    fn telecoms(&self, resource: &str, id: &str) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(resource) = self.resource(resource, id) {
            telecoms(&resource.json, &mut found);
        }
        found
    }

    fn capacities(&self, resource: &str, id: &str) -> Vec<(String, i64)> {
        let Some(resource) = self.resource(resource, id) else { return Vec::new() };
        let extensions = resource.json["extension"].as_array().into_iter().flatten();
        extensions
            .filter(|extension| is(extension, "ror-location-supported-capacity"))
            .filter_map(capacity)
            .collect()
    }

    fn empty_capacities(&self, resource: &str, id: &str) -> Vec<String> {
        let Some(resource) = self.resource(resource, id) else { return Vec::new() };
        let records = crate::ror::capacity::Record::of_location(&resource.json);
        records
            .into_iter()
            .filter(|record| record.count == Some(0) && record.key.temporality.as_deref() == Some("01"))
            .filter_map(|record| record.key.status)
            .collect()
    }

    fn shows(&self, text: &str) -> bool {
        let wanted = Finder::new(text);
        ResourceType::ALL.iter().any(|t| self.0.all(*t).any(|resource| holds(&resource.json, &wanted)))
    }

    fn identifiers(&self, resource: &str, id: &str) -> Vec<(String, String)> {
        let Some(resource) = self.resource(resource, id) else { return Vec::new() };
        let identifiers = resource.json["identifier"].as_array().into_iter().flatten();
        identifiers
            .filter_map(|identifier| {
                let code = identifier["type"]["coding"][0]["code"].as_str()?;
                Some((code.to_owned(), identifier["value"].as_str()?.to_owned()))
            })
            .collect()
    }
}

impl Seen {
    fn resource(&self, resource: &str, id: &str) -> Option<&Arc<Resource>> {
        self.0.read(ResourceType::parse(resource)?, id)
    }
}

/// Whether a text stands in one of the texts of a resource.
fn holds(value: &Value, wanted: &Finder<'_>) -> bool {
    match value {
        Value::String(held) => wanted.find(held.as_bytes()).is_some(),
        Value::Array(items) => items.iter().any(|item| holds(item, wanted)),
        Value::Object(members) => members.values().any(|member| holds(member, wanted)),
        _ => false,
    }
}

/// Every `telecom` of a resource and of its contacts, native or in the contact extensions of an offer.
fn telecoms(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if name == "telecom" {
                    let values =
                        member.as_array().into_iter().flatten().filter_map(|point| point["value"].as_str());
                    found.extend(values.map(str::to_owned));
                } else {
                    telecoms(member, found);
                }
            }
            if is(value, "telecomAddress") {
                found.extend(value["valueString"].as_str().map(str::to_owned));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| telecoms(item, found)),
        _ => {}
    }
}

fn capacity(record: &Value) -> Option<(String, i64)> {
    let of = |url: &str| record["extension"].as_array()?.iter().find(|extension| extension["url"] == url);
    let status = of("capacityStatus")?["valueCodeableConcept"]["coding"][0]["code"].as_str()?;
    Some((status.to_owned(), of("nbCapacity")?["valueInteger"].as_i64()?))
}

/// Whether an extension has that URL, or ends with that name.
fn is(extension: &Value, name: &str) -> bool {
    extension["url"].as_str().is_some_and(|url| url.rsplit('/').next() == Some(name))
}
