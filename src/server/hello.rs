//! The first bytes of a client, read without a TLS library: what a client offers that this server cannot take.
//! RFC 5246 §7.4.1.2, RFC 8446 §4.1.2; every length is checked, nothing is trusted.

use crate::journal::HandshakeCause;

/// Cipher suites of this server, as rustls names their numbers: three of TLS 1.3, six of TLS 1.2.
const SUITES: [u16; 9] = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9];

/// Methods of HTTP, as they begin a request without TLS.
const METHODS: [&str; 9] =
    ["GET ", "POST ", "PUT ", "HEAD ", "PATCH ", "DELETE ", "OPTIONS ", "CONNECT ", "PRI * HTTP/2"];

/// Number of the extension status_request.
const STATUS_REQUEST: u16 = 5;

/// What a ClientHello offers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ClientHello {
    /// Highest version, as `0x0303` for TLS 1.2.
    pub(super) version: u16,
    /// To be sent back by a server that keeps sessions.
    pub(super) session: Vec<u8>,
    /// Cipher suites, in the client's order.
    pub(super) suites: Vec<u16>,
    /// Numbers of its extensions.
    pub(super) extensions: Vec<u16>,
}

impl ClientHello {
    /// Whether the client asks for the status of the server's certificate (status_request, RFC 6066 §8).
    pub(super) fn asks_for_status(&self) -> bool {
        self.extensions.contains(&STATUS_REQUEST)
    }
}

/// Whether these bytes begin an HTTP request.
pub(super) fn is_http(head: &[u8]) -> bool {
    METHODS.iter().any(|method| {
        let length = head.len().min(method.len());
        length > 0 && head[..length] == method.as_bytes()[..length]
    })
}

/// Whether a whole TLS record is there.
pub(super) fn has_record(head: &[u8]) -> bool {
    head.len() >= 5 && head.len() >= 5 + usize::from(u16::from_be_bytes([head[3], head[4]]))
}

/// Why a server of TLS 1.2 and 1.3 cannot go on with a client that began so; none when these bytes are no reason.
pub(super) fn obstacle(head: &[u8]) -> Option<(HandshakeCause, String)> {
    if head.is_empty() {
        return None;
    }
    if is_http(head) {
        let line = super::wire::first_line(head);
        let target = line.split(' ').nth(1).unwrap_or_default();
        let as_proxy = line.starts_with("CONNECT ") || target.contains("://") && !target.starts_with('/');
        return Some((
            if as_proxy { HandshakeCause::AsProxy } else { HandshakeCause::PlainHttp },
            format!("the client speaks HTTP without TLS on a TLS port: {line}"),
        ));
    }
    if head[0] != 22 {
        let reason = "what the client sent first is no TLS handshake";
        return Some((HandshakeCause::NotTls, reason.to_owned()));
    }
    let hello = client_hello(head)?;
    if hello.version < 0x0303 {
        let version = version_name(hello.version);
        let reason = format!("the client offers {version} at most, this server needs TLS 1.2 or TLS 1.3");
        return Some((HandshakeCause::OldTls, reason));
    }
    if !hello.suites.iter().any(|suite| SUITES.contains(suite)) {
        let offered: Vec<String> =
            hello.suites.iter().take(20).map(|suite| format!("0x{suite:04x}")).collect();
        let reason = format!(
            "the client offers no cipher suite that this server has (TLS 1.3, or ECDHE with AES-GCM or ChaCha20): {}",
            offered.join(" ")
        );
        return Some((HandshakeCause::NoCommonSuite, reason));
    }
    None
}

/// Reads the ClientHello of a first record.
pub(super) fn client_hello(head: &[u8]) -> Option<ClientHello> {
    let mut record = Bytes(head);
    (record.byte()? == 22).then_some(())?;
    record.take(2)?;
    let mut message = Bytes(record.long()?);
    (message.byte()? == 1).then_some(())?;
    message.byte()?;
    let mut hello = Bytes(message.long()?);
    let mut version = hello.pair()?;
    hello.take(32)?;
    let session = hello.short()?.to_vec();
    let suites = pairs(hello.long()?);
    hello.short()?;
    let mut extensions = Vec::new();
    let mut rest = Bytes(hello.long().unwrap_or_default());
    while let (Some(number), Some(content)) = (rest.pair(), rest.long()) {
        extensions.push(number);
        // supported_versions, RFC 8446 §4.2.1; values of GREASE (RFC 8701) are no versions.
        if number == 43 && !content.is_empty() {
            let known =
                pairs(&content[1..]).into_iter().filter(|offered| (0x0300..=0x0304).contains(offered));
            version = known.max().unwrap_or(version);
        }
    }
    Some(ClientHello { version, session, suites, extensions })
}

/// `TLS 1.1` for `0x0302`.
fn version_name(version: u16) -> String {
    match version {
        0x0301 => "TLS 1.0".to_owned(),
        0x0302 => "TLS 1.1".to_owned(),
        0x0300 | 0x0002 => "SSL".to_owned(),
        other => format!("version 0x{other:04x}"),
    }
}

