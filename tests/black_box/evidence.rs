//! What a run leaves: judged again to the same bytes, readable after a kill, without any secret.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::support::{Served, banc, code, report, run, script, statuses, text};

#[test]
fn the_same_folder_judged_twice_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let report_folder = folder.path().join("report");
    let output = run(&report_folder)
        .args(["token-certificate", "quota-429-seconds", "search-all-pages"])
        .output()
        .unwrap();
    assert_eq!(code(&output), 0, "{}", text(&output.stdout));
    let before = files(&report_folder);
    // Elsewhere, because nothing but the folder may count.
    let moved = folder.path().join("moved");
    std::fs::rename(&report_folder, &moved).unwrap();
    for _ in 0..2 {
        assert_eq!(code(&banc().arg("judge").arg(&moved).output().unwrap()), 0);
        assert!(files(&moved) == before, "judging again changed a file");
    }
    // In the other language the verdicts are the same.
    let statuses_before = statuses(&report(&moved));
    assert_eq!(code(&banc().args(["--lang", "en", "judge"]).arg(&moved).output().unwrap()), 0);
    assert_eq!(statuses(&report(&moved)), statuses_before);
    assert_eq!(report(&moved)["run"]["lang"], "en");
}

#[test]
fn a_run_that_was_killed_can_be_judged() {
    let folder = tempfile::tempdir().unwrap();
    let report_folder = folder.path().join("report");
    let started = folder.path().join("started");
    let client =
        script(folder.path(), "client", &format!("#!/bin/sh\n: > {}\nsleep 60\n", started.display()));
    let mut bench = run(&report_folder)
        .args(["search-empty", "token-certificate", "--jobs", "1", "--client"])
        .arg(client)
        .spawn()
        .unwrap();
    while !started.exists() {
        std::thread::yield_now();
    }
    bench.kill().unwrap();
    bench.wait().unwrap();
    let output = banc().args(["--lang", "en", "judge"]).arg(&report_folder).output().unwrap();
    assert_ne!(code(&output), 0, "{}", text(&output.stdout));
    let report = report(&report_folder);
    assert!(statuses(&report).iter().all(|(_, status)| status != "pass"), "{report}");
    assert!(report["run"]["duration_ms"].is_null());
}

#[test]
fn an_interrupted_run_is_reported_and_leaves_no_process() {
    let folder = tempfile::tempdir().unwrap();
    let report_folder = folder.path().join("report");
    let pid = folder.path().join("pid");
    let body = format!("#!/bin/sh\nsleep 600 &\necho $! > {0}.tmp\nmv {0}.tmp {0}\nwait\n", pid.display());
    let client = script(folder.path(), "client", &body);
    let mut bench = run(&report_folder).args(["search-empty", "--client"]).arg(client).spawn().unwrap();
    while !pid.exists() {
        std::thread::yield_now();
    }
    let child = std::fs::read_to_string(&pid).unwrap();
    let signal = std::process::Command::new("kill").args(["-INT", &bench.id().to_string()]).status().unwrap();
    assert!(signal.success());
    assert!(!bench.wait().unwrap().success());
    let remarks = report(&report_folder)["run"]["remarks"].to_string();
    assert!(remarks.contains("interrompu"), "{remarks}");
    let state = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "still running: {state}");
}

#[test]
fn a_journal_that_was_tampered_with_proves_nothing_from_there_on() {
    let folder = tempfile::tempdir().unwrap();
    let report_folder = folder.path().join("report");
    run(&report_folder).arg("token-certificate").output().unwrap();
    let journal = report_folder.join("journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, text.replacen("\"status\":200", "\"status\":201", 1)).unwrap();
    let output = banc().arg("judge").arg(&report_folder).output().unwrap();
    assert_ne!(code(&output), 0);
    let remarks = report(&report_folder)["run"]["remarks"].to_string();
    assert!(remarks.contains("chaîne d’empreintes"), "{remarks}");
}

