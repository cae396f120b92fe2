//! What an export holds: filters, surroundings, order, `_since`; 100,000 resources and what they cost.
#![expect(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::*;
use crate::ror::demo_tests::view;
use crate::ror::{AccessProfile, DEMO, Directory, MAXIMUM_MATCHES};

const REGIONS: &str = "https://mos.esante.gouv.fr/NOS/TRE_R30-RegionOM/FHIR/TRE-R30-RegionOM";

fn criteria(parameters: &[(&str, &str)]) -> Result<ExportCriteria, Problem> {
    let parameters: Vec<_> = parameters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    ExportCriteria::parse(&parameters, SearchOptions::default())
}

fn export(profile: u8, parameters: &[(&str, &str)]) -> Vec<Arc<Resource>> {
    view(profile).export(&criteria(parameters).unwrap()).unwrap()
}

fn of_type(resources: &[Arc<Resource>], t: ResourceType) -> Vec<&str> {
    resources.iter().filter(|r| r.resource_type == t).map(|r| r.id.as_str()).collect()
}

#[test]
fn everything_of_one_offer_and_nothing_else() {
    let found = export(1, &[("_typeFilter", "HealthcareService?identifier=24/0050002")]);
    let names: Vec<String> = found.iter().map(|r| r.reference()).collect();
    assert_eq!(
        names,
        [
            "HealthcareService/50002",
            "Organization/1000",
            "Organization/1101",
            "Location/2002",
            "PractitionerRole/7002",
            "Practitioner/3001"
        ]
    );
    // An internal organization brings its site and its EJ.
    let unit = export(1, &[("_typeFilter", "HealthcareService?organization._id=1112")]);
    let of_unit = of_type(&unit, ResourceType::Organization);
    assert!(of_unit.contains(&"1000") && of_unit.contains(&"1101"), "{of_unit:?}");
}

#[test]
fn every_reference_of_an_export_leads_into_it() {
    for profile in 0..6 {
        let found = export(profile, &[]);
        let known: BTreeSet<String> = found.iter().map(|r| r.reference()).collect();
        assert_eq!(known.len(), found.len(), "each once");
        let view = view(profile);
        for resource in &found {
            references(&resource.json, &mut |reference| {
                assert!(
                    known.contains(reference) || view.resolve(reference).is_none(),
                    "profile {profile}: {} refers to {reference}",
                    resource.reference()
                );
            });
        }
        assert_eq!(of_type(&found, OFFERS).len(), view.count(OFFERS));
        // Location 2090 belongs to no offer.
        assert!(!known.contains("Location/2090"));
    }
}

