//! The service under test: how the whitelist knows it, and what its adapter is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::behaviour::BehaviourFacts;
use super::supplier::Suppliers;
use crate::campaign::CampaignFile;
use crate::journal::{Redactor, ScenarioStarted, ServiceFacts, SupplierFacts};
use crate::pki::{Pki, PkiError, names};
use crate::ror::AccessProfile;
use crate::ror::whitelist::{Entry, Reference, Status, Whitelist};
use crate::scenario::{Given, Registration};
use crate::server::{CAPACITY_PATH, FHIR_PATH, Mock, TASK_PATH};

/// The service under test and its credentials.
#[derive(Debug, Clone)]
pub struct ServiceUnderTest {
    /// Its access profile.
    pub profile: AccessProfile,
    client_id: String,
    name: String,
    certificate: Option<CertificateFiles>,
    secret: Option<String>,
    ca: PathBuf,
    suppliers: Suppliers,
}

#[derive(Debug, Clone)]
struct CertificateFiles {
    chain: PathBuf,
    key: PathBuf,
    p12: Option<(PathBuf, String)>,
    subject: String,
}

impl ServiceUnderTest {
    /// Profile 0 gets a fresh secret and no certificate; profiles 1 to 5 a certificate and no secret.
    ///
    /// # Errors
    /// When the campaign's own certificate cannot be read, or the system gives no randomness.
    pub fn new(
        profile: AccessProfile,
        reference: &Reference,
        campaign: &CampaignFile,
        pki: &Pki,
    ) -> Result<Self, PkiError> {
        let certificate = match (profile.get(), &campaign.certificate) {
            (0, _) => None,
            (_, None) => Some(CertificateFiles {
                chain: pki.client.certificate.clone(),
                key: pki.client.key.clone(),
                p12: pki.client.p12.clone(),
                subject: pki.client.subject.clone(),
            }),
            (_, Some(own)) => Some(CertificateFiles {
                subject: names::subject_of_file(&own.chain)?,
                chain: own.chain.clone(),
                key: own.key.clone(),
                p12: None,
            }),
        };
        let secret = if certificate.is_none() { Some(fresh_secret()?) } else { None };
        Ok(Self {
            profile,
            client_id: reference.under_test.client_id.clone(),
            name: reference.under_test.service.clone(),
            certificate,
            secret,
            ca: pki.ca.clone(),
            suppliers: Suppliers::new(reference, campaign, pki)?,
        })
    }

    /// The whitelist with this service as a scenario wants it registered.
    #[must_use]
    pub fn whitelist(
        &self,
        reference: &Reference,
        registration: Registration,
        supplier: Registration,
    ) -> Whitelist {
        let mut entries = reference.others.clone();
        entries.extend(self.suppliers.entries(reference, supplier));
        let mut entry = Entry {
            service: self.name.clone(),
            url: None,
            client_id: self.client_id.clone(),
            subject: self.certificate.as_ref().map(|certificate| certificate.subject.clone()),
            secret: self.secret.clone(),
            profile: self.profile.get(),
            establishments: Vec::new(),
            supplies: false,
            status: Status::Active,
        };
        match registration {
            Registration::Listed => {}
            Registration::Suspended => entry.status = Status::Suspended,
            Registration::NotListed => {
                entry.subject = entry.subject.map(|_| "CN=AUTRE_SERVICE,O=GIP - TEST3012,C=FR".to_owned());
                entry.secret = entry.secret.map(|secret| format!("not-{secret}"));
            }
            Registration::UnknownClient => return Whitelist::new(entries),
        }
        entries.push(entry);
        Whitelist::new(entries)
    }

    /// Its certificate's file; none with profile 0.
    pub(super) fn own_certificate(&self) -> Option<&Path> {
        self.certificate.as_ref().map(|certificate| certificate.chain.as_path())
    }

    /// What the journal says of it.
    #[must_use]
    pub fn facts(
        &self,
        reference: &Reference,
        registration: Registration,
        redactor: &Redactor,
    ) -> ServiceFacts {
        let headers = reference.assigned.headers(self.profile.get());
        ServiceFacts {
            client_id: self.client_id.clone(),
            subject: self.certificate.as_ref().map(|certificate| certificate.subject.clone()),
            registration: registration.name().to_owned(),
            assigned_headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            secret: self.secret.as_deref().map(|secret| redactor.mark(secret)),
        }
    }

