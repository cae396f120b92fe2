//! Who may know whom: the edges of `docs/architecture.md`, asserted over the sources.

#![expect(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Module → the modules that it may name. `text` and `yaml` are vocabulary that everybody may use.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("bench", &["campaign", "driver", "journal", "pki", "ror", "scenario", "server"]),
    ("campaign", &["ror"]),
    ("check", &["journal", "ror", "scenario"]),
    (
        "cli",
        &[
            "bench", "campaign", "check", "client", "driver", "journal", "judge", "pki", "report", "ror",
            "scenario", "server",
        ],
    ),
    ("client", &[]),
    ("driver", &["journal"]),
    ("journal", &[]),
    ("judge", &["check", "journal", "ror", "scenario"]),
    ("pki", &[]),
    ("report", &["journal", "judge"]),
    ("ror", &[]),
    ("scenario", &["check"]),
    ("server", &["journal", "ror"]),
    ("text", &[]),
    ("yaml", &[]),
];

#[test]
fn modules_know_only_whom_they_may_know() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        MAY_KNOW.iter().map(|(module, known)| (*module, known.iter().copied().collect())).collect();
    let mut wrong = Vec::new();
    for path in sources(&root().join("src")) {
        let module = module_of(&path);
        if module == "lib" || module == "main" {
            continue;
        }
        let allowed = allowed.get(module.as_str()).unwrap_or_else(|| panic!("{module} is not in MAY_KNOW"));
        if is_for_tests(&path) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for known in named(text.split("#[cfg(test)]").next().unwrap()) {
            let vocabulary = known == "text" || known == "yaml";
            if known != module && !vocabulary && !allowed.contains(known.as_str()) {
                wrong.push(format!("{}: {module} → {known}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "these edges are not in the design:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_terminal_and_the_client_print() {
    for path in sources(&root().join("src")) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("println!("), "{} prints", path.display());
    }
}

#[test]
fn tls_names_stand_where_they_should() {
    for path in sources(&root().join("src")) {
        let text = fs::read_to_string(&path).unwrap();
        let place = path.strip_prefix(root().join("src")).unwrap().display().to_string();
        let may = ["server/tls", "client/", "pki/"].iter().any(|allowed| place.starts_with(allowed));
        assert!(may || !text.contains("rustls::server"), "{place} names rustls' server types");
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn module_of(path: &Path) -> String {
    let below = path.strip_prefix(root().join("src")).unwrap();
    let first = below.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Support of unit tests may know anybody.
fn is_for_tests(path: &Path) -> bool {
    let below = path.strip_prefix(root().join("src")).unwrap();
    below.components().any(|part| {
        let part = part.as_os_str().to_string_lossy();
        matches!(part.as_ref(), "tests" | "tests.rs" | "testing.rs" | "sample")
    })
}

/// The modules that a source names as `crate::module`.
fn named(text: &str) -> BTreeSet<String> {
    text.split("crate::")
        .skip(1)
        .map(|rest| {
            rest.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
        })
        .filter(|name: &String| !name.is_empty() && name.chars().next().is_some_and(char::is_lowercase))
        .collect()
}
