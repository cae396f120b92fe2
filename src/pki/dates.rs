//! The dates of the certificates that a campaign uses: a clock that is wrong shows here first.

use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::PkiError;
use super::store::certificates;

/// A certificate of a file, and when it is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated {
    /// The file.
    pub file: PathBuf,
    /// Subject, RFC 4514.
    pub subject: String,
    /// Start of its validity.
    pub not_before: OffsetDateTime,
    /// End of its validity.
    pub not_after: OffsetDateTime,
}

impl Dated {
    /// The certificates of a PEM file, in order; one that cannot be read as X.509 is left out.
    ///
    /// # Errors
    /// When the file cannot be read or holds no certificate.
    pub fn of_file(file: &Path) -> Result<Vec<Self>, PkiError> {
        let dated = |der: &[u8]| {
            let certificate = Certificate::from_der(der).ok()?;
            let content = certificate.tbs_certificate();
            let instant =
                |seconds: u64| OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok();
            Some(Self {
                file: file.to_owned(),
                subject: content.subject().to_string(),
                not_before: instant(content.validity().not_before.to_unix_duration().as_secs())?,
                not_after: instant(content.validity().not_after.to_unix_duration().as_secs())?,
            })
        };
        Ok(certificates(file)?.iter().filter_map(|der| dated(der)).collect())
    }

    /// Whether it is valid at that instant.
    #[must_use]
    pub fn is_valid(&self, now: OffsetDateTime) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::super::Pki;
    use super::*;

    #[test]
    fn a_certificate_is_valid_between_its_dates_only() {
        let folder = tempfile::tempdir().unwrap();
        let now = OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap();
        let pki = Pki::open_or_make(folder.path(), &[], now).unwrap();
        let chain = Dated::of_file(&pki.client.certificate).unwrap();
        assert_eq!((chain.len(), chain[0].subject.as_str()), (2, pki.client.subject.as_str()));
        assert!(chain.iter().all(|dated| dated.is_valid(now)));
        assert!(!chain[0].is_valid(now - time::Duration::days(30)));
        assert!(!chain[0].is_valid(now + time::Duration::days(4000)));
        assert!(Dated::of_file(&pki.client.key).is_err());
    }
}
