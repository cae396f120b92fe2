//! The five resource types that the ROR serves, the access profiles, and one resource as it is served.

use std::fmt;

use serde_json::{Map, Value};

/// The resource types of the consultation API (`ror-fhir.md` §3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResourceType {
    /// EJ, EG or OI.
    Organization,
    /// An offer.
    HealthcareService,
    /// A place where an offer is given.
    Location,
    /// A professional.
    Practitioner,
    /// An operational situation of a professional.
    PractitionerRole,
}

impl ResourceType {
    /// All of them, in the order of their discriminants.
    pub const ALL: [Self; 5] = [
        Self::Organization,
        Self::HealthcareService,
        Self::Location,
        Self::Practitioner,
        Self::PractitionerRole,
    ];

    /// The FHIR name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Organization => "Organization",
            Self::HealthcareService => "HealthcareService",
            Self::Location => "Location",
            Self::Practitioner => "Practitioner",
            Self::PractitionerRole => "PractitionerRole",
        }
    }

    /// The type of this FHIR name; case matters, as on the wire.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.name() == name)
    }

    /// The canonical URL of the ROR profile.
    #[must_use]
    pub fn profile(self) -> String {
        format!("{}{}", super::path::ROR_STRUCTURE, format_args!("ror-{}", self.name().to_ascii_lowercase()))
    }

    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A profil d'accès, 0 (public data) to 5 (`ror-fhir.md` §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccessProfile(u8);

impl AccessProfile {
    /// All six.
    pub const ALL: [Self; 6] = [Self(0), Self(1), Self(2), Self(3), Self(4), Self(5)];

    /// `None` unless `number` is 0 to 5.
    #[must_use]
    pub fn try_new(number: u8) -> Option<Self> {
        (number <= 5).then_some(Self(number))
    }

    /// The number, 0 to 5.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for AccessProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One resource, serialised once.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Its type.
    pub resource_type: ResourceType,
    /// Its technical id, unique within its type.
    pub id: String,
    /// The resource.
    pub json: Value,
    /// The same as compact JSON text.
    pub text: String,
}

impl Resource {
    /// `None` when `json` has no `id` or is not of one of the five types.
    #[must_use]
    pub fn new(json: Value) -> Option<Self> {
        let resource_type = ResourceType::parse(json.get("resourceType")?.as_str()?)?;
        let id = json.get("id")?.as_str()?.to_owned();
        let mut text = serde_json::to_string(&json).ok()?;
        text.shrink_to_fit();
        Some(Self { resource_type, id, json: fitted(json), text })
    }

    /// Type and id of a relative reference, `Location/2001`.
    #[must_use]
    pub fn parse_reference(reference: &str) -> Option<(ResourceType, String)> {
        let (t, id) = reference.split_once('/')?;
        Some((ResourceType::parse(t)?, id.to_owned()))
    }

    /// The relative reference, `Location/2001`.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}/{}", self.resource_type, self.id)
    }
}

/// The same value without spare capacity, which would be a quarter of the memory of a large dataset.
fn fitted(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            // Through a boxed slice: collecting in place would keep the old capacity.
            let items: Box<[Value]> = items.into_iter().map(fitted).collect();
            Value::Array(items.into_vec())
        }
        Value::Object(members) => {
            let mut object = Map::with_capacity(members.len());
            object.extend(members.into_iter().map(|(name, value)| (name, fitted(value))));
            Value::Object(object)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for t in ResourceType::ALL {
            assert_eq!(ResourceType::parse(t.name()), Some(t));
        }
        assert_eq!(ResourceType::parse("organization"), None);
        assert_eq!(ResourceType::parse("Patient"), None);
        assert!(ResourceType::PractitionerRole.profile().ends_with("/ror-practitionerrole"));
    }

    #[test]
    fn profiles_are_0_to_5() {
        assert_eq!(AccessProfile::try_new(5).map(AccessProfile::get), Some(5));
        assert_eq!(AccessProfile::try_new(6), None);
    }
}
