//! The bed capacity feed, as checks look at it: what each PATCH asked for, and what became of it.

mod form;
mod loss;
mod order;
mod records;
mod sequence;

use std::collections::BTreeSet;

use serde_json::Value;

pub use form::{CapacityForm, FormFacet};
pub(super) use loss::balance;
pub use order::CapacityOrder;
pub use records::{CapacityRecords, ExpectedRecord};
pub use sequence::{CapacitySequence, SequenceFacet};

use super::context::{Scene, decoded_path, path_of};
use super::pages::is_answered_whole;
use crate::journal::{Api, Exchange, Step};
use crate::ror::capacity::{Operation, Patch, Record, RecordKey, SUPPORTED_CAPACITY};

/// One PATCH of the feed.
pub(super) struct Write<'a> {
    pub(super) exchange: &'a Exchange,
    /// The one `identifier` of its query, in the form in which a step asked for that Location.
    pub(super) identifier: Option<String>,
    /// Its body, when it is JSON.
    pub(super) body: Option<Value>,
    /// What it asks for, when it can be understood.
    pub(super) operations: Vec<Operation>,
    pub(super) fate: Fate,
}

/// What became of a PATCH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// 2xx, and the answer went out whole.
    Accepted,
    /// 404: the Location has no such record.
    NoRecord,
    /// 404: there is no such Location.
    NoLocation,
    /// 412: several Locations.
    Several,
    /// 400 by a rule.
    Rule,
    /// 403.
    Forbidden,
    /// Anything else, or no answer that arrived whole.
    Other,
}

impl Fate {
    /// Whether sending the same again cannot help.
    pub(super) fn is_final(self) -> bool {
        matches!(self, Self::NoLocation | Self::Several | Self::Rule | Self::Forbidden)
    }
}

impl Write<'_> {
    /// The records that it touches.
    pub(super) fn keys(&self) -> BTreeSet<RecordKey> {
        self.operations.iter().flat_map(keys).collect()
    }
}

/// The records that an operation touches.
pub(super) fn keys(operation: &Operation) -> Vec<RecordKey> {
    match operation {
        Operation::Add { record } => vec![record.key.clone()],
        Operation::Replace { key, .. } | Operation::Delete { key } => vec![key.clone()],
        Operation::ReplaceAll { records } => records.iter().map(|record| record.key.clone()).collect(),
    }
}

/// The records that an operation writes.
pub(super) fn written(operation: &Operation) -> &[Record] {
    match operation {
        Operation::Add { record } | Operation::Replace { record, .. } => std::slice::from_ref(record),
        Operation::ReplaceAll { records } => records,
        Operation::Delete { .. } => &[],
    }
}

/// All requests to the feed that the check is about, in order.
pub(super) fn requests<'a>(scene: &Scene<'a>) -> impl Iterator<Item = &'a Exchange> + use<'a> {
    scene.exchanges().filter(|exchange| exchange.api() == Api::Capacity)
}

/// All PATCHes that the check is about, in order.
pub(super) fn writes<'a>(scene: &Scene<'a>) -> Vec<Write<'a>> {
    scene.exchanges().filter(|exchange| is_write(exchange)).map(|exchange| write(scene, exchange)).collect()
}

/// The PATCHes of one step and of those after it: what could not be sent at once may be sent later.
pub(super) fn writes_from<'a>(scene: &Scene<'a>, step: &Step) -> Vec<Write<'a>> {
    let exchanges = scene.evidence.exchanges.iter();
    exchanges
        .filter(|exchange| is_write(exchange))
        .filter(|exchange| exchange.step.is_some_and(|number| number >= step.started.step))
        .map(|exchange| write(scene, exchange))
        .collect()
}

fn is_write(exchange: &Exchange) -> bool {
    exchange.api() == Api::Capacity && exchange.request.method == "PATCH"
}

fn write<'a>(scene: &Scene<'a>, exchange: &'a Exchange) -> Write<'a> {
    let identifiers: Vec<String> = exchange
        .parameters()
        .into_iter()
        .filter(|(name, _)| name == "identifier")
        .map(|(_, value)| value)
        .collect();
    let body: Option<Value> =
        scene.text(&exchange.request.body).and_then(|text| serde_json::from_str(&text).ok());
    let operations = body
        .as_ref()
        .and_then(|body| Patch::parse(body).ok())
        .map(|patch| patch.operations)
        .unwrap_or_default();
    Write {
        exchange,
        identifier: match identifiers.as_slice() {
            [identifier] => Some(as_asked(scene, exchange, identifier)),
            _ => None,
        },
        body,
        operations,
        fate: fate(scene, exchange),
    }
}

