//! Events of the wire, schema 1: connections, handshakes, exchanges and what the gates decided.

use serde::{Deserialize, Serialize};

/// Which part of the mock a listener or a request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    /// The authorisation server's token endpoint.
    Token,
    /// FHIR reading (`/ws-diffusion-fhir`).
    Fhir,
    /// The bed capacity feed (`/ws-synchro-dispo-lits-fhir`).
    Capacity,
    /// Anomalies (`/anomalies`).
    Anomalies,
    /// A path that no API serves.
    Elsewhere,
}

/// A client opened a TCP connection.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ConnectionOpened {
    /// Number of the connection within the scenario, from 1.
    pub connection: u32,
    /// `authorisation-server`, `api`, `all`, `another-host`, or `plain-http`: without TLS.
    pub listener: String,
    /// Address of the client.
    pub peer: String,
    /// The step to which this listener belongs, when it plays a server that must be refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// What is wrong with that server: `expired`, `wrong-host`… as in `step-started`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defect: Option<String>,
    /// The instance of the client to which this listener belongs, when several act side by side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<u32>,
}

/// How the TLS handshake ended.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Handshake {
    /// The connection.
    pub connection: u32,
    /// None when it succeeded, otherwise why it failed, in English, as the TLS library says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// `TLSv1.2` or `TLSv1.3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Cipher suite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
    /// Application protocol agreed: `h2` or `http/1.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<String>,
    /// Server name that the client asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// The certificate that the client showed; none when it showed none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateFacts>,
    /// The certificate that the mock showed, or would have shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_certificate: Option<ServerCertificate>,
    /// Whether what the client had to judge was handed to the connection: the mock's certificates, or what stands in
    /// for them on a listener that plays a server without any.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shown: bool,
    /// Of a failure, its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<HandshakeCause>,
    /// The TLS alert that the client sent, by name and number: `unknown_ca (48)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
    /// The TLS alert by which the mock refused the client's certificate, by name and number: `certificate_expired (45)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_sent: Option<String>,
    /// The status of its certificate that the mock had to staple; none when it had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staple: Option<Staple>,
}

/// The status (OCSP) of its certificate that the mock had to staple to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staple {
    /// What it says: `good` or `revoked`.
    pub status: String,
    /// Whether the client asked for it (status_request, RFC 6066 §8): only then it is sent. None when its ClientHello
    /// could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<bool>,
}

/// Why a handshake failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandshakeCause {
    /// The client refused, with an alert.
    Alert,
    /// The client closed or reset the connection.
    ClosedByClient,
    /// Nothing came any more, or the listener was closed in the middle.
    Unfinished,
    /// The client speaks HTTP without TLS.
    PlainHttp,
    /// The client speaks HTTP without TLS as to a proxy: CONNECT, or a whole URL in the request line.
    AsProxy,
    /// The client offers no version of TLS from 1.2 on.
    OldTls,
    /// The client offers no cipher suite that the mock has.
    NoCommonSuite,
    /// What the client sent is no TLS.
    NotTls,
    /// The client went on with the obsolete version of TLS that a listener pretends to have.
    OldTlsAccepted,
    /// The mock refused the client's certificate with an alert, as the scenario wants it: no fault of the client's TLS.
    ClientCertificate,
    /// Anything else.
    Other,
}

/// The certificate that the mock showed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ServerCertificate {
    /// Subject, RFC 4514.
    pub subject: String,
    /// Issuer, RFC 4514.
    pub issuer: String,
    /// Start of validity, RFC 3339.
    pub not_before: String,
    /// End of validity, RFC 3339.
    pub not_after: String,
    /// Names that it is for (subjectAltName).
    pub names: Vec<String>,
    /// SHA-256 of the certificate, hexadecimal.
    pub sha256: String,
    /// Number of certificates that were sent.
    pub chain: usize,
    /// How it is signed: `sha256WithRSAEncryption`, or the number of another algorithm.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub signature: String,
}

