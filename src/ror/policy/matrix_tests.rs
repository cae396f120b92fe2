//! The element matrix of `ror-fhir.md` §2.3, walked cell by cell over the dataset `demo`.
//!
//! The expected values are written out here from the digest, not read from the policy file.
#![expect(clippy::unwrap_used)]

use serde_json::Value;

use super::AccessPolicy;
use crate::ror::demo_tests::{demo, view};
use crate::ror::path::ROR_STRUCTURE;
use crate::ror::resource::ResourceType::{
    self, HealthcareService, Location, Organization, Practitioner, PractitionerRole,
};
use crate::ror::{AccessProfile, DEMO, Directory, Resource, View};

/// The circumstances of one element.
#[derive(Debug, Clone, Copy, Default)]
struct Case {
    sensitive: bool,
    medico_social: bool,
    ville: bool,
    level: u8,
    contact: u8,
    status: &'static str,
}

/// One line of the matrix: profiles 0 to 5.
type Line = [fn(Case) -> bool; 6];

const YES: fn(Case) -> bool = |_| true;
const NO: fn(Case) -> bool = |_| false;
const IF_NOT_S: fn(Case) -> bool = |c| !c.sensitive;
const IF_MS_NOT_S: fn(Case) -> bool = |c| c.medico_social && !c.sensitive;

const OFFER: Line = [IF_NOT_S, YES, IF_NOT_S, IF_NOT_S, YES, IF_NOT_S];
const OFFER_CHARACTERISTICS: Line = [NO, YES, IF_NOT_S, IF_MS_NOT_S, YES, YES];
const OFFER_CONTACT: Line = [
    |c| c.level == 1 && !c.sensitive,
    YES,
    |c| c.level != 3 && !c.sensitive,
    |c| if c.medico_social { c.level != 3 && !c.sensitive } else { c.level == 1 },
    |c| c.level == 1,
    |c| c.level != 3 && !c.sensitive,
];
const OFFER_CONTACT_TELECOM: Line = [
    |c| c.level == 1 && c.contact == 1 && !c.sensitive,
    YES,
    |c| c.level != 3 && c.contact != 3 && !c.sensitive,
    |c| if c.medico_social { c.level != 3 && c.contact != 3 && !c.sensitive } else { c.contact == 1 },
    |c| c.level == 1 && c.contact == 1,
    |c| c.level != 3 && c.contact != 3 && !c.sensitive,
];
const LOCATION: Line = OFFER;
const LOCATION_TELECOM: Line = [
    |c| c.level == 1 && !c.sensitive,
    YES,
    |c| c.level != 3 && !c.sensitive,
    |c| c.medico_social && c.level != 3 && !c.sensitive,
    |c| c.level == 1,
    |c| c.level != 3 && !c.sensitive,
];
const LOCATION_EQUIPMENT: Line = [NO, YES, IF_NOT_S, IF_MS_NOT_S, YES, IF_NOT_S];
const LOCATION_CAPACITY: Line = [
    NO,
    YES,
    |c| c.status != "06" && !c.sensitive,
    |c| c.medico_social && !c.sensitive && c.status != "06",
    YES,
    |c| c.status == "01" && !c.sensitive,
];
const ORGANIZATION: Line = [YES; 6];
const ORGANIZATION_CONTACT: Line = [
    |c| c.level == 1,
    YES,
    |c| c.level != 3,
    |c| if c.medico_social { c.level != 3 } else { c.level == 1 },
    |c| c.level == 1,
    |c| c.level != 3,
];
const ORGANIZATION_CONTACT_TELECOM: Line = [
    |c| c.level == 1 && c.contact == 1,
    YES,
    |c| c.level != 3 && c.contact != 3,
    |c| if c.medico_social { c.level != 3 && c.contact != 3 } else { c.contact == 1 },
    |c| c.level == 1 && c.contact == 1,
    |c| c.level != 3 && c.contact != 3,
];
const DROP_ZONE_AND_ORSAN: Line = [NO, YES, NO, NO, YES, NO];
/// Profile 0 of a sensitive ville offer: the matrix says yes, but the offer is not sent to profile 0, and the lower
/// levels of what is not sent are not sent either (RG_EXP_002).
const PROFESSIONAL: Line = [|c| c.ville && !c.sensitive, YES, IF_NOT_S, IF_MS_NOT_S, YES, IF_NOT_S];
const ROLE_TELECOM: Line = LOCATION_TELECOM;

