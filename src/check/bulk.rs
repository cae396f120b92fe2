//! What an export or a sync should have brought, and what it lacks.

use std::collections::BTreeMap;

use super::context::Scene;
use super::flight::call_key;
use super::jobs::jobs;
use super::no_silent_loss::{Balance, broken_links};
use super::pages::{is_answered_whole, pages};
use super::search::first_pages;
use crate::journal::{Exchange, Step};

const TYPES: [&str; 5] =
    ["HealthcareService", "Organization", "Location", "PractitionerRole", "Practitioner"];

/// What the step should have brought: by its best extraction, or by its searches. None when it asked for nothing.
pub(super) fn balance(scene: &Scene<'_>, step: &Step) -> Option<Balance> {
    let jobs = jobs(scene, step);
    let best = jobs.iter().map(|job| (job, job.lack(scene, step))).min_by_key(|(job, lack)| {
        // A job that came as far as its manifest is nearer to its end than one that was refused.
        (lack.missing.len(), job.manifest.is_none(), job.location.is_none())
    });
    let searches = searches(scene, step);
    let Some((job, lack)) = best else {
        return searches;
    };
    let files = job.manifest.as_ref().map_or(0, |(_, manifest)| manifest.files.len());
    if lack.missing.is_empty() {
        return Some(Balance {
            wanted: files,
            missing: Vec::new(),
            cited: Vec::new(),
            may_have_come_otherwise: false,
        });
    }
    Some(Balance {
        wanted: files.max(lack.missing.len()),
        missing: lack.missing,
        cited: lack.cited,
        // An extraction that failed may be made good by searches.
        may_have_come_otherwise: searches.is_some(),
    })
}

/// Every search that the step made, to its last page. A search that failed may have been asked in another way later.
fn searches(scene: &Scene<'_>, step: &Step) -> Option<Balance> {
    let pages = pages(scene, step);
    let mut balance =
        Balance { wanted: 0, missing: Vec::new(), cited: Vec::new(), may_have_come_otherwise: false };
    for t in TYPES {
        let mut calls: BTreeMap<String, Vec<&Exchange>> = BTreeMap::new();
        for first in first_pages(scene, step, t) {
            calls.entry(call_key(first)).or_default().push(first);
        }
        let mut whole = 0;
        let mut lacking = Vec::new();
        for firsts in calls.values() {
            balance.wanted += 1;
            let chains = firsts
                .iter()
                .filter(|first| is_answered_whole(first))
                .map(|first| broken_links(scene, step, first.number, &pages));
            match chains.min_by_key(|(missing, _)| missing.len()) {
                Some((missing, _)) if missing.is_empty() => whole += 1,
                Some(chain) => lacking.push(chain),
                None => lacking.push((
                    vec![firsts[0].request.target.clone()],
                    firsts.iter().map(|first| first.number).collect(),
                )),
            }
        }
        balance.may_have_come_otherwise |= !lacking.is_empty() && whole > 0;
        for (missing, cited) in lacking {
            balance.missing.extend(missing);
            balance.cited.extend(cited);
        }
    }
    (balance.wanted > 0).then_some(balance)
}
