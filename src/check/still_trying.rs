//! A client that was stopped at the deadline while its attempts came ever more rarely: it backs off, as it should, and
//! nobody knows what it would have said in the end.

use super::Finding;
use super::context::Scene;
use super::words::{both, ms};
use crate::journal::Step;

/// Connections and calls within this time belong to one attempt.
const ONE_ATTEMPT_US: u64 = 1_000_000;

/// Fewer attempts tell nothing of how their distance grows.
const FEWEST: usize = 3;

/// For review when the attempts of that step came ever more rarely and the next one was not overdue.
pub(super) fn still_trying(scene: &Scene<'_>, step: &Step) -> Option<Finding> {
    let end = step.started_us.saturating_add(step.started.deadline_ms.saturating_mul(1_000));
    let attempts = attempts(scene, step, end);
    let [.., before_last, last] = gaps(&attempts)[..] else { return None };
    let left = end.saturating_sub(*attempts.last()?);
    // Doubled, give or take a random part.
    let grows = last.saturating_mul(10) >= before_last.saturating_mul(13);
    if attempts.len() < FEWEST || !grows || left > last.saturating_mul(3) {
        return None;
    }
    let (count, deadline) = (attempts.len(), step.started.deadline_ms);
    let (before_last, last) = (ms(before_last), ms(last));
    Some(Finding::review(
        both!(
            "{count} tentatives, les dernières à {before_last} puis {last} d’écart ; arrêté à l’échéance ({deadline} ms).",
            "{count} attempts, the last ones {before_last} and {last} apart; stopped at the deadline ({deadline} ms)."
        ),
        both!(
            "Le client espace ses tentatives de plus en plus, et l’échéance est venue avant la dernière. Une personne doit vérifier qu’il finit par une erreur ; avec --patience, le banc attend assez longtemps pour en juger.",
            "The client spaces its attempts ever more, and the deadline came before the last one. A person has to check that it ends with an error; with --patience the bench waits long enough to judge."
        ),
    ))
}

/// When each attempt began, µs.
fn attempts(scene: &Scene<'_>, step: &Step, end: u64) -> Vec<u64> {
    let connections = scene.evidence.connections.values().map(|connection| connection.opened_us);
    let calls = scene.during(step).map(|exchange| exchange.request.first_byte_us);
    let mut times: Vec<u64> =
        connections.filter(|at| (step.started_us..=end).contains(at)).chain(calls).collect();
    times.sort_unstable();
    let mut attempts: Vec<u64> = Vec::new();
    for at in times {
        if attempts.last().is_none_or(|last| at.saturating_sub(*last) > ONE_ATTEMPT_US) {
            attempts.push(at);
        }
    }
    attempts
}

fn gaps(attempts: &[u64]) -> Vec<u64> {
    attempts.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect()
}
