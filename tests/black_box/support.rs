//! Running the binary, reading what it leaves.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;

use serde_json::Value;

/// One PKI for all tests: keys are slow to make.
static PKI: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let made = banc().args(["certs", "--out"]).arg(folder.path()).output().unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
    folder
});

/// The folder of that PKI.
pub(crate) fn pki() -> &'static Path {
    PKI.path()
}

/// The binary, in an environment that says nothing.
pub(crate) fn banc() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_banc-ror"));
    command.env("NO_COLOR", "1").stdin(Stdio::null()).current_dir(scratch());
    command
}

/// A folder without a `banc.yaml`.
fn scratch() -> PathBuf {
    static SCRATCH: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());
    SCRATCH.path().to_owned()
}

/// `run` with the shared PKI and a report folder.
pub(crate) fn run(report: &Path) -> Command {
    let mut command = banc();
    command.arg("run").arg("--pki").arg(pki()).arg("--report").arg(report);
    command
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("killed: {}", text(&output.stderr)))
}

pub(crate) fn report(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("report.json")).unwrap()).unwrap()
}

/// The status of every check, as `scenario/check`.
pub(crate) fn statuses(report: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for scenario in report["scenarios"].as_array().unwrap() {
        for check in scenario["checks"].as_array().unwrap() {
            let name = format!("{}/{}", scenario["id"].as_str().unwrap(), check["id"].as_str().unwrap());
            found.push((name, check["status"].as_str().unwrap().to_owned()));
        }
    }
    found
}

/// An executable script.
pub(crate) fn script(folder: &Path, name: &str, content: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A mock that serves until dropped.
pub(crate) struct Served {
    child: Child,
    pub(crate) variables: Value,
}

impl Served {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = banc()
            .arg("serve")
            .arg("--pki")
            .arg(pki())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let variables = serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut errors = String::new();
            let _ = child.stderr.as_mut().unwrap().read_to_string(&mut errors);
            panic!("no JSON line but {line:?}; {errors}")
        });
        Self { child, variables }
    }

    pub(crate) fn value(&self, name: &str) -> &str {
        self.variables[name].as_str().unwrap_or_else(|| panic!("{name} is absent"))
    }

    /// The reference client as a program, for one action.
    pub(crate) fn client(&self, action: &str, input: &Value) -> Command {
        let mut command = banc();
        command.arg("client").env("ROR_ACTION", action).env("ROR_INPUT", input.to_string());
        for (name, value) in self.variables.as_object().unwrap() {
            command.env(name, value.as_str().unwrap());
        }
        command
    }

    /// curl that trusts the mock.
    pub(crate) fn curl(&self) -> Command {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--cacert", self.value("ROR_CA_CERT"), "--noproxy", "*"]);
        command
    }

    /// A token, got with curl.
    pub(crate) fn token(&self) -> String {
        let mut curl = self.curl();
        match self.variables.get("ROR_CLIENT_SECRET") {
            Some(secret) => {
                curl.args(["--data-urlencode", &format!("client_secret={}", secret.as_str().unwrap())])
            }
            None => {
                curl.args(["--cert", self.value("ROR_CLIENT_CERT"), "--key", self.value("ROR_CLIENT_KEY")])
            }
        };
        let form = format!("grant_type=client_credentials&client_id={}", self.value("ROR_CLIENT_ID"));
        let answer = curl.args(["--data", &form, self.value("ROR_TOKEN_URL")]).output().unwrap();
        let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// The four headers and the token, for curl.
    pub(crate) fn headers(&self, token: &str) -> Vec<String> {
        let of = |header: &str, variable: &str| format!("{header}: {}", self.value(variable));
        let headers = [
            format!("Authorization: Bearer {token}"),
            of("Ror-Profil-Utilisateur-Code", "ROR_PROFIL_UTILISATEUR_CODE"),
            of("Ror-Profil-Utilisateur-System", "ROR_PROFIL_UTILISATEUR_SYSTEM"),
            of("Ror-Role-Metier-Code", "ROR_ROLE_METIER_CODE"),
            of("Ror-Role-Metier-System", "ROR_ROLE_METIER_SYSTEM"),
        ];
        headers.into_iter().flat_map(|header| ["--header".to_owned(), header]).collect()
    }

    /// GET with token and headers: status, answer headers, body.
    pub(crate) fn get(&self, token: &str, path: &str, more: &[&str]) -> (u16, String, Value) {
        let url = format!("{}{path}", self.value("ROR_FHIR_URL"));
        let output =
            self.curl().arg("--include").args(self.headers(token)).args(more).arg(&url).output().unwrap();
        split(&output)
    }
}

impl Served {
    /// Ctrl-C, and what was said on standard error.
    pub(crate) fn interrupted_errors(&mut self) -> String {
        self.interrupt();
        let mut errors = String::new();
        self.child.stderr.as_mut().unwrap().read_to_string(&mut errors).unwrap();
        errors
    }

    /// Ctrl-C, and the end of the mock.
    pub(crate) fn interrupt(&mut self) {
        let signal = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(signal.success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Status, headers (lower case) and JSON body of what `curl --include` printed.
pub(crate) fn split(output: &Output) -> (u16, String, Value) {
    let printed = text(&output.stdout);
    let (head, body) =
        printed.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{printed:?} {}", text(&output.stderr)));
    let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
    (status, head.to_lowercase(), serde_json::from_str(body).unwrap_or(Value::Null))
}