/// Every combination of contact and telecom levels that RG_EXP_034 allows.
const LEVELS: [(u8, u8); 6] = [(1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3)];
const STATUSES: [&str; 4] = ["01", "02", "05", "06"];

const ORDINARY: Case =
    Case { sensitive: false, medico_social: false, ville: false, level: 0, contact: 0, status: "" };
const SENSITIVE: Case = Case { sensitive: true, ..ORDINARY };
const MS: Case = Case { medico_social: true, ..ORDINARY };
const SENSITIVE_MS: Case = Case { sensitive: true, ..MS };
const VILLE: Case = Case { ville: true, ..ORDINARY };
const SENSITIVE_VILLE: Case = Case { sensitive: true, ..VILLE };

const OFFERS: [(&str, Case); 4] =
    [("50001", ORDINARY), ("50012", SENSITIVE), ("50030", MS), ("50032", SENSITIVE_MS)];
const LOCATIONS: [(&str, Case); 4] =
    [("2001", ORDINARY), ("2012", SENSITIVE), ("2030", MS), ("2032", SENSITIVE_MS)];
const ORGANIZATIONS: [(&str, Case); 3] = [("1101", ORDINARY), ("1202", MS), ("1301", ORDINARY)];
const ROLES: [(&str, Case); 6] = [
    ("7001", VILLE),
    ("7002", ORDINARY),
    ("7003", MS),
    ("7004", SENSITIVE),
    ("7005", SENSITIVE_MS),
    ("7006", SENSITIVE_VILLE),
];
const PRACTITIONERS: [(&str, Case); 5] = [
    ("3008", ORDINARY),
    ("3002", MS),
    ("3003", SENSITIVE),
    ("3004", SENSITIVE_MS),
    ("3005", SENSITIVE_VILLE),
];

/// Compares, and counts what was compared.
#[derive(Default)]
struct Walk {
    cells: usize,
    wrong: Vec<String>,
}

impl Walk {
    fn cell(&mut self, what: &str, id: &str, profile: usize, case: Case, expected: bool, actual: bool) {
        self.cells += 1;
        if expected != actual {
            self.wrong.push(format!(
                "{what} of {id}, profile {profile}: expected {expected}, got {actual}; {case:?}"
            ));
        }
    }
}

fn extensions<'a>(value: &'a Value, name: &str) -> Vec<&'a Value> {
    let url = format!("{ROR_STRUCTURE}{name}");
    let all = value["extension"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter(|e| e["url"] == url.as_str() || e["url"] == name).collect()
}

fn code(value: &Value, name: &str) -> String {
    extensions(value, name)[0]["valueCodeableConcept"]["coding"][0]["code"].as_str().unwrap().to_owned()
}

fn level(value: &Value, name: &str) -> u8 {
    code(value, name).parse().unwrap()
}

fn list<'a>(value: &'a Value, name: &str) -> Vec<&'a Value> {
    value[name].as_array().map(|a| a.iter().collect()).unwrap_or_default()
}

/// Calls `check` with each resource of `cases`, for each profile.
fn each(
    t: ResourceType,
    cases: &[(&str, Case)],
    mut check: impl FnMut(usize, &str, Case, Option<&Resource>),
) {
    for profile in 0..6 {
        let view = view(u8::try_from(profile).unwrap());
        for (id, case) in cases {
            check(profile, id, *case, view.read(t, id).map(|r| &**r));
        }
    }
}

