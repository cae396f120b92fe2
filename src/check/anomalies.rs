//! `anomaly-form` and `anomalies-created`: how anomalies are reported and changed (ror-fhir.md §4.6 and §8).

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::context::{Scene, decoded_path, path_of};
use super::no_silent_loss::Balance;
use super::words::{both, named, quote};
use super::{Finding, Kind, Nature};
use crate::journal::{Api, Exchange, Step};
use crate::ror::anomaly;
use crate::text::Text;

/// `anomaly-form`: see [`super::Expect::AnomalyForm`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnomalyForm {}

/// `anomalies-created`: see [`super::Expect::AnomaliesCreated`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AnomaliesCreated {
    /// How many Tasks there are in the end that were not there at the beginning, at most.
    pub at_most: usize,
}

impl Kind for AnomalyForm {
    fn title(&self) -> Text {
        both!(
            "Une anomalie se signale par une Task complète, et avance par businessStatus",
            "An anomaly is reported by a complete Task, and progresses by businessStatus"
        )
    }

    fn expected(&self, _: &Scene<'_>) -> Text {
        both!(
            "POST d’une Task avec ses éléments obligatoires (dont systemRequester) sur l’offre demandée ; PATCH « replace » de Task.businessStatus.",
            "POST of a Task with its mandatory elements (systemRequester among them) on the offer asked for; PATCH `replace` of Task.businessStatus."
        )
    }

    fn nature(&self) -> Nature {
        Nature::Form
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let writes: Vec<&Exchange> = writes(scene).collect();
        if writes.is_empty() {
            return Finding::undecided(
                both!("Aucun POST ni PATCH d’anomalie.", "No POST nor PATCH of an anomaly."),
                both!(
                    "Le client n’a rien envoyé : la forme de ses signalements ne peut pas être jugée.",
                    "The client sent nothing: the form of its reports cannot be judged."
                ),
            );
        }
        for exchange in &writes {
            if let Some(what) = wrong(scene, exchange) {
                let name = named(exchange);
                return Finding::broken(
                    Text::new(format!("{}.", name.fr), format!("{}.", name.en)),
                    what,
                    both!(
                        "Suivez le profil ror-task : statut, intention, businessStatus, thématique, focus, dates, action attendue, et l’input systemRequester.",
                        "Follow the profile ror-task: status, intent, businessStatus, theme, focus, dates, action expected, and the input systemRequester."
                    ),
                )
                .citing([exchange.number]);
            }
        }
        let count = writes.len();
        Finding::met(
            both!("{count} envoi(s) examiné(s).", "{count} call(s) examined."),
            both!("Tous sont comme attendu.", "All are as expected."),
        )
        .citing(writes.iter().take(5).map(|write| write.number))
    }
}

impl Kind for AnomaliesCreated {
    fn title(&self) -> Text {
        both!(
            "Un signalement dont la réponse s’est perdue n’est pas répété à l’aveugle",
            "A report whose answer was lost is not repeated blindly"
        )
    }

    fn expected(&self, _: &Scene<'_>) -> Text {
        let count = self.at_most;
        both!("Au plus {count} anomalie(s) créée(s).", "{count} anomaly or anomalies created at most.")
    }

    fn nature(&self) -> Nature {
        Nature::Form
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let created = created(scene);
        let posts: Vec<u32> = writes(scene)
            .filter(|exchange| exchange.request.method == "POST")
            .map(|exchange| exchange.number)
            .collect();
        if posts.is_empty() {
            return Finding::undecided(
                both!("Aucun POST d’anomalie.", "No POST of an anomaly."),
                both!("Le client n’a rien signalé.", "The client reported nothing."),
            );
        }
        let count = created.len();
        let actual = both!("{count} anomalie(s) créée(s).", "{count} anomaly or anomalies created.");
        if count > self.at_most {
            return Finding::broken(
                actual,
                both!(
                    "La même anomalie est signalée plusieurs fois : la première avait été enregistrée, seule sa réponse s’était perdue.",
                    "The same anomaly is reported several times: the first had been recorded, only its answer was lost."
                ),
                both!(
                    "Après une réponse perdue, cherchez d’abord si l’anomalie existe (GET Task?focus=…), ou signalez l’erreur.",
                    "After a lost answer, first look whether the anomaly exists (GET Task?focus=…), or report the error."
                ),
            )
            .citing(posts);
        }
        Finding::met(actual, both!("Rien n’est signalé deux fois.", "Nothing is reported twice."))
            .citing(posts)
    }
}

