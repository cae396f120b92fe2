//! `confidential`: restricted values that a scenario plants (canaries) do not come out where they do not belong.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Party;
use super::context::{History, Report, Scene, Truth, report};
use super::words::{both, named, quote};
use super::{Finding, Kind, Nature};
use crate::journal::{Canaries, Exchange, Output, Step};
use crate::text::Text;

/// `confidential`: see [`super::Expect::Confidential`]. The canaries are those of `given`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Confidential {
    /// Where canaries are looked for.
    pub look_at: ConfidentialFacet,
}

/// Where canaries are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConfidentialFacet {
    /// What the client shows a user of a narrower profile (`show`): `integrated` and the message.
    Shown,
    /// URL, headers and bodies of requests.
    Requests,
    /// Standard output and standard error, the declared result left out.
    Logs,
}

/// The profile of those who read logs and URLs: nobody in particular.
const PUBLIC: u8 = 0;

/// A canary where it does not belong.
struct Leak<'a> {
    value: &'a str,
    place: Text,
    exchange: Option<&'a Exchange>,
}

/// A canary that the client received: in which exchange first.
type Received = BTreeMap<usize, u32>;

impl Kind for Confidential {
    fn title(&self) -> Text {
        match self.look_at {
            ConfidentialFacet::Shown => both!(
                "Un utilisateur de profil plus étroit ne voit aucune donnée que son profil ne voit pas",
                "A user of a narrower profile sees no datum that the profile does not see"
            ),
            ConfidentialFacet::Requests => both!(
                "Aucune donnée restreinte ne repart dans une requête",
                "No restricted datum goes back in a request"
            ),
            ConfidentialFacet::Logs => both!(
                "Aucune donnée restreinte n’est écrite dans les traces",
                "No restricted datum is written to the logs"
            ),
        }
    }

    fn expected(&self, scene: &Scene<'_>) -> Text {
        let count = scene.evidence.setting.canaries.len();
        match self.look_at {
            ConfidentialFacet::Shown => both!(
                "Parmi {count} valeurs témoins, aucune que le profil de l’utilisateur ne voit pas, ni dans « integrated » ni dans le message.",
                "Of {count} canary values, none that the user's profile does not see, neither in `integrated` nor in the message."
            ),
            ConfidentialFacet::Requests => both!(
                "Aucune des {count} valeurs témoins restreintes dans une URL, un en-tête ou un corps de requête.",
                "None of the {count} restricted canary values in the URL, a header or the body of a request."
            ),
            ConfidentialFacet::Logs => both!(
                "Aucune des {count} valeurs témoins restreintes sur la sortie standard ou la sortie d’erreur, résultat déclaré mis à part.",
                "None of the {count} restricted canary values on standard output or standard error, apart from the declared result."
            ),
        }
    }

    fn nature(&self) -> Nature {
        Nature::Form
    }

    fn rests_on_connections(&self) -> bool {
        true
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let values = &scene.evidence.setting.canaries;
        let Some(history) = scene.history.filter(|_| !values.is_empty()) else {
            return nothing_to_look_for();
        };
        let canaries = Canaries::new(values);
        let mut received = Received::new();
        let mut restricted = BTreeSet::new();
        let mut judged = 0_usize;
        for step in &scene.evidence.steps {
            receive(scene, step, &canaries, &mut received);
            let is_asked = scene.step.is_none_or(|wanted| wanted == step.started.step);
            if step.started.action.is_none() || !is_asked {
                continue;
            }
            let Some(profile) = self.reader(step) else { continue };
            let hidden = Hidden::after(history, step, profile, values);
            restricted.extend(received.keys().copied().filter(|number| hidden.contains(*number)));
            judged += usize::from(self.is_declared(step));
            let leak = match self.look_at {
                ConfidentialFacet::Shown => shown(scene, step, &canaries, &hidden),
                ConfidentialFacet::Requests => sent(scene, step, &canaries, &hidden),
                ConfidentialFacet::Logs => logged(step, values, &hidden),
            };
            if let Some(leak) = leak {
                return self.leaked(step, profile, &leak, values, &received);
            }
        }
        if judged == 0 {
            return undeclared();
        }
        if restricted.is_empty() {
            return never_received();
        }
        let (count, steps) = (restricted.len(), judged);
        let cited = restricted.iter().filter_map(|number| received.get(number).copied());
        Finding::met(
            both!(
                "{count} valeur(s) témoin(s) restreinte(s) reçue(s) par le client, {steps} pas examiné(s) : aucune n’est ressortie.",
                "{count} restricted canary value(s) received by the client, {steps} step(s) examined: none came out."
            ),
            both!(
                "Les données restreintes restent où elles doivent être.",
                "Restricted data stay where they belong."
            ),
        )
        .citing(cited)
    }
}

