//! What the policy needs to know of the offers around each resource: sensitivity and champ d'activité.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::{AccessPolicy, ORGANIZATION_ALL_OFFERS};
use crate::ror::path::ROR_STRUCTURE;
use crate::ror::resource::{Resource, ResourceType};

/// An offer, as far as the policy looks at it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Offer {
    /// Sensitive unit.
    pub(super) sensitive: bool,
    /// Champ d'activité 04.
    pub(super) medico_social: bool,
    /// Champ d'activité 05.
    pub(super) ville: bool,
}

/// The offers around every resource of a dataset.
#[derive(Debug, Default)]
pub(crate) struct Offers([HashMap<String, Vec<Offer>>; 5]);

impl Offers {
    pub(crate) fn of(resources: &[Vec<Arc<Resource>>; 5], policy: &AccessPolicy) -> Self {
        let mut offers = Self::default();
        let mut by_organization: HashMap<&str, Vec<Offer>> = HashMap::new();
        for service in &resources[ResourceType::HealthcareService.index()] {
            let offer = Offer::of(&service.json);
            offers.add(ResourceType::HealthcareService, &service.id, offer);
            for id in references(&service.json, "location") {
                offers.add(ResourceType::Location, id, offer);
            }
            for id in references(&service.json, "providedBy") {
                by_organization.entry(id).or_default().push(offer);
            }
        }
        for role in &resources[ResourceType::PractitionerRole.index()] {
            for service in references(&role.json, "healthcareService") {
                for offer in offers.around(ResourceType::HealthcareService, service).to_vec() {
                    offers.add(ResourceType::PractitionerRole, &role.id, offer);
                    for practitioner in references(&role.json, "practitioner") {
                        offers.add(ResourceType::Practitioner, practitioner, offer);
                    }
                }
            }
        }
        offers.organizations(&resources[ResourceType::Organization.index()], &by_organization, policy);
        offers
    }

    /// The offers around a resource; one that has none is read as an ordinary offer of no champ d'activité.
    pub(crate) fn around(&self, t: ResourceType, id: &str) -> &[Offer] {
        const NONE: &[Offer] = &[Offer { sensitive: false, medico_social: false, ville: false }];
        self.0[t.index()].get(id).map_or(NONE, Vec::as_slice)
    }

    fn add(&mut self, t: ResourceType, id: &str, offer: Offer) {
        let offers = self.0[t.index()].entry(id.to_owned()).or_default();
        if !offers.contains(&offer) {
            offers.push(offer);
        }
    }

    /// An organization stands as one offer that is medico-social when its offers and those under it are.
    fn organizations(
        &mut self,
        organizations: &[Arc<Resource>],
        own: &HashMap<&str, Vec<Offer>>,
        policy: &AccessPolicy,
    ) {
        let parents: HashMap<&str, &str> = organizations
            .iter()
            .filter_map(|o| references(&o.json, "partOf").next().map(|parent| (o.id.as_str(), parent)))
            .collect();
        let mut under: HashMap<&str, Vec<Offer>> = HashMap::new();
        for (carrier, offers) in own {
            let mut seen = HashSet::new();
            let mut next = Some(*carrier);
            while let Some(id) = next.filter(|id| seen.insert(*id)) {
                under.entry(id).or_default().extend(offers);
                next = parents.get(id).copied();
            }
        }
        let all = policy.option(ORGANIZATION_ALL_OFFERS);
        for (id, offers) in under {
            let medico_social = match all {
                true => offers.iter().all(|o| o.medico_social),
                false => offers.iter().any(|o| o.medico_social),
            };
            self.add(ResourceType::Organization, id, Offer { medico_social, ..Offer::default() });
        }
    }
}

impl Offer {
    fn of(service: &Value) -> Self {
        let sensitive = service["extension"].as_array().is_some_and(|extensions| {
            extensions.iter().any(|e| {
                let url = e["url"].as_str().and_then(|url| url.strip_prefix(ROR_STRUCTURE));
                url == Some("ror-healthcareservice-sensitive-unit") && e["valueBoolean"] == Value::Bool(true)
            })
        });
        let field = |code: &str| {
            service["type"].as_array().is_some_and(|types| {
                types.iter().any(|t| {
                    t["coding"].as_array().is_some_and(|c| c.iter().any(|c| c["code"].as_str() == Some(code)))
                })
            })
        };
        Self { sensitive, medico_social: field("04"), ville: field("05") }
    }
}

/// The ids that `resource.<element>` refers to, one or many.
pub(super) fn references<'a>(resource: &'a Value, element: &str) -> impl Iterator<Item = &'a str> {
    let many = match resource.get(element) {
        Some(Value::Array(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    many.iter().filter_map(|r| r["reference"].as_str()?.rsplit_once('/')).map(|(_, id)| id)
}
