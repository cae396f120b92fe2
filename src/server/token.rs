//! The token endpoint (OAuth 2.0 client credentials, RFC 6749 §4.4; Keycloak's path and answers) and its gates.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use serde_json::json;

use super::answer::Answer;
use super::received::Received;
use super::refusal;
use super::state::{State, lock, random_uuid};
use super::tls::INCOMPLETE_CHAIN;
use crate::journal::{Api, CertificateFacts};
use crate::ror::whitelist::{Entry, Status};

/// Tokens kept; the mock forgets the oldest beyond that.
const TOKENS_KEPT: usize = 4096;

/// The key that signs tokens: EC P-256, made in a fraction of the time that RSA takes.
#[derive(Clone)]
pub struct TokenKey(Arc<EncodingKey>);

impl TokenKey {
    /// A new key.
    ///
    /// # Errors
    /// A sentence when the system gives none.
    pub fn generate() -> Result<Self, String> {
        let pair = rcgen::KeyPair::generate().map_err(|error| error.to_string())?;
        let key =
            EncodingKey::from_ec_pem(pair.serialize_pem().as_bytes()).map_err(|error| error.to_string())?;
        Ok(Self(Arc::new(key)))
    }
}

/// Tokens that were granted.
pub(super) struct Tokens {
    key: TokenKey,
    granted: Mutex<HashMap<String, Granted>>,
}

/// A token that was granted.
#[derive(Debug, Clone)]
pub(super) struct Granted {
    pub(super) client_id: String,
    /// End of its life, µs since the run began.
    pub(super) expires_us: u64,
}

#[derive(Serialize)]
struct Claims<'a> {
    exp: i64,
    iat: i64,
    jti: String,
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    typ: &'a str,
    azp: &'a str,
    client_id: &'a str,
    scope: &'a str,
}

impl Tokens {
    pub(super) fn new(key: TokenKey) -> Self {
        Self { key, granted: Mutex::default() }
    }

    /// The token of that text, expired or not.
    pub(super) fn find(&self, token: &str) -> Option<Granted> {
        lock(&self.granted).get(token).cloned()
    }

    fn grant(&self, state: &State, entry: &Entry) -> Result<(String, u64), String> {
        let now_us = state.journal.now_us();
        let now = state.journal.wall_at(now_us);
        let lifetime = state.behaviour.token_lifetime;
        // `exp` is in whole seconds: rounded up, and honoured as written, so that no client is cut off early.
        let end = now + lifetime;
        let exp = end.unix_timestamp() + i64::from(end.nanosecond() > 0);
        let expires_us = now_us + u64::try_from((exp * 1_000_000) - micros(now)).unwrap_or(0);
        let claims = Claims {
            exp,
            iat: now.unix_timestamp(),
            // Two tokens of the same second must differ.
            jti: random_uuid().to_string(),
            iss: "https://banc-ror.invalid/auth/realms/ror",
            aud: "account",
            sub: &entry.client_id,
            typ: "Bearer",
            azp: &entry.client_id,
            client_id: &entry.client_id,
            scope: "",
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &self.key.0)
            .map_err(|error| error.to_string())?;
        let mut granted = lock(&self.granted);
        if granted.len() >= TOKENS_KEPT
            && let Some(oldest) =
                granted.iter().min_by_key(|(_, held)| held.expires_us).map(|(held, _)| held.clone())
        {
            granted.remove(&oldest);
        }
        granted.insert(token.clone(), Granted { client_id: entry.client_id.clone(), expires_us });
        Ok((token, lifetime.as_secs()))
    }
}