fn references(value: &Value, found: &mut dyn FnMut(&str)) {
    match value {
        Value::Object(object) => object.iter().for_each(|(name, value)| match (name.as_str(), value) {
            ("reference", Value::String(reference)) => found(reference),
            _ => references(value, found),
        }),
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn filters_in_every_form_that_clients_write() {
    let region = format!("HealthcareService?_tag={REGIONS}|52");
    let encoded = region.replace(':', "%3A").replace('/', "%2F").replace('|', "%7C");
    let expected = export(1, &[("_typeFilter", &region)]);
    assert!(!expected.is_empty() && expected.len() < export(1, &[]).len());
    assert!(of_type(&expected, ResourceType::Organization).contains(&"1400"));
    assert_eq!(export(1, &[("_type", "HealthcareService"), ("_typeFilter", &encoded)]), expected);
    // Alternatives: repeated, or after a comma; a comma inside a value stays one.
    let two = export(1, &[("_typeFilter", "HealthcareService?_id=50001,50002")]);
    assert_eq!(of_type(&two, OFFERS), ["50001", "50002"]);
    let separated = [("_typeFilter", "HealthcareService?_id=50001,HealthcareService?_id=50002")];
    assert_eq!(export(1, &separated), two);
    let repeated =
        [("_typeFilter", "HealthcareService?_id=50002"), ("_typeFilter", "HealthcareService?_id=50001")];
    assert_eq!(export(1, &repeated), two);
    assert_eq!(export(1, &[("_typeFilter", "HealthcareService")]), export(1, &[]));
    let dated = export(1, &[("_typeFilter", "HealthcareService?_lastUpdated=ge2026-06-01T00:00:00+02:00")]);
    assert!(!dated.is_empty());
}

#[test]
fn what_cannot_be_exported_is_refused() {
    for wrong in [
        [("_type", "Organization")],
        [("_type", "HealthcareService,Location")],
        [("_typeFilter", "Organization?name=x")],
        [("_typeFilter", "_tag=24")],
        [("_typeFilter", "HealthcareService?_include=HealthcareService:location")],
        [("_since", "yesterday")],
    ] {
        assert_eq!(criteria(&wrong).unwrap_err().status, 400, "{wrong:?}");
    }
    let unknown = criteria(&[("_typeFilter", "HealthcareService?specialite=022")]).unwrap();
    assert_eq!(view(1).export(&unknown).unwrap_err().status, 400);
    let lenient = SearchOptions { lenient: true, ..SearchOptions::default() };
    let included = [("_typeFilter".to_owned(), "HealthcareService?_id=50001&_count=3".to_owned())];
    let one = ExportCriteria::parse(&included, lenient).unwrap();
    assert_eq!(of_type(&view(1).export(&one).unwrap(), OFFERS), ["50001"]);
}

#[test]
fn since_keeps_what_was_updated() {
    let all = export(1, &[]);
    let since = "2026-06-01T00:00:00+02:00";
    let kept = export(1, &[("_since", since)]);
    assert!(!kept.is_empty() && kept.len() < all.len());
    let from = instant(since).unwrap();
    for resource in &all {
        let updated = instant(resource.json["meta"]["lastUpdated"].as_str().unwrap()).unwrap();
        assert_eq!(kept.contains(resource), updated >= from, "{}", resource.reference());
    }
}

#[test]
fn the_cap_of_searches_is_none_of_exports() {
    let text =
        DEMO.replace("offers: 230", "offers: 10500").replace("first-offer: 60001", "first-offer: 70001");
    let text = text.replace("first-location: 20001", "first-location: 30001");
    let view =
        Arc::new(Directory::from_yaml("large", &text, 1).unwrap()).view(AccessProfile::try_new(1).unwrap());
    let filter = criteria(&[("_typeFilter", "HealthcareService?_tag=24")]).unwrap();
    let found = view.export(&filter).unwrap();
    assert!(of_type(&found, OFFERS).len() > MAXIMUM_MATCHES);
}

/// `cargo test --release --lib export -- --ignored --nocapture` tells what 100,000 resources cost.
#[test]
#[ignore = "slow and about memory: run alone"]
#[expect(clippy::print_stderr, reason = "a measure is to be read")]
fn a_hundred_thousand_resources() {
    let text = DEMO
        .replace("offers: 230", "offers: 84000")
        .replace("first-offer: 60001", "first-offer: 100001")
        .replace("first-location: 20001", "first-location: 200001");
    let (before, started) = (resident(), Instant::now());
    let directory = Arc::new(Directory::from_yaml("large", &text, 1).unwrap());
    let (made, size) = (started.elapsed(), resident() - before);
    let count: usize = ResourceType::ALL.iter().map(|t| directory.all(*t).count()).sum();
    let texts: usize = ResourceType::ALL.iter().flat_map(|t| directory.all(*t)).map(|r| r.text.len()).sum();
    eprintln!("{count} resources: {made:?}, {} bytes each, {} of text", size / count, texts / count);
    for profile in [1, 0] {
        let (before, started) = (resident(), Instant::now());
        let view = directory.view(AccessProfile::try_new(profile).unwrap());
        let seen = started.elapsed();
        let started = Instant::now();
        let found = view.export(&ExportCriteria::default()).unwrap();
        let (exported, size) = (started.elapsed(), resident() - before);
        eprintln!(
            "profile {profile}: view {seen:?}, export of {} {exported:?}, {} bytes each",
            found.len(),
            size / found.len()
        );
        assert!(found.len() > 100_000);
        let (before, started) = (resident(), Instant::now());
        let again = view.export(&ExportCriteria::default()).unwrap();
        eprintln!("again: {:?}, {} bytes each", started.elapsed(), (resident() - before) / again.len());
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}

/// What the dataset `large` costs a scenario that uses it.
#[test]
#[ignore = "about time and memory: run alone"]
#[expect(clippy::print_stderr, reason = "a measure is to be read")]
fn the_large_dataset() {
    let text = include_str!("../../scenarios/datasets/large.yaml");
    let (before, started) = (resident(), Instant::now());
    let directory = Arc::new(Directory::from_yaml("large.yaml", text, 1).unwrap());
    let view = directory.view(AccessProfile::try_new(1).unwrap());
    eprintln!("{:?}, {} MiB", started.elapsed(), (resident() - before) >> 20);
    assert_eq!(view.count(OFFERS), 10_500);
}

/// Resident memory of this process, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}
