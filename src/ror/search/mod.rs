//! FHIR search over a view: parameters of the data table, `_include`, `_revinclude`, `_count`, `_sort`.
//!
//! Criteria see the profile's view only, so that a narrow profile cannot probe hidden data (assumption,
//! `ror-fhir.md` §2.3).

mod criterion;
mod date;
mod include;
mod number;
#[cfg(test)]
mod page_tests;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod token;

use std::sync::Arc;

pub(crate) use date::is_instant;
pub(crate) use include::{Directive, Links, included};
pub(crate) use table::{ParameterType, Reference, Table};

use super::directory::View;
use super::problem::Problem;
use super::resource::{Resource, ResourceType};
use criterion::Group;

/// Matches per page by default and at most (RG_RECH_52).
pub const PAGE_SIZE: usize = 200;

/// Matches that the pages of one search give at most (`ror-fhir.md` §3.1).
pub const MAXIMUM_MATCHES: usize = 10_000;

/// Parameters that one request may hold; a bound of the mock, not of the ROR.
const MAXIMUM_PARAMETERS: usize = 200;

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

impl View {
    /// Searches one type. `parameters` are decoded name and value pairs in the order of the URL.
    ///
    /// # Errors
    /// 400 for an unknown parameter (unless lenient), modifier, prefix or malformed value; 406 for a `_format` that
    /// is not served.
    pub fn search(
        &self,
        t: ResourceType,
        parameters: &[(String, String)],
        options: SearchOptions,
    ) -> Result<SearchResult, Problem> {
        if parameters.len() > MAXIMUM_PARAMETERS {
            return Err(Problem::new(400, "too-costly", format!("Plus de {MAXIMUM_PARAMETERS} paramètres.")));
        }
        let table = Table::standard();
        let mut groups: Vec<Group> = Vec::new();
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
                "_sort" => sort = Some(Sort::parse(value)?),
                "_include" | "_include:iterate" | "_revinclude" | "_revinclude:iterate" => {
                    directives.extend(Directive::parse(table, name, value, options)?);
                }
                _ => criterion::add(&mut groups, table, t, name, value, options)?,
            }
        }
        let groups: Vec<_> = groups.iter().map(|group| group.prepare(self)).collect();
        let mut matches: Vec<Arc<Resource>> =
            self.all(t).filter(|r| groups.iter().all(|group| group.matches(r))).cloned().collect();
        if let Some(sort) = sort {
            sort.apply(&mut matches);
        }
        let total = matches.len();
        matches.truncate(MAXIMUM_MATCHES);
        Ok(SearchResult { matches, directives, resource_type: t, total, page_size })
    }
}

/// `_sort` on `_lastUpdated`, the one sort that is live on all types.
#[derive(Debug, Clone, Copy)]
enum Sort {
    Ascending,
    Descending,
}

impl Sort {
    fn parse(value: &str) -> Result<Self, Problem> {
        match value {
            "_lastUpdated" => Ok(Self::Ascending),
            "-_lastUpdated" => Ok(Self::Descending),
            _ => Err(Problem::invalid_value("_sort", value, "tri possible : _lastUpdated ou -_lastUpdated")),
        }
    }

    fn apply(self, matches: &mut [Arc<Resource>]) {
        let key = |r: &Arc<Resource>| {
            let updated = r.json["meta"]["lastUpdated"].as_str();
            updated
                .and_then(|text| date::Interval::parse(text).ok())
                .map_or(i128::MIN, |interval| interval.start)
        };
        match self {
            Self::Ascending => matches.sort_by_cached_key(key),
            Self::Descending => matches.sort_by_cached_key(|r| std::cmp::Reverse(key(r))),
        }
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
