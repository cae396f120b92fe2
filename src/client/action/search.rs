//! `search`: the first page, or all of them.

use serde::Deserialize;
use serde_json::Value;

use super::super::error::ClientError;
use super::super::outcome::Done;
use super::super::paging;
use super::super::query::search_url;
use super::super::ror::Ror;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Input {
    resource: String,
    #[serde(default)]
    parameters: Vec<(String, Value)>,
    #[serde(default = "all")]
    all_pages: bool,
}

fn all() -> bool {
    true
}

pub(super) async fn perform(ror: &Ror) -> Result<Done, ClientError> {
    let settings = &ror.session.settings;
    let input: Input = settings.input_as()?;
    let parameters: Vec<_> =
        input.parameters.into_iter().map(|(name, value)| (name, as_text(value))).collect();
    let url =
        search_url(settings.require("ROR_FHIR_URL")?, &input.resource, &parameters, &ror.session.flaws)?;
    let items = paging::search(ror, &input.resource, &url, input.all_pages).await?;
    Ok(Done { message: format!("{} {} found", items.len(), input.resource), integrated: Some(items) })
}

/// Parameter values are text; a number or a boolean stands for its own text.
fn as_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
