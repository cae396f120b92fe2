//! The access policy: the element matrix of `scenarios/reference/access-policy.yaml`, read and applied.

mod apply;
mod condition;
#[cfg(test)]
mod matrix_tests;
mod offers;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;
use serde_json::Value;

pub(crate) use apply::visible;
pub(crate) use offers::Offers;

use super::nomenclature::Nomenclature;
use super::path::Path;
use super::resource::{AccessProfile, Resource, ResourceType};
use condition::Condition;

const STANDARD: &str = include_str!("../../../scenarios/reference/access-policy.yaml");

static POLICY: LazyLock<Arc<AccessPolicy>> = LazyLock::new(|| {
    // The file travels inside the binary and a test reads it: a failure here is a broken build.
    Arc::new(
        AccessPolicy::from_yaml(STANDARD).expect("scenarios/reference/access-policy.yaml is well-formed"),
    )
});

/// The name of the option that has all offers of an organization decide, not any, for profile 3.
pub(crate) const ORGANIZATION_ALL_OFFERS: &str = "profile-3-organization-all-offers";

/// Which access profile sees which element (`ror-fhir.md` §2.3).
#[derive(Debug, Clone)]
pub struct AccessPolicy {
    options: BTreeMap<String, bool>,
    default_level: String,
    whole: Vec<(ResourceType, [Condition; 6])>,
    elements: Vec<Row>,
    mandatory: Vec<(ResourceType, Vec<Mandatory>)>,
}

/// An element without which a resource is not sent, with its name in the file.
#[derive(Debug, Clone)]
struct Mandatory {
    name: String,
    path: Path,
}

/// The policy file, or an option name, is not what the bench understands.
#[derive(Debug, thiserror::Error)]
#[error("access policy: {0}")]
pub struct PolicyError(String);

