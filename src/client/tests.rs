//! The client against wiremock, an HTTP peer that this project did not write. Waits are simulated, not slept.
#![expect(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::*;

mod anomalies;
mod delta;
mod errors;
mod export;
mod feed;
mod flawed;
mod reading;
mod secure;
mod showing;
mod tokens;
mod waiting;

/// Jumps to the end of each sleep, and remembers the sleeps.
pub(super) struct ManualClock {
    state: Mutex<Simulated>,
}

struct Simulated {
    now: Duration,
    sleeps: Vec<Duration>,
    meanwhile: Option<Box<dyn FnOnce() + Send>>,
}

impl ManualClock {
    pub(super) fn new() -> Self {
        let state = Simulated { now: Duration::ZERO, sleeps: Vec::new(), meanwhile: None };
        Self { state: Mutex::new(state) }
    }

    /// Something that happens while somebody sleeps.
    pub(super) fn during_next_sleep(&self, meanwhile: impl FnOnce() + Send + 'static) {
        self.state.lock().unwrap().meanwhile = Some(Box::new(meanwhile));
    }

    /// The machine was held up until then.
    pub(super) fn jump_to(&self, moment: Duration) {
        self.state.lock().unwrap().now = moment;
    }

    fn sleep_to(&self, moment: Duration) {
        let meanwhile = self.state.lock().unwrap().meanwhile.take();
        if let Some(meanwhile) = meanwhile {
            meanwhile();
        }
        let mut state = self.state.lock().unwrap();
        if moment > state.now {
            let slept = moment - state.now;
            state.sleeps.push(slept);
            state.now = moment;
        }
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        self.state.lock().unwrap().now
    }

    fn wall(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_800_000_000) + self.now()
    }

    fn sleep_until(&self, moment: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            self.sleep_to(moment);
            tokio::task::yield_now().await;
        })
    }

    fn jitter(&self, _: Duration) -> Duration {
        Duration::ZERO
    }
}

/// A ROR of wiremock, and the client's surroundings.
struct World {
    server: MockServer,
    clock: Arc<ManualClock>,
    environment: BTreeMap<String, String>,
}

/// What came of one run.
struct Ran {
    exit: u8,
    printed: String,
    result: Value,
}

impl World {
    /// With a token endpoint that grants tokens of `life` seconds; nothing else is mounted.
    async fn with_token_life(life: u64) -> Self {
        let world = Self::without_tokens().await;
        let clock = Arc::clone(&world.clock);
        let serial = Mutex::new(0);
        let grant = move |_: &Request| {
            let mut serial = serial.lock().unwrap();
            *serial += 1;
            let now = clock.wall().duration_since(UNIX_EPOCH).unwrap().as_secs();
            granted(&jwt(*serial, now + life))
        };
        Mock::given(method("POST")).and(path("/token")).respond_with(grant).mount(&world.server).await;
        world
    }

    async fn new() -> Self {
        Self::with_token_life(300).await
    }

    async fn without_tokens() -> Self {
        let server = MockServer::start().await;
        let url = server.uri();
        let environment = [
            ("ROR_TOKEN_URL", format!("{url}/token")),
            ("ROR_FHIR_URL", format!("{url}/fhir")),
            ("ROR_CLIENT_ID", "client-1".to_owned()),
            ("ROR_PROFILE", "1".to_owned()),
            ("ROR_DEADLINE_MS", "60000".to_owned()),
            ("ROR_PROFIL_UTILISATEUR_CODE", "CU22".to_owned()),
            ("ROR_PROFIL_UTILISATEUR_SYSTEM", "1.2.250.1.213.1.6.1.66".to_owned()),
            ("ROR_ROLE_METIER_CODE", "AUTOMATE".to_owned()),
            ("ROR_ROLE_METIER_SYSTEM", "1.2.250.1.213.1.1.4.6".to_owned()),
        ];
        let environment = environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { server, clock: Arc::new(ManualClock::new()), environment }
    }

    /// Answers GETs of `under` in turn; the last answer stays.
    async fn answers(&self, under: &str, answers: Vec<ResponseTemplate>) {
        let turns = InTurn { answers, next: Mutex::new(0) };
        Mock::given(method("GET"))
            .and(path(format!("/fhir/{under}")))
            .respond_with(turns)
            .mount(&self.server)
            .await;
    }

    async fn has_location(&self, id: &str) {
        self.answers(&format!("Location/{id}"), vec![ok(location(id))]).await;
    }

