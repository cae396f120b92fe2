//! Adapters: the examples of the repository, and those that crash, hang, flood or do not start.

use std::path::Path;

use serde_json::Value;

use crate::support::{code, report, repository, run, script, statuses, text};

/// The Python example is a client that shares nothing with the reference client: it must conform.
fn the_python_example_conforms(profile: &str) {
    let folder = tempfile::tempdir().unwrap();
    let report_folder = folder.path().join("report");
    let client = repository("examples/adapters/python_client.py");
    let output = run(&report_folder)
        .args(["--profile", profile, "--jobs", "8", "--client"])
        .arg(client)
        .output()
        .unwrap();
    let wrong: Vec<(String, String)> = statuses(&report(&report_folder))
        .into_iter()
        .filter(|(_, status)| status != "pass" && status != "skip")
        .collect();
    assert_eq!(code(&output), 0, "profile {profile}: {wrong:?}");
}

#[test]
fn the_python_example_conforms_with_a_secret() {
    the_python_example_conforms("0");
}

#[test]
fn the_python_example_conforms_on_profile_1() {
    the_python_example_conforms("1");
}

#[test]
fn the_python_example_conforms_on_profile_2() {
    the_python_example_conforms("2");
}

/// The shell example has two actions only: what it has conforms, what it lacks is not run.
#[test]
fn the_shell_example_conforms_in_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let report_folder = folder.path().join("report");
    let client = repository("examples/adapters/curl.sh");
    let output = run(&report_folder)
        .args(["token-certificate", "search-empty", "--client"])
        .arg(client)
        .output()
        .unwrap();
    let report = report(&report_folder);
    assert_eq!(code(&output), 0, "{}", text(&output.stdout));
    let plans = report["gate"]["plans"].as_array().unwrap();
    let plan = plans.iter().find(|plan| plan["plan"] == "fhir-search").unwrap();
    assert_eq!(
        (&plan["covered"], &plan["missing_actions"]),
        (&Value::Bool(false), &serde_json::json!(["search"]))
    );
    assert_eq!(scenario(&report, "search-empty")["status"], "skip");
    assert_eq!(scenario(&report, "token-certificate")["status"], "pass");
}

/// A few scenarios of a plan say nothing of the plan.
#[test]
fn a_plan_of_which_a_part_was_played_is_not_said_to_conform() {
    let folder = tempfile::tempdir().unwrap();
    let report_folder = folder.path().join("report");
    let output = run(&report_folder)
        .args(["token-certificate", "search-empty", "--plan", "fhir-search", "--lang", "en"])
        .output()
        .unwrap();
    let report = report(&report_folder);
    let shown = text(&output.stdout);
    assert_eq!(code(&output), 0, "{shown}");
    let plan = &report["gate"]["plans"][0];
    assert_eq!((&plan["covered"], &plan["conforming"]), (&Value::Bool(true), &Value::Bool(false)));
    assert_eq!(plan["scenarios"], 2);
    assert!(plan["left_out"].as_u64().unwrap() > 50, "{plan}");
    assert!(shown.starts_with("NO FAILURE IN WHAT WAS PLAYED  exit code 0"), "{shown}");
    assert!(shown.contains("fhir-search played in part, without failure (2 of "), "{shown}");
    let page = std::fs::read_to_string(report_folder.join("index.html")).unwrap();
    assert!(page.contains("in part</span>") && page.contains("2 of "), "the table of plans says so");
}

#[test]
fn a_named_plan_that_the_client_lacks_is_exit_5() {
    let folder = tempfile::tempdir().unwrap();
    let client = repository("examples/adapters/curl.sh");
    let mut command = run(&folder.path().join("report"));
    command.args(["token-certificate", "search-empty", "--plan", "fhir-search", "--client"]).arg(client);
    assert_eq!(code(&command.output().unwrap()), 5);
}

#[test]
fn an_adapter_that_does_not_exist_is_a_configuration_error() {
    let folder = tempfile::tempdir().unwrap();
    for (client, word) in [("./no-such-adapter", "introuvable"), ("no-such-program-anywhere", "PATH")] {
        let output = run(&folder.path().join("report")).args(["--client", client]).output().unwrap();
        let errors = text(&output.stderr);
        assert_eq!(code(&output), 3, "{errors}");
        assert!(errors.contains(client) && errors.contains(word), "{errors}");
    }
    let plain = folder.path().join("plain.txt");
    std::fs::write(&plain, "no program").unwrap();
    let output =
        run(&folder.path().join("report")).args(["--lang", "en", "--client"]).arg(&plain).output().unwrap();
    assert!(text(&output.stderr).contains("not executable"), "{}", text(&output.stderr));
    assert_eq!(code(&run(&folder.path().join("report")).args(["--client", "'open"]).output().unwrap()), 2);
}

