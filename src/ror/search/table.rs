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
    results: Vec<ResultParameter>,
}

/// A parameter that shapes the answer, of which the mock gives more than was asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResultParameter {
    pub(crate) name: String,
    /// None: any value.
    values: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) draft: bool,
    source: String,
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

/// How the values of a parameter are read; most are search parameter types of FHIR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ParameterType {
    Token,
    String,
    Date,
    Number,
    Quantity,
    Reference,
    /// `latitude|longitude|distance|unit`
    Near,
    /// `commune|distance|unit`
    NearInseeCode,
    /// An expression over the other parameters.
    Filter,
    /// Reverse chains; which ones, the references say.
    Has,
    /// Any text of the resource.
    Content,
}

impl ParameterType {
    /// The type as `CapabilityStatement.rest.resource.searchParam.type` names it.
    pub(crate) fn fhir_name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::String | Self::Content => "string",
            Self::Date => "date",
            Self::Number => "number",
            Self::Quantity => "quantity",
            Self::Reference => "reference",
            Self::Near | Self::NearInseeCode | Self::Filter | Self::Has => "special",
        }
    }

    /// Whether comparison prefixes stand in front of its values.
    pub(crate) fn is_ordered(self) -> bool {
        matches!(self, Self::Date | Self::Number | Self::Quantity)
    }

    /// Whether the parameter reads elements of its own.
    fn has_paths(self) -> bool {
        !matches!(self, Self::Filter | Self::Has | Self::Content)
    }
}

/// A reference from one type to another.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    /// In [`Table::references`].
    pub(crate) position: usize,
    pub(crate) source: ResourceType,
    pub(crate) name: String,
    pub(crate) path: Path,
    pub(crate) target: ResourceType,
    pub(crate) include: bool,
    pub(crate) revinclude: bool,
    /// Whether criteria of the target can be chained through it.
    pub(crate) chain: bool,
    /// Whether they can inside `_has`.
    pub(crate) chain_in_has: bool,
    /// Whether `_has` can go through it.
    pub(crate) has: bool,
    /// On the target type, the reference to the parent that `:above` climbs.
    pub(crate) hierarchy: Option<Path>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    results: Vec<ResultParameter>,
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
    #[serde(default)]
    paths: Vec<String>,
    record: Option<String>,
    #[serde(default)]
    draft: bool,
    definition: Option<String>,
    optional_prefix: Option<String>,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
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
    #[serde(default)]
    chain_in_has: bool,
    #[serde(default)]
    has: bool,
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
        let references: Result<Vec<_>, _> =
            file.references.iter().enumerate().map(|(at, row)| Reference::read(at, row)).collect();
        if let Some(row) = file.results.iter().find(|row| row.source.trim().is_empty()) {
            return Err(format!("{} has no source", row.name));
        }
        Ok(Self { parameters, references: references?, results: file.results })
    }

    /// The parameters of a type, in the order of the file.
    pub(crate) fn of(&self, t: ResourceType, drafts: bool) -> impl Iterator<Item = &Parameter> {
        self.parameters[t.index()].iter().filter(move |p| drafts || !p.draft)
    }

    pub(crate) fn find(&self, t: ResourceType, name: &str, drafts: bool) -> Option<&Parameter> {
        self.of(t, drafts).find(|p| p.name == name)
    }

    /// The parameters that shape the answer without an effect of their own, drafts included.
    pub(crate) fn results(&self) -> &[ResultParameter] {
        &self.results
    }

    /// The reference `name` of `t`.
    pub(crate) fn reference(&self, t: ResourceType, name: &str) -> Option<&Reference> {
        self.references.iter().find(|r| r.source == t && r.name == name)
    }
}

impl ResultParameter {
    /// The error says which values there are.
    pub(crate) fn accept(&self, value: &str) -> Result<(), String> {
        match &self.values {
            Some(values) if !values.iter().any(|known| known == value) => {
                Err(format!("valeurs possibles : {}", values.join(", ")))
            }
            _ => Ok(()),
        }
    }
}

impl Reference {
    fn read(position: usize, row: &ReferenceRow) -> Result<Self, String> {
        let nomenclature = Nomenclature::standard();
        let resource_type =
            |name: &str| ResourceType::parse(name).ok_or_else(|| format!("`{name}` is not a resource type"));
        if row.source.trim().is_empty() {
            return Err(format!("{} has no source", row.name));
        }
        Ok(Self {
            position,
            source: resource_type(&row.r#type)?,
            name: row.name.clone(),
            path: Path::parse(&row.path, nomenclature)?,
            target: resource_type(&row.target)?,
            include: row.include,
            revinclude: row.revinclude,
            chain: row.chain,
            chain_in_has: row.chain_in_has,
            has: row.has,
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
            if row.source.trim().is_empty() || row.paths.is_empty() == row.r#type.has_paths() {
                return Err(format!("{} has no source, no path, or a path that is not read", row.name));
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
        assert!(table.reference(ResourceType::HealthcareService, "organization").unwrap().chain);
        let practitioner = table.reference(ResourceType::PractitionerRole, "practitioner").unwrap();
        assert!(practitioner.chain_in_has && !practitioner.chain);
    }

    #[test]
    fn a_name_twice_or_a_row_without_source_is_refused() {
        let twice = STANDARD.replace("{ name: service-type,", "{ name: service-category,");
        assert!(Table::from_yaml(&twice).unwrap_err().contains("twice"));
        let unsourced = STANDARD.replacen("source: \"digest §3.5\"", "source: \"\"", 1);
        assert!(Table::from_yaml(&unsourced).is_err());
    }
}
