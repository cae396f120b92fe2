//! What one mock remembers while it runs: counts, tokens, searches that are being paged through.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use super::anomalies::Tasks;
use super::behaviour::{Behaviour, ForeignLink, Scripted, Suspended};
use super::data::Data;
use super::export::Exports;
use super::paths::FHIR_PATH;
use super::received::Received;
use super::token::{TokenKey, Tokens};
use crate::journal::{Api, Decision, Event, QuotaState, ScenarioJournal};
use crate::ror::quota::{Conduct, Count, Window, Windows};
use crate::ror::whitelist::Entry;
use crate::ror::{AccessProfile, SearchResult};

/// Searches kept for paging; the oldest goes when one more comes (HAPI keeps them for a while only, too).
const SEARCHES_KEPT: usize = 256;

/// What one mock remembers.
pub(super) struct State {
    pub(super) behaviour: Behaviour,
    pub(super) journal: ScenarioJournal,
    pub(super) tokens: Tokens,
    /// Names under which the mock's certificate answers: links are built for those only.
    pub(super) names: Vec<String>,
    level_1: Mutex<Windows<Api>>,
    level_2: Mutex<Windows<(String, Api)>>,
    /// How each service behaves while it is told to wait.
    conducts: Mutex<BTreeMap<String, Conduct>>,
    /// What each scripted reply has met, by service.
    matched: Mutex<BTreeMap<(String, u32), Met>>,
    searches: Mutex<Searches>,
    pub(super) data: Data,
    pub(super) exports: Exports,
    pub(super) tasks: Tasks,
    /// What the selectors of scripted replies call the phase.
    pub(super) phase: AtomicU32,
    /// Authority of the listener that plays another host.
    foreign: OnceLock<String>,
    /// SHA-256 of client certificates that are refused because newer ones have taken their place.
    replaced: Mutex<BTreeSet<String>>,
}

/// What a scripted reply has met of one service.
#[derive(Default)]
struct Met {
    requests: u32,
    /// When it was due for the first time, µs.
    since_us: Option<u64>,
}

impl Met {
    /// Whether the reply is due to one more request, at `now_us`.
    fn is_due(&mut self, scripted: &Scripted, now_us: u64) -> bool {
        self.requests += 1;
        if self.requests < scripted.nth {
            return false;
        }
        match scripted.during {
            None => scripted.times.is_none_or(|times| self.requests - scripted.nth < times),
            Some(during) => now_us.saturating_sub(*self.since_us.get_or_insert(now_us)) < micros(during),
        }
    }
}

/// A search that is being paged through.
#[derive(Clone)]
pub(super) struct PagedSearch {
    pub(super) profile: AccessProfile,
    pub(super) result: Arc<SearchResult>,
}

#[derive(Default)]
struct Searches {
    by_id: BTreeMap<Uuid, PagedSearch>,
    order: VecDeque<Uuid>,
}

impl State {
    pub(super) fn new(
        behaviour: Behaviour,
        journal: ScenarioJournal,
        key: TokenKey,
        names: Vec<String>,
    ) -> Self {
        Self {
            matched: Mutex::default(),
            data: Data::new(Arc::clone(&behaviour.directory)),
            exports: Exports::default(),
            tasks: Tasks::standard(),
            phase: AtomicU32::new(0),
            foreign: OnceLock::new(),
            replaced: Mutex::default(),
            behaviour,
            journal,
            tokens: Tokens::new(key),
            names,
            level_1: Mutex::new(Windows::new()),
            level_2: Mutex::new(Windows::new()),
            conducts: Mutex::default(),
            searches: Mutex::default(),
        }
    }

    /// From now on, the client certificate of that SHA-256 is refused: a newer one has taken its place.
    pub(super) fn replace(&self, sha256: &str) {
        lock(&self.replaced).insert(sha256.to_owned());
    }

    /// Whether a newer client certificate has taken the place of that one.
    pub(super) fn is_replaced(&self, sha256: &str) -> bool {
        lock(&self.replaced).contains(sha256)
    }

    /// Counts a call at level 1, and says in the journal what came of it.
    pub(super) fn count_level_1(&self, exchange: u32, api: Api) -> Result<Count, Count> {
        let quotas = &self.behaviour.quotas;
        let make = || Window::new(quotas.counting, quotas.level_1, quotas.other_services);
        let count = lock(&self.level_1).count(api, self.journal.now_us(), make);
        self.quota_decision(exchange, "quota-level-1", count)
    }

    /// Counts a call of a service at level 2, and says in the journal what came of it.
    pub(super) fn count_level_2(&self, exchange: u32, api: Api, entry: &Entry) -> Result<Count, Count> {
        let quotas = &self.behaviour.quotas;
        let limit = quotas.level_2(entry.access_profile());
        let make = || Window::new(quotas.counting, limit, 0);
        let count = lock(&self.level_2).count((entry.service.clone(), api), self.journal.now_us(), make);
        self.quota_decision(exchange, "quota-level-2", count)
    }

