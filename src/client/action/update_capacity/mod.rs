//! `update-capacity`: feeds bed capacities, one record at a time, and keeps what could not be sent.

mod order;
mod patch;

use std::collections::BTreeSet;

use hyper::Method;
use hyper::header::CONTENT_TYPE;
use serde_json::Value;

use super::super::error::ClientError;
use super::super::flaws::Flaw;
use super::super::moment;
use super::super::outcome::Done;
use super::super::query::search_url;
use super::super::ror::{Call, Ror};
use super::super::state::State;
use super::super::transport::Answer;
use order::{Input, Operation, Order, latest, queue};
use patch::{Verb, body, is_unknown_record};

const BACKLOG: &str = "capacity-backlog.json";
/// Where `feed-sends-changes-only` keeps what it tried.
const TRIED: &str = "capacity-tried.json";
/// Times that a record is written whose addition got lost.
const ROUNDS: u32 = 3;

/// What came of the orders.
#[derive(Default)]
struct Tally {
    written: usize,
    refused: Vec<String>,
    unsent: Vec<Order>,
    /// Why they were not sent.
    cause: Option<ClientError>,
    /// Left out by `feed-stops-at-first-refusal`.
    given_up: usize,
}

pub(super) async fn perform(ror: &Ror) -> Result<Done, ClientError> {
    let settings = &ror.session.settings;
    let input: Input = settings.input_as()?;
    settings.require("ROR_CAPACITY_URL")?;
    let state = State::of(settings);
    let backlog: Option<Vec<Order>> = state.read(BACKLOG)?;
    let had_backlog = backlog.is_some();
    let now = moment::write(ror.session.clock.wall());
    let mut orders = queue(backlog.unwrap_or_default(), input, &now, &ror.session.flaws)?;
    if ror.session.flaws.has(Flaw::FeedSendsChangesOnly) {
        orders = changes(&state, orders)?;
    }
    let mut tally = write_all(ror, orders).await;
    if ror.session.flaws.has(Flaw::FeedDropsBacklog) {
        tally.unsent.clear();
    }
    if had_backlog || !tally.unsent.is_empty() {
        state.write(BACKLOG, &latest(tally.unsent.clone()))?;
    }
    conclude(ror, tally, state.lasts())
}

/// For `feed-sends-changes-only`: the orders that are not those of the last time.
fn changes(state: &State, orders: Vec<Order>) -> Result<Vec<Order>, ClientError> {
    let before: Vec<Order> = state.read(TRIED)?.unwrap_or_default();
    state.write(TRIED, &orders)?;
    Ok(orders.into_iter().filter(|order| !before.contains(order)).collect())
}

/// Writes the orders one after the other, as far as it makes sense to go on.
async fn write_all(ror: &Ror, orders: Vec<Order>) -> Tally {
    let mut tally = Tally::default();
    let mut orders = orders.into_iter();
    let mut forbidden: BTreeSet<String> = BTreeSet::new();
    while let Some(order) = orders.next() {
        if forbidden.contains(&order.establishment) {
            tally.refused.push(format!("{}: not sent, the establishment was refused", order.name()));
            continue;
        }
        let error = match write(ror, &order).await {
            Ok(()) => {
                tally.written += 1;
                continue;
            }
            Err(error) => error,
        };
        if is_refusal(&error) {
            let insists = ror.session.flaws.has(Flaw::FeedInsistsOnEstablishment);
            if is_forbidden(&error) && !insists {
                forbidden.insert(order.establishment.clone());
            }
            tally.refused.push(format!("{}: {error}", order.name()));
            if ror.session.flaws.has(Flaw::FeedStopsAtFirstRefusal) {
                tally.given_up = orders.len();
                return tally;
            }
            continue;
        }
        // Where the service as a whole does not answer, the rest would only add to its load.
        let goes_on = matches!(error, ClientError::Broken { .. } | ClientError::Lost { .. });
        tally.unsent.push(order);
        tally.cause = tally.cause.or(Some(error));
        if !goes_on {
            tally.unsent.extend(orders);
            return tally;
        }
    }
    tally
}

/// The server has understood the write and will not do it, now or later.
fn is_refusal(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused { status, .. } if *status != 401)
}

/// The client may not write for that establishment, whatever the place and the record.
fn is_forbidden(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused { status: 403, .. })
}

