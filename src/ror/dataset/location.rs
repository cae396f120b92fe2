//! Places as Location (`ror-fhir.md` §4.2).

use serde_json::{Value, json};

use super::expand::{Expansion, Header, Result};
use super::fhir::{extension, insert_some, members};
use super::generate::Random;
use super::model::{Address, Capacity, Equipment, Location, Site, Word};
use crate::ror::path::extension_url;
use crate::ror::resource::ResourceType;
use crate::text::Text;

impl<'a> Expansion<'a> {
    pub(super) fn location(
        &mut self,
        location: &'a Location,
        region: &'a Word,
        site: &'a Site,
    ) -> Result<()> {
        let (mut object, mut extensions) = self.start(&Header {
            resource_type: ResourceType::Location,
            id: &location.id,
            region,
            created: None,
            updated: location.updated.as_ref(),
        })?;
        let address = self.address_of(location, site)?;
        extensions.push(extension(
            "ror-commune-cog",
            "valueCodeableConcept",
            self.writer.concept("TRE_R13", &address.commune)?,
        ));
        let updated = location.updated.as_ref().unwrap_or(&self.dataset.updated);
        let stream = location.id.value.parse().unwrap_or_default();
        let mut random = Random::stream(self.seed, stream);
        for capacity in &location.capacities {
            extensions.push(self.capacity(capacity, updated, &mut random)?);
        }
        for equipment in &location.equipment {
            extensions.push(self.equipment(equipment)?);
        }
        for residential in &location.residential {
            let mut parts = vec![extension(
                "residentialType",
                "valueCodeableConcept",
                self.writer.concept("TRE_R242", &residential.r#type)?,
            )];
            if let Some(count) = residential.count {
                parts.push(extension("residentialNumber", "valueInteger", json!(count)));
            }
            extensions.push(extension("ror-location-residential-capacity", "extension", Value::from(parts)));
        }
        if let Some(comment) = &location.comment {
            extensions.push(extension("ror-comment", "valueString", json!(comment)));
        }
        object.insert("extension".into(), Value::from(extensions));
        insert_some(&mut object, "identifier", self.location_identifiers(location, region));
        object.insert("status".into(), json!(if location.active { "active" } else { "inactive" }));
        if let Some(status) = &location.operational {
            object.insert("operationalStatus".into(), self.writer.coding("TRE_R203", status)?);
        }
        if let Some(name) = &location.name {
            object.insert("name".into(), json!(name));
        }
        if let Some(alias) = &location.alias {
            object.insert("alias".into(), json!([alias]));
        }
        if let Some(function) = &location.function {
            object.insert("type".into(), Value::from(vec![self.writer.concept("TRE_R343", function)?]));
        }
        insert_some(&mut object, "telecom", self.writer.telecoms(&location.telecoms, &location.id)?);
        if !location.without_address {
            object.insert("address".into(), self.writer.address(address));
        }
        if let Some([latitude, longitude]) = location.position {
            object.insert(
                "position".into(),
                json!({
                    "extension": [{"url": extension_url("ror-coordinate-reliability"), "valueBoolean": true}],
                    "longitude": longitude,
                    "latitude": latitude
                }),
            );
        }
        if location.managed {
            object
                .insert("managingOrganization".into(), self.reference(ResourceType::Organization, &site.id));
        }
        self.push(ResourceType::Location, &location.id, object)
    }

    fn address_of(&self, location: &'a Location, site: &'a Site) -> Result<&'a Address> {
        location.address.as_ref().or(site.address.as_ref()).ok_or_else(|| {
            self.writer.error(
                &location.id,
                Text::new("ce lieu n'a pas de commune", "this location has no commune"),
                Text::new(
                    "donnez une adresse au lieu ou à son établissement",
                    "give the location or its site an address",
                ),
            )
        })
    }

    fn location_identifiers(&self, location: &Location, region: &Word) -> Vec<Value> {
        let identifier = |code: &str, value: String| {
            members([("type", self.writer.known("TRE_R354", code)), ("value", Value::from(value))])
        };
        let own = match location.identifier.as_deref() {
            Some("none") => None,
            given => {
                Some(given.map_or_else(|| format!("{}/{}", region.value, location.id.value), str::to_owned))
            }
        };
        let mut identifiers: Vec<Value> = Vec::new();
        identifiers.extend(own.map(|value| identifier("25", value)));
        identifiers.extend(location.external.as_ref().map(|value| identifier("26", value.clone())));
        if location.external_first {
            identifiers.reverse();
        }
        identifiers
    }

    /// An extension is known by its url (FHIR R4 §2.4) and nothing gives its parts an order: two records of three have
    /// theirs in any one, the third as the documentation shows it.
    fn capacity(&self, capacity: &Capacity, updated: &Word, random: &mut Random) -> Result<Value> {
        let updated = self.writer.instant(capacity.updated.as_ref().unwrap_or(updated))?;
        let or = |word: &Option<Word>, system: &str, default: &str| match word {
            Some(word) => self.writer.concept(system, word),
            None => Ok(self.writer.known(system, default)),
        };
        let code = |url: &str, value: Value| extension(url, "valueCodeableConcept", value);
        let mut parts = vec![
            extension("nbCapacity", "valueInteger", json!(capacity.count)),
            extension("capacityUpdateDate", "valueDateTime", json!(updated)),
            code("capacityStatus", self.writer.concept("TRE_R330", &capacity.status)?),
            code("capacityType", or(&capacity.r#type, "TRE_R329", "01")?),
            code("temporalityCapacity", or(&capacity.temporality, "TRE_R331", "01")?),
            code("capacitySourceType", or(&capacity.source, "TRE_R335", "02")?),
        ];
        let optional = [
            ("genderCapacityAvailable", "TRE_R332", &capacity.gender),
            ("capacityClosingType", "TRE_R333", &capacity.closing),
            ("additionalBedType", "TRE_R334", &capacity.additional),
            ("crisisType", "TRE_R336", &capacity.crisis),
        ];
        for (url, system, word) in optional {
            if let Some(word) = word {
                parts.push(code(url, self.writer.concept(system, word)?));
            }
        }
        parts.push(code("temporaryAssignement", or(&capacity.assignment, "TRE_R337", "01")?));
        if random.below(3) > 0 {
            random.shuffle(&mut parts);
        }
        Ok(extension("ror-location-supported-capacity", "extension", Value::from(parts)))
    }

    fn equipment(&self, equipment: &Equipment) -> Result<Value> {
        let mut parts = vec![extension(
            "equipmentType",
            "valueCodeableConcept",
            self.writer.concept("TRE_R212", &equipment.r#type)?,
        )];
        if let Some(count) = equipment.count {
            parts.push(extension("nbInService", "valueInteger", json!(count)));
        }
        for limit in &equipment.limits {
            let feature = self.writer.concept("TRE_R340", &limit.feature)?;
            let quantity = json!({
                "value": limit.value, "unit": limit.unit, "system": "http://unitsofmeasure.org", "code": limit.unit
            });
            parts.push(extension(
                "ror-location-equipment-limit",
                "extension",
                Value::from(vec![
                    extension("equipmentFeature", "valueCodeableConcept", feature),
                    extension("limitValue", "valueQuantity", quantity),
                ]),
            ));
        }
        Ok(extension("ror-location-equipment", "extension", Value::from(parts)))
    }
}
