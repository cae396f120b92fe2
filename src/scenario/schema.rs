//! JSON Schemas, for editors and for adapters in typed languages: of a scenario, of the adapter's input.

use schemars::{JsonSchema, schema_for};
use serde_json::{Map, Value, json};

use super::action::{ACTIONS, Absent, Action};
use super::lint::{APIS, LAST_PROFILE, PLANS};
use super::model::Scenario;

/// JSON Schema (2020-12) of a scenario file, pretty, with a final line end.
#[must_use]
pub fn scenario() -> String {
    let mut schema = schema_for!(Scenario).to_value();
    schema["title"] = json!("banc-ror scenario");
    schema["properties"]["plans"]["items"] = json!({"enum": PLANS});
    schema["properties"]["profiles"]["items"] =
        json!({"type": "integer", "minimum": 0, "maximum": LAST_PROFILE});
    for named in ["Matcher", "On"] {
        schema["$defs"][named]["properties"]["api"] =
            nullable_enum(&schema["$defs"][named]["properties"]["api"]);
    }
    describe_steps(&mut schema["$defs"]["Step"]);
    pretty(&schema)
}

/// JSON Schema (2020-12) of the object that an adapter reads on its standard input, pretty, with a final line end.
#[must_use]
pub fn adapter() -> String {
    let mut members: Map<String, Value> = VARIABLES
        .iter()
        .map(|(name, _, about)| ((*name).to_owned(), json!({"type": "string", "description": about})))
        .collect();
    members["ROR_ACTION"] = json!({"enum": Action::names(), "description": "What the client is to do."});
    members["ROR_PROFILE"]["pattern"] = json!("^[0-5]$");
    members["ROR_DEADLINE_MS"]["pattern"] = json!("^[0-9]+$");
    members["ROR_STEP"]["pattern"] = json!("^[0-9]+$");
    members.insert(
        "ROR_INPUT".to_owned(),
        json!({"type": "object", "description": "Input of the action: its shape depends on ROR_ACTION."}),
    );
    let mut required: Vec<&str> = VARIABLES
        .iter()
        .filter(|(_, presence, _)| *presence == Presence::Always)
        .map(|(name, ..)| *name)
        .collect();
    required.insert(1, "ROR_INPUT");
    let inputs: Vec<Value> = ACTIONS
        .iter()
        .map(|action| {
            json!({
                "if": {"properties": {"ROR_ACTION": {"const": action.name}}},
                "then": {"properties": {"ROR_INPUT": action.schema()}},
            })
        })
        .collect();
    pretty(&json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "banc-ror adapter input",
        "description": "The object on an adapter's standard input: the variables of its environment. \
            A variable that does not apply is absent, never empty; an adapter passes over those that it does not know.",
        "type": "object",
        "properties": members,
        "required": required,
        "dependentRequired": {
            "ROR_CLIENT_CERT": ["ROR_CLIENT_KEY"],
            "ROR_CLIENT_KEY": ["ROR_CLIENT_CERT"],
            "ROR_CLIENT_P12": ["ROR_CLIENT_P12_PASSWORD"],
        },
        "not": {"required": ["ROR_CLIENT_SECRET", "ROR_CLIENT_CERT"]},
        "allOf": inputs,
    }))
}

/// Whether a variable is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Always,
    WhenItApplies,
}

const VARIABLES: &[(&str, Presence, &str)] = &[
    ("ROR_ACTION", Presence::Always, ""),
    ("ROR_SCENARIO", Presence::Always, "Id of the scenario."),
    ("ROR_STEP", Presence::Always, "Number of the step, from 1."),
    ("ROR_TOKEN_URL", Presence::Always, "Token endpoint."),
    ("ROR_FHIR_URL", Presence::WhenItApplies, "Base of the FHIR reading API, ending in /ws-diffusion-fhir."),
    (
        "ROR_CAPACITY_URL",
        Presence::WhenItApplies,
        "Base of the bed capacity feed, ending in /ws-synchro-dispo-lits-fhir.",
    ),
    ("ROR_TASK_URL", Presence::WhenItApplies, "URL of anomalies, ending in /anomalies/Task."),
    ("ROR_CSD_URL", Presence::WhenItApplies, "URL of the CSD SOAP services."),
    ("ROR_EXTRACTION_URL", Presence::WhenItApplies, "URL of the CSD extraction."),
    (
        "ROR_CA_CERT",
        Presence::Always,
        "Path of the PEM file of the authority that signs the mock's certificates.",
    ),
    (
        "ROR_CLIENT_CERT",
        Presence::WhenItApplies,
        "Path of the client's certificate chain, PEM; profiles 1 to 5.",
    ),
    (
        "ROR_CLIENT_KEY",
        Presence::WhenItApplies,
        "Path of the client's private key, PEM, PKCS#8, not encrypted.",
    ),
    ("ROR_CLIENT_P12", Presence::WhenItApplies, "Path of the same certificate and key as PKCS#12."),
    ("ROR_CLIENT_P12_PASSWORD", Presence::WhenItApplies, "Password of the PKCS#12 file."),
    ("ROR_CLIENT_ID", Presence::Always, "OAuth client_id."),
    ("ROR_CLIENT_SECRET", Presence::WhenItApplies, "OAuth client_secret; profile 0 only."),
    ("ROR_SUPPLIER_CLIENT_ID", Presence::WhenItApplies, "OAuth client_id of the feed's own identity."),
    ("ROR_SUPPLIER_CERT", Presence::WhenItApplies, "Path of the feed's certificate chain, PEM."),
    ("ROR_SUPPLIER_KEY", Presence::WhenItApplies, "Path of the feed's private key, PEM, PKCS#8."),
    ("ROR_PROFILE", Presence::Always, "Access profile granted, 0 to 5."),
    ("ROR_PROFIL_UTILISATEUR_CODE", Presence::Always, "Value of the header Ror-Profil-Utilisateur-Code."),
    ("ROR_PROFIL_UTILISATEUR_SYSTEM", Presence::Always, "Value of the header Ror-Profil-Utilisateur-System."),
    ("ROR_ROLE_METIER_CODE", Presence::Always, "Value of the header Ror-Role-Metier-Code."),
    ("ROR_ROLE_METIER_SYSTEM", Presence::Always, "Value of the header Ror-Role-Metier-System."),
    ("ROR_DEADLINE_MS", Presence::Always, "Time left for the step, in milliseconds."),
    ("ROR_STATE_DIR", Presence::Always, "Folder that lasts for the scenario."),
    ("ROR_RESULT_FILE", Presence::Always, "File in which the adapter may write its result."),
];

