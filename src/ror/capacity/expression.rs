//! The FHIRPath of the capacity feed (`ror-fhir.md` §5.2), a small part of the language:
//!
//! ```text
//! Location.extension.where(url='…').where(extension.where(url = 'k' and valueCodeableConcept.coding.code = 'c') and …)
//! ```
//!
//! White space, the kind of quotes, the case of `and` and the order of the criteria are free. An error says at which
//! character.

use super::SUPPORTED_CAPACITY;
use super::record::{KeyMember, RecordKey};
use crate::ror::fhirpath_patch::{Malformed, malformed};
use crate::text::Text;

/// Longer paths are not read.
const MAXIMUM_LENGTH: usize = 8_192;
const MAXIMUM_DEPTH: usize = 12;

/// What a path selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selection {
    /// `Location`, to which an element named apart is added.
    Location,
    /// `Location.extension`, without any criterion.
    Extensions,
    /// Every capacity record.
    Records,
    /// The record with this key; what is not written is absent.
    Record(RecordKey),
}

/// What is wrong with a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathError {
    /// From 1.
    pub(super) character: usize,
    pub(super) expected: Text,
}

impl PathError {
    /// The same, of a path that stands there in a body.
    pub(super) fn at(&self, place: &str) -> Malformed {
        let Self { character, expected } = self;
        malformed(
            place,
            &format!("Le FhirPath n'est pas compris au caractère {character} : {} attendu.", expected.fr),
            &format!("The FHIRPath is not understood at character {character}: {} is expected.", expected.en),
        )
    }
}

type Result<T> = std::result::Result<T, PathError>;

/// Reads a path.
pub(super) fn parse(text: &str) -> Result<Selection> {
    if text.len() > MAXIMUM_LENGTH {
        let expected = Text::new(
            format!("chemin de {MAXIMUM_LENGTH} octets au plus"),
            format!("a path of at most {MAXIMUM_LENGTH} bytes"),
        );
        return Err(PathError { character: MAXIMUM_LENGTH + 1, expected });
    }
    let tokens = tokens(text)?;
    let mut parser =
        Parser { tokens: &tokens, at: 0, end: text.chars().count() + 1, found: Found::default() };
    parser.path()
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    Symbol(char),
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>> {
    let mut tokens = Vec::new();
    let mut characters = (1..).zip(text.chars()).peekable();
    while let Some((at, character)) = characters.next() {
        let token = match character {
            c if c.is_whitespace() => continue,
            '.' | '(' | ')' | '=' => Token::Symbol(character),
            '\'' | '"' => Token::Quoted(quoted(&mut characters, character, at)?),
            c if c.is_ascii_alphabetic() || c == '_' => {
                let mut word = String::from(c);
                while let Some((_, next)) =
                    characters.next_if(|(_, c)| c.is_ascii_alphanumeric() || *c == '_')
                {
                    word.push(next);
                }
                Token::Word(word)
            }
            _ => {
                return Err(PathError {
                    character: at,
                    expected: Text::new(
                        "un nom, un texte, « . », « ( », « ) » ou « = »",
                        "a name, a text, `.`, `(`, `)` or `=`",
                    ),
                });
            }
        };
        tokens.push((at, token));
    }
    Ok(tokens)
}

/// What stands up to the closing quote; `\'`, `\"` and `\\` are escapes.
fn quoted(
    characters: &mut impl Iterator<Item = (usize, char)>,
    quote: char,
    opened: usize,
) -> Result<String> {
    let mut content = String::new();
    while let Some((_, character)) = characters.next() {
        match character {
            '\\' => content.extend(characters.next().map(|(_, escaped)| escaped)),
            c if c == quote => return Ok(content),
            c => content.push(c),
        }
    }
    Err(PathError { character: opened, expected: Text::new("un guillemet fermant", "a closing quote") })
}

/// What the criteria said so far.
#[derive(Default)]
struct Found {
    url: bool,
    key: RecordKey,
    criteria: usize,
}

struct Parser<'a> {
    tokens: &'a [(usize, Token)],
    at: usize,
    end: usize,
    found: Found,
}

