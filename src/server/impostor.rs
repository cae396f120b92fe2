//! Servers that a client must refuse, and that a TLS library would not play: one that answers a TLS handshake in plain
//! text, and one that knows nothing newer than TLS 1.0 (client-testing.md §2.1).

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::hello::{self, ClientHello};
use super::wire::{Traffic, Watched, first_line};
use crate::journal::{Endpoint, Handshake, HandshakeCause};

use super::tls::Tls;

/// A server that a client must refuse.
#[derive(Clone)]
pub struct Impostor {
    /// Which one of the mock's servers it stands in for.
    pub endpoint: Endpoint,
    /// What is wrong with it, as the journal names it.
    pub defect: String,
    /// How it behaves.
    pub manner: Manner,
}

/// How an impostor behaves.
#[derive(Clone)]
pub enum Manner {
    /// It answers as the mock does, with this certificate.
    Certificate(Tls),
    /// It is the mock until it has given that many answers, then shows this certificate to new connections.
    Later(Tls, u32),
    /// It answers HTTP in plain text, also to a TLS handshake.
    Plain,
    /// It proves its identity, then redirects every request to a port without TLS.
    Redirect,
    /// It knows nothing newer than TLS 1.0.
    OldTls,
}

/// A server whose certificate changes once it has given a few answers.
pub(super) struct Change {
    /// How it is shown at first.
    pub(super) before: Tls,
    left: AtomicU32,
    made: watch::Sender<bool>,
}

impl Change {
    pub(super) fn after(answers: u32, before: Tls) -> Arc<Self> {
        Arc::new(Self { before, left: AtomicU32::new(answers), made: watch::channel(false).0 })
    }

    /// Another answer goes out.
    pub(super) fn count(&self) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.made.send_replace(true);
        }
    }

    pub(super) fn is_made(&self) -> bool {
        *self.made.borrow()
    }

    /// Returns once it is made.
    pub(super) async fn made(&self) {
        // The sender lives as long as this.
        let _ = self.made.subscribe().wait_for(|made| *made).await;
    }
}

/// Largest first message that is waited for, in bytes.
const FIRST_MESSAGE: usize = 32 * 1024;

/// Alert record, RFC 8446 §5.1.
const ALERT: u8 = 21;
/// Handshake record.
const HANDSHAKE: u8 = 22;

/// Suites of TLS 1.0 with RSA key transport: with these the server's part ends without a signature of its own.
const OLD_SUITES: [u16; 4] = [0x002f, 0x0035, 0x000a, 0x003c];
/// TLS_EMPTY_RENEGOTIATION_INFO_SCSV and the extension that it stands for, RFC 5746.
const SCSV: u16 = 0x00ff;
const RENEGOTIATION_INFO: u16 = 0xff01;

/// What the connection of an impostor came to; the caller knows its number.
pub(super) fn outcome(cause: HandshakeCause, failure: impl Into<String>, shown: bool) -> Handshake {
    Handshake { failure: Some(failure.into()), cause: Some(cause), shown, ..Handshake::default() }
}

/// Answers a TLS handshake in plain text, and looks what the client makes of it.
pub(super) async fn answer_in_plain_text(stream: TcpStream, traffic: Arc<Traffic>) -> Handshake {
    let mut stream = Watched::new(stream, traffic);
    let failed = "the client closed before any answer";
    if first_message(&mut stream).await.is_err() {
        return outcome(HandshakeCause::ClosedByClient, failed, false);
    }
    let answered = refuse_in_plain_text(&mut stream, "200 OK", "{}").await.is_ok();
    reaction(&mut stream, answered, "plain text in answer to a TLS handshake, on purpose").await
}

