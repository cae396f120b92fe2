//! The ROR's FHIR API as the actions see it: a GET that gives JSON, or an error that says why.

use std::path::Path;
use std::sync::Arc;

use hyper::body::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION, HeaderName, HeaderValue, USER_AGENT};
use hyper::http::uri::PathAndQuery;
use hyper::{HeaderMap, Method, Uri};
use serde_json::Value;

use super::answer::detail;
use super::call::{Insistence, Line, Session};
use super::error::ClientError;
use super::flaws::Flaw;
use super::retry::Service;
use super::tls::{self, Identity};
use super::token::{Token, Tokens};
use super::transport::{Answer, Failure, Message, Origin, Pool};

/// Renewals of the token during one call: one, after a 401.
const RENEWALS: u32 = 1;
/// The same for the flaw `renews-forever-on-401`.
const RENEWALS_FOREVER: u32 = 8;
/// Turns that a call gives up while it renews its token; more often, and the token lives too short to be caught.
const MISSED_TURNS: u32 = 3;
/// Repeats of the flaw `retries-403`.
const REPEATS_AFTER_403: u32 = 3;

/// One GET.
pub(crate) struct Get {
    /// The URL, absolute.
    pub(crate) url: Uri,
    /// Its name in messages, without the query.
    pub(crate) call: String,
    /// Whether one of several workers sends it.
    pub(crate) by_worker: bool,
    /// Whether a 429 interrupts it, for `restarts-paging-after-429`.
    pub(crate) interruptible: bool,
}

impl Get {
    /// A GET of `url` that is called `call` in messages.
    pub(crate) fn new(url: Uri, call: impl Into<String>) -> Self {
        Self { url, call: call.into(), by_worker: false, interruptible: false }
    }
}

/// The authorisation server and the FHIR API of one action.
pub(crate) struct Ror {
    /// What holds for the whole action.
    pub(crate) session: Arc<Session>,
    tokens: Tokens,
    line: Line,
}

impl Ror {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// A variable is missing, a certificate file cannot be used.
    pub(crate) fn new(session: Session) -> Result<Self, ClientError> {
        let session = Arc::new(session);
        let (for_tokens, for_api) = pools(&session)?;
        let token_line = Line::new(Service::Token, for_tokens, Arc::clone(&session));
        let tokens = Tokens::new(Arc::clone(&session), token_line)?;
        let line = Line::new(Service::Api, for_api, Arc::clone(&session));
        Ok(Self { session, tokens, line })
    }

    /// A token that is good now.
    ///
    /// # Errors
    /// No token is granted.
    pub(crate) async fn token(&self) -> Result<Token, ClientError> {
        self.tokens.current().await
    }

    /// Sends a GET until it is answered: waits as told, renews the token once, repeats passing failures.
    ///
    /// # Errors
    /// The call is refused or given up.
    pub(crate) async fn get(&self, get: &Get) -> Result<Value, ClientError> {
        let mut insistence = Insistence::new(&self.line, &get.call).interruptible(get.interruptible);
        let (mut renewals, mut forbidden) = (0, 0);
        loop {
            let (token, outcome) = self.attempt(get, &insistence).await?;
            let Some(answer) = insistence.settle(outcome, &token.value).await? else {
                continue;
            };
            if answer.status != 401 {
                self.tokens.accepted(&token).await;
            }
            match answer.status {
                200 => match serde_json::from_slice(&answer.body) {
                    Ok(resource) => return Ok(resource),
                    Err(error) => insistence.failed(format!("the answer is not JSON: {error}")).await?,
                },
                401 if renewals < self.renewals() && self.tokens.renew(&token).await? => renewals += 1,
                403 if self.session.flaws.has(Flaw::Retries403) && forbidden < REPEATS_AFTER_403 => {
                    forbidden += 1;
                }
                status => {
                    return Err(ClientError::Refused {
                        call: get.call.clone(),
                        status,
                        detail: detail(&answer, &token.value),
                    });
                }
            }
        }
    }

    /// Closes the connections in good order.
    pub(crate) async fn close(&self) {
        self.line.close().await;
        self.tokens.close().await;
    }

    async fn attempt(
        &self,
        get: &Get,
        insistence: &Insistence<'_>,
    ) -> Result<(Token, Result<Answer, Failure>), ClientError> {
        let origin = Origin::of(&get.url).ok_or_else(|| {
            ClientError::Settings(format!("{}: the URL is not an absolute http(s) URL", get.call))
        })?;
        let mut missed = 0;
        loop {
            // The token comes before the turn: workers that waited for it must not set off all at once.
            let mut token = self.tokens.current().await?;
            let lease = match self.line.ready(&origin, insistence).await? {
                Ok(lease) => lease,
                Err(failure) => return Ok((token, Err(failure))),
            };
            if !self.tokens.is_good(&token) {
                // Its time ran out during the wait. Whoever has to wait for the new one waits for a new turn as well.
                let turn = self.session.clock.now();
                token = self.tokens.current().await?;
                let is_late = self.line.is_late(turn) && missed < MISSED_TURNS;
                if is_late || self.line.is_paused() {
                    missed += 1;
                    continue;
                }
            }
            let message = self.message(get, &token)?;
            return Ok((token, self.line.send(lease, &message).await));
        }
    }

