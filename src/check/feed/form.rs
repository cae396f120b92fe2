//! `capacity-form`: how each PATCH of the feed is made (ror-fhir.md §5.1 and §5.2).

use schemars::JsonSchema;
use serde::Deserialize;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::super::context::Scene;
use super::super::words::{both, named, quote};
use super::super::{Finding, Kind, Nature};
use super::{Write, as_asked, asked, is_location, location_path, requests, writes, written};
use crate::journal::Exchange;
use crate::ror::capacity::{self, Record};
use crate::ror::whitelist::ROR_HEADERS;
use crate::text::Text;

/// So near the instant asked for, a date is that of the measure: a person may have typed it.
const AS_MEASURED: Duration = Duration::minutes(5);

/// How far an update date may lie behind the call, and how far ahead of it: clocks differ, and a measure takes time.
const BEHIND: Duration = Duration::minutes(15);
const AHEAD: Duration = Duration::minutes(2);

/// `capacity-form`: see [`super::super::Expect::CapacityForm`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CapacityForm {
    /// What is looked at.
    pub look_at: FormFacet,
}

/// What is looked at in a PATCH of the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FormFacet {
    /// Method, path, identifier.
    Request,
    /// `Content-Type: application/fhir+json`, and no `Ror-*` header.
    Headers,
    /// The body: operation, path, record, codes.
    Body,
    /// Records are written one by one, never all at once.
    OneRecord,
    /// The date of update is that of the measure.
    UpdateDate,
}

/// One thing wrong with one request.
struct Wrong<'a> {
    exchange: &'a Exchange,
    what: Text,
}

impl Kind for CapacityForm {
    fn title(&self) -> Text {
        match self.look_at {
            FormFacet::Request => both!(
                "Chaque mise à jour est un PATCH conditionnel du lieu demandé",
                "Each update is a conditional PATCH of the location asked for"
            ),
            FormFacet::Headers => both!(
                "L’alimentation porte Authorization et Content-Type, et aucun en-tête Ror-*",
                "The feed carries Authorization and Content-Type, and no Ror-* header"
            ),
            FormFacet::Body => both!(
                "Le corps est un FHIRPath Patch avec un enregistrement de capacité complet",
                "The body is a FHIRPath Patch with a complete capacity record"
            ),
            FormFacet::OneRecord => both!(
                "Les enregistrements s’écrivent un par un, jamais tous à la fois",
                "Records are written one by one, never all at once"
            ),
            FormFacet::UpdateDate => both!(
                "La date de mise à jour est celle de la mesure",
                "The date of update is that of the measure"
            ),
        }
    }

    fn expected(&self, scene: &Scene<'_>) -> Text {
        let path = location_path(scene);
        match self.look_at {
            FormFacet::Request => both!(
                "PATCH {path}?identifier=[établissement]/[code du lieu], avec les valeurs demandées.",
                "PATCH {path}?identifier=[establishment]/[code of the location], with the values asked for."
            ),
            FormFacet::Headers => both!(
                "Content-Type: application/fhir+json, et aucun des quatre en-têtes Ror-*.",
                "Content-Type: application/fhir+json, and none of the four Ror-* headers."
            ),
            FormFacet::Body => both!(
                "Les sept sous-extensions obligatoires, des codes des TRE, la source 02, une date avec heure et décalage, les mêmes clés dans le chemin et dans la valeur.",
                "The seven mandatory sub-extensions, codes of the TRE systems, source 02, a date with time and offset, the same keys in the path and in the value."
            ),
            FormFacet::OneRecord => both!(
                "Chaque opération désigne un seul enregistrement par ses clés.",
                "Each operation designates one record by its keys."
            ),
            FormFacet::UpdateDate => both!(
                "capacityUpdateDate est l’instant de la mesure : celui que le pas donne, en tout fuseau ; s’il n’en donne pas, un instant récent.",
                "capacityUpdateDate is the instant of the measure: the one that the step gives, in any time zone; a recent one when it gives none."
            ),
        }
    }

