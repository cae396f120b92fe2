//! The mock on the wire: TLS, gates, quotas, as curl and the reference client meet them.

use serde_json::{Value, json};

use crate::support::{Served, code, pki, repository, split, text};

#[test]
fn every_version_of_tls_and_http_is_served() {
    let mock = Served::start(&[]);
    let token = mock.token();
    for (arguments, version) in [
        (["--tlsv1.2", "--tls-max", "1.2", "--http1.1"], "http/1.1"),
        (["--tlsv1.3", "--tls-max", "1.3", "--http1.1"], "http/1.1"),
        (["--tlsv1.2", "--tls-max", "1.2", "--http2"], "http/2"),
        (["--tlsv1.3", "--tls-max", "1.3", "--http2"], "http/2"),
    ] {
        let (status, head, bundle) = mock.get(&token, "/Organization?_count=1", &arguments);
        assert_eq!(status, 200, "{arguments:?}");
        assert!(head.starts_with(version), "{arguments:?}: {head}");
        assert_eq!(bundle["type"], "searchset");
    }
}

#[test]
fn the_certificate_request_names_the_authorities() {
    let mock = Served::start(&[]);
    let url = mock.value("ROR_TOKEN_URL").to_owned();
    let address = url.split('/').nth(2).unwrap();
    let output = std::process::Command::new("openssl")
        .args(["s_client", "-connect", address])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let printed = text(&output.stdout);
    assert!(printed.contains("Acceptable client certificate CA names"), "{printed}");
    for name in ["TEST AC RACINE BANC-ROR", "TEST AC BANC-ROR POUR LES ORGANISATIONS"] {
        assert!(printed.contains(name), "{printed}");
    }
}

#[test]
fn a_wrong_client_certificate_is_answered_and_explained() {
    let mock = Served::start(&[]);
    let declared = "CN=CLIENT_TEST_RORN,OU=33333333333,O=GIP - TEST3012,ST=Paris (75),C=FR";
    for (certificate, reason, subject) in [
        ("expired", "expired", declared),
        ("not-yet-valid", "not-yet-valid", declared),
        ("wrong-usage", "wrong-usage", declared),
        ("unknown-authority", "unknown-authority", declared),
        ("all-wrong", "expired, wrong-usage, unknown-authority", declared),
        ("other-service", "not the one declared", "CN=CLIENT_TEST_RORN_AUTRE,"),
    ] {
        let path = pki().join("defective").join(certificate);
        let output = mock
            .client("token", &json!({}))
            .env("ROR_CLIENT_CERT", path.with_extension("pem"))
            .env("ROR_CLIENT_KEY", path.with_extension("key"))
            .output()
            .unwrap();
        let printed = text(&output.stdout);
        assert_eq!(code(&output), 1, "{certificate}: {printed}");
        assert!(printed.contains(reason) && printed.contains(subject), "{certificate}: {printed}");
    }
    let mut without = mock.client("token", &json!({}));
    without.env_remove("ROR_CLIENT_CERT").env_remove("ROR_CLIENT_KEY");
    let printed = text(&without.output().unwrap().stdout);
    assert!(printed.contains("no client certificate was shown"), "{printed}");
}

/// What a client offers that cannot be taken is told, in the journal, from its first bytes.
#[test]
fn a_handshake_that_cannot_succeed_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let mut mock = Served::start(&["--report", report.to_str().unwrap()]);
    let url = mock.value("ROR_TOKEN_URL").to_owned();
    let address = url.split('/').nth(2).unwrap().to_owned();
    let plain = mock.curl().args(["--include", &url.replace("https://", "http://")]).output().unwrap();
    let printed = text(&plain.stdout);
    assert!(printed.contains("400 Bad Request") && printed.contains("https://"), "{printed}");
    for arguments in
        [&["-tls1_1", "-cipher", "ALL@SECLEVEL=0"][..], &["-tls1_2", "-cipher", "AES128-SHA@SECLEVEL=0"]]
    {
        let mut openssl = std::process::Command::new("openssl");
        openssl.args(["s_client", "-connect", &address]).args(arguments);
        assert!(!openssl.stdin(std::process::Stdio::null()).output().unwrap().status.success());
    }
    // It does not know the bench's authority.
    assert!(
        !std::process::Command::new("curl").args(["--noproxy", "*", &url]).output().unwrap().status.success()
    );
    mock.interrupt();
    let journal = std::fs::read_to_string(report.join("journal.jsonl")).unwrap();
    for expected in [
        "HTTP without TLS on a TLS port: GET /auth",
        "the client offers TLS 1.1 at most",
        "no cipher suite that this server has",
        "\"alert\":\"unknown_ca (48)\"",
    ] {
        assert!(journal.contains(expected), "{expected}: {journal}");
    }
}

