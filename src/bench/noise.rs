//! The bench's own lateness while it plays: when did it wake up how long after it should have?
//!
//! Measured twice, because either alone can miss it: by a thread of the system (a machine that is too busy), and by a
//! task among those that read the requests (a runtime whose workers are held up).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::journal::{ScenarioEnded, ScenarioJournal, Stall};

/// How often it looks.
const PERIOD: Duration = Duration::from_millis(20);
/// Less lateness than this is not listed, µs.
const LISTED_US: u64 = 10_000;
/// Most stalls that are listed; of more, the shorter ones are told by their longest.
const MOST: usize = 256;

/// Measures until it is stopped, or dropped.
pub(super) struct Noise {
    record: Arc<Mutex<Record>>,
    done: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Noise {
    pub(super) fn start(journal: ScenarioJournal) -> Self {
        let (record, done) = (Arc::<Mutex<Record>>::default(), Arc::new(AtomicBool::new(false)));
        let (shared, clock) = (Arc::clone(&record), journal.clone());
        let task = tokio::spawn(async move {
            loop {
                let before = Instant::now();
                tokio::time::sleep(PERIOD).await;
                note(&shared, &clock, before);
            }
        });
        let (shared, stopped) = (Arc::clone(&record), Arc::clone(&done));
        // Without the thread, the task still measures.
        let _ = std::thread::Builder::new().name("noise".to_owned()).spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let before = Instant::now();
                std::thread::sleep(PERIOD);
                note(&shared, &journal, before);
            }
        });
        Self { record, done, task }
    }

    /// What was measured, as the scenario's end tells it.
    pub(super) fn stop(self) -> ScenarioEnded {
        let record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        ScenarioEnded {
            noise_us: record.longest_us,
            stalls: Some(record.stalls.clone()),
            unlisted_us: record.unlisted_us,
            harness_error: None,
        }
    }
}

impl Drop for Noise {
    fn drop(&mut self) {
        self.task.abort();
        self.done.store(true, Ordering::Relaxed);
    }
}

fn note(record: &Mutex<Record>, clock: &ScenarioJournal, before: Instant) {
    let (from, until) = (clock.micros(before), clock.now_us());
    record.lock().unwrap_or_else(PoisonError::into_inner).take(from, until);
}

/// What was measured so far.
#[derive(Debug, Default)]
struct Record {
    longest_us: u64,
    unlisted_us: u64,
    stalls: Vec<Stall>,
}

impl Record {
    /// It lay down at `from` to wake up a period later, and woke up at `until`.
    fn take(&mut self, from_us: u64, until_us: u64) {
        let period = u64::try_from(PERIOD.as_micros()).unwrap_or(u64::MAX);
        let late = until_us.saturating_sub(from_us).saturating_sub(period);
        self.longest_us = self.longest_us.max(late);
        if late < LISTED_US {
            self.unlisted_us = self.unlisted_us.max(late);
            return;
        }
        self.stalls.push(Stall { from_us, until_us });
        if self.stalls.len() > MOST {
            self.drop_shortest(period);
        }
    }

    /// The shorter half is told by its longest.
    fn drop_shortest(&mut self, period: u64) {
        let length = |stall: &Stall| stall.until_us - stall.from_us;
        self.stalls.sort_unstable_by_key(|stall| std::cmp::Reverse(length(stall)));
        if let Some(longest) = self.stalls.get(MOST / 2) {
            self.unlisted_us = self.unlisted_us.max(length(longest).saturating_sub(period));
        }
        self.stalls.truncate(MOST / 2);
        self.stalls.sort_unstable_by_key(|stall| stall.from_us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctual_wakings_leave_nothing_and_a_stall_leaves_its_time() {
        let mut record = Record::default();
        for at in 0..100 {
            record.take(at * 20_000, at * 20_000 + 20_400);
        }
        record.take(2_000_000, 2_320_000);
        assert_eq!((record.longest_us, record.unlisted_us), (300_000, 400));
        assert_eq!(record.stalls, [Stall { from_us: 2_000_000, until_us: 2_320_000 }]);
    }

    #[test]
    fn of_very_many_stalls_the_longest_are_kept_and_the_others_counted_everywhere() {
        let mut record = Record::default();
        for at in 0..1_000_u64 {
            record.take(at * 1_000_000, at * 1_000_000 + 40_000 + at);
        }
        assert!(record.stalls.len() <= MOST);
        assert!(
            record.stalls.iter().all(|stall| stall.until_us - stall.from_us > 20_000 + record.unlisted_us)
        );
        assert_eq!(record.longest_us, 20_999);
        assert!(record.unlisted_us >= 20_500);
    }
}
