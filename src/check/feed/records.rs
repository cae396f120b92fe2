//! `capacity-records`: what the ROR holds in the end on one Location.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::super::context::{Report, Scene, report};
use super::super::words::{both, quote};
use super::super::{Finding, Kind, Nature, Party};
use super::{Fate, requests, writes};
use crate::ror::capacity::{Record, RecordKey};
use crate::text::Text;

/// `capacity-records`: see [`super::super::Expect::CapacityRecords`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CapacityRecords {
    /// `IdNat_Struct/code` of the Location.
    pub location: String,
    /// The records looked at; all others of the Location are as they were.
    pub records: Vec<ExpectedRecord>,
    /// Whether they must be there even when the client reported an error, because the error is about others.
    #[serde(default)]
    pub despite_error: bool,
}

/// A record in the end.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectedRecord {
    /// TRE_R330.
    pub status: String,
    /// TRE_R331; 01 when absent.
    #[serde(default)]
    pub temporality: Option<String>,
    /// TRE_R332.
    #[serde(default)]
    pub gender: Option<String>,
    /// TRE_R333.
    #[serde(default)]
    pub closing_type: Option<String>,
    /// TRE_R334.
    #[serde(default)]
    pub additional_bed_type: Option<String>,
    /// TRE_R336.
    #[serde(default)]
    pub crisis_type: Option<String>,
    /// TRE_R337; 01 when absent.
    #[serde(default)]
    pub assignment: Option<String>,
    /// Its count; none: the record is not there.
    #[serde(default)]
    pub count: Option<u32>,
}

impl ExpectedRecord {
    fn key(&self) -> RecordKey {
        let usual = Some("01".to_owned());
        RecordKey {
            status: Some(self.status.clone()),
            temporality: self.temporality.clone().or_else(|| usual.clone()),
            gender: self.gender.clone(),
            closing_type: self.closing_type.clone(),
            additional_bed_type: self.additional_bed_type.clone(),
            crisis_type: self.crisis_type.clone(),
            assignment: self.assignment.clone().or(usual),
        }
    }
}

impl Kind for CapacityRecords {
    fn title(&self) -> Text {
        both!(
            "Le ROR contient à la fin les bons enregistrements, une seule fois chacun",
            "The ROR holds the right records in the end, each once only"
        )
    }

    fn expected(&self, _: &Scene<'_>) -> Text {
        let records: Vec<String> = self
            .records
            .iter()
            .map(|record| {
                let count = record.count.map_or_else(|| "absent".to_owned(), |count| count.to_string());
                format!("{} → {count}", short(&record.key()))
            })
            .collect();
        let (location, records) = (quote(&self.location), records.join(" ; "));
        both!(
            "Lieu {location} : {records} ; le reste inchangé.",
            "Location {location}: {records}; the rest unchanged."
        )
    }

    fn nature(&self) -> Nature {
        Nature::Completion
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let numbers: Vec<u32> = requests(scene).map(|exchange| exchange.number).collect();
        if numbers.is_empty() {
            return Finding::undecided(
                both!("Aucun appel à l’alimentation.", "No call to the feed."),
                both!("Le client n’a rien envoyé.", "The client sent nothing."),
            );
        }
        let last = scene.steps().last();
        let (Some(history), Some(step)) = (scene.history, last) else { return no_data() };
        let now = records(&history.locations(step.started.step, &self.location));
        let before = records(&history.locations(0, &self.location));
        let (Some(now), Some(before)) = (now, before) else { return no_data() };
        let wrong = self.differences(&before, &now);
        let location = quote(&self.location);
        let Some(first) = wrong.first() else {
            let count = self.records.len();
            return Finding::met(
                both!(
                    "Lieu {location} : {count} enregistrement(s) comme attendu.",
                    "Location {location}: {count} record(s) as expected."
                ),
                both!("Le ROR contient ce qui était à écrire.", "The ROR holds what was to be written."),
            )
            .citing(numbers);
        };
        let count = wrong.len();
        let actual = both!("{count} écart(s) : {location}.", "{count} difference(s): {location}.");
        // A doubled record, or one that was not to be touched, is no shortfall that the end of the step would excuse.
        if wrong.iter().all(|wrong| wrong.is_shortfall)
            && let Some(finding) = self.excused(scene, &report(step), actual.clone())
        {
            return finding.notes([first.what.clone()]).citing(numbers);
        }
        if self.despite_error && matches!(report(step), Report::Error(_)) {
            return Finding::broken(
                actual,
                first.what.clone(),
                both!(
                    "Quand une mise à jour d’un lot est refusée, envoyez quand même les autres, puis signalez celle qui l’a été.",
                    "When one update of a batch is refused, still send the others, then report the one that was."
                ),
            )
            .notes(wrong.iter().skip(1).take(4).map(|wrong| wrong.what.clone()))
            .citing(numbers);
        }
        Finding::broken(
            actual,
            first.what.clone(),
            both!(
                "Écrivez chaque enregistrement par ses sept clés, sans en additionner ni en omettre (0 est une valeur) ; après une réponse perdue, recommencez par « replace ».",
                "Write each record by its seven keys, without adding any up or leaving any out (0 is a value); after a lost answer, begin again with `replace`."
            ),
        )
        .notes(wrong.iter().skip(1).take(4).map(|wrong| wrong.what.clone()))
        .citing(numbers)
    }
}

struct Difference {
    what: Text,
    /// Something is missing or as it was; nothing is there that should not be.
    is_shortfall: bool,
}

