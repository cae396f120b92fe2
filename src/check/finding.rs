//! What the evaluation of a check concludes: never a bare yes or no.

use super::Party;
use crate::text::Text;

/// The conclusion, before the level of the requirements is taken into account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As expected.
    Met,
    /// Proved otherwise.
    Broken,
    /// The evidence decides neither way.
    Undecided,
    /// Not applicable, or the client does not have the action.
    Skipped,
    /// A person has to look.
    Review,
    /// The editor's configuration prevented it.
    ConfigError,
}

/// A verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The conclusion.
    pub verdict: Verdict,
    /// What was expected.
    pub expected: Text,
    /// What was observed.
    pub actual: Text,
    /// The reason, in one sentence that the client's author understands.
    pub why: Text,
    /// What to do about it; empty when there is nothing to do.
    pub remedy: Text,
    /// Who must act.
    pub party: Option<Party>,
    /// Observations that do not change the verdict.
    pub notes: Vec<Text>,
    /// Numbers of the exchanges that prove it.
    pub exchanges: Vec<u32>,
    /// The rule rests on an assumption here: breaking it is a warning at most.
    pub at_most_should: bool,
}

impl Finding {
    /// One finding for all steps: the first that is broken, else the last doubt, else the last that is met; none when
    /// no step had anything to find.
    pub(super) fn of_all_steps(findings: impl Iterator<Item = Self>) -> Option<Self> {
        let mut met = None;
        let mut doubtful = None;
        for finding in findings {
            match finding.verdict {
                Verdict::Broken => return Some(finding),
                Verdict::Met => met = Some(finding),
                _ => doubtful = Some(finding),
            }
        }
        doubtful.or(met)
    }

    fn new(verdict: Verdict, actual: Text, why: Text) -> Self {
        Self {
            verdict,
            expected: Text::default(),
            actual,
            why,
            remedy: Text::default(),
            party: None,
            notes: Vec::new(),
            exchanges: Vec::new(),
            at_most_should: false,
        }
    }

    pub(super) fn met(actual: Text, why: Text) -> Self {
        Self::new(Verdict::Met, actual, why)
    }

    pub(super) fn broken(actual: Text, why: Text, remedy: Text) -> Self {
        let mut finding = Self::new(Verdict::Broken, actual, why);
        finding.remedy = remedy;
        finding.party = Some(Party::Client);
        finding
    }

    pub(super) fn undecided(actual: Text, why: Text) -> Self {
        Self::new(Verdict::Undecided, actual, why)
    }

    pub(super) fn skipped(actual: Text, why: Text) -> Self {
        Self::new(Verdict::Skipped, actual, why)
    }

    pub(super) fn review(actual: Text, why: Text) -> Self {
        Self::new(Verdict::Review, actual, why)
    }

    pub(super) fn config_error(actual: Text, why: Text, remedy: Text) -> Self {
        let mut finding = Self::new(Verdict::ConfigError, actual, why);
        finding.remedy = remedy;
        finding.party = Some(Party::Configuration);
        finding
    }

    pub(super) fn remedy(mut self, remedy: Text, party: Party) -> Self {
        self.remedy = remedy;
        self.party = Some(party);
        self
    }

    /// A warning at most, and why.
    pub(super) fn mildly(mut self, why: Text) -> Self {
        self.at_most_should = true;
        self.note(why)
    }

    pub(super) fn note(mut self, note: Text) -> Self {
        self.notes.push(note);
        self
    }

    pub(super) fn notes(mut self, notes: impl IntoIterator<Item = Text>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// Cites exchanges: sorted, each once, at most 50.
    pub(super) fn citing(mut self, exchanges: impl IntoIterator<Item = u32>) -> Self {
        self.exchanges.extend(exchanges);
        self.exchanges.sort_unstable();
        self.exchanges.dedup();
        self.exchanges.truncate(50);
        self
    }
}
