//! The access policy, applied by the client itself to a user of a narrower profile than its own (CHA-PROF-02).

mod matrix;

use serde_json::Value;

use super::flaws::{Flaw, FlawSet};
use super::resource::{STRUCTURE_DEFINITION, code, elements, extensions, sub_extensions};
use matrix::{Data, Offer, Rule, allows, rule};

/// RG_EXP_032: the level of what does not tell one.
const DEFAULT_LEVEL: &str = "2";
const PUBLIC: &str = "1";

/// A user of one access profile, before one resource.
pub(crate) struct Viewer<'a> {
    profile: usize,
    offers: Vec<Offer>,
    flaws: &'a FlawSet,
}

impl<'a> Viewer<'a> {
    /// A user of `profile` before a resource that the HealthcareServices `offers` use or belong to.
    pub(crate) fn new(profile: usize, resource: &Value, offers: &[Value], flaws: &'a FlawSet) -> Self {
        let read = |service: &Value| {
            let flag = extensions(service, "ror-healthcareservice-sensitive-unit").next();
            let is_sensitive = flag.is_some_and(|flag| flag["valueBoolean"] == true);
            Offer {
                sensitive: is_sensitive && !flaws.has(Flaw::ShowSensitiveOffers),
                field: elements(&service["type"]).iter().find_map(code).map(str::to_owned),
            }
        };
        let offers: Vec<Offer> = offers.iter().map(read).collect();
        let offers = if resource["resourceType"] == "Organization" {
            vec![as_one(&offers)]
        } else if offers.is_empty() {
            // Nobody says that it is sensitive, nor of which champ d'activité it is.
            vec![Offer::default()]
        } else {
            offers
        };
        Self { profile, offers, flaws }
    }

    /// What of `resource` the user may see; nothing when all of it is hidden.
    pub(crate) fn sees(&self, mut resource: Value) -> Option<Value> {
        if self.flaws.has(Flaw::ShowHidesNothing) {
            return Some(resource);
        }
        let kind = resource["resourceType"].as_str().unwrap_or_default().to_owned();
        let (whole, telecom) = match kind.as_str() {
            "HealthcareService" => (Data::Offer, None),
            "Location" => (Data::Location, Some(Data::LocationTelecom)),
            "Organization" => (Data::Organization, None),
            "Practitioner" => (Data::Practitioner, None),
            "PractitionerRole" => (Data::PractitionerRole, Some(Data::PractitionerRoleTelecom)),
            _ => return None,
        };
        if !self.may(whole, "") {
            return None;
        }
        if let Some(data) = telecom {
            keep(&mut resource["telecom"], |telecom| self.may(data, self.level(telecom, TELECOM_LEVEL)));
        }
        match kind.as_str() {
            "HealthcareService" => self.hide_service_contacts(&mut resource),
            "Location" => self.hide_capacities(&mut resource),
            "Organization" => self.hide_organization_contacts(&mut resource),
            _ => {}
        }
        Some(resource)
    }

    fn hide_service_contacts(&self, service: &mut Value) {
        let contact = format!("{STRUCTURE_DEFINITION}ror-healthcareservice-contact");
        let telecom = format!("{STRUCTURE_DEFINITION}ror-healthcareservice-contact-telecom");
        keep(&mut service["extension"], |extension| {
            extension["url"] != contact.as_str()
                || self.may(Data::OfferContact, self.level(extension, "ror-confidentiality-level"))
        });
        let kept = service["extension"].as_array_mut().into_iter().flatten();
        for contact in kept.filter(|extension| extension["url"] == contact.as_str()) {
            keep(&mut contact["extension"], |extension| {
                extension["url"] != telecom.as_str() || self.may_telecom(Data::OfferContact, extension)
            });
        }
    }

    fn hide_organization_contacts(&self, organization: &mut Value) {
        keep(&mut organization["contact"], |contact| {
            self.may(Data::OrganizationContact, self.level(contact, "ror-contact-confidentiality-level"))
        });
        for contact in organization["contact"].as_array_mut().into_iter().flatten() {
            keep(&mut contact["telecom"], |telecom| self.may_telecom(Data::OrganizationContact, telecom));
        }
    }

    fn hide_capacities(&self, location: &mut Value) {
        let url = format!("{STRUCTURE_DEFINITION}ror-location-supported-capacity");
        keep(&mut location["extension"], |extension| {
            let status = sub_extensions(extension, "capacityStatus").next();
            let status = status.and_then(|status| code(&status["valueCodeableConcept"]));
            extension["url"] != url.as_str() || self.may(Data::Capacity, status.unwrap_or_default())
        });
    }

    /// A telecom of a contact that is shown: its own level counts as well, save outside the medico-social field for
    /// profile 3, where the mapping looks at the contact alone.
    fn may_telecom(&self, data: Data, telecom: &Value) -> bool {
        let by_contact_alone =
            rule(self.profile, data) == Rule::ByField && !self.offers.iter().any(Offer::is_medico_social);
        by_contact_alone || self.may(data, self.level(telecom, TELECOM_LEVEL))
    }

    /// Of several offers that use the resource, one that lets it be seen is enough.
    fn may(&self, data: Data, code: &str) -> bool {
        let rule = rule(self.profile, data);
        self.offers.iter().any(|offer| allows(rule, offer, code))
    }

    fn level<'v>(&self, element: &'v Value, name: &str) -> &'v str {
        if self.flaws.has(Flaw::ShowIgnoresLevels) {
            return PUBLIC;
        }
        let level = extensions(element, name).next();
        level.and_then(|level| code(&level["valueCodeableConcept"])).unwrap_or(DEFAULT_LEVEL)
    }
}

const TELECOM_LEVEL: &str = "ror-telecom-confidentiality-level";

/// An organization is seen as medico-social when it has offers and all of them are; it is never sensitive itself.
fn as_one(offers: &[Offer]) -> Offer {
    let medico_social = !offers.is_empty() && offers.iter().all(Offer::is_medico_social);
    let field = offers.first().filter(|_| medico_social).and_then(|offer| offer.field.clone());
    Offer { sensitive: false, field }
}

/// Leaves in an array what is `wanted`.
fn keep(array: &mut Value, wanted: impl Fn(&Value) -> bool) {
    if let Some(items) = array.as_array_mut() {
        items.retain(|item| wanted(item));
    }
}
