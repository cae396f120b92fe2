//! The ROR's FHIR APIs as the actions see them: a call that gives an answer, or an error that says why.

mod call;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use hyper::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, DATE, HeaderValue, LOCATION, USER_AGENT};
use hyper::http::uri::PathAndQuery;
use hyper::{HeaderMap, Method, Uri};
use serde_json::Value;

pub(crate) use call::Call;

use super::answer::{detail, has_expression_text};
use super::call::{Insistence, Line, STUBBORN, Session};
use super::content;
use super::error::ClientError;
use super::flaws::Flaw;
use super::leak;
use super::party::{Party, ror_headers, unsendable};
use super::query::resolve;
use super::retry::{REPEATS_OF_REFUSALS, Service};
use super::token::{Token, Tokens};
use super::transport::{Answer, Failure, Message, Origin, Patience};

/// Renewals of the token during one call: one, after a 401.
const RENEWALS: u32 = 1;
/// The same for the flaw `renews-forever-on-401`.
const RENEWALS_FOREVER: u32 = 8;
/// Turns that a call gives up while it renews its token; more often, and the token lives too short to be caught.
const MISSED_TURNS: u32 = 3;
/// Repeats of the flaws `retries-403` and `feed-repeats-403`.
const REPEATS_AFTER_403: u32 = 3;
/// Where the token and the access rights may go: the origins of these variables, and no others.
const TRUSTED: [&str; 4] = ["ROR_TOKEN_URL", "ROR_FHIR_URL", "ROR_CAPACITY_URL", "ROR_TASK_URL"];
/// Redirections of one call that are followed.
const REDIRECTS: u32 = 5;
/// The same for the flaw `redirects-forever`.
const REDIRECTS_FOREVER: u32 = 300;
const FHIR_JSON: &str = "application/fhir+json";

/// A JSON document, and when the server says that it answered.
pub(crate) struct Fetched {
    /// The document.
    pub(crate) body: Value,
    /// The `Date` of the answer.
    pub(crate) date: Option<SystemTime>,
}

/// What the caller makes of an answer.
enum Reading<T> {
    Taken(T),
    /// Not what it claims to be: the call is repeated a few times.
    Broken(String),
    Refused(Answer),
}

/// The authorisation server and the APIs of one action.
pub(crate) struct Ror {
    /// What holds for the whole action.
    pub(crate) session: Arc<Session>,
    party: Party,
    tokens: Tokens,
    line: Line,
    trusted: Vec<Origin>,
}

impl Ror {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// A variable is missing, a certificate file cannot be used.
    pub(crate) fn new(session: Session, party: Party) -> Result<Self, ClientError> {
        let session = Arc::new(session);
        party.client_id(&session.settings)?;
        let (for_tokens, for_api) = party.pools(&session)?;
        let token_line = Line::new(Service::Token, for_tokens, Arc::clone(&session));
        let tokens = Tokens::new(Arc::clone(&session), party, token_line)?;
        let line = Line::new(Service::Api, for_api, Arc::clone(&session));
        let configured = TRUSTED.iter().filter_map(|variable| session.settings.get(variable));
        let trusted = configured.filter_map(|url| Origin::of(&url.parse().ok()?)).collect();
        Ok(Self { session, party, tokens, line, trusted })
    }

    /// A token that is good now.
    ///
    /// # Errors
    /// No token is granted.
    pub(crate) async fn token(&self) -> Result<Token, ClientError> {
        self.tokens.current().await
    }

    /// Sends a call until it is answered with 200 and JSON: waits as told, renews the token once, repeats passing
    /// failures.
    ///
    /// # Errors
    /// The call is refused or given up.
    pub(crate) async fn get(&self, call: &Call) -> Result<Value, ClientError> {
        Ok(self.fetch(call).await?.body)
    }

    /// [`Ror::get`], with the date of the answer.
    ///
    /// # Errors
    /// The call is refused or given up.
    pub(crate) async fn fetch(&self, call: &Call) -> Result<Fetched, ClientError> {
        self.settle(call, |answer| {
            if is_redirect(answer.status) && self.session.flaws.has(Flaw::RedirectIsEmpty) {
                return Reading::Taken(Fetched { body: content::nothing(), date: None });
            }
            if answer.status == 403 && self.session.flaws.has(Flaw::HammersQuota) {
                return Reading::Taken(Fetched { body: content::nothing(), date: None });
            }
            if answer.status != 200 {
                return Reading::Refused(answer);
            }
            leak::write(&answer, &self.session.flaws);
            match content::document(&answer, &self.session.flaws) {
                Ok(body) => Reading::Taken(Fetched { body, date: date(&answer.headers) }),
                Err(problem) => Reading::Broken(problem),
            }
        })
        .await
    }

    /// Sends a call until it is answered with something that is `accepted`, with the same patience.
    ///
    /// # Errors
    /// The call is refused, or given up.
    pub(crate) async fn send(
        &self,
        call: &Call,
        accepted: impl Fn(&Answer) -> bool,
    ) -> Result<Answer, ClientError> {
        self.settle(
            call,
            |answer| {
                if accepted(&answer) { Reading::Taken(answer) } else { Reading::Refused(answer) }
            },
        )
        .await
    }

