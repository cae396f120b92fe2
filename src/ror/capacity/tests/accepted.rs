//! What the feed accepts: every documented body and every liberty.

use super::*;

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
fn the_records_of_a_body_are_there_for_checks() {
    let body = parameters(&[replace(&WOMEN, &record(8, &WOMEN)), delete(&WOMEN)]);
    let patch = Patch::parse(&body).unwrap();
    assert_eq!(patch.records().count(), 1);
    assert!(matches!(&patch.operations[1], Operation::Delete { key } if key.gender.as_deref() == Some("01")));
    assert_eq!(Record::from_extension(&json!({"url": "other"})), None);
    assert_eq!(Record::from_extension(&json!(1)), None);
}
