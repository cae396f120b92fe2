//! The local base of the client: what it holds of the ROR, up to when, and for which region.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::ClientError;
use super::flaws::{Flaw, FlawSet};
use super::moment::later;
use super::resource::{Integrated, key};
use super::state::State;

const FILE: &str = "base.json";
/// TRE_R203: closed for good.
const CLOSED: &str = "1";

/// What the client holds.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Base {
    /// The base holds all that changed before this moment.
    pub(crate) bookmark: Option<String>,
    /// The region that it was limited to.
    pub(crate) region: Option<String>,
    resources: Vec<Value>,
    #[serde(skip)]
    places: HashMap<(String, String), usize>,
}

impl Base {
    /// The base as it was left; nothing when there is none yet.
    ///
    /// # Errors
    /// The file cannot be used.
    pub(crate) fn read(state: &State) -> Result<Option<Self>, ClientError> {
        let mut base: Option<Self> = state.read(FILE)?;
        if let Some(base) = &mut base {
            base.places =
                base.resources.iter().enumerate().filter_map(|(i, held)| Some((owned(held)?, i))).collect();
        }
        Ok(base)
    }

    /// Keeps the base for the next time.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&self, state: &State) -> Result<(), ClientError> {
        state.write(FILE, self)
    }

    /// Takes in one resource, in the place of the version held so far. Closed and inactive ones are held as well,
    /// with their state.
    ///
    /// # Errors
    /// The resource has no type or no id.
    pub(crate) fn take(&mut self, resource: Value, flaws: &FlawSet) -> Result<(), ClientError> {
        let key = owned(&resource).ok_or_else(|| ClientError::Content {
            call: "reading the answer".to_owned(),
            problem: "a resource without type or id".to_owned(),
        })?;
        match self.places.get(&key) {
            Some(place) if !flaws.has(Flaw::SyncDuplicates) => self.resources[*place] = resource,
            Some(_) => self.resources.push(resource),
            None => {
                self.places.insert(key, self.resources.len());
                self.resources.push(resource);
            }
        }
        Ok(())
    }

    /// Lets go of everything but the bookmark: `export-empties-base-first`.
    pub(crate) fn empty(&mut self) {
        self.resources.clear();
        self.places.clear();
    }

    /// Whether that resource is held.
    pub(crate) fn holds(&self, kind: &str, id: &str) -> bool {
        self.places.contains_key(&(kind.to_owned(), id.to_owned()))
    }

    /// Lets go of what is closed: `sync-drops-closed`.
    pub(crate) fn drop_closed(&mut self) {
        self.resources.retain(|resource| !is_closed(resource));
        let places = self.resources.iter().enumerate();
        self.places = places.filter_map(|(i, held)| Some((owned(held)?, i))).collect();
    }

    /// The latest `meta.lastUpdated` held.
    pub(crate) fn newest(&self) -> Option<String> {
        newest(&self.resources)
    }

    /// How many resources are held.
    pub(crate) fn len(&self) -> usize {
        self.resources.len()
    }

    /// What the client declares to hold.
    ///
    /// # Errors
    /// As [`Integrated::add`].
    pub(crate) fn integrated(&self, flaws: &FlawSet) -> Result<Vec<Value>, ClientError> {
        let mut integrated = Integrated::default();
        self.resources.iter().try_for_each(|resource| integrated.add(resource, flaws))?;
        Ok(integrated.into_items())
    }
}

/// The latest `meta.lastUpdated` of `resources`.
pub(crate) fn newest(resources: &[Value]) -> Option<String> {
    let dates = resources.iter().map(|resource| resource["meta"]["lastUpdated"].as_str().map(str::to_owned));
    dates.fold(None, later)
}

fn owned(resource: &Value) -> Option<(String, String)> {
    key(resource).map(|(kind, id)| (kind.to_owned(), id.to_owned()))
}

fn is_closed(resource: &Value) -> bool {
    resource["active"] == false
        || resource["status"] == "inactive"
        || resource["operationalStatus"]["code"] == CLOSED
}
