//! Dates, lengths of time, sizes and numbers as French and English readers write them.

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::text::Lang;

const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// An RFC 3339 date for people, in UTC; what is no such date stays as it is.
pub(crate) fn date(rfc3339: &str, lang: Lang) -> String {
    let Ok(date) = OffsetDateTime::parse(rfc3339, &Rfc3339) else { return rfc3339.to_owned() };
    let date = date.to_offset(UtcOffset::UTC);
    let (day, year, hour, minute) = (date.day(), date.year(), date.hour(), date.minute());
    let month = usize::from(u8::from(date.month())) - 1;
    match lang {
        Lang::Fr => {
            let day = if day == 1 { "1er".to_owned() } else { day.to_string() };
            format!("{day} {} {year} à {hour:02}:{minute:02} (UTC)", MONTHS_FR[month])
        }
        Lang::En => format!("{day} {} {year} at {hour:02}:{minute:02} (UTC)", MONTHS_EN[month]),
    }
}

/// Whether that is a date that other tools will read.
pub(crate) fn is_rfc3339(date: &str) -> bool {
    OffsetDateTime::parse(date, &Rfc3339).is_ok()
}

/// A length of time from milliseconds: `340 ms`, `3.4 s`, `2 min 5 s`.
pub(crate) fn length(ms: u64, lang: Lang) -> String {
    match ms {
        0..1_000 => format!("{ms}\u{a0}ms"),
        1_000..60_000 => format!("{}\u{a0}s", decimal(ms / 100, 1, lang)),
        _ => {
            let seconds = ms.saturating_add(500) / 1_000;
            format!("{}\u{a0}min {}\u{a0}s", seconds / 60, seconds % 60)
        }
    }
}

/// Microseconds as seconds with three decimals, without the unit.
pub(crate) fn seconds(us: u64, lang: Lang) -> String {
    decimal(us.saturating_add(500) / 1_000, 3, lang)
}

/// A delay that a server asked for, from microseconds: seconds, unless it is beyond reason.
pub(crate) fn delay(us: u64, lang: Lang) -> String {
    const YEAR_US: u64 = 365 * 24 * 3_600 * 1_000_000;
    match (us > YEAR_US, lang) {
        (true, Lang::Fr) => "plus d’un an".to_owned(),
        (true, Lang::En) => "more than a year".to_owned(),
        (false, _) => format!("{}\u{a0}s", seconds(us, lang)),
    }
}

/// Microseconds as seconds with two decimals, for an axis.
pub(crate) fn seconds_short(us: u64, lang: Lang) -> String {
    decimal(us / 10_000, 2, lang)
}

/// A size: `712 octets`, `1,2 Mo`; `712 bytes`, `1.2 MB`.
pub(crate) fn size(bytes: u64, lang: Lang) -> String {
    let unit = |fr: &'static str, en: &'static str| if lang == Lang::Fr { fr } else { en };
    match bytes {
        0 | 1 => format!("{bytes}\u{a0}{}", unit("octet", "byte")),
        2..1_000 => format!("{bytes}\u{a0}{}", unit("octets", "bytes")),
        1_000..1_000_000 => format!("{}\u{a0}{}", decimal(bytes / 100, 1, lang), unit("Ko", "kB")),
        _ => format!("{}\u{a0}{}", decimal(bytes / 100_000, 1, lang), unit("Mo", "MB")),
    }
}

/// A whole number with its thousands apart.
pub(crate) fn count(number: u64, lang: Lang) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(if lang == Lang::Fr { '\u{202f}' } else { ',' });
        }
        out.push(digit);
    }
    out
}

/// `value` × 10^-`decimals`, with the decimal sign of the language.
fn decimal(value: u64, decimals: u32, lang: Lang) -> String {
    let scale = 10_u64.pow(decimals);
    let sign = if lang == Lang::Fr { ',' } else { '.' };
    format!("{}{sign}{:0width$}", value / scale, value % scale, width = decimals as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_both_languages() {
        assert_eq!(date("2026-11-21T15:03:12.5+01:00", Lang::Fr), "21 novembre 2026 à 14:03 (UTC)");
        assert_eq!(date("2026-11-21T14:03:12Z", Lang::En), "21 November 2026 at 14:03 (UTC)");
        assert_eq!(date("2027-01-01T00:00:00Z", Lang::Fr), "1er janvier 2027 à 00:00 (UTC)");
        assert_eq!(date("hier", Lang::Fr), "hier");
    }

    #[test]
    fn lengths_and_sizes_have_their_units() {
        assert_eq!(length(999, Lang::Fr), "999\u{a0}ms");
        assert_eq!(length(3_449, Lang::Fr), "3,4\u{a0}s");
        assert_eq!(length(125_000, Lang::En), "2\u{a0}min 5\u{a0}s");
        assert_eq!(seconds(1_234_567, Lang::Fr), "1,235");
        assert_eq!(delay(2_000_000, Lang::En), "2.000\u{a0}s");
        // What a server may write in Retry-After.
        assert_eq!(delay(u64::MAX, Lang::En), "more than a year");
        assert!(!seconds(u64::MAX, Lang::En).is_empty() && !length(u64::MAX, Lang::En).is_empty());
        assert_eq!(size(1_048_576, Lang::Fr), "1,0\u{a0}Mo");
        assert_eq!(size(1, Lang::En), "1\u{a0}byte");
        assert_eq!(count(1_048_576, Lang::En), "1,048,576");
        assert_eq!(count(999, Lang::Fr), "999");
    }
}
