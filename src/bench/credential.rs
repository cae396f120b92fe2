//! Client certificates that a step hands to the client in place of its own.

use std::path::Path;

use time::OffsetDateTime;

use super::shared::Shared;
use crate::driver::Variables;
use crate::journal;
use crate::pki::fingerprint;
use crate::scenario::{HandedCredential, Step};
use crate::server::Mock;

/// The variables that name the client's certificate.
const VARIABLES: [&str; 4] =
    ["ROR_CLIENT_CERT", "ROR_CLIENT_KEY", "ROR_CLIENT_P12", "ROR_CLIENT_P12_PASSWORD"];

/// Points the adapter's variables to the certificate of that step, made in `folder`; what the journal says of it.
/// Nothing is handed in place of a secret (profile 0).
pub(super) async fn hand(
    shared: &Shared,
    mock: &Mock,
    step: &Step,
    folder: &Path,
    variables: &mut Variables,
) -> Result<Option<journal::HandedCredential>, String> {
    let (Some(credential), Some(own)) = (step.credential, shared.service.own_certificate()) else {
        return Ok(None);
    };
    for name in VARIABLES {
        variables.remove(name);
    }
    let (name, good) = (credential.name().to_owned(), credential.is_good());
    if credential == HandedCredential::None {
        return Ok(Some(journal::HandedCredential { name, good, subject: None, sha256: None }));
    }
    let (credentials, into) = (shared.credentials.clone(), folder.to_owned());
    let own_file = own.to_owned();
    // Making keys is slow, and the other scenarios have their clocks.
    let made = tokio::task::spawn_blocking(move || {
        credentials.make(credential.name(), &own_file, &into, OffsetDateTime::now_utc())
    });
    let failed = |error: &dyn std::fmt::Display| format!("the certificate `{}`: {error}", credential.name());
    let handed = made.await.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
    if credential == HandedCredential::Replaced {
        mock.replace_certificate(&fingerprint(own).map_err(|error| failed(&error))?);
    }
    let files = handed.files;
    let mut set = |name: &str, value: String| variables.insert(name.to_owned(), value);
    set("ROR_CLIENT_CERT", files.certificate.display().to_string());
    set("ROR_CLIENT_KEY", files.key.display().to_string());
    if let Some((path, password)) = files.p12 {
        set("ROR_CLIENT_P12", path.display().to_string());
        set("ROR_CLIENT_P12_PASSWORD", password);
    }
    Ok(Some(journal::HandedCredential {
        name,
        good,
        subject: Some(files.subject),
        sha256: Some(handed.sha256),
    }))
}
