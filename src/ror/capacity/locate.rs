//! Which Location an identifier means, and whose it is. Looked up over the whole directory: a supplier has no access
//! profile of its own here.

use std::sync::Arc;

use serde_json::Value;

use crate::ror::path::first_coding;
use crate::ror::{Directory, Nomenclature, Resource, ResourceType};

/// TRE_R354: the unique entry id, `region/number`.
const ENTRY: &str = "25";
/// TRE_R354: the external synchronisation id, `IdNatStruct/code`.
const SYNCHRONISATION: &str = "26";
/// TRE_G07: the national identifier of a structure.
const NATIONAL: &str = "40";
/// An internal organisation stands at most so many levels below its EG.
const MAXIMUM_LEVELS: usize = 16;

/// The Locations that an `identifier` value means, by external synchronisation id or unique entry id
/// (`ror-fhir.md` §5.2).
pub fn locations<'a>(directory: &'a Directory, identifier: &str) -> Vec<&'a Arc<Resource>> {
    directory
        .all(ResourceType::Location)
        .filter(|location| {
            identifiers(&location.json).any(|(kind, value)| {
                (kind == Some(ENTRY) || kind == Some(SYNCHRONISATION)) && value == identifier
            })
        })
        .collect()
}

/// IdNat_Struct of the establishment (EG) that holds a Location: what stands before the `/` of its external
/// synchronisation id; else through an offer that uses it and that offer's organisation, up to the EG; else its
/// managing organisation.
#[must_use]
pub fn establishment(directory: &Directory, location: &Resource) -> Option<String> {
    let external = identifiers(&location.json)
        .find(|(kind, _)| *kind == Some(SYNCHRONISATION))
        .and_then(|(_, value)| value.split_once('/'))
        .map(|(establishment, _)| establishment.to_owned());
    external.or_else(|| through_offers(directory, location)).or_else(|| {
        let managing = reference(&location.json, "managingOrganization")?;
        national_identifier(directory, managing)
    })
}

/// The functional identifier: the unique entry id, else the external synchronisation id.
pub(super) fn functional_identifier(location: &Value) -> Option<&str> {
    let of =
        |wanted: &str| identifiers(location).find(|(kind, _)| *kind == Some(wanted)).map(|(_, value)| value);
    of(ENTRY).or_else(|| of(SYNCHRONISATION))
}

fn through_offers(directory: &Directory, location: &Resource) -> Option<String> {
    let own = location.reference();
    let uses = |offer: &Resource| {
        let places = offer.json.get("location").and_then(Value::as_array);
        places.is_some_and(|places| places.iter().any(|place| is_reference_to(place, &own)))
    };
    directory
        .all(ResourceType::HealthcareService)
        .filter(|offer| uses(offer))
        .find_map(|offer| national_identifier(directory, reference(&offer.json, "providedBy")?))
}

/// The national identifier of the organisation, or of the first one above it that has one: an OI has none.
fn national_identifier(directory: &Directory, reference_to: &str) -> Option<String> {
    let mut wanted = reference_to;
    for _ in 0..MAXIMUM_LEVELS {
        let organization =
            directory.all(ResourceType::Organization).find(|o| is_same_reference(wanted, &o.reference()))?;
        let national = Nomenclature::standard().system("IDNAT_STRUCT").and_then(|system| {
            let mut all = organization.json.get("identifier")?.as_array()?.iter();
            let found = all.find(|identifier| {
                identifier.get("system").and_then(Value::as_str) == Some(&system.url)
                    || identifier.get("type").and_then(first_coding).is_some_and(|(_, code)| code == NATIONAL)
            })?;
            found.get("value")?.as_str()
        });
        if let Some(national) = national {
            return Some(national.to_owned());
        }
        wanted = reference(&organization.json, "partOf")?;
    }
    None
}

fn reference<'a>(json: &'a Value, member: &str) -> Option<&'a str> {
    json.get(member)?.get("reference")?.as_str()
}

fn is_reference_to(node: &Value, wanted: &str) -> bool {
    node.get("reference").and_then(Value::as_str).is_some_and(|given| is_same_reference(given, wanted))
}

/// Relative or absolute.
fn is_same_reference(given: &str, relative: &str) -> bool {
    given.strip_suffix(relative).is_some_and(|base| base.is_empty() || base.ends_with('/'))
}

/// Type code and value of each identifier.
fn identifiers(location: &Value) -> impl Iterator<Item = (Option<&str>, &str)> {
    let all = location.get("identifier").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    all.iter().filter_map(|identifier| {
        let kind = identifier.get("type").and_then(first_coding).map(|(_, code)| code);
        Some((kind, identifier.get("value")?.as_str()?))
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]
    use super::*;
    use crate::ror::demo_tests::demo;

    fn ids(identifier: &str) -> Vec<String> {
        locations(&demo(), identifier).iter().map(|location| location.id.clone()).collect()
    }

    #[test]
    fn both_kinds_of_identifier_find_a_location() {
        assert_eq!(ids("1450000001/USC01"), ["2001"]);
        assert_eq!(ids("24/2001"), ["2001"]);
        assert_eq!(ids("1450000001/CARD02"), ["2002"], "whatever the order of the identifiers");
        assert_eq!(ids("1450000001/DOUBLE"), ["2006", "2007"]);
        assert_eq!(ids("USC01"), [""; 0]);
        assert_eq!(ids(""), [""; 0]);
    }

    #[test]
    fn every_way_leads_to_the_establishment() {
        let of = |id: &str| {
            let directory = demo();
            let location = directory.all(ResourceType::Location).find(|location| location.id == id).unwrap();
            establishment(&directory, location)
        };
        assert_eq!(of("2001").as_deref(), Some("1450000001"), "its own identifier");
        assert_eq!(of("2003").as_deref(), Some("1450000001"), "an offer of an internal organisation");
        assert_eq!(of("2013").as_deref(), Some("1450000002"), "an offer of an internal organisation");
        assert_eq!(of("2036").as_deref(), Some("1370000003"), "an offer of the establishment");
        assert_eq!(of("2090").as_deref(), Some("1450000001"), "its managing organisation");
        assert_eq!(of("2091"), None, "attached to nothing");
    }
}
