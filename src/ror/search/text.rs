//! String criteria: prefix by default, without regard to case or accents.

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::value::alternatives;

/// A string criterion.
#[derive(Debug)]
pub(super) enum TextTest {
    Prefix(Vec<String>),
    Contains(Vec<String>),
    Exact(Vec<String>),
}

impl TextTest {
    pub(super) fn parse(modifier: Option<&str>, value: &str) -> Option<Self> {
        let values = alternatives(value);
        let folded = || values.iter().map(|v| fold(v)).collect();
        Some(match modifier {
            None => Self::Prefix(folded()),
            Some("contains") => Self::Contains(folded()),
            Some("exact") => Self::Exact(values.iter().map(|v| v.nfc().collect()).collect()),
            Some(_) => return None,
        })
    }

    pub(super) fn matches(&self, value: &Value) -> bool {
        let Some(text) = value.as_str() else { return false };
        match self {
            Self::Prefix(wanted) => {
                let text = fold(text);
                wanted.iter().any(|w| text.starts_with(w.as_str()))
            }
            Self::Contains(wanted) => {
                let text = fold(text);
                wanted.iter().any(|w| text.contains(w.as_str()))
            }
            Self::Exact(wanted) => {
                let text: String = text.nfc().collect();
                wanted.contains(&text)
            }
        }
    }
}

/// Lower case without accents, ligatures spelt out, one kind of apostrophe.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'œ' | 'Œ' => folded.push_str("oe"),
            'æ' | 'Æ' => folded.push_str("ae"),
            '’' | 'ʼ' => folded.push('\''),
            '\u{a0}' | '\u{202f}' => folded.push(' '),
            _ => folded.extend(c.to_lowercase()),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn matches(modifier: Option<&str>, value: &str, text: &str) -> bool {
        TextTest::parse(modifier, value).unwrap().matches(&json!(text))
    }

    #[test]
    fn prefix_without_case_or_accents_in_either_normal_form() {
        assert!(matches(None, "hopital", "Hôpital de l’Œuvre"));
        assert!(matches(None, "HO\u{302}PITAL DE L'OEUVRE", "Hôpital de l’Œuvre"));
        assert!(!matches(None, "oeuvre", "Hôpital de l’Œuvre"));
        assert!(matches(Some("contains"), "oeuvre", "Hôpital de l’Œuvre"));
        assert!(matches(None, "xyz,hôp", "Hôpital"));
    }

    #[test]
    fn exact_minds_case_and_accents_not_the_normal_form() {
        assert!(matches(Some("exact"), "Noe\u{308}l", "Noël"));
        assert!(!matches(Some("exact"), "Noel", "Noël"));
        assert!(!matches(Some("exact"), "noël", "Noël"));
        assert!(matches(Some("exact"), r"A\, B", "A, B"));
        assert!(TextTest::parse(Some("above"), "x").is_none());
    }
}
