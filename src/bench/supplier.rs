//! The service under test as a supplier of bed capacities: identities of its own, and whom it may write for.

use std::path::PathBuf;

use serde_json::Value;

use crate::campaign::{CampaignFile, SupplierKind};
use crate::journal::SupplierFacts;
use crate::pki::{Pki, PkiError, names};
use crate::ror::whitelist::{Entry, Reference, Status};
use crate::scenario::Registration;

/// The supplier's identities: one for all establishments (EAI, SaaS), or one for each (proprietary solution;
/// ALI-CERT-01).
#[derive(Debug, Clone)]
pub(super) struct Suppliers {
    service: String,
    identities: Vec<Identity>,
}

#[derive(Debug, Clone)]
struct Identity {
    client_id: String,
    chain: PathBuf,
    key: PathBuf,
    subject: String,
    establishments: Vec<String>,
}

impl Suppliers {
    pub(super) fn new(reference: &Reference, campaign: &CampaignFile, pki: &Pki) -> Result<Self, PkiError> {
        let under_test = &reference.under_test.supplier;
        let supplier = campaign.supplier.as_ref();
        let own = supplier.and_then(|supplier| supplier.certificate.as_ref());
        let mut declared = under_test.establishments.clone();
        declared.extend(supplier.map(|supplier| supplier.establishments.clone()).unwrap_or_default());
        let proprietary = supplier.is_some_and(|supplier| supplier.kind == SupplierKind::Proprietary);
        let mut identities = Vec::new();
        let count = if proprietary { pki.suppliers.len() } else { 1 };
        for (index, (files, client_id)) in
            pki.suppliers.iter().zip(&under_test.client_ids).take(count).enumerate()
        {
            let establishments = match (proprietary, index) {
                (false, _) => declared.clone(),
                // The second instance is that of the second establishment; all others are the first one's.
                (true, 0) => {
                    declared.iter().enumerate().filter(|(place, _)| *place != 1).map(own_name).collect()
                }
                (true, _) => declared.get(index).cloned().into_iter().collect(),
            };
            let (chain, key) = match own.filter(|_| index == 0) {
                Some(own) => (own.chain.clone(), own.key.clone()),
                None => (files.certificate.clone(), files.key.clone()),
            };
            let subject = names::subject_of_file(&chain)?;
            identities.push(Identity { client_id: client_id.clone(), chain, key, subject, establishments });
        }
        Ok(Self { service: under_test.service.clone(), identities })
    }

    /// The whitelist's entries, as a scenario wants the supplier registered.
    pub(super) fn entries(&self, reference: &Reference, registration: Registration) -> Vec<Entry> {
        if registration == Registration::UnknownClient {
            return Vec::new();
        }
        let entry = |identity: &Identity| Entry {
            service: format!("{} ({})", self.service, identity.client_id),
            url: None,
            client_id: identity.client_id.clone(),
            subject: Some(match registration {
                Registration::NotListed => {
                    reference.others.iter().find_map(|other| other.subject.clone()).unwrap_or_default()
                }
                _ => identity.subject.clone(),
            }),
            secret: None,
            // Of no use to a supplier, which reads nothing; not 0, which would ask it for a secret.
            profile: 1,
            establishments: identity.establishments.clone(),
            supplies: true,
            status: if registration == Registration::Suspended { Status::Suspended } else { Status::Active },
        };
        self.identities.iter().map(entry).collect()
    }

    pub(super) fn facts(&self) -> SupplierFacts {
        let first = self.identities.first();
        SupplierFacts {
            client_ids: self.identities.iter().map(|identity| identity.client_id.clone()).collect(),
            subject: first.map(|first| first.subject.clone()).unwrap_or_default(),
            establishments: self
                .identities
                .iter()
                .flat_map(|identity| identity.establishments.clone())
                .collect(),
        }
    }

    /// The identity of the establishment that `updates` name first; the first identity when it is nobody's.
    pub(super) fn variables(&self, input: &Value) -> [(&'static str, String); 3] {
        let establishment = input["updates"][0]["establishment"].as_str().unwrap_or_default();
        let own = self
            .identities
            .iter()
            .find(|identity| identity.establishments.iter().any(|held| held == establishment));
        let Some(identity) = own.or(self.identities.first()) else { return Default::default() };
        [
            ("ROR_SUPPLIER_CLIENT_ID", identity.client_id.clone()),
            ("ROR_SUPPLIER_CERT", identity.chain.display().to_string()),
            ("ROR_SUPPLIER_KEY", identity.key.display().to_string()),
        ]
    }
}

fn own_name((_, name): (usize, &String)) -> String {
    name.clone()
}