/// A client certificate as it was shown.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CertificateFacts {
    /// Subject, RFC 4514.
    pub subject: String,
    /// Issuer, RFC 4514.
    pub issuer: String,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// Start of validity, RFC 3339.
    pub not_before: String,
    /// End of validity, RFC 3339.
    pub not_after: String,
    /// SHA-256 of the certificate, hexadecimal.
    pub sha256: String,
    /// Number of certificates that came with it.
    pub chain: usize,
    /// All that is wrong with it, stable names: `expired`, `not-yet-valid`, `unknown-authority`, `wrong-usage`…
    pub faults: Vec<String>,
}

/// A whole request was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Number of the exchange within the scenario, from 1.
    pub exchange: u32,
    /// The connection it came on.
    pub connection: u32,
    /// Which API it is for, by its path.
    pub api: Api,
    /// When its first byte was known to have been read (never earlier than that).
    pub first_byte_us: u64,
    /// Method.
    pub method: String,
    /// Path and query exactly as sent, secrets redacted.
    pub target: String,
    /// Whether the request line held a whole URL (absolute-form, RFC 9112 §3.2.2), as for a proxy.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub absolute_form: bool,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// Headers in the order received, names in lower case, secrets redacted.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Body,
    /// For a bearer token that the mock issued: seconds that it still had (negative: expired); none otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_remaining_s: Option<f64>,
    /// The client_id that the mock granted this bearer token to; none for another token or none at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_client_id: Option<String>,
}

/// A body: inline when short and text, in `bodies/` when long, by digest in any case.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Body {
    /// Size in bytes on the wire, before redaction.
    pub size: u64,
    /// SHA-256 (hexadecimal) of the redacted bytes; empty for an empty body.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sha256: String,
    /// The redacted text, when it is short UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Name of the file in `bodies/`, when it is not inline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Whether it was cut at the size that the bench keeps.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// A gate, the quota or a fault decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The exchange.
    pub exchange: u32,
    /// `quota-level-1`, `client-id`, `credential`, `token`, `whitelist`, `quota-level-2`, `suspension`, `headers`, `grant`, `route`, `scripted`.
    pub gate: String,
    /// Whether the request may go on.
    pub passed: bool,
    /// Why, in English, for the evidence.
    pub reason: String,
    /// For quotas: calls counted in the window before this one, and the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<QuotaState>,
}

/// The state of a quota's window when it decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaState {
    /// Calls in the window, before this one.
    pub before: u32,
    /// Calls in the window, this one included.
    pub after: u32,
    /// The limit.
    pub limit: u32,
    /// Of a call over the limit: microseconds until one would be within it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens_in_us: Option<u64>,
}

/// An answer was handed to the connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The exchange.
    pub exchange: u32,
    /// Status code; 0 when the connection was cut instead of an answer.
    pub status: u16,
    /// Headers, secrets redacted.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Body,
    /// When the answer was ready, before its last byte was written.
    pub ready_us: u64,
    /// Which scripted reply of the scenario produced it (from 1, in the order of the file); none: the mock's own answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scripted: Option<u32>,
    /// The fault that the answer carries: `reset`, `truncate`…; none for an ordinary answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// The answer's body was handed over whole, or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseEnded {
    /// The exchange.
    pub exchange: u32,
    /// Whether the connection took all of it.
    pub complete: bool,
    /// Whether the mock cut it on purpose; otherwise an answer that is not complete was given up by the client.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

/// A connection ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ConnectionClosed {
    /// The connection.
    pub connection: u32,
    /// None when it ended as connections should, otherwise what happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Bytes of application data that the client sent: what TLS had decrypted, or all without TLS.
    #[serde(default)]
    pub received: u64,
    /// First line of these, redacted, when no whole request was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_line: Option<String>,
    /// Whether the client closed it, orderly or not; otherwise the mock did.
    #[serde(default)]
    pub by_client: bool,
    /// The TLS alert that the client sent after the handshake, by name and number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
}
