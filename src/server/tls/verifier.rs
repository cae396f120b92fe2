//! What is asked of a client certificate during the handshake: usually only the proof that the client holds its key;
//! of a server that refuses bad ones with an alert, that nothing is wrong with it.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
};
use time::OffsetDateTime;

use super::{INCOMPLETE_CHAIN, Seen, Strictness, Tls};

/// Proves that the client holds the key of its certificate, and judges nothing else.
#[derive(Debug)]
pub(super) struct RecordingVerifier {
    provider: Arc<CryptoProvider>,
    hints: Vec<DistinguishedName>,
}

impl RecordingVerifier {
    /// Java chooses its certificate by the names in the CertificateRequest: those of `roots` are all there.
    pub(super) fn new(provider: Arc<CryptoProvider>, roots: &RootCertStore) -> Self {
        Self { provider, hints: roots.subjects() }
    }
}

impl ClientCertVerifier for RecordingVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Refuses what is wrong by itself, for one connection: rustls sends the alert that goes with the error.
pub(super) struct StrictVerifier {
    recorder: RecordingVerifier,
    tls: Tls,
    strictness: Strictness,
    seen: Seen,
}

impl StrictVerifier {
    pub(super) fn new(recorder: RecordingVerifier, tls: Tls, strictness: Strictness, seen: Seen) -> Self {
        Self { recorder, tls, strictness, seen }
    }
}

impl std::fmt::Debug for StrictVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StrictVerifier").field("strictness", &self.strictness).finish_non_exhaustive()
    }
}

impl ClientCertVerifier for StrictVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.recorder.root_hint_subjects()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.strictness.required
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let chain: Vec<CertificateDer<'static>> =
            [leaf].into_iter().chain(intermediates).map(|der| der.clone().into_owned()).collect();
        let now =
            i64::try_from(now.as_secs()).ok().and_then(|now| OffsetDateTime::from_unix_timestamp(now).ok());
        let facts = self.tls.client_certificate(&chain, now.unwrap_or(OffsetDateTime::UNIX_EPOCH));
        let mut faults = facts.as_ref().map(|facts| facts.faults.clone()).unwrap_or_default();
        faults.retain(|fault| fault != INCOMPLETE_CHAIN || self.strictness.chain_as_sent);
        if let Some(facts) = facts {
            // Asked once per connection.
            let _ = self.seen.set(facts);
        }
        match reason(&faults) {
            None => Ok(ClientCertVerified::assertion()),
            Some(reason) => Err(Error::InvalidCertificate(reason)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.recorder.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.recorder.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.recorder.supported_verify_schemes()
    }
}

/// The reason that the alert gives: of several faults, the one that a verifier meets first on its way (chain, dates,
/// usage).
fn reason(faults: &[String]) -> Option<CertificateError> {
    const IN_ORDER: [(&str, CertificateError); 8] = [
        ("unreadable", CertificateError::BadEncoding),
        ("unknown-authority", CertificateError::UnknownIssuer),
        (INCOMPLETE_CHAIN, CertificateError::UnknownIssuer),
        ("bad-signature", CertificateError::BadSignature),
        ("expired", CertificateError::Expired),
        ("not-yet-valid", CertificateError::NotValidYet),
        ("wrong-usage", CertificateError::InvalidPurpose),
        ("authority-certificate", CertificateError::InvalidPurpose),
    ];
    let known = IN_ORDER.into_iter().find(|(name, _)| faults.iter().any(|fault| fault == name));
    match known {
        Some((_, reason)) => Some(reason),
        None if faults.is_empty() => None,
        // bad_certificate
        None => Some(CertificateError::BadEncoding),
    }
}

#[cfg(test)]
mod tests {
    use rustls::AlertDescription;

    use super::*;

    #[test]
    fn the_alert_goes_with_the_first_fault_on_the_way() {
        let alert = |faults: &[&str]| {
            let faults: Vec<String> = faults.iter().map(|fault| (*fault).to_owned()).collect();
            reason(&faults).map(AlertDescription::from)
        };
        assert_eq!(alert(&[]), None);
        assert_eq!(alert(&["expired"]), Some(AlertDescription::CertificateExpired));
        assert_eq!(
            alert(&["expired", "wrong-usage", "unknown-authority"]),
            Some(AlertDescription::UnknownCA)
        );
        assert_eq!(alert(&["wrong-usage"]), Some(AlertDescription::UnsupportedCertificate));
        assert_eq!(alert(&["invalid"]), Some(AlertDescription::BadCertificate));
    }
}
