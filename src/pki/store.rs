//! The folder of a test PKI: opened when it is still good, completed or made when it is not.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use rcgen::KeyPair;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use time::{Duration, OffsetDateTime};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::credential::Credentials;
use super::impostor::Impostors;
use super::issue::{self, Issued};
use super::recipe::{Authority, Defective, Kind, Leaf, Recipe, Subject};
use super::{PkiError, names, p12};

/// A certificate that ends sooner than this is made anew.
const RENEW_BEFORE: Duration = Duration::days(2);

/// The test PKI of a campaign.
#[derive(Debug)]
pub struct Pki {
    folder: PathBuf,
    /// What clients trust, PEM (`ROR_CA_CERT`).
    pub ca: PathBuf,
    /// File of the mock's own certificate, PEM.
    pub server: PathBuf,
    /// Chain of the mock's own certificate, leaf first.
    pub server_chain: Vec<CertificateDer<'static>>,
    /// Key of the mock's own certificate.
    pub server_key: PrivateKeyDer<'static>,
    /// Authorities that issue client certificates: the root first.
    pub client_authorities: Vec<CertificateDer<'static>>,
    /// The consumer under test.
    pub client: ClientFiles,
    /// The supplier of capacities under test; a proprietary solution uses one for each of two establishments.
    pub suppliers: [ClientFiles; 2],
}

/// A client certificate and where its files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFiles {
    /// Chain, PEM, leaf first (`ROR_CLIENT_CERT`).
    pub certificate: PathBuf,
    /// Key, PKCS#8 PEM, not encrypted (`ROR_CLIENT_KEY`).
    pub key: PathBuf,
    /// Both as PKCS#12, and its password.
    pub p12: Option<(PathBuf, String)>,
    /// Subject, RFC 4514: the DN to declare.
    pub subject: String,
}

impl Pki {
    /// Uses the PKI of that folder, or makes what is missing, too old, or lacks one of the extra server `names`.
    ///
    /// # Errors
    /// When the folder cannot be read or written, or the recipe is wrong.
    pub fn open_or_make(folder: &Path, names: &[String], now: OffsetDateTime) -> Result<Self, PkiError> {
        let recipe = Recipe::builtin()?;
        make_folder(folder)?;
        let maker = Maker { recipe: &recipe, folder, now };
        maker.complete(names)?;
        let server = maker.leaf("server")?;
        let client_authorities = recipe
            .authorities
            .iter()
            .map(|authority| first_certificate(&maker.path(&authority.name, "pem")))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            folder: folder.to_owned(),
            ca: maker.path("root", "pem"),
            server: maker.path(&server.name, "pem"),
            server_chain: certificates(&maker.path(&server.name, "pem"))?,
            server_key: private_key(&maker.path(&server.name, "key"))?,
            client_authorities,
            client: maker.client("client")?,
            suppliers: [maker.client("supplier")?, maker.client("supplier-2")?],
        })
    }

    /// The mock's certificate with one thing wrong, for clients that reach it by the name `host`.
    #[must_use]
    pub fn impostors(&self, host: &str) -> Impostors {
        Impostors::new(&self.folder, host)
    }

    /// Client certificates for steps that hand the client another one than its own.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        Credentials::new(&self.folder)
    }

    /// Makes the defective client certificates of the recipe in `defective/`, and says what is wrong with each.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn make_defective(&self, now: OffsetDateTime) -> Result<Vec<(PathBuf, String)>, PkiError> {
        let recipe = Recipe::builtin()?;
        let folder = self.folder.join("defective");
        make_folder(&folder)?;
        let maker = Maker { recipe: &recipe, folder: &self.folder, now };
        let mut made = Vec::new();
        for defective in &recipe.defective {
            let subject = maker.leaf("client")?.subject.clone();
            let issued = maker.defective(defective, subject, &issue::make_key(recipe.key_bits)?)?;
            let path = folder.join(format!("{}.pem", defective.name));
            write(&path, &issued.certificate_pem, false)?;
            write(&path.with_extension("key"), &issued.key_pem, true)?;
            made.push((path, defective.what.clone()));
        }
        Ok(made)
    }
}

/// All certificates of a PEM file, in order.
///
/// # Errors
/// When the file cannot be read or holds none.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PkiError> {
    let pem = read(path)?;
    let chain = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>();
    chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| PkiError::NoCertificate(path.to_owned()))
}

fn first_certificate(path: &Path) -> Result<CertificateDer<'static>, PkiError> {
    certificates(path)?.into_iter().next().ok_or_else(|| PkiError::NoCertificate(path.to_owned()))
}

pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, PkiError> {
    PrivateKeyDer::from_pem_slice(read(path)?.as_bytes()).map_err(|_| PkiError::NoKey(path.to_owned()))
}

/// Makes what a folder lacks.
pub(super) struct Maker<'a> {
    pub(super) recipe: &'a Recipe,
    pub(super) folder: &'a Path,
    pub(super) now: OffsetDateTime,
}

