//! The zoo: `banc-ror selftest`, one named test per client. Correct clients turn nothing red; each flawed one turns red
//! the checks that `scenarios/reference/zoo.yaml` says, and no others.
//!
//! `BANC_ROR_UPDATE=1 cargo test --test zoo` writes the table anew; read the difference before you commit it.

#![expect(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use banc_ror::client::Flaw;
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

/// Flaw → checks that turn red, as they stand in the table.
type Table = BTreeMap<String, Vec<String>>;

fn main() {
    let mut arguments = Arguments::from_args();
    // The clients mostly wait.
    arguments.test_threads = arguments.test_threads.or(Some(4));
    let pki = Arc::new(tempfile::tempdir().unwrap());
    let made = banc().args(["certs", "--out"]).arg(pki.path()).stdout(Stdio::null()).status().unwrap();
    assert!(made.success());
    let update = std::env::var_os("BANC_ROR_UPDATE").is_some();
    let seen: Arc<Mutex<Table>> = Arc::default();
    let listed = banc().args(["selftest", "--list"]).output().unwrap();
    let names = String::from_utf8(listed.stdout).unwrap();
    let trials = names.lines().map(|name| {
        let (pki, seen, name) = (Arc::clone(&pki), Arc::clone(&seen), name.to_owned());
        Trial::test(name.clone(), move || selftest(&name, pki.path(), update.then_some(&seen)))
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    if update && !arguments.list {
        // Flaws that a filter left out keep their lines.
        let mut whole: Table = serde_saphyr::from_str(&std::fs::read_to_string(table()).unwrap()).unwrap();
        whole.retain(|name, _| Flaw::parse(name).is_some());
        whole.extend(seen.lock().unwrap().clone());
        write(&whole);
    }
    conclusion.exit();
}

/// Tries one client; with `seen`, a flawed one is written down and not compared.
fn selftest(name: &str, pki: &Path, seen: Option<&Arc<Mutex<Table>>>) -> Result<(), Failed> {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("selftest.json");
    let mut command = banc();
    command.args(["selftest", name, "--lang", "en", "--pki"]).arg(pki).arg("--report").arg(&report);
    let output = command.output().unwrap();
    if let (Some(seen), Some(_)) = (seen, Flaw::parse(name)) {
        let report: Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
        let red = report["clients"][0]["red"].as_array().unwrap();
        let red = red.iter().map(|check| check.as_str().unwrap().to_owned()).collect();
        seen.lock().unwrap().insert(name.to_owned(), red);
        return Ok(());
    }
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(String::from_utf8_lossy(&text).into_owned().into())
}

fn banc() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_banc-ror"));
    command.env("NO_COLOR", "1").stdin(Stdio::null()).current_dir(std::env::temp_dir());
    command
}

fn table() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/reference/zoo.yaml")
}

fn write(whole: &Table) {
    let mut text = String::from(
        "# What each flaw of the reference client turns red, among the scenarios that share an action with it: on profile 1,\n\
         # or on the first profile that a scenario has. Failures, and warnings marked so. Made by\n\
         # BANC_ROR_UPDATE=1 cargo test --test zoo, read by people.\n",
    );
    for (flaw, red) in whole {
        text.push_str(&format!("{flaw}:{}\n", if red.is_empty() { " []" } else { "" }));
        red.iter().for_each(|check| text.push_str(&format!("  - {check}\n")));
    }
    std::fs::write(table(), text).unwrap();
}
