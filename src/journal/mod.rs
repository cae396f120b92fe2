//! The journal: evidence of what happened, append-only, hash-chained, redacted at its entry.

mod event;
mod evidence;

pub use event::*;
pub use evidence::{Collector, Connection, Evidence, Exchange, Step};
