//! `no-silent-loss`: success is never reported with a page, a read, a file or an update missing (BANC-429-03).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::bulk;
use super::context::{Report, Scene, report};
use super::pages::{Links, Page, asks_for_page, followers, is_answered_whole, link_targets, pages};
use super::search::{asked, first_pages};
use super::words::{both, quote, values};
use super::{Finding, Kind, Nature, anomalies, feed};
use crate::journal::{Api, Exchange, Step};
use crate::text::Text;

/// `no-silent-loss`: see [`super::Expect::NoSilentLoss`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoSilentLoss {}

/// What a step should have brought, and what it lacks.
pub(super) struct Balance {
    pub(super) wanted: usize,
    /// What never came whole.
    pub(super) missing: Vec<String>,
    pub(super) cited: Vec<u32>,
    /// Other requests of the step may have brought what is missing.
    pub(super) may_have_come_otherwise: bool,
}

impl Kind for NoSilentLoss {
    fn title(&self) -> Text {
        both!(
            "Aucun succès annoncé s’il manque une page, une lecture, un fichier ou un envoi",
            "No success reported with a page, a read, a file or an update missing"
        )
    }

    fn expected(&self, _: &Scene<'_>) -> Text {
        both!(
            "Tout ce qui est demandé est reçu en entier, ou bien le client signale une erreur.",
            "All that was asked for is received whole, or else the client reports an error."
        )
    }

    fn nature(&self) -> Nature {
        Nature::Completion
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let findings = scene.steps().filter_map(|step| Some(judge(step, balance(scene, step)?)));
        Finding::of_all_steps(findings).unwrap_or_else(|| {
            Finding::undecided(
                both!("Ni lecture, ni recherche, ni export.", "Neither read nor search nor export."),
                both!(
                    "Les actions de ce scénario ne permettent pas de dire ce qui devait être reçu.",
                    "The actions of this scenario do not tell what had to be received."
                ),
            )
        })
    }
}

