//! `banc-ror`: a conformance test bench for software that connects to the ROR, the French national health directory.
//!
//! One way through the house: scenario + campaign → bench → journal → judge → report.

pub mod bench;
pub mod campaign;
pub mod check;
pub mod cli;
pub mod client;
pub mod driver;
pub mod journal;
pub mod judge;
pub mod pki;
pub mod report;
pub mod ror;
pub mod scenario;
pub mod server;
pub mod text;
mod yaml;