/// Name and number of an alert, RFC 8446 §6 and RFC 5246 §7.2: `unknown_ca (48)`.
pub(super) fn alert_name(code: u8) -> String {
    let name = match code {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "alert",
    };
    format!("{name} ({code})")
}

fn pairs(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

/// What is still to be read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn pair(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// What follows a length of one byte.
    fn short(&mut self) -> Option<&'a [u8]> {
        let length = self.byte()?;
        self.take(length.into())
    }

    /// What follows a length of two bytes.
    fn long(&mut self) -> Option<&'a [u8]> {
        let length = self.pair()?;
        self.take(length.into())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;

    /// A ClientHello in one record.
    pub(crate) fn hello(version: u16, suites: &[u16], supported_versions: &[u16]) -> Vec<u8> {
        let mut body = version.to_be_bytes().to_vec();
        body.extend([7; 32]);
        body.extend([2, 9, 9]);
        body.extend(u16::try_from(suites.len() * 2).unwrap().to_be_bytes());
        body.extend(suites.iter().flat_map(|suite| suite.to_be_bytes()));
        body.extend([1, 0]);
        let mut extension = Vec::new();
        if !supported_versions.is_empty() {
            let list: Vec<u8> = supported_versions.iter().flat_map(|version| version.to_be_bytes()).collect();
            let length = u8::try_from(list.len()).unwrap();
            extension.extend([0, 43, 0, length + 1, length]);
            extension.extend(list);
        }
        body.extend(u16::try_from(extension.len()).unwrap().to_be_bytes());
        body.extend(extension);
        let mut message = vec![1, 0];
        message.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        message.extend(body);
        let mut record = vec![22, 3, 1];
        record.extend(u16::try_from(message.len()).unwrap().to_be_bytes());
        record.extend(message);
        record
    }

    fn cause(head: &[u8]) -> Option<HandshakeCause> {
        obstacle(head).map(|(cause, _)| cause)
    }

    #[test]
    fn what_this_server_cannot_take_is_told_from_the_first_bytes() {
        let good = hello(0x0303, &[0x0a0a, 0x1301, 0xc02f], &[0x0304, 0x0303]);
        assert_eq!(cause(&good), None);
        assert!(has_record(&good) && !has_record(&good[..good.len() - 1]));
        assert_eq!(cause(&hello(0x0303, &[0xc02f], &[])), None);

        let (old, why) = obstacle(&hello(0x0302, &[0x002f], &[])).unwrap();
        assert_eq!(old, HandshakeCause::OldTls);
        assert!(why.contains("TLS 1.1 at most"), "{why}");
        assert_eq!(cause(&hello(0x0303, &[0x002f], &[0x0301, 0x0302])), Some(HandshakeCause::OldTls));
        let (suites, why) = obstacle(&hello(0x0303, &[0x002f, 0xc013], &[])).unwrap();
        assert_eq!(suites, HandshakeCause::NoCommonSuite);
        assert!(why.contains("0x002f 0xc013"), "{why}");

        let (plain, why) = obstacle(b"POST /token HTTP/1.1\r\nHost: x\r\n").unwrap();
        assert_eq!(plain, HandshakeCause::PlainHttp);
        assert!(why.ends_with("POST /token HTTP/1.1"), "{why}");
        assert_eq!(cause(b"GE"), Some(HandshakeCause::PlainHttp));
        assert_eq!(cause(b"GET /?next=http://x HTTP/1.1\r\n"), Some(HandshakeCause::PlainHttp));
        assert_eq!(cause(b"CONNECT localhost:443 HTTP/1.1\r\n"), Some(HandshakeCause::AsProxy));
        assert_eq!(cause(b"GET http://localhost:8443/x HTTP/1.1\r\n"), Some(HandshakeCause::AsProxy));
        assert_eq!(cause(b"\x80\x2e\x01"), Some(HandshakeCause::NotTls));
        assert_eq!(cause(b""), None);
    }

    #[test]
    fn a_client_hello_cut_anywhere_or_spoilt_anywhere_is_read_without_harm() {
        let good = hello(0x0303, &[0x1301, 0x00ff], &[0x0304]);
        let read = client_hello(&good).unwrap();
        assert!(!read.asks_for_status());
        assert_eq!((read.version, read.session, read.suites), (0x0304, vec![9, 9], vec![0x1301, 0x00ff]));
        assert_eq!(read.extensions, [43]);
        assert!(ClientHello { extensions: vec![0, 5], ..ClientHello::default() }.asks_for_status());
        for end in 0..good.len() {
            assert_eq!(client_hello(&good[..end]), None);
            let mut spoilt = good.clone();
            spoilt[end] = 0xff;
            let _ = obstacle(&spoilt);
        }
    }

    #[test]
    fn alerts_are_told_by_name_and_number() {
        assert_eq!(alert_name(48), "unknown_ca (48)");
        assert_eq!(alert_name(200), "alert (200)");
    }
}
