//! `/metadata`: the CapabilityStatement, generated from the table of search parameters.

use serde_json::{Value, json};

use super::path::ROR_STRUCTURE;
use super::resource::ResourceType;
use super::search::{Parameter, ParameterType, Reference, Table};

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
            let mut parameter = json!({"name": p.name});
            if let Some(definition) = definition(t, p) {
                parameter["definition"] = json!(definition);
            }
            parameter["type"] = json!(p.parameter_type.fhir_name());
            parameter
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

/// The canonical URL of a parameter's definition; `_filter` and `_has` have none that is known.
fn definition(t: ResourceType, parameter: &Parameter) -> Option<String> {
    match (&parameter.definition, parameter.name.strip_prefix('_')) {
        (Some(own), _) => Some(format!("{ROR_CANONICAL}/SearchParameter/{own}")),
        (None, Some(_)) if matches!(parameter.parameter_type, ParameterType::Filter | ParameterType::Has) => {
            None
        }
        (None, Some(name)) => Some(format!("http://hl7.org/fhir/SearchParameter/Resource-{name}")),
        (None, None) => Some(format!("http://hl7.org/fhir/SearchParameter/{t}-{}", parameter.name)),
    }
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
        for name in ["specialty", "_lastUpdated", "_filter", "_has"] {
            assert!(names.contains(&name), "{name}");
        }
        let location = resources.iter().find(|r| r["type"] == "Location").unwrap();
        let near = location["searchParam"].as_array().unwrap().iter().find(|p| p["name"] == "near").unwrap();
        assert_eq!(near["definition"], "http://hl7.org/fhir/SearchParameter/Location-near");
        assert_eq!(near["type"], "special");
        let practitioner = resources.iter().find(|r| r["type"] == "Practitioner").unwrap();
        assert!(!practitioner["searchParam"].to_string().contains("_filter"), "a draft there");
        assert_eq!(
            service["searchInclude"],
            json!(["HealthcareService:organization", "HealthcareService:location"])
        );
        assert_eq!(service["searchRevInclude"], json!(["PractitionerRole:service"]));
    }
}
