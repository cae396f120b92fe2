//! Servers that a client must refuse, met by curl: with its verification on, and turned off.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{report, run, script, statuses};

/// An adapter made of curl; `options` go to each call.
fn adapter(folder: &Path, options: &str) -> String {
    let content = format!(
        r#"#!/bin/sh
case "$ROR_ACTION" in token | read) ;; *) exit 89 ;; esac
call() {{ curl --silent --show-error --fail --tlsv1.2 --cacert "$ROR_CA_CERT" {options} "$@"; }}
answer=$(call --cert "$ROR_CLIENT_CERT" --key "$ROR_CLIENT_KEY" --data grant_type=client_credentials \
  --data "client_id=$ROR_CLIENT_ID" "$ROR_TOKEN_URL") || exit 1
token=$(echo "$answer" | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')
[ -n "$token" ] || {{ echo "no token" >&2; exit 1; }}
[ "$ROR_ACTION" = token ] && exit 0
call --header "Authorization: Bearer $token" \
  --header "Ror-Profil-Utilisateur-Code: $ROR_PROFIL_UTILISATEUR_CODE" \
  --header "Ror-Profil-Utilisateur-System: $ROR_PROFIL_UTILISATEUR_SYSTEM" \
  --header "Ror-Role-Metier-Code: $ROR_ROLE_METIER_CODE" \
  --header "Ror-Role-Metier-System: $ROR_ROLE_METIER_SYSTEM" \
  "$ROR_FHIR_URL/Organization/1101" > /dev/null
"#
    );
    script(folder, "adapter.sh", &content).display().to_string()
}

fn play(folder: &Path, client: &str, more: &[&str]) -> (Value, BTreeMap<String, String>) {
    let mut command: Command = run(folder);
    command.args(["tls", "--client", client]).args(more);
    command.output().unwrap();
    let report = report(folder);
    let statuses = statuses(&report).into_iter().collect();
    (report, statuses)
}

#[test]
fn a_client_that_verifies_is_accused_of_nothing_on_one_port_or_on_two() {
    let folder = tempfile::tempdir().unwrap();
    let client = adapter(folder.path(), "");
    let (report, statuses) = play(&folder.path().join("report"), &client, &[]);
    let red: Vec<_> =
        statuses.iter().filter(|(_, status)| !matches!(status.as_str(), "pass" | "skip")).collect();
    assert!(red.is_empty(), "{red:?}");
    assert_eq!(report["gate"]["exit_code"], 0);
}

#[test]
fn curl_with_insecure_is_named_for_each_defect_of_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let client = adapter(folder.path(), "--insecure");
    let path = folder.path().join("report");
    let (report, statuses) = play(&path, &client, &[]);
    assert_eq!(report["gate"]["exit_code"], 1);
    let mut failed: Vec<&str> = Vec::new();
    for (check, status) in &statuses {
        if status == "fail" {
            failed.push(check.rsplit('/').next().unwrap());
        }
    }
    failed.sort_unstable();
    let expected = [
        "address-not-named",
        "expired",
        "name-constraints",
        "not-yet-valid",
        "self-signed",
        "unknown-authority",
        "wrong-host",
        "wrong-usage",
    ];
    let mut both: Vec<String> =
        expected.iter().flat_map(|defect| [format!("api-{defect}"), format!("token-{defect}")]).collect();
    both.sort_unstable();
    assert_eq!(failed, both, "{statuses:?}");
    // The proof of what was delivered.
    let journal = std::fs::read_to_string(path.join("journal.jsonl")).unwrap();
    assert!(
        journal.contains("\"defect\":\"wrong-host\"")
            && journal.contains("\"names\":[\"autre-serveur.example\"]")
    );
    // Called by its address in that scenario only.
    let called_by_address: Vec<&str> = journal
        .lines()
        .filter(|line| {
            line.contains("scenario-started") && line.contains("\"token_url\":\"https://127.0.0.1:")
        })
        .filter_map(|line| line.split("\"scenario\":\"").nth(1)?.split('"').next())
        .collect();
    assert_eq!(called_by_address, ["server-address"]);
}

/// OCSP as another program understands it: curl verifies the signature, the dates and the status.
#[test]
fn a_client_that_asks_for_the_status_sees_that_it_is_revoked_and_one_that_does_not_is_not_blamed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report");
    for (options, expected, asked) in [
        ("--cert-status --tls-max 1.2", "pass", "true"),
        ("--cert-status --tlsv1.3", "pass", "true"),
        ("", "skip", "false"),
        ("--insecure", "skip", "false"),
    ] {
        let client = adapter(folder.path(), options);
        run(&path).args(["server-revoked", "--client", &client]).output().unwrap();
        let statuses: BTreeMap<_, _> = statuses(&report(&path)).into_iter().collect();
        for check in ["token-revoked", "api-revoked"] {
            assert_eq!(statuses[&format!("server-revoked/{check}")], expected, "{options}: {statuses:?}");
        }
        let journal = std::fs::read_to_string(path.join("journal.jsonl")).unwrap();
        for status in ["good", "revoked"] {
            let proof = format!("\"staple\":{{\"status\":\"{status}\",\"asked\":{asked}}}");
            assert!(journal.contains(&proof), "{options}: {proof}");
        }
    }
}

/// SECLEVEL=0 verifies all but takes SHA-1 for good enough: the signature is genuine, and only weak.
#[test]
fn a_weak_signature_is_noted_of_a_client_that_takes_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report");
    for (options, is_noted) in [("", false), ("--ciphers DEFAULT@SECLEVEL=0 --tls-max 1.2", true)] {
        let client = adapter(folder.path(), options);
        run(&path).args(["server-weak-signature", "--client", &client]).output().unwrap();
        let statuses: BTreeMap<_, _> = statuses(&report(&path)).into_iter().collect();
        for check in ["token-sha1-signature", "api-sha1-signature"] {
            assert_eq!(
                statuses[&format!("server-weak-signature/{check}")],
                "pass",
                "{options}: {statuses:?}"
            );
        }
        let told = std::fs::read_to_string(path.join("report.json")).unwrap();
        assert_eq!(told.contains("(MAY)"), is_noted, "{options}");
        let journal = std::fs::read_to_string(path.join("journal.jsonl")).unwrap();
        assert!(journal.contains("\"signature\":\"sha1WithRSAEncryption\""));
    }
}

/// A connection that is opened and closed at once, or a handshake without a request, is no acceptance.
#[test]
fn a_probe_is_no_acceptance() {
    let folder = tempfile::tempdir().unwrap();
    let good = adapter(folder.path(), "");
    let probe = format!(
        r#"#!/bin/sh
for url in "$ROR_TOKEN_URL" "$ROR_FHIR_URL"; do
  address=$(echo "$url" | cut -d/ -f3)
  openssl s_client -min_protocol TLSv1.2 -connect "$address" < /dev/null > /dev/null 2>&1
done
exec "{good}"
"#
    );
    let client = script(folder.path(), "probe.sh", &probe).display().to_string();
    let (_, statuses) = play(&folder.path().join("report"), &client, &[]);
    let red: Vec<_> =
        statuses.iter().filter(|(_, status)| !matches!(status.as_str(), "pass" | "skip")).collect();
    assert!(red.is_empty(), "{red:?}");
}
