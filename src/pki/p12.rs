//! PKCS#12 for clients that read nothing else (Java, .NET). Without the `p12` feature there is none.

use super::PkiError;

/// Password of the PKCS#12 files that the bench makes. It protects test keys of one machine, nothing else.
pub(super) const PASSWORD: &str = "banc-ror";

/// Key and chain as PKCS#12 (AES-256, HMAC-SHA-256).
#[cfg(feature = "p12")]
pub(super) fn encode(key_pem: &str, chain_pem: &str) -> Result<Option<Vec<u8>>, PkiError> {
    use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

    let failed = |error: &dyn std::fmt::Display| PkiError::Pkcs12(error.to_string());
    let key = PrivatePkcs8KeyDer::from_pem_slice(key_pem.as_bytes()).map_err(|error| failed(&error))?;
    let key = PrivateKey::from_der(key.secret_pkcs8_der()).map_err(|error| failed(&error))?;
    let mut chain = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(chain_pem.as_bytes()) {
        let certificate = certificate.map_err(|error| failed(&error))?;
        chain.push(Certificate::from_der(&certificate).map_err(|error| failed(&error))?);
    }
    let mut store = KeyStore::new();
    let chain = PrivateKeyChain::new(b"banc-ror".to_vec(), key, chain);
    store.add_entry("banc-ror", KeyStoreEntry::PrivateKeyChain(chain));
    // Iterations slow down whoever guesses the password; this one is in the documentation.
    let writer = store.writer(PASSWORD).encryption_iterations(2048).mac_iterations(2048);
    writer.write().map(Some).map_err(|error| failed(&error))
}

#[cfg(not(feature = "p12"))]
pub(super) fn encode(_: &str, _: &str) -> Result<Option<Vec<u8>>, PkiError> {
    Ok(None)
}
