//! HTTP on the wire: connections that are kept and used again, HTTP/1.1 and HTTP/2 by ALPN, over TLS or in the clear.

mod failure;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::header::{HOST, HeaderValue, LOCATION};
use hyper::http::uri::{PathAndQuery, Scheme};
use hyper::{HeaderMap, Method, Request, Response, Uri};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::alert::{LastWord, Overheard};
use super::flaws::{Flaw, FlawSet};
use super::old_tls;

pub(crate) use failure::{Failure, tls_error};
use failure::{failure, is_no_tls, is_old_tls};

/// The longest answer that is read; a page of 200 resources is about 1 MiB.
pub(crate) const MAX_BODY: usize = 64 * 1024 * 1024;
/// How long the next piece of a body is waited for.
const LONGEST_SILENCE: Duration = Duration::from_secs(4);
/// The longest that `gives-up-slow-answers` and `insists-on-slow-answers` wait for a whole body.
const IMPATIENCE: Duration = Duration::from_secs(1);
/// What they say then.
const TOOK_TOO_LONG: &str = "the answer took too long";
/// How long the end of the connections is waited for when the client ends.
const FAREWELL: Duration = Duration::from_millis(200);

/// Scheme, host and port: what a connection belongs to, and a token too.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    secure: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of an absolute `http` or `https` URL.
    pub(crate) fn of(url: &Uri) -> Option<Self> {
        let secure = match url.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return None,
        };
        let host = url.host()?.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
        Some(Self { secure, host, port })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        let bracketed = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        write!(f, "{scheme}://{bracketed}:{}", self.port)
    }
}

/// One request, ready to be sent any number of times.
pub(crate) struct Message {
    /// Method.
    pub(crate) method: Method,
    /// Absolute URL.
    pub(crate) url: Uri,
    /// Headers, without `Host`.
    pub(crate) headers: HeaderMap,
    /// Body, possibly empty.
    pub(crate) body: Bytes,
    /// Whether an answer whose body is cut off counts as an answer; for `export-keeps-cut-file` only.
    pub(crate) tolerates_cut: bool,
    /// How long the body of the answer is waited for.
    pub(crate) patience: Patience,
}

/// How long a body is waited for once it has begun.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Between two pieces: a slow answer is read to its end, one that has stopped is not.
    silence: Duration,
    /// From its beginning to its end.
    whole: Duration,
}

impl Patience {
    /// The patience of a client with these flaws.
    pub(crate) fn of(flaws: &FlawSet) -> Self {
        let is_impatient = flaws.has(Flaw::GivesUpSlowAnswers) || flaws.has(Flaw::InsistsOnSlowAnswers);
        Self {
            silence: if flaws.has(Flaw::NoTimeOut) { Duration::MAX } else { LONGEST_SILENCE },
            whole: if is_impatient { IMPATIENCE } else { Duration::MAX },
        }
    }
}

/// Whether a cause is that the patience with a whole answer ended.
pub(crate) fn is_impatience(cause: &str) -> bool {
    cause == TOOK_TOO_LONG
}

/// One answer, read to its end.
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// Headers.
    pub(crate) headers: HeaderMap,
    /// Body.
    pub(crate) body: Bytes,
}

/// The connections of one service, kept open between calls.
pub(crate) struct Pool {
    tls: Option<TlsConnector>,
    kept: tokio::sync::Mutex<HashMap<Origin, Kept>>,
    tasks: Mutex<JoinSet<()>>,
    flaws: FlawSet,
}

#[derive(Default)]
struct Kept {
    idle: Vec<(http1::SendRequest<Full<Bytes>>, LastWord)>,
    shared: Option<(http2::SendRequest<Full<Bytes>>, LastWord)>,
}

/// A connection taken from the pool for one call.
pub(crate) struct Lease {
    origin: Origin,
    sender: Sender,
    last_word: LastWord,
}

