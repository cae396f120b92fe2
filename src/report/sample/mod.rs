//! An outcome made by hand for the tests of the reports: every status, every kind of evidence, hostile input.

mod evidence;

use std::collections::BTreeMap;

use serde_json::json;

use crate::journal::{Api, Body, Evidence, RunStarted, ScenarioEnded, StepEnd};
use crate::judge::{
    BaselineOutcome, BaselineState, CheckOutcome, Conformity, ExpectedFailureOutcome, Gate, Mark, Outcome,
    Party, PlanOutcome, PlanState, RequirementOutcome, ScenarioOutcome, Status, Timeline, Wait,
};
use crate::text::{Lang, Text};

use evidence::{connections, exchange, setting, step};

/// Markup, terminal sequences, a right-to-left override and characters that XML cannot hold.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script>\"'&]]> \u{1b}[31mrouge\u{1b}[0m \u{202e}exe.txt\u{202c} \u{0}\u{b}\u{fffe} \u{9b}2J";

pub(crate) fn outcome() -> Outcome {
    Outcome {
        lang: Lang::Fr,
        run: run(),
        duration_ms: Some(12_480),
        remarks: vec![Text::new(
            "L’exécution a été interrompue après 2 scénarios.",
            "The run was stopped after 2 scenarios.",
        )],
        obstacle: None,
        gate: Gate {
            exit_code: 1,
            conforming: false,
            reason: Text::new(
                "2 contrôles en échec ou en succès inattendu.",
                "2 checks failed or passed unexpectedly.",
            ),
            plans: vec![
                plan("fhir-search", true, PlanState::Broken, &[]),
                plan("fhir-export", true, PlanState::Conforming, &[]),
                plan("fhir-capacity", false, PlanState::NotCovered, &["update-capacity"]),
            ],
        },
        requirements: requirements(),
        baseline: Some(BaselineOutcome {
            file: "attendus.yaml".into(),
            entries: vec![expected_failure("every-status/is-xfail"), hostile_expectation()],
        }),
        scenarios: vec![quota_scenario(), every_status(), hostile_scenario(), not_played()],
    }
}

fn run() -> RunStarted {
    RunStarted {
        schema: 1,
        notice: String::new(),
        tool_version: "0.1.0".into(),
        run: "2026-11-21-1403-a7".into(),
        started: "2026-11-21T14:03:12.250Z".into(),
        lang: "fr".into(),
        seed: 42,
        profile: 1,
        client: "./adaptateur.sh --env test".into(),
        patience: 1.0,
        plans: vec!["fhir-search".into()],
        plans_named: true,
        fail_on: vec![],
        scenarios: vec!["quota-retry-after".into(), "every-status".into()],
        left_out: BTreeMap::new(),
        campaign: json!({
            "editor": { "name": "Éditions <b>Santé</b> & Cie", "siret": "00000000000000" },
            "service": { "name": "Orientation 33", "version": "4.2.1", "purposes": ["orientation", "régulation"] },
            "model": "MEV3.0",
            "establishments": [{ "finess": "330000001", "name": "CH de la Dune" }, { "finess": "330000002", "name": HOSTILE }],
            "eai": false,
        }),
        baseline: None,
    }
}

fn expected_failure(check: &str) -> ExpectedFailureOutcome {
    ExpectedFailureOutcome {
        check: check.into(),
        owner: "equipe-ror@editeur.example".into(),
        reason: Text::new("Corrigé dans la version 4.3.", "Fixed in version 4.3."),
        until: "2027-03-31".into(),
        expired: false,
        state: BaselineState::Expected,
        sentence: Text::new(
            "attendu jusqu’au 2027-03-31 ; responsable : equipe-ror@editeur.example",
            "expected until 2027-03-31; owner: equipe-ror@editeur.example",
        ),
    }
}

fn hostile_expectation() -> ExpectedFailureOutcome {
    let mut hostile = expected_failure(HOSTILE);
    hostile.state = BaselineState::NotPlayed;
    hostile.owner = HOSTILE.into();
    hostile.reason = Text::same(HOSTILE);
    hostile.until = HOSTILE.into();
    hostile
}

fn plan(plan: &str, covered: bool, state: PlanState, missing: &[&str]) -> PlanOutcome {
    let missing_actions = missing.iter().map(|action| (*action).to_owned()).collect();
    PlanOutcome {
        plan: plan.into(),
        covered,
        scenarios: 4,
        left_out: 0,
        state,
        missing_actions,
        essential_not_played: None,
        expected_failures: 0,
    }
}

