//! What is said of a client that went on with a server that it had to refuse.

use super::super::attempt::Attempt;
use super::super::context::Scene;
use super::super::impostor::{fault, name, remedy};
use super::super::words::{both, quote};
use super::super::{Finding, Party};
use crate::journal::{Exchange, Impostor, Step};
use crate::text::Text;

/// The client went on, and was given no way to know that the certificate is revoked.
pub(super) fn not_told(accepted: &Attempt<'_>) -> Finding {
    let told = accepted.told();
    let why = if accepted.status_was_withheld() {
        both!(
            "Le client ne demande pas le statut du certificat dans la négociation, et le bouchon n’en donne aucun autre moyen : ce n’est pas une faute. Bien des bibliothèques ne le demandent que si on les règle pour cela.",
            "The client does not ask for the certificate's status in the handshake, and the mock gives no other way to know it: that is no fault. Many libraries ask for it only when they are set to."
        )
    } else {
        both!(
            "On ne sait pas si le client a demandé le statut du certificat : rien ne lui est reproché.",
            "Whether the client asked for the certificate's status is not known: nothing is held against it."
        )
    };
    Finding::skipped(Text::new(format!("Accepté : {}", told.fr), format!("Accepted: {}", told.en)), why)
        .citing(accepted.exchanges.iter().map(|exchange| exchange.number))
}

/// The client stopped, but not because of a status that it was not given.
pub(super) fn refused_untold() -> Finding {
    Finding::undecided(
        both!(
            "Le client s’est arrêté sans avoir reçu le statut du certificat.",
            "The client stopped without having been given the certificate's status."
        ),
        both!(
            "Le client n’avait pas demandé ce statut : son arrêt ne peut pas lui être dû.",
            "The client had not asked for that status: its stop cannot be due to it."
        ),
    )
}

pub(super) fn accepted_by<'a>(
    scene: &Scene<'a>,
    step: &Step,
    impostor: &Impostor,
    accepted: &Attempt<'a>,
) -> Finding {
    let (what, place) = (fault(&impostor.defect), name(impostor.endpoint));
    let told = accepted.told();
    let line = quote(&accepted.line);
    // What goes on with TLS 1.0 has sent no request.
    let shown = if line.is_empty() || impostor.defect == "old-tls" {
        Text::default()
    } else {
        both!(" Première ligne reçue : « {line} ».", " First line received: `{line}`.")
    };
    let actual =
        Text::new(format!("Accepté : {}{}", told.fr, shown.fr), format!("Accepted: {}{}", told.en, shown.en));
    if impostor.defect == "incomplete-chain" {
        return Finding::review(
            actual,
            both!(
                "Le serveur n’a pas envoyé l’autorité intermédiaire ; le client a poursuivi. C’est permis s’il la connaît déjà ou la trouve autrement, ce que le banc ne voit pas.",
                "The server did not send the intermediate authority; the client went on. That is allowed if it knows that authority already or finds it elsewhere, which the bench cannot see."
            ),
        )
        .remedy(
            both!(
                "Vérifiez que le client construit bien une chaîne jusqu’à une autorité reconnue, et ne passe pas outre.",
                "Check that the client does build a chain to a trusted authority, and does not go past it."
            ),
            Party::Client,
        )
        .citing(accepted.exchanges.iter().map(|exchange| exchange.number));
    }
    let confidential = accepted.exchanges.iter().any(|exchange| is_confidential(scene, exchange));
    let why = match impostor.defect.as_str() {
        "redirect-to-http" => {
            let what = if confidential {
                both!(
                    "son jeton ou son secret est parti en clair",
                    "its token or its secret went in plain text"
                )
            } else {
                both!("sa requête est partie en clair", "its request went in plain text")
            };
            Text::new(
                format!("Redirigé vers http:// par {}, le client a suivi : {}.", place.fr, what.fr),
                format!("Redirected to http:// by {}, the client followed: {}.", place.en, what.en),
            )
        }
        "sha1-signature" => both!(
            "Le client a accepté un certificat signé avec SHA-1 : la RFC 8446 (§4.4.2.4) recommande de le refuser, sans l’exiger.",
            "The client accepted a certificate signed with SHA-1: RFC 8446 (§4.4.2.4) recommends refusing it, and does not demand it."
        ),
        "old-tls" => Text::new(
            format!(
                "Le client a poursuivi la négociation de TLS 1.0 que lui proposait {} : il a envoyé sa clé.",
                place.fr
            ),
            format!(
                "The client went on with the handshake of TLS 1.0 that {} offered: it sent its key.",
                place.en
            ),
        ),
        "cn-only" => both!(
            "Faute de subjectAltName, le client a pris l’hôte dans le CN : bien des bibliothèques le font encore, la RFC 9525 l’a retiré.",
            "Without a subjectAltName, the client took the host from the CN: many libraries still do, RFC 9525 withdrew it."
        ),
        "revoked" => both!(
            "Le client a demandé le statut du certificat, reçu « révoqué », et continué : la RFC 6066 veut qu’il s’arrête, bien des bibliothèques demandent ce statut sans le lire.",
            "The client asked for the certificate's status, got `revoked` and went on: RFC 6066 wants it to stop, many libraries ask for that status and do not read it."
        ),
        _ => Text::new(
            format!(
                "Le client a fait confiance à un serveur qu’il devait refuser, {} : {}.",
                place.fr, what.fr
            ),
            format!("The client trusted a server that it had to refuse, {}: {}.", place.en, what.en),
        ),
    };
    let number = step.started.step;
    let finding = Finding::broken(actual, why, remedy(&impostor.defect))
        .note(both!("Pas de test n° {number}.", "Step {number}."))
        .citing(accepted.exchanges.iter().map(|exchange| exchange.number));
    match impostor.defect.as_str() {
        "redirect-to-http" if !confidential => finding.mildly(both!(
            "La requête en clair ne portait ni jeton ni secret : c’est un avertissement.",
            "The request in the clear carried neither token nor secret: that is a warning."
        )),
        // Common clients still do (curl 7 with OpenSSL 3); no request was sent, as the bench does not go further.
        "old-tls" => finding.mildly(both!(
            "Le banc ne mène pas la négociation de TLS 1.0 à son terme : aucune requête n’a été envoyée, c’est un avertissement.",
            "The bench does not bring the TLS 1.0 handshake to its end: no request was sent, that is a warning."
        )),
        _ => finding,
    }
}

/// Whether a request carries what nobody else may read: a token or a secret.
fn is_confidential<'a>(scene: &Scene<'a>, exchange: &'a Exchange) -> bool {
    let form = scene.text(&exchange.request.body).unwrap_or_default();
    exchange.header("authorization").is_some() || form.contains("client_secret")
}
