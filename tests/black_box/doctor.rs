//! `doctor`, and the preflight of `run`: each error of a configuration is found first, with who must act and what to do.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::{banc, code, pki, report, repository, run, script, text};

/// `doctor` in English, with the shared certificates.
fn doctor() -> Command {
    let mut command = banc();
    command.args(["doctor", "--lang", "en", "--pki"]).arg(pki());
    command
}

fn examine(client: &Path, more: &[&str]) -> Output {
    doctor().arg("--client").arg(client).args(more).output().unwrap()
}

/// An adapter made of that shell script; the folder keeps it.
fn shell(folder: &tempfile::TempDir, body: &str) -> PathBuf {
    script(folder.path(), "client", &format!("#!/bin/sh\n{body}\n"))
}

/// That shell script has one problem: it says these words, and asks for exit 3.
fn assert_problem(body: &str, subject: &str, words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let output = examine(&shell(&folder, body), &[]);
    let printed = text(&output.stdout);
    assert_eq!(code(&output), 3, "{body}: {printed}{}", text(&output.stderr));
    assert_eq!(printed.matches("PROBLEM").count(), 1, "{printed}");
    assert!(printed.contains(&format!("PROBLEM    {subject}")), "{printed}");
    for word in words.iter().chain(&["who must act: ", "what to do: "]) {
        assert!(printed.contains(word), "{word}: {printed}");
    }
}

const ASK: &str = "--data grant_type=client_credentials --data client_id=$ROR_CLIENT_ID";
const PROOF: &str = "--cacert $ROR_CA_CERT --cert $ROR_CLIENT_CERT --key $ROR_CLIENT_KEY";

#[test]
fn a_right_configuration_is_all_well_with_a_certificate_and_with_a_secret() {
    for profile in ["1", "0"] {
        let client = repository("examples/adapters/curl.sh");
        let output = examine(&client, &["--profile", profile]);
        let printed = text(&output.stdout);
        assert_eq!(code(&output), 0, "{printed}");
        assert!(!printed.contains("PROBLEM") && !printed.contains("NOT TRIED"), "{printed}");
        assert_eq!(printed.matches("OK  ").count(), 13, "{printed}");
    }
    let french = banc().args(["doctor", "--pki"]).arg(pki()).output().unwrap();
    assert_eq!(code(&french), 0, "the built-in reference client: {}", text(&french.stdout));
    assert!(text(&french.stdout).contains("Tout est prêt"), "{}", text(&french.stdout));
}

#[test]
fn a_program_that_cannot_be_started_is_found_without_starting_it() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain.txt");
    std::fs::write(&plain, "no program").unwrap();
    for (client, word) in [(Path::new("./no-such-adapter"), "not found"), (&plain, "not executable")] {
        let output = examine(client, &[]);
        let printed = text(&output.stdout);
        assert_eq!(code(&output), 3, "{printed}");
        assert!(printed.contains("PROBLEM    The adapter's program is there"), "{printed}");
        assert!(
            printed.contains(word) && printed.contains("NOT TRIED  The adapter is run once"),
            "{printed}"
        );
    }
    let missing = script(folder.path(), "interpreter", "#!/no/such/interpreter\n");
    let printed = text(&examine(&missing, &[]).stdout);
    assert!(printed.contains("PROBLEM    The adapter runs") && printed.contains("interpreter"), "{printed}");
    assert_eq!(code(&doctor().args(["--client", "'open"]).output().unwrap()), 2);
}

#[test]
fn what_does_not_arrive_is_told() {
    let subject = "Its calls reach the bench";
    assert_problem("exit 0", subject, &["ROR_TOKEN_URL", "your configuration"]);
    let nowhere = format!(
        "NO_PROXY= no_proxy= curl --silent --show-error --proxy http://127.0.0.1:9 {PROOF} {ASK} $ROR_TOKEN_URL"
    );
    assert_problem(&nowhere, subject, &["proxy or firewall", "The client said: `curl: (7)"]);
}

