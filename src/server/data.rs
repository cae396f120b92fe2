//! The data that one mock serves, which move on: by a step of the scenario, or because a client writes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use time::OffsetDateTime;

use super::state::lock;
use crate::journal::{DataChanged, Event, ScenarioJournal};
use crate::ror::{Directory, Effect};

/// The data as they are now.
pub(super) struct Data {
    current: Mutex<Arc<Directory>>,
    /// When the last answer was ready, µs since the run began; 0 before the first one.
    last_answer_us: AtomicU64,
}

/// Who moves the data on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Author {
    /// A step of the scenario.
    Step(u32),
    /// A client, by that exchange.
    Exchange(u32),
}

impl Data {
    pub(super) fn new(directory: Arc<Directory>) -> Self {
        Self { current: Mutex::new(directory), last_answer_us: AtomicU64::new(0) }
    }

    /// The data as they are now.
    pub(super) fn current(&self) -> Arc<Directory> {
        Arc::clone(&lock(&self.current))
    }

    /// Moves the data on, one writer at a time, and says in the journal what came of it.
    pub(super) fn update<T, E>(
        &self,
        journal: &ScenarioJournal,
        author: Author,
        change: impl FnOnce(&Directory) -> Result<(T, Vec<Effect>), E>,
    ) -> Result<T, E> {
        let mut current = lock(&self.current);
        let (told, effects) = change(&current)?;
        journal.write(Event::DataChanged(Box::new(event(author, &effects, journal))));
        *current = Arc::new(current.after(effects));
        Ok(told)
    }

    pub(super) fn note_answer(&self, ready_us: u64) {
        self.last_answer_us.fetch_max(ready_us, Ordering::Relaxed);
    }

    /// When the last answer was ready.
    pub(super) fn last_answer(&self, journal: &ScenarioJournal) -> Option<OffsetDateTime> {
        let us = self.last_answer_us.load(Ordering::Relaxed);
        (us > 0).then(|| journal.wall_at(us))
    }
}

/// What a client wrote may hold a secret, too.
fn event(author: Author, effects: &[Effect], journal: &ScenarioJournal) -> DataChanged {
    let mut event = DataChanged::default();
    match author {
        Author::Step(step) => event.step = Some(step),
        Author::Exchange(exchange) => event.exchange = Some(exchange),
    }
    for effect in effects {
        match effect {
            Effect::Put(resource) => {
                let text = journal.redactor().text(&resource.text);
                event.put.push(serde_json::from_str(&text).unwrap_or(Value::Null));
            }
            Effect::Removed(t, id) => event.removed.push(format!("{t}/{id}")),
        }
    }
    event
}