#[test]
fn the_token_endpoint_refuses_as_keycloak_does() {
    let mock = Served::start(&[]);
    let certificate = ["--cert", mock.value("ROR_CLIENT_CERT"), "--key", mock.value("ROR_CLIENT_KEY")];
    let ask = |data: &str, more: &[&str]| {
        let url = mock.value("ROR_TOKEN_URL");
        split(
            &mock
                .curl()
                .arg("--include")
                .args(certificate)
                .args(more)
                .args(["--data", data, url])
                .output()
                .unwrap(),
        )
    };
    let cases: [(&str, &[&str], u16, &str); 5] = [
        ("grant_type=client_credentials&client_id=nobody", &[], 401, "invalid_client"),
        ("grant_type=client_credentials", &[], 401, "invalid_client"),
        ("grant_type=password&client_id=banc-ror-client", &[], 400, "unsupported_grant_type"),
        ("client_id=banc-ror-client", &[], 400, "invalid_request"),
        ("{}", &["--header", "Content-Type: application/json"], 400, "invalid_request"),
    ];
    for (data, more, status, error) in cases {
        let (answered, _, body) = ask(data, more);
        assert_eq!((answered, body["error"].as_str()), (status, Some(error)), "{data}: {body}");
        assert!(!body["error_description"].as_str().unwrap().is_empty());
    }
    let url = mock.value("ROR_TOKEN_URL");
    let (status, head, _) = split(&mock.curl().args(["--include", url]).output().unwrap());
    assert!(status == 405 && head.contains("allow: post"), "{status} {head}");
}

#[test]
fn profile_0_proves_itself_by_its_secret_only() {
    let mock = Served::start(&["--profile", "0"]);
    assert!(mock.variables.get("ROR_CLIENT_CERT").is_none(), "a variable that does not apply is absent");
    let token = mock.token();
    assert_eq!(mock.get(&token, "/Organization?_count=1", &[]).0, 200);
    // RFC 6749 §2.3.1: servers accept HTTP Basic as well.
    let basic = format!("{}:{}", mock.value("ROR_CLIENT_ID"), mock.value("ROR_CLIENT_SECRET"));
    let form = ["--user", &basic, "--data", "grant_type=client_credentials", mock.value("ROR_TOKEN_URL")];
    assert_eq!(split(&mock.curl().arg("--include").args(form).output().unwrap()).0, 200);
    let mut wrong = mock.client("token", &json!({}));
    wrong.env("ROR_CLIENT_SECRET", "not-the-secret");
    let output = wrong.output().unwrap();
    assert!(text(&output.stdout).contains("client_secret is wrong"), "{}", text(&output.stdout));
}

