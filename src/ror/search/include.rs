//! `_include` and `_revinclude`: directives, the links between resources, and what a page brings with it.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use super::SearchOptions;
use super::table::{Reference, Table};
use crate::ror::directory::View;
use crate::ror::problem::Problem;
use crate::ror::resource::{Resource, ResourceType};

/// One reference to follow, forward or backward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Directive {
    /// Position in [`Table::references`].
    reference: usize,
    backward: bool,
    iterate: bool,
}

/// Who refers to whom in one view, for every row of [`Table::references`].
#[derive(Debug)]
pub(crate) struct Links(Vec<Link>);

#[derive(Debug, Default)]
struct Link {
    forward: HashMap<String, Vec<Arc<Resource>>>,
    backward: HashMap<String, Vec<Arc<Resource>>>,
}

impl Directive {
    /// `HealthcareService:organization`, `HealthcareService:*`, `*`, with an optional target type.
    pub(crate) fn parse(
        table: &Table,
        name: &str,
        value: &str,
        options: SearchOptions,
    ) -> Result<Vec<Self>, Problem> {
        let backward = name.starts_with("_revinclude");
        let iterate = name.ends_with(":iterate");
        let mut parts = value.split(':');
        let (source, reference, target) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let allowed = |r: &Reference| if backward { r.revinclude } else { r.include };
        let wanted = |r: &Reference| {
            allowed(r)
                && (source == "*" || source == r.source.name())
                && reference.map_or(source == "*", |name| name == "*" || name == r.name)
                && target.is_none_or(|target| target == r.target.name())
        };
        let found: Vec<Self> = table
            .references
            .iter()
            .enumerate()
            .filter(|(_, r)| wanted(r))
            .map(|(reference, _)| Self { reference, backward, iterate })
            .collect();
        if !found.is_empty() && parts.next().is_none() {
            return Ok(found);
        }
        if options.lenient {
            return Ok(Vec::new());
        }
        let known: Vec<String> =
            table.references.iter().filter(|r| allowed(r)).map(Reference::code).collect();
        Err(Problem::invalid_value(name, value, &format!("valeurs possibles : {}", known.join(", "))))
    }
}

impl Links {
    pub(crate) fn of(view: &View) -> Self {
        let table = Table::standard();
        let link = |reference: &Reference| {
            let mut link = Link::default();
            for resource in view.all(reference.source) {
                reference.path.any(&resource.json, &mut |r| {
                    if let Some(target) = r["reference"].as_str().and_then(|r| view.resolve(r)) {
                        link.forward.entry(resource.id.clone()).or_default().push(Arc::clone(target));
                        link.backward.entry(target.id.clone()).or_default().push(Arc::clone(resource));
                    }
                    false
                });
            }
            link
        };
        Self(table.references.iter().map(link).collect())
    }

    /// What the resource `id` refers to by the reference at `position` of the table.
    pub(crate) fn targets(&self, position: usize, id: &str) -> &[Arc<Resource>] {
        self.0[position].forward.get(id).map_or(&[], Vec::as_slice)
    }

    /// What refers to the resource `id` by the reference at `position` of the table.
    pub(crate) fn sources(&self, position: usize, id: &str) -> &[Arc<Resource>] {
        self.0[position].backward.get(id).map_or(&[], Vec::as_slice)
    }

    fn follow(&self, directive: Directive, from: &Resource) -> &[Arc<Resource>] {
        if directive.backward {
            self.sources(directive.reference, &from.id)
        } else {
            self.targets(directive.reference, &from.id)
        }
    }
}

/// What the directives bring to a page of matches, each resource once and none of the matches.
///
/// Without `:iterate` a directive follows the matches only, as FHIR has it, save one whose source is not the type
/// searched: it follows what the other directives brought, because the ROR's documented requests rely on it
/// (`_include=PractitionerRole:practitioner` in a search of HealthcareService, `ror-fhir.md` §7 FULL).
pub(crate) fn included(
    view: &View,
    searched: ResourceType,
    page: &[Arc<Resource>],
    directives: &[Directive],
) -> Vec<Arc<Resource>> {
    if directives.is_empty() {
        return Vec::new();
    }
    let (table, links) = (Table::standard(), view.links());
    let mut known: HashSet<(ResourceType, &str)> =
        page.iter().map(|r| (r.resource_type, r.id.as_str())).collect();
    // The resources to follow, with the directive that brought each.
    let mut todo: Vec<(&Arc<Resource>, Option<Directive>)> = page.iter().map(|r| (r, None)).collect();
    let mut brought = Vec::new();
    let mut next = 0;
    while let Some((from, by)) = todo.get(next).copied() {
        next += 1;
        for &directive in directives {
            let reference = &table.references[directive.reference];
            let from_type = if directive.backward { reference.target } else { reference.source };
            if from_type != from.resource_type {
                continue;
            }
            let follows = match by {
                None => true,
                Some(by) => directive.iterate || (from_type != searched && by != directive),
            };
            if !follows {
                continue;
            }
            for resource in links.follow(directive, from) {
                if known.insert((resource.resource_type, &resource.id)) {
                    todo.push((resource, Some(directive)));
                    brought.push(Arc::clone(resource));
                }
            }
        }
    }
    brought
}