    /// What the journal says of it as a supplier; the identity that a step uses first.
    #[must_use]
    pub fn supplier_facts(&self) -> SupplierFacts {
        self.suppliers.facts()
    }

    /// The variables of the supplier's identity for a step: that of the establishment which its input names first.
    pub(super) fn supplier_variables(&self, input: &Value) -> [(&'static str, String); 3] {
        self.suppliers.variables(input)
    }

    /// Keeps its secret out of every output.
    pub fn register_secret(&self, redactor: &Redactor) {
        if let Some(secret) = &self.secret {
            redactor.register(secret);
        }
    }
}

/// What the journal says first of a scenario: how its mock was set up.
pub(super) fn scenario_started(
    service: &ServiceUnderTest,
    reference: &Reference,
    seed: u64,
    given: &Given,
    facts: BehaviourFacts,
    mock: &Mock,
    redactor: &Redactor,
) -> ScenarioStarted {
    ScenarioStarted {
        canaries: given.canaries.iter().map(|canary| canary.as_str().to_owned()).collect(),
        dataset: given.dataset.clone(),
        seed,
        profile: service.profile.get(),
        service: service.facts(reference, given.registration, redactor),
        quotas: facts.quotas,
        token_lifetime_s: given.token_lifetime.duration().as_secs(),
        fhir_url: format!("{}{FHIR_PATH}", mock.api_url),
        token_url: mock.token_url.clone(),
        drafts: facts.drafts,
        capacity_url: format!("{}{CAPACITY_PATH}", mock.api_url),
        task_url: format!("{}{TASK_PATH}", mock.api_url),
        supplier: Some(service.supplier_facts()),
        not_playable: None,
    }
}

/// The variables of the adapter contract that do not change from step to step.
#[must_use]
pub(super) fn adapter_variables(
    service: &ServiceUnderTest,
    reference: &Reference,
    mock: &Mock,
) -> BTreeMap<String, String> {
    let mut variables = endpoint_variables(Some(&mock.token_url), Some(&mock.api_url));
    let mut set = |name: &str, value: String| variables.insert(name.to_owned(), value);
    set("ROR_CA_CERT", service.ca.display().to_string());
    set("ROR_CLIENT_ID", service.client_id.clone());
    set("ROR_PROFILE", service.profile.get().to_string());
    let names = [
        "ROR_PROFIL_UTILISATEUR_CODE",
        "ROR_PROFIL_UTILISATEUR_SYSTEM",
        "ROR_ROLE_METIER_CODE",
        "ROR_ROLE_METIER_SYSTEM",
    ];
    for (name, (_, value)) in names.into_iter().zip(reference.assigned.headers(service.profile.get())) {
        set(name, value.to_owned());
    }
    if let Some(certificate) = &service.certificate {
        set("ROR_CLIENT_CERT", certificate.chain.display().to_string());
        set("ROR_CLIENT_KEY", certificate.key.display().to_string());
        if let Some((path, password)) = &certificate.p12 {
            set("ROR_CLIENT_P12", path.display().to_string());
            set("ROR_CLIENT_P12_PASSWORD", password.clone());
        }
    }
    if let Some(secret) = &service.secret {
        set("ROR_CLIENT_SECRET", secret.clone());
    }
    variables
}

/// The variables that name the servers, given the URL of the token endpoint and the origin of the APIs.
pub(super) fn endpoint_variables(
    token_url: Option<&str>,
    api_origin: Option<&str>,
) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    if let Some(url) = token_url {
        variables.insert("ROR_TOKEN_URL".to_owned(), url.to_owned());
    }
    if let Some(origin) = api_origin {
        let apis =
            [("ROR_FHIR_URL", FHIR_PATH), ("ROR_CAPACITY_URL", CAPACITY_PATH), ("ROR_TASK_URL", TASK_PATH)];
        variables.extend(apis.map(|(name, path)| (name.to_owned(), format!("{origin}{path}"))));
    }
    variables
}

fn fresh_secret() -> Result<String, PkiError> {
    let mut bytes = [0; 24];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| PkiError::Randomness)?;
    Ok(crate::journal::hex(&bytes))
}
