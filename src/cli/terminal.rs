//! The terminal: the only place that prints. Colours only where they are wanted (NO_COLOR, pipes).

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};

use crate::text::{Lang, Text};

/// Columns to assume when the terminal does not say.
const COLUMNS: usize = 100;

/// Whether standard error takes colours.
pub(super) fn colour() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}

/// Whether a person watches.
pub(super) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Width of the text.
pub(super) fn width() -> usize {
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(COLUMNS)
}

/// Prints to standard output. A reader who went away (`| head`) is no error.
pub(super) fn print(text: &str) {
    let mut out = anstream::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints to standard error.
pub(super) fn error_text(text: &str) {
    let mut out = anstream::stderr().lock();
    let _ = writeln!(out, "{}", text.trim_end());
}

/// One error, marked as such.
pub(super) fn error_line(lang: Lang, text: &Text) {
    let style = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let word = match lang {
        Lang::Fr => "erreur :",
        Lang::En => "error:",
    };
    error_text(&format!("{style}{word}{style:#} {}", printable(text.get(lang))));
}

/// What does not prevent the command from going on.
pub(super) fn warning_line(lang: Lang, text: &str) {
    let style = Style::new().bold().fg_color(Some(AnsiColor::Yellow.into()));
    let word = match lang {
        Lang::Fr => "avertissement :",
        Lang::En => "warning:",
    };
    error_text(&format!("{style}{word}{style:#} {}", printable(text)));
}

/// Text from elsewhere without control characters, line ends kept.
pub(super) fn printable(text: &str) -> String {
    let hidden = |character: char| {
        (character.is_control() && character != '\n' && character != '\t')
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|character| if hidden(character) { '\u{fffd}' } else { character }).collect()
}
