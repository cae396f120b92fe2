//! Text from outside made safe to look at: bounded, and with every character that would act on a terminal, reorder a
//! line or hide replaced by one that can be seen. (Escaping for HTML or XML comes on top.)

use std::fmt::Write;

/// `text` with at most `max` characters; what was left out is said with `mark`, which gets the full length.
pub(crate) fn cut(text: &str, max: usize, mark: impl FnOnce(usize) -> String) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((end, _)) => {
            let mut short = text[..end].to_owned();
            short.push('…');
            short.push_str(&mark(text.chars().count()));
            short
        }
    }
}

/// `text` with its control, bidirectional and invisible characters made visible; line ends and tabs stay.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        push_visible(&mut out, character);
    }
    out
}

/// Like [`visible`], on one line: line ends and tabs are made visible too.
pub(crate) fn visible_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            _ => push_visible(&mut out, character),
        }
    }
    out
}

/// Whether a character acts, reorders or hides instead of being seen (line ends and tabs do not count).
pub(crate) fn is_hidden(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        _ if character.is_control() => true,
        // Soft hyphen, Arabic letter mark, zero-width and directional marks, separators, embeddings and overrides,
        // invisible operators and isolates, byte order mark, interlinear annotation, tags.
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => true,
        // Noncharacters.
        '\u{fdd0}'..='\u{fdef}' => true,
        _ => u32::from(character) & 0xfffe == 0xfffe,
    }
}

fn push_visible(out: &mut String, character: char) {
    if !is_hidden(character) {
        out.push(character);
        return;
    }
    // Not Unicode's pictures of control characters: few fonts have them. Writing to a string cannot fail.
    let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
}

/// `text` without its ANSI escape sequences (ECMA-48: CSI, OSC and the like, two-character escapes).
pub(crate) fn without_ansi(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let introducer = match character {
            '\u{1b}' => rest.next_if(|next| ('\u{20}'..='\u{7e}').contains(next)),
            '\u{9b}' => Some('['),
            '\u{90}' | '\u{9d}'..='\u{9f}' | '\u{98}' => Some(']'),
            _ => {
                out.push(character);
                continue;
            }
        };
        match introducer {
            // Parameters and intermediates, then one final byte.
            Some('[') => {
                while rest.next_if(|next| ('\u{20}'..='\u{3f}').contains(next)).is_some() {}
                rest.next_if(|next| ('\u{40}'..='\u{7e}').contains(next));
            }
            // A string, up to BEL or ST; a line end stops it too, so that an unclosed one swallows no more than its line.
            Some(']' | 'P' | 'X' | '^' | '_') => {
                while let Some(next) = rest.next_if(|next| *next != '\n') {
                    if matches!(next, '\u{7}' | '\u{9c}') {
                        break;
                    }
                    if next == '\u{1b}' {
                        rest.next_if_eq(&'\\');
                        break;
                    }
                }
            }
            // An escape with intermediates (as in a choice of character set) has one more byte.
            Some('\u{20}'..='\u{2f}') => {
                rest.next_if(|next| ('\u{30}'..='\u{7e}').contains(next));
            }
            _ => {}
        }
    }
    out
}

/// `text` without what XML 1.0 cannot hold (§2.2, production `Char`) and without ANSI escape sequences.
pub(crate) fn for_xml(text: &str) -> String {
    without_ansi(text)
        .chars()
        .filter(|character| {
            matches!(character, '\t' | '\n' | '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_bidi_marks_are_seen() {
        assert_eq!(visible("a\u{1b}[31m\u{7f}\u{9b}b\n\tc"), "a\\u{1b}[31m\\u{7f}\\u{9b}b\n\tc");
        assert_eq!(visible("abc\u{202e}fdp.exe"), "abc\\u{202e}fdp.exe");
        assert_eq!(visible_line("a\r\nb"), "a\\u{d}\\nb");
        assert_eq!(visible("Hôpital Sainte-Élise ☎"), "Hôpital Sainte-Élise ☎");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(cut("éééé", 2, |all| format!("[{all}]")), "éé…[4]");
        assert_eq!(cut("éé", 2, |_| unreachable!()), "éé");
    }

    #[test]
    fn ansi_sequences_go_and_words_stay() {
        assert_eq!(without_ansi("\u{1b}[1;31mrouge\u{1b}[0m fin"), "rouge fin");
        assert_eq!(without_ansi("\u{1b}]0;titre\u{7}suite"), "suite");
        assert_eq!(without_ansi("\u{1b}]8;;http://x\u{1b}\\lien\u{1b}]8;;\u{1b}\\!"), "lien!");
        assert_eq!(without_ansi("\u{1b}(Babc \u{9b}2Jd"), "abc d");
        assert_eq!(without_ansi("ouvert \u{1b}]jamais fermé\nla suite"), "ouvert \nla suite");
    }

    #[test]
    fn xml_holds_only_what_it_can() {
        assert_eq!(for_xml("a\u{0}b\u{fffe}c\u{b}d\u{1b}[2Je\u{85}f\r\n"), "abcdef\n");
    }
}