impl Confidential {
    /// The profile for whom it must be visible; none when the step shows nobody anything.
    fn reader(self, step: &Step) -> Option<u8> {
        if self.look_at != ConfidentialFacet::Shown {
            return Some(PUBLIC);
        }
        step.started.input["as-profile"].as_u64().and_then(|profile| u8::try_from(profile).ok())
    }

    /// Whether the step says what this looks at.
    fn is_declared(self, step: &Step) -> bool {
        if self.look_at != ConfidentialFacet::Shown {
            return true;
        }
        let result = step.ended.as_ref().and_then(|ended| ended.result.as_ref());
        matches!(report(step), Report::Ok)
            && result.is_some_and(|result| result.integrated.is_some() || result.integrated_kept.is_some())
    }

    fn leaked(
        self,
        step: &Step,
        profile: u8,
        leak: &Leak<'_>,
        values: &[String],
        received: &Received,
    ) -> Finding {
        let (value, number, place) = (quote(leak.value), step.started.step, &leak.place);
        let source = values.iter().position(|planted| planted == leak.value);
        let source = source.and_then(|canary| received.get(&canary)).copied();
        let actual = Text::new(
            format!("« {value} » {} (pas de test {number}).", place.fr),
            format!("`{value}` {} (step {number}).", place.en),
        );
        let origin = source.map_or_else(Text::default, |exchange| {
            both!(
                " Le client l’a reçue dans l’échange {exchange}.",
                " The client received it in exchange {exchange}."
            )
        });
        let rule = match self.look_at {
            ConfidentialFacet::Shown => both!(
                "Le profil {profile} ne voit pas cette donnée : le client ne devait pas la montrer.",
                "Profile {profile} does not see this datum: the client should not have shown it."
            ),
            ConfidentialFacet::Requests => both!(
                "Cette donnée n’est pas publique ; URL, en-têtes et recherches finissent dans les journaux des serveurs et des mandataires.",
                "This datum is not public; URLs, headers and searches end up in the logs of servers and proxies."
            ),
            ConfidentialFacet::Logs => both!(
                "Cette donnée n’est pas publique ; les traces sont lues et gardées par d’autres que les utilisateurs à qui elle est ouverte.",
                "This datum is not public; logs are read and kept by others than the users to whom it is open."
            ),
        };
        let why = Text::new(
            format!("« {value} » {}. {}{}", place.fr, rule.fr, origin.fr),
            format!("`{value}` {}. {}{}", place.en, rule.en, origin.en),
        );
        let remedy = match self.look_at {
            ConfidentialFacet::Shown => both!(
                "Appliquez la matrice d’accès au profil de l’utilisateur avant d’afficher, dans les champs comme dans les messages.",
                "Apply the access matrix to the user's profile before showing anything, in fields as in messages."
            ),
            ConfidentialFacet::Requests => both!(
                "Cherchez par identifiants techniques ou par codes, jamais par une coordonnée ou un nom reçus avec restriction.",
                "Search by technical ids or codes, never by a contact or a name received under restriction."
            ),
            ConfidentialFacet::Logs => both!(
                "Ne tracez que les identifiants, les statuts et les décomptes, pas le contenu des ressources ; coupez les traces de mise au point des bibliothèques HTTP et FHIR.",
                "Log ids, statuses and counts only, not the content of resources; turn off the debugging traces of HTTP and FHIR libraries."
            ),
        };
        let exchange = leak.exchange.map(|exchange| exchange.number);
        Finding::broken(actual, why, remedy).citing(exchange.into_iter().chain(source))
    }
}

/// Canaries in the answers of a step.
fn receive<'a>(scene: &Scene<'a>, step: &Step, canaries: &Canaries, received: &mut Received) {
    for exchange in scene.during(step) {
        let Some(text) = exchange.response.as_ref().and_then(|response| scene.text(&response.body)) else {
            continue;
        };
        for number in canaries.find(text.as_bytes(), true) {
            received.entry(number).or_insert(exchange.number);
        }
    }
}

/// Canaries that a profile sees nowhere after a step, and that the step itself did not give to the client.
///
/// Looked up when one is met: the whole of the data is searched for it.
struct Hidden<'a> {
    truth: Rc<dyn Truth>,
    given: String,
    values: &'a [String],
    known: RefCell<BTreeMap<usize, bool>>,
}

impl<'a> Hidden<'a> {
    fn after(history: &dyn History, step: &Step, profile: u8, values: &'a [String]) -> Self {
        let truth = history.after(step.started.step, Some(profile));
        Self { truth, given: step.started.input.to_string(), values, known: RefCell::default() }
    }

    fn contains(&self, number: usize) -> bool {
        let hides = |value: &str| !self.truth.shows(value) && !self.given.contains(value);
        let look = || self.values.get(number).is_some_and(|value| hides(value));
        *self.known.borrow_mut().entry(number).or_insert_with(look)
    }
}

