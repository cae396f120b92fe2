//! An OCSP response (RFC 6960) about one certificate, signed by the authority that issued it: what a server staples to
//! its certificate. Written in DER by hand: it is small, and the certificate library has no such thing.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rcgen::{KeyPair, SigningKey};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

use super::PkiError;
use super::der::{
    BIT_STRING, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SHA1, SHA256_WITH_RSA, algorithm, sequence, value,
};

/// What the authority says of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateStatus {
    /// It is good.
    Good,
    /// It is revoked, since a day.
    Revoked,
}

/// How long a response is good for.
const FORTH: Duration = Duration::days(7);
/// Clocks are not quite the same everywhere.
const BACK: Duration = Duration::hours(1);

/// id-pkix-ocsp-basic, RFC 6960 §4.2.1.
const BASIC_RESPONSE: [u8; 9] = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];

const ENUMERATED: u8 = 0x0a;
const GENERALIZED_TIME: u8 = 0x18;
/// `[n]`, constructed.
const CONTEXT: u8 = 0xa0;

/// The response about the certificate `leaf` of the authority `issuer` (DER both), whose key is `key`.
///
/// # Errors
/// When one of them is no certificate, or cannot be signed for.
pub(super) fn response(
    leaf: &[u8],
    issuer: &[u8],
    key: &KeyPair,
    status: CertificateStatus,
    now: OffsetDateTime,
) -> Result<Vec<u8>, PkiError> {
    let unreadable = |error: x509_cert::der::Error| PkiError::Status(error.to_string());
    let leaf = Certificate::from_der(leaf).map_err(unreadable)?;
    let issuer = Certificate::from_der(issuer).map_err(unreadable)?;
    let name = issuer.tbs_certificate().subject().to_der().map_err(unreadable)?;
    let issuer_key =
        issuer.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes().to_vec();
    let certificate = sequence(&[
        // RFC 6960 §4.3 wants this one understood.
        algorithm(&SHA1),
        value(OCTET_STRING, digest(&SHA1_FOR_LEGACY_USE_ONLY, &name).as_ref()),
        value(OCTET_STRING, digest(&SHA1_FOR_LEGACY_USE_ONLY, &issuer_key).as_ref()),
        value(INTEGER, leaf.tbs_certificate().serial_number().as_bytes()),
    ]);
    let status = match status {
        CertificateStatus::Good => value(0x80, &[]),
        // keyCompromise
        CertificateStatus::Revoked => value(
            CONTEXT | 1,
            &[time(now - Duration::days(1))?, value(CONTEXT, &value(ENUMERATED, &[1]))].concat(),
        ),
    };
    let single = sequence(&[certificate, status, time(now - BACK)?, value(CONTEXT, &time(now + FORTH)?)]);
    let data = sequence(&[value(CONTEXT | 1, &name), time(now - BACK)?, sequence(&[single])]);
    let signature = key.sign(&data)?;
    let unused_bits = [&[0], signature.as_slice()].concat();
    let basic = sequence(&[data, algorithm(&SHA256_WITH_RSA), value(BIT_STRING, &unused_bits)]);
    let bytes = sequence(&[value(OBJECT_IDENTIFIER, &BASIC_RESPONSE), value(OCTET_STRING, &basic)]);
    Ok(sequence(&[value(ENUMERATED, &[0]), value(CONTEXT, &bytes)]))
}

fn time(instant: OffsetDateTime) -> Result<Vec<u8>, PkiError> {
    const FORMAT: &[BorrowedFormatItem<'_>] =
        format_description!("[year][month][day][hour][minute][second]Z");
    let text = instant.to_offset(time::UtcOffset::UTC).format(FORMAT);
    Ok(value(GENERALIZED_TIME, text.map_err(|error| PkiError::Status(error.to_string()))?.as_bytes()))
}
