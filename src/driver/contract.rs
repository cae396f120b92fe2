//! What a client is told for one step: the variables of the adapter contract and its JSON object.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Largest `ROR_INPUT` that goes into the environment, in bytes; above it is on standard input only.
const INPUT_IN_ENVIRONMENT: usize = 32 * 1024;

/// The variables of the contract, by name. A variable that does not apply is absent.
pub type Variables = BTreeMap<String, String>;

/// One step as the client is told of it.
#[derive(Debug, Clone)]
pub struct Call {
    /// `ROR_ACTION`.
    pub action: String,
    /// `ROR_INPUT`.
    pub input: Value,
    /// All other variables.
    pub variables: Variables,
    /// Values to look for in all that the adapter says.
    pub canaries: Vec<String>,
}

impl Call {
    /// The environment of the adapter.
    #[must_use]
    pub fn environment(&self) -> Variables {
        let mut environment = self.variables.clone();
        environment.insert("ROR_ACTION".to_owned(), self.action.clone());
        let input = self.input.to_string();
        if input.len() <= INPUT_IN_ENVIRONMENT {
            environment.insert("ROR_INPUT".to_owned(), input);
        }
        environment
    }

    /// The JSON object on standard input: all variables as texts, `ROR_INPUT` as the JSON that it is.
    #[must_use]
    pub fn object(&self) -> Value {
        let mut object: Map<String, Value> =
            self.variables.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        object.insert("ROR_ACTION".to_owned(), Value::from(self.action.as_str()));
        object.insert("ROR_INPUT".to_owned(), self.input.clone());
        Value::Object(object)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_large_input_is_on_standard_input_only() {
        let ids: Vec<String> = (0..10_000).map(|id| id.to_string()).collect();
        let call = Call {
            action: "many-reads".into(),
            input: json!({ "ids": ids }),
            variables: Variables::new(),
            canaries: Vec::new(),
        };
        assert!(!call.environment().contains_key("ROR_INPUT"));
        assert_eq!(call.object()["ROR_INPUT"]["ids"][9999], "9999");
    }
}
