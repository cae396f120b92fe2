//! A server may refuse the client's certificate after the handshake: in TLS 1.3 its alert comes with the first read
//! (RFC 8446 §4.4.2.4), where HTTP/2 no longer tells it from a connection that was lost. So it is noted below HTTP.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::transport::tls_error;

/// What TLS said when it ended a connection; nothing when it did not.
#[derive(Debug, Clone, Default)]
pub(crate) struct LastWord(Arc<OnceLock<String>>);

impl LastWord {
    pub(crate) fn get(&self) -> Option<String> {
        self.0.get().cloned()
    }
}

/// Whether what TLS said is an alert of the server's.
pub(crate) fn is_alert(said: &str) -> bool {
    said.starts_with("received fatal alert")
}

/// A stream whose last word is noted.
pub(crate) struct Overheard<S> {
    stream: S,
    last_word: LastWord,
}

impl<S> Overheard<S> {
    pub(crate) fn new(stream: S, last_word: LastWord) -> Self {
        Self { stream, last_word }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Overheard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let Poll::Ready(Err(error)) = &read
            && let Some(said) = tls_error(error)
        {
            // The first one counts.
            let _ = self.last_word.0.set(said.to_string());
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Overheard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
