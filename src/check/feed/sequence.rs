//! `capacity-sequence`: replace, then add only when the ROR answers that the record is missing (ror-fhir.md §5.2).

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::context::Scene;
use super::super::flight::Flights;
use super::super::pages::is_answered_whole;
use super::super::words::{both, named, quote};
use super::super::{Finding, Kind, Nature};
use super::{Fate, Write, keys, writes};
use crate::journal::{Api, Exchange};
use crate::ror::capacity::{Operation, Record, RecordKey};
use crate::text::Text;

/// `capacity-sequence`: see [`super::super::Expect::CapacitySequence`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CapacitySequence {
    /// What is looked at; `each-record` when absent.
    #[serde(default)]
    pub look_at: SequenceFacet,
}

/// What is looked at in the order of the calls of the feed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SequenceFacet {
    /// For each record, `replace`, then `add` where it is missing, and no refusal repeated.
    #[default]
    EachRecord,
    /// After a 403, nothing more is sent for that establishment in the same step.
    RefusedEstablishment,
}

impl Kind for CapacitySequence {
    fn title(&self) -> Text {
        if self.look_at == SequenceFacet::RefusedEstablishment {
            return both!(
                "Après un 403, plus rien n’est envoyé pour cet établissement dans le même lot",
                "After a 403 nothing more is sent for that establishment in the same batch"
            );
        }
        both!(
            "« add » ne suit que le 404 d’un enregistrement manquant, et un refus n’est pas répété",
            "`add` follows only the 404 of a missing record, and a refusal is not repeated"
        )
    }

    fn expected(&self, _: &Scene<'_>) -> Text {
        if self.look_at == SequenceFacet::RefusedEstablishment {
            return both!(
                "Les mesures suivantes d’un établissement refusé (403) ne sont pas envoyées, mais signalées avec la première (appels déjà partis non comptés).",
                "The further measures of an establishment that was refused (403) are not sent, but reported with the first (calls already under way not counted)."
            );
        }
        both!(
            "D’abord « replace » ; « add » seulement après un 404 dont l’expression est le chemin des capacités ; après un 404 du lieu, un 412, un 400 ou un 403, ni « add » ni répétition.",
            "First `replace`; `add` only after a 404 whose expression is the path of the capacities; after a 404 of the location, a 412, a 400 or a 403, neither `add` nor repetition."
        )
    }

    fn nature(&self) -> Nature {
        Nature::Form
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let writes = writes(scene);
        if writes.is_empty() {
            return Finding::undecided(
                both!("Aucun PATCH.", "No PATCH."),
                both!(
                    "Le client n’a rien envoyé : l’ordre de ses envois ne peut pas être jugé.",
                    "The client sent nothing: the order of its calls cannot be judged."
                ),
            );
        }
        if self.look_at == SequenceFacet::RefusedEstablishment {
            return after_403(scene, &writes);
        }
        for (index, write) in writes.iter().enumerate() {
            let before = &writes[..index];
            if let Some(finding) = blind_add(scene, write, before).or_else(|| repetition(write, before)) {
                return finding;
            }
        }
        let count = writes.len();
        Finding::met(
            both!("{count} PATCH, dans l’ordre attendu.", "{count} PATCH, in the order expected."),
            both!("Aucun ajout à l’aveugle, aucun refus répété.", "No blind addition, no refusal repeated."),
        )
        .citing(writes.iter().take(5).map(|write| write.exchange.number))
    }
}

/// Whether something was sent for an establishment after the ROR had said that the client may not write for it.
fn after_403(scene: &Scene<'_>, writes: &[Write<'_>]) -> Finding {
    let establishment = |write: &Write<'_>| Some(write.identifier.as_ref()?.split_once('/')?.0.to_owned());
    let refused: Vec<&Write<'_>> = writes.iter().filter(|write| write.fate == Fate::Forbidden).collect();
    let flights = Flights::new(scene);
    for refusal in &refused {
        let knew = |later: &&Write<'_>| {
            later.exchange.number > refusal.exchange.number
                && later.exchange.run() == refusal.exchange.run()
                && establishment(later).is_some()
                && establishment(later) == establishment(refusal)
                && !flights.in_flight(refusal.exchange, later.exchange)
                && !flights.in_doubt(refusal.exchange, later.exchange)
        };
        let Some(later) = writes.iter().find(knew) else { continue };
        let (number, name) = (refusal.exchange.number, named(later.exchange));
        return Finding::broken(
            Text::new(format!("{}.", name.fr), format!("{}.", name.en)),
            both!(
                "Le ROR avait déjà refusé cet établissement (403, échange {number}) : toute autre mesure reçoit le même refus.",
                "The ROR had already refused that establishment (403, exchange {number}): any other measure gets the same refusal."
            ),
            both!(
                "Après un 403, laissez de côté les autres mesures de cet établissement jusqu’à ce que la liste déclarée à l’ANS soit corrigée, et signalez-les ; celles des autres établissements partent.",
                "After a 403, leave out the other measures of that establishment until the list declared to the ANS is corrected, and report them; those of other establishments go out."
            ),
        )
        .citing([number, later.exchange.number]);
    }
    if refused.is_empty() {
        return Finding::undecided(
            both!("Aucun 403.", "No 403."),
            both!(
                "Le ROR n’a refusé aucun établissement : ce que le client en fait n’a pas été vu.",
                "The ROR refused no establishment: what the client makes of it was not seen."
            ),
        );
    }
    let numbers = refused.iter().map(|write| write.exchange.number);
    Finding::met(
        both!(
            "Un 403, et plus rien ensuite pour cet établissement.",
            "A 403, and nothing more for that establishment."
        ),
        both!("Le client n’insiste pas.", "The client does not insist."),
    )
    .citing(numbers)
}

