//! Durations as scenario authors write them: `300ms`, `2s`, `5m`.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};

/// A duration in seconds, written `300ms`, `2s` or `5m`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seconds(pub f64);

impl Seconds {
    /// The longest duration that a scenario may ask for: one hour.
    pub const MAX: f64 = 3600.0;

    /// As the standard library has it.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs_f64(self.0.clamp(0.0, Self::MAX))
    }

    /// In microseconds.
    #[must_use]
    pub fn micros(self) -> u64 {
        u64::try_from(self.duration().as_micros()).unwrap_or(u64::MAX)
    }

    /// Reads `300ms`, `2s`, `5m`.
    ///
    /// # Errors
    /// A sentence for the author when it is none of these, or longer than an hour.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (number, factor) = if let Some(number) = text.strip_suffix("ms") {
            (number, 0.001)
        } else if let Some(number) = text.strip_suffix('s') {
            (number, 1.0)
        } else if let Some(number) = text.strip_suffix('m') {
            (number, 60.0)
        } else {
            return Err(format!(
                "`{text}` is no duration: write a number and its unit, such as 300ms, 2s or 5m"
            ));
        };
        match number.trim().parse::<f64>() {
            Ok(value) if value.is_finite() && value >= 0.0 && value * factor <= Self::MAX => {
                Ok(Self(value * factor))
            }
            Ok(_) => Err(format!("`{text}` is out of range: between 0 and one hour")),
            Err(_) => {
                Err(format!("`{text}` is no duration: write a number and its unit, such as 300ms, 2s or 5m"))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

impl schemars::JsonSchema for Seconds {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^\\s*[0-9]+(\\.[0-9]+)?\\s*(ms|s|m)\\s*$",
            "description": "A number and its unit: 300ms, 2s, 5m."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        assert_eq!(Seconds::parse("300ms"), Ok(Seconds(0.3)));
        assert_eq!(Seconds::parse("2s"), Ok(Seconds(2.0)));
        assert_eq!(Seconds::parse(" 5 m "), Ok(Seconds(300.0)));
        for wrong in ["2", "s", "-1s", "inf s", "2h", "61m", "NaNs", ""] {
            assert!(Seconds::parse(wrong).is_err(), "{wrong}");
        }
    }
}