#[test]
fn the_gates_of_the_api_stand_in_their_order() {
    let mock = Served::start(&[]);
    let token = mock.token();
    let url = format!("{}/Organization?_count=1", mock.value("ROR_FHIR_URL"));
    let without = |headers: &[&str]| {
        let mut curl = mock.curl();
        curl.arg("--include");
        headers.iter().for_each(|header| {
            curl.args(["--header", header]);
        });
        split(&curl.arg(&url).output().unwrap())
    };
    // No token at all: 401, although the headers are missing, too.
    let (status, head, outcome) = without(&[]);
    assert!(status == 401 && head.contains("www-authenticate: bearer"), "{head}");
    assert_eq!(outcome["resourceType"], "OperationOutcome");
    assert_eq!(without(&["Authorization: Bearer of-nobody"]).0, 401);
    // A token, no headers: 400 that names the first one missing.
    let bearer = format!("Authorization: Bearer {token}");
    let (status, _, outcome) = without(&[&bearer]);
    assert_eq!(status, 400);
    assert!(outcome.to_string().to_lowercase().contains("ror-profil-utilisateur-code"), "{outcome}");
    // Headers that were not assigned: 403.
    let (status, _, outcome) =
        mock.get(&token, "/Organization?_count=1", &["--header", "Ror-Role-Metier-Code: X"]);
    assert!(status == 403 || status == 400, "{status} {outcome}");
    // They are not asked for elsewhere.
    let url = format!("{}/metadata", mock.value("ROR_FHIR_URL"));
    let metadata = mock.curl().args(["--include", "--header", &bearer, &url]).output().unwrap();
    assert_eq!(split(&metadata).0, 200);
}

#[test]
fn errors_of_the_api_are_operation_outcomes() {
    let mock = Served::start(&[]);
    let token = mock.token();
    let cases: [(&str, &[&str], u16); 8] = [
        ("/Organization/none", &[], 404),
        ("/Patient", &[], 404),
        ("/Organization?colour=red", &[], 400),
        ("/Organization?_lastUpdated=ge20xx", &[], 400),
        ("/Organization/1/_history/2", &[], 404),
        ("Organization/1101", &[], 404),
        ("/Organization", &["--request", "DELETE"], 405),
        ("/Organization", &["--header", "Accept: application/fhir+xml"], 406),
    ];
    for (path, more, expected) in cases {
        let (status, head, outcome) = mock.get(&token, path, more);
        assert_eq!(status, expected, "{path} {outcome}");
        assert_eq!(outcome["resourceType"], "OperationOutcome", "{path}");
        assert!(head.contains("application/fhir+json"), "{path}");
    }
}

#[test]
fn a_search_can_be_posted() {
    let mock = Served::start(&[]);
    let token = mock.token();
    let (status, _, posted) = mock.get(
        &token,
        "/HealthcareService/_search",
        &["--data-urlencode", "name=Chirurgie", "--data", "_count=3"],
    );
    let (_, _, got) = mock.get(&token, "/HealthcareService?name=Chirurgie&_count=3", &[]);
    assert_eq!(status, 200);
    assert_eq!(posted["total"], got["total"]);
    assert!(got["total"].as_u64().unwrap() > 0);
}

#[test]
fn pages_follow_by_opaque_links_to_the_end() {
    let mock = Served::start(&[]);
    let token = mock.token();
    let (_, _, mut bundle) = mock.get(&token, "/HealthcareService", &[]);
    let total = bundle["total"].as_u64().unwrap();
    assert!(total > 400, "three pages at least");
    let (mut seen, mut pages) = (0, 0);
    loop {
        let matches =
            bundle["entry"].as_array().unwrap().iter().filter(|entry| entry["search"]["mode"] == "match");
        seen += matches.count() as u64;
        let links = bundle["link"].as_array().unwrap();
        let has_previous = links.iter().any(|link| link["relation"] == "previous");
        assert_eq!(has_previous, pages > 0, "from the second page on: {links:?}");
        pages += 1;
        let Some(next) = links.iter().find(|link| link["relation"] == "next") else { break };
        let next = next["url"].as_str().unwrap().to_owned();
        assert!(next.contains("_getpages="));
        let output = mock.curl().arg("--include").args(mock.headers(&token)).arg(&next).output().unwrap();
        bundle = split(&output).2;
    }
    assert_eq!(seen, total);
    let (status, _, _) =
        mock.get(&token, "?_getpages=00000000-0000-0000-0000-000000000000&_getpagesoffset=1", &[]);
    assert_eq!(status, 410, "a page that is not kept any more");
}