/// An `add` of a record that the ROR has not said to be missing.
fn blind_add(scene: &Scene<'_>, write: &Write<'_>, before: &[Write<'_>]) -> Option<Finding> {
    let added: Vec<RecordKey> = write
        .operations
        .iter()
        .filter_map(|operation| match operation {
            Operation::Add { record } => Some(record.key.clone()),
            _ => None,
        })
        .collect();
    for key in added {
        let same = |earlier: &&Write<'_>| earlier.identifier == write.identifier;
        let refused = before.iter().filter(same).find(|earlier| {
            earlier.fate.is_final() && (earlier.fate != Fate::Rule || earlier.keys().contains(&key))
        });
        if let Some(refused) = refused {
            let name = named(refused.exchange);
            return Some(broken(
                Text::new(
                    format!("Un « add » suit un refus définitif : {}.", name.fr),
                    format!("An `add` follows a final refusal: {}.", name.en),
                ),
                write,
                [refused.exchange.number, write.exchange.number],
            ));
        }
        let missing = |earlier: &Write<'_>| {
            earlier.fate == Fate::NoRecord
                && earlier.operations.iter().any(|operation| {
                    !matches!(operation, Operation::Add { .. }) && keys(operation).contains(&key)
                })
        };
        if before.iter().filter(same).any(missing) || was_read(scene, write.exchange) {
            continue;
        }
        let key = quote(&key.to_string());
        return Some(broken(
            both!(
                "Un « add » est envoyé sans que le ROR ait répondu que l’enregistrement manque ({key}).",
                "An `add` is sent although the ROR has not answered that the record is missing ({key})."
            ),
            write,
            [write.exchange.number, write.exchange.number],
        ));
    }
    None
}

/// Whether the client has looked at Locations before: then it may know which records are there.
fn was_read(scene: &Scene<'_>, before: &Exchange) -> bool {
    scene.evidence.exchanges.iter().any(|exchange| {
        exchange.number < before.number
            && exchange.api() == Api::Fhir
            && exchange.request.method == "GET"
            && exchange.path().contains("/Location")
            && is_answered_whole(exchange)
    })
}

/// What an operation asks for, but for the instant of the measure: each attempt may carry a new one.
fn content(operation: &Operation) -> (&'static str, Vec<(RecordKey, Option<u32>)>) {
    let of = |record: &Record| (record.key.clone(), record.count);
    match operation {
        Operation::Add { record } => ("add", vec![of(record)]),
        Operation::Replace { key, record } => ("replace", vec![(key.clone(), None), of(record)]),
        Operation::ReplaceAll { records } => ("replace-all", records.iter().map(of).collect()),
        Operation::Delete { key } => ("delete", vec![(key.clone(), None)]),
    }
}

fn same_content(one: &[Operation], other: &[Operation]) -> bool {
    one.iter().map(content).eq(other.iter().map(content))
}

/// The same call again after a refusal that it cannot change.
fn repetition(write: &Write<'_>, before: &[Write<'_>]) -> Option<Finding> {
    let refused = before.iter().find(|earlier| {
        earlier.fate.is_final()
            && earlier.exchange.step == write.exchange.step
            && earlier.identifier == write.identifier
            && same_content(&earlier.operations, &write.operations)
            && !write.operations.is_empty()
    })?;
    let name = named(refused.exchange);
    Some(broken(
        Text::new(
            format!("Le même envoi est répété après un refus définitif : {}.", name.fr),
            format!("The same call is repeated after a final refusal: {}.", name.en),
        ),
        write,
        [refused.exchange.number, write.exchange.number],
    ))
}

fn broken(why: Text, write: &Write<'_>, cited: [u32; 2]) -> Finding {
    let name = named(write.exchange);
    let actual = Text::new(format!("{}.", name.fr), format!("{}.", name.en));
    Finding::broken(
        actual,
        why,
        both!(
            "Sur un 404, lisez issue.code et issue.expression (texte ou liste) : chemin des capacités → « add » ; « Location » → signalez-le. Sur 412, 400 ou 403, arrêtez-vous et signalez-le.",
            "On a 404, read issue.code and issue.expression (text or list): path of the capacities → `add`; `Location` → report it. On 412, 400 or 403, stop and report it."
        ),
    )
    .citing(cited)
}
