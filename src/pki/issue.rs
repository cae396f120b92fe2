//! Issuing: keys and certificates by the recipe, with rcgen. Dates and names are handed in.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_RSA_SHA256, RsaKeySize, SerialNumber,
};
use time::{Duration, OffsetDateTime};

use super::PkiError;
use super::recipe::{Kind, Subject};

/// Authorities are older than what they issued, expired certificates included: those have one thing wrong only.
const AUTHORITY_AGE_DAYS: i64 = 1_000;

/// A key and its certificate, in PEM.
pub(super) struct Issued {
    pub(super) certificate_pem: String,
    pub(super) key_pem: String,
}

/// A new RSA key.
pub(super) fn make_key(bits: u32) -> Result<KeyPair, PkiError> {
    let size = match bits {
        2048 => RsaKeySize::_2048,
        3072 => RsaKeySize::_3072,
        _ => RsaKeySize::_4096,
    };
    Ok(KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size)?)
}

/// An authority: self-signed without an issuer.
pub(super) fn authority(
    subject: &Subject,
    key: &KeyPair,
    issuer: Option<(&Subject, &KeyPair)>,
    now: OffsetDateTime,
    days: u32,
) -> Result<Issued, PkiError> {
    authority_for(subject, key, issuer, None, (now, days))
}

/// An authority that may issue for that domain only (RFC 5280 §4.2.1.10), or for all without one.
pub(super) fn authority_for(
    subject: &Subject,
    key: &KeyPair,
    issuer: Option<(&Subject, &KeyPair)>,
    domain: Option<&str>,
    (now, days): (OffsetDateTime, u32),
) -> Result<Issued, PkiError> {
    let begins = now - Duration::days(AUTHORITY_AGE_DAYS);
    let mut params = parameters(subject, &[], begins, now + Duration::days(days.into()))?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = domain.map(|domain| NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(domain.to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let certificate = match issuer {
        None => params.self_signed(key)?,
        Some((name, issuer_key)) => params.signed_by(key, &signer(name, issuer_key)?)?,
    };
    Ok(Issued { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
}

/// A certificate of an organisation; self-signed without an issuer.
pub(super) fn leaf(
    subject: &Subject,
    names: &[String],
    kind: Kind,
    key: &KeyPair,
    issuer: Option<(&Subject, &KeyPair)>,
    validity: (OffsetDateTime, OffsetDateTime),
) -> Result<Issued, PkiError> {
    let mut params = parameters(subject, names, validity.0, validity.1)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![match kind {
        Kind::Server => ExtendedKeyUsagePurpose::ServerAuth,
        Kind::Client => ExtendedKeyUsagePurpose::ClientAuth,
    }];
    params.use_authority_key_identifier_extension = issuer.is_some();
    let certificate = match issuer {
        None => params.self_signed(key)?,
        Some((name, issuer_key)) => params.signed_by(key, &signer(name, issuer_key)?)?,
    };
    Ok(Issued { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
}

/// The authority of that name: the recipe gives the same name each time, so its certificate need not be read back.
fn signer<'a>(subject: &Subject, key: &'a KeyPair) -> Result<Issuer<'static, &'a KeyPair>, PkiError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = distinguished_name(subject)?;
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(Issuer::new(params, key))
}

fn parameters(
    subject: &Subject,
    names: &[String],
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
) -> Result<CertificateParams, PkiError> {
    let mut params = CertificateParams::new(names.to_vec())?;
    params.distinguished_name = distinguished_name(subject)?;
    params.not_before = not_before;
    params.not_after = not_after;
    let mut serial = [0; 16];
    aws_lc_rs::rand::fill(&mut serial).map_err(|_| PkiError::Randomness)?;
    serial[0] &= 0x7f; // a serial number is positive (RFC 5280 §4.1.2.2)
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(params)
}

/// rcgen keeps one value per attribute type: a second OU has to be pushed under its bare OID.
fn distinguished_name(subject: &Subject) -> Result<DistinguishedName, PkiError> {
    let mut name = DistinguishedName::new();
    for (attribute, value) in subject {
        let (dn_type, oid) = match attribute.as_str() {
            "C" => (DnType::CountryName, vec![2, 5, 4, 6]),
            "ST" => (DnType::StateOrProvinceName, vec![2, 5, 4, 8]),
            "L" => (DnType::LocalityName, vec![2, 5, 4, 7]),
            "O" => (DnType::OrganizationName, vec![2, 5, 4, 10]),
            "OU" => (DnType::OrganizationalUnitName, vec![2, 5, 4, 11]),
            "CN" => (DnType::CommonName, vec![2, 5, 4, 3]),
            other => return Err(PkiError::Attribute(other.to_owned())),
        };
        let dn_type = if name.get(&dn_type).is_some() { DnType::CustomDnType(oid) } else { dn_type };
        name.push(dn_type, value.as_str());
    }
    Ok(name)
}
