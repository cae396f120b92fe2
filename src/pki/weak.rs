//! A certificate signed with SHA-1, which neither rcgen nor aws-lc makes any more: its signature is put in place of the
//! SHA-256 one by hand. For a server that a client ought to refuse, with a key that nobody trusts but for trials.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use num_bigint::BigUint;
use rcgen::KeyPair;
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

use super::PkiError;
use super::der::{
    BIT_STRING, INTEGER, OCTET_STRING, SEQUENCE, SHA1, SHA1_WITH_RSA, SHA256_WITH_RSA, algorithm, parts,
    sequence, value,
};

/// The same certificate (DER), signed with SHA-1 by the RSA key of its issuer.
///
/// # Errors
/// When it is no certificate signed with RSA and SHA-256, or that is no RSA key.
pub(super) fn with_sha1(certificate: &[u8], key: &KeyPair) -> Result<Vec<u8>, PkiError> {
    let unusable = |what: &str| PkiError::Weak(what.to_owned());
    let certificate = Certificate::from_der(certificate).map_err(|error| unusable(&error.to_string()))?;
    let content = certificate.tbs_certificate().to_der().map_err(|error| unusable(&error.to_string()))?;
    let usual = algorithm(&SHA256_WITH_RSA);
    // The first one is the signature's own: the subject's key comes later (RFC 5280 §4.1).
    let place = content.windows(usual.len()).position(|part| part == usual);
    let place = place.ok_or_else(|| unusable("it is not signed with RSA and SHA-256"))?;
    let weak = algorithm(&SHA1_WITH_RSA);
    let content = [&content[..place], &weak, &content[place + usual.len()..]].concat();
    let (modulus, exponent) =
        numbers(&key.serialize_der()).ok_or_else(|| unusable("its issuer has no RSA key"))?;
    let signature = sign(&content, &modulus, &exponent);
    Ok(sequence(&[content, weak, value(BIT_STRING, &[&[0], signature.as_slice()].concat())]))
}

/// Modulus and private exponent of a PKCS#8 key (RFC 5208 §5, RFC 8017 §A.1.2).
fn numbers(key: &[u8]) -> Option<(BigUint, BigUint)> {
    let inner = |tag: u8, values: &[(u8, &[u8])], index: usize| {
        let (found, content) = values.get(index)?;
        (*found == tag).then(|| content.to_vec())
    };
    let info = inner(SEQUENCE, &parts(key)?, 0)?;
    let wrapped = inner(OCTET_STRING, &parts(&info)?, 2)?;
    let numbers = inner(SEQUENCE, &parts(&wrapped)?, 0)?;
    let numbers = parts(&numbers)?;
    let number = |index: usize| Some(BigUint::from_bytes_be(&inner(INTEGER, &numbers, index)?));
    Some((number(1)?, number(3)?))
}

/// RSASSA-PKCS1-v1_5 with SHA-1 (RFC 8017 §8.2.1 and §9.2).
fn sign(message: &[u8], modulus: &BigUint, exponent: &BigUint) -> Vec<u8> {
    let length = modulus.to_bytes_be().len();
    let hashed = digest(&SHA1_FOR_LEGACY_USE_ONLY, message);
    let info = sequence(&[algorithm(&SHA1), value(OCTET_STRING, hashed.as_ref())]);
    let mut encoded = vec![0, 1];
    encoded.resize(length - info.len() - 1, 0xff);
    encoded.push(0);
    encoded.extend(info);
    let signature = BigUint::from_bytes_be(&encoded).modpow(exponent, modulus).to_bytes_be();
    let mut padded = vec![0; length - signature.len()];
    padded.extend(signature);
    padded
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
    use rcgen::CertificateParams;

    use super::super::issue;
    use super::*;

    #[test]
    fn the_signature_is_good_and_only_weak() {
        let key = issue::make_key(2048).unwrap();
        let made = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let weak = with_sha1(made.der(), &key).unwrap();
        let certificate = Certificate::from_der(&weak).unwrap();
        assert_eq!(certificate.signature_algorithm().oid.to_string(), "1.2.840.113549.1.1.5");
        let content = certificate.tbs_certificate();
        assert_eq!(content.signature().oid, certificate.signature_algorithm().oid);
        let public = content.subject_public_key_info().subject_public_key.raw_bytes();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, public)
            .verify(&content.to_der().unwrap(), certificate.signature().raw_bytes())
            .unwrap();
        assert!(with_sha1(&weak, &key).is_err(), "it is not signed with SHA-256 any more");
        assert!(with_sha1(b"no certificate", &key).is_err());
    }
}
