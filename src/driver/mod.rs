//! Drivers: make a client act, and say how that ended. They judge nothing.

pub mod command;
mod contract;
mod result;
mod tail;
mod watch;

pub use contract::{Call, Variables};
pub use result::{Ending, MESSAGE_TAKEN};
pub use tail::OUTPUT_TAKEN;
