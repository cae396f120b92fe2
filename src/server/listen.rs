//! Listeners: accept, shake hands, serve HTTP/1.1 and HTTP/2; every connection is told in the journal.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::Role;
use super::route::{self, ConnectionContext};
use super::state::State;
use super::tls::Tls;
use super::wire::{FirstByte, Noted};
use crate::journal::{ConnectionClosed, ConnectionOpened, Event, Handshake};

/// A client that takes longer than this for its handshake is let go.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(30);

/// How long it waits after an accept that failed.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// Most connections open at once on one listener; further ones wait in the system's queue.
const CONNECTION_LIMIT: usize = 512;

/// One listener.
pub(super) struct Listener {
    pub(super) socket: TcpListener,
    pub(super) role: Role,
    pub(super) tls: Tls,
    pub(super) state: Arc<State>,
}

impl Listener {
    /// Serves until told to stop; then open connections are dropped.
    pub(super) async fn serve(self, mut stop: watch::Receiver<bool>) {
        let port = self.socket.local_addr().map_or(0, |address| address.port());
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            tokio::select! {
                accepted = self.socket.accept(), if connections.len() < CONNECTION_LIMIT => match accepted {
                    Ok((stream, peer)) => {
                        connections.spawn(serve(stream, peer, self.role, self.tls.clone(), Arc::clone(&self.state), port));
                    }
                    // Out of descriptors, or the client was gone already: a moment later it may be better.
                    Err(_) => tokio::time::sleep(ACCEPT_AGAIN).await,
                },
                Some(_) = connections.join_next() => {}
                _ = stop.changed() => break,
            }
        }
        connections.shutdown().await;
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, role: Role, tls: Tls, state: Arc<State>, port: u16) {
    let journal = state.journal.clone();
    let number = journal.next_connection();
    journal.write(Event::ConnectionOpened(ConnectionOpened {
        connection: number,
        listener: role.name().to_owned(),
        peer: peer.to_string(),
    }));
    let mut closing = Closing { state: Arc::clone(&state), number, reason: None };
    // Small answers must not wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let acceptor = TlsAcceptor::from(Arc::clone(&tls.config));
    let handshake = tokio::time::timeout(HANDSHAKE_LIMIT, acceptor.accept(stream)).await;
    let failed = |reason: String| {
        let reason = journal.redactor().text(&reason);
        journal.write(Event::Handshake(Box::new(Handshake {
            connection: number,
            failure: Some(reason),
            ..Handshake::default()
        })));
    };
    let stream = match handshake {
        Err(_) => return failed(format!("no complete handshake within {} s", HANDSHAKE_LIMIT.as_secs())),
        Ok(Err(error)) => return failed(error.to_string()),
        Ok(Ok(stream)) => stream,
    };
    let facts = tls.facts(stream.get_ref().1, number, journal.wall_at(journal.now_us()));
    journal.write(Event::Handshake(Box::new(facts.clone())));
    let first_byte = FirstByte::default();
    let context = Arc::new(ConnectionContext {
        state,
        number,
        role,
        handshake: facts,
        first_byte: first_byte.clone(),
        port,
    });
    let stream = TokioIo::new(Noted::new(stream, first_byte, journal.clone()));
    let service = service_fn(move |request| route::handle(Arc::clone(&context), request));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // As the ROR's servers write them: a client that minds case is no worse off here than there.
    builder.http1().title_case_headers(true);
    let served = builder.serve_connection(stream, service).await;
    if let Err(error) = served {
        closing.reason = Some(journal.redactor().text(&chain(error.as_ref())));
    }
}

/// Writes the end of a connection, also when its task is dropped.
struct Closing {
    state: Arc<State>,
    number: u32,
    reason: Option<String>,
}

impl Drop for Closing {
    fn drop(&mut self) {
        let closed = ConnectionClosed { connection: self.number, reason: self.reason.take() };
        self.state.journal.write(Event::ConnectionClosed(closed));
    }
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
