use std::collections::BTreeSet;

use super::*;
use crate::judge::Ledger;
use crate::scenario::lint::lint;
use crate::scenario::load::load;

fn catalogue() -> (Ledger, Catalogue) {
    let ledger = Ledger::builtin().unwrap();
    let catalogue = Catalogue::builtin(&ledger).unwrap_or_else(|diagnostics| {
        panic!("{}", super::super::diagnostic::render_all(&diagnostics, crate::text::Lang::En, false))
    });
    (ledger, catalogue)
}

#[test]
fn the_catalogue_is_whole_and_without_any_remark() {
    let (ledger, catalogue) = catalogue();
    let datasets = datasets();
    let mut ids = BTreeSet::new();
    let mut checks = 0;
    for item in catalogue.iter() {
        assert!(ids.insert(item.scenario.id.clone()), "{} comes twice", item.scenario.id);
        let loaded = load(&item.path, &item.text).unwrap();
        let found = lint(&loaded, Known { requirements: &ledger, datasets: &datasets });
        assert!(found.is_empty(), "{}", found[0].render(crate::text::Lang::En, false));
        checks += item.scenario.checks.len();
    }
    assert!(ids.len() >= 22 && checks >= 90, "{} scenarios, {checks} checks", ids.len());
}

#[test]
fn scenarios_are_found_by_id_tag_folder_and_path() {
    let (ledger, catalogue) = catalogue();
    let first = catalogue.iter().next().unwrap();
    assert_eq!(catalogue.find(&first.scenario.id).len(), 1);
    assert_eq!(catalogue.find(&first.path).len(), 1);
    assert!(catalogue.find("quota").len() > 3);
    assert!(catalogue.find("requirements").is_empty());
    let words = ["quota".to_owned(), "quota-429-seconds".to_owned()];
    let chosen = catalogue.select(&words, &ledger).unwrap();
    assert_eq!(chosen.iter().filter(|item| item.scenario.id == "quota-429-seconds").count(), 1);
    assert_eq!(catalogue.select(&[], &ledger).unwrap().len(), catalogue.iter().count());
    let wrong = catalogue.select(&["quota-429-second".to_owned()], &ledger).unwrap_err();
    assert_eq!(wrong[0].code, Code::UnknownScenario);
    assert!(wrong[0].help.en.contains("quota-429-seconds"));
}

#[test]
fn a_scenario_of_the_users_own_is_played_from_its_path() {
    let (ledger, catalogue) = catalogue();
    let folder = tempfile::tempdir().unwrap();
    let item = catalogue.iter().next().unwrap();
    let own = folder.path().join("mine.yaml");
    let text = item.text.replace(&format!("id: {}", item.scenario.id), "id: mine");
    std::fs::write(&own, text).unwrap();
    let chosen = catalogue.select(&[own.display().to_string()], &ledger).unwrap();
    assert_eq!(chosen[0].scenario.id, "mine");
    let missing = folder.path().join("other.yaml").display().to_string();
    assert_eq!(catalogue.select(&[missing], &ledger).unwrap_err()[0].code, Code::UnreadableFile);
}

#[test]
fn what_was_played_is_copied_into_the_run_folder() {
    let (_, catalogue) = catalogue();
    let folder = tempfile::tempdir().unwrap();
    let item = catalogue.iter().next().unwrap();
    write_to(folder.path(), [item]).unwrap();
    let copy = folder.path().join("scenarios").join(format!("{}.yaml", item.scenario.id));
    assert_eq!(std::fs::read_to_string(copy).unwrap(), item.text);
    assert!(folder.path().join("requirements/bench.yaml").exists());
    assert!(folder.path().join("datasets").read_dir().unwrap().count() >= 1);
}
