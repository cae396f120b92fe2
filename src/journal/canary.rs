//! Canaries: values planted in data, looked for in what a client prints, sends and shows.
//!
//! A telephone number is found however it is written (`0612345678`, `06 12 34 56 78`, `+33 6.12.34.56.78`), any other
//! value in any case. What is percent-encoded is found, too.

use std::collections::BTreeSet;

use memchr::memmem;
use serde::{Deserialize, Serialize};

/// A canary that a client let out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanarySeen {
    /// The value, as the scenario plants it.
    pub value: String,
    /// Where it was first seen.
    pub output: Output,
    /// In which line of it, from 1.
    pub line: u64,
}

/// What an adapter says, apart from the result that it declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Values to look for.
#[derive(Debug, Clone, Default)]
pub struct Canaries {
    values: Vec<(String, Needle)>,
}

#[derive(Debug, Clone)]
enum Needle {
    /// The nine digits of a telephone number that all its spellings share.
    Telephone(Vec<u8>),
    /// Lower case.
    Text(Vec<u8>),
}

/// Digits of a French telephone number without its leading 0.
const NATIONAL: usize = 9;
/// Most separators between two digits of a telephone number, in bytes.
const SEPARATORS: usize = 3;

impl Canaries {
    /// These values; empty ones are passed over.
    #[must_use]
    pub fn new(values: &[String]) -> Self {
        let values = values.iter().filter(|value| !value.trim().is_empty());
        Self { values: values.map(|value| (value.clone(), Needle::of(value))).collect() }
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value of that number.
    #[must_use]
    pub fn value(&self, number: usize) -> &str {
        self.values.get(number).map_or("", |(value, _)| value)
    }

    /// The numbers of those that stand in a text. `at_end`: nothing comes after it; otherwise a number that ends
    /// with the text is not taken, because it may go on.
    #[must_use]
    pub fn find(&self, text: &[u8], at_end: bool) -> BTreeSet<usize> {
        let mut found = self.find_plain(text, at_end);
        if text.contains(&b'%') {
            let decoded: Vec<u8> = percent_encoding::percent_decode(text).collect();
            found.extend(self.find_plain(&decoded, at_end));
        }
        found
    }

    /// How much of a text must be kept so that nothing is missed that goes on in what follows it, in bytes.
    #[must_use]
    pub fn longest(&self) -> usize {
        let length = |needle: &Needle| match needle {
            Needle::Telephone(digits) => (digits.len() + 5) * (SEPARATORS + 1),
            Needle::Text(text) => text.len(),
        };
        // Percent-encoding makes three bytes of one.
        3 * self.values.iter().map(|(_, needle)| length(needle)).max().unwrap_or(0)
    }

    fn find_plain(&self, text: &[u8], at_end: bool) -> BTreeSet<usize> {
        let digits = digits(text);
        let lower = text.to_ascii_lowercase();
        let is_there = |needle: &Needle| match needle {
            Needle::Telephone(number) => is_telephone_in(number, &digits, text, at_end),
            Needle::Text(wanted) => memmem::find(&lower, wanted).is_some(),
        };
        let numbered = self.values.iter().enumerate();
        numbered.filter(|(_, (_, needle))| is_there(needle)).map(|(number, _)| number).collect()
    }
}

impl Needle {
    fn of(value: &str) -> Self {
        let digits: Vec<u8> = value.bytes().filter(u8::is_ascii_digit).collect();
        let is_telephone = digits.len() > NATIONAL
            && value.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'.' | b'-' | b'+'));
        if is_telephone {
            Self::Telephone(digits[digits.len() - NATIONAL..].to_vec())
        } else {
            Self::Text(value.trim().to_ascii_lowercase().into_bytes())
        }
    }
}

/// The digits of a text and where they stand.
fn digits(text: &[u8]) -> Vec<(usize, u8)> {
    let digits = text.iter().copied().enumerate();
    digits.filter(|(_, byte)| byte.is_ascii_digit()).collect()
}

