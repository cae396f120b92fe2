//! One criterion: a parameter of the table, its modifier and its values, tested on a resource or on a record.

use serde_json::Value;

use super::date::DateTest;
use super::near::{NearTest, Point};
use super::number::NumberTest;
use super::table::{Parameter, ParameterType};
use super::text::TextTest;
use super::token::TokenTest;
use super::value::alternatives;
use crate::ror::problem::Problem;

#[derive(Debug)]
pub(super) struct Criterion<'t> {
    parameter: &'t Parameter,
    negated: bool,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Token(TokenTest),
    Text(TextTest),
    Date(DateTest),
    Number(NumberTest),
    Near(NearTest),
    /// Ids, with or without a type in front.
    Reference(Vec<String>),
    /// Any text of the resource.
    Content(TextTest),
}

impl<'t> Criterion<'t> {
    pub(super) fn parse(
        parameter: &'t Parameter,
        modifier: Option<&str>,
        name: &str,
        value: &str,
    ) -> Result<Self, Problem> {
        let invalid = |why: &str| Problem::invalid_value(name, value, why);
        let unknown_modifier = || {
            let modifier = modifier.unwrap_or_default();
            Problem::invalid_value(name, value, &format!("modificateur ':{modifier}' non supporté"))
        };
        let mut negated = false;
        let test = match (parameter.parameter_type, modifier) {
            (ParameterType::Token, None | Some("not" | "of-type")) => {
                let of_type = modifier == Some("of-type");
                if of_type && parameter.name != "identifier" {
                    return Err(unknown_modifier());
                }
                negated = modifier == Some("not");
                let prefix = parameter.optional_prefix.as_deref();
                Test::Token(TokenTest::parse(value, of_type, prefix).map_err(invalid)?)
            }
            (ParameterType::String, _) => {
                Test::Text(TextTest::parse(modifier, value).ok_or_else(unknown_modifier)?)
            }
            (ParameterType::Date, None) => Test::Date(DateTest::parse(value).map_err(invalid)?),
            (ParameterType::Number, None) => Test::Number(NumberTest::parse(value, false).map_err(invalid)?),
            (ParameterType::Quantity, None) => Test::Number(NumberTest::parse(value, true).map_err(invalid)?),
            (ParameterType::Near, None) => Test::Near(NearTest::parse(value).map_err(|e| invalid(&e))?),
            (ParameterType::NearInseeCode, None) => {
                Test::Near(NearTest::parse_commune(value).map_err(|e| invalid(&e))?)
            }
            (ParameterType::Reference, None) => Test::Reference(alternatives(value)),
            (ParameterType::Content, None) => {
                Test::Content(TextTest::parse(Some("contains"), value).ok_or_else(unknown_modifier)?)
            }
            _ => return Err(unknown_modifier()),
        };
        Ok(Self { parameter, negated, test })
    }

    pub(super) fn is_negated(&self) -> bool {
        self.negated
    }

    /// The centres that distances are told from.
    pub(super) fn centres(&self) -> impl Iterator<Item = Point> {
        let near = match &self.test {
            Test::Near(near) => Some(near),
            _ => None,
        };
        near.into_iter().flat_map(NearTest::centres)
    }

    /// `at`: the resource, or one of its records.
    pub(super) fn matches(&self, at: &Value) -> bool {
        let within =
            |at: &Value| self.parameter.paths.iter().any(|path| path.any(at, &mut |v| self.test.matches(v)));
        if let Test::Content(_) = self.test {
            return self.test.matches(at);
        }
        if !self.negated {
            return within(at);
        }
        match &self.parameter.record {
            Some(record) => !record.any(at, &mut |value| within(value)),
            None => !within(at),
        }
    }
}

impl Test {
    fn matches(&self, value: &Value) -> bool {
        match self {
            Self::Token(test) => test.matches(value),
            Self::Text(test) => test.matches(value),
            Self::Date(test) => test.matches(value),
            Self::Number(test) => test.matches(value),
            Self::Near(test) => test.matches(value),
            Self::Reference(wanted) => value["reference"].as_str().is_some_and(|r| {
                let same =
                    |w: &String| r == w || r.strip_suffix(w.as_str()).is_some_and(|r| r.ends_with('/'));
                wanted.iter().any(same)
            }),
            Self::Content(test) => content(value, test),
        }
    }
}

/// Whether a text meant for people passes `test`; codes, URLs and references are not such texts.
fn content(value: &Value, test: &TextTest) -> bool {
    const NO_TEXT: [&str; 7] = ["id", "meta", "resourceType", "url", "system", "code", "reference"];
    match value {
        Value::String(_) => test.matches(value),
        Value::Array(items) => items.iter().any(|item| content(item, test)),
        Value::Object(object) => {
            object.iter().any(|(name, value)| !NO_TEXT.contains(&name.as_str()) && content(value, test))
        }
        _ => false,
    }
}
