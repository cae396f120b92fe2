//! The table of search parameters and references, read from `scenarios/reference/search-parameters.yaml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::ror::nomenclature::Nomenclature;
use crate::ror::path::Path;
use crate::ror::resource::ResourceType;

const STANDARD: &str = include_str!("../../../scenarios/reference/search-parameters.yaml");

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    // The file travels inside the binary and a test reads it: a failure here is a broken build.
    Table::from_yaml(STANDARD).expect("scenarios/reference/search-parameters.yaml is well-formed")
});

/// Every parameter and reference that the mock knows.
#[derive(Debug)]
pub(crate) struct Table {
    parameters: [Vec<Parameter>; 5],
    pub(crate) references: Vec<Reference>,
}

/// One search parameter of one resource type.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) parameter_type: ParameterType,
    pub(crate) paths: Vec<Path>,
    /// Criteria with the same record path must be satisfied by one record.
    pub(crate) record: Option<Path>,
    pub(crate) draft: bool,
    /// Short id of the ROR's own SearchParameter.
    pub(crate) definition: Option<String>,
    pub(crate) optional_prefix: Option<String>,
}

/// A search parameter type of FHIR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ParameterType {
    Token,
    String,
    Date,
    Number,
    Quantity,
}

/// A reference from one type to another.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) source: ResourceType,
    pub(crate) name: String,
    pub(crate) path: Path,
    pub(crate) target: ResourceType,
    pub(crate) include: bool,
    pub(crate) revinclude: bool,
    pub(crate) chain: bool,
    /// On the target type, the reference to the parent that `:above` climbs.
    pub(crate) hierarchy: Option<Path>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    common: Vec<Row>,
    #[serde(rename = "Organization")]
    organization: Vec<Row>,
    #[serde(rename = "HealthcareService")]
    healthcare_service: Vec<Row>,
    #[serde(rename = "Location")]
    location: Vec<Row>,
    #[serde(rename = "Practitioner")]
    practitioner: Vec<Row>,
    #[serde(rename = "PractitionerRole")]
    practitioner_role: Vec<Row>,
    references: Vec<ReferenceRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Row {
    name: String,
    r#type: ParameterType,
    paths: Vec<String>,
    record: Option<String>,
    #[serde(default)]
    draft: bool,
    definition: Option<String>,
    optional_prefix: Option<String>,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReferenceRow {
    r#type: String,
    name: String,
    path: String,
    target: String,
    #[serde(default)]
    include: bool,
    #[serde(default)]
    revinclude: bool,
    #[serde(default)]
    chain: bool,
    hierarchy: Option<String>,
    source: String,
}

impl Table {
    pub(crate) fn standard() -> &'static Self {
        &TABLE
    }

    fn from_yaml(text: &str) -> Result<Self, String> {
        let file: File = serde_saphyr::from_str(text).map_err(|e| e.to_string())?;
        let common = rows(&file.common)?;
        // In the order of `ResourceType::ALL`.
        let of_type = [
            &file.organization,
            &file.healthcare_service,
            &file.location,
            &file.practitioner,
            &file.practitioner_role,
        ];
        let mut parameters: [Vec<Parameter>; 5] = Default::default();
        for (own, all) in of_type.into_iter().zip(&mut parameters) {
            all.extend(common.iter().cloned());
            all.extend(rows(own)?);
            let mut names = BTreeMap::new();
            for parameter in all.iter() {
                if names.insert(parameter.name.as_str(), ()).is_some() {
                    return Err(format!("{} stands twice", parameter.name));
                }
            }
        }
        let references: Result<Vec<_>, _> = file.references.iter().map(Reference::read).collect();
        Ok(Self { parameters, references: references? })
    }

    /// The parameters of a type, in the order of the file.
    pub(crate) fn of(&self, t: ResourceType, drafts: bool) -> impl Iterator<Item = &Parameter> {
        self.parameters[t.index()].iter().filter(move |p| drafts || !p.draft)
    }

    pub(crate) fn find(&self, t: ResourceType, name: &str, drafts: bool) -> Option<&Parameter> {
        self.of(t, drafts).find(|p| p.name == name)
    }

    /// The reference `name` of `t` that criteria may be chained through.
    pub(crate) fn chain(&self, t: ResourceType, name: &str) -> Option<&Reference> {
        self.references.iter().find(|r| r.chain && r.source == t && r.name == name)
    }
}

impl Reference {
    fn read(row: &ReferenceRow) -> Result<Self, String> {
        let nomenclature = Nomenclature::standard();
        let resource_type =
            |name: &str| ResourceType::parse(name).ok_or_else(|| format!("`{name}` is not a resource type"));
        if row.source.trim().is_empty() {
            return Err(format!("{} has no source", row.name));
        }
        Ok(Self {
            source: resource_type(&row.r#type)?,
            name: row.name.clone(),
            path: Path::parse(&row.path, nomenclature)?,
            target: resource_type(&row.target)?,
            include: row.include,
            revinclude: row.revinclude,
            chain: row.chain,
            hierarchy: row.hierarchy.as_deref().map(|p| Path::parse(p, nomenclature)).transpose()?,
        })
    }

    /// `HealthcareService:organization`.
    pub(crate) fn code(&self) -> String {
        format!("{}:{}", self.source, self.name)
    }
}

fn rows(rows: &[Row]) -> Result<Vec<Parameter>, String> {
    let nomenclature = Nomenclature::standard();
    rows.iter()
        .map(|row| {
            if row.source.trim().is_empty() || row.paths.is_empty() {
                return Err(format!("{} has no source or no path", row.name));
            }
            let paths: Result<Vec<Path>, String> =
                row.paths.iter().map(|p| Path::parse(p, nomenclature)).collect();
            Ok(Parameter {
                name: row.name.clone(),
                parameter_type: row.r#type,
                paths: paths?,
                record: row.record.as_deref().map(|p| Path::parse(p, nomenclature)).transpose()?,
                draft: row.draft,
                definition: row.definition.clone(),
                optional_prefix: row.optional_prefix.clone(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_standard_table_is_well_formed() {
        let table = Table::from_yaml(STANDARD).unwrap();
        assert!(table.find(ResourceType::HealthcareService, "specialty", false).is_some());
        assert!(table.find(ResourceType::Location, "operational-status", false).is_none());
        assert!(table.find(ResourceType::Location, "operational-status", true).is_some());
        assert!(table.chain(ResourceType::HealthcareService, "organization").is_some());
        assert!(table.chain(ResourceType::PractitionerRole, "practitioner").is_none());
    }

    #[test]
    fn a_name_twice_or_a_row_without_source_is_refused() {
        let twice = STANDARD.replace("{ name: service-type,", "{ name: service-category,");
        assert!(Table::from_yaml(&twice).unwrap_err().contains("twice"));
        let unsourced = STANDARD.replacen("source: \"digest §3.5\"", "source: \"\"", 1);
        assert!(Table::from_yaml(&unsourced).is_err());
    }
}
