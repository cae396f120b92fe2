//! From journal entries to an outcome: levels, statuses, gate, plans, coverage, what is kept.
#![expect(clippy::unwrap_used)]

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::ledger::{ObligedParty, Origin};
use super::*;
use crate::check::testing::{Inline, Story, header, refused};
use crate::journal::*;
use crate::scenario::Scenario;
use crate::text::{Lang, Text};

/// A run told by stories, written down as its journal.
struct Run {
    started: RunStarted,
    stories: Vec<(Scenario, Evidence)>,
    entries: Vec<Entry>,
}

impl Run {
    fn new(plans: &[&str], plans_named: bool) -> Self {
        let started = RunStarted {
            schema: SCHEMA,
            notice: "self-check".to_owned(),
            tool_version: "0".to_owned(),
            run: "r".to_owned(),
            started: "2026-11-21T10:00:00.000Z".to_owned(),
            lang: "fr".to_owned(),
            seed: 0,
            profile: 1,
            client: "c".to_owned(),
            patience: 1.0,
            plans: plans.iter().map(|plan| (*plan).to_owned()).collect(),
            plans_named,
            fail_on: Vec::new(),
            scenarios: Vec::new(),
            left_out: BTreeMap::new(),
            campaign: Value::Null,
            baseline: None,
        };
        Self { started, stories: Vec::new(), entries: Vec::new() }
    }

    /// Adds a scenario of that id with those checks: id, requirement, expectation.
    fn play(&mut self, id: &str, mut story: Story, checks: &[(&str, &str, Value)]) -> &mut Self {
        let checks: Vec<Value> = checks
            .iter()
            .map(|(id, requirement, expect)| json!({"id": id, "requires": [requirement], "expect": expect}))
            .collect();
        story.scenario.checks = serde_json::from_value(Value::Array(checks)).unwrap();
        story.scenario.id = id.to_owned();
        self.started.scenarios.push(id.to_owned());
        self.push(Some(id), Event::ScenarioStarted(Box::new(story.evidence.setting.clone())));
        for (number, connection) in &story.evidence.connections {
            self.push(Some(id), Event::ConnectionOpened(connection.opened.clone()));
            let mut handshake = connection.handshake.clone().unwrap();
            handshake.connection = *number;
            self.push(Some(id), Event::Handshake(Box::new(handshake)));
        }
        for step in &story.evidence.steps {
            self.push(Some(id), Event::StepStarted(step.started.clone()));
            for exchange in &story.evidence.exchanges {
                if exchange.step == Some(step.started.step) {
                    self.push(Some(id), Event::Request(Box::new(exchange.request.clone())));
                    self.push(Some(id), Event::Response(Box::new(exchange.response.clone().unwrap())));
                }
            }
            self.push(Some(id), Event::StepEnded(Box::new(step.ended.clone().unwrap())));
        }
        self.push(Some(id), Event::ScenarioEnded(story.evidence.ended.clone().unwrap()));
        self.stories.push((story.scenario, story.evidence));
        self
    }

    fn push(&mut self, scenario: Option<&str>, event: Event) {
        let seq = u64::try_from(self.entries.len()).unwrap() + 2;
        let scenario = scenario.map(str::to_owned);
        self.entries.push(Entry { seq, at_us: 0, scenario, event, prev: String::new() });
    }

    fn entries(&self, ended: bool) -> Vec<Entry> {
        let wrap = |event: Event| Entry { seq: 1, at_us: 0, scenario: None, event, prev: String::new() };
        let mut entries = vec![wrap(Event::RunStarted(Box::new(self.started.clone())))];
        entries.extend(self.entries.iter().cloned());
        if ended {
            entries.push(wrap(Event::RunEnded(RunEnded { duration_ms: 12, interrupted: false })));
        }
        entries
    }

    fn judge(&self) -> Outcome {
        self.judge_entries(self.entries(true).into_iter().map(Ok).collect())
    }

