//! Own data in all its forms, and what is said of what is wrong with it.
#![expect(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::ror::demo_tests::demo;
use crate::ror::{AccessProfile, SearchOptions};
use crate::text::Lang;

/// A complete Location.
fn location(id: &str) -> String {
    let json = serde_json::json!({
        "resourceType": "Location", "id": id, "meta": {"lastUpdated": "2026-01-01T00:00:00Z"},
        "extension": [
            {"url": crate::ror::path::extension_url("ror-meta-creation-date"), "valueDateTime": "2026-01-01"},
            {"url": crate::ror::path::extension_url("ror-commune-cog"), "valueCodeableConcept": {}}
        ]
    });
    json.to_string()
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn errors(path: &Path) -> Vec<String> {
    let errors = Directory::from_files(path).unwrap_err();
    errors.iter().map(|error| error.render(Lang::En).replace(&path.display().to_string(), "DIR")).collect()
}

#[test]
fn an_extract_of_the_demo_reads_back_as_it_was() {
    let demo = demo();
    let text = |t: ResourceType| demo.all(t).map(|r| r.text.as_str());
    let bundle = |t| {
        let entries: Vec<String> = text(t).map(|r| format!("{{\"resource\": {r}}}")).collect();
        format!(
            "{{\"resourceType\": \"Bundle\", \"type\": \"collection\",\n\"entry\": [\n{}]}}",
            entries.join(",\n")
        )
    };
    let lines: Vec<&str> = text(ResourceType::Location).chain(text(ResourceType::Practitioner)).collect();
    let folder = folder(&[
        ("1.json", &bundle(ResourceType::Organization)),
        ("2.JSON", &bundle(ResourceType::HealthcareService)),
        ("3.ndjson", &format!("\u{feff}{}\r\n\n", lines.join("\r\n"))),
        ("readme.md", "not data"),
        (".hidden", "neither"),
    ]);
    for role in demo.all(ResourceType::PractitionerRole) {
        let pretty = serde_json::to_string_pretty(&role.json).unwrap();
        fs::write(folder.path().join(format!("role-{}.json", role.id)), pretty).unwrap();
    }
    let own = Directory::from_files(folder.path()).unwrap();
    for t in ResourceType::ALL {
        let (mut read, mut held): (Vec<_>, Vec<_>) = (own.directory.all(t).collect(), demo.all(t).collect());
        read.sort_by(|a, b| a.id.cmp(&b.id));
        held.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(read, held);
    }
    let warnings: Vec<String> = own.warnings.iter().map(|w| w.render(Lang::En)).collect();
    // The file that is no data, and offer 50060, which RG_EXP_002 hides.
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("1 file(s)"), "{warnings:?}");
    assert!(
        warnings[1].contains("HealthcareService/50060") && warnings[1].contains("patient-type"),
        "{warnings:?}"
    );
    let view = Arc::new(own.directory).view(AccessProfile::try_new(0).unwrap());
    let found = view.search(ResourceType::HealthcareService, &[], SearchOptions::default()).unwrap();
    assert_eq!(found.total(), crate::ror::demo_tests::view(0).count(ResourceType::HealthcareService));
}

#[test]
fn one_file_is_enough() {
    let folder = folder(&[("only.json", &location("1")), ("other.json", &location("2"))]);
    let own = Directory::from_files(&folder.path().join("only.json")).unwrap();
    assert_eq!(own.directory.all(ResourceType::Location).count(), 1);
    assert!(own.warnings.is_empty());
}

