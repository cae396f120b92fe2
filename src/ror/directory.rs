//! A dataset as FHIR resources, and what each access profile sees of it.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::dataset::{self, DatasetError};
use super::policy::{self, AccessPolicy, Offers};
use super::resource::{AccessProfile, Resource, ResourceType};
use super::search::Links;

/// An immutable dataset, expanded to FHIR R4. Cheap to share behind an [`Arc`].
#[derive(Debug)]
pub struct Directory {
    name: String,
    resources: [Vec<Arc<Resource>>; 5],
    policy: Arc<AccessPolicy>,
    offers: OnceLock<Offers>,
    views: [OnceLock<Arc<View>>; 6],
}

impl Directory {
    /// Reads a dataset in the compact YAML form of `scenarios/datasets/`; `name` stands for the file in errors,
    /// `seed` governs the generated part.
    ///
    /// # Errors
    /// The first thing that is wrong, with file, line, column and remedy.
    pub fn from_yaml(name: &str, text: &str, seed: u64) -> Result<Self, DatasetError> {
        Ok(Self::from_resources(name, dataset::expand(name, text, seed)?))
    }

    /// The resources themselves, in the order in which searches give them.
    #[must_use]
    pub fn from_resources(name: &str, resources: impl IntoIterator<Item = Resource>) -> Self {
        let mut by_type: [Vec<Arc<Resource>>; 5] = Default::default();
        for resource in resources {
            by_type[resource.resource_type.index()].push(Arc::new(resource));
        }
        Self {
            name: name.to_owned(),
            resources: by_type,
            policy: AccessPolicy::standard(),
            offers: OnceLock::new(),
            views: Default::default(),
        }
    }

    /// The same data with some resources put (in place of those with the same id, else at the end) and others removed.
    #[must_use]
    pub fn with(&self, put: impl IntoIterator<Item = Resource>, removed: &[(ResourceType, String)]) -> Self {
        let mut resources = self.resources.clone();
        for (t, id) in removed {
            resources[t.index()].retain(|held| held.id != *id);
        }
        for resource in put {
            let of_type = &mut resources[resource.resource_type.index()];
            match of_type.iter_mut().find(|held| held.id == resource.id) {
                Some(held) => *held = Arc::new(resource),
                None => of_type.push(Arc::new(resource)),
            }
        }
        Self {
            name: self.name.clone(),
            resources,
            policy: Arc::clone(&self.policy),
            offers: OnceLock::new(),
            views: Default::default(),
        }
    }

    /// How many resources it holds, of all types.
    #[must_use]
    pub fn size(&self) -> usize {
        self.resources.iter().map(Vec::len).sum()
    }

    /// The same data under another policy.
    #[must_use]
    pub fn with_policy(self, policy: AccessPolicy) -> Self {
        Self { policy: Arc::new(policy), offers: OnceLock::new(), views: Default::default(), ..self }
    }

    /// The name given to it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One resource, before any policy.
    #[must_use]
    pub fn read(&self, t: ResourceType, id: &str) -> Option<&Arc<Resource>> {
        self.resources[t.index()].iter().find(|held| held.id == id)
    }

    /// Every resource of a type, before any policy.
    pub fn all(&self, t: ResourceType) -> impl Iterator<Item = &Arc<Resource>> {
        self.resources[t.index()].iter()
    }

    /// What `profile` sees; made once, then shared.
    #[must_use]
    pub fn view(self: &Arc<Self>, profile: AccessProfile) -> Arc<View> {
        let view = self.views[usize::from(profile.get())].get_or_init(|| {
            let offers = self.offers.get_or_init(|| Offers::of(&self.resources, &self.policy));
            Arc::new(View::new(policy::visible(&self.resources, offers, &self.policy, profile)))
        });
        Arc::clone(view)
    }
}

/// What one access profile sees of a [`Directory`].
#[derive(Debug)]
pub struct View {
    resources: [Vec<Arc<Resource>>; 5],
    positions: [HashMap<String, usize>; 5],
    links: OnceLock<Links>,
}

impl View {
    fn new(resources: [Vec<Arc<Resource>>; 5]) -> Self {
        let positions = std::array::from_fn(|t| {
            resources[t].iter().enumerate().map(|(position, r)| (r.id.clone(), position)).collect()
        });
        Self { resources, positions, links: OnceLock::new() }
    }

    /// One resource by its technical id.
    #[must_use]
    pub fn read(&self, t: ResourceType, id: &str) -> Option<&Arc<Resource>> {
        self.resources[t.index()].get(*self.positions[t.index()].get(id)?)
    }

    /// Every resource of a type, in the order of the dataset.
    pub fn all(&self, t: ResourceType) -> impl Iterator<Item = &Arc<Resource>> {
        self.resources[t.index()].iter()
    }

    /// How many resources of a type are visible.
    #[must_use]
    pub fn count(&self, t: ResourceType) -> usize {
        self.resources[t.index()].len()
    }

    /// Follows `Location/2001`, relative or absolute.
    pub(crate) fn resolve(&self, reference: &str) -> Option<&Arc<Resource>> {
        let mut parts = reference.rsplit('/');
        let id = parts.next()?;
        self.read(ResourceType::parse(parts.next()?)?, id)
    }

    pub(crate) fn links(&self) -> &Links {
        self.links.get_or_init(|| Links::of(self))
    }
}
