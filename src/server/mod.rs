//! The mock ROR on the wire. Given a [`Behaviour`], it answers and writes the journal; it knows no scenario and judges nothing.

mod answer;
pub mod behaviour;
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

use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use behaviour::Behaviour;
pub use paths::{FHIR_PATH, TOKEN_PATH};
pub use tls::{Identity, Tls};
pub use token::TokenKey;

use crate::journal::ScenarioJournal;
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
}

impl Role {
    /// Its name in the journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Authorisation => "authorisation-server",
            Self::Api => "api",
            Self::All => "all",
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
        let roles = if place.port.is_some() { vec![Role::All] } else { vec![Role::Authorisation, Role::Api] };
        let mut ports = Vec::new();
        let mut listeners = Vec::new();
        for role in roles {
            let socket = listen::bind(SocketAddr::new(place.address, place.port.unwrap_or(0))).await?;
            ports.push(socket.local_addr()?.port());
            let listener = Listener { socket, role, tls: tls.clone(), state: Arc::clone(&state) };
            listeners.push(tokio::spawn(listener.serve(stopped.clone())));
        }
        let name = place.names.first().map_or("localhost", String::as_str);
        let name = if name.contains(':') { format!("[{name}]") } else { name.to_owned() };
        let origin =
            |index: usize| format!("https://{name}:{}", ports.get(index).or(ports.first()).unwrap_or(&0));
        Ok(Self { token_url: format!("{}{TOKEN_PATH}", origin(0)), api_url: origin(1), stop, listeners })
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
