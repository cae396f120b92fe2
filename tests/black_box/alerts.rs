//! A client certificate refused with a TLS alert, met by curl: over TLS 1.2, where the handshake fails, and over TLS 1.3,
//! where the alert comes with the first read.

use std::path::Path;

use serde_json::Value;

use crate::support::{report, run, script};

/// An adapter made of curl that gives up after `attempts`.
fn adapter(folder: &Path, name: &str, options: &str, attempts: u32) -> String {
    let content = format!(
        r#"#!/bin/sh
[ "$ROR_ACTION" = read ] || exit 89
own=""
[ -n "$ROR_CLIENT_CERT" ] && own="--cert $ROR_CLIENT_CERT --key $ROR_CLIENT_KEY"
for attempt in $(seq {attempts}); do
  answer=$(curl --silent --show-error --fail --cacert "$ROR_CA_CERT" {options} $own \
    --data grant_type=client_credentials --data "client_id=$ROR_CLIENT_ID" "$ROR_TOKEN_URL") && break
done
case "$answer" in *access_token*) exit 0 ;; esac
exit 1
"#
    );
    script(folder, name, &content).display().to_string()
}

/// The checks of the scenario: status, what was seen, and notes.
fn play(folder: &Path, client: &str) -> Vec<(String, String, String)> {
    run(folder).args(["access-certificate-alert", "--lang", "en", "--client", client]).output().unwrap();
    let report = report(folder);
    let checks = report["scenarios"][0]["checks"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    checks
        .iter()
        .map(|check| {
            (text(&check["id"]), text(&check["status"]), format!("{} {}", check["actual"], check["notes"]))
        })
        .collect()
}

#[test]
fn a_client_that_says_so_and_stops_is_accused_of_nothing_by_either_version_of_tls() {
    let folder = tempfile::tempdir().unwrap();
    for (version, options) in [("1.2", "--tlsv1.2 --tls-max 1.2"), ("1.3", "--tlsv1.3"), ("1.3", "--http1.1")]
    {
        let client = adapter(folder.path(), "once.sh", options, 1);
        let checks = play(&folder.path().join("report"), &client);
        assert_eq!(checks.len(), 7);
        for (id, status, told) in &checks {
            assert_eq!(status, "pass", "{id}, TLS {version}: {told}");
        }
        for (id, alert) in [
            ("none-reported", "certificate_required (116)"),
            ("expired-reported", "certificate_expired (45)"),
            ("unknown-authority-reported", "unknown_ca (48)"),
            ("wrong-usage-reported", "unsupported_certificate (43)"),
            ("incomplete-chain-reported", "unknown_ca (48)"),
        ] {
            let (_, _, told) = checks.iter().find(|(known, ..)| known == id).unwrap();
            assert!(told.contains(alert), "TLS {version}: {told}");
            // The alert arrived: curl has a word for each that is neither "reset" nor "empty reply".
            let lost = ["reset by peer", "Empty reply", "unexpected eof"];
            assert!(!lost.iter().any(|word| told.contains(word)), "TLS {version}: {told}");
        }
    }
}

#[test]
fn a_client_that_goes_on_and_on_is_warned() {
    let folder = tempfile::tempdir().unwrap();
    let client = adapter(folder.path(), "insists.sh", "--tlsv1.3", 12);
    for (id, status, told) in play(&folder.path().join("report"), &client) {
        let expected = if id == "not-insisted" { "warn" } else { "pass" };
        assert_eq!(status, expected, "{id}: {told}");
        assert!(id != "not-insisted" || told.contains("12 token request(s) refused, 12 of them"), "{told}");
    }
}
