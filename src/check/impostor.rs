//! What is wrong with a server that must be refused, and what to do about it, in words.

use super::words::{both, quote};
use crate::journal::Endpoint;
use crate::text::Text;

/// The server that it stands in for.
pub(super) fn name(endpoint: Endpoint) -> Text {
    match endpoint {
        Endpoint::Token => both!("le serveur d’autorisation", "the authorisation server"),
        Endpoint::Api => both!("l’API", "the API"),
    }
}

/// Server and fault.
pub(super) fn both_of(fault: &Text, place: &Text) -> Text {
    Text::new(format!("{} : {}", place.fr, fault.fr), format!("{}: {}", place.en, fault.en))
}

/// What is wrong with a server.
pub(super) fn fault(defect: &str) -> Text {
    match defect {
        "expired" => both!("certificat expiré", "expired certificate"),
        "not-yet-valid" => both!("certificat pas encore valide", "certificate not yet valid"),
        "wrong-host" => both!("certificat d’un autre hôte", "certificate of another host"),
        "cn-only" => both!(
            "hôte donné par le seul CN, sans subjectAltName",
            "host given by the CN only, without subjectAltName"
        ),
        "address-not-named" => {
            both!("adresse IP de l’URL absente du certificat", "IP address of the URL not in the certificate")
        }
        "unknown-authority" => both!("autorité inconnue", "unknown authority"),
        "self-signed" => both!("certificat auto-signé", "self-signed certificate"),
        "incomplete-chain" => both!("chaîne sans son intermédiaire", "chain without its intermediate"),
        "wrong-usage" => {
            both!("certificat de client, pas de serveur", "certificate of a client, not of a server")
        }
        "revoked" => both!(
            "certificat révoqué, comme le dit le statut qui lui est agrafé",
            "revoked certificate, as the status stapled to it says"
        ),
        "sha1-signature" => {
            both!("certificat signé avec SHA-1", "certificate signed with SHA-1")
        }
        "plaintext" => both!("réponse en clair, sans TLS", "answer in plain text, without TLS"),
        "redirect-to-http" => both!("redirection vers http://", "redirect to http://"),
        "old-tls" => both!("TLS 1.0 seulement", "TLS 1.0 only"),
        "key-mismatch" => {
            both!("clé qui n’est pas celle du certificat", "a key that is not that of the certificate")
        }
        "name-constraints" => both!(
            "autorité qui n’a pas le droit de certifier cet hôte",
            "an authority that may not vouch for that host"
        ),
        "changed-authority" => both!(
            "certificat d’une autorité inconnue à la place du bon, en cours de route",
            "certificate of an unknown authority in place of the good one, on the way"
        ),
        "renewed" => both!(
            "certificat renouvelé en cours de route par la même autorité",
            "certificate renewed on the way by the same authority"
        ),
        "disordered-chain" => both!("chaîne dans un autre ordre", "chain in another order"),
        other => Text::same(quote(other)),
    }
}

/// What to do about it.
pub(super) fn remedy(defect: &str) -> Text {
    match defect {
        "expired" | "not-yet-valid" => both!(
            "Laissez la bibliothèque TLS vérifier les dates du certificat ; ne remplacez pas son vérificateur.",
            "Let the TLS library check the certificate's dates; do not replace its verifier."
        ),
        "wrong-host" | "cn-only" => both!(
            "Activez la vérification du nom d’hôte (subjectAltName, RFC 9525), avec le nom de l’URL appelée.",
            "Turn on the verification of the host name (subjectAltName, RFC 9525), with the name of the URL called."
        ),
        "address-not-named" => both!(
            "Cherchez l’adresse IP d’une URL parmi les adresses (iPAddress) du subjectAltName : ni les noms DNS ni le CN ne la remplacent (RFC 9110 §4.3.5).",
            "Look up the IP address of a URL among the addresses (iPAddress) of the subjectAltName: neither the DNS names nor the CN stand in for it (RFC 9110 §4.3.5)."
        ),
        "wrong-usage" => both!(
            "Vérifiez l’usage du certificat (extendedKeyUsage serverAuth, RFC 5280 §4.2.1.12).",
            "Check what the certificate is for (extendedKeyUsage serverAuth, RFC 5280 §4.2.1.12)."
        ),
        "revoked" => both!(
            "Faites vérifier le statut agrafé au certificat (OCSP) : la bibliothèque TLS le demande, il reste à le lire (curl --cert-status, revocationEnabled en Java, VerifyConnection en Go…).",
            "Have the status stapled to the certificate (OCSP) verified: the TLS library asks for it, it has to be read (curl --cert-status, revocationEnabled in Java, VerifyConnection in Go…)."
        ),
        "sha1-signature" => both!(
            "N’acceptez pas de signature avec SHA-1 dans une chaîne de certificats (RFC 8446 §4.4.2.4) : gardez ou relevez le niveau de sécurité de la bibliothèque TLS (SECLEVEL=2 ; en Java, « SHA1 usage TLSServer » dans jdk.certpath.disabledAlgorithms, dont le réglage d’origine ne vise que les autorités livrées avec le JDK).",
            "Accept no signature with SHA-1 in a chain of certificates (RFC 8446 §4.4.2.4): keep or raise the TLS library's security level (SECLEVEL=2; in Java, `SHA1 usage TLSServer` in jdk.certpath.disabledAlgorithms, whose default is about the authorities that come with the JDK only)."
        ),
        "plaintext" | "redirect-to-http" => both!(
            "N’envoyez jamais une requête sans TLS : ni repli, ni redirection suivie vers http://.",
            "Never send a request without TLS: no fallback, no redirect to http:// followed."
        ),
        "key-mismatch" => both!(
            "Vérifiez la signature de la négociation (CertificateVerify, RFC 8446 §4.4.3) : montrer un certificat ne prouve rien.",
            "Verify the signature of the handshake (CertificateVerify, RFC 8446 §4.4.3): showing a certificate proves nothing."
        ),
        "changed-authority" => both!(
            "Vérifiez le certificat à chaque connexion, pas seulement à la première.",
            "Verify the certificate on each connection, not only on the first one."
        ),
        "old-tls" => {
            both!(
                "N’acceptez que TLS 1.2 et 1.3 (RFC 8996). Le banc propose l’échange de clé RSA : une bibliothèque qui refuse TLS 1.0 avec (EC)DHE peut l’accepter ainsi.",
                "Accept TLS 1.2 and 1.3 only (RFC 8996). The bench offers RSA key transport: a library that refuses TLS 1.0 with (EC)DHE may accept it so."
            )
        }
        _ => both!(
            "Vérifiez la chaîne du certificat jusqu’à une autorité reconnue ; retirez toute option qui désactive cette vérification (curl -k, verify=False, trustAll…).",
            "Verify the certificate's chain up to a trusted authority; remove every option that turns this off (curl -k, verify=False, trustAll…)."
        ),
    }
}
