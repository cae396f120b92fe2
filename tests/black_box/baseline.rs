//! Expected failures, through the binary.

use std::path::Path;
use std::process::Output;

use crate::support::{banc, code, copy, report, run, statuses, text};

const WAITS: &str = "quota-429-seconds/waits";

/// A baseline that lists these checks until these days.
fn baseline(folder: &Path, entries: &[(&str, &str)]) -> std::path::PathBuf {
    let mut text = String::from("expected-failures:\n");
    for (check, until) in entries {
        text.push_str(&format!(
            "  - check: {check}\n    owner: Équipe <ROR>\n    reason: {{ fr: Corrigé bientôt, en: Fixed soon }}\n    until: {until}\n"
        ));
    }
    let path = folder.join("known.yaml");
    std::fs::write(&path, text).unwrap();
    path
}

fn play(folder: &Path, baseline: &Path, more: &[&str]) -> Output {
    run(&folder.join("report"))
        .args(["quota-429-seconds", "--lang", "en", "--baseline"])
        .arg(baseline)
        .args(more)
        .output()
        .unwrap()
}

const FLAW: [&str; 2] = ["--flaw", "ignores-retry-after"];

#[test]
fn an_expected_failure_does_not_fail_and_every_report_says_whose_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let listed = baseline(folder.path(), &[(WAITS, "2999-12-31"), ("search-empty/answered", "2999-12-31")]);
    let output = play(folder.path(), &listed, &FLAW);
    let shown = text(&output.stdout);
    assert_eq!(code(&output), 0, "{shown}{}", text(&output.stderr));
    let folder_of_report = folder.path().join("report");
    let json = report(&folder_of_report);
    assert!(statuses(&json).contains(&(WAITS.to_owned(), "xfail".to_owned())));
    assert_eq!(json["totals"]["xfail"], 1);
    let entries = &json["baseline"]["expected_failures"];
    assert_eq!((&entries[0]["state"], &entries[0]["owner"]), (&"expected".into(), &"Équipe <ROR>".into()));
    assert_eq!((&entries[0]["reason"], &entries[0]["until"]), (&"Fixed soon".into(), &"2999-12-31".into()));
    assert_eq!(entries[1]["state"], "not-played");
    assert_eq!(json["conformity"]["requirements"]["expected-failure"], 2);
    assert_eq!(json["gate"]["plans"][0]["expected_failures"], 1);
    assert!(shown.contains("EXPECTED FAILURES APART") && shown.contains("search-empty/answered"), "{shown}");
    for (name, words) in [
        ("index.html", ["Équipe &#60;ROR&#62;", "Fixed soon", "2999-12-31"]),
        ("index.fr.html", ["Échecs attendus", "Corrigé bientôt", "2999-12-31"]),
        ("junit.xml", ["Équipe &lt;ROR&gt;", "Fixed soon", "2999-12-31"]),
    ] {
        let held = std::fs::read_to_string(folder_of_report.join(name)).unwrap();
        for word in words {
            assert!(held.contains(word), "{word} is not in {name}");
        }
    }
}

#[test]
fn judging_again_needs_the_folder_only_and_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let listed = baseline(folder.path(), &[(WAITS, "2999-12-31")]);
    assert_eq!(code(&play(folder.path(), &listed, &FLAW)), 0);
    std::fs::remove_file(&listed).unwrap();
    let again = tempfile::tempdir().unwrap();
    copy(&folder.path().join("report"), again.path());
    for name in ["report.json", "junit.xml", "index.html", "index.fr.html"] {
        std::fs::remove_file(again.path().join(name)).unwrap();
    }
    let output = banc().arg("judge").arg(again.path()).output().unwrap();
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    for name in ["report.json", "junit.xml", "index.html", "index.fr.html"] {
        let read = |at: &Path| std::fs::read_to_string(at.join(name)).unwrap();
        assert!(read(&folder.path().join("report")) == read(again.path()), "{name}");
    }
}

#[test]
fn the_date_compared_with_is_the_start_of_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let listed = baseline(folder.path(), &[(WAITS, "2020-01-31")]);
    let output = play(folder.path(), &listed, &FLAW);
    assert_eq!(code(&output), 1, "{}", text(&output.stdout));
    let json = report(&folder.path().join("report"));
    assert!(statuses(&json).contains(&(WAITS.to_owned(), "fail".to_owned())));
    assert_eq!(json["baseline"]["expected_failures"][0]["state"], "expired");
    assert!(text(&output.stdout).contains("expired on 2020-01-31"), "{}", text(&output.stdout));
}

