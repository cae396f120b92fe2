//! One connection to a server that must be refused, and the class that the evidence puts it in (client-testing.md §2.3).

use super::words::{both, quote};
use crate::journal::{Connection, Endpoint, Evidence, Exchange, HandshakeCause, Impostor, Staple, Step};
use crate::text::Text;

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// An alert, after what is wrong was shown.
    RefusedWithAlert,
    /// Closed or reset, after what is wrong was shown.
    RefusedByClose,
    /// The handshake was completed, then closed without a byte.
    RefusedWithoutData,
    /// Redirected to a port without TLS, and not followed.
    NotFollowed,
    /// A byte of a request came, or the client went on with an obsolete protocol.
    Accepted,
    /// HTTP/2 was opened, and nothing was asked.
    SpokeOnly,
    /// Closed before what is wrong was shown.
    AbortedBefore,
    /// Open until the end, and silent.
    Hang,
}

impl Class {
    pub(super) fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::RefusedWithAlert | Self::RefusedByClose | Self::RefusedWithoutData | Self::NotFollowed
        )
    }
}

/// A connection to a server that must be refused.
pub(super) struct Attempt<'a> {
    pub(super) connection: &'a Connection,
    pub(super) class: Class,
    /// First line of what should not have come.
    pub(super) line: String,
    /// Requests that should not have come.
    pub(super) exchanges: Vec<&'a Exchange>,
}

/// The connections of a step to that server, in order.
pub(super) fn attempts<'a>(evidence: &'a Evidence, step: &Step, impostor: &Impostor) -> Vec<Attempt<'a>> {
    let number = Some(step.started.step);
    let redirects = impostor.defect == "redirect-to-http";
    evidence
        .connections
        .values()
        .filter(|connection| {
            let opened = &connection.opened;
            let listener = match impostor.endpoint {
                Endpoint::Token => "authorisation-server",
                Endpoint::Api => "api",
            };
            opened.step == number
                && opened.defect.as_deref() == Some(impostor.defect.as_str())
                && [listener, "all", "plain-http"].contains(&opened.listener.as_str())
        })
        .map(|connection| {
            let exchanges: Vec<&Exchange> = evidence
                .exchanges
                .iter()
                .filter(|exchange| exchange.request.connection == connection.opened.connection)
                .collect();
            let class =
                if redirects { redirected(connection, &exchanges) } else { class(connection, &exchanges) };
            let untold = connection.closed.as_ref().and_then(|closed| closed.first_line.clone());
            let line = match exchanges.first() {
                Some(exchange) => format!(
                    "{} {} {}",
                    exchange.request.method, exchange.request.target, exchange.request.version
                ),
                // Of a request in the clear on a port for TLS, the failure quotes the first line.
                None => untold
                    .or_else(|| {
                        connection.handshake.as_ref().filter(|_| class == Class::Accepted)?.failure.clone()
                    })
                    .unwrap_or_default(),
            };
            Attempt { connection, class, line, exchanges }
        })
        .collect()
}

fn class(connection: &Connection, exchanges: &[&Exchange]) -> Class {
    if !exchanges.is_empty() {
        return Class::Accepted;
    }
    let closed = connection.closed.as_ref();
    let by_client = closed.is_some_and(|closed| closed.by_client);
    if let Some(closed) = closed.filter(|closed| closed.received > 0) {
        // The preface of HTTP/2 (RFC 9113 §3.4) is no request yet.
        let preface = closed.first_line.as_deref().is_some_and(|line| "PRI * HTTP/2.0".starts_with(line));
        return if preface { Class::SpokeOnly } else { Class::Accepted };
    }
    let Some(handshake) = &connection.handshake else {
        return if by_client { Class::AbortedBefore } else { Class::Hang };
    };
    match (handshake.failure.is_some(), handshake.cause) {
        (false, _) if !by_client => Class::Hang,
        (false, _) if closed.is_some_and(|closed| closed.alert.is_some()) => Class::RefusedWithAlert,
        (false, _) => Class::RefusedWithoutData,
        // A request in the clear, on the port of a server that was not to be trusted.
        (true, Some(HandshakeCause::PlainHttp | HandshakeCause::OldTlsAccepted)) => Class::Accepted,
        (true, Some(HandshakeCause::Unfinished)) => Class::Hang,
        (true, _) if !handshake.shown => Class::AbortedBefore,
        (true, Some(HandshakeCause::Alert)) => Class::RefusedWithAlert,
        (true, _) => Class::RefusedByClose,
    }
}

/// The server proved its identity, and redirected: what counts is whether the client followed.
fn redirected(connection: &Connection, exchanges: &[&Exchange]) -> Class {
    if connection.opened.listener == "plain-http" {
        return match class(connection, exchanges) {
            Class::Accepted | Class::SpokeOnly => Class::Accepted,
            other if other.is_refusal() => Class::AbortedBefore,
            other => other,
        };
    }
    let was_told = exchanges.iter().any(|exchange| exchange.status() == Some(307));
    if was_told { Class::NotFollowed } else { Class::AbortedBefore }
}

