//! The token requests of a step, by the certificate that they came with, and what is said of that certificate.

use super::super::context::Scene;
use super::super::token_form::token_requests;
use super::super::words::{both, quote};
use crate::journal::{Api, CertificateFacts, Exchange, HandedCredential, Step};
use crate::text::Text;

/// The token requests of a step, by the certificate on their connection.
#[derive(Default)]
pub(super) struct Asked<'a> {
    /// The one that was handed; or none, when none was.
    pub(super) as_handed: Vec<&'a Exchange>,
    /// None, although one was handed: TLS libraries leave out what no authority named by the server has issued.
    pub(super) without: Vec<&'a Exchange>,
    /// Another one.
    pub(super) otherwise: Vec<(&'a Exchange, &'a CertificateFacts)>,
}

pub(super) fn asked<'a>(scene: &Scene<'a>, step: &Step, handed: &HandedCredential) -> Asked<'a> {
    let mut asked = Asked::default();
    let number = Some(step.started.step);
    for exchange in token_requests(scene).filter(|exchange| exchange.step == number) {
        let Some(handshake) = scene.evidence.handshake(exchange) else { continue };
        match (&handshake.certificate, &handed.sha256) {
            (None, None) => asked.as_handed.push(exchange),
            (None, Some(_)) => asked.without.push(exchange),
            (Some(shown), Some(sha256)) if shown.sha256 == *sha256 => asked.as_handed.push(exchange),
            (Some(shown), _) => asked.otherwise.push((exchange, shown)),
        }
    }
    asked
}

pub(super) fn is_refused(exchange: &Exchange) -> bool {
    exchange.status().is_some_and(|status| (400..500).contains(&status))
}

pub(super) fn is_of_the_api(exchange: &Exchange) -> bool {
    matches!(exchange.api(), Api::Fhir | Api::Capacity | Api::Anomalies)
}

/// What the mock said of its refusal.
pub(super) fn reason(exchange: &Exchange) -> Option<String> {
    let decision = exchange.decisions.iter().find(|decision| !decision.passed)?;
    Some(quote(&decision.reason))
}

/// What is wrong with a certificate that is handed over, or new.
pub(super) fn what(handed: &HandedCredential) -> Text {
    match handed.name.as_str() {
        "none" => both!("aucun certificat", "no certificate"),
        "expired" => both!("certificat expiré", "expired certificate"),
        "not-yet-valid" => both!("certificat pas encore valide", "certificate not yet valid"),
        "unknown-authority" => both!("autorité inconnue", "unknown authority"),
        "wrong-usage" => both!("certificat de serveur", "certificate of a server"),
        "incomplete-chain" => both!("chaîne sans son intermédiaire", "chain without its intermediate"),
        "not-listed" => both!("certificat que personne n’a déclaré", "certificate that nobody declared"),
        "another-service" => {
            both!("certificat déclaré pour un autre client_id", "certificate declared for another client_id")
        }
        "all-wrong" => both!("plusieurs défauts à la fois", "several defects at once"),
        "renewed" | "replaced" => both!("certificat renouvelé", "renewed certificate"),
        other => Text::same(quote(other)),
    }
}
