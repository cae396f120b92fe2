//! From a scenario's `given` to the mock's behaviour.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;

use crate::campaign::QuotaValues;
use crate::journal::{Api, CountingFacts, QuotaFacts, SuspensionFacts};
use crate::ror::quota::{Counting, Suspension};
use crate::ror::whitelist::{Reference, Whitelist};
use crate::ror::{self, AccessProfile, Directory, Edit, SearchOptions, Stamp, capacity};
use crate::scenario::{self, AdvertiseDelay, Given, ReplyBody, ScriptedReply, Updated};
use crate::server::Behaviour;
use crate::server::behaviour::{
    Advertise, Dialect, ExportBehaviour, Fault, ForeignLink, Gzip, Quotas, Redirect, RetryAfter, Scripted,
    ScriptedBody, Selector, Suspended,
};

/// How long a stall or a drip lasts when the scenario does not say.
const LASTS: Duration = Duration::from_secs(2);

/// How the mock behaves in that scenario.
pub(super) fn of(
    given: &Given,
    campaign: QuotaValues,
    search: SearchOptions,
    directory: Arc<Directory>,
    whitelist: Whitelist,
    reference: &Reference,
) -> Behaviour {
    Behaviour {
        directory,
        whitelist: Arc::new(whitelist),
        assigned: Arc::new(reference.assigned.clone()),
        token_lifetime: given.token_lifetime.duration(),
        quotas: quotas(&given.quotas, campaign),
        scripted: given.replies.iter().map(scripted).collect(),
        search: SearchOptions { drafts: search.drafts || given.drafts, ..search },
        capacity: capacity_options(given.capacity),
        export: export(&given.export),
        chains_as_sent: given.chains == scenario::Chains::AsSent,
        alerts_bad_certificates: given.bad_certificates == scenario::BadCertificates::TlsAlert,
        foreign: given.another_host.map(|link| match link {
            scenario::AnotherHost::Next => ForeignLink::Next,
            scenario::AnotherHost::Poll => ForeignLink::Poll,
            scenario::AnotherHost::File => ForeignLink::File,
        }),
    }
}

fn capacity_options(given: scenario::CapacityFeed) -> capacity::Options {
    capacity::Options {
        duplicate_add: match given.duplicate_add {
            scenario::DuplicateAdd::Refused => capacity::DuplicateAdd::Refuse,
            scenario::DuplicateAdd::Second => capacity::DuplicateAdd::Second,
        },
        expression: match given.expression {
            scenario::ExpressionForm::Text => capacity::ExpressionForm::Plain,
            scenario::ExpressionForm::List => capacity::ExpressionForm::Array,
        },
    }
}

fn export(given: &scenario::Export) -> ExportBehaviour {
    let usual = ExportBehaviour::default();
    ExportBehaviour {
        polls: given.polls,
        poll_after: given.poll_after.map_or(usual.poll_after, scenario::Seconds::duration),
        slice: given.slice.unwrap_or(usual.slice),
        lifetime: given.lifetime.map_or(usual.lifetime, scenario::Seconds::duration),
        content_location: !given.no_content_location,
        reports_errors: given.reports_errors,
        one_job_per_service: given.one_job,
    }
}

/// The changes of a step, for the mock. `last_answer` is when it gave its last answer.
pub(super) fn changes(
    changes: &[scenario::Change],
    now: OffsetDateTime,
    last_answer: Option<OffsetDateTime>,
) -> Vec<ror::Change> {
    changes
        .iter()
        .map(|change| {
            let merge = change.merge.clone().unwrap_or_else(|| json!({}));
            let edit = match (&change.copy_of, change.sensitive, change.confidentiality_level) {
                _ if change.remove => Edit::Remove,
                (Some(other), ..) => Edit::CopyOf(other.clone(), merge),
                (None, Some(sensitive), _) => Edit::Sensitive(sensitive),
                (None, None, Some(level)) => Edit::ConfidentialityLevel(level.to_string()),
                (None, None, None) => Edit::Merge(merge),
            };
            let stamp = match change.updated {
                Updated::Now => Stamp::At(now),
                Updated::LastAnswer => Stamp::At(last_answer.unwrap_or(now)),
                Updated::Unchanged => Stamp::Unchanged,
            };
            ror::Change { resource: change.resource.clone(), edit, stamp }
        })
        .collect()
}

/// Quotas: those of the scenario, else those of the campaign, else those of the charter.
fn quotas(given: &scenario::Quotas, campaign: QuotaValues) -> Quotas {
    let charter = Quotas::default();
    Quotas {
        level_1: given.level_1.or(campaign.level_1).unwrap_or(charter.level_1),
        level_2_authenticated: given.level_2.or(campaign.level_2).unwrap_or(charter.level_2_authenticated),
        level_2_public: given.level_2.or(campaign.level_2_public).unwrap_or(charter.level_2_public),
        enforced: given.enforced,
        other_services: given.other_services,
        advertise: match given.retry_after {
            AdvertiseDelay::Seconds => Advertise::Seconds,
            AdvertiseDelay::Date => Advertise::Date,
            AdvertiseDelay::Absent => Advertise::Absent,
        },
        dialect: dialect(given.dialect),
        counting: Counting {
            window_us: given.window.map_or(charter.counting.window_us, |window| window.micros().max(1_000)),
            fixed: given.counting == scenario::Counting::Fixed,
        },
        announced: given.announced,
        suspension: given.suspension.map(|given| Suspended {
            rule: Suspension { after: given.after, lasts_us: given.lasts.micros() },
            throttled: given.by == scenario::SuspendedBy::Throttling,
        }),
    }
}

