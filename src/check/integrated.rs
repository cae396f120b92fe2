//! `integrated`: what the client declares to hold, against the truth of its profile. What is not given is not judged.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use super::context::{Report, Scene, Truth, report};
use super::words::{both, quote, values};
use super::{Finding, Kind, Nature, Verdict};
use crate::journal::Step;
use crate::judge::Party;
use crate::text::Text;

/// `integrated`: compared as the adapter contract says; skipped when the client does not declare it.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Integrated {
    /// What is compared.
    pub compare: Compared,
}

/// What is compared in `integrated`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Compared {
    /// The set of ids of the type asked for; included resources must exist.
    Ids,
    /// No resource is declared twice.
    NoRepeat,
    /// Names (NFC).
    Names,
    /// Each telecom is visible to the profile on that resource.
    Telecoms,
    /// Capacities of locations.
    Capacities,
    /// `identifiers`, by type code, where the client gives them.
    Identifiers,
}

/// One resource that the client declares.
struct Item<'a> {
    resource: String,
    id: String,
    value: &'a Value,
}

/// What a comparison found: how many values were compared, and which are wrong.
#[derive(Default)]
struct Comparison {
    compared: usize,
    wrong: Vec<Text>,
    notes: Vec<Text>,
}

const KNOWN_TYPES: [&str; 8] = [
    "Organization",
    "HealthcareService",
    "Location",
    "Practitioner",
    "PractitionerRole",
    "Task",
    "Questionnaire",
    "Measure",
];

impl Kind for Integrated {
    fn title(&self) -> Text {
        match self.compare {
            Compared::Ids => both!(
                "Le client détient toutes les ressources demandées, et rien d’autre",
                "The client holds all resources asked for and nothing else"
            ),
            Compared::NoRepeat => {
                both!("Aucune ressource n’est intégrée deux fois", "No resource is integrated twice")
            }
            Compared::Names => {
                both!("Les noms intégrés sont ceux du ROR", "The names integrated are those of the ROR")
            }
            Compared::Telecoms => both!(
                "Seules les coordonnées visibles pour le profil sont intégrées",
                "Only the telecoms that the profile may see are integrated"
            ),
            Compared::Capacities => both!(
                "Les capacités intégrées sont celles du ROR",
                "The capacities integrated are those of the ROR"
            ),
            Compared::Identifiers => both!(
                "Les identifiants sont pris selon leur type, non selon leur place",
                "Identifiers are taken by their type, not by their position"
            ),
        }
    }

    fn expected(&self, scene: &Scene<'_>) -> Text {
        let profile = scene.evidence.setting.profile;
        match self.compare {
            Compared::Ids => both!(
                "Les ressources déclarées dans « integrated » sont celles que le profil {profile} voit, ni plus ni moins.",
                "The resources declared in `integrated` are those that profile {profile} sees, no more and no fewer."
            ),
            Compared::NoRepeat => both!("Chaque ressource une seule fois.", "Each resource once only."),
            Compared::Names => both!(
                "Chaque nom déclaré est celui de la ressource (NFC).",
                "Each name declared is that of the resource (NFC)."
            ),
            Compared::Telecoms => both!(
                "Chaque coordonnée déclarée est visible pour le profil {profile} sur cette ressource.",
                "Each telecom declared is visible to profile {profile} on that resource."
            ),
            Compared::Capacities => both!(
                "Chaque capacité déclarée (statut, nombre) est celle du lieu.",
                "Each capacity declared (status, count) is one of the location's."
            ),
            Compared::Identifiers => both!(
                "Chaque identifiant déclaré a la valeur que le ROR donne à ce type.",
                "Each identifier declared has the value that the ROR gives to that type."
            ),
        }
    }

    fn nature(&self) -> Nature {
        Nature::Completion
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let mut met = None;
        let mut other: Option<Finding> = None;
        for step in scene.steps() {
            let finding = self.judge(scene, step);
            match finding.verdict {
                Verdict::Broken => return finding,
                Verdict::Met => met = Some(finding),
                _ => other = other.or(Some(finding)),
            }
        }
        met.or(other).unwrap_or_else(undeclared)
    }
}

