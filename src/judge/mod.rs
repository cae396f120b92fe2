//! The judge: from a run's folder to verdicts. Pure: it never touches a socket, and the same folder gives the same verdicts.

mod outcome;

pub use outcome::*;
