//! The values of a parameter as FHIR writes them: OR lists and escapes (FHIR R4 §3.1.1.4.4.1).

/// The values of an OR list, escapes resolved.
pub(super) fn alternatives(value: &str) -> Vec<String> {
    split_unescaped(value, ',').into_iter().map(unescape).collect()
}

/// Splits where `separator` is not escaped by a backslash (FHIR R4 §3.1.1.4.4.1).
pub(super) fn split_unescaped(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == separator {
            parts.push(&text[start..at]);
            start = at + c.len_utf8();
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Removes the backslashes of FHIR's escapes.
pub(super) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, characters.peek()) {
            ('\\', Some(&next)) if r"\,|$".contains(next) => {
                plain.push(next);
                characters.next();
            }
            _ => plain.push(c),
        }
    }
    plain
}
