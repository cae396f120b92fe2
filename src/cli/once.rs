//! One action played by itself: what `try` and `doctor` share.

use std::path::Path;

use serde_json::Value;
use time::OffsetDateTime;

use super::failure::Failure;
use super::preparation::{self, Setting};
use super::{exit, progress};
use crate::bench::{self, Driver, RunFolder};
use crate::campaign::Campaign;
use crate::journal::{BodyFolder, Collector, Evidence, Journal, Reader};
use crate::scenario::{Given, Scenario, Step};
use crate::text::Text;

/// What one action left.
pub(super) struct Played {
    pub(super) evidence: Evidence,
    pub(super) bodies: BodyFolder,
    /// Wall clock at time zero, µs since the Unix epoch.
    pub(super) epoch_us: Option<i64>,
    /// Keeps the bodies.
    _folder: tempfile::TempDir,
}

/// Plays one action on a mock with nothing out of the ordinary. `input` is complete.
pub(super) fn play(
    action: &str,
    input: Value,
    campaign: &Campaign,
    driver: &(Driver, String),
    setting: &Setting,
) -> Result<Played, Failure> {
    let scenario = scenario(action, input);
    let directories = preparation::directories([scenario.given.dataset.as_str()], campaign.seed)?;
    let temporary = tempfile::tempdir().map_err(|error| Failure::temporary_unwritable(&error))?;
    let folder =
        RunFolder::named(temporary.path()).map_err(|error| Failure::sentence(exit::USAGE, error.text()))?;
    let started = OffsetDateTime::now_utc();
    let journal =
        Journal::create(folder.path(), started).map_err(|error| Failure::temporary_unwritable(&error))?;
    let plan = setting.plan([scenario], campaign.clone(), driver.clone(), directories, 1);
    let progress = progress::on(1, campaign.lang);
    preparation::runtime()?.block_on(bench::run(
        plan,
        &folder,
        journal,
        progress.clone(),
        preparation::interrupted(),
    ));
    progress.finish();
    let evidence = evidence(folder.path())
        .ok_or_else(|| Failure::bench("Rien n’a été enregistré.", "Nothing was recorded."))?;
    let epoch_us = i64::try_from(started.unix_timestamp_nanos() / 1000).ok();
    Ok(Played { evidence, bodies: BodyFolder::new(folder.path()), epoch_us, _folder: temporary })
}

fn scenario(action: &str, input: Value) -> Scenario {
    Scenario {
        id: "try".to_owned(),
        title: Text::same(action),
        description: Text::default(),
        plans: Vec::new(),
        profiles: (0..=5).collect(),
        criticality: crate::scenario::Criticality::Minor,
        tags: Vec::new(),
        optional: false,
        lasts: None,
        given: Given::default(),
        steps: vec![Step { act: Some(action.to_owned()), with: Some(input), ..Step::default() }],
        checks: Vec::new(),
    }
}

fn evidence(folder: &Path) -> Option<Evidence> {
    let mut collector = Collector::default();
    for entry in Reader::open(folder).ok()?.map_while(Result::ok).filter(|entry| entry.scenario.is_some()) {
        collector.take(entry);
    }
    collector.finish()
}