    fn judge_entries(&self, entries: Vec<Result<Entry, Text>>) -> Outcome {
        let scenarios: Vec<Scenario> = self.stories.iter().map(|(scenario, _)| scenario.clone()).collect();
        let inputs =
            Inputs { scenarios: &scenarios, ledger: &ledger(), bodies: &Inline, truths: None, lang: None };
        judge_entries(entries, inputs).unwrap()
    }
}

fn ledger() -> Ledger {
    let requirement = |id: &str, keyword: Keyword, party: ObligedParty| Requirement {
        id: id.to_owned(),
        keyword,
        party,
        origin: Origin::Bench,
        source: "charter.md".to_owned(),
        text: Text::same(id),
        derivation: None,
        untested: None,
    };
    Ledger {
        requirements: vec![
            requirement("MUST-1", Keyword::Must, ObligedParty::Client),
            requirement("SHOULD-1", Keyword::Should, ObligedParty::Both),
            requirement("MAY-1", Keyword::May, ObligedParty::Client),
            requirement("SERVER-1", Keyword::Must, ObligedParty::Server),
        ],
    }
}

fn read() -> Story {
    let mut story = Story::new("read", json!({"resource": "Location", "id": "1"}));
    story.get(0, "/ws-diffusion-fhir/Location/1", 200);
    story
}

fn count(status: u16) -> Value {
    json!({"requests": {"matching": {"status": status}, "times": {"at-least": 1}}})
}

#[test]
fn the_level_is_that_of_the_strongest_requirement() {
    let mut run = Run::new(&[], false);
    run.play(
        "s",
        read(),
        &[
            ("must", "MUST-1", count(500)),
            ("should", "SHOULD-1", count(500)),
            ("may", "MAY-1", count(500)),
            ("good", "MUST-1", count(200)),
        ],
    );
    let outcome = run.judge();
    let scenario = &outcome.scenarios[0];
    let statuses: Vec<Status> = scenario.checks.iter().map(|check| check.status).collect();
    assert_eq!(statuses, [Status::Fail, Status::Warn, Status::Pass, Status::Pass]);
    let keywords: Vec<&str> = scenario.checks.iter().map(|check| check.keyword.as_str()).collect();
    assert_eq!(keywords, ["MUST", "SHOULD", "MAY", "MUST"]);
    assert_eq!(scenario.status, Status::Fail);
    assert!(scenario.checks[2].notes.iter().any(|note| note.en.contains("optional")));
    assert_eq!(outcome.gate.exit_code, 1);
    assert_eq!(outcome.lang, Lang::Fr);
    assert_eq!(outcome.duration_ms, Some(12));
}

#[test]
fn requirements_of_the_client_are_covered_by_decided_checks() {
    let mut run = Run::new(&[], false);
    run.play("s", read(), &[("good", "MUST-1", count(200)), ("open", "SHOULD-1", json!({"token-form": {}}))]);
    let outcome = run.judge();
    assert_eq!(outcome.coverage(), (1, 3));
    let must = &outcome.requirements[0];
    assert_eq!(
        (must.covered, must.status, must.checks.as_slice()),
        (true, Some(Status::Pass), &["s/good".to_owned()][..])
    );
    assert_eq!(outcome.requirements[1].status, Some(Status::Inconclusive));
    assert!(!outcome.requirements[1].covered);
    assert_eq!(outcome.requirements[2].status, None);
    assert_eq!(outcome.gate.exit_code, 5);
}

/// The exit code of a run of one scenario.
fn exit(story: Story, checks: &[(&str, &str, Value)]) -> u8 {
    let mut run = Run::new(&[], false);
    run.play("s", story, checks);
    run.judge().gate.exit_code
}