#[test]
fn a_handshake_that_fails_is_explained() {
    let subject = "The TLS handshake succeeds";
    let address = "$(echo $ROR_TOKEN_URL | cut -d/ -f3)";
    assert_problem(
        &format!("curl --silent --show-error {ASK} $ROR_TOKEN_URL"),
        subject,
        &["unknown_ca (48)", "does not trust its certification authority", "ROR_CA_CERT", "intercepts TLS"],
    );
    assert_problem(
        &format!("curl --silent --fail {ASK} $(echo $ROR_TOKEN_URL | sed s/https/http/)"),
        subject,
        &["speaks HTTP without TLS", "with https://"],
    );
    assert_problem(
        &format!("NO_PROXY= no_proxy= curl --silent --proxy http://{address} {PROOF} {ASK} $ROR_TOKEN_URL"),
        subject,
        &["CONNECT localhost", "takes the bench for a proxy"],
    );
    // A client whose clock is far ahead.
    assert_problem(
        &format!(
            "openssl s_client -connect {address} -CAfile $ROR_CA_CERT -attime 4500000000 -verify_return_error </dev/null >/dev/null 2>&1; exit 1"
        ),
        subject,
        &["certificate_expired (45)", "valid by the bench's clock", "Set the clock"],
    );
    assert_problem(
        &format!(
            "openssl s_client -connect {address} -tls1_1 -cipher ALL@SECLEVEL=0 </dev/null 2>&1; exit 1"
        ),
        subject,
        &["TLS 1.1 at most", "who must act: your client"],
    );
}

#[test]
fn an_identity_that_is_not_proved_is_told() {
    let proved = "The identity is proved (certificate or secret)";
    assert_problem(
        &format!("curl --silent --fail --cacert $ROR_CA_CERT {ASK} $ROR_TOKEN_URL"),
        proved,
        &["showed no certificate", "ROR_CLIENT_CERT", "expected: A valid certificate", "your configuration"],
    );
    let other = pki().join("defective/other-service");
    let other = other.display();
    assert_problem(
        &format!(
            "curl --silent --fail --cacert $ROR_CA_CERT --cert {other}.pem --key {other}.key {ASK} $ROR_TOKEN_URL"
        ),
        proved,
        &["CN=CLIENT_TEST_RORN_AUTRE", "is declared"],
    );
    assert_problem(
        &format!(
            "curl --silent --fail {PROOF} --data 'grant_type=client_credentials&client_id=nobody' $ROR_TOKEN_URL"
        ),
        "The client_id is known",
        &["nobody has the client_id `nobody`", "ROR_CLIENT_ID (here `banc-ror-client`)"],
    );
    assert_problem(
        &format!(
            "curl --silent --fail {PROOF} --header 'Content-Type: application/json' --data '{{}}' $ROR_TOKEN_URL"
        ),
        "The client_id is known",
        &["is no form (Content-Type: `application/json`)", "who must act: your client"],
    );
    let folder = tempfile::tempdir().unwrap();
    let without = shell(&folder, &format!("curl --silent --fail --cacert $ROR_CA_CERT {ASK} $ROR_TOKEN_URL"));
    let output = examine(&without, &["--profile", "0"]);
    assert_eq!(code(&output), 3);
    assert!(text(&output.stdout).contains("carries no client_secret"), "{}", text(&output.stdout));
}

#[test]
fn what_is_not_served_and_an_adapter_that_does_not_end_well_are_told() {
    assert_problem(
        &format!("curl --silent --fail {PROOF} --data client_id=$ROR_CLIENT_ID $ROR_TOKEN_URL"),
        "The bench serves what is asked for",
        &["grant_type: none", "banc-ror try"],
    );
    let token = format!("curl --silent --output /dev/null {PROOF} {ASK} $ROR_TOKEN_URL");
    let ends = "The adapter says that it is done";
    assert_problem(&format!("{token}; echo cannot read >&2; exit 1"), ends, &["cannot read", "your client"]);
    let folder = tempfile::tempdir().unwrap();
    let hangs = shell(&folder, &format!("{token}; sleep 600"));
    let output = examine(&hangs, &["--patience", "0.1"]);
    assert_eq!(code(&output), 3);
    assert!(text(&output.stdout).contains("still running at the deadline"), "{}", text(&output.stdout));
}

