//! Names of criteria: own parameters, chained (`organization.name`) and reverse-chained ones
//! (`_has:PractitionerRole:service:practitioner.identifier`), the same in the query and inside `_filter`.

use super::RESULT_PARAMETERS;
use super::table::{Parameter, ParameterType, Reference, Table};
use crate::ror::resource::ResourceType;

/// What a name stands for.
#[derive(Debug)]
pub(super) struct Resolved<'t, 'n> {
    /// From the type searched to the type of the parameter.
    pub(super) steps: Vec<Step<'t>>,
    pub(super) parameter: &'t Parameter,
    /// What is left after `:above` went to the chain.
    pub(super) modifier: Option<&'n str>,
}

/// One reference to follow on the way to the resources tested.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'t> {
    pub(super) reference: &'t Reference,
    pub(super) way: Way,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To what the candidate refers to.
    Forward,
    /// To what it refers to, or any of its ancestors.
    Above,
    /// To what refers to the candidate.
    Backward,
}

impl Step<'_> {
    pub(super) fn is_same(&self, other: &Step<'_>) -> bool {
        self.reference.position == other.reference.position && self.way == other.way
    }
}

/// `None`: nothing of that name can be searched from `t`.
pub(super) fn resolve<'t, 'n>(
    table: &'t Table,
    t: ResourceType,
    name: &'n str,
    drafts: bool,
) -> Option<Resolved<'t, 'n>> {
    let Some(rest) = name.strip_prefix("_has:") else {
        return forward(table, t, name, drafts, |reference| reference.chain);
    };
    let mut parts = rest.splitn(3, ':');
    let source = ResourceType::parse(parts.next()?)?;
    let reference = table.reference(source, parts.next()?).filter(|r| r.has && r.target == t)?;
    let tested = parts.next()?;
    let mut resolved = match tested.starts_with("_has:") {
        // Nested: the offers of a Location's professionals. The references allow two levels at most.
        true => resolve(table, source, tested, drafts)?,
        false => forward(table, source, tested, drafts, |r| r.chain || r.chain_in_has)?,
    };
    resolved.steps.insert(0, Step { reference, way: Way::Backward });
    Some(resolved)
}

/// `organization.identifier:above` → the reference, the parameter of its target, the modifier.
fn forward<'t, 'n>(
    table: &'t Table,
    t: ResourceType,
    name: &'n str,
    drafts: bool,
    may_chain: impl Fn(&Reference) -> bool,
) -> Option<Resolved<'t, 'n>> {
    let (path, modifier) = match name.split_once(':') {
        Some((path, modifier)) => (path, Some(modifier)),
        None => (name, None),
    };
    let find = |t, name| {
        let own = |p: &&Parameter| !matches!(p.parameter_type, ParameterType::Filter | ParameterType::Has);
        table.find(t, name, drafts).filter(own)
    };
    let Some((reference, parameter)) = path.split_once('.') else {
        return Some(Resolved { steps: Vec::new(), parameter: find(t, path)?, modifier });
    };
    let reference = table.reference(t, reference).filter(|r| may_chain(r))?;
    let parameter = find(reference.target, parameter)?;
    // `:above` belongs to the chain; what is left is the modifier of the criterion itself.
    let (way, modifier) = match modifier {
        Some("above") if reference.hierarchy.is_some() => (Way::Above, None),
        modifier => (Way::Forward, modifier),
    };
    Some(Resolved { steps: vec![Step { reference, way }], parameter, modifier })
}

/// What a search of `t` knows, for the answer to a name that it does not.
pub(super) fn known(table: &Table, t: ResourceType, drafts: bool) -> Vec<String> {
    let own = table.of(t, drafts).filter(|p| p.parameter_type != ParameterType::Has).map(|p| p.name.clone());
    let chained =
        table.references.iter().filter(|r| r.chain && r.source == t).map(|r| format!("{}.*", r.name));
    let reverse =
        table.references.iter().filter(|r| r.has && r.target == t).map(|r| format!("_has:{}:*", r.code()));
    let further = table.results().iter().filter(|result| drafts || !result.draft);
    let result = RESULT_PARAMETERS.into_iter().chain(further.map(|result| result.name.as_str()));
    let result: Vec<String> = result.map(str::to_owned).collect();
    own.chain(chained).chain(reverse).chain(result).collect()
}
