//! `pace`: the client's own pace.
#![expect(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::Verdict;
use super::super::testing::{Story, header};
use super::{assert_broken, assert_met, assert_undecided};
use crate::journal::Stall;

fn any_window() -> Value {
    json!({"pace": {"bound": "any-window"}})
}

fn sliding() -> Value {
    json!({"pace": {"bound": "sliding-second"}})
}

/// Calls at those times (ms).
fn calls(times: impl IntoIterator<Item = u64>) -> Story {
    let mut story = Story::new("many-reads", json!({"resource": "Location", "ids": []}));
    for at in times {
        story.get(at, "/ws-diffusion-fhir/Location/1", 200);
    }
    story
}

#[test]
fn an_even_pace_at_the_quota_is_right() {
    let story = calls((0..40).map(|n| n * 100));
    assert_met(&story.check(any_window()));
    assert_met(&story.check(sliding()));
}

#[test]
fn neither_an_immense_quota_nor_a_late_clock_breaks_the_sum() {
    let ten_months_ms = 26_000_000_000;
    let mut story = calls((0..40).map(|n| ten_months_ms + n * 100));
    story.evidence.setting.quotas.level_2 = u32::MAX;
    assert_met(&story.check(any_window()));
    assert_met(&story.check(sliding()));
}

#[test]
fn a_full_second_at_once_is_right_and_what_exceeds_it_is_not() {
    let bucket = calls((0..10).map(|_| 0).chain((1..20).map(|n| n * 100)));
    assert_met(&bucket.check(any_window()));
    assert_eq!(bucket.check(sliding()).verdict, Verdict::Broken, "19 calls in the first second");
    let burst = calls((0..30).map(|n| n * 10));
    assert_broken(&burst.check(any_window()), &["30 calls", "290 ms"], &[1, 30]);
}

#[test]
fn a_short_series_decides_nothing_unless_it_is_a_burst() {
    let mut short = calls((0..8).map(|n| n * 100));
    assert_met(&short.check(any_window()));
    short.fails("gave up");
    assert_undecided(&short.check(any_window()));
    assert_eq!(calls((0..15).map(|_| 0)).check(any_window()).verdict, Verdict::Broken);
}

#[test]
fn steps_and_apis_are_counted_apart() {
    let mut story = calls((0..20).map(|n| n * 100));
    story.next_step("many-reads", json!({}));
    for at in 2_000..2_010 {
        story.get(at, "/ws-diffusion-fhir/Location/1", 200);
    }
    for at in 2_010..2_018 {
        story.token(at, 200);
    }
    assert_met(&story.check(any_window()));
}

#[test]
fn calls_without_a_token_do_not_count_for_the_service() {
    let mut story = calls((0..20).map(|n| n * 100));
    for at in 500..510 {
        header(story.get(at, "/ws-diffusion-fhir/metadata", 200), "authorization", "");
    }
    assert_met(&story.check(any_window()));
}

#[test]
fn calls_that_a_stall_of_the_bench_brought_together_accuse_nobody() {
    // Spaced by 100 ms, but those of 400 ms were read at once.
    let stalled = (0..30).map(|n| if (10..14).contains(&n) { 1_400 } else { n * 100 });
    let mut story = calls(stalled);
    assert_eq!(story.check(sliding()).verdict, Verdict::Broken);
    story.evidence.ended.as_mut().unwrap().noise_us = 420_000;
    assert_undecided(&story.check(sliding()));
    assert_met(&story.check(any_window()));
}

#[test]
fn only_a_stall_that_the_calls_were_read_after_excuses_their_bunch() {
    let stalled = |from: u64, until: u64| {
        let bunch = (0..30).map(|n| if (10..14).contains(&n) { 1_400 } else { n * 100 });
        let mut story = calls(bunch);
        let stall = Stall { from_us: from * 1_000, until_us: until * 1_000 };
        story.evidence.ended.as_mut().unwrap().stalls = Some(vec![stall]);
        story.check(sliding()).verdict
    };
    assert_eq!(stalled(990, 1_400), Verdict::Undecided);
    assert_eq!(stalled(5_000, 5_400), Verdict::Broken, "at another moment");
    assert_eq!(stalled(1_390, 1_400), Verdict::Broken, "too short");
}

