//! Professionals and their operational situations (`ror-fhir.md` §4.4, §4.5).

use serde_json::{Map, Value, json};

use super::expand::{Expansion, Header, Result};
use super::fhir::{extension, insert_some};
use super::model::{Practitioner, Role};
use crate::ror::resource::ResourceType;

impl<'a> Expansion<'a> {
    pub(super) fn practitioners(&mut self) -> Result<()> {
        let dataset = self.dataset;
        for practitioner in &dataset.practitioners {
            self.practitioner(practitioner)?;
            for role in &practitioner.roles {
                self.role(role, practitioner)?;
            }
        }
        Ok(())
    }

    fn practitioner(&mut self, practitioner: &Practitioner) -> Result<()> {
        let (mut object, extensions) = self.start(&Header {
            resource_type: ResourceType::Practitioner,
            id: &practitioner.id,
            region: &self.dataset.region,
            created: None,
            updated: practitioner.updated.as_ref(),
        })?;
        object.insert("extension".into(), Value::from(extensions));
        object.insert(
            "identifier".into(),
            json!([{"system": self.writer.url("IDNAT_PS"), "value": format!("8{}", practitioner.rpps.value)}]),
        );
        let mut name = Map::new();
        name.insert("family".into(), json!(practitioner.family));
        if let Some(given) = &practitioner.given {
            name.insert("given".into(), json!([given]));
        }
        if let Some(prefix) = &practitioner.prefix {
            name.insert("prefix".into(), json!([prefix]));
        }
        object.insert("name".into(), Value::from(vec![Value::Object(name)]));
        insert_some(&mut object, "telecom", self.writer.telecoms(&practitioner.telecoms, &practitioner.id)?);
        if let Some(gender) = &practitioner.gender {
            object.insert("gender".into(), json!(gender));
        }
        self.push(ResourceType::Practitioner, &practitioner.id, object)
    }

    fn role(&mut self, role: &Role, practitioner: &Practitioner) -> Result<()> {
        let (mut object, mut extensions) = self.start(&Header {
            resource_type: ResourceType::PractitionerRole,
            id: &role.id,
            region: &self.dataset.region,
            created: None,
            updated: role.updated.as_ref().or(practitioner.updated.as_ref()),
        })?;
        let mut exercise_name = Vec::new();
        if let Some(given) = &practitioner.given {
            exercise_name.push(extension("exerciseFirstName", "valueString", json!(given)));
        }
        exercise_name.push(extension("exerciseLastName", "valueString", json!(practitioner.family)));
        extensions.push(extension("RORPractitionerRoleName", "extension", Value::from(exercise_name)));
        extensions.push(extension(
            "ror-practitionerrole-unit-exercise-mode",
            "valueCodeableConcept",
            self.writer.concept("TRE_R23", &role.exercise_mode)?,
        ));
        object.insert("extension".into(), Value::from(extensions));
        if let Some(identifier) = &role.identifier {
            object.insert("identifier".into(), json!([{"value": identifier}]));
        }
        object.insert("active".into(), json!(role.active));
        object.insert("practitioner".into(), self.reference(ResourceType::Practitioner, &practitioner.id));
        if let Some(organization) = &role.organization {
            object.insert("organization".into(), self.reference(ResourceType::Organization, organization));
        }
        object.insert("code".into(), Value::from(vec![self.writer.concept("TRE_G15", &role.profession)?]));
        if let Some(know_how) = &role.know_how {
            let mut specialties: Vec<Value> = vec![self.writer.concept("TRE_R04", &know_how.kind)?];
            if let Some(specialty) = &know_how.specialty {
                specialties.push(self.writer.concept("TRE_R38", specialty)?);
            }
            object.insert("specialty".into(), Value::from(specialties));
        }
        object.insert(
            "healthcareService".into(),
            Value::from(vec![self.reference(ResourceType::HealthcareService, &role.offer)]),
        );
        insert_some(&mut object, "telecom", self.writer.telecoms(&role.telecoms, &role.id)?);
        insert_some(&mut object, "availableTime", self.writer.available_time(&role.hours)?);
        self.push(ResourceType::PractitionerRole, &role.id, object)
    }
}
