//! The compact YAML form of a dataset, as its author writes it. Codes are written bare; the code system of each
//! field stands in its comment here and in [`super::fhir`].

mod location;
mod offer;
mod practitioner;

use serde::Deserialize;
use serde_saphyr::Spanned;

pub(crate) use location::{Capacity, Equipment, Location};
pub(crate) use offer::{Between, Generated, Offer};
pub(crate) use practitioner::{Practitioner, Role};

/// A text that knows its place in the file.
pub(crate) type Word = Spanned<String>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dataset {
    /// What this dataset is, for people.
    #[expect(dead_code, reason = "for people who read the file")]
    pub(crate) description: String,
    /// TRE_R30, source region of all that does not say another.
    pub(crate) region: Word,
    /// Creation date of all that does not say another (instant).
    pub(crate) created: Word,
    /// Last update of all that does not say another (instant).
    pub(crate) updated: Word,
    /// EJ, each with its EG.
    #[serde(default)]
    pub(crate) organizations: Vec<LegalEntity>,
    /// City practices: EG without an EJ.
    #[serde(default)]
    pub(crate) practices: Vec<Site>,
    #[serde(default)]
    pub(crate) practitioners: Vec<Practitioner>,
    #[serde(default)]
    pub(crate) generate: Vec<Generated>,
}

/// EJ.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct LegalEntity {
    pub(crate) id: Word,
    pub(crate) region: Option<Word>,
    pub(crate) created: Option<Word>,
    pub(crate) updated: Option<Word>,
    pub(crate) finess: Option<Word>,
    pub(crate) siren: Option<Word>,
    /// Positions of the identifiers: `finess, idnat, siren`; the usual order is idnat, finess, siren.
    #[serde(default)]
    pub(crate) identifier_order: Vec<Word>,
    /// TRE_R72.
    pub(crate) legal_status: Option<Word>,
    pub(crate) name: Option<String>,
    #[serde(default = "yes")]
    pub(crate) active: bool,
    pub(crate) address: Option<Address>,
    #[serde(default)]
    pub(crate) contacts: Vec<Contact>,
    /// Further FHIR extensions, as they stand.
    #[serde(default)]
    pub(crate) extensions: Vec<serde_json::Value>,
    #[serde(default)]
    pub(crate) sites: Vec<Site>,
}

/// EG.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Site {
    pub(crate) id: Word,
    pub(crate) region: Option<Word>,
    pub(crate) created: Option<Word>,
    pub(crate) updated: Option<Word>,
    pub(crate) finess: Option<Word>,
    pub(crate) siret: Option<Word>,
    pub(crate) rpps_rang: Option<Word>,
    #[serde(default)]
    pub(crate) identifier_order: Vec<Word>,
    /// TRE_R66.
    pub(crate) category: Option<Word>,
    pub(crate) name: Option<String>,
    pub(crate) alias: Option<String>,
    #[serde(default = "yes")]
    pub(crate) active: bool,
    pub(crate) address: Option<Address>,
    #[serde(default)]
    pub(crate) contacts: Vec<Contact>,
    /// Landing zone.
    pub(crate) drop_zone: Option<bool>,
    /// TRE_R249.
    pub(crate) orsan: Option<Word>,
    /// TRE_R241.
    #[serde(default)]
    pub(crate) financial_help: Vec<Word>,
    pub(crate) family_accommodation: Option<bool>,
    #[serde(default)]
    pub(crate) prices: Vec<Price>,
    /// TRE_R286, with the date.
    pub(crate) closed: Option<Closure>,
    #[serde(default)]
    pub(crate) extensions: Vec<serde_json::Value>,
    /// OI.
    #[serde(default)]
    pub(crate) units: Vec<Unit>,
    #[serde(default)]
    pub(crate) locations: Vec<Location>,
    #[serde(default)]
    pub(crate) offers: Vec<Offer>,
}

/// OI: pôle, service or UF.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Unit {
    pub(crate) id: Word,
    pub(crate) updated: Option<Word>,
    /// TRE_R207.
    pub(crate) r#type: Word,
    /// Value of the functional identifier; by default made of the region and the id.
    pub(crate) identifier: Option<String>,
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) contacts: Vec<Contact>,
    /// MSS mailboxes.
    #[serde(default)]
    pub(crate) telecoms: Vec<Telecom>,
    #[serde(default)]
    pub(crate) offers: Vec<Offer>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Closure {
    /// TRE_R286.
    pub(crate) kind: Word,
    /// Day.
    pub(crate) on: Word,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Address {
    pub(crate) number: Option<String>,
    pub(crate) street_type: Option<String>,
    pub(crate) street: Option<String>,
    pub(crate) postal_code: String,
    pub(crate) city: String,
    /// TRE_R13.
    pub(crate) commune: Word,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contact {
    /// TRE_R287; excludes name and function (RG_EXP_040).
    pub(crate) purpose: Option<Word>,
    /// Family and given name.
    pub(crate) name: Option<[String; 2]>,
    /// TRE_R251.
    pub(crate) function: Option<Word>,
    pub(crate) description: Option<String>,
    /// TRE_R283: 1, 2 or 3.
    pub(crate) level: u8,
    #[serde(default)]
    pub(crate) telecoms: Vec<Telecom>,
}

/// One of the channels, and the level.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Telecom {
    pub(crate) mobile: Option<Word>,
    pub(crate) fixe: Option<Word>,
    pub(crate) courriel: Option<Word>,
    pub(crate) site: Option<Word>,
    /// TRE_R283: 1, 2 or 3.
    pub(crate) level: u8,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Price {
    /// TRE_R246.
    pub(crate) r#type: Word,
    /// TRE_R228.
    pub(crate) unit: Word,
    /// In euros.
    pub(crate) amount: f64,
    pub(crate) from: Option<Word>,
    /// TRE_R242.
    pub(crate) residential_type: Option<Word>,
    /// TRE_R250.
    pub(crate) special: Option<Word>,
    /// TRE_R240.
    pub(crate) welcome_type: Option<Word>,
    /// TRE_R237.
    pub(crate) dependency_level: Option<Word>,
}

fn yes() -> bool {
    true
}