/// An adapter that shouts its secrets everywhere: none of them may be found in what a run leaves.
#[test]
fn secrets_never_leave() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder.path().join("secrets");
    let body = format!(
        "#!/bin/sh\n\
        answer=$(curl --silent --cacert \"$ROR_CA_CERT\" --data \"grant_type=client_credentials&client_id=$ROR_CLIENT_ID\" --data-urlencode \"client_secret=$ROR_CLIENT_SECRET\" \"$ROR_TOKEN_URL\")\n\
        token=$(printf '%s' \"$answer\" | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\n\
        printf '%s\\n%s\\n' \"$ROR_CLIENT_SECRET\" \"$token\" >> {}\n\
        curl --silent --cacert \"$ROR_CA_CERT\" --user \"$ROR_CLIENT_ID:$ROR_CLIENT_SECRET\" --header \"X-Mine: $token\" --header \"Cookie: s=$ROR_CLIENT_SECRET\" --data \"{{\\\"access_token\\\":\\\"$token\\\"}}\" \"$ROR_FHIR_URL/Organization/$ROR_CLIENT_SECRET?access_token=$token&x=$ROR_CLIENT_SECRET\"\n\
        echo \"stderr $ROR_CLIENT_SECRET $token\" >&2\n\
        echo \"$ROR_CLIENT_SECRET $token\"\n\
        printf '{{\"outcome\":\"error\",\"message\":\"%s %s\",\"integrated\":[{{\"id\":\"%s\"}}]}}\\n' \"$ROR_CLIENT_SECRET\" \"$token\" \"$token\"\n",
        secrets.display()
    );
    let client = script(folder.path(), "client", &body);
    let report_folder = folder.path().join("report");
    let output = run(&report_folder)
        .args(["token-secret", "--profile", "0", "--client"])
        .arg(&client)
        .output()
        .unwrap();
    let secrets: Vec<String> = std::fs::read_to_string(secrets).unwrap().lines().map(str::to_owned).collect();
    assert!(secrets.iter().any(|secret| secret.starts_with("eyJ")), "the canary got a token: {secrets:?}");
    let mut outputs = files(&report_folder);
    outputs.insert("stdout".into(), output.stdout);
    outputs.insert("stderr".into(), output.stderr);
    for (name, content) in outputs {
        let content = text(&content);
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            assert!(!content.contains(secret.as_str()), "{name} holds a secret");
        }
    }
    let journal = std::fs::read_to_string(report_folder.join("journal.jsonl")).unwrap();
    assert!(journal.contains("‹redacted:"), "what was removed is marked");
}

/// A token request by hand with `curl --user --verbose` shows Base64 of both, and a flood cuts a secret anywhere.
#[test]
fn secrets_in_base64_and_at_a_cut_do_not_leave() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    let body = format!(
        "#!/bin/sh\n\
        printf '%s' \"$ROR_CLIENT_SECRET\" > {}\n\
        curl --silent --verbose --cacert \"$ROR_CA_CERT\" --user \"$ROR_CLIENT_ID:$ROR_CLIENT_SECRET\" --data grant_type=client_credentials \"$ROR_TOKEN_URL\"\n\
        for i in $(seq 1 2000); do printf 'x%s' \"$ROR_CLIENT_SECRET\"; done >&2\n\
        exit 1\n",
        secret.display()
    );
    let client = script(folder.path(), "client", &body);
    let report_folder = folder.path().join("report");
    run(&report_folder).args(["token-secret", "--profile", "0", "--client"]).arg(&client).output().unwrap();
    let secret = std::fs::read_to_string(secret).unwrap();
    let encoded = base64(&format!("banc-ror-client:{secret}"));
    for (name, content) in files(&report_folder) {
        let content = text(&content);
        assert!(!content.contains(&encoded[24..60]), "{name} holds Base64 of the secret");
        for start in 0..=secret.len() - 20 {
            assert!(!content.contains(&secret[start..start + 20]), "{name} holds a part of the secret");
        }
    }
}

fn base64(text: &str) -> String {
    let output =
        std::process::Command::new("sh").args(["-c", "printf '%s' \"$1\" | base64 -w0", "sh", text]).output();
    crate::support::text(&output.unwrap().stdout)
}

#[test]
fn what_was_served_can_be_judged_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let report_folder = folder.path().join("report");
    for _ in 0..2 {
        let mut mock = Served::start(&["--report", report_folder.to_str().unwrap()]);
        let token = mock.token();
        assert_eq!(mock.get(&token, "/Organization?_count=1", &[]).0, 200);
        mock.interrupt();
    }
    let output = banc().arg("judge").arg(&report_folder).output().unwrap();
    assert_eq!(code(&output), 5, "nothing was played, so nothing is proved: {}", text(&output.stderr));
}

#[test]
fn what_was_played_lies_beside_the_evidence() {
    let folder = tempfile::tempdir().unwrap();
    let report_folder = folder.path().join("report");
    run(&report_folder).arg("search-empty").output().unwrap();
    for name in [
        "index.html",
        "index.en.html",
        "report.json",
        "junit.xml",
        "scenarios/search-empty.yaml",
        "datasets/demo.yaml",
        "requirements/charter.yaml",
    ] {
        assert!(report_folder.join(name).exists(), "{name}");
    }
    let first: Value = serde_json::from_str(
        std::fs::read_to_string(report_folder.join("journal.jsonl")).unwrap().lines().next().unwrap(),
    )
    .unwrap();
    let run = &first["event"]["run-started"];
    assert_eq!(
        (run["schema"].as_u64(), run["seed"].as_u64(), run["lang"].as_str()),
        (Some(1), Some(1), Some("fr"))
    );
    let junit = std::fs::read(report_folder.join("junit.xml")).unwrap();
    let junit = quick_junit::Report::deserialize(junit.as_slice()).unwrap();
    assert_eq!(junit.test_suites.len(), 1);
}

/// All files below a folder, by their relative names.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}