async fn write(ror: &Ror, order: &Order) -> Result<(), ClientError> {
    match order.capacity.operation {
        Operation::Set => set(ror, order).await,
        Operation::Delete if ror.session.flaws.has(Flaw::FeedDeletesByZero) => {
            let empty = Order { capacity: order.capacity.emptied(), ..order.clone() };
            ror.send(&call(ror, &empty, Verb::Add)?, is_written).await.map(drop)
        }
        Operation::Delete => {
            // A record that is not there is gone, which is what was asked for.
            let done = |answer: &Answer| is_written(answer) || lacks_record(answer);
            ror.send(&call(ror, order, Verb::Delete)?, done).await.map(drop)
        }
    }
}

/// Replaces the record; adds it when the place is known and the record is not.
async fn set(ror: &Ror, order: &Order) -> Result<(), ClientError> {
    let flaws = &ror.session.flaws;
    let mut adds = flaws.has(Flaw::FeedAddsFirst);
    let mut round = 1;
    loop {
        if !adds {
            let call = call(ror, order, Verb::Replace)?;
            let understood = |answer: &Answer| {
                is_written(answer) || (may_be_added(answer, ror) && !flaws.has(Flaw::FeedNeverAdds))
            };
            if is_written(&ror.send(&call, understood).await?) {
                return Ok(());
            }
        }
        match ror.send(&call(ror, order, Verb::Add)?, is_written).await {
            // It may have been added: a replace tells, and does no harm.
            Err(ClientError::Lost { .. }) if round < ROUNDS => round += 1,
            outcome => return outcome.map(drop),
        }
        adds = flaws.has(Flaw::FeedReaddsAfterLostAnswer);
    }
}

fn call(ror: &Ror, order: &Order, verb: Verb) -> Result<Call, ClientError> {
    let flaws = &ror.session.flaws;
    let place = format!("{}/{}", order.establishment, order.location);
    let base = ror.session.settings.require("ROR_CAPACITY_URL")?;
    let url = search_url(base, "Location", &[("identifier".to_owned(), place.clone())], flaws)?;
    let mut capacity = order.capacity.clone();
    if flaws.has(Flaw::FeedDateOfSending) {
        capacity.updated = Some(moment::write(ror.session.clock.wall()));
    }
    let body = body(verb, &capacity, flaws);
    let method = if flaws.has(Flaw::FeedPuts) { Method::PUT } else { Method::PATCH };
    let mut call = Call::write(method, url, format!("PATCH Location {place}"), &body);
    if flaws.has(Flaw::FeedJsonContentType) {
        call = call.with(CONTENT_TYPE, "application/json");
    }
    call.with_rights = flaws.has(Flaw::FeedSendsRorHeaders);
    // To replace or to delete twice comes to the same; to add twice does not.
    call.repeatable = verb != Verb::Add;
    Ok(call)
}

fn is_written(answer: &Answer) -> bool {
    matches!(answer.status, 200 | 201 | 204)
}

fn may_be_added(answer: &Answer, ror: &Ror) -> bool {
    lacks_record(answer) || (answer.status == 404 && ror.session.flaws.has(Flaw::FeedAddsOnUnknownLocation))
}

fn lacks_record(answer: &Answer) -> bool {
    let outcome = || serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    answer.status == 404 && is_unknown_record(&outcome())
}

fn conclude(ror: &Ror, tally: Tally, kept: bool) -> Result<Done, ClientError> {
    let hides = ror.session.flaws.has(Flaw::FeedHidesRefusal);
    let mut problems = Vec::new();
    if !tally.refused.is_empty() && !hides {
        problems.push(format!("{} refused: {}", tally.refused.len(), tally.refused.join("; ")));
    }
    if tally.given_up > 0 {
        problems.push(format!("{} not sent", tally.given_up));
    }
    if !tally.unsent.is_empty() {
        let names: Vec<String> = tally.unsent.iter().map(Order::name).collect();
        let fate = if kept { "kept for the next time" } else { "lost for want of ROR_STATE_DIR" };
        let cause = tally.cause.map(|cause| cause.to_string()).unwrap_or_default();
        problems.push(format!("{} not sent and {fate}: {} ({cause})", names.len(), names.join("; ")));
    }
    if problems.is_empty() {
        return Ok(done(tally.written));
    }
    let written = tally.written;
    Err(ClientError::NotAllWritten(format!("{written} capacities written, {}", problems.join("; "))))
}

fn done(written: usize) -> Done {
    Done { message: format!("{written} capacities written"), integrated: None }
}
