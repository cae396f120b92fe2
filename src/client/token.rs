//! Access tokens (RFC 6749 §4.4, RFC 8705): asked for once, used while they are good, renewed in time.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use hyper::{HeaderMap, Method, Uri};
use serde_json::Value;
use tokio::sync::Mutex;

use super::answer::detail;
use super::call::{Insistence, Line, Session};
use super::error::ClientError;
use super::flaws::Flaw;
use super::party::{Party, unsendable};
use super::retry::REPEATS_OF_REFUSALS;
use super::transport::{Answer, Message, Origin, Patience};

/// The name of the call in messages.
const CALL: &str = "token request";
/// A token is renewed when less than this remains, as the ANS sample clients do.
const MARGIN: Duration = Duration::from_secs(10);
/// A token that lives less than this is renewed when a third of its life remains, lest each call renew it.
const SHORT_LIFE: Duration = Duration::from_secs(20);
/// The life of a token that does not tell it.
const UNTOLD_LIFE: Duration = Duration::from_secs(60);
/// No life of a token is believed beyond this.
const LONGEST_LIFE: u64 = 100 * 366 * 24 * 3600;
/// Repeats of the flaw `hammers-token-refusal`.
const HAMMERING: u32 = 5;

/// One access token. Deliberately not `Debug`.
#[derive(Clone)]
pub(crate) struct Token {
    /// The token itself, for the `Authorization` header only.
    pub(crate) value: Arc<str>,
    serial: u64,
    stale_at: Duration,
}

/// The token shared by all the workers of an action.
pub(crate) struct Tokens {
    session: Arc<Session>,
    line: Line,
    message: Message,
    origin: Origin,
    party: Party,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Token>,
    granted: u64,
    /// The token obtained after a 401, until a call has succeeded with it.
    unproven: Option<u64>,
}

