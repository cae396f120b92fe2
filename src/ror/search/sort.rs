//! `_sort`: `_lastUpdated` on all types; with drafts any date, chained ones included.

use std::collections::HashMap;
use std::sync::Arc;

use super::date::Interval;
use super::name::{Resolved, Step, Way, resolve};
use super::table::{Parameter, ParameterType, Table};
use crate::ror::directory::View;
use crate::ror::problem::Problem;
use crate::ror::resource::{Resource, ResourceType};

/// The order that a request asks for.
#[derive(Debug)]
pub(super) struct Sort<'t> {
    steps: Vec<Step<'t>>,
    parameter: &'t Parameter,
    descending: bool,
}

impl<'t> Sort<'t> {
    pub(super) fn parse(
        table: &'t Table,
        t: ResourceType,
        value: &str,
        drafts: bool,
    ) -> Result<Self, Problem> {
        let (name, descending) = match value.strip_prefix('-') {
            Some(name) => (name, true),
            None => (value, false),
        };
        let allowed = |resolved: &Resolved<'_, '_>| {
            resolved.parameter.parameter_type == ParameterType::Date
                && resolved.modifier.is_none()
                && resolved.steps.iter().all(|step| step.way == Way::Forward)
                && (drafts || name == "_lastUpdated")
        };
        match resolve(table, t, name, drafts).filter(allowed) {
            Some(Resolved { steps, parameter, .. }) => Ok(Self { steps, parameter, descending }),
            None => {
                let why =
                    "tri possible : _lastUpdated ou -_lastUpdated ; d'autres dates sont annoncées (draft)";
                Err(Problem::invalid_value("_sort", value, why))
            }
        }
    }

    /// Resources without the date come last. Of several dates the earliest counts when ascending, the latest when
    /// descending (FHIR R4 §3.1.1.5.1).
    pub(super) fn apply(&self, view: &View, matches: &mut [Arc<Resource>]) {
        let Some(step) = self.steps.first() else {
            return self.order(matches, |resource| self.date(resource));
        };
        let mut dates: HashMap<&str, i128> = HashMap::new();
        for resource in view.all(step.reference.source) {
            let targets = view.links().targets(step.reference.position, &resource.id);
            if let Some(date) = self.decisive(targets.iter().filter_map(|target| self.date(target))) {
                dates.insert(&resource.id, date);
            }
        }
        self.order(matches, |resource| dates.get(resource.id.as_str()).copied());
    }

    fn order(&self, matches: &mut [Arc<Resource>], date: impl Fn(&Resource) -> Option<i128>) {
        // The pair puts what has no date behind what has one, whichever way the dates go.
        let key = |resource: &Arc<Resource>| {
            let date = date(resource);
            (date.is_none(), date.map(|date| if self.descending { -date } else { date }))
        };
        matches.sort_by_cached_key(key);
    }

    fn date(&self, resource: &Resource) -> Option<i128> {
        let mut dates = Vec::new();
        let mut read = |at| {
            for path in &self.parameter.paths {
                path.any(at, &mut |value| {
                    let interval = value.as_str().and_then(|text| Interval::parse(text).ok());
                    dates.extend(interval.map(|interval| interval.start));
                    false
                });
            }
            false
        };
        match &self.parameter.record {
            Some(record) => record.any(&resource.json, &mut read),
            None => read(&resource.json),
        };
        self.decisive(dates.into_iter())
    }

    fn decisive(&self, dates: impl Iterator<Item = i128>) -> Option<i128> {
        if self.descending { dates.max() } else { dates.min() }
    }
}