/// Whether the number stands there as a telephone number: after 0 or 33, its digits at most a few separators apart,
/// and not in the middle of longer digits.
fn is_telephone_in(number: &[u8], digits: &[(usize, u8)], text: &[u8], at_end: bool) -> bool {
    digits.windows(number.len()).enumerate().any(|(start, window)| {
        let same = window.iter().map(|(_, digit)| digit).eq(number);
        if !same || !window.windows(2).all(|pair| is_near(text, pair[0].0, pair[1].0)) {
            return false;
        }
        let last = start + number.len() - 1;
        let ends = match digits.get(last + 1) {
            Some(next) => next.0 > digits[last].0 + 1,
            None => at_end || digits[last].0 + 1 < text.len(),
        };
        ends && is_prefixed(digits, start, text)
    })
}

/// Whether what stands before the nine digits is a prefix of telephone numbers.
fn is_prefixed(digits: &[(usize, u8)], start: usize, text: &[u8]) -> bool {
    let before = |back: usize| Some(digits[start.checked_sub(back)?]);
    let joined = |from: usize, to: usize| is_near(text, from, to);
    let free = |back: usize, at: usize| before(back).is_none_or(|(position, _)| position + 1 < at);
    let Some((first, digit)) = before(1) else { return false };
    if !joined(first, digits[start].0) {
        return false;
    }
    match (digit, before(2)) {
        // 06…, and +33 (0)6….
        (b'0', _) if free(2, first) => true,
        (b'3', Some((second, b'3'))) if second + 1 == first => {
            free(3, second) || matches!((before(3), before(4)), (Some((_, b'0')), Some((_, b'0'))))
        }
        _ => false,
    }
}

/// Whether only few separators stand between two places.
fn is_near(text: &[u8], from: usize, to: usize) -> bool {
    let between = &text[from + 1..to];
    let separates = |byte: &u8| {
        matches!(
            byte,
            b' ' | b'.' | b'-' | b'_' | b'/' | b'(' | b')' | b'+' | 0xC2 | 0xA0 | 0xE2 | 0x80 | 0xAF
        )
    };
    between.len() <= SEPARATORS && between.iter().all(separates)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<usize> {
        let canaries = Canaries::new(&["0639980104".to_owned(), "Direction@chr.example".to_owned()]);
        canaries.find(text.as_bytes(), true).into_iter().collect()
    }

    #[test]
    fn a_telephone_number_is_found_however_it_is_written() {
        for text in [
            "0639980104",
            "tel:0639980104,",
            "06 39 98 01 04",
            "06.39.98.01.04.",
            "06-39-98-01-04",
            "+33639980104",
            "+33 6 39 98 01 04",
            "+33 (0)6 39 98 01 04",
            "0033639980104",
            "06\u{a0}39\u{a0}98\u{a0}01\u{a0}04",
            "06\u{202f}39\u{202f}98\u{202f}01\u{202f}04",
            "?phone=06+39+98+01+04&x",
            "?phone=%2B33%206%2039980104",
            "12 0639980104",
        ] {
            assert_eq!(found(text), [0], "{text}");
        }
    }

    #[test]
    fn other_numbers_are_not_taken_for_it() {
        for text in [
            "",
            "639980104",
            "1639980104",
            "06399801040",
            "10639980104",
            "1720639980104",
            "063998010",
            "06 39 98 01 05",
            "0639980 lines, 104 errors",
            "a0639980104f1".replace("a0639980104f1", "063998a0104").as_str(),
        ] {
            assert_eq!(found(text), [0_usize; 0], "{text}");
        }
    }

    #[test]
    fn texts_are_found_in_any_case_and_encoded() {
        assert_eq!(found("To: <direction@CHR.example>"), [1]);
        assert_eq!(found("?mail=direction%40chr.example"), [1]);
        assert!(found("direction@chr.exampl").is_empty());
        assert!(Canaries::new(&[" ".to_owned()]).is_empty());
    }

    #[test]
    fn a_number_that_may_go_on_is_not_taken() {
        let canaries = Canaries::new(&["0639980104".to_owned()]);
        assert!(canaries.find(b"0639980104", false).is_empty());
        assert_eq!(canaries.find(b"0639980104 ", false).len(), 1);
    }
}
