//! `token-form`: the token request is the documented form (client credentials, RFC 6749 §4.4; ror-fhir §1.2).

use schemars::JsonSchema;
use serde::Deserialize;

use super::context::Scene;
use super::words::{both, named, quote};
use super::{Finding, Kind, Nature};
use crate::journal::{Api, Exchange};
use crate::text::Text;

/// `token-form`: grant type, client_id, form encoding.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenForm {}

const FORM: &str = "application/x-www-form-urlencoded";

impl Kind for TokenForm {
    fn title(&self) -> Text {
        both!(
            "La demande de jeton est un formulaire client_credentials bien formé",
            "The token request is a well-formed client_credentials form"
        )
    }

    fn expected(&self, scene: &Scene<'_>) -> Text {
        let client = quote(&scene.evidence.setting.service.client_id);
        both!(
            "POST {FORM} avec grant_type=client_credentials et client_id={client}, une fois chacun.",
            "POST {FORM} with grant_type=client_credentials and client_id={client}, once each."
        )
    }

    fn nature(&self) -> Nature {
        Nature::Form
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let requests: Vec<&Exchange> = token_requests(scene).collect();
        if requests.is_empty() {
            return no_token_request();
        }
        let mut unreadable = 0_usize;
        for request in &requests {
            match fault(scene, request) {
                Ok(Some(what)) => {
                    let mut finding = broken(request, &what, requests.len());
                    finding.at_most_should = is_tolerated_basic(scene, request);
                    return finding;
                }
                Ok(None) => {}
                Err(()) => unreadable += 1,
            }
        }
        if unreadable > 0 {
            return Finding::undecided(
                both!(
                    "{unreadable} demande(s) de jeton illisible(s).",
                    "{unreadable} token request(s) unreadable."
                ),
                both!(
                    "Le corps de la demande de jeton n’a pas pu être relu dans le journal.",
                    "The body of the token request could not be read back from the journal."
                ),
            );
        }
        let count = requests.len();
        Finding::met(
            both!(
                "{count} demande(s) de jeton, toutes bien formées.",
                "{count} token request(s), all well formed."
            ),
            both!(
                "Le formulaire est celui que le ROR documente.",
                "The form is the one that the ROR documents."
            ),
        )
        .citing(requests.iter().take(5).map(|request| request.number))
    }
}

/// The token requests: POSTs, and other calls that carry the form's fields in their URL.
pub(super) fn token_requests<'a>(scene: &Scene<'a>) -> impl Iterator<Item = &'a Exchange> + use<'a> {
    scene.exchanges().filter(|exchange| {
        exchange.api() == Api::Token
            && (exchange.request.method == "POST"
                || exchange.parameters().iter().any(|(name, _)| name == "grant_type" || name == "client_id"))
    })
}

pub(super) fn no_token_request() -> Finding {
    Finding::undecided(
        both!("Aucune demande de jeton.", "No token request."),
        both!(
            "Le client n’a demandé aucun jeton : rien ne peut être jugé ici.",
            "The client asked for no token: nothing can be judged here."
        ),
    )
}

/// The pairs of the form; none when the body cannot be read.
pub(super) fn form<'a>(scene: &Scene<'a>, request: &'a Exchange) -> Option<Vec<(String, String)>> {
    let text = scene.text(&request.request.body)?;
    Some(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
}

/// Whether the request says that its body is a form, whatever its charset.
pub(super) fn is_form(request: &Exchange) -> bool {
    let content_type = request.header("content-type").unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM)
}

/// Whether a public client (profile 0) got its token with HTTP Basic: RFC 6749 §2.3.1 has servers accept that, the ROR
/// documents the form only, so it is advised against and not held against the client.
pub(super) fn is_tolerated_basic(scene: &Scene<'_>, request: &Exchange) -> bool {
    scene.evidence.setting.profile == 0 && is_basic(request) && request.status() == Some(200)
}

/// Whether the request authenticates by HTTP Basic.
pub(super) fn is_basic(request: &Exchange) -> bool {
    let scheme = request.header("authorization").and_then(|value| value.split_whitespace().next());
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"))
}

/// What is wrong with one token request; an error when it cannot be read.
fn fault(scene: &Scene<'_>, request: &Exchange) -> Result<Option<Text>, ()> {
    let method = quote(&request.request.method);
    if method != "POST" {
        return Ok(Some(both!(
            "la méthode est {method} au lieu de POST",
            "the method is {method} instead of POST"
        )));
    }
    if request.parameters().iter().any(|(name, _)| name == "client_secret") {
        return Ok(Some(both!(
            "le secret est dans l’URL au lieu du corps du formulaire",
            "the secret is in the URL instead of the form's body"
        )));
    }
    if !is_form(request) {
        let content_type = request.header("content-type").unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        let sent = if media_type.is_empty() { "—".to_owned() } else { quote(content_type) };
        return Ok(Some(both!(
            "le Content-Type est « {sent} » au lieu de {FORM}",
            "the Content-Type is `{sent}` instead of {FORM}"
        )));
    }
    let pairs = form(scene, request).ok_or(())?;
    let all = |name: &str| -> Vec<&str> {
        pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    };
    match all("grant_type")[..] {
        ["client_credentials"] => {}
        [] => return Ok(Some(both!("le champ grant_type manque", "the field grant_type is missing"))),
        [other] => {
            let other = quote(other);
            return Ok(Some(both!(
                "grant_type vaut « {other} » au lieu de client_credentials",
                "grant_type is `{other}` instead of client_credentials"
            )));
        }
        _ => {
            return Ok(Some(both!("grant_type figure plusieurs fois", "grant_type is there more than once")));
        }
    }
    let assigned = scene.evidence.setting.service.client_id.as_str();
    Ok(match all("client_id")[..] {
        [sent] if sent == assigned => None,
        [] if is_basic(request) => Some(both!(
            "client_id manque dans le formulaire (le client s’identifie par « Authorization: Basic », que le ROR ne documente pas)",
            "client_id is missing from the form (the client identifies itself by `Authorization: Basic`, which the ROR does not document)"
        )),
        [] => Some(both!("le champ client_id manque", "the field client_id is missing")),
        [sent] => {
            let (sent, assigned) = (quote(sent), quote(assigned));
            Some(both!(
                "client_id vaut « {sent} » au lieu de « {assigned} »",
                "client_id is `{sent}` instead of `{assigned}`"
            ))
        }
        _ => Some(both!("client_id figure plusieurs fois", "client_id is there more than once")),
    })
}

fn broken(request: &Exchange, what: &Text, count: usize) -> Finding {
    let name = named(request);
    let actual = Text::new(
        format!("{count} demande(s) de jeton ; en défaut : {}.", name.fr),
        format!("{count} token request(s); at fault: {}.", name.en),
    );
    let number = request.number;
    let why = Text::new(
        format!("Dans la demande de jeton (échange {number}), {}.", what.fr),
        format!("In the token request (exchange {number}), {}.", what.en),
    );
    let remedy = both!(
        "Envoyez par POST le formulaire grant_type=client_credentials&client_id=… (ROR_CLIENT_ID), encodé en {FORM}.",
        "POST the form grant_type=client_credentials&client_id=… (ROR_CLIENT_ID), encoded as {FORM}."
    );
    Finding::broken(actual, why, remedy).citing([number])
}
