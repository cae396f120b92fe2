//! `gap`: the delay that a 429 or 503 advertised is waited for, by the whole client.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Seconds;
use super::context::{Scene, counts_for_service};
use super::flight::{Flights, call_key};
use super::matcher::{Matcher, api_name};
use super::noise::{DECIDABLE_US, Noise};
use super::wait::{AdvertisedWait, TOLERANCE_US, advertised_wait, retry_after};
use super::words::{both, listed, ms, named};
use super::{Finding, Kind, Nature};
use crate::journal::Exchange;
use crate::text::Text;

/// `gap`: the delay that a 429 or 503 advertised is waited for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Gap {
    /// Refusals that start the wait.
    pub after: Matcher,
    /// `advertised` (the value on the wire), or a duration.
    pub at_least: AtLeast,
}

/// Length of a wait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AtLeast {
    /// What Retry-After said on the wire.
    Advertised,
    /// A duration of the scenario's.
    Duration(Seconds),
}

impl<'de> Deserialize<'de> for AtLeast {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        if text == "advertised" {
            return Ok(Self::Advertised);
        }
        Seconds::parse(&text)
            .map(Self::Duration)
            .map_err(|reason| serde::de::Error::custom(format!("{reason}, or `advertised`")))
    }
}

impl JsonSchema for AtLeast {
    fn schema_name() -> Cow<'static, str> {
        "AtLeast".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^(advertised|\\s*[0-9]+(\\.[0-9]+)?\\s*(ms|s|m)\\s*)$",
            "description": "`advertised`, or a duration such as 500ms."
        })
    }
}

/// Refused calls from which on their returns are compared.
const CROWD: usize = 5;
/// Returns within this time came all at once.
const AT_ONCE_US: u64 = 100_000;
/// Calls that can have been in flight after one refusal: twice the workers of any scenario's step.
const MOST_IN_FLIGHT: usize = 8;
/// Violations that are named one by one.
const SHOWN: usize = 10;

/// A call that came before the end of the wait.
struct Early<'a> {
    refusal: &'a Exchange,
    call: &'a Exchange,
    gap_us: u64,
    wait_us: u64,
    /// Longest stall of the bench's machine during this very wait, when it leaves the case open, µs.
    doubt_us: Option<u64>,
    /// Whether the doubt is that it may have been in flight, and nothing else.
    may_fly: bool,
}

impl Kind for Gap {
    fn title(&self) -> Text {
        let status = self.after.status.map_or_else(|| "429".to_owned(), |status| status.to_string());
        both!(
            "Après un {status}, le client attend le délai annoncé avant tout nouvel appel à la même API",
            "After a {status} the client waits as long as it was told before any further call to the same API"
        )
    }

    fn expected(&self, _: &Scene<'_>) -> Text {
        match self.at_least {
            AtLeast::Advertised => both!(
                "Aucun nouvel appel à la même API avant la fin du délai donné par Retry-After (appels déjà partis non comptés).",
                "No further call to the same API before the end of the delay given by Retry-After (calls already under way not counted)."
            ),
            AtLeast::Duration(seconds) => {
                let wait = ms(seconds.micros());
                both!(
                    "Aucun nouvel appel à la même API moins de {wait} après le refus (appels déjà partis non comptés).",
                    "No further call to the same API less than {wait} after the refusal (calls already under way not counted)."
                )
            }
        }
    }

    fn nature(&self) -> Nature {
        Nature::Reaction
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let refusals: Vec<&Exchange> = scene
            .exchanges()
            .filter(|exchange| exchange.response.is_some() && self.after.matches(scene, exchange))
            .collect();
        if refusals.is_empty() {
            return not_refused(&self.after);
        }
        let waits: Vec<(&Exchange, AdvertisedWait)> =
            refusals.iter().filter_map(|refusal| Some((*refusal, self.wait(scene, refusal)?))).collect();
        if waits.is_empty() {
            let numbers: Vec<u32> = refusals.iter().map(|refusal| refusal.number).collect();
            let value =
                refusals.iter().find_map(|refusal| retry_after(refusal)).unwrap_or_else(|| "—".to_owned());
            return Finding::undecided(
                both!("Retry-After : {value}", "Retry-After: {value}"),
                both!(
                    "Les refus n’annonçaient aucun délai utilisable : il n’y a pas d’attente à mesurer.",
                    "The refusals advertised no usable delay: there is no wait to measure."
                ),
            )
            .citing(numbers);
        }
        judge(scene, &waits)
    }
}