#[test]
fn a_stale_entry_fails() {
    let folder = tempfile::tempdir().unwrap();
    let listed = baseline(folder.path(), &[(WAITS, "2999-12-31")]);
    let output = play(folder.path(), &listed, &[]);
    assert_eq!(code(&output), 1);
    assert!(text(&output.stdout).contains("Remove the entry"), "{}", text(&output.stdout));
    let json = report(&folder.path().join("report"));
    assert!(statuses(&json).contains(&(WAITS.to_owned(), "xpass".to_owned())));
}

#[test]
fn a_failure_beside_the_listed_ones_still_counts() {
    let folder = tempfile::tempdir().unwrap();
    let listed = baseline(folder.path(), &[("quota-429-date/waits", "2999-12-31")]);
    let output = play(folder.path(), &listed, &FLAW);
    assert_eq!(code(&output), 1);
    assert_eq!(report(&folder.path().join("report"))["totals"]["xfail"], 0);
}

#[test]
fn an_expected_warning_does_not_fail_on_warn() {
    let folder = tempfile::tempdir().unwrap();
    let listed = baseline(folder.path(), &[("token-reused/one-token", "2999-12-31")]);
    let play = |more: &[&str]| {
        let mut command = run(&folder.path().join("report"));
        command.args(["token-reused", "--flaw", "token-per-call", "--fail-on", "warn"]).args(more);
        code(&command.output().unwrap())
    };
    assert_eq!(play(&[]), 1);
    assert_eq!(play(&["--baseline", listed.to_str().unwrap()]), 0);
}

#[test]
fn what_the_baseline_cannot_excuse_keeps_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let listed = baseline(folder.path(), &[(WAITS, "2999-12-31")]);
    // Nothing of the adapter reaches the mock.
    let silent = crate::support::script(folder.path(), "silent.sh", "#!/bin/sh\nexit 0\n");
    let output = play(folder.path(), &listed, &["--client", silent.to_str().unwrap()]);
    assert_eq!(code(&output), 3, "{}", text(&output.stdout));
    assert_eq!(
        report(&folder.path().join("report"))["baseline"]["expected_failures"][0]["state"],
        "undecided"
    );
}

#[test]
fn a_wrong_baseline_stops_the_run_before_anything_is_played() {
    let folder = tempfile::tempdir().unwrap();
    for (entries, words) in [
        (
            &[("quota-429-seconds/wait", "2027-03-31")][..],
            ["known.yaml:2:12", "did you mean `quota-429-seconds/waits`"],
        ),
        (&[(WAITS, "2027-02-31")][..], ["known.yaml:5:12", "2027-02-31"]),
        (&[(WAITS, "2027-03-31"), (WAITS, "2027-03-31")][..], ["known.yaml:6:12", "already"]),
    ] {
        let output = play(folder.path(), &baseline(folder.path(), entries), &[]);
        let shown = text(&output.stderr);
        assert_eq!(code(&output), 2, "{shown}");
        assert!(words.iter().all(|word| shown.contains(word)) && shown.contains("^^^"), "{shown}");
        assert!(!folder.path().join("report").exists());
    }
    let output = play(folder.path(), Path::new("/nowhere/known.yaml"), &[]);
    assert!(code(&output) == 2 && text(&output.stderr).contains("/nowhere/known.yaml"));
}

#[test]
fn a_check_of_a_file_of_ones_own_may_be_listed() {
    let folder = tempfile::tempdir().unwrap();
    let listed = baseline(folder.path(), &[("own/never", "2999-12-31")]);
    let own = folder.path().join("own.yaml");
    let scenario = "id: own\ntitle: {fr: t, en: t}\ndescription: {fr: d, en: d}\nplans: [fhir-search]\n\
        steps: [{act: token, tell: {fr: t, en: t}}]\nchecks:\n  - {id: formed, requires: [FHIR-TOK-01], expect: {token-form: {}}}\n  \
        - {id: never, requires: [FHIR-TOK-01], expect: {requests: {matching: {api: token}, times: {exactly: 0}}}}\n";
    std::fs::write(&own, scenario).unwrap();
    let output =
        run(&folder.path().join("report")).arg(&own).arg("--baseline").arg(&listed).output().unwrap();
    assert_eq!(code(&output), 0, "{}{}", text(&output.stdout), text(&output.stderr));
    let output = run(&folder.path().join("report"))
        .arg("token-reused")
        .arg("--baseline")
        .arg(&listed)
        .output()
        .unwrap();
    assert_eq!(code(&output), 2, "no longer known without its file");
}
