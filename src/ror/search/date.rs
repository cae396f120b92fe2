//! Date criteria: partial dates as intervals, prefixes, French time where no offset is given.

use serde_json::Value;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

use super::number::Prefix;
use super::value::split_unescaped;

/// From `start` to before `end`, in nanoseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) start: i128,
    pub(super) end: i128,
}

/// A date criterion.
#[derive(Debug)]
pub(crate) struct DateTest(Vec<(Prefix, Interval)>);

impl DateTest {
    /// `Err` says what is wrong with the value.
    pub(crate) fn parse(value: &str) -> Result<Self, &'static str> {
        split_unescaped(value, ',')
            .into_iter()
            .map(|text| {
                let (prefix, date) = Prefix::split(text);
                Interval::parse(date).map(|interval| (prefix, interval))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(crate) fn matches(&self, value: &Value) -> bool {
        let target = match value {
            Value::String(text) => Interval::parse(text).ok(),
            Value::Object(_) => Interval::of_period(value),
            _ => None,
        };
        target.is_some_and(|target| self.0.iter().any(|(prefix, wanted)| wanted.compare(*prefix, target)))
    }
}

/// Where a date or an instant starts, in nanoseconds since 1970 UTC; the error says what is wrong with it.
pub(crate) fn instant(text: &str) -> Result<i128, &'static str> {
    Interval::parse(text).map(|interval| interval.start)
}

impl Interval {
    /// `2023`, `2023-08`, `2023-08-02`, `2023-08-02T15:00`, with seconds, fraction, offset or `Z`.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "date attendue, par exemple 2023-08-02 ou 2023-08-02T15:00:00+02:00";
        let Some((day, clock)) = text.split_once('T') else { return Self::whole_days(text).ok_or(EXPECTED) };
        if clock.contains(' ') {
            return Err("un espace tient la place du signe + : il s'écrit %2B dans une URL");
        }
        let day = parse_day(day).ok_or(EXPECTED)?;
        let (clock, offset) = split_offset(clock).ok_or(EXPECTED)?;
        let (time, precision) = parse_time(clock).ok_or(EXPECTED)?;
        let local = PrimitiveDateTime::new(day, time);
        let offset = offset.unwrap_or_else(|| paris_offset(local));
        let start = local.assume_offset(offset).unix_timestamp_nanos();
        Ok(Self { start, end: start + precision })
    }

    /// A year, a month or a day, in French time.
    fn whole_days(text: &str) -> Option<Self> {
        let first = match text.len() {
            4 => parse_day(&format!("{text}-01-01"))?,
            7 => parse_day(&format!("{text}-01"))?,
            _ => parse_day(text)?,
        };
        let last = match text.len() {
            4 => Date::from_calendar_date(first.year(), Month::December, 31).ok()?,
            7 => first.replace_day(first.month().length(first.year())).ok()?,
            _ => first,
        };
        Some(Self { start: midnight(first), end: midnight(last.next_day()?) })
    }

    fn of_period(period: &Value) -> Option<Self> {
        let bound = |name: &str| period.get(name).and_then(Value::as_str).map(Self::parse);
        let (start, end) = (bound("start"), bound("end"));
        if start.is_none() && end.is_none() {
            return None;
        }
        Some(Self {
            start: start.map_or(Some(i128::MIN), |i| i.ok().map(|i| i.start))?,
            end: end.map_or(Some(i128::MAX), |i| i.ok().map(|i| i.end))?,
        })
    }

