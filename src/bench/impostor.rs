//! Servers that a client must refuse: made for one step, in place of the mock's own.

use time::OffsetDateTime;

use super::service::endpoint_variables;
use super::shared::Shared;
use crate::driver::Variables;
use crate::journal::{self, Endpoint};
use crate::pki::CertificateStatus;
use crate::scenario::{Defect, Step};
use crate::server::{Impersonation, Impostor, Manner, Mock, TOKEN_PATH, Tls};

/// How many answers a server gives before its certificate changes.
const ANSWERS_BEFORE: u32 = 2;

/// The impostors of a step while they listen.
#[derive(Default)]
pub(super) struct Impostors {
    listening: Vec<Impersonation>,
    /// What the journal says of them.
    pub(super) told: Vec<journal::Impostor>,
}

impl Impostors {
    /// Starts those of a step, and points the adapter's variables to them.
    pub(super) async fn start(
        shared: &Shared,
        mock: &Mock,
        number: u32,
        step: &Step,
        variables: &mut Variables,
    ) -> Result<Self, String> {
        let mut started = Self::default();
        let wanted = step.server.unwrap_or_default();
        for (endpoint, defect) in [(Endpoint::Token, wanted.token), (Endpoint::Api, wanted.api)] {
            let Some(defect) = defect else { continue };
            let failed = |error: &dyn std::fmt::Display| format!("the server `{}`: {error}", defect.name());
            let manner = manner(shared, defect).await.map_err(|error| failed(&error))?;
            let impostor = Impostor { endpoint, defect: defect.name().to_owned(), manner };
            let listening = mock.impersonate(number, impostor).await.map_err(|error| failed(&error))?;
            let token_url = format!("{}{TOKEN_PATH}", listening.origin);
            variables.extend(match endpoint {
                Endpoint::Token => endpoint_variables(Some(&token_url), None),
                Endpoint::Api => endpoint_variables(None, Some(&listening.origin)),
            });
            started.listening.push(listening);
            started.told.push(journal::Impostor {
                endpoint,
                defect: defect.name().to_owned(),
                good: defect.is_good(),
            });
        }
        Ok(started)
    }

    /// Stops them, once what the client did last is told.
    pub(super) async fn end(self) {
        for listening in self.listening {
            listening.end().await;
        }
    }
}

/// TLS with the mock's own certificate, and that status stapled to it.
pub(super) fn stapling(shared: &Shared, status: CertificateStatus) -> Result<Tls, String> {
    let name = match status {
        CertificateStatus::Good => "good",
        CertificateStatus::Revoked => "revoked",
    };
    let response = shared.impostors.status(status, OffsetDateTime::now_utc());
    let response = response.map_err(|error| error.to_string())?;
    shared.tls.stapling(name, response).map_err(|error| error.to_string())
}

async fn manner(shared: &Shared, defect: Defect) -> Result<Manner, String> {
    match defect {
        Defect::Plaintext => return Ok(Manner::Plain),
        Defect::RedirectToHttp => return Ok(Manner::Redirect),
        Defect::OldTls => return Ok(Manner::OldTls),
        Defect::Revoked => return stapling(shared, CertificateStatus::Revoked).map(Manner::Certificate),
        _ => {}
    }
    let impostors = shared.impostors.clone();
    // Making keys is slow, and the other scenarios have their clocks.
    let made =
        tokio::task::spawn_blocking(move || impostors.make(defect.name(), OffsetDateTime::now_utc())).await;
    let identity = made.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    let tls = shared.tls.showing(identity.chain, identity.key).map_err(|error| error.to_string())?;
    Ok(if defect.comes_later() { Manner::Later(tls, ANSWERS_BEFORE) } else { Manner::Certificate(tls) })
}
