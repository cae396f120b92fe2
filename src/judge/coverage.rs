//! What became of each requirement of the client.

use super::ledger::Ledger;
use super::outcome::{Conformity, RequirementOutcome, ScenarioOutcome, Status};

/// The client's requirements in ledger order, with the checks of this run that cite them.
pub(super) fn requirements(ledger: &Ledger, scenarios: &[ScenarioOutcome]) -> Vec<RequirementOutcome> {
    ledger
        .client()
        .map(|requirement| {
            let citing: Vec<(String, Status)> = scenarios
                .iter()
                .flat_map(|scenario| scenario.checks.iter().map(move |check| (scenario, check)))
                .filter(|(_, check)| check.requires.contains(&requirement.id))
                .map(|(scenario, check)| (format!("{}/{}", scenario.id, check.id), check.status))
                .collect();
            RequirementOutcome {
                id: requirement.id.clone(),
                keyword: requirement.keyword.name().to_owned(),
                origin: requirement.origin.name().to_owned(),
                text: requirement.text.clone(),
                source: requirement.source.clone(),
                covered: citing.iter().any(|(_, status)| Conformity::of(*status).is_some()),
                conformity: citing.iter().filter_map(|(_, status)| Conformity::of(*status)).max(),
                untested: requirement.untested.clone(),
                status: citing.iter().map(|(_, status)| *status).max(),
                checks: citing.into_iter().map(|(name, _)| name).collect(),
            }
        })
        .collect()
}
