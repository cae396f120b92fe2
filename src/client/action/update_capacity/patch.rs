//! The FHIRPath Patch of one capacity record.

use serde_json::{Value, json};

use super::super::super::flaws::{Flaw, FlawSet};
use super::super::super::resource::{STRUCTURE_DEFINITION, elements};
use super::order::Capacity;

/// The code systems of the record, by the name of the sub-extension; and their value sets, which are no systems.
const SYSTEMS: [(&str, &str, &str); 9] = [
    ("capacityStatus", "TRE_R330-TypeStatutCapacite", "JDV_J188-TypeStatutCapacite-ROR"),
    ("capacityType", "TRE_R329-NatureCapacite", "JDV_J187-NatureCapacite-ROR"),
    ("temporalityCapacity", "TRE_R331-TemporaliteCapacite", "JDV_J189-TemporaliteCapacite-ROR"),
    ("capacitySourceType", "TRE_R335-TypeSourceCapacite", "JDV_J193-TypeSourceCapacite-ROR"),
    ("genderCapacityAvailable", "TRE_R332-GenreCapacite", "JDV_J190-GenreCapacite-ROR"),
    ("capacityClosingType", "TRE_R333-TypeFermetureCapacite", "JDV_J191-TypeFermetureCapacite-ROR"),
    ("additionalBedType", "TRE_R334-TypeLitSupplementaire", "JDV_J192-TypeLitSupplementaire-ROR"),
    ("crisisType", "TRE_R336-TypeCrise", "JDV_J194-TypeCrise-ROR"),
    ("temporaryAssignement", "TRE_R337-AffectationTemporaire", "JDV_J195-AffectationTemporaire-ROR"),
];
/// TRE_R335: bed management.
const BED_MANAGEMENT: &str = "02";
/// TRE_R335: manual input, of `feed-manual-source`.
const MANUAL: &str = "01";
/// The date of `feed-stale-date`.
const STALE: &str = "2020-01-01T00:00:00Z";

/// What the server is told to do with the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Replace,
    Add,
    Delete,
}

/// The body that does `verb` to the record of `capacity`.
pub(super) fn body(verb: Verb, capacity: &Capacity, flaws: &FlawSet) -> Value {
    let (name, path) = match verb {
        Verb::Add => ("add", collection()),
        Verb::Replace if flaws.has(Flaw::FeedReplacesAll) => ("replace", collection()),
        Verb::Replace => ("replace", record_path(capacity, flaws)),
        Verb::Delete if flaws.has(Flaw::FeedDeletesAll) => ("delete", collection()),
        Verb::Delete => ("delete", record_path(capacity, flaws)),
    };
    let mut parts = vec![json!({ "name": "path", "valueString": path })];
    if !flaws.has(Flaw::FeedOmitsOperation) {
        parts.insert(0, json!({ "name": "type", "valueString": name }));
    }
    if verb != Verb::Delete {
        // The wrapping in one more `extension` is how the ROR has it.
        parts.push(json!({ "name": "value", "part": [{ "extension": [record(capacity, flaws)] }] }));
    }
    json!({ "resourceType": "Parameters", "parameter": [{ "name": "operation", "part": parts }] })
}

/// Whether a 404 says that the place is known and the record is not, so that it may be added. The ROR writes
/// `expression` as one string where FHIR has an array.
pub(super) fn is_unknown_record(outcome: &Value) -> bool {
    let is_record = |expression: &Value| {
        let path = expression.as_str().unwrap_or_default();
        path.starts_with("Location.extension") && path.contains("ror-location-supported-capacity")
    };
    let names_record = |issue: &Value| match &issue["expression"] {
        one @ Value::String(_) => is_record(one),
        many => !elements(many).is_empty() && elements(many).iter().all(is_record),
    };
    let issues = elements(&outcome["issue"]);
    !issues.is_empty() && issues.iter().all(|issue| issue["code"] == "not-found" && names_record(issue))
}

fn collection() -> String {
    format!("Location.extension.where(url='{STRUCTURE_DEFINITION}ror-location-supported-capacity')")
}

