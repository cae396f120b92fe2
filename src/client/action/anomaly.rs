//! `report-anomaly` and `update-anomaly`: an irregularity of an offer's description, as a Task.

use hyper::header::LOCATION;
use hyper::{Method, Uri};
use percent_encoding::utf8_percent_encode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::error::ClientError;
use super::super::flaws::Flaw;
use super::super::moment;
use super::super::outcome::Done;
use super::super::paging;
use super::super::query::VALUE;
use super::super::resource::{code, key};
use super::super::ror::{Call, Ror};

const POST: &str = "POST Task";
/// Times that a report is sent whose answer is lost and that is not there.
const SENDINGS: u32 = 3;
/// TRE_R352: created.
const CREATED: &str = "01";
/// The name under which the client reports, in `systemRequester`.
const REQUESTER: &str = "banc-ror-client";

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Report {
    healthcare_service: String,
    category: String,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
struct Update {
    task: String,
    status: String,
}

/// `report-anomaly`.
pub(super) async fn report(ror: &Ror) -> Result<Done, ClientError> {
    let report: Report = ror.session.settings.input_as()?;
    let url = task_url(ror, "")?;
    let now = moment::write(ror.session.clock.wall());
    let task = task(&report, &now, ror.session.flaws.has(Flaw::AnomalyWithoutRequester));
    let mut call = Call::write(Method::POST, url, POST, &task);
    call.repeatable = false;
    for sending in 1..=SENDINGS {
        let lost = match ror.send(&call, |answer| answer.status == 201).await {
            Ok(answer) => {
                let place = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
                return Ok(reported(place.and_then(id_in).as_deref()));
            }
            Err(lost @ ClientError::Lost { .. }) => lost,
            Err(error) => return Err(error),
        };
        if ror.session.flaws.has(Flaw::AnomalyPostsTwice) {
            continue;
        }
        // It may have arrived: a report is not made twice.
        if let Some(id) = there_already(ror, &report, &now).await? {
            return Ok(reported(Some(&id)));
        }
        if sending == SENDINGS {
            return Err(lost);
        }
    }
    Err(ClientError::Lost { call: POST.to_owned(), cause: format!("{SENDINGS} times") })
}

/// `update-anomaly`.
pub(super) async fn update(ror: &Ror) -> Result<Done, ClientError> {
    let update: Update = ror.session.settings.input_as()?;
    let url = task_url(ror, &format!("/{}", utf8_percent_encode(&update.task, VALUE)))?;
    let (path, value) = if ror.session.flaws.has(Flaw::AnomalyPatchesStatus) {
        ("Task.status", json!({ "name": "value", "valueCode": "completed" }))
    } else {
        let status = concept("TRE_R352-StatutMetierAnomalie", &update.status);
        ("Task.businessStatus", json!({ "name": "value", "valueCodeableConcept": status }))
    };
    let patch = json!({ "resourceType": "Parameters", "parameter": [{ "name": "operation", "part": [
        { "name": "type", "valueString": "replace" },
        { "name": "path", "valueString": path },
        value,
    ] }] });
    // To set a status again does no harm, so that this one may be repeated.
    let call = Call::write(Method::PATCH, url, format!("PATCH Task/{}", update.task), &patch);
    ror.send(&call, |answer| matches!(answer.status, 200 | 204)).await?;
    Ok(Done { message: format!("anomaly {} set to {}", update.task, update.status), integrated: None })
}

fn task(report: &Report, now: &str, without_requester: bool) -> Value {
    let mut task = json!({
        "resourceType": "Task",
        "meta": { "profile": ["https://interop.esante.gouv.fr/ig/fhir/ror/StructureDefinition/ror-task"] },
        "status": "in-progress",
        "businessStatus": concept("TRE_R352-StatutMetierAnomalie", CREATED),
        "intent": "order",
        "code": concept("TRE_R350-ThematiqueAnomalie", &report.category),
        "description": report.description,
        "focus": { "reference": focus(report) },
        "authoredOn": now,
        "lastModified": now,
        "reasonCode": concept("TRE_R349-ActionAnomalie", "COR"),
    });
    if report.description.is_empty()
        && let Some(members) = task.as_object_mut()
    {
        members.remove("description");
    }
    if !without_requester {
        task["input"] = json!([{
            "type": { "coding": [{
                "system": "https://interop.esante.gouv.fr/ig/fhir/ror/CodeSystem/input-task-ror-codesystem",
                "code": "systemRequester",
            }] },
            "valueString": REQUESTER,
        }]);
    }
    task
}

/// The id of the very report, when the server has it.
async fn there_already(ror: &Ror, report: &Report, now: &str) -> Result<Option<String>, ClientError> {
    let url = task_url(ror, &format!("?focus={}", utf8_percent_encode(&focus(report), VALUE)))?;
    let found = paging::fetch(ror, "Task", &url, true).await?;
    let the_same = |task: &&Value| {
        task["resourceType"] == "Task"
            && code(&task["code"]) == Some(&report.category)
            && task["description"].as_str().unwrap_or_default() == report.description
            && same_moment(&task["authoredOn"], now)
    };
    Ok(found.resources().find(the_same).and_then(key).map(|(_, id)| id.to_owned()))
}

/// The server may keep the day only, or write the moment in another way.
fn same_moment(authored: &Value, now: &str) -> bool {
    match authored.as_str() {
        None => true,
        Some(text) if text.len() == "2026-11-01".len() => now.starts_with(text),
        Some(text) => moment::parse(text) == moment::parse(now),
    }
}

fn focus(report: &Report) -> String {
    format!("HealthcareService/{}", report.healthcare_service)
}

fn concept(name: &str, code: &str) -> Value {
    let system = format!("https://mos.esante.gouv.fr/NOS/{name}/FHIR/{}", name.replacen("TRE_", "TRE-", 1));
    json!({ "coding": [{ "system": system, "code": code }] })
}

fn task_url(ror: &Ror, rest: &str) -> Result<Uri, ClientError> {
    let base = ror.session.settings.require("ROR_TASK_URL")?.trim_end_matches('/');
    format!("{base}{rest}").parse().map_err(|error| {
        ClientError::Settings(format!("ROR_TASK_URL is not a URL that can be sent ({error})"))
    })
}

/// The id in a `Location`: `…/Task/687` or `…/Task/687/_history/1`.
fn id_in(place: &str) -> Option<String> {
    let mut parts = place.split(['/', '?']).skip_while(|part| *part != "Task");
    parts.nth(1).filter(|id| !id.is_empty()).map(str::to_owned)
}

fn reported(id: Option<&str>) -> Done {
    let name = id.unwrap_or("without a known id");
    Done { message: format!("anomaly reported: Task {name}"), integrated: None }
}

#[cfg(test)]
mod tests {
    use super::super::super::resource::elements;
    use super::*;

    #[test]
    fn the_id_is_found_in_a_location_with_or_without_version() {
        assert_eq!(id_in("https://ror.example/anomalies/Task/687/_history/1").as_deref(), Some("687"));
        assert_eq!(id_in("Task/687").as_deref(), Some("687"));
        assert_eq!(id_in("/elsewhere/687"), None);
        assert_eq!(
            elements(&concept("TRE_R350-ThematiqueAnomalie", "06")["coding"])[0]["system"],
            "https://mos.esante.gouv.fr/NOS/TRE_R350-ThematiqueAnomalie/FHIR/TRE-R350-ThematiqueAnomalie"
        );
    }
}
