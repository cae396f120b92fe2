//! `many-reads`: a series of reads by several workers that share one token, one pace and one pause.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::super::crew::side_by_side;
use super::super::error::ClientError;
use super::super::flaws::{Flaw, FlawSet};
use super::super::outcome::Done;
use super::super::resource::{Integrated, key};
use super::super::ror::Ror;
use super::read::fetch;

/// Workers of the correct client at most: its pace leaves no work for more.
const MOST_WORKERS: usize = 8;
/// Failed reads that the message names; the rest is counted.
const NAMED: usize = 10;

#[derive(Deserialize)]
struct Input {
    resource: String,
    ids: Vec<String>,
    #[serde(default = "one")]
    parallel: usize,
}

fn one() -> usize {
    1
}

pub(super) async fn perform(ror: &Arc<Ror>) -> Result<Done, ClientError> {
    let input: Input = ror.session.settings.input_as()?;
    let flaws = &ror.session.flaws;
    let most = if flaws.has(Flaw::Floods) { input.ids.len() } else { MOST_WORKERS };
    let workers = input.parallel.clamp(1, most.max(1));
    let (resource, asked) = (input.resource, input.ids.len());
    let read = {
        let (ror, resource) = (Arc::clone(ror), resource.clone());
        move |id: String| {
            let (ror, resource) = (Arc::clone(&ror), resource.clone());
            async move { fetch(&ror, &resource, &id, true).await }
        }
    };
    let answers = side_by_side(input.ids, workers, read, ClientError::ends_the_job).await;
    let mut taken = Taken::default();
    for answer in answers {
        match answer.map(|answer| answer.and_then(|resource| taken.add(&resource, flaws))) {
            Some(Ok(())) => {}
            Some(Err(error)) => taken.failures.push(error),
            None => taken.untried += 1,
        }
    }
    let failed = taken.failures.len() + taken.untried;
    if failed > 0 && !flaws.has(Flaw::SkipsFailedReads) {
        return Err(incomplete(asked, failed, &taken));
    }
    let message = format!("{} reads of {resource} done", asked - failed);
    Ok(Done { message, integrated: Some(taken.integrated.into_items()) })
}

/// What the series has brought.
#[derive(Default)]
struct Taken {
    known: HashSet<String>,
    integrated: Integrated,
    failures: Vec<ClientError>,
    untried: usize,
}

impl Taken {
    /// Takes a resource in once, even if its id stood twice in the series.
    fn add(&mut self, resource: &Value, flaws: &FlawSet) -> Result<(), ClientError> {
        let is_new = key(resource).is_none_or(|(_, id)| self.known.insert(id.to_owned()));
        if is_new || flaws.has(Flaw::KeepsDuplicates) { self.integrated.add(resource, flaws) } else { Ok(()) }
    }
}

fn incomplete(asked: usize, failed: usize, taken: &Taken) -> ClientError {
    let failures = &taken.failures;
    let mut details: Vec<String> = failures.iter().take(NAMED).map(ToString::to_string).collect();
    if failures.len() > NAMED {
        details.push(format!("and {} more", failures.len() - NAMED));
    }
    if taken.untried > 0 {
        details.push(format!("{} not tried, since they would have met the same end", taken.untried));
    }
    ClientError::Incomplete { failed, asked, details: details.join("; ") }
}
