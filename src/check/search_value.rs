//! One search parameter as it was asked and as it was sent: whether they mean the same, and if not, what went wrong.

use std::borrow::Cow;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use unicode_normalization::UnicodeNormalization;

use super::words::{both, quote};
use crate::text::Text;

/// Whether two values of the same parameter mean the same: equal after decoding, the same instant in another time zone,
/// or the same alternatives in another order.
pub(super) fn same_value(asked: &str, sent: &str) -> bool {
    asked == sent || same_instant(asked, sent) || same_alternatives(asked, sent)
}

/// The known mistake that turns `asked` into `sent`, in words; none when it is just another value.
pub(super) fn mistake(asked: &str, sent: &str) -> Option<Text> {
    let normal = |text: &str| text.nfc().collect::<String>();
    if asked.contains('+') && sent == asked.replace('+', " ") {
        return Some(both!(
            "le « + » n’est pas encodé : il devient une espace (écrire %2B)",
            "the `+` is not encoded: it becomes a space (write %2B)"
        ));
    }
    if sent.contains('\u{fffd}') && !asked.contains('\u{fffd}') {
        return Some(both!(
            "les caractères accentués ne sont pas encodés en UTF-8 (Latin-1 ?)",
            "accented characters are not encoded in UTF-8 (Latin-1?)"
        ));
    }
    if latin1_read_as_utf8(asked).as_deref() == Some(sent) {
        return Some(both!(
            "les caractères accentués sont encodés deux fois en UTF-8",
            "accented characters are encoded twice in UTF-8"
        ));
    }
    if sent != asked
        && percent_encoding::percent_decode_str(sent).decode_utf8().ok() == Some(Cow::Borrowed(asked))
    {
        return Some(both!("la valeur est encodée deux fois (%25…)", "the value is encoded twice (%25…)"));
    }
    if let Some((_, code)) = asked.rsplit_once('|')
        && !code.is_empty()
        && (sent == code || sent.strip_prefix('|') == Some(code))
    {
        return Some(both!("le code est envoyé sans son système", "the code is sent without its system"));
    }
    if let Some((asked_value, offset)) = split_offset(asked)
        && sent.starts_with(asked_value)
        && !sent.contains(offset)
    {
        return Some(both!(
            "le décalage horaire {offset} est perdu ou changé : c’est un autre instant",
            "the offset {offset} is lost or changed: that is another instant"
        ));
    }
    if asked.to_lowercase() == sent.to_lowercase() {
        return Some(both!("la casse est changée", "capitals are changed"));
    }
    if sent.split([',', ';']).any(|part| part == asked) {
        return Some(both!(
            "plusieurs valeurs sont fusionnées en une : une virgule veut dire OU, un paramètre répété veut dire ET",
            "several values are merged into one: a comma means OR, a repeated parameter means AND"
        ));
    }
    if normal(asked) == normal(sent) {
        return Some(both!(
            "la valeur est envoyée sous une autre forme Unicode (NFD au lieu de NFC)",
            "the value is sent in another Unicode form (NFD instead of NFC)"
        ));
    }
    None
}

/// `name=value`, quoted.
pub(super) fn pair(name: &str, value: &str) -> String {
    quote(&format!("{name}={value}"))
}

/// A date and its offset, `+01:00` or `-05:00`.
fn split_offset(value: &str) -> Option<(&str, &str)> {
    let (date, offset) = value.split_at_checked(value.len().checked_sub(6)?)?;
    let is_offset = matches!(offset.as_bytes(), [b'+' | b'-', _, _, b':', _, _]) && date.contains('T');
    is_offset.then_some((date, offset))
}

fn same_instant(asked: &str, sent: &str) -> bool {
    let (left, right) = (split_prefix(asked), split_prefix(sent));
    // What begins at the same instant is the same for these two, whatever its precision; without an offset it is
    // French time (docs/fidelity.md).
    if left.0 == right.0
        && matches!(left.0, "ge" | "lt")
        && let (Ok(asked), Ok(sent)) = (crate::ror::instant(left.1), crate::ror::instant(right.1))
    {
        return asked == sent;
    }
    let instant = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    left.0 == right.0 && instant(left.1).is_some_and(|asked| instant(right.1) == Some(asked))
}

/// The comparison prefix of a date (`ge`, `lt`…), `eq` when there is none, and the rest.
fn split_prefix(value: &str) -> (&str, &str) {
    match value.get(..2) {
        Some(prefix) if prefix.bytes().all(|byte| byte.is_ascii_lowercase()) => (prefix, &value[2..]),
        _ => ("eq", value),
    }
}

/// Commas are alternatives, in any order; not so where a system stands for the values after it.
fn same_alternatives(asked: &str, sent: &str) -> bool {
    if asked.contains('\\') || sent.contains('\\') || !asked.contains(',') {
        return false;
    }
    let mut asked: Vec<&str> = asked.split(',').collect();
    let systems = asked.iter().filter(|value| value.contains('|')).count();
    let mut sent: Vec<&str> = sent.split(',').collect();
    asked.sort_unstable();
    sent.sort_unstable();
    asked == sent && (systems == 0 || systems == asked.len())
}

/// What becomes of a text whose UTF-8 bytes are taken for Latin-1 and encoded again.
fn latin1_read_as_utf8(text: &str) -> Option<String> {
    (!text.is_ascii()).then(|| text.bytes().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_mean_the_same_are_the_same() {
        assert!(same_value("ge2026-01-01T00:00:00+01:00", "ge2025-12-31T23:00:00Z"));
        assert!(same_value("ge2026-06-10T10:00", "ge2026-06-10T10:00:00+02:00"), "French time");
        assert!(!same_value("ge2026-06-10T10:00", "ge2026-06-10T10:00:00Z"));
        assert!(same_value("11/339772,11/347254", "11/347254,11/339772"));
        assert!(same_value("sys|1,sys|2", "sys|2,sys|1"));
        assert!(!same_value("sys|1,2", "2,sys|1"), "the system applies to what follows it");
        assert!(!same_value("ge2026-01-01T00:00:00+01:00", "gt2025-12-31T23:00:00Z"));
        assert!(!same_value("1", "1,2"));
        assert!(!same_value("été", "ete"));
    }

    #[test]
    fn known_mistakes_are_named() {
        for (asked, sent, word) in [
            ("ge2026-01-01T00:00:00+01:00", "ge2026-01-01T00:00:00 01:00", "%2B"),
            ("Hôpital", "H\u{fffd}pital", "Latin-1"),
            ("Hôpital", "HÃ´pital", "twice in UTF-8"),
            ("sys|022", "sys%7C022", "encoded twice"),
            ("sys|022", "022", "without its system"),
            ("sys|022", "|022", "without its system"),
            ("Hôpital", "Ho\u{302}pital", "NFD"),
            ("ge2026-01-01T00:00:00+01:00", "ge2026-01-01T00:00:00", "lost"),
            ("ge2026-01-01T00:00:00+01:00", "ge2026-01-01T00:00:00Z", "lost"),
            ("Hôpital", "hôpital", "capitals"),
            ("sys|1", "sys|1,sys|2", "AND"),
        ] {
            let text = mistake(asked, sent).map(|text| text.en).unwrap_or_default();
            assert!(text.contains(word), "{asked} / {sent}: {text}");
        }
        assert_eq!(mistake("sys|022", "sys|023"), None);
    }
}