/// A reverse proxy that adds `Via`, between curl and the bench; with the certificate of the client, or without one.
const REVERSE_PROXY: &str = r#"#!/usr/bin/env python3
import http.server, os, ssl, threading, urllib.parse, urllib.request, sys
url = os.environ['ROR_TOKEN_URL']
tls = ssl.create_default_context(cafile=os.environ['ROR_CA_CERT'])
if 'with-certificate' in sys.argv:
    tls.load_cert_chain(os.environ['ROR_CLIENT_CERT'], os.environ['ROR_CLIENT_KEY'])
class Proxy(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['content-length']))
        head = {'Via': '1.1 gateway.example', 'Content-Type': self.headers['content-type']}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, head), context=tls) as answer:
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, content = error.code, error.read()
        self.send_response(status); self.end_headers(); self.wfile.write(content)
    def log_message(self, *_): pass
server = http.server.HTTPServer(('127.0.0.1', 0), Proxy)
threading.Thread(target=server.serve_forever, daemon=True).start()
form = urllib.parse.urlencode({'grant_type': 'client_credentials', 'client_id': os.environ['ROR_CLIENT_ID']})
urllib.request.urlopen(f'http://127.0.0.1:{server.server_port}/', form.encode()).read()
"#;

#[test]
fn an_intermediary_is_a_problem_when_requests_do_not_get_through_and_a_note_when_they_do() {
    let folder = tempfile::tempdir().unwrap();
    let proxy = script(folder.path(), "proxy", REVERSE_PROXY).display().to_string();
    let output = doctor().args(["--client", &proxy]).output().unwrap();
    let printed = text(&output.stdout);
    assert_eq!(code(&output), 3, "{printed}");
    assert!(printed.contains("PROBLEM    Nothing stands between client and bench"), "{printed}");
    assert!(printed.contains("via: 1.1 gateway.example") && printed.contains("NO_PROXY"), "{printed}");

    let output = doctor().args(["--client", &format!("{proxy} with-certificate")]).output().unwrap();
    let printed = text(&output.stdout);
    assert_eq!(code(&output), 0, "{printed}");
    assert!(printed.contains("via: 1.1 gateway.example"), "{printed}");

    let absolute = "#!/usr/bin/env python3\nimport os, socket, ssl, urllib.parse\n\
        at = urllib.parse.urlparse(os.environ['ROR_TOKEN_URL'])\n\
        tls = ssl.create_default_context(cafile=os.environ['ROR_CA_CERT'])\n\
        wire = tls.wrap_socket(socket.create_connection((at.hostname, at.port)), server_hostname=at.hostname)\n\
        wire.sendall(f'GET {at.geturl()} HTTP/1.1\\r\\nHost: {at.netloc}\\r\\nConnection: close\\r\\n\\r\\n'.encode())\n\
        while wire.recv(65536): pass\n";
    let output = examine(&script(folder.path(), "absolute", absolute), &[]);
    let printed = text(&output.stdout);
    assert_eq!(code(&output), 3, "{printed}");
    assert!(printed.contains("meant for a proxy (CONNECT, or a whole URL)"), "{printed}");
}

#[test]
fn a_client_without_token_is_asked_for_a_search_and_one_without_both_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let python = repository("examples/adapters/python_client.py");
    let searches = shell(&folder, &format!("[ $ROR_ACTION = token ] && exit 89; exec {}", python.display()));
    let output = examine(&searches, &[]);
    let printed = text(&output.stdout);
    assert_eq!(code(&output), 0, "{printed}");
    assert!(printed.contains("NOT TRIED  The adapter is run for the action `token`"), "{printed}");
    assert!(printed.contains("2 exchange(s), the last one served"), "{printed}");
    let printed = text(&examine(&shell(&folder, "exit 89"), &[]).stdout);
    assert_eq!(printed.matches("NOT TRIED").count(), 2, "{printed}");
}

#[test]
fn proxies_of_the_environment_are_a_note() {
    let output = doctor().env("https_proxy", "http://127.0.0.1:9").output().unwrap();
    let printed = text(&output.stdout);
    assert_eq!(code(&output), 0, "{printed}");
    assert!(printed.contains("https_proxy: removed from the adapter's environment"), "{printed}");
}

