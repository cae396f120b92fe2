//! Quotas (CHA-Q-01…05) over a clock that is handed in: sliding or fixed windows, in which refused calls count, too;
//! and the suspension of a service that calls on while it is told to wait.

use std::collections::{BTreeMap, VecDeque};

/// Usual length of the window, in microseconds.
pub const WINDOW_US: u64 = 1_000_000;

/// How calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counting {
    /// Length of the window, in microseconds; not nil.
    pub window_us: u64,
    /// Whether the count restarts at multiples of that length; otherwise the window slides.
    pub fixed: bool,
}

impl Default for Counting {
    fn default() -> Self {
        Self { window_us: WINDOW_US, fixed: false }
    }
}

/// One window.
#[derive(Debug, Clone)]
pub struct Window {
    counting: Counting,
    limit: u32,
    /// Calls that stand in the window although nobody makes them here: the load of other services.
    standing: u32,
    calls: VecDeque<u64>,
}

/// What a window says of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Calls in the window, before this one.
    pub before: u32,
    /// Calls in the window, this one included.
    pub after: u32,
    /// The limit.
    pub limit: u32,
    /// Microseconds until a call would be within the limit, if none comes in between; none when this one is.
    pub retry_in_us: Option<u64>,
    /// Microseconds until there is more room than now, if no call comes in between.
    pub resets_in_us: u64,
}

impl Window {
    /// A window that lets `limit` calls pass, of which others make `standing`.
    #[must_use]
    pub fn new(counting: Counting, limit: u32, standing: u32) -> Self {
        Self { counting, limit, standing, calls: VecDeque::new() }
    }

    /// Counts a call at `now_us`, which never goes back.
    pub fn count(&mut self, now_us: u64) -> Count {
        while self.calls.front().is_some_and(|&call| self.end_of(call) <= now_us) {
            self.calls.pop_front();
        }
        let before = self.in_window();
        self.calls.push_back(now_us);
        let after = self.in_window();
        Count {
            before,
            after,
            limit: self.limit,
            retry_in_us: (after > self.limit).then(|| self.retry_in(now_us)),
            resets_in_us: self.end_of(self.calls.front().copied().unwrap_or(now_us)).saturating_sub(now_us),
        }
    }

    /// When a call leaves the window.
    fn end_of(&self, call_us: u64) -> u64 {
        let length = self.counting.window_us.max(1);
        let begins = if self.counting.fixed { call_us - call_us % length } else { call_us };
        begins.saturating_add(length)
    }

    fn in_window(&self) -> u32 {
        u32::try_from(self.calls.len()).unwrap_or(u32::MAX).saturating_add(self.standing)
    }

    /// When enough of the calls have left the window for one more.
    fn retry_in(&self, now_us: u64) -> u64 {
        let own_limit = usize::try_from(self.limit.saturating_sub(self.standing)).unwrap_or(usize::MAX);
        // With no room for own calls at all, the window never opens by itself: say one window.
        let Some(must_leave) = (self.calls.len() + 1).checked_sub(own_limit).filter(|_| own_limit > 0) else {
            return self.end_of(now_us).saturating_sub(now_us);
        };
        let last_to_leave = self.calls.get(must_leave - 1).copied().unwrap_or(now_us);
        self.end_of(last_to_leave).saturating_sub(now_us)
    }
}

/// Whole seconds to advertise for a wait: rounded up, at least one.
#[must_use]
pub fn advertised_seconds(wait_us: u64) -> u64 {
    wait_us.div_ceil(1_000_000).max(1)
}

/// The windows of one level, by key.
#[derive(Debug, Default)]
pub struct Windows<K> {
    windows: BTreeMap<K, Window>,
}

impl<K: Ord> Windows<K> {
    /// No call counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self { windows: BTreeMap::new() }
    }

    /// Counts a call for `key`; its window is made by `make` at the first one.
    pub fn count(&mut self, key: K, now_us: u64, make: impl FnOnce() -> Window) -> Count {
        self.windows.entry(key).or_insert_with(make).count(now_us)
    }
}

/// Calls so soon after a refusal may have left before it came to the client, in microseconds.
pub const IN_FLIGHT_US: u64 = 500_000;

/// When a service is suspended (CHA-Q-05 leaves it open; an assumption of the mock).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspension {
    /// The call too early with which it begins, from 1.
    pub after: u32,
    /// How long it lasts, in microseconds.
    pub lasts_us: u64,
}

/// How a service behaves while it is told to wait.
#[derive(Debug, Clone, Default)]
pub struct Conduct {
    /// When it was told to wait, and until when; later refusals of the same burst change nothing.
    told: Option<(u64, u64)>,
    /// Calls that it made too early, those that may have been in flight left out.
    early: u32,
    suspended_until: Option<u64>,
}

impl Conduct {
    /// Takes a call at `now_us`, which never goes back, and what the quota said of it: the wait of a refusal. Gives the
    /// microseconds for which the service is suspended from now on; none when it is not.
    pub fn call(&mut self, now_us: u64, refused_for_us: Option<u64>, rule: Suspension) -> Option<u64> {
        if let Some(until) = self.suspended_until {
            if now_us < until {
                return Some(until - now_us);
            }
            *self = Self::default();
        }
        match self.told {
            Some((since, until)) if now_us < until => {
                self.early += u32::from(now_us >= since.saturating_add(IN_FLIGHT_US));
                if self.early >= rule.after.max(1) {
                    self.suspended_until = Some(now_us.saturating_add(rule.lasts_us));
                    return Some(rule.lasts_us);
                }
            }
            _ => self.told = refused_for_us.map(|wait| (now_us, now_us.saturating_add(wait))),
        }
        None
    }

