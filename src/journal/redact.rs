//! The one redaction pass: no secret goes past the journal's entry, yet two equal secrets stay recognisable.

use std::collections::BTreeMap;
use std::sync::RwLock;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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

/// Replaces secrets by a keyed digest, `‹redacted:0123456789ab›`.
pub struct Redactor {
    key: hmac::Key,
    /// Every spelling of a known secret, and the digest of the secret itself.
    known: RwLock<BTreeMap<String, String>>,
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

    /// From now on, this text is removed wherever it stands, also percent-encoded or in Base64.
    pub fn register(&self, secret: &str) {
        if secret.len() < SHORTEST_SECRET {
            return;
        }
        let mark = self.mark(secret);
        let Ok(mut known) = self.known.write() else { return };
        for spelling in [
            secret.to_owned(),
            utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
            STANDARD.encode(secret),
        ] {
            known.insert(spelling, mark.clone());
        }
    }

    /// What stands in the place of that secret.
    #[must_use]
    pub fn mark(&self, secret: &str) -> String {
        let tag = hmac::sign(&self.key, secret.as_bytes());
        format!("‹redacted:{}›", super::hex(&tag.as_ref()[..6]))
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
            Some((name, value)) if is_secret_name(name) && !value.is_empty() => {
                let decoded =
                    percent_encoding::percent_decode_str(value).decode_utf8_lossy().replace('+', " ");
                format!("{name}={}", self.mark(&decoded))
            }
            _ => self.text(pair),
        });
        pairs.collect::<Vec<_>>().join("&")
    }

    /// A JSON text without secrets: known ones, and the values of members that are secrets by their name.
    #[must_use]
    pub fn json(&self, text: &str) -> String {
        if !SECRET_NAMES.iter().any(|name| text.contains(name)) {
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

    /// Any text without the known secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let Ok(known) = self.known.read() else { return "‹redacted›".to_owned() };
        let mut clean = text.to_owned();
        // Longest first: a secret may hold a shorter one.
        let mut spellings: Vec<_> = known.iter().collect();
        spellings.sort_by_key(|(spelling, _)| std::cmp::Reverse(spelling.len()));
        for (spelling, mark) in spellings {
            if clean.contains(spelling.as_str()) {
                clean = clean.replace(spelling.as_str(), mark);
            }
        }
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
        redactor.register("s3cret/with+signs");
        let mark = redactor.mark("s3cret/with+signs");
        for carrier in ["x s3cret/with+signs y", "x s3cret%2Fwith%2Bsigns y", "x czNjcmV0L3dpdGgrc2lnbnM= y"]
        {
            assert_eq!(redactor.text(carrier), format!("x {mark} y"));
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
