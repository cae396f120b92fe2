//! Black-box tests: through the binary and over the wire, as users meet the bench.

#![expect(clippy::unwrap_used, clippy::panic)]

mod adapters;
mod alerts;
mod bad_input;
mod baseline;
mod commands;
mod doctor;
mod documents;
mod evidence;
mod export;
mod feed;
mod impostors;
mod own_data;
mod snapshots;
mod support;
mod wire;
