//! The client's side of TLS: whom it trusts, and the certificate that it presents.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use x509_cert::der::Decode;

use super::error::ClientError;
use super::flaws::{Flaw, FlawSet};
use super::status::{self, Status};

/// The client's own certificate chain and key, as PEM files.
pub(crate) struct Identity {
    /// Leaf first.
    pub(crate) certificate: PathBuf,
    /// PKCS#8, not encrypted.
    pub(crate) key: PathBuf,
}

/// TLS that trusts the authorities of the PEM file `authorities` and nobody else.
///
/// # Errors
/// A file cannot be read or holds nothing usable, or the key does not belong to the certificate.
pub(crate) fn connector(
    authorities: &Path,
    identity: Option<&Identity>,
    flaws: &FlawSet,
) -> Result<TlsConnector, ClientError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authorities)? {
        roots.add(certificate).map_err(|error| unusable(authorities, error))?;
    }
    let not_set_up =
        |error: &dyn std::fmt::Display| ClientError::Settings(format!("TLS cannot be set up: {error}"));
    let provider = Arc::new(aws_lc_rs::default_provider());
    let strict = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|error| not_set_up(&error))?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| not_set_up(&error))?;
    let verifier = Verifier { strict, pardons: carelessness(flaws), first: OnceLock::new() };
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain = certificates(&identity.certificate)?;
            let key = PrivateKeyDer::from_pem_file(&identity.key)
                .map_err(|error| unusable(&identity.key, error))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| unusable(&identity.certificate, error))?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The flaws of a client that does not look closely at the server's certificate.
fn carelessness(flaws: &FlawSet) -> FlawSet {
    let careless = [
        Flaw::AcceptsAnyCertificate,
        Flaw::IgnoresHostName,
        Flaw::IgnoresIpAddress,
        Flaw::IgnoresValidityDates,
        Flaw::TrustsAnyAuthority,
        Flaw::IgnoresKeyUsage,
        Flaw::AcceptsCnOnly,
        Flaw::AcceptsSelfSigned,
        Flaw::IgnoresHandshakeSignature,
        Flaw::IgnoresNameConstraints,
        Flaw::VerifiesFirstConnectionOnly,
        Flaw::PinsServerCertificate,
        Flaw::RefusesDisorderedChain,
        Flaw::IgnoresRevocation,
        Flaw::AcceptsWeakSignatures,
    ];
    careless.into_iter().filter(|flaw| flaws.has(*flaw)).collect()
}

/// Verifies as the strict one does, and the status that comes with the certificate; pardons what its flaws overlook.
#[derive(Debug)]
struct Verifier {
    strict: Arc<WebPkiServerVerifier>,
    pardons: FlawSet,
    /// The first certificate that was accepted.
    first: OnceLock<Vec<u8>>,
}

impl Verifier {
    /// RFC 6066 §8: a status that was asked for and that came is looked at. One that cannot be read is as good as none.
    fn status(leaf: &CertificateDer<'_>, stapled: &[u8]) -> Result<(), Error> {
        let certificate = x509_cert::Certificate::from_der(leaf);
        let serial = certificate.map(|one| one.tbs_certificate().serial_number().as_bytes().to_vec());
        match serial.ok().and_then(|serial| status::of(stapled, &serial)) {
            Some(Status::Revoked) => Err(Error::InvalidCertificate(CertificateError::Revoked)),
            _ => Ok(()),
        }
    }

    fn pardons(&self, reason: &CertificateError, leaf: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
        use CertificateError as E;
        let overlooked = match reason {
            E::NotValidForNameContext { presented, .. }
                if presented.is_empty() && self.pardons.has(Flaw::AcceptsCnOnly) =>
            {
                Flaw::AcceptsCnOnly
            }
            E::UnknownIssuer if self.pardons.has(Flaw::AcceptsSelfSigned) && is_self_signed(leaf) => {
                Flaw::AcceptsSelfSigned
            }
            E::Other(reason) if reason.to_string().contains("NameConstraint") => Flaw::IgnoresNameConstraints,
            E::NotValidForName | E::NotValidForNameContext { .. }
                if matches!(name, ServerName::IpAddress(_)) && self.pardons.has(Flaw::IgnoresIpAddress) =>
            {
                Flaw::IgnoresIpAddress
            }
            E::NotValidForName | E::NotValidForNameContext { .. } => Flaw::IgnoresHostName,
            E::Expired | E::ExpiredContext { .. } | E::NotValidYet | E::NotValidYetContext { .. } => {
                Flaw::IgnoresValidityDates
            }
            E::UnknownIssuer => Flaw::TrustsAnyAuthority,
            E::Revoked => Flaw::IgnoresRevocation,
            E::UnsupportedSignatureAlgorithmContext { .. }
            | E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => Flaw::AcceptsWeakSignatures,
            E::InvalidPurpose | E::InvalidPurposeContext { .. } => Flaw::IgnoresKeyUsage,
            _ => Flaw::AcceptsAnyCertificate,
        };
        self.pardons.has(overlooked) || self.pardons.has(Flaw::AcceptsAnyCertificate)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        stapled: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let known = self.first.get();
        if known.is_some() && self.pardons.has(Flaw::VerifiesFirstConnectionOnly) {
            return Ok(ServerCertVerified::assertion());
        }
        let pinned = known.is_some_and(|first| first.as_slice() != leaf.as_ref());
        let disordered = intermediates.first().is_some_and(is_self_signed);
        if (pinned && self.pardons.has(Flaw::PinsServerCertificate))
            || (disordered && self.pardons.has(Flaw::RefusesDisorderedChain))
        {
            return Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure));
        }
        let verified = self.strict.verify_server_cert(leaf, intermediates, name, stapled, now);
        match verified.and_then(|verified| Self::status(leaf, stapled).map(|()| verified)) {
            Err(Error::InvalidCertificate(reason)) if self.pardons(&reason, leaf, name) => {
                Ok(ServerCertVerified::assertion())
            }
            Ok(verified) => {
                let _ = self.first.set(leaf.to_vec());
                Ok(verified)
            }
            refused => refused,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.pardons.has(Flaw::IgnoresHandshakeSignature) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        self.strict.verify_tls12_signature(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.pardons.has(Flaw::IgnoresHandshakeSignature) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        self.strict.verify_tls13_signature(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.strict.supported_verify_schemes()
    }
}

/// Whether a certificate names itself as its issuer.
fn is_self_signed(der: &CertificateDer<'_>) -> bool {
    x509_cert::Certificate::from_der(der).is_ok_and(|certificate| {
        let content = certificate.tbs_certificate();
        content.subject() == content.issuer()
    })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| unusable(path, error))?;
    if certificates.is_empty() {
        return Err(unusable(path, "no certificate in it"));
    }
    Ok(certificates)
}

fn unusable(path: &Path, reason: impl std::fmt::Display) -> ClientError {
    ClientError::Settings(format!("{} cannot be used: {reason}", path.display()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn files_that_cannot_be_used_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing.pem");
        let empty = folder.path().join("empty.pem");
        std::fs::write(&empty, "nothing here").unwrap();
        for path in [&missing, &empty] {
            let message = connector(path, None, &FlawSet::none()).err().unwrap().to_string();
            assert!(message.contains(path.to_str().unwrap()), "{message}");
        }
    }
}
