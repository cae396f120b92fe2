//! Offers, written and generated.

use serde::Deserialize;

use super::{Contact, Telecom, Word, yes};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Offer {
    pub(crate) id: Word,
    pub(crate) created: Option<Word>,
    pub(crate) updated: Option<Word>,
    /// Value of the functional identifier; by default made of the region and the id.
    pub(crate) identifier: Option<String>,
    pub(crate) name: Option<String>,
    #[serde(default = "yes")]
    pub(crate) active: bool,
    /// Sensitive unit.
    #[serde(default)]
    pub(crate) sensitive: bool,
    /// Champ d'activité, TRE_R227.
    pub(crate) field: Word,
    /// TRE_R244.
    pub(crate) category: Option<Word>,
    /// TRE_R211.
    pub(crate) specialty: Word,
    /// TRE_R265, mandatory for a medico-social offer (RG_EXP_007).
    pub(crate) family: Option<Word>,
    /// careMode, TRE_R213.
    pub(crate) mode: Word,
    /// receptionType, TRE_R240.
    pub(crate) reception: Option<Word>,
    /// receptionModality, TRE_R338.
    #[serde(default)]
    pub(crate) modality: Vec<Word>,
    /// specificAct, TRE_R210.
    #[serde(default)]
    pub(crate) acts: Vec<Word>,
    /// outsideOfficeAct, TRE_R210.
    #[serde(default)]
    pub(crate) acts_outside_office: Vec<Word>,
    /// takingCareSpeciality, TRE_R245.
    #[serde(default)]
    pub(crate) care_specialities: Vec<Word>,
    /// annualOpening, TRE_R238.
    pub(crate) opening: Option<Word>,
    /// ressourceProfession, TRE_R350.
    #[serde(default)]
    pub(crate) professions: Vec<Word>,
    /// specificCompetence, TRE_R243.
    #[serde(default)]
    pub(crate) competences: Vec<Word>,
    /// expertiseLevel, TRE_R253.
    pub(crate) expertise: Option<Word>,
    /// `15 a - 150 a`, units a, mo, wk, d (RG_EXP_048).
    pub(crate) ages: Word,
    /// TRE_R239.
    #[serde(default)]
    pub(crate) patients: Vec<Word>,
    /// TRE_R13, intervention zone.
    #[serde(default)]
    pub(crate) zone: Vec<Word>,
    pub(crate) psychiatric_sector: Option<String>,
    pub(crate) no_consent_habilitation: Option<bool>,
    #[serde(default)]
    pub(crate) contacts: Vec<Contact>,
    /// MSS mailboxes.
    #[serde(default)]
    pub(crate) telecoms: Vec<Telecom>,
    /// `01 mon-fri 08:30-18:00`: TRE_R252, days, hours.
    #[serde(default)]
    pub(crate) hours: Vec<Word>,
    /// Closing and planned reopening day.
    pub(crate) closed: Option<ClosedPeriod>,
    /// Ids of Locations.
    #[serde(default)]
    pub(crate) at: Vec<Word>,
    pub(crate) comment: Option<String>,
    #[serde(default)]
    pub(crate) extensions: Vec<serde_json::Value>,
    /// Leaves out the patient type, which is mandatory: such an offer is never sent (RG_EXP_002).
    #[serde(default)]
    pub(crate) without_patient_type: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClosedPeriod {
    pub(crate) from: Word,
    pub(crate) until: Option<Word>,
}

/// Offers made by the seed, each block with its own numbering.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Generated {
    pub(crate) offers: u32,
    /// Id of the first offer; the others follow.
    pub(crate) first_offer: u32,
    /// Id of the first Location.
    pub(crate) first_location: u32,
    /// Offers that share one Location.
    pub(crate) offers_per_location: u32,
    /// Ids of the organizations that carry them in turn; each must stand in the file with an address.
    pub(crate) under: Vec<Word>,
    /// `{specialty}` and `{number}` are filled in.
    pub(crate) name: String,
    /// TRE_R227.
    pub(crate) field: Word,
    /// TRE_R244.
    pub(crate) category: Option<Word>,
    /// TRE_R211; one is drawn for each offer.
    pub(crate) specialties: Vec<Word>,
    /// TRE_R265.
    pub(crate) family: Option<Word>,
    /// TRE_R213; one is drawn for each offer.
    pub(crate) modes: Vec<Word>,
    /// One is drawn for each offer.
    pub(crate) ages: Vec<Word>,
    /// Telephone numbers begin so; four digits of a counter follow.
    pub(crate) telephone: String,
    /// Last updates are drawn between these instants.
    pub(crate) updated: Between,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Between {
    pub(crate) from: Word,
    pub(crate) to: Word,
}
