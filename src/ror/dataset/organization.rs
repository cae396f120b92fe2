//! EJ, EG and OI as Organization (`ror-fhir.md` §4.3).

use serde_json::{Map, Value, json};

use super::expand::{Expansion, Header, Result};
use super::fhir::{extension, insert_some};
use super::model::{LegalEntity, Price, Site, Unit, Word};
use crate::ror::resource::ResourceType;
use crate::text::Text;

impl<'a> Expansion<'a> {
    pub(super) fn organizations(&mut self) -> Result<()> {
        let dataset = self.dataset;
        for entity in &dataset.organizations {
            let region = entity.region.as_ref().unwrap_or(&dataset.region);
            self.legal_entity(entity, region)?;
            for site in &entity.sites {
                self.site(site, site.region.as_ref().unwrap_or(region), Some(&entity.id))?;
            }
        }
        for practice in &dataset.practices {
            self.site(practice, practice.region.as_ref().unwrap_or(&dataset.region), None)?;
        }
        Ok(())
    }

    fn legal_entity(&mut self, entity: &'a LegalEntity, region: &'a Word) -> Result<()> {
        let (mut object, mut extensions) = self.start(&Header {
            resource_type: ResourceType::Organization,
            id: &entity.id,
            region,
            created: entity.created.as_ref(),
            updated: entity.updated.as_ref(),
        })?;
        extensions.extend(entity.extensions.iter().cloned());
        object.insert("extension".into(), Value::from(extensions));
        let identifiers = self.structure_identifiers(
            &[("finess", entity.finess.as_ref()), ("siren", entity.siren.as_ref())],
            &entity.identifier_order,
            &entity.id,
        )?;
        insert_some(&mut object, "identifier", identifiers);
        object.insert("active".into(), json!(entity.active));
        if let Some(status) = &entity.legal_status {
            object.insert("type".into(), Value::from(vec![self.writer.concept("TRE_R72", status)?]));
        }
        if let Some(name) = &entity.name {
            object.insert("name".into(), json!(name));
        }
        if let Some(address) = &entity.address {
            object.insert("address".into(), Value::from(vec![self.writer.address(address)]));
        }
        self.contacts(&mut object, &entity.contacts, &entity.id)?;
        self.push(ResourceType::Organization, &entity.id, object)
    }

    fn site(&mut self, site: &'a Site, region: &'a Word, parent: Option<&'a Word>) -> Result<()> {
        let (mut object, mut extensions) = self.start(&Header {
            resource_type: ResourceType::Organization,
            id: &site.id,
            region,
            created: site.created.as_ref(),
            updated: site.updated.as_ref(),
        })?;
        for help in &site.financial_help {
            let help = self.writer.concept("TRE_R241", help)?;
            extensions.push(extension("ror-organization-financial-help-type", "valueCodeableConcept", help));
        }
        if let Some(family) = site.family_accommodation {
            // "accomodation" is the official spelling.
            extensions.push(extension("ror-organization-accomodation-family", "valueBoolean", json!(family)));
        }
        if let Some(drop_zone) = site.drop_zone {
            extensions.push(extension("ror-organization-drop-zone", "valueBoolean", json!(drop_zone)));
        }
        if let Some(orsan) = &site.orsan {
            let orsan = self.writer.concept("TRE_R249", orsan)?;
            extensions.push(extension(
                "ror-organization-level-recourse-orsan",
                "valueCodeableConcept",
                orsan,
            ));
        }
        for price in &site.prices {
            extensions.push(self.price(price)?);
        }
        if let Some(closed) = &site.closed {
            let kind = self.writer.concept("TRE_R286", &closed.kind)?;
            extensions.push(extension("ror-organization-closing-type", "valueCodeableConcept", kind));
            extensions.push(extension(
                "http://hl7.org/fhir/StructureDefinition/organization-period",
                "valuePeriod",
                json!({"end": closed.on.value}),
            ));
        }
        extensions.extend(site.extensions.iter().cloned());
        object.insert("extension".into(), Value::from(extensions));
        let identifiers = self.structure_identifiers(
            &[
                ("finess", site.finess.as_ref()),
                ("siret", site.siret.as_ref()),
                ("rpps-rang", site.rpps_rang.as_ref()),
            ],
            &site.identifier_order,
            &site.id,
        )?;
        insert_some(&mut object, "identifier", identifiers);
        object.insert("active".into(), json!(site.active));
        if let Some(category) = &site.category {
            object.insert("type".into(), Value::from(vec![self.writer.concept("TRE_R66", category)?]));
        }
        if let Some(name) = &site.name {
            object.insert("name".into(), json!(name));
        }
        if let Some(alias) = &site.alias {
            object.insert("alias".into(), json!([alias]));
        }
        if let Some(address) = &site.address {
            object.insert("address".into(), Value::from(vec![self.writer.address(address)]));
            self.addresses.insert(site.id.value.clone(), (address.clone(), region.clone()));
        }
        if let Some(parent) = parent {
            object.insert("partOf".into(), self.reference(ResourceType::Organization, parent));
        }
        self.contacts(&mut object, &site.contacts, &site.id)?;
        self.push(ResourceType::Organization, &site.id, object)?;
        for location in &site.locations {
            self.location(location, region, site)?;
        }
        for offer in &site.offers {
            self.offer(offer, region, &site.id)?;
        }
        for unit in &site.units {
            self.unit(unit, region, site)?;
        }
        Ok(())
    }

