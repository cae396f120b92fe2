//! The truth that a client's `integrated` is compared with: the dataset as its profile sees it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::stream::Truths;
use crate::check::Truth;
use crate::journal::ScenarioStarted;
use crate::ror::{AccessProfile, Directory, Resource, ResourceType, SearchOptions, View};

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
    fn of(&self, setting: &ScenarioStarted) -> Option<Box<dyn Truth>> {
        let directory = self.directory(&setting.dataset, setting.seed)?;
        Some(Box::new(Seen(directory.view(AccessProfile::try_new(setting.profile)?))))
    }
}

/// What one profile sees.
struct Seen(Arc<View>);

impl Truth for Seen {
    fn expected_ids(&self, action: &str, input: &Value) -> Option<BTreeSet<(String, String)>> {
        let resource_type = ResourceType::parse(input["resource"].as_str()?)?;
        let named = |id: &str| (resource_type.name().to_owned(), id.to_owned());
        match action {
            "read" => Some([named(input["id"].as_str()?)].into()),
            "many-reads" => input["ids"].as_array()?.iter().map(|id| Some(named(id.as_str()?))).collect(),
            "search" => {
                let parameters =
                    input["parameters"].as_array()?.iter().map(pair).collect::<Option<Vec<_>>>()?;
                let found = self.0.search(resource_type, &parameters, SearchOptions::default()).ok()?;
                let page =
                    if input["all-pages"] == Value::Bool(false) { found.page_size() } else { usize::MAX };
                Some(found.ids().take(page).map(named).collect())
            }
            _ => None,
        }
    }

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

fn pair(pair: &Value) -> Option<(String, String)> {
    Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned()))
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