impl Maker<'_> {
    pub(super) fn path(&self, name: &str, extension: &str) -> PathBuf {
        self.folder.join(format!("{name}.{extension}"))
    }

    fn leaf(&self, name: &str) -> Result<&Leaf, PkiError> {
        self.recipe.leaf(name).ok_or_else(|| PkiError::Missing(name.to_owned()))
    }

    pub(super) fn client(&self, name: &str) -> Result<ClientFiles, PkiError> {
        let leaf = self.leaf(name)?;
        let certificate = self.path(&leaf.name, "pem");
        let p12 = self.path(&leaf.name, "p12");
        Ok(ClientFiles {
            subject: names::subject_of_file(&certificate)?,
            key: self.path(&leaf.name, "key"),
            p12: p12.exists().then(|| (p12, p12::PASSWORD.to_owned())),
            certificate,
        })
    }

    fn complete(&self, extra_names: &[String]) -> Result<(), PkiError> {
        let mut keys = self.keys()?;
        let mut renewed = false;
        for authority in &self.recipe.authorities {
            let path = self.path(&authority.name, "pem");
            if !renewed && self.still_good(&path, &[]) {
                continue;
            }
            renewed = true; // what hangs on it has to be made anew, too
            let key = keys.take(&authority.name)?;
            let issuer = authority.issuer.as_deref().map(|name| self.issuer(name)).transpose()?;
            let issuer = issuer.as_ref().map(|(authority, key)| (&authority.subject, key));
            let days = self.recipe.validity_days.authorities;
            self.save(
                &authority.name,
                &issue::authority(&authority.subject, &key, issuer, self.now, days)?,
                "",
            )?;
        }
        for leaf in &self.recipe.certificates {
            let mut names = leaf.names.clone();
            if leaf.kind == Kind::Server {
                names.extend(extra_names.iter().filter(|name| !leaf.names.contains(name)).cloned());
            }
            if !renewed && self.still_good(&self.path(&leaf.name, "pem"), &names) {
                continue;
            }
            let key = keys.take(&leaf.name)?;
            let (issuer, issuer_key) = self.issuer(&leaf.issuer)?;
            let days = self.recipe.validity_days.certificates;
            let validity = (self.now - Duration::days(1), self.now + Duration::days(days.into()));
            let signer = Some((&issuer.subject, &issuer_key));
            let issued = issue::leaf(&leaf.subject, &names, leaf.kind, &key, signer, validity)?;
            self.save(&leaf.name, &issued, &read(&self.path(&leaf.issuer, "pem"))?)?;
        }
        Ok(())
    }

    /// A client certificate with that defect, for that key and the subject of the service under test.
    pub(super) fn defective(
        &self,
        defective: &Defective,
        mut subject: Subject,
        key: &KeyPair,
    ) -> Result<Issued, PkiError> {
        let length = Duration::days(self.recipe.validity_days.certificates.into());
        let (start, end) = match (defective.ended_days_ago, defective.starts_in_days) {
            (Some(ago), _) => {
                let end = self.now - Duration::days(ago.into());
                (end - length, end)
            }
            (None, Some(ahead)) => {
                let start = self.now + Duration::days(ahead.into());
                (start, start + length)
            }
            (None, None) => (self.now - Duration::days(1), self.now + length),
        };
        for (attribute, value) in &mut subject {
            if attribute == "CN" && defective.name == "other-service" {
                value.push_str("_AUTRE");
            }
        }
        if defective.issuer == "stranger" {
            let (name, key_of_stranger) = (&self.recipe.stranger, issue::make_key(self.recipe.key_bits)?);
            let days = self.recipe.validity_days.authorities;
            let authority = issue::authority(name, &key_of_stranger, None, self.now, days)?;
            let signer = Some((name, &key_of_stranger));
            let mut issued = issue::leaf(&subject, &[], defective.kind, key, signer, (start, end))?;
            issued.certificate_pem.push_str(&authority.certificate_pem);
            return Ok(issued);
        }
        let (issuer, issuer_key) = self.issuer(&defective.issuer)?;
        let signer = Some((&issuer.subject, &issuer_key));
        let mut issued = issue::leaf(&subject, &[], defective.kind, key, signer, (start, end))?;
        if !defective.without_chain {
            issued.certificate_pem.push_str(&read(&self.path(&issuer.name, "pem"))?);
        }
        Ok(issued)
    }

    /// An authority and its key, which is in the folder.
    fn issuer(&self, name: &str) -> Result<(&Authority, KeyPair), PkiError> {
        let authority = self.recipe.authorities.iter().find(|authority| authority.name == name);
        let authority = authority.ok_or_else(|| PkiError::Missing(name.to_owned()))?;
        Ok((authority, KeyPair::from_pem(&read(&self.path(name, "key"))?)?))
    }

    fn save(&self, name: &str, issued: &Issued, chain: &str) -> Result<(), PkiError> {
        let pem = format!("{}{chain}", issued.certificate_pem);
        write(&self.path(name, "key"), &issued.key_pem, true)?;
        if self.recipe.leaf(name).is_some_and(|leaf| leaf.kind == Kind::Client)
            && let Some(p12) = p12::encode(&issued.key_pem, &pem)?
        {
            write(&self.path(name, "p12"), p12, true)?;
        }
        // Last: a certificate in the folder means that all that goes with it is there.
        write(&self.path(name, "pem"), pem, false)
    }

    /// Keys for all that has none yet. RSA keys take about 0.1 s each, so they are made side by side.
    fn keys(&self) -> Result<Keys, PkiError> {
        let names = self.recipe.authorities.iter().map(|authority| &authority.name);
        let names = names.chain(self.recipe.certificates.iter().map(|leaf| &leaf.name));
        let (present, absent): (Vec<_>, Vec<_>) =
            names.cloned().partition(|name| self.path(name, "key").exists());
        let bits = self.recipe.key_bits;
        let mut keys = std::thread::scope(|scope| {
            let threads: Vec<_> =
                absent.into_iter().map(|name| (name, scope.spawn(move || issue::make_key(bits)))).collect();
            threads
                .into_iter()
                .map(|(name, thread)| Ok((name, thread.join().map_err(|_| PkiError::Randomness)??)))
                .collect::<Result<Vec<_>, PkiError>>()
        })?;
        for name in present {
            let key = KeyPair::from_pem(&read(&self.path(&name, "key"))?)?;
            keys.push((name, key));
        }
        Ok(Keys(keys))
    }

    /// Whether a certificate is there, lasts, and holds all these names.
    fn still_good(&self, path: &Path, names: &[String]) -> bool {
        let Ok(der) = first_certificate(path) else { return false };
        let Ok(certificate) = Certificate::from_der(&der) else { return false };
        let certificate = certificate.tbs_certificate();
        let end = certificate.validity().not_after.to_unix_duration().as_secs();
        let wanted = (self.now + RENEW_BEFORE).unix_timestamp();
        if i64::try_from(end).unwrap_or(i64::MAX) < wanted {
            return false;
        }
        let Ok(Some((_, held))) = certificate.get_extension::<SubjectAltName>() else {
            return names.is_empty();
        };
        names.iter().all(|name| held.0.iter().any(|general| holds(general, name)))
    }
}