#[test]
fn more_than_ten_calls_in_a_second_are_answered_429() {
    let mock = Served::start(&[]);
    let token = mock.token();
    let url = format!("{}/Location/none", mock.value("ROR_FHIR_URL"));
    let mut curl = mock.curl();
    curl.args(["--include", "--parallel", "--parallel-max", "15"]).args(mock.headers(&token));
    (0..15).for_each(|_| {
        curl.arg(&url);
    });
    let printed = text(&curl.output().unwrap().stdout).to_lowercase();
    let refused = printed.matches("retry-after: ").count();
    assert!((4..=5).contains(&refused), "{refused} of 15 refused");
    assert!(printed.contains("\"code\":\"throttled\""), "{printed}");
}

#[test]
fn one_port_serves_both_roles() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let mock = Served::start(&["--port", &port]);
    assert!(mock.value("ROR_TOKEN_URL").contains(&format!(":{port}/")));
    assert!(mock.value("ROR_FHIR_URL").contains(&format!(":{port}/")));
    let token = mock.token();
    assert_eq!(mock.get(&token, "/Organization?_count=1", &[]).0, 200);
}

#[test]
fn links_use_the_name_by_which_the_client_called() {
    let mock = Served::start(&[]);
    let token = mock.token();
    let url = mock.value("ROR_FHIR_URL").replace("localhost", "127.0.0.1");
    let ask = |more: &[&str]| {
        let mut curl = mock.curl();
        curl.arg("--include").args(mock.headers(&token)).args(more).arg(format!("{url}/HealthcareService"));
        split(&curl.output().unwrap()).2["link"][1]["url"].as_str().unwrap().to_owned()
    };
    assert!(ask(&[]).starts_with("https://127.0.0.1:"));
    assert!(ask(&["--header", "Host: evil.example"]).starts_with("https://localhost:"));
}

#[test]
fn the_suspended_and_the_unlisted_are_refused_at_the_right_gate() {
    let folder = tempfile::tempdir().unwrap();
    for (registration, gate) in
        [("suspended", "whitelist"), ("not-listed", "credential"), ("unknown-client", "client-id")]
    {
        let path = folder.path().join(format!("own-{registration}.yaml"));
        let scenario = std::fs::read_to_string(repository("tests/black_box/own.yaml")).unwrap();
        let scenario = scenario.replace("id: own", &format!("id: own-{registration}"));
        std::fs::write(
            &path,
            scenario.replace("registration: listed", &format!("registration: {registration}")),
        )
        .unwrap();
        let report = folder.path().join(registration);
        crate::support::run(&report).arg(&path).output().unwrap();
        let journal = std::fs::read_to_string(report.join("journal.jsonl")).unwrap();
        let refused: Vec<Value> = journal
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|entry: &Value| entry["event"]["decision"]["passed"] == false)
            .collect();
        assert_eq!(refused.len(), 1, "{registration}: {refused:?}");
        assert_eq!(refused[0]["event"]["decision"]["gate"], gate);
    }
}

#[test]
fn the_load_of_other_services_meets_level_1_and_the_delay_is_told_as_set() {
    for (advertise, told) in [("seconds", "[\"retry-after\",\"1\"]"), ("date", " GMT\"]"), ("absent", "")] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.yaml");
        let scenario = std::fs::read_to_string(repository("tests/black_box/own.yaml")).unwrap();
        let quotas = format!(
            "registration: listed\n  quotas: {{ enforced: true, level-1: 20, other-services: 20, retry-after: {advertise} }}"
        );
        std::fs::write(&path, scenario.replace("registration: listed", &quotas)).unwrap();
        let report = folder.path().join("report");
        crate::support::run(&report).args(["--patience", "0.2"]).arg(&path).output().unwrap();
        let journal = std::fs::read_to_string(report.join("journal.jsonl")).unwrap();
        assert!(journal.contains("\"gate\":\"quota-level-1\",\"passed\":false"), "{journal}");
        let refused = journal.lines().find(|line| line.contains("\"status\":429")).unwrap();
        let retry_after = refused.split_once("[\"retry-after\"").map_or("", |(_, rest)| rest);
        let retry_after =
            if retry_after.is_empty() { String::new() } else { format!("[\"retry-after\"{retry_after}") };
        assert!(retry_after.contains(told) && (advertise != "absent" || retry_after.is_empty()), "{refused}");
    }
}
