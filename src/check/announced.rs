//! What quota headers on ordinary answers announce (`RateLimit` of an IETF draft, `X-Rate-Limit-*` of a gateway), and
//! whether the client minds them. Never more than a note: no duty follows from them.

use super::context::Scene;
use super::flight::Flights;
use super::wait::TOLERANCE_US;
use super::words::{both, ms};
use crate::journal::{Exchange, Step};
use crate::text::Text;

/// Whether the client slowed down by itself in that step when it was told that nothing was left of the quota; none when
/// it was not told so.
pub(super) fn note(scene: &Scene<'_>, step: &Step) -> Option<Text> {
    let flights = Flights::new(scene);
    let (mut told, mut unminded) = (0_u32, 0_u32);
    let mut shortest: Option<(u64, u64)> = None;
    for exchange in scene.during(step).filter(|exchange| exchange.status() == Some(200)) {
        let Some((ready, wait)) = exchange.ready_us().zip(exhausted_for(exchange, scene.epoch_us)) else {
            continue;
        };
        told += 1;
        let next = scene.during(step).find(|call| {
            call.number > exchange.number
                && call.api() == exchange.api()
                && !flights.in_flight(exchange, call)
        });
        let Some(next) = next else { continue };
        let gap = next.request.first_byte_us.saturating_sub(ready);
        if gap + TOLERANCE_US < wait {
            unminded += 1;
            if shortest.is_none_or(|(least, _)| gap < least) {
                shortest = Some((gap, wait));
            }
        }
    }
    let Some((gap, wait)) = shortest else {
        return (told > 0).then(|| {
            both!(
                "{told} réponse(s) annonçaient un quota épuisé ; le client a ralenti de lui-même.",
                "{told} answer(s) announced that nothing was left of the quota; the client slowed down by itself."
            )
        });
    };
    let (gap, wait) = (ms(gap), ms(wait));
    Some(both!(
        "{told} réponse(s) annonçaient un quota épuisé ; après {unminded}, le client a rappelé avant l’instant annoncé (au plus tôt {gap} après, pour {wait}). Rien ne l’interdit ; ralentir de lui-même lui éviterait des refus.",
        "{told} answer(s) announced that nothing was left of the quota; after {unminded} of them the client called again before the instant announced (at the earliest {gap} later, of {wait}). Nothing forbids it; slowing down by itself would spare it refusals."
    ))
}

/// For how long nothing is left of the quota, as the headers of an answer say; none when they say nothing, or that
/// something is left.
fn exhausted_for(exchange: &Exchange, epoch_us: Option<i64>) -> Option<u64> {
    if let Some(policy) = exchange.response_header("ratelimit") {
        let parameter = |name: &str| {
            policy
                .split(';')
                .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')?.parse::<u64>().ok())
        };
        return (parameter("r")? == 0).then_some(parameter("t")?.saturating_mul(1_000_000));
    }
    if exchange.response_header("x-rate-limit-remaining")?.trim() != "0" {
        return None;
    }
    let reset_ms: i64 = exchange.response_header("x-rate-limit-reset")?.trim().parse().ok()?;
    let now_us = epoch_us?.checked_add(i64::try_from(exchange.ready_us()?).ok()?)?;
    u64::try_from(reset_ms.checked_mul(1_000)?.checked_sub(now_us)?).ok()
}
