//! The feed over the dataset `demo`: every documented body, every liberty, every refusal. Values are our own.
#![expect(clippy::unwrap_used)]

use fhirkit::r4;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use crate::ror::demo_tests::demo;
use crate::ror::{Problem, ResourceType, expand_code};

const NOW: OffsetDateTime = datetime!(2026-07-01 10:00:00.5 +2);
const MED: &str = "1450000001/MED08";

fn path(key: &[(&str, &str)]) -> String {
    let criteria: Vec<String> = key
        .iter()
        .map(|(name, code)| {
            format!("extension.where(url = '{name}' and valueCodeableConcept.coding.code = '{code}')")
        })
        .collect();
    format!("Location.extension.where(url='{SUPPORTED_CAPACITY}').where({})", criteria.join(" and "))
}

fn all_records() -> String {
    format!("Location.extension.where(url='{SUPPORTED_CAPACITY}')")
}

fn short_system(name: &str) -> &'static str {
    match name {
        "capacityStatus" => "TRE_R330",
        "capacityType" => "TRE_R329",
        "temporalityCapacity" => "TRE_R331",
        "genderCapacityAvailable" => "TRE_R332",
        "capacityClosingType" => "TRE_R333",
        "additionalBedType" => "TRE_R334",
        "capacitySourceType" => "TRE_R335",
        "crisisType" => "TRE_R336",
        _ => "TRE_R337",
    }
}

/// A whole extension; `key` without temporality and assignment, which are 01.
fn record(count: i64, codes: &[(&str, &str)]) -> Value {
    let mut parts = vec![
        json!({"url": "nbCapacity", "valueInteger": count}),
        json!({"url": "capacityUpdateDate", "valueDateTime": "2026-07-01T09:59:58+02:00"}),
    ];
    let defaults = [
        ("capacityType", "01"),
        ("temporalityCapacity", "01"),
        ("capacitySourceType", "02"),
        ("temporaryAssignement", "01"),
    ];
    let defaults = defaults.iter().filter(|(name, _)| !codes.iter().any(|(given, _)| given == name));
    for (name, code) in codes.iter().chain(defaults) {
        let system = expand_code(short_system(name)).unwrap();
        parts.push(
            json!({"url": name, "valueCodeableConcept": {"coding": [{"system": system, "code": code}]}}),
        );
    }
    json!({"url": SUPPORTED_CAPACITY, "extension": parts})
}

const WOMEN: [(&str, &str); 2] = [("capacityStatus", "02"), ("genderCapacityAvailable", "01")];
const MEN_IN_A_WEEK: [(&str, &str); 3] =
    [("capacityStatus", "02"), ("genderCapacityAvailable", "02"), ("temporalityCapacity", "04")];

fn with_defaults<'a>(codes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut key = codes.to_vec();
    for name in ["temporalityCapacity", "temporaryAssignement"] {
        if !codes.iter().any(|(given, _)| *given == name) {
            key.push((name, "01"));
        }
    }
    key
}

fn parameters(operations: &[Value]) -> Value {
    let operations: Vec<Value> =
        operations.iter().map(|parts| json!({"name": "operation", "part": parts})).collect();
    json!({"resourceType": "Parameters", "parameter": operations})
}

fn text(name: &str, text: &str) -> Value {
    json!({"name": name, "valueString": text})
}

fn wrapped(record: &Value) -> Value {
    json!({"name": "value", "part": [{"extension": [record]}]})
}

fn add(record: &Value) -> Value {
    json!([text("type", "add"), text("path", &all_records()), wrapped(record)])
}

fn replace(key: &[(&str, &str)], record: &Value) -> Value {
    json!([text("type", "replace"), text("path", &path(&with_defaults(key))), wrapped(record)])
}

fn delete(key: &[(&str, &str)]) -> Value {
    json!([text("type", "delete"), text("path", &path(&with_defaults(key)))])
}

