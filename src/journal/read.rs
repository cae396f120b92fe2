//! Reading a journal back, line by line, checking the chain on the way.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};

use super::event::Entry;
use super::wire::Body;
use crate::text::Text;

/// Longest line that is read, in bytes: bodies beyond a few KiB are in files of their own.
pub(super) const LONGEST_LINE: usize = 16 * 1024 * 1024;

/// Iterates over the entries of a run's journal. Ends at the first line that is broken, and says why.
pub struct Reader {
    lines: BufReader<File>,
    line: u64,
    prev: String,
    ended: bool,
}

/// A line that cannot be used, and all that come after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenLine {
    /// Its number, from 1.
    pub line: u64,
    /// Why.
    pub why: Text,
}

impl Reader {
    /// Opens `journal.jsonl` of a run's folder.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            lines: BufReader::new(File::open(folder.join("journal.jsonl"))?),
            line: 0,
            prev: "0".repeat(64),
            ended: false,
        })
    }

    fn entry(&mut self) -> Result<Option<Entry>, Text> {
        let mut line = Vec::new();
        let mut limited = io::Read::take(&mut self.lines, LONGEST_LINE as u64);
        let length = limited.read_until(b'\n', &mut line).map_err(|error| {
            Text::new(format!("lecture impossible : {error}"), format!("cannot be read: {error}"))
        })?;
        if length == 0 {
            return Ok(None);
        }
        self.line += 1;
        if line.pop() != Some(b'\n') {
            return Err(Text::new(
                "ligne incomplète : l’écriture a été interrompue",
                "incomplete line: writing was interrupted",
            ));
        }
        let entry: Entry = serde_json::from_slice(&line).map_err(|error| {
            Text::new(format!("ligne illisible : {error}"), format!("unreadable line: {error}"))
        })?;
        if entry.seq != self.line || entry.prev != self.prev {
            return Err(Text::new(
                "la chaîne d’empreintes est rompue : des lignes ont été modifiées, retirées ou ajoutées",
                "the chain of digests is broken: lines were changed, removed or added",
            ));
        }
        self.prev = super::hex(digest(&SHA256, &line).as_ref());
        Ok(Some(entry))
    }
}

impl Iterator for Reader {
    type Item = Result<Entry, BrokenLine>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let entry = self.entry().transpose();
        self.ended = !matches!(entry, Some(Ok(_)));
        Some(entry?.map_err(|why| BrokenLine { line: self.line, why }))
    }
}

/// Gives back the bodies that a run kept.
#[derive(Debug, Clone)]
pub struct BodyFolder {
    folder: PathBuf,
}

impl BodyFolder {
    /// Bodies of that run's folder.
    #[must_use]
    pub fn new(run: &Path) -> Self {
        Self { folder: run.join("bodies") }
    }

    /// The text of a body, if it is text, is kept, and is what its digest says.
    #[must_use]
    pub fn text<'a>(&self, body: &'a Body) -> Option<Cow<'a, str>> {
        if let Some(text) = &body.text {
            return Some(Cow::Borrowed(text));
        }
        let name = body.file.as_deref()?;
        // The name comes from a file that anyone may have edited: it must be a digest, not a path.
        if name.len() != 64 || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let bytes = std::fs::read(self.folder.join(name)).ok()?;
        if super::hex(digest(&SHA256, &bytes).as_ref()) != body.sha256 {
            return None;
        }
        String::from_utf8(bytes).ok().map(Cow::Owned)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::journal::{Event, Journal, RunEnded};

    fn ended(duration_ms: u64) -> Event {
        Event::RunEnded(RunEnded { duration_ms, interrupted: false })
    }

    #[test]
    fn what_is_written_is_read_back_and_a_changed_line_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::create(folder.path(), time::OffsetDateTime::UNIX_EPOCH).unwrap();
        (0..3).for_each(|number| journal.write(ended(number)));
        assert_eq!(Reader::open(folder.path()).unwrap().filter_map(Result::ok).count(), 3);

        let path = folder.path().join("journal.jsonl");
        let text =
            std::fs::read_to_string(&path).unwrap().replacen("\"duration_ms\":1", "\"duration_ms\":9", 1);
        std::fs::write(&path, text).unwrap();
        let entries: Vec<_> = Reader::open(folder.path()).unwrap().collect();
        assert_eq!(entries.len(), 3, "the line after the changed one tells");
        assert_eq!(entries[2].as_ref().unwrap_err().line, 3);
    }

    #[test]
    fn a_journal_cut_by_a_kill_keeps_its_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::create(folder.path(), time::OffsetDateTime::UNIX_EPOCH).unwrap();
        (0..2).for_each(|number| journal.write(ended(number)));
        let path = folder.path().join("journal.jsonl");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 5]).unwrap();
        let entries: Vec<_> = Reader::open(folder.path()).unwrap().collect();
        assert!(entries[0].is_ok() && entries[1].is_err() && entries.len() == 2);
    }

    #[test]
    fn long_bodies_go_to_files_and_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::create(folder.path(), time::OffsetDateTime::UNIX_EPOCH).unwrap().scenario("s");
        let long = "é".repeat(20_000);
        let body = journal.body("text/plain", long.as_bytes());
        assert!(body.text.is_none());
        assert_eq!(BodyFolder::new(folder.path()).text(&body).unwrap(), long);
        let body = Body { file: Some("../../etc/passwd".into()), text: None, ..body };
        assert!(BodyFolder::new(folder.path()).text(&body).is_none());
    }
}
