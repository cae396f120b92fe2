//! The bench's own lateness while it plays: how long after it should have woken up did it wake up?

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

/// How often it looks.
const PERIOD: Duration = Duration::from_millis(20);

/// Measures until it is read.
pub(super) struct Noise {
    longest_us: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Noise {
    pub(super) fn start() -> Self {
        let longest_us = Arc::new(AtomicU64::new(0));
        let shared = Arc::clone(&longest_us);
        let task = tokio::spawn(async move {
            loop {
                let before = Instant::now();
                tokio::time::sleep(PERIOD).await;
                let late = before.elapsed().saturating_sub(PERIOD);
                shared.fetch_max(u64::try_from(late.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
            }
        });
        Self { longest_us, task }
    }

    /// The longest lateness so far, in microseconds.
    pub(super) fn stop(self) -> u64 {
        self.task.abort();
        self.longest_us.load(Ordering::Relaxed)
    }
}
