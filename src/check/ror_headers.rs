//! `ror-headers`: the four `Ror-*` headers on every GET of the five types (CHA-PROF-01).

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

use super::context::{Scene, decoded_path};
use super::words::{both, named, quote};
use super::{Finding, Kind, Nature};
use crate::journal::{Api, Exchange};
use crate::ror::ResourceType;
use crate::text::Text;

/// `ror-headers`: see [`super::Expect::RorHeaders`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RorHeaders {
    /// What is looked at.
    pub look_at: HeaderFacet,
}

/// What is looked at in the four headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeaderFacet {
    /// All four are there.
    Presence,
    /// The codes are those that the ANS assigned.
    Codes,
    /// The systems are bare OIDs as assigned, without `urn:oid:`.
    Systems,
}

/// One thing wrong with one header of one request.
struct Wrong<'a> {
    exchange: &'a Exchange,
    what: Text,
}

impl Kind for RorHeaders {
    fn title(&self) -> Text {
        match self.look_at {
            HeaderFacet::Presence => both!(
                "Les quatre en-têtes Ror-* accompagnent chaque GET des cinq types de ressources",
                "The four Ror-* headers go with every GET of the five resource types"
            ),
            HeaderFacet::Codes => both!(
                "Les codes des en-têtes Ror-* sont ceux que l’ANS a attribués",
                "The codes in the Ror-* headers are those that the ANS assigned"
            ),
            HeaderFacet::Systems => both!(
                "Les systèmes des en-têtes Ror-* sont les OID attribués, sans « urn:oid: »",
                "The systems in the Ror-* headers are the OIDs assigned, without `urn:oid:`"
            ),
        }
    }

    fn expected(&self, scene: &Scene<'_>) -> Text {
        let assigned: Vec<String> = self
            .judged(scene)
            .map(|(name, value)| match self.look_at {
                HeaderFacet::Presence => name.clone(),
                _ => format!("{name}: {value}"),
            })
            .collect();
        let assigned = assigned.join(", ");
        both!("Sur chaque GET des cinq types : {assigned}.", "On every GET of the five types: {assigned}.")
    }

    fn nature(&self) -> Nature {
        Nature::Form
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let reads: Vec<&Exchange> =
            scene.exchanges().filter(|exchange| needs_headers(scene, exchange)).collect();
        if reads.is_empty() && scene.exchanges().any(|exchange| decoded_path(exchange).ends_with("/_search"))
        {
            return Finding::skipped(
                both!(
                    "Des POST _search, aucun GET de l’un des cinq types.",
                    "POST _search, no GET of one of the five types."
                ),
                both!(
                    "Les en-têtes ne sont exigés que sur les GET des cinq types : le client n’en fait pas.",
                    "The headers are asked for on GETs of the five types only: the client makes none."
                ),
            );
        }
        if reads.is_empty() {
            return Finding::undecided(
                both!("Aucun GET de l’un des cinq types.", "No GET of one of the five types."),
                both!(
                    "Le client n’a lu aucune ressource : ses en-têtes ne peuvent pas être jugés.",
                    "The client read no resource: its headers cannot be judged."
                ),
            );
        }
        let mut wrong: Vec<Wrong<'_>> = Vec::new();
        let mut seen = 0_usize;
        for read in &reads {
            for (name, assigned) in self.judged(scene) {
                let sent = values(read, name);
                seen += sent.len();
                if let Some(what) = self.fault(name, assigned, &sent) {
                    wrong.push(Wrong { exchange: read, what });
                }
            }
        }
        if let Some(first) = wrong.first() {
            return broken(first, &wrong, reads.len());
        }
        if seen == 0 {
            return Finding::undecided(
                both!("Aucun de ces en-têtes n’a été envoyé.", "None of these headers was sent."),
                both!(
                    "Sans en-tête, leurs valeurs ne peuvent pas être jugées (leur absence l’est par ailleurs).",
                    "Without headers their values cannot be judged (their absence is judged elsewhere)."
                ),
            );
        }
        let count = reads.len();
        let cited: Vec<u32> = reads.iter().take(5).map(|read| read.number).collect();
        Finding::met(
            both!("{count} GET examiné(s), tous conformes.", "{count} GET examined, all as they should be."),
            both!("Chaque lecture porte les en-têtes attendus.", "Every read carries the headers expected."),
        )
        .citing(cited)
    }
}

impl RorHeaders {
    /// The assigned headers that this facet looks at.
    fn judged<'a>(self, scene: &Scene<'a>) -> impl Iterator<Item = &'a (String, String)> + use<'a> {
        scene.evidence.setting.service.assigned_headers.iter().filter(move |(name, _)| {
            let name = name.to_ascii_lowercase();
            match self.look_at {
                HeaderFacet::Presence => true,
                HeaderFacet::Codes => name.ends_with("-code"),
                HeaderFacet::Systems => name.ends_with("-system"),
            }
        })
    }

    fn fault(self, name: &str, assigned: &str, sent: &[&str]) -> Option<Text> {
        if self.look_at == HeaderFacet::Presence {
            return sent.is_empty().then(|| both!("l’en-tête {name} manque", "the header {name} is missing"));
        }
        let other = sent.iter().find(|value| **value != assigned)?;
        let value = quote(other);
        let bare = other.strip_prefix("urn:oid:").or_else(|| other.strip_prefix("URN:OID:"));
        Some(match bare {
            Some(_) => both!(
                "{name} vaut « {value} » : le ROR attend l’OID nu, sans le préfixe « urn:oid: » ({assigned})",
                "{name} is `{value}`: the ROR expects the bare OID, without the prefix `urn:oid:` ({assigned})"
            ),
            None => both!(
                "{name} vaut « {value} » au lieu de « {assigned} », la valeur attribuée",
                "{name} is `{value}` instead of `{assigned}`, the value assigned"
            ),
        })
    }
}

/// A GET on one of the five types: a search (pages included), a read, or a version.
fn needs_headers(scene: &Scene<'_>, exchange: &Exchange) -> bool {
    exchange.api() == Api::Fhir
        && exchange.request.method == "GET"
        && scene.fhir_path(exchange).is_some_and(|(resource, _)| ResourceType::parse(&resource).is_some())
}

/// The values of a header that are not empty.
fn values<'a>(exchange: &'a Exchange, name: &str) -> Vec<&'a str> {
    let headers = exchange.request.headers.iter();
    headers
        .filter(|(header, _)| header.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
        .filter(|value| !value.is_empty())
        .collect()
}

fn broken(first: &Wrong<'_>, wrong: &[Wrong<'_>], reads: usize) -> Finding {
    let numbers: BTreeSet<u32> = wrong.iter().map(|wrong| wrong.exchange.number).collect();
    let (count, name, what) = (numbers.len(), named(first.exchange), &first.what);
    let actual = both!("{count} GET sur {reads} en défaut.", "{count} GET out of {reads} at fault.");
    let why = Text::new(
        format!("Sur {}, {}.", name.fr.replacen("échange", "l’échange", 1), what.fr),
        format!("On {}, {}.", name.en, what.en),
    );
    let mut others: Vec<Text> = Vec::new();
    for wrong in wrong {
        if wrong.what != first.what && !others.contains(&wrong.what) && others.len() < 4 {
            others.push(wrong.what.clone());
        }
    }
    let remedy = both!(
        "Envoyez sur chaque GET, y compris les lectures en parallèle, les quatre valeurs reçues de l’ANS avec le client_id, telles quelles.",
        "Send on every GET, parallel reads included, the four values received from the ANS with the client_id, as they are."
    );
    Finding::broken(actual, why, remedy).notes(others).citing(numbers)
}
