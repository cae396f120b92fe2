//! FHIR search over a view: parameters of the data table, chains in both directions, `_filter`, distances,
//! `_include`, `_revinclude`, `_count`, `_sort`.
//!
//! Criteria see the profile's view only, so that a narrow profile cannot probe hidden data (assumption,
//! `ror-fhir.md` §2.3).

mod condition;
#[cfg(test)]
mod cookbook_tests;
mod criterion;
mod date;
mod filter;
mod include;
mod name;
mod near;
mod number;
#[cfg(test)]
mod options_tests;
#[cfg(test)]
mod page_tests;
mod sort;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod token;
mod value;

use std::sync::Arc;

pub use filter::{FilterMeaning, filter_meaning};

pub(crate) use date::{DateTest, instant, is_instant};
pub(crate) use include::{Directive, Links, included};
pub(crate) use near::Point;
pub(crate) use table::{Parameter, ParameterType, Reference, Table};
pub(crate) use token::TokenTest;

use super::directory::View;
use super::problem::Problem;
use super::resource::{Resource, ResourceType};
use condition::Condition;
use sort::Sort;

/// Matches per page by default and at most (RG_RECH_52).
pub const PAGE_SIZE: usize = 200;

/// Matches that the pages of one search give at most (`ror-fhir.md` §3.1).
pub const MAXIMUM_MATCHES: usize = 10_000;

/// Parameters that shape the answer and are no criteria; further ones stand in the table.
pub(crate) const RESULT_PARAMETERS: [&str; 5] = ["_include", "_revinclude", "_count", "_sort", "_format"];

/// Parameters that one request may hold; a bound of the mock, not of the ROR.
const MAXIMUM_PARAMETERS: usize = 200;

/// Criteria that one request may hold, those of its filters together; a bound of the mock, not of the ROR.
const MAXIMUM_CRITERIA: usize = 2000;

/// How a search reads its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SearchOptions {
    /// Ignore unknown parameters instead of answering 400.
    pub lenient: bool,
    /// Know the parameters that the ROR has announced only.
    pub drafts: bool,
}

/// What a search found: cheap to keep for paging.
#[derive(Debug, Clone)]
pub struct SearchResult {
    pub(crate) matches: Vec<Arc<Resource>>,
    pub(crate) directives: Vec<Directive>,
    /// Where distances are told from; empty unless a criterion is geographic.
    pub(crate) centres: Vec<Point>,
    resource_type: ResourceType,
    total: usize,
    page_size: usize,
}

impl SearchResult {
    /// The type searched.
    #[must_use]
    pub fn resource_type(&self) -> ResourceType {
        self.resource_type
    }

    /// How many resources match, also beyond [`MAXIMUM_MATCHES`] (assumption: the ROR does not say).
    #[must_use]
    pub fn total(&self) -> usize {
        self.total
    }

    /// How many of them the pages give.
    #[must_use]
    pub fn len(&self) -> usize {
        self.matches.len()
    }

    /// Whether matches beyond [`MAXIMUM_MATCHES`] were left out. On the wire [`Self::total`], which counts them, and a
    /// warning on every page say it.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.total > self.matches.len()
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.matches.is_empty()
    }

    /// Matches per page: `_count`, 200 at most and by default; 0 asks for the total only.
    #[must_use]
    pub fn page_size(&self) -> usize {
        self.page_size
    }

    /// Where the page after `offset` starts, if there is one.
    #[must_use]
    pub fn next_offset(&self, offset: usize) -> Option<usize> {
        let next = offset.checked_add(self.page_size)?;
        (self.page_size > 0 && next < self.matches.len()).then_some(next)
    }

    /// The ids of all matches, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.matches.iter().map(|r| r.id.as_str())
    }
}

/// All matches of a request, and what it says of the pages.
pub(crate) struct Found {
    pub(crate) matches: Vec<Arc<Resource>>,
    directives: Vec<Directive>,
    centres: Vec<Point>,
    page_size: usize,
}

impl View {
    /// Searches one type. `parameters` are decoded name and value pairs in the order of the URL.
    ///
    /// # Errors
    /// 400 for an unknown parameter (unless lenient), modifier, prefix or malformed value, a `_filter` that cannot be
    /// read (with the character where) or that names an unknown parameter (even when lenient); 406 for a `_format` that
    /// is not served.
    pub fn search(
        &self,
        t: ResourceType,
        parameters: &[(String, String)],
        options: SearchOptions,
    ) -> Result<SearchResult, Problem> {
        let Found { mut matches, directives, centres, page_size } = self.find(t, parameters, options)?;
        let total = matches.len();
        matches.truncate(MAXIMUM_MATCHES);
        Ok(SearchResult { matches, directives, centres, resource_type: t, total, page_size })
    }

    /// The same without the cap on matches.
    pub(crate) fn find(
        &self,
        t: ResourceType,
        parameters: &[(String, String)],
        options: SearchOptions,
    ) -> Result<Found, Problem> {
        if parameters.len() > MAXIMUM_PARAMETERS {
            return Err(Problem::new(400, "too-costly", format!("Plus de {MAXIMUM_PARAMETERS} paramètres.")));
        }
        let table = Table::standard();
        let mut condition = Condition::default();
        let mut directives = Vec::new();
        let mut page_size = PAGE_SIZE;
        let mut sort = None;
        for (name, value) in parameters {
            match name.as_str() {
                "_format" => accept_format(value)?,
                "_count" => {
                    page_size = value
                        .parse::<usize>()
                        .map_err(|_| Problem::invalid_value(name, value, "entier positif attendu"))?
                        .min(PAGE_SIZE);
                }
                "_sort" => sort = Some(Sort::parse(table, t, value, options.drafts)?),
                "_include" | "_include:iterate" | "_revinclude" | "_revinclude:iterate" => {
                    directives.extend(Directive::parse(table, name, value, options)?);
                }
                _ => match table.results().iter().find(|result| result.name == *name) {
                    Some(result) if result.draft && !options.drafts => {
                        if !options.lenient {
                            return Err(Problem::draft_parameter(name));
                        }
                    }
                    Some(result) => {
                        let accepted = result.accept(value);
                        accepted.map_err(|why| Problem::invalid_value(name, value, &why))?;
                        if name == "_summary" && value == "count" {
                            page_size = 0;
                        }
                    }
                    None => condition.add(table, t, name, value, options)?,
                },
            }
        }
        if condition.size() > MAXIMUM_CRITERIA {
            return Err(Problem::new(400, "too-costly", format!("Plus de {MAXIMUM_CRITERIA} critères.")));
        }
        let prepared = condition.prepare(self);
        let mut matches: Vec<Arc<Resource>> = self.all(t).filter(|r| prepared.matches(r)).cloned().collect();
        if let Some(sort) = sort {
            sort.apply(self, &mut matches);
        }
        Ok(Found { matches, directives, centres: condition.centres(), page_size })
    }
}

fn accept_format(value: &str) -> Result<(), Problem> {
    let media_type = value.split(';').next().unwrap_or(value).trim().to_ascii_lowercase();
    // A `+` that was not percent-encoded arrives as a space.
    match media_type.replace(' ', "+").as_str() {
        "json" | "application/json" | "application/fhir+json" | "text/json" => Ok(()),
        _ => Err(Problem::not_acceptable(value).at("http._format")),
    }
}