struct Keys(Vec<(String, KeyPair)>);

impl Keys {
    fn take(&mut self, name: &str) -> Result<KeyPair, PkiError> {
        let index = self.0.iter().position(|(held, _)| held == name);
        index.map(|index| self.0.swap_remove(index).1).ok_or_else(|| PkiError::Missing(name.to_owned()))
    }
}

fn holds(general: &GeneralName, name: &str) -> bool {
    match (general, name.parse::<std::net::IpAddr>()) {
        (GeneralName::DnsName(held), Err(_)) => held.as_str().eq_ignore_ascii_case(name),
        (GeneralName::IpAddress(held), Ok(std::net::IpAddr::V4(wanted))) => {
            held.as_bytes() == wanted.octets()
        }
        (GeneralName::IpAddress(held), Ok(std::net::IpAddr::V6(wanted))) => {
            held.as_bytes() == wanted.octets()
        }
        _ => false,
    }
}

/// A private folder that git ignores whole.
pub(super) fn make_folder(folder: &Path) -> Result<(), PkiError> {
    let failed = |source| PkiError::File { path: folder.to_owned(), source };
    let new = fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
    fs::create_dir_all(folder).map_err(failed)?;
    #[cfg(unix)]
    if new {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    if new { write(&folder.join(".gitignore"), "*\n", false) } else { Ok(()) }
}

pub(super) fn read(path: &Path) -> Result<String, PkiError> {
    fs::read_to_string(path).map_err(|source| PkiError::File { path: path.to_owned(), source })
}

pub(super) fn write(path: &Path, content: impl AsRef<[u8]>, secret: bool) -> Result<(), PkiError> {
    let failed = |source| PkiError::File { path: path.to_owned(), source };
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    if secret {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let _ = secret;
    options.open(path).and_then(|mut file| file.write_all(content.as_ref())).map_err(failed)
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_pki_is_made_once_and_only_the_server_is_issued_anew_for_a_new_name() {
        let folder = tempfile::tempdir().unwrap();
        let now = OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap();
        let first = Pki::open_or_make(folder.path(), &[], now).unwrap();
        assert_eq!(
            first.client.subject,
            "CN=CLIENT_TEST_RORN,OU=33333333333,O=GIP - TEST3012,ST=Paris (75),C=FR"
        );
        assert_eq!(first.server_chain.len(), 2);

        let again = Pki::open_or_make(folder.path(), &[], now).unwrap();
        assert_eq!(first.server_chain, again.server_chain);

        let named = Pki::open_or_make(folder.path(), &["ror.example".into()], now).unwrap();
        assert_ne!(first.server_chain, named.server_chain);
        assert_eq!(first.client_authorities, named.client_authorities);

        let later = now + Duration::days(397);
        let renewed = Pki::open_or_make(folder.path(), &[], later).unwrap();
        assert_ne!(first.server_chain, renewed.server_chain, "a certificate about to end is issued anew");
        assert_eq!(first.client_authorities, renewed.client_authorities);
        assert_eq!(first.client.subject, renewed.client.subject);
    }
}
