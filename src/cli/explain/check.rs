//! A check: what it expects, by which requirements, what to do when it is red, which flaws make it so.

use serde_json::Value;

use super::Shelf;
use super::imagined::{PROFILE, expected};
use super::kind::names;
use super::page::Page;
use crate::scenario::catalogue::Item;
use crate::scenario::load::{Key, load};
use crate::text::Lang;

pub(super) fn tell(item: &Item, index: usize, shelf: &Shelf<'_>, lang: Lang) -> String {
    let scenario = &item.scenario;
    let check = &scenario.checks[index];
    let id = format!("{}/{}", scenario.id, check.id);
    let mut page = Page::new(lang, &id, crate::check::title(check).get(lang));
    page.fact("Scénario", "Scenario", scenario.title.get(lang));
    if let Some(step) = check.step {
        page.fact("Étape jugée", "Step judged", &step.to_string());
    }
    let profile = if scenario.profiles.contains(&PROFILE) {
        PROFILE
    } else {
        scenario.profiles.first().copied().unwrap_or(PROFILE)
    };
    if let Some(expected) = expected(scenario, check, profile) {
        page.fact(
            &format!("Attendu (profil {profile})"),
            &format!("Expected (profile {profile})"),
            expected.get(lang),
        );
    }
    if let Some(kind) = names(item).get(index).and_then(|name| shelf.kinds.get(name)) {
        page.fact(
            &format!("Genre de contrôle « {} »", kind.kind),
            &format!("Check kind `{}`", kind.kind),
            kind.asks.get(lang),
        );
        page.fact("Quand il est rouge", "When it is red", kind.when_red.get(lang));
    }
    let musts = check.requires.iter().filter_map(|id| shelf.ledger.get(id)).any(|one| one.keyword.is_must());
    let level = if musts {
        page.say("un écart est un échec (MUST)", "a breach is a failure (MUST)")
    } else {
        page.say("un écart est au plus un avertissement", "a breach is a warning at most")
    };
    page.fact("Niveau", "Level", level);
    let requirements: Vec<String> = check
        .requires
        .iter()
        .filter_map(|id| shelf.ledger.get(id))
        .map(|one| page.requirement(one))
        .collect();
    page.list("Exigences", "Requirements", requirements);
    let flaws: Vec<String> = shelf
        .zoo
        .flaws_of(&id)
        .into_iter()
        .map(|flaw| format!("{}  {}", flaw.name(), flaw.describe().get(lang)))
        .collect();
    if flaws.is_empty() {
        let none = page.say(
            "Aucun défaut du client de référence ne le fait rougir avec le profil 1.",
            "No flaw of the reference client turns it red with profile 1.",
        );
        let none = none.to_owned();
        page.list("Défauts", "Flaws", [none]);
    } else {
        page.list(
            "Défauts du client de référence qui le font rougir (profil 1)",
            "Flaws of the reference client that turn it red (profile 1)",
            flaws,
        );
    }
    page.verbatim(&item.path, &excerpt(item, index));
    page.done()
}

/// The lines of the file that write the check.
fn excerpt(item: &Item, index: usize) -> String {
    let Ok(loaded) = load::<Value>(&item.path, &item.text) else { return String::new() };
    let line = |index: usize| loaded.positions.value(&[Key::from("checks"), Key::from(index)]).line;
    let first = line(index).saturating_sub(1);
    let lines = item.text.lines().enumerate().skip(first);
    let last =
        if index + 1 < item.scenario.checks.len() { line(index + 1).saturating_sub(1) } else { usize::MAX };
    // After the last check, whatever begins at the margin belongs to something else.
    let inside = |(number, line): &(usize, &str)| {
        *number == first || (*number < last && (line.is_empty() || line.starts_with([' ', '-'])))
    };
    lines.take_while(inside).map(|(_, line)| line).collect::<Vec<_>>().join("\n")
}
