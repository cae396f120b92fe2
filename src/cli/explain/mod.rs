//! `banc-ror explain ID`: a requirement, a scenario, a check, a check kind or a flaw in full.

mod check;
mod flaw;
mod imagined;
mod kind;
mod page;
mod requirement;
mod scenario;
#[cfg(test)]
mod tests;

use super::arguments::ExplainArguments;
use super::failure::Failure;
use super::{exit, terminal};
use crate::cli::zoo::Zoo;
use crate::client::Flaw;
use crate::judge::Ledger;
use crate::scenario::catalogue::{Catalogue, Item};
use crate::scenario::diagnostic::nearest;
use crate::text::Lang;

use kind::Kinds;

pub(super) fn run(arguments: &ExplainArguments, lang: Lang) -> Result<u8, Failure> {
    let ledger = Ledger::builtin()?;
    let catalogue = Catalogue::builtin(&ledger)?;
    let shelf =
        Shelf { ledger: &ledger, catalogue: &catalogue, kinds: &Kinds::builtin()?, zoo: &Zoo::builtin()? };
    let text = shelf.explain(&arguments.id, lang).ok_or_else(|| shelf.unknown(&arguments.id))?;
    terminal::print(&text);
    Ok(exit::CONFORMING)
}

/// All that can be explained.
#[derive(Clone, Copy)]
struct Shelf<'a> {
    ledger: &'a Ledger,
    catalogue: &'a Catalogue,
    kinds: &'a Kinds,
    zoo: &'a Zoo,
}

impl Shelf<'_> {
    /// What goes by that name, in full. Ids of requirements are in capitals; should a flaw, a kind and a scenario ever
    /// share a name, the scenario is told.
    fn explain(&self, id: &str, lang: Lang) -> Option<String> {
        if let Some(found) = self.ledger.get(id) {
            return Some(requirement::tell(found, self, lang));
        }
        if let Some(item) = self.catalogue.get(id) {
            return Some(scenario::tell(item, self, lang));
        }
        if let Some((item, index)) = self.check(id) {
            return Some(check::tell(item, index, self, lang));
        }
        if let Some(flaw) = Flaw::parse(id) {
            return Some(flaw::tell(flaw, self, lang));
        }
        self.kinds.get(id).map(|found| kind::tell(found, self, lang))
    }

    /// The check of that name: its scenario, and its place among the scenario's checks.
    fn check(&self, id: &str) -> Option<(&Item, usize)> {
        let (scenario, check) = id.split_once('/')?;
        let item = self.catalogue.get(scenario)?;
        Some((item, item.scenario.checks.iter().position(|held| held.id == check)?))
    }

    fn unknown(&self, id: &str) -> Failure {
        let mut known: Vec<String> = self.ledger.iter().map(|requirement| requirement.id.clone()).collect();
        for item in self.catalogue.iter() {
            known.push(item.scenario.id.clone());
            if id.contains('/') {
                known.extend(
                    item.scenario.checks.iter().map(|check| format!("{}/{}", item.scenario.id, check.id)),
                );
            }
        }
        known.extend(Flaw::ALL.iter().map(|flaw| flaw.name().to_owned()));
        known.extend(self.kinds.iter().map(|kind| kind.kind.clone()));
        let (fr, en) = match nearest(id, known.iter().map(String::as_str)) {
            Some(near) => (format!("Vouliez-vous dire « {near} » ?"), format!("Did you mean `{near}`?")),
            None => (
                "« banc-ror list » donne les scénarios, « banc-ror list requirements » les exigences, « banc-ror list flaws » les défauts.".to_owned(),
                "`banc-ror list` gives the scenarios, `banc-ror list requirements` the requirements, `banc-ror list flaws` the flaws.".to_owned(),
            ),
        };
        Failure::usage(
            format!(
                "« {id} » n’est ni un scénario, ni un contrôle, ni une exigence, ni un genre de contrôle, ni un défaut. {fr}"
            ),
            format!("`{id}` is no scenario, no check, no requirement, no check kind and no flaw. {en}"),
        )
    }
}
