//! `credential`: the proof of identity at the token endpoint (ror-fhir §1.2): a certificate and no secret with the
//! profiles 1 to 5, a secret with profile 0.

use schemars::JsonSchema;
use serde::Deserialize;

use super::context::Scene;
use super::token_form::{form, is_basic, is_tolerated_basic, no_token_request, token_requests};
use super::words::{both, named, quote};
use super::{Finding, Kind, Nature};
use crate::journal::{CertificateFacts, Exchange};
use crate::text::Text;

/// The fault of a certificate that came without the authority that issued it.
const INCOMPLETE_CHAIN: &str = "incomplete-chain";

/// `credential`: see [`super::Expect::Credential`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Credential {
    /// What is looked at.
    pub look_at: CredentialFacet,
}

/// What is looked at in the proof of identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialFacet {
    /// The declared certificate is shown (profiles 1 to 5), or the secret is sent (profile 0).
    Proof,
    /// No secret goes with a certificate.
    NoSecret,
}

/// What one token request proves.
enum Proof {
    Given,
    /// What is wrong, and what to do.
    Wrong(Text, Text),
    Unknown,
}

impl Kind for Credential {
    fn title(&self) -> Text {
        match self.look_at {
            CredentialFacet::Proof => both!(
                "Le client prouve son identité au serveur d’autorisation comme son profil le veut",
                "The client proves its identity to the authorisation server as its profile requires"
            ),
            CredentialFacet::NoSecret => both!(
                "Le certificat remplace le secret : aucun secret n’est envoyé",
                "The certificate takes the place of the secret: no secret is sent"
            ),
        }
    }

    fn expected(&self, scene: &Scene<'_>) -> Text {
        let setting = &scene.evidence.setting;
        match (self.look_at, setting.profile, &setting.service.subject) {
            (CredentialFacet::Proof, 0, _) => both!(
                "Le secret attribué, dans le champ client_secret du formulaire (profil 0).",
                "The secret assigned, in the form's field client_secret (profile 0)."
            ),
            (CredentialFacet::Proof, _, Some(subject)) => {
                let subject = quote(subject);
                both!(
                    "Un certificat valide dont le sujet est « {subject} » sur chaque connexion qui demande un jeton.",
                    "A valid certificate whose subject is `{subject}` on every connection that asks for a token."
                )
            }
            (CredentialFacet::Proof, _, None) => both!(
                "Un certificat valide sur chaque connexion qui demande un jeton.",
                "A valid certificate on every connection that asks for a token."
            ),
            (CredentialFacet::NoSecret, ..) => both!(
                "Ni client_secret ni Authorization: Basic dans les demandes de jeton.",
                "Neither client_secret nor Authorization: Basic in the token requests."
            ),
        }
    }

    fn nature(&self) -> Nature {
        Nature::Form
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let profile = scene.evidence.setting.profile;
        if self.look_at == CredentialFacet::NoSecret && profile == 0 {
            return Finding::skipped(
                both!("Profil 0 : identification par secret.", "Profile 0: identification by secret."),
                both!(
                    "Sans objet : avec le profil 0, le secret est la preuve d’identité.",
                    "Not applicable: with profile 0 the secret is the proof of identity."
                ),
            );
        }
        let requests: Vec<&Exchange> =
            token_requests(scene).filter(|request| request.request.method == "POST").collect();
        if requests.is_empty() {
            return no_token_request();
        }
        let mut unknown = 0_usize;
        for request in &requests {
            let proof = match (self.look_at, profile) {
                (CredentialFacet::Proof, 0) => secret(scene, request),
                (CredentialFacet::Proof, _) => certificate(scene, request),
                (CredentialFacet::NoSecret, _) => no_secret(scene, request),
            };
            match proof {
                Proof::Given => {}
                Proof::Unknown => unknown += 1,
                Proof::Wrong(why, remedy) => {
                    let name = named(request);
                    let actual =
                        Text::new(format!("En défaut : {}.", name.fr), format!("At fault: {}.", name.en));
                    let mut finding = Finding::broken(actual, why, remedy).citing([request.number]);
                    finding.at_most_should =
                        is_tolerated_basic(scene, request) && !has_secret(scene, request);
                    return finding;
                }
            }
        }
        let count = requests.len();
        if unknown > 0 {
            return Finding::undecided(
                both!(
                    "{unknown} demande(s) de jeton sur {count} illisible(s).",
                    "{unknown} token request(s) out of {count} unreadable."
                ),
                both!(
                    "Le journal ne permet pas de dire comment le client s’est identifié.",
                    "The journal does not tell how the client identified itself."
                ),
            );
        }
        Finding::met(
            both!(
                "{count} demande(s) de jeton, toutes conformes.",
                "{count} token request(s), all as they should be."
            ),
            match (self.look_at, profile) {
                (CredentialFacet::Proof, 0) => {
                    both!("Le secret attribué a été envoyé.", "The secret assigned was sent.")
                }
                (CredentialFacet::Proof, _) => {
                    both!("Le certificat déclaré a été présenté.", "The declared certificate was shown.")
                }
                (CredentialFacet::NoSecret, _) => {
                    both!("Aucun secret n’a été envoyé.", "No secret was sent.")
                }
            },
        )
        .notes(incomplete_chain(scene, &requests))
        .citing(requests.iter().take(5).map(|request| request.number))
    }
}

