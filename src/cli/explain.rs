//! `banc-ror explain ID`: a scenario, a check or a requirement in full.

use super::arguments::ExplainArguments;
use super::failure::Failure;
use super::{exit, terminal};
use crate::judge::{Ledger, Requirement};
use crate::scenario::catalogue::{Catalogue, Item};
use crate::scenario::diagnostic::nearest;
use crate::scenario::{Check, Scenario};
use crate::text::{Lang, Text};

pub(super) fn run(arguments: &ExplainArguments, lang: Lang) -> Result<u8, Failure> {
    let ledger = Ledger::builtin()?;
    let catalogue = Catalogue::builtin(&ledger)?;
    let id = arguments.id.as_str();
    let text = if let Some(requirement) = ledger.get(id) {
        of_requirement(requirement, &catalogue, lang)
    } else if let Some(item) = catalogue.get(id) {
        of_scenario(item, &ledger, lang)
    } else if let Some((scenario, check)) = check(&catalogue, id) {
        of_check(scenario, check, &ledger, lang)
    } else {
        return Err(unknown(id, &ledger, &catalogue));
    };
    terminal::print(&text);
    Ok(exit::CONFORMING)
}

fn check<'a>(catalogue: &'a Catalogue, id: &str) -> Option<(&'a Scenario, &'a Check)> {
    let (scenario, check) = id.split_once('/')?;
    let scenario = &catalogue.get(scenario)?.scenario;
    Some((scenario, scenario.checks.iter().find(|held| held.id == check)?))
}

fn of_requirement(requirement: &Requirement, catalogue: &Catalogue, lang: Lang) -> String {
    let mut text = format!(
        "{}  {} ({})\n{}\n{}: {}\n",
        requirement.id,
        requirement.keyword.name(),
        requirement.origin.name(),
        requirement.text.get(lang),
        say(lang, "Source", "Source"),
        requirement.source,
    );
    for (label, more) in [
        (say(lang, "Dérivation", "Derivation"), &requirement.derivation),
        (say(lang, "Non testée", "Not tested"), &requirement.untested),
    ] {
        if let Some(more) = more {
            text.push_str(&format!("{label}: {}\n", more.get(lang)));
        }
    }
    text.push_str(&format!("{}\n", say(lang, "Contrôles qui la citent :", "Checks that cite it:")));
    for item in catalogue.iter() {
        for check in item.scenario.checks.iter().filter(|check| check.requires.contains(&requirement.id)) {
            text.push_str(&format!("  {}/{}\n", item.scenario.id, check.id));
        }
    }
    text
}

fn of_scenario(item: &Item, ledger: &Ledger, lang: Lang) -> String {
    let scenario = &item.scenario;
    let mut text = format!(
        "{}  {}\n{}\n\n{}\n",
        scenario.id,
        scenario.title.get(lang),
        scenario.description.get(lang),
        say(lang, "Étapes", "Steps"),
    );
    for (number, step) in (1..).zip(&scenario.steps) {
        let what = step.act.as_deref().unwrap_or("wait");
        let tell = step.tell.as_ref().map_or("", |tell| tell.get(lang));
        text.push_str(&format!("  {number}. {what}: {tell}\n"));
    }
    text.push_str(&format!("\n{}\n", say(lang, "Contrôles", "Checks")));
    for check in &scenario.checks {
        text.push_str(&format!(
            "  {}  {} [{}]\n",
            check.id,
            title(check).get(lang),
            requirements(check, ledger)
        ));
    }
    text.push_str(&format!("\n{}\n\n{}", item.path, item.text));
    text
}

fn of_check(scenario: &Scenario, check: &Check, ledger: &Ledger, lang: Lang) -> String {
    let mut text = format!("{}/{}  {}\n", scenario.id, check.id, title(check).get(lang));
    for id in &check.requires {
        if let Some(requirement) = ledger.get(id) {
            text.push_str(&format!(
                "  {id} {}: {}\n",
                requirement.keyword.name(),
                requirement.text.get(lang)
            ));
        }
    }
    text
}

fn title(check: &Check) -> Text {
    crate::check::title(check)
}

fn requirements(check: &Check, ledger: &Ledger) -> String {
    let named = check.requires.iter().map(|id| {
        let keyword = ledger.get(id).map_or("", |requirement| requirement.keyword.name());
        format!("{id} {keyword}")
    });
    named.collect::<Vec<_>>().join(", ")
}

fn unknown(id: &str, ledger: &Ledger, catalogue: &Catalogue) -> Failure {
    let known = ledger.iter().map(|requirement| requirement.id.as_str());
    let known = known.chain(catalogue.iter().map(|item| item.scenario.id.as_str()));
    let (fr, en) = nearest(id, known).map_or((String::new(), String::new()), |near| {
        (format!(" Vouliez-vous dire « {near} » ?"), format!(" Did you mean `{near}`?"))
    });
    Failure::usage(
        format!("« {id} » n’est ni un scénario, ni un contrôle, ni une exigence.{fr}"),
        format!("`{id}` is no scenario, no check and no requirement.{en}"),
    )
}

fn say(lang: Lang, fr: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Fr => fr,
        Lang::En => en,
    }
}
