//! Evidence for the tests of the check kinds: a small story of requests and answers, told with times in milliseconds.
#![expect(clippy::unwrap_used)]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Value, json};

use super::{Bodies, Context, Expected, Finding, History, Truth, evaluate};
use crate::journal::*;
use crate::scenario::{Check, Scenario};

/// What the client waits for the answer, in every story: 2 ms.
const ANSWER_MS: u64 = 2;

/// A scenario with its evidence, built up call by call.
#[derive(Clone)]
pub(crate) struct Story {
    pub(crate) scenario: Scenario,
    scripted: Vec<Option<u16>>,
    pub(crate) evidence: Evidence,
    pub(crate) truth: Option<Facts>,
    /// Wall clock at time zero, microseconds since the Unix epoch.
    pub(crate) epoch_us: Option<i64>,
    step: u32,
}

/// No body outside the journal.
pub(crate) struct Inline;

impl Bodies for Inline {
    fn text<'a>(&'a self, _: &'a Body) -> Option<Cow<'a, str>> {
        None
    }
}

impl Story {
    /// One step of that action and input, profile 1, quota 10/s, tokens of 300 s; nothing happened yet.
    pub(crate) fn new(action: &str, input: Value) -> Self {
        let scenario: Scenario = serde_json::from_value(json!({
            "id": "story", "title": {"fr": "t", "en": "t"}, "description": {"fr": "d", "en": "d"},
            "plans": ["fhir-search"], "steps": [{"act": action}], "checks": []
        }))
        .unwrap();
        let assigned = [
            ("Ror-Profil-Utilisateur-Code", "CU20"),
            ("Ror-Profil-Utilisateur-System", "1.2.250.1.213.1.6.1.66"),
            ("Ror-Role-Metier-Code", "AUTOMATE"),
            ("Ror-Role-Metier-System", "1.2.250.1.213.1.1.4.6"),
        ];
        let setting = ScenarioStarted {
            canaries: Vec::new(),
            seed: 1,
            dataset: "demo".to_owned(),
            profile: 1,
            service: ServiceFacts {
                client_id: "client-1".to_owned(),
                subject: Some("CN=CLIENT,O=TEST".to_owned()),
                registration: "active".to_owned(),
                assigned_headers: assigned.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
                secret: None,
            },
            quotas: QuotaFacts {
                level_1: 100,
                level_2: 10,
                level_2_supplier: None,
                enforced: false,
                counting: None,
                suspension: None,
            },
            token_lifetime_s: 300,
            fhir_url: "https://localhost:8443/ws-diffusion-fhir".to_owned(),
            token_url: "https://localhost:8444/token".to_owned(),
            drafts: false,
            capacity_url: String::new(),
            task_url: String::new(),
            supplier: None,
            not_playable: None,
        };
        let evidence = Evidence {
            setting,
            started_us: 0,
            exchanges: Vec::new(),
            connections: BTreeMap::new(),
            steps: Vec::new(),
            changes: Vec::new(),
            ended: Some(ScenarioEnded { noise_us: 0, harness_error: None, ..ScenarioEnded::default() }),
        };
        let mut story =
            Self { scenario, scripted: Vec::new(), evidence, truth: None, epoch_us: None, step: 0 };
        story.next_step(action, input);
        story
    }

    /// Another step, ended well unless told otherwise.
    pub(crate) fn next_step(&mut self, action: &str, input: Value) -> &mut Self {
        self.step += 1;
        let started = StepStarted {
            step: self.step,
            action: Some(action.to_owned()),
            input,
            deadline_ms: 20_000,
            impostors: Vec::new(),
            instance: None,
            credential: None,
        };
        self.evidence.steps.push(Step { started, started_us: 0, ended: None, ended_us: Some(0) });
        self.ends(StepEnd::Done)
    }

    /// How the current step ended.
    pub(crate) fn ends(&mut self, end: StepEnd) -> &mut Self {
        let ended = StepEnded {
            canaries: Vec::new(),
            step: self.step,
            instance: None,
            end,
            result: None,
            stdout_tail: String::new(),
            stderr_tail: String::new(),
        };
        self.evidence.steps.last_mut().unwrap().ended = Some(ended);
        self
    }

    /// The current step ended with an error and that message.
    pub(crate) fn fails(&mut self, message: &str) -> &mut Self {
        self.ends(StepEnd::Error { message: message.to_owned() })
    }