fn requirements() -> Vec<RequirementOutcome> {
    let one = |id: &str, keyword: &str, origin: &str, source: &str, status, checks: &[&str], text: Text| {
        RequirementOutcome {
            id: id.into(),
            keyword: keyword.into(),
            origin: origin.into(),
            text,
            source: source.into(),
            covered: matches!(status, Some(Status::Pass | Status::Fail | Status::Warn)),
            status,
            conformity: status.and_then(Conformity::of),
            untested: None,
            checks: checks.iter().map(|check| (*check).to_owned()).collect(),
        }
    };
    vec![
        one(
            "CHA-Q-02",
            "SHOULD",
            "official",
            "Charte d’accès, § 4.2",
            Some(Status::Warn),
            &["every-status/is-warn"],
            Text::new(
                "Au plus 10 appels par seconde et par service.",
                "At most 10 calls per second and service.",
            ),
        ),
        one(
            "BANC-429-01",
            "MUST",
            "bench",
            "CHA-Q-02 à CHA-Q-05 ; RFC 9110 § 10.2.3",
            Some(Status::Fail),
            &["quota-retry-after/waits"],
            Text::new(
                "Après un 429 avec délai, aucun appel dans la même partition avant la fin du délai.",
                "After a 429 with a delay, no call in the same partition before the delay is over.",
            ),
        ),
        one(
            "BANC-429-04",
            "SHOULD",
            "bench",
            "CHA-Q-04",
            Some(Status::Pass),
            &["quota-retry-after/completes"],
            Text::new(
                "Un traitement de masse reprend après le délai et se termine.",
                "A bulk job resumes after the delay and completes.",
            ),
        ),
        one(
            "BANC-TOK-01",
            "SHOULD",
            "bench",
            "exemples de clients de l’ANS",
            Some(Status::Skip),
            &["every-status/is-skip"],
            Text::new(
                "Un jeton resservira tant qu’il est valable.",
                "A token is used again while it is valid.",
            ),
        ),
        one(
            "RFC6750-2.1",
            "MUST",
            "standard",
            "RFC 6750 § 2.1",
            None,
            &[],
            Text::new(
                "Le jeton voyage dans l’en-tête Authorization.",
                "The token travels in the Authorization header.",
            ),
        ),
    ]
}

fn check(id: &str, status: Status) -> CheckOutcome {
    CheckOutcome {
        id: id.into(),
        title: Text::new(format!("Contrôle {id}"), format!("Check {id}")),
        status,
        keyword: "MUST".into(),
        requires: vec!["BANC-429-01".into()],
        expected: Text::new(
            "au moins 2,000 s entre le refus et l’appel suivant",
            "at least 2.000 s between the refusal and the next call",
        ),
        actual: Text::new(
            "appel n° 4 reçu 0,312 s après le refus n° 3",
            "call no. 4 received 0.312 s after refusal no. 3",
        ),
        why: Text::new(
            "Le client a rappelé avant la fin du délai annoncé.",
            "The client called again before the advertised delay was over.",
        ),
        remedy: Text::new(
            "Lisez l’en-tête Retry-After du 429 et attendez ce délai avant tout nouvel appel à la même API.",
            "Read the Retry-After header of the 429 and wait that long before any further call to the same API.",
        ),
        party: Some(Party::Client),
        expected_failure: None,
        notes: vec![],
        exchanges: vec![],
    }
}

fn quota_scenario() -> ScenarioOutcome {
    let mut waits = check("waits", Status::Fail);
    waits.exchanges = vec![3, 4];
    let mut completes = check("completes", Status::Pass);
    completes.exchanges = vec![5];
    completes.notes = vec![Text::new("2 appels en vol au plus.", "2 calls in flight at most.")];
    let evidence = Evidence {
        setting: setting(),
        started_us: 1_000_000,
        exchanges: vec![
            exchange(
                1,
                Api::Token,
                1_120_000,
                "POST",
                "/auth/realms/ror/protocol/openid-connect/token",
                Some(200),
            ),
            exchange(
                2,
                Api::Fhir,
                1_340_000,
                "GET",
                "/ws-diffusion-fhir/HealthcareService?specialty=TRE_R211%7C022",
                Some(200),
            ),
            exchange(
                3,
                Api::Fhir,
                1_900_000,
                "GET",
                "/ws-diffusion-fhir/HealthcareService?specialty=TRE_R211%7C022&_count=50",
                Some(429),
            ),
            exchange(
                4,
                Api::Fhir,
                2_212_000,
                "GET",
                "/ws-diffusion-fhir/HealthcareService?specialty=TRE_R211%7C022&_count=50",
                Some(429),
            ),
            exchange(
                5,
                Api::Fhir,
                4_480_000,
                "GET",
                "/ws-diffusion-fhir/HealthcareService?specialty=TRE_R211%7C022&_count=50",
                Some(200),
            ),
            exchange(6, Api::Fhir, 4_900_000, "GET", "/ws-diffusion-fhir/Location/12", Some(503)),
            exchange(7, Api::Fhir, 5_100_000, "GET", "/ws-diffusion-fhir/Location/13", Some(404)),
            exchange(8, Api::Fhir, 5_300_000, "GET", "/ws-diffusion-fhir/Location/14", None),
        ],
        connections: connections(),
        steps: vec![step()],
        changes: vec![],
        ended: Some(ScenarioEnded { noise_us: 800, harness_error: None, ..ScenarioEnded::default() }),
    };
    let mark = |exchange: u32, at_us, lane, status, accused| {
        let asked_us = (status == Some(429)).then_some(2_000_000);
        Mark { exchange, at_us, lane, status, asked_us, accused }
    };
    ScenarioOutcome {
        id: "quota-retry-after".into(),
        title: Text::new(
            "Le client attend le délai annoncé après un 429",
            "The client waits as told after a 429",
        ),
        description: Text::new(
            "Le bouchon refuse la première recherche par un 429 qui annonce un délai de deux secondes.",
            "The mock refuses the first search with a 429 that advertises a delay of two seconds.",
        ),
        criticality: "major".into(),
        plans: vec!["fhir-search".into()],
        status: Status::Fail,
        instructions: vec![Text::new(
            "Lancez une recherche de HealthcareService sur la spécialité 022.",
            "Start a search of HealthcareService on the specialty 022.",
        )],
        checks: vec![completes, waits],
        evidence: Some(evidence),
        hidden_exchanges: 3,
        timeline: Some(Timeline {
            end_us: 4_600_000,
            marks: vec![
                mark(1, 120_000, "token", Some(200), false),
                mark(2, 340_000, "api", Some(200), false),
                mark(3, 900_000, "api", Some(429), false),
                mark(4, 1_212_000, "api", Some(429), true),
                mark(5, 3_480_000, "api", Some(200), false),
                mark(6, 3_900_000, "api", Some(503), false),
                mark(7, 4_100_000, "api", Some(404), false),
                mark(8, 4_300_000, "api", None, false),
            ],
            waits: vec![
                Wait { lane: "api", from_us: 904_000, to_us: 2_904_000 },
                Wait { lane: "api", from_us: 1_216_000, to_us: 3_216_000 },
            ],
        }),
    }
}

