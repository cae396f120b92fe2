//! Moving the data on: an offer renamed, closed or made sensitive, a contact's level raised, a new establishment.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use super::path::ROR_STRUCTURE;
use super::{Directory, Resource, ResourceType};

/// One change of one resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The resource, `HealthcareService/50001`.
    pub resource: String,
    /// What happens to it.
    pub edit: Edit,
    /// What its `meta.lastUpdated` becomes.
    pub stamp: Stamp,
}

/// What happens to a resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// It is merged with this (JSON Merge Patch, RFC 7396); a resource that does not exist yet is made of it.
    Merge(Value),
    /// It begins as a copy of another one, then is merged with this.
    CopyOf(String, Value),
    /// An offer becomes a sensitive unit, or ceases to be one.
    Sensitive(bool),
    /// All its contacts and telecoms get this confidentiality level (TRE_R283: 1, 2 or 3).
    ConfidentialityLevel(String),
    /// It vanishes.
    Remove,
}

/// What `meta.lastUpdated` becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// This instant, to the millisecond.
    At(OffsetDateTime),
    /// What it was.
    Unchanged,
}

/// What a change came to: resources to put and to remove.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// The resource as it is now.
    Put(Box<Resource>),
    /// It is gone.
    Removed(ResourceType, String),
}

/// Why a change cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// It is not `Type/id` with one of the five types.
    #[error("`{0}` is not a reference such as HealthcareService/50001")]
    Reference(String),
    /// There is no such resource.
    #[error("`{0}` does not exist in the dataset")]
    Unknown(String),
    /// The result is no resource.
    #[error("`{0}`: what the change makes of it is no resource")]
    NoResource(String),
}

impl Change {
    /// What the change makes of a directory. The directory stays as it is.
    ///
    /// # Errors
    /// When the resource is not there, or would not be one afterwards.
    pub fn effect(&self, directory: &Directory) -> Result<Effect, ChangeError> {
        let (t, id) = reference(&self.resource)?;
        let held = directory.read(t, &id).map(|held| held.json.clone());
        let known = || held.clone().ok_or_else(|| ChangeError::Unknown(self.resource.clone()));
        let mut json = match &self.edit {
            Edit::Remove => {
                known()?;
                return Ok(Effect::Removed(t, id));
            }
            Edit::Merge(patch) => {
                let mut json = held.unwrap_or_else(|| json!({}));
                merge(&mut json, patch);
                json
            }
            Edit::CopyOf(other, patch) => {
                let (other_type, other_id) = reference(other)?;
                let source = directory.read(other_type, &other_id);
                let source = source.ok_or_else(|| ChangeError::Unknown(other.clone()))?;
                let mut json = source.json.clone();
                merge(&mut json, patch);
                json
            }
            Edit::Sensitive(sensitive) => {
                let mut json = known()?;
                set_sensitive(&mut json, *sensitive);
                json
            }
            Edit::ConfidentialityLevel(level) => {
                let mut json = known()?;
                set_levels(&mut json, level);
                json
            }
        };
        let object = json.as_object_mut().ok_or_else(|| ChangeError::NoResource(self.resource.clone()))?;
        object.insert("resourceType".to_owned(), json!(t.name()));
        object.insert("id".to_owned(), json!(id));
        if let Stamp::At(instant) = self.stamp {
            json["meta"]["lastUpdated"] = json!(fhir_instant(instant));
        }
        let resource = Resource::new(json).ok_or_else(|| ChangeError::NoResource(self.resource.clone()))?;
        Ok(Effect::Put(Box::new(resource)))
    }
}

impl Directory {
    /// The directory after these effects.
    #[must_use]
    pub fn after(&self, effects: impl IntoIterator<Item = Effect>) -> Self {
        let mut put = Vec::new();
        let mut removed = Vec::new();
        for effect in effects {
            match effect {
                Effect::Put(resource) => put.push(*resource),
                Effect::Removed(t, id) => removed.push((t, id)),
            }
        }
        self.with(put, &removed)
    }
}

/// A FHIR `instant` to the millisecond, in UTC, as the ROR writes it (`ror-fhir.md` §4.1).
#[must_use]
pub fn fhir_instant(instant: OffsetDateTime) -> String {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]+00:00");
    // The format holds nothing that an instant in UTC lacks.
    instant.to_offset(time::UtcOffset::UTC).format(&format).unwrap_or_default()
}

fn reference(reference: &str) -> Result<(ResourceType, String), ChangeError> {
    Resource::parse_reference(reference).ok_or_else(|| ChangeError::Reference(reference.to_owned()))
}