#[test]
fn everything_that_is_wrong_is_told_with_its_place() {
    let (first, again) = (location("1"), location("1"));
    let folder = folder(&[
        ("a.json", "{\"resourceType\": \"Location\",\n  \"id\": 12}"),
        (
            "b.json",
            &format!(
                "{{\"resourceType\": \"Bundle\", \"entry\": [\n  {{\"resource\": {first}}},\n {{\"resource\": {{\"id\": \"é\"}}}}]}}"
            ),
        ),
        (
            "c.ndjson",
            &format!("{again}\n{{\"resourceType\": \"Location\", \"id\": \"a_b\"}}\n{{\"resourceType\":\n"),
        ),
        ("d.json", "[]"),
        ("e.json", "{\"resourceType\": \"Bundle\", \"entry\": {}}"),
        ("f.ndjson", "{\"resourceType\": \"Practitioner\"}"),
    ]);
    fs::write(folder.path().join("g.json"), [0xff, 0xfe]).unwrap();
    let errors = errors(folder.path());
    let expected = [
        ("DIR/a.json:1:1:", "id"),
        ("DIR/b.json:3:15:", "resourceType"),
        ("DIR/c.ndjson:1:1:", "stands twice, first here: DIR/b.json:2"),
        ("DIR/c.ndjson:2:1:", "`a_b` is not allowed"),
        ("DIR/c.ndjson:3:16:", "malformed JSON"),
        ("DIR/d.json:1:1:", "resourceType"),
        ("DIR/e.json:1:1:", "entry"),
        ("DIR/f.ndjson:1:1:", "Practitioner without `id`"),
        ("DIR/g.json:", "UTF-8"),
    ];
    assert_eq!(errors.len(), expected.len(), "{errors:#?}");
    for (error, (place, word)) in errors.iter().zip(expected) {
        let error = error.replace(&folder.path().display().to_string(), "DIR");
        assert!(error.starts_with(place) && error.contains(word), "{error}");
    }
}

#[test]
fn a_partial_extract_is_served_with_warnings() {
    let role = r#"{"resourceType": "PractitionerRole", "id": "7", "practitioner": {"reference": "https://ror.example/fhir/Practitioner/3"}}"#;
    let folder = folder(&[
        (
            "data.ndjson",
            &format!("{}\n{role}\n{{\"resourceType\": \"Task\", \"id\": \"1\"}}\n", location("1")),
        ),
        ("questionnaire.json", r#"{"resourceType": "Questionnaire"}"#),
    ]);
    let own = Directory::from_files(folder.path()).unwrap();
    let warnings: Vec<String> = own.warnings.iter().map(|w| w.render(Lang::En)).collect();
    assert_eq!(warnings.len(), 3, "{warnings:#?}");
    assert!(warnings[0].contains("Questionnaire × 1, Task × 1"), "{warnings:#?}");
    assert!(
        warnings[1].contains("data.ndjson:2:1") && warnings[1].contains("Practitioner/3"),
        "{warnings:#?}"
    );
    assert!(warnings[2].contains("meta.lastUpdated") && warnings[2].contains("RG_EXP_002"), "{warnings:#?}");
    let view = Arc::new(own.directory).view(AccessProfile::try_new(1).unwrap());
    assert_eq!((view.count(ResourceType::PractitionerRole), view.count(ResourceType::Location)), (0, 1));
}

#[test]
fn many_of_a_kind_are_counted() {
    let lines: Vec<String> =
        (0..50).map(|n| format!(r#"{{"resourceType": "Location", "id": "{n}"}}"#)).collect();
    let small = folder(&[("data.ndjson", &lines.join("\n"))]);
    let own = Directory::from_files(small.path()).unwrap();
    assert_eq!(own.warnings.len(), MAXIMUM_TOLD + 1);
    assert!(own.warnings[MAXIMUM_TOLD].what.get(Lang::Fr).contains("30"));
    let broken = folder(&[("data.ndjson", &"{}\n".repeat(50))]);
    assert_eq!(errors(broken.path()).len(), MAXIMUM_TOLD);
}

#[test]
fn nothing_to_serve_is_an_error() {
    for files in [&[][..], &[("a.json", r#"{"resourceType": "Patient", "id": "1"}"#)][..]] {
        let folder = folder(files);
        let errors = errors(folder.path());
        assert!(errors.len() == 1 && errors[0].starts_with("DIR: no resource"), "{errors:?}");
    }
    assert!(errors(Path::new("/nowhere/at/all"))[0].contains("cannot be read"));
}
