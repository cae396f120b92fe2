//! One call of an API, before it is sent.

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Uri};
use serde_json::Value;

use super::FHIR_JSON;

/// One call of an API.
#[derive(Clone)]
pub(crate) struct Call {
    pub(super) method: Method,
    /// The URL, absolute.
    pub(crate) url: Uri,
    /// Its name in messages, without the query.
    pub(crate) name: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Whether the four `Ror-*` headers go with it.
    pub(crate) with_rights: bool,
    /// Whether it may be sent again when its answer was lost.
    pub(crate) repeatable: bool,
    /// Whether one of several workers sends it.
    pub(crate) by_worker: bool,
    /// Whether a 429 interrupts it, for the flaws that start again from the beginning.
    pub(crate) interruptible: bool,
    /// Whether it takes its turn without waiting, for the flaws that hammer.
    pub(crate) hasty: bool,
    /// Whether half an answer is taken for one, for `export-keeps-cut-file`.
    pub(crate) tolerates_cut: bool,
    /// Whether a redirection led to it.
    pub(super) redirected: bool,
}

impl Call {
    /// A GET of `url` that is called `name` in messages.
    pub(crate) fn get(url: Uri, name: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            url,
            name: name.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            with_rights: true,
            repeatable: true,
            by_worker: false,
            interruptible: false,
            hasty: false,
            tolerates_cut: false,
            redirected: false,
        }
    }

    /// A DELETE of `url`.
    pub(crate) fn delete(url: Uri, name: impl Into<String>) -> Self {
        Self { method: Method::DELETE, ..Self::get(url, name) }
    }

    /// A write of `body`, without the access rights, which belong to reading.
    pub(crate) fn write(method: Method, url: Uri, name: impl Into<String>, body: &Value) -> Self {
        let call = Self { method, body: body.to_string().into(), with_rights: false, ..Self::get(url, name) };
        call.with(CONTENT_TYPE, FHIR_JSON)
    }

    /// One more header.
    pub(crate) fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }
}
