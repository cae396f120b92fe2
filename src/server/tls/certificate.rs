//! What a certificate of the mock says, as the journal tells it.

use aws_lc_rs::digest::{SHA256, digest};
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::journal::{ServerCertificate, hex};

/// What a certificate of the mock says.
pub(super) fn server_certificate(chain: &[CertificateDer<'static>]) -> ServerCertificate {
    let Some(leaf) = chain.first() else { return ServerCertificate::default() };
    let sha256 = hex(digest(&SHA256, leaf).as_ref());
    let Ok(certificate) = Certificate::from_der(leaf) else {
        return ServerCertificate { sha256, chain: chain.len(), ..ServerCertificate::default() };
    };
    let content = certificate.tbs_certificate();
    let names = content.get_extension::<SubjectAltName>().ok().flatten();
    ServerCertificate {
        subject: content.subject().to_string(),
        issuer: content.issuer().to_string(),
        not_before: readable_time(content.validity().not_before.to_unix_duration().as_secs()),
        not_after: readable_time(content.validity().not_after.to_unix_duration().as_secs()),
        names: names.map(|(_, names)| names.0.iter().filter_map(readable_name).collect()).unwrap_or_default(),
        sha256,
        chain: chain.len(),
        signature: match certificate.signature_algorithm().oid.to_string().as_str() {
            "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption".to_owned(),
            "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption".to_owned(),
            other => other.to_owned(),
        },
    }
}

fn readable_name(name: &GeneralName) -> Option<String> {
    let GeneralName::IpAddress(bytes) = name else {
        return if let GeneralName::DnsName(name) = name { Some(name.as_str().to_owned()) } else { None };
    };
    let bytes = bytes.as_bytes();
    let v4 = <[u8; 4]>::try_from(bytes).map(std::net::IpAddr::from);
    let address = v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(std::net::IpAddr::from));
    address.ok().map(|address| address.to_string())
}

pub(super) fn readable_time(seconds: u64) -> String {
    let instant =
        i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    instant.and_then(|instant| instant.format(&Rfc3339).ok()).unwrap_or_default()
}
