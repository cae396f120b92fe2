//! Black-box tests: through the binary and over the wire, as users meet the bench.

#![expect(clippy::unwrap_used, clippy::panic)]

mod adapters;
mod bad_input;
mod commands;
mod documents;
mod evidence;
mod own_data;
mod snapshots;
mod support;
mod wire;
