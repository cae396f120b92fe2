//! What is wrong with the form of a body that a client sent, as a check tells it: where, what was expected, what was
//! found.

use crate::text::Text;

/// One thing that is not as the specification has it, whether the mock refuses it or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// A stable name of the rule, in kebab case.
    pub rule: &'static str,
    /// Where in the body: `Parameters.parameter[0].part[1]`.
    pub path: String,
    /// What the rule expects there.
    pub expected: Text,
    /// What is there.
    pub actual: Text,
}

impl Deviation {
    pub(super) fn new(rule: &'static str, path: impl Into<String>, expected: Text, actual: Text) -> Self {
        Self { rule, path: path.into(), expected, actual }
    }

    /// Something mandatory is not there.
    pub(super) fn missing(rule: &'static str, path: impl Into<String>, expected: Text) -> Self {
        Self::new(rule, path, expected, Text::new("absent", "absent"))
    }
}
