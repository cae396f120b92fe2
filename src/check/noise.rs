//! The bench's own noise, as it was met during one measurement: a stall at another moment tells nothing about it.

use crate::journal::{Evidence, Stall};

/// Noise up to this is allowed for and decides all the same; beyond it, a case that it could explain is inconclusive:
/// 250 ms.
pub(super) const DECIDABLE_US: u64 = 250_000;

/// What the bench measured of its own lateness while it played.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noise<'a> {
    stalls: &'a [Stall],
    /// Lateness that may have been met at any moment, µs.
    anywhere_us: u64,
}

impl<'a> Noise<'a> {
    /// That of a scenario; none is known of one that was cut short.
    pub(super) fn of(evidence: &'a Evidence) -> Self {
        let Some(ended) = &evidence.ended else { return Self { stalls: &[], anywhere_us: 0 } };
        match &ended.stalls {
            Some(stalls) => Self { stalls, anywhere_us: ended.unlisted_us },
            None => Self { stalls: &[], anywhere_us: ended.noise_us },
        }
    }

    /// The longest stall that touches that time, µs.
    pub(super) fn met(&self, from_us: u64, until_us: u64) -> u64 {
        let touching =
            self.stalls.iter().filter(|stall| stall.from_us <= until_us && stall.until_us >= from_us);
        let longest = touching.map(|stall| stall.until_us.saturating_sub(stall.from_us)).max();
        longest.unwrap_or(0).max(self.anywhere_us)
    }
}