    /// Calls made too early so far.
    #[must_use]
    pub fn early(&self) -> u32 {
        self.early
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_eleventh_call_in_a_second_is_over_the_limit_of_ten() {
        let mut window = Window::new(Counting::default(), 10, 0);
        let counts: Vec<_> = (0..11).map(|call| window.count(call * 50_000)).collect();
        assert!(counts[..10].iter().all(|count| count.retry_in_us.is_none()));
        assert_eq!(
            counts[10].retry_in_us,
            Some(550_000),
            "the first two calls have to leave: this one stands there, too"
        );
        assert_eq!((counts[10].before, counts[10].after), (10, 11));
    }

    #[test]
    fn the_load_of_others_takes_room() {
        let mut window = Window::new(Counting::default(), 100, 98);
        assert!(window.count(0).retry_in_us.is_none());
        assert!(window.count(1).retry_in_us.is_none());
        assert!(window.count(2).retry_in_us.is_some());
        assert_eq!(Window::new(Counting::default(), 5, 5).count(0).retry_in_us, Some(WINDOW_US));
    }

    fn fixed(limit: u32) -> Window {
        Window::new(Counting { window_us: 2_000_000, fixed: true }, limit, 0)
    }

    #[test]
    fn a_fixed_window_restarts_at_its_boundary() {
        let mut window = fixed(2);
        assert!([1_800_000, 1_900_000].iter().all(|&at| window.count(at).retry_in_us.is_none()));
        assert_eq!(window.count(1_950_000).retry_in_us, Some(50_000));
        let first = window.count(2_000_000);
        assert_eq!(
            (first.before, first.after, first.retry_in_us),
            (0, 1, None),
            "twice the limit across a boundary"
        );
        assert_eq!(first.resets_in_us, 2_000_000);
        assert!(window.count(2_100_000).retry_in_us.is_none());
        assert_eq!(window.count(2_200_000).retry_in_us, Some(1_800_000));
        assert_eq!(advertised_seconds(1_800_000), 2);
    }

    #[test]
    fn the_next_reset_is_told_while_there_is_room() {
        let mut window = Window::new(Counting::default(), 10, 0);
        window.count(0);
        assert_eq!(window.count(400_000).resets_in_us, 600_000);
    }

    const RULE: Suspension = Suspension { after: 3, lasts_us: 5_000_000 };

    #[test]
    fn who_calls_on_is_suspended_and_let_in_again() {
        let mut conduct = Conduct::default();
        assert_eq!(conduct.call(0, Some(2_000_000), RULE), None);
        assert_eq!(conduct.call(600_000, Some(1_400_000), RULE), None);
        assert_eq!(conduct.call(700_000, Some(1_300_000), RULE), None);
        assert_eq!(conduct.call(800_000, Some(1_200_000), RULE), Some(5_000_000));
        assert_eq!(conduct.call(5_000_000, None, RULE), Some(800_000), "also a call within the quota");
        assert_eq!(conduct.call(5_800_000, None, RULE), None);
        assert_eq!(conduct.early(), 0);
    }

    #[test]
    fn who_waits_is_never_suspended_whatever_was_in_flight() {
        let mut conduct = Conduct::default();
        for round in 0..50 {
            let begins = round * 2_000_000;
            for call in 0..8 {
                assert_eq!(conduct.call(begins + call * 60_000, Some(1_500_000), RULE), None);
            }
            assert_eq!(conduct.call(begins + 1_500_000, None, RULE), None);
        }
        assert_eq!(conduct.early(), 0);
    }

    #[test]
    fn what_is_advertised_is_rounded_up() {
        assert_eq!([0, 1, 1_000_000, 1_000_001].map(advertised_seconds), [1, 1, 1, 2]);
    }

    proptest! {
        #[test]
        fn never_more_than_the_limit_pass_in_any_second(limit in 1u32..12, gaps in prop::collection::vec(0u64..400_000, 1..80)) {
            let mut window = Window::new(Counting::default(), limit, 0);
            let mut now = 0;
            let mut passed: Vec<u64> = Vec::new();
            for gap in gaps {
                now += gap;
                if window.count(now).retry_in_us.is_none() {
                    passed.push(now);
                }
            }
            for (index, &first) in passed.iter().enumerate() {
                let within = passed[index..].iter().filter(|&&call| call < first + WINDOW_US).count();
                prop_assert!(within <= limit as usize);
            }
        }

        #[test]
        fn a_fixed_window_opens_no_later_than_told(limit in 1u32..6, gaps in prop::collection::vec(0u64..900_000, 1..60)) {
            let mut window = fixed(limit);
            let mut now = 0;
            for gap in gaps {
                now += gap;
                if let Some(wait) = window.count(now).retry_in_us {
                    prop_assert!(wait > 0 && wait <= 2_000_000);
                    prop_assert_eq!((now + wait) % 2_000_000, 0);
                    prop_assert!(window.clone().count(now + wait).retry_in_us.is_none());
                }
            }
        }

        #[test]
        fn a_wait_as_advertised_suffices_and_a_shorter_one_does_not(limit in 1u32..12, calls in 1usize..40) {
            let mut window = Window::new(Counting::default(), limit, 0);
            let mut last = None;
            for call in 0..calls {
                last = window.count(call as u64 * 10_000).retry_in_us.map(|wait| (call as u64 * 10_000, wait));
            }
            if let Some((now, wait)) = last {
                prop_assert!(window.clone().count(now + wait).retry_in_us.is_none());
                prop_assert!(window.clone().count(now + wait - 1).retry_in_us.is_some());
            }
        }
    }
}