    async fn run(&self, action: &str, input: Value, flaws: impl Into<FlawSet>) -> Ran {
        let mut environment = self.environment.clone();
        environment.insert("ROR_ACTION".to_owned(), action.to_owned());
        environment.insert("ROR_INPUT".to_owned(), input.to_string());
        let (flaws, clock) = (flaws.into(), Arc::clone(&self.clock));
        let work = move || {
            let mut stdout = Vec::new();
            let exit = run(flaws, &environment, std::io::empty(), &mut stdout, clock);
            (exit, String::from_utf8(stdout).unwrap())
        };
        let (exit, printed) = tokio::task::spawn_blocking(work).await.unwrap();
        let result = printed.lines().last().map_or(Value::Null, |line| serde_json::from_str(line).unwrap());
        Ran { exit, printed, result }
    }

    /// What arrived: method and target, in order.
    async fn targets(&self) -> Vec<String> {
        let target = |request: &Request| match request.url.query() {
            Some(query) => format!("{} {}?{query}", request.method, request.url.path()),
            None => format!("{} {}", request.method, request.url.path()),
        };
        self.server.received_requests().await.unwrap().iter().map(target).collect()
    }

    async fn count(&self, wanted: &str) -> usize {
        self.targets().await.iter().filter(|target| target.starts_with(wanted)).count()
    }

    /// The sleeps of at least `floor`, in milliseconds: waits as told, not the pace.
    fn waits(&self, floor: u64) -> Vec<u64> {
        let state = self.clock.state.lock().unwrap();
        state.sleeps.iter().map(|slept| slept.as_millis() as u64).filter(|ms| *ms >= floor).collect()
    }
}

impl Ran {
    fn message(&self) -> &str {
        self.result["message"].as_str().unwrap()
    }

    fn ids(&self) -> Vec<&str> {
        let items = self.result["integrated"].as_array().unwrap();
        items.iter().map(|item| item["id"].as_str().unwrap()).collect()
    }

    fn assert_done(&self) {
        assert_eq!((self.exit, &self.result["outcome"]), (0, &json!("ok")), "{}", self.printed);
    }

    fn assert_error(&self, words: &str) {
        assert_eq!((self.exit, &self.result["outcome"]), (1, &json!("error")), "{}", self.printed);
        assert!(self.message().contains(words), "{} does not say {words}", self.message());
        assert!(self.result.get("integrated").is_none());
    }
}

struct InTurn {
    answers: Vec<ResponseTemplate>,
    next: Mutex<usize>,
}

impl Respond for InTurn {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let mut next = self.next.lock().unwrap();
        let answer = self.answers[(*next).min(self.answers.len() - 1)].clone();
        *next += 1;
        answer
    }
}

fn jwt(serial: u64, expiry: u64) -> String {
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(json!({ "exp": expiry, "jti": serial }).to_string()))
}

fn granted(token: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "access_token": token }))
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn refusal(status: u16, diagnostics: &str) -> ResponseTemplate {
    let issue = json!([{ "severity": "error", "code": "forbidden", "diagnostics": diagnostics }]);
    ResponseTemplate::new(status).set_body_json(json!({ "resourceType": "OperationOutcome", "issue": issue }))
}

fn wait_told(status: u16, retry_after: &str) -> ResponseTemplate {
    refusal(status, "quota").insert_header("Retry-After", retry_after)
}

fn location(id: &str) -> Value {
    json!({ "resourceType": "Location", "id": id, "name": format!("Lieu {id}") })
}

fn bundle(entries: Vec<Value>, next: Option<String>) -> Value {
    let link: Vec<Value> = next.into_iter().map(|url| json!({ "relation": "next", "url": url })).collect();
    json!({ "resourceType": "Bundle", "type": "searchset", "link": link, "entry": entries })
}

fn found(id: &str) -> Value {
    json!({ "resource": location(id), "search": { "mode": "match" } })
}

fn read(id: &str) -> Value {
    json!({ "resource": "Location", "id": id })
}

fn search(parameters: Value) -> Value {
    json!({ "resource": "Location", "parameters": parameters, "all-pages": true })
}

fn many(ids: &[&str], parallel: usize) -> Value {
    json!({ "resource": "Location", "ids": ids, "parallel": parallel })
}

/// Three pages at `/fhir/Location?name=x` and `/fhir/Location?page=…`, with `refused` before the second one.
async fn three_pages(world: &World, refused: Vec<ResponseTemplate>) {
    let page = |number: u32| Some(format!("{}/fhir/Location?page={number}", world.server.uri()));
    let mount = async |name: &str, value: &str, answers: Vec<ResponseTemplate>| {
        let turns = InTurn { answers, next: Mutex::new(0) };
        let given = Mock::given(method("GET")).and(path("/fhir/Location")).and(query_param(name, value));
        given.respond_with(turns).mount(&world.server).await;
    };
    mount("name", "x", vec![ok(bundle(vec![found("1")], page(2)))]).await;
    let second = refused.into_iter().chain([ok(bundle(vec![found("2")], page(3)))]).collect();
    mount("page", "2", second).await;
    mount("page", "3", vec![ok(bundle(vec![found("3")], None))]).await;
}
