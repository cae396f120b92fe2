//! What the feed is asked to write, in which order: one order for each capacity record, the latest.

use serde::{Deserialize, Serialize};

use super::super::super::error::ClientError;
use super::super::super::flaws::{Flaw, FlawSet};
use super::super::super::moment;

/// `ROR_INPUT`.
#[derive(Deserialize)]
pub(super) struct Input {
    #[serde(default)]
    updates: Vec<Update>,
}

/// The capacities of one place.
#[derive(Deserialize)]
struct Update {
    establishment: String,
    location: String,
    capacities: Vec<Capacity>,
}

/// What becomes of a capacity record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Operation {
    /// It gets this value, whether it exists or not.
    #[default]
    Set,
    /// It goes.
    Delete,
}

/// One capacity record, in codes of the nomenclatures (TRE).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Capacity {
    #[serde(default)]
    pub(super) operation: Operation,
    /// nbCapacity; a record that goes has none.
    #[serde(default, alias = "nbCapacity", alias = "nb-capacity")]
    pub(super) count: Option<i64>,
    /// capacityStatus.
    #[serde(alias = "capacityStatus", alias = "capacity-status")]
    pub(super) status: String,
    /// capacityType, no part of the key.
    #[serde(default = "bed", rename = "type", alias = "capacityType", alias = "capacity-type")]
    pub(super) kind: String,
    /// temporalityCapacity.
    #[serde(default = "first", alias = "temporalityCapacity", alias = "temporality-capacity")]
    pub(super) temporality: String,
    /// temporaryAssignement, as the guide spells it.
    #[serde(
        default = "first",
        alias = "temporaryAssignement",
        alias = "temporary-assignement",
        alias = "temporary-assignment"
    )]
    pub(super) assignment: String,
    #[serde(default, alias = "genderCapacityAvailable", alias = "gender-capacity-available")]
    pub(super) gender: Option<String>,
    #[serde(default, alias = "capacityClosingType", alias = "capacity-closing-type")]
    pub(super) closing_type: Option<String>,
    #[serde(default, alias = "additionalBedType")]
    pub(super) additional_bed_type: Option<String>,
    #[serde(default, alias = "crisisType")]
    pub(super) crisis_type: Option<String>,
    /// capacityUpdateDate; the moment of the order when it is not given.
    #[serde(default, alias = "capacityUpdateDate", alias = "capacity-update-date")]
    pub(super) updated: Option<String>,
    #[serde(default)]
    pub(super) comment: Option<String>,
}

fn bed() -> String {
    "01".to_owned()
}

fn first() -> String {
    "01".to_owned()
}

/// One record to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) establishment: String,
    pub(super) location: String,
    pub(super) capacity: Capacity,
}

impl Order {
    /// For a person: which record.
    pub(super) fn name(&self) -> String {
        let keys = self.capacity.keys().into_iter().map(|(name, code)| format!("{name} {code}"));
        format!("{}/{} ({})", self.establishment, self.location, keys.collect::<Vec<_>>().join(", "))
    }

    fn is_same_record(&self, other: &Self) -> bool {
        self.establishment == other.establishment
            && self.location == other.location
            && self.capacity.keys() == other.capacity.keys()
    }

    fn is_newer(&self, other: &Self) -> bool {
        let read = |order: &Self| order.capacity.updated.as_deref().and_then(moment::parse);
        read(self) > read(other)
    }
}

impl Capacity {
    /// The same record with nothing left, for `feed-deletes-by-zero`.
    pub(super) fn emptied(&self) -> Self {
        Self { count: Some(0), ..self.clone() }
    }

    /// What tells one record of a place from the others (the indicator), by the names of the guide.
    pub(super) fn keys(&self) -> Vec<(&'static str, &str)> {
        let keys = [
            ("capacityStatus", Some(&self.status)),
            ("temporalityCapacity", Some(&self.temporality)),
            ("genderCapacityAvailable", self.gender.as_ref()),
            ("capacityClosingType", self.closing_type.as_ref()),
            ("additionalBedType", self.additional_bed_type.as_ref()),
            ("crisisType", self.crisis_type.as_ref()),
            ("temporaryAssignement", Some(&self.assignment)),
        ];
        keys.into_iter().filter_map(|(name, code)| Some((name, code?.as_str()))).collect()
    }
}

/// What is to be sent, in this order: the `backlog` first, then the new orders; of the orders for one record the
/// latest only, so that an older value never comes after a newer one. `now` stands for a date that is not given.
///
/// # Errors
/// A record is to be set without a count: nobody meant zero.
pub(super) fn queue(
    backlog: Vec<Order>,
    input: Input,
    now: &str,
    flaws: &FlawSet,
) -> Result<Vec<Order>, ClientError> {
    let mut orders = backlog;
    for update in input.updates {
        for mut capacity in update.capacities {
            capacity.updated.get_or_insert_with(|| now.to_owned());
            let (establishment, location) = (update.establishment.clone(), update.location.clone());
            let order = Order { establishment, location, capacity };
            if order.capacity.operation == Operation::Set && order.capacity.count.is_none() {
                return Err(ClientError::Settings(format!("{}: the count is missing", order.name())));
            }
            orders.push(order);
        }
    }
    if flaws.has(Flaw::FeedSkipsZero) {
        orders
            .retain(|order| order.capacity.operation == Operation::Delete || order.capacity.count != Some(0));
    }
    if flaws.has(Flaw::FeedSumsGenders) {
        orders = without_genders(orders);
    }
    if flaws.has(Flaw::FeedOldOverNew) {
        orders.sort_by(newest_first);
        return Ok(orders);
    }
    Ok(latest(orders))
}

