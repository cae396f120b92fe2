//! The mock ROR on the wire. Given a [`Behaviour`], it answers and writes the journal; it knows no scenario and judges nothing.

mod anomalies;
mod answer;
pub mod behaviour;
mod capacity;
mod data;
mod export;
mod fhir;
mod gate;
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
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use behaviour::Behaviour;
pub use paths::{CAPACITY_PATH, FHIR_PATH, TASK_PATH, TOKEN_PATH};
pub use tls::{Identity, Tls};
pub use token::TokenKey;

use crate::journal::ScenarioJournal;
use crate::ror::{Change, ChangeError};
use data::Author;
use listen::Listener;
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
        if state.behaviour.foreign.is_some() {
            roles.push(Role::AnotherHost);
        }
        let mut ports = Vec::new();
        let mut listeners = Vec::new();
        for role in roles {
            let port = place.port.filter(|_| role != Role::AnotherHost).unwrap_or(0);
            let socket = listen::bind(SocketAddr::new(place.address, port)).await?;
            let port = socket.local_addr()?.port();
            if role == Role::AnotherHost {
                state.set_foreign(format!("{}:{port}", another_name(&place.names)));
            } else {
                ports.push(port);
            }
            let listener = Listener { socket, role, tls: tls.clone(), state: Arc::clone(&state) };
            listeners.push(tokio::spawn(listener.serve(stopped.clone())));
        }
        let name = place.names.first().map_or("localhost", String::as_str);
        let name = if name.contains(':') { format!("[{name}]") } else { name.to_owned() };
        let origin =
            |index: usize| format!("https://{name}:{}", ports.get(index).or(ports.first()).unwrap_or(&0));
        let (token_url, api_url) = (format!("{}{TOKEN_PATH}", origin(0)), origin(1));
        Ok(Self { token_url, api_url, state, stop, listeners })
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

/// Another name of the mock's certificate than the one that its URLs use, so that it is another host for any client.
fn another_name(names: &[String]) -> &str {
    let own = names.first().map_or("localhost", String::as_str);
    names.iter().map(String::as_str).find(|name| *name != own && !name.contains(':')).unwrap_or("127.0.0.1")
}
