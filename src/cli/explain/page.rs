//! The text as it grows: facts with a label, lists under a heading, in one language.

use crate::judge::ledger::{ObligedParty, Origin};
use crate::judge::{Keyword, Ledger, Requirement};
use crate::text::{Lang, Text};

/// A text in one language.
pub(super) struct Page {
    pub(super) lang: Lang,
    text: String,
}

impl Page {
    /// Begins with a name and what it is about.
    pub(super) fn new(lang: Lang, name: &str, title: &str) -> Self {
        Self { lang, text: format!("{name}  {title}\n") }
    }

    /// A sentence on a line of its own; nothing when it is empty.
    pub(super) fn line(&mut self, line: &str) {
        if !line.is_empty() {
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    /// `Label: value`; nothing when the value is empty.
    pub(super) fn fact(&mut self, fr: &str, en: &str, value: &str) {
        if !value.is_empty() {
            let (label, colon) = match self.lang {
                Lang::Fr => (fr, "\u{a0}:"),
                Lang::En => (en, ":"),
            };
            self.line(&format!("{label}{colon} {value}"));
        }
    }

    /// A heading with lines under it.
    pub(super) fn list(&mut self, fr: &str, en: &str, items: impl IntoIterator<Item = String>) {
        let heading = self.say(fr, en).to_owned();
        self.text.push_str(&format!("\n{heading}\n"));
        for item in items {
            self.text.push_str(&format!("  {item}\n"));
        }
    }

    pub(super) fn say<'t>(&self, fr: &'t str, en: &'t str) -> &'t str {
        match self.lang {
            Lang::Fr => fr,
            Lang::En => en,
        }
    }

    pub(super) fn of<'t>(&self, text: &'t Text) -> &'t str {
        text.get(self.lang)
    }

    /// The keyword as a French reader knows it, with the RFC's word.
    pub(super) fn keyword(&self, keyword: Keyword) -> &'static str {
        match (self.lang, keyword) {
            (Lang::Fr, Keyword::Must) => "DOIT (MUST)",
            (Lang::Fr, Keyword::MustNot) => "NE DOIT PAS (MUST NOT)",
            (Lang::Fr, Keyword::Should) => "DEVRAIT (SHOULD)",
            (Lang::Fr, Keyword::May) => "PEUT (MAY)",
            (_, other) => other.name(),
        }
    }

    pub(super) fn origin(&self, origin: Origin) -> &'static str {
        match (self.lang, origin) {
            (Lang::Fr, Origin::Official) => "document officiel",
            (Lang::Fr, Origin::Standard) => "norme",
            (Lang::Fr, Origin::Bench) => "lecture du banc, pas un texte officiel",
            (Lang::En, Origin::Official) => "official document",
            (Lang::En, Origin::Standard) => "standard",
            (Lang::En, Origin::Bench) => "the bench's own reading, no official text",
        }
    }

    pub(super) fn party(&self, party: ObligedParty) -> &'static str {
        match (self.lang, party) {
            (Lang::Fr, ObligedParty::Client) => "le client, ou son éditeur",
            (Lang::Fr, ObligedParty::Server) => "le ROR",
            (Lang::Fr, ObligedParty::Both) => "le client et le ROR",
            (Lang::En, ObligedParty::Client) => "the client, or its editor",
            (Lang::En, ObligedParty::Server) => "the ROR",
            (Lang::En, ObligedParty::Both) => "the client and the ROR",
        }
    }

    /// `BANC-429-01 MUST (origin): what it asks`.
    pub(super) fn requirement(&self, requirement: &Requirement) -> String {
        format!(
            "{}  {} ({}){} {}",
            requirement.id,
            self.keyword(requirement.keyword),
            self.origin(requirement.origin),
            self.say("\u{a0}:", ":"),
            self.of(&requirement.text)
        )
    }

    /// Ids of requirements, each with its keyword.
    pub(super) fn cited(&self, ids: &[String], ledger: &Ledger) -> String {
        let named = ids.iter().map(|id| {
            let keyword = ledger.get(id).map_or("", |requirement| requirement.keyword.name());
            format!("{id} {keyword}")
        });
        named.collect::<Vec<_>>().join(", ")
    }

    /// A block as it stands in a file.
    pub(super) fn verbatim(&mut self, path: &str, block: &str) {
        self.text.push_str(&format!("\n{path}\n\n{}\n", block.trim_end()));
    }

    pub(super) fn done(self) -> String {
        self.text
    }
}