/// One row of the element matrix.
#[derive(Debug, Clone)]
struct Row {
    resource_type: ResourceType,
    element: Path,
    level: Option<Path>,
    contact_level: Option<Path>,
    profiles: [Condition; 6],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    options: BTreeMap<String, bool>,
    default_level: String,
    resources: Vec<WholeEntry>,
    elements: Vec<ElementEntry>,
    mandatory: Vec<MandatoryEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WholeEntry {
    r#type: String,
    source: String,
    p0: String,
    p1: String,
    p2: String,
    p3: String,
    p4: String,
    p5: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ElementEntry {
    r#type: String,
    element: String,
    level: Option<String>,
    contact_level: Option<String>,
    source: String,
    p0: String,
    p1: String,
    p2: String,
    p3: String,
    p4: String,
    p5: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MandatoryEntry {
    r#type: String,
    source: String,
    elements: Vec<String>,
}

impl AccessPolicy {
    /// That of `scenarios/reference/access-policy.yaml`.
    #[must_use]
    pub fn standard() -> Arc<Self> {
        Arc::clone(&POLICY)
    }

    /// Reads a policy file; the error says where it is wrong.
    pub fn from_yaml(text: &str) -> Result<Self, PolicyError> {
        let file: File = serde_saphyr::from_str(text).map_err(|e| PolicyError(e.to_string()))?;
        Self::from_file(file).map_err(PolicyError)
    }

    /// The same policy with an option turned on or off; refuses a name that the policy does not declare.
    pub fn with_option(mut self, name: &str, on: bool) -> Result<Self, PolicyError> {
        match self.options.get_mut(name) {
            Some(option) => *option = on,
            None => {
                let known: Vec<&str> = self.options.keys().map(String::as_str).collect();
                return Err(PolicyError(format!("no option `{name}`; options: {}", known.join(", "))));
            }
        }
        Ok(self)
    }

    /// The options with their values.
    pub fn options(&self) -> impl Iterator<Item = (&str, bool)> {
        self.options.iter().map(|(name, on)| (name.as_str(), *on))
    }

    fn option(&self, name: &str) -> bool {
        self.options.get(name).copied().unwrap_or(false)
    }

    fn from_file(file: File) -> Result<Self, String> {
        let nomenclature = Nomenclature::standard();
        let path = |text: &str| Path::parse(text, nomenclature);
        let condition = |text: &str| Condition::parse(text, &file.options);
        let sourced = |what: &str, source: &str| match source.trim() {
            "" => Err(format!("{what} has no source")),
            _ => Ok(()),
        };
        let mut whole = Vec::new();
        for w in &file.resources {
            sourced(&w.r#type, &w.source)?;
            let rows = [&w.p0, &w.p1, &w.p2, &w.p3, &w.p4, &w.p5].map(|text| condition(text));
            whole.push((resource_type(&w.r#type)?, collect(rows)?));
        }
        let mut elements = Vec::new();
        for e in &file.elements {
            sourced(&e.element, &e.source)?;
            let rows = [&e.p0, &e.p1, &e.p2, &e.p3, &e.p4, &e.p5].map(|text| condition(text));
            elements.push(Row {
                resource_type: resource_type(&e.r#type)?,
                element: path(&e.element)?,
                level: e.level.as_deref().map(path).transpose()?,
                contact_level: e.contact_level.as_deref().map(path).transpose()?,
                profiles: collect(rows)?,
            });
        }
        let mut mandatory = Vec::new();
        for m in &file.mandatory {
            sourced(&m.r#type, &m.source)?;
            let elements: Result<Vec<Mandatory>, String> = m
                .elements
                .iter()
                .map(|name| path(name).map(|path| Mandatory { name: name.clone(), path }))
                .collect();
            mandatory.push((resource_type(&m.r#type)?, elements?));
        }
        for t in ResourceType::ALL {
            if !whole.iter().any(|(listed, _)| *listed == t) {
                return Err(format!("no row for {t} as a whole"));
            }
        }
        Ok(Self {
            options: file.options.clone(),
            default_level: file.default_level,
            whole,
            elements,
            mandatory,
        })
    }

    fn whole(&self, t: ResourceType, profile: AccessProfile) -> impl Iterator<Item = &Condition> {
        let profile = usize::from(profile.get());
        self.whole.iter().filter(move |(listed, _)| *listed == t).map(move |(_, row)| &row[profile])
    }

    fn rows(&self, t: ResourceType) -> impl Iterator<Item = &Row> {
        self.elements.iter().filter(move |row| row.resource_type == t)
    }

    fn mandatory(&self, t: ResourceType) -> impl Iterator<Item = &Mandatory> {
        self.mandatory.iter().filter(move |(listed, _)| *listed == t).flat_map(|(_, elements)| elements)
    }

    /// The mandatory elements that a resource lacks, as the policy file names them.
    pub(crate) fn missing(&self, resource: &Resource) -> Vec<&str> {
        self.mandatory(resource.resource_type)
            .filter(|element| element.is_missing(&resource.json))
            .map(|element| element.name.as_str())
            .collect()
    }
}

impl Mandatory {
    fn is_missing(&self, resource: &Value) -> bool {
        !self.path.any(resource, &mut |_| true)
    }
}

fn resource_type(name: &str) -> Result<ResourceType, String> {
    ResourceType::parse(name).ok_or_else(|| format!("`{name}` is not a resource type of the ROR"))
}

fn collect(conditions: [Result<Condition, String>; 6]) -> Result<[Condition; 6], String> {
    let [p0, p1, p2, p3, p4, p5] = conditions;
    Ok([p0?, p1?, p2?, p3?, p4?, p5?])
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_standard_policy_is_well_formed() {
        let policy = AccessPolicy::from_yaml(STANDARD).unwrap();
        assert!(!policy.option("profile-0-installed-capacity"));
        assert!(policy.with_option("profile-0-capacity", true).is_err());
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (from, to) in [
            ("p2: level-not-3", "p2: level-4"),
            ("type: Practitioner\n", "type: Patient\n"),
            ("element: \"contact\"", "element: \"contact[\""),
            ("option:profile-0-installed-capacity", "option:nothing"),
            ("source: \"digest §2.3 row 12\"", "source: \"\""),
        ] {
            let text = STANDARD.replace(from, to);
            assert_ne!(text, STANDARD, "{from}");
            assert!(AccessPolicy::from_yaml(&text).is_err(), "{to}");
        }
    }
}
