//! The arguments of every command, and the help that people read.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::ror::SearchOptions;
use crate::text::Lang;

/// A conformance test bench for software that connects to the ROR, the French national health directory.
///
/// It starts a mock ROR (mutual TLS, whitelist, access profiles, quotas answered with HTTP 429), makes your client act
/// through scenarios, and writes a report that says what conforms, what does not, why, and who must act.
/// It is a self-check: it does not stand in for the tests on PLATINES, nor for any homologation.
#[derive(Debug, Parser)]
#[command(name = "banc-ror", version, propagate_version = true, max_term_width = 100, after_help = AFTER_HELP)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
    /// Language of all that a person reads: messages, verdicts, reports
    #[arg(long, global = true, value_name = "fr|en")]
    pub(super) lang: Option<LangArgument>,
}

const AFTER_HELP: &str = "\
Exit codes of run and judge, the first that applies:
  2  usage or scenario file error
  3  the adapter could not start, nothing of it ever reached the mock, or a preflight error
  1  a check failed (or an expected failure passed)
  4  the bench itself failed
  3  a configuration error
  5  something is inconclusive, nothing passed, or a plan named by --plan is not covered
  0  conforming

Examples:
  Play the catalogue with the built-in reference client, then with yours:
    banc-ror run
    banc-ror run --client './my-adapter.sh' --profile 2
  Only the scenarios with the tag « quota »:
    banc-ror run quota --client ./my-adapter.sh
  Is your configuration right? Certificates, names, proxies, clock, first call:
    banc-ror doctor --client ./my-adapter.sh
  One action, and what goes over the wire:
    banc-ror try read '{\"resource\":\"Location\",\"id\":\"2001\"}' --client ./my-adapter.sh
  The mock alone, to point any client at:
    banc-ror serve --pki pki --port 8443";

impl Arguments {
    /// The language asked for, else French.
    pub(super) fn lang(&self) -> Lang {
        self.lang.map(Into::into).unwrap_or_default()
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum LangArgument {
    Fr,
    En,
}

impl From<LangArgument> for Lang {
    fn from(argument: LangArgument) -> Self {
        match argument {
            LangArgument::Fr => Self::Fr,
            LangArgument::En => Self::En,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Play scenarios against a client, judge, report
    Run(RunArguments),
    /// Start the mock alone, until interrupted
    Serve(ServeArguments),
    /// Run the adapter for one action and show what went over the wire
    Try(TryArguments),
    /// Look for what stands between your configuration and a first run, and say who must do what
    Doctor(DoctorArguments),
    /// Judge a recorded run again
    Judge(JudgeArguments),
    /// List scenarios, requirements or flaws of the reference client
    List(ListArguments),
    /// Tell a requirement, a scenario, a check (scenario/check), a check kind or a flaw in full
    Explain(ExplainArguments),
    /// Check scenario files: places, reasons, remedies
    Lint(LintArguments),
    /// Print a JSON Schema
    Schema(SchemaArguments),
    /// Judge the bench itself: correct clients must not be accused, flawed ones must be named
    Selftest(SelftestArguments),
    /// Make test certificates, or print the DN to declare
    Certs(CertsArguments),
    /// The reference client, through the adapter contract
    Client(ClientArguments),
}

/// What decides how the mock and the client are set up.
#[derive(Debug, Args)]
pub(super) struct SetupArguments {
    /// Adapter of your client, split into words, no shell; without it the built-in reference client
    #[arg(long, value_name = "CMD")]
    pub(super) client: Option<String>,
    /// Campaign file [default: ./banc.yaml if present]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Access profile of your service, 0 to 5 [default: the first one of the campaign file, else 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=5))]
    pub(super) profile: Option<u8>,
    #[command(flatten)]
    pub(super) place: PlaceArguments,
    #[command(flatten)]
    pub(super) search: SearchArguments,
    /// Stretch every deadline by this factor (slow starters)
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = patience)]
    pub(super) patience: f64,
    /// Seed of faults and generated data
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
}

/// How the mock reads search parameters.
#[derive(Debug, Args)]
pub(super) struct SearchArguments {
    /// Know the search parameters that the ROR has announced only
    #[arg(long)]
    pub(super) drafts: bool,
    /// Ignore unknown search parameters instead of answering 400
    #[arg(long)]
    pub(super) lenient: bool,
}

impl SearchArguments {
    pub(super) fn options(&self) -> SearchOptions {
        SearchOptions { lenient: self.lenient, drafts: self.drafts }
    }
}

/// Where the mock listens and with which certificates.
#[derive(Debug, Args)]
pub(super) struct PlaceArguments {
    /// Use (or make once) the certificates of DIR, so that trust stores stay good
    #[arg(long, value_name = "DIR")]
    pub(super) pki: Option<PathBuf>,
    /// One fixed port for all roles; scenarios are then played one at a time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) port: Option<u16>,
    /// Address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    pub(super) listen: IpAddr,
    /// Name of the mock in its URLs; goes into its certificate
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    pub(super) host: String,
}

impl PlaceArguments {
    /// Any free port of the local machine.
    pub(super) fn on_loopback(pki: &Path) -> Self {
        let listen = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self { pki: Some(pki.to_owned()), port: None, listen, host: "localhost".to_owned() }
    }
}

#[derive(Debug, Args)]
pub(super) struct RunArguments {
    /// Scenarios: ids, tags, or paths of your own files; all when none is named
    #[arg(value_name = "SCENARIO")]
    pub(super) scenarios: Vec<String>,
    #[command(flatten)]
    pub(super) setup: SetupArguments,
    /// Test plan (repeatable) [default: all]
    #[arg(long = "plan", value_name = "NAME")]
    pub(super) plans: Vec<String>,
    /// Folder of the report; replaces only a report of ours [default: reports/<run>, and reports/latest points to it]
    #[arg(long, value_name = "DIR")]
    pub(super) report: Option<PathBuf>,
    /// How many scenarios side by side [default: 16 with the reference client, 4 with --client]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) jobs: Option<u16>,
    /// Exit 1 also for these
    #[arg(long, value_name = "warn|inconclusive")]
    pub(super) fail_on: Vec<FailOn>,
    /// Expected failures, check by check, each with its owner, its reason and its last day (docs/baseline.md)
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// A flaw of the built-in reference client (repeatable), to see what the bench says of it
    #[arg(long, value_name = "NAME", conflicts_with = "client")]
    pub(super) flaw: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Warn,
    Inconclusive,
}

impl FailOn {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Inconclusive => "inconclusive",
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct ServeArguments {
    /// Dataset, or FHIR resources of your own: a folder of .json and .ndjson files (resources or Bundles), or one file
    #[arg(long, value_name = "NAME|DIR", default_value = "demo")]
    pub(super) dataset: String,
    /// Access profile of the client that is registered, 0 to 5
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=5))]
    pub(super) profile: u8,
    #[command(flatten)]
    pub(super) place: PlaceArguments,
    #[command(flatten)]
    pub(super) search: SearchArguments,
    /// Keep the journal in this folder
    #[arg(long, value_name = "DIR")]
    pub(super) report: Option<PathBuf>,
    /// Campaign file: own certificate and quotas [default: ./banc.yaml if present]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Seed of generated data
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
}