#[test]
fn whole_resources() {
    let mut walk = Walk::default();
    type Cases = &'static [(&'static str, Case)];
    let lines: [(ResourceType, Cases, Line); 5] = [
        (HealthcareService, &OFFERS, OFFER),
        (Location, &LOCATIONS, LOCATION),
        (Organization, &ORGANIZATIONS, ORGANIZATION),
        (Practitioner, &PRACTITIONERS, PROFESSIONAL),
        (PractitionerRole, &ROLES, PROFESSIONAL),
    ];
    for (t, cases, line) in lines {
        each(t, cases, |profile, id, case, found| {
            walk.cell(t.name(), id, profile, case, line[profile](case), found.is_some());
        });
    }
    assert_eq!(walk.wrong, [""; 0]);
    assert_eq!(walk.cells, (4 + 4 + 3 + 5 + 6) * 6);
}

#[test]
fn offer_characteristics() {
    const NOS: &str = "https://mos.esante.gouv.fr/NOS/";
    let mut walk = Walk::default();
    each(HealthcareService, &OFFERS, |profile, id, case, found| {
        let slices = |wanted: &dyn Fn(&Value) -> bool| {
            found.is_some_and(|r| list(&r.json, "characteristic").into_iter().any(wanted))
        };
        let of_system = |number: &str| {
            let prefix = format!("{NOS}TRE_{number}-");
            slices(&|c| c["coding"][0]["system"].as_str().unwrap().starts_with(&prefix))
        };
        let act =
            |kind: &str| slices(&|c| extensions(c, "ror-act-type").iter().any(|e| e["valueCode"] == kind));
        let expected = OFFER[profile](case) && OFFER_CHARACTERISTICS[profile](case);
        walk.cell("specificAct", id, profile, case, expected, act("specificAct"));
        walk.cell("outsideOfficeAct", id, profile, case, expected, act("outsideOfficeAct"));
        walk.cell("takingCareSpeciality", id, profile, case, expected, of_system("R245"));
        walk.cell("ressourceProfession", id, profile, case, expected, of_system("R350"));
        walk.cell("specificCompetence", id, profile, case, expected, of_system("R243"));
        // What the matrix gives with the whole.
        walk.cell("careMode", id, profile, case, OFFER[profile](case), of_system("R213"));
    });
    assert_eq!(walk.wrong, [""; 0]);
    assert_eq!(walk.cells, 6 * 4 * 6);
}

#[test]
fn offer_contacts_and_their_telecoms() {
    let mut walk = Walk::default();
    each(HealthcareService, &OFFERS, |profile, id, case, found| {
        let contacts =
            found.map(|r| extensions(&r.json, "ror-healthcareservice-contact")).unwrap_or_default();
        let seen = |wanted: u8| contacts.iter().find(|c| level(c, "ror-confidentiality-level") == wanted);
        for wanted in 1..=3 {
            let case = Case { level: wanted, ..case };
            let expected = OFFER[profile](case) && OFFER_CONTACT[profile](case);
            walk.cell("contact", id, profile, case, expected, seen(wanted).is_some());
        }
        for (contact, telecom) in LEVELS {
            let case = Case { level: telecom, contact, ..case };
            let expected = OFFER[profile](case) && OFFER_CONTACT_TELECOM[profile](case);
            let actual = seen(contact).is_some_and(|c| {
                extensions(c, "ror-healthcareservice-contact-telecom")
                    .iter()
                    .any(|t| level(t, "ror-telecom-confidentiality-level") == telecom)
            });
            walk.cell("contact telecom", id, profile, case, expected, actual);
        }
    });
    assert_eq!(walk.wrong, [""; 0]);
    assert_eq!(walk.cells, 6 * 4 * 9);
}

