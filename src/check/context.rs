//! What a check may look at: what was scripted, the evidence, the truth of the dataset, and the bodies.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::Value;

use crate::journal::{Api, Body, Evidence, Exchange, Step, StepEnd};

/// All that a check may look at.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Status of each scripted reply of the scenario; none for a fault on the ordinary answer.
    pub scripted: &'a [Option<u16>],
    /// What happened.
    pub evidence: &'a Evidence,
    /// The dataset, step after step; none when it is not at hand, and then nothing is compared with it.
    pub history: Option<&'a dyn History>,
    /// The bodies.
    pub bodies: &'a dyn Bodies,
    /// Wall clock at the run's time zero, microseconds since the Unix epoch, when known.
    pub epoch_us: Option<i64>,
}

/// The dataset as it was after each step of a scenario.
pub trait History {
    /// What a profile sees of it after that step; the scenario's own profile when none is named.
    fn after(&self, step: u32, profile: Option<u8>) -> Rc<dyn Truth>;
    /// What a client holds after having done that step; none when its action is not about a set of resources.
    /// `declared` are the types that it declares.
    fn expected(&self, step: &Step, declared: &BTreeSet<&str>) -> Option<Expected>;
    /// Locations of that identifier after that step, before any access policy.
    fn locations(&self, step: u32, identifier: &str) -> Vec<Value>;
}

/// What a client holds after an action.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expected {
    /// Types whose resources are compared one by one; those of other types are included ones.
    pub types: BTreeSet<String>,
    /// Type and id of those that must be there.
    pub required: BTreeSet<(String, String)>,
    /// Type and id of others that may be there.
    pub tolerated: BTreeSet<(String, String)>,
}

/// The dataset as a client of some profile may see it.
pub trait Truth {
    /// Whether the profile sees such a resource.
    fn exists(&self, resource: &str, id: &str) -> bool;
    /// Its name.
    fn name(&self, resource: &str, id: &str) -> Option<String>;
    /// Values of the telecoms that the profile sees on it, contacts included.
    fn telecoms(&self, resource: &str, id: &str) -> Vec<String>;
    /// Its capacities: status and count.
    fn capacities(&self, resource: &str, id: &str) -> Vec<(String, i64)>;
    /// Statuses of its current capacities (temporality 01) whose count is zero.
    fn empty_capacities(&self, _resource: &str, _id: &str) -> Vec<String> {
        Vec::new()
    }
    /// Whether the profile sees that text anywhere.
    fn shows(&self, _text: &str) -> bool {
        false
    }
    /// Its identifiers: type code and value.
    fn identifiers(&self, resource: &str, id: &str) -> Vec<(String, String)>;
}

/// Where the text of a body is found.
pub trait Bodies {
    /// The redacted text; none when it is not UTF-8, or not at hand.
    fn text<'a>(&'a self, body: &'a Body) -> Option<Cow<'a, str>>;
}

/// The context seen by one check: narrowed to its step, when it names one.
pub(super) struct Scene<'a> {
    pub(super) scripted: &'a [Option<u16>],
    pub(super) evidence: &'a Evidence,
    pub(super) history: Option<&'a dyn History>,
    pub(super) epoch_us: Option<i64>,
    pub(super) step: Option<u32>,
    bodies: &'a dyn Bodies,
}

/// What the client said at the end of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Report {
    /// Success.
    Ok,
    /// An error, with its message.
    Error(String),
    /// It was still running at the deadline.
    Deadline,
    /// A person said so, or nobody was asked.
    Human(String),
    /// Nothing usable: the step was cut short or could not run.
    Nothing,
}

impl<'a> Scene<'a> {
    pub(super) fn new(context: &Context<'a>, step: Option<u32>) -> Self {
        Self {
            scripted: context.scripted,
            evidence: context.evidence,
            history: context.history,
            epoch_us: context.epoch_us,
            step,
            bodies: context.bodies,
        }
    }

