//! The judge: from a run's folder to verdicts. Pure: it never touches a socket, and the same folder gives the same verdicts.

mod baseline;
mod check;
mod conformity;
mod coverage;
mod folder;
mod gate;
mod history;
pub mod ledger;
mod obstacle;
mod outcome;
mod scenario;
mod stream;
#[cfg(test)]
mod tests;
mod timeline;
mod trim;
mod truth;

pub use baseline::load_baseline;
pub use folder::{JudgeError, judge_run};
pub use ledger::{Keyword, Ledger, Requirement};
pub use outcome::*;
pub use stream::{Inputs, Truths, judge_entries};