/// A report that never was recorded, or whose recording the client never learnt of.
pub(super) fn balance(scene: &Scene<'_>, step: &Step) -> Option<Balance> {
    let during: Vec<&Exchange> =
        scene.during(step).filter(|exchange| exchange.api() == Api::Anomalies).collect();
    let answered = |exchange: &Exchange| {
        matches!(exchange.status(), Some(200..=299)) && exchange.complete != Some(false)
    };
    let posted = during.iter().any(|exchange| exchange.request.method == "POST" && answered(exchange));
    let found = !created(scene).is_empty()
        && during.iter().any(|exchange| exchange.request.method == "GET" && answered(exchange));
    let missing = if posted || found { Vec::new() } else { vec!["Task".to_owned()] };
    let cited = during.iter().map(|exchange| exchange.number).collect();
    Some(Balance { wanted: 1, missing, cited, may_have_come_otherwise: false })
}

fn writes<'a>(scene: &Scene<'a>) -> impl Iterator<Item = &'a Exchange> + use<'a> {
    scene
        .exchanges()
        .filter(|exchange| exchange.api() == Api::Anomalies)
        .filter(|exchange| matches!(exchange.request.method.as_str(), "POST" | "PATCH" | "PUT" | "DELETE"))
}

/// Ids of the Tasks that clients created.
fn created(scene: &Scene<'_>) -> std::collections::BTreeSet<String> {
    let posted = |number: u32| {
        scene.evidence.exchange(number).is_some_and(|exchange| exchange.request.method == "POST")
    };
    let changes = scene.evidence.changes.iter().map(|change| &change.change);
    changes
        .filter(|change| change.exchange.is_some_and(posted))
        .flat_map(|change| &change.put)
        .filter(|resource| resource["resourceType"] == "Task")
        .filter_map(|task| task["id"].as_str().map(str::to_owned))
        .collect()
}

fn wrong(scene: &Scene<'_>, exchange: &Exchange) -> Option<Text> {
    let base = path_of(&scene.evidence.setting.task_url);
    let path = decoded_path(exchange);
    let body: Option<Value> =
        scene.text(&exchange.request.body).and_then(|text| serde_json::from_str(&text).ok());
    let Some(body) = body else {
        return Some(both!("Le corps n’est pas du JSON.", "The body is not JSON."));
    };
    match exchange.request.method.as_str() {
        "POST" | "PATCH" => {}
        other => {
            let other = quote(other);
            return Some(both!(
                "La méthode {other} n’est pas admise ici.",
                "The method {other} is not admitted here."
            ));
        }
    }
    if let Some(deviation) = anomaly::deviations(&body).into_iter().next() {
        let path = quote(&deviation.path);
        return Some(Text::new(
            format!(
                "{path} : attendu {}, trouvé « {} ».",
                deviation.expected.fr,
                quote(&deviation.actual.fr)
            ),
            format!("{path}: expected {}, found `{}`.", deviation.expected.en, quote(&deviation.actual.en)),
        ));
    }
    let inputs = scene.steps().map(|step| &step.started.input);
    let (wanted, sent) = if exchange.request.method == "POST" {
        let wanted: Vec<String> = inputs
            .filter_map(|input| Some(format!("HealthcareService/{}", input["healthcare-service"].as_str()?)))
            .collect();
        // A logical reference (an identifier) says the same in another way.
        let Some(sent) = body["focus"]["reference"].as_str() else { return None };
        (wanted, sent.to_owned())
    } else {
        let wanted: Vec<String> =
            inputs.filter_map(|input| Some(format!("{base}/{}", input["task"].as_str()?))).collect();
        (wanted, path.replace("/Task/Task", "/Task"))
    };
    let meant = wanted.is_empty() || wanted.iter().any(|wanted| sent.ends_with(wanted.as_str()));
    (!meant).then(|| {
        let (sent, wanted) = (quote(&sent), super::words::values(&wanted));
        both!(
            "L’envoi porte sur {sent} au lieu de {wanted}.",
            "The call is about {sent} instead of {wanted}."
        )
    })
}
