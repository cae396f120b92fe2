//! A scenario: why, for whom, its steps, its checks, and its file.

use super::Shelf;
use super::page::Page;
use crate::scenario::catalogue::Item;
use crate::text::Lang;

pub(super) fn tell(item: &Item, shelf: &Shelf<'_>, lang: Lang) -> String {
    let scenario = &item.scenario;
    let mut page = Page::new(lang, &scenario.id, scenario.title.get(lang));
    page.line(scenario.description.get(lang));
    page.fact("Plans", "Plans", &scenario.plans.join(", "));
    let profiles: Vec<String> = scenario.profiles.iter().map(ToString::to_string).collect();
    page.fact("Profils d’accès", "Access profiles", &profiles.join(", "));
    page.fact("Étiquettes", "Tags", &scenario.tags.join(", "));
    let steps = (1..).zip(&scenario.steps).map(|(number, step)| {
        let what = step.act.as_deref().unwrap_or(if step.change.is_some() { "change" } else { "wait" });
        let tell = step.tell.as_ref().map_or("", |tell| tell.get(lang));
        format!("{number}. {what}: {tell}")
    });
    page.list("Étapes", "Steps", steps.collect::<Vec<_>>());
    let checks: Vec<String> = scenario
        .checks
        .iter()
        .map(|check| {
            let title = crate::check::title(check);
            format!("{}  {} [{}]", check.id, title.get(lang), page.cited(&check.requires, shelf.ledger))
        })
        .collect();
    page.list("Contrôles", "Checks", checks);
    page.verbatim(&item.path, &item.text);
    page.done()
}
