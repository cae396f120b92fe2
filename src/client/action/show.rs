//! `show`: what a user of a narrower profile may see of a resource that the service may read.

use hyper::Uri;
use serde::Deserialize;
use serde_json::Value;

use super::super::base::Base;
use super::super::error::ClientError;
use super::super::flaws::Flaw;
use super::super::leak;
use super::super::outcome::Done;
use super::super::paging;
use super::super::query::search_url;
use super::super::resource::{Integrated, elements};
use super::super::ror::Ror;
use super::super::show::Viewer;
use super::super::state::State;
use super::read::fetch;

const OFFER: &str = "HealthcareService";
/// The profile that sees the contacts of an organization by the champ d'activité of its offers.
const BY_FIELD: usize = 3;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Input {
    resource: String,
    id: String,
    as_profile: usize,
}

pub(super) async fn perform(ror: &Ror) -> Result<Done, ClientError> {
    let input: Input = ror.session.settings.input_as()?;
    let flaws = &ror.session.flaws;
    if flaws.has(Flaw::ExportEmptiesBaseFirst)
        && let Some(base) = Base::read(&State::of(&ror.session.settings))?
        && !base.holds(&input.resource, &input.id)
    {
        let message = format!("{}/{} is not in the base", input.resource, input.id);
        return Ok(Done { message, integrated: Some(Vec::new()) });
    }
    let resource = fetch(ror, &input.resource, &input.id, false).await?;
    let offers = offers(ror, &input, &resource).await?;
    let offers =
        if flaws.has(Flaw::ShowKeepsOldRights) { as_first_seen(ror, &input, offers)? } else { offers };
    let contacts = leak::contacts(&resource);
    let seen = Viewer::new(input.as_profile, &resource, &offers, flaws).sees(resource);
    let mut integrated = Integrated::default();
    if let Some(seen) = &seen {
        integrated.add(seen, flaws)?;
    }
    let shown = if seen.is_some() { "shown" } else { "hidden" };
    let mut message = format!("{}/{} {shown} to profile {}", input.resource, input.id, input.as_profile);
    if flaws.has(Flaw::ShowTellsInMessage) {
        message.push_str(&format!(", contacts: {}", contacts.join(", ")));
    }
    Ok(Done { message, integrated: Some(integrated.into_items()) })
}

/// The offers as they were when the resource was first shown.
fn as_first_seen(ror: &Ror, input: &Input, offers: Vec<Value>) -> Result<Vec<Value>, ClientError> {
    let state = State::of(&ror.session.settings);
    let name = format!("shown-{}-{}.json", input.resource, input.id);
    if let Some(first) = state.read(&name)? {
        return Ok(first);
    }
    state.write(&name, &offers)?;
    Ok(offers)
}

/// The offers that the policy looks at: a Location and a person are as sensitive as the offers that refer to them.
async fn offers(ror: &Ror, input: &Input, resource: &Value) -> Result<Vec<Value>, ClientError> {
    let id = || ("_id", input.id.clone());
    let question = match input.resource.as_str() {
        OFFER => return Ok(vec![resource.clone()]),
        "Location" => {
            Some(("Location", vec![id(), ("_revinclude", "HealthcareService:location".to_owned())]))
        }
        "PractitionerRole" => {
            let references = elements(&resource["healthcareService"]).iter();
            let ids = references.filter_map(|reference| reference["reference"].as_str()?.rsplit('/').next());
            let ids = ids.collect::<Vec<_>>().join(",");
            Some(ids).filter(|ids| !ids.is_empty()).map(|ids| (OFFER, vec![("_id", ids)]))
        }
        "Practitioner" => {
            let by_identifier = "_has:PractitionerRole:service:practitioner.identifier";
            identifier(resource).map(|value| (OFFER, vec![(by_identifier, value)]))
        }
        "Organization" if input.as_profile == BY_FIELD => {
            let below = "organization.identifier:above";
            identifier(resource).map(|value| (OFFER, vec![(below, value)]))
        }
        _ => None,
    };
    let Some((kind, parameters)) = question else {
        return Ok(Vec::new());
    };
    let url = url(ror, kind, parameters)?;
    let found = paging::fetch(ror, kind, &url, true).await?;
    Ok(found.resources().filter(|found| found["resourceType"] == OFFER).cloned().collect())
}

fn identifier(resource: &Value) -> Option<String> {
    elements(&resource["identifier"]).iter().find_map(|one| one["value"].as_str()).map(str::to_owned)
}

fn url(ror: &Ror, kind: &str, parameters: Vec<(&str, String)>) -> Result<Uri, ClientError> {
    let parameters: Vec<_> = parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    search_url(ror.session.settings.require("ROR_FHIR_URL")?, kind, &parameters, &ror.session.flaws)
}
