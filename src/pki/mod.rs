//! The test PKI: an IGC-Santé look-alike made by `certs/recipe.yaml`, kept in a folder, trusted by nobody else.

mod credential;
mod dates;
mod der;
mod impostor;
mod issue;
mod keys;
pub mod names;
mod ocsp;
mod p12;
mod recipe;
mod store;
mod weak;

use std::path::PathBuf;

pub use credential::{Credentials, Handed, fingerprint};
pub use dates::Dated;
pub use impostor::{Impostors, ServerIdentity};
pub use ocsp::CertificateStatus;
pub use store::{ClientFiles, Pki, certificates};

/// Why the test PKI cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file or folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file holds no certificate.
    #[error("{}: no certificate (PEM or DER) in this file", .0.display())]
    NoCertificate(PathBuf),
    /// A file holds no usable private key.
    #[error("{}: no PKCS#8 private key in this file", .0.display())]
    NoKey(PathBuf),
    /// The recipe is wrong.
    #[error(transparent)]
    Recipe(#[from] crate::yaml::DataError),
    /// The recipe names an attribute that the bench does not know.
    #[error("certs/recipe.yaml: unknown attribute `{0}` in a subject (known: C, ST, L, O, OU, CN)")]
    Attribute(String),
    /// The recipe lacks a certificate or an authority.
    #[error("certs/recipe.yaml: `{0}` is missing")]
    Missing(String),
    /// The certificate library refused.
    #[error("a certificate cannot be made: {0}")]
    Issue(#[from] rcgen::Error),
    /// An OCSP response could not be made.
    #[error("the status of a certificate cannot be told: {0}")]
    Status(String),
    /// A weak signature could not be made.
    #[error("a certificate cannot be signed with SHA-1: {0}")]
    Weak(String),
    /// A PKCS#12 file could not be made.
    #[error("a PKCS#12 file cannot be made: {0}")]
    Pkcs12(String),
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Randomness,
}
