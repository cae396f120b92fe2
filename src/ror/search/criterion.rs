//! From request parameters to tests over resources, chained ones included.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::SearchOptions;
use super::date::DateTest;
use super::number::NumberTest;
use super::table::{Parameter, ParameterType, Reference, Table};
use super::text::TextTest;
use super::token::TokenTest;
use crate::ror::directory::View;
use crate::ror::path::Path;
use crate::ror::problem::Problem;
use crate::ror::resource::{Resource, ResourceType};
use serde_json::Value;

/// Values that one criterion may hold; a bound of the mock, not of the ROR.
const MAXIMUM_VALUE: usize = 64 * 1024;

/// Criteria that one resource must satisfy together: a single one, or all that look into the same record.
#[derive(Debug)]
pub(super) struct Group<'t> {
    chain: Option<Chain<'t>>,
    record: Option<&'t Path>,
    criteria: Vec<Criterion<'t>>,
}

/// The resources tested are those that the candidate refers to.
#[derive(Debug, Clone, Copy)]
struct Chain<'t> {
    reference: &'t Reference,
    above: bool,
}

#[derive(Debug)]
struct Criterion<'t> {
    parameter: &'t Parameter,
    negated: bool,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Token(TokenTest),
    Text(TextTest),
    Date(DateTest),
    Number(NumberTest),
}

/// A group whose chained part is resolved over one view.
pub(super) struct Prepared<'g> {
    group: &'g Group<'g>,
    /// References that satisfy a chained group, `Organization/1101`.
    targets: Option<HashSet<String>>,
}

/// Reads one parameter into `groups`.
pub(super) fn add<'t>(
    groups: &mut Vec<Group<'t>>,
    table: &'t Table,
    t: ResourceType,
    name: &str,
    value: &str,
    options: SearchOptions,
) -> Result<(), Problem> {
    let unknown = || Problem::unknown_parameter(name, &known_names(table, t, options.drafts));
    let Some((chain, parameter, modifier)) = resolve(table, t, name, options.drafts) else {
        return if options.lenient { Ok(()) } else { Err(unknown()) };
    };
    if value.is_empty() && options.lenient {
        return Ok(());
    }
    if value.is_empty() || value.len() > MAXIMUM_VALUE {
        let why = if value.is_empty() { "valeur vide" } else { "valeur trop longue" };
        return Err(Problem::invalid_value(name, value, why));
    }
    // `:above` belongs to the chain; what is left is the modifier of the criterion itself.
    let (chain, modifier) = match (chain, modifier) {
        (Some(reference), Some("above")) if reference.hierarchy.is_some() => {
            (Some(Chain { reference, above: true }), None)
        }
        (chain, modifier) => (chain.map(|reference| Chain { reference, above: false }), modifier),
    };
    let criterion = Criterion::parse(parameter, modifier, name, value)?;
    let together = |group: &&mut Group<'_>| {
        group.record.is_some()
            && group.record == parameter.record.as_ref()
            && group.chain.map(|c| (c.reference.code(), c.above))
                == chain.map(|c| (c.reference.code(), c.above))
            && !criterion.negated
    };
    match groups.iter_mut().find(together) {
        Some(group) => group.criteria.push(criterion),
        None => {
            // "None of the records" is not "one record that is not": a negated criterion stands alone.
            let record = parameter.record.as_ref().filter(|_| !criterion.negated);
            groups.push(Group { chain, record, criteria: vec![criterion] });
        }
    }
    Ok(())
}

/// `organization.identifier:above` → the reference, the parameter of its target, the modifier.
fn resolve<'t, 'n>(
    table: &'t Table,
    t: ResourceType,
    name: &'n str,
    drafts: bool,
) -> Option<(Option<&'t Reference>, &'t Parameter, Option<&'n str>)> {
    let (path, modifier) = match name.split_once(':') {
        Some((path, modifier)) => (path, Some(modifier)),
        None => (name, None),
    };
    match path.split_once('.') {
        None => Some((None, table.find(t, path, drafts)?, modifier)),
        Some((reference, parameter)) => {
            let reference = table.chain(t, reference)?;
            Some((Some(reference), table.find(reference.target, parameter, drafts)?, modifier))
        }
    }
}

fn known_names(table: &Table, t: ResourceType, drafts: bool) -> Vec<String> {
    let own = table.of(t, drafts).map(|p| p.name.clone());
    let chained =
        table.references.iter().filter(|r| r.chain && r.source == t).map(|r| format!("{}.*", r.name));
    let result = ["_include", "_revinclude", "_count", "_sort", "_format"].map(str::to_owned);
    own.chain(chained).chain(result).collect()
}

