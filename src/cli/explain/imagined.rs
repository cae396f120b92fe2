//! What a check expects, in its own words, before anything was played: it is asked over a run in which the steps were
//! begun and nothing happened.

use std::borrow::Cow;

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::check::{self, Bodies, Check, Context};
use crate::cli::preparation::ready;
use crate::journal::{Body, Collector, Entry, Event, Evidence, ScenarioStarted};
use crate::ror::AccessProfile;
use crate::ror::whitelist::Reference;
use crate::scenario::Scenario;
use crate::server::behaviour::Quotas;
use crate::text::Text;

/// The profile that is told when the scenario is for it.
pub(super) const PROFILE: u8 = 1;

/// The DN of the bench's own client certificate, after `certs/recipe.yaml`.
const SUBJECT: &str = "CN=CLIENT_TEST_RORN,OU=33333333333,O=GIP - TEST3012,ST=Paris (75),C=FR";

/// What would be right; none when the check does not say.
pub(super) fn expected(scenario: &Scenario, check: &Check, profile: u8) -> Option<Text> {
    let scripted: Vec<Option<u16>> = scenario.given.replies.iter().map(|reply| reply.reply.status).collect();
    let evidence = evidence(scenario, profile)?;
    let context =
        Context { scripted: &scripted, evidence: &evidence, history: None, bodies: &Nothing, epoch_us: None };
    Some(check::evaluate(check, &context).expected).filter(|text| !text.is_empty())
}

fn evidence(scenario: &Scenario, profile: u8) -> Option<Evidence> {
    let mut collector = Collector::default();
    let mut take = |event| {
        let scenario = Some(scenario.id.clone());
        collector.take(Entry { seq: 0, at_us: 0, scenario, event, prev: String::new() });
    };
    take(Event::ScenarioStarted(Box::new(setting(scenario, profile)?)));
    for (number, step) in (1_u32..).zip(ready(scenario.clone(), OffsetDateTime::UNIX_EPOCH).steps) {
        let (action, input) = (step.act, step.with.unwrap_or(Value::Null));
        let began = json!({ "step": number, "action": action, "input": input, "deadline_ms": 0 });
        take(Event::StepStarted(serde_json::from_value(began).ok()?));
    }
    collector.finish()
}

/// The mock as the scenario would have it, with the charter's quotas where it says nothing.
fn setting(scenario: &Scenario, profile: u8) -> Option<ScenarioStarted> {
    let reference = Reference::builtin().ok()?;
    let (given, charter) = (&scenario.given, Quotas::default());
    let level_2 = given.quotas.level_2.unwrap_or(charter.level_2(AccessProfile::try_new(profile)?));
    let headers = reference.assigned.headers(profile).map(|(name, value)| json!([name, value]));
    let secret = profile == 0;
    serde_json::from_value(json!({
        "dataset": given.dataset,
        "profile": profile,
        "service": {
            "client_id": reference.under_test.client_id,
            "subject": (!secret).then_some(SUBJECT),
            "registration": "active",
            "assigned_headers": headers,
            "secret": secret.then_some(""),
        },
        "quotas": {
            "level_1": given.quotas.level_1.unwrap_or(charter.level_1),
            "level_2": level_2,
            "enforced": given.quotas.enforced,
        },
        "token_lifetime_s": given.token_lifetime.duration().as_secs(),
        "fhir_url": "https://localhost/ws-diffusion-fhir",
        "token_url": "https://localhost/auth/realms/ror/protocol/openid-connect/token",
        "supplier": {
            "client_ids": reference.under_test.supplier.client_ids,
            "subject": SUBJECT,
            "establishments": reference.under_test.supplier.establishments,
        },
    }))
    .ok()
}

/// No body was ever sent.
struct Nothing;

impl Bodies for Nothing {
    fn text<'a>(&'a self, _: &'a Body) -> Option<Cow<'a, str>> {
        None
    }
}
