//! What the body of an answer holds: undone from its coding, then read as JSON.

use std::io::Read;

use flate2::read::GzDecoder;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde_json::{Value, json};

use super::flaws::{Flaw, FlawSet};
use super::transport::{Answer, MAX_BODY};

/// The largest answer that `small-buffer` reads, in bytes.
const SMALL_BUFFER: usize = 2 * 1024 * 1024;

/// The answer without its content coding (RFC 9110 §8.4).
///
/// # Errors
/// A sentence when the coding is another one than gzip, is broken, or hides more than is read of an answer.
pub(crate) fn decoded(mut answer: Answer, flaws: &FlawSet) -> Result<Answer, String> {
    let coding = answer.headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?").trim());
    match coding.map(str::to_ascii_lowercase).as_deref() {
        None | Some("" | "identity") => Ok(answer),
        _ if flaws.has(Flaw::GzipNotDecoded) => Ok(answer),
        Some("gzip" | "x-gzip") => {
            let mut plain = Vec::new();
            // One byte more than is read, so that too much is told from just enough.
            let limit = MAX_BODY as u64 + 1;
            let read = GzDecoder::new(answer.body.as_ref()).take(limit).read_to_end(&mut plain);
            match read {
                Err(error) => Err(format!("the answer is no gzip: {error}")),
                Ok(length) if length > MAX_BODY => Err("the answer is too long".to_owned()),
                Ok(_) => {
                    answer.body = plain.into();
                    answer.headers.remove(CONTENT_ENCODING);
                    Ok(answer)
                }
            }
        }
        Some(other) => Err(format!("the answer has the coding {other}, which nobody asked for")),
    }
}

/// The JSON document that the answer is, whatever its label says.
///
/// # Errors
/// A sentence when it is none.
pub(crate) fn document(answer: &Answer, flaws: &FlawSet) -> Result<Value, String> {
    if flaws.has(Flaw::SmallBuffer) && answer.body.len() > SMALL_BUFFER {
        return Err("the answer is longer than the buffer".to_owned());
    }
    let label = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if flaws.has(Flaw::MislabelledIsEmpty) && !label.contains("json") {
        return Ok(nothing());
    }
    match serde_json::from_slice(&answer.body) {
        Ok(document) => Ok(document),
        Err(_) if flaws.has(Flaw::UnreadableIsEmpty) => Ok(nothing()),
        Err(error) => Err(format!("the answer is not JSON: {error}")),
    }
}

/// A search without results: what the flaws take for an answer.
pub(crate) fn nothing() -> Value {
    json!({ "resourceType": "Bundle", "type": "searchset", "total": 0 })
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use hyper::HeaderMap;
    use hyper::header::HeaderValue;

    use super::*;

    fn answer(coding: &'static str, body: &[u8]) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
        Answer { status: 200, headers, body: body.to_vec().into() }
    }

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_undone_and_other_codings_are_told() {
        let none = FlawSet::none();
        let read = |coding, body: &[u8]| decoded(answer(coding, body), &none).map(|answer| answer.body);
        assert_eq!(read("gzip", &gzip(b"{}")).unwrap().as_ref(), b"{}");
        assert_eq!(read("identity", b"{}").unwrap().as_ref(), b"{}");
        assert!(read("br", b"{}").unwrap_err().contains("br"));
        assert!(read("gzip", b"{}").unwrap_err().contains("no gzip"));
        let whole = gzip(b"{\"resourceType\":\"Bundle\"}");
        assert!(read("gzip", &whole[..whole.len() - 6]).is_err(), "cut");
    }

    #[test]
    fn a_document_is_json_whatever_its_label() {
        let none = FlawSet::none();
        assert_eq!(document(&answer("identity", b"{\"a\":1}"), &none).unwrap(), json!({ "a": 1 }));
        let broken = answer("identity", b"{\"a\" 1}");
        assert!(document(&broken, &none).is_err());
        assert_eq!(document(&broken, &Flaw::UnreadableIsEmpty.into()).unwrap(), nothing());
    }
}