fn send_with(identifier: &str, body: &Value, own: &[&str], options: Options) -> Result<Patched, Problem> {
    let own: Vec<String> = own.iter().map(|e| (*e).to_owned()).collect();
    patch(&demo(), identifier, body.to_string().as_bytes(), &own, NOW, options)
}

fn send(body: &Value) -> Result<Patched, Problem> {
    send_with(MED, body, &["1450000001"], Options::default())
}

fn held(location: &Value, codes: &[(&str, &str)]) -> Vec<Record> {
    let mut key = RecordKey::default();
    for (name, code) in with_defaults(codes) {
        key.set(KeyMember::parse(name).unwrap(), code);
    }
    Record::of_location(location).into_iter().filter(|record| record.key == key).collect()
}

fn before() -> Value {
    demo().all(ResourceType::Location).find(|location| location.id == "2008").unwrap().json.clone()
}

#[test]
fn a_replacement_changes_one_record_and_the_version() {
    let patched = send(&parameters(&[replace(&WOMEN, &record(7, &WOMEN))])).unwrap();
    let json = &patched.location.json;
    let found = held(json, &WOMEN);
    assert_eq!((found.len(), found[0].count), (1, Some(7)));
    assert_eq!(found[0].updated(), Some(datetime!(2026-07-01 09:59:58 +2)));
    assert_eq!(Record::of_location(json).len(), Record::of_location(&before()).len());
    assert_eq!((patched.identifier.as_str(), patched.version.as_str()), ("24/2008", "2"));
    assert_eq!(patched.last_modified, NOW);
    assert_eq!(json["meta"]["versionId"], "2");
    assert_eq!(json["meta"]["lastUpdated"], "2026-07-01T08:00:00.500+00:00");
    assert_eq!(json["meta"]["profile"], before()["meta"]["profile"]);
    assert_eq!(json["name"], before()["name"]);
    fhirkit::from_json_strict::<r4::Location>(&patched.location.text).unwrap();
    // Where the record stands does not change.
    let position =
        |json: &Value| Record::of_location(json).iter().position(|record| record.key == found[0].key);
    assert_eq!(position(json), position(&before()));
}

#[test]
fn versions_go_up_one_by_one() {
    let body = parameters(&[replace(&WOMEN, &record(7, &WOMEN))]).to_string();
    let first = send(&serde_json::from_str(&body).unwrap()).unwrap();
    let directory = crate::ror::Directory::from_resources("again", [first.location]);
    let second =
        patch(&directory, MED, body.as_bytes(), &["1450000001".into()], NOW, Options::default()).unwrap();
    assert_eq!(second.version, "3");
}

#[test]
fn an_addition_makes_a_record_and_a_deletion_takes_it_away() {
    let patched = send(&parameters(&[add(&record(5, &MEN_IN_A_WEEK))])).unwrap();
    assert_eq!(held(&patched.location.json, &MEN_IN_A_WEEK)[0].count, Some(5));
    fhirkit::from_json_strict::<r4::Location>(&patched.location.text).unwrap();
    let patched = send(&parameters(&[delete(&WOMEN)])).unwrap();
    assert_eq!(held(&patched.location.json, &WOMEN), []);
    assert_eq!(Record::of_location(&patched.location.json).len() + 1, Record::of_location(&before()).len());
    assert!(before().to_string().contains("ror-commune-cog"));
    assert!(patched.location.text.contains("ror-commune-cog"), "the other extensions stay");
}

#[test]
fn a_location_without_any_record_takes_its_first_one() {
    let patched =
        send_with("24/2003", &parameters(&[add(&record(1, &WOMEN))]), &["1450000001"], Options::default())
            .unwrap();
    assert_eq!(held(&patched.location.json, &WOMEN).len(), 1);
    assert_eq!(patched.identifier, "24/2003");
}

#[test]
fn the_entry_id_finds_the_location_as_well() {
    let body = parameters(&[replace(&WOMEN, &record(7, &WOMEN))]);
    let patched = send_with("24/2008", &body, &["1450000001"], Options::default()).unwrap();
    assert_eq!(patched.location.id, "2008");
}

