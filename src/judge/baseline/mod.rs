//! Expected failures: the file that `--baseline` names, and what it makes of verdicts.

mod apply;
mod file;
mod outcome;
#[cfg(test)]
mod tests;

pub(super) use apply::Expectations;
pub use file::load_baseline;
pub use outcome::{BaselineOutcome, BaselineState, ExpectedFailureOutcome};
