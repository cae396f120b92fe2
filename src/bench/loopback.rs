//! The bench calls itself, as a client will: listen, resolve the name, connect, shake hands, check the certificate.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::pki;
use crate::server::{Place, Tls};

/// A loopback that takes longer than this is blocked.
const LIMIT: Duration = Duration::from_secs(5);

/// How far the bench got when it called itself.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// The address or the port cannot be had.
    #[error("{0}")]
    Listen(io::Error),
    /// Nobody knows the name.
    #[error("{0}")]
    Name(io::Error),
    /// Nobody answers at the addresses of that name.
    #[error("{reason} ({addresses})")]
    Connect {
        /// Where it called.
        addresses: String,
        /// What happened.
        reason: io::Error,
    },
    /// TLS does not succeed, with the bench's own certificate and authority.
    #[error("{0}")]
    Tls(String),
}

/// Listens at that place for a moment and calls it by its first name, trusting the authorities of that PEM file only.
///
/// # Errors
/// How far it got.
pub async fn reach_itself(place: &Place, tls: &Tls, authorities: &Path) -> Result<(), Unreachable> {
    let connector = connector(authorities)?;
    let name = place.names.first().map_or("localhost", String::as_str).to_owned();
    let server_name =
        ServerName::try_from(name.clone()).map_err(|error| Unreachable::Tls(format!("{name}: {error}")))?;
    let address = SocketAddr::new(place.address, place.port.unwrap_or(0));
    let listener = TcpListener::bind(address).await.map_err(Unreachable::Listen)?;
    let port = listener.local_addr().map_err(Unreachable::Listen)?.port();
    let acceptor = TlsAcceptor::from(Arc::clone(&tls.config));
    let serve = async {
        // Somebody else may call a fixed port at this moment: each caller is served by itself.
        let mut callers = JoinSet::new();
        loop {
            if let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                callers.spawn(async move { acceptor.accept(stream).await.map(drop) });
            }
        }
    };
    let call = async {
        let limited = tokio::time::timeout(LIMIT, lookup_host((name.as_str(), port))).await;
        let addresses: Vec<SocketAddr> = limited
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .map_err(Unreachable::Name)?
            .collect();
        let stream = tokio::time::timeout(LIMIT, TcpStream::connect(addresses.as_slice()))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let stream =
            stream.map_err(|reason| Unreachable::Connect { addresses: listed(&addresses), reason })?;
        let shaken = tokio::time::timeout(LIMIT, connector.connect(server_name, stream))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        shaken.map(drop).map_err(|error| Unreachable::Tls(error.to_string()))
    };
    tokio::select! {
        reached = call => reached,
        () = serve => Ok(()),
    }
}

fn connector(authorities: &Path) -> Result<TlsConnector, Unreachable> {
    let unusable = |error: &dyn std::fmt::Display| Unreachable::Tls(error.to_string());
    let mut roots = RootCertStore::empty();
    for authority in pki::certificates(authorities).map_err(|error| unusable(&error))? {
        roots.add(authority).map_err(|error| unusable(&error))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn listed(addresses: &[SocketAddr]) -> String {
    addresses.iter().take(5).map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