/// Answers a request to the token endpoint. The gates, in order: level-1 quota, client_id, credential, whitelist,
/// level-2 quota, grant.
pub(super) fn answer(state: &State, request: &Received) -> Answer {
    let exchange = request.exchange;
    if let Err(count) = state.count_level_1(exchange, Api::Token) {
        return refusal::quota(state, Api::Token, &count);
    }
    let form = match read_form(request) {
        Ok(form) => form,
        Err(refused) => {
            state.decide(exchange, "client-id", false, refused.reason);
            return *refused.answer;
        }
    };
    let Some(entry) = state.behaviour.whitelist.find(&form.client_id) else {
        state.decide(exchange, "client-id", false, format!("nobody has the client_id `{}`", form.client_id));
        let certificate = request.certificate();
        let mut wrong = vec!["Unknown client_id".to_owned()];
        wrong.extend(certificate.map(|shown| faults(state, shown)).unwrap_or_default());
        return refused(401, "invalid_client", &format!("{}. {}", wrong.join("; "), seen(certificate)));
    };
    state.decide(exchange, "client-id", true, "known");
    let mut wrong = unproved(state, entry, &form, request.certificate());
    if !wrong.is_empty() {
        // Whoever puts this right must not meet the next obstacle only afterwards.
        if entry.status == Status::Suspended {
            wrong.push("besides, the authorisation of this service is suspended".to_owned());
        }
        let reason = wrong.join("; ");
        state.decide(exchange, "credential", false, reason.as_str());
        let seen = seen(request.certificate());
        return refused(401, "invalid_client", &format!("Invalid client credentials: {reason}. {seen}"));
    }
    state.decide(exchange, "credential", true, "proved");
    if entry.status == Status::Suspended {
        state.decide(exchange, "whitelist", false, "suspended");
        return refused(
            401,
            "unauthorized_client",
            &format!("The authorisation of this service is suspended. {}", seen(request.certificate())),
        );
    }
    state.decide(exchange, "whitelist", true, "active");
    let quota = state.count_level_2(exchange, Api::Token, entry);
    if let Some(scripted) = state.scripted(request, &entry.service) {
        return refusal::scripted(state, request, scripted, || grant(state, request, entry, &form));
    }
    match quota {
        Err(count) => refusal::quota(state, Api::Token, &count),
        Ok(_) => grant(state, request, entry, &form),
    }
}

fn grant(state: &State, request: &Received, entry: &Entry, form: &Form) -> Answer {
    if form.grant_type.as_deref() != Some("client_credentials") {
        let given = form.grant_type.as_deref().unwrap_or("none");
        state.decide(request.exchange, "grant", false, format!("grant_type: {given}"));
        return match form.grant_type {
            None => refused(400, "invalid_request", "Missing form parameter: grant_type"),
            Some(_) => refused(400, "unsupported_grant_type", "Unsupported grant_type"),
        };
    }
    match state.tokens.grant(state, entry) {
        Ok((token, lifetime_s)) => {
            state.decide(request.exchange, "grant", true, format!("token for {lifetime_s} s"));
            let body = json!({
                "access_token": token,
                "expires_in": lifetime_s,
                "refresh_expires_in": 0,
                "token_type": "Bearer",
                "not-before-policy": 0,
                "scope": ""
            });
            Answer::json(200, &body)
        }
        Err(reason) => {
            state.decide(request.exchange, "grant", false, format!("the bench cannot sign: {reason}"));
            refused(500, "server_error", "The mock could not sign a token; this is a fault of the bench")
        }
    }
}

/// What matters of a token request.
struct Form {
    client_id: String,
    secret: Option<String>,
    grant_type: Option<String>,
}

struct Refused {
    reason: String,
    answer: Box<Answer>,
}

impl Refused {
    fn new(answer: Answer, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), answer: Box::new(answer) }
    }
}