/// Quirks a to f of §5.1, each as a value part of its own.
#[test]
fn every_documented_liberty_is_understood_and_no_deviation() {
    let record = record(5, &MEN_IN_A_WEEK);
    let mut bare_value = record.clone();
    bare_value["extension"][0] = json!({"url": "nbCapacity", "value": 5});
    let mut coding_object = record.clone();
    let coding = record["extension"][2]["valueCodeableConcept"]["coding"][0].clone();
    coding_object["extension"][2]["valueCodeableConcept"]["coding"] = coding;
    let spelt_out: Vec<Value> = std::iter::once(json!({"name": "url", "valueUri": SUPPORTED_CAPACITY}))
        .chain(record["extension"].as_array().unwrap().iter().map(|part| {
            let (member, value) = part.as_object().unwrap().iter().nth(1).unwrap();
            let mut value = json!({ member: value });
            value["name"] = json!("value");
            json!({"name": "extension", "part": [{"name": "url", "valueUri": part["url"]}, value]})
        }))
        .collect();
    for (what, value) in [
        ("a", wrapped(&record)),
        ("a, object", json!({"name": "value", "part": {"extension": record.clone()}})),
        ("c", json!({"name": "value", "value": record.clone()})),
        ("c, number", wrapped(&bare_value)),
        ("e", wrapped(&coding_object)),
        ("f", json!({"name": "value", "part": spelt_out.clone()})),
        ("f, beside", json!({"name": "extension", "part": spelt_out})),
        (
            "f, mixed",
            json!({"name": "extension", "part": [{"name": "url", "valueUri": SUPPORTED_CAPACITY},
            {"name": "value", "part": [{"extension": record["extension"]}]}]}),
        ),
        ("plain", json!({"name": "value", "extension": [record]})),
    ] {
        let body = parameters(&[json!([text("type", "add"), text("path", &all_records()), value])]);
        let patched = send(&body).unwrap_or_else(|problem| panic!("{what}: {problem}"));
        assert_eq!(held(&patched.location.json, &MEN_IN_A_WEEK)[0].count, Some(5), "{what}");
        assert_eq!(deviations(&body), [], "{what}");
        fhirkit::from_json_strict::<r4::Location>(&patched.location.text).unwrap();
    }
    // FHIR's own form of an addition, and codes for type and path.
    let body = parameters(&[
        json!([{"name": "type", "valueCode": "add"}, {"name": "path", "valueCode": "Location"},
        text("name", "extension"), wrapped(&self::record(5, &MEN_IN_A_WEEK))]),
    ]);
    assert_eq!(held(&send(&body).unwrap().location.json, &MEN_IN_A_WEEK).len(), 1);
    assert_eq!(deviations(&body), []);
}

#[test]
fn other_code_systems_and_labels_are_stored_as_the_ror_has_them() {
    let mut given = record(5, &MEN_IN_A_WEEK);
    given["extension"][2]["valueCodeableConcept"]["coding"][0] = json!({"code": "02", "display": "Libre",
        "system": "https://mos.esante.gouv.fr/NOS/JDV_J188-TypeStatutCapacite-ROR/FHIR/JDV-J188-TypeStatutCapacite-ROR"});
    given["extension"].as_array_mut().unwrap().push(json!({"url": "comment", "valueString": "Après 18 h"}));
    given["extension"].as_array_mut().unwrap().push(json!({"url": "inconnue", "valueString": "x"}));
    let body = parameters(&[add(&given)]);
    let found = &held(&send(&body).unwrap().location.json, &MEN_IN_A_WEEK)[0];
    let system = expand_code("TRE_R330").unwrap();
    assert_eq!(found.systems[0], ("capacityStatus".to_owned(), Some(system)));
    assert_eq!(found.comment.as_deref(), Some("Après 18 h"));
    assert!(!send(&body).unwrap().location.text.contains("inconnue"));
    let rules: Vec<_> = deviations(&body).into_iter().map(|d| (d.rule, d.path)).collect();
    let part = "Parameters.parameter[0].part[2].part[0].extension[0]";
    assert_eq!(
        rules,
        [("code-system", format!("{part}.extension[2]")), ("member-unknown", format!("{part}.extension[9]"))]
    );
}

