//! A search, page after page: the `next` links are followed as they stand, and no page goes missing in silence.

use std::collections::HashSet;

use hyper::Uri;
use serde_json::Value;

use super::error::ClientError;
use super::flaws::Flaw;
use super::query::{next_url, rebuilt_next_url};
use super::resource::{Integrated, elements, key};
use super::ror::{Get, Ror};

/// More pages than this are a server that never ends.
const MOST_PAGES: usize = 20_000;
/// Pages that `rebuilds-next-url` asks for at most, since its addresses may all give the same page.
const MOST_REBUILT_PAGES: usize = 20;
/// Restarts of `restarts-paging-after-429`.
const RESTARTS: u32 = 5;

/// Runs a search from its `first` URL.
///
/// # Errors
/// A page is refused or given up, is not a Bundle, or leads to another server: nothing is kept then.
pub(crate) async fn search(
    ror: &Ror,
    resource: &str,
    first: &Uri,
    all_pages: bool,
) -> Result<Vec<Value>, ClientError> {
    let mut restarts = 0;
    loop {
        match pages(ror, resource, first, all_pages, restarts < RESTARTS).await {
            Err(ClientError::Interrupted { .. }) => restarts += 1,
            outcome => return outcome,
        }
    }
}

async fn pages(
    ror: &Ror,
    resource: &str,
    first: &Uri,
    all_pages: bool,
    may_restart: bool,
) -> Result<Vec<Value>, ClientError> {
    let flaws = &ror.session.flaws;
    let mut results = Results::new(resource);
    let mut asked = HashSet::new();
    let mut url = first.clone();
    loop {
        if !asked.insert(url.clone()) || asked.len() > MOST_PAGES {
            return Err(page_problem(resource, "the next links go round in circles"));
        }
        let mut get = Get::new(url.clone(), format!("GET {resource}, page {}", asked.len()));
        get.interruptible = may_restart && asked.len() > 1 && flaws.has(Flaw::RestartsPagingAfter429);
        let bundle = match ror.get(&get).await {
            Err(_) if asked.len() > 1 && flaws.has(Flaw::DropsPageOnError) => break,
            outcome => outcome?,
        };
        if bundle["resourceType"] != "Bundle" {
            return Err(page_problem(resource, "the answer is not a Bundle"));
        }
        results.add(ror, &bundle)?;
        let Some(link) = next_link(&bundle).filter(|_| all_pages && !flaws.has(Flaw::FirstPageOnly)) else {
            break;
        };
        if flaws.has(Flaw::RebuildsNextUrl) {
            if asked.len() >= MOST_REBUILT_PAGES {
                break;
            }
            url = rebuilt_next_url(first, results.received)?;
        } else {
            url = next_url(&url, link)?;
        }
    }
    Ok(results.integrated.into_items())
}

/// The matches found so far, each once.
struct Results<'a> {
    resource: &'a str,
    received: usize,
    known: HashSet<(String, String)>,
    integrated: Integrated,
}

impl<'a> Results<'a> {
    fn new(resource: &'a str) -> Self {
        Self { resource, received: 0, known: HashSet::new(), integrated: Integrated::default() }
    }

    fn add(&mut self, ror: &Ror, bundle: &Value) -> Result<(), ClientError> {
        let flaws = &ror.session.flaws;
        for entry in elements(&bundle["entry"]) {
            let resource = &entry["resource"];
            let is_match = self.is_match(entry);
            self.received += usize::from(is_match);
            let is_include = entry["search"]["mode"] == "include";
            // What came along may be held beside the results, if it is of another type and held once.
            let comes_along = is_include && resource["resourceType"] != self.resource;
            let counts = is_match
                || (flaws.has(Flaw::CountsIncludes) && is_include)
                || (flaws.has(Flaw::KeepsDuplicates) && comes_along);
            if !counts {
                continue;
            }
            let is_new = match key(resource) {
                Some((kind, id)) => self.known.insert((kind.to_owned(), id.to_owned())),
                None => true,
            };
            if is_new || flaws.has(Flaw::KeepsDuplicates) {
                self.integrated.add(resource, flaws)?;
            }
        }
        Ok(())
    }

    /// A result of the search proper: of the type asked for, and not merely included.
    fn is_match(&self, entry: &Value) -> bool {
        let mode = &entry["search"]["mode"];
        (mode.is_null() || mode == "match") && entry["resource"]["resourceType"] == self.resource
    }
}

fn next_link(bundle: &Value) -> Option<&str> {
    elements(&bundle["link"]).iter().find(|link| link["relation"] == "next")?["url"].as_str()
}

fn page_problem(resource: &str, problem: &str) -> ClientError {
    ClientError::Content { call: format!("GET {resource}"), problem: problem.to_owned() }
}
