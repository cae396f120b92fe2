//! The bench: plays scenarios against a client and leaves a journal. It starts the mock, drives the client, judges nothing.

mod behaviour;
mod folder;
mod noise;
mod play;
mod schedule;
mod service;
mod shared;

pub use folder::{FolderError, RunFolder};
pub use schedule::{Finished, Progress, RunPlan, run};
pub use service::{ServiceUnderTest, adapter_variables};

use crate::driver::command::Adapter;

/// How the client is made to act.
#[derive(Debug, Clone)]
pub enum Driver {
    /// A program, once per step.
    Command(Adapter),
}