    /// The exchanges that the check is about, in order.
    pub(super) fn exchanges(&self) -> impl Iterator<Item = &'a Exchange> + Clone + use<'a> {
        let step = self.step;
        self.evidence.exchanges.iter().filter(move |exchange| step.is_none() || exchange.step == step)
    }

    /// The exchanges of one step, and of one instance of the client when several act side by side.
    pub(super) fn during(&self, step: &Step) -> impl Iterator<Item = &'a Exchange> + Clone + use<'a> {
        let run = Some(step.run());
        self.evidence.exchanges.iter().filter(move |exchange| exchange.run() == run)
    }

    /// The steps that make the client act, among those that the check is about.
    pub(super) fn steps(&self) -> impl Iterator<Item = &'a Step> + use<'a> {
        let wanted = self.step;
        self.evidence
            .steps
            .iter()
            .filter(move |step| wanted.is_none_or(|wanted| wanted == step.started.step))
            .filter(|step| step.started.action.is_some())
    }

    /// The text of a body.
    pub(super) fn text(&self, body: &'a Body) -> Option<Cow<'a, str>> {
        match &body.text {
            Some(text) => Some(Cow::Borrowed(text)),
            None if body.size == 0 => Some(Cow::Borrowed("")),
            None => self.bodies.text(body),
        }
    }

    /// The pairs of a request: its query, and its form body for a POST of a search.
    pub(super) fn parameters(&self, exchange: &'a Exchange) -> Vec<(String, String)> {
        let mut pairs = exchange.parameters();
        if is_posted_search(exchange) {
            let form = self.text(&exchange.request.body).unwrap_or_default();
            pairs.extend(form_urlencoded::parse(form.as_bytes()).into_owned());
        }
        pairs
    }

    /// Path of the FHIR base, without a trailing slash: `/ws-diffusion-fhir`.
    pub(super) fn fhir_base(&self) -> &'a str {
        path_of(&self.evidence.setting.fhir_url)
    }

    /// The FHIR type and the rest of the path, for a request under the FHIR base.
    pub(super) fn fhir_path(&self, exchange: &Exchange) -> Option<(String, Vec<String>)> {
        let path = decoded_path(exchange);
        let rest = path.strip_prefix(self.fhir_base())?.strip_prefix('/')?;
        let mut segments = rest.split('/').map(str::to_owned);
        let first = segments.next().filter(|first| !first.is_empty())?;
        Some((first, segments.collect()))
    }
}

/// What the client said at the end of that step.
pub(super) fn report(step: &Step) -> Report {
    let Some(ended) = &step.ended else { return Report::Nothing };
    let result = ended.result.as_ref();
    match &ended.end {
        StepEnd::Error { message } if message.trim().is_empty() => {
            Report::Error(result.map(|result| result.message.clone()).unwrap_or_default())
        }
        StepEnd::Error { message } => Report::Error(message.clone()),
        StepEnd::Done => match result {
            Some(result) if result.outcome == "error" => Report::Error(result.message.clone()),
            _ => Report::Ok,
        },
        StepEnd::Deadline => Report::Deadline,
        StepEnd::Human { answer } => Report::Human(answer.clone()),
        StepEnd::NoAction | StepEnd::NotStarted { .. } | StepEnd::Signal { .. } => Report::Nothing,
    }
}

/// The path of a request, percent-decoded, without a trailing slash.
pub(super) fn decoded_path(exchange: &Exchange) -> String {
    let path = percent_encoding::percent_decode_str(exchange.path()).decode_utf8_lossy();
    path.trim_end_matches('/').to_owned()
}

/// Whether it is a search sent as a form (`POST …/_search`).
pub(super) fn is_posted_search(exchange: &Exchange) -> bool {
    exchange.request.method == "POST" && exchange.path().trim_end_matches('/').ends_with("/_search")
}

/// Whether the service can be told from the request: calls without a token belong to no service's quota.
pub(super) fn counts_for_service(exchange: &Exchange) -> bool {
    exchange.api() == Api::Token || exchange.header("authorization").is_some()
}

/// The path of an absolute URL, without a trailing slash.
pub(super) fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("", |slash| &rest[slash..]);
    path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/')
}
