//! Everything can be explained, in both languages, and what is explained exists.

#![expect(clippy::unwrap_used)]

use super::kind::{Kinds, names, of_schema, told};
use super::{Shelf, imagined};
use crate::cli::zoo::Zoo;
use crate::client::Flaw;
use crate::judge::Ledger;
use crate::scenario::catalogue::Catalogue;
use crate::text::Lang;

fn with_shelf(look: impl FnOnce(Shelf<'_>)) {
    let ledger = Ledger::builtin().unwrap();
    let catalogue = Catalogue::builtin(&ledger).unwrap();
    let (kinds, zoo) = (Kinds::builtin().unwrap(), Zoo::builtin().unwrap());
    look(Shelf { ledger: &ledger, catalogue: &catalogue, kinds: &kinds, zoo: &zoo });
}

#[test]
fn whatever_has_a_name_is_explained_in_both_languages() {
    with_shelf(|shelf| {
        let mut ids: Vec<String> = shelf.ledger.iter().map(|requirement| requirement.id.clone()).collect();
        ids.extend(Flaw::ALL.iter().map(|flaw| flaw.name().to_owned()));
        ids.extend(shelf.kinds.iter().map(|kind| kind.kind.clone()));
        ids.extend(shelf.catalogue.iter().map(|item| item.scenario.id.clone()));
        for id in ids {
            let tell = |lang| shelf.explain(&id, lang).unwrap_or_default();
            let (french, english) = (tell(Lang::Fr), tell(Lang::En));
            assert!(french.starts_with(&id) && english.starts_with(&id), "{id}");
            assert_ne!(french, english, "{id}");
        }
        assert!(shelf.explain("no-such-thing", Lang::En).is_none());
        assert!(shelf.explain("quota-429-seconds/no-such-check", Lang::En).is_none());
    });
}

#[test]
fn a_check_tells_its_expectation_its_remedy_its_flaws_and_its_lines() {
    with_shelf(|shelf| {
        for item in shelf.catalogue.iter() {
            let kinds = names(item);
            for (index, check) in item.scenario.checks.iter().enumerate() {
                let id = format!("{}/{}", item.scenario.id, check.id);
                let profile = item.scenario.profiles[0];
                assert!(imagined::expected(&item.scenario, check, profile).is_some(), "{id} expects nothing");
                assert!(
                    kinds.get(index).is_some_and(|kind| shelf.kinds.get(kind).is_some()),
                    "{id}: {kinds:?}"
                );
                let told = shelf.explain(&id, Lang::En).unwrap();
                let block = told.split_once(&item.path).unwrap().1;
                assert!(block.contains(&format!("id: {}", check.id)), "{id}: {block}");
                assert_eq!(block.matches("id: ").count(), 1, "{id}: more than its own lines: {block}");
            }
        }
        let told = shelf.explain("quota-429-seconds/waits", Lang::En).unwrap();
        for word in ["Retry-After", "When it is red", "ignores-retry-after", "BANC-429-01", "(MUST)"] {
            assert!(told.contains(word), "{word}: {told}");
        }
    });
}

#[test]
fn a_requirement_tells_its_checks_or_why_there_are_none() {
    with_shelf(|shelf| {
        for requirement in shelf.ledger.iter() {
            let told = shelf.explain(&requirement.id, Lang::En).unwrap();
            let reason = told.contains("Tested by no check: ");
            assert!(reason != told.contains("Checks that decide it"), "{told}");
            assert!(told.contains(&requirement.source) && told.contains("Obliged party: "), "{told}");
        }
    });
}

#[test]
fn what_is_told_of_kinds_and_flaws_is_about_something() {
    let known = of_schema();
    assert!(known.len() >= 16, "{known:?}");
    let told = told().unwrap();
    for kind in &told {
        assert!(known.iter().any(|(name, _)| *name == kind.kind), "{} is no check kind", kind.kind);
        for text in [&kind.asks, &kind.when_red] {
            assert!(!text.fr.is_empty() && !text.en.is_empty(), "{}", kind.kind);
        }
    }
    with_shelf(|shelf| {
        assert!(Flaw::ALL.iter().any(|flaw| !shelf.zoo.checks_of(*flaw).is_empty()));
    });
}
