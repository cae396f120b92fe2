//! Documents that the program generates are in step with it. `BANC_ROR_UPDATE=1 cargo test --test black_box documents`
//! writes them anew.

use std::path::Path;

use crate::support::{banc, code, copy, repository, text};

/// Commands whose help is kept in `docs/help.txt`.
const COMMANDS: [&str; 12] =
    ["", "run", "serve", "try", "doctor", "judge", "list", "explain", "lint", "schema", "certs", "client"];

#[test]
fn the_help_is_in_step() {
    let mut help = String::new();
    for command in COMMANDS {
        let words = if command.is_empty() { vec!["--help"] } else { vec![command, "--help"] };
        let output = banc().env("COLUMNS", "100").args(&words).output().unwrap();
        help.push_str(&format!("$ banc-ror {}\n{}\n", words.join(" "), text(&output.stdout)));
    }
    in_step(&repository("docs/help.txt"), &help);
}

#[test]
fn the_catalogue_page_is_in_step() {
    let path = repository("docs/catalogue.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let listed = text(&banc().args(["list", "--lang", "en"]).output().unwrap().stdout);
    let mut table = String::from("\n| scenario | what it shows | tags | profiles |\n|---|---|---|---|\n");
    for line in listed.lines() {
        let (id, rest) = line.split_once(char::is_whitespace).unwrap();
        let (title, facts) = rest.trim().rsplit_once(" [").unwrap();
        let (tags, profiles) = facts.split_once("] ").unwrap();
        table.push_str(&format!("| `{id}` | {title} | {tags} | {profiles} |\n"));
    }
    in_step(&path, &between(&page, "catalogue", &table));
}

#[test]
fn the_table_of_diagnostic_codes_is_in_step() {
    let path = repository("docs/scenarios.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let mut table = String::from("\n| code | meaning |\n|---|---|\n");
    for code in banc_ror::scenario::Code::ALL {
        table.push_str(&format!("| `{}` | {} |\n", code.name(), code.meaning().en));
    }
    in_step(&path, &between(&page, "codes", &table));
}

/// The sample is judged from its journal alone: a change of a verdict or of a page shows in its difference.
#[test]
fn the_sample_report_is_in_step() {
    let sample = repository("reports/sample");
    let folder = tempfile::tempdir().unwrap();
    copy(&sample, folder.path());
    let output = banc().args(["--lang", "fr", "judge"]).arg(folder.path()).output().unwrap();
    assert_eq!(code(&output), 1, "the sample is of a flawed client: {}", text(&output.stderr));
    for name in ["report.json", "junit.xml", "index.html", "index.en.html"] {
        in_step(&sample.join(name), &std::fs::read_to_string(folder.path().join(name)).unwrap());
    }
}

/// Replaces what stands between the markers of that name.
fn between(page: &str, name: &str, content: &str) -> String {
    let (begin, end) = (format!("<!-- {name}:begin -->"), format!("<!-- {name}:end -->"));
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("{begin} is missing"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{end} is missing"));
    format!("{before}{begin}\n{content}\n{end}{after}")
}

fn in_step(path: &Path, expected: &str) {
    if std::env::var_os("BANC_ROR_UPDATE").is_some() {
        std::fs::write(path, expected).unwrap();
    }
    let held = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        held == expected,
        "{} is out of step: BANC_ROR_UPDATE=1 cargo test --test black_box documents",
        path.display()
    );
}
