//! Searches over the dataset `demo`.
#![expect(clippy::unwrap_used)]

use std::collections::HashSet;

use super::*;
use crate::ror::ResourceType::{HealthcareService, Location, Organization, Practitioner, PractitionerRole};
use crate::ror::demo_tests::view;
use crate::ror::expand_code;

/// Pairs; a value that begins with a short code system is expanded.
fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
    query.iter().map(|(n, v)| ((*n).to_owned(), expand_code(v).unwrap_or_else(|| (*v).to_owned()))).collect()
}

pub(super) fn attempt(profile: u8, t: ResourceType, query: &[(&str, &str)]) -> Result<SearchResult, Problem> {
    view(profile).search(t, &pairs(query), SearchOptions::default())
}

fn ids(profile: u8, t: ResourceType, query: &[(&str, &str)]) -> Vec<String> {
    attempt(profile, t, query).unwrap().ids().map(str::to_owned).collect()
}

#[test]
fn the_counts_of_the_dataset_header() {
    let total = |profile, query: &[(&str, &str)]| attempt(profile, HealthcareService, query).unwrap().total();
    assert_eq!(total(1, &[]), 483);
    assert_eq!(ids(1, HealthcareService, &[("specialty", "TRE_R211|233")]), ["50034"]);
    assert_eq!(ids(1, HealthcareService, &[("specialty", "TRE_R211|998")]), ["50007"]);
    assert_eq!(total(1, &[("specialty", "TRE_R211|017")]), 232);
    assert_eq!(total(1, &[("specialty", "TRE_R211|481")]), 0);
    for (profile, expected) in [(0, 4), (1, 5), (2, 4), (3, 4), (4, 5), (5, 4)] {
        assert_eq!(total(profile, &[("specialty", "TRE_R211|022")]), expected, "profile {profile}");
    }
    assert_eq!(ids(1, Organization, &[("_tag", "52")]), ["1400", "1401"]);
    assert_eq!(ids(1, Organization, &[("_tag", "TRE_R30|52")]), ["1400", "1401"]);
}

#[test]
fn every_row_of_the_table_can_be_searched_and_finds_something() {
    // A value that some resource of the dataset has.
    let values = [
        ("HealthcareService", "_id", "50001"),
        ("HealthcareService", "_lastUpdated", "ge2026-06-22"),
        ("HealthcareService", "_tag", "24"),
        ("HealthcareService", "identifier", "24/0050001"),
        ("HealthcareService", "name", "chirurgie"),
        ("HealthcareService", "service-category", "TRE_R244|157"),
        ("HealthcareService", "service-type", "TRE_R227|04"),
        ("HealthcareService", "characteristic", "TRE_R213|28"),
        ("HealthcareService", "specialty", "TRE_R211|022"),
        ("HealthcareService", "age-range-low", "le15|https://unitsofmeasure.org|a"),
        ("HealthcareService", "age-range-high", "ge150"),
        ("HealthcareService", "patient-type", "TRE_R239|03"),
        ("HealthcareService", "intervention-zone", "TRE_R13|45208"),
        ("HealthcareService", "psychiatric-sector", "45g"),
        ("HealthcareService", "notavailable-closing-reopeningdate", "sa2026-07-01"),
        ("Location", "near", "47.83|1.92|5|km"),
        ("Location", "near-insee-code", "44162|15|km"),
        ("Location", "identifier", "24/2002"),
        ("Location", "type", "TRE_R343|001"),
        ("Location", "status", "active"),
        ("Location", "address-postalcode", "45"),
        ("Location", "address-city", "orléans"),
        ("Location", "commune-cog", "TRE_R13|45234,18033"),
        ("Location", "capacity-status", "TRE_R330|02"),
        ("Location", "capacity-type", "TRE_R329|02"),
        ("Location", "temporality-capacity", "TRE_R331|03"),
        ("Location", "gender-capacity-available", "TRE_R332|01"),
        ("Location", "capacity-closing-type", "TRE_R333|01"),
        ("Location", "additional-bed-type", "TRE_R334|03"),
        ("Location", "crisis-type", "TRE_R336|02"),
        ("Location", "temporary-assignement", "TRE_R337|02"),
        ("Location", "nb-capacity", "gt50"),
        ("Location", "capacity-update-date", "ge2026-06-20"),
        ("Location", "equipment-type", "TRE_R212|088"),
        ("Location", "equipment-feature", "TRE_R340|001"),
        ("Location", "limit-value", "ge200|http://unitsofmeasure.org|kg"),
        ("Location", "residential-type", "TRE_R242|01"),
        ("Location", "residential-number", "40"),
        ("Organization", "identifier", "FINESS|450000001"),
        ("Organization", "name", "hopital"),
        ("Organization", "type", "TRE_R66|500"),
        ("Organization", "drop-zone", "true"),
        ("Organization", "closing-type", "TRE_R286|1"),
        ("Organization", "period-end", "le2025"),
        ("Organization", "price-type", "TRE_R246|02"),
        ("Organization", "price-amount-value", "lt60"),
        ("Organization", "price-residential-type", "TRE_R242|03"),
        ("Organization", "special-price", "TRE_R250|03"),
        ("Organization", "price-dependency-level", "TRE_R237|02"),
        ("Organization", "price-welcome-type", "TRE_R240|02"),
        ("Organization", "price-unit", "TRE_R228|01"),
        ("Organization", "price-validity-start-date", "2026-01"),
        ("Practitioner", "identifier", "IDNAT_PS|10000000001"),
        ("PractitionerRole", "identifier", "10000000001001"),
    ];
    let mut tested = HashSet::new();
    for (t, name, value) in values {
        let t = ResourceType::parse(t).unwrap();
        let found = ids(1, t, &[(name, value)]);
        assert!(!found.is_empty(), "{t}?{name}={value}");
        let everything = attempt(1, t, &[]).unwrap().total();
        assert!(found.len() < everything || name == "_tag", "{t}?{name}={value} does not select");
        tested.insert((t, name));
    }
    for t in ResourceType::ALL {
        for parameter in Table::standard().of(t, false) {
            let name = parameter.name.as_str();
            let known = tested.contains(&(t, name)) || name.starts_with('_');
            assert!(known, "{t}?{name} is not tested");
        }
    }
}

