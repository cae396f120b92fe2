//! The end of what an adapter prints, and its last line, in bounded memory however much it prints.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::oneshot;

use super::result;
use super::watch::Watch;
use crate::journal::CanarySeen;

/// How much of each output is kept, in bytes. The report shows less: the bench cuts once secrets are removed, so that
/// none is cut in two.
pub const OUTPUT_TAKEN: usize = 32 * 1024;

/// Longest last line that can be a result, in bytes; larger results go through `ROR_RESULT_FILE`.
const LONGEST_LINE: usize = 8 * 1024 * 1024;

/// Reads at most of what waits when reading is stopped: more than a pipe holds, and an end to somebody who prints on.
const READS_AFTER_STOP: usize = 4;

/// What is kept of an output.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// All bytes that came.
    pub(super) size: u64,
    end: VecDeque<u8>,
    line: Vec<u8>,
    last: Vec<u8>,
    too_long: bool,
    last_too_long: bool,
    watch: Watch,
}

impl Tail {
    /// Reads to the end, or until told to stop.
    pub(super) async fn read(
        mut from: impl AsyncRead + Unpin,
        watch: Watch,
        mut stop: oneshot::Receiver<()>,
    ) -> Self {
        let mut tail = Self { watch, ..Self::default() };
        let mut buffer = vec![0; 64 * 1024];
        loop {
            tokio::select! {
                read = from.read(&mut buffer) => match read {
                    Ok(length @ 1..) => tail.take(&buffer[..length]),
                    // An output that cannot be read any more has ended.
                    _ => return tail,
                },
                _ = &mut stop => break,
            }
        }
        // What already waits to be read was said before: a machine that was held up may not have come to it.
        for _ in 0..READS_AFTER_STOP {
            match tokio::time::timeout(Duration::ZERO, from.read(&mut buffer)).await {
                Ok(Ok(length @ 1..)) => tail.take(&buffer[..length]),
                _ => break,
            }
        }
        tail
    }

    fn take(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        let kept = &bytes[bytes.len().saturating_sub(OUTPUT_TAKEN)..];
        self.end.extend(kept);
        let surplus = self.end.len().saturating_sub(OUTPUT_TAKEN);
        self.end.drain(..surplus);
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            if self.line.len() + part.len() <= LONGEST_LINE {
                self.line.extend_from_slice(part);
            } else {
                self.too_long = true;
            }
            self.watch.take(part);
            if part.ends_with(b"\n") {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.watch.end_line(if self.too_long { &[] } else { &line });
        if self.too_long {
            self.last.clear();
            self.too_long = false;
            self.last_too_long = true;
        } else if !line.trim_ascii().is_empty() {
            self.last = line;
            self.last_too_long = false;
        }
    }

    /// Why the last line cannot be a result, when it is too long.
    pub(super) fn too_long(&self) -> Option<String> {
        let limit = LONGEST_LINE;
        self.last_too_long.then(|| {
            format!("the last line of standard output is longer than {limit} bytes: use ROR_RESULT_FILE")
        })
    }

    /// The last line that is not blank; empty when there was none, or when it was too long.
    pub(super) fn last_line(&mut self) -> &[u8] {
        self.end_line();
        self.last.trim_ascii()
    }

    /// Canaries in the whole output, the declared result left out. Nothing more is read afterwards.
    pub(super) fn canaries(&mut self) -> Vec<CanarySeen> {
        if !self.line.is_empty() {
            self.end_line();
        }
        self.watch.seen(result::parse_pretty(&self.text()).is_some())
    }

    /// The end of the output as text; what is not UTF-8 is replaced.
    pub(super) fn text(&self) -> String {
        let bytes: Vec<u8> = self.end.iter().copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tail(parts: &[&[u8]]) -> Tail {
        let mut tail = Tail::default();
        parts.iter().for_each(|part| tail.take(part));
        tail
    }

    #[test]
    fn the_last_line_is_found_with_and_without_its_end() {
        assert_eq!(tail(&[b"log\n{\"a\"", b":1}"]).last_line(), b"{\"a\":1}");
        assert_eq!(tail(&[b"log\n{}\n", b"\n  \n"]).last_line(), b"{}");
        assert_eq!(tail(&[]).last_line(), b"");
    }

    #[tokio::test]
    async fn what_waits_when_reading_is_stopped_is_still_taken() {
        use tokio::io::AsyncWriteExt;
        // Which of two that are ready is seen first is left to chance.
        for _ in 0..20 {
            let (mut adapter, output) = tokio::io::duplex(1024);
            adapter.write_all(b"log\n{}\n").await.unwrap();
            let (stop, stopped) = oneshot::channel();
            stop.send(()).unwrap();
            // It stays open.
            let mut tail = Tail::read(output, Watch::default(), stopped).await;
            assert_eq!(tail.last_line(), b"{}");
            drop(adapter);
        }
    }

    #[test]
    fn a_flood_leaves_its_end_only() {
        let mut flood = Tail::default();
        for _ in 0..1000 {
            flood.take(&[b'x'; 10_000]);
        }
        assert!(flood.text().len() < OUTPUT_TAKEN + 100 && flood.size == 10_000_000);
        assert_eq!(flood.last_line(), b"", "no line that long can be a result");
    }
}
