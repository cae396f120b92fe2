//! Listeners: accept, shake hands, serve HTTP/1.1 and HTTP/2; every connection is told in the journal.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::closing::Closing;
use super::impostor::Change;
use super::route::{self, ConnectionContext};
use super::state::State;
use super::tls::{Strictness, Tls};
use super::wire::{FirstByte, Noted, Traffic, Watched};
use super::{Role, hello, impostor};
use crate::journal::{ConnectionOpened, Event, Handshake, HandshakeCause, ScenarioJournal};

/// A client that takes longer than this for its handshake is let go.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(30);

/// How long it waits after an accept that failed.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// Most connections open at once on one listener; further ones wait in the system's queue.
const CONNECTION_LIMIT: usize = 512;

/// How much of an HTTP request without TLS is read, in bytes.
const PLAIN_HEAD: usize = 4 * 1024;

/// How long a server that must be refused waits, at the end of its step, for connections to be closed by the client.
const FAREWELL: Duration = Duration::from_secs(1);

/// One listener.
pub(super) struct Listener {
    pub(super) socket: TcpListener,
    pub(super) role: Role,
    pub(super) face: Face,
    /// How it changes its face; each change is confirmed once it is made.
    pub(super) faces: mpsc::Receiver<NewFace>,
    pub(super) state: Arc<State>,
}

/// A new face, and who waits for it.
pub(super) type NewFace = (Face, oneshot::Sender<()>);

/// What a listener shows of itself.
#[derive(Clone)]
pub(super) struct Face {
    pub(super) guise: Guise,
    pub(super) tls: Tls,
    /// The instance of the client that it is for, when several act side by side.
    pub(super) instance: Option<u32>,
}

/// What a listener pretends to be.
#[derive(Clone)]
pub(super) enum Guise {
    /// The mock itself.
    Honest,
    /// The mock itself, until its certificate changes.
    Yet(Arc<Change>),
    /// A server that a client must refuse, for one step.
    Impostor { step: u32, defect: String, trick: Trick },
}

/// How an impostor differs from the mock.
#[derive(Clone)]
pub(super) enum Trick {
    /// By its certificate only.
    Certificate,
    /// By its certificate, once it has given a few answers.
    Later(Arc<Change>),
    /// It answers in plain text on a port for TLS.
    Plain,
    /// It knows nothing newer than TLS 1.0.
    OldTls,
    /// It redirects all requests to that origin.
    Redirect(String),
    /// It is where another one redirects to: HTTP without TLS.
    RedirectTarget,
}

impl Guise {
    fn trick(&self) -> Option<&Trick> {
        match self {
            Self::Honest | Self::Yet(_) => None,
            Self::Impostor { trick, .. } => Some(trick),
        }
    }
}

