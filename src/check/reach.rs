//! How far a client got when nothing of it can be judged: nothing came, or no TLS handshake succeeded; why, and who must
//! act.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::context::Scene;
use super::words::{both, join, quote, values};
use super::{Finding, Party};
use crate::journal::{Connection, Handshake, HandshakeCause, StepEnd};
use crate::text::Text;

/// No request came: what did come, what the client said of it, and what to do.
pub(super) fn no_traffic(scene: &Scene<'_>) -> Finding {
    let evidence = scene.evidence;
    let failures: Vec<&Connection> = evidence
        .connections
        .values()
        .filter(|connection| shaken(connection).is_some_and(|handshake| handshake.failure.is_some()))
        .collect();
    if !failures.is_empty() && evidence.exchanges.is_empty() {
        return no_handshake(&failures, scene);
    }
    if scene.step.is_some() && !evidence.exchanges.is_empty() {
        return Finding::undecided(
            join(&both!("Aucune requête pendant ce pas de test.", "No request during this step."), &said(scene)),
            both!(
                "Le client n’a rien envoyé pendant ce pas de test, alors qu’il a joint le banc pendant un autre : sans échange, rien ne peut être jugé.",
                "The client sent nothing during this step, although it reached the bench during another: without an exchange nothing can be judged."
            ),
        )
        .remedy(
            both!(
                "Vérifiez que l’adaptateur exécute l’action demandée à chaque pas de test (ROR_ACTION, ROR_INPUT) ; « banc-ror try » montre ce qui passe.",
                "Check that the adapter carries out the action asked for at each step (ROR_ACTION, ROR_INPUT); `banc-ror try` shows what goes over the wire."
            ),
            Party::Configuration,
        );
    }
    let where_ = both!("Aucune requête du client.", "No request from the client.");
    Finding::undecided(
        join(&where_, &said(scene)),
        both!(
            "Rien n’est arrivé au banc : sans échange, rien ne peut être jugé.",
            "Nothing reached the bench: without an exchange nothing can be judged."
        ),
    )
    .remedy(
        both!(
            "Vérifiez que l’adaptateur appelle bien ROR_TOKEN_URL et ROR_FHIR_URL, et qu’aucun mandataire (proxy) ni pare-feu ne s’interpose ; « banc-ror doctor » cherche l’obstacle, « banc-ror try » montre ce qui passe.",
            "Check that the adapter calls ROR_TOKEN_URL and ROR_FHIR_URL and that no proxy or firewall stands between; `banc-ror doctor` looks for the obstacle, `banc-ror try` shows what goes over the wire."
        ),
        Party::Configuration,
    )
}

/// These connections came, and none of them got through TLS: what the client offers, or refuses, and who must act.
pub(super) fn no_handshake(failures: &[&Connection], scene: &Scene<'_>) -> Finding {
    let failed = failures.len();
    let mut reasons: Vec<&str> =
        failures.iter().filter_map(|connection| shaken(connection)?.failure.as_deref()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    let reasons = values(&reasons);
    let actual = both!(
        "Aucune requête ; {failed} connexion(s) TLS ont échoué : {reasons}",
        "No request; {failed} TLS connection(s) failed: {reasons}"
    );
    let said = said(scene);
    let actual = if said.is_empty() { actual } else { join(&join(&actual, &Text::same(".")), &said) };
    let mut known: Vec<(Obstacle, &Connection)> =
        failures.iter().map(|connection| (Obstacle::of(connection), *connection)).collect();
    known.sort_by_key(|(obstacle, _)| *obstacle);
    let Some((obstacle, connection)) = known.first() else {
        return Finding::undecided(actual, Text::default());
    };
    let (why, remedy, party) = obstacle.words(connection, scene.epoch_us);
    Finding::undecided(actual, why).remedy(remedy, party)
}

/// What the client said of it, when it said something.
fn said(scene: &Scene<'_>) -> Text {
    let end = scene.steps().next().and_then(|step| step.ended.as_ref()).map(|ended| &ended.end);
    match end {
        Some(StepEnd::Error { message }) if !message.trim().is_empty() => {
            let message = quote(message);
            both!(" Le client a dit : « {message} ».", " The client said: `{message}`.")
        }
        Some(StepEnd::Deadline) => {
            let deadline = scene.steps().next().map_or(0, |step| step.started.deadline_ms);
            both!(
                " L’adaptateur tournait encore à l’échéance ({deadline} ms ; --patience l’allonge).",
                " The adapter was still running at the deadline ({deadline} ms; --patience stretches it)."
            )
        }
        _ => Text::default(),
    }
}

fn shaken(connection: &Connection) -> Option<&Handshake> {
    connection.handshake.as_ref()
}

/// Why a handshake failed; what tells most comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Obstacle {
    AsProxy,
    PlainHttp,
    OldTls,
    NoCommonSuite,
    NotTls,
    UnknownAuthority,
    Dates,
    /// The mock refuses the client's certificate, as the scenario wants it.
    ClientCertificate,
    /// The client refuses the certificate and does not say why, or not by its alert.
    Certificate,
    Parameters,
    Other,
}