impl Gap {
    fn wait(&self, scene: &Scene<'_>, refusal: &Exchange) -> Option<AdvertisedWait> {
        match self.at_least {
            AtLeast::Advertised => advertised_wait(refusal, scene.epoch_us),
            AtLeast::Duration(seconds) => {
                Some(AdvertisedWait { wait_us: seconds.micros(), tolerance_us: TOLERANCE_US })
            }
        }
    }
}

/// No answer of the kind that a check is about.
pub(super) fn not_refused(after: &Matcher) -> Finding {
    let what = after.describe();
    Finding::undecided(
        Text::new(
            format!("Aucune réponse de cette sorte{}", what.fr),
            format!("No answer of this kind{}", what.en),
        ),
        both!(
            "Le client n’a pas reçu le refus dont ce contrôle observe les suites.",
            "The client did not receive the refusal whose consequences this check observes."
        ),
    )
}

fn judge<'a>(scene: &Scene<'a>, waits: &[(&'a Exchange, AdvertisedWait)]) -> Finding {
    let flights = Flights::new(scene);
    let noise = Noise::of(scene.evidence);
    let mut early: Vec<Early<'a>> = Vec::new();
    let mut notes = Vec::new();
    let mut under_way = 0_usize;
    let mut smallest: Option<(u64, u64, &Exchange, &Exchange)> = None;
    let mut abandoned = Vec::new();
    for (index, (refusal, wait)) in waits.iter().enumerate() {
        let ready = refusal.ready_us().unwrap_or_default();
        let end = ready.saturating_add(wait.wait_us);
        let floor = end.saturating_sub(wait.tolerance_us);
        let mut next = None;
        for call in later_calls(scene, refusal) {
            if flights.in_flight(refusal, call) {
                under_way += usize::from(call.request.first_byte_us > ready);
                continue;
            }
            let first = call.request.first_byte_us;
            next = Some(next.map_or(
                call,
                |next: &Exchange| {
                    if next.request.first_byte_us <= first { next } else { call }
                },
            ));
            if first < floor && !waited_for_its_own(&flights, &waits[..index], (refusal, wait), call) {
                let stalled = noise.met(refusal.request.first_byte_us, first);
                let is_small = end.saturating_sub(first) < stalled;
                let in_doubt = (stalled > DECIDABLE_US && is_small) || flights.in_doubt(refusal, call);
                early.push(Early {
                    refusal,
                    call,
                    gap_us: first.saturating_sub(ready),
                    wait_us: wait.wait_us,
                    doubt_us: in_doubt.then_some(stalled),
                    may_fly: in_doubt && !(stalled > DECIDABLE_US && is_small),
                });
            }
            if first >= floor || early.len() > SHOWN {
                break;
            }
        }
        match next {
            None => abandoned.push(refusal.number),
            Some(call) => {
                let gap = call.request.first_byte_us.saturating_sub(ready);
                if gap > wait.wait_us.saturating_mul(2).saturating_add(1_000_000) {
                    let (gap, wait, name) = (ms(gap), ms(wait.wait_us), named(call));
                    notes.push(Text::new(
                        format!("Retour tardif, sans conséquence : {gap} après un refus qui demandait {wait} ({}).", name.fr),
                        format!("Late return, of no consequence: {gap} after a refusal that asked for {wait} ({}).", name.en),
                    ));
                }
                if smallest.is_none_or(|(least, ..)| gap < least) {
                    smallest = Some((gap, wait.wait_us, refusal, call));
                }
            }
        }
        if early.len() > SHOWN {
            break;
        }
    }
    if under_way > 0 {
        notes.push(both!(
            "{under_way} requête(s) déjà en route quand le refus est parti : non comptées.",
            "{under_way} request(s) already under way when the refusal went out: not counted."
        ));
    }
    if !abandoned.is_empty() {
        let list = listed(&abandoned);
        notes.push(Text::new(
            format!("Aucun nouvel appel après le refus ({}).", list.fr),
            format!("No further call after the refusal ({}).", list.en),
        ));
    }
    notes.extend(observed_part(scene, waits));
    notes.extend(all_at_once(scene, waits));
    notes.truncate(8);
    if early.is_empty() { obeyed(waits, smallest) } else { disobeyed(&early) }.notes(notes)
}

/// How much of a wait was observed, when the step ended before it did: what came afterwards nobody knows.
fn observed_part(scene: &Scene<'_>, waits: &[(&Exchange, AdvertisedWait)]) -> Option<Text> {
    let (refusal, wait) = waits.last()?;
    if later_calls(scene, refusal).next().is_some() {
        return None;
    }
    let step = scene.evidence.steps.iter().find(|step| Some(step.run()) == refusal.run())?;
    let observed = step.ended_us?.saturating_sub(refusal.ready_us()?);
    if observed.saturating_add(wait.tolerance_us) >= wait.wait_us {
        return None;
    }
    let (observed, asked) = (ms(observed), ms(wait.wait_us));
    Some(both!(
        "Observé pendant {observed} sur {asked} demandés : la suite n’est pas connue.",
        "Observed for {observed} of {asked} asked: what came afterwards is not known."
    ))
}

/// Calls that were refused side by side and came back all in the same moment: the service meets the same load again.
fn all_at_once(scene: &Scene<'_>, waits: &[(&Exchange, AdvertisedWait)]) -> Option<Text> {
    let returns: Vec<u64> = waits
        .iter()
        .filter_map(|(refusal, _)| {
            let again = |call: &&Exchange| call_key(call) == call_key(refusal);
            Some(later_calls(scene, refusal).find(again)?.request.first_byte_us)
        })
        .collect();
    let (first, last) = (returns.iter().min()?, returns.iter().max()?);
    let (calls, spread) = (returns.len(), last - first);
    if calls < CROWD || spread > AT_ONCE_US {
        return None;
    }
    let spread = ms(spread);
    Some(both!(
        "Les {calls} appels refusés sont revenus en {spread} : un écart aléatoire, toujours en plus, les étalerait.",
        "The {calls} refused calls came back within {spread}: a random delay, always added, would spread them."
    ))
}

/// The later requests of the same service to the same API, by the same run: processes do not share memory.
fn later_calls<'a>(scene: &Scene<'a>, refusal: &'a Exchange) -> impl Iterator<Item = &'a Exchange> + use<'a> {
    let from = usize::try_from(refusal.number).unwrap_or(usize::MAX);
    let evidence = scene.evidence;
    evidence
        .exchanges
        .iter()
        .skip(from)
        .filter(move |call| call.api() == refusal.api() && call.run() == refusal.run())
        .filter(|call| counts_for_service(call))
}

