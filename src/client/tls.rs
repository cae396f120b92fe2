//! The client's side of TLS: whom it trusts, and the certificate that it presents.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::error::ClientError;

/// The client's own certificate chain and key, as PEM files.
pub(crate) struct Identity<'a> {
    /// Leaf first.
    pub(crate) certificate: &'a Path,
    /// PKCS#8, not encrypted.
    pub(crate) key: &'a Path,
}

/// TLS that trusts the authorities of the PEM file `authorities` and nobody else.
///
/// # Errors
/// A file cannot be read or holds nothing usable, or the key does not belong to the certificate.
pub(crate) fn connector(
    authorities: &Path,
    identity: Option<&Identity<'_>>,
) -> Result<TlsConnector, ClientError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authorities)? {
        roots.add(certificate).map_err(|error| unusable(authorities, error))?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientError::Settings(format!("TLS cannot be set up: {error}")))?
        .with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain = certificates(identity.certificate)?;
            let key =
                PrivateKeyDer::from_pem_file(identity.key).map_err(|error| unusable(identity.key, error))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| unusable(identity.certificate, error))?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
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
            let message = connector(path, None).err().unwrap().to_string();
            assert!(message.contains(path.to_str().unwrap()), "{message}");
        }
    }
}
