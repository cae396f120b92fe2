//! The dataset step after step: what the scenario and the clients changed, applied to what was served at the beginning.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;

use super::truth::Seen;
use crate::check::{Expected, History, Truth};
use crate::journal::{Change, Evidence, Step, StepEnd};
use crate::ror::{AccessProfile, Directory, Resource, ResourceType, SearchOptions, View, capacity};

/// Type and id.
type Reference = (String, String);

/// A dataset with the changes of one scenario.
pub(super) struct Played {
    profile: AccessProfile,
    drafts: bool,
    changes: Vec<Change>,
    steps: Vec<Step>,
    beginning: Arc<Directory>,
    /// The dataset after the first n changes, as far as it was asked for.
    states: RefCell<BTreeMap<usize, Arc<Directory>>>,
}

impl Played {
    /// The dataset as served at the beginning, and what the journal says of its changes.
    pub(super) fn new(directory: Arc<Directory>, profile: AccessProfile, evidence: &Evidence) -> Self {
        Self {
            profile,
            drafts: evidence.setting.drafts,
            changes: evidence.changes.clone(),
            steps: evidence.steps.clone(),
            beginning: directory,
            states: RefCell::default(),
        }
    }

    fn options(&self) -> SearchOptions {
        SearchOptions { drafts: self.drafts, ..SearchOptions::default() }
    }

    fn view_after(&self, step: u32) -> Arc<View> {
        self.directory_after(step).view(self.profile)
    }

    fn directory_after(&self, step: u32) -> Arc<Directory> {
        let count = self.changes.iter().take_while(|change| change.step <= step).count();
        let mut states = self.states.borrow_mut();
        let nearest = states.range(..=count).next_back();
        let (held, directory) = nearest.map_or_else(
            || (0, Arc::clone(&self.beginning)),
            |(held, directory)| (*held, Arc::clone(directory)),
        );
        if held == count {
            return directory;
        }
        let directory = self.changes[held..count].iter().fold(directory, |before, change| {
            let put = change.change.put.iter().cloned().filter_map(Resource::new);
            let removed: Vec<_> =
                change.change.removed.iter().filter_map(|gone| Resource::parse_reference(gone)).collect();
            Arc::new(before.with(put, &removed))
        });
        states.insert(count, Arc::clone(&directory));
        directory
    }

    /// The last step before this one after which the client held everything: an export, or a sync without a date.
    fn base(&self, step: &Step) -> Option<&Step> {
        self.steps.iter().rev().find(|earlier| {
            let started = &earlier.started;
            let whole = match started.action.as_deref() {
                Some("export") => true,
                Some("sync") => started.input["since"].is_null(),
                _ => false,
            };
            whole
                && started.step < step.started.step
                && earlier.ended.as_ref().is_some_and(|ended| ended.end == StepEnd::Done)
        })
    }

    /// The region of the last export, for what builds on it.
    fn region(&self, step: &Step) -> Option<String> {
        let export = self.steps.iter().rev().find(|earlier| {
            earlier.started.step <= step.started.step && earlier.started.action.as_deref() == Some("export")
        })?;
        export.started.input["region"].as_str().map(str::to_owned)
    }

    /// After an export: every offer of the region that the profile sees, and what goes with it.
    fn exported(&self, step: &Step) -> Expected {
        let region = step.started.input["region"].as_str();
        let view = self.view_after(step.started.step);
        Expected {
            types: [ResourceType::HealthcareService.name().to_owned()].into(),
            required: of_type(&view, ResourceType::HealthcareService, region),
            tolerated: BTreeSet::new(),
        }
    }

