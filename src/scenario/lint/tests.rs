//! The golden cases of `tests/scenarios_failed/`: each broken scenario with the exact message in both languages.

#![expect(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::judge::Ledger;
use crate::scenario::diagnostic::render_all;
use crate::text::Lang;

/// With `BANC_ROR_UPDATE=1` the expected texts are written anew.
#[test]
fn every_broken_scenario_gets_its_exact_message() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios_failed");
    let ledger = Ledger::builtin().unwrap();
    let datasets = ["demo".to_owned()];
    let known = Known { requirements: &ledger, datasets: &datasets };
    let mut codes = BTreeSet::new();
    let mut cases = 0;
    let mut wrong = Vec::new();
    let mut paths: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "yaml")) {
        cases += 1;
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let found = match load_and_lint(name, &text, known) {
            Ok((_, warnings)) => warnings,
            Err(found) => found,
        };
        assert!(!found.is_empty(), "{name} should be refused or remarked");
        codes.extend(found.iter().map(|diagnostic| diagnostic.code));
        for lang in [Lang::Fr, Lang::En] {
            let expected = path.with_extension(format!("{}.txt", lang.code()));
            let actual = render_all(&found, lang, false) + "\n";
            if std::env::var_os("BANC_ROR_UPDATE").is_some() {
                std::fs::write(&expected, &actual).unwrap();
            }
            if std::fs::read_to_string(&expected).unwrap_or_default() != actual {
                wrong.push(format!("{name} ({}):\n{actual}", lang.code()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases >= 15, "{cases} cases");
    // Those that are about a whole file are tested where files are read.
    let of_files = [
        Code::UnreadableFile,
        Code::NotAFile,
        Code::FileTooLarge,
        Code::NotUtf8,
        Code::UnknownScenario,
        Code::WrongValue,
        // Of a baseline: src/judge/baseline/tests.rs.
        Code::UnknownCheck,
        Code::MalformedDate,
    ];
    let missing: Vec<&Code> =
        Code::ALL.iter().filter(|code| !codes.contains(code) && !of_files.contains(code)).collect();
    assert!(missing.is_empty(), "no golden case shows {missing:?}");
}