fn read_form(request: &Received) -> Result<Form, Refused> {
    if request.method() != "POST" {
        let answer = refused(405, "invalid_request", "The token endpoint takes POST").with(ALLOW, "POST");
        return Err(Refused::new(answer, "not a POST"));
    }
    let media_type = request.header(&CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    if !media_type.starts_with("application/x-www-form-urlencoded") {
        let answer =
            refused(400, "invalid_request", "Expected Content-Type: application/x-www-form-urlencoded");
        return Err(Refused::new(answer, format!("Content-Type: {media_type}")));
    }
    let pairs: Vec<(String, String)> = form_urlencoded::parse(&request.body).into_owned().collect();
    let value = |name: &str| pairs.iter().find(|(held, _)| held == name).map(|(_, value)| value.clone());
    let basic = request.header(&AUTHORIZATION).and_then(basic_credentials);
    let client_id = value("client_id").or_else(|| basic.as_ref().map(|(id, _)| id.clone()));
    let Some(client_id) = client_id else {
        let answer = refused(401, "invalid_client", "Missing form parameter: client_id");
        return Err(Refused::new(answer, "no client_id"));
    };
    let secret = value("client_secret").or_else(|| basic.map(|(_, secret)| secret));
    Ok(Form { client_id, secret, grant_type: value("grant_type") })
}

/// HTTP Basic with form-encoded parts (RFC 6749 §2.3.1).
fn basic_credentials(header: &str) -> Option<(String, String)> {
    let encoded = header.strip_prefix("Basic ").or_else(|| header.strip_prefix("basic "))?;
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    Some((decode(id), decode(secret)))
}

/// All that keeps the service from proving who it is, nothing when it does: profile 0 by its secret, the others by the
/// certificate that they declared.
fn unproved(
    state: &State,
    entry: &Entry,
    form: &Form,
    certificate: Option<&CertificateFacts>,
) -> Vec<String> {
    if entry.profile == 0 {
        return match (&form.secret, &entry.secret) {
            (None, _) => vec!["client_secret is missing".to_owned()],
            (Some(sent), Some(expected)) if sent == expected => Vec::new(),
            (Some(_), _) => vec!["client_secret is wrong".to_owned()],
        };
    }
    let Some(certificate) = certificate else {
        return vec!["no client certificate was shown on this connection".to_owned()];
    };
    let mut wrong = faults(state, certificate);
    if !entry.declares(&certificate.subject) {
        wrong.push(match state.behaviour.whitelist.declaring(&certificate.subject) {
            Some(other) => {
                format!("the client certificate is declared for another client_id, `{}`", other.client_id)
            }
            None => "the client certificate is not the one declared for this client_id".to_owned(),
        });
    }
    wrong
}

/// All that is wrong with a certificate by itself.
fn faults(state: &State, certificate: &CertificateFacts) -> Vec<String> {
    let CertificateFacts { not_before, not_after, issuer, .. } = certificate;
    let mut names: Vec<&str> = certificate.faults.iter().map(String::as_str).collect();
    names.retain(|fault| *fault != INCOMPLETE_CHAIN || state.behaviour.chains_as_sent);
    if state.is_replaced(&certificate.sha256) {
        names.push("replaced");
    }
    if names.is_empty() {
        return Vec::new();
    }
    let told: Vec<String> = names
        .iter()
        .map(|fault| match *fault {
            "expired" => format!("it ended on {not_after}"),
            "not-yet-valid" => format!("it begins on {not_before} only"),
            "wrong-usage" => "it is not made for client authentication (extendedKeyUsage)".to_owned(),
            "authority-certificate" => "it is an authority's own".to_owned(),
            "unknown-authority" => format!("the authority `{issuer}` is not known here"),
            "bad-signature" => "it is not signed by the authority that it names".to_owned(),
            INCOMPLETE_CHAIN => format!("it came without the authority `{issuer}` that issued it"),
            "replaced" => "a newer one has taken its place".to_owned(),
            other => other.to_owned(),
        })
        .collect();
    vec![format!("the client certificate is not acceptable ({}): {}", names.join(", "), told.join(", "))]
}

/// Tells the editor which DN was seen, so that a declaration can be compared with it.
fn seen(certificate: Option<&CertificateFacts>) -> String {
    match certificate {
        Some(certificate) => format!("Certificate subject seen: {}", certificate.subject),
        None => "No client certificate seen".to_owned(),
    }
}

/// A refusal as Keycloak words it (RFC 6749 §5.2).
fn refused(status: u16, error: &str, description: &str) -> Answer {
    Answer::json(status, &json!({ "error": error, "error_description": description }))
}

fn micros(instant: time::OffsetDateTime) -> i64 {
    i64::try_from(instant.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}
