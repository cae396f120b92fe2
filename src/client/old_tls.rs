//! The first half of a TLS 1.0 handshake, for the flaw `takes-up-old-tls`: rustls knows nothing that old.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A ClientHello of TLS 1.0 (RFC 2246 §7.4.1.2): one suite with RSA key transport, no extension.
fn client_hello() -> Vec<u8> {
    let mut body = vec![3, 1];
    body.extend([0x42; 32]); // nothing will ever depend on this random
    body.extend([0, 0, 2, 0, 0x2f, 1, 0]);
    let mut record = vec![22, 3, 1, 0, 45, 1, 0, 0, 41];
    record.extend(body);
    record
}

/// Greets the server in TLS 1.0, and sends its key when the server takes that up.
///
/// # Errors
/// The server does not take it up.
pub(crate) async fn take_up(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(&client_hello()).await?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await?;
    if answer[..3] != [22, 3, 1] {
        return Err(io::ErrorKind::InvalidData.into());
    }
    // ClientKeyExchange, of no value: what counts is that it is sent.
    stream.write_all(&[22, 3, 1, 0, 6, 16, 0, 0, 2, 0, 0]).await?;
    stream.shutdown().await
}
