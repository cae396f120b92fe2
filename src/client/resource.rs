//! What the client takes in of a FHIR resource: the `integrated` items of the adapter contract.

use serde_json::{Map, Value, json};

use super::error::ClientError;
use super::flaws::{Flaw, FlawSet};

/// What the URLs of the ROR's extensions begin with.
pub(crate) const STRUCTURE_DEFINITION: &str =
    "https://interop.esante.gouv.fr/ig/fhir/ror/StructureDefinition/";
/// The only extensions that `rejects-unknown-extensions` knows.
const KNOWN_EXTENSIONS: [&str; 2] = ["https://interop.esante.gouv.fr/ig/fhir/", "http://hl7.org/fhir/"];

/// The longest name that `truncates-names` keeps, in characters.
const COLUMN: usize = 255;

/// The items that the client holds at the end, in the order received.
#[derive(Debug, Default)]
pub(crate) struct Integrated {
    items: Vec<Value>,
    telecoms_so_far: Vec<Value>,
}

impl Integrated {
    /// Takes in one resource; what it does not know in it is left aside.
    ///
    /// # Errors
    /// The resource has no type or no id.
    pub(crate) fn add(&mut self, resource: &Value, flaws: &FlawSet) -> Result<(), ClientError> {
        if flaws.has(Flaw::RejectsUnknownExtensions)
            && let Some(url) = unknown_extension(resource)
        {
            return Err(content(format!("unknown extension {url}")));
        }
        if flaws.has(Flaw::ChokesOnPrimitiveExtensions) && has_extended_name(resource) {
            return Err(ClientError::Crash);
        }
        if flaws.has(Flaw::ChokesOnInstants)
            && let Some(instant) =
                resource["meta"]["lastUpdated"].as_str().filter(|text| !is_usual_instant(text))
        {
            return Err(content(format!("{instant} is no date")));
        }
        let (kind, id) = key(resource).ok_or_else(|| content("a resource without type or id".to_owned()))?;
        let mut item = Map::new();
        item.insert("resourceType".to_owned(), json!(kind));
        item.insert("id".to_owned(), json!(id));
        if let Some(name) = resource["name"].as_str() {
            item.insert("name".to_owned(), json!(kept_name(name, flaws)));
        }
        let telecoms = self.telecoms(resource, flaws);
        insert_unless_empty(&mut item, "telecoms", Value::Array(telecoms));
        insert_unless_empty(&mut item, "identifiers", Value::Object(identifiers(kind, resource, flaws)));
        insert_unless_empty(&mut item, "capacities", Value::Array(capacities(resource, flaws)));
        self.items.push(Value::Object(item));
        Ok(())
    }

    /// The list as it stands in the result.
    pub(crate) fn into_items(self) -> Vec<Value> {
        self.items
    }

    fn telecoms(&mut self, resource: &Value, flaws: &FlawSet) -> Vec<Value> {
        let mut own = telecoms(resource);
        if flaws.has(Flaw::FirstTelecomOnly) {
            own.truncate(1);
        }
        if !flaws.has(Flaw::MergesTelecoms) {
            return own;
        }
        self.telecoms_so_far.extend(own);
        self.telecoms_so_far.clone()
    }
}

/// Type and id of a resource.
pub(crate) fn key(resource: &Value) -> Option<(&str, &str)> {
    Some((resource["resourceType"].as_str()?, resource["id"].as_str()?))
}

