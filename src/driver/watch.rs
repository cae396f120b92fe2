//! Looks for canaries in an output while it is read, before any of it is dropped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::result;
use crate::journal::{Canaries, CanarySeen, Output};

/// A longer line is searched piece by piece, in bytes.
const PIECE: usize = 64 * 1024;

/// An output that is watched, line by line, however long it is.
#[derive(Debug)]
pub(super) struct Watch {
    canaries: Arc<Canaries>,
    output: Output,
    line: u64,
    piece: Vec<u8>,
    in_line: BTreeSet<usize>,
    /// What was seen since the last `{` that stood alone on a line: perhaps a result over several lines.
    pretty: Option<BTreeMap<usize, u64>>,
    seen: BTreeMap<usize, u64>,
}

impl Default for Watch {
    fn default() -> Self {
        Self::new(Arc::default(), Output::Stdout)
    }
}

impl Watch {
    /// Watches for those.
    pub(super) fn new(canaries: Arc<Canaries>, output: Output) -> Self {
        Self {
            canaries,
            output,
            line: 1,
            piece: Vec::new(),
            in_line: BTreeSet::new(),
            pretty: None,
            seen: BTreeMap::new(),
        }
    }

    /// The next part of the line.
    pub(super) fn take(&mut self, part: &[u8]) {
        if self.canaries.is_empty() {
            return;
        }
        self.piece.extend_from_slice(part);
        if self.piece.len() > PIECE {
            self.in_line.extend(self.canaries.find(&self.piece, false));
            let kept = self.piece.len().saturating_sub(self.canaries.longest());
            self.piece.drain(..kept);
        }
    }

    /// The line has ended; `whole` is all of it, empty when it is too long to be kept.
    pub(super) fn end_line(&mut self, whole: &[u8]) {
        if self.canaries.is_empty() {
            return;
        }
        let piece = std::mem::take(&mut self.piece);
        let mut found = std::mem::take(&mut self.in_line);
        found.extend(self.canaries.find(&piece, true));
        let whole = whole.trim_ascii();
        if whole == b"{" {
            self.flush();
            self.pretty = Some(BTreeMap::new());
        }
        if !found.is_empty() && self.output == Output::Stdout {
            found = self.beside_the_result(whole).unwrap_or(found);
        }
        let into = self.pretty.as_mut().unwrap_or(&mut self.seen);
        for canary in found {
            into.entry(canary).or_insert(self.line);
        }
        self.line += 1;
    }

    /// All that was seen. `ends_with_result`: the output ends with a result over several lines.
    pub(super) fn seen(&mut self, ends_with_result: bool) -> Vec<CanarySeen> {
        if ends_with_result && self.output == Output::Stdout {
            self.pretty = None;
        }
        self.flush();
        let seen = std::mem::take(&mut self.seen);
        let told = seen.into_iter().map(|(canary, line)| CanarySeen {
            value: self.canaries.value(canary).to_owned(),
            output: self.output,
            line,
        });
        told.collect()
    }

    /// What a line that is a result holds beside what it declares; none when it is no result.
    fn beside_the_result(&self, line: &[u8]) -> Option<BTreeSet<usize>> {
        result::parse(line)?;
        let Value::Object(mut members) = serde_json::from_slice(line).ok()? else { return None };
        for declared in ["integrated", "message"] {
            members.remove(declared);
        }
        Some(self.canaries.find(Value::Object(members).to_string().as_bytes(), true))
    }

    fn flush(&mut self) {
        for (canary, line) in self.pretty.take().unwrap_or_default() {
            self.seen.entry(canary).or_insert(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(output: Output, lines: &[&str], ends_with_result: bool) -> Vec<(String, u64)> {
        let canaries = Canaries::new(&["0639980104".to_owned(), "a.b@chr.example".to_owned()]);
        let mut watch = Watch::new(Arc::new(canaries), output);
        for line in lines {
            // As bytes come: cut anywhere.
            for part in line.as_bytes().chunks(7) {
                watch.take(part);
            }
            watch.end_line(line.as_bytes());
        }
        watch.seen(ends_with_result).into_iter().map(|seen| (seen.value, seen.line)).collect()
    }

    #[test]
    fn a_canary_is_seen_wherever_it_stands_and_told_once() {
        let lines = ["start", "call 06 39 98 01 04", "again 0639980104, a.b@chr.example", "end"];
        let told = [("0639980104".to_owned(), 2), ("a.b@chr.example".to_owned(), 3)];
        assert_eq!(seen(Output::Stdout, &lines, false), told);
    }

    #[test]
    fn a_line_of_any_length_is_searched() {
        for padding in [PIECE - 20, PIECE - 5, PIECE, 3 * PIECE] {
            let line = format!("{}0639980104{}", "x ".repeat(padding / 2), " x".repeat(PIECE));
            assert_eq!(seen(Output::Stderr, &[&line], false).len(), 1, "{padding}");
            let longer = line.replace("0639980104", "06399801047");
            assert!(seen(Output::Stderr, &[&longer], false).is_empty(), "{padding}");
        }
    }

    #[test]
    fn what_is_declared_is_no_log() {
        let declared =
            r#"{"outcome":"ok","message":"0639980104","integrated":[{"telecoms":["a.b@chr.example"]}]}"#;
        assert!(seen(Output::Stdout, &["log", declared], false).is_empty());
        assert_eq!(seen(Output::Stderr, &[declared], false).len(), 2, "standard error holds no result");
        let beside = r#"{"outcome":"ok","debug":"0639980104"}"#;
        assert_eq!(seen(Output::Stdout, &[beside], false).len(), 1);
        let pretty = ["0639980104", "{", "\"outcome\":\"ok\",", "\"integrated\":[\"a.b@chr.example\"]", "}"];
        assert_eq!(seen(Output::Stdout, &pretty, true), [("0639980104".to_owned(), 1)]);
        assert_eq!(seen(Output::Stdout, &pretty, false).len(), 2);
    }
}