fn refused(result: Result<Patched, Problem>) -> (u16, &'static str, Vec<Value>) {
    let problem = result.unwrap_err();
    let outcome = problem.to_operation_outcome();
    if !problem.plain_expression {
        fhirkit::from_json_strict::<r4::OperationOutcome>(&outcome.to_string()).unwrap();
    }
    let issues = outcome["issue"].as_array().unwrap();
    (problem.status, problem.code, issues.iter().map(|issue| issue["expression"].clone()).collect())
}

#[test]
fn a_missing_indicator_is_told_in_the_documented_way() {
    for operation in [replace(&MEN_IN_A_WEEK, &record(5, &MEN_IN_A_WEEK)), delete(&MEN_IN_A_WEEK)] {
        let body = parameters(&[operation]);
        assert_eq!(refused(send(&body)), (404, "not-found", vec![json!(all_records())]), "a plain string");
        let array = Options { expression: ExpressionForm::Array, ..Options::default() };
        let refusal = refused(send_with(MED, &body, &["1450000001"], array));
        assert_eq!(refusal, (404, "not-found", vec![json!([all_records()])]));
    }
}

#[test]
fn a_location_that_is_not_there_or_not_alone() {
    let body = parameters(&[add(&record(5, &MEN_IN_A_WEEK))]);
    let to = |identifier: &str| refused(send_with(identifier, &body, &["1450000001"], Options::default()));
    assert_eq!(to("1450000001/NONE"), (404, "not-found", vec![json!(["Location"])]));
    assert_eq!(to("24/99999"), (404, "not-found", vec![json!(["Location"])]));
    assert_eq!(to("MED08"), (404, "not-found", vec![json!(["Location"])]));
    assert_eq!(to("1450000001/DOUBLE"), (412, "multiple-matches", vec![json!(["Location"])]));
    let problem = send_with("1450000001/DOUBLE", &body, &["1450000001"], Options::default()).unwrap_err();
    assert!(problem.diagnostics.contains("'2'"));
}

#[test]
fn another_establishment_is_refused_before_anything_else() {
    let body = parameters(&[add(&record(5, &MEN_IN_A_WEEK))]);
    for (identifier, own) in [
        ("1440000001/ORTHO50", vec!["1450000001"]),
        ("1450000002/UMJ12", vec!["1450000001"]),
        ("1450000002/NONE", vec!["1450000001"]),
        ("24/2013", vec!["1450000001"]),
        (MED, vec!["1450000002"]),
        ("1450000001/DOUBLE", vec![]),
        ("1450000001", vec![]),
    ] {
        let refusal = send_with(identifier, &body, &own, Options::default()).unwrap_err();
        if identifier == "1450000001" {
            assert_eq!(refusal.status, 404, "no such identifier: it names no establishment either");
            continue;
        }
        assert_eq!((refusal.status, refusal.code), (403, "forbidden"), "{identifier}");
        let broken = patch(&demo(), identifier, b"{", &[], NOW, Options::default()).unwrap_err();
        assert_eq!(broken.status, 403, "{identifier}: before the body is looked at");
    }
    // A regional EAI writes for several.
    assert!(send_with("1450000002/UMJ12", &body, &["1450000001", "1450000002"], Options::default()).is_ok());
    assert!(
        send_with("24/2013", &body, &["1450000002"], Options::default()).is_err(),
        "the other nature: places"
    );
}