/// The ROR also knows a Location by its unique entry id (ror-fhir.md §5.2): that of a Location asked for is told by the
/// identifier that the step gave.
pub(super) fn as_asked(scene: &Scene<'_>, exchange: &Exchange, identifier: &str) -> String {
    let wanted: BTreeSet<String> =
        scene.evidence.steps.iter().flat_map(asked).map(|asked| asked.identifier).collect();
    if wanted.contains(identifier) {
        return identifier.to_owned();
    }
    let step = exchange.step.unwrap_or_default();
    let locations = scene.history.map(|history| history.locations(step, identifier)).unwrap_or_default();
    let [location] = locations.as_slice() else { return identifier.to_owned() };
    let held = location["identifier"].as_array().into_iter().flatten();
    held.filter_map(|held| held["value"].as_str())
        .find(|value| wanted.contains(*value))
        .unwrap_or(identifier)
        .to_owned()
}

/// Whether the ROR carried a write out, whatever became of the answer.
pub(super) fn took_effect(scene: &Scene<'_>, exchange: &Exchange) -> bool {
    scene.evidence.changes.iter().any(|change| change.change.exchange == Some(exchange.number))
}

fn fate(scene: &Scene<'_>, exchange: &Exchange) -> Fate {
    match exchange.status() {
        Some(200..=299) if is_answered_whole(exchange) => Fate::Accepted,
        Some(404) if names_a_record(scene, exchange) => Fate::NoRecord,
        Some(404) => Fate::NoLocation,
        Some(412) => Fate::Several,
        Some(403) => Fate::Forbidden,
        Some(400) => Fate::Rule,
        _ => Fate::Other,
    }
}

/// Whether a 404 is about a record: its expression is the path of the records, as a text or in a list.
fn names_a_record(scene: &Scene<'_>, exchange: &Exchange) -> bool {
    let Some(response) = &exchange.response else { return false };
    let Some(text) = scene.text(&response.body) else { return false };
    let Ok(outcome) = serde_json::from_str::<Value>(&text) else { return false };
    let expression = &outcome["issue"][0]["expression"];
    let path = expression.as_str().or_else(|| expression[0].as_str()).unwrap_or_default();
    path.contains(SUPPORTED_CAPACITY)
}

/// The path of the feed's Location.
pub(super) fn location_path(scene: &Scene<'_>) -> String {
    format!("{}/Location", path_of(&scene.evidence.setting.capacity_url))
}

/// Whether a request is for the feed's Location.
pub(super) fn is_location(scene: &Scene<'_>, exchange: &Exchange) -> bool {
    decoded_path(exchange) == location_path(scene)
}

/// One capacity of an input of `update-capacity`.
pub(super) struct Asked {
    /// `IdNat_Struct/code`.
    pub(super) identifier: String,
    pub(super) key: RecordKey,
    pub(super) deletes: bool,
    /// How many, when the input gives it.
    pub(super) count: Option<u32>,
    /// The instant of the measure, when the input gives one.
    pub(super) updated: Option<String>,
}

/// What a step asks for; empty when it is not about capacities.
pub(super) fn asked(step: &Step) -> Vec<Asked> {
    if step.started.action.as_deref() != Some("update-capacity") {
        return Vec::new();
    }
    let updates = step.started.input["updates"].as_array().into_iter().flatten();
    updates
        .flat_map(|update| {
            let text = |name: &str| update[name].as_str().unwrap_or_default();
            let identifier = format!("{}/{}", text("establishment"), text("location"));
            let capacities = update["capacities"].as_array().into_iter().flatten();
            capacities
                .map(|capacity| Asked {
                    identifier: identifier.clone(),
                    key: key_of(capacity),
                    deletes: capacity["operation"] == "delete",
                    count: ["count", "nbCapacity"]
                        .iter()
                        .find_map(|name| capacity[*name].as_u64())
                        .and_then(|count| u32::try_from(count).ok()),
                    updated: ["updated", "capacityUpdateDate"]
                        .iter()
                        .find_map(|name| capacity[*name].as_str().map(str::to_owned)),
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The key that an input's capacity, or an expected record, designates; `01` (current, no assignment) when it does not
/// say.
pub(super) fn key_of(capacity: &Value) -> RecordKey {
    let text = |names: [&str; 2]| names.iter().find_map(|name| capacity[*name].as_str()).map(str::to_owned);
    let usual = || Some("01".to_owned());
    RecordKey {
        status: text(["status", "capacityStatus"]),
        temporality: text(["temporality", "temporalityCapacity"]).or_else(usual),
        gender: text(["gender", "genderCapacityAvailable"]),
        closing_type: text(["closing-type", "capacityClosingType"]),
        additional_bed_type: text(["additional-bed-type", "additionalBedType"]),
        crisis_type: text(["crisis-type", "crisisType"]),
        assignment: text(["assignment", "temporaryAssignement"]).or_else(usual),
    }
}
