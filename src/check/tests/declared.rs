//! `integrated`: what the client declares, against the truth.

use serde_json::{Value, json};

use super::super::Verdict;
use super::super::testing::{Facts, Story};
use super::{assert_broken, assert_met, assert_undecided};

fn compare(what: &str) -> Value {
    json!({"integrated": {"compare": what}})
}

/// A search that finds the locations 1 and 2 and includes the organization 9.
fn story(integrated: Value) -> Story {
    let mut story =
        Story::new("search", json!({"resource": "Location", "parameters": [], "all-pages": true}));
    story.get(0, "/ws-diffusion-fhir/Location", 200);
    let pair = |resource: &str, id: &str| (resource.to_owned(), id.to_owned());
    story.truth = Some(Facts {
        expected: Some([pair("Location", "1"), pair("Location", "2")].into()),
        existing: [pair("Location", "1"), pair("Location", "2"), pair("Organization", "9")].into(),
        ..Facts::default()
    });
    story.holds(integrated);
    story
}

fn location(id: &str) -> Value {
    json!({"resourceType": "Location", "id": id})
}

#[test]
fn the_ids_of_the_matched_type_are_the_truth_and_included_ones_exist() {
    assert_met(&story(json!([location("2"), location("1")])).check(compare("ids")));
    let included = json!({"resourceType": "Organization", "id": "9"});
    assert_met(&story(json!([location("1"), included, location("2")])).check(compare("ids")));
    let number = json!({"resourceType": "Location", "id": 2});
    assert_met(&story(json!([location("Location/1"), number])).check(compare("ids")));
}

#[test]
fn missing_extra_and_invented_resources_are_accused() {
    for (integrated, word) in [
        (json!([location("1")]), "Location/2"),
        (json!([]), "2 resource(s) that the profile sees are missing"),
        (json!([location("1"), location("2"), location("3")]), "do not answer what was asked: Location/3"),
        (
            json!([location("1"), location("2"), {"resourceType": "Organization", "id": "8"}]),
            "Organization/8",
        ),
    ] {
        assert_broken(&story(integrated).check(compare("ids")), &[word], &[]);
    }
}

#[test]
fn what_is_not_declared_and_what_is_unknown_is_not_judged() {
    let unknown = json!([location("1"), location("2"), {"resourceType": "Patient", "id": "1"}, {"x": 1}]);
    let finding = story(unknown).check(compare("ids"));
    assert_met(&finding);
    assert_eq!(finding.notes.len(), 2);
    for what in ["names", "telecoms", "capacities", "identifiers"] {
        assert_eq!(story(json!([location("1")])).check(compare(what)).verdict, Verdict::Skipped, "{what}");
    }
    let mut silent = story(json!([]));
    silent.ends(crate::journal::StepEnd::Done);
    assert_eq!(silent.check(compare("ids")).verdict, Verdict::Skipped);
    silent.fails("429");
    assert_eq!(silent.check(compare("ids")).verdict, Verdict::Skipped);
    silent.ends(crate::journal::StepEnd::Deadline);
    assert_undecided(&silent.check(compare("ids")));
}

#[test]
fn without_the_dataset_nothing_is_compared() {
    let mut story = story(json!([location("7")]));
    story.truth = None;
    assert_undecided(&story.check(compare("ids")));
}

#[test]
fn a_repeat_is_accused_but_not_the_same_id_of_another_type() {
    let same_id = json!([location("1"), {"resourceType": "Organization", "id": "1"}]);
    assert_met(&story(same_id).check(compare("no-repeat")));
    let twice = json!([location("1"), location("2"), location("1")]);
    assert_broken(&story(twice).check(compare("no-repeat")), &["Location/1", "2 times"], &[]);
}

#[test]
fn names_are_compared_in_nfc() {
    let named = |name: &str| json!([{"resourceType": "Location", "id": "1", "name": name}]);
    assert_met(&story(named("Ho\u{302}pital 1")).check(compare("names")));
    let garbled = story(named("HÃ´pital 1")).check(compare("names"));
    assert_broken(&garbled, &["`Hôpital 1`", "`HÃ´pital 1`"], &[]);
    assert!(garbled.remedy.en.contains("UTF-8"));
    // Before the first step they were called otherwise: what is held is known to be old.
    let stale = story(named("Hospice 1")).check(compare("names"));
    assert_broken(&stale, &["now called `Hôpital 1`", "from before that change, `Hospice 1`"], &[]);
    assert!(stale.remedy.en.contains("an earlier version") && !stale.remedy.en.contains("UTF-8"));
}

