//! Writing the journal: one line an event, chained, flushed as it happens; the redactor stands at the door.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use time::OffsetDateTime;

use super::event::{Entry, Event};
use super::read::LONGEST_LINE;
use super::redact::Redactor;
use super::wire::{Body, Request};

/// Bodies up to this many bytes stand in the journal itself.
const INLINE_LIMIT: usize = 8 * 1024;

/// No more of a body than this is kept (bytes).
const KEPT_LIMIT: usize = 64 * 1024 * 1024;

/// The journal of a run, open for writing. Clones write to the same file.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

struct Inner {
    start: Instant,
    started: OffsetDateTime,
    folder: PathBuf,
    redactor: Redactor,
    chain: Mutex<Chain>,
    failure: Mutex<Option<String>>,
}

struct Chain {
    file: File,
    seq: u64,
    prev: String,
}

impl Journal {
    /// Starts `journal.jsonl` in an existing folder, and `bodies/` beside it. The monotonic clock starts here, at
    /// the wall-clock time `started`.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn create(folder: &Path, started: OffsetDateTime) -> io::Result<Self> {
        fs::create_dir_all(folder.join("bodies"))?;
        let file = OpenOptions::new().create_new(true).append(true).open(folder.join("journal.jsonl"))?;
        let redactor = Redactor::new().map_err(|_| io::Error::other("the system gives no randomness"))?;
        Ok(Self {
            inner: Arc::new(Inner {
                start: Instant::now(),
                started,
                folder: folder.to_owned(),
                redactor,
                chain: Mutex::new(Chain { file, seq: 0, prev: "0".repeat(64) }),
                failure: Mutex::default(),
            }),
        })
    }

    /// Microseconds since the run began.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        self.micros(Instant::now())
    }

    /// That instant as microseconds since the run began.
    #[must_use]
    pub fn micros(&self, instant: Instant) -> u64 {
        u64::try_from(instant.saturating_duration_since(self.inner.start).as_micros()).unwrap_or(u64::MAX)
    }

    /// The wall-clock time at that moment of the run, in microseconds since it began.
    #[must_use]
    pub fn wall_at(&self, at_us: u64) -> OffsetDateTime {
        self.inner.started + Duration::from_micros(at_us)
    }

    /// The redactor of this run.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.inner.redactor
    }

    /// Writes an event of the run itself.
    pub fn write(&self, event: Event) {
        self.append(None, event);
    }

    /// The journal of one scenario of this run.
    #[must_use]
    pub fn scenario(&self, id: &str) -> ScenarioJournal {
        ScenarioJournal {
            journal: self.clone(),
            id: id.to_owned(),
            counters: Arc::default(),
            order: Arc::default(),
        }
    }

    /// What prevented the journal from being written, if anything did: evidence is missing from then on.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.inner.failure.lock().ok().and_then(|failure| failure.clone())
    }

    /// Keeps a body: inline when short, in `bodies/` when long; `clean` is what the redactor left of it.
    fn keep(&self, size: usize, clean: &[u8]) -> Body {
        let truncated = clean.len() > KEPT_LIMIT;
        let kept = &clean[..clean.len().min(KEPT_LIMIT)];
        let mut body = Body { size: size as u64, truncated, ..Body::default() };
        if kept.is_empty() {
            return body;
        }
        body.sha256 = super::hex(digest(&SHA256, kept).as_ref());
        match std::str::from_utf8(kept) {
            Ok(text) if kept.len() <= INLINE_LIMIT => body.text = Some(text.to_owned()),
            _ => {
                let path = self.inner.folder.join("bodies").join(&body.sha256);
                if !path.exists()
                    && let Err(error) = fs::write(&path, kept)
                {
                    self.fail(&path, &error);
                }
                body.file = Some(body.sha256.clone());
            }
        }
        body
    }

    fn append(&self, scenario: Option<&str>, event: Event) {
        let Ok(mut chain) = self.inner.chain.lock() else { return };
        let entry = Entry {
            seq: chain.seq + 1,
            at_us: self.now_us(),
            scenario: scenario.map(str::to_owned),
            event,
            prev: chain.prev.clone(),
        };
        let mut line = match serde_json::to_vec(&entry) {
            Ok(line) => line,
            Err(error) => {
                drop(chain);
                return self.fail(&self.inner.folder.join("journal.jsonl"), &io::Error::other(error));
            }
        };
        if line.len() > LONGEST_LINE {
            drop(chain);
            let error =
                io::Error::other(format!("an event of {} bytes is too long to be read back", line.len()));
            return self.fail(&self.inner.folder.join("journal.jsonl"), &error);
        }
        chain.prev = super::hex(digest(&SHA256, &line).as_ref());
        chain.seq += 1;
        line.push(b'\n');
        // One write a line: what is in the file after a kill is whole lines.
        if let Err(error) = chain.file.write_all(&line) {
            drop(chain);
            self.fail(&self.inner.folder.join("journal.jsonl"), &error);
        }
    }

    fn fail(&self, path: &Path, error: &io::Error) {
        if let Ok(mut failure) = self.inner.failure.lock() {
            failure.get_or_insert_with(|| format!("{}: {error}", path.display()));
        }
    }
}