    /// Sends a call that does not matter much: once, whatever comes of it; a wait asked for holds for what follows.
    pub(crate) async fn send_once(&self, call: &Call) {
        let insistence = Insistence::new(&self.line, &call.name);
        if let Ok((_, Outcome { answer: Ok(answer), .. })) = self.attempt(call, &insistence).await {
            self.line.heed(&answer);
        }
    }

    /// Closes the connections in good order.
    pub(crate) async fn close(&self) {
        self.line.close().await;
        self.tokens.close().await;
    }

    async fn settle<T>(
        &self,
        call: &Call,
        mut read: impl FnMut(Answer) -> Reading<T>,
    ) -> Result<T, ClientError> {
        let mut insistence =
            Insistence::new(&self.line, &call.name).interruptible(call.interruptible).hasty(call.hasty);
        let (mut renewals, mut forbidden, mut redirects) = (0, 0, 0);
        let mut redirected;
        let mut call = call;
        loop {
            self.refuses_from_cache(call).await?;
            let (token, outcome) = self.attempt(call, &insistence).await?;
            self.caches_refusal(call, &outcome);
            if let (false, Some(cause)) = (call.repeatable, outcome.lost()) {
                return Err(ClientError::Lost { call: call.name.clone(), cause });
            }
            let Some(answer) = insistence.settle(outcome.answer, &token.value).await? else {
                continue;
            };
            if answer.status != 401 {
                self.tokens.accepted(&token).await;
            }
            if self.session.flaws.has(Flaw::ChokesOnQuotaHeaders) && announces_quota(&answer.headers) {
                return Err(ClientError::Crash);
            }
            let answer = match content::decoded(answer, &self.session.flaws) {
                Ok(answer) => answer,
                Err(cause) => {
                    insistence.failed(cause).await?;
                    continue;
                }
            };
            let refused = match read(answer) {
                Reading::Taken(_) if insistence.sends_again(&self.session.flaws) => continue,
                Reading::Taken(taken) => return Ok(taken),
                Reading::Broken(cause) => {
                    insistence.failed(cause).await?;
                    continue;
                }
                Reading::Refused(answer) => answer,
            };
            if let Some(link) = location(&refused).filter(|_| call.method == Method::GET) {
                redirects += 1;
                redirected = self.redirected(call, &link, redirects)?;
                call = &redirected;
                continue;
            }
            match refused.status {
                401 if renewals < self.renewals() && self.tokens.renew(&token).await? => renewals += 1,
                _ if self.session.flaws.has(Flaw::RepeatsRefusals) && forbidden < REPEATS_OF_REFUSALS => {
                    forbidden += 1;
                }
                403 if self.repeats_403() && forbidden < REPEATS_AFTER_403 => forbidden += 1,
                status => {
                    let flaws = &self.session.flaws;
                    if flaws.has(Flaw::ChokesOnExpressionText) && has_expression_text(&refused) {
                        return Err(ClientError::Crash);
                    }
                    return Err(ClientError::Refused {
                        call: call.name.clone(),
                        status,
                        detail: detail(&refused, &token.value),
                    });
                }
            }
        }
    }

    /// `caches-refusals`: a 429 of before is served again, to a client that has its token.
    async fn refuses_from_cache(&self, call: &Call) -> Result<(), ClientError> {
        if !self.cached_refusal(call).is_some_and(|file| file.exists()) {
            return Ok(());
        }
        self.tokens.current().await?;
        Err(ClientError::StillThrottled { call: call.name.clone(), status: 429, attempts: 1 })
    }

    fn caches_refusal(&self, call: &Call, outcome: &Outcome) {
        if let Some(file) = self.cached_refusal(call)
            && outcome.answer.as_ref().is_ok_and(|answer| answer.status == 429)
        {
            // Without its cache, the flaw does not show.
            let _ = std::fs::write(file, call.url.to_string());
        }
    }

    /// Where `caches-refusals` keeps the refusal of a call.
    fn cached_refusal(&self, call: &Call) -> Option<PathBuf> {
        if !self.session.flaws.has(Flaw::CachesRefusals) {
            return None;
        }
        let name: String = call.url.path().chars().map(|c| if c == '/' { '_' } else { c }).collect();
        Some(Path::new(self.session.settings.get("ROR_STATE_DIR")?).join(format!("refused{name}")))
    }