/// Refusals of calls that were under way together form one burst: a worker that waited for its own refusal's delay is
/// not accused because another's came a little later. The refused call itself waits for its own.
fn waited_for_its_own(
    flights: &Flights<'_>,
    before: &[(&Exchange, AdvertisedWait)],
    (refusal, _): (&Exchange, &AdvertisedWait),
    call: &Exchange,
) -> bool {
    if refusal.api() != crate::journal::Api::Token && call_key(refusal) == call_key(call) {
        return false;
    }
    before.iter().any(|(earlier, wait)| {
        let end = earlier.ready_us().unwrap_or_default().saturating_add(wait.wait_us);
        earlier.api() == refusal.api()
            && flights.in_flight(earlier, refusal)
            && call.request.first_byte_us >= end.saturating_sub(wait.tolerance_us)
    })
}

fn obeyed(
    waits: &[(&Exchange, AdvertisedWait)],
    smallest: Option<(u64, u64, &Exchange, &Exchange)>,
) -> Finding {
    let count = waits.len();
    let cited = waits.iter().map(|(refusal, _)| refusal.number);
    match smallest {
        Some((gap, wait, refusal, call)) => {
            let (gap, wait, refused, next) = (ms(gap), ms(wait), refusal.number, call.number);
            Finding::met(
                both!(
                    "Plus court délai observé : {gap} entre le refus (échange {refused}, {wait} demandées) et l’appel suivant (échange {next}).",
                    "Shortest wait observed: {gap} between the refusal (exchange {refused}, {wait} asked for) and the next call (exchange {next})."
                ),
                both!("Le délai annoncé a été respecté après {count} refus.", "The delay was respected after {count} refusal(s)."),
            )
            .citing(cited)
            .citing([call.number])
        }
        None => Finding::met(
            both!("Aucun nouvel appel après {count} refus.", "No further call after {count} refusal(s)."),
            both!(
                "Le client n’a plus appelé cette API : le délai n’a pas été enfreint.",
                "The client called that API no more: the delay was not broken."
            ),
        )
        .citing(cited),
    }
}