#[test]
fn a_stall_of_more_than_a_second_is_no_proof_of_a_burst() {
    let stalled = (0..60).map(|n| if n < 40 { n * 100 } else { 9_000 });
    let mut story = calls(stalled);
    let stall = Stall { from_us: 6_500_000, until_us: 9_000_000 };
    story.evidence.ended.as_mut().unwrap().stalls = Some(vec![stall]);
    assert_undecided(&story.check(sliding()));
    assert_undecided(&story.check(any_window()));
}

#[test]
fn noise_below_the_bound_still_decides() {
    // Spaced by 100 ms; one call of 1,000 ms was read 200 ms late, together with two others.
    let mut story = calls((0..30).map(|n| if (10..13).contains(&n) { 1_200 } else { n * 100 }));
    let stall = Stall { from_us: 990_000, until_us: 1_200_000 };
    story.evidence.ended.as_mut().unwrap().stalls = Some(vec![stall]);
    assert_met(&story.check(sliding()));
    assert_met(&story.check(any_window()));
}

#[test]
fn with_profile_0_the_bound_is_an_assumption() {
    let mut story = calls((0..30).map(|n| n * 10));
    assert!(!story.check(any_window()).at_most_should);
    story.evidence.setting.profile = 0;
    story.evidence.setting.quotas.level_2 = 5;
    let finding = story.check(any_window());
    assert_eq!(finding.verdict, Verdict::Broken);
    assert!(finding.at_most_should);
}

/// A client that spaces its calls evenly at Q per second, each up to `jitter` late.
fn spaced(quota: u32, count: usize, late_ms: &[u64]) -> Story {
    let times = (0..count).map(|n| {
        let n = u64::try_from(n).unwrap_or(0);
        n * 1000 / u64::from(quota) + late_ms[usize::try_from(n).unwrap_or(0) % late_ms.len()]
    });
    let mut times: Vec<u64> = times.collect();
    times.sort_unstable();
    let mut story = calls(times);
    story.evidence.setting.quotas.level_2 = quota;
    story
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_evenly_spaced_client_is_never_accused(
        quota in 1_u32..40,
        seconds in 1_u32..6,
        late in proptest::collection::vec(0_u64..40, 1..12),
    ) {
        let count = usize::try_from(quota * seconds).unwrap_or(0) + 1;
        let finding = spaced(quota, count, &late).check(any_window());
        prop_assert_ne!(finding.verdict, Verdict::Broken, "{:?}", finding);
        let even = spaced(quota, count, &[0]).check(sliding());
        prop_assert_ne!(even.verdict, Verdict::Broken, "{:?}", even);
    }

    #[test]
    fn a_client_within_fixed_seconds_of_any_alignment_is_never_accused(
        quota in 1_u32..20,
        phase in 0_u64..1000,
        places in proptest::collection::vec(0_u64..1000, 60..100),
    ) {
        // At most Q calls in each aligned second, anywhere within it, and at most Q across any boundary.
        let mut times: Vec<u64> = Vec::new();
        for (index, place) in places.iter().enumerate() {
            let index = u64::try_from(index).unwrap_or(0);
            let second = index / u64::from(quota) * 2;
            times.push(phase + second * 1000 + place);
        }
        times.sort_unstable();
        let mut story = calls(times);
        story.evidence.setting.quotas.level_2 = quota;
        let finding = story.check(any_window());
        prop_assert_ne!(finding.verdict, Verdict::Broken, "{:?}", finding);
    }

    #[test]
    fn a_burst_of_three_times_the_quota_is_always_accused(quota in 1_u32..40, spread in 0_u64..900, start in 0_u64..5000) {
        let count = u64::from(quota) * 3;
        let mut story = calls((0..count).map(|n| start + n * spread / count));
        story.evidence.setting.quotas.level_2 = quota;
        prop_assert_eq!(story.check(any_window()).verdict, Verdict::Broken);
        prop_assert_eq!(story.check(sliding()).verdict, Verdict::Broken);
    }
}