    /// What the client declares to hold at the end of the current step.
    pub(crate) fn holds(&mut self, integrated: Value) -> &mut Self {
        let ended = self.evidence.steps.last_mut().unwrap().ended.as_mut().unwrap();
        ended.result = Some(AdapterResult {
            outcome: "ok".to_owned(),
            message: String::new(),
            integrated: Some(integrated.as_array().unwrap().clone()),
            malformed: Vec::new(),
            integrated_kept: None,
        });
        self
    }

    /// A reply is scripted for this scenario.
    pub(crate) fn scripted(&mut self, reply: Value) -> &mut Self {
        let replies: Vec<crate::scenario::ScriptedReply> =
            serde_json::from_value(json!([{"on": {}, "reply": reply}])).unwrap();
        self.scripted = replies.iter().map(|reply| reply.reply.status).collect();
        self.scenario.given.replies = replies;
        self
    }

    /// A request of the API, with everything as it should be, on the connection of the API.
    pub(crate) fn get(&mut self, at_ms: u64, target: &str, status: u16) -> &mut Exchange {
        let mut headers: Vec<(String, String)> = self
            .evidence
            .setting
            .service
            .assigned_headers
            .iter()
            .map(|(name, value)| (name.to_lowercase(), value.clone()))
            .collect();
        headers.push(("authorization".to_owned(), "Bearer ‹redacted:t1›".to_owned()));
        self.call(at_ms, Api::Fhir, "GET", target, status, headers)
    }

    /// A token request, with everything as it should be, on a connection of its own.
    pub(crate) fn token(&mut self, at_ms: u64, status: u16) -> &mut Exchange {
        let headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        let exchange = self.call(at_ms, Api::Token, "POST", "/token", status, headers);
        form(exchange, "grant_type=client_credentials&client_id=client-1");
        exchange
    }

    fn call(
        &mut self,
        at_ms: u64,
        api: Api,
        method: &str,
        target: &str,
        status: u16,
        headers: Vec<(String, String)>,
    ) -> &mut Exchange {
        let number = u32::try_from(self.evidence.exchanges.len()).unwrap() + 1;
        let connection = if api == Api::Token { 1 } else { 2 };
        self.connect(connection);
        let response = Response {
            exchange: number,
            status,
            headers: Vec::new(),
            body: Body::default(),
            ready_us: (at_ms + ANSWER_MS) * 1000,
            scripted: None,
            fault: None,
        };
        let request = Request {
            exchange: number,
            connection,
            api,
            first_byte_us: at_ms * 1000,
            method: method.to_owned(),
            target: target.to_owned(),
            version: "HTTP/1.1".to_owned(),
            headers,
            body: Body::default(),
            token_remaining_s: None,
            absolute_form: false,
            token_client_id: None,
        };
        self.evidence.exchanges.push(Exchange {
            number,
            step: Some(self.step),
            instance: None,
            request,
            decisions: Vec::new(),
            response: Some(response),
            complete: Some(true),
            given_up_us: None,
        });
        self.evidence.exchanges.last_mut().unwrap()
    }

    /// Opens a connection that shows the declared certificate.
    pub(crate) fn connect(&mut self, number: u32) -> &mut Connection {
        self.evidence.connections.entry(number).or_insert_with(|| Connection {
            opened: ConnectionOpened {
                connection: number,
                listener: "all".to_owned(),
                peer: "127.0.0.1:50000".to_owned(),
                ..ConnectionOpened::default()
            },
            opened_us: 0,
            step: Some(self.step),
            handshake: Some(Handshake {
                connection: number,
                certificate: Some(CertificateFacts {
                    subject: "CN=CLIENT,O=TEST".to_owned(),
                    ..CertificateFacts::default()
                }),
                ..Handshake::default()
            }),
            closed_us: None,
            closed: None,
        })
    }

    /// Evaluates a check written as in YAML.
    pub(crate) fn check(&self, expect: Value) -> Finding {
        self.check_step(expect, None)
    }

