//! The mock's certificate with one thing wrong, for scenarios in which the client must refuse it. Made when a scenario
//! asks for it, fresh relative to the clock; it differs from the good one in its defect only, and shares its key.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::KeyPair;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use time::{Duration, OffsetDateTime};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::issue::{self, Issued};
use super::keys::Keys;
use super::ocsp::{self, CertificateStatus};
use super::recipe::{Impostor, Kind, Recipe, Subject};
use super::store::{certificates, make_folder, read, write};
use super::{PkiError, weak};

/// The only domain that the constrained authority may issue for.
const ANOTHER_DOMAIN: &str = "autre-domaine.example";

/// A certificate chain, leaf first, and its key.
#[derive(Debug)]
pub struct ServerIdentity {
    /// Leaf first.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its key.
    pub key: PrivateKeyDer<'static>,
}

/// Makes the mock's certificate with one thing wrong.
#[derive(Debug, Clone)]
pub struct Impostors {
    folder: PathBuf,
    host: String,
    keys: Keys,
}

impl Impostors {
    pub(super) fn new(folder: &Path, host: &str) -> Self {
        Self { folder: folder.to_owned(), host: host.to_owned(), keys: Keys::default() }
    }

    /// The certificate with that defect (a name of `impostors` in the recipe), and the key of the good one.
    ///
    /// # Errors
    /// When there is no such defect, or the PKI's folder cannot be read.
    pub fn make(&self, defect: &str, now: OffsetDateTime) -> Result<ServerIdentity, PkiError> {
        let recipe = Recipe::builtin()?;
        let impostor = recipe.impostors.iter().find(|impostor| impostor.name == defect);
        let impostor = impostor.ok_or_else(|| PkiError::Missing(defect.to_owned()))?;
        let key = if impostor.other_key {
            self.keys.get("other", recipe.key_bits)?
        } else {
            Arc::new(KeyPair::from_pem(&read(&self.path("server", "key"))?)?)
        };
        let pem = self.pem(&recipe, impostor, &key, now)?;
        let chain = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|_| PkiError::NoCertificate(self.path(defect, "pem")))?;
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes());
        Ok(ServerIdentity { chain, key: key.map_err(|_| PkiError::NoKey(self.path("server", "key")))? })
    }

    /// What the issuing authority says of the mock's own certificate (OCSP, DER), to be stapled to it.
    ///
    /// # Errors
    /// When the PKI's folder cannot be read.
    pub fn status(&self, status: CertificateStatus, now: OffsetDateTime) -> Result<Vec<u8>, PkiError> {
        let recipe = Recipe::builtin()?;
        let server = recipe.leaf("server").ok_or_else(|| PkiError::Missing("server".to_owned()))?;
        let chain = certificates(&self.path(&server.name, "pem"))?;
        let [leaf, issuer, ..] = chain.as_slice() else {
            return Err(PkiError::Missing(server.issuer.clone()));
        };
        let key = KeyPair::from_pem(&read(&self.path(&server.issuer, "key"))?)?;
        ocsp::response(leaf, issuer, &key, status, now)
    }

    /// Writes all of them to `impostors/`, for trials with other servers, and says what is wrong with each.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write_all(&self, now: OffsetDateTime) -> Result<Vec<(PathBuf, String)>, PkiError> {
        let recipe = Recipe::builtin()?;
        let folder = self.folder.join("impostors");
        make_folder(&folder)?;
        let mut made = Vec::new();
        let key = KeyPair::from_pem(&read(&self.path("server", "key"))?)?;
        // What differs by its key is no file beside server.key.
        for impostor in recipe.impostors.iter().filter(|impostor| !impostor.other_key) {
            let path = folder.join(format!("{}.pem", impostor.name));
            write(&path, self.pem(&recipe, impostor, &key, now)?, false)?;
            made.push((path, impostor.what.clone()));
        }
        Ok(made)
    }

    fn path(&self, name: &str, extension: &str) -> PathBuf {
        self.folder.join(format!("{name}.{extension}"))
    }

    /// The chain that goes over the wire, PEM.
    fn pem(
        &self,
        recipe: &Recipe,
        impostor: &Impostor,
        key: &KeyPair,
        now: OffsetDateTime,
    ) -> Result<String, PkiError> {
        let server = recipe.leaf("server").ok_or_else(|| PkiError::Missing("server".to_owned()))?;
        if impostor.own_certificate {
            return read(&self.path(&server.name, "pem"));
        }
        let good = certificates(&self.path(&server.name, "pem"))?;
        let mut names = match (&impostor.host, impostor.no_names) {
            (Some(host), _) => vec![host.clone()],
            (None, true) => Vec::new(),
            (None, false) => good.first().map(|leaf| names_of(leaf)).unwrap_or_default(),
        };
        if impostor.no_addresses {
            names.retain(|name| name.parse::<std::net::IpAddr>().is_err());
        }
        let common_name = impostor.host.as_ref().or(impostor.no_names.then_some(&self.host));
        let subject = with_common_name(&server.subject, common_name);
        let validity = validity(impostor, now, recipe.validity_days.certificates);
        let kind = impostor.kind.unwrap_or(Kind::Server);
        if impostor.self_signed {
            return Ok(issue::leaf(&subject, &names, kind, key, None, validity)?.certificate_pem);
        }
        if impostor.unknown_authority {
            let stranger = &recipe.stranger;
            let stranger_key = self.keys.get("stranger", recipe.key_bits)?;
            let days = recipe.validity_days.authorities;
            let authority = issue::authority(stranger, &stranger_key, None, now, days)?;
            let signer = Some((stranger, stranger_key.as_ref()));
            let leaf = issue::leaf(&subject, &names, kind, key, signer, validity)?;
            return Ok(joined(&leaf, &authority.certificate_pem));
        }
        if let Some(constrained) = &impostor.constrained_authority {
            let root = recipe.authorities.iter().find(|authority| authority.issuer.is_none());
            let root = root.ok_or_else(|| PkiError::Missing("root".to_owned()))?;
            let root_key = KeyPair::from_pem(&read(&self.path(&root.name, "key"))?)?;
            let constrained_key = self.keys.get("constrained", recipe.key_bits)?;
            let vouched = Some((&root.subject, &root_key));
            let days = (now, recipe.validity_days.authorities);
            let authority =
                issue::authority_for(constrained, &constrained_key, vouched, Some(ANOTHER_DOMAIN), days)?;
            let signer = Some((constrained, constrained_key.as_ref()));
            let leaf = issue::leaf(&subject, &names, kind, key, signer, validity)?;
            return Ok(joined(&leaf, &authority.certificate_pem));
        }
        let issuer = recipe.authorities.iter().find(|authority| authority.name == server.issuer);
        let issuer = issuer.ok_or_else(|| PkiError::Missing(server.issuer.clone()))?;
        let issuer_key = KeyPair::from_pem(&read(&self.path(&issuer.name, "key"))?)?;
        let signer = Some((&issuer.subject, &issuer_key));
        let leaf = issue::leaf(&subject, &names, kind, key, signer, validity)?;
        if impostor.without_chain {
            return Ok(leaf.certificate_pem);
        }
        let chain = read(&self.path(&issuer.name, "pem"))?;
        if impostor.sha1 {
            let strong = CertificateDer::from_pem_slice(leaf.certificate_pem.as_bytes());
            let strong = strong.map_err(|_| PkiError::Missing(server.name.clone()))?;
            return Ok(format!("{}{chain}", pem_of(&weak::with_sha1(&strong, &issuer_key)?)));
        }
        if impostor.disordered {
            return Ok(joined(&leaf, &format!("{}{chain}", read(&self.path("root", "pem"))?)));
        }
        Ok(joined(&leaf, &chain))
    }
}

