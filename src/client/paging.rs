//! A search, page after page: the `next` links are followed as they stand, and no page goes missing in silence.

use std::collections::HashSet;
use std::time::SystemTime;

use hyper::Uri;
use serde_json::Value;

use super::error::ClientError;
use super::flaws::{Flaw, FlawSet};
use super::query::{next_url, rebuilt_next_url};
use super::resource::{Integrated, elements, key};
use super::ror::{Call, Ror};

/// More pages than this are a server that never ends.
const MOST_PAGES: usize = 20_000;
/// Pages that `rebuilds-next-url` asks for at most, since its addresses may all give the same page.
const MOST_REBUILT_PAGES: usize = 20;
/// The only types that `chokes-on-unknown-type` knows.
const TYPES: [&str; 5] =
    ["HealthcareService", "Location", "Organization", "Practitioner", "PractitionerRole"];
/// Restarts of `restarts-paging-after-429`.
const RESTARTS: u32 = 5;

/// What a search has brought.
#[derive(Default)]
pub(crate) struct Found {
    /// The pages, each a Bundle.
    pub(crate) bundles: Vec<Value>,
    /// When the server answered with the first page.
    pub(crate) date: Option<SystemTime>,
}

impl Found {
    /// Every resource of every page: results, and what came along.
    pub(crate) fn resources(&self) -> impl Iterator<Item = &Value> {
        let entries = self.bundles.iter().flat_map(|bundle| elements(&bundle["entry"]));
        let carriers = entries.filter(|entry| entry["search"]["mode"] != "outcome");
        carriers.map(|entry| &entry["resource"]).filter(|resource| key(resource).is_some())
    }
}

/// Runs a search from its `first` URL and gives the items for the result.
///
/// # Errors
/// As [`fetch`]; a resource without type or id.
pub(crate) async fn search(
    ror: &Ror,
    resource: &str,
    first: &Uri,
    all_pages: bool,
) -> Result<Vec<Value>, ClientError> {
    let found = fetch(ror, resource, first, all_pages).await?;
    let mut results = Results::new(resource);
    found.bundles.iter().try_for_each(|bundle| results.add(ror, bundle))?;
    Ok(results.integrated.into_items())
}

/// Fetches the pages of a search from its `first` URL.
///
/// # Errors
/// A page is refused or given up, is not a Bundle, or leads to another server; the pages give fewer results than the
/// total announced. Nothing is kept then.
pub(crate) async fn fetch(
    ror: &Ror,
    resource: &str,
    first: &Uri,
    all_pages: bool,
) -> Result<Found, ClientError> {
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
) -> Result<Found, ClientError> {
    let flaws = &ror.session.flaws;
    let mut found = Found::default();
    let mut received = 0;
    let mut asked = HashSet::new();
    let mut url = first.clone();
    loop {
        if !asked.insert(url.clone()) || asked.len() > MOST_PAGES {
            return Err(page_problem(resource, "the next links go round in circles"));
        }
        let mut call = Call::get(url.clone(), format!("GET {resource}, page {}", asked.len()));
        call.interruptible = may_restart && asked.len() > 1 && flaws.has(Flaw::RestartsPagingAfter429);
        let fetched = match ror.fetch(&call).await {
            Err(_) if asked.len() > 1 && flaws.has(Flaw::DropsPageOnError) => break,
            Err(ClientError::Refused { status: 404 | 410, .. })
                if asked.len() > 1 && flaws.has(Flaw::GonePageIsTheLast) =>
            {
                break;
            }
            outcome => outcome?,
        };
        let bundle = fetched.body;
        if bundle["resourceType"] != "Bundle" {
            return Err(page_problem(resource, "the answer is not a Bundle"));
        }
        if asked.len() == 1 {
            found.date = fetched.date;
        }
        received += elements(&bundle["entry"]).iter().filter(|entry| is_match(resource, entry)).count();
        let next = next_link(&bundle).filter(|_| all_pages && !flaws.has(Flaw::FirstPageOnly));
        let following = match next {
            Some(_) if flaws.has(Flaw::RebuildsNextUrl) => {
                (asked.len() < MOST_REBUILT_PAGES).then(|| rebuilt_next_url(first, received)).transpose()?
            }
            Some(link) => Some(next_url(&url, link, flaws)?),
            None if all_pages && !flaws.has(Flaw::FirstPageOnly) => {
                complete(resource, &bundle, received, flaws)?;
                None
            }
            None => None,
        };
        found.bundles.push(bundle);
        match following {
            Some(following) => url = following,
            None => break,
        }
    }
    Ok(found)
}

/// Makes sure that the pages gave all the results that there are: beyond 10 000, the ROR gives no more of them.
fn complete(resource: &str, last: &Value, received: usize, flaws: &FlawSet) -> Result<(), ClientError> {
    match last["total"].as_u64() {
        Some(total) if total > received as u64 && !flaws.has(Flaw::HidesTruncation) => Err(page_problem(
            resource,
            &format!("the server gave {received} of {total} results; a narrower search or $export is needed"),
        )),
        _ => Ok(()),
    }
}

/// The matches found so far, each once.
struct Results<'a> {
    resource: &'a str,
    known: HashSet<(String, String)>,
    integrated: Integrated,
}

impl<'a> Results<'a> {
    fn new(resource: &'a str) -> Self {
        Self { resource, known: HashSet::new(), integrated: Integrated::default() }
    }

    fn add(&mut self, ror: &Ror, bundle: &Value) -> Result<(), ClientError> {
        let flaws = &ror.session.flaws;
        for entry in elements(&bundle["entry"]) {
            let resource = &entry["resource"];
            let is_known = resource["resourceType"].as_str().is_some_and(|kind| TYPES.contains(&kind));
            if flaws.has(Flaw::ChokesOnUnknownType) && !is_known {
                return Err(ClientError::Crash);
            }
            let is_match = is_match(self.resource, entry);
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
}

/// A result of the search proper: of the type asked for, and not merely included.
fn is_match(resource: &str, entry: &Value) -> bool {
    let mode = &entry["search"]["mode"];
    (mode.is_null() || mode == "match") && entry["resource"]["resourceType"] == resource
}

fn next_link(bundle: &Value) -> Option<&str> {
    elements(&bundle["link"]).iter().find(|link| link["relation"] == "next")?["url"].as_str()
}

fn page_problem(resource: &str, problem: &str) -> ClientError {
    ClientError::Content { call: format!("GET {resource}"), problem: problem.to_owned() }
}
