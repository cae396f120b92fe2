//! `capacity-order`: for each record, an older measure is never sent after a newer one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use time::OffsetDateTime;

use super::super::context::Scene;
use super::super::words::{both, named, quote};
use super::super::{Finding, Kind, Nature};
use super::{Fate, took_effect, writes, written};
use crate::ror::capacity::RecordKey;
use crate::text::Text;

/// `capacity-order`: see [`super::super::Expect::CapacityOrder`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapacityOrder {}

impl Kind for CapacityOrder {
    fn title(&self) -> Text {
        both!(
            "Une mesure plus ancienne n’est jamais envoyée après une plus récente",
            "An older measure is never sent after a newer one"
        )
    }

    fn expected(&self, _: &Scene<'_>) -> Text {
        both!(
            "Pour un même enregistrement, capacityUpdateDate ne recule jamais d’un envoi au suivant.",
            "For one record, capacityUpdateDate never goes back from one call to the next."
        )
    }

    fn nature(&self) -> Nature {
        Nature::Form
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let mut latest: BTreeMap<(String, RecordKey), (OffsetDateTime, u32)> = BTreeMap::new();
        let writes = writes(scene);
        let mut dated = 0_usize;
        for write in &writes {
            for record in write.operations.iter().flat_map(written) {
                let (Some(identifier), Some(updated)) = (&write.identifier, record.updated()) else {
                    continue;
                };
                dated += 1;
                let place = (identifier.clone(), record.key.clone());
                if let Some((newest, number)) = latest.get(&place)
                    && updated < *newest
                {
                    let (name, sent) =
                        (named(write.exchange), quote(record.update_date.as_deref().unwrap_or_default()));
                    let (number, identifier, key) = (*number, quote(identifier), record.key.to_string());
                    return Finding::broken(
                        both!("{identifier} ({key}) : {sent}.", "{identifier} ({key}): {sent}."),
                        Text::new(
                            format!("{} envoie une mesure plus ancienne que celle de l’échange {number}.", name.fr),
                            format!("{} sends an older measure than that of exchange {number}.", name.en),
                        ),
                        both!(
                            "Après une panne, envoyez pour chaque enregistrement la dernière mesure seulement, ou toutes dans leur ordre.",
                            "After an outage, send only the latest measure of each record, or all of them in their order."
                        ),
                    )
                    .citing([number, write.exchange.number]);
                }
                // A newer measure that was refused is not held by the ROR: nothing is wiped out by the older one.
                if write.fate == Fate::Accepted || took_effect(scene, write.exchange) {
                    latest.insert(place, (updated, write.exchange.number));
                }
            }
        }
        if dated == 0 {
            return Finding::undecided(
                both!("Aucune mesure datée n’a été envoyée.", "No dated measure was sent."),
                both!(
                    "Sans date, l’ordre ne peut pas être jugé.",
                    "Without dates the order cannot be judged."
                ),
            );
        }
        Finding::met(
            both!("{dated} mesure(s) datée(s).", "{dated} dated measure(s)."),
            both!("Les dates ne reculent jamais.", "The dates never go back."),
        )
        .citing(writes.iter().take(5).map(|write| write.exchange.number))
    }
}