#[test]
fn exit_codes_in_their_order() {
    assert_eq!(exit(read(), &[("a", "MUST-1", count(200))]), 0);
    assert_eq!(
        exit(read(), &[("a", "SHOULD-1", count(500)), ("b", "MUST-1", count(200))]),
        0,
        "a warning is no failure"
    );
    assert_eq!(exit(read(), &[("a", "MUST-1", json!({"token-form": {}}))]), 5);
    assert_eq!(
        exit(Story::new("read", json!({})), &[("a", "MUST-1", count(200))]),
        3,
        "nothing reached the mock"
    );
    let mut missing = Story::new("export", json!({}));
    missing.ends(StepEnd::NoAction);
    assert_eq!(exit(missing, &[("a", "MUST-1", count(200))]), 5, "nothing passed");
    let mut absent = Story::new("read", json!({}));
    absent.ends(StepEnd::NotStarted { reason: "no such file".to_owned() });
    assert_eq!(exit(absent, &[("a", "MUST-1", count(200))]), 3);
    let mut crashed = read();
    crashed.ends(StepEnd::Signal { signal: 11 });
    assert_eq!(exit(crashed, &[("a", "MUST-1", count(200))]), 3);
    let mut wrong = read();
    header(wrong.get(1, "/ws-diffusion-fhir/Location/1", 400), "ror-role-metier-code", "");
    wrong.ends(StepEnd::Signal { signal: 11 });
    let presence = json!({"ror-headers": {"look-at": "presence"}});
    assert_eq!(exit(wrong, &[("a", "MUST-1", presence)]), 1, "what is wrong on the wire is always 1");
}

#[test]
fn an_error_of_the_bench_takes_the_place_of_a_verdict() {
    let mut story = read();
    story.evidence.ended = Some(ScenarioEnded {
        noise_us: 0,
        harness_error: Some("disk full".to_owned()),
        ..ScenarioEnded::default()
    });
    let mut run = Run::new(&[], false);
    run.play("s", story, &[("bad", "MUST-1", count(500)), ("good", "MUST-1", count(200))]);
    let outcome = run.judge();
    let checks = &outcome.scenarios[0].checks;
    assert_eq!(checks[0].status, Status::HarnessError);
    assert_eq!(checks[0].party, Some(Party::Bench));
    assert!(checks[0].why.en.contains("disk full"));
    assert_eq!(checks[1].status, Status::Pass);
    assert_eq!(outcome.gate.exit_code, 4);
    // Even when nothing could reach a mock that did not start.
    let mut silent = Story::new("read", json!({}));
    silent.evidence.ended = Some(ScenarioEnded {
        noise_us: 0,
        harness_error: Some("port in use".to_owned()),
        ..ScenarioEnded::default()
    });
    assert_eq!(exit(silent, &[("a", "MUST-1", count(200))]), 4);
}

#[test]
fn fail_on_makes_a_failure_of_it() {
    for (name, check) in [
        ("warn", ("a", "SHOULD-1", count(500))),
        ("inconclusive", ("a", "MUST-1", json!({"token-form": {}}))),
    ] {
        let mut run = Run::new(&[], false);
        run.play("s", read(), &[check, ("b", "MUST-1", count(200))]);
        run.started.fail_on = vec![name.to_owned()];
        assert_eq!(run.judge().gate.exit_code, 1, "{name}");
    }
}

#[test]
fn a_plan_with_a_missing_action_is_not_covered() {
    let run = |named: bool| {
        let mut run = Run::new(&["fhir-search"], named);
        let mut missing = Story::new("search", json!({}));
        missing.ends(StepEnd::NoAction);
        run.play("one", read(), &[("a", "MUST-1", count(200))]);
        run.play("two", missing, &[("a", "MUST-1", count(200))]);
        run.judge()
    };
    let outcome = run(true);
    let plan = &outcome.gate.plans[0];
    assert_eq!(
        (plan.covered, plan.is_conforming(), plan.missing_actions.as_slice()),
        (false, false, &["search".to_owned()][..])
    );
    assert_eq!(outcome.gate.exit_code, 5);
    assert!(outcome.gate.reason.en.contains("search"));
    assert_eq!(run(false).gate.exit_code, 0, "shown, but no plan was named");
    let mut absent = Run::new(&["feed"], true);
    absent.play("one", read(), &[("a", "MUST-1", count(200))]);
    assert_eq!(absent.judge().gate.exit_code, 5, "nothing of the plan was played");
}