    /// FHIR R4 §3.1.1.4.5: `self` is what was asked, `target` what the resource holds.
    fn compare(self, prefix: Prefix, target: Self) -> bool {
        let within = self.start <= target.start && target.end <= self.end;
        match prefix {
            Prefix::Eq => within,
            Prefix::Ne => !within,
            Prefix::Gt => target.end > self.end,
            Prefix::Lt => target.start < self.start,
            Prefix::Ge => target.end > self.start,
            Prefix::Le => target.start < self.end,
            Prefix::Sa => target.start >= self.end,
            Prefix::Eb => target.end <= self.start,
            // Without a clock, "approximately" is: within a day.
            Prefix::Ap => {
                const DAY: i128 = 86_400_000_000_000;
                target.end > self.start.saturating_sub(DAY) && target.start < self.end.saturating_add(DAY)
            }
        }
    }
}

fn midnight(day: Date) -> i128 {
    let local = PrimitiveDateTime::new(day, Time::MIDNIGHT);
    local.assume_offset(paris_offset(local)).unix_timestamp_nanos()
}

/// `yyyy-mm-dd` and nothing else.
fn parse_day(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let month = Month::try_from(u8::try_from(digits(text.get(5..7)?)?).ok()?).ok()?;
    let year = i32::try_from(digits(text.get(..4)?)?).ok()?;
    Date::from_calendar_date(year, month, u8::try_from(digits(text.get(8..)?)?).ok()?).ok()
}

/// The offset is `None` when the text has none.
fn split_offset(clock: &str) -> Option<(&str, Option<UtcOffset>)> {
    if let Some(clock) = clock.strip_suffix('Z') {
        return Some((clock, Some(UtcOffset::UTC)));
    }
    let Some(at) = clock.find(['+', '-']) else { return Some((clock, None)) };
    let (clock, offset) = clock.split_at(at);
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let seconds = i32::try_from(digits(hours)? * 3600 + digits(minutes)? * 60).ok()?;
    Some((clock, Some(UtcOffset::from_whole_seconds(sign * seconds).ok()?)))
}

/// The time and how long the interval is that its precision stands for, in nanoseconds.
fn parse_time(clock: &str) -> Option<(Time, i128)> {
    const SECOND: i128 = 1_000_000_000;
    let mut parts = clock.split(':');
    let hour = two_digits(parts.next()?)?;
    let minute = two_digits(parts.next()?)?;
    let Some(seconds) = parts.next() else {
        return Some((Time::from_hms(hour, minute, 0).ok()?, 60 * SECOND));
    };
    if parts.next().is_some() {
        return None;
    }
    let Some((whole, fraction)) = seconds.split_once('.') else {
        return Some((Time::from_hms(hour, minute, two_digits(seconds)?).ok()?, SECOND));
    };
    if fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let step = 10u32.pow(9 - u32::try_from(fraction.len()).ok()?);
    let nanoseconds = digits(fraction)? * step;
    Some((Time::from_hms_nano(hour, minute, two_digits(whole)?, nanoseconds).ok()?, i128::from(step)))
}

fn two_digits(text: &str) -> Option<u8> {
    if text.len() == 2 { digits(text).and_then(|n| u8::try_from(n).ok()) } else { None }
}