impl Integrated {
    fn judge(self, scene: &Scene<'_>, step: &Step) -> Finding {
        match report(step) {
            Report::Ok => {}
            Report::Error(_) => {
                return Finding::skipped(
                    both!("Le client a signalé une erreur.", "The client reported an error."),
                    both!(
                        "Rien n’est comparé quand le client signale une erreur.",
                        "Nothing is compared when the client reports an error."
                    ),
                );
            }
            Report::Deadline => {
                return Finding::undecided(
                    both!(
                        "L’adaptateur tournait encore à l’échéance.",
                        "The adapter was still running at the deadline."
                    ),
                    both!(
                        "Le client n’a pas eu le temps de dire ce qu’il détient.",
                        "The client had no time to say what it holds."
                    ),
                );
            }
            Report::Human(_) | Report::Nothing => return undeclared(),
        }
        let result = step.ended.as_ref().and_then(|ended| ended.result.as_ref());
        let Some(declared) = result.and_then(|result| result.integrated.as_ref()) else {
            let malformed = result.map(|result| result.malformed.clone()).unwrap_or_default();
            return undeclared().notes(malformed.iter().map(|what| Text::same(quote(what))));
        };
        let Some(truth) = scene.truth else {
            return Finding::undecided(
                both!("Le jeu de données n’est pas disponible.", "The dataset is not at hand."),
                both!(
                    "La vérité du jeu de données manque : rien ne peut être comparé.",
                    "The truth of the dataset is missing: nothing can be compared."
                ),
            )
            .remedy(Text::default(), Party::Bench);
        };
        let (items, notes) = items(declared);
        let action = step.started.action.as_deref().unwrap_or_default();
        let comparison = match self.compare {
            Compared::Ids => match truth.expected_ids(action, &step.started.input) {
                Some(expected) => ids(truth, &items, &expected, &step.started.input),
                None => {
                    return Finding::skipped(
                        both!("Action « {action} ».", "Action `{action}`."),
                        both!(
                            "Cette action ne désigne pas un ensemble de ressources à comparer.",
                            "This action does not designate a set of resources to compare."
                        ),
                    );
                }
            },
            Compared::NoRepeat => no_repeat(&items),
            Compared::Names => names(truth, &items),
            Compared::Telecoms => telecoms(truth, &items),
            Compared::Capacities => capacities(truth, &items),
            Compared::Identifiers => identifiers(truth, &items),
        };
        self.conclude(comparison, items.len()).notes(notes)
    }

    fn conclude(self, comparison: Comparison, declared: usize) -> Finding {
        let Comparison { compared, wrong, notes } = comparison;
        let Some(first) = wrong.first() else {
            if compared == 0 && self.compare != Compared::Ids {
                return Finding::skipped(
                    both!(
                        "{declared} ressource(s) déclarée(s), sans cette donnée.",
                        "{declared} resource(s) declared, without this datum."
                    ),
                    both!(
                        "Le client ne déclare pas cette donnée : elle n’est pas comparée.",
                        "The client does not declare this datum: it is not compared."
                    ),
                )
                .notes(notes);
            }
            return Finding::met(
                both!(
                    "{declared} ressource(s) déclarée(s), {compared} valeur(s) comparée(s).",
                    "{declared} resource(s) declared, {compared} value(s) compared."
                ),
                both!("Ce que le client déclare est juste.", "What the client declares is right."),
            )
            .notes(notes);
        };
        let count = wrong.len();
        let actual = both!(
            "{count} écart(s) sur {declared} ressource(s) déclarée(s).",
            "{count} difference(s) over {declared} resource(s) declared."
        );
        let remedy = match self.compare {
            Compared::Ids => both!(
                "Intégrez toutes les pages, distinguez les résultats (search.mode=match) des ressources incluses, et ne gardez rien d’une recherche précédente.",
                "Integrate all pages, tell results (search.mode=match) from included resources, and keep nothing of an earlier search."
            ),
            Compared::NoRepeat => both!(
                "Dédoublonnez par type et identifiant technique : une même ressource peut revenir dans plusieurs pages.",
                "Merge by type and technical id: the same resource may come back on several pages."
            ),
            Compared::Names => both!(
                "Lisez le nom en UTF-8, dans l’élément name.",
                "Read the name in UTF-8, from the element name."
            ),
            Compared::Telecoms => both!(
                "N’intégrez et ne montrez que les coordonnées reçues avec ce profil pour cette ressource.",
                "Integrate and show only the telecoms received with this profile for that resource."
            ),
            Compared::Capacities => both!(
                "Lisez statut et nombre dans la même extension de capacité.",
                "Read status and count from the same capacity extension."
            ),
            Compared::Identifiers => both!(
                "Choisissez l’identifiant par identifier.type, jamais par sa place dans la liste.",
                "Choose the identifier by identifier.type, never by its place in the list."
            ),
        };
        Finding::broken(actual, first.clone(), remedy)
            .notes(wrong.iter().skip(1).take(4).cloned())
            .notes(notes)
    }
}