fn every_status() -> ScenarioOutcome {
    let checks = Status::ALL
        .into_iter()
        .filter(|status| *status != Status::Fail)
        .map(|status| {
            let mut one = check(&format!("is-{}", status.name()), status);
            one.party = match status {
                Status::ConfigError => Some(Party::Configuration),
                Status::HarnessError => Some(Party::Bench),
                Status::Pass | Status::Skip => None,
                _ => Some(Party::Client),
            };
            if status == Status::Xfail {
                one.expected_failure = Some(expected_failure("every-status/is-xfail"));
            }
            one
        })
        .collect();
    ScenarioOutcome {
        id: "every-status".into(),
        title: Text::new("Tous les statuts possibles", "Every possible status"),
        description: Text::default(),
        criticality: "minor".into(),
        plans: vec!["fhir-search".into(), "fhir-export".into()],
        status: Status::Xpass,
        instructions: vec![],
        checks,
        evidence: Some(Evidence {
            exchanges: vec![],
            connections: BTreeMap::new(),
            steps: vec![],
            changes: vec![],
            setting: setting(),
            started_us: 0,
            ended: None,
        }),
        hidden_exchanges: 0,
        timeline: None,
    }
}

fn hostile_scenario() -> ScenarioOutcome {
    let mut hostile = check("stays-text", Status::Pass);
    hostile.actual = Text::same(HOSTILE);
    let target = format!("/ws-diffusion-fhir/Location?name={HOSTILE}{}", "a".repeat(5_000));
    let mut one = exchange(1, Api::Fhir, 10_000, HOSTILE, &target, Some(400));
    one.request.headers.push(("x-long".into(), "b".repeat(1_048_576)));
    one.request.headers.push((HOSTILE.into(), HOSTILE.into()));
    one.request.body =
        Body { size: 90, sha256: "00".into(), text: Some(HOSTILE.into()), file: None, truncated: true };
    if let Some(response) = &mut one.response {
        response.body = Body {
            size: 2_400_000,
            sha256: "ab12".into(),
            text: None,
            file: Some("../../etc/passwd".into()),
            truncated: false,
        };
    }
    let mut evidence = Evidence {
        setting: setting(),
        started_us: 0,
        exchanges: vec![one],
        connections: connections(),
        steps: vec![step()],
        changes: vec![],
        ended: Some(ScenarioEnded {
            noise_us: 0,
            harness_error: Some(HOSTILE.into()),
            ..ScenarioEnded::default()
        }),
    };
    if let Some(ended) = &mut evidence.steps[0].ended {
        ended.stderr_tail = HOSTILE.into();
        ended.stdout_tail = HOSTILE.into();
        ended.end = StepEnd::Error { message: HOSTILE.into() };
    }
    ScenarioOutcome {
        id: "hostile".into(),
        title: Text::new("Un client hostile", "A hostile client"),
        description: Text::same(HOSTILE),
        criticality: "critical".into(),
        plans: vec![],
        status: Status::Pass,
        instructions: vec![],
        checks: vec![hostile],
        evidence: Some(evidence),
        hidden_exchanges: 0,
        timeline: None,
    }
}

fn not_played() -> ScenarioOutcome {
    let mut scenario = every_status();
    scenario.id = "not-played".into();
    scenario.title = Text::new("Un scénario qui n’a pas été joué", "A scenario that was not played");
    scenario.checks.clear();
    scenario.status = Status::Skip;
    scenario.evidence = None;
    scenario
}
