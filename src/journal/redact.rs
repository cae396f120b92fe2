//! The one redaction pass: no secret goes past the journal's entry, yet two equal secrets stay recognisable.

use std::sync::RwLock;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use memchr::memmem;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Parameters and JSON members whose value is a secret, whoever made it.
const SECRET_NAMES: [&str; 8] = [
    "client_secret",
    "access_token",
    "refresh_token",
    "id_token",
    "client_assertion",
    "assertion",
    "password",
    "subject_token",
];

/// Headers whose value is a secret.
const SECRET_HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];

/// Shortest text that is taken for a secret when registered: shorter ones would blacken ordinary words.
const SHORTEST_SECRET: usize = 8;

/// Shortest run that is taken for a token or for credentials by its shape.
const SHORTEST_RUN: usize = 16;

/// How a mark begins; the same secret has the same mark everywhere.
pub const REDACTED: &str = "‹redacted:";

/// Replaces secrets by a keyed digest, `‹redacted:0123456789ab›`.
///
/// Few secrets are known by their text (a client's secret); tokens are known by their shape, so that it costs the same
/// however many were granted.
pub struct Redactor {
    key: hmac::Key,
    /// Every spelling of a known secret, the longest first, and what stands in its place.
    known: RwLock<Vec<(String, String)>>,
}

impl Redactor {
    /// A redactor with its own random key, so that digests of one run say nothing about another.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn new() -> Result<Self, aws_lc_rs::error::Unspecified> {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key)?;
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, &key), known: RwLock::default() })
    }

    /// From now on, this text is removed wherever it stands, also percent-encoded or within Base64.
    pub fn register(&self, secret: &str) {
        if secret.len() < SHORTEST_SECRET {
            return;
        }
        let mark = self.mark(secret);
        let Ok(mut known) = self.known.write() else { return };
        let plain = [secret.to_owned(), utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string()];
        for spelling in plain.into_iter().chain(within_base64(secret)) {
            if !known.iter().any(|(held, _)| *held == spelling) {
                known.push((spelling, mark.clone()));
            }
        }
        // A secret may hold a shorter one.
        known.sort_by_key(|(spelling, _)| std::cmp::Reverse(spelling.len()));
    }

    /// What stands in the place of that secret.
    #[must_use]
    pub fn mark(&self, secret: &str) -> String {
        let tag = hmac::sign(&self.key, secret.as_bytes());
        format!("{REDACTED}{}›", super::hex(&tag.as_ref()[..6]))
    }

    /// A header's value without secrets; the scheme of `Authorization` stays readable.
    #[must_use]
    pub fn header(&self, name: &str, value: &str) -> String {
        if !SECRET_HEADERS.contains(&name) {
            return self.text(value);
        }
        match value.split_once(' ') {
            Some((scheme, secret)) if name.ends_with("authorization") => {
                format!("{scheme} {}", self.mark(secret.trim()))
            }
            _ => self.mark(value),
        }
    }

    /// A request target without secrets: known ones, and the values of parameters that are secrets by their name.
    #[must_use]
    pub fn target(&self, target: &str) -> String {
        let Some((path, query)) = target.split_once('?') else { return self.text(target) };
        format!("{}?{}", self.text(path), self.form(query))
    }

    /// A form or a query without secrets, everything else exactly as it was sent.
    #[must_use]
    pub fn form(&self, form: &str) -> String {
        let pairs = form.split('&').map(|pair| match pair.split_once('=') {
            Some((name, value)) if is_secret_name(&decoded(name)) && !value.is_empty() => {
                format!("{name}={}", self.mark(&decoded(value)))
            }
            _ => self.text(pair),
        });
        pairs.collect::<Vec<_>>().join("&")
    }

    /// A JSON text without secrets: known ones, and the values of members that are secrets by their name.
    #[must_use]
    pub fn json(&self, text: &str) -> String {
        if !SECRET_NAMES.iter().any(|name| find(text, name).is_some()) {
            return self.text(text);
        }
        match serde_json::from_str::<serde_json::Value>(text) {
            Ok(mut value) => {
                self.members(&mut value);
                self.text(&value.to_string())
            }
            Err(_) => self.text(text),
        }
    }

    /// Any text without the known secrets, and without what has the shape of a token or of HTTP credentials.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let Ok(known) = self.known.read() else { return "‹redacted›".to_owned() };
        let mut clean = text.to_owned();
        for (spelling, mark) in known.iter() {
            if find(&clean, spelling).is_some() {
                clean = clean.replace(spelling.as_str(), mark);
            }
        }
        let clean = self.runs(&clean, "eyJ", 0, is_of_a_token);
        let clean = self.runs(&clean, "Basic ", "Basic ".len(), is_of_base64);
        self.runs(&clean, "basic ", "basic ".len(), is_of_base64)
    }

    /// Marks every run of such characters that begins `skip` bytes after `start`, if it is long enough for a secret.
    fn runs(&self, text: &str, start: &str, skip: usize, belongs: fn(char) -> bool) -> String {
        let mut clean = String::new();
        let mut rest = text;
        while let Some(at) = find(rest, start) {
            let begin = at + skip;
            let length = rest[begin..].find(|character| !belongs(character)).unwrap_or(rest.len() - begin);
            clean.push_str(&rest[..begin]);
            let run = &rest[begin..begin + length];
            if length >= SHORTEST_RUN {
                clean.push_str(&self.mark(run));
            } else {
                clean.push_str(run);
            }
            // At least one step on, whatever was found.
            let next = (begin + length).max(at + start.len());
            clean.push_str(&rest[(begin + length)..next]);
            rest = &rest[next..];
        }
        clean.push_str(rest);
        clean
    }

    fn members(&self, value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(members) => {
                for (name, member) in members.iter_mut() {
                    match member {
                        serde_json::Value::String(secret) if is_secret_name(name) => {
                            *secret = self.mark(secret)
                        }
                        other => self.members(other),
                    }
                }
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| self.members(item)),
            _ => {}
        }
    }
}