impl Listener {
    /// Serves until told to stop; then open connections are dropped.
    pub(super) async fn serve(mut self, mut stop: watch::Receiver<bool>) {
        let port = self.socket.local_addr().map_or(0, |address| address.port());
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            tokio::select! {
                accepted = self.socket.accept(), if connections.len() < CONNECTION_LIMIT => match accepted {
                    Ok((stream, peer)) => {
                        connections.spawn(self.connection(stream, peer, port));
                    }
                    // Out of descriptors, or the client was gone already: a moment later it may be better.
                    Err(_) => tokio::time::sleep(ACCEPT_AGAIN).await,
                },
                Some(_) = connections.join_next() => {}
                Some((face, done)) = self.faces.recv() => {
                    // A connection of before knows nothing of the new face.
                    self.let_go(&mut connections, port).await;
                    self.face = face;
                    let _ = done.send(());
                }
                _ = stop.changed() => break,
            }
        }
        self.let_go(&mut connections, port).await;
    }

    /// Ends all connections. What the client did last to a server that must be refused is waited for: it is what counts.
    async fn let_go(&self, connections: &mut JoinSet<()>, port: u16) {
        if matches!(self.face.guise, Guise::Impostor { .. }) {
            while let Ok(Ok((stream, peer))) =
                tokio::time::timeout(Duration::ZERO, self.socket.accept()).await
            {
                connections.spawn(self.connection(stream, peer, port));
            }
            let all_closed = async { while connections.join_next().await.is_some() {} };
            let _ = tokio::time::timeout(FAREWELL, all_closed).await;
        }
        connections.shutdown().await;
    }

    fn connection(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        port: u16,
    ) -> impl Future<Output = ()> + Send + use<> {
        let mut face = self.face.clone();
        if let Guise::Impostor { trick: Trick::Later(change), .. } = &face.guise
            && !change.is_made()
        {
            face.tls = change.before.clone();
            face.guise = Guise::Yet(Arc::clone(change));
        }
        serve(stream, peer, self.role, face, Arc::clone(&self.state), port)
    }
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    role: Role,
    Face { guise, tls, instance }: Face,
    state: Arc<State>,
    port: u16,
) {
    let journal = state.journal.clone();
    let number = journal.next_connection();
    let (step, defect) = match &guise {
        Guise::Honest | Guise::Yet(_) => (None, None),
        Guise::Impostor { step, defect, .. } => (Some(*step), Some(defect.clone())),
    };
    let listener =
        if matches!(guise.trick(), Some(Trick::RedirectTarget)) { "plain-http" } else { role.name() };
    journal.write(Event::ConnectionOpened(ConnectionOpened {
        connection: number,
        listener: listener.to_owned(),
        peer: peer.to_string(),
        step,
        defect,
        instance,
    }));
    // Small answers must not wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let (below, above) = (Arc::new(Traffic::default()), Arc::new(Traffic::default()));
    let mut closing = Closing::new(&state, number, tls.clone(), &below, &above);
    let first_byte = FirstByte::default();
    let mut context = ConnectionContext {
        state: Arc::clone(&state),
        number,
        role,
        handshake: Handshake::default(),
        first_byte: first_byte.clone(),
        port,
        redirect: None,
        change: match &guise {
            Guise::Yet(change) => Some(Arc::clone(change)),
            _ => None,
        },
        traffic: Arc::clone(&above),
    };
    let begins =
        tokio::time::timeout(HANDSHAKE_LIMIT, begins_with(&stream)).await.unwrap_or(Beginning::Nothing);
    let served = match (guise.trick(), begins) {
        (_, Beginning::Nothing) => return closing.shaken(no_handshake()),
        (_, Beginning::Gone) => {
            below.end_by_client();
            let failure = "the client closed without a word";
            return closing.shaken(impostor::outcome(HandshakeCause::ClosedByClient, failure, false));
        }
        (Some(Trick::Plain | Trick::RedirectTarget), Beginning::Http) => {
            http(Watched::new(Watched::new(stream, below), above), context, first_byte, &journal).await
        }
        (Some(Trick::Plain | Trick::RedirectTarget), _) => {
            let told =
                tokio::time::timeout(HANDSHAKE_LIMIT, impostor::answer_in_plain_text(stream, below)).await;
            return closing.shaken(told.unwrap_or_else(|_| no_handshake()));
        }
        (_, Beginning::Http) => {
            let told = tokio::time::timeout(HANDSHAKE_LIMIT, plain_http(stream, below)).await;
            return closing.shaken(told.unwrap_or_else(|_| no_handshake()));
        }
        (Some(Trick::OldTls), _) => {
            let chain = tls.chain();
            let answered = impostor::offer_old_tls(stream, below, &chain);
            let told = tokio::time::timeout(HANDSHAKE_LIMIT, answered).await;
            return closing.shaken(told.unwrap_or_else(|_| no_handshake()));
        }
        (trick, _) => {
            if let Some(Trick::Redirect(origin)) = trick {
                context.redirect = Some(origin.clone());
            }
            let (config, seen) = match strictness(&guise, role, &state) {
                Some(strictness) => match tls.strict(strictness) {
                    Ok((config, seen)) => (config, Some(seen)),
                    Err(error) => {
                        return closing.shaken(impostor::outcome(
                            HandshakeCause::Other,
                            error.to_string(),
                            false,
                        ));
                    }
                },
                None => (Arc::clone(&tls.config), None),
            };
            let accepted =
                TlsAcceptor::from(config).accept(Watched::new(stream, Arc::clone(&below))).into_fallible();
            let stream = match (tokio::time::timeout(HANDSHAKE_LIMIT, accepted).await, seen) {
                (Err(_), _) => return,
                (Ok(Ok(stream)), _) => stream,
                (Ok(Err((error, _))), None) => return closing.shaken(tls.failure(&error, number, &below)),
                (Ok(Err((error, stream))), Some(seen)) => {
                    closing.shaken(tls.strict_failure(&error, &seen, number, &below));
                    return linger(stream).await;
                }
            };
            context.handshake = tls.facts(stream.get_ref().1, number, journal.wall_at(journal.now_us()));
            closing.shaken(context.handshake.clone());
            http(Watched::new(stream, above), context, first_byte, &journal).await
        }
    };
    if let Err(error) = served {
        closing.reason = Some(journal.redactor().text(&chain(error.as_ref())));
    }
}

