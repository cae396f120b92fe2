//! What an answer says about an error, for a person: OperationOutcome of the API, RFC 6749 §5.2 of the token endpoint.

use serde_json::Value;

use super::transport::Answer;

/// The longest detail that is quoted, in characters.
const LONGEST_DETAIL: usize = 500;

/// The words of the server about an error, after a colon; empty when it gave none that are understood. Should the
/// server quote `hidden`, the secret or token that it was sent, that is left out.
pub(crate) fn detail(answer: &Answer, hidden: &str) -> String {
    let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
        return String::new();
    };
    let words = if body["resourceType"] == "OperationOutcome" { issues(&body) } else { oauth_error(&body) };
    if words.is_empty() {
        return words;
    }
    let words = if hidden.is_empty() { words } else { words.replace(hidden, "[hidden]") };
    format!(": {}", printable(&words))
}

/// Whether an OperationOutcome gives an `expression` as a text: what `chokes-on-expression-text` chokes on.
pub(crate) fn has_expression_text(answer: &Answer) -> bool {
    let body = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
    let issues = body["issue"].as_array().map(Vec::as_slice).unwrap_or_default();
    issues.iter().any(|issue| issue["expression"].is_string())
}

fn issues(outcome: &Value) -> String {
    let issues = outcome["issue"].as_array().map(Vec::as_slice).unwrap_or_default();
    issues.iter().filter_map(issue).collect::<Vec<_>>().join("; ")
}

fn issue(issue: &Value) -> Option<String> {
    let words = [&issue["diagnostics"], &issue["details"]["text"], &issue["code"]]
        .into_iter()
        .find_map(|candidate| candidate.as_str().filter(|text| !text.is_empty()))?;
    // The ROR has been seen to write `expression` as one string where FHIR has an array.
    let place = match &issue["expression"] {
        Value::String(one) => one.clone(),
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        _ => String::new(),
    };
    Some(if place.is_empty() { words.to_owned() } else { format!("{words} (at {place})") })
}

fn oauth_error(body: &Value) -> String {
    let parts = [&body["error"], &body["error_description"]];
    parts.into_iter().filter_map(Value::as_str).collect::<Vec<_>>().join(": ")
}

/// Words of a server end up in terminals: no control characters, and not without end.
fn printable(words: &str) -> String {
    let clean = words.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut kept: String = clean.clone().take(LONGEST_DETAIL).collect();
    if clean.count() > LONGEST_DETAIL {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;

    use super::*;

    fn of(body: &str) -> String {
        let answer = Answer { status: 400, headers: HeaderMap::new(), body: body.to_owned().into() };
        detail(&answer, "s3cret")
    }

    #[test]
    fn the_words_of_both_kinds_of_error_are_found() {
        let as_array = r#"{"resourceType":"OperationOutcome","issue":[{"code":"forbidden","diagnostics":"not on the whitelist","expression":["a","b"]}]}"#;
        assert_eq!(of(as_array), ": not on the whitelist (at a, b)");
        let as_string = r#"{"resourceType":"OperationOutcome","issue":[{"details":{"text":"unknown"},"expression":"x"},{"code":"processing"}]}"#;
        assert_eq!(of(as_string), ": unknown (at x); processing");
        assert_eq!(
            of(r#"{"error":"invalid_client","error_description":"no DN"}"#),
            ": invalid_client: no DN"
        );
    }

    #[test]
    fn what_the_server_quotes_of_the_secret_is_left_out() {
        assert_eq!(of(r#"{"error":"s3cret is wrong"}"#), ": [hidden] is wrong");
    }

    #[test]
    fn other_bodies_are_no_obstacle() {
        for body in
            ["", "<html>", "[]", "null", r#"{"error":7}"#, r#"{"resourceType":"OperationOutcome","issue":3}"#]
        {
            assert_eq!(of(body), "", "{body}");
        }
        let hostile = format!(r#"{{"error":"\u001b[31m{}"}}"#, "x".repeat(2000));
        let said = of(&hostile);
        assert!(!said.contains('\u{1b}') && said.chars().count() < 510);
    }
}