/// RFC 7468 §5.1.
fn pem_of(certificate: &[u8]) -> String {
    let text = STANDARD.encode(certificate);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn joined(leaf: &Issued, chain: &str) -> String {
    format!("{}{chain}", leaf.certificate_pem)
}

fn validity(impostor: &Impostor, now: OffsetDateTime, days: u32) -> (OffsetDateTime, OffsetDateTime) {
    let length = Duration::days(days.into());
    match (impostor.ended_days_ago, impostor.starts_in_days) {
        (Some(ago), _) => {
            let end = now - Duration::days(ago.into());
            (end - length, end)
        }
        (None, Some(ahead)) => {
            let start = now + Duration::days(ahead.into());
            (start, start + length)
        }
        (None, None) => (now - Duration::days(1), now + length),
    }
}

fn with_common_name(subject: &Subject, common_name: Option<&String>) -> Subject {
    let mut subject = subject.clone();
    if let Some(name) = common_name {
        for (attribute, value) in &mut subject {
            if attribute == "CN" {
                value.clone_from(name);
            }
        }
    }
    subject
}

/// The names that a certificate is for (subjectAltName), as text.
fn names_of(der: &[u8]) -> Vec<String> {
    let Ok(certificate) = Certificate::from_der(der) else { return Vec::new() };
    let Ok(Some((_, names))) = certificate.tbs_certificate().get_extension::<SubjectAltName>() else {
        return Vec::new();
    };
    let address = |bytes: &[u8]| {
        let v4 = <[u8; 4]>::try_from(bytes).map(std::net::IpAddr::from);
        v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(std::net::IpAddr::from)).ok()
    };
    names
        .0
        .iter()
        .filter_map(|name| match name {
            GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
            GeneralName::IpAddress(bytes) => address(bytes.as_bytes()).map(|address| address.to_string()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls::pki_types::{ServerName, UnixTime};
    use rustls::{CertificateError, Error, RootCertStore};

    use super::super::Pki;
    use super::*;

    /// A strict client refuses each for the reason that its name says; the good one is accepted.
    #[test]
    fn each_impostor_is_refused_for_its_own_defect_and_for_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let now = OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap();
        let pki = Pki::open_or_make(folder.path(), &["ror.example".into()], now).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificates(&pki.ca).unwrap().remove(0)).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let verify_at =
            |host: &'static str, chain: &[CertificateDer<'_>], day: i64| {
                let seconds = u64::try_from((now + Duration::days(day)).unix_timestamp()).unwrap();
                let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
                let host = ServerName::try_from(host).unwrap();
                match verifier.verify_server_cert(&chain[0], &chain[1..], &host, &[], time) {
                    Ok(_) => "accepted".to_owned(),
                    Err(Error::InvalidCertificate(reason)) => match reason {
                        CertificateError::ExpiredContext { .. } => "expired".to_owned(),
                        CertificateError::NotValidYetContext { .. } => "not-yet-valid".to_owned(),
                        CertificateError::NotValidForNameContext { presented, .. } => {
                            if presented.is_empty() { "cn-only".to_owned() } else { "wrong-host".to_owned() }
                        }
                        CertificateError::UnknownIssuer => "unknown".to_owned(),
                        CertificateError::InvalidPurposeContext { .. } => "wrong-usage".to_owned(),
                        other => format!("{other:?}"),
                    },
                    Err(other) => format!("{other:?}"),
                }
            };
        let verify = |chain: &[CertificateDer<'_>], day: i64| verify_at("ror.example", chain, day);
        assert_eq!(verify(&pki.server_chain, 0), "accepted");
        let impostors = pki.impostors("ror.example");
        let chain = |defect: &str| impostors.make(defect, now).unwrap().chain;
        for defect in ["expired", "not-yet-valid", "wrong-host", "cn-only", "wrong-usage"] {
            assert_eq!(verify(&chain(defect), 0), defect);
        }
        // Of its names, only the addresses are gone.
        assert_eq!(verify_at("127.0.0.1", &pki.server_chain, 0), "accepted");
        assert_eq!(verify_at("127.0.0.1", &chain("address-not-named"), 0), "wrong-host");
        assert_eq!(verify(&chain("address-not-named"), 0), "accepted");
        for defect in ["unknown-authority", "self-signed", "incomplete-chain"] {
            assert_eq!(verify(&chain(defect), 0), "unknown", "{defect}");
        }
        assert!(verify(&chain("sha1-signature"), 0).contains("UnsupportedSignatureAlgorithm"));
        assert!(verify(&chain("name-constraints"), 0).contains("NameConstraintViolation"));
        assert_eq!(verify(&chain("changed-authority"), 0), "unknown");
        // A certificate of another key is told by the handshake only; these are good.
        for good in ["key-mismatch", "renewed", "disordered-chain"] {
            assert_eq!(verify(&chain(good), 0), "accepted", "{good}");
        }
        assert_eq!(chain("disordered-chain").len(), 3);
        // One thing wrong, and one only.
        assert_eq!(verify(&chain("not-yet-valid"), 60), "accepted");
        let mut completed = chain("incomplete-chain");
        assert_eq!(completed.len(), 1);
        completed.push(pki.server_chain[1].clone());
        assert_eq!(verify(&completed, 0), "accepted");
        assert!(matches!(impostors.make("no-such-defect", now), Err(PkiError::Missing(_))));
    }

    /// Only the status differs, and the signature; curl verifies both (black-box tests).
    #[test]
    fn a_status_is_about_the_own_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let now = OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap();
        let pki = Pki::open_or_make(folder.path(), &[], now).unwrap();
        let impostors = pki.impostors("localhost");
        let good = impostors.status(CertificateStatus::Good, now).unwrap();
        let revoked = impostors.status(CertificateStatus::Revoked, now).unwrap();
        let leaf = Certificate::from_der(&pki.server_chain[0]).unwrap();
        let serial = leaf.tbs_certificate().serial_number().as_bytes().to_vec();
        let holds = |response: &[u8], bytes: &[u8]| response.windows(bytes.len()).any(|part| part == bytes);
        for response in [&good, &revoked] {
            assert!(holds(response, &serial) && holds(response, b"20260921"));
        }
        assert!(holds(&revoked, b"20260920") && !holds(&good, b"20260920"));
    }

    #[test]
    fn all_are_written_for_those_who_try_with_another_server() {
        let folder = tempfile::tempdir().unwrap();
        let now = OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap();
        let pki = Pki::open_or_make(folder.path(), &[], now).unwrap();
        let made = pki.impostors("localhost").write_all(now).unwrap();
        assert_eq!(made.len(), 13);
        assert!(made.iter().all(|(path, what)| path.exists() && !what.is_empty()));
    }
}