impl CapacityRecords {
    /// What a shortfall means when the client did not report success.
    fn excused(&self, scene: &Scene<'_>, report: &Report, actual: Text) -> Option<Finding> {
        match report {
            Report::Ok => None,
            // One instance of a proprietary solution writes for its own establishment only (ALI-CERT-01).
            Report::Error(_) if self.despite_error && self.was_forbidden(scene) => Some(Finding::skipped(
                actual,
                both!(
                    "Sans objet : le client a envoyé cette mise à jour, et son identité ne couvre pas cet établissement (403).",
                    "Not applicable: the client sent this update, and its identity does not cover that establishment (403)."
                ),
            )),
            Report::Error(_) if self.despite_error => None,
            Report::Error(_) => Some(Finding::skipped(
                actual,
                both!(
                    "Le client a signalé une erreur : ce qui manque n’est pas passé sous silence.",
                    "The client reported an error: what is missing was not passed over in silence."
                ),
            )),
            Report::Human(answer) => {
                let answer = quote(answer);
                Some(Finding::review(
                    actual,
                    both!(
                        "Une personne doit vérifier que le client a signalé ce qui manque (« {answer} »).",
                        "A person has to check that the client reported what is missing (`{answer}`)."
                    ),
                ))
            }
            Report::Deadline | Report::Nothing => Some(Finding::undecided(
                actual,
                both!(
                    "Le client n’avait pas fini : ce qui manque ne prouve rien.",
                    "The client had not finished: what is missing proves nothing."
                ),
            )),
        }
    }

    fn was_forbidden(&self, scene: &Scene<'_>) -> bool {
        let writes = writes(scene);
        let mut about = writes.iter().filter(|write| write.identifier.as_ref() == Some(&self.location));
        about.any(|write| write.fate == Fate::Forbidden)
    }

    fn differences(&self, before: &[Record], now: &[Record]) -> Vec<Difference> {
        let mut found = Vec::new();
        for expected in &self.records {
            let key = expected.key();
            let name = short(&key);
            let counts = |records: &[Record]| -> Vec<u32> {
                records
                    .iter()
                    .filter(|record| record.key == key)
                    .map(|record| record.count.unwrap_or_default())
                    .collect()
            };
            let (held, was) = (counts(now), counts(before));
            let unchanged = held == was;
            match (expected.count, held.as_slice()) {
                (Some(wanted), [count]) if *count == wanted => {}
                (None, []) => {}
                (_, [_, _, ..]) => {
                    let times = held.len();
                    found.push(Difference {
                        what: both!("{name} est là {times} fois.", "{name} is there {times} times."),
                        is_shortfall: false,
                    });
                }
                (Some(wanted), []) => found.push(Difference {
                    what: both!(
                        "{name} manque ({wanted} attendu).",
                        "{name} is missing ({wanted} expected)."
                    ),
                    is_shortfall: true,
                }),
                (Some(wanted), [count]) => found.push(Difference {
                    what: both!(
                        "{name} vaut {count} au lieu de {wanted}.",
                        "{name} is {count} instead of {wanted}."
                    ),
                    is_shortfall: unchanged,
                }),
                (None, [count]) => found.push(Difference {
                    what: both!("{name} est encore là ({count}).", "{name} is still there ({count})."),
                    is_shortfall: unchanged,
                }),
            }
        }
        let looked_at = |record: &&Record| self.records.iter().any(|expected| expected.key() == record.key);
        let rest = |records: &[Record]| {
            let mut rest: Vec<(RecordKey, Option<u32>)> = records
                .iter()
                .filter(|record| !looked_at(record))
                .map(|record| (record.key.clone(), record.count))
                .collect();
            rest.sort();
            rest
        };
        let (rest_before, rest_now) = (rest(before), rest(now));
        for (key, count) in rest_now.iter().filter(|record| !rest_before.contains(record)) {
            let (name, count) = (short(key), count.unwrap_or_default());
            found.push(Difference {
                what: both!(
                    "{name} n’était pas à écrire, et vaut maintenant {count}.",
                    "{name} was not to be written, and is now {count}."
                ),
                is_shortfall: false,
            });
        }
        for (key, _) in rest_before.iter().filter(|(key, _)| !rest_now.iter().any(|(held, _)| held == key)) {
            let name = short(key);
            found.push(Difference {
                what: both!(
                    "{name} n’était pas à retirer, et n’est plus là.",
                    "{name} was not to be removed, and is gone."
                ),
                is_shortfall: false,
            });
        }
        found
    }
}

/// The records of the one Location; none when there is none or several.
fn records(locations: &[Value]) -> Option<Vec<Record>> {
    match locations {
        [location] => Some(Record::of_location(location)),
        _ => None,
    }
}

fn no_data() -> Finding {
    Finding::undecided(
        both!("Le jeu de données n’est pas disponible.", "The dataset is not at hand."),
        both!(
            "Ce que le ROR contient à la fin ne peut pas être lu.",
            "What the ROR holds in the end cannot be read."
        ),
    )
    .remedy(Text::default(), Party::Bench)
}

/// The codes of a key that are there: `status 02, gender 03`.
fn short(key: &RecordKey) -> String {
    let parts = [
        ("status", &key.status),
        ("temporality", &key.temporality),
        ("gender", &key.gender),
        ("closing-type", &key.closing_type),
        ("additional-bed-type", &key.additional_bed_type),
        ("crisis-type", &key.crisis_type),
        ("assignment", &key.assignment),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter_map(|(name, code)| code.as_ref().map(|code| (name, code)))
        .filter(|(name, code)| !(matches!(**name, "temporality" | "assignment") && code.as_str() == "01"))
        .map(|(name, code)| format!("{name} {code}"))
        .collect();
    parts.join(", ")
}
