//! What a `$export` of offers holds (`ror-fhir.md` §6): the offers that its filters select, and everything linked to
//! them. Resources are shared with the view, never copied, so that an export costs one pointer per resource.

use std::collections::HashSet;
use std::sync::Arc;

use super::directory::View;
use super::problem::Problem;
use super::resource::{Resource, ResourceType};
use super::search::{Links, RESULT_PARAMETERS, SearchOptions, Table, instant};

/// Filters that one export may hold; a bound of the mock, not of the ROR.
const MAXIMUM_FILTERS: usize = 50;

/// Which resources an export holds: `_type`, `_typeFilter` and `_since` of a kick-off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportCriteria {
    /// Search parameters of HealthcareService; an offer is exported when it satisfies one of the lists. Empty: all.
    filters: Vec<Vec<(String, String)>>,
    /// Nanoseconds since 1970.
    since: Option<i128>,
    options: SearchOptions,
}

impl ExportCriteria {
    /// Reads the kick-off's decoded parameters; others than these three are left to the caller.
    ///
    /// A `_typeFilter` is a search, `HealthcareService?_tag=…`, once more percent-encoded or not; several of them,
    /// repeated or separated by commas, are alternatives (bulk data 2.0.0).
    ///
    /// # Errors
    /// 400 when `_type` or a filter names another type than HealthcareService (the ROR exports offers with all that is
    /// linked to them), when a filter holds a result parameter (unless lenient), or when `_since` is not an instant.
    /// Criteria are checked by [`View::export`].
    pub fn parse(parameters: &[(String, String)], options: SearchOptions) -> Result<Self, Problem> {
        let mut criteria = Self { options, ..Self::default() };
        for (name, value) in parameters {
            match name.as_str() {
                "_type" => {
                    if let Some(other) = value.split(',').find(|t| t.trim() != OFFERS.name()) {
                        return Err(only_offers("_type", other));
                    }
                }
                "_typeFilter" => {
                    for filter in alternatives(value) {
                        criteria.filters.push(parameters_of(filter, options)?);
                    }
                }
                "_since" => {
                    criteria.since =
                        Some(instant(value).map_err(|why| Problem::invalid_value(name, value, why))?);
                }
                _ => {}
            }
        }
        if criteria.filters.len() > MAXIMUM_FILTERS {
            return Err(Problem::new(400, "too-costly", format!("Plus de {MAXIMUM_FILTERS} filtres.")));
        }
        Ok(criteria)
    }
}

const OFFERS: ResourceType = ResourceType::HealthcareService;

/// The order of an export: what refers to others may come before them.
const ORDER: [ResourceType; 5] = [
    OFFERS,
    ResourceType::Organization,
    ResourceType::Location,
    ResourceType::PractitionerRole,
    ResourceType::Practitioner,
];

impl View {
    /// The offers that `criteria` select, however many, then the organizations that give them with all their
    /// ancestors, the locations, the operational situations in them and the professionals; each once, types in this
    /// order, resources in that of the dataset.
    ///
    /// `_since` keeps what was updated at that instant or later, whatever it belongs to (assumption: the ROR documents
    /// no `_since`; bulk data has resources, not their surroundings, decide).
    ///
    /// # Errors
    /// Those of a search, for the filters.
    pub fn export(&self, criteria: &ExportCriteria) -> Result<Vec<Arc<Resource>>, Problem> {
        let links = self.links();
        let mut wanted: [HashSet<&str>; 5] = Default::default();
        if criteria.filters.is_empty() {
            wanted[OFFERS.index()] = self.all(OFFERS).map(|r| r.id.as_str()).collect();
        }
        for filter in &criteria.filters {
            for offer in self.find(OFFERS, filter, criteria.options)?.matches {
                // The view's own resource: the one found lives no longer than the search.
                wanted[OFFERS.index()].extend(self.read(OFFERS, &offer.id).map(|r| r.id.as_str()));
            }
        }
        // No reference leads back to a type that was done before it.
        follow(links, &mut wanted, "PractitionerRole:service", true);
        for code in [
            "HealthcareService:organization",
            "HealthcareService:location",
            "PractitionerRole:practitioner",
            "PractitionerRole:organization",
            "Location:organization",
        ] {
            follow(links, &mut wanted, code, false);
        }
        while follow(links, &mut wanted, "Organization:partof", false) {}
        let since = |resource: &Resource| {
            criteria.since.is_none_or(|since| {
                let updated = resource.json["meta"]["lastUpdated"].as_str();
                updated.and_then(|text| instant(text).ok()).is_some_and(|updated| updated >= since)
            })
        };
        let found = ORDER.into_iter().flat_map(|t| {
            let wanted = &wanted[t.index()];
            self.all(t).filter(move |r| wanted.contains(r.id.as_str()))
        });
        Ok(found.filter(|r| since(r)).map(Arc::clone).collect())
    }
}

