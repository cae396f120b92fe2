//! The journal: evidence of what happened, append-only, hash-chained, redacted at its entry.

mod baseline;
mod canary;
mod event;
mod evidence;
mod read;
mod redact;
mod wire;
mod write;

pub use baseline::{Baseline, ExpectedFailure};
pub use canary::{Canaries, CanarySeen, Output};
pub use event::*;
pub use evidence::{Change, Collector, Connection, Evidence, Exchange, Run, Step};
pub use read::{BodyFolder, BrokenLine, Reader};
pub use redact::{REDACTED, Redactor};
pub use wire::*;
pub use write::{Journal, ScenarioJournal};

/// Bytes as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
