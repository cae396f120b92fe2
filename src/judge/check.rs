//! From a finding to the status of a check: the level is that of the strongest requirement that it cites.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::ledger::{Keyword, Ledger};
use super::outcome::{CheckOutcome, Party, Status};
use crate::check::{self, Check, Context, Finding, Verdict, both, quote};
use crate::text::Text;

/// Evaluates one check.
pub(super) fn judge(check: &Check, context: &Context<'_>, ledger: &Ledger) -> CheckOutcome {
    match unless_it_breaks(|| check::evaluate(check, context)) {
        Ok(finding) => {
            let failed = context.evidence.ended.as_ref().and_then(|ended| ended.harness_error.as_deref());
            conclude(check, finding, strongest(check, ledger), failed)
        }
        Err(reason) => CheckOutcome {
            actual: both!("Le contrôle s’est interrompu.", "The check broke off."),
            remedy: both!(
                "Signalez ce défaut du banc avec le dossier du run : les échanges y sont.",
                "Report this defect of the bench with the run's folder: the exchanges are in it."
            ),
            ..not_played(check, ledger, Some(&reason))
        },
    }
}

/// A check that breaks costs its own verdict, not the report.
fn unless_it_breaks(evaluate: impl FnOnce() -> Finding) -> Result<Finding, String> {
    catch_unwind(AssertUnwindSafe(evaluate)).map_err(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        said.or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()))
            .unwrap_or_else(|| "a panic without a message".to_owned())
    })
}

/// A check of a scenario that left no evidence.
pub(super) fn not_played(check: &Check, ledger: &Ledger, harness_error: Option<&str>) -> CheckOutcome {
    let status = if harness_error.is_some() { Status::HarnessError } else { Status::Inconclusive };
    let why = match harness_error {
        Some(reason) => broke(reason),
        None => both!(
            "Ce scénario n’a pas été joué : le run a été interrompu avant.",
            "This scenario was not played: the run was interrupted before."
        ),
    };
    CheckOutcome {
        id: check.id.clone(),
        title: check::title(check),
        status,
        keyword: strongest(check, ledger).name().to_owned(),
        requires: check.requires.clone(),
        expected: Text::default(),
        actual: both!("Aucun échange.", "No exchange."),
        why,
        remedy: both!("Relancez le run.", "Run again."),
        party: harness_error.map(|_| Party::Bench),
        expected_failure: None,
        notes: Vec::new(),
        exchanges: Vec::new(),
    }
}

/// The strongest keyword that a check cites; one that the ledger does not know counts as MUST (the loader refuses it).
fn strongest(check: &Check, ledger: &Ledger) -> Keyword {
    let keywords =
        check.requires.iter().map(|id| ledger.get(id).map_or(Keyword::Must, |found| found.keyword));
    match keywords.max().unwrap_or(Keyword::May) {
        Keyword::MustNot => Keyword::Must,
        keyword => keyword,
    }
}

fn conclude(check: &Check, finding: Finding, keyword: Keyword, harness_error: Option<&str>) -> CheckOutcome {
    let keyword = if finding.at_most_should { keyword.min(Keyword::Should) } else { keyword };
    let mut notes = finding.notes;
    let mut why = finding.why;
    let mut party = finding.party;
    let mut remedy = finding.remedy;
    notes.retain(|note| !note.is_empty());
    let mut status = match (finding.verdict, keyword) {
        (Verdict::Met, _) => Status::Pass,
        (Verdict::Broken, Keyword::Must | Keyword::MustNot) => Status::Fail,
        (Verdict::Broken, Keyword::Should) => Status::Warn,
        (Verdict::Broken, Keyword::May | Keyword::Quota) => {
            why = Text::new(
                format!("Noté, sans conséquence ici : {}", why.fr),
                format!("Noted, of no consequence here: {}", why.en),
            );
            notes.push(both!(
                "Écart sans conséquence : l’exigence citée est facultative (MAY).",
                "A difference of no consequence: the requirement cited is optional (MAY)."
            ));
            Status::Pass
        }
        (Verdict::Undecided, _) => Status::Inconclusive,
        (Verdict::Skipped, _) => Status::Skip,
        (Verdict::Review, _) => Status::Review,
        (Verdict::ConfigError, _) => Status::ConfigError,
    };
    if let Some(reason) = harness_error
        && !matches!(status, Status::Pass | Status::Skip | Status::Review)
    {
        status = Status::HarnessError;
        notes.push(why);
        why = broke(reason);
        party = Some(Party::Bench);
        remedy = both!(
            "Relancez ; si l’erreur demeure, signalez-la avec le dossier du run.",
            "Run again; if the error stays, report it with the run's folder."
        );
    }
    CheckOutcome {
        id: check.id.clone(),
        title: check::title(check),
        status,
        keyword: keyword.name().to_owned(),
        requires: check.requires.clone(),
        expected: finding.expected,
        actual: finding.actual,
        why,
        remedy,
        party,
        expected_failure: None,
        notes,
        exchanges: finding.exchanges,
    }
}

fn broke(reason: &str) -> Text {
    let reason = quote(reason);
    both!(
        "Le banc d’essai lui-même a échoué pendant ce scénario : {reason}",
        "The bench itself failed during this scenario: {reason}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_breaks_says_why() {
        let broken = unless_it_breaks(|| panic!("index {} out of range", 3));
        assert!(matches!(broken, Err(reason) if reason == "index 3 out of range"));
    }
}
