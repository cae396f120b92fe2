//! The result that an adapter gives: the last line of its standard output, or its result file.

use std::path::Path;

use serde_json::Value;

use crate::journal::{AdapterResult, CanarySeen, StepEnd};

/// Largest result file, in bytes.
const FILE_LIMIT: u64 = 64 * 1024 * 1024;

/// Most of a message that is taken, in characters; the bench cuts it once it is redacted, so that no secret is cut in two.
pub const MESSAGE_TAKEN: usize = 16_000;

/// How a step ended, before it is journaled.
#[derive(Debug)]
pub struct Ending {
    /// How.
    pub end: StepEnd,
    /// The result.
    pub result: Option<AdapterResult>,
    /// End of standard output.
    pub stdout_tail: String,
    /// End of standard error.
    pub stderr_tail: String,
    /// Canaries in the whole of both outputs.
    pub canaries: Vec<CanarySeen>,
}

/// Reads a result from its text; none when it is no JSON object with an `outcome`.
pub(super) fn parse(text: &[u8]) -> Option<AdapterResult> {
    let Value::Object(mut object) = serde_json::from_slice(text).ok()? else { return None };
    let outcome = object.get("outcome")?.as_str().map(str::to_owned);
    let mut malformed = Vec::new();
    let outcome = match outcome.as_deref() {
        Some(known @ ("ok" | "error")) => known.to_owned(),
        other => {
            malformed
                .push(format!("outcome: {} is neither \"ok\" nor \"error\"", other.unwrap_or("not a text")));
            "error".to_owned()
        }
    };
    let message = match object.remove("message") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(message)) => message,
        Some(other) => {
            malformed.push("message: not a text".to_owned());
            other.to_string()
        }
    };
    let integrated = match object.remove("integrated") {
        None | Some(Value::Null) => None,
        Some(Value::Array(items)) => Some(items),
        Some(_) => {
            malformed.push("integrated: not a list".to_owned());
            None
        }
    };
    Some(AdapterResult { outcome, message: bounded(&message), integrated, malformed, integrated_kept: None })
}

/// A result that was printed over several lines: from the last `{` that stands alone on a line to the end.
pub(super) fn parse_pretty(stdout: &str) -> Option<AdapterResult> {
    if stdout.trim_end().lines().last()? != "}" {
        return None;
    }
    let start = if stdout.starts_with("{\n") { 0 } else { stdout.rfind("\n{\n")? };
    parse(stdout[start..].trim().as_bytes())
}

impl AdapterResult {
    /// Notes when the exit code says otherwise.
    pub(super) fn beside(mut self, code: Option<i32>) -> Self {
        match (self.outcome.as_str(), code) {
            ("ok", Some(code @ 1..)) => {
                self.malformed.push(format!("outcome \"ok\" beside exit code {code}: taken for an error"));
            }
            ("error", Some(0)) => {
                self.malformed.push("outcome \"error\" beside exit code 0: taken for an error".to_owned())
            }
            _ => {}
        }
        self
    }
}

/// Reads the result file, if there is one that can be used.
pub(super) fn parse_file(path: &Path) -> Option<AdapterResult> {
    let size = std::fs::metadata(path).ok()?.len();
    if size == 0 {
        return None;
    }
    if size > FILE_LIMIT {
        return Some(unusable(format!("ROR_RESULT_FILE: {size} bytes, more than {FILE_LIMIT}")));
    }
    let text = std::fs::read(path).ok()?;
    Some(parse(&text).unwrap_or_else(|| {
        let why = serde_json::from_slice::<Value>(&text).err();
        let why = why.map_or_else(|| "it has no `outcome`".to_owned(), |error| error.to_string());
        unusable(format!("ROR_RESULT_FILE is not a result: {why}"))
    }))
}

/// A result that says nothing but that it cannot be used; the exit code then tells the outcome.
pub(super) fn unusable(why: String) -> AdapterResult {
    AdapterResult { outcome: "ok".to_owned(), malformed: vec![why], ..AdapterResult::default() }
}

/// The beginning of a message that is too long, marked as such.
pub(super) fn bounded(message: &str) -> String {
    let message = message.trim();
    match message.char_indices().nth(MESSAGE_TAKEN) {
        None => message.to_owned(),
        Some((end, _)) => format!("{}…", &message[..end]),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_and_their_faults_named() {
        let result =
            parse(br#"{"outcome":"ok","integrated":[{"resourceType":"Location","id":"1"}]}"#).unwrap();
        assert_eq!((result.outcome.as_str(), result.integrated.unwrap().len()), ("ok", 1));
        assert!(parse(b"done").is_none() && parse(b"{}").is_none() && parse(b"[1]").is_none());
        let result = parse(br#"{"outcome":"fine","integrated":3,"message":4}"#).unwrap();
        assert_eq!((result.outcome.as_str(), result.malformed.len()), ("error", 3));
    }
}
