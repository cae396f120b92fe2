//! TLS of the mock: the handshake always completes when it can, whatever certificate the client shows; what is wrong
//! with that certificate is found afterwards and told. Every rustls name of the server stands here and below.

mod authorities;
mod certificate;
mod verifier;

use std::io;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest::{SHA256, digest};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::{NoServerSessionStorage, ServerConfig, ServerConnection};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{AlertDescription, CertificateError, Error, RootCertStore};
use time::OffsetDateTime;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage};

use super::hello;
use super::wire::Traffic;
use crate::journal::{CertificateFacts, Handshake, HandshakeCause, ServerCertificate, Staple, hex};
use authorities::{Authorities, is_self_issued};
use certificate::{readable_time, server_certificate};
use verifier::{RecordingVerifier, StrictVerifier};

/// `id-kp-clientAuth`, RFC 5280 §4.2.1.12.
const CLIENT_AUTHENTICATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");

/// The fault of a client certificate that came without the authority that issued it.
pub(super) const INCOMPLETE_CHAIN: &str = "incomplete-chain";

/// The mock's own identity and the authorities that it knows.
#[derive(Debug)]
pub struct Identity {
    /// Chain of its certificate, leaf first.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its key.
    pub key: PrivateKeyDer<'static>,
    /// Authorities that issue client certificates, the root first.
    pub client_authorities: Vec<CertificateDer<'static>>,
}

/// How strict a handshake is with the client's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Strictness {
    /// Whether there must be one.
    pub(super) required: bool,
    /// Whether it must come with the authority that issued it.
    pub(super) chain_as_sent: bool,
}

/// What a strict handshake saw of the client's certificate; nothing when it showed none.
pub(super) type Seen = Arc<OnceLock<CertificateFacts>>;

/// TLS as the listeners use it: one configuration, shared.
#[derive(Clone)]
pub struct Tls {
    /// What tokio-rustls needs.
    pub config: Arc<ServerConfig>,
    /// All authorities that are known.
    known: Authorities,
    /// Those among them that nobody else vouches for; none when only intermediate authorities were given.
    ultimate: Option<Authorities>,
    roots: Arc<RootCertStore>,
    /// What is shown to the client.
    shown: Arc<CertifiedKey>,
    certificate: Arc<ServerCertificate>,
    /// What the status that is stapled says.
    staple: Option<&'static str>,
}

impl Tls {
    /// TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1, a client certificate asked for and never required.
    ///
    /// # Errors
    /// When the identity is unusable.
    pub fn new(identity: &Identity) -> Result<Self, Error> {
        let known = Authorities::new(identity.client_authorities.iter())?;
        let ultimate: Vec<_> =
            identity.client_authorities.iter().filter(|authority| is_self_issued(authority)).collect();
        let ultimate = if ultimate.is_empty() { None } else { Some(Authorities::new(ultimate.into_iter())?) };
        let roots = Arc::clone(&known.roots);
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let shown = CertifiedKey::from_der(identity.chain.clone(), identity.key.clone_key(), &provider)?;
        Ok(Self {
            config: Arc::new(configuration(&roots, shown.clone())?),
            known,
            ultimate,
            roots,
            certificate: Arc::new(server_certificate(&identity.chain)),
            shown: Arc::new(shown),
            staple: None,
        })
    }

    /// The same with another certificate.
    ///
    /// # Errors
    /// When it is unusable.
    pub fn showing(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, Error> {
        let provider = self.config.crypto_provider();
        let certificate = Arc::new(server_certificate(&chain));
        // Whether the key is the certificate's own is not asked here: a server that must be refused may show another's.
        let shown = CertifiedKey::new(chain, provider.key_provider.load_private_key(key)?);
        Ok(Self {
            config: Arc::new(configuration(&self.roots, shown.clone())?),
            certificate,
            shown: Arc::new(shown),
            staple: None,
            ..self.clone()
        })
    }

    /// The same, with that OCSP response (DER) stapled to the certificate, for clients that ask for it; `status` is what
    /// it says.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn stapling(&self, status: &'static str, response: Vec<u8>) -> Result<Self, Error> {
        let shown = CertifiedKey { ocsp: Some(response), ..CertifiedKey::clone(&self.shown) };
        Ok(Self {
            config: Arc::new(configuration(&self.roots, shown.clone())?),
            shown: Arc::new(shown),
            staple: Some(status),
            ..self.clone()
        })
    }

