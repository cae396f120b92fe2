//! The mock ROR on the wire. Given a [`Behaviour`], it answers and writes the journal; it knows no scenario and judges nothing.

mod anomalies;
mod answer;
mod aside;
pub mod behaviour;
mod capacity;
mod closing;
mod data;
mod export;
mod fhir;
mod gate;
mod hello;
mod impostor;
mod listen;
mod paths;
mod received;
mod refusal;
mod route;
mod state;
mod tls;
mod token;
mod wire;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

pub use behaviour::Behaviour;
pub use impostor::{Impostor, Manner};
pub use paths::{CAPACITY_PATH, FHIR_PATH, TASK_PATH, TOKEN_PATH};
pub use tls::{Identity, Tls};
pub use token::TokenKey;

use crate::journal::{Endpoint, ScenarioJournal};
use crate::ror::{Change, ChangeError};
use data::Author;
use listen::{Face, Guise, Listener, NewFace, Trick};
use state::State;

/// What a listener answers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The authorisation server alone.
    Authorisation,
    /// The APIs alone.
    Api,
    /// Both on one port.
    All,
    /// Another host, to which nothing confidential must go.
    AnotherHost,
}

impl Role {
    /// Its name in the journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Authorisation => "authorisation-server",
            Self::Api => "api",
            Self::All => "all",
            Self::AnotherHost => "another-host",
        }
    }
}

/// Where the mock listens and how it is called.
#[derive(Debug, Clone)]
pub struct Place {
    /// Address to listen on.
    pub address: IpAddr,
    /// One fixed port for both roles; none: two ports that the system chooses.
    pub port: Option<u16>,
    /// Names of the mock's certificate; links and URLs use the first one.
    pub names: Vec<String>,
}

/// A mock that listens. Dropping it stops it.
pub struct Mock {
    /// URL of the token endpoint.
    pub token_url: String,
    /// Base URL of the APIs, without a path.
    pub api_url: String,
    state: Arc<State>,
    stop: watch::Sender<bool>,
    listeners: Vec<JoinHandle<()>>,
    place: Place,
    tls: Tls,
    /// With one fixed port: how its listener changes its face.
    only: Option<mpsc::Sender<NewFace>>,
}

/// Where one of several instances of a client finds the mock.
pub struct Entrance {
    /// URL of the token endpoint.
    pub token_url: String,
    /// Base URL of the APIs, without a path.
    pub api_url: String,
}

/// A server that a client must refuse, while it listens. Dropping it stops it.
pub struct Impersonation {
    /// Scheme, host and port.
    pub origin: String,
    stop: watch::Sender<bool>,
    listeners: Vec<JoinHandle<()>>,
    /// The mock's only listener, to be given its own face back.
    only: Option<(mpsc::Sender<NewFace>, Face)>,
}

impl Impersonation {
    /// Stops, once what the client did last is told in the journal.
    pub async fn end(self) {
        if let Some((only, face)) = self.only {
            change_face(&only, face).await;
        }
        let _ = self.stop.send(true);
        for listener in self.listeners {
            let _ = listener.await;
        }
    }
}

impl Mock {
    /// Starts to listen.
    ///
    /// # Errors
    /// When a port cannot be had.
    pub async fn start(
        place: &Place,
        behaviour: Behaviour,
        tls: &Tls,
        key: TokenKey,
        journal: ScenarioJournal,
    ) -> io::Result<Self> {
        let state = Arc::new(State::new(behaviour, journal, key, place.names.clone()));
        let (stop, stopped) = watch::channel(false);
        let mut roles =
            if place.port.is_some() { vec![Role::All] } else { vec![Role::Authorisation, Role::Api] };
        if state.behaviour.needs_another_host() {
            roles.push(Role::AnotherHost);
        }
        let mut ports = Vec::new();
        let mut listeners = Vec::new();
        let mut only = None;
        for role in roles {
            let port = place.port.filter(|_| role != Role::AnotherHost).unwrap_or(0);
            let socket = listen::bind(SocketAddr::new(place.address, port)).await?;
            let port = socket.local_addr()?.port();
            if role == Role::AnotherHost {
                state.set_foreign(format!("{}:{port}", another_name(&place.names)));
            } else {
                ports.push(port);
            }
            let (change, faces) = mpsc::channel(1);
            if role == Role::All {
                only = Some(change);
            }
            let face = Face { guise: Guise::Honest, tls: tls.clone(), instance: None };
            let listener = Listener { socket, role, face, faces, state: Arc::clone(&state) };
            listeners.push(tokio::spawn(listener.serve(stopped.clone())));
        }
        let name = host(place);
        let origin =
            |index: usize| format!("https://{name}:{}", ports.get(index).or(ports.first()).unwrap_or(&0));
        let (token_url, api_url) = (format!("{}{TOKEN_PATH}", origin(0)), origin(1));
        Ok(Self { token_url, api_url, state, stop, listeners, place: place.clone(), tls: tls.clone(), only })
    }