/// How strict the handshake is with the client's certificate; none: it completes whatever is shown.
fn strictness(guise: &Guise, role: Role, state: &State) -> Option<Strictness> {
    let asks_for_it = matches!(role, Role::Authorisation | Role::All);
    let honest = !matches!(guise, Guise::Impostor { .. });
    (state.behaviour.alerts_bad_certificates && asks_for_it && honest).then_some(Strictness {
        // The APIs, which need none, may be on the same port.
        required: role == Role::Authorisation,
        chain_as_sent: state.behaviour.chains_as_sent,
    })
}

/// Says no more, and reads what the client still sends: a connection closed over unread bytes is reset, and the client
/// would not get to read the alert (RFC 9112 §9.6 has the same difficulty).
async fn linger(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let drained = async {
        // A client that is gone needs no alert.
        let _ = stream.shutdown().await;
        let mut rest = [0; 4 * 1024];
        while matches!(stream.read(&mut rest).await, Ok(1..)) {}
    };
    let _ = tokio::time::timeout(FAREWELL, drained).await;
}

/// HTTP over a connection that is ready for it.
async fn http<S>(
    stream: S,
    context: ConnectionContext,
    first_byte: FirstByte,
    journal: &ScenarioJournal,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let change = context.change.clone();
    let context = Arc::new(context);
    let stream = TokioIo::new(Noted::new(stream, first_byte, journal.clone()));
    let service = service_fn(move |request| {
        // Here, where the connection was read: a task of its own, as HTTP/2 makes one of each request, begins later.
        let seen_us = context.state.journal.now_us();
        route::handle(Arc::clone(&context), request, seen_us)
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // As the ROR's servers write them: a client that minds case is no worse off here than there.
    builder.http1().title_case_headers(true);
    let connection = builder.serve_connection(stream, service);
    let Some(change) = change else { return connection.await };
    // Once the certificate has changed, what goes on goes on over new connections.
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = change.made() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}

/// How a client begins.
enum Beginning {
    /// As an HTTP request does.
    Http,
    /// In any other way.
    Other,
    /// It closes at once.
    Gone,
    /// It does not.
    Nothing,
}

/// Looks at the first byte and leaves it there.
async fn begins_with(stream: &TcpStream) -> Beginning {
    let mut first = [0; 1];
    match stream.peek(&mut first).await {
        Ok(1) if hello::is_http(&first) => Beginning::Http,
        Ok(1) => Beginning::Other,
        _ => Beginning::Gone,
    }
}

fn no_handshake() -> Handshake {
    let failure = format!("no complete handshake within {} s", HANDSHAKE_LIMIT.as_secs());
    impostor::outcome(HandshakeCause::Unfinished, failure, false)
}

/// HTTP without TLS on a port for TLS: the client is told in words that it understands.
async fn plain_http(stream: TcpStream, traffic: Arc<Traffic>) -> Handshake {
    let mut stream = Watched::new(stream, traffic);
    let mut head = Vec::new();
    while head.len() < PLAIN_HEAD && !head.contains(&b'\n') {
        match tokio::io::AsyncReadExt::read_buf(&mut stream, &mut head).await {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    let words = "This port speaks TLS: call it with https://.\n";
    // A client that is gone needs no answer.
    let _ = impostor::refuse_in_plain_text(&mut stream, "400 Bad Request", words).await;
    let (cause, failure) =
        hello::obstacle(&head).unwrap_or((HandshakeCause::NotTls, "no TLS handshake".to_owned()));
    impostor::outcome(cause, failure, false)
}

/// An error with its causes, each once.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// Binds a listener.
pub(super) async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}