#[test]
fn a_plan_played_in_part_is_not_conforming() {
    let run = |left_out: usize| {
        let mut run = Run::new(&["fhir-search"], true);
        let mut searched = read();
        searched.evidence.steps[0].started.action = Some("search".to_owned());
        run.play("one", searched, &[("a", "MUST-1", count(200))]);
        run.started.left_out = BTreeMap::from([("fhir-search".to_owned(), left_out)]);
        run.judge().gate
    };
    let part = run(40);
    assert_eq!((part.plans[0].scenarios, part.plans[0].left_out), (1, 40));
    assert!(part.plans[0].covered && part.plans[0].state == PlanState::InPart);
    assert_eq!(part.exit_code, 0, "nothing that was asked for is missing");
    assert!(part.reason.en.contains("fhir-search (1 of 41 scenarios)"), "{}", part.reason.en);
    assert!(run(0).plans[0].is_conforming());
}

#[test]
fn an_optional_scenario_is_not_needed_for_the_plan() {
    let covered = |optional: bool| {
        let mut run = Run::new(&["fhir-search"], true);
        let mut searched = read();
        searched.evidence.steps[0].started.action = Some("search".to_owned());
        let mut missing = Story::new("report-anomaly", json!({}));
        missing.scenario.optional = optional;
        missing.ends(StepEnd::NoAction);
        run.play("one", searched, &[("a", "MUST-1", count(200))]);
        run.play("two", missing, &[("a", "MUST-1", count(200))]);
        run.judge().gate.plans[0].covered
    };
    assert!(covered(true));
    assert!(!covered(false));
}

#[test]
fn a_run_that_was_cut_short_keeps_what_is_proved_and_says_so() {
    let mut run = Run::new(&[], false);
    run.play("one", read(), &[("good", "MUST-1", count(200))]);
    run.play("two", read(), &[("late", "MUST-1", count(500))]);
    run.started.scenarios.push("ghost".to_owned());
    let mut entries = run.entries(false);
    entries.truncate(entries.len() - 2);
    let mut entries: Vec<Result<Entry, Text>> = entries.into_iter().map(Ok).collect();
    entries.push(Err(Text::same("line 12 is broken")));
    let outcome = run.judge_entries(entries);
    assert_eq!(outcome.scenarios[0].status, Status::Pass);
    assert_eq!(outcome.scenarios[1].status, Status::Inconclusive);
    assert_eq!(outcome.remarks.len(), 3, "{:?}", outcome.remarks);
    assert_eq!(outcome.gate.exit_code, 5);
    let only_started = run.judge_entries(run.entries(false).into_iter().take(1).map(Ok).collect());
    assert!(only_started.scenarios.iter().all(|scenario| scenario.status == Status::Inconclusive));
    assert!(only_started.scenarios.iter().all(|scenario| scenario.evidence.is_none()));
}

#[test]
fn evidence_is_cut_and_cited_exchanges_are_kept() {
    let mut story = read();
    for at in 1..400 {
        story.get(at * 200, "/ws-diffusion-fhir/Location/1", 200);
    }
    story.get(100_000, "/ws-diffusion-fhir/Location/2", 500);
    let mut run = Run::new(&[], false);
    let none_500 = json!({"requests": {"matching": {"status": 500}, "times": {"exactly": 0}}});
    run.play("s", story, &[("a", "MUST-1", none_500)]);
    let outcome = run.judge();
    let scenario = &outcome.scenarios[0];
    let evidence = scenario.evidence.as_ref().unwrap();
    assert_eq!(evidence.exchanges.len(), 200);
    assert_eq!(scenario.hidden_exchanges, 201);
    assert_eq!(scenario.checks[0].exchanges, [401]);
    assert_eq!(evidence.exchange(401).unwrap().status(), Some(500));
    assert!(evidence.exchange(300).is_none());
}