#[test]
fn telecoms_are_compared_without_their_way_of_writing() {
    let telecoms = |values: Value| json!([{"resourceType": "Location", "id": "1", "telecoms": values}]);
    for right in [
        json!(["0102030405"]),
        json!(["tel:+33 1 02 03 04 05", "A@b.fr"]),
        json!([{"value": "01.02.03.04.05"}]),
    ] {
        assert_met(&story(telecoms(right)).check(compare("telecoms")));
    }
    let leaked = telecoms(json!(["01 02 03 04 05", "06 00 00 00 00"]));
    assert_broken(&story(leaked).check(compare("telecoms")), &["06 00 00 00 00", "Location/1"], &[]);
}

#[test]
fn capacities_and_identifiers_are_compared_pair_by_pair() {
    let item = |name: &str, value: Value| json!([{"resourceType": "Location", "id": "1", name: value}]);
    let capacities = |value: Value| story(item("capacities", value)).check(compare("capacities"));
    assert_met(&capacities(json!([{"status": "02", "count": 3}])));
    assert_broken(&capacities(json!([{"status": "02", "count": 10}])), &["status 02, count 10", "02:3"], &[]);
    let identifiers = |value: Value| story(item("identifiers", value)).check(compare("identifiers"));
    assert_met(&identifiers(json!([{"type": "SIRET", "value": "991"}, {"value": "no type"}])));
    assert_broken(
        &identifiers(json!([{"type": "FINEG", "value": "991"}])),
        &["gives it the type SIRET"],
        &[],
    );
    assert_broken(&identifiers(json!([{"type": "FINEG", "value": "5"}])), &["does not give `5`"], &[]);
}

#[test]
fn a_part_of_a_list_is_for_a_person_and_never_an_accusation() {
    let seen = |member: &str, value: Value, what: &str| {
        story(json!([location("2"), {"resourceType": "Location", "id": "1", member: value}]))
            .check(compare(what))
    };
    let telecoms = |value: Value| seen("telecoms", value, "all-telecoms");
    assert_met(&telecoms(json!(["tel:+33102030405", "A@B.fr", "a@b.fr"])));
    let first_only = telecoms(json!(["0102030405"]));
    assert_eq!(first_only.verdict, Verdict::Review);
    assert!(
        first_only.notes[0].en.contains("declares 1 of 2 of them; missing: a@b.fr"),
        "{:?}",
        first_only.notes
    );
    // One that is not visible is for `telecoms` to tell.
    assert_eq!(telecoms(json!(["0600000000"])).verdict, Verdict::Review);
    let capacities = |value: Value| seen("capacities", value, "all-capacities");
    let of = |status: &str, count: i64| json!({"status": status, "count": count});
    assert_met(&capacities(json!([of("02", 3), of("01", 10), of("02", 3)])));
    assert_eq!(capacities(json!([of("02", 3)])).verdict, Verdict::Review);
    assert_eq!(capacities(json!([])).verdict, Verdict::Review);
    // What is not declared is not asked for.
    for what in ["all-telecoms", "all-capacities"] {
        assert_eq!(story(json!([location("1")])).check(compare(what)).verdict, Verdict::Skipped, "{what}");
    }
}

/// The remedy, when the ids of a step differ.
fn remedy_of(action: &str, input: Value, integrated: Value) -> String {
    let mut story = story(json!([]));
    story.next_step(action, input);
    story.get(0, "/ws-diffusion-fhir/Location", 200);
    story.holds(integrated);
    let finding = story.check_step(compare("ids"), Some(2));
    assert_eq!(finding.verdict, Verdict::Broken, "{action}");
    finding.remedy.en
}

#[test]
fn the_remedy_is_about_what_the_client_was_asked_to_do() {
    let one = || json!([location("1")]);
    let export = remedy_of("export", json!({"region": null}), one());
    assert!(export.contains("a file of the manifest") && !export.contains("too much"), "{export}");
    let sync = remedy_of("sync", json!({"since": null}), one());
    assert!(sync.contains("base emptied"), "{sync}");
    let show = remedy_of("show", json!({"resource": "Location", "id": "1", "as-profile": 0}), one());
    assert!(show.contains("visible to this user"), "{show}");
    let search = json!({"resource": "Location", "parameters": [], "all-pages": true});
    let too_much = remedy_of("search", search.clone(), json!([location("1"), location("2"), location("7")]));
    assert!(too_much.contains("search.mode=include") && !too_much.contains("is missing"), "{too_much}");
    let both = remedy_of("search", search, json!([location("1"), location("7")]));
    assert!(both.contains("is missing") && both.contains("too much"), "{both}");
    // What the wire tells is said instead.
    let read =
        remedy_of("many-reads", json!({"resource": "Location", "ids": ["1", "2"], "parallel": 1}), one());
    assert!(read.contains("This never came whole: Location/1, Location/2."), "{read}");
}
