//! Time as the client uses it, handed in so that unit tests do not wait.

use std::future::Future;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};

/// A source of time and of the small random delays that spread repeats.
pub trait Clock: Send + Sync {
    /// Monotonic time since an origin of the clock's choice.
    fn now(&self) -> Duration;

    /// The time of day, which dates in `Retry-After` and in tokens are compared with.
    fn wall(&self) -> SystemTime;

    /// Waits until [`Clock::now`] has reached `moment`; at once when it already has.
    fn sleep_until(&self, moment: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// A random delay between zero and `most`.
    fn jitter(&self, most: Duration) -> Duration;
}

/// Real time, for the real client. Its sleeps need a tokio runtime with time enabled.
#[derive(Debug)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// A clock whose origin is now.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep_until(&self, moment: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(moment.saturating_sub(self.now())))
    }

    fn jitter(&self, most: Duration) -> Duration {
        // The standard library seeds each RandomState at random: enough to spread repeats, and nothing more.
        let permille = RandomState::new().build_hasher().finish() % 1001;
        most.mul_f64(permille as f64 / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_between_zero_and_its_most() {
        let clock = SystemClock::new();
        for _ in 0..100 {
            assert!(clock.jitter(Duration::from_millis(100)) <= Duration::from_millis(100));
        }
    }
}
