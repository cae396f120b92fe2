//! What the judge concluded: verdicts with their reasons, ready for any report. Pure data.

use serde::{Deserialize, Serialize};

pub use super::baseline::{BaselineOutcome, BaselineState, ExpectedFailureOutcome};
pub use super::conformity::Conformity;
pub use crate::check::Party;
use crate::journal::{Evidence, RunStarted};
use crate::text::{Lang, Text};

/// The status of a check, and of a scenario (that of its worst check).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The client did as required.
    Pass,
    /// A failure that the baseline expects.
    Xfail,
    /// Not played, and why is said.
    Skip,
    /// Somebody has to look.
    Review,
    /// A SHOULD was broken.
    Warn,
    /// Not decided: no traffic, a fault that was not delivered, a machine too loaded.
    Inconclusive,
    /// The editor's configuration prevented the check.
    ConfigError,
    /// The bench itself failed.
    HarnessError,
    /// A failure that the baseline expects and that did not happen.
    Xpass,
    /// A MUST was broken.
    Fail,
}

impl Status {
    /// All of them, in the order of `totals` in `report.json`.
    pub const ALL: [Self; 10] = [
        Self::Pass,
        Self::Fail,
        Self::Warn,
        Self::Review,
        Self::Skip,
        Self::Inconclusive,
        Self::ConfigError,
        Self::HarnessError,
        Self::Xfail,
        Self::Xpass,
    ];

    /// The name that `report.json` uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Review => "review",
            Self::Skip => "skip",
            Self::Inconclusive => "inconclusive",
            Self::ConfigError => "config-error",
            Self::HarnessError => "harness-error",
            Self::Xfail => "xfail",
            Self::Xpass => "xpass",
        }
    }

    /// The label that people read.
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Self::Pass => Text::new("succès", "pass"),
            Self::Fail => Text::new("échec", "fail"),
            Self::Warn => Text::new("avertissement", "warning"),
            Self::Review => Text::new("à vérifier", "to be reviewed"),
            Self::Skip => Text::new("non exécuté", "not run"),
            Self::Inconclusive => Text::new("non concluant", "inconclusive"),
            Self::ConfigError => Text::new("erreur de configuration", "configuration error"),
            Self::HarnessError => Text::new("erreur du banc", "bench error"),
            Self::Xfail => Text::new("échec attendu", "expected failure"),
            Self::Xpass => Text::new("succès inattendu", "unexpected pass"),
        }
    }
}

/// Everything that a report shows.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Language of the run, or the one that `judge --lang` asks for.
    pub lang: Lang,
    /// The first line of the journal.
    pub run: RunStarted,
    /// How long the run took, in milliseconds; none when it was cut short.
    pub duration_ms: Option<u64>,
    /// Remarks on the run as a whole: interrupted, the evidence broken after some line…
    pub remarks: Vec<Text>,
    /// What every scenario stumbled over, when it is the same.
    pub obstacle: Option<Obstacle>,
    /// The gate.
    pub gate: Gate,
    /// The requirements of the ledger that are the client's, with what became of them, in ledger order.
    pub requirements: Vec<RequirementOutcome>,
    /// The expected failures and what became of them; none without `--baseline`.
    pub baseline: Option<BaselineOutcome>,
    /// Scenarios in the order of the run.
    pub scenarios: Vec<ScenarioOutcome>,
}

impl Outcome {
    /// How many checks have that status.
    #[must_use]
    pub fn total(&self, status: Status) -> usize {
        self.scenarios
            .iter()
            .flat_map(|scenario| &scenario.checks)
            .filter(|check| check.status == status)
            .count()
    }

    /// How many requirements of the client were decided by at least one check, out of how many.
    #[must_use]
    pub fn coverage(&self) -> (usize, usize) {
        (self.requirements.iter().filter(|requirement| requirement.covered).count(), self.requirements.len())
    }

    /// How many requirements of the client no check of the catalogue decides; the ledger says why.
    #[must_use]
    pub fn untested(&self) -> usize {
        self.requirements
            .iter()
            .filter(|requirement| !requirement.covered && requirement.untested.is_some())
            .count()
    }

    /// How many of the requirements that were decided came out like that.
    #[must_use]
    pub fn conforming(&self, conformity: Conformity) -> usize {
        self.requirements.iter().filter(|requirement| requirement.conformity == Some(conformity)).count()
    }
}

/// What every scenario that made the client act stumbled over before anything of it could be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// How many scenarios.
    pub scenarios: usize,
    /// What was observed in the first one.
    pub actual: Text,
    /// Why it is an obstacle.
    pub why: Text,
    /// What to do.
    pub remedy: Text,
    /// Who must act.
    pub party: Option<Party>,
}

impl Obstacle {
    /// What it is, in one line.
    #[must_use]
    pub fn title(&self) -> Text {
        let count = self.scenarios;
        Text::new(
            format!("Le même obstacle arrête {count} scénarios, et aucun ne passe"),
            format!("The same obstacle stops {count} scenarios, and none gets through"),
        )
    }
}

/// The exit code and why.
#[derive(Debug, Clone)]
pub struct Gate {
    /// Exit code of `run` and `judge`.
    pub exit_code: u8,
    /// Whether the exit code is 0: nothing in what was played stands against conformity. The plans say how much it was.
    pub conforming: bool,
    /// Which rule decided, in one sentence.
    pub reason: Text,
    /// Each plan of the run.
    pub plans: Vec<PlanOutcome>,
}

/// What can be said of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanState {
    /// The client lacks one of its actions, or its essential action was not played.
    NotCovered,
    /// Something in it failed.
    Broken,
    /// Nothing failed, and not all was decided.
    Undecided,
    /// Nothing stands against conformity in the scenarios that were asked for; others were not.
    InPart,
    /// All of it was asked for, and nothing stands against conformity.
    Conforming,
}