enum Sender {
    One(http1::SendRequest<Full<Bytes>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

impl Pool {
    /// A pool that speaks TLS with `tls`; without it, `http` URLs only.
    pub(crate) fn new(tls: Option<TlsConnector>) -> Self {
        let (kept, tasks) = (tokio::sync::Mutex::default(), Mutex::default());
        Self { tls, kept, tasks, flaws: FlawSet::none() }
    }

    /// The same, with the flaws of a client that sends without TLS, or insists.
    pub(crate) fn with_flaws(mut self, flaws: &FlawSet) -> Self {
        self.flaws = flaws.clone();
        self
    }

    /// A connection to `origin`: one that is open, or a new one.
    pub(crate) async fn lease(&self, origin: &Origin) -> Result<Lease, Failure> {
        // Held while connecting, so that workers that start together share one HTTP/2 connection.
        let mut all = self.kept.lock().await;
        let kept = all.entry(origin.clone()).or_default();
        let (sender, last_word) = match kept.reuse().await {
            Some(connection) => connection,
            None => {
                let mut connected = self.connect(origin).await;
                for _ in 0..self.insistence() {
                    if !matches!(connected, Err(Failure::Lasting(_))) {
                        break;
                    }
                    connected = self.connect(origin).await;
                }
                let (sender, last_word) = connected?;
                if let Sender::Two(shared) = &sender {
                    kept.shared = Some((shared.clone(), last_word.clone()));
                }
                (sender, last_word)
            }
        };
        Ok(Lease { origin: origin.clone(), sender, last_word })
    }

    /// Sends `message` and reads the answer to its end.
    pub(crate) async fn send(&self, lease: Lease, message: &Message) -> Result<Answer, Failure> {
        let answer = self.send_once(lease, message).await?;
        match self.redirect(&answer, message) {
            Some((origin, message)) => self.send_once(self.lease(&origin).await?, &message).await,
            None => Ok(answer),
        }
    }

    /// Where a redirect to `http://` leads, for `follows-redirect-to-http` only.
    fn redirect(&self, answer: &Answer, message: &Message) -> Option<(Origin, Message)> {
        if answer.status != 307 || !self.flaws.has(Flaw::FollowsRedirectToHttp) {
            return None;
        }
        let url: Uri = answer.headers.get(LOCATION)?.to_str().ok()?.parse().ok()?;
        let message = Message {
            method: message.method.clone(),
            headers: message.headers.clone(),
            body: message.body.clone(),
            tolerates_cut: message.tolerates_cut,
            patience: message.patience,
            url,
        };
        Some((Origin::of(&message.url)?, message))
    }

    async fn send_once(&self, lease: Lease, message: &Message) -> Result<Answer, Failure> {
        let last_word = lease.last_word.clone();
        let outcome = self.exchange(lease, message).await;
        match (outcome, last_word.get()) {
            (Err(Failure::Passing(_)), Some(said)) => Err(Failure::Lasting(said)),
            (outcome, _) => outcome,
        }
    }

    async fn exchange(&self, mut lease: Lease, message: &Message) -> Result<Answer, Failure> {
        let response = lease.request(message).await.map_err(|error| failure(&error))?;
        let (head, body) = response.into_parts();
        let patience = message.patience;
        let outcome = tokio::time::timeout(patience.whole, received(body, patience.silence)).await;
        let late = |_| (Bytes::new(), Some(Failure::Passing(TOOK_TOO_LONG.to_owned())));
        let (body, whole) = match outcome.unwrap_or_else(late) {
            (body, None) => (body, true),
            (body, Some(_)) if message.tolerates_cut => (body, false),
            (_, Some(failure)) => return Err(failure),
        };
        if let (Sender::One(sender), true) = (lease.sender, whole) {
            let kept = (sender, lease.last_word);
            self.kept.lock().await.entry(lease.origin).or_default().idle.push(kept);
        }
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }

    /// Closes the connections in good order.
    pub(crate) async fn close(&self) {
        self.kept.lock().await.clear();
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let _ = tokio::time::timeout(FAREWELL, async { while tasks.join_next().await.is_some() {} }).await;
    }

    /// How often a refused server is called again: `insists-on-refused-server` only.
    fn insistence(&self) -> u32 {
        if self.flaws.has(Flaw::InsistsOnRefusedServer) { 45 } else { 0 }
    }

    async fn connect(&self, origin: &Origin) -> Result<(Sender, LastWord), Failure> {
        let tcp = self.reach(origin).await?;
        if !origin.secure {
            return self.speak_http1(tcp).await;
        }
        let Some(tls) = &self.tls else {
            return Err(Failure::Lasting("ROR_CA_CERT is missing, the server cannot be trusted".to_owned()));
        };
        let name = ServerName::try_from(origin.host.clone())
            .map_err(|_| Failure::Lasting(format!("{origin} is not a host name")))?;
        let stream = match tls.connect(name, tcp).await {
            Ok(stream) => stream,
            Err(error) if self.flaws.has(Flaw::FallsBackToHttp) && is_no_tls(&error) => {
                let tcp = self.reach(origin).await?;
                return self.speak_http1(tcp).await;
            }
            Err(error) => {
                if self.flaws.has(Flaw::TakesUpOldTls) && is_old_tls(&error) {
                    // How it ends does not matter: the error is told either way.
                    let _ = old_tls::take_up(self.reach(origin).await?).await;
                }
                return Err(failure(&error));
            }
        };
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            self.speak_http2(stream).await
        } else {
            self.speak_http1(stream).await
        }
    }

    async fn reach(&self, origin: &Origin) -> Result<TcpStream, Failure> {
        let tcp = TcpStream::connect((origin.host.as_str(), origin.port))
            .await
            .map_err(|error| Failure::Passing(format!("no connection to {origin}: {error}")))?;
        let _ = tcp.set_nodelay(true);
        Ok(tcp)
    }

    async fn speak_http1<S>(&self, stream: S) -> Result<(Sender, LastWord), Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let last_word = LastWord::default();
        let stream = TokioIo::new(Overheard::new(stream, last_word.clone()));
        let (sender, connection) = http1::handshake(stream).await.map_err(|error| failure(&error))?;
        self.keep_running(async move {
            let _ = connection.await;
        });
        Ok((Sender::One(sender), last_word))
    }