    async fn attempt(
        &self,
        call: &Call,
        insistence: &Insistence<'_>,
    ) -> Result<(Token, Outcome), ClientError> {
        let origin = self.origin(call)?;
        let mut missed = 0;
        loop {
            // The token comes before the turn: workers that waited for it must not set off all at once.
            let mut token = self.tokens.current().await?;
            let lease = match self.line.ready(&origin, insistence).await? {
                Ok(lease) => lease,
                Err(failure) => return Ok((token, Outcome { sent: false, answer: Err(failure) })),
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
            let message = self.message(call, &token)?;
            let answer = self.line.send(lease, &message).await;
            return Ok((token, Outcome { sent: true, answer }));
        }
    }

    /// The call as a redirection wants it: a link like any other, which does not lead the token elsewhere.
    fn redirected(&self, call: &Call, link: &str, redirects: u32) -> Result<Call, ClientError> {
        let flaws = &self.session.flaws;
        let mut redirected = call.clone();
        redirected.redirected = true;
        redirected.url = resolve(&call.url, link)?;
        let insists = flaws.has(Flaw::InsistsOnForeignRedirects) && redirects <= STUBBORN;
        if insists && self.origin(&redirected).is_err() {
            return Ok(call.clone());
        }
        let most = if flaws.has(Flaw::RedirectsForever) { REDIRECTS_FOREVER } else { REDIRECTS };
        if redirects > most {
            let problem = format!("redirected {redirects} times, given up");
            return Err(ClientError::Content { call: call.name.clone(), problem });
        }
        Ok(redirected)
    }

    /// The origin of a call, if the token may go there.
    fn origin(&self, call: &Call) -> Result<Origin, ClientError> {
        let origin = Origin::of(&call.url).ok_or_else(|| {
            ClientError::Settings(format!("{}: the URL is not an absolute http(s) URL", call.name))
        })?;
        let flaws = &self.session.flaws;
        let anywhere = flaws.has(Flaw::FollowsForeignLinks)
            || (call.redirected && flaws.has(Flaw::TokenFollowsRedirects));
        if self.trusted.contains(&origin) || anywhere {
            Ok(origin)
        } else {
            Err(ClientError::ForeignLink(origin.to_string()))
        }
    }

    fn message(&self, call: &Call, token: &Token) -> Result<Message, ClientError> {
        leak::token(&token.value, &self.session.flaws);
        let mut headers = HeaderMap::new();
        let bearer = HeaderValue::from_str(&format!("Bearer {}", token.value));
        if !self.session.flaws.has(Flaw::CallsWithoutToken) {
            headers.insert(AUTHORIZATION, bearer.map_err(|_| unsendable("the token"))?);
        }
        headers.insert(ACCEPT, HeaderValue::from_static(FHIR_JSON));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        headers.insert(USER_AGENT, HeaderValue::from_static(super::USER_AGENT));
        headers.extend(call.headers.clone());
        let forgets_rights = call.by_worker && self.session.flaws.has(Flaw::HeadersMissingInParallel);
        if call.with_rights && !forgets_rights {
            headers.extend(ror_headers(&self.session)?);
        }
        let url = if self.session.flaws.has(Flaw::TokenInUrl) {
            with_token(&call.url, &token.value)?
        } else {
            call.url.clone()
        };
        let (method, body) = (call.method.clone(), call.body.clone());
        let patience = Patience::of(&self.session.flaws);
        Ok(Message { method, url, headers, body, tolerates_cut: call.tolerates_cut, patience })
    }

    fn renewals(&self) -> u32 {
        let flaws = &self.session.flaws;
        let never = [
            Flaw::IgnoresTokenExpiry,
            Flaw::NoRenewalAfter401,
            Flaw::GivesUpAtOnce,
            Flaw::FirstFailureIsDone,
            Flaw::CallsWithoutToken,
        ];
        if never.iter().any(|flaw| flaws.has(*flaw)) {
            0
        } else if flaws.has(Flaw::RenewsForeverOn401) {
            RENEWALS_FOREVER
        } else {
            RENEWALS
        }
    }

    fn repeats_403(&self) -> bool {
        let flaws = &self.session.flaws;
        flaws.has(Flaw::Retries403) || (self.party == Party::Supplier && flaws.has(Flaw::FeedRepeats403))
    }
}

/// What one attempt came to.
struct Outcome {
    /// Whether the request left, so that the server may have acted on it.
    sent: bool,
    answer: Result<Answer, Failure>,
}

impl Outcome {
    /// Why it is not known what the server did, if so. 429 and 503 say that it did nothing.
    fn lost(&self) -> Option<String> {
        match &self.answer {
            Err(Failure::Passing(cause)) if self.sent => Some(cause.clone()),
            Ok(answer) if matches!(answer.status, 500 | 502 | 504) => Some(format!("HTTP {}", answer.status)),
            _ => None,
        }
    }
}

/// Whether an answer says how much of a quota is left.
fn announces_quota(headers: &HeaderMap) -> bool {
    ["ratelimit", "x-rate-limit-remaining"].iter().any(|name| headers.contains_key(*name))
}

/// Whether a status is a redirection that asks for the same again elsewhere (RFC 9110 §15.4).
fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Where a redirection leads.
fn location(answer: &Answer) -> Option<String> {
    let location = answer.headers.get(LOCATION).filter(|_| is_redirect(answer.status))?;
    Some(location.to_str().ok()?.to_owned())
}

fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
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
