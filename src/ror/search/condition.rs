//! Criteria combined: those of a request must all hold, those of `_filter` may be alternatives.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::SearchOptions;
use super::criterion::Criterion;
use super::filter::Filter;
use super::name::{Step, Way, known, resolve};
use super::near::Point;
use super::table::{ParameterType, Table};
use crate::ror::directory::View;
use crate::ror::path::Path;
use crate::ror::problem::Problem;
use crate::ror::resource::{Resource, ResourceType};

/// Characters that one value may hold; a bound of the mock, not of the ROR.
const MAXIMUM_VALUE: usize = 64 * 1024;

/// What a request asks of a resource: every group holds, and of each list of alternatives at least one.
#[derive(Debug, Default)]
pub(super) struct Condition<'t> {
    groups: Vec<Group<'t>>,
    alternatives: Vec<Vec<Self>>,
}

/// Criteria that one resource must satisfy together: a single one, or all that look into the same record.
#[derive(Debug)]
struct Group<'t> {
    /// From the candidate to the resources tested.
    steps: Vec<Step<'t>>,
    record: Option<&'t Path>,
    criteria: Vec<Criterion<'t>>,
}

/// A condition whose chains are resolved over one view.
pub(super) struct Prepared<'g> {
    groups: Vec<PreparedGroup<'g>>,
    alternatives: Vec<Vec<Self>>,
}

struct PreparedGroup<'g> {
    group: &'g Group<'g>,
    /// Ids of the candidates that satisfy a chained group.
    candidates: Option<HashSet<&'g str>>,
}

impl<'t> Condition<'t> {
    /// Adds one parameter of the request, `_filter` included.
    pub(super) fn add(
        &mut self,
        table: &'t Table,
        t: ResourceType,
        name: &str,
        value: &str,
        options: SearchOptions,
    ) -> Result<(), Problem> {
        let filter =
            table.find(t, name, options.drafts).filter(|p| p.parameter_type == ParameterType::Filter);
        if filter.is_none() && options.lenient && resolve(table, t, name, options.drafts).is_none() {
            return Ok(());
        }
        if value.is_empty() && options.lenient {
            return Ok(());
        }
        if filter.is_none() {
            return self.add_criterion(table, t, name, value, options.drafts);
        }
        let filter =
            Filter::parse(value).map_err(|error| Problem::invalid_value(name, value, &error.to_string()))?;
        self.add_filter(table, t, &filter, options.drafts)
    }

    fn add_criterion(
        &mut self,
        table: &'t Table,
        t: ResourceType,
        name: &str,
        value: &str,
        drafts: bool,
    ) -> Result<(), Problem> {
        let resolved = resolve(table, t, name, drafts).ok_or_else(|| {
            let draft = table.find(t, name, true).is_some_and(|p| p.draft);
            match draft || resolve(table, t, name, true).is_some() {
                true => Problem::draft_parameter(name),
                false => Problem::unknown_parameter(name, &known(table, t, drafts)),
            }
        })?;
        if value.is_empty() || value.len() > MAXIMUM_VALUE {
            let why = if value.is_empty() { "valeur vide" } else { "valeur trop longue" };
            return Err(Problem::invalid_value(name, value, why));
        }
        let criterion = Criterion::parse(resolved.parameter, resolved.modifier, name, value)?;
        // "None of the records" is not "one record that is not": a negated criterion stands alone.
        let record = resolved.parameter.record.as_ref().filter(|_| !criterion.is_negated());
        match self.groups.iter_mut().find(|group| group.takes(record, &resolved.steps)) {
            Some(group) => group.criteria.push(criterion),
            None => self.groups.push(Group { steps: resolved.steps, record, criteria: vec![criterion] }),
        }
        Ok(())
    }

    /// Adds what a `_filter` says, by the same criteria as ordinary parameters.
    fn add_filter(
        &mut self,
        table: &'t Table,
        t: ResourceType,
        filter: &Filter,
        drafts: bool,
    ) -> Result<(), Problem> {
        match filter {
            Filter::All(terms) => terms.iter().try_for_each(|term| self.add_filter(table, t, term, drafts)),
            Filter::Any(terms) => {
                if let Some(criterion) = Filter::as_one_criterion(terms) {
                    return self.add_filter(table, t, &Filter::Criterion(criterion), drafts);
                }
                let alternatives: Result<Vec<Self>, Problem> = terms
                    .iter()
                    .map(|term| {
                        let mut alternative = Self::default();
                        alternative.add_filter(table, t, term, drafts).map(|()| alternative)
                    })
                    .collect();
                self.alternatives.push(alternatives?);
                Ok(())
            }
            Filter::Criterion(criterion) => {
                let ordered = resolve(table, t, &criterion.name, drafts)
                    .is_some_and(|resolved| resolved.parameter.parameter_type.is_ordered());
                let value = criterion.parameter_value(ordered || criterion.compares());
                let added = if criterion.compares() && !ordered {
                    let why = "les comparaisons vont avec une date, un nombre ou une quantité";
                    Err(Problem::invalid_value(&criterion.name, &value, why))
                } else {
                    self.add_criterion(table, t, &criterion.name, &value, drafts)
                };
                added.map_err(|problem| {
                    let place = format!("_filter, caractère {} : ", criterion.position);
                    Problem::new(problem.status, problem.code, place + &problem.diagnostics)
                        .at("http._filter")
                })
            }
        }
    }