fn certificate(scene: &Scene<'_>, request: &Exchange) -> Proof {
    let Some(handshake) = scene.evidence.handshake(request) else { return Proof::Unknown };
    let number = request.number;
    let remedy = both!(
        "Configurez le certificat ORG AUTH_CLI déclaré à l’ANS (ROR_CLIENT_CERT, ROR_CLIENT_KEY) comme certificat client TLS de la demande de jeton.",
        "Set the ORG AUTH_CLI certificate declared to the ANS (ROR_CLIENT_CERT, ROR_CLIENT_KEY) as the TLS client certificate of the token request."
    );
    let Some(certificate) = &handshake.certificate else {
        return Proof::Wrong(
            both!(
                "Le client n’a présenté aucun certificat sur la connexion qui demandait un jeton (échange {number}).",
                "The client showed no certificate on the connection that asked for a token (exchange {number})."
            ),
            remedy,
        );
    };
    if is_faulty(certificate) {
        let faults = faults(certificate);
        let declared = scene.evidence.setting.service.subject.as_deref();
        let faults = match declared.filter(|declared| declared.trim() != certificate.subject.trim()) {
            None => faults,
            Some(declared) => {
                let declared = quote(declared);
                Text::new(
                    format!("{} ; son sujet n’est pas « {declared} », qui est déclaré", faults.fr),
                    format!("{}; its subject is not `{declared}`, which is declared", faults.en),
                )
            }
        };
        let subject = quote(&certificate.subject);
        return Proof::Wrong(
            Text::new(
                format!("Le certificat « {subject} » (échange {number}) n’est pas valable : {}.", faults.fr),
                format!("The certificate `{subject}` (exchange {number}) is not good: {}.", faults.en),
            ),
            remedy,
        );
    }
    match &scene.evidence.setting.service.subject {
        Some(declared) if declared.trim() != certificate.subject.trim() => {
            let (shown, declared) = (quote(&certificate.subject), quote(declared));
            Proof::Wrong(
                both!(
                    "Le certificat présenté (échange {number}) a pour sujet « {shown} », alors que « {declared} » est déclaré.",
                    "The certificate shown (exchange {number}) has the subject `{shown}` whereas `{declared}` is declared."
                ),
                remedy,
            )
        }
        _ => Proof::Given,
    }
}

/// What is wrong with a certificate beside a chain that the ROR can complete.
fn is_faulty(certificate: &CertificateFacts) -> bool {
    certificate.faults.iter().any(|fault| fault != INCOMPLETE_CHAIN)
}

/// A note for clients that send their certificate without the authority that issued it.
fn incomplete_chain(scene: &Scene<'_>, requests: &[&Exchange]) -> Option<Text> {
    let incomplete = requests.iter().find(|request| {
        let certificate =
            scene.evidence.handshake(request).and_then(|handshake| handshake.certificate.as_ref());
        certificate.is_some_and(|shown| shown.faults.iter().any(|fault| fault == INCOMPLETE_CHAIN))
    })?;
    let number = incomplete.number;
    Some(both!(
        "Le certificat est arrivé sans l’autorité qui l’a délivré (échange {number}). Le bouchon la connaît ; un autre serveur peut refuser : envoyez la chaîne entière.",
        "The certificate came without the authority that issued it (exchange {number}). The mock knows it; another server may refuse: send the whole chain."
    ))
}

