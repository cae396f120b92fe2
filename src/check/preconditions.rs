//! What must hold before any kind concludes: the client acted, something came, the fault was delivered.

use std::collections::BTreeSet;

use super::Party;
use super::context::Scene;
use super::words::{both, quote};
use super::{Finding, Kind, Nature, Verdict};
use crate::journal::{Evidence, Handshake, HandshakeCause, StepEnd};
use crate::text::Text;

/// Evaluates a kind, or says why nothing can be concluded.
pub(super) fn guard(kind: &dyn Kind, scene: &Scene<'_>) -> Finding {
    if let Some(obstacle) = obstacle(scene) {
        return unless_proved(kind, scene, obstacle, Nature::Reaction);
    }
    if !kind.rests_on_connections() && scene.exchanges().next().is_none() {
        return no_traffic(scene);
    }
    if is_cut_short(scene) {
        let cut = Finding::undecided(
            both!("Le scénario n’est pas allé à son terme.", "The scenario did not come to its end."),
            both!(
                "Le scénario a été interrompu : ce qui manque au journal ne prouve rien.",
                "The scenario was interrupted: what the journal lacks proves nothing."
            ),
        );
        return unless_proved(kind, scene, cut, Nature::Reaction);
    }
    if fault_is_missing(scene.evidence, scene) {
        let finding = if kind.hinges_on_fault(scene.scripted) { None } else { Some(kind.evaluate(scene)) };
        return match finding {
            Some(finding) if kind.nature() == Nature::Form || finding.verdict != Verdict::Met => finding,
            _ => not_delivered(scene),
        };
    }
    kind.evaluate(scene)
}

/// A violation seen on the wire stands, whatever else went wrong, when the kind's nature allows it.
fn unless_proved(kind: &dyn Kind, scene: &Scene<'_>, otherwise: Finding, widest: Nature) -> Finding {
    let stands = match kind.nature() {
        Nature::Form => true,
        Nature::Reaction => widest == Nature::Reaction,
        Nature::Completion => false,
    };
    if stands && scene.exchanges().next().is_some() {
        let finding = kind.evaluate(scene);
        // Without an exchange to show, what is missing may be missing because of the obstacle.
        if finding.verdict == Verdict::Broken && !finding.exchanges.is_empty() {
            return finding.notes([otherwise.why]);
        }
    }
    otherwise
}

/// A step that the client does not have, or that could not run.
fn obstacle(scene: &Scene<'_>) -> Option<Finding> {
    for step in scene.steps() {
        let action = quote(step.started.action.as_deref().unwrap_or_default());
        match step.ended.as_ref().map(|ended| &ended.end) {
            Some(StepEnd::NoAction) => {
                let finding = Finding::skipped(
                    both!(
                        "L’adaptateur a répondu qu’il n’a pas l’action « {action} » (code 89).",
                        "The adapter answered that it does not have the action `{action}` (code 89)."
                    ),
                    both!(
                        "Le client n’a pas l’action « {action} ».",
                        "The client does not have the action `{action}`."
                    ),
                );
                return Some(finding.remedy(
                    both!(
                        "Si le client sait faire « {action} », ajoutez cette action à l’adaptateur.",
                        "If the client can do `{action}`, add that action to the adapter."
                    ),
                    Party::Configuration,
                ));
            }
            Some(StepEnd::NotStarted { reason }) => {
                let reason = quote(reason);
                return Some(Finding::config_error(
                    both!("L’adaptateur n’a pas démarré : {reason}", "The adapter did not start: {reason}"),
                    both!(
                        "L’adaptateur n’a pas pu être lancé pour l’action « {action} ».",
                        "The adapter could not be started for the action `{action}`."
                    ),
                    both!(
                        "Vérifiez la commande donnée à --client : chemin, droit d’exécution, interpréteur.",
                        "Check the command given to --client: its path, its right to be executed, its interpreter."
                    ),
                ));
            }
            Some(StepEnd::Signal { signal }) => {
                return Some(Finding::config_error(
                    both!(
                        "L’adaptateur a été tué par le signal {signal}, que le banc n’a pas envoyé.",
                        "The adapter was killed by signal {signal}, which the bench did not send."
                    ),
                    both!(
                        "L’adaptateur s’est arrêté de façon anormale pendant l’action « {action} ».",
                        "The adapter ended abnormally during the action `{action}`."
                    ),
                    both!(
                        "Cherchez pourquoi le programme s’est arrêté (mémoire, plantage) : la fin de sa sortie d’erreur est dans le rapport.",
                        "Find out why the program ended (memory, crash): the end of its standard error is in the report."
                    ),
                ));
            }
            _ => {}
        }
    }
    None
}

