//! What the adapter contract hands over: the `ROR_*` variables, from the environment or from standard input.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use super::error::ClientError;

/// Standard input is read up to this size; `ROR_INPUT` holds lists of identifiers at most.
const MAX_STANDARD_INPUT: u64 = 64 * 1024 * 1024;

/// The variables of one action. Deliberately not `Debug`: it holds the secret.
pub(crate) struct Settings {
    variables: BTreeMap<String, String>,
    input: Value,
}

impl Settings {
    /// Reads the environment, and standard input only when `ROR_INPUT` is absent from it (the bench leaves it out
    /// above 32 KiB). What the environment holds prevails.
    ///
    /// # Errors
    /// Standard input that cannot be read or is not a JSON object, a `ROR_INPUT` that is not JSON.
    pub(crate) fn gather(
        environment: &BTreeMap<String, String>,
        stdin: impl Read,
    ) -> Result<Self, ClientError> {
        let mut variables: BTreeMap<String, String> = environment
            .iter()
            .filter(|(name, value)| name.starts_with("ROR_") && !value.is_empty())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let input = match variables.remove("ROR_INPUT") {
            Some(text) => serde_json::from_str(&text)
                .map_err(|error| ClientError::Settings(format!("ROR_INPUT is not JSON: {error}")))?,
            None => {
                let mut handed_over = read_object(stdin)?;
                let input = handed_over.remove("ROR_INPUT").unwrap_or(Value::Null);
                for (name, value) in handed_over {
                    if let Some(text) = as_text(value) {
                        variables.entry(name).or_insert(text);
                    }
                }
                input
            }
        };
        let input = if input.is_null() { Value::Object(Map::new()) } else { input };
        Ok(Self { variables, input })
    }

    /// A variable that may be absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// A variable that the action cannot do without.
    ///
    /// # Errors
    /// It is absent.
    pub(crate) fn require(&self, name: &str) -> Result<&str, ClientError> {
        self.get(name).ok_or_else(|| ClientError::Settings(format!("the variable {name} is missing")))
    }

    /// `ROR_INPUT`; an empty object when there is none.
    pub(crate) fn input(&self) -> &Value {
        &self.input
    }

    /// `ROR_INPUT` in the shape of one action.
    ///
    /// # Errors
    /// The shape differs.
    pub(crate) fn input_as<T: serde::de::DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_value(self.input().clone())
            .map_err(|error| ClientError::Settings(format!("ROR_INPUT does not fit the action: {error}")))
    }

    /// Whether the service has access profile 0, which is given fewer calls a second.
    pub(crate) fn is_public_profile(&self) -> bool {
        self.get("ROR_PROFILE") == Some("0")
    }

    /// `ROR_DEADLINE_MS`, the time left when the client was started.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.get("ROR_DEADLINE_MS")?.trim().parse().ok().map(Duration::from_millis)
    }

    /// `ROR_RESULT_FILE`, for results that are too long for a line.
    pub(crate) fn result_file(&self) -> Option<PathBuf> {
        self.get("ROR_RESULT_FILE").map(PathBuf::from)
    }
}

fn read_object(stdin: impl Read) -> Result<Map<String, Value>, ClientError> {
    let mut bytes = Vec::new();
    stdin
        .take(MAX_STANDARD_INPUT)
        .read_to_end(&mut bytes)
        .map_err(|error| ClientError::Settings(format!("standard input cannot be read: {error}")))?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(ClientError::Settings("standard input is not a JSON object".to_owned())),
        Err(error) => Err(ClientError::Settings(format!("standard input is not JSON: {error}"))),
    }
}

fn as_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn standard_input_is_left_alone_when_the_environment_is_complete() {
        let settings =
            Settings::gather(&environment(&[("ROR_INPUT", r#"{"id":"1"}"#)]), &b"not json"[..]).unwrap();
        assert_eq!(settings.input()["id"], "1");
    }

    #[test]
    fn standard_input_stands_in_for_what_the_environment_lacks() {
        let stdin = br#"{"ROR_ACTION":"read","ROR_PROFILE":3,"ROR_INPUT":{"id":"2"}}"#;
        let settings = Settings::gather(&environment(&[("ROR_ACTION", "token")]), &stdin[..]).unwrap();
        assert_eq!(settings.input()["id"], "2");
        assert_eq!(settings.get("ROR_ACTION"), Some("token"), "the environment prevails");
        assert_eq!(settings.get("ROR_PROFILE"), Some("3"));
    }

    #[test]
    fn rubbish_is_refused_with_a_message() {
        for stdin in [&b"{"[..], b"[1]", b"\xff\xfe"] {
            let refused = Settings::gather(&BTreeMap::new(), stdin).err().unwrap();
            assert!(refused.to_string().contains("standard input"), "{refused}");
        }
        assert!(Settings::gather(&environment(&[("ROR_INPUT", "{")]), &b""[..]).is_err());
        let empty = Settings::gather(&BTreeMap::new(), &b" \n"[..]).unwrap();
        assert_eq!(
            empty.require("ROR_ACTION").unwrap_err().to_string(),
            "the variable ROR_ACTION is missing"
        );
    }
}
