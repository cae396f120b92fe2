//! Tests over the dataset `demo` as a whole: validity, mandatory elements, what its header promises.
#![expect(clippy::unwrap_used)]

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

use fhirkit::r4;
use serde_json::Value;
use unicode_normalization::is_nfc;

use super::ResourceType::{HealthcareService, Location, Organization, Practitioner, PractitionerRole};
use super::*;

pub(super) fn demo() -> Arc<Directory> {
    static DIRECTORY: LazyLock<Arc<Directory>> =
        LazyLock::new(|| Arc::new(Directory::from_yaml("demo.yaml", DEMO, 1).unwrap()));
    Arc::clone(&DIRECTORY)
}

pub(super) fn view(profile: u8) -> Arc<View> {
    demo().view(AccessProfile::try_new(profile).unwrap())
}

/// Every resource of every profile.
fn everything() -> impl Iterator<Item = (AccessProfile, Arc<Resource>)> {
    AccessProfile::ALL.into_iter().flat_map(|profile| {
        let view = demo().view(profile);
        let all: Vec<_> = ResourceType::ALL.iter().flat_map(|t| view.all(*t)).map(Arc::clone).collect();
        all.into_iter().map(move |resource| (profile, resource))
    })
}

fn has_extension(value: &Value, name: &str) -> usize {
    let all = value["extension"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter()
        .filter(|e| e["url"].as_str().unwrap().ends_with(&format!("/StructureDefinition/{name}")))
        .count()
}

#[test]
fn every_resource_of_every_profile_is_valid_r4() {
    let mut count = 0;
    for (profile, resource) in everything() {
        let text = &resource.text;
        let valid = match resource.resource_type {
            Organization => fhirkit::from_json_strict::<r4::Organization>(text).map(drop),
            HealthcareService => fhirkit::from_json_strict::<r4::HealthcareService>(text).map(drop),
            Location => fhirkit::from_json_strict::<r4::Location>(text).map(drop),
            Practitioner => fhirkit::from_json_strict::<r4::Practitioner>(text).map(drop),
            PractitionerRole => fhirkit::from_json_strict::<r4::PractitionerRole>(text).map(drop),
        };
        if let Err(error) = valid {
            panic!("profile {profile}, {}: {error}\n{text}", resource.reference());
        }
        count += 1;
    }
    assert!(count > 3000, "{count}");
}

/// The mandatory elements of `ror-fhir.md` §4, written out here.
#[test]
fn every_resource_of_every_profile_has_its_mandatory_elements() {
    for (profile, resource) in everything() {
        let (json, name) = (&resource.json, format!("profile {profile}, {}", resource.reference()));
        let exactly_one =
            |extension: &str| assert_eq!(has_extension(json, extension), 1, "{name}: {extension}");
        exactly_one("ror-meta-creation-date");
        assert!(json["meta"]["lastUpdated"].is_string(), "{name}");
        assert_eq!(json["meta"]["profile"][0], resource.resource_type.profile().as_str(), "{name}");
        assert!(resource.id.bytes().all(|b| b.is_ascii_digit()), "{name}");
        let count = |element: &str| json[element].as_array().map_or(0, Vec::len);
        match resource.resource_type {
            HealthcareService => {
                exactly_one("ror-healthcareservice-sensitive-unit");
                exactly_one("ror-healthcareservice-patient-type");
                assert_eq!((count("identifier"), count("type")), (1, 1), "{name}");
                assert!(json["providedBy"]["reference"].is_string(), "{name}");
                assert!(count("specialty") >= 1, "{name}");
                let modes = json["characteristic"].as_array().unwrap().iter().filter(|c| {
                    c["coding"][0]["system"].as_str().unwrap().contains("/TRE_R213-ModePriseEnCharge/")
                });
                assert_eq!(modes.count(), 1, "{name}");
                let identifier = json["identifier"][0]["value"].as_str().unwrap();
                assert!(identifier.contains('/'), "{name}: {identifier}");
            }
            Location => exactly_one("ror-commune-cog"),
            Organization => assert!(count("identifier") >= 1, "{name}"),
            Practitioner => {
                assert_eq!(count("identifier"), 1, "{name}");
                assert_eq!(json["identifier"][0]["system"], "urn:oid:1.2.250.1.71.4.2.1", "{name}");
            }
            PractitionerRole => {
                exactly_one("ror-practitionerrole-unit-exercise-mode");
                assert!(json["practitioner"]["reference"].is_string(), "{name}");
                assert_eq!((count("healthcareService"), count("code")), (1, 1), "{name}");
            }
        }
        levels_are_given(json, &name);
    }
}

/// Channel and level on every telecom, level on every contact.
fn levels_are_given(json: &Value, name: &str) {
    let telecom = |telecom: &Value| {
        assert_eq!(has_extension(telecom, "ror-telecom-communication-channel"), 1, "{name}");
        assert_eq!(has_extension(telecom, "ror-telecom-confidentiality-level"), 1, "{name}");
    };
    let items = |value: &Value, element: &str| value[element].as_array().cloned().unwrap_or_default();
    items(json, "telecom").iter().for_each(telecom);
    for contact in items(json, "contact") {
        assert_eq!(has_extension(&contact, "ror-contact-confidentiality-level"), 1, "{name}");
        items(&contact, "telecom").iter().for_each(telecom);
    }
    for contact in
        items(json, "extension").iter().filter(|e| has_extension(e, "ror-confidentiality-level") > 0)
    {
        assert_eq!(has_extension(contact, "ror-confidentiality-level"), 1, "{name}");
        for part in items(contact, "extension") {
            if part["url"].as_str().unwrap().ends_with("ror-healthcareservice-contact-telecom") {
                telecom(&part);
            }
        }
    }
}

/// Seven sub-extensions, each once, whatever the profile that sees the capacity.
#[test]
fn capacities_are_complete() {
    let mandatory = [
        "nbCapacity",
        "capacityUpdateDate",
        "capacityStatus",
        "capacityType",
        "temporalityCapacity",
        "capacitySourceType",
        "temporaryAssignement",
    ];
    let mut statuses = HashSet::new();
    for (profile, resource) in everything() {
        for extension in resource.json["extension"].as_array().unwrap() {
            if !extension["url"].as_str().unwrap().ends_with("/ror-location-supported-capacity") {
                continue;
            }
            let parts = extension["extension"].as_array().unwrap();
            for url in mandatory {
                let count = parts.iter().filter(|p| p["url"] == url).count();
                assert_eq!(count, 1, "profile {profile}, {}: {url}", resource.reference());
            }
            let status =
                &parts.iter().find(|p| p["url"] == "capacityStatus").unwrap()["valueCodeableConcept"];
            statuses.insert(status["coding"][0]["code"].as_str().unwrap().to_owned());
        }
    }
    assert!(["01", "02", "05", "06"].iter().all(|s| statuses.contains(*s)), "{statuses:?}");
}

#[test]
fn every_reference_leads_to_what_the_profile_sees() {
    for (profile, resource) in everything() {
        let view = demo().view(profile);
        for reference in references(&resource.json) {
            assert!(
                view.resolve(reference).is_some(),
                "profile {profile}, {}: {reference}",
                resource.reference()
            );
        }
    }
}

fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Object(object) => object
            .iter()
            .flat_map(|(name, value)| match (name.as_str(), value) {
                ("reference", Value::String(reference)) => vec![reference.as_str()],
                _ => references(value),
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[test]
fn an_offer_without_a_mandatory_element_is_sent_to_nobody() {
    for profile in AccessProfile::ALL {
        let view = demo().view(profile);
        assert!(view.read(HealthcareService, "50060").is_none());
        assert!(view.read(Location, "2060").is_none(), "nor its lower levels");
    }
    assert!(demo().all(HealthcareService).any(|r| r.id == "50060"));
}

#[test]
fn the_region_is_as_large_as_it_should_be() {
    let view = view(1);
    let organizations: Vec<&Value> = view.all(Organization).map(|r| &r.json).collect();
    let kind = |number: &str| {
        organizations
            .iter()
            .filter(|o| o["type"][0]["coding"][0]["system"].to_string().contains(number))
            .count()
    };
    assert!(kind("TRE_R72-") >= 3, "EJ");
    assert!(kind("TRE_R66-") >= 6, "EG");
    assert!(kind("TRE_R207-") >= 3, "OI");
    let by_hand: Vec<&Value> =
        view.all(HealthcareService).filter(|r| r.id.starts_with('5')).map(|r| &r.json).collect();
    assert!(by_hand.len() >= 30);
    let fields: HashSet<&str> =
        by_hand.iter().map(|o| o["type"][0]["coding"][0]["code"].as_str().unwrap()).collect();
    assert_eq!(fields, HashSet::from(["01", "02", "03", "04", "05", "06"]));
    assert!(by_hand.iter().any(|o| o["active"] == false));
    assert!(view.count(HealthcareService) > 450);
    // The traps that the header announces.
    let types = |r: &Resource| -> Vec<String> {
        let identifiers = r.json["identifier"].as_array().unwrap();
        identifiers.iter().map(|i| i["type"]["coding"][0]["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(types(view.read(Location, "2002").unwrap()), ["26", "25"]);
    assert_eq!(types(view.read(Organization, "1102").unwrap()), ["3", "1", "40"]);
    assert_eq!(types(view.read(Organization, "1101").unwrap()), ["40", "1", "3"]);
}

#[test]
fn names_are_stored_in_nfc_and_have_accents() {
    let names: Vec<String> =
        view(1).all(Organization).filter_map(|r| r.json["name"].as_str().map(str::to_owned)).collect();
    for word in ["Hôpital", "Œuvre", "Noël"] {
        assert!(names.iter().any(|n| n.contains(word)), "{word}");
    }
    assert!(names.iter().any(|n| n.contains('\'')) && names.iter().any(|n| n.contains('’')));
    assert!(everything().all(|(_, r)| is_nfc(&r.text)));
}

#[test]
fn the_seed_decides_and_nothing_else() {
    let texts = |seed: u64| -> HashMap<String, String> {
        let directory = Directory::from_yaml("demo", DEMO, seed).unwrap();
        ResourceType::ALL
            .iter()
            .flat_map(|t| directory.all(*t))
            .map(|r| (r.reference(), r.text.clone()))
            .collect()
    };
    let (one, again, other) = (texts(1), texts(1), texts(2));
    assert_eq!(one, again);
    assert_ne!(one, other);
    let by_hand = |texts: &HashMap<String, String>| {
        let mut kept: Vec<_> =
            texts.iter().filter(|(r, _)| r.contains("/5")).map(|(_, t)| t.clone()).collect();
        kept.sort();
        kept
    };
    assert_eq!(by_hand(&one), by_hand(&other), "what is written by hand does not depend on the seed");
}

#[test]
fn a_view_is_made_once_and_shares_what_is_whole() {
    let profile = AccessProfile::try_new(1).unwrap();
    assert!(Arc::ptr_eq(&demo().view(profile), &demo().view(profile)));
    let view = demo().view(profile);
    let whole = demo().all(Location).find(|r| r.id == "2001").cloned().unwrap();
    assert!(Arc::ptr_eq(view.read(Location, "2001").unwrap(), &whole));
}