    /// How many criteria there are in all.
    pub(super) fn size(&self) -> usize {
        let own: usize = self.groups.iter().map(|group| group.criteria.len()).sum();
        own + self.alternatives.iter().flatten().map(Self::size).sum::<usize>()
    }

    /// The centres of all geographic criteria.
    pub(super) fn centres(&self) -> Vec<Point> {
        let own = self.groups.iter().flat_map(|group| &group.criteria).flat_map(Criterion::centres);
        own.chain(self.alternatives.iter().flatten().flat_map(Self::centres)).collect()
    }

    pub(super) fn prepare<'g>(&'g self, view: &'g View) -> Prepared<'g> {
        let groups = self.groups.iter().map(|group| group.prepare(view)).collect();
        let alternatives = self
            .alternatives
            .iter()
            .map(|alternatives| alternatives.iter().map(|condition| condition.prepare(view)).collect())
            .collect();
        Prepared { groups, alternatives }
    }
}

impl Group<'_> {
    /// Whether a criterion that looks into `record` at the end of `steps` must be satisfied together with these.
    /// Every `_has` is on its own, as FHIR has it.
    fn takes(&self, record: Option<&Path>, steps: &[Step<'_>]) -> bool {
        record.is_some()
            && self.record == record
            && self.steps.len() == steps.len()
            && self.steps.iter().zip(steps).all(|(a, b)| a.is_same(b) && a.way != Way::Backward)
    }

    fn prepare<'g>(&'g self, view: &'g View) -> PreparedGroup<'g> {
        let candidates = self.steps.last().map(|last| {
            let tested = match last.way {
                Way::Backward => last.reference.source,
                Way::Forward | Way::Above => last.reference.target,
            };
            let holding = view.all(tested).filter(|r| self.holds(r)).map(|r| r.id.as_str()).collect();
            self.steps.iter().rev().fold(holding, |ids, step| step.back(view, ids))
        });
        PreparedGroup { group: self, candidates }
    }

    fn holds(&self, resource: &Resource) -> bool {
        match self.record {
            None => self.criteria.iter().all(|c| c.matches(&resource.json)),
            Some(record) => {
                record.any(&resource.json, &mut |record| self.criteria.iter().all(|c| c.matches(record)))
            }
        }
    }
}

impl Step<'_> {
    /// From the resources that this step leads to, to those that it starts from.
    fn back<'v>(&self, view: &'v View, mut ids: HashSet<&'v str>) -> HashSet<&'v str> {
        if let (Way::Above, Some(hierarchy)) = (self.way, &self.reference.hierarchy) {
            add_descendants(&mut ids, view, self.reference.target, hierarchy);
        }
        let links = view.links();
        let position = self.reference.position;
        ids.into_iter()
            .flat_map(|id| match self.way {
                Way::Backward => links.targets(position, id),
                Way::Forward | Way::Above => links.sources(position, id),
            })
            .map(|resource| resource.id.as_str())
            .collect()
    }
}

impl Prepared<'_> {
    pub(super) fn matches(&self, resource: &Resource) -> bool {
        self.groups.iter().all(|prepared| match &prepared.candidates {
            Some(candidates) => candidates.contains(resource.id.as_str()),
            None => prepared.group.holds(resource),
        }) && self.alternatives.iter().all(|any| any.iter().any(|condition| condition.matches(resource)))
    }
}

/// Adds everything whose chain of parents reaches `found`.
fn add_descendants<'v>(found: &mut HashSet<&'v str>, view: &'v View, t: ResourceType, hierarchy: &Path) {
    let mut children: HashMap<&str, Vec<&'v Arc<Resource>>> = HashMap::new();
    for resource in view.all(t) {
        let parent = hierarchy.first(&resource.json).and_then(|r| r["reference"].as_str());
        if let Some(parent) = parent.and_then(|parent| view.resolve(parent)) {
            children.entry(&parent.id).or_default().push(resource);
        }
    }
    let mut todo: Vec<&str> = found.iter().copied().collect();
    while let Some(parent) = todo.pop() {
        for child in children.get(parent).into_iter().flatten() {
            if found.insert(&child.id) {
                todo.push(&child.id);
            }
        }
    }
}