#[test]
fn an_adapter_that_crashes_without_a_word_never_reached_the_mock() {
    let (code, report) = play("#!/bin/sh\nexit 7\n", &[]);
    assert_eq!(code, 3);
    assert_eq!(report["gate"]["exit_code"], 3);
}

#[test]
fn an_adapter_killed_by_a_signal_of_its_own_is_a_configuration_error() {
    let (code, report) = play(
        "#!/bin/sh\ncurl --silent --cacert \"$ROR_CA_CERT\" \"$ROR_FHIR_URL/metadata\"\nkill -SEGV $$\n",
        &[],
    );
    assert_eq!(code, 3, "{}", report["gate"]["reason"]);
    assert_eq!(scenario(&report, "search-empty")["status"], "config-error");
}

#[test]
fn an_adapter_that_hangs_is_ended_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let body = format!(
        "#!/bin/sh\ncurl --silent --cacert \"$ROR_CA_CERT\" \"$ROR_FHIR_URL/metadata\"\nsleep 600 &\necho $! > {}\nwait\n",
        pid.display()
    );
    let (code, report) = play(&body, &["--patience", "0.1"]);
    assert_eq!(code, 1, "{}", report["gate"]["reason"]);
    let child = std::fs::read_to_string(pid).unwrap();
    let alive = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
    assert!(alive.is_empty() || alive.contains(") Z "), "still running: {alive}");
}

#[test]
fn an_adapter_that_floods_and_prints_binary_leaves_a_readable_report() {
    let flood = "#!/bin/sh\nhead -c 60000000 /dev/urandom\nhead -c 20000000 /dev/zero >&2\nprintf '\\033[31m\\0\\377<script>'\nexit 1\n";
    let folder = tempfile::tempdir().unwrap();
    let client = script(folder.path(), "client", flood);
    let report_folder = folder.path().join("report");
    let output = run(&report_folder).args(["search-empty", "--client"]).arg(client).output().unwrap();
    assert_eq!(code(&output), 3);
    let html = std::fs::read_to_string(report_folder.join("index.html")).unwrap();
    assert!(!html.contains("<script") && !html.contains('\u{1b}'));
    let size: u64 = ["index.html", "report.json", "junit.xml", "journal.jsonl"]
        .iter()
        .map(|name| std::fs::metadata(report_folder.join(name)).unwrap().len())
        .sum();
    assert!(size < 5_000_000, "{size} bytes");
}

#[test]
fn a_result_file_counts_and_standard_input_is_complete() {
    let body = "#!/usr/bin/env python3\n\
        import json, os, sys, subprocess\n\
        given = json.load(sys.stdin)\n\
        same = all(str(given[name]) == value for name, value in os.environ.items() if name.startswith('ROR_') and name != 'ROR_INPUT')\n\
        subprocess.run(['curl', '--silent', '--cacert', given['ROR_CA_CERT'], given['ROR_FHIR_URL'] + '/metadata'])\n\
        proxy = [name for name in os.environ if name.lower() in ('http_proxy', 'https_proxy')]\n\
        said = f\"same={same} input={given['ROR_INPUT']['resource']} proxy={proxy} no_proxy={os.environ['NO_PROXY']}\"\n\
        open(os.environ['ROR_RESULT_FILE'], 'w').write(json.dumps({'outcome': 'error', 'message': said}))\n";
    let folder = tempfile::tempdir().unwrap();
    let client = script(folder.path(), "client", body);
    let report_folder = folder.path().join("report");
    let mut command = run(&report_folder);
    command.env("https_proxy", "http://127.0.0.1:9").env("ROR_STRANGER", "1");
    command.args(["search-empty", "--client"]).arg(client).output().unwrap();
    let journal = std::fs::read_to_string(report_folder.join("journal.jsonl")).unwrap();
    assert!(journal.contains("same=True input=Organization proxy=[] no_proxy=*"), "{journal}");
}