/// The path that only this record of the place satisfies.
fn record_path(capacity: &Capacity, flaws: &FlawSet) -> String {
    let condition = |(name, code): (&str, &str)| {
        let mismatched = flaws.has(Flaw::FeedKeyMismatch) && name == "temporalityCapacity";
        let code = if mismatched { another_temporality(code) } else { code };
        format!("extension.where(url = '{name}' and valueCodeableConcept.coding.code = '{}')", quoted(code))
    };
    let conditions: Vec<String> = capacity.keys().into_iter().map(condition).collect();
    format!("{}.where({})", collection(), conditions.join(" and "))
}

/// The record itself: seven elements always, the others where they apply.
fn record(capacity: &Capacity, flaws: &FlawSet) -> Value {
    let date = if flaws.has(Flaw::FeedStaleDate) { Some(STALE) } else { capacity.updated.as_deref() };
    let source = if flaws.has(Flaw::FeedManualSource) { MANUAL } else { BED_MANAGEMENT };
    let mut parts = vec![
        json!({ "url": "nbCapacity", "valueInteger": capacity.count }),
        json!({ "url": "capacityUpdateDate", "valueDateTime": date }),
    ];
    let mut coded = capacity.keys();
    coded.push(("capacityType", &capacity.kind));
    if !flaws.has(Flaw::FeedOmitsSourceType) {
        coded.push(("capacitySourceType", source));
    }
    parts.extend(coded.into_iter().map(|(name, code)| {
        let coding = json!({ "system": system(name, flaws), "code": code });
        json!({ "url": name, "valueCodeableConcept": { "coding": [coding] } })
    }));
    if let Some(comment) = &capacity.comment {
        parts.push(json!({ "url": "comment", "valueString": comment }));
    }
    json!({ "url": format!("{STRUCTURE_DEFINITION}ror-location-supported-capacity"), "extension": parts })
}

fn system(name: &str, flaws: &FlawSet) -> String {
    let row = SYSTEMS.iter().find(|row| row.0 == name);
    let named = row.map_or("", |row| if flaws.has(Flaw::FeedJdvSystems) { row.2 } else { row.1 });
    format!("https://mos.esante.gouv.fr/NOS/{named}/FHIR/{}", named.replacen('_', "-", 1))
}

fn another_temporality(code: &str) -> &'static str {
    if code == "01" { "02" } else { "01" }
}