impl Attempt<'_> {
    fn cause(&self) -> Option<HandshakeCause> {
        self.connection.handshake.as_ref()?.cause
    }

    /// Whether the client asked for the status of the certificate, and was sent it.
    pub(super) fn status_was_sent(&self) -> bool {
        self.staple().is_some_and(|staple| staple.asked == Some(true))
    }

    /// Whether there was a status to send that the client did not ask for.
    pub(super) fn status_was_withheld(&self) -> bool {
        self.staple().is_some_and(|staple| staple.asked == Some(false))
    }

    fn staple(&self) -> Option<&Staple> {
        self.connection.handshake.as_ref()?.staple.as_ref()
    }

    /// The status of the certificate that there was to tell; nothing when there was none.
    fn told_status(&self) -> Text {
        let Some(staple) = self.staple() else { return Text::default() };
        let status = quote(&staple.status);
        match staple.asked {
            Some(true) => both!(
                " Statut agrafé au certificat : {status}, demandé par le client et envoyé.",
                " Status stapled to the certificate: {status}, asked for by the client and sent."
            ),
            Some(false) => both!(
                " Statut du certificat : {status} ; le client ne l’a pas demandé, il n’a pas été envoyé.",
                " Status of the certificate: {status}; the client did not ask for it, it was not sent."
            ),
            None => both!(
                " Statut du certificat : {status} ; on ne sait pas si le client l’a demandé.",
                " Status of the certificate: {status}; whether the client asked for it is not known."
            ),
        }
    }

    /// What was seen, in a few sentences.
    pub(super) fn told(&self) -> Text {
        let number = self.connection.opened.connection;
        let handshake = self.connection.handshake.as_ref();
        let alert = handshake
            .and_then(|handshake| handshake.alert.clone())
            .or_else(|| self.connection.closed.as_ref()?.alert.clone());
        let alert = quote(&alert.unwrap_or_default());
        // An answer in the clear shows none.
        let in_clear = self.connection.opened.defect.as_deref() == Some("plaintext");
        let certificate = handshake.and_then(|handshake| handshake.server_certificate.as_ref());
        let shown = match certificate.filter(|_| !in_clear) {
            Some(certificate) => {
                let (subject, until) = (quote(&certificate.subject), quote(&certificate.not_after));
                let digest: String = certificate.sha256.chars().take(16).collect();
                both!(
                    " Certificat montré : {subject}, jusqu’au {until}, SHA-256 {digest}….",
                    " Certificate shown: {subject}, until {until}, SHA-256 {digest}…."
                )
            }
            None => Text::default(),
        };
        let what = match self.class {
            Class::RefusedWithAlert => {
                both!(
                    "connexion {number}, alerte TLS {alert} du client.",
                    "connection {number}, TLS alert {alert} from the client."
                )
            }
            Class::RefusedByClose => both!(
                "connexion {number}, fermée par le client après avoir vu le serveur.",
                "connection {number}, closed by the client once it had seen the server."
            ),
            Class::RefusedWithoutData => both!(
                "connexion {number}, négociation terminée puis fermée par le client sans un octet.",
                "connection {number}, handshake completed, then closed by the client without a byte."
            ),
            Class::NotFollowed => both!(
                "connexion {number}, redirigée vers http://.",
                "connection {number}, redirected to http://."
            ),
            Class::Accepted if self.cause() == Some(HandshakeCause::OldTlsAccepted) => both!(
                "connexion {number}, le client a poursuivi en TLS 1.0.",
                "connection {number}, the client went on with TLS 1.0."
            ),
            Class::Accepted if self.cause() == Some(HandshakeCause::PlainHttp) => both!(
                "connexion {number}, le client a envoyé une requête sans TLS.",
                "connection {number}, the client sent a request without TLS."
            ),
            Class::Accepted => both!(
                "connexion {number}, le client a envoyé des données.",
                "connection {number}, the client sent data."
            ),
            Class::SpokeOnly => both!(
                "connexion {number}, HTTP/2 ouvert sans requête.",
                "connection {number}, HTTP/2 opened without a request."
            ),
            Class::AbortedBefore => both!(
                "connexion {number}, fermée avant que le client ait vu le serveur.",
                "connection {number}, closed before the client had seen the server."
            ),
            Class::Hang => both!(
                "connexion {number}, ouverte et muette jusqu’à la fin.",
                "connection {number}, open and silent to the end."
            ),
        };
        let status = self.told_status();
        Text::new(
            format!("{}{}{}", what.fr, shown.fr, status.fr),
            format!("{}{}{}", what.en, shown.en, status.en),
        )
    }
}