    /// Evaluates a check of one step.
    pub(crate) fn check_step(&self, expect: Value, step: Option<u32>) -> Finding {
        let check: Check =
            serde_json::from_value(json!({"id": "c", "requires": ["X"], "expect": expect, "step": step}))
                .unwrap();
        let context = Context {
            scripted: &self.scripted,
            evidence: &self.evidence,
            history: self.truth.as_ref().map(|truth| truth as &dyn History),
            bodies: &Inline,
            epoch_us: self.epoch_us,
        };
        let finding = evaluate(&check, &context);
        for text in [&finding.expected, &finding.actual, &finding.why] {
            assert!(!text.fr.is_empty() && !text.en.is_empty(), "a sentence is missing: {finding:?}");
        }
        finding
    }
}

/// Gives a request a form as its body.
pub(crate) fn form(exchange: &mut Exchange, form: &str) {
    let size = u64::try_from(form.len()).unwrap();
    exchange.request.body = Body { size, text: Some(form.to_owned()), ..Body::default() };
}

/// Gives an answer a header.
pub(crate) fn answer_header(exchange: &mut Exchange, name: &str, value: &str) {
    exchange.response.as_mut().unwrap().headers.push((name.to_owned(), value.to_owned()));
}

/// Marks an answer as scripted, with Retry-After.
pub(crate) fn refused(exchange: &mut Exchange, retry_after: &str) {
    exchange.response.as_mut().unwrap().scripted = Some(1);
    answer_header(exchange, "retry-after", retry_after);
}

/// Replaces a header of a request; removes it when empty.
pub(crate) fn header(exchange: &mut Exchange, name: &str, value: &str) {
    exchange.request.headers.retain(|(other, _)| other != name);
    if !value.is_empty() {
        exchange.request.headers.push((name.to_owned(), value.to_owned()));
    }
}

/// Gives an answer a Bundle, with a `next` link when there is one.
pub(crate) fn page(exchange: &mut Exchange, next: Option<&str>) {
    let link: Vec<Value> = next.map(|url| json!({"relation": "next", "url": url})).into_iter().collect();
    let text = json!({"resourceType": "Bundle", "type": "searchset", "link": link}).to_string();
    let size = u64::try_from(text.len()).unwrap();
    exchange.response.as_mut().unwrap().body = Body { size, text: Some(text), ..Body::default() };
}

/// A truth of three locations: what a check compares with.
#[derive(Default, Clone)]
pub(crate) struct Facts {
    pub(crate) expected: Option<BTreeSet<(String, String)>>,
    pub(crate) existing: BTreeSet<(String, String)>,
    pub(crate) tolerated: BTreeSet<(String, String)>,
    pub(crate) locations: Vec<Value>,
    pub(crate) visible: BTreeSet<String>,
    /// As it was before the first step: everything had another name.
    pub(crate) at_first: bool,
}

impl History for Facts {
    fn after(&self, step: u32, _: Option<u8>) -> Rc<dyn Truth> {
        Rc::new(Self { at_first: step == 0, ..self.clone() })
    }

    fn expected(&self, _: &Step, _: &BTreeSet<&str>) -> Option<Expected> {
        let required = self.expected.clone()?;
        let types = required.iter().map(|(resource, _)| resource.clone()).collect();
        Some(Expected { types, required, tolerated: self.tolerated.clone() })
    }

    fn locations(&self, _: u32, _: &str) -> Vec<Value> {
        self.locations.clone()
    }
}

impl Truth for Facts {
    fn exists(&self, resource: &str, id: &str) -> bool {
        self.existing.contains(&(resource.to_owned(), id.to_owned()))
    }

    fn name(&self, resource: &str, id: &str) -> Option<String> {
        let kind = if self.at_first { "Hospice" } else { "Hôpital" };
        self.exists(resource, id).then(|| format!("{kind} {id}"))
    }

    fn telecoms(&self, resource: &str, id: &str) -> Vec<String> {
        if self.exists(resource, id) {
            vec!["01 02 03 04 05".to_owned(), "a@b.fr".to_owned()]
        } else {
            Vec::new()
        }
    }

    fn shows(&self, text: &str) -> bool {
        self.visible.contains(text)
    }

    fn capacities(&self, _: &str, _: &str) -> Vec<(String, i64)> {
        vec![("02".to_owned(), 3), ("01".to_owned(), 10)]
    }

    fn identifiers(&self, _: &str, id: &str) -> Vec<(String, String)> {
        vec![("FINEG".to_owned(), format!("75{id}")), ("SIRET".to_owned(), format!("99{id}"))]
    }
}