#[test]
fn refusals_and_waits_are_drawn() {
    let mut story = Story::new("read", json!({"resource": "Location", "id": "1"}));
    refused(story.get(10, "/ws-diffusion-fhir/Location/1", 429), "2");
    story.get(1_000, "/ws-diffusion-fhir/Location/1", 200);
    let gap = json!({"gap": {"after": {"status": 429}, "at-least": "advertised"}});
    let mut run = Run::new(&[], false);
    run.play("s", story, &[("a", "MUST-1", gap)]);
    run.play("plain", read(), &[("a", "MUST-1", count(200))]);
    let outcome = run.judge();
    let timeline = outcome.scenarios[0].timeline.as_ref().unwrap();
    assert!(timeline.marks.iter().all(|mark| mark.accused));
    assert_eq!((timeline.waits[0].from_us, timeline.waits[0].to_us), (12_000, 2_012_000));
    assert_eq!(timeline.end_us, 2_012_000);
    assert!(outcome.scenarios[1].timeline.is_none());
}

#[test]
fn the_same_folder_gives_the_same_verdicts() {
    let mut run = Run::new(&[], false);
    run.play("b", read(), &[("a", "MUST-1", count(500))]);
    run.play("a", read(), &[("a", "MUST-1", count(200))]);
    let first = run.judge();
    assert_eq!(format!("{:?}", first.scenarios), format!("{:?}", run.judge().scenarios));
    let order: Vec<&str> = first.scenarios.iter().map(|scenario| scenario.id.as_str()).collect();
    assert_eq!(order, ["b", "a"], "in the order of the run");
}

#[test]
fn a_folder_is_judged_by_what_it_holds() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = Run::new(&[], false);
    run.play("s", read(), &[("a", "MUST-1", count(200))]);
    for folder in ["scenarios", "requirements", "bodies"] {
        std::fs::create_dir(dir.path().join(folder)).unwrap();
    }
    let missing = judge_run(dir.path(), None).unwrap_err();
    assert!(missing.text().fr.contains("journal.jsonl"), "{missing:?}");
    std::fs::write(dir.path().join("journal.jsonl"), chained(&mut run)).unwrap();
    let scenario = "id: s\ntitle: {fr: t, en: t}\ndescription: {fr: d, en: d}\nplans: [fhir-search]\n\
        steps: [{act: read}]\nchecks:\n  - id: a\n    requires: [MUST-1]\n    expect: {requests: {matching: {status: 200}, times: {at-least: 1}}}\n";
    std::fs::write(dir.path().join("scenarios/s.yaml"), scenario).unwrap();
    let requirement = "- {id: MUST-1, keyword: MUST, party: client, origin: bench, source: s, text: {fr: t, en: t}, derivation: {fr: d, en: d}}\n";
    std::fs::write(dir.path().join("requirements/r.yaml"), requirement).unwrap();
    let outcome = judge_run(dir.path(), Some(Lang::En)).unwrap();
    assert_eq!(outcome.gate.exit_code, 0, "{:?}", outcome.gate.reason);
    assert_eq!(outcome.lang, Lang::En);
    std::fs::write(dir.path().join("journal.jsonl"), "{}\n").unwrap();
    assert!(matches!(judge_run(dir.path(), None), Err(JudgeError::NoJournal { .. })));
}

/// The journal of a run as it stands in a file: numbered lines, each with the digest of the one before.
fn chained(run: &mut Run) -> String {
    let mut text = String::new();
    let mut prev = "0".repeat(64);
    for (seq, mut entry) in (1..).zip(run.entries(true)) {
        entry.seq = seq;
        entry.prev = prev;
        let line = serde_json::to_string(&entry).unwrap();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, line.as_bytes());
        prev = crate::journal::hex(digest.as_ref());
        text.push_str(&line);
        text.push('\n');
    }
    text
}