    fn message(&self, get: &Get, token: &Token) -> Result<Message, ClientError> {
        let mut headers = HeaderMap::new();
        let bearer = HeaderValue::from_str(&format!("Bearer {}", token.value));
        headers.insert(AUTHORIZATION, bearer.map_err(|_| unsendable("the token"))?);
        headers.insert(ACCEPT, HeaderValue::from_static("application/fhir+json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(super::USER_AGENT));
        if !(get.by_worker && self.session.flaws.has(Flaw::HeadersMissingInParallel)) {
            headers.extend(ror_headers(&self.session)?);
        }
        let url = if self.session.flaws.has(Flaw::TokenInUrl) {
            with_token(&get.url, &token.value)?
        } else {
            get.url.clone()
        };
        Ok(Message { method: Method::GET, url, headers, body: Bytes::new() })
    }

    fn renewals(&self) -> u32 {
        let flaws = &self.session.flaws;
        if flaws.has(Flaw::IgnoresTokenExpiry) || flaws.has(Flaw::NoRenewalAfter401) {
            0
        } else if flaws.has(Flaw::RenewsForeverOn401) {
            RENEWALS_FOREVER
        } else {
            RENEWALS
        }
    }
}

/// The connections: the client certificate is shown to the token endpoint only, where it stands in for a secret.
fn pools(session: &Session) -> Result<(Pool, Pool), ClientError> {
    let settings = &session.settings;
    let Some(authorities) = settings.get("ROR_CA_CERT").map(Path::new) else {
        return Ok((Pool::new(None), Pool::new(None)));
    };
    let identity = match (settings.get("ROR_CLIENT_CERT"), settings.get("ROR_CLIENT_KEY")) {
        _ if settings.get("ROR_CLIENT_SECRET").is_some() => None,
        _ if session.flaws.has(Flaw::NoClientCertificate) => None,
        (Some(certificate), Some(key)) => {
            Some(Identity { certificate: Path::new(certificate), key: Path::new(key) })
        }
        (None, None) => None,
        _ => {
            let message = "ROR_CLIENT_CERT and ROR_CLIENT_KEY go together, one of them is missing";
            return Err(ClientError::Settings(message.to_owned()));
        }
    };
    let for_tokens = Pool::new(Some(tls::connector(authorities, identity.as_ref())?));
    let for_api = Pool::new(Some(tls::connector(authorities, None)?));
    Ok((for_tokens, for_api))
}

/// The four headers that carry the access rights assigned to the service; those that it was given.
fn ror_headers(session: &Session) -> Result<HeaderMap, ClientError> {
    const HEADERS: [(&str, &str); 4] = [
        ("ror-profil-utilisateur-code", "ROR_PROFIL_UTILISATEUR_CODE"),
        ("ror-profil-utilisateur-system", "ROR_PROFIL_UTILISATEUR_SYSTEM"),
        ("ror-role-metier-code", "ROR_ROLE_METIER_CODE"),
        ("ror-role-metier-system", "ROR_ROLE_METIER_SYSTEM"),
    ];
    let flaws = &session.flaws;
    let mut headers = HeaderMap::new();
    for (name, variable) in HEADERS {
        let Some(value) = session.settings.get(variable) else {
            continue;
        };
        if flaws.has(Flaw::MissingRoleHeaders) && name.starts_with("ror-role-metier") {
            continue;
        }
        let value = if flaws.has(Flaw::UrnOidSystems) && name.ends_with("-system") {
            format!("urn:oid:{value}")
        } else if flaws.has(Flaw::WrongProfileCode) && name == "ror-profil-utilisateur-code" {
            another_profile_code(value)
        } else {
            value.to_owned()
        };
        let value = HeaderValue::from_str(&value).map_err(|_| unsendable(variable))?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}

fn another_profile_code(assigned: &str) -> String {
    if assigned == "CU23" { "CU22".to_owned() } else { "CU23".to_owned() }
}

fn with_token(url: &Uri, token: &str) -> Result<Uri, ClientError> {
    let target = url.path_and_query().map_or("/", PathAndQuery::as_str);
    let separator = if url.query().is_some() { '&' } else { '?' };
    let mut parts = url.clone().into_parts();
    parts.path_and_query = Some(
        format!("{target}{separator}access_token={token}").parse().map_err(|_| unsendable("the token"))?,
    );
    Uri::from_parts(parts).map_err(|_| unsendable("the token"))
}

fn unsendable(what: &str) -> ClientError {
    ClientError::Settings(format!("{what} holds characters that cannot be sent"))
}
