//! The bench: plays scenarios against a client and leaves a journal. It starts the mock, drives the client, judges nothing.

mod behaviour;
mod credential;
mod folder;
mod impostor;
mod loopback;
mod machines;
mod noise;
mod place;
mod play;
mod run_started;
mod schedule;
mod serve;
mod service;
mod shared;
mod supplier;

pub use folder::{FolderError, RunFolder};
pub use loopback::{Unreachable, reach_itself};
pub use schedule::{Finished, Progress, RunPlan, run};
pub use serve::{Serving, serve};
pub use service::ServiceUnderTest;

use crate::driver::command::Adapter;

/// How the client is made to act.
#[derive(Debug, Clone)]
pub enum Driver {
    /// A program, once per step.
    Command(Adapter),
}
