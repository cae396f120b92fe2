//! Places.

use serde::Deserialize;

use super::{Address, Telecom, Word, yes};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Location {
    pub(crate) id: Word,
    pub(crate) updated: Option<Word>,
    /// Type 25; by default made of the region and the id, `none` for no such identifier.
    pub(crate) identifier: Option<String>,
    /// Type 26, the bed zone's code of the offer holder.
    pub(crate) external: Option<String>,
    /// Type 26 before type 25.
    #[serde(default)]
    pub(crate) external_first: bool,
    pub(crate) name: Option<String>,
    pub(crate) alias: Option<String>,
    /// TRE_R343.
    pub(crate) function: Option<Word>,
    #[serde(default = "yes")]
    pub(crate) active: bool,
    /// TRE_R203.
    pub(crate) operational: Option<Word>,
    /// By default that of the site.
    pub(crate) address: Option<Address>,
    /// No address at all.
    #[serde(default)]
    pub(crate) without_address: bool,
    /// Latitude and longitude.
    pub(crate) position: Option<[f64; 2]>,
    #[serde(default)]
    pub(crate) telecoms: Vec<Telecom>,
    #[serde(default)]
    pub(crate) capacities: Vec<Capacity>,
    #[serde(default)]
    pub(crate) equipment: Vec<Equipment>,
    #[serde(default)]
    pub(crate) residential: Vec<Residential>,
    pub(crate) comment: Option<String>,
    /// Attached to no offer: its site is the managingOrganization.
    #[serde(default)]
    pub(crate) managed: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Capacity {
    /// TRE_R330.
    pub(crate) status: Word,
    pub(crate) count: u32,
    /// TRE_R329, by default 01 (bed).
    pub(crate) r#type: Option<Word>,
    /// TRE_R331, by default 01 (now).
    pub(crate) temporality: Option<Word>,
    /// TRE_R335, by default 02 (bed management).
    pub(crate) source: Option<Word>,
    /// TRE_R337, by default 01 (none).
    pub(crate) assignment: Option<Word>,
    /// TRE_R332.
    pub(crate) gender: Option<Word>,
    /// TRE_R333.
    pub(crate) closing: Option<Word>,
    /// TRE_R334.
    pub(crate) additional: Option<Word>,
    /// TRE_R336.
    pub(crate) crisis: Option<Word>,
    /// By default that of the Location.
    pub(crate) updated: Option<Word>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Equipment {
    /// TRE_R212.
    pub(crate) r#type: Word,
    pub(crate) count: Option<u32>,
    #[serde(default)]
    pub(crate) limits: Vec<Limit>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limit {
    /// TRE_R340.
    pub(crate) feature: Word,
    pub(crate) value: f64,
    /// UCUM code.
    pub(crate) unit: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Residential {
    /// TRE_R242.
    pub(crate) r#type: Word,
    pub(crate) count: Option<u32>,
}
