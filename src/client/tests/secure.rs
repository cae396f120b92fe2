//! TLS: whom the client trusts, where it shows its certificate, how it uses its connections.

use std::convert::Infallible;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// One request as a TLS server saw it.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    path: String,
    version: Version,
    connection: usize,
    with_certificate: bool,
}

/// A token endpoint and an API behind TLS, with the files that the client needs.
struct Secure {
    folder: TempDir,
    url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
}

impl Secure {
    async fn start(alpn: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = authority();
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        std::fs::write(folder.path().join("other-ca.pem"), self::authority().pem()).unwrap();
        let (certificate, key) = leaf(&authority, "client");
        std::fs::write(folder.path().join("client.pem"), certificate.pem()).unwrap();
        std::fs::write(folder.path().join("client.key"), key.serialize_pem()).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(server_config(&authority, alpn)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let (seen, connections) = (Arc::default(), Arc::default());
        tokio::spawn(serve(listener, acceptor, Arc::clone(&seen), Arc::clone(&connections)));
        Self { folder, url, seen, connections }
    }

    async fn run(&self, action: &str, input: Value, authority: &str, flaws: impl Into<FlawSet>) -> Ran {
        let mut world = World::without_tokens().await;
        let file = |name: &str| self.folder.path().join(name).to_str().unwrap().to_owned();
        for (name, value) in [
            ("ROR_TOKEN_URL", format!("{}/token", self.url)),
            ("ROR_FHIR_URL", format!("{}/fhir", self.url)),
            ("ROR_CA_CERT", file(authority)),
            ("ROR_CLIENT_CERT", file("client.pem")),
            ("ROR_CLIENT_KEY", file("client.key")),
        ] {
            world.environment.insert(name.to_owned(), value);
        }
        world.run(action, input, flaws).await
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn leaf(authority: &CertifiedIssuer<'_, KeyPair>, name: &str) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (params.signed_by(&key, authority).unwrap(), key)
}

fn server_config(authority: &CertifiedIssuer<'_, KeyPair>, alpn: &[&str]) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .allow_unauthenticated()
        .build()
        .unwrap();
    let (certificate, key) = leaf(authority, "localhost");
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}

async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
) {
    loop {
        let (tcp, _) = listener.accept().await.unwrap();
        let connection = connections.fetch_add(1, Ordering::SeqCst);
        let stream = match acceptor.accept(tcp).into_fallible().await {
            Ok(stream) => stream,
            Err((_, mut tcp)) => {
                // Closed over unread bytes, the connection would be reset and the alert lost.
                tokio::spawn(async move { tokio::io::copy(&mut tcp, &mut tokio::io::sink()).await });
                continue;
            }
        };
        let with_certificate = stream.get_ref().1.peer_certificates().is_some();
        let seen = Arc::clone(&seen);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let path = request.uri().path().to_owned();
            let version = request.version();
            seen.lock().unwrap().push(Seen { path: path.clone(), version, connection, with_certificate });
            async move { Ok::<_, Infallible>(Response::new(answer(&path))) }
        });
        tokio::spawn(async move {
            let _ = auto::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn answer(path: &str) -> String {
    match path.rsplit_once('/') {
        Some(("/fhir/Location", id)) => location(id).to_string(),
        _ => json!({ "access_token": "opaque", "expires_in": 300 }).to_string(),
    }
}

#[tokio::test]
async fn the_certificate_is_shown_to_the_token_endpoint_only() {
    let secure = Secure::start(&["h2", "http/1.1"]).await;
    secure.run("read", read("1"), "ca.pem", FlawSet::none()).await.assert_done();
    let shown: Vec<_> = secure.seen().into_iter().map(|seen| (seen.path, seen.with_certificate)).collect();
    assert_eq!(shown, [("/token".to_owned(), true), ("/fhir/Location/1".to_owned(), false)]);
    secure.run("token", json!({}), "ca.pem", Flaw::NoClientCertificate).await.assert_done();
    assert!(!secure.seen()[2].with_certificate);
}

#[tokio::test]
async fn connections_are_used_again() {
    for (alpn, version, connections) in [("h2", Version::HTTP_2, 1), ("http/1.1", Version::HTTP_11, 2)] {
        let secure = Secure::start(&[alpn]).await;
        let ids = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
        secure.run("many-reads", many(&ids, 2), "ca.pem", FlawSet::none()).await.assert_done();
        let reads: Vec<_> = secure.seen().into_iter().filter(|seen| seen.path != "/token").collect();
        assert_eq!(reads.len(), 9);
        assert!(reads.iter().all(|seen| seen.version == version), "{reads:?}");
        let used: std::collections::BTreeSet<_> = reads.iter().map(|seen| seen.connection).collect();
        assert!(used.len() <= connections, "{alpn}: {used:?}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_prove_its_identity_gets_no_request() {
    let secure = Secure::start(&["h2"]).await;
    let ran = secure.run("token", json!({}), "other-ca.pem", FlawSet::none()).await;
    ran.assert_error("token request: no secure connection: invalid peer certificate");
    assert!(secure.seen().is_empty());
    assert_eq!(secure.connections.load(Ordering::SeqCst), 1, "not tried again");
}

/// In TLS 1.3 the alert comes after the handshake, and HTTP/2 calls it a lost connection.
#[tokio::test]
async fn an_alert_about_the_own_certificate_is_told_and_not_taken_for_a_lost_connection() {
    for alpn in ["h2", "http/1.1"] {
        let secure = Secure::start(&[alpn]).await;
        let (certificate, key) = leaf(&authority(), "client");
        std::fs::write(secure.folder.path().join("client.pem"), certificate.pem()).unwrap();
        std::fs::write(secure.folder.path().join("client.key"), key.serialize_pem()).unwrap();
        let ran = secure.run("token", json!({}), "ca.pem", FlawSet::none()).await;
        ran.assert_error("token request: no secure connection: received fatal alert");
        assert!(secure.seen().is_empty());
        assert_eq!(secure.connections.load(Ordering::SeqCst), 1, "{alpn}: not tried again");
        secure.run("token", json!({}), "ca.pem", Flaw::TakesAlertForSuccess).await.assert_done();
        let before = secure.connections.load(Ordering::SeqCst);
        secure.run("token", json!({}), "ca.pem", Flaw::InsistsAfterAlert).await.assert_error("fatal alert");
        assert_eq!(secure.connections.load(Ordering::SeqCst) - before, 15, "{alpn}");
    }
}

#[tokio::test]
async fn without_an_authority_to_trust_nothing_is_sent() {
    let secure = Secure::start(&["h2"]).await;
    let mut world = World::without_tokens().await;
    world.environment.insert("ROR_TOKEN_URL".to_owned(), format!("{}/token", secure.url));
    world.run("token", json!({}), FlawSet::none()).await.assert_error("ROR_CA_CERT is missing");
    assert!(secure.seen().is_empty());
}

#[tokio::test]
async fn half_an_identity_is_refused() {
    let secure = Secure::start(&["h2"]).await;
    let mut world = World::without_tokens().await;
    let authority = secure.folder.path().join("ca.pem");
    let set = |world: &mut World, name: &str, path: &Path| {
        world.environment.insert(name.to_owned(), path.to_str().unwrap().to_owned());
    };
    set(&mut world, "ROR_CA_CERT", &authority);
    set(&mut world, "ROR_CLIENT_CERT", &secure.folder.path().join("client.pem"));
    world.run("token", json!({}), FlawSet::none()).await.assert_error("go together");
}
