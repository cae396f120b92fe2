//! The requests of the documentation (`ror-fhir.md` §7) that are live on the five types, over the dataset `demo`,
//! and what §3.1–3.2 say of `_filter`, `_has` and distances.
#![expect(clippy::unwrap_used)]

use std::collections::HashSet;

use serde_json::{Value, json};

use super::*;
use crate::ror::ResourceType::{HealthcareService, Location, Organization, Practitioner, PractitionerRole};
use crate::ror::demo_tests::view;
use crate::ror::{Nomenclature, searchset};

const FULL: &str = "&_include=HealthcareService:organization&_include:iterate=Organization:partof\
    &_include=HealthcareService:location&_revinclude=PractitionerRole:service\
    &_include=PractitionerRole:practitioner";

/// A request as the documentation writes it; code systems by their short names.
fn request(query: &str) -> Vec<(String, String)> {
    let mut query = query.to_owned();
    for short in ["TRE_R30", "TRE_R66", "TRE_R13", "TRE_R329", "TRE_R330", "TRE_R331", "TRE_R332", "TRE_R333"]
        .into_iter()
        .chain(["TRE_R210", "TRE_R211", "TRE_R212", "TRE_R213", "TRE_R243", "TRE_R244", "TRE_R245"])
        .chain(["TRE_R246", "TRE_R250", "TRE_R242", "TRE_R338", "TRE_R340", "TRE_R343"])
    {
        let url = &Nomenclature::standard().system(short).unwrap().url;
        query = query.replace(&format!("{short}|"), &format!("{url}|"));
    }
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn attempt(profile: u8, t: ResourceType, query: &str, drafts: bool) -> Result<SearchResult, Problem> {
    view(profile).search(t, &request(query), SearchOptions { drafts, lenient: false })
}

fn find(t: ResourceType, query: &str) -> Vec<String> {
    let result = attempt(1, t, query, false).unwrap_or_else(|problem| panic!("{t}?{query}: {problem}"));
    result.ids().map(str::to_owned).collect()
}

fn bundle(t: ResourceType, query: &str) -> Value {
    let result = attempt(1, t, query, false).unwrap();
    let text =
        searchset(&view(1), &result, 0, result.page_size(), "https://m.example", "https://m.example", &[]);
    fhirkit::from_json_strict::<fhirkit::r4::Bundle>(&text).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Each as it stands in the digest, only that values are some that the dataset holds.
#[test]
fn capacity_consultation() {
    let with_offers = "&_revinclude=HealthcareService:location";
    assert!(find(Location, "_revinclude=HealthcareService:location").len() > 100, "A1");
    let postal = r#"_filter=(address-postalcode eq "44" or "18" or "36")"#;
    assert_eq!(
        find(Location, &format!("{postal}{with_offers}")),
        find(Location, "address-postalcode=44,18,36"),
        "A1bis, starts-with"
    );
    assert_eq!(find(Location, &format!("_tag=52{with_offers}")).first().unwrap(), "2050", "A1ter");
    assert_eq!(find(Location, &format!("identifier=24/2002{with_offers}")), ["2002"], "A2");
    assert_eq!(find(Location, &format!("_id=2001,2002{with_offers}")), ["2001", "2002"], "A3");
    assert_eq!(
        find(Location, &format!("_filter=(_id eq 2001 or 2002){with_offers}")),
        ["2001", "2002"],
        "A3"
    );
    assert!(!find(Location, &format!("_lastUpdated=ge2026-06-20{with_offers}")).is_empty(), "A4");
    assert_eq!(find(Location, "identifier=24/2001,24/2002"), ["2001", "2002"], "A5");
    assert_eq!(find(Location, "_filter=(identifier eq 24/2001 or 24/2002)"), ["2001", "2002"], "A5");
}

#[test]
fn offer_extraction() {
    let find = |query: &str| find(HealthcareService, &format!("{query}{FULL}"));
    assert_eq!(find("").len(), 483, "B1");
    assert_eq!(find("organization.identifier:above=1450000001").len(), 7, "B2");
    assert_eq!(find("identifier=24/0050002"), ["50002"], "B3");
    let own = find("_lastUpdated=ge2026-06-19T20:00");
    assert!(!own.is_empty(), "B4");
    let above = find("organization._lastUpdated:above=ge2026-06-19T20:00&organization.type=TRE_R66|500");
    assert_eq!(
        above,
        find("organization._lastUpdated:above=ge2026-06-19T20:00&organization.type=TRE_R66|500")
    );
    let any =
        "_filter=(_lastUpdated ge 2026-06-01T15:00 or organization._lastUpdated:above ge 2026-06-01T15:00)";
    let expected: HashSet<String> = find("_lastUpdated=ge2026-06-01T15:00")
        .into_iter()
        .chain(find("organization._lastUpdated:above=ge2026-06-01T15:00"))
        .collect();
    assert_eq!(find(any).into_iter().collect::<HashSet<_>>(), expected, "B6");
    assert!(expected.len() > find("_lastUpdated=ge2026-06-01T15:00").len());
}

#[test]
fn principal_criteria() {
    let find = |query: &str| find(HealthcareService, &format!("{query}{FULL}"));
    assert_eq!(find("specialty=TRE_R211|233"), ["50034"], "C1");
    let list = find("_filter=(specialty eq TRE_R211|005 or TRE_R211|481)");
    assert_eq!(list, find("specialty=TRE_R211|005,TRE_R211|481"), "C2");
    assert!(!list.is_empty());
    assert_eq!(find("service-category=TRE_R244|102&characteristic=TRE_R338|02"), ["50003", "50004"], "C3");
    let unit = "https://unitsofmeasure.org|a";
    let nested = find(&format!(
        "_filter=(((service-category eq TRE_R244|157) or (specialty eq TRE_R211|233)) and \
         (age-range-low le 35|{unit} and age-range-high ge 35|{unit}))"
    ));
    let (low, high) = (format!("age-range-low=le35|{unit}"), format!("age-range-high=ge35|{unit}"));
    let expected: HashSet<String> = ["service-category=TRE_R244|157", "specialty=TRE_R211|233"]
        .iter()
        .flat_map(|one| find(&format!("{one}&{low}&{high}")))
        .collect();
    assert_eq!(nested.into_iter().collect::<HashSet<_>>(), expected, "C4");
    assert!(!expected.is_empty());
    let either = "_filter=((organization.type:above eq TRE_R66|101) or (service-category eq TRE_R244|157))";
    assert_eq!(find(&format!("{either}&characteristic=TRE_R210|0628")), ["50001", "50002", "50012"], "C5");
    let by_commune = find("specialty=TRE_R211|013&location.near-insee-code=44162|15|km");
    assert_eq!(by_commune, ["50050"], "C6");
    let by_point = "specialty=TRE_R211|013&location.near=47.21827323906432|-1.6369631507460436|15|km";
    assert_eq!(find(by_point), ["50050"], "C6");
    assert_eq!(find(&by_point.replace("|15|", "|5|")), [""; 0], "C6, 6.8 km away");
    let zone = "intervention-zone=TRE_R13|45234&service-category=TRE_R244|30&specialty=TRE_R211|293";
    assert_eq!(find(zone), ["50046"], "C7");
    let department = "location.address-postalcode=45&service-category=TRE_R244|157";
    assert!(find(department).contains(&"50001".to_owned()), "C8");
    let both = format!("{department}&characteristic=TRE_R213|28&characteristic=TRE_R245|24");
    assert_eq!(find(&both), ["50001", "50012"], "C8");
    let codes = r#"_filter=(location.address-postalcode eq "45200" or "44000")&specialty=TRE_R211|022"#;
    assert_eq!(find(codes), find("location.address-postalcode=45200,44000&specialty=TRE_R211|022"), "C9");
    assert!(find(codes).contains(&"50051".to_owned()), "C9");
    let communes = find("location.commune-cog=TRE_R13|44109,18033&specialty=TRE_R211|022");
    let upper = "_filter=(location.commune-cog eq TRE_R13|44109 OR location.commune-cog eq TRE_R13|18033)";
    assert_eq!(find(&format!("{upper}&specialty=TRE_R211|022")), communes, "C10");
    assert!(communes.contains(&"50051".to_owned()), "C10");
    assert_eq!(find("characteristic=TRE_R243|05"), ["50001", "50032"], "C11");
    let person =
        "_has:PractitionerRole:service:practitioner.identifier=urn:oid:1.2.250.1.71.4.2.1|10000000001";
    assert_eq!(find(person), ["50002", "50044"], "C13");
}

#[test]
fn offers_by_capacity() {
    let find = |query: &str| find(HealthcareService, &format!("{query}&_include=HealthcareService:location"));
    let free = "specialty=TRE_R211|017&location.capacity-type=TRE_R329|01\
        &location.gender-capacity-available=TRE_R332|02&location.temporality-capacity=TRE_R331|01\
        &location.capacity-status=TRE_R330|02&location.nb-capacity=gt0";
    assert_eq!(find(free), ["50002", "50003"], "D1");
    assert_eq!(find(&free.replace("TRE_R332|02", "TRE_R332|01")), [""; 0], "D1, no bed for women");
    let closed = "location.capacity-type=TRE_R329|01&location.capacity-closing-type=TRE_R333|01\
        &location.capacity-status=TRE_R330|05&location.nb-capacity=gt0";
    assert!(find(closed).contains(&"50001".to_owned()), "D2");
    let equipped = "location.equipment-type=TRE_R212|088&location.equipment-feature=TRE_R340|001\
        &location.limit-value=ge200|http://unitsofmeasure.org|kg";
    assert_eq!(find(equipped), ["50012", "50032", "50040"], "D3");
    assert_eq!(find(&equipped.replace("ge200", "ge300")), ["50040"], "D3");
}

#[test]
fn requests_of_the_other_types() {
    for query in [
        "",
        "_include=Organization:partof",
        "_revinclude=HealthcareService:organization",
        "_revinclude=PractitionerRole:organization",
        "identifier=450000001",
        "name:contains=chr",
        "name=noel",
        "_lastUpdated=ge2026-06-01&_lastUpdated=le2026-06-30",
        "type=TRE_R66|101",
        "_tag=TRE_R30|24",
        "_content=chr",
    ] {
        assert!(!find(Organization, query).is_empty(), "Organization?{query}");
    }
    assert_eq!(find(Organization, "type=TRE_R213|032"), [""; 0]);
    for query in [
        "_include=Location:organization",
        "status=active",
        "type=TRE_R343|001",
        "address-postalcode=44000",
        "address-city=Nantes",
        "commune-cog=TRE_R13|44109",
        "near=47.2184|-1.5536|10|km",
        "near-insee-code=44109|10|km",
        "_lastUpdated=ge2026-06-01T00:00:00%2B01:00&_lastUpdated=le2026-06-30T00:00:00%2B01:00",
        "_sort=_lastUpdated",
    ] {
        assert!(!find(Location, query).is_empty(), "Location?{query}");
    }
    for query in [
        "",
        "identifier=urn:oid:1.2.250.1.71.4.2.1|10000000001",
        "_id=3001",
        "_lastUpdated=ge2019",
        "_tag=24",
    ] {
        assert!(!find(Practitioner, query).is_empty(), "Practitioner?{query}");
    }
    for query in [
        "",
        "_id=7001",
        "identifier=10000000001001&_include=PractitionerRole:practitioner&_include=PractitionerRole:organization",
        "_lastUpdated=ge2019",
        "_tag=24",
    ] {
        assert!(!find(PractitionerRole, query).is_empty(), "PractitionerRole?{query}");
    }
}

#[test]
fn drafts_only_with_drafts() {
    let prices = "organization.price-type=TRE_R246|02&organization.price-amount-value=le1000\
        &_sort=-organization.price-validity-start-date&_include=HealthcareService:location";
    for (t, query) in [
        (HealthcareService, prices),
        (HealthcareService, "_content=cardio"),
        (HealthcareService, "_filter=(_content=cardio or location._content=cardio)"),
        (HealthcareService, "location=Location/2002"),
        (Practitioner, "_filter=(identifier eq 10000000001 or 10000000002)"),
        (PractitionerRole, "_filter=(_id eq 7001 or 7002)"),
        (Organization, "_filter=(_id eq 1101)"),
    ] {
        let found = attempt(1, t, query, true).unwrap_or_else(|problem| panic!("{t}?{query}: {problem}"));
        assert!(!found.is_empty(), "{t}?{query}");
        assert_eq!(attempt(1, t, query, false).unwrap_err().status, 400, "{t}?{query}");
    }
    let ids = |query: &str| -> Vec<String> {
        attempt(1, HealthcareService, query, true).unwrap().ids().map(str::to_owned).collect()
    };
    assert_eq!(ids("location=Location/2002"), ["50002", "50003"]);
    assert_eq!(ids("location=2002"), ["50002", "50003"]);
    assert_eq!(ids("location=02"), [""; 0]);
    let sorted = ids("_sort=-organization.price-validity-start-date");
    let priced: HashSet<String> = ids("organization.price-validity-start-date=ge1900").into_iter().collect();
    assert!(!priced.is_empty() && sorted.len() == 483);
    assert!(sorted[..priced.len()].iter().all(|id| priced.contains(id)), "what has no price comes last");
}

#[test]
fn a_filter_and_ordinary_parameters_must_all_hold() {
    let both = "_filter=(_id eq 2001 or 2002)&_filter=(_id eq 2002 or 2003)&status=active";
    assert_eq!(find(Location, both), ["2002"]);
    // Location 2002 has free beds for men, none for women: one record must satisfy all criteria, also in a filter.
    let free = |gender: &str| {
        let query = "capacity-status eq TRE_R330|02 and nb-capacity gt 0 and gender-capacity-available eq";
        find(Location, &format!("_id=2002&_filter=({query} {gender})"))
    };
    assert_eq!(free("TRE_R332|02"), ["2002"]);
    assert_eq!(free("TRE_R332|01"), [""; 0]);
    let split = "capacity-status=TRE_R330|02&nb-capacity=gt0";
    let women = "_filter=(gender-capacity-available eq TRE_R332|01)";
    assert_eq!(find(Location, &format!("_id=2002&{split}&{women}")), [""; 0]);
    let men_or_any = "(gender-capacity-available eq TRE_R332|01 or gender-capacity-available eq TRE_R332|02)";
    assert_eq!(free(&format!("TRE_R332|02 and {men_or_any}")), ["2002"]);
    let women_twice = "TRE_R332|02 and (gender-capacity-available eq TRE_R332|01 or gender-capacity-available eq TRE_R332|01)";
    assert_eq!(free(women_twice), [""; 0], "spelt out or as a list");
    let not = "_filter=((_id eq 2001 or 2015) and status:not eq inactive)";
    assert_eq!(find(Location, not), ["2001"]);
    for refused in ["_id ge 1", "address-city ne Tours", "near le 47|1|1|km", "_lastUpdated eq ge2020"] {
        let problem = attempt(1, Location, &format!("_filter={refused}"), false).unwrap_err();
        assert_eq!((problem.status, problem.code), (400, "value"), "{refused}");
    }
    assert_eq!(find(Location, r#"_filter=address-city eq "ORLEANS, ""#), [""; 0], "a comma is no list here");
}

#[test]
fn errors_of_a_filter_say_where() {
    let problem = |query: &str| attempt(1, HealthcareService, query, false).unwrap_err();
    let syntax = problem("_filter=(specialty eq 005 or specialty co 3)");
    assert_eq!((syntax.status, syntax.code), (400, "value"));
    assert!(syntax.diagnostics.contains("caractère 32"), "{}", syntax.diagnostics);
    assert_eq!(syntax.expression.as_deref(), Some("http._filter"));
    let unknown = problem("_filter=(name eq x or specialite eq 005)");
    assert_eq!((unknown.status, unknown.code), (400, "not-supported"));
    assert!(unknown.diagnostics.contains("caractère 15"), "{}", unknown.diagnostics);
    assert!(unknown.diagnostics.contains("'specialty'"), "{}", unknown.diagnostics);
    let lenient = SearchOptions { lenient: true, ..SearchOptions::default() };
    let parameters = request("_filter=(name eq x or specialite eq 005)");
    assert!(
        view(1).search(HealthcareService, &parameters, lenient).is_err(),
        "an alternative cannot be ignored"
    );
    let alternating = format!("_filter=(_id eq 1{})", " or status eq a or _id eq 1".repeat(499));
    assert!(attempt(1, Location, &alternating, false).unwrap().is_empty());
    let thrice = [alternating.as_str(); 3].join("&");
    assert_eq!(attempt(1, Location, &thrice, false).unwrap_err().code, "too-costly");
    let long = format!("_filter=(specialty eq {})", "x ".repeat(50_000));
    assert!(problem(&long).diagnostics.len() < 1000);
}

#[test]
fn reverse_chains() {
    assert_eq!(find(HealthcareService, "_has:PractitionerRole:service:identifier=10000000001002"), ["50002"]);
    let both = "_has:PractitionerRole:service:practitioner._id=3001&_has:PractitionerRole:service:_id=7001";
    assert_eq!(find(HealthcareService, both), ["50044"]);
    assert_eq!(find(Location, "_has:HealthcareService:location:identifier=24/0050003"), ["2002", "2004"]);
    let above = "_has:HealthcareService:location:organization.identifier:above=1440000001";
    assert!(find(Location, above).contains(&"2050".to_owned()));
    let inside =
        "_filter=(_has:PractitionerRole:service:practitioner.identifier eq 10000000001 or 10000000003)";
    assert_eq!(find(HealthcareService, inside), ["50002", "50012", "50044"]);
}

#[test]
fn a_narrow_profile_cannot_probe_by_the_other_ways() {
    // 50012 is a sensitive unit with role 7004, Location 2012 holds the sensitive places.
    for (t, query) in [
        (HealthcareService, "_has:PractitionerRole:service:_id=7004"),
        (HealthcareService, "_filter=(_id eq 50012)"),
        (HealthcareService, "_filter=(location.capacity-status eq TRE_R330|02)"),
        (Location, "_has:HealthcareService:location:_id=50012"),
    ] {
        assert!(!attempt(1, t, query, false).unwrap().is_empty(), "{query}");
        assert!(attempt(0, t, query, false).unwrap().is_empty(), "{query}");
    }
}

#[test]
fn distances_stand_in_the_bundle() {
    let distance = |entry: &Value| entry["search"]["extension"][0]["valueDistance"].clone();
    let offers = bundle(
        HealthcareService,
        &format!("specialty=TRE_R211|013&location.near-insee-code=44162|15|km{FULL}"),
    );
    let entries = offers["entry"].as_array().unwrap();
    let place = entries.iter().find(|e| e["resource"]["resourceType"] == "Location").unwrap();
    assert_eq!(place["search"]["mode"], "include");
    assert_eq!(
        place["search"]["extension"][0]["url"],
        "http://hl7.org/fhir/StructureDefinition/location-distance"
    );
    assert_eq!(distance(place)["unit"], "km");
    let kilometres = distance(place)["value"].as_f64().unwrap();
    assert!((6.5..7.0).contains(&kilometres), "{kilometres}");
    assert!(
        entries.iter().all(|e| e["resource"]["resourceType"] == "Location" || distance(e) == json!(null))
    );

    let places = bundle(Location, "near=47.834781|1.92204|300|km");
    let told: Vec<_> = places["entry"].as_array().unwrap().iter().map(distance).collect();
    assert_eq!(told.first(), Some(&json!({"value": 0.0, "unit": "km"})));
    assert!(told.iter().all(|d| d["value"].is_number()), "every match has a position");
    let filtered =
        bundle(Location, "_filter=(near eq 47.834781|1.92204|1|km or near-insee-code eq 18033|9|km)");
    assert_eq!(filtered["total"], 3);
    assert!(
        filtered["entry"].as_array().unwrap().iter().all(|e| distance(e)["value"].as_f64().unwrap() < 9.0)
    );
    let ordinary = bundle(Location, "_id=2001");
    assert_eq!(distance(&ordinary["entry"][0]), json!(null), "no geographic criterion, no distance");
}
