//! Connections on which the mock refused the client's certificate with a TLS alert, as a scenario wants it.

use super::words::{both, quote};
use crate::journal::{Connection, Evidence, HandedCredential, HandshakeCause, Step};
use crate::text::Text;

/// The connections of a step that were refused so, by the certificate that the client showed.
#[derive(Default)]
pub(super) struct Alerted<'a> {
    /// The one that was handed; or none: TLS libraries leave out what no authority named by the server has issued.
    pub(super) as_handed: Vec<&'a Connection>,
    /// Another one.
    pub(super) otherwise: Vec<&'a Connection>,
}

/// Those of that step.
pub(super) fn alerted<'a>(evidence: &'a Evidence, step: &Step, handed: &HandedCredential) -> Alerted<'a> {
    let mut alerted = Alerted::default();
    for connection in evidence.connections.values() {
        let Some(handshake) = &connection.handshake else { continue };
        if connection.step != Some(step.started.step)
            || handshake.cause != Some(HandshakeCause::ClientCertificate)
        {
            continue;
        }
        match &handshake.certificate {
            Some(shown) if handed.sha256.as_ref() != Some(&shown.sha256) => {
                alerted.otherwise.push(connection)
            }
            _ => alerted.as_handed.push(connection),
        }
    }
    alerted
}

/// What the mock did on such a connection.
pub(super) fn told(connection: &Connection) -> Text {
    let number = connection.opened.connection;
    let alert = connection.handshake.as_ref().and_then(|handshake| handshake.alert_sent.as_deref());
    let alert = quote(alert.unwrap_or_default());
    both!(
        "Connexion {number} : le bouchon a refusé le certificat par l’alerte TLS {alert}, à dessein.",
        "Connection {number}: the mock refused the certificate with the TLS alert {alert}, on purpose."
    )
}
