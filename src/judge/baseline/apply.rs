//! What a baseline makes of verdicts. It only ever concerns the check that it names, and only a verdict on the client:
//! what is inconclusive, misconfigured or broken in the bench is never hidden.

use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime, UtcOffset};

use super::file::day;
use crate::check::{both, quote};
use crate::journal::{Baseline, ExpectedFailure, RunStarted};
use crate::judge::outcome::{
    BaselineOutcome, BaselineState, CheckOutcome, ExpectedFailureOutcome, Party, ScenarioOutcome, Status,
};
use crate::text::Text;

/// The expectations of a run, and what became of each.
pub(in crate::judge) struct Expectations {
    baseline: Option<Baseline>,
    /// The day on which the run began, UTC; none when the journal does not tell: then everything has expired.
    began: Option<Date>,
    states: Vec<BaselineState>,
}

impl Expectations {
    /// Those of a run. The date compared with is the run's start, so that judging again gives the same.
    pub(in crate::judge) fn of(run: &RunStarted) -> Self {
        let began = OffsetDateTime::parse(&run.started, &Rfc3339).ok();
        let count = run.baseline.as_ref().map_or(0, |baseline| baseline.expected_failures.len());
        Self {
            baseline: run.baseline.clone(),
            began: began.map(|start| start.to_offset(UtcOffset::UTC).date()),
            states: vec![BaselineState::NotPlayed; count],
        }
    }

    /// Takes a scenario's verdicts, and turns those that the baseline names.
    pub(in crate::judge) fn apply(&mut self, scenario: &mut ScenarioOutcome) {
        let Some(baseline) = &self.baseline else { return };
        for (entry, state) in baseline.expected_failures.iter().zip(&mut self.states) {
            let Some(id) = entry.check.strip_prefix(&scenario.id).and_then(|rest| rest.strip_prefix('/'))
            else {
                continue;
            };
            let Some(check) = scenario.checks.iter_mut().find(|check| check.id == id) else { continue };
            let expired = has_expired(entry, self.began);
            *state = conclude(check, expired, entry, &baseline.file);
            check.expected_failure = Some(told(entry, *state, expired));
        }
        if let Some(worst) = scenario.checks.iter().map(|check| check.status).max() {
            scenario.status = worst;
        }
    }

    /// What became of every entry.
    pub(in crate::judge) fn close(self) -> Option<BaselineOutcome> {
        let baseline = self.baseline?;
        let entries = baseline.expected_failures.iter().zip(&self.states);
        Some(BaselineOutcome {
            entries: entries
                .map(|(entry, state)| told(entry, *state, has_expired(entry, self.began)))
                .collect(),
            file: baseline.file,
        })
    }
}

fn has_expired(entry: &ExpectedFailure, began: Option<Date>) -> bool {
    match (day(&entry.until), began) {
        (Some(until), Some(began)) => began > until,
        // A baseline that cannot be read hides nothing.
        _ => true,
    }
}

fn conclude(check: &mut CheckOutcome, expired: bool, entry: &ExpectedFailure, file: &str) -> BaselineState {
    match check.status {
        Status::Fail | Status::Warn if expired => BaselineState::Expired,
        Status::Fail | Status::Warn => {
            if check.status == Status::Warn {
                check.notes.push(both!(
                    "Sans l’échec attendu, ce contrôle serait un avertissement.",
                    "Without the expected failure, this check would be a warning."
                ));
            }
            check.status = Status::Xfail;
            BaselineState::Expected
        }
        Status::Pass => {
            let (name, file) = (quote(&entry.check), quote(file));
            check.status = Status::Xpass;
            if !check.why.is_empty() {
                check.notes.push(std::mem::take(&mut check.why));
            }
            check.why = both!(
                "Ce contrôle réussit, alors que la liste des échecs attendus le dit en échec : l’entrée est périmée.",
                "This check passes although the baseline says that it fails: the entry is stale."
            );
            check.remedy =
                both!("Retirez l’entrée {name} de {file}.", "Remove the entry {name} from {file}.");
            check.party = Some(Party::Configuration);
            BaselineState::Stale
        }
        _ => BaselineState::Undecided,
    }
}

fn told(entry: &ExpectedFailure, state: BaselineState, expired: bool) -> ExpectedFailureOutcome {
    ExpectedFailureOutcome {
        check: entry.check.clone(),
        owner: entry.owner.clone(),
        reason: entry.reason.clone(),
        until: entry.until.clone(),
        expired,
        state,
        sentence: sentence(entry, state, expired),
    }
}

/// What became of an entry, with all that it says, in one sentence.
fn sentence(entry: &ExpectedFailure, state: BaselineState, expired: bool) -> Text {
    let until = &entry.until;
    let what = match state {
        BaselineState::Expected => both!("attendu jusqu’au {until}", "expected until {until}"),
        BaselineState::Expired => both!(
            "n’est plus attendu : l’entrée a expiré le {until}, l’échec compte",
            "no longer expected: the entry expired on {until}, the failure counts"
        ),
        BaselineState::Stale => both!(
            "était attendu jusqu’au {until} et n’a pas eu lieu",
            "was expected until {until} and did not happen"
        ),
        BaselineState::Undecided if expired => both!(
            "ni confirmé ni démenti ; l’entrée a expiré le {until}",
            "neither confirmed nor refuted; the entry expired on {until}"
        ),
        BaselineState::Undecided => both!(
            "ni confirmé ni démenti (attendu jusqu’au {until})",
            "neither confirmed nor refuted (expected until {until})"
        ),
        BaselineState::NotPlayed if expired => both!(
            "scénario non sélectionné ; l’entrée a expiré le {until}",
            "scenario not selected; the entry expired on {until}"
        ),
        BaselineState::NotPlayed => both!(
            "scénario non sélectionné (attendu jusqu’au {until})",
            "scenario not selected (expected until {until})"
        ),
    };
    let (owner, reason) = (&entry.owner, &entry.reason);
    Text::new(
        format!("{} ; responsable : {owner} ; raison : {}", what.fr, reason.fr),
        format!("{}; owner: {owner}; reason: {}", what.en, reason.en),
    )
}
