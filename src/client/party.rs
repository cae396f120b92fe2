//! As whom the client calls: the consumer of data, or the supplier of bed capacities. Two services for the ROR, each
//! with its own client_id, certificate and token.

use std::path::Path;

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};

use super::call::Session;
use super::error::ClientError;
use super::flaws::Flaw;
use super::settings::Settings;
use super::state::State;
use super::tls::{self, Identity};
use super::transport::Pool;

/// As whom the client calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Party {
    /// `ROR_CLIENT_ID`, with a secret (profile 0) or a certificate.
    Consumer,
    /// `ROR_SUPPLIER_CLIENT_ID`, always with a certificate.
    Supplier,
}

impl Party {
    /// The client_id.
    ///
    /// # Errors
    /// It is absent.
    pub(crate) fn client_id(self, settings: &Settings) -> Result<&str, ClientError> {
        match self {
            Self::Consumer => settings.require("ROR_CLIENT_ID"),
            Self::Supplier => settings.require("ROR_SUPPLIER_CLIENT_ID").map_err(|_| {
                let message = "the feed has an identity of its own: ROR_SUPPLIER_CLIENT_ID is missing";
                ClientError::Settings(message.to_owned())
            }),
        }
    }

    /// The client secret, where it stands in for a certificate.
    pub(crate) fn secret(self, settings: &Settings) -> Option<&str> {
        match self {
            Self::Consumer => settings.get("ROR_CLIENT_SECRET"),
            Self::Supplier => None,
        }
    }

    /// The connections to the token endpoint and to the API: the certificate is shown to the token endpoint only,
    /// where it stands in for a secret.
    ///
    /// # Errors
    /// A certificate file is missing or cannot be used.
    pub(crate) fn pools(self, session: &Session) -> Result<(Pool, Pool), ClientError> {
        let settings = &session.settings;
        let Some(authorities) = settings.get("ROR_CA_CERT").map(Path::new) else {
            return Ok((Pool::new(None), Pool::new(None)));
        };
        let mut identity = self.identity(settings)?.filter(|_| !session.flaws.has(Flaw::NoClientCertificate));
        if session.flaws.has(Flaw::KeepsFirstCertificate) && self == Self::Consumer {
            identity = first_identity(settings, identity)?;
        }
        let flaws = &session.flaws;
        let for_tokens = Pool::new(Some(tls::connector(authorities, identity.as_ref(), flaws)?));
        let for_api = Pool::new(Some(tls::connector(authorities, None, flaws)?));
        Ok((for_tokens.with_flaws(flaws), for_api.with_flaws(flaws)))
    }

    fn identity(self, settings: &Settings) -> Result<Option<Identity>, ClientError> {
        let (certificate, key) = match self {
            Self::Consumer => ("ROR_CLIENT_CERT", "ROR_CLIENT_KEY"),
            Self::Supplier => ("ROR_SUPPLIER_CERT", "ROR_SUPPLIER_KEY"),
        };
        match (settings.get(certificate), settings.get(key)) {
            _ if self.secret(settings).is_some() => Ok(None),
            (Some(certificate), Some(key)) => {
                Ok(Some(Identity { certificate: certificate.into(), key: key.into() }))
            }
            (None, None) if self == Self::Consumer => Ok(None),
            _ => {
                let message = format!("{certificate} and {key} go together, one of them is missing");
                Err(ClientError::Settings(message))
            }
        }
    }
}

/// The certificate of the first action, for `keeps-first-certificate`.
fn first_identity(settings: &Settings, given: Option<Identity>) -> Result<Option<Identity>, ClientError> {
    const FILE: &str = "first-certificate.json";
    let state = State::of(settings);
    if let Some((certificate, key)) = state.read(FILE)? {
        return Ok(Some(Identity { certificate, key }));
    }
    if let Some(identity) = &given {
        state.write(FILE, &(&identity.certificate, &identity.key))?;
    }
    Ok(given)
}

/// The four headers that carry the access rights assigned to the service; those that it was given.
///
/// # Errors
/// A value cannot stand in a header.
pub(crate) fn ror_headers(session: &Session) -> Result<HeaderMap, ClientError> {
    const HEADERS: [(&str, &str); 4] = [
        ("ror-profil-utilisateur-code", "ROR_PROFIL_UTILISATEUR_CODE"),
        ("ror-profil-utilisateur-system", "ROR_PROFIL_UTILISATEUR_SYSTEM"),
        ("ror-role-metier-code", "ROR_ROLE_METIER_CODE"),
        ("ror-role-metier-system", "ROR_ROLE_METIER_SYSTEM"),
    ];
    let flaws = &session.flaws;
    let mut headers = HeaderMap::new();
    if flaws.has(Flaw::RefusalIsEmpty) {
        return Ok(headers);
    }
    for (name, variable) in HEADERS {
        let Some(value) = session.settings.get(variable) else {
            continue;
        };
        if flaws.has(Flaw::MissingRoleHeaders) && name.starts_with("ror-role-metier") {
            continue;
        }
        let value = if flaws.has(Flaw::UrnOidSystems) && name.ends_with("-system") {
            format!("urn:oid:{value}")
        } else if flaws.has(Flaw::WrongProfileCode) && name == "ror-profil-utilisateur-code" {
            another_profile_code(value)
        } else {
            value.to_owned()
        };
        let value = HeaderValue::from_str(&value).map_err(|_| unsendable(variable))?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}

fn another_profile_code(assigned: &str) -> String {
    if assigned == "CU23" { "CU22".to_owned() } else { "CU23".to_owned() }
}

/// What the adapter contract handed over cannot stand in a request.
pub(crate) fn unsendable(what: &str) -> ClientError {
    ClientError::Settings(format!("{what} holds characters that cannot be sent"))
}
