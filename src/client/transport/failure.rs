//! Why no whole answer came: what may go better next time, and a peer that cannot be trusted.

use std::error::Error;

use tokio_rustls::rustls;

/// Why no whole answer came.
#[derive(Debug)]
pub(crate) enum Failure {
    /// May go better next time: connection refused, cut, timed out, truncated body.
    Passing(String),
    /// Will not: a TLS peer that does not prove its identity or refuses ours.
    Lasting(String),
}

/// Tells a peer that cannot be trusted from a connection that was merely lost.
pub(super) fn failure(error: &(dyn Error + 'static)) -> Failure {
    let mut causes = vec![error.to_string()];
    let mut source = Some(error);
    while let Some(cause) = source {
        if let Some(tls) = tls_error(cause) {
            return Failure::Lasting(tls.to_string());
        }
        let text = cause.to_string();
        if !causes.contains(&text) {
            causes.push(text);
        }
        source = cause.source();
    }
    Failure::Passing(causes.join(": "))
}

/// Whether what the server sent is no TLS at all.
pub(super) fn is_no_tls(error: &std::io::Error) -> bool {
    matches!(tls_error(error), Some(rustls::Error::InvalidMessage(_)))
}

/// Whether the server knows no version of TLS that this client knows.
pub(super) fn is_old_tls(error: &std::io::Error) -> bool {
    matches!(tls_error(error), Some(rustls::Error::PeerIncompatible(_)))
}

pub(crate) fn tls_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return Some(error);
    }
    // `io::Error::source` skips the error that it wraps, so that it has to be asked for.
    let io = cause.downcast_ref::<std::io::Error>()?;
    io.get_ref()?.downcast_ref::<rustls::Error>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tls_refusal_is_told_from_a_lost_connection() {
        let unknown = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let wrapped = std::io::Error::new(std::io::ErrorKind::InvalidData, unknown);
        assert!(matches!(failure(&wrapped), Failure::Lasting(_)));
        let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        assert!(matches!(failure(&reset), Failure::Passing(_)));
    }
}
