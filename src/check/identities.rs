//! `identities`: reading uses the consumer's client_id and certificate, the feed the supplier's; they are never mixed.

use schemars::JsonSchema;
use serde::Deserialize;

use super::context::Scene;
use super::words::{both, named, quote};
use super::{Finding, Kind, Nature};
use crate::journal::{Api, Exchange};
use crate::text::Text;

/// `identities`: see [`super::Expect::Identities`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identities {}

impl Kind for Identities {
    fn title(&self) -> Text {
        both!(
            "Consultation et alimentation ont chacune leur client_id et leur certificat",
            "Reading and feeding have each their client_id and their certificate"
        )
    }

    fn expected(&self, scene: &Scene<'_>) -> Text {
        let consumer = quote(&scene.evidence.setting.service.client_id);
        let supplier = suppliers(scene).join(", ");
        both!(
            "Le jeton de {consumer} pour lire, celui de {supplier} pour alimenter, chacun obtenu avec son certificat.",
            "The token of {consumer} to read, that of {supplier} to feed, each obtained with its certificate."
        )
    }

    fn nature(&self) -> Nature {
        Nature::Form
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let mut seen = Vec::new();
        for exchange in scene.exchanges() {
            let wrong = match exchange.api() {
                Api::Capacity => {
                    seen.push(exchange.number);
                    wrong_token(exchange, |id| suppliers(scene).contains(&id))
                }
                Api::Fhir | Api::Anomalies => {
                    seen.push(exchange.number);
                    wrong_token(exchange, |id| id == scene.evidence.setting.service.client_id)
                }
                Api::Token => wrong_certificate(scene, exchange),
                Api::Elsewhere => None,
            };
            if let Some(why) = wrong {
                let name = named(exchange);
                return Finding::broken(
                    Text::new(format!("{}.", name.fr), format!("{}.", name.en)),
                    why,
                    both!(
                        "Tenez deux identités séparées : ROR_CLIENT_* pour lire, ROR_SUPPLIER_* pour alimenter, chacune avec son jeton.",
                        "Keep two identities apart: ROR_CLIENT_* to read, ROR_SUPPLIER_* to feed, each with its own token."
                    ),
                )
                .citing([exchange.number]);
            }
        }
        if seen.is_empty() {
            return Finding::undecided(
                both!("Aucun appel aux API.", "No call to the APIs."),
                both!(
                    "Sans appel, les identités ne peuvent pas être comparées.",
                    "Without a call the identities cannot be compared."
                ),
            );
        }
        let count = seen.len();
        Finding::met(
            both!("{count} appel(s) examiné(s).", "{count} call(s) examined."),
            both!("Chaque appel porte l’identité qui convient.", "Each call carries the right identity."),
        )
        .citing(seen.into_iter().take(5))
    }
}

fn suppliers<'a>(scene: &Scene<'a>) -> Vec<&'a str> {
    let supplier = scene.evidence.setting.supplier.as_ref();
    supplier.map(|supplier| supplier.client_ids.iter().map(String::as_str).collect()).unwrap_or_default()
}

fn wrong_token(exchange: &Exchange, right: impl Fn(&str) -> bool) -> Option<Text> {
    let id = exchange.request.token_client_id.as_deref().filter(|id| !right(id))?;
    let id = quote(id);
    Some(both!(
        "Le jeton présenté est celui de {id}, qui n’est pas l’identité de cette API.",
        "The token presented is that of {id}, which is not this API's identity."
    ))
}

/// A token asked for with one identity's client_id and the other's certificate.
fn wrong_certificate(scene: &Scene<'_>, exchange: &Exchange) -> Option<Text> {
    let form = scene.text(&exchange.request.body)?;
    let id = form_urlencoded::parse(form.as_bytes()).find(|(name, _)| name == "client_id")?.1.into_owned();
    let shown = scene.evidence.handshake(exchange)?.certificate.as_ref()?;
    let consumer = scene.evidence.setting.service.subject.as_deref()?;
    let is_consumers = crate::ror::distinguished_name::same(consumer, &shown.subject);
    let feeds = suppliers(scene).contains(&id.as_str());
    let reads = id == scene.evidence.setting.service.client_id;
    let supplier = scene.evidence.setting.supplier.as_ref()?;
    let is_suppliers = crate::ror::distinguished_name::same(&supplier.subject, &shown.subject);
    // One certificate declared for both: what is declared is not this check's matter.
    if is_consumers && is_suppliers {
        return None;
    }
    let id = quote(&id);
    if feeds && is_consumers {
        return Some(both!(
            "Le jeton de {id} est demandé avec le certificat de la consultation.",
            "The token of {id} is asked for with the consumer's certificate."
        ));
    }
    (reads && is_suppliers).then(|| {
        both!(
            "Le jeton de {id} est demandé avec le certificat de l’alimentation.",
            "The token of {id} is asked for with the supplier's certificate."
        )
    })
}
