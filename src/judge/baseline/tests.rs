//! The file, its mistakes with their places, and what each entry makes of a verdict.

#![expect(clippy::unwrap_used)]

use super::apply::Expectations;
use super::file::{day, load_baseline};
use super::{BaselineOutcome, BaselineState};
use crate::journal::{Baseline, ExpectedFailure, RunStarted};
use crate::judge::outcome::{CheckOutcome, Party, ScenarioOutcome, Status};
use crate::scenario::Scenario;
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::text::Text;

const GOOD: &str = "expected-failures:
  - check: quota/waits
    owner: equipe@editeur.example
    reason: Next version
    until: 2027-03-31
  - check: quota/completes
    owner: equipe@editeur.example
    reason: { fr: Bientôt, en: Soon }
    until: 2026-11-21
";

fn scenarios() -> Vec<Scenario> {
    let text = "id: quota\ntitle: {fr: t, en: t}\ndescription: {fr: d, en: d}\nplans: [fhir-search]\nsteps: [{act: read}]\n\
        checks:\n  - {id: waits, requires: [A-1], expect: {token-form: {}}}\n  - {id: completes, requires: [A-1], expect: {token-form: {}}}\n";
    vec![crate::scenario::load::load_str("quota.yaml", text).unwrap()]
}

fn read(text: &str) -> Result<Baseline, Vec<Diagnostic>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("baseline.yaml");
    std::fs::write(&path, text).unwrap();
    load_baseline(&path, &scenarios())
}

/// Code, line and column of each mistake, and the remedies.
fn mistakes(text: &str) -> (Vec<(Code, usize, usize)>, String) {
    let found = read(text).unwrap_err();
    let remedies = found.iter().map(|one| one.help.en.clone()).collect::<Vec<_>>().join("\n");
    (found.iter().map(|one| (one.code, one.line, one.column)).collect(), remedies)
}

#[test]
fn a_reason_is_plain_or_in_both_languages() {
    let entries = read(GOOD).unwrap().expected_failures;
    assert_eq!(entries[0].reason, Text::same("Next version"));
    assert_eq!(entries[1].reason, Text::new("Bientôt", "Soon"));
    assert_eq!(entries[0].until, "2027-03-31");
    assert!(read("expected-failures: []").unwrap().expected_failures.is_empty());
}

#[test]
fn an_entry_that_matches_nothing_is_an_error_with_its_place() {
    let (found, remedy) = mistakes(&GOOD.replace("quota/waits", "quota/wait"));
    assert_eq!(found, [(Code::UnknownCheck, 2, 12)]);
    assert_eq!(remedy, "did you mean `quota/waits`?");
    let (found, remedy) = mistakes(&GOOD.replace("quota/waits", "quotas/waits"));
    assert_eq!(found, [(Code::UnknownCheck, 2, 12)]);
    assert_eq!(remedy, "did you mean `quota/waits`?");
    let (found, remedy) = mistakes(&GOOD.replace("quota/waits", "quota"));
    assert_eq!(found, [(Code::UnknownCheck, 2, 12)]);
    assert!(remedy.contains("quota/waits, quota/completes"), "{remedy}");
    for name in ["something-else/entirely", "quota/waits/more", "/", "\"\""] {
        assert_eq!(mistakes(&GOOD.replace("quota/waits", name)).0[0].0, Code::UnknownCheck, "{name}");
    }
}

#[test]
fn every_mistake_is_told_at_once() {
    let text = GOOD
        .replace("quota/completes", "quota/waits")
        .replace("Next version", "\"  \"")
        .replace("2027-03-31", "31/03/2027");
    let (found, _) = mistakes(&text);
    assert_eq!(found, [(Code::EmptyText, 4, 13), (Code::MalformedDate, 5, 12), (Code::DuplicateId, 6, 12)]);
}

#[test]
fn the_shape_is_strict() {
    for (from, to, code) in [
        ("    owner: equipe@editeur.example\n    reason: Next", "    reason: Next", Code::MissingKey),
        ("    until: 2027-03-31\n", "", Code::MissingKey),
        ("owner", "ownr", Code::UnknownKey),
        ("expected-failures", "expected-failure", Code::UnknownKey),
        ("reason: Next version", "reason: [Next]", Code::WrongType),
        ("reason: { fr: Bientôt, en: Soon }", "reason: { fr: Bientôt }", Code::MissingKey),
    ] {
        let found = mistakes(&GOOD.replacen(from, to, 1)).0;
        assert_eq!(found[0].0, code, "{to}: {found:?}");
        assert!(found[0].1 > 0 && found[0].2 > 0, "{to}");
    }
    assert_eq!(mistakes("# nothing\n").0[0].0, Code::EmptyFile);
    assert!(load_baseline(std::path::Path::new("/nowhere.yaml"), &scenarios()).is_err());
}

#[test]
fn only_days_that_exist_are_dates() {
    assert!(day("2028-02-29").is_some());
    for wrong in ["2027-02-29", "2027-3-31", "2027-03-31 ", "2027-03-31T10:00:00Z", "+2027-03-31", ""] {
        assert!(day(wrong).is_none(), "{wrong:?}");
    }
}