fn disobeyed(early: &[Early<'_>]) -> Finding {
    // No client has so many calls under way: the doubt is none.
    let crowds = |one: &Early<'_>| {
        let beside = early.iter().filter(|other| other.may_fly && other.refusal.number == one.refusal.number);
        one.may_fly && beside.count() > MOST_IN_FLIGHT
    };
    let in_doubt = |one: &Early<'_>| one.doubt_us.is_some() && !crowds(one);
    // What is certain before what is in doubt.
    let Some(worst) = early
        .iter()
        .min_by_key(|early| (in_doubt(early), early.gap_us.saturating_sub(early.wait_us), early.gap_us))
    else {
        return Finding::met(Text::default(), Text::default());
    };
    let count = early.len();
    let (gap, wait) = (ms(worst.gap_us), ms(worst.wait_us));
    let (refused, call) = (named(worst.refusal), named(worst.call));
    let value = retry_after(worst.refusal)
        .map_or_else(Text::default, |value| both!(" (Retry-After : {value})", " (Retry-After: {value})"));
    let actual = Text::new(
        format!("L’{} est arrivé {gap} après l’{} ; {count} appel(s) trop tôt.", call.fr, refused.fr),
        format!("The {} came {gap} after the {}; {count} call(s) too early.", call.en, refused.en),
    );
    let cited: Vec<u32> = early.iter().flat_map(|early| [early.refusal.number, early.call.number]).collect();
    if let Some(stalled) = worst.doubt_us.filter(|_| in_doubt(worst)) {
        let noise = ms(stalled);
        return Finding::undecided(
            actual,
            both!(
                "Pendant cette attente, la machine du banc a pris {noise} de retard : ce qui manque au délai ne prouve rien, et l’appel pouvait être déjà parti. Rejouez sur une machine moins chargée.",
                "During that wait the bench's machine was {noise} late: what is short of the delay proves nothing, and the call may have been under way. Play again on a less loaded machine."
            ),
        )
        .citing(cited);
    }
    let api = api_name(worst.refusal.api());
    let status = worst.refusal.status().unwrap_or_default();
    let why = Text::new(
        format!(
            "Le client a rappelé l’API {api} {gap} après un {status}, au lieu de {wait} au moins{}.",
            value.fr
        ),
        format!(
            "The client called the {api} API again {gap} after a {status} instead of {wait} at least{}.",
            value.en
        ),
    );
    let remedy = both!(
        "Lisez Retry-After et suspendez tous les appels à cette API (tous les fils d’exécution) jusqu’à la fin du délai.",
        "Read Retry-After and hold back all calls to that API (all workers) until the delay is over."
    );
    Finding::broken(actual, why, remedy).citing(cited)
}
