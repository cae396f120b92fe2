//! Token criteria: codes, codings, identifiers and booleans, with the `|` rules of FHIR.

use serde_json::Value;

use super::value::{split_unescaped, unescape};

/// One alternative of a token criterion.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// `code`: any system.
    Code(String),
    /// `system|code`.
    SystemCode(String, String),
    /// `system|`: any code of it.
    System(String),
    /// `|code`: no system.
    NoSystem(String),
    /// `:of-type`: `system|code|value`, on the type of an identifier.
    OfType(String, String, String),
}

/// A token criterion.
#[derive(Debug)]
pub(crate) struct TokenTest {
    alternatives: Vec<Token>,
    optional_prefix: Option<String>,
}

impl TokenTest {
    /// `Err` says what is wrong with the value.
    pub(crate) fn parse(
        value: &str,
        of_type: bool,
        optional_prefix: Option<&str>,
    ) -> Result<Self, &'static str> {
        let tokens: Result<Vec<Token>, _> = split_unescaped(value, ',')
            .into_iter()
            .map(
                |alternative| {
                    if of_type { Token::parse_of_type(alternative) } else { Token::parse(alternative) }
                },
            )
            .collect();
        Ok(Self { alternatives: tokens?, optional_prefix: optional_prefix.map(str::to_owned) })
    }

    pub(crate) fn matches(&self, value: &Value) -> bool {
        match value {
            Value::String(code) => self.one(None, code),
            Value::Bool(flag) => self.one(None, if *flag { "true" } else { "false" }),
            Value::Object(object) => {
                if let Some(codings) = object.get("coding").and_then(Value::as_array) {
                    return codings.iter().any(|coding| self.matches(coding));
                }
                let text = |name: &str| object.get(name).and_then(Value::as_str);
                if let Some(code) = text("code") {
                    return self.one(text("system"), code);
                }
                text("value").is_some_and(|v| {
                    self.one(text("system"), v) || self.alternatives.iter().any(|t| t.is_type_of(value, v))
                })
            }
            _ => false,
        }
    }

    fn one(&self, system: Option<&str>, code: &str) -> bool {
        self.alternatives.iter().any(|token| {
            let same = |wanted: &str| {
                wanted == code
                    || self
                        .optional_prefix
                        .as_deref()
                        .is_some_and(|prefix| code.strip_prefix(prefix) == Some(wanted))
            };
            match token {
                Token::Code(wanted) => same(wanted),
                Token::SystemCode(wanted, wanted_code) => system == Some(wanted) && same(wanted_code),
                Token::System(wanted) => system == Some(wanted),
                Token::NoSystem(wanted) => system.is_none() && same(wanted),
                Token::OfType(..) => false,
            }
        })
    }
}

impl Token {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let parts = split_unescaped(text, '|');
        match parts.as_slice() {
            [""] => Err("valeur vide"),
            [code] => Ok(Self::Code(unescape(code))),
            ["", ""] => Err("ni système ni code"),
            ["", code] => Ok(Self::NoSystem(unescape(code))),
            [system, ""] => Ok(Self::System(unescape(system))),
            [system, code] => Ok(Self::SystemCode(unescape(system), unescape(code))),
            _ => Err("forme attendue : code ou système|code"),
        }
    }

    fn parse_of_type(text: &str) -> Result<Self, &'static str> {
        match split_unescaped(text, '|').as_slice() {
            [system, code, value] if !code.is_empty() && !value.is_empty() => {
                Ok(Self::OfType(unescape(system), unescape(code), unescape(value)))
            }
            _ => Err("forme attendue : système|type|valeur"),
        }
    }

    fn is_type_of(&self, identifier: &Value, value: &str) -> bool {
        let Self::OfType(system, code, wanted) = self else { return false };
        wanted == value
            && identifier["type"]["coding"].as_array().is_some_and(|codings| {
                codings.iter().any(|c| {
                    c["code"].as_str() == Some(code)
                        && (system.is_empty() || c["system"].as_str() == Some(system.as_str()))
                })
            })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn matches(query: &str, value: &Value) -> bool {
        TokenTest::parse(query, false, None).unwrap().matches(value)
    }

    #[test]
    fn systems_and_codes() {
        let concept = json!({"coding": [{"system": "http://s", "code": "022"}, {"code": "bare"}]});
        for (query, expected) in [
            ("022", true),
            ("http://s|022", true),
            ("http://t|022", false),
            ("http://s|", true),
            ("|022", false),
            ("|bare", true),
            ("005,022", true),
            ("http://s|005,022", true),
            ("22", false),
        ] {
            assert_eq!(matches(query, &concept), expected, "{query}");
        }
        assert!(matches("true", &json!(true)));
        assert!(matches("active", &json!("active")));
    }

    #[test]
    fn identifiers() {
        let identifier =
            json!({"type": {"coding": [{"system": "http://t", "code": "25"}]}, "value": "24/1073"});
        assert!(matches("24/1073", &identifier));
        assert!(matches("|24/1073", &identifier));
        assert!(!matches("http://t|24/1073", &identifier));
        let of_type = |query| TokenTest::parse(query, true, None).map(|t| t.matches(&identifier));
        assert_eq!(of_type("http://t|25|24/1073"), Ok(true));
        assert_eq!(of_type("http://t|26|24/1073"), Ok(false));
        assert!(of_type("24/1073").is_err());
    }

    #[test]
    fn an_idnat_ps_is_found_by_its_rpps() {
        let identifier = json!({"system": "urn:oid:1.2.250.1.71.4.2.1", "value": "810000000001"});
        let find = |query| TokenTest::parse(query, false, Some("8")).unwrap().matches(&identifier);
        assert!(find("urn:oid:1.2.250.1.71.4.2.1|10000000001"));
        assert!(find("810000000001"));
        assert!(!find("0000000001"));
    }

    #[test]
    fn escapes_and_nonsense() {
        assert!(matches(r"a\,b,c", &json!("a,b")) && matches(r"a\,b,c", &json!("c")));
        for bad in ["", "|", "a|b|c", "a,,b"] {
            assert!(TokenTest::parse(bad, false, None).is_err(), "{bad}");
        }
    }
}