impl Tokens {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// `ROR_TOKEN_URL` or the client_id of `party` is missing or cannot be used.
    pub(crate) fn new(session: Arc<Session>, party: Party, line: Line) -> Result<Self, ClientError> {
        let url: Uri = session
            .settings
            .require("ROR_TOKEN_URL")?
            .parse()
            .map_err(|error| ClientError::Settings(format!("ROR_TOKEN_URL is not a URL: {error}")))?;
        let origin = Origin::of(&url)
            .ok_or_else(|| ClientError::Settings("ROR_TOKEN_URL is not an http(s) URL".to_owned()))?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(super::USER_AGENT));
        let body = form(&session, party)?.into();
        let secret = party.secret(&session.settings);
        if let Some(secret) = secret.filter(|_| session.flaws.has(Flaw::SecretTwice)) {
            let basic = STANDARD.encode(format!("{}:{secret}", party.client_id(&session.settings)?));
            let basic =
                HeaderValue::from_str(&format!("Basic {basic}")).map_err(|_| unsendable("the secret"))?;
            headers.insert(AUTHORIZATION, basic);
        }
        let secret = secret.filter(|_| session.flaws.has(Flaw::SecretInUrl));
        let url = secret.map_or(Ok(url.clone()), |secret| with_secret(&url, secret))?;
        let patience = Patience::of(&session.flaws);
        let message = Message { method: Method::POST, url, headers, body, tolerates_cut: false, patience };
        Ok(Self { session, line, message, origin, party, state: Mutex::default() })
    }

    /// The token in use, or a new one when there is none or its time is nearly over. Workers that ask at the same
    /// time share one request.
    ///
    /// # Errors
    /// No token is granted.
    pub(crate) async fn current(&self) -> Result<Token, ClientError> {
        if self.session.flaws.has(Flaw::CallsWithoutToken) {
            return Ok(no_token());
        }
        let mut state = self.state.lock().await;
        match &state.current {
            Some(token) if self.is_good(token) && !self.is_for_one_call() => Ok(token.clone()),
            _ => match self.grant(&mut state).await {
                Err(_) if self.session.flaws.has(Flaw::GoesOnWithoutToken) => Ok(no_token()),
                granted => granted,
            },
        }
    }

    /// Whether `token` may still be sent.
    pub(crate) fn is_good(&self, token: &Token) -> bool {
        self.session.flaws.has(Flaw::IgnoresTokenExpiry) || self.session.clock.now() < token.stale_at
    }

    /// After a 401: makes sure that the next [`Tokens::current`] is another token than `refused`. False when there
    /// is no point, `refused` being itself the fresh one of a renewal that no call has succeeded with.
    ///
    /// # Errors
    /// No token is granted.
    pub(crate) async fn renew(&self, refused: &Token) -> Result<bool, ClientError> {
        let mut state = self.state.lock().await;
        if state.current.as_ref().is_some_and(|current| current.serial != refused.serial) {
            return Ok(true); // Another worker has already renewed it.
        }
        if state.unproven == Some(refused.serial) && !self.session.flaws.has(Flaw::RenewsForeverOn401) {
            return Ok(false);
        }
        let renewed = self.grant(&mut state).await?;
        state.unproven = Some(renewed.serial);
        Ok(true)
    }

    /// A call has been accepted with `token`.
    pub(crate) async fn accepted(&self, token: &Token) {
        let mut state = self.state.lock().await;
        if state.unproven == Some(token.serial) {
            state.unproven = None;
        }
    }

    /// Closes the connections in good order.
    pub(crate) async fn close(&self) {
        self.line.close().await;
    }

    fn is_for_one_call(&self) -> bool {
        let flaws = &self.session.flaws;
        flaws.has(Flaw::TokenPerCall)
            || (self.party == Party::Supplier && flaws.has(Flaw::FeedTokenPerUpdate))
    }

    async fn grant(&self, state: &mut State) -> Result<Token, ClientError> {
        let answer = self.ask().await?;
        state.granted += 1;
        let token = self.read(&answer, state.granted)?;
        state.current = Some(token.clone());
        Ok(token)
    }

    async fn ask(&self) -> Result<Answer, ClientError> {
        let mut insistence = Insistence::new(&self.line, CALL);
        let hidden = self.party.secret(&self.session.settings).unwrap_or_default();
        let mut refusals = 0;
        loop {
            let outcome = match self.line.ready(&self.origin, &insistence).await? {
                Ok(lease) => self.line.send(lease, &self.message).await,
                Err(failure) => Err(failure),
            };
            let Some(answer) = insistence.settle(outcome, hidden).await? else {
                continue;
            };
            if answer.status == 200 {
                if insistence.sends_again(&self.session.flaws) {
                    continue;
                }
                return Ok(answer);
            }
            refusals += 1;
            let flaws = &self.session.flaws;
            let hammers = flaws.has(Flaw::HammersTokenRefusal) && refusals <= HAMMERING;
            let repeats = flaws.has(Flaw::RepeatsRefusals) && refusals <= REPEATS_OF_REFUSALS;
            if !hammers && !repeats {
                let detail = detail(&answer, hidden);
                return Err(ClientError::TokenRefused { status: answer.status, detail });
            }
        }
    }

    fn read(&self, answer: &Answer, serial: u64) -> Result<Token, ClientError> {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let value = body["access_token"].as_str().unwrap_or_default();
        let is_sendable = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_sendable {
            return Err(ClientError::Content {
                call: CALL.to_owned(),
                problem: "the answer holds no usable access_token".to_owned(),
            });
        }
        let now = self.session.clock.now();
        let wall = self.session.clock.wall().duration_since(UNIX_EPOCH).unwrap_or_default();
        let life = life_in_jwt(value, wall).or_else(|| told_life(&body["expires_in"])).unwrap_or(UNTOLD_LIFE);
        Ok(Token { value: value.into(), serial, stale_at: now + life - margin(life) })
    }
}

