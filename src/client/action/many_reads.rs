//! `many-reads`: a series of reads by several workers that share one token, one pace and one pause.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde::Deserialize;
use serde_json::Value;
use tokio::task::JoinSet;

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

/// The series as its workers share it.
struct Series {
    resource: String,
    ids: Vec<String>,
    next: AtomicUsize,
    /// Set when the rest of the series would meet the same end.
    ended: AtomicBool,
}

pub(super) async fn perform(ror: &Arc<Ror>) -> Result<Done, ClientError> {
    let input: Input = ror.session.settings.input_as()?;
    let flaws = &ror.session.flaws;
    let most = if flaws.has(Flaw::Floods) { input.ids.len() } else { MOST_WORKERS };
    let workers = input.parallel.clamp(1, most.max(1));
    let series = Arc::new(Series {
        resource: input.resource,
        ids: input.ids,
        next: AtomicUsize::new(0),
        ended: AtomicBool::new(false),
    });
    let mut taken = Taken::default();
    for answer in read_all(ror, &series, workers).await {
        match answer.map(|answer| answer.and_then(|resource| taken.add(&resource, flaws))) {
            Some(Ok(())) => {}
            Some(Err(error)) => taken.failures.push(error),
            None => taken.untried += 1,
        }
    }
    let failed = taken.failures.len() + taken.untried;
    if failed > 0 && !flaws.has(Flaw::SkipsFailedReads) {
        return Err(incomplete(series.ids.len(), failed, &taken));
    }
    let message = format!("{} reads of {} done", series.ids.len() - failed, series.resource);
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

/// The answers in the order of the ids; nothing where the read was not tried any more.
async fn read_all(
    ror: &Arc<Ror>,
    series: &Arc<Series>,
    workers: usize,
) -> Vec<Option<Result<Value, ClientError>>> {
    let mut answers: Vec<_> = series.ids.iter().map(|_| None).collect();
    let mut crew = JoinSet::new();
    for _ in 0..workers {
        crew.spawn(work(Arc::clone(ror), Arc::clone(series)));
    }
    while let Some(share) = crew.join_next().await {
        for (index, answer) in share.unwrap_or_default() {
            answers[index] = Some(answer);
        }
    }
    answers
}

/// One worker: the next id that nobody has taken, until there is none.
async fn work(ror: Arc<Ror>, series: Arc<Series>) -> Vec<(usize, Result<Value, ClientError>)> {
    let mut share = Vec::new();
    while !series.ended.load(Ordering::Relaxed) {
        let index = series.next.fetch_add(1, Ordering::Relaxed);
        let Some(id) = series.ids.get(index) else {
            break;
        };
        let answer = fetch(&ror, &series.resource, id, true).await;
        if answer.as_ref().is_err_and(ClientError::ends_the_job) {
            series.ended.store(true, Ordering::Relaxed);
        }
        share.push((index, answer));
    }
    share
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
