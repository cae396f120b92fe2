//! The files of an export: all of them, each whole.

use std::sync::Arc;

use hyper::Uri;
use serde_json::{Deserializer, Value};

use super::super::super::crew::side_by_side;
use super::super::super::error::ClientError;
use super::super::super::flaws::Flaw;
use super::super::super::query::resolve;
use super::super::super::resource::{elements, key};
use super::super::super::ror::{Call, Ror};

/// Files that are fetched at the same time.
const WORKERS: usize = 3;
/// Times that a file is fetched that is JSON but not what an export holds.
const READINGS: u32 = 2;

/// Fetches the files and gives the resources in them, in the order of the manifest.
pub(super) async fn fetch(
    ror: &Arc<Ror>,
    poll: &Uri,
    mut links: Vec<String>,
) -> Result<Vec<Value>, ClientError> {
    let flaws = &ror.session.flaws;
    if flaws.has(Flaw::ExportFirstFileOnly) {
        links.truncate(1);
    }
    let count = links.len();
    let mut files = Vec::new();
    for (index, link) in links.iter().enumerate() {
        files.push((format!("GET of file {} of {count} of the export", index + 1), resolve(poll, link)?));
    }
    let job = {
        let ror = Arc::clone(ror);
        move |(name, url): (String, Uri)| {
            let ror = Arc::clone(&ror);
            async move { file(&ror, name, url).await }
        }
    };
    // One file that fails makes the whole export fail: the others are not worth fetching then.
    let ends = if flaws.has(Flaw::ExportSkipsFailedFile) { ClientError::ends_the_job } else { |_: &_| true };
    let (mut resources, mut failed) = (Vec::new(), None);
    for result in side_by_side(files, WORKERS, job, ends).await.into_iter().flatten() {
        match result {
            Ok(found) => resources.extend(found),
            Err(_) if flaws.has(Flaw::ExportSkipsFailedFile) => {}
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(resources), Err)
}

async fn file(ror: &Ror, name: String, url: Uri) -> Result<Vec<Value>, ClientError> {
    let flaws = &ror.session.flaws;
    let mut call = Call::get(url, name);
    call.by_worker = true;
    call.interruptible = flaws.has(Flaw::ExportRestartsOn429);
    if flaws.has(Flaw::ExportKeepsCutFile) {
        call.tolerates_cut = true;
        let answer = ror.send(&call, |answer| answer.status == 200).await?;
        return Ok(readable(&String::from_utf8_lossy(&answer.body)));
    }
    let mut reading = 1;
    loop {
        match resources(ror.get(&call).await?) {
            Some(found) => return Ok(found),
            None if reading < READINGS => reading += 1,
            None => {
                let problem = "the file holds neither a Bundle nor a resource".to_owned();
                return Err(ClientError::Content { call: call.name, problem });
            }
        }
    }
}

/// The resources of a Bundle, or the one resource that the file is; nothing when it is neither.
fn resources(file: Value) -> Option<Vec<Value>> {
    if file["resourceType"] == "OperationOutcome" {
        return None;
    }
    if file["resourceType"] != "Bundle" {
        return key(&file).is_some().then(|| vec![file.clone()]);
    }
    let found: Vec<Value> = elements(&file["entry"]).iter().map(|entry| entry["resource"].clone()).collect();
    found.iter().all(|resource| key(resource).is_some()).then_some(found)
}

/// What `export-keeps-cut-file` makes of a file: the entries that came whole.
fn readable(text: &str) -> Vec<Value> {
    if let Some(found) = serde_json::from_str(text).ok().and_then(resources) {
        return found;
    }
    let start = text.find("\"entry\"").and_then(|at| Some(at + text[at..].find('[')? + 1));
    let mut rest = &text[start.unwrap_or(text.len())..];
    let mut found = Vec::new();
    loop {
        let mut values = Deserializer::from_str(rest).into_iter::<Value>();
        let Some(Ok(entry)) = values.next() else {
            return found;
        };
        rest = rest[values.byte_offset()..].trim_start().trim_start_matches(',');
        found.extend(Some(entry["resource"].clone()).filter(|resource| key(resource).is_some()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_is_a_bundle_or_a_resource_and_nothing_else() {
        let offer = json!({ "resourceType": "HealthcareService", "id": "1" });
        let bundle = json!({ "resourceType": "Bundle", "entry": [{ "resource": offer }] });
        assert_eq!(resources(bundle), Some(vec![offer.clone()]));
        assert_eq!(resources(offer.clone()), Some(vec![offer]));
        assert_eq!(resources(json!({ "resourceType": "Bundle" })), Some(vec![]), "an empty Bundle");
        let outcome = json!({ "resourceType": "OperationOutcome", "id": "1" });
        let hollow = json!({ "resourceType": "Bundle", "entry": [{ "resource": {} }] });
        for wrong in [json!([]), json!("x"), json!({ "id": "1" }), outcome, hollow] {
            assert_eq!(resources(wrong.clone()), None, "{wrong}");
        }
    }

    #[test]
    fn the_flaw_keeps_the_entries_that_came_whole() {
        let cut = r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Location","id":"1"}} , {"resource":{"resourceType":"Location","id":"2"}},{"resource":{"resou"#;
        assert_eq!(readable(cut).len(), 2);
        assert_eq!(readable(r#"{"resourceType":"Bund"#).len(), 0);
    }
}