    async fn speak_http2<S>(&self, stream: S) -> Result<(Sender, LastWord), Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let last_word = LastWord::default();
        let stream = TokioIo::new(Overheard::new(stream, last_word.clone()));
        let (sender, connection) =
            http2::handshake(TokioExecutor::new(), stream).await.map_err(|error| failure(&error))?;
        self.keep_running(async move {
            let _ = connection.await;
        });
        Ok((Sender::Two(sender), last_word))
    }

    fn keep_running(&self, connection: impl Future<Output = ()> + Send + 'static) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(connection);
    }
}

impl Kept {
    async fn reuse(&mut self) -> Option<(Sender, LastWord)> {
        if let Some((shared, last_word)) = &self.shared {
            if !shared.is_closed() {
                return Some((Sender::Two(shared.clone()), last_word.clone()));
            }
            self.shared = None;
        }
        while let Some((mut sender, last_word)) = self.idle.pop() {
            if sender.ready().await.is_ok() {
                return Some((Sender::One(sender), last_word));
            }
        }
        None
    }
}

impl Lease {
    /// What TLS said when it ended the connection, before anything was sent.
    pub(crate) fn last_word(&self) -> Option<String> {
        self.last_word.get()
    }

    /// Whether the connection is still open, as far as the client can know.
    pub(crate) fn is_open(&self) -> bool {
        match &self.sender {
            Sender::One(sender) => !sender.is_closed(),
            Sender::Two(sender) => !sender.is_closed(),
        }
    }

    async fn request(&mut self, message: &Message) -> Result<Response<Incoming>, hyper::Error> {
        let mut request = Request::new(Full::new(message.body.clone()));
        *request.method_mut() = message.method.clone();
        *request.headers_mut() = message.headers.clone();
        match &mut self.sender {
            // RFC 9112 §3.2.1: origin-form and Host.
            Sender::One(sender) => {
                let target = message.url.path_and_query().map_or("/", PathAndQuery::as_str);
                *request.uri_mut() = target.parse().unwrap_or_default();
                let host = message.url.authority().map_or("", |authority| authority.as_str());
                if let Ok(host) = HeaderValue::from_str(host) {
                    request.headers_mut().insert(HOST, host);
                }
                sender.send_request(request).await
            }
            // RFC 9113 §8.3.1: the absolute URL becomes the pseudo-header fields.
            Sender::Two(sender) => {
                *request.uri_mut() = message.url.clone();
                sender.send_request(request).await
            }
        }
    }
}

/// What came of a body, and why not all of it.
async fn received(body: Incoming, silence: Duration) -> (Bytes, Option<Failure>) {
    let mut body = Limited::new(body, MAX_BODY);
    let mut bytes = Vec::new();
    loop {
        let frame = match tokio::time::timeout(silence, body.frame()).await {
            Ok(Some(frame)) => frame,
            Ok(None) => break,
            Err(_) => {
                let cause = format!("the answer stopped for {} s", silence.as_secs());
                return (bytes.into(), Some(Failure::Passing(cause)));
            }
        };
        match frame.map(Frame::into_data) {
            Ok(Ok(data)) => bytes.extend_from_slice(&data),
            Ok(Err(_)) => {}
            Err(error) => return (bytes.into(), Some(failure(error.as_ref()))),
        }
    }
    (bytes.into(), None)
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Option<Origin> {
        Origin::of(&url.parse().unwrap())
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        assert_eq!(origin("https://ROR.example/a?b"), origin("https://ror.example:443/c"));
        assert_ne!(origin("https://ror.example/"), origin("http://ror.example/"));
        assert_ne!(origin("https://localhost:1/"), origin("https://localhost:2/"));
        assert_eq!(origin("https://localhost:1@evil.example/").unwrap().host, "evil.example");
        assert_eq!(origin("/relative"), None);
        assert_eq!(origin("http://[::1]:8080/").unwrap().to_string(), "http://[::1]:8080");
    }
}
