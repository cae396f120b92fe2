//! `export`: everything, of a region or of the country, by the asynchronous extraction (`$export`).

mod files;
mod job;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::super::base::Base;
use super::super::error::ClientError;
use super::super::flaws::Flaw;
use super::super::moment::earlier;
use super::super::outcome::Done;
use super::super::ror::Ror;
use super::super::state::State;

/// Exports that are started when the job or a file has vanished: the first, and one more.
const STARTS: u32 = 2;
/// The same for `export-restarts-on-429`.
const STARTS_ON_429: u32 = 6;

#[derive(Deserialize)]
struct Input {
    #[serde(default)]
    region: Option<String>,
}

/// What an export has brought.
struct Extract {
    resources: Vec<Value>,
    transaction_time: Option<String>,
}

pub(super) async fn perform(ror: &Arc<Ror>) -> Result<Done, ClientError> {
    let input: Input = ror.session.settings.input_as()?;
    renew(ror, input.region).await
}

/// Replaces the whole local base by a new export.
pub(super) async fn renew(ror: &Arc<Ror>, region: Option<String>) -> Result<Done, ClientError> {
    let flaws = &ror.session.flaws;
    let state = State::of(&ror.session.settings);
    if flaws.has(Flaw::ExportEmptiesBaseFirst)
        && let Some(mut base) = Base::read(&state)?
    {
        base.empty();
        base.write(&state)?;
    }
    let extract = extract(ror, region.as_deref()).await?;
    let mut base = Base::default();
    if flaws.has(Flaw::ExportNeverPurges) {
        base = Base::read(&state)?.unwrap_or_default();
    }
    for resource in extract.resources {
        base.take(resource, flaws)?;
    }
    // The next delta starts where both the server's moment and the data agree that nothing can be missing.
    base.bookmark = earlier(extract.transaction_time, base.newest());
    base.region = region;
    base.write(&state)?;
    let kept = if state.lasts() { "" } else { ", not kept for want of ROR_STATE_DIR" };
    let message = format!("export done, {} resources held{kept}", base.len());
    Ok(Done { message, integrated: Some(base.integrated(flaws)?) })
}

/// Runs an export to its end, and once more from the start if its job or a file is gone by then.
async fn extract(ror: &Arc<Ror>, region: Option<&str>) -> Result<Extract, ClientError> {
    let mut starts = 1;
    loop {
        match attempt(ror, region, starts > 1).await {
            Err(error) if is_gone(&error) && starts < STARTS => starts += 1,
            Err(ClientError::Interrupted { .. }) if starts < STARTS_ON_429 => starts += 1,
            outcome => return outcome,
        }
    }
}

async fn attempt(ror: &Arc<Ror>, region: Option<&str>, again: bool) -> Result<Extract, ClientError> {
    let flaws = &ror.session.flaws;
    let Some(poll) = job::start(ror, region, again).await? else {
        return Ok(Extract { resources: Vec::new(), transaction_time: None });
    };
    let manifest = job::wait(ror, &poll).await?;
    let failed = manifest.errors();
    if !failed.is_empty() && !flaws.has(Flaw::ExportIgnoresManifestErrors) {
        return Err(ClientError::Content {
            call: "$export".to_owned(),
            problem: format!("the manifest tells of errors: {failed}"),
        });
    }
    let resources = files::fetch(ror, &poll, manifest.files()).await?;
    job::forget(ror, poll).await;
    Ok(Extract { resources, transaction_time: manifest.transaction_time() })
}

/// The job or one of its files is not there any more; nothing else that the export asks for can be missing.
fn is_gone(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused { call, status: 404 | 410, .. } if call != job::START)
}