/// What the journal says of a behaviour.
pub(super) struct BehaviourFacts {
    pub(super) quotas: QuotaFacts,
    /// Whether draft search parameters are understood.
    pub(super) drafts: bool,
}

/// What the journal says of a behaviour, for a service of that profile.
pub(super) fn facts(behaviour: &Behaviour, profile: AccessProfile) -> BehaviourFacts {
    let quotas = &behaviour.quotas;
    let counting = quotas.counting;
    let quotas = QuotaFacts {
        level_1: quotas.level_1,
        level_2: quotas.level_2(profile),
        level_2_supplier: Some(quotas.level_2_authenticated),
        enforced: quotas.enforced,
        counting: (counting != Counting::default())
            .then_some(CountingFacts { window_ms: counting.window_us / 1_000, fixed: counting.fixed }),
        suspension: quotas.suspension.map(|suspended| SuspensionFacts {
            after: suspended.rule.after,
            lasts_ms: suspended.rule.lasts_us / 1_000,
            status: if suspended.throttled { 429 } else { 403 },
        }),
    };
    BehaviourFacts { quotas, drafts: behaviour.search.drafts }
}

fn dialect(given: scenario::Dialect) -> Dialect {
    match given {
        scenario::Dialect::Rfc => Dialect::Rfc,
        scenario::Dialect::Gravitee => Dialect::Gravitee,
        scenario::Dialect::DraftRatelimit => Dialect::DraftRatelimit,
        scenario::Dialect::Bare => Dialect::Bare,
    }
}

fn scripted(reply: &ScriptedReply) -> Scripted {
    let (on, reply) = (&reply.on, &reply.reply);
    let retry_after = match (reply.retry_after, reply.retry_after_date, &reply.retry_after_raw) {
        (Some(delay), _, _) => Some(RetryAfter::Seconds(delay.micros().div_ceil(1_000_000))),
        (_, Some(delay), _) => Some(RetryAfter::DateIn(delay.duration())),
        (_, _, Some(raw)) => Some(RetryAfter::Raw(raw.clone())),
        _ if !reply.retry_after_several.is_empty() => {
            Some(RetryAfter::Several(reply.retry_after_several.clone()))
        }
        _ => None,
    };
    let lasting = on.forever || on.during.is_some();
    Scripted {
        on: Selector {
            method: on.method.clone(),
            path: on.path.clone(),
            or_path: on.or_path.clone(),
            api: on.api.as_deref().and_then(api),
            id: on.id.clone(),
            phase: on.step,
        },
        nth: on.nth.unwrap_or(1),
        times: (!lasting).then(|| on.times.unwrap_or(1)),
        during: on.during.map(scenario::Seconds::duration),
        status: reply.status,
        retry_after,
        dialect: dialect(reply.dialect),
        content_type: reply.content_type.clone(),
        redirect: reply.redirect.map(|redirect| match redirect {
            scenario::Redirect::Same => Redirect::Same,
            scenario::Redirect::AnotherHost => Redirect::AnotherHost,
        }),
        gzip: reply.gzip.map(|gzip| match gzip {
            scenario::Gzip::IfAsked => Gzip::IfAsked,
            scenario::Gzip::Always => Gzip::Always,
        }),
        strangers: reply.strangers,
        padding: reply.padding.unwrap_or(0) as usize * 1024 * 1024,
        lasts: reply.lasts.map_or(LASTS, scenario::Seconds::duration),
        body: match reply.body {
            ReplyBody::Usual => ScriptedBody::Usual,
            ReplyBody::Gateway => ScriptedBody::Gateway,
            ReplyBody::Html => ScriptedBody::Html,
            ReplyBody::Empty => ScriptedBody::Empty,
            ReplyBody::ExpressionText => ScriptedBody::ExpressionText,
            ReplyBody::ExpressionList => ScriptedBody::ExpressionList,
        },
        hold: reply.hold.map(scenario::Seconds::duration),
        fault: reply.fault.map(|fault| match fault {
            scenario::Fault::Reset => Fault::Reset,
            scenario::Fault::Truncate => Fault::Truncate,
            scenario::Fault::Half => Fault::Half,
            scenario::Fault::Stall => Fault::Stall,
            scenario::Fault::Drip => Fault::Drip,
            scenario::Fault::Long => Fault::Long,
            scenario::Fault::Malformed => Fault::Malformed,
        }),
    }
}

fn api(name: &str) -> Option<Api> {
    match name {
        "token" => Some(Api::Token),
        "fhir" => Some(Api::Fhir),
        "capacity" => Some(Api::Capacity),
        "anomalies" => Some(Api::Anomalies),
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::judge::Ledger;
    use crate::scenario::catalogue::{Catalogue, dataset};

    #[test]
    fn every_change_of_the_catalogue_fits_its_dataset() {
        let catalogue = Catalogue::builtin(&Ledger::builtin().unwrap()).unwrap();
        let mut count = 0;
        for item in
            catalogue.iter().filter(|item| item.scenario.steps.iter().any(|step| step.change.is_some()))
        {
            let name = &item.scenario.given.dataset;
            let text = dataset(name).unwrap();
            let mut directory = Directory::from_yaml(name, text, 1).unwrap();
            for step in item.scenario.steps.iter().filter_map(|step| step.change.as_ref()) {
                for change in changes(step, OffsetDateTime::UNIX_EPOCH, None) {
                    let effect = change.effect(&directory);
                    let effect = effect.unwrap_or_else(|why| panic!("{}: {why}", item.scenario.id));
                    directory = directory.after([effect]);
                    count += 1;
                }
            }
        }
        assert!(count > 10, "{count} changes");
    }
}