/// The elements of an array, none when there is no array.
pub(crate) fn elements(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Telecoms of the resource, of the contacts of an Organization and of the contacts of a HealthcareService.
fn telecoms(resource: &Value) -> Vec<Value> {
    let own = elements(&resource["telecom"]).iter();
    let of_contacts = elements(&resource["contact"]).iter().flat_map(|contact| elements(&contact["telecom"]));
    let values = own.chain(of_contacts).map(|telecom| &telecom["value"]);
    let of_service = extensions(resource, "ror-healthcareservice-contact")
        .flat_map(|contact| extensions(contact, "ror-healthcareservice-contact-telecom"))
        .flat_map(|telecom| sub_extensions(telecom, "telecomAddress"))
        .map(|address| &address["valueString"]);
    values.chain(of_service).filter(|value| value.is_string()).cloned().collect()
}

/// Identifiers by the code of their type, whatever their position.
fn identifiers(kind: &str, resource: &Value, flaws: &FlawSet) -> Map<String, Value> {
    let all = elements(&resource["identifier"]);
    if flaws.has(Flaw::FirstIdentifier)
        && let Some(code) = first_expected(kind)
    {
        let first = all.first().map(|identifier| identifier["value"].clone());
        return first.filter(Value::is_string).map(|value| (code.to_owned(), value)).into_iter().collect();
    }
    let by_type = |identifier: &Value| {
        let code = code(&identifier["type"])?.to_owned();
        Some((code, json!(identifier["value"].as_str()?)))
    };
    all.iter().filter_map(by_type).collect()
}

/// The type of identifier that usually stands first; what `first-identifier` relies on.
fn first_expected(kind: &str) -> Option<&'static str> {
    match kind {
        "Location" => Some("25"),
        "Organization" => Some("40"),
        "HealthcareService" => Some("35"),
        _ => None,
    }
}

/// Bed capacities of a Location: status code and number.
fn capacities(resource: &Value, flaws: &FlawSet) -> Vec<Value> {
    let by_position = flaws.has(Flaw::CapacityByPosition);
    let capacity = |extension: &Value| {
        if by_position {
            let [first, _, third, ..] = elements(&extension["extension"]) else { return None };
            let count = first["valueInteger"].as_i64().unwrap_or_default();
            return Some((code(&third["valueCodeableConcept"]).unwrap_or_default().to_owned(), count));
        }
        let status = sub_extensions(extension, "capacityStatus").next()?;
        let count = sub_extensions(extension, "nbCapacity").next()?["valueInteger"].as_i64()?;
        Some((code(&status["valueCodeableConcept"])?.to_owned(), count))
    };
    let read = extensions(resource, "ror-location-supported-capacity").filter_map(capacity).collect();
    let item = |(status, count)| json!({ "status": status, "count": count });
    misread(read, flaws).into_iter().map(item).collect()
}

/// The capacities as the client understands them: as they are, for the correct one.
fn misread(mut capacities: Vec<(String, i64)>, flaws: &FlawSet) -> Vec<(String, i64)> {
    if flaws.has(Flaw::FirstCapacityOnly) {
        capacities.truncate(1);
    }
    if flaws.has(Flaw::CapacityZeroIsAbsent) {
        capacities.retain(|(_, count)| *count != 0);
    }
    if flaws.has(Flaw::CapacityInstalledIsAvailable) {
        capacities.retain(|(status, _)| status != "02");
        for (status, _) in capacities.iter_mut().filter(|(status, _)| status == "01") {
            "02".clone_into(status);
        }
    }
    if flaws.has(Flaw::CapacitySumsGenders) {
        let mut sums: Vec<(String, i64)> = Vec::new();
        for (status, count) in capacities {
            match sums.iter_mut().find(|(known, _)| *known == status) {
                Some((_, sum)) => *sum += count,
                None => sums.push((status, count)),
            }
        }
        return sums;
    }
    capacities
}

/// The code of a concept.
pub(crate) fn code(concept: &Value) -> Option<&str> {
    elements(&concept["coding"]).iter().find_map(|coding| coding["code"].as_str())
}

/// The extensions of `element` with a URL of the ROR's guide that ends with `name`.
pub(crate) fn extensions<'a>(element: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    sub_extensions(element, &format!("{STRUCTURE_DEFINITION}{name}"))
}

/// The extensions of `element` with that very URL.
pub(crate) fn sub_extensions<'a>(element: &'a Value, url: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    let url = url.to_owned();
    elements(&element["extension"]).iter().filter(move |extension| extension["url"] == url.as_str())
}

/// The first extension, at any depth, with an absolute URL that is not on the short list.
fn unknown_extension(value: &Value) -> Option<&str> {
    match value {
        Value::Array(all) => all.iter().find_map(unknown_extension),
        Value::Object(object) => {
            let here = elements(&value["extension"]).iter().filter_map(|extension| extension["url"].as_str());
            here.filter(|url| url.contains("://"))
                .find(|url| !KNOWN_EXTENSIONS.iter().any(|known| url.starts_with(known)))
                .or_else(|| object.values().find_map(unknown_extension))
        }
        _ => None,
    }
}