/// Where one text stands in another. Every body goes through here several times; the search of the standard library is
/// compiled with this crate, and slow in a build without optimisation.
fn find(text: &str, wanted: &str) -> Option<usize> {
    memmem::find(text.as_bytes(), wanted.as_bytes())
}

/// A form's name or value as it is meant.
fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

/// What of a secret can be seen in the Base64 of a text that holds it, whatever stands before and after: the same three
/// spellings for every place that it can have in a group of three bytes, in both alphabets.
fn within_base64(secret: &str) -> Vec<String> {
    let mut spellings = Vec::new();
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(secret.as_bytes());
        let whole = bytes.len() / 3 * 4;
        // The first characters hold bits of what stands before.
        let first = [0, 2, 3][before];
        for encoded in [STANDARD.encode(&bytes), URL_SAFE.encode(&bytes)] {
            if let Some(core) = encoded.get(first..whole).filter(|core| core.len() >= SHORTEST_SECRET) {
                spellings.push(core.to_owned());
            }
        }
    }
    spellings
}

fn is_of_a_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.' | '=')
}

fn is_of_base64(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '-' | '_' | '=')
}

fn is_secret_name(name: &str) -> bool {
    SECRET_NAMES.contains(&name)
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_known_secret_goes_in_every_spelling_and_stays_comparable() {
        let redactor = Redactor::new().unwrap();
        let secret = "s3cret/with+signs";
        redactor.register(secret);
        let mark = redactor.mark(secret);
        for carrier in ["x s3cret/with+signs y", "x s3cret%2Fwith%2Bsigns y"] {
            assert_eq!(redactor.text(carrier), format!("x {mark} y"));
        }
        for before in ["", "a", "ab", "abc:", "client-id:"] {
            for encoded in
                [STANDARD.encode(format!("{before}{secret}!")), URL_SAFE.encode(format!("{before}{secret}"))]
            {
                let clean = redactor.text(&format!("x{encoded}"));
                assert!(clean.contains(&mark), "{before}: {clean}");
            }
        }
        // However the form spells it.
        for form in ["client_secret=s3cret%2Fwith%2Bsigns", "client_secret=s3cret/with%2bsigns"] {
            assert_eq!(redactor.form(form), format!("client_secret={mark}"));
        }
        assert!(redactor.form("client%5Fsecret=unheard-of").contains("‹redacted:"));
    }

    #[test]
    fn tokens_and_credentials_are_known_by_their_shape() {
        let redactor = Redactor::new().unwrap();
        let token = "eyJhbGciOiJFUzI1NiJ9.eyJleHAiOjF9.c2ln";
        let mark = redactor.mark(token);
        let said = format!("got {token}, then {token}");
        assert_eq!(redactor.text(&said), format!("got {mark}, then {mark}"));
        let clean = redactor.text("> Authorization: Basic Y2xpZW50OnNlY3JldC1vZi1pdA==\nnext");
        assert!(
            clean.starts_with("> Authorization: Basic ‹redacted:") && clean.ends_with("\nnext"),
            "{clean}"
        );
        for innocent in ["Basic care is given", "eyJ", "the basic rules", "é eyJ é"] {
            assert_eq!(redactor.text(innocent), innocent);
        }
    }

    #[test]
    fn secrets_are_known_by_their_place_too() {
        let redactor = Redactor::new().unwrap();
        let mark = redactor.mark("abc");
        assert_eq!(redactor.header("authorization", "Bearer abc"), format!("Bearer {mark}"));
        assert_eq!(redactor.form("a=1&client_secret=abc&b=%20"), format!("a=1&client_secret={mark}&b=%20"));
        assert_eq!(redactor.target("/x?access_token=abc"), format!("/x?access_token={mark}"));
        assert_eq!(
            redactor.json(r#"{"access_token":"abc","n":1}"#),
            format!(r#"{{"access_token":"{mark}","n":1}}"#)
        );
    }

    #[test]
    fn short_words_are_not_taken_for_secrets() {
        let redactor = Redactor::new().unwrap();
        redactor.register("pass");
        assert_eq!(redactor.text("passed"), "passed");
    }
}
