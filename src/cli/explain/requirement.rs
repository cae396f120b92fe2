//! A requirement: what it asks, of whom, by which document, and which checks decide it or why none does.

use super::Shelf;
use super::page::Page;
use crate::judge::Requirement;
use crate::text::Lang;

pub(super) fn tell(requirement: &Requirement, shelf: &Shelf<'_>, lang: Lang) -> String {
    let mut page = Page::new(lang, &requirement.id, requirement.text.get(lang));
    let keyword = page.keyword(requirement.keyword);
    page.fact("Force", "Keyword", keyword);
    let party = page.party(requirement.party);
    page.fact("Qui est obligé", "Obliged party", party);
    let origin = page.origin(requirement.origin);
    page.fact("Origine", "Origin", origin);
    page.fact("Source", "Source", &requirement.source);
    if let Some(derivation) = &requirement.derivation {
        page.fact("Dérivation", "Derivation", derivation.get(lang));
    }
    if let Some(why) = &requirement.untested {
        page.fact("Aucun contrôle ne l’éprouve", "Tested by no check", why.get(lang));
    } else if !requirement.party.client() {
        let why = page.say(
            "elle oblige le serveur ; un contrôle ne juge que le client",
            "it obliges the server; a check judges the client only",
        );
        page.fact("Aucun contrôle ne l’éprouve", "Tested by no check", why);
    }
    let citing: Vec<String> = shelf
        .catalogue
        .iter()
        .flat_map(|item| item.scenario.checks.iter().map(move |check| (item, check)))
        .filter(|(_, check)| check.requires.contains(&requirement.id))
        .map(|(item, check)| {
            format!("{}/{}  {}", item.scenario.id, check.id, crate::check::title(check).get(lang))
        })
        .collect();
    if !citing.is_empty() {
        page.list("Contrôles qui la tranchent", "Checks that decide it", citing);
    }
    page.done()
}