#[test]
fn places() {
    let mut walk = Walk::default();
    each(Location, &LOCATIONS, |profile, id, case, found| {
        let whole = LOCATION[profile](case);
        let telecoms = found.map(|r| list(&r.json, "telecom")).unwrap_or_default();
        for wanted in 1..=3 {
            let case = Case { level: wanted, ..case };
            let actual = telecoms.iter().any(|t| level(t, "ror-telecom-confidentiality-level") == wanted);
            walk.cell("telecom", id, profile, case, whole && LOCATION_TELECOM[profile](case), actual);
        }
        let of = |name: &str| found.map(|r| extensions(&r.json, name)).unwrap_or_default();
        let equipment = of("ror-location-equipment");
        let limit = equipment.iter().any(|e| !extensions(e, "ror-location-equipment-limit").is_empty());
        let expected = whole && LOCATION_EQUIPMENT[profile](case);
        walk.cell("equipment", id, profile, case, expected, !equipment.is_empty());
        walk.cell("equipment limit", id, profile, case, expected, limit);
        let capacities = of("ror-location-supported-capacity");
        for status in STATUSES {
            let case = Case { status, ..case };
            let actual = capacities.iter().any(|c| code(c, "capacityStatus") == status);
            walk.cell("capacity", id, profile, case, whole && LOCATION_CAPACITY[profile](case), actual);
        }
        let commune = !of("ror-commune-cog").is_empty();
        walk.cell("commune-cog", id, profile, case, whole, commune);
    });
    assert_eq!(walk.wrong, [""; 0]);
    assert_eq!(walk.cells, 6 * 4 * 10);
}

#[test]
fn organizations() {
    let mut walk = Walk::default();
    each(Organization, &ORGANIZATIONS, |profile, id, case, found| {
        let json = &found.unwrap().json;
        let contacts = list(json, "contact");
        let seen =
            |wanted: u8| contacts.iter().find(|c| level(c, "ror-contact-confidentiality-level") == wanted);
        for wanted in 1..=3 {
            let case = Case { level: wanted, ..case };
            let expected = ORGANIZATION_CONTACT[profile](case);
            walk.cell("contact", id, profile, case, expected, seen(wanted).is_some());
        }
        for (contact, telecom) in LEVELS {
            let case = Case { level: telecom, contact, ..case };
            let actual = seen(contact).is_some_and(|c| {
                list(c, "telecom").iter().any(|t| level(t, "ror-telecom-confidentiality-level") == telecom)
            });
            let expected = ORGANIZATION_CONTACT_TELECOM[profile](case);
            walk.cell("contact telecom", id, profile, case, expected, actual);
        }
        for name in ["ror-organization-drop-zone", "ror-organization-level-recourse-orsan"] {
            let actual = !extensions(json, name).is_empty();
            walk.cell(name, id, profile, case, DROP_ZONE_AND_ORSAN[profile](case), actual);
        }
    });
    assert_eq!(walk.wrong, [""; 0]);
    assert_eq!(walk.cells, 6 * 3 * 11);
}

#[test]
fn role_telecoms() {
    let mut walk = Walk::default();
    each(PractitionerRole, &ROLES, |profile, id, case, found| {
        let telecoms = found.map(|r| list(&r.json, "telecom")).unwrap_or_default();
        // Role 7006 has no telecom of level 2.
        for wanted in [1, 3].into_iter().chain((id != "7006").then_some(2)) {
            let case = Case { level: wanted, ..case };
            let actual = telecoms.iter().any(|t| level(t, "ror-telecom-confidentiality-level") == wanted);
            let expected = PROFESSIONAL[profile](case) && ROLE_TELECOM[profile](case);
            walk.cell("role telecom", id, profile, case, expected, actual);
        }
    });
    assert_eq!(walk.wrong, [""; 0]);
    assert_eq!(walk.cells, 6 * 17);
}

