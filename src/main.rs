//! `banc-ror`: parse the command line, call one command, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    banc_ror::cli::main()
}