fn describe_steps(step: &mut Value) {
    step["properties"]["act"] = json!({
        "enum": Action::names(),
        "description": step["properties"]["act"]["description"],
    });
    step["oneOf"] = json!([{"required": ["act"]}, {"required": ["wait"]}, {"required": ["change"]}]);
    let inputs: Vec<Value> = ACTIONS
        .iter()
        .map(|action| {
            let mut input = action.schema();
            let required: Vec<&str> = action
                .fields
                .iter()
                .filter(|field| field.default == Absent::Refused)
                .map(|field| field.name)
                .collect();
            input["required"] = json!(required);
            let mut then = json!({"properties": {"with": input}});
            if !required.is_empty() {
                then["required"] = json!(["with"]);
            }
            json!({"if": {"properties": {"act": {"const": action.name}}, "required": ["act"]}, "then": then})
        })
        .collect();
    step["allOf"] = json!(inputs);
}

fn nullable_enum(api: &Value) -> Value {
    let mut words: Vec<Value> = APIS.iter().map(|api| json!(api)).collect();
    words.push(Value::Null);
    json!({"enum": words, "description": api["description"]})
}

fn pretty(schema: &Value) -> String {
    let mut text = serde_json::to_string_pretty(schema).unwrap_or_default();
    text.push('\n');
    text
}

/// JSON Schema of any type of ours, for the campaign file.
#[must_use]
pub fn of<T: JsonSchema>() -> String {
    pretty(&schema_for!(T).to_value())
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::judge::Ledger;
    use crate::scenario::catalogue::Catalogue;

    /// With `BANC_ROR_UPDATE=1` the committed files are written anew.
    fn in_step(name: &str, expected: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema").join(name);
        if std::env::var_os("BANC_ROR_UPDATE").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, expected).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == expected,
            "docs/schema/{name} is out of step: BANC_ROR_UPDATE=1 cargo test --lib schema"
        );
    }

    #[test]
    fn the_committed_schemas_are_in_step() {
        in_step("scenario.schema.json", &scenario());
        in_step("adapter-input.schema.json", &adapter());
    }

    #[test]
    fn the_whole_catalogue_validates_against_the_schema() {
        let schema: Value = serde_json::from_str(&scenario()).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let ledger = Ledger::builtin().unwrap();
        for item in Catalogue::builtin(&ledger).unwrap().iter() {
            let value = crate::scenario::load::load::<Value>(&item.path, &item.text).unwrap().value;
            let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{}: {errors:?}", item.path);
        }
    }

    #[test]
    fn the_scenario_schema_refuses_what_the_lint_refuses() {
        let schema: Value = serde_json::from_str(&scenario()).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let good = json!({
            "id": "a", "title": {"fr": "a", "en": "a"}, "description": {"fr": "a", "en": "a"},
            "plans": ["fhir-search"], "steps": [{"act": "read", "with": {"resource": "Location", "id": "1"}}],
            "checks": [{"id": "a", "requires": ["A-1"], "expect": {"outcome": {"is": "ok"}}}],
        });
        assert!(validator.is_valid(&good));
        let wrong = [
            ("/plans/0", json!("fhir")),
            ("/steps/0/act", json!("reed")),
            ("/steps/0/with/resource", json!("Patient")),
            ("/steps/0", json!({"act": "token", "wait": "1s"})),
            ("/checks/0/expect", json!({"outcomes": {}})),
        ];
        for (place, value) in wrong {
            let mut bad = good.clone();
            *bad.pointer_mut(place).unwrap() = value;
            assert!(!validator.is_valid(&bad), "{place}");
        }
    }

    #[test]
    fn the_adapter_schema_takes_a_complete_object_and_refuses_a_secret_beside_a_certificate() {
        let schema: Value = serde_json::from_str(&adapter()).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let mut object = json!({"ROR_INPUT": {"resource": "Location", "id": "1"}});
        for (name, presence, _) in VARIABLES {
            if *presence == Presence::Always {
                object[name] = json!("1");
            }
        }
        object["ROR_ACTION"] = json!("read");
        object["ROR_CLIENT_SECRET"] = json!("s");
        let errors: Vec<String> = validator.iter_errors(&object).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        object["ROR_CLIENT_CERT"] = json!("c");
        object["ROR_CLIENT_KEY"] = json!("k");
        assert!(!validator.is_valid(&object));
        object.as_object_mut().unwrap().remove("ROR_CLIENT_SECRET");
        assert!(validator.is_valid(&object));
        object["ROR_INPUT"] = json!({"resource": "Location"});
        assert!(!validator.is_valid(&object));
    }
}
