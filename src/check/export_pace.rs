//! How an extraction is polled: Retry-After of a 202 is a hint (SHOULD), a hot loop is hammering (MUST).

use super::Finding;
use super::context::Scene;
use super::flight::Flights;
use super::jobs::Job;
use super::wait::advertised_wait;
use super::words::{both, ms};
use crate::journal::Exchange;

/// Polls closer to each other than this are a hot loop: 200 ms, less the precision of timers.
const HOT_US: u64 = 190_000;
/// So many in a row; fewer may be the beginning of a growing delay.
const HOT_IN_A_ROW: usize = 3;

/// Judges the polls of those jobs.
pub(super) fn judge(scene: &Scene<'_>, jobs: &[Job<'_>]) -> Finding {
    let flights = Flights::new(scene);
    let mut answered = Vec::new();
    let mut early = None;
    for job in jobs {
        let mut in_a_row: Vec<u32> = Vec::new();
        for pair in job.polls.windows(2) {
            let (waiting, next) = (pair[0], pair[1]);
            let Some(gap) = gap(waiting, next) else {
                in_a_row.clear();
                continue;
            };
            answered.push(waiting.number);
            if gap < HOT_US {
                in_a_row.push(next.number);
            } else {
                in_a_row.clear();
            }
            if in_a_row.len() >= HOT_IN_A_ROW {
                return hot(gap, &in_a_row);
            }
            let told = advertised_wait(waiting, scene.epoch_us);
            let is_early = told.is_some_and(|told| gap + told.tolerance_us < told.wait_us);
            let is_open = flights.in_flight(waiting, next) || flights.in_doubt(waiting, next);
            if is_early && early.is_none() && !is_open {
                early = told.map(|told| (waiting.number, next.number, gap, told.wait_us));
            }
        }
    }
    if let Some((waiting, next, gap, told)) = early {
        let (gap, told) = (ms(gap), ms(told));
        let actual = both!(
            "Demande suivante après {gap}, délai annoncé {told}.",
            "Next request after {gap}, advertised delay {told}."
        );
        let why = both!(
            "L’échange {next} demande l’état {gap} après la réponse 202 de l’échange {waiting}, qui annonçait {told}.",
            "Exchange {next} asks for the state {gap} after the 202 of exchange {waiting}, which advertised {told}."
        );
        let remedy = both!(
            "Attendez le délai de Retry-After avant de redemander l’état de l’export.",
            "Wait for the delay of Retry-After before asking for the state of the export again."
        );
        let mut finding = Finding::broken(actual, why, remedy).citing([waiting, next]);
        // With a 202 the delay is a hint of the server, no refusal.
        finding.at_most_should = true;
        return finding;
    }
    if answered.is_empty() {
        return Finding::undecided(
            both!(
                "Aucune réponse 202 au suivi, ou rien après elle.",
                "No 202 to a poll, or nothing after it."
            ),
            both!(
                "Le client n’a pas eu à attendre, ou n’a pas redemandé : son rythme ne peut pas être jugé.",
                "The client did not have to wait, or did not ask again: its pace cannot be judged."
            ),
        );
    }
    let count = answered.len();
    Finding::met(
        both!("{count} attente(s) respectée(s).", "{count} wait(s) as they should be."),
        both!("Le client espace ses demandes.", "The client spaces its requests."),
    )
    .citing(answered)
}

/// From when a 202 was ready to the first byte of the next poll, µs; none after any other answer.
fn gap(waiting: &Exchange, next: &Exchange) -> Option<u64> {
    let ready = waiting.ready_us().filter(|_| waiting.status() == Some(202))?;
    Some(next.request.first_byte_us.saturating_sub(ready))
}

fn hot(gap: u64, numbers: &[u32]) -> Finding {
    let (gap, count) = (ms(gap), numbers.len());
    let actual = both!(
        "{count} demandes de suite, la dernière {gap} après une réponse 202.",
        "{count} requests in a row, the last one {gap} after a 202."
    );
    let why = both!(
        "Le client demande l’état de l’export en boucle serrée au lieu d’attendre.",
        "The client asks for the state of the export in a hot loop instead of waiting."
    );
    let remedy = both!(
        "Attendez le délai de Retry-After ; sans lui, quelques secondes, de plus en plus longues.",
        "Wait for the delay of Retry-After; without it a few seconds, longer and longer."
    );
    Finding::broken(actual, why, remedy).citing(numbers.iter().copied())
}
