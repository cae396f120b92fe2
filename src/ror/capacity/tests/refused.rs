//! What the feed refuses, in which order, and in what words.

use super::*;

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
    // An entry id names no establishment: whose the Location is follows from its offers.
    assert!(send_with("24/2013", &body, &["1450000002"], Options::default()).is_ok());
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
        (all, "delete-all"),
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
