//! The result of an action, as the adapter contract wants it, and where it is written.

use std::io::Write;

use serde_json::{Map, Value, json};

use super::error::ClientError;
use super::flaws::{Flaw, FlawSet};
use super::settings::Settings;

/// A longer result goes to `ROR_RESULT_FILE` when there is one, in bytes.
const LONGEST_LINE: usize = 48 * 1024;
/// The longest message, in characters.
const LONGEST_MESSAGE: usize = 4000;

/// What an action has achieved.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// For a person.
    pub(crate) message: String,
    /// What the client holds now; nothing is declared by actions that take nothing in.
    pub(crate) integrated: Option<Vec<Value>>,
}

impl Done {
    /// As the client declares it: the flaws hold it twice, under another id, or in capitals.
    pub(crate) fn declared(mut self, flaws: &FlawSet) -> Self {
        let Some(items) = &mut self.integrated else { return self };
        if flaws.has(Flaw::DeclaresTwice) {
            *items = items.iter().flat_map(|item| [item.clone(), item.clone()]).collect();
        }
        if flaws.has(Flaw::DeclaresAnotherId) {
            let mut last = items.pop().unwrap_or_else(|| json!({ "resourceType": "Organization" }));
            last["id"] = json!("no-such-id");
            items.push(last);
        }
        if flaws.has(Flaw::DeclaresInCapitals) {
            for item in items {
                if let Some(name) = item["name"].as_str().map(str::to_uppercase) {
                    item["name"] = json!(name);
                }
            }
        }
        self
    }
}

/// The result line, without its end of line.
pub(crate) fn result_line(outcome: &Result<Done, ClientError>) -> String {
    let mut result = Map::new();
    match outcome {
        Ok(done) => {
            result.insert("outcome".to_owned(), json!("ok"));
            result.insert("message".to_owned(), json!(done.message));
            if let Some(items) = &done.integrated {
                result.insert("integrated".to_owned(), json!(items));
            }
        }
        Err(error) => {
            let message: String = error.to_string().chars().take(LONGEST_MESSAGE).collect();
            result.insert("outcome".to_owned(), json!("error"));
            result.insert("message".to_owned(), json!(message));
        }
    }
    Value::Object(result).to_string()
}

/// Writes the line to the result file when it is too long for standard output, else (or when there is no such file,
/// or it cannot be written) to `stdout`.
///
/// # Errors
/// `stdout` cannot be written.
pub(crate) fn write(line: &str, settings: Option<&Settings>, stdout: &mut dyn Write) -> std::io::Result<()> {
    if line.len() > LONGEST_LINE
        && let Some(file) = settings.and_then(Settings::result_file)
        && std::fs::write(file, line).is_ok()
    {
        return Ok(());
    }
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
