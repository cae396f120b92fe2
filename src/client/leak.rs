//! Where restricted data come out of a client that is careless: only flaws do this.

use std::io::Write;

use form_urlencoded::byte_serialize;
use serde_json::Value;

use super::flaws::{Flaw, FlawSet};
use super::ror::{Call, Ror};
use super::transport::Answer;

/// Lines of harmless traces after what matters, more than anybody keeps.
const TRACES: usize = 2_000;

/// Writes an answer where others read it.
pub(crate) fn write(answer: &Answer, flaws: &FlawSet) {
    // Nobody may be listening.
    if flaws.has(Flaw::LogsRestrictedData) {
        let _ = std::io::stderr().write_all(&answer.body);
    }
    if flaws.has(Flaw::PrintsRestrictedData) {
        let mut stdout = std::io::stdout().lock();
        let _ = stdout.write_all(&answer.body);
        for number in 0..TRACES {
            let _ = writeln!(stdout, "\ntrace {number}: parsed one more element of the answer");
        }
        let _ = stdout.flush();
    }
}

/// Writes a token where others read it.
pub(crate) fn token(value: &str, flaws: &FlawSet) {
    if flaws.has(Flaw::LogsToken) {
        let _ = writeln!(std::io::stderr(), "> authorization: Bearer {value}");
    }
}

/// Searches by the contacts of a resource that has just been read.
pub(crate) async fn search_by_contacts(ror: &Ror, resource: &Value) {
    if !ror.session.flaws.has(Flaw::PutsContactInUrl) {
        return;
    }
    let Some(base) = ror.session.settings.get("ROR_FHIR_URL") else { return };
    let values: Vec<String> =
        contacts(resource).iter().map(|value| byte_serialize(value.as_bytes()).collect()).collect();
    let url = format!("{base}/Organization?telecom={}", values.join(","));
    if let Ok(url) = url.parse() {
        ror.send_once(&Call::get(url, "GET Organization")).await;
    }
}

/// Values of all telecoms of a resource and of its contacts.
pub(crate) fn contacts(resource: &Value) -> Vec<String> {
    let mut found = Vec::new();
    gather(resource, &mut found);
    found
}

fn gather(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let telecoms = members.get("telecom").and_then(Value::as_array);
            found.extend(
                telecoms.into_iter().flatten().filter_map(|one| one["value"].as_str()).map(str::to_owned),
            );
            if value["url"] == "telecomAddress" {
                found.extend(value["valueString"].as_str().map(str::to_owned));
            }
            members.values().for_each(|member| gather(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
        _ => {}
    }
}