    fn quota_decision(&self, exchange: u32, gate: &str, count: Count) -> Result<Count, Count> {
        let exceeded = count.retry_in_us.is_some();
        let refused = exceeded && self.behaviour.quotas.enforced;
        let reason = match (exceeded, refused) {
            (false, _) => "within the quota",
            (true, true) => "over the quota",
            (true, false) => "over the quota, which is observed and not enforced here",
        };
        let quota = QuotaState {
            before: count.before,
            after: count.after,
            limit: count.limit,
            opens_in_us: count.retry_in_us,
        };
        self.journal.write(Event::Decision(Decision {
            exchange,
            gate: gate.to_owned(),
            passed: !refused,
            reason: reason.to_owned(),
            quota: Some(quota),
        }));
        if refused { Err(count) } else { Ok(count) }
    }

    /// Takes note of a call of a service and of what its quota said; gives the suspension that it meets, and for how
    /// many microseconds still. Each service is suspended from all the APIs at once.
    pub(super) fn suspended(
        &self,
        exchange: u32,
        entry: &Entry,
        quota: &Result<Count, Count>,
    ) -> Option<(Suspended, u64)> {
        let suspended = self.behaviour.quotas.suspension?;
        let refused_for_us = quota.as_ref().err().and_then(|count| count.retry_in_us);
        let mut conducts = lock(&self.conducts);
        let conduct = conducts.entry(entry.service.clone()).or_default();
        let left_us = conduct.call(self.journal.now_us(), refused_for_us, suspended.rule);
        let early = conduct.early();
        drop(conducts);
        if left_us.is_some() || early > 0 {
            let what = if left_us.is_some() { "suspended" } else { "not suspended" };
            let after = suspended.rule.after;
            let reason = format!("{what}: {early} call(s) too early, {after} lead to a suspension");
            self.decide(exchange, "suspension", left_us.is_none(), reason);
        }
        Some((suspended, left_us?))
    }

    /// Notes in the journal what a gate decided.
    pub(super) fn decide(&self, exchange: u32, gate: &str, passed: bool, reason: impl Into<String>) {
        let reason = self.journal.redactor().text(&reason.into());
        self.journal.write(Event::Decision(Decision {
            exchange,
            gate: gate.to_owned(),
            passed,
            reason,
            quota: None,
        }));
    }

    /// The scripted reply for a request that passed the token and whitelist gates, and its number from 1.
    pub(super) fn scripted(&self, request: &Received, service: &str) -> Option<(u32, &Scripted)> {
        if self.behaviour.scripted.is_empty() {
            return None;
        }
        let (exchange, api) = (request.exchange, request.api);
        let phase = self.phase.load(Ordering::Relaxed);
        let mut parameters = request.parameters();
        if request.path().ends_with("/_search") {
            parameters.extend(form_urlencoded::parse(&request.body).into_owned());
        }
        let mut matched = lock(&self.matched);
        let mut chosen = None;
        for (number, scripted) in (1..).zip(&self.behaviour.scripted) {
            if !scripted.on.selects(request.method(), request.path(), &parameters, api, phase) {
                continue;
            }
            let met = matched.entry((service.to_owned(), number)).or_default();
            let due = met.is_due(scripted, self.journal.now_us());
            if due && chosen.is_none() {
                chosen = Some((number, scripted));
            }
        }
        drop(matched);
        if let Some((number, scripted)) = chosen {
            let ordinary = scripted.status.is_none();
            self.decide(exchange, "scripted", ordinary, format!("reply {number} of the scenario"));
        }
        chosen
    }

    /// Keeps a search, so that its further pages can be asked for.
    pub(super) fn keep_search(&self, search: PagedSearch) -> Uuid {
        let id = random_uuid();
        let mut searches = lock(&self.searches);
        searches.by_id.insert(id, search);
        searches.order.push_back(id);
        if searches.order.len() > SEARCHES_KEPT
            && let Some(oldest) = searches.order.pop_front()
        {
            searches.by_id.remove(&oldest);
        }
        id
    }

    /// Another host, `name:port`, when there is one.
    pub(super) fn another_host(&self) -> Option<&str> {
        self.foreign.get().map(String::as_str)
    }

    /// Another host's base URL, when that link is to name one.
    pub(super) fn foreign_base(&self, link: ForeignLink) -> Option<String> {
        let authority = self.foreign.get().filter(|_| self.behaviour.foreign == Some(link))?;
        Some(format!("https://{authority}{FHIR_PATH}"))
    }

    /// Where the listener that plays another host is reached.
    pub(super) fn set_foreign(&self, authority: String) {
        // Said once, at the start.
        let _ = self.foreign.set(authority);
    }

    /// A search that was kept.
    pub(super) fn search(&self, id: Uuid) -> Option<PagedSearch> {
        lock(&self.searches).by_id.get(&id).cloned()
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// An identifier that nobody guesses.
pub(super) fn random_uuid() -> Uuid {
    let mut bytes = [0; 16];
    // Without randomness the identifier is merely guessable, which a mock can bear.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// The data behind a lock is whole after each statement, so a panic elsewhere does not spoil it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
