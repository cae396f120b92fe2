//! `/metadata`: the CapabilityStatement, generated from the table of search parameters.

use serde_json::{Value, json};

use super::path::ROR_STRUCTURE;
use super::resource::ResourceType;
use super::search::{ParameterType, Reference, Table};

const ROR_CANONICAL: &str = "https://interop.esante.gouv.fr/ig/fhir/ror";

/// The date of the exposition model that the mock follows (ME 3.0.1, `ror-fhir.md` §9).
const DATE: &str = "2026-03-16";

/// The statement of the mock whose API is at `base_url`.
#[must_use]
pub fn capability_statement(base_url: &str) -> Value {
    let resources: Vec<Value> = ResourceType::ALL.into_iter().map(resource).collect();
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": DATE,
        "publisher": "banc-ror",
        "kind": "instance",
        "software": {"name": "banc-ror", "version": env!("CARGO_PKG_VERSION")},
        "implementation": {"description": "ROR fictif du banc d'essai banc-ror", "url": base_url},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [{
            "mode": "server",
            "security": {
                "cors": false,
                "service": [{"coding": [{
                    "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                    "code": "OAuth",
                    "display": "OAuth"
                }]}]
            },
            "resource": resources
        }]
    })
}

fn resource(t: ResourceType) -> Value {
    let table = Table::standard();
    let parameters: Vec<Value> = table
        .of(t, false)
        .map(|p| {
            let definition = match &p.definition {
                Some(own) => format!("{ROR_CANONICAL}/SearchParameter/{own}"),
                None if p.name.starts_with('_') => {
                    format!("http://hl7.org/fhir/SearchParameter/Resource-{}", &p.name[1..])
                }
                None => format!("http://hl7.org/fhir/SearchParameter/{t}-{}", p.name),
            };
            let parameter_type = match p.parameter_type {
                ParameterType::Token => "token",
                ParameterType::String => "string",
                ParameterType::Date => "date",
                ParameterType::Number => "number",
                ParameterType::Quantity => "quantity",
            };
            json!({"name": p.name, "definition": definition, "type": parameter_type})
        })
        .collect();
    let mut statement = json!({
        "type": t.name(),
        "supportedProfile": [format!("{ROR_STRUCTURE}ror-{}", t.name().to_ascii_lowercase())],
        "interaction": [{"code": "read"}, {"code": "search-type"}],
    });
    let include: Vec<String> =
        table.references.iter().filter(|r| r.include && r.source == t).map(Reference::code).collect();
    let revinclude: Vec<String> =
        table.references.iter().filter(|r| r.revinclude && r.target == t).map(Reference::code).collect();
    // FHIR forbids empty arrays.
    if !include.is_empty() {
        statement["searchInclude"] = json!(include);
    }
    if !revinclude.is_empty() {
        statement["searchRevInclude"] = json!(revinclude);
    }
    statement["searchParam"] = json!(parameters);
    statement
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]
    use super::*;
    use fhirkit::r4::CapabilityStatement;

    #[test]
    fn the_statement_is_valid_r4_and_tells_what_is_served() {
        let statement = capability_statement("https://localhost:8443/ws-diffusion-fhir");
        fhirkit::from_json_strict::<CapabilityStatement>(&statement.to_string()).unwrap();
        let resources = statement["rest"][0]["resource"].as_array().unwrap();
        assert_eq!(resources.len(), 5);
        let service = resources.iter().find(|r| r["type"] == "HealthcareService").unwrap();
        let names: Vec<&str> =
            service["searchParam"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
        assert!(names.contains(&"specialty") && names.contains(&"_lastUpdated"));
        assert_eq!(
            service["searchInclude"],
            json!(["HealthcareService:organization", "HealthcareService:location"])
        );
        assert_eq!(service["searchRevInclude"], json!(["PractitionerRole:service"]));
    }
}
