//! The status of the server's certificate, stapled to it as an OCSP response (RFC 6960 §4.2.1, RFC 6066 §8). Only what
//! it says is read: a "revoked" that somebody forged ends the connection, as he could have done without it.

/// What a response says of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// It is good, or nobody knows.
    NotRevoked,
    /// It is revoked.
    Revoked,
}

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const ENUMERATED: u8 = 0x0a;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const CONTEXT_0: u8 = 0xa0;
const REVOKED: u8 = 0xa1;

/// What the response (DER) says of the certificate with that serial number; none when it cannot be read or is about
/// others only.
pub(crate) fn of(response: &[u8], serial: &[u8]) -> Option<Status> {
    let mut response = Der(Der(response).value(SEQUENCE)?);
    (response.value(ENUMERATED)? == [0]).then_some(())?;
    let mut bytes = Der(Der(response.value(CONTEXT_0)?).value(SEQUENCE)?);
    bytes.value(OBJECT_IDENTIFIER)?;
    let mut basic = Der(Der(bytes.value(OCTET_STRING)?).value(SEQUENCE)?);
    let mut data = Der(basic.value(SEQUENCE)?);
    // Before the time stand the version, which may be left out, and who answers.
    while data.tag()? != GENERALIZED_TIME {
        data.any()?;
    }
    data.value(GENERALIZED_TIME)?;
    let mut all = Der(data.value(SEQUENCE)?);
    while !all.0.is_empty() {
        let mut single = Der(all.value(SEQUENCE)?);
        let mut about = Der(single.value(SEQUENCE)?);
        about.value(SEQUENCE)?;
        about.value(OCTET_STRING)?;
        about.value(OCTET_STRING)?;
        if about.value(INTEGER)? == serial {
            return Some(if single.tag()? == REVOKED { Status::Revoked } else { Status::NotRevoked });
        }
    }
    None
}

/// What is still to be read.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn tag(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The content of the next value, which must have that tag.
    fn value(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, content) = self.any()?;
        (found == tag).then_some(content)
    }

    /// Tag and content of the next value (X.690 §8.1).
    fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first);
        if first >= 0x80 {
            let (bytes, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (1..=4).contains(&bytes.len()).then_some(())?;
            length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            rest = after;
        }
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// Made by `openssl ocsp`: the certificate 0x1234abcd is revoked; who answers is named.
    const OF_A_REVOKED_ONE: &str = "MIIBPQoBAKCCATYwggEyBgkrBgEFBQcwAQEEggEjMIIBHzCBxqEPMA0xCzAJBgNVBAMMAmNhGA8yMDI2MTEyMTExNDg1M1owfTB7\
        MD0wCQYFKw4DAhoFAAQUEQSM0gyzWSMH0Bn9CIlWK2LTZJIEFK5wqx8wjT1+K7E3HnKNlrZSPFiBAgQSNKvNoRYYDzIwMjYxMTIw\
        MDAwMDAwWqADCgEBGA8yMDI2MTEyMTExNDg1M1qgERgPMjAyNjExMjgxMTQ4NTNaoSMwITAfBgkrBgEFBQcwAQIEEgQQ4rwphmP3\
        sDuOHMIdfrnlkzAKBggqhkjOPQQDAgNIADBFAiBUqEM9Dh6U8VOMxTZ+zpeYjOS0wm+nQTuDMtRifXmVFwIhANpiXBqLhWCjsSzP\
        m2irlD5bNgn6H9CXGWDtKzsKZtwW";
    /// Likewise: the certificate 0x77 is good; who answers is known by the key.
    const OF_A_GOOD_ONE: &str = "MIIBKwoBAKCCASQwggEgBgkrBgEFBQcwAQEEggERMIIBDTCBtKIWBBSucKsfMI09fiuxNx5yjZa2UjxYgRgPMjAyNjExMjExMTQ4\
        NTNaMGQwYjA6MAkGBSsOAwIaBQAEFBEEjNIMs1kjB9AZ/QiJViti02SSBBSucKsfMI09fiuxNx5yjZa2UjxYgQIBd4AAGA8yMDI2\
        MTEyMTExNDg1M1qgERgPMjAyNjExMjgxMTQ4NTNaoSMwITAfBgkrBgEFBQcwAQIEEgQQfXgKgdlBOAmzLBiTIXcobzAKBggqhkjO\
        PQQDAgNIADBFAiAtCUQsCW0WnyOFzC6P4qzuHlmhYNH8N2Y0spANl3dpYgIhAPrru9b6DSj2uErIh2tqFsB8vCSzb9ZTAoD8J4xH\
        l9NT";

    const SERIAL: [u8; 4] = [0x12, 0x34, 0xab, 0xcd];

    #[test]
    fn what_another_program_wrote_is_read() {
        let revoked = STANDARD.decode(OF_A_REVOKED_ONE).unwrap();
        assert_eq!(of(&revoked, &SERIAL), Some(Status::Revoked));
        assert_eq!(of(&STANDARD.decode(OF_A_GOOD_ONE).unwrap(), &[0x77]), Some(Status::NotRevoked));
        // About another certificate.
        assert_eq!(of(&revoked, &[0x77]), None);
        assert_eq!(of(&[], &SERIAL), None);
    }

    #[test]
    fn a_response_cut_anywhere_or_spoilt_anywhere_is_read_without_harm() {
        let good = STANDARD.decode(OF_A_REVOKED_ONE).unwrap();
        for end in 0..good.len() {
            assert_eq!(of(&good[..end], &SERIAL), None);
            for byte in [0, 0x80, 0x84, 0xff] {
                let mut spoilt = good.clone();
                spoilt[end] = byte;
                let _ = of(&spoilt, &SERIAL);
            }
        }
    }
}
