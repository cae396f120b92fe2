//! The command line: one file per command. Parsing here, everything else behind it.

mod arguments;
mod certs;
mod client;
mod doctor;
mod explain;
mod failure;
mod judge;
mod lint;
mod list;
mod once;
mod preflight;
mod preparation;
mod progress;
mod run;
mod schema;
mod selftest;
mod serve;
mod terminal;
mod trial;
mod zoo;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

/// Exit codes, part of the interface: CI pipelines rely on them.
pub mod exit {
    /// The client conforms.
    pub const CONFORMING: u8 = 0;
    /// A check failed.
    pub const FAILED: u8 = 1;
    /// Usage or scenario file error.
    pub const USAGE: u8 = 2;
    /// The adapter could not start, nothing of it reached the mock, or a preflight error.
    pub const CONFIGURATION: u8 = 3;
    /// The bench itself failed.
    pub const BENCH: u8 = 4;
    /// Inconclusive, nothing passed, or a named plan is not covered.
    pub const INCONCLUSIVE: u8 = 5;
}

/// Parses the command line, runs the command, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let lang = arguments.lang();
    let done = match arguments.command {
        Command::Run(run) => run::run(&run, lang),
        Command::Serve(serve) => serve::run(&serve, lang),
        Command::Try(trial) => trial::run(&trial, lang),
        Command::Doctor(doctor) => doctor::run(&doctor, lang),
        Command::Judge(judge) => judge::run(&judge, arguments.lang.map(Into::into)),
        Command::List(list) => list::run(&list, lang),
        Command::Explain(explain) => explain::run(&explain, lang),
        Command::Lint(lint) => lint::run(&lint, lang),
        Command::Schema(schema) => schema::run(&schema),
        Command::Selftest(selftest) => selftest::run(&selftest, lang),
        Command::Certs(certs) => certs::run(&certs, lang),
        Command::Client(client) => client::run(&client),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            failure.print(lang);
            ExitCode::from(failure.exit)
        }
    }
}

/// The definition of the command line, for the generated help.
#[must_use]
pub fn definition() -> clap::Command {
    <Arguments as clap::CommandFactory>::command()
}
