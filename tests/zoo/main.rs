//! The zoo: `banc-ror selftest`, one named test per client. Correct clients turn nothing red; each flawed one turns red
//! the checks that `scenarios/reference/zoo.yaml` says, and no others.
//!
//! All that the filter leaves are played by one `selftest` before the tests are told: it places their scenarios best.
//!
//! `BANC_ROR_UPDATE=1 cargo test --test zoo` writes the table anew; read the difference before you commit it.

#![expect(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use banc_ror::client::Flaw;
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

/// Flaw → checks that turn red, as they stand in the table.
type Table = BTreeMap<String, Vec<String>>;

/// What `selftest` writes of each client.
type Tried = BTreeMap<String, Value>;

/// Mark of a check that may turn red, by how fast the machine is.
const MAY: &str = " (may)";

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // The lines of `selftest` come first, then those of the tests, which only look them up.
    arguments.test_threads = Some(1);
    let listed = banc().args(["selftest", "--list"]).output().unwrap();
    let names = String::from_utf8(listed.stdout).unwrap();
    let wanted: Vec<&str> = names.lines().filter(|name| is_wanted(name, &arguments)).collect();
    let tried = if arguments.list { Tried::new() } else { selftest(&wanted) };
    let update = std::env::var_os("BANC_ROR_UPDATE").is_some();
    let trials = wanted.iter().map(|name| {
        let (tried, is_written) = (tried.get(*name).cloned(), update && Flaw::parse(name).is_some());
        Trial::test(*name, move || verdict(tried.as_ref(), is_written))
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    if update && !arguments.list {
        write(&tried);
    }
    conclusion.exit_code()
}

/// As libtest has it.
fn is_wanted(name: &str, arguments: &Arguments) -> bool {
    let meant =
        |filter: &String| if arguments.exact { name == filter } else { name.contains(filter.as_str()) };
    arguments.filter.as_ref().is_none_or(meant) && !arguments.skip.iter().any(meant)
}

/// Plays these clients.
fn selftest(names: &[&str]) -> Tried {
    if names.is_empty() {
        return Tried::new();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("selftest.json");
    let mut command = banc();
    command.arg("selftest").args(names).args(["--lang", "en", "--report"]).arg(&path);
    command.status().unwrap();
    let report: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let clients = report["clients"].as_array().unwrap().iter();
    clients.map(|client| (client["client"].as_str().unwrap().to_owned(), client.clone())).collect()
}

/// A flawed client whose line is being written is not compared.
fn verdict(tried: Option<&Value>, is_written: bool) -> Result<(), Failed> {
    let Some(tried) = tried else { return Err("selftest did not play it".into()) };
    if is_written || tried["as_expected"] == true {
        return Ok(());
    }
    let told = |what: &str| format!("{what}: {:#}", tried[what]);
    Err(["let_through", "wrongly_accused", "not_decided"].map(told).join("\n").into())
}

/// The program of this build, or another one of the same sources: `BANC_ROR_BINARY=target/release/banc-ror` takes half
/// the time.
fn banc() -> Command {
    let binary = std::env::var_os("BANC_ROR_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_banc-ror").into());
    let mut command = Command::new(binary);
    command.env("NO_COLOR", "1").stdin(Stdio::null()).current_dir(std::env::temp_dir());
    command
}

fn table() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/reference/zoo.yaml")
}

/// Flaws that were not played keep their lines, and `(may)`, which a person puts, stays.
fn write(tried: &Tried) {
    let mut whole: Table = serde_saphyr::from_str(&std::fs::read_to_string(table()).unwrap()).unwrap();
    whole.retain(|name, _| Flaw::parse(name).is_some());
    for (name, client) in tried.iter().filter(|(name, _)| Flaw::parse(name).is_some()) {
        let red = client["red"].as_array().unwrap().iter().map(|check| check.as_str().unwrap());
        let former = whole.remove(name).unwrap_or_default();
        let may: Vec<String> = former.into_iter().filter(|check| check.ends_with(MAY)).collect();
        let is_settled = |check: &str| {
            let plain = check.trim_end_matches(" (warn)");
            !may.iter().any(|may| may.trim_end_matches(MAY) == plain)
        };
        let mut lines: Vec<String> = red.filter(|check| is_settled(check)).map(str::to_owned).collect();
        lines.extend(may);
        lines.sort();
        whole.insert(name.clone(), lines);
    }
    let mut text = String::from(
        "# What each flaw of the reference client turns red, among the scenarios that share an action with it: on profile 1, or on\n\
         # the first profile that a scenario has. `(warn)`: a warning; `(may)`: red or not, by how fast the machine is (put by hand).\n\
         # Made by BANC_ROR_UPDATE=1 cargo test --test zoo, read by people.\n",
    );
    for (flaw, red) in &whole {
        text.push_str(&format!("{flaw}:{}\n", if red.is_empty() { " []" } else { "" }));
        red.iter().for_each(|check| text.push_str(&format!("  - {check}\n")));
    }
    std::fs::write(table(), text).unwrap();
}