/// A short HTTP answer without TLS, after which the server says no more.
pub(super) async fn refuse_in_plain_text<S>(stream: &mut S, status: &str, body: &str) -> io::Result<()>
where
    S: tokio::io::AsyncWrite + Unpin,
{
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

/// Answers as a server of TLS 1.0 does, up to its ServerHelloDone, and looks what the client makes of it.
pub(super) async fn offer_old_tls(stream: TcpStream, traffic: Arc<Traffic>, chain: &[Vec<u8>]) -> Handshake {
    let mut stream = Watched::new(stream, traffic);
    let Ok(head) = first_message(&mut stream).await else {
        return outcome(HandshakeCause::ClosedByClient, "the client closed before its ClientHello", false);
    };
    let Some(client) = hello::client_hello(&head) else {
        let (cause, why) = hello::obstacle(&head).unwrap_or_else(|| {
            (HandshakeCause::NotTls, format!("no ClientHello that can be read: {}", first_line(&head)))
        });
        return outcome(cause, why, false);
    };
    let answered = stream.write_all(&old_answer(&client, chain)).await.is_ok();
    reaction(&mut stream, answered, "TLS 1.0 and nothing newer, on purpose").await
}

/// What the client does after the impostor's answer.
async fn reaction<S>(stream: &mut Watched<S>, answered: bool, what: &str) -> Handshake
where
    S: tokio::io::AsyncRead + Unpin,
{
    let mut record = [0; 7];
    let mut count = 0;
    while count < record.len() {
        match stream.read(&mut record[count..]).await {
            Ok(0) | Err(_) => break,
            Ok(more) => count += more,
        }
    }
    let (cause, alert) = match record[..count] {
        [ALERT, _, _, 0, 2, _, code] => (HandshakeCause::Alert, Some(hello::alert_name(code))),
        [HANDSHAKE, ..] => (HandshakeCause::OldTlsAccepted, None),
        _ => (HandshakeCause::ClosedByClient, None),
    };
    Handshake { alert, ..outcome(cause, what, answered) }
}

/// Reads until the first TLS record is whole, or what came is no TLS.
async fn first_message<S: tokio::io::AsyncRead + Unpin>(stream: &mut S) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while head.len() < FIRST_MESSAGE
        && (head.is_empty() || (head[0] == HANDSHAKE && !hello::has_record(&head)))
    {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

/// ServerHello of TLS 1.0, Certificate, ServerHelloDone (RFC 2246 §7.4), a record each.
fn old_answer(client: &ClientHello, chain: &[Vec<u8>]) -> Vec<u8> {
    let suite = OLD_SUITES.iter().find(|suite| client.suites.contains(suite)).unwrap_or(&OLD_SUITES[0]);
    let mut server_hello = vec![3, 1];
    let mut random = [0; 32];
    // A poor random does no harm here: no key will ever depend on it.
    let _ = aws_lc_rs::rand::fill(&mut random);
    server_hello.extend(random);
    server_hello.push(0); // no session
    server_hello.extend(suite.to_be_bytes());
    server_hello.push(0); // no compression
    if client.suites.contains(&SCSV) || client.extensions.contains(&RENEGOTIATION_INFO) {
        // Without it, some clients refuse for a reason that has nothing to do with the version.
        server_hello.extend([0, 5, 0xff, 1, 0, 1, 0]);
    }
    let certificates: Vec<u8> = chain.iter().flat_map(|der| with_length(der)).collect();
    let messages = [(2, server_hello), (11, with_length(&certificates)), (14, Vec::new())];
    messages.into_iter().flat_map(|(kind, body)| record(kind, &body)).collect()
}

/// A handshake message, in as many records as it takes.
fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![kind];
    message.extend(with_length(body));
    let mut records = Vec::new();
    for part in message.chunks(16 * 1024) {
        let length = u16::try_from(part.len()).unwrap_or_default();
        records.extend([HANDSHAKE, 3, 1]);
        records.extend(length.to_be_bytes());
        records.extend(part);
    }
    records
}

/// Bytes after their length in three bytes.
fn with_length(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or_default().to_be_bytes();
    let mut all = length[1..].to_vec();
    all.extend(bytes);
    all
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::super::hello::tests::hello;
    use super::*;

    /// What the impostor tells of a client that sends `first`, reads an answer, then sends `then` and leaves.
    async fn meets(old: bool, first: &[u8], then: &[u8]) -> (Handshake, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (first, then) = (first.to_vec(), then.to_vec());
        let client = tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(&first).await.unwrap();
            let mut answer = vec![0; 5];
            if first.is_empty() || stream.read_exact(&mut answer).await.is_err() {
                return Vec::new();
            }
            stream.write_all(&then).await.unwrap();
            stream.shutdown().await.unwrap();
            let _ = stream.read_to_end(&mut answer).await;
            answer
        });
        let (stream, _) = listener.accept().await.unwrap();
        let traffic = Arc::new(Traffic::default());
        let told = if old {
            offer_old_tls(stream, traffic, &[vec![1, 2, 3]]).await
        } else {
            answer_in_plain_text(stream, traffic).await
        };
        (told, client.await.unwrap())
    }

    #[tokio::test]
    async fn a_client_that_refuses_old_tls_is_told_from_one_that_goes_on() {
        let first = hello(0x0303, &[0x1301, 0x002f], &[0x0304, 0x0303]);
        let (told, answer) = meets(true, &first, &[21, 3, 1, 0, 2, 2, 70]).await;
        assert_eq!(told.alert.as_deref(), Some("protocol_version (70)"));
        assert!(told.shown);
        assert_eq!(&answer[..3], [22, 3, 1]);
        let (told, _) = meets(true, &first, &[22, 3, 1, 1, 6, 16, 0]).await;
        assert_eq!(told.cause, Some(HandshakeCause::OldTlsAccepted));
        let (told, _) = meets(true, &first, &[]).await;
        assert_eq!((told.cause, told.shown), (Some(HandshakeCause::ClosedByClient), true));
        let (told, _) = meets(true, b"", b"").await;
        assert_eq!((told.cause, told.shown), (Some(HandshakeCause::ClosedByClient), false));
        let (told, _) = meets(true, b"GET / HTTP/1.1\r\n\r\n", b"").await;
        assert_eq!(told.cause, Some(HandshakeCause::PlainHttp));
    }

    #[tokio::test]
    async fn plain_text_answers_a_handshake() {
        let first = hello(0x0303, &[0x1301], &[0x0304]);
        let (told, answer) = meets(false, &first, &[]).await;
        assert_eq!((told.cause, told.shown), (Some(HandshakeCause::ClosedByClient), true));
        assert!(answer.starts_with(b"HTTP/1.1 200"));
        let (told, _) = meets(false, &first, &[21, 3, 3, 0, 2, 2, 70]).await;
        assert_eq!(told.cause, Some(HandshakeCause::Alert));
    }
}