/// The journal of one scenario: numbers its connections and exchanges. Clones share the numbers.
#[derive(Clone)]
pub struct ScenarioJournal {
    journal: Journal,
    id: String,
    counters: Arc<Counters>,
    /// Held while an exchange gets its number and its line, so that numbers follow the order of lines.
    order: Arc<Mutex<()>>,
}

#[derive(Default)]
struct Counters {
    connections: AtomicU32,
    exchanges: AtomicU32,
    last_activity_us: AtomicU64,
}

impl ScenarioJournal {
    /// Writes an event.
    pub fn write(&self, event: Event) {
        self.touch();
        self.journal.append(Some(&self.id), event);
    }

    /// Writes a request and gives the exchange its number.
    pub fn write_request(&self, mut request: Request) -> u32 {
        self.touch();
        let _order = self.order.lock();
        request.exchange = self.counters.exchanges.fetch_add(1, Ordering::Relaxed) + 1;
        let number = request.exchange;
        self.journal.append(Some(&self.id), Event::Request(Box::new(request)));
        number
    }

    /// The number of the next connection, from 1.
    #[must_use]
    pub fn next_connection(&self) -> u32 {
        self.counters.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// How many connections the client has opened.
    #[must_use]
    pub fn connections(&self) -> u32 {
        self.counters.connections.load(Ordering::Relaxed)
    }

    /// When something last happened, microseconds since the run began.
    #[must_use]
    pub fn last_activity_us(&self) -> u64 {
        self.counters.last_activity_us.load(Ordering::Relaxed)
    }

    /// Microseconds since the run began.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        self.journal.now_us()
    }

    /// That instant as microseconds since the run began.
    #[must_use]
    pub fn micros(&self, instant: Instant) -> u64 {
        self.journal.micros(instant)
    }

    /// The wall-clock time at that moment of the run, in microseconds since it began.
    #[must_use]
    pub fn wall_at(&self, at_us: u64) -> OffsetDateTime {
        self.journal.wall_at(at_us)
    }

    /// The redactor of the run.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        self.journal.redactor()
    }

    /// Redacts and keeps a body of that media type.
    #[must_use]
    pub fn body(&self, media_type: &str, bytes: &[u8]) -> Body {
        if bytes.is_empty() {
            return Body::default();
        }
        let Ok(text) = std::str::from_utf8(bytes) else { return self.journal.keep(bytes.len(), bytes) };
        let redactor = self.redactor();
        let clean = if media_type.contains("x-www-form-urlencoded") {
            redactor.form(text)
        } else if media_type.contains("json") {
            redactor.json(text)
        } else {
            redactor.text(text)
        };
        self.journal.keep(bytes.len(), clean.as_bytes())
    }

    /// Redacts headers; names come in lower case from the HTTP library.
    #[must_use]
    pub fn headers(&self, headers: &hyper::HeaderMap) -> Vec<(String, String)> {
        let redactor = self.redactor();
        headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.as_str().to_owned(), redactor.header(name.as_str(), &value))
            })
            .collect()
    }

    fn touch(&self) {
        self.counters.last_activity_us.store(self.now_us(), Ordering::Relaxed);
    }
}
