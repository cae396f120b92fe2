//! A command that cannot do its work: what happened, what to do, and the exit code.

use std::fmt::Display;

use crate::scenario::Diagnostic;
use crate::scenario::diagnostic::{nearest, render_all};
use crate::text::{Lang, Text};

use super::{exit, terminal};

/// Why a command stops.
#[derive(Debug)]
pub(super) struct Failure {
    /// The exit code.
    pub(super) exit: u8,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Sentence(Text),
    Diagnostics(Vec<Diagnostic>),
}

impl Failure {
    /// Wrong use: exit 2.
    pub(super) fn usage(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self { exit: exit::USAGE, kind: Kind::Sentence(Text::new(fr, en)) }
    }

    /// The editor's configuration: exit 3.
    pub(super) fn configuration(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self { exit: exit::CONFIGURATION, kind: Kind::Sentence(Text::new(fr, en)) }
    }

    /// The bench itself: exit 4.
    pub(super) fn bench(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self { exit: exit::BENCH, kind: Kind::Sentence(Text::new(fr, en)) }
    }

    /// No temporary folder can be made.
    pub(super) fn no_temporary_folder(error: &dyn Display) -> Self {
        Self::configuration(
            format!("Le dossier temporaire ne peut pas être créé : {error}. Vérifiez TMPDIR."),
            format!("The temporary folder cannot be made: {error}. Check TMPDIR."),
        )
    }

    /// There is a temporary folder, and it takes nothing.
    pub(super) fn temporary_unwritable(error: &dyn Display) -> Self {
        Self::configuration(
            format!("Le dossier temporaire ne peut pas être écrit : {error}. Vérifiez TMPDIR."),
            format!("The temporary folder cannot be written: {error}. Check TMPDIR."),
        )
    }

    /// A sentence with that exit code.
    pub(super) fn sentence(exit: u8, text: Text) -> Self {
        Self { exit, kind: Kind::Sentence(text) }
    }

    /// The message, without colours.
    pub(super) fn text(&self) -> Text {
        match &self.kind {
            Kind::Sentence(text) => text.clone(),
            Kind::Diagnostics(diagnostics) => {
                let render = |lang| render_all(diagnostics, lang, false);
                Text::new(render(Lang::Fr), render(Lang::En))
            }
        }
    }

    /// Writes the message to standard error.
    pub(super) fn print(&self, lang: Lang) {
        match &self.kind {
            Kind::Sentence(text) => terminal::error_line(lang, text),
            Kind::Diagnostics(diagnostics) => {
                let text = render_all(diagnostics, lang, terminal::colour());
                terminal::error_text(&text);
            }
        }
    }
}

/// A question that ends a sentence about an unknown word; empty when no known one is near.
pub(super) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Text {
    nearest(word, known).map_or_else(Text::default, |near| {
        Text::new(format!(" Vouliez-vous dire « {near} » ?"), format!(" Did you mean `{near}`?"))
    })
}

impl From<Vec<Diagnostic>> for Failure {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self { exit: exit::USAGE, kind: Kind::Diagnostics(diagnostics) }
    }
}

impl From<crate::pki::PkiError> for Failure {
    fn from(error: crate::pki::PkiError) -> Self {
        Self::configuration(
            format!("Les certificats ne peuvent pas être utilisés : {error}. Vérifiez --pki et banc.yaml."),
            format!("The certificates cannot be used: {error}. Check --pki and banc.yaml."),
        )
    }
}
