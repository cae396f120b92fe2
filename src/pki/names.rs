//! Distinguished names of certificates, printed in the RFC 4514 form that a service declares to the ANS.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::PkiError;

/// The subject of a certificate file (PEM or DER) in the RFC 4514 form that a service declares to the ANS.
///
/// # Errors
/// When the file cannot be read or holds no certificate.
pub fn subject_of_file(path: &Path) -> Result<String, PkiError> {
    let bytes = std::fs::read(path).map_err(|source| PkiError::File { path: path.to_owned(), source })?;
    let der = match CertificateDer::from_pem_slice(&bytes) {
        Ok(der) => der,
        Err(_) => CertificateDer::from(bytes),
    };
    subject(&der).ok_or_else(|| PkiError::NoCertificate(path.to_owned()))
}

/// The subject of a certificate, RFC 4514; none when it is no X.509 certificate.
#[must_use]
pub fn subject(der: &[u8]) -> Option<String> {
    Some(Certificate::from_der(der).ok()?.tbs_certificate().subject().to_string())
}
