//! The first line of a journal: what this run is.

use crate::campaign::Campaign;
use crate::journal::{Journal, RunStarted, SCHEMA};

/// What is said first in every artefact.
const NOTICE: &str = "auto-contrôle, ne vaut pas homologation · self-check, not a homologation";

/// What this run is; `name` is that of its folder.
pub(super) fn run_started(
    campaign: &Campaign,
    client: &str,
    scenarios: Vec<String>,
    name: &str,
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
        campaign: file,
    }
}