impl<'t> Criterion<'t> {
    fn parse(
        parameter: &'t Parameter,
        modifier: Option<&str>,
        name: &str,
        value: &str,
    ) -> Result<Self, Problem> {
        let invalid = |why: &str| Problem::invalid_value(name, value, why);
        let unknown_modifier = || {
            let modifier = modifier.unwrap_or_default();
            Problem::invalid_value(name, value, &format!("modificateur ':{modifier}' non supporté"))
        };
        let mut negated = false;
        let test = match (parameter.parameter_type, modifier) {
            (ParameterType::Token, None | Some("not" | "of-type")) => {
                let of_type = modifier == Some("of-type");
                if of_type && parameter.name != "identifier" {
                    return Err(unknown_modifier());
                }
                negated = modifier == Some("not");
                let prefix = parameter.optional_prefix.as_deref();
                Test::Token(TokenTest::parse(value, of_type, prefix).map_err(invalid)?)
            }
            (ParameterType::String, _) => {
                Test::Text(TextTest::parse(modifier, value).ok_or_else(unknown_modifier)?)
            }
            (ParameterType::Date, None) => Test::Date(DateTest::parse(value).map_err(invalid)?),
            (ParameterType::Number, None) => Test::Number(NumberTest::parse(value, false).map_err(invalid)?),
            (ParameterType::Quantity, None) => Test::Number(NumberTest::parse(value, true).map_err(invalid)?),
            _ => return Err(unknown_modifier()),
        };
        Ok(Self { parameter, negated, test })
    }

    /// `at`: the resource, or one of its records.
    fn matches(&self, at: &Value) -> bool {
        let within = |at: &Value| {
            self.parameter.paths.iter().any(|path| {
                path.any(at, &mut |value| match &self.test {
                    Test::Token(test) => test.matches(value),
                    Test::Text(test) => test.matches(value),
                    Test::Date(test) => test.matches(value),
                    Test::Number(test) => test.matches(value),
                })
            })
        };
        if !self.negated {
            return within(at);
        }
        match &self.parameter.record {
            Some(record) => !record.any(at, &mut |value| within(value)),
            None => !within(at),
        }
    }
}

impl Group<'_> {
    pub(super) fn prepare(&self, view: &View) -> Prepared<'_> {
        let targets = self.chain.map(|chain| {
            let target = chain.reference.target;
            let mut found: HashSet<String> =
                view.all(target).filter(|r| self.holds(r)).map(|r| r.reference()).collect();
            if let (true, Some(hierarchy)) = (chain.above, &chain.reference.hierarchy) {
                add_descendants(&mut found, view, target, hierarchy);
            }
            found
        });
        Prepared { group: self, targets }
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

impl Prepared<'_> {
    pub(super) fn matches(&self, resource: &Arc<Resource>) -> bool {
        match (&self.targets, self.group.chain) {
            (Some(targets), Some(chain)) => chain
                .reference
                .path
                .any(&resource.json, &mut |r| r["reference"].as_str().is_some_and(|r| targets.contains(r))),
            _ => self.group.holds(resource),
        }
    }
}

/// Adds everything whose chain of parents reaches `found`.
fn add_descendants(found: &mut HashSet<String>, view: &View, t: ResourceType, hierarchy: &Path) {
    let mut children: HashMap<&str, Vec<&Arc<Resource>>> = HashMap::new();
    for resource in view.all(t) {
        if let Some(parent) = hierarchy.first(&resource.json).and_then(|r| r["reference"].as_str()) {
            children.entry(parent).or_default().push(resource);
        }
    }
    let mut todo: Vec<String> = found.iter().cloned().collect();
    while let Some(parent) = todo.pop() {
        for child in children.get(parent.as_str()).into_iter().flatten() {
            let reference = child.reference();
            if found.insert(reference.clone()) {
                todo.push(reference);
            }
        }
    }
}

/// The values of an OR list, escapes resolved.
pub(super) fn alternatives(value: &str) -> Vec<String> {
    split_unescaped(value, ',').into_iter().map(unescape).collect()
}

/// Splits where `separator` is not escaped by a backslash (FHIR R4 §3.1.1.4.4.1).
pub(super) fn split_unescaped(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == separator {
            parts.push(&text[start..at]);
            start = at + c.len_utf8();
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Removes the backslashes of FHIR's escapes.
pub(super) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, characters.peek()) {
            ('\\', Some(&next)) if r"\,|$".contains(next) => {
                plain.push(next);
                characters.next();
            }
            _ => plain.push(c),
        }
    }
    plain
}
