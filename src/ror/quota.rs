//! Quotas (CHA-Q-01…04): sliding windows of one second over a clock that is handed in. Refused calls count, too.

use std::collections::{BTreeMap, VecDeque};

/// Length of the window, in microseconds.
pub const WINDOW_US: u64 = 1_000_000;

/// One sliding window.
#[derive(Debug, Clone)]
pub struct Window {
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
}

impl Window {
    /// A window that lets `limit` calls pass in any second, of which others make `standing`.
    #[must_use]
    pub fn new(limit: u32, standing: u32) -> Self {
        Self { limit, standing, calls: VecDeque::new() }
    }

    /// Counts a call at `now_us`, which never goes back.
    pub fn count(&mut self, now_us: u64) -> Count {
        while self.calls.front().is_some_and(|&call| call + WINDOW_US <= now_us) {
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
        }
    }

    fn in_window(&self) -> u32 {
        u32::try_from(self.calls.len()).unwrap_or(u32::MAX).saturating_add(self.standing)
    }

    /// When enough of the calls have left the window for one more.
    fn retry_in(&self, now_us: u64) -> u64 {
        let own_limit = usize::try_from(self.limit.saturating_sub(self.standing)).unwrap_or(usize::MAX);
        // With no room for own calls at all, the window never opens by itself: say one window.
        let Some(must_leave) = (self.calls.len() + 1).checked_sub(own_limit).filter(|_| own_limit > 0) else {
            return WINDOW_US;
        };
        self.calls.get(must_leave - 1).map_or(WINDOW_US, |&call| (call + WINDOW_US).saturating_sub(now_us))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_eleventh_call_in_a_second_is_over_the_limit_of_ten() {
        let mut window = Window::new(10, 0);
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
        let mut window = Window::new(100, 98);
        assert!(window.count(0).retry_in_us.is_none());
        assert!(window.count(1).retry_in_us.is_none());
        assert!(window.count(2).retry_in_us.is_some());
        assert_eq!(Window::new(5, 5).count(0).retry_in_us, Some(WINDOW_US));
    }

    #[test]
    fn what_is_advertised_is_rounded_up() {
        assert_eq!([0, 1, 1_000_000, 1_000_001].map(advertised_seconds), [1, 1, 1, 2]);
    }

    proptest! {
        #[test]
        fn never_more_than_the_limit_pass_in_any_second(limit in 1u32..12, gaps in prop::collection::vec(0u64..400_000, 1..80)) {
            let mut window = Window::new(limit, 0);
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
        fn a_wait_as_advertised_suffices_and_a_shorter_one_does_not(limit in 1u32..12, calls in 1usize..40) {
            let mut window = Window::new(limit, 0);
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
