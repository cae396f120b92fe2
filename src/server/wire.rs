//! The streams below and above TLS: how much went over them, how they began, who ended them, and when the first byte of
//! a request was read.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::state::lock;
use super::tls;
use crate::journal::ScenarioJournal;

/// How much of the beginning of a stream is kept, in bytes: a whole ClientHello, or the first line of a request.
const HEAD: usize = 8 * 1024;

/// What went over a stream.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    read: AtomicU64,
    written: AtomicU64,
    ended_by_client: AtomicBool,
    told: AtomicBool,
    head: Mutex<Vec<u8>>,
    alert: Mutex<Option<String>>,
}

impl Traffic {
    /// Bytes that the client sent.
    pub(super) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Bytes that were handed over for the client.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Whether the client ended the stream, orderly or not.
    pub(super) fn ended_by_client(&self) -> bool {
        self.ended_by_client.load(Ordering::Relaxed)
    }

    /// The client ended the stream before it was watched.
    pub(super) fn end_by_client(&self) {
        self.ended_by_client.store(true, Ordering::Relaxed);
    }

    /// The first bytes that the client sent.
    pub(super) fn head(&self) -> Vec<u8> {
        lock(&self.head).clone()
    }

    /// The TLS alert by which the client ended the stream.
    pub(super) fn alert(&self) -> Option<String> {
        lock(&self.alert).clone()
    }

    /// A whole request is in the journal.
    pub(super) fn tell(&self) {
        self.told.store(true, Ordering::Relaxed);
    }

    /// The first line that the client sent, when no whole request is in the journal.
    pub(super) fn untold_line(&self) -> Option<String> {
        let head = self.head();
        let untold = !self.told.load(Ordering::Relaxed) && !head.is_empty();
        untold.then(|| first_line(&head))
    }
}

/// The first line of some bytes, whatever they are.
pub(super) fn first_line(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    String::from_utf8_lossy(line).into_owned()
}

/// A stream whose traffic is noted.
pub(super) struct Watched<S> {
    stream: S,
    traffic: Arc<Traffic>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, traffic: Arc<Traffic>) -> Self {
        Self { stream, traffic }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (before, room) = (buffer.filled().len(), buffer.remaining());
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let traffic = &self.traffic;
        match &read {
            Poll::Ready(Ok(())) => {
                let new = &buffer.filled()[before..];
                traffic.read.fetch_add(new.len() as u64, Ordering::Relaxed);
                if new.is_empty() && room > 0 {
                    traffic.ended_by_client.store(true, Ordering::Relaxed);
                }
                let mut head = lock(&traffic.head);
                let wanted = HEAD.saturating_sub(head.len()).min(new.len());
                head.extend_from_slice(&new[..wanted]);
            }
            Poll::Ready(Err(error)) => {
                traffic.ended_by_client.store(true, Ordering::Relaxed);
                *lock(&traffic.alert) = tls::alert(error);
            }
            Poll::Pending => {}
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(count)) = &written {
            self.traffic.written.fetch_add(*count as u64, Ordering::Relaxed);
        }
        written
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
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        if let Poll::Ready(Ok(count)) = &written {
            self.traffic.written.fetch_add(*count as u64, Ordering::Relaxed);
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// When the first byte was read since the last answer was ready; 0: none yet.
#[derive(Debug, Clone, Default)]
pub(super) struct FirstByte(Arc<AtomicU64>);

impl FirstByte {
    /// An answer is ready: what is read from now on belongs to the next request.
    pub(super) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// When it was, µs since the run began.
    pub(super) fn get(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|&at| at != 0)
    }
}

/// A stream that notes when bytes arrive.
pub(super) struct Noted<S> {
    stream: S,
    first_byte: FirstByte,
    journal: ScenarioJournal,
}

impl<S> Noted<S> {
    pub(super) fn new(stream: S, first_byte: FirstByte, journal: ScenarioJournal) -> Self {
        Self { stream, first_byte, journal }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Noted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            // After the read, never before it: gaps are measured on the lenient side.
            let now = self.journal.now_us();
            let _ = self.first_byte.0.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Noted<S> {
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
