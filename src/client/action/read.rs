//! `read`: one resource by its id.

use serde::Deserialize;
use serde_json::Value;

use super::super::error::ClientError;
use super::super::leak;
use super::super::outcome::Done;
use super::super::query::read_url;
use super::super::resource::{Integrated, key};
use super::super::ror::{Call, Ror};

#[derive(Deserialize)]
struct Input {
    resource: String,
    id: String,
}

pub(super) async fn perform(ror: &Ror) -> Result<Done, ClientError> {
    let input: Input = ror.session.settings.input_as()?;
    let resource = fetch(ror, &input.resource, &input.id, false).await?;
    let mut integrated = Integrated::default();
    integrated.add(&resource, &ror.session.flaws)?;
    let message = format!("{}/{} read", input.resource, input.id);
    Ok(Done { message, integrated: Some(integrated.into_items()) })
}

/// Reads one resource and makes sure that it is the one asked for.
pub(super) async fn fetch(
    ror: &Ror,
    resource: &str,
    id: &str,
    by_worker: bool,
) -> Result<Value, ClientError> {
    let url = read_url(ror.session.settings.require("ROR_FHIR_URL")?, resource, id)?;
    let mut call = Call::get(url, format!("GET {resource}/{id}"));
    call.by_worker = by_worker;
    let found = ror.get(&call).await?;
    if key(&found) == Some((resource, id)) {
        leak::search_by_contacts(ror, &found).await;
        return Ok(found);
    }
    Err(ClientError::Content { call: call.name, problem: "the answer is another resource".to_owned() })
}
