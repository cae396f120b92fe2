//! Client certificates that a step hands to the client in place of its own: one with something wrong, another service's,
//! or a newer one of the same subject. Made when a scenario asks for them, fresh relative to the clock.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use rcgen::KeyPair;
use time::OffsetDateTime;

use super::keys::Keys;
use super::recipe::{Defective, Kind, Recipe, Subject};
use super::store::{ClientFiles, Maker, certificates, read, write};
use super::{PkiError, names, p12};

/// Makes client certificates for steps that hand the client another one than its own.
#[derive(Debug, Clone)]
pub struct Credentials {
    folder: PathBuf,
    keys: Keys,
}

/// A certificate as it is handed to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// Its files.
    pub files: ClientFiles,
    /// SHA-256 of the certificate, hexadecimal.
    pub sha256: String,
}

impl Credentials {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), keys: Keys::default() }
    }

    /// The certificate of that name, in the folder `into`; made there unless it is there already. `expired`… are the
    /// defects of the recipe, `not-listed` is a service that nobody declares, `another-service` the supplier's
    /// certificate, `renewed` and `replaced` are one newer certificate. Their subject is that of the certificate `own`.
    ///
    /// # Errors
    /// When there is no such name, or a folder cannot be read or written.
    pub fn make(&self, name: &str, own: &Path, into: &Path, now: OffsetDateTime) -> Result<Handed, PkiError> {
        let recipe = Recipe::builtin()?;
        let maker = Maker { recipe: &recipe, folder: &self.folder, now };
        if name == "another-service" {
            return handed(maker.client("supplier")?);
        }
        let newer = Defective {
            name: "renewed".to_owned(),
            what: String::new(),
            issuer: "organisations".to_owned(),
            kind: Kind::Client,
            ended_days_ago: None,
            starts_in_days: None,
            without_chain: false,
        };
        let is_newer = ["renewed", "replaced"].contains(&name);
        let recipe_name = if name == "not-listed" { "other-service" } else { name };
        let defective = if is_newer {
            &newer
        } else {
            let found = recipe.defective.iter().find(|defective| defective.name == recipe_name);
            found.ok_or_else(|| PkiError::Missing(name.to_owned()))?
        };
        let path = |extension: &str| into.join(format!("{}.{extension}", defective.name));
        if !path("pem").exists() {
            let key = if is_newer {
                self.keys.get("renewed", recipe.key_bits)?
            } else {
                Arc::new(KeyPair::from_pem(&read(&maker.path("client", "key"))?)?)
            };
            let issued = maker.defective(defective, subject_of(own)?, &key)?;
            write(&path("key"), &issued.key_pem, true)?;
            if let Some(p12) = p12::encode(&issued.key_pem, &issued.certificate_pem)? {
                write(&path("p12"), p12, true)?;
            }
            write(&path("pem"), &issued.certificate_pem, false)?;
        }
        handed(ClientFiles {
            subject: names::subject_of_file(&path("pem"))?,
            certificate: path("pem"),
            key: path("key"),
            p12: path("p12").exists().then(|| (path("p12"), p12::PASSWORD.to_owned())),
        })
    }
}

/// SHA-256 of the first certificate of a file, hexadecimal: its fingerprint.
///
/// # Errors
/// When the file cannot be read or holds none.
pub fn fingerprint(path: &Path) -> Result<String, PkiError> {
    let chain = certificates(path)?;
    let leaf = chain.first().ok_or_else(|| PkiError::NoCertificate(path.to_owned()))?;
    Ok(digest(&SHA256, leaf).as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn handed(files: ClientFiles) -> Result<Handed, PkiError> {
    Ok(Handed { sha256: fingerprint(&files.certificate)?, files })
}

/// The subject of a certificate, in the form of the recipe.
fn subject_of(path: &Path) -> Result<Subject, PkiError> {
    names::attributes_of_file(path)
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::super::Pki;
    use super::*;

    #[test]
    fn what_is_handed_has_the_subject_of_the_service_and_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let into = tempfile::tempdir().unwrap();
        let now = OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap();
        let pki = Pki::open_or_make(folder.path(), &[], now).unwrap();
        let make = |name: &str| pki.credentials().make(name, &pki.client.certificate, into.path(), now);
        for name in ["expired", "not-yet-valid", "unknown-authority", "wrong-usage", "all-wrong", "renewed"] {
            let handed = make(name).unwrap();
            assert_eq!(handed.files.subject, pki.client.subject, "{name}");
            assert!(handed.files.key.exists());
            assert_eq!(certificates(&handed.files.certificate).unwrap().len(), 2, "{name}");
        }
        assert_eq!(certificates(&make("incomplete-chain").unwrap().files.certificate).unwrap().len(), 1);
        assert!(make("not-listed").unwrap().files.subject.starts_with("CN=CLIENT_TEST_RORN_AUTRE,"));
        assert_eq!(make("another-service").unwrap().files, pki.suppliers[0]);
        assert_eq!(make("renewed").unwrap(), make("replaced").unwrap());
        assert_ne!(make("renewed").unwrap().sha256, fingerprint(&pki.client.certificate).unwrap());
        assert!(matches!(make("no-such-thing"), Err(PkiError::Missing(_))));
    }
}
