//! The walk through a dataset: every resource once, ids unique, references that lead somewhere.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::DatasetError;
use super::fhir::{Writer, extension, members, number};
use super::model::{Address, Dataset, Word};
use crate::ror::nomenclature::Nomenclature;
use crate::ror::resource::{Resource, ResourceType};
use crate::text::Text;

pub(super) type Result<T> = std::result::Result<T, DatasetError>;

/// What is known on the way.
pub(super) struct Expansion<'a> {
    pub(super) writer: Writer<'a>,
    pub(super) dataset: &'a Dataset,
    resources: Vec<Resource>,
    known: HashSet<(ResourceType, String)>,
    wanted: Vec<(ResourceType, Word)>,
    /// Where the organizations are, for what is generated under them.
    pub(super) addresses: HashMap<String, (Address, Word)>,
    /// Governs what the compact form leaves open.
    pub(super) seed: u64,
}

/// Who and when, of one resource.
pub(super) struct Header<'a> {
    pub(super) resource_type: ResourceType,
    pub(super) id: &'a Word,
    pub(super) region: &'a Word,
    pub(super) created: Option<&'a Word>,
    pub(super) updated: Option<&'a Word>,
}

pub(super) fn expand(name: &str, text: &str, seed: u64) -> Result<Vec<Resource>> {
    let options = serde_saphyr::options! { with_snippet: false };
    let dataset: Dataset =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| unreadable(name, &error))?;
    let writer = Writer { file: name, nomenclature: Nomenclature::standard() };
    let mut expansion = Expansion {
        writer,
        dataset: &dataset,
        resources: Vec::new(),
        known: HashSet::new(),
        wanted: Vec::new(),
        addresses: HashMap::new(),
        seed,
    };
    expansion.organizations()?;
    expansion.practitioners()?;
    expansion.generated()?;
    expansion.check_references()?;
    Ok(expansion.resources)
}

impl<'a> Expansion<'a> {
    /// `resourceType`, `id`, `meta` and the first extension, which every resource has.
    pub(super) fn start(&self, header: &Header<'_>) -> Result<(Map<String, Value>, Vec<Value>)> {
        self.writer.numeric_id(header.id)?;
        let updated = self.writer.instant(header.updated.unwrap_or(&self.dataset.updated))?;
        let created = self.writer.instant(header.created.unwrap_or(&self.dataset.created))?;
        let mut object = Map::new();
        object.insert("resourceType".into(), json!(header.resource_type.name()));
        object.insert("id".into(), json!(header.id.value));
        object.insert(
            "meta".into(),
            members([
                ("lastUpdated", Value::from(updated)),
                ("profile", json!([header.resource_type.profile()])),
                ("tag", Value::from(vec![self.writer.coding("TRE_R30", header.region)?])),
            ]),
        );
        Ok((object, vec![extension("ror-meta-creation-date", "valueDateTime", json!(created))]))
    }

    /// Takes a finished resource in; its id must be new.
    pub(super) fn push(&mut self, t: ResourceType, id: &Word, object: Map<String, Value>) -> Result<()> {
        if !self.known.insert((t, id.value.clone())) {
            return Err(self.writer.error(
                id,
                Text::new(
                    format!("l'id {} est donné deux fois pour {t}", id.value),
                    format!("id {} stands twice for {t}", id.value),
                ),
                Text::new("donnez un id à chaque ressource", "give each resource an id of its own"),
            ));
        }
        self.resources.extend(Resource::new(Value::Object(object)));
        Ok(())
    }

    /// A reference, checked at the end.
    pub(super) fn reference(&mut self, t: ResourceType, id: &Word) -> Value {
        self.wanted.push((t, id.clone()));
        json!({"reference": format!("{t}/{}", id.value)})
    }

    fn check_references(&self) -> Result<()> {
        match self.wanted.iter().find(|(t, id)| !self.known.contains(&(*t, id.value.clone()))) {
            None => Ok(()),
            Some((t, id)) => Err(self.writer.error(
                id,
                Text::new(
                    format!("{t}/{} n'existe pas dans ce jeu de données", id.value),
                    format!("{t}/{} does not exist in this dataset", id.value),
                ),
                Text::new("corrigez l'id, ou ajoutez la ressource", "correct the id, or add the resource"),
            )),
        }
    }

    /// `24/0050001`: region and number, as the ROR's functional identifiers are made.
    pub(super) fn functional_identifier(&self, region: &Word, id: &Word, given: Option<&String>) -> String {
        given.cloned().unwrap_or_else(|| format!("{}/{:0>7}", region.value, id.value))
    }
}

fn unreadable(name: &str, error: &serde_saphyr::Error) -> DatasetError {
    let error = error.without_snippet();
    let (line, column) = error.location().map_or((0, 0), |l| (number(l.line()), number(l.column())));
    let message = error.to_string();
    // The parser repeats the place in its words.
    let what = message.split(" at line ").next().unwrap_or(&message);
    DatasetError {
        file: name.into(),
        line,
        column,
        what: Text::same(what),
        remedy: Text::new(
            "la forme attendue est celle de scenarios/datasets/demo.yaml",
            "the shape expected is that of scenarios/datasets/demo.yaml",
        ),
    }
}
