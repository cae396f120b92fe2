//! Offers as HealthcareService (`ror-fhir.md` §4.1).

use serde_json::{Value, json};

use super::expand::{Expansion, Header, Result};
use super::fhir::{extension, insert_some, members};
use super::model::{Offer, Word};
use crate::ror::resource::ResourceType;
use crate::text::Text;

impl<'a> Expansion<'a> {
    pub(super) fn offer(&mut self, offer: &Offer, region: &Word, provider: &Word) -> Result<()> {
        let (mut object, creation) = self.start(&Header {
            resource_type: ResourceType::HealthcareService,
            id: &offer.id,
            region,
            created: offer.created.as_ref(),
            updated: offer.updated.as_ref(),
        })?;
        let mut extensions =
            vec![extension("ror-healthcareservice-sensitive-unit", "valueBoolean", json!(offer.sensitive))];
        if !offer.without_patient_type {
            extensions.push(self.patient_type(offer)?);
        }
        extensions.extend(creation);
        for commune in &offer.zone {
            extensions.push(extension(
                "ror-territorial-division",
                "extension",
                Value::from(vec![
                    extension(
                        "typeTerritorialDivision",
                        "valueCodeableConcept",
                        self.writer.known("TRE_R201", "3"),
                    ),
                    extension(
                        "codeTerritorialDivision",
                        "valueCodeableConcept",
                        self.writer.concept("TRE_R13", commune)?,
                    ),
                ]),
            ));
        }
        if let Some(sector) = &offer.psychiatric_sector {
            extensions.push(extension(
                "ror-healthcareservice-psychiatric-sector",
                "valueString",
                json!(sector),
            ));
        }
        if let Some(allowed) = offer.no_consent_habilitation {
            extensions.push(extension(
                "ror-healthcareservice-no-consent-habilitation",
                "valueBoolean",
                json!(allowed),
            ));
        }
        for contact in &offer.contacts {
            extensions.push(self.writer.offer_contact(contact, &offer.id)?);
        }
        extensions.extend(offer.extensions.iter().cloned());
        object.insert("extension".into(), Value::from(extensions));
        object.insert(
            "identifier".into(),
            Value::from(vec![members([
                ("type", self.writer.known("TRE_R355", "35")),
                (
                    "value",
                    Value::from(self.functional_identifier(region, &offer.id, offer.identifier.as_ref())),
                ),
            ])]),
        );
        object.insert("active".into(), json!(offer.active));
        object.insert("providedBy".into(), self.reference(ResourceType::Organization, provider));
        if let Some(category) = &offer.category {
            object.insert("category".into(), Value::from(vec![self.writer.concept("TRE_R244", category)?]));
        }
        object.insert("type".into(), Value::from(vec![self.writer.concept("TRE_R227", &offer.field)?]));
        object.insert("specialty".into(), Value::from(self.specialties(offer)?));
        let places: Vec<Value> =
            offer.at.iter().map(|id| self.reference(ResourceType::Location, id)).collect();
        insert_some(&mut object, "location", places);
        if let Some(name) = &offer.name {
            object.insert("name".into(), json!(name));
        }
        if let Some(comment) = &offer.comment {
            object.insert("comment".into(), json!(comment));
        }
        insert_some(&mut object, "telecom", self.writer.telecoms(&offer.telecoms, &offer.id)?);
        object.insert("characteristic".into(), Value::from(self.characteristics(offer)?));
        insert_some(&mut object, "availableTime", self.writer.available_time(&offer.hours)?);
        if let Some(closed) = &offer.closed {
            let mut during = json!({"start": closed.from.value});
            if let Some(until) = &closed.until {
                during["end"] = json!(until.value);
            }
            object.insert(
                "notAvailable".into(),
                json!([{
                    "id": "closingReopeningDate",
                    "description": "Période de fermeture et de réouverture prévisionnelle",
                    "during": during
                }]),
            );
        }
        self.push(ResourceType::HealthcareService, &offer.id, object)
    }

    fn specialties(&self, offer: &Offer) -> Result<Vec<Value>> {
        let mut specialties = vec![self.writer.concept("TRE_R211", &offer.specialty)?];
        match &offer.family {
            Some(family) => specialties.push(self.writer.concept("TRE_R265", family)?),
            None if offer.field.value == "04" => {
                return Err(self.writer.error(
                    &offer.id,
                    Text::new(
                        "une offre médico-sociale a une famille d'activité (RG_EXP_007)",
                        "a medico-social offer has an activity family (RG_EXP_007)",
                    ),
                    Text::new("ajoutez family, un code de TRE_R265", "add family, a code of TRE_R265"),
                ));
            }
            None => {}
        }
        Ok(specialties)
    }

    fn characteristics(&self, offer: &Offer) -> Result<Vec<Value>> {
        let mut all = vec![self.writer.concept("TRE_R213", &offer.mode)?];
        let act = |word: &Word, kind: &str| -> Result<Value> {
            let mut concept = self.writer.concept("TRE_R210", word)?;
            concept["extension"] = Value::from(vec![extension("ror-act-type", "valueCode", json!(kind))]);
            Ok(concept)
        };
        let slices: [(&str, &[Word]); 7] = [
            ("TRE_R240", offer.reception.as_slice()),
            ("TRE_R338", &offer.modality),
            ("TRE_R245", &offer.care_specialities),
            ("TRE_R238", offer.opening.as_slice()),
            ("TRE_R350", &offer.professions),
            ("TRE_R243", &offer.competences),
            ("TRE_R253", offer.expertise.as_slice()),
        ];
        for (system, words) in slices {
            for word in words {
                all.push(self.writer.concept(system, word)?);
            }
        }
        for word in &offer.acts {
            all.push(act(word, "specificAct")?);
        }
        for word in &offer.acts_outside_office {
            all.push(act(word, "outsideOfficeAct")?);
        }
        Ok(all)
    }

    /// `15 a - 150 a`.
    fn patient_type(&self, offer: &Offer) -> Result<Value> {
        let bound = |text: &str| -> Option<Value> {
            let (number, unit) = text.trim().split_once(' ')?;
            let number: u32 = number.parse().ok()?;
            // RG_EXP_048
            ["a", "mo", "wk", "d"]
                .contains(&unit)
                .then(|| json!({"value": number, "system": self.writer.url("TRE_R247"), "code": unit}))
        };
        let range =
            offer.ages.value.split_once(" - ").and_then(|(low, high)| Some((bound(low)?, bound(high)?)));
        let Some((low, high)) = range else {
            return Err(self.writer.error(
                &offer.ages,
                Text::new(
                    format!("âges mal formés : {:?}", offer.ages.value),
                    format!("malformed ages: {:?}", offer.ages.value),
                ),
                Text::new(
                    "écrivez par exemple 15 a - 150 a (unités a, mo, wk, d)",
                    "write for instance 15 a - 150 a (units a, mo, wk, d)",
                ),
            ));
        };
        let mut parts = vec![extension("ageRange", "valueRange", members([("low", low), ("high", high)]))];
        for patients in &offer.patients {
            let patients = self.writer.concept("TRE_R239", patients)?;
            parts.push(extension("supportedPatientInfo", "valueCodeableConcept", patients));
        }
        Ok(extension("ror-healthcareservice-patient-type", "extension", Value::from(parts)))
    }
}
