//! The requirement ledger against lists of its own: what the documents name is there, and each entry is either decided
//! by a check of the catalogue or says why it is not. Lists, not counts: the ledger may grow at any time.

#![expect(clippy::unwrap_used)]

mod zoo;

use std::collections::BTreeSet;

use banc_ror::judge::Ledger;
use banc_ror::judge::ledger::{Keyword, ObligedParty, Requirement};
use banc_ror::scenario::catalogue::Catalogue;

/// The lines of a list, without its remarks.
fn lines(list: &str) -> impl Iterator<Item = &str> {
    list.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty())
}

#[test]
fn what_the_charter_and_the_tours_name_is_in_the_ledger_as_they_say_it() {
    let ledger = Ledger::builtin().unwrap();
    let mut wrong = Vec::new();
    for line in lines(include_str!("charter.txt")) {
        let (id, rest) = line.split_once(' ').unwrap();
        let (party, keyword) = rest.split_once(' ').unwrap();
        match ledger.get(id) {
            None => wrong.push(format!("{id} is missing")),
            Some(held) if name(held.party) != party => wrong.push(format!("{id} obliges {party}")),
            Some(held) if held.keyword.name() != keyword => wrong.push(format!("{id} is a {keyword}")),
            Some(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_topic_of_the_fhir_services_has_its_requirements() {
    let ledger = Ledger::builtin().unwrap();
    for line in lines(include_str!("fhir.txt")) {
        let (topic, ids) = line.split_once(": ").unwrap();
        for id in ids.split(' ') {
            let held = ledger.get(id).unwrap_or_else(|| panic!("{topic}: {id} is missing"));
            assert!(held.party.client(), "{topic}: {id} obliges the server");
        }
    }
}

#[test]
fn a_requirement_of_the_client_is_decided_by_a_check_or_says_why_not_and_never_both() {
    let ledger = Ledger::builtin().unwrap();
    let cited = cited(&ledger);
    let mut wrong = Vec::new();
    for requirement in ledger.client() {
        let id = requirement.id.as_str();
        match (cited.contains(id), requirement.untested.is_some()) {
            (true, true) => wrong.push(format!("{id} is cited by a check: remove its `untested`")),
            (false, false) => wrong.push(format!("{id} is cited by no check: say why with `untested`")),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_entry_can_be_reviewed() {
    let ledger = Ledger::builtin().unwrap();
    for requirement in ledger.iter() {
        let Requirement { id, source, text, derivation, untested, .. } = requirement;
        assert!(!source.trim().is_empty(), "{id} has no source");
        for text in [Some(text), derivation.as_ref(), untested.as_ref()].into_iter().flatten() {
            assert!(!text.fr.trim().is_empty() && !text.en.trim().is_empty(), "{id}: one language is empty");
        }
        let family = id.split('-').next().unwrap();
        let known = ["CHA", "ALI", "BANC", "FHIR", "CSD", "RFC", "R4"];
        assert!(known.contains(&family), "{id}: what document is {family}?");
    }
}

#[test]
fn nothing_obliges_the_server_and_is_decided_on_the_client() {
    let ledger = Ledger::builtin().unwrap();
    for id in cited(&ledger) {
        let held = ledger.get(&id).unwrap();
        assert!(held.party.client() && held.keyword != Keyword::Quota, "{id}");
    }
}

fn cited(ledger: &Ledger) -> BTreeSet<String> {
    let catalogue = Catalogue::builtin(ledger).unwrap();
    let checks = catalogue.iter().flat_map(|item| &item.scenario.checks);
    checks.flat_map(|check| check.requires.iter().cloned()).collect()
}

fn name(party: ObligedParty) -> &'static str {
    match party {
        ObligedParty::Client => "client",
        ObligedParty::Server => "server",
        ObligedParty::Both => "both",
    }
}
