//! The first line of a journal: what this run is.

use std::collections::BTreeMap;

use crate::campaign::Campaign;
use crate::journal::{Baseline, Journal, Redactor, RunStarted, SCHEMA};
use crate::text::Text;

/// What is said first in every artefact.
const NOTICE: &str = "auto-contrôle, ne vaut pas homologation · self-check, not a homologation";

/// What this run is; `name` is that of its folder.
pub(super) fn run_started(
    campaign: &Campaign,
    client: &str,
    scenarios: Vec<String>,
    name: &str,
    baseline: Option<&Baseline>,
    journal: &Journal,
) -> RunStarted {
    let file = serde_json::to_value(&campaign.file).unwrap_or_default();
    RunStarted {
        schema: SCHEMA,
        notice: NOTICE.to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        run: name.to_owned(),
        started: journal
            .wall_at(0)
            .format(&time::format_description::well_known::Rfc3339)
            .unwrap_or_default(),
        lang: campaign.lang.code().to_owned(),
        seed: campaign.seed,
        profile: campaign.profile.get(),
        client: journal.redactor().text(client),
        patience: campaign.patience,
        plans: campaign.plans.clone(),
        plans_named: campaign.plans_named,
        fail_on: campaign.fail_on.clone(),
        scenarios,
        left_out: BTreeMap::new(),
        campaign: file,
        baseline: baseline.map(|baseline| redacted(baseline, journal.redactor())),
    }
}

/// What people wrote in a baseline may quote a secret.
fn redacted(baseline: &Baseline, redactor: &Redactor) -> Baseline {
    let mut clean = baseline.clone();
    clean.file = redactor.text(&clean.file);
    for entry in &mut clean.expected_failures {
        entry.owner = redactor.text(&entry.owner);
        entry.reason = Text::new(redactor.text(&entry.reason.fr), redactor.text(&entry.reason.en));
    }
    clean
}