#[test]
fn a_body_that_is_no_patch_comes_before_an_unknown_location() {
    let refuse = |body: &[u8]| {
        patch(&demo(), "1450000001/NONE", body, &["1450000001".into()], NOW, Options::default()).unwrap_err()
    };
    assert_eq!((refuse(b"").status, refuse(b"").code), (400, "structure"));
    let other_path =
        json!([text("type", "replace"), text("path", "Location.telecom"), wrapped(&record(1, &WOMEN))]);
    let no_value = json!([text("type", "add"), text("path", &all_records())]);
    let no_record =
        json!([text("type", "add"), text("path", &all_records()), {"name": "value", "valueString": "3"}]);
    let other_element = json!([
        text("type", "add"),
        text("path", "Location"),
        text("name", "telecom"),
        wrapped(&record(1, &WOMEN))
    ]);
    let no_name = json!([text("type", "add"), text("path", "Location"), wrapped(&record(1, &WOMEN))]);
    let two = json!([
        text("type", "replace"),
        text("path", &path(&with_defaults(&WOMEN))),
        wrapped(&record(1, &WOMEN)),
        wrapped(&record(2, &WOMEN))
    ]);
    let all = json!([text("type", "delete"), text("path", &all_records())]);
    let other_key = json!([
        text("type", "add"),
        text("path", &path(&with_defaults(&WOMEN))),
        wrapped(&record(1, &MEN_IN_A_WEEK))
    ]);
    for (operation, rule) in [
        (other_path, "path"),
        (no_value, "record-missing"),
        (no_record, "record-missing"),
        (other_element, "path"),
        (no_name, "path"),
        (two, "one-record"),
        (all, "path"),
        (other_key, "key-mismatch"),
    ] {
        let body = parameters(&[operation]);
        let problem = refuse(body.to_string().as_bytes());
        assert_eq!((problem.status, problem.code), (400, "structure"), "{body}");
        assert!(problem.expression.as_deref().unwrap().starts_with("Parameters.parameter[0]"));
        assert!(deviations(&body).iter().any(|d| d.rule == rule), "{rule}: {:?}", deviations(&body));
    }
    assert_eq!(deviations(&json!(3))[0].rule, "patch");
}

#[test]
fn business_rules_are_told_all_at_once() {
    // The documented case: another nature, and a combination that is none, in the value and in the path.
    let unknown = [("capacityStatus", "02"), ("capacityClosingType", "01")];
    let mut wrong = record(1, &unknown);
    wrong["extension"].as_array_mut().unwrap().iter_mut().find(|p| p["url"] == "capacityType").unwrap()["valueCodeableConcept"]
        ["coding"][0]["code"] = json!("09");
    let (status, code, expressions) = refused(send(&parameters(&[replace(&unknown, &wrong)])));
    assert_eq!((status, code), (400, "business-rule"));
    let element = format!("Location.extension('{SUPPORTED_CAPACITY}')");
    assert_eq!(expressions[1], json!([element]));
    assert_eq!(expressions.last().unwrap(), &Value::Null, "the criteria of the path have no expression");
    assert_eq!(expressions.len(), 3);
    let problem = send(&parameters(&[replace(&unknown, &wrong)])).unwrap_err();
    assert!(problem.further[1].diagnostics.contains(
        "capacityStatus: 02 / temporalityCapacity: 01 / genderCapacityAvailable: null / capacityClosingType: 01 / additionalBedType: null / crisisType: null / temporaryAssignement: 01"
    ));
}

#[test]
fn the_nature_of_a_record_does_not_change() {
    let places = [WOMEN[0], WOMEN[1], ("capacityType", "02")];
    let (status, code, expressions) = refused(send(&parameters(&[replace(&WOMEN, &record(1, &places))])));
    assert_eq!((status, code, expressions.len()), (400, "business-rule", 1));
    assert_eq!(
        expressions[0],
        json!([format!("Location.extension('{SUPPORTED_CAPACITY}').extension('capacityType')")])
    );
    let places = [MEN_IN_A_WEEK[0], MEN_IN_A_WEEK[1], MEN_IN_A_WEEK[2], ("capacityType", "02")];
    assert!(send(&parameters(&[add(&record(1, &places))])).is_ok(), "nothing is known of a new one");
}

