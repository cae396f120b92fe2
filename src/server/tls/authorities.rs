//! Authorities that client certificates may come from, and whether they vouch for one.

use std::sync::Arc;

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{CertificateError, Error, RootCertStore};
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// Authorities that client certificates may come from.
#[derive(Clone)]
pub(super) struct Authorities {
    strict: Arc<dyn ClientCertVerifier>,
    pub(super) roots: Arc<RootCertStore>,
}

impl Authorities {
    pub(super) fn new<'a>(
        authorities: impl Iterator<Item = &'a CertificateDer<'static>>,
    ) -> Result<Self, Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            roots.add(authority.clone())?;
        }
        let roots = Arc::new(roots);
        let strict = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), provider)
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        Ok(Self { strict, roots })
    }

    /// Whether the certificates lead to one of them, whatever the leaf is for.
    pub(super) fn vouch_for(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        match self.strict.verify_client_cert(leaf, intermediates, now) {
            Err(Error::InvalidCertificate(
                CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. },
            )) => self.vouch_for_server(leaf, intermediates, now),
            other => other.map(drop),
        }
    }

    fn vouch_for_server(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let leaf = ParsedCertificate::try_from(leaf)?;
        let algorithms = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms;
        verify_server_cert_signed_by_trust_anchor(&leaf, &self.roots, intermediates, now, algorithms.all)
    }
}

/// Whether nobody else vouches for an authority.
pub(super) fn is_self_issued(der: &CertificateDer<'_>) -> bool {
    Certificate::from_der(der).is_ok_and(|certificate| {
        let content = certificate.tbs_certificate();
        content.subject() == content.issuer()
    })
}
