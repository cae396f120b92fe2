//! What the bench says of a client, against what is expected of it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::clients::{MAY, WARNING, is_decided};
use super::trial::Played;
use crate::client::Flaw;
use crate::judge::{CheckOutcome, Status};
use crate::text::Lang;

/// What came of a client.
pub(super) struct Tried {
    pub(super) name: String,
    pub(super) flaw: Option<Flaw>,
    /// `scenario/check` of what failed, and of warnings, marked so.
    pub(super) red: BTreeSet<String>,
    /// Expected to be red and not so, with the status instead.
    pub(super) let_through: Vec<String>,
    /// Red and not expected, with the reason that the report gives.
    pub(super) accused: Vec<String>,
    /// Of a correct client: neither passed nor skipped, and not red either.
    pub(super) undecided: Vec<String>,
    /// Decided on a loaded machine, and otherwise in quiet, which holds; with the reason given at first.
    pub(super) changed: Vec<String>,
    /// Of a correct client: accusations, those of a loaded machine as well. They should have been left undecided.
    pub(super) false_alarms: usize,
    /// Checks that passed, failed or warned.
    pub(super) decided: usize,
    /// Folders of the runs in which something was not as expected.
    pub(super) evidence: Vec<PathBuf>,
}

impl Tried {
    pub(super) fn as_expected(&self) -> bool {
        let differences = [&self.let_through, &self.accused, &self.undecided];
        self.false_alarms == 0 && differences.iter().all(|checks| checks.is_empty())
    }
}

pub(super) fn compare(Played { trial, checks, before, evidence }: Played, lang: Lang) -> Tried {
    let told = |name: &str, check: &CheckOutcome| {
        let status = check.status.label();
        format!("{name}: {} — {}", status.get(lang), check.why.get(lang))
    };
    let (mut red, mut accused, mut undecided, mut decided) = (BTreeSet::new(), Vec::new(), Vec::new(), 0);
    for (name, check) in &checks {
        decided += usize::from(is_decided(check.status));
        let is_red = match check.status {
            Status::Fail => red.insert(name.clone()),
            Status::Warn => red.insert(format!("{name}{WARNING}")),
            _ => false,
        };
        // What is red of a client that the table does not know has to go into the table.
        if is_red && (trial.expected.is_none() || !trial.expects(name, check.status)) {
            accused.push(told(name, check));
        } else if trial.flaw.is_none() && !trial.expects(name, check.status) {
            undecided.push(told(name, check));
        }
    }
    let is_alarm = |(_, check): &&(String, CheckOutcome)| matches!(check.status, Status::Fail | Status::Warn);
    let false_alarms = match trial.flaw {
        None => checks.iter().chain(&before).filter(is_alarm).count(),
        Some(_) => 0,
    };
    let expected = trial.expected.unwrap_or_default();
    let must = expected.iter().filter(|check| !check.ends_with(MAY));
    let let_through = must.filter(|check| !red.contains(*check)).map(|missed| {
        let plain = missed.trim_end_matches(WARNING);
        let check = checks.iter().find(|(name, _)| name == plain);
        check.map_or_else(|| format!("{missed}: not played"), |(_, check)| told(missed, check))
    });
    Tried {
        name: trial.name,
        flaw: trial.flaw,
        let_through: let_through.collect(),
        red,
        accused,
        undecided,
        changed: before.iter().map(|(name, check)| told(name, check)).collect(),
        false_alarms,
        decided,
        evidence,
    }
}