/// What the baseline makes of a check of that status, the run having begun on 2026-11-21 at `started`.
fn turned(status: Status, until: &str, started: &str) -> (ScenarioOutcome, BaselineOutcome) {
    let entry = |check: &str| ExpectedFailure {
        check: check.to_owned(),
        owner: "Ada".to_owned(),
        reason: Text::new("plus tard", "later"),
        until: until.to_owned(),
    };
    let baseline = Baseline {
        file: "known.yaml".to_owned(),
        expected_failures: vec![entry("quota/waits"), entry("quota-else/waits")],
    };
    let mut expectations = Expectations::of(&run(started, baseline));
    let mut scenario = played(status);
    expectations.apply(&mut scenario);
    (scenario, expectations.close().unwrap())
}

fn run(started: &str, baseline: Baseline) -> RunStarted {
    RunStarted {
        started: started.to_owned(),
        baseline: Some(baseline),
        ..serde_json::from_value(serde_json::json!({
            "schema": 1, "notice": "", "tool_version": "", "run": "", "started": "", "lang": "fr", "seed": 0,
            "profile": 1, "client": "", "patience": 1.0, "plans": [], "plans_named": false, "fail_on": [],
            "scenarios": [], "campaign": null,
        }))
        .unwrap()
    }
}

fn played(status: Status) -> ScenarioOutcome {
    let check = |id: &str, status| CheckOutcome {
        id: id.to_owned(),
        title: Text::default(),
        status,
        keyword: "MUST".to_owned(),
        requires: Vec::new(),
        expected: Text::default(),
        actual: Text::default(),
        why: Text::same("why"),
        remedy: Text::default(),
        party: None,
        expected_failure: None,
        notes: Vec::new(),
        exchanges: Vec::new(),
    };
    ScenarioOutcome {
        id: "quota".to_owned(),
        title: Text::default(),
        description: Text::default(),
        criticality: "major".to_owned(),
        plans: Vec::new(),
        status,
        instructions: Vec::new(),
        checks: vec![check("waits", status), check("completes", Status::Pass)],
        evidence: None,
        hidden_exchanges: 0,
        timeline: None,
    }
}

const STARTED: &str = "2026-11-21T10:00:00Z";

#[test]
fn a_failure_or_a_warning_is_expected_and_a_pass_is_stale() {
    for status in [Status::Fail, Status::Warn] {
        let (scenario, baseline) = turned(status, "2027-03-31", STARTED);
        assert_eq!((scenario.checks[0].status, scenario.status), (Status::Xfail, Status::Xfail));
        assert_eq!(scenario.checks[0].why.en, "why", "what went wrong is still said");
        assert_eq!(baseline.entries[0].state, BaselineState::Expected);
        let told = scenario.checks[0].expected_failure.as_ref().unwrap();
        for word in ["Ada", "later", "2027-03-31"] {
            assert!(told.sentence.en.contains(word), "{}", told.sentence.en);
        }
        assert_eq!(scenario.checks[1].status, Status::Pass, "only what it names");
        assert!(scenario.checks[1].expected_failure.is_none());
    }
    for until in ["2027-03-31", "2020-01-01"] {
        let (scenario, baseline) = turned(Status::Pass, until, STARTED);
        assert_eq!((scenario.checks[0].status, scenario.status), (Status::Xpass, Status::Xpass));
        assert_eq!(scenario.checks[0].party, Some(Party::Configuration));
        assert!(scenario.checks[0].remedy.en.contains("known.yaml"));
        assert_eq!(baseline.entries[0].state, BaselineState::Stale);
    }
}

#[test]
fn what_is_not_a_verdict_on_the_client_is_never_hidden() {
    for status in
        [Status::Inconclusive, Status::ConfigError, Status::HarnessError, Status::Skip, Status::Review]
    {
        let (scenario, baseline) = turned(status, "2027-03-31", STARTED);
        assert_eq!(scenario.checks[0].status, status);
        assert_eq!(baseline.entries[0].state, BaselineState::Undecided, "{status:?}");
    }
}

#[test]
fn it_holds_to_the_end_of_its_last_day() {
    let failed = |until, started| turned(Status::Fail, until, started).0.checks[0].status;
    assert_eq!(failed("2026-11-21", "2026-11-21T23:59:59.999Z"), Status::Xfail);
    assert_eq!(failed("2026-11-21", "2026-11-22T00:00:00Z"), Status::Fail);
    assert_eq!(failed("2026-11-21", "2026-11-22T00:30:00+01:00"), Status::Xfail, "days are those of UTC");
    assert_eq!(failed("2027-03-31", "no date"), Status::Fail, "a start that cannot be read hides nothing");
    assert_eq!(failed("some day", STARTED), Status::Fail);
    let (scenario, baseline) = turned(Status::Fail, "2026-11-20", STARTED);
    assert!(baseline.entries[0].expired && baseline.entries[0].state == BaselineState::Expired);
    let told = scenario.checks[0].expected_failure.as_ref().unwrap();
    assert!(told.sentence.fr.contains("a expiré") && told.sentence.en.contains("the failure counts"));
    assert_eq!(turned(Status::Warn, "2026-11-20", STARTED).0.checks[0].status, Status::Warn);
}

#[test]
fn a_scenario_that_was_not_selected_is_noted() {
    let (_, baseline) = turned(Status::Fail, "2027-03-31", STARTED);
    assert_eq!(baseline.entries[1].check, "quota-else/waits");
    assert_eq!(baseline.entries[1].state, BaselineState::NotPlayed);
}
