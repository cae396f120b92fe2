//! Every check kind: met, broken for each reason, undecided, and the near misses that must not be accused.

mod confidential;
mod credentials;
mod declared;
mod exports;
mod feed;
mod pace;
mod paging;
mod preconditions;
mod refusals;
mod requests;
mod search;
mod servers;
mod tokens;
mod waits;

use super::Finding;
use super::Verdict;

fn assert_met(finding: &Finding) {
    assert_eq!(finding.verdict, Verdict::Met, "{finding:#?}");
}

fn assert_undecided(finding: &Finding) {
    assert_eq!(finding.verdict, Verdict::Undecided, "{finding:#?}");
}

/// Broken, with those words in the English reason, a remedy, and the exchanges that prove it.
fn assert_broken(finding: &Finding, words: &[&str], exchanges: &[u32]) {
    assert_eq!(finding.verdict, Verdict::Broken, "{finding:#?}");
    for word in words {
        assert!(finding.why.en.contains(word), "`{word}` in {}", finding.why.en);
    }
    assert!(!finding.remedy.is_empty(), "a remedy is missing: {finding:#?}");
    assert_eq!(finding.exchanges, exchanges, "{finding:#?}");
}
