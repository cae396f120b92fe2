//! `sync`: what has changed since the bookmark, merged into the local base.
//!
//! Each type is asked for by its own date: an establishment that moves does not touch the dates of its offers. The
//! bookmark never passes the newest data seen, nor the moment of the first answer: whatever changed while the later
//! searches ran is asked for again the next time, and so is the second of the boundary (`ge`).

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::super::base::{Base, newest};
use super::super::error::ClientError;
use super::super::flaws::Flaw;
use super::super::moment::{self, earlier, later};
use super::super::outcome::Done;
use super::super::paging;
use super::super::query::{REGION, search_url};
use super::super::ror::Ror;
use super::super::state::State;
use super::export;

/// The types, the offers first, which bring along what they refer to.
const TYPES: [&str; 5] = [OFFER, "Location", "Organization", "Practitioner", "PractitionerRole"];
const OFFER: &str = "HealthcareService";
/// All that belongs to an offer (the inclusions of the ROR's synchronisation searches).
const WITH_ALL: [(&str, &str); 5] = [
    ("_include", "HealthcareService:organization"),
    ("_include:iterate", "Organization:partof"),
    ("_include", "HealthcareService:location"),
    ("_revinclude", "PractitionerRole:service"),
    ("_include", "PractitionerRole:practitioner"),
];

#[derive(Deserialize)]
struct Input {
    #[serde(default)]
    since: Option<String>,
}

pub(super) async fn perform(ror: &Arc<Ror>) -> Result<Done, ClientError> {
    let input: Input = ror.session.settings.input_as()?;
    let state = State::of(&ror.session.settings);
    let mut base = Base::read(&state)?.unwrap_or_default();
    let Some(since) = input.since.clone().or_else(|| base.bookmark.clone()) else {
        return export::renew(ror, base.region).await;
    };
    let flaws = &ror.session.flaws;
    let since = if flaws.has(Flaw::SyncHourAhead) {
        moment::write(ror.session.clock.wall() + Duration::from_secs(3600))
    } else {
        since
    };
    let outcome = merge(ror, &mut base, &since).await;
    let seen = match outcome {
        Ok(seen) => seen,
        Err(error) => {
            if flaws.has(Flaw::SyncBookmarkDespiteFailure) {
                let mut unchanged = Base::read(&state)?.unwrap_or_default();
                unchanged.bookmark = Some(moment::write(ror.session.clock.wall()));
                unchanged.write(&state)?;
            }
            return Err(error);
        }
    };
    // A delta that begins after the bookmark leaves a gap, so that the bookmark stays before it.
    if !leaves_gap(&base, &since) {
        base.bookmark = later(Some(since), later(base.bookmark.take(), seen));
    }
    base.write(&state)?;
    let message = format!("synchronised, {} resources held", base.len());
    Ok(Done { message, integrated: Some(base.integrated(flaws)?) })
}

/// Takes in what has changed; gives the moment up to which nothing can have been missed.
async fn merge(ror: &Ror, base: &mut Base, since: &str) -> Result<Option<String>, ClientError> {
    let flaws = &ror.session.flaws;
    let types = if flaws.has(Flaw::SyncOffersOnly) { &TYPES[..1] } else { &TYPES[..] };
    let (mut first_answer, mut seen) = (None, None);
    for kind in types {
        let url = search_url(
            ror.session.settings.require("ROR_FHIR_URL")?,
            kind,
            &parameters(ror, base, kind, since),
            flaws,
        )?;
        let found = paging::fetch(ror, kind, &url, true).await?;
        if *kind == OFFER || flaws.has(Flaw::SyncStrictBoundary) {
            first_answer = found.date.map(moment::write);
        }
        let resources: Vec<_> = found.resources().cloned().collect();
        seen = later(seen, newest(&resources));
        resources.into_iter().try_for_each(|resource| base.take(resource, flaws))?;
    }
    if flaws.has(Flaw::SyncDropsClosed) {
        base.drop_closed();
    }
    if flaws.has(Flaw::SyncStrictBoundary) {
        return Ok(first_answer);
    }
    // Without a date of the server nothing is certain, and the bookmark stays where it was.
    Ok(first_answer.and_then(|answered| seen.and_then(|seen| earlier(Some(answered), Some(seen)))))
}

fn parameters(ror: &Ror, base: &Base, kind: &str, since: &str) -> Vec<(String, String)> {
    let flaws = &ror.session.flaws;
    let prefix = if flaws.has(Flaw::SyncStrictBoundary) { "gt" } else { "ge" };
    let mut parameters = vec![("_lastUpdated".to_owned(), format!("{prefix}{since}"))];
    if let Some(region) = base.region.as_ref().filter(|_| !flaws.has(Flaw::SyncIgnoresRegion)) {
        parameters.push(("_tag".to_owned(), format!("{REGION}|{region}")));
    }
    if kind == OFFER && !flaws.has(Flaw::SyncOffersOnly) {
        parameters.extend(WITH_ALL.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
    parameters
}

fn leaves_gap(base: &Base, since: &str) -> bool {
    let bookmark = base.bookmark.as_deref().and_then(moment::parse);
    match (bookmark, moment::parse(since)) {
        (Some(bookmark), Some(since)) => since > bookmark,
        _ => false,
    }
}