/// What is wrong with a certificate, in words.
fn faults(certificate: &CertificateFacts) -> Text {
    let mut fr = Vec::new();
    let mut en = Vec::new();
    for fault in &certificate.faults {
        let text = match fault.as_str() {
            "expired" => {
                let end = quote(&certificate.not_after);
                both!("il a expiré le {end}", "it expired on {end}")
            }
            "not-yet-valid" => {
                let start = quote(&certificate.not_before);
                both!("il n’est valable qu’à partir du {start}", "it is valid from {start} only")
            }
            "authority-certificate" => both!("c’est celui d’une autorité", "it is that of an authority"),
            "bad-signature" => both!(
                "l’autorité qu’il nomme ne l’a pas signé",
                "the authority that it names did not sign it"
            ),
            INCOMPLETE_CHAIN => both!(
                "il arrive sans l’autorité qui l’a délivré",
                "it comes without the authority that issued it"
            ),
            "unknown-authority" => both!(
                "son autorité n’est pas de l’IGC-Santé TEST du banc",
                "its authority is not of the bench's IGC-Santé TEST"
            ),
            "wrong-usage" => both!(
                "il n’est pas fait pour l’authentification d’un client (AUTH_CLI)",
                "it is not meant for client authentication (AUTH_CLI)"
            ),
            other => Text::same(quote(other)),
        };
        fr.push(text.fr);
        en.push(text.en);
    }
    Text::new(fr.join(" ; "), en.join("; "))
}

fn secret(scene: &Scene<'_>, request: &Exchange) -> Proof {
    let number = request.number;
    let remedy = both!(
        "Envoyez le secret reçu (ROR_CLIENT_SECRET) dans le champ client_secret du formulaire, tel quel.",
        "Send the secret received (ROR_CLIENT_SECRET) in the form's field client_secret, as it is."
    );
    let Some(pairs) = form(scene, request) else { return Proof::Unknown };
    let Some(sent) = secret_of(&pairs) else {
        let why = if is_basic(request) {
            both!(
                "Le secret est envoyé par « Authorization: Basic » (échange {number}) ; le ROR documente le champ client_secret du formulaire.",
                "The secret is sent by `Authorization: Basic` (exchange {number}); the ROR documents the form's field client_secret."
            )
        } else {
            both!(
                "La demande de jeton (échange {number}) ne porte pas de client_secret.",
                "The token request (exchange {number}) carries no client_secret."
            )
        };
        return Proof::Wrong(why, remedy);
    };
    if is_basic(request) {
        return Proof::Wrong(
            both!(
                "La demande de jeton (échange {number}) s’identifie deux fois : par client_secret et par « Authorization: Basic ». La RFC 6749 (§2.3) n’admet qu’une méthode par demande.",
                "The token request (exchange {number}) authenticates twice: by client_secret and by `Authorization: Basic`. RFC 6749 (§2.3) admits one method per request."
            ),
            both!(
                "Envoyez le secret une fois : dans le champ client_secret du formulaire, sans Authorization: Basic.",
                "Send the secret once: in the form's field client_secret, without Authorization: Basic."
            ),
        );
    }
    match &scene.evidence.setting.service.secret {
        None => Proof::Unknown,
        Some(assigned) if assigned.trim() == sent.trim() => Proof::Given,
        Some(_) => Proof::Wrong(
            both!(
                "Le client_secret envoyé (échange {number}) n’est pas celui qui a été attribué (comparaison par empreinte : le secret n’est pas conservé).",
                "The client_secret sent (exchange {number}) is not the one assigned (compared by digest: the secret is not kept)."
            ),
            remedy,
        ),
    }
}

/// Whether the form holds a secret.
fn has_secret(scene: &Scene<'_>, request: &Exchange) -> bool {
    form(scene, request).is_some_and(|pairs| secret_of(&pairs).is_some())
}

/// The secret in a form. An empty field holds none: several OAuth libraries send one.
fn secret_of(pairs: &[(String, String)]) -> Option<&str> {
    let sent = pairs.iter().find(|(name, value)| name == "client_secret" && !value.is_empty());
    sent.map(|(_, value)| value.as_str())
}

fn no_secret(scene: &Scene<'_>, request: &Exchange) -> Proof {
    let number = request.number;
    let remedy = both!(
        "Avec un certificat, n’envoyez que grant_type et client_id : ni client_secret, ni Authorization: Basic.",
        "With a certificate send grant_type and client_id only: no client_secret, no Authorization: Basic."
    );
    if is_basic(request) {
        return Proof::Wrong(
            both!(
                "La demande de jeton (échange {number}) porte « Authorization: Basic » alors que le certificat est la preuve.",
                "The token request (exchange {number}) carries `Authorization: Basic` although the certificate is the proof."
            ),
            remedy,
        );
    }
    let Some(pairs) = form(scene, request) else { return Proof::Unknown };
    if secret_of(&pairs).is_some() {
        return Proof::Wrong(
            both!(
                "La demande de jeton (échange {number}) porte un client_secret alors que le certificat est la preuve.",
                "The token request (exchange {number}) carries a client_secret although the certificate is the proof."
            ),
            remedy,
        );
    }
    Proof::Given
}
