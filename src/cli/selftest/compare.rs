//! What the bench says of a client, against what is expected of it.

use std::collections::BTreeSet;

use super::trial::Played;
use crate::client::Flaw;
use crate::judge::{CheckOutcome, Status};
use crate::text::Lang;

/// Mark of a check that may turn red, by how fast the machine is.
const MAY: &str = " (may)";

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
    /// Checks that passed, failed or warned.
    pub(super) decided: usize,
}

impl Tried {
    pub(super) fn as_expected(&self) -> bool {
        self.let_through.is_empty() && self.accused.is_empty() && self.undecided.is_empty()
    }
}

pub(super) fn compare(Played { trial, checks }: Played, lang: Lang) -> Tried {
    let unknown = trial.expected.is_none();
    let (may, expected): (BTreeSet<String>, BTreeSet<String>) =
        trial.expected.unwrap_or_default().into_iter().partition(|check| check.ends_with(MAY));
    let may = |name: &str| may.iter().any(|check| check.trim_end_matches(MAY) == name);
    let told = |name: &str, check: &CheckOutcome| {
        let status = check.status.label();
        format!("{name}: {} — {}", status.get(lang), check.why.get(lang))
    };
    let (mut red, mut accused, mut undecided, mut decided) = (BTreeSet::new(), Vec::new(), Vec::new(), 0);
    for (name, check) in &checks {
        decided += usize::from(matches!(check.status, Status::Pass | Status::Fail | Status::Warn));
        let marked = match check.status {
            Status::Fail => name.clone(),
            Status::Warn => format!("{name} (warn)"),
            Status::Pass | Status::Skip => continue,
            _ => {
                if trial.flaw.is_none() {
                    undecided.push(told(name, check));
                }
                continue;
            }
        };
        if unknown || (!expected.contains(&marked) && !may(name)) {
            accused.push(told(name, check));
        }
        red.insert(marked);
    }
    let let_through = expected.difference(&red).map(|missed| {
        let plain = missed.trim_end_matches(" (warn)");
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
        decided,
    }
}
