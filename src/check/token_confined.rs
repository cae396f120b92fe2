//! `token-confined`: tokens and secrets never go into a URL, nor to another host (BANC-TOK-03, RFC 6750 §5.3).

use schemars::JsonSchema;
use serde::Deserialize;

use super::context::Scene;
use super::jobs::is_elsewhere;
use super::words::{both, named, quote};
use super::{Finding, Kind, Nature};
use crate::journal::{Api, Exchange, REDACTED};
use crate::text::Text;

/// `token-confined`: see [`super::Expect::TokenConfined`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenConfined {}

const SECRET_NAMES: [&str; 3] = ["access_token", "client_secret", "client_assertion"];

impl Kind for TokenConfined {
    fn title(&self) -> Text {
        both!(
            "Ni jeton ni secret dans une URL ou vers un autre serveur",
            "Neither token nor secret in a URL or to another server"
        )
    }

    fn expected(&self, _: &Scene<'_>) -> Text {
        both!(
            "Le jeton dans l’en-tête Authorization seulement, le secret dans le corps du formulaire seulement, et pour le ROR seulement.",
            "The token in the Authorization header only, the secret in the form's body only, and to the ROR only."
        )
    }

    fn nature(&self) -> Nature {
        Nature::Form
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        if let Some(finding) = strayed(scene) {
            return finding;
        }
        let mut secrets = false;
        let mut wrong: Vec<(&Exchange, Text)> = Vec::new();
        let mut count = 0_usize;
        for exchange in scene.exchanges() {
            count += 1;
            secrets |= exchange.api() == Api::Token || exchange.header("authorization").is_some();
            if let Some(name) = leak(&exchange.request.target) {
                wrong.push((exchange, both!("l’URL porte {name}", "the URL carries {name}")));
            } else if let Some(name) = exchange.header("referer").and_then(leak) {
                wrong.push((
                    exchange,
                    both!("l’en-tête Referer porte {name}", "the Referer header carries {name}"),
                ));
            }
        }
        if let Some((exchange, what)) = wrong.first() {
            let (number, at_fault, target) = (exchange.number, wrong.len(), quote(exchange.path()));
            let actual = both!(
                "{at_fault} requête(s) sur {count} en défaut.",
                "{at_fault} request(s) out of {count} at fault."
            );
            let why = Text::new(
                format!(
                    "Dans l’échange {number} ({target}), {} : une URL finit dans les journaux et les mandataires.",
                    what.fr
                ),
                format!("In exchange {number} ({target}), {}: a URL ends up in logs and proxies.", what.en),
            );
            let remedy = both!(
                "Envoyez le jeton dans l’en-tête « Authorization: Bearer … » et le secret dans le corps du formulaire.",
                "Send the token in the header `Authorization: Bearer …` and the secret in the form's body."
            );
            return Finding::broken(actual, why, remedy)
                .citing(wrong.iter().map(|(exchange, _)| exchange.number));
        }
        if !secrets {
            return Finding::undecided(
                both!(
                    "{count} requête(s), sans jeton ni demande de jeton.",
                    "{count} request(s) without token or token request."
                ),
                both!(
                    "Le client n’a manié ni jeton ni secret.",
                    "The client handled neither token nor secret."
                ),
            )
            .notes(role_told(scene));
        }
        Finding::met(
            both!(
                "{count} URL examinées : aucune ne porte de secret.",
                "{count} URLs examined: none carries a secret."
            ),
            both!("Jetons et secrets restent à leur place.", "Tokens and secrets stay where they belong."),
        )
        .notes(role_told(scene))
    }
}

/// What a client took to the other host that a link named.
fn strayed(scene: &Scene<'_>) -> Option<Finding> {
    let carries = |exchange: &Exchange, name: &str| {
        exchange.request.headers.iter().any(|(header, _)| header == name || header.starts_with(name))
    };
    let elsewhere: Vec<&Exchange> =
        scene.exchanges().filter(|exchange| is_elsewhere(scene, exchange)).collect();
    let with_token = |exchange: &&&Exchange| {
        let form = scene.text(&exchange.request.body).unwrap_or_default();
        carries(exchange, "authorization")
            || leak(&exchange.request.target).is_some()
            || form.contains(REDACTED)
    };
    let exchange = elsewhere.iter().find(with_token)?;
    let (number, name) = (exchange.number, named(exchange));
    let actual = Text::new(
        format!("Vers un autre serveur : {}.", name.fr),
        format!("To another server: {}.", name.en),
    );
    let why = both!(
        "Un lien menait à un autre serveur que le ROR ; l’échange {number} y a porté le jeton.",
        "A link led to another server than the ROR; exchange {number} took the token there."
    );
    let remedy = both!(
        "Avant de suivre un lien, comparez schéma, hôte et port à ceux du ROR ; ailleurs, n’envoyez ni jeton ni en-tête Ror-*, et signalez l’erreur.",
        "Before following a link, compare scheme, host and port with those of the ROR; elsewhere, send neither token nor Ror-* header, and report the error."
    );
    Some(Finding::broken(actual, why, remedy).citing([number]))
}

/// Without a token, the role headers give nothing away but who asks.
fn role_told(scene: &Scene<'_>) -> Option<Text> {
    let mut elsewhere = scene.exchanges().filter(|exchange| is_elsewhere(scene, exchange));
    let exchange = elsewhere
        .find(|exchange| exchange.request.headers.iter().any(|(header, _)| header.starts_with("ror-")))?;
    let number = exchange.number;
    Some(both!(
        "L’échange {number} a porté à un autre serveur les en-têtes Ror-*, sans jeton.",
        "Exchange {number} took the Ror-* headers to another server, without a token."
    ))
}

/// The name of the secret that a URL carries.
fn leak(url: &str) -> Option<String> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if SECRET_NAMES.iter().any(|secret| name.eq_ignore_ascii_case(secret)) && !value.is_empty() {
            return Some(quote(&name));
        }
    }
    let decoded = percent_encoding::percent_decode_str(url).decode_utf8_lossy();
    decoded.contains(REDACTED).then(|| "[redacted]".to_owned())
}
