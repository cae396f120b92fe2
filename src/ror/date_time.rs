//! FHIR R4 dateTime and instant: what is valid, and how the mock writes "now".

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, Month, OffsetDateTime, UtcOffset};

/// Whether the text is a dateTime of FHIR R4 (datatypes, dateTime): a year, a month, a day, or a time with seconds and
/// offset.
pub(super) fn is_date_time(text: &str) -> bool {
    match text.len() {
        4 => day(&format!("{text}-01-01")).is_some(),
        7 => day(&format!("{text}-01")).is_some(),
        10 => day(text).is_some(),
        _ => instant(text).is_some(),
    }
}

/// The instant of a dateTime that has a time and an offset; `None` for any other text.
pub(super) fn instant(text: &str) -> Option<OffsetDateTime> {
    let bounded = text.is_ascii() && (20..=40).contains(&text.len());
    // RFC 3339 lets small letters and a space pass, FHIR does not.
    if !bounded || text.as_bytes()[10] != b'T' || text.ends_with('z') {
        return None;
    }
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// The same instant in UTC, cut to milliseconds, with the text that goes over the wire.
pub(super) fn milliseconds(instant: OffsetDateTime) -> (OffsetDateTime, String) {
    let utc = instant.to_offset(UtcOffset::UTC);
    let cut = utc.replace_millisecond(utc.millisecond()).unwrap_or(utc);
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]+00:00");
    // Years of four digits always fit this format.
    (cut, cut.format(format).unwrap_or_default())
}

fn day(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes
            .iter()
            .enumerate()
            .all(|(at, b)| if at == 4 || at == 7 { *b == b'-' } else { b.is_ascii_digit() });
    if !shaped {
        return None;
    }
    let month = Month::try_from(text[5..7].parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(text[..4].parse().ok()?, month, text[8..].parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_forms_of_fhir_and_no_others() {
        for good in ["2026", "2026-02", "2026-02-28", "2026-02-28T23:59:59Z", "2026-02-28T23:59:59.123+01:00"]
        {
            assert!(is_date_time(good), "{good}");
        }
        for bad in [
            "",
            "26",
            "2026-13",
            "2026-02-30",
            "2026-02-28T23:59Z",
            "2026-02-28T23:59:59",
            "2026-02-28 23:59:59Z",
            "2026-02-28t23:59:59z",
            "28/02/2026",
            "2026-02-28T23:59:59+0100",
            "é026",
        ] {
            assert!(!is_date_time(bad), "{bad}");
        }
    }

    #[test]
    fn now_is_cut_to_milliseconds_of_utc() {
        let (cut, text) = milliseconds(datetime!(2026-06-30 14:00:00.123_999 +2));
        assert_eq!(text, "2026-06-30T12:00:00.123+00:00");
        assert_eq!(instant(&text), Some(cut));
    }
}