#[test]
fn commas_are_or_and_repetitions_are_and() {
    assert_eq!(ids(1, Location, &[("_id", "2001,2002")]), ["2001", "2002"]);
    assert_eq!(ids(1, Location, &[("_id", "2001,2002"), ("_id", "2002,2003")]), ["2002"]);
    let both = [("characteristic", "TRE_R213|28"), ("characteristic", "TRE_R210|0320")];
    assert_eq!(ids(1, HealthcareService, &both), ["50001", "50012"]);
    let range = [("_lastUpdated", "ge2026-06-19T20:00"), ("_lastUpdated", "le2026-06-19T20:04")];
    assert_eq!(ids(1, HealthcareService, &range), ["50036"]);
}

#[test]
fn identifiers_in_all_their_forms() {
    let one = |query: &[(&str, &str)]| assert_eq!(ids(1, Organization, query), ["1101"], "{query:?}");
    one(&[("identifier", "1450000001")]);
    one(&[("identifier", "IDNAT_STRUCT|1450000001")]);
    one(&[("identifier", "FINESS|450000001")]);
    let of_type = format!("{}|40|1450000001", expand_code("TRE_G07").unwrap());
    one(&[("identifier:of-type", &of_type)]);
    assert_eq!(ids(1, Organization, &[("identifier", "FINESS|1450000001")]), [""; 0]);
    assert_eq!(ids(1, Location, &[("identifier", "1450000001/CARD02,24/2001")]), ["2001", "2002"]);
    assert_eq!(ids(1, Practitioner, &[("identifier", "810000000001")]), ["3001"]);
}

#[test]
fn names_without_regard_to_accents() {
    assert_eq!(ids(1, Organization, &[("name", "hopital")]), ["1102"]);
    assert_eq!(ids(1, Organization, &[("name", "NOEL")]), ["1201"]);
    assert_eq!(ids(1, Organization, &[("name:contains", "oeuvre")]), ["1102", "1200"]);
    assert_eq!(ids(1, Organization, &[("name:exact", "Hôpital de l'Œuvre")]), ["1102"]);
    assert_eq!(ids(1, Organization, &[("name:exact", "Hopital de l'Oeuvre")]), [""; 0]);
    assert_eq!(ids(1, Organization, &[("name:contains", "site d'auron")]), ["1301"], "either apostrophe");
}