#[test]
fn the_path_and_the_value_are_one_indicator() {
    let body = parameters(&[replace(&WOMEN, &record(1, &MEN_IN_A_WEEK))]);
    assert_eq!((refused(send(&body)).0, refused(send(&body)).1), (400, "business-rule"));
    assert_eq!(deviations(&body).iter().map(|d| d.rule).collect::<Vec<_>>(), ["key-mismatch"]);
}

#[test]
fn a_path_without_all_keys_selects_nothing() {
    let body =
        parameters(&[json!([text("type", "delete"), text("path", &path(&[("capacityStatus", "01")]))])]);
    assert_eq!(refused(send(&body)), (400, "business-rule", vec![Value::Null]));
    assert_eq!(deviations(&body)[0].rule, "indicator");
}

#[test]
fn each_sub_extension_is_looked_at() {
    let element =
        |name: &str| json!([format!("Location.extension('{SUPPORTED_CAPACITY}').extension('{name}')")]);
    let whole = record(5, &MEN_IN_A_WEEK);
    let position =
        |name: &str| whole["extension"].as_array().unwrap().iter().position(|p| p["url"] == name).unwrap();
    let changed = |name: &str, part: Value| {
        let mut record = whole.clone();
        record["extension"][position(name)] = part;
        record
    };
    let without = |name: &str| {
        let mut record = whole.clone();
        record["extension"].as_array_mut().unwrap().remove(position(name));
        record
    };
    let twice = |name: &str| {
        let mut record = whole.clone();
        let part = whole["extension"][position(name)].clone();
        record["extension"].as_array_mut().unwrap().push(part);
        record
    };
    let code = |name: &str, code: &str| json!({"url": name, "valueCodeableConcept": {"coding": [{"system": expand_code(short_system(name)).unwrap(), "code": code}]}});
    for (record, name, rule) in [
        (without("nbCapacity"), "nbCapacity", "member-missing"),
        (without("capacityUpdateDate"), "capacityUpdateDate", "member-missing"),
        (without("capacityType"), "capacityType", "member-missing"),
        (without("capacitySourceType"), "capacitySourceType", "member-missing"),
        (twice("nbCapacity"), "nbCapacity", "member-repeated"),
        (twice("capacityStatus"), "capacityStatus", "member-repeated"),
        (changed("nbCapacity", json!({"url": "nbCapacity", "valueInteger": -1})), "nbCapacity", "count"),
        (changed("nbCapacity", json!({"url": "nbCapacity", "valueInteger": 2.5})), "nbCapacity", "count"),
        (
            changed("nbCapacity", json!({"url": "nbCapacity", "valueInteger": 3_000_000_000_u64})),
            "nbCapacity",
            "count",
        ),
        (changed("nbCapacity", json!({"url": "nbCapacity", "valueString": "3"})), "nbCapacity", "count"),
        (
            changed("capacityUpdateDate", json!({"url": "capacityUpdateDate", "valueDateTime": "hier"})),
            "capacityUpdateDate",
            "update-date",
        ),
        (
            changed(
                "capacityUpdateDate",
                json!({"url": "capacityUpdateDate", "valueDateTime": "2026-07-01T10:00:00"}),
            ),
            "capacityUpdateDate",
            "update-date",
        ),
        (changed("capacitySourceType", code("capacitySourceType", "77")), "capacitySourceType", "code"),
        (
            changed("capacitySourceType", json!({"url": "capacitySourceType", "valueCode": "02"})),
            "capacitySourceType",
            "code",
        ),
    ] {
        let body = parameters(&[add(&record)]);
        let refusal = refused(send(&body));
        assert_eq!(refusal, (400, "business-rule", vec![element(name)]), "{name} {rule}");
        let found = deviations(&body);
        assert_eq!(found.iter().map(|d| d.rule).collect::<Vec<_>>(), [rule], "{name}");
        assert!(found[0].path.starts_with("Parameters.parameter[0].part[2].part[0].extension[0]"));
    }
    // A key that is missing or unknown is a combination that does not exist.
    for (record, rule) in [
        (without("capacityStatus"), "member-missing"),
        (without("temporalityCapacity"), "member-missing"),
        (without("temporaryAssignement"), "member-missing"),
        (changed("genderCapacityAvailable", code("genderCapacityAvailable", "09")), "code"),
        (without("genderCapacityAvailable"), "indicator"),
    ] {
        let body = parameters(&[add(&record)]);
        let whole = json!([format!("Location.extension('{SUPPORTED_CAPACITY}')")]);
        assert_eq!(refused(send(&body)), (400, "business-rule", vec![whole]), "{rule}");
        assert_eq!(deviations(&body).iter().map(|d| d.rule).collect::<Vec<_>>(), [rule]);
    }
}

