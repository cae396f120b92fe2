//! The pace of the client towards one API, shared by all its workers: calls spread evenly, and one pause for all
//! when the API asks to wait.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::clock::Clock;

/// Between two calls of a service with a certificate: at most 9 in any second, where 10 are allowed (CHA-Q-02).
const SPACING: Duration = Duration::from_millis(115);
/// Between two calls of a service with public access: at most 4 in any second, where 5 are allowed (CHA-Q-03).
const SPACING_PUBLIC: Duration = Duration::from_millis(260);

/// The deadline of the action comes before the turn of the call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLate;

/// How a call waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manners {
    /// Spaced from the others, and never during a pause.
    Paced,
    /// Not spaced, but not during a pause either: the flaw `floods`.
    Unpaced,
    /// Neither: the repeats of the clients that do not wait as told.
    Hasty,
}

/// The turns of one API.
pub(crate) struct Pace {
    spacing: Duration,
    turns: Mutex<Turns>,
}

struct Turns {
    next: Duration,
    paused_until: Duration,
}

impl Pace {
    /// The pace towards one API; slower with public access.
    pub(crate) fn new(public_profile: bool) -> Self {
        let spacing = if public_profile { SPACING_PUBLIC } else { SPACING };
        Self { spacing, turns: Mutex::new(Turns { next: Duration::ZERO, paused_until: Duration::ZERO }) }
    }

    /// Nobody calls before `moment`. A pause is never shortened.
    pub(crate) fn pause_until(&self, moment: Duration) {
        let mut turns = self.turns();
        turns.paused_until = turns.paused_until.max(moment);
    }

    /// Whether nobody may call now.
    pub(crate) fn is_paused(&self, now: Duration) -> bool {
        self.turns().paused_until > now
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// The turn would come after `deadline`; nothing is waited for then.
    pub(crate) async fn turn(
        &self,
        clock: &dyn Clock,
        deadline: Option<Duration>,
        manners: Manners,
    ) -> Result<(), TooLate> {
        loop {
            let turn = self.reserve(clock.now(), manners);
            if deadline.is_some_and(|deadline| turn > deadline) {
                return Err(TooLate);
            }
            clock.sleep_until(turn).await;
            let now = clock.now();
            // A machine that was held up wakes all workers at once: those whose turn is long past queue again.
            let is_late = manners == Manners::Paced && now > turn + self.spacing / 2;
            // Another worker may have been told to wait in the meantime.
            if manners == Manners::Hasty || !(is_late || self.is_paused(now)) {
                return Ok(());
            }
        }
    }

    fn reserve(&self, now: Duration, manners: Manners) -> Duration {
        let mut turns = self.turns();
        match manners {
            Manners::Hasty => now,
            Manners::Unpaced => now.max(turns.paused_until),
            Manners::Paced => {
                let turn = now.max(turns.paused_until).max(turns.next);
                turns.next = turn + self.spacing;
                turn
            }
        }
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use super::super::tests::ManualClock;
    use super::*;

    async fn moments_of(pace: &Pace, clock: &ManualClock, calls: usize) -> Vec<Duration> {
        let mut moments = Vec::new();
        for _ in 0..calls {
            pace.turn(clock, None, Manners::Paced).await.unwrap();
            moments.push(clock.now());
        }
        moments
    }

    fn most_in_a_second(moments: &[Duration]) -> usize {
        let within = |start: Duration| {
            moments.iter().filter(|m| **m >= start && **m < start + Duration::from_secs(1)).count()
        };
        moments.iter().map(|start| within(*start)).max().unwrap()
    }

    #[tokio::test]
    async fn calls_are_spread_below_the_quota() {
        let clock = ManualClock::new();
        assert_eq!(most_in_a_second(&moments_of(&Pace::new(false), &clock, 60).await), 9);
        assert_eq!(most_in_a_second(&moments_of(&Pace::new(true), &clock, 60).await), 4);
    }

    #[tokio::test]
    async fn after_a_pause_calls_come_one_by_one_again() {
        let clock = ManualClock::new();
        let pace = Pace::new(false);
        pace.pause_until(Duration::from_secs(2));
        pace.pause_until(Duration::from_secs(1));
        let moments = moments_of(&pace, &clock, 3).await;
        assert_eq!(moments[0], Duration::from_secs(2));
        assert_eq!(moments[2] - moments[0], SPACING * 2);
    }

    #[tokio::test]
    async fn a_worker_that_already_holds_a_turn_waits_too() {
        let clock = ManualClock::new();
        let pace = Arc::new(Pace::new(false));
        // While this worker sleeps until its turn, another one is told to wait.
        let other = Arc::clone(&pace);
        clock.during_next_sleep(move || other.pause_until(Duration::from_secs(3)));
        pace.turn(&clock, None, Manners::Paced).await.unwrap();
        assert!(clock.now() >= Duration::from_secs(3));
    }

    #[tokio::test]
    async fn a_machine_that_was_held_up_bunches_no_calls() {
        let clock = Arc::new(ManualClock::new());
        let pace = Pace::new(false);
        pace.turn(&*clock, None, Manners::Paced).await.unwrap();
        let held_up = Arc::clone(&clock);
        clock.during_next_sleep(move || held_up.jump_to(Duration::from_millis(700)));
        let moments = moments_of(&pace, &clock, 3).await;
        assert_eq!(moments[0], Duration::from_millis(700));
        assert_eq!(moments[1] - moments[0], SPACING);
        assert_eq!(moments[2] - moments[1], SPACING);
    }

    #[tokio::test]
    async fn a_pause_beyond_the_deadline_is_not_waited_for() {
        let clock = ManualClock::new();
        let pace = Pace::new(false);
        pace.pause_until(Duration::from_secs(10));
        let refused = pace.turn(&clock, Some(Duration::from_secs(5)), Manners::Paced).await;
        assert_eq!(refused, Err(TooLate));
        assert_eq!(clock.now(), Duration::ZERO);
        assert_eq!(pace.turn(&clock, Some(Duration::from_secs(5)), Manners::Hasty).await, Ok(()));
    }
}