#[test]
fn above_means_the_organization_or_an_ancestor() {
    let own = ids(1, HealthcareService, &[("organization.identifier", "1450000001")]);
    assert_eq!(own, ["50001", "50002", "50003", "50004"]);
    let above = ids(1, HealthcareService, &[("organization.identifier:above", "1450000001")]);
    assert_eq!(above, ["50001", "50002", "50003", "50004", "50005", "50006", "50007"]);
    let entity = attempt(1, HealthcareService, &[("organization.identifier:above", "1450000000")]).unwrap();
    assert!(entity.total() > 100, "the EJ with all its sites, units and generated offers");
    let typed = [("organization.type:above", "TRE_R66|500"), ("organization._lastUpdated:above", "ge2026")];
    assert_eq!(ids(1, HealthcareService, &typed), ["50030", "50031"]);
}

#[test]
fn capacity_criteria_look_into_one_record() {
    // Location 2002 has no free bed for women, two for men.
    let free = |gender: &str| {
        ids(
            1,
            Location,
            &[
                ("capacity-status", "TRE_R330|02"),
                ("gender-capacity-available", gender),
                ("nb-capacity", "gt0"),
                ("_id", "2002"),
            ],
        )
    };
    assert_eq!(free("TRE_R332|02"), ["2002"]);
    assert_eq!(free("TRE_R332|01"), [""; 0]);
    let chained = [
        ("specialty", "TRE_R211|017"),
        ("location.capacity-status", "TRE_R330|02"),
        ("location.gender-capacity-available", "TRE_R332|02"),
        ("location.nb-capacity", "gt0"),
    ];
    assert_eq!(ids(1, HealthcareService, &chained), ["50002", "50003"]);
    let equipment = [("location.equipment-type", "TRE_R212|088"), ("location.limit-value", "ge300||kg")];
    assert_eq!(ids(1, HealthcareService, &equipment), ["50040"]);
}

#[test]
fn not_is_the_complement() {
    let all = attempt(1, Location, &[]).unwrap().total();
    for (name, value) in
        [("status", "inactive"), ("type", "TRE_R343|001"), ("capacity-status", "TRE_R330|06")]
    {
        let with = attempt(1, Location, &[(name, value)]).unwrap().total();
        let without = attempt(1, Location, &[(&format!("{name}:not"), value)]).unwrap().total();
        assert!(with > 0);
        assert_eq!(with + without, all, "{name}");
    }
}

#[test]
fn a_narrow_profile_cannot_probe_what_it_does_not_see() {
    let probes: [(ResourceType, &str, &str); 5] = [
        (Location, "capacity-status", "TRE_R330|02"),
        (HealthcareService, "location.capacity-status", "TRE_R330|02"),
        (HealthcareService, "characteristic", "TRE_R210|0320"),
        (Organization, "drop-zone", "true"),
        (Location, "_id", "2012"),
    ];
    for (t, name, value) in probes {
        assert!(!ids(1, t, &[(name, value)]).is_empty(), "{name}");
        assert_eq!(ids(0, t, &[(name, value)]), [""; 0], "{name}");
    }
    assert_eq!(ids(5, Location, &[("capacity-status", "TRE_R330|02")]), [""; 0]);
}

#[test]
fn formats() {
    for ok in ["json", "application/fhir+json", "application/fhir json", "application/json; charset=utf-8"] {
        assert!(attempt(1, Location, &[("_format", ok)]).is_ok(), "{ok}");
    }
    assert_eq!(attempt(1, Location, &[("_format", "xml")]).unwrap_err().status, 406);
}

