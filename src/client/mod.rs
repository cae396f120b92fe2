//! The built-in reference client, and its deliberate flaws.
//!
//! It goes through the adapter contract exactly as an editor's adapter does: `ROR_*` variables in, one action, one
//! result line and an exit code out. It shares no code with the mock, so that no bug of both cancels out.

mod action;
mod alert;
mod answer;
mod base;
mod call;
mod clock;
mod content;
mod crew;
mod error;
mod flaws;
mod leak;
mod moment;
mod old_tls;
mod outcome;
mod pace;
mod paging;
mod party;
mod query;
mod resource;
mod retry;
mod ror;
mod settings;
mod show;
mod state;
mod status;
#[cfg(test)]
mod tests;
mod tls;
mod token;
mod transport;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::Arc;

pub use action::Action;
pub use clock::{Clock, SystemClock};
pub use flaws::{Flaw, FlawSet};

use call::Session;
use error::ClientError;
use outcome::Done;
use ror::Ror;
use settings::Settings;

/// Exit code: the action is done.
pub const EXIT_DONE: u8 = 0;
/// Exit code: the client reports an error.
pub const EXIT_ERROR: u8 = 1;
/// Exit code of a client that crashes without a word, for the flaws that do.
const EXIT_CRASH: u8 = 101;
/// Exit code: the client does not have that action.
pub const EXIT_NO_SUCH_ACTION: u8 = 89;

const USER_AGENT: &str = concat!("banc-ror-client/", env!("CARGO_PKG_VERSION"));

/// Does the one action that `environment` asks for, and returns the exit code: [`EXIT_DONE`], [`EXIT_ERROR`] or
/// [`EXIT_NO_SUCH_ACTION`].
///
/// `environment` holds the `ROR_*` variables (others are ignored). `stdin` is read only when `ROR_INPUT` is absent.
/// The result is the last line of `stdout`, or the file `ROR_RESULT_FILE` when it is longer than 48 KiB. Runs on a
/// tokio runtime of its own, so it must not be called from inside one.
pub fn run(
    flaws: FlawSet,
    environment: &BTreeMap<String, String>,
    stdin: impl Read,
    stdout: &mut dyn Write,
    clock: Arc<dyn Clock>,
) -> u8 {
    let settings = match Settings::gather(environment, stdin) {
        Ok(settings) => settings,
        Err(error) => return report(&Err(error), &flaws, None, stdout),
    };
    let action = match settings.require("ROR_ACTION") {
        Ok(name) => Action::parse(name).filter(|action| action.is_available()),
        Err(error) => return report(&Err(error), &flaws, None, stdout),
    };
    let Some(action) = action else {
        return EXIT_NO_SUCH_ACTION;
    };
    let ror = match Ror::new(Session::new(settings, flaws.clone(), clock), action.party(&flaws)) {
        Ok(ror) => Arc::new(ror),
        Err(error) => return report(&Err(error), &flaws, None, stdout),
    };
    match perform(action, &ror) {
        Some(outcome) => {
            let outcome = outcome.map(|done| done.declared(&flaws));
            report(&outcome, &flaws, Some(&ror.session.settings), stdout)
        }
        None => EXIT_NO_SUCH_ACTION,
    }
}

fn perform(action: Action, ror: &Arc<Ror>) -> Option<Result<Done, ClientError>> {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Some(Err(ClientError::Settings(format!("the client cannot start: {error}")))),
    };
    runtime.block_on(async {
        let outcome = action::perform(action, ror).await;
        ror.close().await;
        outcome
    })
}

fn report(
    outcome: &Result<Done, ClientError>,
    flaws: &FlawSet,
    settings: Option<&Settings>,
    stdout: &mut dyn Write,
) -> u8 {
    if matches!(outcome, Err(ClientError::Crash)) {
        return EXIT_CRASH;
    }
    if flaws.has(Flaw::EndsWithoutWords) || (outcome.is_err() && flaws.has(Flaw::SilentError)) {
        return EXIT_ERROR;
    }
    let swallowed = Ok(Done { message: "done".to_owned(), integrated: Some(Vec::new()) });
    let swallows = flaws.has(Flaw::SwallowsErrors)
        || flaws.has(Flaw::FirstFailureIsDone)
        || flaws.has(Flaw::RefusalIsEmpty);
    let swallows = swallows
        || (flaws.has(Flaw::TakesAlertForSuccess)
            && matches!(outcome, Err(ClientError::Insecure { cause, .. }) if alert::is_alert(cause)));
    let outcome = if outcome.is_err() && swallows { &swallowed } else { outcome };
    let written = outcome::write(&outcome::result_line(outcome), settings, stdout);
    if outcome.is_ok() && written.is_ok() { EXIT_DONE } else { EXIT_ERROR }
}