impl Parser<'_> {
    fn path(&mut self) -> Result<Selection> {
        self.word("Location")?;
        if self.at == self.tokens.len() {
            return Ok(Selection::Location);
        }
        self.symbol('.')?;
        self.word("extension")?;
        if self.is_symbol('(') {
            self.symbol('(')?;
            self.capacity_url()?;
            self.symbol(')')?;
        }
        while self.at < self.tokens.len() {
            self.symbol('.')?;
            self.word("where")?;
            self.symbol('(')?;
            self.all_of(MAXIMUM_DEPTH, Self::criterion)?;
            self.symbol(')')?;
        }
        match (&self.found, self.found.criteria) {
            (Found { url: true, .. }, 0) => Ok(Selection::Records),
            (Found { url: true, key, .. }, _) => Ok(Selection::Record(key.clone())),
            (_, 0) => Ok(Selection::Extensions),
            _ => self.error("where(url='…')", "where(url='…')"),
        }
    }

    /// `one and one and …`
    fn all_of(&mut self, depth: usize, one: fn(&mut Self, usize) -> Result<()>) -> Result<()> {
        let Some(depth) = depth.checked_sub(1) else {
            return self.error("moins de parenthèses", "fewer parentheses");
        };
        loop {
            if self.is_symbol('(') {
                self.symbol('(')?;
                self.all_of(depth, one)?;
                self.symbol(')')?;
            } else {
                one(self, depth)?;
            }
            match self.peek() {
                Some(Token::Word(word)) if word.eq_ignore_ascii_case("and") => self.at += 1,
                _ => return Ok(()),
            }
        }
    }

    /// `url = '…'` or `extension.where(…)`.
    fn criterion(&mut self, depth: usize) -> Result<()> {
        match self.peek() {
            Some(Token::Word(word)) if word == "url" => {
                self.at += 1;
                self.symbol('=')?;
                self.capacity_url()
            }
            Some(Token::Word(word)) if word == "extension" => {
                self.at += 1;
                self.symbol('.')?;
                self.word("where")?;
                self.key_criterion(depth)?;
                self.exists()
            }
            _ => self.error("url = '…' ou extension.where(…)", "url = '…' or extension.where(…)"),
        }
    }

    fn capacity_url(&mut self) -> Result<()> {
        let before = self.at;
        if self.quoted()? == SUPPORTED_CAPACITY {
            self.found.url = true;
            return Ok(());
        }
        self.at = before;
        self.error(&format!("'{SUPPORTED_CAPACITY}'"), &format!("'{SUPPORTED_CAPACITY}'"))
    }

    /// `(url = 'k' and valueCodeableConcept.coding.code = 'c')`, in any order.
    fn key_criterion(&mut self, depth: usize) -> Result<()> {
        self.symbol('(')?;
        // The end stands for "not yet".
        let (mut name_at, mut code_at) = (self.tokens.len(), self.tokens.len());
        self.pair(depth, &mut name_at, &mut code_at)?;
        if name_at == self.tokens.len() {
            return self.error("url = '…'", "url = '…'");
        }
        if code_at == self.tokens.len() {
            return self
                .error("valueCodeableConcept.coding.code = '…'", "valueCodeableConcept.coding.code = '…'");
        }
        self.symbol(')')?;
        let after = self.at;
        let (Some(name), Some(code)) = (self.quoted_at(name_at), self.quoted_at(code_at)) else {
            return Ok(());
        };
        let Some(member) = KeyMember::parse(&name) else {
            self.at = name_at;
            let names = KeyMember::ALL.map(KeyMember::name).join(", ");
            return self.error(
                &format!("une clé d'indicateur ({names})"),
                &format!("a key of the record ({names})"),
            );
        };
        if self.found.key.get(member).is_some() {
            self.at = name_at;
            return self.error("un seul critère par clé", "one criterion for each key");
        }
        self.found.key.set(member, &code);
        self.found.criteria += 1;
        self.at = after;
        Ok(())
    }

    /// The two halves of a key criterion; says at which token the texts stand.
    fn pair(&mut self, depth: usize, name_at: &mut usize, code_at: &mut usize) -> Result<()> {
        let Some(depth) = depth.checked_sub(1) else {
            return self.error("moins de parenthèses", "fewer parentheses");
        };
        loop {
            let wanted = match self.peek() {
                Some(Token::Symbol('(')) => {
                    self.at += 1;
                    self.pair(depth, name_at, code_at)?;
                    self.symbol(')')?;
                    None
                }
                Some(Token::Word(word)) if word == "url" => {
                    self.at += 1;
                    self.symbol('=')?;
                    Some(&mut *name_at)
                }
                Some(Token::Word(word)) if word == "valueCodeableConcept" || word == "value" => {
                    self.at += 1;
                    let in_where = self.code_path()?;
                    *code_at = self.once(*code_at)?;
                    if in_where {
                        self.symbol(')')?;
                        self.exists()?;
                    }
                    None
                }
                _ => {
                    return self.error(
                        "url = '…' ou valueCodeableConcept.coding.code = '…'",
                        "url = '…' or valueCodeableConcept.coding.code = '…'",
                    );
                }
            };
            if let Some(place) = wanted {
                *place = self.once(*place)?;
            }
            match self.peek() {
                Some(Token::Word(word)) if word.eq_ignore_ascii_case("and") => self.at += 1,
                _ => return Ok(()),
            }
        }
    }

    /// A text, at a place that holds none so far.
    fn once(&mut self, place: usize) -> Result<usize> {
        if place != self.tokens.len() {
            return self.error("un seul critère de chaque sorte", "one criterion of each kind");
        }
        let at = self.at;
        self.quoted()?;
        Ok(at)
    }

    /// `.coding.code =`, `.coding.first().code =`, or `.coding.where(code =`; true for the last.
    fn code_path(&mut self) -> Result<bool> {
        self.symbol('.')?;
        self.word("coding")?;
        self.symbol('.')?;
        let mut in_where = false;
        match self.peek() {
            Some(Token::Word(word)) if word == "first" => {
                self.at += 1;
                self.symbol('(')?;
                self.symbol(')')?;
                self.symbol('.')?;
            }
            Some(Token::Word(word)) if word == "where" => {
                self.at += 1;
                self.symbol('(')?;
                in_where = true;
            }
            _ => {}
        }
        self.word("code")?;
        self.symbol('=')?;
        Ok(in_where)
    }

    /// An optional `.exists()`.
    fn exists(&mut self) -> Result<()> {
        if self.is_symbol('.') {
            self.symbol('.')?;
            self.word("exists")?;
            self.symbol('(')?;
            self.symbol(')')?;
        }
        Ok(())
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn is_symbol(&self, symbol: char) -> bool {
        self.peek() == Some(&Token::Symbol(symbol))
    }

    fn word(&mut self, wanted: &str) -> Result<()> {
        match self.peek() {
            Some(Token::Word(word)) if word == wanted => {
                self.at += 1;
                Ok(())
            }
            _ => self.error(&format!("« {wanted} »"), &format!("`{wanted}`")),
        }
    }

    fn symbol(&mut self, wanted: char) -> Result<()> {
        if self.is_symbol(wanted) {
            self.at += 1;
            return Ok(());
        }
        self.error(&format!("« {wanted} »"), &format!("`{wanted}`"))
    }

    fn quoted(&mut self) -> Result<String> {
        match self.quoted_at(self.at) {
            Some(text) => {
                self.at += 1;
                Ok(text)
            }
            None => self.error("un texte entre guillemets", "a text between quotes"),
        }
    }

    fn quoted_at(&self, at: usize) -> Option<String> {
        match self.tokens.get(at) {
            Some((_, Token::Quoted(text))) => Some(text.clone()),
            _ => None,
        }
    }

    fn error<T>(&self, fr: &str, en: &str) -> Result<T> {
        let character = self.tokens.get(self.at).map_or(self.end, |(at, _)| *at);
        Err(PathError { character, expected: Text::new(fr, en) })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]
    use super::*;

    fn key(codes: &[(KeyMember, &str)]) -> RecordKey {
        let mut key = RecordKey::default();
        for (member, code) in codes {
            key.set(*member, code);
        }
        key
    }

    const WHERE_URL: &str = "where(url='https://interop.esante.gouv.fr/ig/fhir/ror/StructureDefinition/ror-location-supported-capacity')";

    fn records(criteria: &str) -> String {
        format!("Location.extension.{WHERE_URL}.where({criteria})")
    }

    #[test]
    fn the_documented_forms_are_read() {
        assert_eq!(parse("Location"), Ok(Selection::Location));
        assert_eq!(parse("Location.extension"), Ok(Selection::Extensions));
        assert_eq!(parse(&format!("Location.extension.{WHERE_URL}")), Ok(Selection::Records));
        assert_eq!(parse(&format!("Location.extension('{SUPPORTED_CAPACITY}')")), Ok(Selection::Records));
        let criteria = "extension.where(url = 'capacityStatus' and valueCodeableConcept.coding.code = '02') and extension.where(url = 'genderCapacityAvailable' and valueCodeableConcept.coding.code = '03')";
        let expected = key(&[(KeyMember::Status, "02"), (KeyMember::Gender, "03")]);
        assert_eq!(parse(&records(criteria)), Ok(Selection::Record(expected)));
    }

    #[test]
    fn liberties_change_nothing() {
        let expected =
            Ok(Selection::Record(key(&[(KeyMember::Status, "05"), (KeyMember::ClosingType, "01")])));
        for criteria in [
            "extension.where(url='capacityStatus' AND valueCodeableConcept.coding.code='05') And extension.where(url='capacityClosingType' and valueCodeableConcept.coding.code='01')",
            "extension.where(valueCodeableConcept.coding.code = \"01\" and url = \"capacityClosingType\")\n and\textension . where ( url = 'capacityStatus' and valueCodeableConcept . coding . code = '05' )",
            "extension.where(url='capacityStatus' and valueCodeableConcept.coding.where(code='05').exists()).exists() and extension.where(url='capacityClosingType' and value.coding.first().code='01').exists()",
            "(extension.where((url='capacityStatus') and (valueCodeableConcept.coding.code='05'))) and (extension.where(url='capacityClosingType' and valueCodeableConcept.coding.code='01'))",
        ] {
            assert_eq!(parse(&records(criteria)), expected, "{criteria}");
            let turned = format!("Location.extension.where({criteria}).{WHERE_URL}");
            assert_eq!(parse(&turned), expected, "{turned}");
        }
        let apart = "extension.where(url='capacityStatus' and valueCodeableConcept.coding.code='05')).where(extension.where(url='capacityClosingType' and valueCodeableConcept.coding.code='01')";
        assert_eq!(parse(&records(apart)), expected);
    }

    #[test]
    fn an_error_says_at_which_character() {
        for (path, character) in [
            ("", 1),
            ("Organization.extension", 1),
            ("Location.telecom", 10),
            ("Location extension", 10),
            ("Location.extension.where(url='https://example.org/other')", 30),
            ("Location.extension.where(url='unclosed", 30),
            ("Location.extension.where(url=='x')", 30),
            ("Location.extension.where(url='x' or url='y')", 30),
            ("Location.extension[0]", 19),
            ("Location.extension.where(extension.where(url='crisisType'))", 58),
            (
                "Location.extension.where(extension.where(url='capacityType' and valueCodeableConcept.coding.code='01'))",
                46,
            ),
            (
                "Location.extension.where(extension.where(url='crisisType' and valueCodeableConcept.coding.code='01'))",
                102,
            ),
            ("Location.é", 10),
        ] {
            assert_eq!(parse(path).map_err(|error| error.character), Err(character), "{path}");
        }
        let twice = "extension.where(url='crisisType' and valueCodeableConcept.coding.code='01') and extension.where(url='crisisType' and valueCodeableConcept.coding.code='02')";
        assert!(parse(&records(twice)).is_err());
        let or = "extension.where(url='crisisType' and valueCodeableConcept.coding.code='01') or extension.where(url='crisisType' and valueCodeableConcept.coding.code='02')";
        assert!(parse(&records(or)).is_err());
        assert!(parse("Location.telecom").unwrap_err().at("").what.en.contains("character 10"));
    }

    #[test]
    fn what_is_too_long_or_too_deep_is_refused() {
        assert!(parse(&"x".repeat(100_000)).is_err());
        assert!(parse(&format!("Location.extension.where({}", "(".repeat(5_000))).is_err());
        assert!(parse(&records(&format!("extension.where({}", "(".repeat(5_000)))).is_err());
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "(Location|extension|where|url|and|\\.|\\(|\\)|=|'x'|'| |é|\\\\){0,40}") {
            let _ = parse(&text);
        }
    }
}
