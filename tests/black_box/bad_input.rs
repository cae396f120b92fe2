//! Bad input: one clear message that names the place and the remedy, and the right exit code.

use crate::support::{banc, code, repository, run, text};

#[test]
fn a_broken_scenario_is_shown_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.yaml");
    let good = std::fs::read_to_string(repository("tests/black_box/own.yaml")).unwrap();
    std::fs::write(&path, good.replace("expect: {", "expekt: {")).unwrap();
    for (lang, words) in [("fr", "vouliez-vous dire"), ("en", "did you mean")] {
        let output = run(&folder.path().join("report")).args(["--lang", lang]).arg(&path).output().unwrap();
        let errors = text(&output.stderr);
        assert_eq!(code(&output), 2, "{errors}");
        assert!(
            errors.contains("own.yaml:15:5") && errors.contains('^') && errors.contains(words),
            "{errors}"
        );
    }
    assert!(!folder.path().join("report").exists(), "nothing was played, so nothing is left");
}

#[test]
fn what_selects_nothing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    for (word, expected) in [("token-certificat", "token-certificate"), ("missing.yaml", "missing.yaml")] {
        let output = run(&report).arg(word).output().unwrap();
        assert_eq!(code(&output), 2);
        assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
    }
    let output = run(&report).args(["--plan", "fhir-serch"]).output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("fhir-search"));
    let output = run(&report).args(["token-secret", "--profile", "1"]).output().unwrap();
    assert_eq!(code(&output), 2, "a scenario of profile 0 alone");
    assert_eq!(code(&run(&report).args(["--profile", "6"]).output().unwrap()), 2);
}

#[test]
fn a_wrong_campaign_file_is_shown_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("banc.yaml");
    std::fs::write(&path, "editor:\n  name: Fictif\n  siren: \"123\"\n").unwrap();
    let output = run(&folder.path().join("report")).arg("--config").arg(&path).output().unwrap();
    let errors = text(&output.stderr);
    assert_eq!(code(&output), 2, "{errors}");
    assert!(errors.contains("banc.yaml:3:3") && errors.contains("siret"), "{errors}");
    let output = run(&folder.path().join("report")).args(["--config", "nowhere.yaml"]).output().unwrap();
    assert!(code(&output) == 2 && text(&output.stderr).contains("nowhere.yaml"));
}

#[test]
fn a_port_in_use_is_a_configuration_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let output = run(&folder.path().join("report")).args(["--port", &port]).output().unwrap();
    let errors = text(&output.stderr);
    assert_eq!(code(&output), 3, "{errors}");
    assert!(errors.contains(&port) && errors.contains("--port"), "{errors}");
}

#[test]
fn a_report_folder_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = folder.path().join("foreign");
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(foreign.join("thesis.txt"), "years of work").unwrap();
    let output = run(&foreign).arg("search-empty").output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("--report"), "{}", text(&output.stderr));
    assert!(foreign.join("thesis.txt").exists(), "what is not ours is never replaced");

    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let output = run(&file.join("report")).arg("search-empty").output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains(&file.display().to_string()), "{}", text(&output.stderr));
}

#[test]
fn judge_says_what_is_no_report() {
    let folder = tempfile::tempdir().unwrap();
    let output = banc().arg("judge").arg(folder.path()).output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("journal.jsonl"), "{}", text(&output.stderr));
    std::fs::write(folder.path().join("journal.jsonl"), "not a journal\n").unwrap();
    for name in ["scenarios", "requirements"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    assert_eq!(code(&banc().arg("judge").arg(folder.path()).output().unwrap()), 2);
}

#[test]
fn try_and_certs_explain_themselves() {
    let output = banc().args(["try", "serch"]).output().unwrap();
    assert!(code(&output) == 2 && text(&output.stderr).contains("search"), "{}", text(&output.stderr));
    let output = banc().args(["try", "search", "{resource:"]).output().unwrap();
    assert!(code(&output) == 2 && text(&output.stderr).contains("JSON"), "{}", text(&output.stderr));
    let output = banc().args(["certs", "dn", "/etc/hostname"]).output().unwrap();
    assert!(code(&output) == 3 && text(&output.stderr).contains("/etc/hostname"), "{}", text(&output.stderr));
    let output = banc().args(["client", "--flaw", "ignores-retry-aftr"]).output().unwrap();
    assert!(code(&output) == 2 && text(&output.stderr).contains("ignores-retry-after"));
}