    /// After a sync: everything again when the client had a base, else at least what has changed since.
    fn synchronised(&self, step: &Step, declared: &BTreeSet<&str>) -> Expected {
        let t = match (declared.contains("HealthcareService"), declared.contains("Location")) {
            // A cache of capacities holds locations only.
            (false, true) => ResourceType::Location,
            _ => ResourceType::HealthcareService,
        };
        let view = self.view_after(step.started.step);
        let region = self.region(step);
        let all = of_type(&view, t, region.as_deref());
        let types = BTreeSet::from([t.name().to_owned()]);
        let since = step.started.input["since"].as_str();
        match (self.base(step), since) {
            (Some(_), _) | (None, None) => {
                Expected { types, required: all, tolerated: self.gone_before(step) }
            }
            (None, Some(since)) => {
                let parameters = [("_lastUpdated".to_owned(), format!("ge{since}"))];
                let changed = view.search(t, &parameters, self.options());
                let required = changed.map_or_else(
                    |_| BTreeSet::new(),
                    |found| found.ids().map(|id| (t.name().to_owned(), id.to_owned())).collect(),
                );
                let mut tolerated = self.gone_before(step);
                tolerated.extend(all);
                Expected { types, required, tolerated }
            }
        }
    }

    /// What was visible at some earlier step and is not any more: no delta tells that it has gone.
    fn gone_before(&self, step: &Step) -> BTreeSet<Reference> {
        let now = self.view_after(step.started.step);
        let earlier = (0..step.started.step).map(|earlier| self.view_after(earlier));
        let mut gone = BTreeSet::new();
        for view in earlier {
            for t in ResourceType::ALL {
                let lost = view.all(t).filter(|resource| now.read(t, &resource.id).is_none());
                gone.extend(lost.map(|resource| (t.name().to_owned(), resource.id.clone())));
            }
        }
        gone
    }
}

impl History for Played {
    fn after(&self, step: u32, profile: Option<u8>) -> Rc<dyn Truth> {
        let profile = profile.and_then(AccessProfile::try_new).unwrap_or(self.profile);
        Rc::new(Seen(self.directory_after(step).view(profile)))
    }

    fn expected(&self, step: &Step, declared: &BTreeSet<&str>) -> Option<Expected> {
        let input = &step.started.input;
        match step.started.action.as_deref()? {
            "export" => return Some(self.exported(step)),
            "sync" => return Some(self.synchronised(step, declared)),
            _ => {}
        }
        let t = ResourceType::parse(input["resource"].as_str()?)?;
        let named = |id: &str| (t.name().to_owned(), id.to_owned());
        let required = match step.started.action.as_deref()? {
            "read" => [named(input["id"].as_str()?)].into(),
            "many-reads" => {
                input["ids"].as_array()?.iter().map(|id| Some(named(id.as_str()?))).collect::<Option<_>>()?
            }
            "search" => {
                let parameters =
                    input["parameters"].as_array()?.iter().map(pair).collect::<Option<Vec<_>>>()?;
                let view = self.view_after(step.started.step);
                let found = view.search(t, &parameters, self.options()).ok()?;
                let page =
                    if input["all-pages"] == Value::Bool(false) { found.page_size() } else { usize::MAX };
                found.ids().take(page).map(named).collect()
            }
            "show" => {
                let profile = input["as-profile"].as_u64().and_then(|profile| u8::try_from(profile).ok())?;
                let id = input["id"].as_str()?;
                let shown = self.after(step.started.step, Some(profile)).exists(t.name(), id);
                if shown { [named(id)].into() } else { BTreeSet::new() }
            }
            _ => return None,
        };
        Some(Expected { types: [t.name().to_owned()].into(), required, tolerated: BTreeSet::new() })
    }

    fn locations(&self, step: u32, identifier: &str) -> Vec<Value> {
        let directory = self.directory_after(step);
        capacity::locations(&directory, identifier).into_iter().map(|held| held.json.clone()).collect()
    }
}

/// Resources of a type, of one region or of all.
fn of_type(view: &View, t: ResourceType, region: Option<&str>) -> BTreeSet<Reference> {
    let of_region = |resource: &Resource| {
        let tags = resource.json["meta"]["tag"].as_array();
        region.is_none_or(|region| tags.is_some_and(|tags| tags.iter().any(|tag| tag["code"] == region)))
    };
    view.all(t)
        .filter(|resource| of_region(resource))
        .map(|resource| (t.name().to_owned(), resource.id.clone()))
        .collect()
}

fn pair(pair: &Value) -> Option<(String, String)> {
    Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned()))
}