    fn nature(&self) -> Nature {
        Nature::Form
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let requests: Vec<&Exchange> = requests(scene).collect();
        if requests.is_empty() {
            return Finding::undecided(
                both!("Aucun appel à l’alimentation.", "No call to the feed."),
                both!(
                    "Le client n’a rien envoyé : la forme de ses envois ne peut pas être jugée.",
                    "The client sent nothing: the form of what it sends cannot be judged."
                ),
            );
        }
        if self.look_at == FormFacet::UpdateDate && scene.epoch_us.is_none() {
            return Finding::undecided(
                both!("L’heure du run n’est pas connue.", "The time of the run is not known."),
                both!(
                    "Sans l’heure du run, les dates envoyées ne peuvent pas être situées.",
                    "Without the time of the run the dates sent cannot be placed."
                ),
            );
        }
        let wrong: Vec<Wrong<'_>> = match self.look_at {
            FormFacet::Request => {
                requests.iter().filter_map(|request| wrong_request(scene, request)).collect()
            }
            FormFacet::Headers => requests.iter().filter_map(|request| wrong_headers(request)).collect(),
            FormFacet::Body | FormFacet::OneRecord => {
                writes(scene).iter().flat_map(|write| self.deviations(write)).collect()
            }
            FormFacet::UpdateDate => {
                writes(scene).iter().filter_map(|write| wrong_date(scene, write)).collect()
            }
        };
        let count = requests.len();
        let Some(first) = wrong.first() else {
            return Finding::met(
                both!("{count} envoi(s) examiné(s).", "{count} call(s) examined."),
                both!("Tous sont comme attendu.", "All are as expected."),
            )
            .citing(requests.iter().take(5).map(|request| request.number));
        };
        let (faulty, name) = (wrong.len(), named(first.exchange));
        let why = Text::new(
            format!("Sur {}, {}.", name.fr.replacen("échange", "l’échange", 1), first.what.fr),
            format!("On {}, {}.", name.en, first.what.en),
        );
        let notes = wrong.iter().skip(1).map(|wrong| wrong.what.clone()).filter(|what| *what != first.what);
        Finding::broken(
            both!("{faulty} défaut(s) sur {count} envoi(s).", "{faulty} fault(s) over {count} call(s)."),
            why,
            self.remedy(),
        )
        .notes(notes.take(4))
        .citing(wrong.iter().map(|wrong| wrong.exchange.number))
    }
}

impl CapacityForm {
    fn remedy(self) -> Text {
        match self.look_at {
            FormFacet::Request => both!(
                "Appelez PATCH [ROR_CAPACITY_URL]/Location avec un seul paramètre identifier, encodé.",
                "Call PATCH [ROR_CAPACITY_URL]/Location with one parameter identifier, encoded."
            ),
            FormFacet::Headers => both!(
                "N’envoyez ici que Authorization et Content-Type: application/fhir+json : les en-têtes Ror-* sont ceux de la consultation.",
                "Send only Authorization and Content-Type: application/fhir+json here: the Ror-* headers are those of reading."
            ),
            FormFacet::Body => both!(
                "Reprenez la forme documentée des corps add, replace et delete, avec les systèmes TRE (et non JDV).",
                "Follow the documented form of the bodies add, replace and delete, with the TRE systems (not JDV)."
            ),
            FormFacet::OneRecord => both!(
                "Envoyez un PATCH par enregistrement, désigné par ses clés : les remplacer tous à la fois est déprécié, les retirer tous n’est pas prévu.",
                "Send one PATCH for each record, designated by its keys: replacing all of them at once is deprecated, removing all of them is not provided for."
            ),
            FormFacet::UpdateDate => both!(
                "Mettez dans capacityUpdateDate l’instant de la mesure (« updated », quand le pas le donne), non celui de l’envoi, avec son décalage horaire.",
                "Put the instant of the measure (`updated`, when the step gives it), not that of the call, into capacityUpdateDate, with its offset."
            ),
        }
    }

    fn deviations<'a>(self, write: &Write<'a>) -> Vec<Wrong<'a>> {
        let exchange = write.exchange;
        let Some(body) = &write.body else {
            let what = both!("le corps n’est pas du JSON", "the body is not JSON");
            return if self.look_at == FormFacet::Body { vec![Wrong { exchange, what }] } else { Vec::new() };
        };
        let all_at_once = |rule: &str| matches!(rule, "replace-all" | "delete-all" | "one-record");
        capacity::deviations(body)
            .into_iter()
            .filter(|deviation| all_at_once(deviation.rule) == (self.look_at == FormFacet::OneRecord))
            .map(|deviation| {
                let (path, expected, actual) = (quote(&deviation.path), deviation.expected, deviation.actual);
                let what = Text::new(
                    format!("{path} : attendu {}, trouvé « {} »", expected.fr, quote(&actual.fr)),
                    format!("{path}: expected {}, found `{}`", expected.en, quote(&actual.en)),
                );
                Wrong { exchange, what }
            })
            .collect()
    }
}

