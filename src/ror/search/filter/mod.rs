//! `_filter` in the shorthand of the ROR (`ror-fhir.md` §3.2), read by recursive descent.
//!
//! ```text
//! expression = term { "and" term } | term { "or" term }
//! term       = "(" expression ")" | criterion
//! criterion  = name operator value { "or" value } | name "=" value
//! ```
//!
//! `and` and `or` in either case. A list of values follows `eq` only, and counts as an `or`: where both words stand
//! side by side, parentheses are needed, because the record does not say which binds more (assumption).

mod meaning;

use std::fmt;

pub use meaning::{FilterMeaning, filter_meaning};

/// Characters in one expression; a bound of the mock, not of the ROR.
const MAXIMUM_LENGTH: usize = 16 * 1024;

/// Values in one expression; a bound of the mock, not of the ROR.
const MAXIMUM_VALUES: usize = 1000;

/// Parentheses within parentheses; a bound of the mock, not of the ROR.
const MAXIMUM_DEPTH: usize = 32;

/// A parsed expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    /// `a and b`
    All(Vec<Self>),
    /// `a or b`
    Any(Vec<Self>),
    Criterion(FilterCriterion),
}

/// `name operator value or value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilterCriterion {
    pub(super) name: String,
    /// `eq`, or a comparison prefix.
    operator: &'static str,
    values: Vec<String>,
    /// Where it starts: the first character of the expression is 1.
    pub(super) position: usize,
}

/// Why an expression cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("caractère {position} : {expected}, trouvé : {found}")]
pub(super) struct FilterError {
    /// The first character is 1.
    pub(super) position: usize,
    pub(super) expected: &'static str,
    pub(super) found: String,
}

/// The prefixes of FHIR search.
const OPERATORS: [&str; 9] = ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"];

/// The other operators of FHIR's `_filter`, not seen in the ROR: known only to be refused where they stand.
const OPERATORS_OF_FHIR: [&str; 10] = ["co", "sw", "ew", "pr", "po", "ss", "sb", "in", "ni", "re"];

const EXPECTED_TERM: &str = "'(' ou un critère attendu";
const EXPECTED_JUNCTION: &str = "'and', 'or' ou la fin attendus";
const EXPECTED_OPERATOR: &str = "opérateur attendu (eq, ne, gt, lt, ge, le, sa, eb, ap)";
const EXPECTED_VALUE: &str = "valeur attendue";
const MIXED: &str = "'and' et 'or' côte à côte : parenthèses attendues";

impl Filter {
    /// Reads an expression.
    pub(super) fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parser = Parser { text, at: 0, values: 0 };
        if text.len() > MAXIMUM_LENGTH {
            return Err(parser.error("une expression plus courte est attendue"));
        }
        let filter = parser.expression(0)?;
        parser.skip_spaces();
        if parser.rest().is_empty() { Ok(filter) } else { Err(parser.error(parser.after_value())) }
    }

    /// `a eq 1 or a eq 2` as `a eq 1 or 2`: one criterion can share a record with others, alternatives cannot.
    pub(super) fn as_one_criterion(alternatives: &[Self]) -> Option<FilterCriterion> {
        let mut criteria = alternatives.iter().map(|alternative| match alternative {
            Self::Criterion(criterion) if !criterion.compares() => Some(criterion),
            _ => None,
        });
        let mut one = criteria.next()??.clone();
        for criterion in criteria {
            let same = criterion.filter(|criterion| criterion.name == one.name)?;
            one.values.extend(same.values.iter().cloned());
        }
        Some(one)
    }
}

impl FilterCriterion {
    /// Whether it compares rather than asks for equality.
    pub(super) fn compares(&self) -> bool {
        self.operator != "eq"
    }