/// Only ASCII digits, nine at most.
fn digits(text: &str) -> Option<u32> {
    (text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// The offset of Europe/Paris at a local time, by the rule in force since 1996: summer time from the last Sunday of
/// March, 02:00, to the last Sunday of October, 03:00. The ROR's dates are all later.
fn paris_offset(local: PrimitiveDateTime) -> UtcOffset {
    let change = |month: Month, hour: u8| {
        let last = Date::from_calendar_date(local.year(), month, 31).ok()?;
        let back = last.weekday().number_days_from_sunday();
        let sunday = last.checked_sub(time::Duration::days(i64::from(back)))?;
        Some(PrimitiveDateTime::new(sunday, Time::from_hms(hour, 0, 0).ok()?))
    };
    let summer = match (change(Month::March, 2), change(Month::October, 3)) {
        (Some(from), Some(to)) => local >= from && local < to,
        _ => false,
    };
    UtcOffset::from_hms(if summer { 2 } else { 1 }, 0, 0).unwrap_or(UtcOffset::UTC)
}

/// An instant as the datasets write it, or `None`; used to check them.
pub(crate) fn is_instant(text: &str) -> bool {
    OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).is_ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn matches(query: &str, target: &str) -> bool {
        DateTest::parse(query).unwrap().matches(&json!(target))
    }

    #[test]
    fn the_same_instant_in_many_forms() {
        let instant = "2023-08-02T13:00:00Z";
        for same in [
            "2023-08-02T15:00",
            "2023-08-02T15:00:00",
            "2023-08-02T15:00:00+02:00",
            "2023-08-02T13:00:00Z",
            "2023-08-02",
            "2023-08",
            "2023",
        ] {
            assert!(matches(same, instant), "{same}");
        }
        assert!(!matches("2023-08-02T15:00:00Z", instant));
        assert!(matches("2023-01-02T15:00", "2023-01-02T14:00:00Z"), "winter time");
    }

    #[test]
    fn a_day_begins_at_midnight_in_paris() {
        assert!(matches("2023-08-02", "2023-08-01T22:00:00Z"));
        assert!(!matches("2023-08-02", "2023-08-02T22:00:00Z"));
        assert!(matches("2023-12", "2023-12-31T22:59:59Z"));
        assert!(!matches("2023-12", "2023-12-31T23:00:00Z"));
    }

    #[test]
    fn prefixes_at_the_boundary() {
        let at = "2023-08-02T13:00:00Z";
        for (prefix, before, same, after) in [
            ("ge", false, true, true),
            ("gt", false, false, true),
            ("le", true, true, false),
            ("lt", true, false, false),
            ("eq", false, true, false),
            ("ne", true, false, true),
            ("sa", false, false, true),
            ("eb", true, false, false),
        ] {
            let query = format!("{prefix}{at}");
            assert_eq!(matches(&query, "2023-08-02T12:59:59Z"), before, "{query} before");
            assert_eq!(matches(&query, at), same, "{query} same");
            assert_eq!(matches(&query, "2023-08-02T13:00:01Z"), after, "{query} after");
        }
        assert!(!matches("gt2023", "2023-08-02T13:00:00Z"));
        assert!(matches("ap2023-08-02", "2023-08-03T13:00:00Z"));
    }

    #[test]
    fn periods_open_at_either_end() {
        let test = |query, period| DateTest::parse(query).unwrap().matches(&period);
        assert!(test("ge2030", json!({"start": "2023-01-01"})));
        assert!(!test("le2022", json!({"start": "2023-01-01"})));
        assert!(test("eb2024-02", json!({"start": "2023-01-01", "end": "2024-01-31"})));
        assert!(!test("eq2023", json!({})));
    }

    #[test]
    fn an_unencoded_plus_is_explained() {
        let error = DateTest::parse("ge2026-06-30T00:00:00 01:00").unwrap_err();
        assert!(error.contains("%2B"), "{error}");
    }

    #[test]
    fn what_is_not_a_date_is_refused() {
        for bad in [
            "",
            "ge",
            "hier",
            "2023-13",
            "2023-02-30",
            "2023-8-2",
            "2023-08-02T",
            "2023-08-02T15",
            "2023-08-02T25:00",
            "2023-08-02T15:00+2",
            "20230802",
            "2023-08-02T15:00:00.",
            "٢٠٢٣",
        ] {
            assert!(DateTest::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn clocks_change_on_the_last_sundays() {
        let offset = |text: &str| {
            let i = Interval::parse(text).unwrap().start;
            let utc = Interval::parse(&format!("{text}Z")).unwrap().start;
            (utc - i) / 3_600_000_000_000
        };
        assert_eq!(offset("2026-03-29T01:59"), 1);
        assert_eq!(offset("2026-03-29T03:00"), 2);
        assert_eq!(offset("2026-10-25T02:59"), 2);
        assert_eq!(offset("2026-10-25T03:00"), 1);
    }
}