/// One plan.
#[derive(Debug, Clone)]
pub struct PlanOutcome {
    /// `fhir-search`…
    pub plan: String,
    /// False when the client lacks one of its actions, or its essential action was not played.
    pub covered: bool,
    /// How many of its scenarios this run holds.
    pub scenarios: usize,
    /// How many of its scenarios, for this profile, were not asked for: what they would show is not known.
    pub left_out: usize,
    /// What can be said of it.
    pub state: PlanState,
    /// The actions that the client does not have.
    pub missing_actions: Vec<String>,
    /// The action that makes the plan what it is, when this run did not play it.
    pub essential_not_played: Option<String>,
    /// How many of its checks fail as the baseline expects: they do not stand against conformity, and are not conforming.
    pub expected_failures: usize,
}

impl PlanOutcome {
    /// Whether all of it was played, and nothing stands against conformity.
    #[must_use]
    pub fn is_conforming(&self) -> bool {
        self.state == PlanState::Conforming
    }

    /// How much of it this run holds.
    #[must_use]
    pub fn part(&self) -> Text {
        let (played, all) = (self.scenarios, self.scenarios + self.left_out);
        let plural = if played > 1 { "s" } else { "" };
        Text::new(format!("{played} scénario{plural} sur {all}"), format!("{played} of {all} scenarios"))
    }
}

/// One requirement of the ledger.
#[derive(Debug, Clone)]
pub struct RequirementOutcome {
    /// Its id.
    pub id: String,
    /// `MUST`, `MUST NOT`, `SHOULD`, `MAY`.
    pub keyword: String,
    /// `official`, `standard` or `bench`.
    pub origin: String,
    /// What it asks.
    pub text: Text,
    /// Document and section, or derivation.
    pub source: String,
    /// Whether a check decided it in this run (pass, fail, warn, xfail, xpass).
    pub covered: bool,
    /// The worst status of the checks that cite it; none when none was played.
    pub status: Option<Status>,
    /// What came of it; none when it was not decided.
    pub conformity: Option<Conformity>,
    /// Why no check of the catalogue decides it; none when some do.
    pub untested: Option<Text>,
    /// `scenario/check` of the checks of this run that cite it.
    pub checks: Vec<String>,
}

/// One scenario.
#[derive(Debug, Clone)]
pub struct ScenarioOutcome {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: Text,
    /// What it is about.
    pub description: Text,
    /// `minor`, `major` or `critical`.
    pub criticality: String,
    /// Plans that include it.
    pub plans: Vec<String>,
    /// Status of its worst check.
    pub status: Status,
    /// What a person at the client was, or would be, told to do; one per step that acts.
    pub instructions: Vec<Text>,
    /// Checks, in file order.
    pub checks: Vec<CheckOutcome>,
    /// What happened; none when it was not played.
    pub evidence: Option<Evidence>,
    /// Exchanges left out of `evidence` because they are too many to show (the cited ones are always kept).
    pub hidden_exchanges: usize,
    /// Facts for the timeline drawing, for scenarios about quotas, waits or pace.
    pub timeline: Option<Timeline>,
}

impl ScenarioOutcome {
    /// By how much the bench itself was late at most while it played, in milliseconds; none when it was cut short.
    #[must_use]
    pub fn noise_ms(&self) -> Option<u64> {
        Some(self.evidence.as_ref()?.ended.as_ref()?.noise_us / 1_000)
    }
}

/// One check.
#[derive(Debug, Clone)]
pub struct CheckOutcome {
    /// Its id within the scenario.
    pub id: String,
    /// What it checks, in one sentence.
    pub title: Text,
    /// Its status.
    pub status: Status,
    /// The strongest keyword of the requirements that it cites: `MUST`, `SHOULD`, `MAY`.
    pub keyword: String,
    /// The requirements that it cites.
    pub requires: Vec<String>,
    /// What was expected.
    pub expected: Text,
    /// What was observed.
    pub actual: Text,
    /// The reason, in one sentence that the client's author understands.
    pub why: Text,
    /// What to do about it; empty when there is nothing to do.
    pub remedy: Text,
    /// Who must act; none when nobody must.
    pub party: Option<Party>,
    /// What the baseline says of it; none when it does not name it.
    pub expected_failure: Option<ExpectedFailureOutcome>,
    /// Observations that do not change the status.
    pub notes: Vec<Text>,
    /// Numbers of the exchanges that prove it.
    pub exchanges: Vec<u32>,
}

/// What the drawing of a quota scenario shows. Times in µs since the scenario began.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// Length of the drawing.
    pub end_us: u64,
    /// One mark per request.
    pub marks: Vec<Mark>,
    /// Spans in which the client had been asked to wait.
    pub waits: Vec<Wait>,
}

/// One request in the drawing.
#[derive(Debug, Clone)]
pub struct Mark {
    /// The exchange.
    pub exchange: u32,
    /// When it was received.
    pub at_us: u64,
    /// Lane: `token` or `api`.
    pub lane: &'static str,
    /// Status of the answer.
    pub status: Option<u16>,
    /// The delay that the answer asks for, before a further call; none when it asks for none.
    pub asked_us: Option<u64>,
    /// Whether a check that failed cites it.
    pub accused: bool,
}

/// A wait asked for by a 429 or a 503.
#[derive(Debug, Clone)]
pub struct Wait {
    /// Lane: `token` or `api`.
    pub lane: &'static str,
    /// When the refusal was ready.
    pub from_us: u64,
    /// Until when the client was asked to wait.
    pub to_us: u64,
}