/// Of the orders for one record the latest; of two of the same date, the one that was given last.
pub(super) fn latest(orders: Vec<Order>) -> Vec<Order> {
    let mut kept: Vec<Order> = Vec::new();
    for order in orders {
        match kept.iter_mut().find(|known| known.is_same_record(&order)) {
            Some(known) if known.is_newer(&order) => {}
            Some(known) => *known = order,
            None => kept.push(order),
        }
    }
    kept
}

fn newest_first(one: &Order, other: &Order) -> std::cmp::Ordering {
    other.is_newer(one).cmp(&one.is_newer(other))
}

/// The orders that differ in gender only, added up into one for any gender: `feed-sums-genders`.
fn without_genders(orders: Vec<Order>) -> Vec<Order> {
    let mut sums: Vec<Order> = Vec::new();
    for mut order in orders {
        if order.capacity.gender.is_some() {
            order.capacity.gender = Some("03".to_owned());
        }
        match sums.iter_mut().find(|known| known.is_same_record(&order)) {
            Some(known) => {
                let sum = known.capacity.count.unwrap_or(0) + order.capacity.count.unwrap_or(0);
                known.capacity.count = Some(sum);
            }
            None => sums.push(order),
        }
    }
    sums
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn input(capacities: Value) -> Input {
        let update = json!({ "establishment": "1", "location": "A", "capacities": capacities });
        serde_json::from_value(json!({ "updates": [update] })).unwrap()
    }

    fn counts(orders: &[Order]) -> Vec<i64> {
        orders.iter().map(|order| order.capacity.count.unwrap()).collect()
    }

    fn beds(count: i64, gender: &str, updated: &str) -> Value {
        json!({ "count": count, "status": "02", "gender": gender, "updated": updated })
    }

    fn queue(backlog: Vec<Order>, input: Input, now: &str, flaws: &FlawSet) -> Vec<Order> {
        super::queue(backlog, input, now, flaws).unwrap()
    }

    #[test]
    fn the_latest_order_for_a_record_is_the_one_that_is_sent() {
        let given = || {
            input(json!([
                beds(1, "03", "2026-01-01T10:00:00Z"),
                beds(2, "01", "2026-01-01T09:00:00Z"),
                beds(3, "03", "2026-01-01T09:59:00+01:00"),
                beds(4, "01", "2026-01-01T09:00:00Z"),
            ]))
        };
        let none = FlawSet::none();
        let sent = queue(Vec::new(), given(), "2026-02-01T00:00:00Z", &none);
        assert_eq!(counts(&sent), [1, 4]);
        let flawed = queue(Vec::new(), given(), "", &Flaw::FeedOldOverNew.into());
        assert_eq!(counts(&flawed), [1, 2, 4, 3]);
        let summed = queue(Vec::new(), given(), "", &Flaw::FeedSumsGenders.into());
        assert_eq!(counts(&summed), [10]);
    }

    #[test]
    fn the_backlog_comes_first_and_yields_to_newer_orders_only() {
        let none = FlawSet::none();
        let old = queue(Vec::new(), input(json!([beds(1, "03", "2026-01-02T00:00:00Z")])), "", &none);
        let other = beds(7, "01", "2026-01-01T00:00:00Z");
        let newer = input(json!([other.clone(), beds(2, "03", "2026-01-03T00:00:00Z")]));
        assert_eq!(counts(&queue(old.clone(), newer, "", &none)), [2, 7]);
        let older = input(json!([other, beds(0, "03", "2026-01-01T00:00:00Z")]));
        assert_eq!(counts(&queue(old, older, "", &none)), [1, 7]);
    }

    #[test]
    fn both_spellings_of_the_fields_are_understood() {
        let one = input(json!([{ "count": 1, "status": "05", "closing-type": "01", "crisis-type": "02" }]));
        let other = input(json!([{ "nbCapacity": 1, "capacityStatus": "05", "capacityClosingType": "01",
            "crisisType": "02", "capacityType": "01", "temporaryAssignement": "01" }]));
        let none = FlawSet::none();
        let (one, other) = (queue(vec![], one, "now", &none), queue(vec![], other, "now", &none));
        assert_eq!(one, other);
        assert_eq!(
            one[0].name(),
            "1/A (capacityStatus 05, temporalityCapacity 01, capacityClosingType 01, crisisType 02, temporaryAssignement 01)"
        );
    }

    #[test]
    fn zero_is_a_capacity_like_any_other() {
        let zero =
            || input(json!([{ "count": 0, "status": "02" }, { "operation": "delete", "status": "05" }]));
        assert_eq!(queue(vec![], zero(), "", &FlawSet::none()).len(), 2);
        assert_eq!(queue(vec![], zero(), "", &Flaw::FeedSkipsZero.into()).len(), 1);
    }
}