    fn unit(&mut self, unit: &'a Unit, region: &'a Word, site: &'a Site) -> Result<()> {
        let (mut object, extensions) = self.start(&Header {
            resource_type: ResourceType::Organization,
            id: &unit.id,
            region,
            created: None,
            updated: unit.updated.as_ref(),
        })?;
        object.insert("extension".into(), Value::from(extensions));
        let identifier = match &unit.identifier {
            Some(given) => given.clone(),
            None => format!("{}/OI{}", region.value, unit.id.value),
        };
        object.insert(
            "identifier".into(),
            json!([{
                "type": self.writer.known("TRE_R345", "42"),
                "system": self.writer.url("OI"),
                "value": identifier
            }]),
        );
        object.insert("active".into(), json!(true));
        object.insert("type".into(), Value::from(vec![self.writer.concept("TRE_R207", &unit.r#type)?]));
        if let Some(name) = &unit.name {
            object.insert("name".into(), json!(name));
        }
        insert_some(&mut object, "telecom", self.writer.telecoms(&unit.telecoms, &unit.id)?);
        object.insert("partOf".into(), self.reference(ResourceType::Organization, &site.id));
        self.contacts(&mut object, &unit.contacts, &unit.id)?;
        self.push(ResourceType::Organization, &unit.id, object)?;
        if let Some(address) = &site.address {
            self.addresses.insert(unit.id.value.clone(), (address.clone(), region.clone()));
        }
        for offer in &unit.offers {
            self.offer(offer, region, &unit.id)?;
        }
        Ok(())
    }

    fn contacts(
        &self,
        object: &mut Map<String, Value>,
        contacts: &[super::model::Contact],
        near: &Word,
    ) -> Result<()> {
        let contacts: Result<Vec<Value>> =
            contacts.iter().map(|c| self.writer.organization_contact(c, near)).collect();
        insert_some(object, "contact", contacts?);
        Ok(())
    }

    fn price(&self, price: &Price) -> Result<Value> {
        let mut parts = vec![
            extension("priceType", "valueCodeableConcept", self.writer.concept("TRE_R246", &price.r#type)?),
            extension("priceUnit", "valueCodeableConcept", self.writer.concept("TRE_R228", &price.unit)?),
            extension("amount", "valueMoney", json!({"value": price.amount, "currency": "EUR"})),
        ];
        if let Some(from) = &price.from {
            parts.push(extension("startDate", "valueDateTime", json!(from.value)));
        }
        for (part, system, code) in [
            ("residentialType", "TRE_R242", &price.residential_type),
            ("specialPrice", "TRE_R250", &price.special),
            ("welcomeType", "TRE_R240", &price.welcome_type),
            ("dependencyLevel", "TRE_R237", &price.dependency_level),
        ] {
            if let Some(code) = code {
                parts.push(extension(part, "valueCodeableConcept", self.writer.concept(system, code)?));
            }
        }
        Ok(extension("ror-organization-price", "extension", Value::from(parts)))
    }

    /// IdNat_Struct is made of the others: `1` + FINESS before `2` + SIREN and `3` + SIRET (RG_EXP_004, 005).
    fn structure_identifiers(
        &self,
        given: &[(&str, Option<&Word>)],
        order: &[Word],
        near: &Word,
    ) -> Result<Vec<Value>> {
        let value = |name: &str| given.iter().find(|(n, _)| *n == name).and_then(|(_, v)| *v);
        let national = [("finess", "1"), ("siren", "2"), ("siret", "3"), ("rpps-rang", "4")]
            .iter()
            .find_map(|(name, digit)| value(name).map(|v| format!("{digit}{}", v.value)));
        let one = |name: &str| -> Option<Value> {
            let (code, system, value) = match name {
                "idnat" => ("40", "IDNAT_STRUCT", national.clone()?),
                "finess" => ("1", "FINESS", value(name)?.value.clone()),
                "siren" => ("2", "SIRENE", value(name)?.value.clone()),
                "siret" => ("3", "SIRENE", value(name)?.value.clone()),
                "rpps-rang" => ("4", "RPPS_RANG", value(name)?.value.clone()),
                _ => return None,
            };
            let mut identifier = Map::new();
            if name == "idnat" {
                identifier.insert("use".into(), json!("official"));
            }
            identifier.insert("type".into(), self.writer.known("TRE_G07", code));
            identifier.insert("system".into(), json!(self.writer.url(system)));
            identifier.insert("value".into(), json!(value));
            Some(Value::Object(identifier))
        };
        let usual = ["idnat", "finess", "siren", "siret", "rpps-rang"];
        if let Some(word) = order.iter().find(|w| !usual.contains(&w.value.as_str())) {
            return Err(self.writer.error(
                word,
                Text::new("identifiant inconnu", "unknown identifier"),
                Text::new(
                    format!("écrivez un de : {}", usual.join(", ")),
                    format!("write one of: {}", usual.join(", ")),
                ),
            ));
        }
        let mut names: Vec<&str> = order.iter().map(|w| w.value.as_str()).collect();
        names.extend(usual.iter().filter(|n| !order.iter().any(|w| w.value == **n)));
        let identifiers: Vec<Value> = names.into_iter().filter_map(one).collect();
        if identifiers.is_empty() {
            return Err(self.writer.error(
                near,
                Text::new("cette structure n'a aucun identifiant", "this structure has no identifier"),
                Text::new(
                    "donnez finess, siren, siret ou rpps-rang",
                    "give finess, siren, siret or rpps-rang",
                ),
            ));
        }
        Ok(identifiers)
    }
}