fn shown<'a>(
    scene: &Scene<'a>,
    step: &'a Step,
    canaries: &Canaries,
    hidden: &Hidden<'_>,
) -> Option<Leak<'a>> {
    let ended = step.ended.as_ref()?;
    let values = &scene.evidence.setting.canaries;
    let find =
        |text: &str| canaries.find(text.as_bytes(), true).into_iter().find(|number| hidden.contains(*number));
    let leak = |number: usize, place| Leak { value: &values[number], place, exchange: None };
    if let Some(result) = &ended.result {
        let kept = result.integrated_kept.as_ref().and_then(|body| scene.text(body));
        let declared = result.integrated.iter().flatten().map(ToString::to_string);
        let found = declared.chain(kept.map(std::borrow::Cow::into_owned)).find_map(|text| find(&text));
        if let Some(number) = found {
            return Some(leak(number, both!("est montré (« integrated »)", "is shown (`integrated`)")));
        }
    }
    let said = match report(step) {
        Report::Error(message) => message,
        _ => ended.result.as_ref().map(|result| result.message.clone()).unwrap_or_default(),
    };
    find(&said).map(|number| leak(number, both!("est dans le message", "is in the message")))
}

fn sent<'a>(scene: &Scene<'a>, step: &Step, canaries: &Canaries, hidden: &Hidden<'_>) -> Option<Leak<'a>> {
    let values = &scene.evidence.setting.canaries;
    scene.during(step).find_map(|exchange| {
        let find = |text: &str| {
            canaries.find(text.as_bytes(), true).into_iter().find(|number| hidden.contains(*number))
        };
        let request = &exchange.request;
        let name = named(exchange);
        let place = |fr: &str, en: &str| {
            Text::new(format!("est {fr} de l’{}", name.fr), format!("is in {en} of {}", name.en))
        };
        let leak = |number: usize, place| Leak { value: &values[number], place, exchange: Some(exchange) };
        let in_header = || {
            let mut headers = request.headers.iter();
            headers.find_map(|(header, value)| Some((header, find(value)?)))
        };
        if let Some(number) = find(&request.target) {
            return Some(leak(number, place("dans l’URL", "the URL")));
        }
        if let Some((header, number)) = in_header() {
            let header = quote(header);
            return Some(leak(
                number,
                place(&format!("dans l’en-tête {header}"), &format!("the header {header}")),
            ));
        }
        let number = find(&scene.text(&request.body)?)?;
        Some(leak(number, place("dans le corps", "the body")))
    })
}

fn logged<'a>(step: &'a Step, values: &[String], hidden: &Hidden<'_>) -> Option<Leak<'a>> {
    let seen = step.ended.as_ref()?.canaries.iter();
    let mut wrong = seen.filter(|seen| {
        let number = values.iter().position(|value| *value == seen.value);
        number.is_some_and(|number| hidden.contains(number))
    });
    let seen = wrong.next()?;
    let line = seen.line;
    let place = match seen.output {
        Output::Stdout => both!(
            "est écrit sur la sortie standard, ligne {line}",
            "is written to standard output, line {line}"
        ),
        Output::Stderr => {
            both!(
                "est écrit sur la sortie d’erreur, ligne {line}",
                "is written to standard error, line {line}"
            )
        }
    };
    Some(Leak { value: &seen.value, place, exchange: None })
}

fn nothing_to_look_for() -> Finding {
    Finding::undecided(
        both!("Aucune valeur témoin.", "No canary value."),
        both!(
            "Le scénario ne dit pas quelles valeurs chercher, ou le jeu de données n’est pas disponible.",
            "The scenario does not say which values to look for, or the dataset is not at hand."
        ),
    )
    .remedy(Text::default(), Party::Bench)
}

fn undeclared() -> Finding {
    Finding::skipped(
        both!("« integrated » n’est pas donné.", "`integrated` is not given."),
        both!(
            "Le client ne déclare pas ce qu’il montre : rien n’est comparé.",
            "The client does not declare what it shows: nothing is compared."
        ),
    )
    .remedy(
        both!(
            "Pour que le banc compare les données, ajoutez « integrated » au résultat de l’adaptateur.",
            "For the bench to compare data, add `integrated` to the adapter's result."
        ),
        Party::Configuration,
    )
}

fn never_received() -> Finding {
    Finding::undecided(
        both!(
            "Le client n’a reçu aucune des valeurs témoins restreintes.",
            "The client received none of the restricted canary values."
        ),
        both!(
            "Sans donnée restreinte reçue, rien ne pouvait ressortir : cela ne prouve rien.",
            "Without a restricted datum received nothing could come out: that proves nothing."
        ),
    )
    .remedy(
        both!(
            "Vérifiez que l’adaptateur exécute l’action demandée en entier (ROR_ACTION, ROR_INPUT).",
            "Check that the adapter carries out the whole of the action asked for (ROR_ACTION, ROR_INPUT)."
        ),
        Party::Configuration,
    )
}
