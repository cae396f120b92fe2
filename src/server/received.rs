//! A whole request as the gates and routes look at it.

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName};
use hyper::http::request::Parts;

use super::paths::FHIR_PATH;
use super::state::State;
use crate::journal::{Api, CertificateFacts};

/// A whole request.
pub(super) struct Received {
    pub(super) exchange: u32,
    pub(super) api: Api,
    pub(super) parts: Parts,
    /// Path and query as sent.
    pub(super) target: String,
    pub(super) body: Bytes,
    pub(super) certificate: Option<CertificateFacts>,
    /// Port of the listener, for links.
    pub(super) port: u16,
}

impl Received {
    pub(super) fn method(&self) -> &str {
        self.parts.method.as_str()
    }

    /// The method as routes look at it: HEAD is GET without a body (RFC 9110 §9.3.2), which is left out on the wire.
    pub(super) fn routed_method(&self) -> &str {
        if self.method() == "HEAD" { "GET" } else { self.method() }
    }

    /// The media type of the body, without parameters, in lower case; empty when there is none.
    pub(super) fn media_type(&self) -> String {
        let given = self.header(&CONTENT_TYPE).unwrap_or_default();
        given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    pub(super) fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// The query's pairs, decoded, in order.
    pub(super) fn parameters(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
    }

    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.parts.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A header by its name in lower case; one that is sent several times is one list (RFC 9110 §5.3).
    pub(super) fn text_header(&self, name: &str) -> Option<String> {
        let values = self.parts.headers.get_all(name).iter();
        let values: Vec<&str> = values.filter_map(|value| value.to_str().ok()).map(str::trim).collect();
        if values.is_empty() { None } else { Some(values.join(", ")) }
    }

    /// The certificate shown on the connection.
    pub(super) fn certificate(&self) -> Option<&CertificateFacts> {
        self.certificate.as_ref()
    }

    /// Scheme and authority for links: as the client named the mock, if the mock's certificate holds that name.
    pub(super) fn origin(&self, state: &State) -> String {
        let authority = self.parts.uri.authority().map(ToString::to_string);
        let authority = authority.or_else(|| self.header(&HOST).map(str::to_owned));
        let named = authority.filter(|authority| {
            let (name, port) = authority.rsplit_once(':').unwrap_or((authority, "443"));
            let name = name.trim_start_matches('[').trim_end_matches(']');
            port == self.port.to_string() && state.names.iter().any(|known| known.eq_ignore_ascii_case(name))
        });
        let authority = named.unwrap_or_else(|| {
            format!("{}:{}", state.names.first().map_or("localhost", |name| name), self.port)
        });
        format!("https://{authority}")
    }

    /// The FHIR base URL for links.
    pub(super) fn base_url(&self, state: &State) -> String {
        let prefix = if self.path().starts_with(FHIR_PATH) { FHIR_PATH } else { "" };
        format!("{}{prefix}", self.origin(state))
    }
}