    /// The status that there was to staple, and whether the client asked for it.
    pub(super) fn staple(&self, traffic: &Traffic) -> Option<Staple> {
        let asked = hello::client_hello(&traffic.head()).map(|hello| hello.asks_for_status());
        Some(Staple { status: self.staple?.to_owned(), asked })
    }

    /// TLS for one connection in which a bad client certificate is refused with an alert, and what it saw of it.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(super) fn strict(&self, strictness: Strictness) -> Result<(Arc<ServerConfig>, Seen), Error> {
        let seen = Seen::default();
        let provider = Arc::clone(self.config.crypto_provider());
        let recorder = RecordingVerifier::new(Arc::clone(&provider), &self.roots);
        let verifier = StrictVerifier::new(recorder, self.clone(), strictness, Arc::clone(&seen));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_cert_resolver(Arc::clone(&self.config.cert_resolver));
        Ok((Arc::new(usual(config)), seen))
    }

    /// A strict handshake that failed: by the mock's own alert when the certificate was the reason.
    pub(super) fn strict_failure(
        &self,
        error: &io::Error,
        seen: &Seen,
        number: u32,
        traffic: &Traffic,
    ) -> Handshake {
        let failure = self.failure(error, number, traffic);
        let certificate = seen.get().cloned();
        // Without a fault in the certificate itself it is something else: a key that is not its own, for instance.
        let is_ours = certificate.as_ref().is_none_or(|certificate| !certificate.faults.is_empty());
        let Some(alert) = own_alert(error).filter(|_| is_ours) else {
            return Handshake { certificate, ..failure };
        };
        let what = match &certificate {
            Some(certificate) => format!("the client's certificate ({})", certificate.faults.join(", ")),
            None => "a client without a certificate".to_owned(),
        };
        Handshake {
            failure: Some(format!("the mock refused {what} with the alert {alert}, on purpose")),
            cause: Some(HandshakeCause::ClientCertificate),
            alert_sent: Some(alert),
            certificate,
            ..failure
        }
    }

    /// The certificates that are shown to the client, leaf first, DER.
    #[must_use]
    pub fn chain(&self) -> Vec<Vec<u8>> {
        self.shown.cert.iter().map(|der| der.to_vec()).collect()
    }

    /// The certificate that is shown to the client.
    #[must_use]
    pub fn server_certificate(&self) -> ServerCertificate {
        ServerCertificate::clone(&self.certificate)
    }

    /// A handshake that failed, and why.
    pub(super) fn failure(&self, error: &io::Error, number: u32, traffic: &Traffic) -> Handshake {
        // Certificates may be compressed or encrypted; together with the rest of the flight they are still more than that.
        let least = self.shown.cert.first().map_or(0, |leaf| leaf.len()) as u64;
        let (cause, text) = match (alert(error), error.kind()) {
            (Some(alert), _) => (HandshakeCause::Alert, format!("the client refused with the alert {alert}")),
            (
                None,
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe,
            ) => (HandshakeCause::ClosedByClient, format!("the client closed the connection: {error}")),
            (None, _) => {
                hello::obstacle(&traffic.head()).unwrap_or_else(|| (HandshakeCause::Other, error.to_string()))
            }
        };
        Handshake {
            connection: number,
            failure: Some(text),
            cause: Some(cause),
            alert: alert(error),
            server_certificate: Some(self.server_certificate()),
            shown: traffic.written() >= least,
            ..Handshake::default()
        }
    }

    /// What the handshake agreed on, and the certificate that the client showed.
    #[must_use]
    pub fn facts(&self, connection: &ServerConnection, number: u32, now: OffsetDateTime) -> Handshake {
        Handshake {
            connection: number,
            failure: None,
            version: connection.protocol_version().and_then(|version| version.as_str()).map(readable_version),
            suite: connection
                .negotiated_cipher_suite()
                .and_then(|suite| suite.suite().as_str())
                .map(str::to_owned),
            alpn: connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
            server_name: connection.server_name().map(str::to_owned),
            certificate: connection.peer_certificates().and_then(|chain| self.client_certificate(chain, now)),
            server_certificate: Some(self.server_certificate()),
            shown: true,
            cause: None,
            alert: None,
            alert_sent: None,
            staple: None,
        }
    }

    /// A client certificate, leaf first, and all that is wrong with it at that instant; none of an empty chain.
    #[must_use]
    pub fn client_certificate(
        &self,
        chain: &[CertificateDer<'static>],
        now: OffsetDateTime,
    ) -> Option<CertificateFacts> {
        let (leaf, intermediates) = chain.split_first()?;
        let mut facts = CertificateFacts {
            sha256: hex(digest(&SHA256, leaf).as_ref()),
            chain: chain.len(),
            ..CertificateFacts::default()
        };
        let Ok(certificate) = Certificate::from_der(leaf) else {
            facts.faults.push("unreadable".to_owned());
            return Some(facts);
        };
        let content = certificate.tbs_certificate();
        let (start, end) = (
            content.validity().not_before.to_unix_duration().as_secs(),
            content.validity().not_after.to_unix_duration().as_secs(),
        );
        facts.subject = content.subject().to_string();
        facts.issuer = content.issuer().to_string();
        facts.serial = hex(content.serial_number().as_bytes());
        facts.not_before = readable_time(start);
        facts.not_after = readable_time(end);
        let instant = u64::try_from(now.unix_timestamp()).unwrap_or(0);
        if instant > end {
            facts.faults.push("expired".to_owned());
        }
        if instant < start {
            facts.faults.push("not-yet-valid".to_owned());
        }
        let usages = content.get_extension::<ExtendedKeyUsage>().ok().flatten();
        if usages.is_some_and(|(_, usages)| !usages.0.contains(&CLIENT_AUTHENTICATION)) {
            facts.faults.push("wrong-usage".to_owned());
        }
        if content.get_extension::<BasicConstraints>().ok().flatten().is_some_and(|(_, basic)| basic.ca) {
            facts.faults.push("authority-certificate".to_owned());
        }
        // Whether the chain leads to a known authority depends neither on today nor on the usage: it is asked of a day of
        // its validity, and of either usage, because a wrong one would hide the answer.
        let valid_day = UnixTime::since_unix_epoch(std::time::Duration::from_secs(instant.clamp(start, end)));
        match self.known.vouch_for(leaf, intermediates, valid_day) {
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                facts.faults.push("unknown-authority".to_owned());
            }
            Err(Error::InvalidCertificate(CertificateError::BadSignature)) => {
                facts.faults.push("bad-signature".to_owned());
            }
            Err(_) if facts.faults.is_empty() => facts.faults.push("invalid".to_owned()),
            Ok(()) => {
                // An intermediate authority that is known here may be unknown to another server.
                let ultimate = self.ultimate.as_ref();
                if let Some(Err(Error::InvalidCertificate(CertificateError::UnknownIssuer))) =
                    ultimate.map(|roots| roots.vouch_for(leaf, intermediates, valid_day))
                {
                    facts.faults.push(INCOMPLETE_CHAIN.to_owned());
                }
            }
            _ => {}
        }
        Some(facts)
    }
}

/// TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1, a client certificate asked for and never required.
fn configuration(roots: &RootCertStore, shown: CertifiedKey) -> Result<ServerConfig, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let recorder = RecordingVerifier::new(Arc::clone(&provider), roots);
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(Arc::new(recorder))
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
    Ok(usual(config))
}

/// What all configurations have in common.
fn usual(mut config: ServerConfig) -> ServerConfig {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // A resumed session would show no certificate.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config
}

/// The TLS alert that a client sent, by name and number; none when the error is another one.
pub(super) fn alert(error: &io::Error) -> Option<String> {
    match error.get_ref()?.downcast_ref::<Error>()? {
        Error::AlertReceived(alert) => Some(hello::alert_name(u8::from(*alert))),
        _ => None,
    }
}

/// The TLS alert that this server sent because of the client's certificate, by name and number.
fn own_alert(error: &io::Error) -> Option<String> {
    let alert = match error.get_ref()?.downcast_ref::<Error>()? {
        Error::NoCertificatesPresented => AlertDescription::CertificateRequired,
        Error::InvalidCertificate(reason) => AlertDescription::from(reason.clone()),
        _ => return None,
    };
    Some(hello::alert_name(u8::from(alert)))
}

fn readable_version(version: &str) -> String {
    version.replace("TLSv1_", "TLSv1.")
}
