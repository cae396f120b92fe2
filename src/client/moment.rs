//! Moments as FHIR writes them, for comparing them; what cannot be read has no place in time.

use std::time::SystemTime;

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, PrimitiveDateTime, macros::format_description};

/// A FHIR instant or dateTime with a time; without offset it is read as UTC.
pub(crate) fn parse(text: &str) -> Option<OffsetDateTime> {
    let plain = |text: &str| {
        let seconds = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
        let minutes = format_description!("[year]-[month]-[day]T[hour]:[minute]");
        let read = PrimitiveDateTime::parse(text, &seconds);
        read.or_else(|_| PrimitiveDateTime::parse(text, &minutes)).ok().map(PrimitiveDateTime::assume_utc)
    };
    OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| plain(text))
}

/// A moment of the clock, to the second, in UTC.
pub(crate) fn write(moment: SystemTime) -> String {
    let moment = OffsetDateTime::from(moment);
    let moment = moment.replace_nanosecond(0).unwrap_or(moment);
    moment.format(&Rfc3339).unwrap_or_default()
}

/// The earlier of two moments that can be read; the one that can be when the other cannot.
pub(crate) fn earlier(one: Option<String>, other: Option<String>) -> Option<String> {
    of_two(one, other, |one, other| one <= other)
}

/// The later of two moments that can be read; the one that can be when the other cannot.
pub(crate) fn later(one: Option<String>, other: Option<String>) -> Option<String> {
    of_two(one, other, |one, other| one >= other)
}

fn of_two(
    one: Option<String>,
    other: Option<String>,
    first_wins: impl Fn(OffsetDateTime, OffsetDateTime) -> bool,
) -> Option<String> {
    let read = |text: Option<String>| text.and_then(|text| Some((parse(&text)?, text)));
    match (read(one), read(other)) {
        (Some(one), Some(other)) => Some(if first_wins(one.0, other.0) { one.1 } else { other.1 }),
        (one, other) => one.or(other).map(|(_, text)| text),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_compared_whatever_their_offset() {
        let text = |text: &str| Some(text.to_owned());
        let (paris, utc) = ("2026-11-01T01:00:00+01:00", "2026-11-01T00:30:00.250Z");
        assert_eq!(later(text(paris), text(utc)).unwrap(), utc);
        assert_eq!(earlier(text(utc), text(paris)).unwrap(), paris);
        assert_eq!(later(text("yesterday"), text(utc)).unwrap(), utc);
        assert_eq!(later(None, text("yesterday")), None);
        assert_eq!(parse("2022-11-06T15:00"), parse("2022-11-06T15:00:00Z"));
    }

    #[test]
    fn the_clock_is_written_to_the_second() {
        let moment = SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_800_000_000_750);
        assert_eq!(write(moment), "2027-01-15T08:00:00Z");
    }
}
