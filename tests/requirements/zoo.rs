//! The zoo's table against the catalogue: every check has a flaw that turns it red, or a reason why none does.

use std::collections::{BTreeMap, BTreeSet};

use banc_ror::judge::Ledger;
use banc_ror::scenario::catalogue::Catalogue;

/// Graded as a note, or left to a person, by design: it never turns red.
const ONLY_NOTED: &[&str] = &[
    "capacity-read/all-capacities-held",
    "feed-other-establishment/establishment-left-alone",
    "profile-data/all-telecoms-held",
    "server-authority/token-incomplete-chain",
    "server-authority/api-incomplete-chain",
    "server-name/token-cn-only",
    "server-name/api-cn-only",
    "server-revoked/token-revoked",
    "server-revoked/api-revoked",
    "server-weak-signature/token-sha1-signature",
    "server-weak-signature/api-sha1-signature",
];
/// A check that no known client turns red may be one that cannot fail.
#[test]
fn every_check_has_a_flaw_that_turns_it_red() {
    let table: BTreeMap<String, BTreeSet<String>> =
        serde_saphyr::from_str(include_str!("../../scenarios/reference/zoo.yaml")).unwrap();
    let red: BTreeSet<&str> = table
        .values()
        .flatten()
        .map(|red| red.trim_end_matches(" (may)").trim_end_matches(" (warn)"))
        .collect();
    let catalogue = Catalogue::builtin(&Ledger::builtin().unwrap()).unwrap();
    let checks: BTreeSet<String> = catalogue
        .iter()
        .flat_map(|one| {
            one.scenario.checks.iter().map(move |check| format!("{}/{}", one.scenario.id, check.id))
        })
        .collect();
    let unknown: Vec<&&str> = red.iter().filter(|red| !checks.contains(**red)).collect();
    assert!(unknown.is_empty(), "the table names checks that are no more: {unknown:?}");
    let never: BTreeSet<&str> =
        checks.iter().map(String::as_str).filter(|check| !red.contains(check)).collect();
    let excused: BTreeSet<&str> = ONLY_NOTED.iter().copied().collect();
    let (new, stale): (Vec<_>, Vec<_>) =
        (never.difference(&excused).collect(), excused.difference(&never).collect());
    assert!(new.is_empty(), "no flaw turns these red:\n{new:#?}");
    assert!(stale.is_empty(), "a flaw turns these red, take them off the list:\n{stale:#?}");
}
