//! `banc-ror list`: scenarios, requirements, flaws.

use super::arguments::{ListArguments, Listed};
use super::failure::Failure;
use super::{exit, terminal};
use crate::client::Flaw;
use crate::judge::Ledger;
use crate::scenario::catalogue::Catalogue;
use crate::text::Lang;

pub(super) fn run(arguments: &ListArguments, lang: Lang) -> Result<u8, Failure> {
    let ledger = Ledger::builtin()?;
    let rows = match arguments.what {
        Listed::Scenarios => Catalogue::builtin(&ledger)?
            .iter()
            .map(|item| {
                let scenario = &item.scenario;
                let profiles: String = scenario.profiles.iter().map(ToString::to_string).collect();
                let facts = format!("[{}] {profiles}", scenario.tags.join(" "));
                (scenario.id.clone(), format!("{} {facts}", scenario.title.get(lang)))
            })
            .collect::<Vec<_>>(),
        Listed::Requirements => ledger
            .iter()
            .map(|requirement| {
                let text = format!("{:<8} {}", requirement.keyword.name(), requirement.text.get(lang));
                (requirement.id.clone(), text)
            })
            .collect(),
        Listed::Flaws => Flaw::ALL
            .iter()
            .map(|flaw| (flaw.name().to_owned(), flaw.describe().get(lang).to_owned()))
            .collect(),
    };
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let lines: String = rows.iter().map(|(name, text)| format!("{name:<width$}  {text}\n")).collect();
    terminal::print(&lines);
    Ok(exit::CONFORMING)
}
