//! `search`: the parameters of the step's input are what was sent, as a decoded multiset, in any order and encoding.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::context::{Scene, is_posted_search};
use super::pages::link_targets;
use super::search_value::{mistake, pair, same_value};
use super::words::{both, named, values};
use super::{Finding, Kind, Nature};
use crate::journal::{Api, Exchange, Step};
use crate::ror::{FilterMeaning, filter_meaning};
use crate::text::Text;

/// `search`: the parameters of the step's input are what was sent, as a decoded multiset.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Search {
    /// Only the parameters of these names; all when empty.
    pub parameters: Vec<String>,
}

/// Parameters that shape the answer and not the set that is found: a client may add them.
const HARMLESS: [&str; 3] = ["_count", "_format", "_sort"];

/// What a step asked for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) resource: String,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) all_pages: bool,
}

/// How a request differs from what was asked.
struct Difference<'a> {
    exchange: &'a Exchange,
    missing: Vec<(String, String)>,
    unexpected: Vec<(String, String)>,
}

impl Kind for Search {
    fn title(&self) -> Text {
        both!("La recherche envoyée est celle qui est demandée", "The search sent is the one asked for")
    }

    fn expected(&self, scene: &Scene<'_>) -> Text {
        let asked: Vec<String> = scene
            .steps()
            .filter_map(asked)
            .map(|asked| {
                let judged = asked.parameters.iter().filter(|(name, _)| self.judges(name));
                let pairs: Vec<String> = judged.map(|(name, value)| pair(name, value)).collect();
                format!("{}?{}", asked.resource, pairs.join("&"))
            })
            .collect();
        let asked = asked.join(" ; ");
        both!(
            "GET {asked} (paramètres décodés, dans n’importe quel ordre).",
            "GET {asked} (parameters decoded, in any order)."
        )
    }

    fn nature(&self) -> Nature {
        Nature::Form
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let mut sent = Vec::new();
        for step in scene.steps() {
            let Some(asked) = asked(step) else { continue };
            let candidates: Vec<&Exchange> = first_pages(scene, step, &asked.resource);
            let nearest = candidates
                .iter()
                .map(|exchange| self.difference(scene, exchange, &asked))
                .min_by_key(|difference| {
                    (difference.missing.len() + difference.unexpected.len(), difference.exchange.number)
                });
            match nearest {
                None => return self.not_sent(scene, step, &asked),
                Some(difference) if difference.missing.is_empty() && difference.unexpected.is_empty() => {
                    sent.push(difference.exchange);
                }
                Some(difference) => return broken(&difference, candidates.len()),
            }
        }
        let Some(first) = sent.first() else {
            return Finding::undecided(
                both!("Aucun pas de test ne demande une recherche.", "No step asks for a search."),
                both!("Il n’y a pas de recherche à comparer.", "There is no search to compare."),
            );
        };
        let name = named(first);
        Finding::met(
            Text::new(format!("{}.", name.fr), format!("{}.", name.en)),
            both!("Tous les paramètres demandés ont été envoyés.", "All parameters asked for were sent."),
        )
        .citing(sent.iter().map(|exchange| exchange.number))
    }
}

impl Search {
    /// Whether a parameter of the input is compared; page size and order are the client's own unless they are named.
    fn judges(&self, name: &str) -> bool {
        if self.parameters.is_empty() {
            !HARMLESS.contains(&name)
        } else {
            self.parameters.iter().any(|judged| judged == name)
        }
    }

    fn difference<'a>(&self, scene: &Scene<'a>, exchange: &'a Exchange, asked: &Asked) -> Difference<'a> {
        let mut sent = meanings(&scene.parameters(exchange));
        let mut missing = Vec::new();
        let mut judged: BTreeSet<String> = self.parameters.iter().cloned().collect();
        for Meaning { written, name, value } in meanings(&asked.parameters) {
            let found = sent.iter().position(|sent| sent.name == name && same_value(&value, &sent.value));
            if let Some(position) = found {
                sent.remove(position);
            } else if self.judges(&written) {
                missing.push((name.clone(), value));
            }
            if self.judges(&written) {
                judged.insert(name);
            }
        }
        let unexpected = sent
            .into_iter()
            .filter(|sent| {
                self.parameters.is_empty() || judged.contains(&sent.name) || judged.contains(&sent.written)
            })
            .filter(|sent| !is_harmless(&sent.name))
            .map(|sent| (sent.name, sent.value))
            .collect();
        Difference { exchange, missing, unexpected }
    }

    fn not_sent(&self, scene: &Scene<'_>, step: &Step, asked: &Asked) -> Finding {
        let resource = super::words::quote(&asked.resource);
        let calls: Vec<&Exchange> =
            scene.during(step).filter(|exchange| exchange.api() != Api::Token).collect();
        let actual = both!("Aucune recherche de {resource}.", "No search of {resource}.");
        if calls.is_empty() {
            return Finding::undecided(
                actual,
                both!(
                    "Le client n’a appelé que le serveur d’autorisation : sa recherche n’est jamais partie.",
                    "The client called the authorisation server only: its search never left."
                ),
            );
        }
        let shown: Vec<String> = calls.iter().map(|exchange| exchange.summary()).collect();
        let shown = values(&shown);
        let why = both!(
            "Le client n’a pas cherché {resource} ; il a appelé : {shown}.",
            "The client did not search {resource}; it called: {shown}."
        );
        let remedy = both!(
            "Appelez {resource} sous ROR_FHIR_URL avec les paramètres de ROR_INPUT.",
            "Call {resource} under ROR_FHIR_URL with the parameters of ROR_INPUT."
        );
        // What was not sent cannot be cited.
        Finding::broken(actual, why, remedy)
    }
}