/// Adds what the wanted resources of one type refer to (or, backward, what refers to them); whether that was new.
fn follow<'v>(links: &'v Links, wanted: &mut [HashSet<&'v str>; 5], code: &str, backward: bool) -> bool {
    let Some(reference) = Table::standard().references.iter().find(|r| r.code() == code) else {
        return false;
    };
    let (from, to) = match backward {
        true => (reference.target, reference.source),
        false => (reference.source, reference.target),
    };
    let found: Vec<&str> = wanted[from.index()]
        .iter()
        .flat_map(|id| match backward {
            true => links.sources(reference.position, id),
            false => links.targets(reference.position, id),
        })
        .map(|resource| resource.id.as_str())
        .collect();
    let before = wanted[to.index()].len();
    wanted[to.index()].extend(found);
    wanted[to.index()].len() > before
}

/// `HealthcareService?a=1,2,HealthcareService?b=3` → two filters; other commas belong to values.
fn alternatives(value: &str) -> impl Iterator<Item = &str> {
    let starts = value.match_indices(',').filter(|(at, _)| {
        let rest = &value[at + 1..];
        rest.split_once('?').is_some_and(|(name, _)| ResourceType::parse(name.trim()).is_some())
    });
    let cuts: Vec<usize> = starts.map(|(at, _)| at).collect();
    let ends = cuts.clone().into_iter().chain([value.len()]);
    let begins = std::iter::once(0).chain(cuts.into_iter().map(|at| at + 1));
    begins.zip(ends).map(|(begin, end)| value[begin..end].trim())
}

fn parameters_of(filter: &str, options: SearchOptions) -> Result<Vec<(String, String)>, Problem> {
    let (name, query) = filter.split_once('?').unwrap_or((filter, ""));
    if name != OFFERS.name() {
        return Err(only_offers("_typeFilter", filter));
    }
    // In a filter that was encoded once only, a `+` is one: the offset of a date, not a space.
    let query = query.replace('+', "%2B");
    let mut parameters: Vec<(String, String)> =
        form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let is_result = |name: &str| {
        let name = name.split(':').next().unwrap_or(name);
        let further = Table::standard().results();
        RESULT_PARAMETERS.contains(&name) || further.iter().any(|result| result.name == name)
    };
    if options.lenient {
        parameters.retain(|(name, _)| !is_result(name));
    } else if let Some((name, _)) = parameters.iter().find(|(name, _)| is_result(name)) {
        let why = format!("'{name}' n'est pas un critère ; tout ce qui est lié aux offres est exporté");
        return Err(Problem::invalid_value("_typeFilter", filter, &why));
    }
    Ok(parameters)
}

fn only_offers(name: &str, value: &str) -> Problem {
    Problem::invalid_value(
        name,
        value,
        "seul HealthcareService s'exporte, avec tout ce qui est lié aux offres",
    )
}

#[cfg(test)]
#[path = "export_tests.rs"]
mod tests;
