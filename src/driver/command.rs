//! The `command` driver: the editor's adapter as a program, once per step, in its own process group.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::contract::{Call, Variables};
use super::result::{self, Ending};
use super::tail::Tail;
use super::watch::Watch;
use crate::journal::{AdapterResult, Canaries, Output, StepEnd};
use crate::text::Text;

/// Exit code by which an adapter says that its client does not have the action.
const NO_ACTION: i32 = 89;

/// How long outputs are still read after the adapter ended: a child that it left behind may hold them open.
const OUTPUT_GRACE: Duration = Duration::from_millis(500);

/// Variables that would send a client's calls elsewhere than to the mock.
const PROXIES: [&str; 8] = [
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "FTP_PROXY",
    "ALL_PROXY",
];

/// The proxy variables that the bench itself was given, and that adapters are not.
#[must_use]
pub fn proxies() -> Vec<&'static str> {
    PROXIES.into_iter().filter(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())).collect()
}

/// An adapter: a program and its first arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adapter {
    /// Program and arguments; never empty.
    words: Vec<String>,
}

impl Adapter {
    /// Splits a command into words as a shell would, without a shell.
    ///
    /// # Errors
    /// When it is empty or a quotation mark is not closed.
    pub fn parse(command: &str) -> Result<Self, &'static str> {
        let words = shlex::split(command).ok_or("a quotation mark is not closed")?;
        Self::new(words).ok_or("the command is empty")
    }

    /// Of words that are split already; none without a program.
    #[must_use]
    pub fn new(words: Vec<String>) -> Option<Self> {
        words.first().is_some_and(|program| !program.is_empty()).then_some(Self { words })
    }

    /// For people: the words, quoted where needed.
    #[must_use]
    pub fn display(&self) -> String {
        shlex::try_join(self.words.iter().map(String::as_str)).unwrap_or_else(|_| self.words.join(" "))
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// Looks whether the program is there and may be executed, as starting it would.
    ///
    /// # Errors
    /// Why it cannot be started.
    pub fn find(&self) -> Result<(), Text> {
        let program = Path::new(self.program());
        if program.components().count() > 1 {
            return executable(program);
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).any(|folder| executable(&folder.join(program)).is_ok());
        if found {
            return Ok(());
        }
        Err(Text::new(
            "aucun programme de ce nom dans PATH (pour un fichier du dossier courant, écrivez ./nom)",
            "no program of that name in PATH (for a file of the current folder, write ./name)",
        ))
    }

    /// Runs one step.
    pub async fn run(&self, call: &Call, deadline: Duration) -> Ending {
        let environment = call.environment();
        let mut child = match self.spawn(&environment) {
            Ok(child) => child,
            Err(error) => return not_started(format!("{}: {error}", self.display())),
        };
        let group = Group(child.id());
        let canaries = Arc::new(Canaries::new(&call.canaries));
        let watch = |output| Watch::new(Arc::clone(&canaries), output);
        let stdout = child.stdout.take().map(|output| Reading::start(output, watch(Output::Stdout)));
        let stderr = child.stderr.take().map(|output| Reading::start(output, watch(Output::Stderr)));
        if let Some(mut stdin) = child.stdin.take() {
            let object = call.object().to_string();
            // An adapter that does not read its standard input closes it: that is its right.
            tokio::spawn(async move {
                let _ = stdin.write_all(object.as_bytes()).await;
                let _ = stdin.shutdown().await;
            });
        }
        let status = tokio::time::timeout(deadline, child.wait()).await;
        if status.is_err() {
            group.kill();
            let _ = child.wait().await;
        }
        // What the adapter left running would disturb the next step, and may hold its outputs open.
        group.kill();
        let (mut stdout, mut stderr) = (collect(stdout).await, collect(stderr).await);
        let result = environment
            .get("ROR_RESULT_FILE")
            .and_then(|path| result::parse_file(Path::new(path)))
            .or_else(|| result::parse(stdout.last_line()))
            .or_else(|| result::parse_pretty(&stdout.text()))
            .or_else(|| stdout.too_long().map(result::unusable));
        let result = result.map(|result| match &status {
            Ok(Ok(status)) => result.beside(status.code()),
            _ => result,
        });
        let end = match status {
            Err(_) => StepEnd::Deadline,
            Ok(Err(error)) => return not_started(format!("{}: {error}", self.display())),
            Ok(Ok(status)) => end_of(status, result.as_ref()),
        };
        let mut canaries = stdout.canaries();
        canaries.extend(stderr.canaries());
        Ending { end, result, stdout_tail: stdout.text(), stderr_tail: stderr.text(), canaries }
    }

    fn spawn(&self, environment: &Variables) -> std::io::Result<Child> {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]);
        for name in PROXIES {
            command.env_remove(name);
        }
        // Variables of the contract that do not apply are absent, also when the bench inherited them.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("ROR_")) {
                command.env_remove(name);
            }
        }
        command.envs(environment).env("NO_PROXY", "*").env("no_proxy", "*");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        command.spawn()
    }
}

fn end_of(status: std::process::ExitStatus, result: Option<&AdapterResult>) -> StepEnd {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            return StepEnd::Signal { signal };
        }
    }
    match (status.code(), result) {
        (Some(NO_ACTION), _) => StepEnd::NoAction,
        (_, Some(result)) if result.outcome == "error" => StepEnd::Error { message: result.message.clone() },
        (Some(0), _) => StepEnd::Done,
        (_, Some(result)) if !result.message.is_empty() => StepEnd::Error { message: result.message.clone() },
        // No result, or one that says « ok » beside an exit code that does not: what was said is on standard error.
        _ => StepEnd::Error { message: String::new() },
    }
}

/// An output that is being read.
struct Reading {
    tail: JoinHandle<Tail>,
    stop: oneshot::Sender<()>,
}

impl Reading {
    fn start(output: impl AsyncRead + Send + Unpin + 'static, watch: Watch) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { tail: tokio::spawn(Tail::read(output, watch, stopped)), stop }
    }
}

async fn collect(reading: Option<Reading>) -> Tail {
    let Some(Reading { mut tail, stop }) = reading else { return Tail::default() };
    if let Ok(tail) = tokio::time::timeout(OUTPUT_GRACE, &mut tail).await {
        return tail.unwrap_or_default();
    }
    // Somebody who left the process group holds the output open: what came so far is kept.
    let _ = stop.send(());
    tail.await.unwrap_or_default()
}

fn not_started(reason: String) -> Ending {
    Ending {
        end: StepEnd::NotStarted { reason },
        result: None,
        stdout_tail: String::new(),
        stderr_tail: String::new(),
        canaries: Vec::new(),
    }
}

fn executable(path: &Path) -> Result<(), Text> {
    let metadata = std::fs::metadata(path).map_err(|error| {
        Text::new(format!("le fichier est introuvable ({error})"), format!("the file is not found ({error})"))
    })?;
    if !metadata.is_file() {
        return Err(Text::new("ce n’est pas un fichier", "it is not a file"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if metadata.permissions().mode() & 0o111 == 0 {
            return Err(Text::new("ce fichier n’est pas exécutable", "this file is not executable"));
        }
    }
    Ok(())
}

/// The adapter's process group: ended with all that is in it, at the latest when the step is given up.
struct Group(Option<u32>);

impl Group {
    fn kill(&self) {
        #[cfg(unix)]
        if let Some(group) =
            self.0.and_then(|group| i32::try_from(group).ok()).and_then(rustix::process::Pid::from_raw)
        {
            // The group may be gone already.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