/// A result near the limit is compared, and does not break the journal for the scenarios after it.
#[test]
fn a_very_large_result_is_compared() {
    let body = "#!/usr/bin/env python3\n\
        import json, os, sys\n\
        sys.argv = ['x']\n\
        ids = [{'resourceType': 'Organization', 'id': str(n), 'name': 'x' * 40} for n in range(400000)]\n\
        open(os.environ['ROR_RESULT_FILE'], 'w').write(json.dumps({'outcome': 'ok', 'integrated': ids}))\n\
        import subprocess\n\
        subprocess.run(['curl', '--silent', '--cacert', os.environ['ROR_CA_CERT'], os.environ['ROR_FHIR_URL'] + '/metadata'])\n";
    let folder = tempfile::tempdir().unwrap();
    let client = script(folder.path(), "client", body);
    let report_folder = folder.path().join("report");
    run(&report_folder).args(["search-empty", "tolerance-closed", "--client"]).arg(&client).output().unwrap();
    let report = report(&report_folder);
    assert!(report["run"]["remarks"].as_array().unwrap().is_empty(), "{}", report["run"]["remarks"]);
    let check = check(&report, "search-empty", "nothing-held");
    assert_eq!(check["status"], "fail", "{check}");
    assert!(std::fs::metadata(report_folder.join("journal.jsonl")).unwrap().len() < 1_000_000);
}

/// What cannot be read is not the same as what was not said.
#[test]
fn a_result_that_cannot_be_read_is_a_configuration_error() {
    let body = "#!/bin/sh\ncurl --silent --cacert \"$ROR_CA_CERT\" \"$ROR_FHIR_URL/metadata\"\nprintf '{\"outcome\":\"ok\",\"integ' > \"$ROR_RESULT_FILE\"\n";
    let (_, report) = play(body, &[]);
    let check = check(&report, "search-empty", "nothing-held");
    assert_eq!(check["status"], "config-error", "{check}");
    assert!(check["why"].as_str().unwrap().contains("lire"), "{check}");
}

/// What is wrong on the wire stays wrong, however the adapter ends afterwards.
#[test]
fn a_violation_is_not_wiped_out_by_exit_89_or_a_signal() {
    let search = "a=$(curl --silent --cacert \"$ROR_CA_CERT\" --cert \"$ROR_CLIENT_CERT\" --key \"$ROR_CLIENT_KEY\" --data \"grant_type=client_credentials&client_id=$ROR_CLIENT_ID\" \"$ROR_TOKEN_URL\" | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\n\
        for i in 1 2 3; do curl --silent --output /dev/null --cacert \"$ROR_CA_CERT\" --header \"Authorization: Bearer $a\" \"$ROR_FHIR_URL/HealthcareService?specialty=x\"; done\n";
    for end in ["exit 89", "kill -SEGV $$"] {
        let folder = tempfile::tempdir().unwrap();
        let client = script(folder.path(), "client", &format!("#!/bin/sh\n{search}{end}\n"));
        let report_folder = folder.path().join("report");
        let output =
            run(&report_folder).args(["quota-429-seconds", "--client"]).arg(&client).output().unwrap();
        assert_eq!(code(&output), 1, "{end}: {}", text(&output.stdout));
        assert_eq!(check(&report(&report_folder), "quota-429-seconds", "waits")["status"], "fail");
    }
}

fn check<'a>(report: &'a Value, scenario_id: &str, id: &str) -> &'a Value {
    let checks = scenario(report, scenario_id)["checks"].as_array().unwrap();
    checks
        .iter()
        .find(|check| check["id"] == id)
        .unwrap_or_else(|| panic!("{scenario_id}/{id} is not in the report"))
}

/// Plays one scenario with that script as adapter.
fn play(body: &str, more: &[&str]) -> (i32, Value) {
    let folder = tempfile::tempdir().unwrap();
    let client = script(folder.path(), "client", body);
    let report_folder = folder.path().join("report");
    let output =
        run(&report_folder).args(["search-empty", "--client"]).arg(&client).args(more).output().unwrap();
    assert!(Path::new(&report_folder).join("journal.jsonl").exists(), "evidence is kept");
    (code(&output), report(&report_folder))
}

fn scenario<'a>(report: &'a Value, id: &str) -> &'a Value {
    let scenarios = report["scenarios"].as_array().unwrap();
    scenarios
        .iter()
        .find(|scenario| scenario["id"] == id)
        .unwrap_or_else(|| panic!("{id} is not in the report"))
}
