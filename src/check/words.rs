//! Pieces of sentences: values from the wire, cut to a bounded length, and lists of exchanges.

use crate::journal::Exchange;
use crate::text::Text;

/// A sentence in both languages, with variables captured as in `format!`.
macro_rules! both {
    ($fr:literal, $en:literal $(,)?) => {
        $crate::text::Text::new(format!($fr), format!($en))
    };
}
pub(crate) use both;

/// Longest quotation of a URL, a header value or a message, in characters.
const LONGEST: usize = 160;

/// A value from outside, without characters that change how a terminal or a page shows what follows, and cut to a
/// bounded length.
pub(crate) fn quote(value: &str) -> String {
    let misleads = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut cut: String = value.chars().take(LONGEST).map(|c| if misleads(c) { ' ' } else { c }).collect();
    if value.chars().nth(LONGEST).is_some() {
        cut.push('…');
    }
    cut.trim().to_owned()
}

/// `exchange 3 (GET /ws-diffusion-fhir/Location/12 → 200)`.
pub(super) fn named(exchange: &Exchange) -> Text {
    let (method, target) = (quote(&exchange.request.method), quote(&exchange.request.target));
    let status = exchange.status().map_or_else(|| "—".to_owned(), |status| status.to_string());
    let (number, call) = (exchange.number, format!("{method} {target} → {status}"));
    both!("échange {number} ({call})", "exchange {number} ({call})")
}

/// `exchanges 3, 4 and 5 others`.
pub(super) fn listed(numbers: &[u32]) -> Text {
    let shown: Vec<String> = numbers.iter().take(5).map(u32::to_string).collect();
    let shown = shown.join(", ");
    let more = numbers.len().saturating_sub(5);
    match (numbers.len(), more) {
        (0, _) => both!("aucun échange", "no exchange"),
        (1, _) => both!("échange {shown}", "exchange {shown}"),
        (_, 0) => both!("échanges {shown}", "exchanges {shown}"),
        _ => both!("échanges {shown} et {more} autres", "exchanges {shown} and {more} more"),
    }
}

/// Values side by side: `a, b, c… (7)`.
pub(super) fn values<S: AsRef<str>>(values: &[S]) -> String {
    let shown: Vec<String> = values.iter().take(5).map(|value| quote(value.as_ref())).collect();
    let shown = shown.join(", ");
    if values.len() > 5 { format!("{shown}… ({})", values.len()) } else { shown }
}

/// Microseconds as whole milliseconds.
pub(super) fn ms(us: u64) -> String {
    format!("{} ms", us / 1000)
}

/// Why the mock refused, as the evidence says it (English), empty when it did not.
pub(super) fn refusal(exchange: &Exchange) -> Text {
    match exchange.decisions.iter().find(|decision| !decision.passed) {
        Some(decision) => {
            let (gate, reason) = (quote(&decision.gate), quote(&decision.reason));
            both!(
                " Le contrôle d’accès « {gate} » du banc en donne la raison : {reason}",
                " The bench's gate `{gate}` gives the reason: {reason}"
            )
        }
        None => Text::default(),
    }
}

/// Two sentences, one after the other.
pub(super) fn join(first: &Text, second: &Text) -> Text {
    Text::new(format!("{}{}", first.fr, second.fr), format!("{}{}", first.en, second.en))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotations_are_bounded_and_change_nothing_around_them() {
        assert_eq!(quote("a\u{1b}[2J\nb\u{202e}c"), "a [2J b c");
        let long = quote(&"é".repeat(5_000));
        assert_eq!(long.chars().count(), LONGEST + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn long_lists_of_exchanges_are_cut() {
        assert_eq!(listed(&[1]).en, "exchange 1");
        assert_eq!(listed(&[1, 2, 3, 4, 5, 6, 7]).en, "exchanges 1, 2, 3, 4, 5 and 2 more");
    }
}
