//! The other commands, and what they print.

use serde_json::Value;

use crate::support::{banc, code, pki, repository, run, text};

#[test]
fn the_dn_to_declare_is_printed_in_its_real_form() {
    let output = banc().args(["certs", "dn"]).arg(pki().join("client.pem")).output().unwrap();
    assert_eq!(
        text(&output.stdout),
        "CN=CLIENT_TEST_RORN,OU=33333333333,O=GIP - TEST3012,ST=Paris (75),C=FR\n"
    );
    // An independent reader agrees, and keys are private.
    let openssl = std::process::Command::new("openssl")
        .args(["x509", "-noout", "-subject", "-nameopt", "RFC2253", "-in"])
        .arg(pki().join("client.pem"))
        .output()
        .unwrap();
    assert!(text(&openssl.stdout).contains(text(&output.stdout).trim()));
    use std::os::unix::fs::PermissionsExt;
    for name in ["client.key", "server.key", "root.key", "client.p12"] {
        let mode = std::fs::metadata(pki().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} is readable by others");
    }
    assert_eq!(std::fs::read_to_string(pki().join(".gitignore")).unwrap(), "*\n");
}

#[test]
fn the_pkcs12_file_is_read_by_openssl() {
    let output = std::process::Command::new("openssl")
        .args(["pkcs12", "-info", "-noout", "-passin", "pass:banc-ror", "-in"])
        .arg(pki().join("client.p12"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn the_server_certificate_carries_all_names() {
    let output = std::process::Command::new("openssl")
        .args(["x509", "-noout", "-ext", "subjectAltName", "-in"])
        .arg(pki().join("server.pem"))
        .output()
        .unwrap();
    let names = text(&output.stdout);
    for name in [
        "localhost",
        "127.0.0.1",
        "0:0:0:0:0:0:0:1",
        "bas-auth-api.qualif.ror.esante.gouv.fr",
        "bas-api-fhir.qualif.ror.esante.gouv.fr",
    ] {
        assert!(names.contains(name), "{name}: {names}");
    }
}

#[test]
fn list_and_explain_speak_both_languages() {
    let french = text(&banc().args(["list"]).output().unwrap().stdout);
    let english = text(&banc().args(["list", "--lang", "en"]).output().unwrap().stdout);
    assert!(french.lines().count() >= 20 && french.lines().count() == english.lines().count());
    assert_ne!(french, english);
    for id in ["quota-429-seconds", "quota-429-seconds/waits", "BANC-429-01"] {
        for lang in ["fr", "en"] {
            let output = banc().args(["explain", id, "--lang", lang]).output().unwrap();
            assert!(code(&output) == 0 && text(&output.stdout).contains(id), "{id}");
        }
    }
    let output = banc().args(["explain", "BANC-429-1"]).output().unwrap();
    assert!(code(&output) == 2 && text(&output.stderr).contains("BANC-429-01"));
}

#[test]
fn the_whole_catalogue_passes_the_lint() {
    let output = banc()
        .arg("lint")
        .arg(repository("scenarios/quota"))
        .arg(repository("scenarios/search"))
        .output()
        .unwrap();
    assert_eq!(code(&output), 0, "{}{}", text(&output.stdout), text(&output.stderr));
    let output = banc().arg("lint").arg(repository("tests/scenarios_failed")).output().unwrap();
    assert_eq!(code(&output), 2);
}

#[test]
fn schemas_are_printed() {
    for arguments in [&["schema"][..], &["schema", "adapter"]] {
        let output = banc().args(arguments).output().unwrap();
        let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(schema["$schema"].is_string());
    }
}

#[test]
fn try_shows_what_went_over_the_wire() {
    let output = banc()
        .args(["try", "search", r#"{"resource":"HealthcareService","parameters":[["specialty","TRE_R211|233"]],"all-pages":true}"#, "--pki"])
        .arg(pki())
        .output()
        .unwrap();
    let shown = text(&output.stdout);
    assert_eq!(code(&output), 0, "{shown}{}", text(&output.stderr));
    assert!(shown.contains("POST /auth/realms/ror/protocol/openid-connect/token → 200"), "{shown}");
    assert!(shown.contains("TRE_R211-ActiviteOperationnelle") && shown.contains("50034"), "{shown}");
    assert!(!shown.contains("eyJ"), "a token is shown");
}

#[test]
fn a_warning_conforms_unless_told_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let play = |more: &[&str]| {
        code(&run(&report).args(["token-reused", "--flaw", "token-per-call"]).args(more).output().unwrap())
    };
    assert_eq!(play(&[]), 0);
    assert_eq!(play(&["--fail-on", "warn"]), 1);
}

#[test]
fn the_campaign_is_on_the_first_page() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("banc.yaml");
    let content = "editor: { name: Éditeur fictif, siret: \"12345678900011\" }\nservice: { name: Orientation fictive, version: \"2.1\" }\nprofiles: [2]\nquotas: { level-2: 12 }\n";
    std::fs::write(&config, content).unwrap();
    let report_folder = folder.path().join("report");
    let output = run(&report_folder).arg("search-empty").arg("--config").arg(&config).output().unwrap();
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let report = crate::support::report(&report_folder);
    assert_eq!(report["campaign"]["editor"]["name"], "Éditeur fictif");
    assert_eq!(report["run"]["profile"], 2);
    let html = std::fs::read_to_string(report_folder.join("index.html")).unwrap();
    assert!(html.contains("Éditeur fictif") && html.contains("12345678900011"));
    let journal = std::fs::read_to_string(report_folder.join("journal.jsonl")).unwrap();
    assert!(journal.contains("\"level_2\":12"));
}

#[test]
fn an_own_certificate_is_declared_and_trusted() {
    // An editor's PKI that the bench has never seen.
    let foreign = tempfile::tempdir().unwrap();
    assert!(banc().args(["certs", "--out"]).arg(foreign.path()).output().unwrap().status.success());
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("banc.yaml");
    let path = |name: &str| foreign.path().join(name).display().to_string();
    let own = format!("certificate: {{ chain: {}, key: {} }}\n", path("client.pem"), path("client.key"));
    std::fs::write(&config, format!("{own}client-ca: {}\n", path("root.pem"))).unwrap();
    let report = folder.path().join("report");
    let play = || code(&run(&report).arg("token-certificate").arg("--config").arg(&config).output().unwrap());
    assert_eq!(play(), 0);
    // Without its authority the same certificate is of an unknown one.
    std::fs::write(&config, own).unwrap();
    assert_eq!(play(), 1);
}
