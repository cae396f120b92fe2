//! What is written short in a step's input: `TRE_R211|022` becomes `https://…/TRE-R211-…|022`, and `now-30m` an instant.

use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::check::Seconds;

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

/// Replaces the instants before `now` that stand under `updated`, such as `now-30m`, by RFC 3339, UTC, whole seconds. A
/// measure with a date of long ago might be refused by the client, and rightly so.
pub fn expand_instants(input: &mut Value, now: OffsetDateTime) {
    match input {
        Value::Array(items) => items.iter_mut().for_each(|item| expand_instants(item, now)),
        Value::Object(entries) => {
            for (key, value) in entries {
                let instant = value.as_str().filter(|_| key == "updated").and_then(|text| before(now, text));
                match instant {
                    Some(instant) => *value = Value::String(instant),
                    None => expand_instants(value, now),
                }
            }
        }
        _ => {}
    }
}

/// Whether that is an instant, written out or before the run.
pub(super) fn is_instant(text: &str) -> bool {
    before(OffsetDateTime::UNIX_EPOCH, text).is_some() || OffsetDateTime::parse(text, &Rfc3339).is_ok()
}

fn before(now: OffsetDateTime, text: &str) -> Option<String> {
    let ago = Seconds::parse(text.strip_prefix("now-")?).ok()?;
    let instant = now.to_offset(UtcOffset::UTC) - ago.duration();
    instant.replace_nanosecond(0).ok()?.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

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

    #[test]
    fn instants_are_reckoned_from_the_run_and_nothing_else_changes() {
        let mut input =
            json!({"updates": [{"updated": "now-30m"}, {"updated": "now-1h"}, {"name": "now-30m"}]});
        expand_instants(&mut input, datetime!(2026-11-20 11:10:05.25 +01:00));
        assert_eq!(
            input["updates"],
            json!([{"updated": "2026-11-20T09:40:05Z"}, {"updated": "now-1h"}, {"name": "now-30m"}])
        );
    }
}