/// What stands for a token, for the flaws that call without one.
fn no_token() -> Token {
    Token { value: "none".into(), serial: 0, stale_at: Duration::MAX }
}

/// For the flaw `secret-in-url`.
fn with_secret(url: &Uri, secret: &str) -> Result<Uri, ClientError> {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("client_secret", secret).finish();
    format!("{url}?{query}").parse().map_err(|_| unsendable("the secret"))
}

/// The form of the grant: `client_secret` only for a service that has one instead of a certificate.
fn form(session: &Session, party: Party) -> Result<String, ClientError> {
    let settings = &session.settings;
    let mut form = form_urlencoded::Serializer::new(String::new());
    let flaws = &session.flaws;
    let grant = if flaws.has(Flaw::WrongGrantType) { "password" } else { "client_credentials" };
    form.append_pair("grant_type", grant);
    form.append_pair("client_id", party.client_id(settings)?);
    if let Some(secret) = party.secret(settings) {
        if !flaws.has(Flaw::ForgetsSecret) {
            form.append_pair("client_secret", secret);
        }
    } else if flaws.has(Flaw::SendsSecretWithCertificate) {
        form.append_pair("client_secret", "a-secret-that-nobody-asked-for");
    }
    Ok(form.finish())
}

/// How long before its end a token is renewed.
fn margin(life: Duration) -> Duration {
    if life < SHORT_LIFE { life / 3 } else { MARGIN }
}

/// The time left by the `exp` of a JWT, read without verification: it is the API's business to verify it.
fn life_in_jwt(token: &str, wall: Duration) -> Option<Duration> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let expiry = claims["exp"].as_u64().or_else(|| claims["exp"].as_f64().map(|seconds| seconds as u64))?;
    let left = Duration::from_secs(expiry.min(wall.as_secs() + LONGEST_LIFE)).checked_sub(wall)?;
    (!left.is_zero()).then_some(left)
}

fn told_life(expires_in: &Value) -> Option<Duration> {
    let seconds = expires_in.as_u64().or_else(|| expires_in.as_str()?.parse().ok())?;
    (seconds > 0).then(|| Duration::from_secs(seconds.min(LONGEST_LIFE)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Duration = Duration::from_secs(1_800_000_000);

    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn the_life_of_a_token_is_read_from_exp() {
        assert_eq!(life_in_jwt(&jwt(r#"{"exp":1800000300}"#), NOW), Some(Duration::from_secs(300)));
        assert_eq!(life_in_jwt(&jwt(r#"{"exp":1800000300.0}"#), NOW), Some(Duration::from_secs(300)));
        for useless in [r#"{"exp":1700000000}"#, r#"{"exp":"soon"}"#, "{}", "[", r#"{"exp":-5}"#] {
            assert_eq!(life_in_jwt(&jwt(useless), NOW), None, "{useless}");
        }
        for opaque in ["", "opaque", "a.%%%.c", "..."] {
            assert_eq!(life_in_jwt(opaque, NOW), None, "{opaque}");
        }
        assert!(life_in_jwt(&jwt(r#"{"exp":18446744073709551615}"#), NOW).is_some());
    }

    #[test]
    fn without_exp_the_answer_is_believed_when_it_tells_a_life() {
        assert_eq!(told_life(&json!(300)), Some(Duration::from_secs(300)));
        assert_eq!(told_life(&json!("300")), Some(Duration::from_secs(300)));
        for useless in [json!(0), json!(null), json!("soon"), json!(-1)] {
            assert_eq!(told_life(&useless), None, "{useless}");
        }
    }

    #[test]
    fn a_short_lived_token_is_used_for_two_thirds_of_its_life() {
        assert_eq!(margin(Duration::from_secs(300)), Duration::from_secs(10));
        assert_eq!(margin(Duration::from_secs(20)), Duration::from_secs(10));
        assert_eq!(margin(Duration::from_secs(6)), Duration::from_secs(2));
    }
}