    /// The same as the value of an ordinary parameter, alternatives separated by commas; `prefixed` when the operator
    /// stands in front of each.
    pub(super) fn parameter_value(&self, prefixed: bool) -> String {
        let prefix = if prefixed { self.operator } else { "" };
        let plain = |value: &String| {
            let mut escaped = prefix.to_owned();
            for c in value.chars() {
                // `|` keeps its meaning: system and code are written with it here, too.
                if matches!(c, '\\' | ',' | '$') {
                    escaped.push('\\');
                }
                escaped.push(c);
            }
            escaped
        };
        self.values.iter().map(plain).collect::<Vec<_>>().join(",")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Junction {
    And,
    Or,
}

impl Junction {
    fn of(word: &str) -> Option<Self> {
        if word.eq_ignore_ascii_case("and") {
            Some(Self::And)
        } else if word.eq_ignore_ascii_case("or") {
            Some(Self::Or)
        } else {
            None
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    /// In bytes.
    at: usize,
    values: usize,
}

impl<'a> Parser<'a> {
    fn expression(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let (first, is_list) = self.term(depth, true)?;
        let mut terms = vec![first];
        let mut junction = is_list.then_some(Junction::Or);
        loop {
            self.skip_spaces();
            let before = self.at;
            let Some(found) = Junction::of(self.word()) else {
                self.at = before;
                break;
            };
            if junction.is_some_and(|junction| junction != found) {
                self.at = before;
                return Err(self.error(MIXED));
            }
            junction = Some(found);
            terms.push(self.term(depth, found == Junction::Or)?.0);
        }
        Ok(match junction {
            Some(Junction::And) => Filter::All(terms),
            Some(Junction::Or) if terms.len() > 1 => Filter::Any(terms),
            _ => terms.remove(0),
        })
    }

    /// A term, and whether it is a list of values without parentheses.
    fn term(&mut self, depth: usize, may_list: bool) -> Result<(Filter, bool), FilterError> {
        self.skip_spaces();
        if !self.rest().starts_with('(') {
            let criterion = self.criterion(may_list)?;
            let is_list = criterion.values.len() > 1;
            return Ok((Filter::Criterion(criterion), is_list));
        }
        if depth == MAXIMUM_DEPTH {
            return Err(self.error("moins de parenthèses imbriquées sont attendues"));
        }
        self.at += 1;
        let filter = self.expression(depth + 1)?;
        self.skip_spaces();
        if !self.rest().starts_with(')') {
            let expected = self.after_value();
            let expected =
                if expected == EXPECTED_JUNCTION { "'and', 'or' ou ')' attendus" } else { expected };
            return Err(self.error(expected));
        }
        self.at += 1;
        Ok((filter, false))
    }

    fn criterion(&mut self, may_list: bool) -> Result<FilterCriterion, FilterError> {
        let (start, position) = (self.at, self.position());
        let name = self.name();
        if name.is_empty() || Junction::of(name).is_some() {
            self.at = start;
            return Err(self.error(EXPECTED_TERM));
        }
        let operator = self.operator()?;
        let mut values = vec![self.value(EXPECTED_VALUE)?];
        let lists = may_list && operator == "eq";
        loop {
            let before = self.at;
            self.skip_spaces();
            let goes_on = lists && Junction::of(self.word()) == Some(Junction::Or) && !self.a_term_follows();
            if !goes_on {
                self.at = before;
                break;
            }
            values.push(self.value("un critère ou une valeur attendus")?);
        }
        Ok(FilterCriterion { name: name.to_owned(), operator, values, position })
    }

    /// `=` right after the name, or a word.
    fn operator(&mut self) -> Result<&'static str, FilterError> {
        if self.rest().starts_with('=') {
            self.at += 1;
            return Ok("eq");
        }
        self.skip_spaces();
        let before = self.at;
        let word = self.word();
        OPERATORS.into_iter().find(|operator| *operator == word).ok_or_else(|| {
            self.at = before;
            self.error(EXPECTED_OPERATOR)
        })
    }

    fn value(&mut self, expected: &'static str) -> Result<String, FilterError> {
        self.skip_spaces();
        self.values += 1;
        if self.values > MAXIMUM_VALUES {
            return Err(self.error("moins de valeurs sont attendues"));
        }
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        let before = self.at;
        let word = self.word();
        if word.is_empty() || Junction::of(word).is_some() {
            self.at = before;
            return Err(self.error(expected));
        }
        Ok(word.to_owned())
    }

    /// A string in quotes; `\"` and `\\` stand for the character itself.
    fn quoted(&mut self) -> Result<String, FilterError> {
        let mut value = String::new();
        let mut characters = self.rest().char_indices().skip(1).peekable();
        while let Some((offset, c)) = characters.next() {
            match (c, characters.peek()) {
                ('"', _) => {
                    self.at += offset + 1;
                    return Ok(value);
                }
                ('\\', Some(&(_, next @ ('"' | '\\')))) => {
                    value.push(next);
                    characters.next();
                }
                _ => value.push(c),
            }
        }
        self.at = self.text.len();
        Err(self.error("guillemet fermant attendu"))
    }

    /// Whether what comes after an `or` is a term rather than one more value; nothing is consumed.
    fn a_term_follows(&self) -> bool {
        let mut ahead = Parser { text: self.text, at: self.at, values: 0 };
        ahead.skip_spaces();
        if ahead.rest().starts_with('(') {
            return true;
        }
        !ahead.name().is_empty() && (ahead.operator().is_ok() || OPERATORS_OF_FHIR.contains(&ahead.word()))
    }

    /// What may stand after a value or a parenthesis.
    fn after_value(&self) -> &'static str {
        let offset_of_a_date = |word: &str| word.len() == 5 && word.as_bytes().get(2) == Some(&b':');
        let mut ahead = Parser { text: self.text, at: self.at, values: 0 };
        if offset_of_a_date(ahead.word()) {
            return "le signe + d'une date est devenu un espace, il s'écrit %2B dans une URL ; 'and' ou 'or' attendus";
        }
        EXPECTED_JUNCTION
    }

    fn name(&mut self) -> &'a str {
        self.take(|c| c.is_ascii_alphanumeric() || "_-.:".contains(c))
    }

    fn word(&mut self) -> &'a str {
        self.take(is_bare)
    }