fn wrong_request<'a>(scene: &Scene<'_>, exchange: &'a Exchange) -> Option<Wrong<'a>> {
    // Something else of the feed's host (metadata, a look at the Location) is not an update.
    if exchange.request.method == "GET" {
        return None;
    }
    let method = quote(&exchange.request.method);
    if method != "PATCH" {
        let what =
            both!("la méthode est {method} au lieu de PATCH", "the method is {method} instead of PATCH");
        return Some(Wrong { exchange, what });
    }
    if !is_location(scene, exchange) {
        let (path, wanted) = (quote(exchange.path()), location_path(scene));
        let what =
            both!("le chemin est {path} au lieu de {wanted}", "the path is {path} instead of {wanted}");
        return Some(Wrong { exchange, what });
    }
    let parameters = exchange.parameters();
    let identifiers: Vec<&str> =
        parameters.iter().filter(|(name, _)| name == "identifier").map(|(_, value)| value.as_str()).collect();
    let wanted: Vec<String> =
        scene.evidence.steps.iter().flat_map(asked).map(|asked| asked.identifier).collect();
    match identifiers.as_slice() {
        [identifier] if wanted.is_empty() || wanted.contains(&as_asked(scene, exchange, identifier)) => None,
        [identifier] => {
            let (sent, wanted) = (quote(identifier), super::super::words::values(&wanted));
            let what = both!(
                "identifier vaut « {sent} », qui n’a pas été demandé (demandés : {wanted})",
                "identifier is `{sent}`, which was not asked for (asked for: {wanted})"
            );
            Some(Wrong { exchange, what })
        }
        [] => {
            let what = both!("le paramètre identifier manque", "the parameter identifier is missing");
            Some(Wrong { exchange, what })
        }
        _ => {
            let what = both!("le paramètre identifier est répété", "the parameter identifier is repeated");
            Some(Wrong { exchange, what })
        }
    }
}

fn wrong_headers(exchange: &Exchange) -> Option<Wrong<'_>> {
    if let Some(name) = ROR_HEADERS.iter().find(|name| exchange.header(name).is_some()) {
        let what = both!(
            "l’en-tête {name} est envoyé, alors que ce service ne l’admet pas",
            "the header {name} is sent, which this service does not admit"
        );
        return Some(Wrong { exchange, what });
    }
    if exchange.request.method != "PATCH" {
        return None;
    }
    let media_type = exchange.header("content-type").unwrap_or_default();
    let plain = media_type.split(';').next().unwrap_or_default().trim();
    if plain.eq_ignore_ascii_case("application/fhir+json") {
        return None;
    }
    let sent = quote(media_type);
    let what = both!(
        "Content-Type vaut « {sent} » au lieu de application/fhir+json",
        "Content-Type is `{sent}` instead of application/fhir+json"
    );
    Some(Wrong { exchange, what })
}

fn wrong_date<'a>(scene: &Scene<'_>, write: &Write<'a>) -> Option<Wrong<'a>> {
    let read_us = i64::try_from(write.exchange.request.first_byte_us).ok()?;
    let call_us = scene.epoch_us?.checked_add(read_us)?;
    let call = OffsetDateTime::from_unix_timestamp_nanos(i128::from(call_us) * 1_000).ok()?;
    let exchange = write.exchange;
    for record in write.operations.iter().flat_map(written) {
        // A date that cannot be read is a fault of the body.
        let Some(sent) = record.updated() else { continue };
        let measures = measures(scene, write, record);
        let measured = || measures.iter().flatten();
        if measured().any(|measured| (*measured - sent).abs() < AS_MEASURED) {
            continue;
        }
        let shown = quote(record.update_date.as_deref().unwrap_or_default());
        let all_are_dated = measures.iter().all(Option::is_some);
        if let Some(measured) = measured().next().filter(|_| all_are_dated) {
            let measured = measured.format(&Rfc3339).unwrap_or_default();
            let what = both!(
                "capacityUpdateDate vaut {shown}, alors que la mesure demandée est de {measured}",
                "capacityUpdateDate is {shown}, whereas the measure asked for is of {measured}"
            );
            return Some(Wrong { exchange, what });
        }
        if sent - call < -BEHIND || sent - call > AHEAD {
            let now = call.format(&Rfc3339).unwrap_or_default();
            let what = both!(
                "capacityUpdateDate vaut {shown}, alors que l’envoi est de {now}",
                "capacityUpdateDate is {shown}, whereas the call is of {now}"
            );
            return Some(Wrong { exchange, what });
        }
    }
    None
}

/// The measures of this record that may be meant, by the instants that the steps so far gave: those with that count, or
/// else all. One without an instant: anything recent is right, too.
fn measures(scene: &Scene<'_>, write: &Write<'_>, record: &Record) -> Vec<Option<OffsetDateTime>> {
    let steps = scene.evidence.steps.iter();
    let so_far = steps.filter(|step| write.exchange.step.is_none_or(|number| step.started.step <= number));
    let mut meant: Vec<_> = so_far
        .flat_map(asked)
        .filter(|asked| !asked.deletes && asked.key == record.key)
        .filter(|asked| Some(&asked.identifier) == write.identifier.as_ref())
        .collect();
    if meant.iter().any(|asked| asked.count == record.count) {
        meant.retain(|asked| asked.count == record.count);
    }
    let instant = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    meant.iter().map(|asked| asked.updated.as_deref().and_then(instant)).collect()
}
