//! `banc.yaml`, the campaign file. Everything is optional but what a command needs.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The campaign file; copied whole into `report.json` and printed on the report's first page.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct CampaignFile {
    /// Who publishes the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub editor: Option<Editor>,
    /// The service under test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// Regions (INSEE codes) that the service covers; empty: all France.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub perimeter: Vec<String>,
    /// Exposition model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Model>,
    /// Access profiles granted, 0 to 5; without `--profile` the first one is played.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<u8>,
    /// Test plans.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plans: Vec<String>,
    /// Actions that the client has; the adapter is not asked for others. All when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<String>>,
    /// For the feed: who supplies, and for which establishments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Supplier>,
    /// The adapter's command, as `--client`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// IP addresses declared to the ANS.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// The editor's own certificate, such as its IGC-Santé TEST one, instead of the bench's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// Authorities (PEM) that issued it, trusted for client certificates beside the bench's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ca: Option<PathBuf>,
    /// Quotas, when the ANS changed them (CHA-Q-06).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quotas: Option<QuotaValues>,
}

/// Who publishes the service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Editor {
    /// Name.
    pub name: String,
    /// SIRET, 14 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub siret: Option<String>,
}

/// The service under test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Service {
    /// Name.
    pub name: String,
    /// Version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it is for (CHA-PURPOSE-01).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purposes: Vec<String>,
}

/// Exposition model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Model {
    /// FHIR.
    #[serde(rename = "MEV3.0")]
    Mev30,
    /// CSD.
    #[serde(rename = "MEV2.4")]
    Mev24,
}

/// Who feeds capacities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Supplier {
    /// How it is connected.
    pub kind: SupplierKind,
    /// Establishments supplied, by IdNat_Struct.
    #[serde(default)]
    pub establishments: Vec<String>,
    /// The supplier's own certificate, such as its IGC-Santé TEST one, instead of the bench's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
}

/// Kinds of suppliers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SupplierKind {
    /// A regional integration broker.
    Eai,
    /// One service for many establishments.
    Saas,
    /// One instance, and one certificate, per establishment.
    Proprietary,
}

/// A certificate of the editor's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Certificate {
    /// Chain, PEM, leaf first.
    pub chain: PathBuf,
    /// Key, PKCS#8 PEM, not encrypted. It is handed to the adapter by its path and never read by the bench.
    pub key: PathBuf,
}

/// Quotas in calls per second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct QuotaValues {
    /// Level 1 (CHA-Q-01).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level_1: Option<u32>,
    /// Level 2 with authentication (CHA-Q-02).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level_2: Option<u32>,
    /// Level 2 without authentication (CHA-Q-03).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level_2_public: Option<u32>,
}
