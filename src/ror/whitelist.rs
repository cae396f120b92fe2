//! The whitelist (liste blanche, CHA-WL-01): who may connect, with what proof, and with which access profile.

use serde::Deserialize;

use super::{AccessProfile, distinguished_name};
use crate::yaml::{self, DataError};

/// Names of the four headers (ror-fhir.md §1.3), in lower case.
pub const ROR_HEADERS: [&str; 4] = [
    "ror-profil-utilisateur-code",
    "ror-profil-utilisateur-system",
    "ror-role-metier-code",
    "ror-role-metier-system",
];

/// All services that the ANS knows.
#[derive(Debug, Clone)]
pub struct Whitelist {
    entries: Vec<Entry>,
}

/// One service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Entry {
    /// Name of the service.
    pub service: String,
    /// Its URL.
    #[serde(default)]
    pub url: Option<String>,
    /// Its OAuth client_id.
    pub client_id: String,
    /// Subject DN of its certificate, RFC 4514; none with profile 0.
    #[serde(default)]
    pub subject: Option<String>,
    /// Its secret; profile 0 only.
    #[serde(default)]
    pub secret: Option<String>,
    /// Its application access profile, 0 to 5.
    pub profile: u8,
    /// Establishments that it may feed, by IdNat_Struct.
    #[serde(default)]
    pub establishments: Vec<String>,
    /// Whether this client_id feeds capacities; then it reads nothing (a consumer has a client_id of its own).
    #[serde(default)]
    pub supplies: bool,
    /// Whether it may connect.
    pub status: Status,
}

/// Whether a service may connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It may.
    Active,
    /// Its authorisation is suspended (CHA-Q-05).
    Suspended,
}

/// What the reference file gives: assigned values, the service under test, other services.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reference {
    /// What the ANS assigns with a client_id.
    pub assigned: Assigned,
    /// The service under test.
    pub under_test: UnderTest,
    /// Other services.
    pub others: Vec<Entry>,
}

/// What the ANS assigns with a client_id.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Assigned {
    system_of_functions: String,
    system_of_roles: String,
    role: String,
    functions: [String; 6],
}

/// The service under test.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct UnderTest {
    /// Its name.
    pub service: String,
    /// Its client_id.
    pub client_id: String,
    /// The same editor as a supplier of capacities.
    pub supplier: SupplierUnderTest,
}

/// The service under test as a supplier of capacities.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SupplierUnderTest {
    /// Its name.
    pub service: String,
    /// Its client_ids: the first one for all establishments, or one for each.
    pub client_ids: [String; 2],
    /// Establishments of the demonstration data that it may feed, by IdNat_Struct.
    pub establishments: Vec<String>,
}

impl Reference {
    /// The reference file that is built in, `scenarios/reference/whitelist.yaml`.
    ///
    /// # Errors
    /// When the file is wrong, which a test rules out.
    pub fn builtin() -> Result<Self, DataError> {
        let file = "scenarios/reference/whitelist.yaml";
        yaml::from_str(file, include_str!("../../scenarios/reference/whitelist.yaml"))
    }
}

impl Assigned {
    /// The four headers of a service with that profile, names in lower case.
    #[must_use]
    pub fn headers(&self, profile: u8) -> [(&'static str, &str); 4] {
        let function = self.functions.get(usize::from(profile)).map_or("", String::as_str);
        let [function_code, function_system, role_code, role_system] = ROR_HEADERS;
        [
            (function_code, function),
            (function_system, &self.system_of_functions),
            (role_code, &self.role),
            (role_system, &self.system_of_roles),
        ]
    }
}

impl Whitelist {
    /// A whitelist of these services.
    #[must_use]
    pub fn new(entries: Vec<Entry>) -> Self {
        Self { entries }
    }

    /// The entry of that client_id.
    #[must_use]
    pub fn find(&self, client_id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.client_id == client_id)
    }

    /// The entry that declares that subject.
    #[must_use]
    pub fn declaring(&self, subject: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.declares(subject))
    }
}

impl Entry {
    /// Its access profile; the narrowest one when the number is none.
    #[must_use]
    pub fn access_profile(&self) -> AccessProfile {
        AccessProfile::try_new(self.profile).unwrap_or(AccessProfile::ALL[0])
    }

    /// Whether that subject is the one declared, compared by structure.
    #[must_use]
    pub fn declares(&self, subject: &str) -> bool {
        self.subject.as_deref().is_some_and(|declared| distinguished_name::same(declared, subject))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_has_its_four_values() {
        let reference = Reference::builtin().unwrap();
        for profile in 0..=5 {
            assert!(reference.assigned.headers(profile).iter().all(|(_, value)| !value.is_empty()));
        }
    }

    #[test]
    fn a_service_declares_one_subject() {
        let whitelist = Whitelist::new(Reference::builtin().unwrap().others);
        let entry = whitelist.find("fictif-orientation").unwrap();
        assert!(entry.declares("CN=ORIENTATION_FICTIVE,OU=44444444444,O=GRADES FICTIF,ST=Loiret (45),C=FR"));
        assert!(!entry.declares("CN=ORIENTATION_FICTIVE,OU=44444444444,O=GRADES FICTIF,C=FR"));
        assert!(!whitelist.find("fictif-public").unwrap().declares(""));
    }
}