/// Whether the name has an extension: a member called `_name` (FHIR R4 §2.6.2.3).
fn has_extended_name(resource: &Value) -> bool {
    resource.get("_name").is_some()
}

/// What `chokes-on-instants` reads: no offset west of Greenwich.
fn is_usual_instant(text: &str) -> bool {
    text.split_once('T').is_some_and(|(_, time)| !time.contains('-'))
}

/// A name as the client keeps it: as it is, for the correct one.
fn kept_name(name: &str, flaws: &FlawSet) -> String {
    if flaws.has(Flaw::TruncatesNames) {
        return name.chars().take(COLUMN).collect();
    }
    if flaws.has(Flaw::ManglesOtherScripts) {
        return name.chars().map(|sign| if is_western(sign) { sign } else { '?' }).collect();
    }
    name.to_owned()
}

/// Whether Windows-1252 has that sign.
fn is_western(sign: char) -> bool {
    u32::from(sign) < 256 || "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ".contains(sign)
}

fn insert_unless_empty(item: &mut Map<String, Value>, name: &str, value: Value) {
    let is_empty =
        value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty);
    if !is_empty {
        item.insert(name.to_owned(), value);
    }
}

fn content(problem: String) -> ClientError {
    ClientError::Content { call: "reading the answer".to_owned(), problem }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn item(resource: &Value, flaws: &FlawSet) -> Value {
        let mut integrated = Integrated::default();
        integrated.add(resource, flaws).unwrap();
        integrated.into_items().remove(0)
    }

    fn location() -> Value {
        let extension = |url: &str| format!("{STRUCTURE_DEFINITION}{url}");
        json!({
            "resourceType": "Location", "id": "7", "name": "USC", "status": "inactive",
            "identifier": [
                {"type": {"coding": [{"code": "26"}]}, "value": "1450000001/USC01"},
                {"type": {"coding": [{"system": "x"}, {"code": "25"}]}, "value": "24/1073"},
                {"value": "untyped"}
            ],
            "telecom": [{"value": "0199999901"}, {"system": "phone"}],
            "extension": [
                {"url": "https://unknown.example/future", "valueCode": "zz"},
                {"url": extension("ror-location-supported-capacity"), "extension": [
                    {"url": "nbCapacity", "valueInteger": 3},
                    {"url": "capacityStatus", "valueCodeableConcept": {"coding": [{"code": "02"}]}}]},
                {"url": extension("ror-location-supported-capacity"), "extension": []}
            ]
        })
    }

    #[test]
    fn a_location_is_taken_in_with_what_it_has() {
        assert_eq!(
            item(&location(), &FlawSet::none()),
            json!({
                "resourceType": "Location", "id": "7", "name": "USC", "telecoms": ["0199999901"],
                "identifiers": {"26": "1450000001/USC01", "25": "24/1073"},
                "capacities": [{"status": "02", "count": 3}]
            })
        );
        assert_eq!(
            item(&location(), &Flaw::FirstIdentifier.into())["identifiers"],
            json!({"25": "1450000001/USC01"})
        );
    }

    #[test]
    fn contacts_give_their_telecoms_and_a_persons_name_is_left_out() {
        let organization = json!({"resourceType": "Organization", "id": "1", "telecom": [{"value": "a"}],
            "contact": [{"telecom": [{"value": "b"}]}, {}, {"telecom": [{"value": "c"}]}]});
        assert_eq!(item(&organization, &FlawSet::none())["telecoms"], json!(["a", "b", "c"]));
        assert_eq!(item(&organization, &Flaw::FirstTelecomOnly.into())["telecoms"], json!(["a"]));
        let service = json!({"resourceType": "HealthcareService", "id": "1", "extension": [
            {"url": format!("{STRUCTURE_DEFINITION}ror-healthcareservice-contact"), "extension": [
                {"url": format!("{STRUCTURE_DEFINITION}ror-healthcareservice-contact-telecom"), "extension": [
                    {"url": "telecomAddress", "valueString": "0199999999"}]}]}]});
        assert_eq!(item(&service, &FlawSet::none())["telecoms"], json!(["0199999999"]));
        let practitioner =
            json!({"resourceType": "Practitioner", "id": "1", "name": [{"family": "TESTEUR"}]});
        assert_eq!(item(&practitioner, &FlawSet::none()), json!({"resourceType": "Practitioner", "id": "1"}));
    }

    #[test]
    fn odd_shapes_are_tolerated_but_a_resource_needs_type_and_id() {
        let odd = json!({"resourceType": "Location", "id": "1", "name": 3, "telecom": {}, "identifier": "x",
            "extension": [null, {"url": 4}], "contact": [1]});
        assert_eq!(item(&odd, &FlawSet::none()), json!({"resourceType": "Location", "id": "1"}));
        let nameless = Integrated::default().add(&json!({"resourceType": "Location"}), &FlawSet::none());
        assert!(nameless.unwrap_err().to_string().contains("without type or id"));
    }

    #[test]
    fn unknown_extensions_stop_only_the_client_with_that_flaw() {
        let flaws = Flaw::RejectsUnknownExtensions.into();
        assert!(Integrated::default().add(&location(), &flaws).is_err());
        let mut known = location();
        known["extension"].as_array_mut().unwrap().remove(0);
        assert!(Integrated::default().add(&known, &flaws).is_ok());
    }

    #[test]
    fn capacities_are_taken_as_they_are_save_by_the_flaws_that_misread_them() {
        let capacity = |status: &str, count: i64| {
            json!({"url": format!("{STRUCTURE_DEFINITION}ror-location-supported-capacity"), "extension": [
                {"url": "nbCapacity", "valueInteger": count},
                {"url": "capacityStatus", "valueCodeableConcept": {"coding": [{"code": status}]}}]})
        };
        let location = json!({"resourceType": "Location", "id": "1",
            "extension": [capacity("01", 9), capacity("02", 0), capacity("02", 3), capacity("02", 4)]});
        let read = |flaws: &FlawSet| {
            let capacities = item(&location, flaws)["capacities"].as_array().unwrap().clone();
            let words =
                capacities.iter().map(|one| format!("{}:{}", one["status"].as_str().unwrap(), one["count"]));
            words.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(read(&FlawSet::none()), "01:9 02:0 02:3 02:4");
        assert_eq!(read(&Flaw::CapacityZeroIsAbsent.into()), "01:9 02:3 02:4");
        assert_eq!(read(&Flaw::FirstCapacityOnly.into()), "01:9");
        assert_eq!(read(&Flaw::CapacitySumsGenders.into()), "01:9 02:7");
        assert_eq!(read(&Flaw::CapacityInstalledIsAvailable.into()), "02:9");
    }

    #[test]
    fn capacities_by_position_are_right_only_in_the_documented_order() {
        let concept =
            |url: &str, code: &str| json!({"url": url, "valueCodeableConcept": {"coding": [{"code": code}]}});
        let mut parts = vec![
            json!({"url": "nbCapacity", "valueInteger": 3}),
            json!({"url": "capacityUpdateDate", "valueDateTime": "2026-01-01T00:00:00Z"}),
            concept("capacityStatus", "02"),
            concept("capacityType", "01"),
        ];
        let read = |parts: &[Value], flaws: &FlawSet| {
            let url = format!("{STRUCTURE_DEFINITION}ror-location-supported-capacity");
            let capacities = [json!({"url": url, "extension": parts})];
            let location = json!({"resourceType": "Location", "id": "1", "extension": capacities});
            item(&location, flaws)["capacities"].clone()
        };
        let (right, flawed) = (FlawSet::none(), FlawSet::from(Flaw::CapacityByPosition));
        let true_one = json!([{"status": "02", "count": 3}]);
        assert_eq!((read(&parts, &right), read(&parts, &flawed)), (true_one.clone(), true_one.clone()));
        parts.rotate_left(1);
        assert_eq!(read(&parts, &right), true_one);
        assert_eq!(read(&parts, &flawed), json!([{"status": "01", "count": 0}]));
    }

    #[test]
    fn merged_telecoms_pile_up() {
        let flaws = Flaw::MergesTelecoms.into();
        let mut integrated = Integrated::default();
        for (id, phone) in [("1", "a"), ("2", "b")] {
            let resource = json!({"resourceType": "Location", "id": id, "telecom": [{"value": phone}]});
            integrated.add(&resource, &flaws).unwrap();
        }
        assert_eq!(integrated.into_items()[1]["telecoms"], json!(["a", "b"]));
    }
}