#[derive(Debug, Args)]
pub(super) struct TryArguments {
    /// Action of the adapter contract: token, read, search, many-reads…
    #[arg(value_name = "ACTION")]
    pub(super) action: String,
    /// Input of the action, JSON; short code names (TRE_R211|022) are expanded
    #[arg(value_name = "INPUT", default_value = "{}")]
    pub(super) input: String,
    #[command(flatten)]
    pub(super) setup: SetupArguments,
}

/// Runs the adapter once, for a harmless action (token, else search), and explains what is seen on the wire. Exit codes:
/// 0 all is well, 2 wrong use or a wrong campaign file, 3 something has to be set right, 4 the bench itself failed.
#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    #[command(flatten)]
    pub(super) setup: SetupArguments,
}

#[derive(Debug, Args)]
pub(super) struct JudgeArguments {
    /// Folder of a run
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// What to list
    #[arg(value_enum, default_value_t = Listed::Scenarios)]
    pub(super) what: Listed,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Listed {
    /// The catalogue
    Scenarios,
    /// The requirement ledger
    Requirements,
    /// Deliberate flaws of the reference client
    Flaws,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// Id of a requirement, a scenario, a check (scenario/check), or name of a check kind or a flaw
    #[arg(value_name = "ID")]
    pub(super) id: String,
}

#[derive(Debug, Args)]
pub(super) struct LintArguments {
    /// Scenario files, or folders of them
    #[arg(value_name = "PATH", required = true)]
    pub(super) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// Which schema
    #[arg(value_enum, default_value_t = SchemaOf::Scenario)]
    pub(super) of: SchemaOf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SchemaOf {
    /// A scenario file
    Scenario,
    /// What an adapter is given on standard input
    Adapter,
}

#[derive(Debug, Args)]
pub(super) struct SelftestArguments {
    /// Clients: a flaw, or part of a name (`--list` tells them); all when none is named
    #[arg(value_name = "CLIENT")]
    pub(super) clients: Vec<String>,
    /// Only tell which clients there are
    #[arg(long)]
    pub(super) list: bool,
    /// How many scenarios side by side, of all clients together
    #[arg(long, value_name = "N", default_value_t = 48, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) jobs: u16,
    /// Use (or make once) the certificates of DIR
    #[arg(long, value_name = "DIR")]
    pub(super) pki: Option<PathBuf>,
    /// Write what each client turned red, as JSON
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct CertsArguments {
    /// Folder of the certificates, made when it is missing
    #[arg(long, value_name = "DIR", default_value = "pki")]
    pub(super) out: PathBuf,
    /// Further name for the mock's certificate
    #[arg(long, value_name = "NAME")]
    pub(super) host: Vec<String>,
    #[command(subcommand)]
    pub(super) command: Option<CertsCommand>,
}

#[derive(Debug, Subcommand)]
pub(super) enum CertsCommand {
    /// Print the subject DN of a certificate file, in the form to declare to the ANS
    Dn {
        /// Certificate, PEM or DER
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(super) struct ClientArguments {
    /// Flaw (repeatable); `banc-ror list flaws` tells them
    #[arg(long, value_name = "NAME")]
    pub(super) flaw: Vec<String>,
}

fn patience(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if (0.1..=100.0).contains(&factor) => Ok(factor),
        _ => Err("a number between 0.1 and 100".to_owned()),
    }
}