    fn skip_spaces(&mut self) {
        self.take(char::is_whitespace);
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// In characters, the first is 1.
    fn position(&self) -> usize {
        self.text[..self.at].chars().count() + 1
    }

    fn error(&self, expected: &'static str) -> FilterError {
        const SHOWN: usize = 20;
        let rest = self.rest();
        let word: String = match rest.find(|c| !is_bare(c)) {
            Some(0) => rest.chars().take(1).collect(),
            end => rest[..end.unwrap_or(rest.len())].chars().take(SHOWN).collect(),
        };
        let found = if word.is_empty() { "la fin".to_owned() } else { format!("'{word}'") };
        FilterError { position: self.position(), expected, found }
    }
}

/// Whether a character can stand in a value without quotes.
fn is_bare(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '(' | ')' | '"')
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (terms, junction) = match self {
            Self::Criterion(criterion) if criterion.values.len() > 1 => return write!(f, "({criterion})"),
            Self::Criterion(criterion) => return write!(f, "{criterion}"),
            Self::All(terms) => (terms, " and "),
            Self::Any(terms) => (terms, " or "),
        };
        f.write_str("(")?;
        for (position, term) in terms.iter().enumerate() {
            if position > 0 {
                f.write_str(junction)?;
            }
            write!(f, "{term}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Display for FilterCriterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.name, self.operator)?;
        for (position, value) in self.values.iter().enumerate() {
            if position > 0 {
                f.write_str(" or ")?;
            }
            // A bare word with `=` could be read as a criterion.
            let bare = !value.is_empty()
                && value.chars().all(|c| is_bare(c) && c != '=')
                && Junction::of(value).is_none();
            if bare {
                f.write_str(value)?;
            } else {
                write!(f, "\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