#[test]
fn what_the_mock_lets_pass_is_told_all_the_same() {
    let rule = |body: &Value| deviations(body).iter().map(|d| d.rule).collect::<Vec<_>>();
    let by_hand = [MEN_IN_A_WEEK[0], MEN_IN_A_WEEK[1], MEN_IN_A_WEEK[2], ("capacitySourceType", "01")];
    let body = parameters(&[add(&record(5, &by_hand))]);
    assert!(send(&body).is_ok());
    assert_eq!(rule(&body), ["source-type"]);
    let mut day_only = record(5, &MEN_IN_A_WEEK);
    day_only["extension"][1]["valueDateTime"] = json!("2026-07-01");
    let body = parameters(&[add(&day_only)]);
    assert!(send(&body).is_ok());
    assert_eq!(rule(&body), ["update-date"]);
    let both = json!([
        text("type", "add"),
        text("path", &all_records()),
        wrapped(&record(5, &MEN_IN_A_WEEK)),
        wrapped(&record(1, &[("capacityStatus", "03")]))
    ]);
    let body = parameters(&[both]);
    assert_eq!(
        Record::of_location(&send(&body).unwrap().location.json).len(),
        Record::of_location(&before()).len() + 2
    );
    assert_eq!(rule(&body), ["one-record"]);
    let mut without_system = record(5, &MEN_IN_A_WEEK);
    without_system["extension"][3]["valueCodeableConcept"]["coding"][0]
        .as_object_mut()
        .unwrap()
        .remove("system");
    assert_eq!(rule(&parameters(&[add(&without_system)])), ["code-system"]);
}

#[test]
fn replacing_everything_is_deprecated_but_works() {
    let all = json!([
        text("type", "replace"),
        text("path", &all_records()),
        wrapped(&record(9, &WOMEN)),
        wrapped(&record(1, &MEN_IN_A_WEEK))
    ]);
    let body = parameters(&[all]);
    let patched = send(&body).unwrap();
    assert_eq!(Record::of_location(&patched.location.json).len(), 2);
    assert_eq!(deviations(&body).iter().map(|d| d.rule).collect::<Vec<_>>(), ["replace-all", "one-record"]);
    let twice = json!([
        text("type", "replace"),
        text("path", &all_records()),
        wrapped(&record(9, &WOMEN)),
        wrapped(&record(1, &WOMEN))
    ]);
    assert_eq!(refused(send(&parameters(&[twice]))).1, "business-rule");
}

#[test]
fn an_addition_of_what_is_there_is_refused_unless_the_scenario_wants_two() {
    let body = parameters(&[add(&record(9, &WOMEN))]);
    assert_eq!((refused(send(&body)).0, refused(send(&body)).1), (400, "business-rule"));
    let second = Options { duplicate_add: DuplicateAdd::Second, ..Options::default() };
    let patched = send_with(MED, &body, &["1450000001"], second).unwrap();
    let counts: Vec<_> = held(&patched.location.json, &WOMEN).iter().map(|record| record.count).collect();
    assert_eq!(counts, [Some(0), Some(9)]);
    // Afterwards the indicator is not unique: it can be deleted, not replaced.
    let directory = crate::ror::Directory::from_resources("twice", [patched.location]);
    let then = |operation: Value| {
        patch(
            &directory,
            MED,
            parameters(&[operation]).to_string().as_bytes(),
            &["1450000001".into()],
            NOW,
            second,
        )
    };
    assert_eq!(refused(then(replace(&WOMEN, &record(1, &WOMEN)))).1, "business-rule");
    assert_eq!(held(&then(delete(&WOMEN)).unwrap().location.json, &WOMEN), []);
}