fn undeclared() -> Finding {
    Finding::skipped(
        both!("« integrated » n’est pas donné.", "`integrated` is not given."),
        both!(
            "Le client ne déclare pas ce qu’il détient : rien n’est comparé.",
            "The client does not declare what it holds: nothing is compared."
        ),
    )
    .remedy(
        both!(
            "Pour que le banc compare les données, ajoutez « integrated » au résultat de l’adaptateur.",
            "For the bench to compare data, add `integrated` to the adapter's result."
        ),
        Party::Configuration,
    )
}

fn items(declared: &[Value]) -> (Vec<Item<'_>>, Vec<Text>) {
    let mut items = Vec::new();
    let mut unusable = 0_usize;
    for value in declared {
        let resource = value.get("resourceType").and_then(Value::as_str);
        let id = value.get("id").and_then(plain);
        match (resource, id) {
            (Some(resource), Some(id)) => {
                let id = id.strip_prefix(&format!("{resource}/")).unwrap_or(&id).to_owned();
                items.push(Item { resource: resource.to_owned(), id, value });
            }
            _ => unusable += 1,
        }
    }
    let mut notes = Vec::new();
    if unusable > 0 {
        notes.push(both!(
            "{unusable} élément(s) de « integrated » sans resourceType ou id : non comparé(s).",
            "{unusable} item(s) of `integrated` without resourceType or id: not compared."
        ));
    }
    let unknown: BTreeSet<&str> =
        items.iter().map(|item| item.resource.as_str()).filter(|name| !KNOWN_TYPES.contains(name)).collect();
    if !unknown.is_empty() {
        let unknown = values(&unknown.into_iter().collect::<Vec<_>>());
        notes.push(both!(
            "Types inconnus du ROR, non comparés : {unknown}.",
            "Types unknown to the ROR, not compared: {unknown}."
        ));
    }
    items.retain(|item| KNOWN_TYPES.contains(&item.resource.as_str()));
    (items, notes)
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn ids(
    truth: &dyn Truth,
    items: &[Item<'_>],
    expected: &BTreeSet<(String, String)>,
    input: &Value,
) -> Comparison {
    let mut matched: BTreeSet<&str> = expected.iter().map(|(resource, _)| resource.as_str()).collect();
    matched.extend(input.get("resource").and_then(Value::as_str));
    let declared: BTreeSet<(String, String)> = items
        .iter()
        .filter(|item| matched.contains(item.resource.as_str()))
        .map(|item| (item.resource.clone(), item.id.clone()))
        .collect();
    let reference = |(resource, id): &(String, String)| format!("{resource}/{id}");
    let mut comparison = Comparison { compared: items.len(), ..Comparison::default() };
    let missing: Vec<String> = expected.difference(&declared).map(reference).collect();
    if !missing.is_empty() {
        let (count, shown) = (missing.len(), values(&missing));
        comparison.wrong.push(both!(
            "Il manque {count} ressource(s) que le profil voit : {shown}.",
            "{count} resource(s) that the profile sees are missing: {shown}."
        ));
    }
    let extra: Vec<String> = declared.difference(expected).map(reference).collect();
    if !extra.is_empty() {
        let (count, shown) = (extra.len(), values(&extra));
        comparison.wrong.push(both!(
            "{count} ressource(s) déclarée(s) ne répondent pas à la demande : {shown}.",
            "{count} resource(s) declared do not answer what was asked: {shown}."
        ));
    }
    let invented: BTreeSet<String> = items
        .iter()
        .filter(|item| !matched.contains(item.resource.as_str()) && !truth.exists(&item.resource, &item.id))
        .map(|item| format!("{}/{}", item.resource, item.id))
        .collect();
    if !invented.is_empty() {
        let invented: Vec<String> = invented.into_iter().collect();
        let (count, shown) = (invented.len(), values(&invented));
        comparison.wrong.push(both!(
            "{count} ressource(s) incluse(s) n’existent pas pour ce profil : {shown}.",
            "{count} included resource(s) do not exist for this profile: {shown}."
        ));
    }
    comparison
}

fn no_repeat(items: &[Item<'_>]) -> Comparison {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for item in items {
        *counts.entry(format!("{}/{}", item.resource, item.id)).or_default() += 1;
    }
    let wrong = counts
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(reference, count)| {
            let reference = quote(&reference);
            both!("{reference} est déclarée {count} fois.", "{reference} is declared {count} times.")
        })
        .collect();
    Comparison { compared: items.len(), wrong, notes: Vec::new() }
}

fn names(truth: &dyn Truth, items: &[Item<'_>]) -> Comparison {
    let normal = |text: &str| text.trim().nfc().collect::<String>();
    let mut comparison = Comparison::default();
    for item in items {
        let Some(declared) = item.value.get("name").and_then(Value::as_str) else { continue };
        let Some(name) = truth.name(&item.resource, &item.id) else { continue };
        comparison.compared += 1;
        if normal(declared) != normal(&name) {
            let (reference, declared, name) = (item.reference(), quote(declared), quote(&name));
            comparison.wrong.push(both!(
                "{reference} s’appelle « {name} » dans le ROR, et « {declared} » dans le client.",
                "{reference} is called `{name}` in the ROR and `{declared}` in the client."
            ));
        }
    }
    comparison
}

fn telecoms(truth: &dyn Truth, items: &[Item<'_>]) -> Comparison {
    let mut comparison = Comparison::default();
    for item in items {
        let declared = list(item.value, "telecoms");
        if declared.is_empty() || !truth.exists(&item.resource, &item.id) {
            continue;
        }
        let visible: BTreeSet<String> =
            truth.telecoms(&item.resource, &item.id).iter().map(|value| plain_telecom(value)).collect();
        for telecom in declared {
            let Some(value) = plain(telecom).or_else(|| plain(telecom.get("value")?)) else { continue };
            comparison.compared += 1;
            if !visible.contains(&plain_telecom(&value)) {
                let (reference, value) = (item.reference(), quote(&value));
                comparison.wrong.push(both!(
                    "La coordonnée « {value} » n’est pas visible pour ce profil sur {reference}.",
                    "The telecom `{value}` is not visible to this profile on {reference}."
                ));
            }
        }
    }
    comparison
}

fn capacities(truth: &dyn Truth, items: &[Item<'_>]) -> Comparison {
    let mut comparison = Comparison::default();
    for item in items {
        let declared = list(item.value, "capacities");
        if declared.is_empty() || !truth.exists(&item.resource, &item.id) {
            continue;
        }
        let mut left = truth.capacities(&item.resource, &item.id);
        let known = left.iter().map(|(status, count)| format!("{status}:{count}")).collect::<Vec<_>>();
        for capacity in declared {
            let status = capacity.get("status").and_then(plain);
            let count = capacity.get("count").and_then(Value::as_i64);
            let (Some(status), Some(count)) = (status, count) else { continue };
            comparison.compared += 1;
            match left.iter().position(|other| other.0 == status && other.1 == count) {
                Some(position) => drop(left.swap_remove(position)),
                None => {
                    let (reference, status, known) = (item.reference(), quote(&status), values(&known));
                    comparison.wrong.push(both!(
                        "{reference} : la capacité déclarée (statut {status}, nombre {count}) n’est pas dans le ROR ({known}).",
                        "{reference}: the capacity declared (status {status}, count {count}) is not in the ROR ({known})."
                    ));
                }
            }
        }
    }
    comparison
}

fn identifiers(truth: &dyn Truth, items: &[Item<'_>]) -> Comparison {
    let mut comparison = Comparison::default();
    for item in items {
        let known = truth.identifiers(&item.resource, &item.id);
        for identifier in list(item.value, "identifiers") {
            let field = |name: &str| identifier.get(name).and_then(plain);
            let (Some(kind), Some(value)) = (field("type"), field("value")) else { continue };
            if !truth.exists(&item.resource, &item.id) {
                continue;
            }
            comparison.compared += 1;
            if known.iter().any(|(code, other)| *code == kind && *other == value) {
                continue;
            }
            let (reference, shown, shown_kind) = (item.reference(), quote(&value), quote(&kind));
            let right = known.iter().find(|(_, other)| *other == value);
            comparison.wrong.push(match right {
                Some((code, _)) => both!(
                    "{reference} : « {shown} » est déclaré comme identifiant de type {shown_kind}, alors que le ROR lui donne le type {code}.",
                    "{reference}: `{shown}` is declared as the identifier of type {shown_kind} whereas the ROR gives it the type {code}."
                ),
                None => both!(
                    "{reference} : le ROR ne donne pas « {shown} » comme identifiant de type {shown_kind}.",
                    "{reference}: the ROR does not give `{shown}` as the identifier of type {shown_kind}."
                ),
            });
        }
    }
    comparison
}

impl Item<'_> {
    fn reference(&self) -> String {
        quote(&format!("{}/{}", self.resource, self.id))
    }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A telecom without the way in which it is written: digits of a number, in national form; an address in lower case.
fn plain_telecom(value: &str) -> String {
    let value =
        value.trim().strip_prefix("tel:").or_else(|| value.trim().strip_prefix("mailto:")).unwrap_or(value);
    if !value.chars().any(|c| c.is_ascii_digit()) || value.chars().any(char::is_alphabetic) {
        return value.trim().to_lowercase();
    }
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let national =
        digits.strip_prefix("0033").or_else(|| digits.strip_prefix("33").filter(|rest| rest.len() == 9));
    national.map_or(digits.clone(), |rest| format!("0{rest}"))
}