/// A code inside a FHIRPath string.
fn quoted(code: &str) -> String {
    code.replace('\\', "\\\\").replace('\'', "\\'")
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn capacity() -> Capacity {
        serde_json::from_value(json!({
            "operation": "set", "count": 3, "status": "02", "type": "01", "temporality": "01",
            "assignment": "01", "gender": "03", "updated": "2026-11-01T08:00:00Z"
        }))
        .unwrap()
    }

    fn part(body: &Value, name: &str) -> Value {
        let parts = elements(&body["parameter"][0]["part"]);
        parts.iter().find(|part| part["name"] == name).unwrap().clone()
    }

    fn sub(body: &Value, url: &str) -> Option<Value> {
        let record = &part(body, "value")["part"][0]["extension"][0];
        elements(&record["extension"]).iter().find(|part| part["url"] == url).cloned()
    }

    const CAPACITY: &str =
        "https://interop.esante.gouv.fr/ig/fhir/ror/StructureDefinition/ror-location-supported-capacity";

    #[test]
    fn a_replace_designates_one_record_and_gives_its_seven_elements() {
        let body = body(Verb::Replace, &capacity(), &FlawSet::none());
        assert_eq!(part(&body, "type")["valueString"], "replace");
        let test = |key: &str, code: &str| {
            format!("extension.where(url = '{key}' and valueCodeableConcept.coding.code = '{code}')")
        };
        let conditions = [
            test("capacityStatus", "02"),
            test("temporalityCapacity", "01"),
            test("genderCapacityAvailable", "03"),
            test("temporaryAssignement", "01"),
        ];
        assert_eq!(
            part(&body, "path")["valueString"],
            format!("Location.extension.where(url='{CAPACITY}').where({})", conditions.join(" and "))
        );
        assert_eq!(sub(&body, "nbCapacity").unwrap()["valueInteger"], 3);
        assert_eq!(sub(&body, "capacityUpdateDate").unwrap()["valueDateTime"], "2026-11-01T08:00:00Z");
        for (url, code, system) in [
            ("capacityStatus", "02", "TRE_R330-TypeStatutCapacite/FHIR/TRE-R330-TypeStatutCapacite"),
            ("capacityType", "01", "TRE_R329-NatureCapacite/FHIR/TRE-R329-NatureCapacite"),
            ("temporalityCapacity", "01", "TRE_R331-TemporaliteCapacite/FHIR/TRE-R331-TemporaliteCapacite"),
            ("capacitySourceType", "02", "TRE_R335-TypeSourceCapacite/FHIR/TRE-R335-TypeSourceCapacite"),
            (
                "temporaryAssignement",
                "01",
                "TRE_R337-AffectationTemporaire/FHIR/TRE-R337-AffectationTemporaire",
            ),
        ] {
            let coding = &sub(&body, url).unwrap()["valueCodeableConcept"]["coding"][0];
            assert_eq!(coding["code"], code);
            assert_eq!(coding["system"], format!("https://mos.esante.gouv.fr/NOS/{system}"));
        }
    }

    #[test]
    fn an_add_goes_to_the_collection_and_a_delete_has_no_value() {
        let added = body(Verb::Add, &capacity(), &FlawSet::none());
        assert_eq!(
            part(&added, "path")["valueString"],
            format!("Location.extension.where(url='{CAPACITY}')")
        );
        let deleted = body(Verb::Delete, &capacity(), &FlawSet::none());
        assert_eq!(elements(&deleted["parameter"][0]["part"]).len(), 2);
        assert_eq!(part(&deleted, "type")["valueString"], "delete");
    }

    #[test]
    fn flaws_change_what_they_say() {
        let with = |flaw: Flaw| body(Verb::Replace, &capacity(), &flaw.into());
        assert_eq!(sub(&with(Flaw::FeedOmitsSourceType), "capacitySourceType"), None);
        let code =
            |body: &Value, url: &str| sub(body, url).unwrap()["valueCodeableConcept"]["coding"][0].clone();
        assert_eq!(code(&with(Flaw::FeedManualSource), "capacitySourceType")["code"], "01");
        let jdv = code(&with(Flaw::FeedJdvSystems), "capacityStatus");
        assert!(jdv["system"].as_str().unwrap().contains("/JDV_J188"));
        assert_eq!(sub(&with(Flaw::FeedStaleDate), "capacityUpdateDate").unwrap()["valueDateTime"], STALE);
        let all = part(&with(Flaw::FeedReplacesAll), "path");
        assert_eq!(all["valueString"], format!("Location.extension.where(url='{CAPACITY}')"));
        let mismatch = part(&with(Flaw::FeedKeyMismatch), "path");
        assert!(
            mismatch["valueString"]
                .as_str()
                .unwrap()
                .contains("'temporalityCapacity' and valueCodeableConcept.coding.code = '02'")
        );
    }

    #[test]
    fn an_unknown_record_is_told_from_an_unknown_place() {
        let path = format!("Location.extension.where(url='{CAPACITY}')");
        let outcome = |code: &str, expression: Value| json!({ "resourceType": "OperationOutcome", "issue": [{ "code": code, "expression": expression }] });
        assert!(is_unknown_record(&outcome("not-found", json!(path))), "as the ROR writes it");
        assert!(is_unknown_record(&outcome("not-found", json!([path]))), "as FHIR has it");
        assert!(!is_unknown_record(&outcome("not-found", json!(["Location"]))));
        assert!(!is_unknown_record(&outcome("not-found", json!("Location"))));
        assert!(!is_unknown_record(&outcome("business-rule", json!([path]))));
        for silent in
            [json!({}), json!(null), outcome("not-found", json!([])), outcome("not-found", json!(null))]
        {
            assert!(!is_unknown_record(&silent), "{silent}");
        }
    }
}