/// One criterion by what it means.
struct Meaning {
    /// The name of the parameter in which it was written.
    written: String,
    name: String,
    value: String,
}

/// Parameters by what they mean: a `_filter` that ordinary parameters can say is taken for them, any other one in a
/// single form; the target type of an inclusion says nothing that its path does not.
fn meanings(pairs: &[(String, String)]) -> Vec<Meaning> {
    let mut found = Vec::new();
    for (written, value) in pairs {
        let mut push = |name: &str, value: String| {
            found.push(Meaning { written: written.clone(), name: name.to_owned(), value });
        };
        if written == "_filter" {
            match filter_meaning(value) {
                Some(FilterMeaning::Parameters(parameters)) => {
                    parameters.into_iter().for_each(|(name, value)| push(&name, value));
                }
                Some(FilterMeaning::Expression(expression)) => push(written, expression),
                None => push(written, value.clone()),
            }
        } else if written.starts_with("_include") || written.starts_with("_revinclude") {
            push(written, value.splitn(3, ':').take(2).collect::<Vec<_>>().join(":"));
        } else {
            push(written, value.clone());
        }
    }
    found
}

/// The search that a step asked for; none when its action is another.
pub(super) fn asked(step: &Step) -> Option<Asked> {
    if step.started.action.as_deref() != Some("search") {
        return None;
    }
    let input = &step.started.input;
    let parameters = input.get("parameters").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some(Asked {
        resource: input.get("resource")?.as_str()?.to_owned(),
        parameters: parameters
            .iter()
            .filter_map(|pair| Some((text(pair.get(0)?), text(pair.get(1)?))))
            .collect(),
        all_pages: input.get("all-pages").and_then(Value::as_bool).unwrap_or(false),
    })
}

/// The searches of a type in a step that no page link asked for.
pub(super) fn first_pages<'a>(scene: &Scene<'a>, step: &Step, resource: &str) -> Vec<&'a Exchange> {
    let links = link_targets(scene);
    scene
        .during(step)
        .filter(|exchange| exchange.api() == Api::Fhir && is_search_of(scene, exchange, resource))
        .filter(|exchange| !links.is_given(exchange))
        .collect()
}

fn is_search_of(scene: &Scene<'_>, exchange: &Exchange, resource: &str) -> bool {
    let Some((first, rest)) = scene.fhir_path(exchange) else { return false };
    first == resource
        && match exchange.request.method.as_str() {
            "GET" => rest.is_empty(),
            _ => is_posted_search(exchange) && rest == ["_search"],
        }
}

fn is_harmless(name: &str) -> bool {
    HARMLESS.contains(&name) || name.starts_with("_include") || name.starts_with("_revinclude")
}

fn broken(difference: &Difference<'_>, candidates: usize) -> Finding {
    let list = |pairs: &[(String, String)]| {
        let pairs: Vec<String> = pairs.iter().map(|(name, value)| pair(name, value)).collect();
        values(&pairs)
    };
    let (missing, unexpected) = (list(&difference.missing), list(&difference.unexpected));
    let name = named(difference.exchange);
    let mut what = match (difference.missing.is_empty(), difference.unexpected.is_empty()) {
        (false, false) => both!(
            "il manque {missing} et il y a en trop {unexpected}",
            "{missing} is missing and {unexpected} is too much"
        ),
        (false, true) => both!("il manque {missing}", "{missing} is missing"),
        _ => both!("il y a en trop {unexpected}", "{unexpected} is too much"),
    };
    if let Some(known) = known_mistake(difference) {
        what = Text::new(format!("{} : {}", what.fr, known.fr), format!("{}: {}", what.en, known.en));
    }
    let actual = Text::new(
        format!("Requête la plus proche parmi {candidates} : {}.", name.fr),
        format!("Nearest request among {candidates}: {}.", name.en),
    );
    let why = Text::new(
        format!("La recherche envoyée n’est pas celle qui est demandée : {}.", what.fr),
        format!("The search sent is not the one asked for: {}.", what.en),
    );
    let remedy = both!(
        "Envoyez chaque paramètre de ROR_INPUT une fois, nom et valeur tels quels, encodés en UTF-8 pour une URL (RFC 3986).",
        "Send each parameter of ROR_INPUT once, name and value as they are, encoded in UTF-8 for a URL (RFC 3986)."
    );
    Finding::broken(actual, why, remedy).citing([difference.exchange.number])
}

/// A mistake that explains one of the differences.
fn known_mistake(difference: &Difference<'_>) -> Option<Text> {
    for (name, asked) in &difference.missing {
        for (sent_name, sent) in &difference.unexpected {
            if name == sent_name
                && let Some(known) = mistake(asked, sent)
            {
                return Some(known);
            }
            let modifier = |name: &str| name.split_once(':').map_or("", |(_, modifier)| modifier).to_owned();
            let base = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
            if name != sent_name && base(name) == base(sent_name) && asked == sent {
                let (wanted, got) = (modifier(name), modifier(sent_name));
                return Some(match (wanted.is_empty(), got.is_empty()) {
                    (false, true) => {
                        both!(
                            "il manque le modificateur « :{wanted} »",
                            "the modifier `:{wanted}` is missing"
                        )
                    }
                    (true, false) => both!(
                        "le modificateur « :{got} » n’est pas demandé",
                        "the modifier `:{got}` was not asked for"
                    ),
                    _ => both!(
                        "le modificateur est « :{got} » au lieu de « :{wanted} »",
                        "the modifier is `:{got}` instead of `:{wanted}`"
                    ),
                });
            }
        }
    }
    None
}