/// Campaign file, dates, keys, name and port: `doctor` tells them, and `run` ends with them before anything is played.
#[test]
fn what_is_wrong_before_the_adapter_is_found_by_doctor_and_by_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let (good, defective) = (pki().display(), pki().join("defective"));
    let expired = file(
        "expired.yaml",
        &format!("certificate: {{ chain: {0}/expired.pem, key: {0}/expired.key }}\n", defective.display()),
    );
    let stranger = file(
        "stranger.yaml",
        &format!(
            "certificate: {{ chain: {0}/unknown-authority.pem, key: {0}/unknown-authority.key }}\n",
            defective.display()
        ),
    );
    let no_key =
        file("no-key.yaml", &format!("certificate: {{ chain: {good}/client.pem, key: {good}/none.key }}\n"));
    let broken = file("broken.yaml", "profiles: [9\n");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (arguments, exit, word) in [
        (["--config", expired.as_str()], 3, "this machine's clock says"),
        (["--config", stranger.as_str()], 3, "(`client-ca`)"),
        (["--config", no_key.as_str()], 3, "none.key cannot be read"),
        (["--config", broken.as_str()], 2, "broken.yaml:1:"),
        (["--port", port.as_str()], 3, "cannot listen"),
    ] {
        let output = doctor().args(arguments).output().unwrap();
        let printed = text(&output.stdout);
        assert_eq!(code(&output), exit, "{printed}");
        assert!(printed.contains("PROBLEM") && printed.contains(word), "{printed}");
        let report = folder.path().join("report");
        let mut command = run(&report);
        let output = command.args(["--lang", "en", "token-certificate"]).args(arguments).output().unwrap();
        assert_eq!(code(&output), exit, "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains(word), "{}", text(&output.stderr));
        assert!(!report.exists(), "nothing was played");
    }
}

/// A name that this machine does not know ends a run of the built-in client; an adapter may have its client elsewhere.
#[test]
fn a_name_that_leads_nowhere_is_told_first() {
    let folder = tempfile::tempdir().unwrap();
    let own_pki = folder.path().join("pki");
    let nowhere = |command: &str| {
        let mut banc = banc();
        banc.args([command, "--lang", "en", "--host", "nowhere.invalid", "--pki"]).arg(&own_pki);
        banc
    };
    let output = nowhere("doctor").output().unwrap();
    assert_eq!(code(&output), 3);
    assert!(text(&output.stdout).contains("not known to this machine"), "{}", text(&output.stdout));
    let report = folder.path().join("report");
    let output = nowhere("run").arg("token-certificate").arg("--report").arg(&report).output().unwrap();
    assert_eq!(code(&output), 3);
    assert!(
        text(&output.stderr).starts_with("error: The name `nowhere.invalid`"),
        "{}",
        text(&output.stderr)
    );
    assert!(!report.exists());
    let output = nowhere("run")
        .args(["token-certificate", "--client", "true", "--report"])
        .arg(&report)
        .output()
        .unwrap();
    assert!(text(&output.stderr).contains("warning: The name `nowhere.invalid`"), "{}", text(&output.stderr));
    assert!(report.join("report.json").exists());
}

#[test]
fn what_stops_every_scenario_is_said_once_and_first() {
    let folder = tempfile::tempdir().unwrap();
    let client = shell(&folder, &format!("curl --silent {ASK} $ROR_TOKEN_URL; exit 1"));
    let at = folder.path().join("report");
    let output = run(&at)
        .args(["--lang", "en", "token-certificate", "search-empty", "--client"])
        .arg(&client)
        .output()
        .unwrap();
    let printed = text(&output.stdout);
    assert_eq!(code(&output), 5, "{printed}");
    assert!(printed.contains("THE SAME OBSTACLE STOPS 2 SCENARIOS, AND NONE GETS THROUGH"), "{printed}");
    assert_eq!(printed.matches("what to do").count(), 1, "{printed}");
    let obstacle = &report(&at)["run"]["obstacle"];
    assert_eq!((&obstacle["scenarios"], &obstacle["party"]), (&2.into(), &"configuration".into()));
    let html = std::fs::read_to_string(at.join("index.html")).unwrap();
    assert!(html.contains("The same obstacle stops 2 scenarios"));

    // One that gets through somewhere has no such obstacle, whatever else is wrong with it.
    let curl = repository("examples/adapters/curl.sh");
    run(&at).args(["token-certificate", "search-empty", "--client"]).arg(curl).output().unwrap();
    assert!(report(&at)["run"].get("obstacle").is_none());
}
