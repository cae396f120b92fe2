//! Documents that the program generates are in step with it. `BANC_ROR_UPDATE=1 cargo test --test black_box documents`
//! writes them anew.

use std::collections::BTreeMap;
use std::path::Path;

use banc_ror::client::Flaw;
use banc_ror::judge::Ledger;
use banc_ror::scenario::catalogue::Catalogue;

use crate::support::{banc, code, copy, repository, text};

/// Commands whose help is kept in `docs/help.txt`.
const COMMANDS: [&str; 13] = [
    "", "run", "serve", "try", "doctor", "judge", "list", "explain", "lint", "schema", "selftest", "certs",
    "client",
];

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

/// More lines than this in a cell of the zoo's page are folded away.
const UNFOLDED_AT_MOST: usize = 8;

/// What each wrong client turns red, from both sides, and the figures that the README quotes.
#[test]
fn the_zoo_page_and_the_figures_are_in_step() {
    let table: BTreeMap<String, Vec<String>> =
        serde_saphyr::from_str(&std::fs::read_to_string(repository("scenarios/reference/zoo.yaml")).unwrap())
            .unwrap();
    let (mut by_flaw, mut by_scenario) = (String::new(), BTreeMap::<&str, BTreeMap<&str, Vec<&str>>>::new());
    for flaw in Flaw::ALL {
        let red = &table[flaw.name()];
        let mut scenarios: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (scenario, check) in red.iter().map(|red| red.split_once('/').unwrap()) {
            scenarios.entry(scenario).or_default().push(check);
            by_scenario.entry(scenario).or_default().entry(flaw.name()).or_default().push(check);
        }
        let cell =
            if red.is_empty() { "left to a person's eye".into() } else { cell(&scenarios, "scenarios") };
        by_flaw.push_str(&format!("| `{}` | {} | {cell} |\n", flaw.name(), flaw.describe().en));
    }
    let mut page = String::from("\n| flaw | what the client does wrong | turns red |\n|---|---|---|\n");
    page.push_str(&by_flaw);
    page.push_str("\n| scenario | flaws that it names, with the checks that turn red |\n|---|---|\n");
    for (scenario, flaws) in by_scenario {
        page.push_str(&format!("| `{scenario}` | {} |\n", cell(&flaws, "flaws")));
    }
    let path = repository("docs/zoo.md");
    in_step(&path, &between(&std::fs::read_to_string(&path).unwrap(), "zoo", &page));

    let catalogue = Catalogue::builtin(&Ledger::builtin().unwrap()).unwrap();
    let played: usize =
        catalogue.iter().map(|one| one.scenario.profiles.len() * one.scenario.checks.len()).sum();
    let (flawed, named) = (table.len(), table.values().filter(|red| !red.is_empty()).count());
    let figures = [
        (
            "README.md",
            format!(
                "`banc-ror selftest` plays {flawed} flawed clients, each with one deliberate mistake: **{named} are named**, \
                 the others are left to a person's eye. Correct clients of six access profiles meet {played} checks: \
                 **no false alarm**. [docs/zoo.md](docs/zoo.md) tells which check names which client."
            ),
        ),
        (
            "README.fr.md",
            format!(
                "`banc-ror selftest` joue {flawed} clients fautifs, chacun avec une erreur délibérée : **{named} sont nommés**, \
                 les autres sont laissés à l'œil d'une personne. Des clients corrects de six profils d'accès rencontrent \
                 {played} contrôles : **aucune fausse alarme**. [docs/zoo.md](docs/zoo.md) dit quel contrôle nomme quel client."
            ),
        ),
    ];
    for (name, text) in figures {
        let path = repository(name);
        in_step(&path, &between(&std::fs::read_to_string(&path).unwrap(), "figures", &text));
    }
}

/// Checks by scenario or flaw: a line each; folded away when they are many.
fn cell(checks: &BTreeMap<&str, Vec<&str>>, of: &str) -> String {
    let lines: Vec<String> =
        checks.iter().map(|(name, checks)| format!("`{name}`: {}", checks.join(", "))).collect();
    if lines.len() <= UNFOLDED_AT_MOST {
        return lines.join("<br>");
    }
    let number: usize = checks.values().map(Vec::len).sum();
    let (count, lines) = (lines.len(), lines.join("<br>"));
    format!("<details><summary>{number} checks, {count} {of}</summary>{lines}</details>")
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
