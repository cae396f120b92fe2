//! Anomalies looked up (`ror-fhir.md` §3.7, §7 M).

use serde_json::Value;

use crate::ror::search::{DateTest, TokenTest};
use crate::ror::{Directory, Problem, Resource, ResourceType};

/// Parameters of every deployment, for the message of an unknown one.
const PARAMETERS: [&str; 8] =
    ["_format", "_id", "_lastUpdated", "authored-on", "business-status", "code", "focus", "identifier"];
/// How the result is written, which is not decided here.
const RESULT_PARAMETERS: [&str; 2] = ["_format", "_count"];
/// The beginning of the draft criteria on what an anomaly is about: `focus:HealthcareService.identifier`,
/// `focus:HealthcareService:_tag`.
const DRAFT: &str = "focus:";

/// The Tasks that satisfy every parameter, in their order. The draft criteria on the resource that an anomaly is about
/// look it up in `directory`; without `drafts` they are unknown parameters.
///
/// # Errors
/// 400 for a parameter that is unknown or malformed.
pub fn search<'a>(
    tasks: impl IntoIterator<Item = &'a Value>,
    parameters: &[(String, String)],
    directory: &Directory,
    drafts: bool,
) -> Result<Vec<&'a Value>, Problem> {
    let criteria: Vec<Criterion> = parameters
        .iter()
        .filter(|(name, _)| !RESULT_PARAMETERS.contains(&name.as_str()))
        .map(|(name, value)| Criterion::parse(name, value, drafts))
        .collect::<Result<_, _>>()?;
    Ok(tasks
        .into_iter()
        .filter(|task| criteria.iter().all(|criterion| criterion.matches(task, directory)))
        .collect())
}

enum Criterion {
    Id(Vec<String>),
    Updated(DateTest),
    Authored(DateTest),
    /// The member, and the token.
    Concept(&'static str, TokenTest),
    Identifier(TokenTest),
    /// References, or ids.
    Focus(Vec<String>),
    FocusIdentifier(ResourceType, TokenTest),
    FocusTag(ResourceType, TokenTest),
}

impl Criterion {
    fn parse(name: &str, value: &str, drafts: bool) -> Result<Self, Problem> {
        let date = || DateTest::parse(value).map_err(|why| Problem::invalid_value(name, value, why));
        let token =
            || TokenTest::parse(value, false, None).map_err(|why| Problem::invalid_value(name, value, why));
        if value.is_empty() {
            return Err(Problem::invalid_value(name, value, "valeur absente"));
        }
        let alternatives = || value.split(',').map(str::to_owned).collect();
        match name {
            "_id" => Ok(Self::Id(alternatives())),
            "_lastUpdated" => Ok(Self::Updated(date()?)),
            "authored-on" => Ok(Self::Authored(date()?)),
            "business-status" => Ok(Self::Concept("businessStatus", token()?)),
            "code" => Ok(Self::Concept("code", token()?)),
            "identifier" => Ok(Self::Identifier(token()?)),
            "focus" => Ok(Self::Focus(alternatives())),
            _ => {
                let unknown = || Problem::unknown_parameter(name, &PARAMETERS.map(str::to_owned));
                let draft = name.strip_prefix(DRAFT).filter(|_| drafts).ok_or_else(unknown)?;
                let (resource, criterion) = draft.split_once(['.', ':']).ok_or_else(unknown)?;
                let resource = ResourceType::parse(resource).ok_or_else(unknown)?;
                match criterion {
                    "identifier" => Ok(Self::FocusIdentifier(resource, token()?)),
                    "_tag" => Ok(Self::FocusTag(resource, token()?)),
                    _ => Err(unknown()),
                }
            }
        }
    }

    fn matches(&self, task: &Value, directory: &Directory) -> bool {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        match self {
            Self::Id(wanted) => wanted.contains(&text(task.get("id"))),
            Self::Updated(test) => {
                task.pointer("/meta/lastUpdated").is_some_and(|updated| test.matches(updated))
            }
            Self::Authored(test) => task.get("authoredOn").is_some_and(|authored| test.matches(authored)),
            Self::Concept(member, test) => task.get(member).is_some_and(|concept| test.matches(concept)),
            Self::Identifier(test) => any_identifier(task, test),
            Self::Focus(wanted) => {
                let reference = text(task.pointer("/focus/reference"));
                !reference.is_empty() && wanted.iter().any(|wanted| is_reference(&reference, wanted))
            }
            Self::FocusIdentifier(resource, test) => {
                let logical = text(task.pointer("/focus/type")) == resource.name()
                    && task.pointer("/focus/identifier").is_some_and(|identifier| test.matches(identifier));
                logical
                    || focus(task, *resource, directory)
                        .is_some_and(|found| any_identifier(&found.json, test))
            }
            Self::FocusTag(resource, test) => focus(task, *resource, directory).is_some_and(|found| {
                let tags = found.json.pointer("/meta/tag").and_then(Value::as_array);
                tags.is_some_and(|tags| tags.iter().any(|tag| test.matches(tag)))
            }),
        }
    }
}

fn any_identifier(resource: &Value, test: &TokenTest) -> bool {
    let identifiers = resource.get("identifier").and_then(Value::as_array);
    identifiers.is_some_and(|identifiers| identifiers.iter().any(|identifier| test.matches(identifier)))
}

/// `Organization/1101` or `1101`, against a reference that is relative or absolute.
fn is_reference(reference: &str, wanted: &str) -> bool {
    reference.strip_suffix(wanted).is_some_and(|base| base.is_empty() || base.ends_with('/'))
}

/// The resource that an anomaly is about: by its reference, else by its identifier.
fn focus<'a>(task: &Value, resource: ResourceType, directory: &'a Directory) -> Option<&'a Resource> {
    let reference = task.pointer("/focus/reference").and_then(Value::as_str);
    let wanted = task.pointer("/focus/identifier/value").and_then(Value::as_str);
    let right_type = task.pointer("/focus/type").is_none_or(|given| given.as_str() == Some(resource.name()));
    directory
        .all(resource)
        .find(|candidate| match (reference, wanted) {
            (Some(reference), _) => is_reference(reference, &candidate.reference()),
            (None, Some(wanted)) => right_type && has_identifier(&candidate.json, wanted),
            (None, None) => false,
        })
        .map(AsRef::as_ref)
}

fn has_identifier(resource: &Value, wanted: &str) -> bool {
    let identifiers = resource.get("identifier").and_then(Value::as_array);
    identifiers
        .is_some_and(|all| all.iter().any(|one| one.get("value").and_then(Value::as_str) == Some(wanted)))
}
