//! As much of DER (X.690) as an OCSP response and a signature made by hand take.

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// sha256WithRSAEncryption, RFC 8017 §A.2.4.
pub(super) const SHA256_WITH_RSA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
/// sha1WithRSAEncryption, RFC 8017 §A.2.4.
pub(super) const SHA1_WITH_RSA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05];
/// id-sha1, RFC 8017 §A.2.4.
pub(super) const SHA1: [u8; 5] = [0x2b, 0x0e, 0x03, 0x02, 0x1a];

/// AlgorithmIdentifier without parameters.
pub(super) fn algorithm(identifier: &[u8]) -> Vec<u8> {
    sequence(&[value(OBJECT_IDENTIFIER, identifier), value(NULL, &[])])
}

pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    value(SEQUENCE, &parts.concat())
}

/// Tag, length, content (X.690 §8.1).
pub(super) fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut all = vec![tag];
    let length = content.len().to_be_bytes();
    let bytes: &[u8] = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1)..];
    match (bytes, u8::try_from(bytes.len())) {
        ([short @ 0..=127], _) => all.push(*short),
        (long, count) => {
            all.push(0x80 | count.unwrap_or_default());
            all.extend(long);
        }
    }
    all.extend(content);
    all
}

/// Tags and contents of the values that follow one another in `content`; none when it is cut.
pub(super) fn parts(content: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut rest = content;
    let mut all = Vec::new();
    while let Some((&tag, after)) = rest.split_first() {
        let (&first, after) = after.split_first()?;
        let long = if first < 0x80 { 0 } else { usize::from(first & 0x7f) };
        let (bytes, after) = after.split_at_checked(long)?;
        let length = match long {
            0 => usize::from(first),
            1..=4 => bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)),
            _ => return None,
        };
        let (value, after) = after.split_at_checked(length)?;
        all.push((tag, value));
        rest = after;
    }
    Some(all)
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_short_as_they_can_be() {
        assert_eq!(value(4, &[])[..], [4, 0]);
        assert_eq!(value(4, &[7; 127])[..2], [4, 127]);
        assert_eq!(value(4, &[7; 128])[..3], [4, 0x81, 128]);
        assert_eq!(value(4, &[7; 300])[..4], [4, 0x82, 1, 44]);
    }

    #[test]
    fn what_was_written_is_read_again() {
        let written = [value(INTEGER, &[5]), value(OCTET_STRING, &[7; 300])].concat();
        let read = parts(&written).unwrap();
        assert_eq!(read, [(INTEGER, &[5][..]), (OCTET_STRING, &[7; 300][..])]);
        assert_eq!(parts(&written[..written.len() - 1]), None);
        assert_eq!(parts(&[INTEGER]), None);
    }
}
