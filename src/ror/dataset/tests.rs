//! What is wrong in a dataset is said with its place and its remedy.
#![expect(clippy::unwrap_used)]

use crate::ror::{DEMO, Directory};
use crate::text::Lang;

const SMALL: &str = r#"description: small
region: "24"
created: 2020-01-01T00:00:00Z
updated: 2021-01-01T00:00:00Z
organizations:
  - id: 1
    finess: 450000000
    sites:
      - id: 2
        finess: 450000001
        address: { postal-code: 45000, city: ORLEANS, commune: 45234 }
        locations: [{ id: 5 }]
        offers:
          - id: 9
            field: 01
            specialty: 022
            mode: 28
            ages: 15 a - 150 a
            at: [5]
            contacts: [{ purpose: 06, level: 1, telecoms: [{ fixe: 0261910000, level: 1 }] }]
"#;

#[test]
fn the_small_dataset_is_right() {
    let directory = Directory::from_yaml("small", SMALL, 0).unwrap();
    assert_eq!(directory.all(crate::ror::ResourceType::HealthcareService).count(), 1);
}

#[test]
fn errors_name_the_place_and_the_remedy() {
    // What is replaced, by what, the line of the error, a word of it.
    for (from, to, line, word) in [
        ("specialty: 022", "specialty: 777", 16, "future:777"),
        ("commune: 45234", "commune: 99999", 11, "TRE_R13"),
        ("at: [5]", "at: [6]", 19, "Location/6"),
        ("- id: 2", "- id: 1", 9, "twice"),
        ("- id: 9", "- id: nine", 14, "number"),
        ("15 a - 150 a", "15 years", 18, "15 a - 150 a"),
        ("15 a - 150 a", "15 y - 150 y", 18, "wk"),
        ("purpose: 06, level: 1,", "purpose: 06, level: 4,", 20, "level: 1"),
        ("fixe: 0261910000,", "fixe: 0261910000, mobile: 0639980000,", 20, "one channel"),
        ("purpose: 06,", "purpose: 06, name: [A, B],", 20, "RG_EXP_040"),
        ("field: 01", "field: 04", 14, "RG_EXP_007"),
        ("mode: 28", "mode: 28\n            moed: 28", 18, "moed"),
        ("updated: 2021-01-01T00:00:00Z", "updated: yesterday", 4, "instant"),
        ("            ages: 15 a - 150 a\n", "", 19, "ages"),
        ("region: \"24\"", "region: \"24\"\nregion: \"11\"", 3, "region"),
        ("finess: 450000001", "category: 355", 9, "identifier"),
    ] {
        let text = SMALL.replace(from, to);
        assert_ne!(text, SMALL, "{from}");
        let error = Directory::from_yaml("small.yaml", &text, 0).unwrap_err();
        let message = error.to_string();
        assert_eq!(error.line, line, "{to}: {message}");
        assert!(error.column > 0, "{message}");
        assert!(message.starts_with(&format!("small.yaml:{line}:")), "{message}");
        assert!(message.contains(word), "{to}: {message}");
        assert!(!error.remedy.is_empty());
        assert!(error.render(Lang::Fr).contains(" : "));
    }
}

#[test]
fn a_generate_block_that_cannot_work_is_refused() {
    let block = |under: &str, specialties: &str| {
        format!(
            "{SMALL}generate:\n  - {{ offers: 3, first-offer: 100, first-location: 200, offers-per-location: 0, \
             under: {under}, name: n, field: 01, specialties: {specialties}, modes: [28], ages: [1 a - 2 a], \
             telephone: \"026191\", updated: {{ from: 2020-01-01T00:00:00Z, to: 2019-01-01T00:00:00Z }} }}\n"
        )
    };
    assert!(Directory::from_yaml("g", &block("[2]", "[022]"), 0).is_ok());
    assert!(Directory::from_yaml("g", &block("[77]", "[022]"), 0).unwrap_err().to_string().contains("77"));
    assert!(Directory::from_yaml("g", &block("[]", "[022]"), 0).is_err());
    assert!(Directory::from_yaml("g", &block("[2]", "[]"), 0).is_err());
}

#[test]
fn nonsense_never_panics() {
    for text in ["", "a", "[", "description: [", "\u{0}", &"[".repeat(10_000), &DEMO[..DEMO.len() / 3]] {
        // A cut file may be read in part, it must not panic.
        let _ = Directory::from_yaml("x", text, 0).map_err(|e| e.to_string());
    }
    assert!(Directory::from_yaml("x", "", 0).is_err());
}

/// What the header of `large.yaml` promises, whatever the seed.
#[test]
fn the_large_dataset_is_beyond_the_cap_for_every_profile() {
    use crate::ror::{AccessProfile, MAXIMUM_MATCHES, ResourceType, SearchOptions};
    let text = crate::scenario::catalogue::dataset("large").unwrap();
    let directory = std::sync::Arc::new(Directory::from_yaml("large.yaml", text, 7).unwrap());
    let count = |profile, specialty: &str| {
        let view = directory.view(AccessProfile::try_new(profile).unwrap());
        let query = [("specialty".to_owned(), specialty.to_owned())];
        let query = if specialty.is_empty() { &[][..] } else { &query[..] };
        view.search(ResourceType::HealthcareService, query, SearchOptions::default()).unwrap().total()
    };
    for profile in 0..6 {
        assert_eq!(count(profile, ""), 10_500);
    }
    assert!(count(1, "") > MAXIMUM_MATCHES);
    assert_eq!((count(1, "017"), count(1, "022")), (9000, 1500));
    assert_eq!(directory.all(ResourceType::Location).count(), 45);
    assert_eq!(directory.all(ResourceType::Organization).count(), 2);
}

/// The sub-extensions of each capacity of the dataset, by url, in their order.
fn orders(seed: u64) -> Vec<Vec<String>> {
    let directory = Directory::from_yaml("demo", DEMO, seed).unwrap();
    let locations = directory.all(crate::ror::ResourceType::Location);
    let extensions = locations.flat_map(|one| one.json["extension"].as_array().unwrap().clone());
    let capacities = extensions.filter(|one| one["url"].as_str().unwrap().ends_with("-supported-capacity"));
    let urls = |capacity: serde_json::Value| {
        let parts = capacity["extension"].as_array().unwrap().clone();
        parts.iter().map(|part| part["url"].as_str().unwrap().to_owned()).collect()
    };
    capacities.map(urls).collect()
}

#[test]
fn sub_extensions_of_capacities_come_in_any_order_which_the_seed_settles() {
    const DOCUMENTED: [&str; 3] = ["nbCapacity", "capacityUpdateDate", "capacityStatus"];
    for seed in 0..20 {
        let orders = orders(seed);
        let documented = orders.iter().filter(|order| order[..3] == DOCUMENTED).count();
        assert!(documented > 0 && documented * 2 < orders.len(), "{documented} of {}", orders.len());
    }
    assert_eq!(orders(7), orders(7));
    assert_ne!(orders(7), orders(8));
}
