//! Showing to users of a narrower profile: what each of them sees of the same resource.

use super::*;

const GUIDE: &str = "https://interop.esante.gouv.fr/ig/fhir/ror/StructureDefinition/";

fn concept(url: &str, code: &str) -> Value {
    json!({ "url": url, "valueCodeableConcept": { "coding": [{ "code": code }] } })
}

fn of_guide(name: &str, level: &str) -> Value {
    concept(&format!("{GUIDE}{name}"), level)
}

fn telecom(value: &str, level: &str) -> Value {
    json!({ "value": value, "extension": [of_guide("ror-telecom-confidentiality-level", level)] })
}

fn contact(level: &str, telecoms: &[(&str, &str)]) -> Value {
    let mut parts = vec![of_guide("ror-confidentiality-level", level)];
    parts.extend(telecoms.iter().map(|(value, level)| {
        json!({ "url": format!("{GUIDE}ror-healthcareservice-contact-telecom"), "extension": [
            { "url": "telecomAddress", "valueString": value }, of_guide("ror-telecom-confidentiality-level", level)] })
    }));
    json!({ "url": format!("{GUIDE}ror-healthcareservice-contact"), "extension": parts })
}

fn offer(id: &str, field: &str, sensitive: bool) -> Value {
    json!({ "resourceType": "HealthcareService", "id": id, "name": "Offre",
        "type": [{ "coding": [{ "code": field }] }],
        "extension": [
            { "url": format!("{GUIDE}ror-healthcareservice-sensitive-unit"), "valueBoolean": sensitive },
            contact("1", &[("a", "1"), ("b", "2")]),
            contact("2", &[("c", "2"), ("d", "3")]),
            contact("3", &[("e", "3")])] })
}

fn place() -> Value {
    let capacity = |status: &str, count: i64| {
        json!({ "url": format!("{GUIDE}ror-location-supported-capacity"), "extension": [
            { "url": "nbCapacity", "valueInteger": count }, concept("capacityStatus", status)] })
    };
    json!({ "resourceType": "Location", "id": "7", "name": "Lieu",
        "telecom": [telecom("a", "1"), telecom("b", "2"), telecom("c", "3"), { "value": "untold" }],
        "extension": [capacity("01", 9), capacity("02", 3), capacity("06", 1)] })
}

/// What a user of each profile sees of `resource`, in a few words; `-` where it is hidden.
async fn seen(resource: Value, offers: Vec<Value>, flaw: Option<Flaw>) -> Vec<String> {
    let world = World::new().await;
    let (kind, id) = (resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
    let entries: Vec<Value> =
        offers.into_iter().map(|one| json!({ "resource": one, "search": { "mode": "include" } })).collect();
    world.answers(&format!("{kind}/{id}"), vec![ok(resource.clone())]).await;
    for searched in ["Location", "HealthcareService"] {
        world.answers(searched, vec![ok(bundle(entries.clone(), None))]).await;
    }
    let mut all = Vec::new();
    for profile in 0..=5 {
        let input = json!({ "resource": kind, "id": id, "as-profile": profile, "as-function": "CU18" });
        let ran = world.run("show", input, flaw.into_iter().collect::<FlawSet>()).await;
        ran.assert_done();
        all.push(ran.result["integrated"].as_array().unwrap().first().map_or("-".to_owned(), in_words));
    }
    all
}

fn in_words(item: &Value) -> String {
    let texts = |name: &str| item[name].as_array().cloned().unwrap_or_default();
    let telecoms = texts("telecoms").into_iter().map(|one| one.as_str().unwrap().to_owned());
    let capacities = texts("capacities").into_iter().map(|one| one["status"].as_str().unwrap().to_owned());
    telecoms.chain(capacities).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn the_contacts_of_an_offer_follow_levels_field_and_sensitivity() {
    let of = async |field: &str, sensitive: bool, flaw: Option<Flaw>| {
        seen(offer("1", field, sensitive), vec![], flaw).await
    };
    assert_eq!(of("01", false, None).await, ["a", "a b c d e", "a b c", "a b", "a", "a b c"]);
    assert_eq!(of("04", false, None).await, ["a", "a b c d e", "a b c", "a b c", "a", "a b c"]);
    assert_eq!(of("01", true, None).await, ["-", "a b c d e", "-", "-", "a", "-"]);
    assert_eq!(of("01", true, Some(Flaw::ShowSensitiveOffers)).await[0], "a");
    assert_eq!(of("01", false, Some(Flaw::ShowIgnoresLevels)).await[0], "a b c d e");
    assert_eq!(of("01", true, Some(Flaw::ShowHidesNothing)).await[0], "a b c d e");
}

#[tokio::test]
async fn a_location_is_as_sensitive_as_all_the_offers_that_use_it() {
    let sensitive = || offer("1", "01", true);
    let all = "a b c untold 01 02 06";
    assert_eq!(
        seen(place(), vec![offer("1", "01", false)], None).await,
        ["a", all, "a b untold 01 02", "", "a 01 02 06", "a b untold 01"]
    );
    assert_eq!(seen(place(), vec![sensitive()], None).await, ["-", all, "-", "-", "a 01 02 06", "-"]);
    assert_eq!(
        seen(place(), vec![sensitive(), offer("2", "04", false)], None).await,
        ["a", all, "a b untold 01 02", "a b untold 01 02", "a 01 02 06", "a b untold 01"]
    );
}

#[tokio::test]
async fn an_organization_is_always_shown_and_its_contacts_are_not() {
    let level = |level: &str| of_guide("ror-contact-confidentiality-level", level);
    let organization = json!({ "resourceType": "Organization", "id": "5", "name": "EG",
        "identifier": [{ "value": "1450000001" }],
        "contact": [
            { "extension": [level("1")], "telecom": [telecom("a", "1"), telecom("b", "2")] },
            { "extension": [level("2")], "telecom": [telecom("c", "2"), telecom("d", "3")] },
            { "extension": [level("3")], "telecom": [telecom("e", "3")] }] });
    let of = async |offers: Vec<Value>| seen(organization.clone(), offers, None).await;
    assert_eq!(of(vec![offer("1", "04", false)]).await, ["a", "a b c d e", "a b c", "a b c", "a", "a b c"]);
    let mixed = vec![offer("1", "04", false), offer("2", "01", false)];
    assert_eq!(of(mixed).await[3], "a b");
    assert_eq!(of(vec![]).await[3], "a b");
}

#[tokio::test]
async fn persons_are_public_in_town_only() {
    let role = json!({ "resourceType": "PractitionerRole", "id": "753", "telecom": [telecom("a", "1"), telecom("b", "2")],
        "healthcareService": [{ "reference": "HealthcareService/1" }] });
    let of = async |field: &str, sensitive: bool| {
        seen(role.clone(), vec![offer("1", field, sensitive)], None).await
    };
    assert_eq!(of("05", false).await, ["a", "a b", "a b", "-", "a", "a b"]);
    assert_eq!(of("04", false).await, ["-", "a b", "a b", "a b", "a", "a b"]);
    assert_eq!(of("01", true).await, ["-", "a b", "-", "-", "a", "-"]);
    let person = json!({ "resourceType": "Practitioner", "id": "9", "identifier": [{ "value": "8" }] });
    assert_eq!(seen(person, vec![offer("1", "05", false)], None).await, ["", "", "", "-", "", ""]);
}
