//! Distinguished names of certificates, printed in the RFC 4514 form that a service declares to the ANS.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::PkiError;
use super::recipe::Subject;

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

/// The attributes of a certificate's subject in encoding order, by their short names.
///
/// # Errors
/// When the file cannot be read, holds no certificate, or an attribute has no name here.
pub(super) fn attributes_of_file(path: &Path) -> Result<Subject, PkiError> {
    let no_certificate = || PkiError::NoCertificate(path.to_owned());
    let leaf = super::certificates(path)?.into_iter().next().ok_or_else(no_certificate)?;
    let certificate = Certificate::from_der(&leaf).map_err(|_| no_certificate())?;
    let mut attributes = Subject::new();
    for attribute in certificate.tbs_certificate().subject().iter() {
        let name = match attribute.oid.to_string().as_str() {
            "2.5.4.3" => "CN",
            "2.5.4.6" => "C",
            "2.5.4.7" => "L",
            "2.5.4.8" => "ST",
            "2.5.4.10" => "O",
            "2.5.4.11" => "OU",
            other => return Err(PkiError::Attribute(other.to_owned())),
        };
        let value = String::from_utf8_lossy(attribute.value.value()).into_owned();
        attributes.push((name.to_owned(), value));
    }
    Ok(attributes)
}
