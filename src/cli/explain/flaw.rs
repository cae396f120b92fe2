//! A flaw of the reference client: what it does wrong, in which actions, and what finds it.

use super::Shelf;
use super::page::Page;
use crate::client::Flaw;
use crate::text::Lang;

pub(super) fn tell(flaw: Flaw, shelf: &Shelf<'_>, lang: Lang) -> String {
    let mut page = Page::new(lang, flaw.name(), flaw.describe().get(lang));
    let actions: Vec<&str> = flaw.actions().iter().map(|action| action.name()).collect();
    page.fact("Se montre dans", "Shows in", &actions.join(", "));
    let command = format!("banc-ror run --flaw {}", flaw.name());
    page.fact("Le voir jugé", "See it judged", &command);
    let checks: Vec<String> = shelf
        .zoo
        .checks_of(flaw)
        .into_iter()
        .map(|name| {
            let title =
                shelf.check(name).map(|(item, index)| crate::check::title(&item.scenario.checks[index]));
            format!("{name}  {}", title.as_ref().map_or("", |title| title.get(lang)))
        })
        .collect();
    if checks.is_empty() {
        let none = page.say("Aucun contrôle ne le trouve encore.", "No check finds it yet.").to_owned();
        page.list("Contrôles", "Checks", [none]);
    } else {
        page.list("Contrôles qu’il fait rougir (profil 1)", "Checks that it turns red (profile 1)", checks);
    }
    page.done()
}