impl Obstacle {
    fn of(connection: &Connection) -> Self {
        let Some(handshake) = shaken(connection) else { return Self::Other };
        match handshake.cause {
            Some(HandshakeCause::AsProxy) => Self::AsProxy,
            Some(HandshakeCause::PlainHttp) => Self::PlainHttp,
            Some(HandshakeCause::OldTls) => Self::OldTls,
            Some(HandshakeCause::NoCommonSuite) => Self::NoCommonSuite,
            Some(HandshakeCause::NotTls) => Self::NotTls,
            Some(HandshakeCause::ClientCertificate) => Self::ClientCertificate,
            Some(HandshakeCause::ClosedByClient) if handshake.shown => Self::Certificate,
            // RFC 8446 §6.2; libraries differ in which one they choose for a certificate that they refuse.
            Some(HandshakeCause::Alert) => match handshake.alert.as_deref().and_then(alert_name) {
                Some("unknown_ca") => Self::UnknownAuthority,
                Some("certificate_expired") => Self::Dates,
                Some(
                    "bad_certificate"
                    | "certificate_unknown"
                    | "unsupported_certificate"
                    | "certificate_revoked",
                ) => Self::Certificate,
                Some(
                    "protocol_version" | "handshake_failure" | "insufficient_security" | "illegal_parameter",
                ) => Self::Parameters,
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }

    /// Why nothing can be judged, what to do, and who must.
    fn words(self, connection: &Connection, epoch_us: Option<i64>) -> (Text, Text, Party) {
        match self {
            Self::AsProxy => (
                both!(
                    "Le client prend le banc pour un mandataire (proxy) : il lui demande, sans TLS, de joindre un autre serveur.",
                    "The client takes the bench for a proxy: it asks it, without TLS, to reach another server."
                ),
                both!(
                    "Retirez du client l’adresse du banc comme mandataire : c’est le serveur qu’il doit appeler, par les URL données (ROR_TOKEN_URL, ROR_FHIR_URL).",
                    "Remove the bench's address from the client's proxy settings: it is the server to be called, by the given URLs (ROR_TOKEN_URL, ROR_FHIR_URL)."
                ),
                Party::Configuration,
            ),
            Self::PlainHttp => (
                both!(
                    "Le client parle HTTP sans TLS : rien ne peut être jugé, et au ROR rien ne passerait.",
                    "The client speaks HTTP without TLS: nothing can be judged, and the ROR would let nothing through."
                ),
                both!(
                    "Appelez les URL telles qu’elles sont données, en https:// (ROR_TOKEN_URL, ROR_FHIR_URL).",
                    "Call the URLs as they are given, with https:// (ROR_TOKEN_URL, ROR_FHIR_URL)."
                ),
                Party::Configuration,
            ),
            Self::OldTls => (
                both!(
                    "Le client ne propose que des versions de TLS abandonnées (RFC 8996) : rien ne peut être jugé.",
                    "The client offers abandoned versions of TLS only (RFC 8996): nothing can be judged."
                ),
                both!(
                    "Activez TLS 1.2 ou 1.3 dans le client, ou mettez sa bibliothèque TLS à jour.",
                    "Turn on TLS 1.2 or 1.3 in the client, or update its TLS library."
                ),
                Party::Client,
            ),
            Self::NotTls => (
                both!(
                    "Ce que le client envoie n’est ni TLS ni HTTP : rien ne peut être jugé.",
                    "What the client sends is neither TLS nor HTTP: nothing can be judged."
                ),
                both!(
                    "Cherchez ce qui s’interpose (proxy, SSL 2, autre protocole) ; appelez les URL données en https://.",
                    "Find out what stands between (proxy, SSL 2, another protocol); call the URLs given with https://."
                ),
                Party::Configuration,
            ),
            Self::NoCommonSuite => (
                both!(
                    "Le client ne propose aucune suite de chiffrement que le banc connaisse : rien ne peut être jugé.",
                    "The client offers no cipher suite that the bench knows: nothing can be judged."
                ),
                both!(
                    "Activez TLS 1.3, ou les suites ECDHE avec AES-GCM ou ChaCha20-Poly1305 de TLS 1.2.",
                    "Turn on TLS 1.3, or the suites ECDHE with AES-GCM or ChaCha20-Poly1305 of TLS 1.2."
                ),
                Party::Client,
            ),
            Self::UnknownAuthority => (
                both!(
                    "Ce qui appelle le banc ne reconnaît pas son autorité de certification (alerte TLS unknown_ca).",
                    "What calls the bench does not trust its certification authority (TLS alert unknown_ca)."
                ),
                both!(
                    "Ajoutez le fichier de ROR_CA_CERT aux autorités que le client reconnaît, sans désactiver la vérification. S’il la reconnaît déjà, une variable d’environnement nomme d’autres autorités (REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, SSL_CERT_FILE…), ou un mandataire qui intercepte TLS se trouve entre lui et le banc : excluez-en l’hôte du banc.",
                    "Add the file of ROR_CA_CERT to the authorities that the client trusts, without turning verification off. If it trusts it already, a variable of the environment names other authorities (REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, SSL_CERT_FILE…), or a proxy that intercepts TLS stands between it and the bench: exempt the bench's host from it."
                ),
                Party::Configuration,
            ),
            Self::Dates => dates(connection, epoch_us),
            Self::ClientCertificate => (
                both!(
                    "Le serveur d’autorisation a refusé le certificat du client, ou son absence, par une alerte TLS : rien d’autre ne peut être jugé.",
                    "The authorisation server refused the client's certificate, or its absence, with a TLS alert: nothing else can be judged."
                ),
                both!(
                    "Présentez au serveur d’autorisation le certificat que l’adaptateur reçoit (ROR_CLIENT_CERT et ROR_CLIENT_KEY, ou ROR_CLIENT_P12), avec son intermédiaire.",
                    "Show the authorisation server the certificate that the adapter is given (ROR_CLIENT_CERT and ROR_CLIENT_KEY, or ROR_CLIENT_P12), with its intermediate authority."
                ),
                Party::Configuration,
            ),
            Self::Certificate => (
                both!(
                    "Le client refuse le certificat du banc, sans dire par son alerte TLS ce qui lui déplaît : rien ne peut être jugé.",
                    "The client refuses the bench's certificate, and its TLS alert does not say what displeases it: nothing can be judged."
                ),
                both!(
                    "Lisez l’erreur du client. Dans l’ordre : l’autorité de ROR_CA_CERT est-elle reconnue ? le nom d’hôte appelé est-il celui des URL données ? l’horloge de la machine du client est-elle à l’heure ? un mandataire intercepte-t-il TLS ?",
                    "Read the client's own error. In this order: is the authority of ROR_CA_CERT trusted? is the host name called that of the given URLs? is the clock of the client's machine right? does a proxy intercept TLS?"
                ),
                Party::Configuration,
            ),
            Self::Parameters => (
                both!(
                    "Le client refuse les paramètres TLS convenus (version, suite, algorithme) : rien ne peut être jugé.",
                    "The client refuses the TLS parameters agreed on (version, suite, algorithm): nothing can be judged."
                ),
                both!(
                    "Activez TLS 1.2 ou 1.3 avec les suites ECDHE et les signatures RSA-PSS ou RSA avec SHA-256 dans le client.",
                    "Turn on TLS 1.2 or 1.3 with ECDHE suites and RSA-PSS or RSA signatures with SHA-256 in the client."
                ),
                Party::Client,
            ),
            Self::Other => (
                both!(
                    "Le client s’est connecté mais la négociation TLS n’a pas abouti : rien ne peut être jugé.",
                    "The client connected but the TLS handshake did not succeed: nothing can be judged."
                ),
                both!(
                    "Faites accepter au client l’autorité de certification du banc (ROR_CA_CERT), appelez le nom d’hôte des URL données, et utilisez TLS 1.2 ou 1.3.",
                    "Make the client trust the bench's certification authority (ROR_CA_CERT), call the host name of the given URLs, and use TLS 1.2 or 1.3."
                ),
                Party::Configuration,
            ),
        }
    }
}

/// The client says that the bench's certificate has expired: whose clock is wrong?
fn dates(connection: &Connection, epoch_us: Option<i64>) -> (Text, Text, Party) {
    let shown = shaken(connection).and_then(|handshake| handshake.server_certificate.as_ref());
    let (from, until) = shown
        .map(|certificate| (quote(&certificate.not_before), quote(&certificate.not_after)))
        .unwrap_or_default();
    let instant = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let now = epoch_us.and_then(|epoch_us| {
        let us = i128::from(epoch_us) + i128::from(connection.opened_us);
        OffsetDateTime::from_unix_timestamp_nanos(us * 1000).ok()
    });
    let valid_here = match (instant(&from), instant(&until), now) {
        (Some(from), Some(until), Some(now)) => from <= now && now <= until,
        _ => true,
    };
    if !valid_here {
        return (
            both!(
                "Le certificat du banc n’est valable que du {from} au {until} : le client a raison de le refuser.",
                "The bench's certificate is valid from {from} to {until} only: the client is right to refuse it."
            ),
            both!(
                "Vérifiez l’horloge de cette machine, puis refaites les certificats (« banc-ror certs », ou un autre dossier --pki).",
                "Check this machine's clock, then make the certificates anew (`banc-ror certs`, or another --pki folder)."
            ),
            Party::Configuration,
        );
    }
    let clock = now.and_then(|now| now.replace_nanosecond(0).ok()?.format(&Rfc3339).ok()).unwrap_or_default();
    (
        both!(
            "Le client juge expiré un certificat que l’horloge du banc ({clock}) trouve valable, du {from} au {until}.",
            "The client holds a certificate to be expired that is valid by the bench's clock ({clock}), from {from} to {until}."
        ),
        both!(
            "Mettez à l’heure la machine ou le conteneur du client. Si son horloge est bonne, un mandataire qui intercepte TLS lui montre un autre certificat : excluez-en l’hôte du banc.",
            "Set the clock of the client's machine or container. If it is right, a proxy that intercepts TLS shows it another certificate: exempt the bench's host from it."
        ),
        Party::Configuration,
    )
}

/// `unknown_ca` of `unknown_ca (48)`.
fn alert_name(alert: &str) -> Option<&str> {
    alert.split(' ').next()
}