/// What the data themselves must hold, lest a cell passes because there is nothing to hide.
#[test]
fn profile_1_sees_every_case() {
    let view = view(1);
    for t in ResourceType::ALL {
        let hidden: Vec<&str> =
            demo().all(t).filter(|r| view.read(t, &r.id).is_none()).map(|_| t.name()).collect();
        // One offer without its patient type and the place that only it has (RG_EXP_002).
        let expected = usize::from(t == HealthcareService || t == Location);
        assert_eq!(hidden.len(), expected, "{t}");
    }
}

/// The rows "as a whole" name dozens of elements: all that no other row names is the same for every profile.
#[test]
fn everything_else_goes_with_the_whole() {
    let named =
        ["/ror-healthcareservice-contact", "/ror-location-equipment", "/ror-location-supported-capacity"];
    let named = |url: &str| {
        let organization = ["/ror-organization-drop-zone", "/ror-organization-level-recourse-orsan"];
        named.iter().chain(&organization).any(|name| url.ends_with(name))
    };
    let systems = ["TRE_R210-", "TRE_R245-", "TRE_R350-", "TRE_R243-"];
    let rest = |resource: &Resource| {
        let mut json = resource.json.clone();
        json["extension"].as_array_mut().unwrap().retain(|e| !named(e["url"].as_str().unwrap()));
        let object = json.as_object_mut().unwrap();
        match resource.resource_type {
            Organization => drop(object.shift_remove("contact")),
            // MSS mailboxes of offers, internal organizations and practitioners go with the whole.
            Location | PractitionerRole => drop(object.shift_remove("telecom")),
            HealthcareService => {
                object["characteristic"].as_array_mut().unwrap().retain(|c| {
                    let system = c["coding"][0]["system"].as_str().unwrap();
                    !systems.iter().any(|s| system.contains(s))
                });
            }
            Practitioner => {}
        }
        json
    };
    let whole = view(1);
    for profile in AccessProfile::ALL {
        let seen = demo().view(profile);
        for t in ResourceType::ALL {
            for resource in seen.all(t) {
                let original = whole.read(t, &resource.id).unwrap();
                assert_eq!(rest(resource), rest(original), "profile {profile}, {}", resource.reference());
            }
        }
    }
}

#[test]
fn a_place_shared_with_a_sensitive_unit_is_visible() {
    assert!(view(0).read(Location, "2010").is_some());
    assert!(view(0).read(Location, "2012").is_none());
    assert!(view(0).read(Location, "2090").is_some(), "attached to no offer");
}

fn with_option(name: &str, on: bool, profile: u8) -> std::sync::Arc<View> {
    let policy = (*AccessPolicy::standard()).clone().with_option(name, on).unwrap();
    let directory = Directory::from_yaml("demo", DEMO, 1).unwrap().with_policy(policy);
    std::sync::Arc::new(directory).view(AccessProfile::try_new(profile).unwrap())
}

#[test]
fn option_installed_capacity_for_profile_0() {
    let view = with_option("profile-0-installed-capacity", true, 0);
    let location = view.read(Location, "2001").unwrap();
    let capacities = extensions(&location.json, "ror-location-supported-capacity");
    assert_eq!(capacities.len(), 1);
    assert_eq!(code(capacities[0], "capacityStatus"), "01");
    assert!(extensions(capacities[0], "capacitySourceType").is_empty());
    assert!(!extensions(capacities[0], "nbCapacity").is_empty());
    assert!(view.read(Location, "2012").is_none());
}

#[test]
fn option_one_medico_social_offer_is_enough() {
    let restricted = |view: &View| {
        let mixed = view.read(Organization, "1301").unwrap();
        list(&mixed.json, "contact").iter().any(|c| level(c, "ror-contact-confidentiality-level") == 2)
    };
    assert!(!restricted(&view(3)));
    assert!(restricted(&with_option("profile-3-organization-all-offers", false, 3)));
}
