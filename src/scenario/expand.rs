//! Short names of code systems in a step's input: `TRE_R211|022` becomes `https://…/TRE-R211-…|022`.

use serde_json::Value;

/// Replaces the short names in every text of `input`. Alternatives of a parameter and operands of a `_filter` are
/// expanded one by one; `expand` answers none for what is no short name, which is then left as it stands.
pub fn expand_short_names(input: &mut Value, expand: &dyn Fn(&str) -> Option<String>) {
    match input {
        Value::String(text) if text.contains('|') => {
            *text = text
                .split_inclusive([',', ' ', '(', ')', '"'])
                .map(|part| {
                    let word = part.trim_end_matches([',', ' ', '(', ')', '"']);
                    match expand(word) {
                        Some(whole) => format!("{whole}{}", &part[word.len()..]),
                        None => part.to_owned(),
                    }
                })
                .collect();
        }
        Value::Array(items) => items.iter_mut().for_each(|item| expand_short_names(item, expand)),
        Value::Object(entries) => entries.values_mut().for_each(|value| expand_short_names(value, expand)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn short_names_are_expanded_in_alternatives_and_nothing_else_changes() {
        let expand =
            |short: &str| short.strip_prefix("TRE_R211|").map(|code| format!("https://x/R211|{code}"));
        let mut input = json!({"resource": "HealthcareService", "parameters": [
            ["specialty", "TRE_R211|022,TRE_R211|023"], ["name", "TRE_R211"], ["near", "1|2|3|km"],
            ["_filter", "(specialty eq TRE_R211|005 or TRE_R211|481)"]]});
        expand_short_names(&mut input, &expand);
        assert_eq!(
            input["parameters"],
            json!([
                ["specialty", "https://x/R211|022,https://x/R211|023"],
                ["name", "TRE_R211"],
                ["near", "1|2|3|km"],
                ["_filter", "(specialty eq https://x/R211|005 or https://x/R211|481)"]
            ])
        );
    }
}