/// What a step should have brought; none when its action does not tell.
pub(super) fn balance(scene: &Scene<'_>, step: &Step) -> Option<Balance> {
    let input = &step.started.input;
    let resource = || input.get("resource").and_then(Value::as_str);
    match step.started.action.as_deref()? {
        "many-reads" => {
            let ids = input.get("ids")?.as_array()?;
            Some(reads(scene, step, resource()?, &ids.iter().map(text).collect::<Vec<_>>()))
        }
        "read" => Some(reads(scene, step, resource()?, &[text(input.get("id")?)])),
        "search" => search(scene, step),
        "update-capacity" => feed::balance(scene, step),
        "report-anomaly" => anomalies::balance(scene, step),
        "export" | "sync" => bulk::balance(scene, step),
        _ => None,
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn reads(scene: &Scene<'_>, step: &Step, resource: &str, ids: &[String]) -> Balance {
    let mut got: BTreeSet<String> = BTreeSet::new();
    let mut failed: Vec<(String, u32)> = Vec::new();
    for exchange in scene.during(step).filter(|exchange| exchange.api() == Api::Fhir) {
        let whole = is_answered_whole(exchange);
        for id in ids_of(scene, exchange, resource) {
            if whole {
                got.insert(id);
            } else {
                failed.push((id, exchange.number));
            }
        }
    }
    let missing: Vec<String> = ids.iter().filter(|id| !got.contains(*id)).cloned().collect();
    let cited = failed.into_iter().filter(|(id, _)| missing.contains(id)).map(|(_, number)| number).collect();
    let missing = missing.iter().map(|id| format!("{resource}/{id}")).collect();
    Balance { wanted: ids.len(), missing, cited, may_have_come_otherwise: false }
}

/// The ids that a request reads: one in its path, or several by `_id`.
fn ids_of<'a>(scene: &Scene<'a>, exchange: &'a Exchange, resource: &str) -> Vec<String> {
    let Some((first, rest)) = scene.fhir_path(exchange) else { return Vec::new() };
    if first != resource {
        return Vec::new();
    }
    match rest.first() {
        Some(id) if exchange.request.method == "GET" => vec![id.clone()],
        _ => scene
            .parameters(exchange)
            .iter()
            .filter(|(name, _)| name == "_id")
            .flat_map(|(_, value)| value.split(',').map(str::to_owned).collect::<Vec<_>>())
            .collect(),
    }
}

fn search(scene: &Scene<'_>, step: &Step) -> Option<Balance> {
    let asked = asked(step)?;
    let firsts = first_pages(scene, step, &asked.resource);
    let mut missing = Vec::new();
    let mut cited: Vec<u32> = Vec::new();
    if !firsts.iter().any(|exchange| is_answered_whole(exchange)) {
        missing.push(format!("{} (1)", asked.resource));
        cited.extend(firsts.iter().map(|exchange| exchange.number));
    }
    let pages = pages(scene, step);
    let wanted = pages.len() + missing.len();
    if asked.all_pages {
        // A search that was started again may leave the links of its first attempt behind: one whole chain is enough.
        let whole =
            pages.iter().filter(|page| firsts.iter().any(|first| first.number == page.exchange.number));
        let mut best: Option<(Vec<String>, Vec<u32>)> = None;
        for first in whole {
            let broken = broken_links(scene, step, first.exchange.number, &pages);
            if best.as_ref().is_none_or(|best| broken.0.len() < best.0.len()) {
                best = Some(broken);
            }
        }
        if let Some((lost, numbers)) = best {
            missing.extend(lost);
            cited.extend(numbers);
        }
    }
    Some(Balance { wanted: wanted.max(1), missing, cited, may_have_come_otherwise: false })
}

/// The link at which the chain that starts at an exchange breaks off, with what proves it.
pub(super) fn broken_links(
    scene: &Scene<'_>,
    step: &Step,
    first: u32,
    pages: &[Page<'_>],
) -> (Vec<String>, Vec<u32>) {
    let links = link_targets(scene);
    let mut at = first;
    // Each step of the walk goes to a later exchange, so it ends.
    while let Some(page) = pages.iter().find(|page| page.exchange.number == at) {
        let Some(next) = &page.next else { return (Vec::new(), Vec::new()) };
        let followed = followers(scene, step, page);
        let whole =
            followed.iter().find(|exchange| is_answered_whole(exchange)).map(|exchange| exchange.number);
        match whole.or_else(|| made_up(pages, &links, at)) {
            Some(next) => at = next,
            None => {
                let mut cited: Vec<u32> = followed.iter().map(|exchange| exchange.number).collect();
                cited.push(at);
                return (vec![quote(next)], cited);
            }
        }
    }
    (Vec::new(), Vec::new())
}

/// A later page that the client asked for by a URL of its own: how it did so is for `paging` to judge.
fn made_up(pages: &[Page<'_>], links: &Links, after: u32) -> Option<u32> {
    let asks = |exchange: &Exchange| exchange.parameters().iter().any(|(name, _)| asks_for_page(name));
    pages
        .iter()
        .map(|page| page.exchange)
        .find(|exchange| exchange.number > after && asks(exchange) && !links.is_given(exchange))
        .map(|exchange| exchange.number)
}

fn judge(step: &Step, balance: Balance) -> Finding {
    let (wanted, lacking) = (balance.wanted, balance.missing.len());
    if balance.missing.is_empty() {
        return Finding::met(
            both!(
                "{wanted} élément(s) demandé(s), tous reçus en entier.",
                "{wanted} item(s) asked for, all received whole."
            ),
            both!("Rien ne manque.", "Nothing is missing."),
        );
    }
    let shown = values(&balance.missing);
    let actual = both!(
        "{lacking} sur {wanted} jamais reçu(s) en entier : {shown}.",
        "{lacking} of {wanted} never received whole: {shown}."
    );
    let finding = match report(step) {
        Report::Ok if balance.may_have_come_otherwise => Finding::undecided(
            actual,
            both!(
                "Le client a aussi fait d’autres demandes, qui ont pu rapporter ce qui manque : ce contrôle ne peut pas le dire.",
                "The client also made other requests, which may have brought what is missing: this check cannot tell."
            ),
        ),
        Report::Ok => Finding::broken(
            actual,
            both!(
                "Le client annonce un succès alors qu’il lui manque {shown}.",
                "The client reports success although it lacks {shown}."
            ),
            both!(
                "Réessayez ce qui a échoué, dans des limites raisonnables ; s’il manque encore quelque chose, terminez en erreur.",
                "Try again what failed, within reason; if something is still missing, end with an error."
            ),
        ),
        Report::Error(message) => {
            let message = quote(&message);
            Finding::met(
                actual,
                both!(
                    "Il manque des données, et le client l’a dit par une erreur.",
                    "Data are missing, and the client said so by an error."
                ),
            )
            .note(both!("Message du client : « {message} »", "The client's message: `{message}`"))
        }
        Report::Human(_) => Finding::review(
            actual,
            both!(
                "Il manque des données : une personne doit vérifier que le client l’a signalé.",
                "Data are missing: a person has to check that the client said so."
            ),
        ),
        Report::Deadline | Report::Nothing => Finding::undecided(
            actual,
            both!(
                "Le client n’a annoncé ni succès ni erreur : la perte n’est pas passée sous silence, ni signalée.",
                "The client reported neither success nor error: the loss was neither passed over nor reported."
            ),
        ),
    };
    finding.citing(balance.cited)
}