    /// Opens ports of its own for one of several instances of a client: the same mock stands behind them, and the
    /// journal tells who calls. With one fixed port there are no others, and nobody can tell.
    ///
    /// # Errors
    /// When a port cannot be had.
    pub async fn entrance(&mut self, instance: u32) -> io::Result<Entrance> {
        let mut entrance = Entrance { token_url: self.token_url.clone(), api_url: self.api_url.clone() };
        if self.place.port.is_some() {
            return Ok(entrance);
        }
        let name = host(&self.place);
        for role in [Role::Authorisation, Role::Api] {
            let socket = listen::bind(SocketAddr::new(self.place.address, 0)).await?;
            let origin = format!("https://{name}:{}", socket.local_addr()?.port());
            // Nobody will change its face: the channel is closed at once.
            let (_, faces) = mpsc::channel(1);
            let face = Face { guise: Guise::Honest, tls: self.tls.clone(), instance: Some(instance) };
            let listener = Listener { socket, role, face, faces, state: Arc::clone(&self.state) };
            self.listeners.push(tokio::spawn(listener.serve(self.stop.subscribe())));
            match role {
                Role::Authorisation => entrance.token_url = format!("{origin}{TOKEN_PATH}"),
                _ => entrance.api_url = origin,
            }
        }
        Ok(entrance)
    }

    /// Lets a server that a client must refuse listen, for that step: same host, its own port, so that no connection
    /// and no session of before can be used again. With one fixed port, it takes the mock's place on it.
    ///
    /// # Errors
    /// When a port cannot be had.
    pub async fn impersonate(&self, step: u32, impostor: Impostor) -> io::Result<Impersonation> {
        let (stop, stopped) = watch::channel(false);
        let mut listeners = Vec::new();
        let role = match impostor.endpoint {
            Endpoint::Token => Role::Authorisation,
            Endpoint::Api => Role::Api,
        };
        let guise = |trick| Guise::Impostor { step, defect: impostor.defect.clone(), trick };
        let mut listen = async |face: Face, role: Role| -> io::Result<u16> {
            let socket = listen::bind(SocketAddr::new(self.place.address, 0)).await?;
            let port = socket.local_addr()?.port();
            // Nobody will change its face: the channel is closed at once.
            let (_, faces) = mpsc::channel(1);
            let listener = Listener { socket, role, face, faces, state: Arc::clone(&self.state) };
            listeners.push(tokio::spawn(listener.serve(stopped.clone())));
            Ok(port)
        };
        let name = host(&self.place);
        let honest = Face { guise: Guise::Honest, tls: self.tls.clone(), instance: None };
        let (tls, trick) = match impostor.manner {
            Manner::Certificate(tls) => (tls, Trick::Certificate),
            Manner::Later(tls, answers) => {
                (tls, Trick::Later(impostor::Change::after(answers, self.tls.clone())))
            }
            Manner::Plain => (self.tls.clone(), Trick::Plain),
            Manner::OldTls => (self.tls.clone(), Trick::OldTls),
            Manner::Redirect => {
                let face =
                    Face { guise: guise(Trick::RedirectTarget), tls: self.tls.clone(), instance: None };
                let plain = listen(face, role).await?;
                (self.tls.clone(), Trick::Redirect(format!("http://{name}:{plain}")))
            }
        };
        let face = Face { guise: guise(trick), tls, instance: None };
        let (port, only) = match (&self.only, self.place.port) {
            (Some(only), Some(port)) => {
                change_face(only, face).await;
                (port, Some((only.clone(), honest)))
            }
            _ => (listen(face, role).await?, None),
        };
        Ok(Impersonation { origin: format!("https://{name}:{port}"), stop, listeners, only })
    }

    /// Moves the data on, as a step of the scenario says.
    ///
    /// # Errors
    /// When a change cannot be made; then none is.
    pub fn change(&self, step: u32, changes: &[Change]) -> Result<(), ChangeError> {
        self.state.data.update(&self.state.journal, Author::Step(step), |directory| {
            // Each change sees what those before it made.
            let mut after = directory.after([]);
            let mut effects = Vec::new();
            for change in changes {
                let effect = change.effect(&after)?;
                after = after.after([effect.clone()]);
                effects.push(effect);
            }
            Ok(((), effects))
        })
    }

    /// From now on, the client certificate of that SHA-256 (hexadecimal) is refused: a newer one has taken its place.
    pub fn replace_certificate(&self, sha256: &str) {
        self.state.replace(sha256);
    }

    /// Begins another phase: scripted replies can be for one phase only.
    pub fn set_phase(&self, phase: u32) {
        self.state.phase.store(phase, std::sync::atomic::Ordering::Relaxed);
    }

    /// When the last answer was ready, on the wall clock; none before the first one.
    #[must_use]
    pub fn last_answer(&self) -> Option<OffsetDateTime> {
        self.state.data.last_answer(&self.state.journal)
    }

    /// Stops, and waits until every connection is closed and told in the journal.
    pub async fn stop(self) {
        // Nobody listening any more is what is wanted.
        let _ = self.stop.send(true);
        for listener in self.listeners {
            let _ = listener.await;
        }
    }
}

/// Returns once the listener shows that face.
async fn change_face(listener: &mpsc::Sender<NewFace>, face: Face) {
    let (done, changed) = oneshot::channel();
    if listener.send((face, done)).await.is_ok() {
        let _ = changed.await;
    }
}

/// The mock's host as URLs write it.
fn host(place: &Place) -> String {
    let name = place.names.first().map_or("localhost", String::as_str);
    if name.contains(':') { format!("[{name}]") } else { name.to_owned() }
}

/// Another name of the mock's certificate than the one that its URLs use, so that it is another host for any client.
fn another_name(names: &[String]) -> &str {
    let own = names.first().map_or("localhost", String::as_str);
    names.iter().map(String::as_str).find(|name| *name != own && !name.contains(':')).unwrap_or("127.0.0.1")
}