/// JSON Merge Patch (RFC 7396 §2).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(members) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Value::Object(object) = target else { return };
    for (name, value) in members {
        if value.is_null() {
            object.remove(name);
        } else {
            merge(object.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

fn set_sensitive(json: &mut Value, sensitive: bool) {
    let url = format!("{ROR_STRUCTURE}ror-healthcareservice-sensitive-unit");
    let extensions = json["extension"].as_array_mut();
    match extensions {
        Some(extensions) => {
            extensions.retain(|extension| extension["url"] != url.as_str());
            extensions.insert(0, json!({ "url": url, "valueBoolean": sensitive }));
        }
        None => json["extension"] = json!([{ "url": url, "valueBoolean": sensitive }]),
    }
}

/// Every extension that holds a confidentiality level, wherever it stands.
fn set_levels(value: &mut Value, level: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| set_levels(item, level)),
        Value::Object(members) => {
            let is_level = members
                .get("url")
                .and_then(Value::as_str)
                .is_some_and(|url| url.starts_with(ROR_STRUCTURE) && url.ends_with("confidentiality-level"));
            if is_level && let Some(coding) = members.get_mut("valueCodeableConcept") {
                coding["coding"][0]["code"] = json!(level);
                if let Some(coding) = coding["coding"][0].as_object_mut() {
                    coding.remove("display");
                }
                return;
            }
            members.values_mut().for_each(|member| set_levels(member, level));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]

    use std::sync::Arc;

    use time::macros::datetime;

    use super::*;
    use crate::ror::{AccessProfile, DEMO};

    fn demo() -> Directory {
        Directory::from_yaml("demo.yaml", DEMO, 0).unwrap()
    }

    fn change(resource: &str, edit: Edit) -> Change {
        Change {
            resource: resource.to_owned(),
            edit,
            stamp: Stamp::At(datetime!(2026-11-21 10:00:00.25 UTC)),
        }
    }

    fn first(directory: &Directory, t: ResourceType) -> String {
        directory.all(t).next().unwrap().reference()
    }

    #[test]
    fn a_merge_renames_and_stamps() {
        let demo = demo();
        let offer = first(&demo, ResourceType::HealthcareService);
        let effect = change(&offer, Edit::Merge(json!({"name": "Autre nom"}))).effect(&demo).unwrap();
        let after = demo.after([effect]);
        let (t, id) = Resource::parse_reference(&offer).unwrap();
        let json = &after.read(t, &id).unwrap().json;
        assert_eq!(json["name"], "Autre nom");
        assert_eq!(json["meta"]["lastUpdated"], "2026-11-21T10:00:00.250+00:00");
        assert_ne!(
            demo.read(t, &id).unwrap().json["name"],
            "Autre nom",
            "the directory itself stays as it is"
        );
    }

    #[test]
    fn an_offer_made_sensitive_leaves_the_view_of_profile_2_and_stays_in_that_of_profile_1() {
        let demo = Arc::new(demo());
        let profile = |number| AccessProfile::try_new(number).unwrap();
        let seen = demo.view(profile(2)).all(ResourceType::HealthcareService).next().unwrap().reference();
        let after = Arc::new(demo.after([change(&seen, Edit::Sensitive(true)).effect(&demo).unwrap()]));
        let (t, id) = Resource::parse_reference(&seen).unwrap();
        assert!(after.view(profile(2)).read(t, &id).is_none());
        assert!(after.view(profile(1)).read(t, &id).is_some());
    }

    #[test]
    fn all_levels_of_a_resource_rise_together() {
        let demo = demo();
        let with_contact = demo
            .all(ResourceType::Organization)
            .find(|organization| organization.text.contains("ror-contact-confidentiality-level"))
            .unwrap()
            .reference();
        let effect = change(&with_contact, Edit::ConfidentialityLevel("3".to_owned())).effect(&demo).unwrap();
        let Effect::Put(resource) = effect else { panic!("put expected") };
        let levels = resource.text.matches("TRE-R283-NiveauConfidentialite\",\"code\":\"3\"").count();
        assert!(levels > 0);
        assert_eq!(levels, resource.text.matches("confidentiality-level").count());
    }

    #[test]
    fn removal_copies_and_what_cannot_be_done() {
        let demo = demo();
        let offer = first(&demo, ResourceType::HealthcareService);
        let copy = change("HealthcareService/990001", Edit::CopyOf(offer.clone(), json!({"name": "Neuve"})));
        let after = demo.after([copy.effect(&demo).unwrap()]);
        assert_eq!(after.read(ResourceType::HealthcareService, "990001").unwrap().json["name"], "Neuve");
        let gone = demo.after([change(&offer, Edit::Remove).effect(&demo).unwrap()]);
        assert_eq!(
            gone.all(ResourceType::HealthcareService).count() + 1,
            demo.all(ResourceType::HealthcareService).count()
        );
        assert_eq!(
            change("HealthcareService/0", Edit::Remove).effect(&demo),
            Err(ChangeError::Unknown("HealthcareService/0".to_owned()))
        );
        assert_eq!(
            change("Patient/1", Edit::Remove).effect(&demo),
            Err(ChangeError::Reference("Patient/1".to_owned()))
        );
    }
}
