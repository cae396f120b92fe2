//! The zoo: every flaw of the reference client turns red the checks that `expected.yaml` says, and no others; the
//! client without a flaw turns nothing red. One test per flaw and one per profile. For a flaw, the scenarios are played
//! that must turn red and those that share an action with it.
//!
//! `BANC_ROR_UPDATE=1 cargo test --test zoo` writes the table anew; read the difference before you commit it.

#![expect(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use banc_ror::client::Flaw;
use banc_ror::judge::Ledger;
use banc_ror::scenario::catalogue::Catalogue;
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

/// Flaw → checks that turn red.
type Table = BTreeMap<String, BTreeSet<String>>;

fn main() {
    let mut arguments = Arguments::from_args();
    // The runs mostly wait.
    arguments.test_threads = arguments.test_threads.or(Some(8));
    let pki = Arc::new(tempfile::tempdir().unwrap());
    let made = banc().args(["certs", "--out"]).arg(pki.path()).stdout(Stdio::null()).status().unwrap();
    assert!(made.success());
    let update = std::env::var_os("BANC_ROR_UPDATE").is_some();
    let expected = Arc::new(table());
    let seen: Arc<Mutex<Table>> = Arc::default();
    let mut trials = Vec::new();
    for profile in 0..=5 {
        let pki = Arc::clone(&pki);
        trials.push(Trial::test(format!("reference client, profile {profile}"), move || {
            reference(profile, pki.path())
        }));
    }
    let catalogue = Catalogue::builtin(&Ledger::builtin().unwrap()).unwrap();
    for flaw in Flaw::ALL {
        let (pki, expected, seen) = (Arc::clone(&pki), Arc::clone(&expected), Arc::clone(&seen));
        let name = flaw.name().to_owned();
        let scenarios = concerned(&catalogue, *flaw, expected.get(&name));
        trials.push(Trial::test(format!("flaw {name}"), move || {
            let red = red(&play(1, Some(&name), &scenarios, pki.path()).1);
            seen.lock().unwrap().insert(name.clone(), red.clone());
            if update { Ok(()) } else { compare(expected.get(&name), &red) }
        }));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if update && !arguments.list {
        // Flaws that a filter left out keep their lines.
        let mut whole = table();
        whole.retain(|name, _| Flaw::parse(name).is_some());
        whole.extend(seen.lock().unwrap().clone());
        write(&whole);
    }
    conclusion.exit();
}

/// A correct client is not accused of anything, whatever its profile.
fn reference(profile: u8, pki: &Path) -> Result<(), Failed> {
    let (code, report) = play(profile, None, &[], pki);
    let not_green: Vec<String> = checks(&report)
        .filter(|(_, check)| !matches!(check["status"].as_str(), Some("pass" | "skip")))
        .map(|(name, check)| format!("{name} {}: {}", check["status"], check["why"]))
        .collect();
    if code == 0 && not_green.is_empty() {
        return Ok(());
    }
    Err(format!("exit {code}, gate {}\n{}", report["gate"]["reason"], not_green.join("\n")).into())
}

fn compare(expected: Option<&BTreeSet<String>>, red: &BTreeSet<String>) -> Result<(), Failed> {
    let expected = expected.ok_or("this flaw is not in tests/zoo/expected.yaml")?;
    let missed: Vec<&String> = expected.difference(red).collect();
    let accused: Vec<&String> = red.difference(expected).collect();
    if missed.is_empty() && accused.is_empty() {
        return Ok(());
    }
    Err(format!("let through: {missed:?}\naccused beside: {accused:?}").into())
}

/// The scenarios for profile 1 that must turn red, and those that share an action with the flaw.
fn concerned(catalogue: &Catalogue, flaw: Flaw, expected: Option<&BTreeSet<String>>) -> Vec<String> {
    let actions: Vec<&str> = flaw.actions().iter().map(|action| action.name()).collect();
    let must =
        |id: &str| expected.is_some_and(|red| red.iter().any(|check| check.split('/').next() == Some(id)));
    let shares =
        |step: &banc_ror::scenario::Step| step.act.as_deref().is_some_and(|act| actions.contains(&act));
    catalogue
        .iter()
        .map(|item| &item.scenario)
        .filter(|scenario| scenario.profiles.contains(&1))
        // The large dataset takes seconds of both cores: it is played for those that it must turn red.
        .filter(|scenario| {
            must(&scenario.id) || (scenario.given.dataset != "large" && scenario.steps.iter().any(shares))
        })
        .map(|scenario| scenario.id.clone())
        .collect()
}

/// Plays these scenarios, or the whole catalogue; gives the exit code and the report.
fn play(profile: u8, flaw: Option<&str>, scenarios: &[String], pki: &Path) -> (i32, Value) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = banc();
    command.arg("run").args(scenarios).args(["--lang", "en", "--profile", &profile.to_string()]);
    command.arg("--pki").arg(pki).arg("--report").arg(folder.path().join("report"));
    if let Some(flaw) = flaw {
        command.args(["--flaw", flaw]);
    }
    let output = command.output().unwrap();
    let text = std::fs::read(folder.path().join("report/report.json"))
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), serde_json::from_slice(&text).unwrap())
}

/// Checks that failed or warned.
fn red(report: &Value) -> BTreeSet<String> {
    checks(report)
        .filter(|(_, check)| matches!(check["status"].as_str(), Some("fail" | "warn")))
        .map(|(name, check)| if check["status"] == "warn" { format!("{name} (warn)") } else { name })
        .collect()
}

fn checks(report: &Value) -> impl Iterator<Item = (String, &Value)> {
    report["scenarios"].as_array().unwrap().iter().flat_map(|scenario| {
        let id = scenario["id"].as_str().unwrap();
        let checks = scenario["checks"].as_array().unwrap().iter();
        checks.map(move |check| (format!("{id}/{}", check["id"].as_str().unwrap()), check))
    })
}

fn banc() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_banc-ror"));
    command.env("NO_COLOR", "1").stdin(Stdio::null()).current_dir(std::env::temp_dir());
    command
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/zoo/expected.yaml")
}

/// Reads `flaw:` lines and the `- check` lines below them: the whole of the table's YAML.
fn table() -> Table {
    let text = std::fs::read_to_string(path()).unwrap_or_default();
    let mut table = Table::new();
    let mut current = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        match line.strip_prefix("  - ") {
            Some(check) => {
                table.entry(current.clone()).or_default().insert(check.to_owned());
            }
            None => {
                current = line.trim_end_matches(" []").trim_end_matches(':').to_owned();
                table.entry(current.clone()).or_default();
            }
        }
    }
    table
}

fn write(table: &Table) {
    let mut text = String::from(
        "# What each flaw of the reference client turns red with profile 1, among the scenarios that share an action with it.\n\
         # Failures, and warnings marked so; made by BANC_ROR_UPDATE=1 cargo test --test zoo, read by people.\n",
    );
    for (flaw, red) in table {
        text.push_str(&format!("{flaw}:{}\n", if red.is_empty() { " []" } else { "" }));
        red.iter().for_each(|check| text.push_str(&format!("  - {check}\n")));
    }
    std::fs::write(path(), text).unwrap();
}