fn no_traffic(scene: &Scene<'_>) -> Finding {
    let evidence = scene.evidence;
    let failures: Vec<&Handshake> = evidence
        .connections
        .values()
        .filter_map(|connection| connection.handshake.as_ref())
        .filter(|handshake| handshake.failure.is_some())
        .collect();
    if !failures.is_empty() && evidence.exchanges.is_empty() {
        return no_handshake(&failures);
    }
    let end = scene.steps().next().and_then(|step| step.ended.as_ref()).map(|ended| &ended.end);
    let said = match end {
        Some(StepEnd::Error { message }) if !message.trim().is_empty() => {
            let message = quote(message);
            both!(" Le client a dit : « {message} ».", " The client said: `{message}`.")
        }
        Some(StepEnd::Deadline) => both!(
            " L’adaptateur tournait encore à l’échéance.",
            " The adapter was still running at the deadline."
        ),
        _ => Text::default(),
    };
    let where_ = if scene.step.is_some() && !evidence.exchanges.is_empty() {
        both!("Aucune requête pendant ce pas de test.", "No request during this step.")
    } else {
        both!("Aucune requête du client.", "No request from the client.")
    };
    Finding::undecided(
        super::words::join(&where_, &said),
        both!(
            "Rien n’est arrivé au banc : sans échange, rien ne peut être jugé.",
            "Nothing reached the bench: without an exchange nothing can be judged."
        ),
    )
    .remedy(
        both!(
            "Vérifiez que l’adaptateur appelle bien ROR_TOKEN_URL et ROR_FHIR_URL, et qu’aucun mandataire (proxy) ne s’interpose ; « banc-ror try » montre ce qui passe.",
            "Check that the adapter calls ROR_TOKEN_URL and ROR_FHIR_URL and that no proxy stands between; `banc-ror try` shows what goes over the wire."
        ),
        Party::Configuration,
    )
}

/// Alerts by which a client says that it does not trust a certificate (RFC 8446 §6.2).
const DISTRUST: [&str; 4] =
    ["bad_certificate", "unsupported_certificate", "certificate_unknown", "unknown_ca"];

/// Connections came, and none of them got through TLS: what the client offers, or refuses, and who must act.
fn no_handshake(failures: &[&Handshake]) -> Finding {
    let failed = failures.len();
    let mut reasons: Vec<&str> = failures.iter().filter_map(|failure| failure.failure.as_deref()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    let reasons = super::words::values(&reasons);
    let cause = failures.iter().find_map(|failure| match failure.cause {
        Some(
            HandshakeCause::PlainHttp
            | HandshakeCause::OldTls
            | HandshakeCause::NoCommonSuite
            | HandshakeCause::NotTls,
        ) => failure.cause,
        _ => None,
    });
    let alert = failures.iter().find_map(|failure| failure.alert.as_deref()).unwrap_or_default();
    let (why, remedy, party) = match cause {
        Some(HandshakeCause::PlainHttp) => (
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
        Some(HandshakeCause::OldTls) => (
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
        Some(HandshakeCause::NotTls) => (
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
        Some(_) => (
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
        None if alert.starts_with("certificate_expired") => (
            both!(
                "Le client juge périmé le certificat du banc, qui vient d’être fait (alerte TLS {alert}) : rien ne peut être jugé.",
                "The client takes the bench's certificate, which was made just now, for out of date (TLS alert {alert}): nothing can be judged."
            ),
            both!(
                "Mettez à l’heure la machine du client, ou celle du banc.",
                "Set the clock of the client's machine, or that of the bench."
            ),
            Party::Configuration,
        ),
        None if DISTRUST.iter().any(|name| alert.starts_with(name)) => (
            both!(
                "Le client ne se fie pas au certificat du banc (alerte TLS {alert}) : rien ne peut être jugé.",
                "The client does not trust the bench's certificate (TLS alert {alert}): nothing can be judged."
            ),
            both!(
                "Faites accepter au client l’autorité de certification du banc (ROR_CA_CERT), et appelez le nom d’hôte des URL données.",
                "Make the client trust the bench's certification authority (ROR_CA_CERT), and call the host name of the given URLs."
            ),
            Party::Configuration,
        ),
        None => (
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
    };
    let actual = both!(
        "Aucune requête ; {failed} connexion(s) TLS ont échoué : {reasons}",
        "No request; {failed} TLS connection(s) failed: {reasons}"
    );
    Finding::undecided(actual, why).remedy(remedy, party)
}

fn is_cut_short(scene: &Scene<'_>) -> bool {
    let evidence = scene.evidence;
    let missing =
        scene.step.is_some_and(|wanted| !evidence.steps.iter().any(|step| step.started.step == wanted));
    evidence.ended.is_none() || missing || scene.steps().any(|step| step.ended.is_none())
}

/// Whether one of the scripted replies never went out.
fn fault_is_missing(evidence: &Evidence, scene: &Scene<'_>) -> bool {
    let delivered: BTreeSet<u32> =
        evidence.exchanges.iter().filter_map(|exchange| exchange.response.as_ref()?.scripted).collect();
    (1..).zip(scene.scripted).any(|(number, _)| !delivered.contains(&number))
}

fn not_delivered(scene: &Scene<'_>) -> Finding {
    let count = scene.evidence.exchanges.len();
    Finding::undecided(
        both!(
            "{count} échange(s), mais aucun n’a reçu la réponse particulière que ce scénario prévoit.",
            "{count} exchange(s), but none was given the out-of-the-ordinary reply that this scenario holds."
        ),
        both!(
            "Le client n’a pas fait l’appel que ce scénario attendait : sa réaction n’a donc pas pu être observée.",
            "The client did not make the call that this scenario waited for, so its reaction could not be observed."
        ),
    )
    .remedy(
        both!(
            "Vérifiez que l’adaptateur exécute l’action demandée en entier (ROR_ACTION, ROR_INPUT). Si le client fait autrement ce qui est demandé (lectures groupées, par exemple), ce contrôle ne peut pas conclure.",
            "Check that the adapter carries out the whole of the action asked for (ROR_ACTION, ROR_INPUT). If the client does what is asked in another way (batched reads, for instance), this check cannot conclude."
        ),
        Party::Configuration,
    )
}
