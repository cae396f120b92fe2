//! Number and quantity criteria, and the prefixes that they share with dates.

use serde_json::Value;

use super::value::{split_unescaped, unescape};

/// A comparison prefix (FHIR R4 §3.1.1.4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefix {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    Sa,
    Eb,
    Ap,
}

impl Prefix {
    /// Splits `ge2023` into prefix and rest; no prefix means equality.
    pub(super) fn split(text: &str) -> (Self, &str) {
        let known = [
            ("eq", Self::Eq),
            ("ne", Self::Ne),
            ("gt", Self::Gt),
            ("lt", Self::Lt),
            ("ge", Self::Ge),
            ("le", Self::Le),
            ("sa", Self::Sa),
            ("eb", Self::Eb),
            ("ap", Self::Ap),
        ];
        known
            .into_iter()
            .find_map(|(code, prefix)| text.strip_prefix(code).map(|rest| (prefix, rest)))
            .unwrap_or((Self::Eq, text))
    }
}

/// A number criterion, or a quantity one when a unit may follow.
#[derive(Debug)]
pub(super) struct NumberTest(Vec<Comparison>);

#[derive(Debug)]
struct Comparison {
    prefix: Prefix,
    value: f64,
    /// Half of the last digit given: `15` means [14.5, 15.5).
    tolerance: f64,
    /// Unit code; systems are not compared (`ror-fhir.md` §3.5).
    unit: Option<String>,
}

impl NumberTest {
    /// `Err` says what is wrong with the value.
    pub(super) fn parse(value: &str, quantity: bool) -> Result<Self, &'static str> {
        split_unescaped(value, ',')
            .into_iter()
            .map(|v| Comparison::parse(v, quantity))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(super) fn matches(&self, value: &Value) -> bool {
        let (number, unit) = match value {
            Value::Number(number) => (number.as_f64(), None),
            Value::Object(quantity) => (
                quantity.get("value").and_then(Value::as_f64),
                quantity.get("code").or_else(|| quantity.get("unit")).and_then(Value::as_str),
            ),
            _ => return false,
        };
        number.is_some_and(|number| self.0.iter().any(|c| c.matches(number, unit)))
    }
}

impl Comparison {
    fn parse(text: &str, quantity: bool) -> Result<Self, &'static str> {
        let parts = split_unescaped(text, '|');
        let unit = match parts.as_slice() {
            [_] => None,
            [_, _, unit] if quantity => Some(unescape(unit)).filter(|unit| !unit.is_empty()),
            _ if quantity => return Err("forme attendue : nombre ou nombre|système|unité"),
            _ => return Err("nombre attendu"),
        };
        let (prefix, digits) = Prefix::split(parts[0]);
        let plain = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
        let value: f64 =
            digits.parse().ok().filter(|n: &f64| plain && n.is_finite()).ok_or("nombre attendu")?;
        let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len().min(15));
        let places = i32::try_from(decimals).unwrap_or(0);
        Ok(Self { prefix, value, tolerance: 0.5 * 10f64.powi(-places), unit })
    }

    fn matches(&self, number: f64, unit: Option<&str>) -> bool {
        if self.unit.is_some() && self.unit.as_deref() != unit {
            return false;
        }
        let equal = number >= self.value - self.tolerance && number < self.value + self.tolerance;
        match self.prefix {
            Prefix::Eq => equal,
            Prefix::Ne => !equal,
            Prefix::Gt | Prefix::Sa => number > self.value,
            Prefix::Lt | Prefix::Eb => number < self.value,
            Prefix::Ge => number >= self.value,
            Prefix::Le => number <= self.value,
            Prefix::Ap => (number - self.value).abs() <= self.value.abs() * 0.1,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn prefixes_and_precision() {
        let matches = |query, n: f64| NumberTest::parse(query, false).unwrap().matches(&json!(n));
        assert!(matches("gt0", 1.0) && !matches("gt0", 0.0));
        assert!(matches("15", 15.4) && !matches("15.0", 15.4));
        assert!(matches("ne15", 16.0) && matches("le15", 15.0) && !matches("lt15", 15.0));
        assert!(matches("ap100", 95.0) && !matches("ap100", 80.0));
        assert!(matches("1,2", 2.0));
    }

    #[test]
    fn units_are_compared_on_their_code() {
        let weight = json!({"value": 300, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"});
        let matches = |query| NumberTest::parse(query, true).unwrap().matches(&weight);
        assert!(matches("ge200|https://unitsofmeasure.org|kg"));
        assert!(matches("ge200||kg") && matches("300"));
        assert!(!matches("ge200|http://unitsofmeasure.org|g"));
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for bad in ["", "gt", "abc", "inf", "NaN", "1|kg", "xx3"] {
            assert!(NumberTest::parse(bad, true).is_err(), "{bad}");
        }
        assert!(NumberTest::parse("1|s|kg", false).is_err());
    }
}