#[test]
fn what_is_unknown_is_refused_unless_lenient() {
    for (t, name) in [
        (HealthcareService, "specialite"),
        (HealthcareService, "organization"),
        (HealthcareService, "organization.specialty"),
        (HealthcareService, "location.organization.name"),
        (HealthcareService, "_revincluded"),
        (HealthcareService, "_elements"),
        (HealthcareService, "_contained"),
        (HealthcareService, "_content"),
        (HealthcareService, "location"),
        (HealthcareService, "location._filter"),
        (HealthcareService, "near"),
        (HealthcareService, "_has"),
        (HealthcareService, "_has:PractitionerRole:service"),
        (HealthcareService, "_has:PractitionerRole:practitioner:identifier"),
        (HealthcareService, "_has:PractitionerRole:service:organization.name"),
        (HealthcareService, "_has:PractitionerRole:service:_has:Task:focus:_id"),
        (HealthcareService, "_has:Task:focus:business-status"),
        (Location, "_has:HealthcareService:organization:name"),
        (PractitionerRole, "practitioner.identifier"),
        (Practitioner, "_filter"),
        (HealthcareService, ""),
        (PractitionerRole, "name"),
        (Location, "operational-status"),
    ] {
        let problem = attempt(1, t, &[(name, "1")]).unwrap_err();
        assert_eq!((problem.status, problem.code), (400, "not-supported"), "{name}");
        let lenient = SearchOptions { lenient: true, ..SearchOptions::default() };
        assert!(view(1).search(t, &pairs(&[(name, "1")]), lenient).is_ok(), "{name}");
    }
    let drafts = SearchOptions { drafts: true, ..SearchOptions::default() };
    let found = view(1).search(Location, &pairs(&[("operational-status", "TRE_R203|2")]), drafts).unwrap();
    assert_eq!(found.ids().collect::<Vec<_>>(), ["2014"]);
}

#[test]
fn wrong_modifiers_and_values_are_refused_even_when_lenient() {
    for (t, name, value) in [
        (HealthcareService, "specialty:above", "022"),
        (HealthcareService, "specialty:of-type", "a|b|c"),
        (HealthcareService, "specialty:contains", "02"),
        (HealthcareService, "name:not", "x"),
        (HealthcareService, "_lastUpdated:not", "2023"),
        (HealthcareService, "location.status:above", "active"),
        (HealthcareService, "_lastUpdated", "hier"),
        (HealthcareService, "age-range-low", "vieux"),
        (HealthcareService, "specialty", "a|b|c"),
        (Location, "nb-capacity", "gtx"),
        (Location, "near", "47.8|1.9"),
        (Location, "near-insee-code", "99999|15|km"),
        (HealthcareService, "location.near:not", "47.8|1.9|1|km"),
        (HealthcareService, "_filter", "(specialty eq )"),
        (HealthcareService, "_filter", "(specialty ge 022)x"),
        (HealthcareService, "_filter", "_lastUpdated ge hier"),
    ] {
        let lenient = SearchOptions { lenient: true, ..SearchOptions::default() };
        let problem = view(1).search(t, &pairs(&[(name, value)]), lenient).unwrap_err();
        assert_eq!((problem.status, problem.code), (400, "value"), "{name}={value}");
    }
    assert_eq!(attempt(1, HealthcareService, &[("name", "")]).unwrap_err().status, 400);
    let many = vec![("_id".to_owned(), "1".to_owned()); 1000];
    assert_eq!(view(1).search(Location, &many, SearchOptions::default()).unwrap_err().code, "too-costly");
    let long = "1,".repeat(100_000);
    assert_eq!(attempt(1, Location, &[("_id", &long)]).unwrap_err().status, 400);
}

proptest::proptest! {
    /// Whatever a client sends, the answer is a result or a problem of the 4xx kind.
    #[test]
    fn hostile_parameters_never_panic(name in 0usize..60, modifier in ".{0,12}", value in "\\PC{0,40}", date in "[a-z]{0,2}[0-9:TZ+. -]{0,30}") {
        for t in ResourceType::ALL {
            let names: Vec<&str> = Table::standard().of(t, true).map(|p| p.name.as_str()).collect();
            let name = names[name % names.len()];
            for (name, value) in [(name.to_owned(), &value), ("_filter".to_owned(), &value), (name.to_owned(), &date), (format!("{name}:{modifier}"), &value), (modifier.clone(), &value)] {
                if let Err(problem) = view(0).search(t, &[(name, value.clone())], SearchOptions::default()) {
                    proptest::prop_assert!((400..500).contains(&problem.status));
                }
            }
        }
    }
}