#[test]
fn several_operations_succeed_or_fail_together_in_their_order() {
    let body = parameters(&[delete(&WOMEN), add(&record(9, &WOMEN)), replace(&WOMEN, &record(8, &WOMEN))]);
    assert_eq!(held(&send(&body).unwrap().location.json, &WOMEN)[0].count, Some(8));
    let body = parameters(&[replace(&WOMEN, &record(8, &WOMEN)), delete(&MEN_IN_A_WEEK)]);
    assert_eq!(refused(send(&body)).0, 404);
    assert_eq!(deviations(&body), []);
}

#[test]
fn an_older_update_is_accepted() {
    let mut old = record(4, &WOMEN);
    old["extension"][1]["valueDateTime"] = json!("2020-01-01T00:00:00Z");
    let found = held(&send(&parameters(&[replace(&WOMEN, &old)])).unwrap().location.json, &WOMEN);
    assert_eq!((found[0].count, found[0].update_date.as_deref()), (Some(4), Some("2020-01-01T00:00:00Z")));
}

#[test]
fn the_identifier_parameter_stands_once_and_is_not_empty() {
    let given = |parameters: &[(&str, &str)]| {
        let owned: Vec<(String, String)> =
            parameters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        identifier_parameter(&owned).map(str::to_owned).map_err(|problem| problem.status)
    };
    assert_eq!(given(&[("_format", "json"), ("identifier", MED)]), Ok(MED.to_owned()));
    assert_eq!(given(&[]), Err(400));
    assert_eq!(given(&[("identifier", " ")]), Err(400));
    assert_eq!(given(&[("identifier", MED), ("identifier", MED)]), Err(400));
}

#[test]
fn the_records_of_a_body_are_there_for_checks() {
    let body = parameters(&[replace(&WOMEN, &record(8, &WOMEN)), delete(&WOMEN)]);
    let patch = Patch::parse(&body).unwrap();
    assert_eq!(patch.records().count(), 1);
    assert!(matches!(&patch.operations[1], Operation::Delete { key } if key.gender.as_deref() == Some("01")));
    assert_eq!(Record::from_extension(&json!({"url": "other"})), None);
    assert_eq!(Record::from_extension(&json!(1)), None);
}

#[test]
fn every_deviation_is_told_in_both_languages() {
    let mut broken = record(-1, &[("capacityStatus", "77"), ("capacitySourceType", "01")]);
    broken["extension"].as_array_mut().unwrap().retain(|part| part["url"] != "capacityType");
    let body = parameters(&[replace(&WOMEN, &broken), json!([text("type", "delete"), text("path", "x")])]);
    let found = deviations(&body);
    assert!(found.len() >= 5, "{found:?}");
    for deviation in found.iter().chain(&deviations(&json!({}))) {
        for text in [&deviation.expected, &deviation.actual] {
            assert!(!text.fr.is_empty() && !text.en.is_empty(), "{deviation:?}");
        }
        assert!(deviation.path.starts_with("Parameters"), "{deviation:?}");
    }
}

#[test]
fn nested_rubbish_is_bounded() {
    let mut value = json!({"name": "value"});
    for _ in 0..100 {
        value = json!({"name": "value", "part": [value]});
    }
    let body = parameters(&[json!([text("type", "add"), text("path", &all_records()), value])]);
    assert_eq!(refused(send(&body)).1, "structure");
}
