//! `report.json`, format `banc-ror-report/1`: what CI pipelines and `compare` read. Keys may be added, never changed.

use std::io;

use serde_json::ser::{CharEscape, Formatter, PrettyFormatter};
use serde_json::{Map, Value, json};

use crate::judge::{
    BaselineOutcome, CheckOutcome, Conformity, ExpectedFailureOutcome, Outcome, RequirementOutcome,
    ScenarioOutcome, Status,
};
use crate::report::say::Say;
use crate::report::{ReportError, notice, show};
use crate::text::Text;

/// Longest text kept, in characters: the journal has the whole.
const LONGEST: usize = 16_384;

/// The content of `report.json`, texts in the outcome's language.
///
/// # Errors
/// When it cannot be serialised, which would be a fault of the bench.
pub fn report_json(outcome: &Outcome) -> Result<String, ReportError> {
    let failed = |reason: String| ReportError::Render { name: "report.json", reason };
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Ascii(PrettyFormatter::new()));
    serde::Serialize::serialize(&document(outcome), &mut serializer)
        .map_err(|error| failed(error.to_string()))?;
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(|error| failed(error.to_string()))
}

fn document(outcome: &Outcome) -> Value {
    let say = Say { lang: outcome.lang };
    let run = &outcome.run;
    let (covered, total) = outcome.coverage();
    let totals: Map<String, Value> =
        Status::ALL.iter().map(|status| (status.name().to_owned(), json!(outcome.total(*status)))).collect();
    let plans: Vec<Value> = outcome
        .gate
        .plans
        .iter()
        .map(|plan| {
            json!({
                "plan": plan.plan, "covered": plan.covered, "conforming": plan.is_conforming(),
                "scenarios": plan.scenarios, "left_out": plan.left_out,
                "missing_actions": plan.missing_actions,
                "essential_not_played": plan.essential_not_played,
                "expected_failures": plan.expected_failures,
            })
        })
        .collect();
    let mut value = json!({
        "format": "banc-ror-report/1",
        "notice": notice().get(outcome.lang),
        "tool": { "name": "banc-ror", "version": run.tool_version },
        "run": {
            "id": run.run,
            "started": run.started,
            "duration_ms": outcome.duration_ms,
            "profile": run.profile,
            "client": text(&say, &Text::same(run.client.as_str())),
            "seed": run.seed,
            "lang": outcome.lang.code(),
            "patience": run.patience,
            "noise_ms": outcome.scenarios.iter().filter_map(ScenarioOutcome::noise_ms).max(),
            "fail_on": run.fail_on,
            "remarks": texts(&say, &outcome.remarks),
        },
        "campaign": run.campaign,
        "gate": {
            "exit_code": outcome.gate.exit_code,
            "conforming": outcome.gate.conforming,
            "reason": text(&say, &outcome.gate.reason),
            "plans": plans,
        },
        "totals": totals,
        "coverage": {
            "requirements": { "covered": covered, "total": total, "not_tested": outcome.untested() },
            "ledger": outcome.requirements.iter().map(|one| requirement(&say, one)).collect::<Vec<_>>(),
        },
        "conformity": { "requirements": conformity(outcome) },
        "baseline": outcome.baseline.as_ref().map(|one| baseline(&say, one)),
        "scenarios": outcome.scenarios.iter().map(|one| scenario(&say, one)).collect::<Vec<_>>(),
    });
    if let Some(obstacle) = &outcome.obstacle {
        value["run"]["obstacle"] = json!({
            "scenarios": obstacle.scenarios,
            "actual": text(&say, &obstacle.actual),
            "why": text(&say, &obstacle.why),
            "party": obstacle.party,
            "remedy": text(&say, &obstacle.remedy),
        });
    }
    value
}

/// How many of the requirements that were decided came out how.
fn conformity(outcome: &Outcome) -> Value {
    let count = |one: Conformity| (one.name().to_owned(), json!(outcome.conforming(one)));
    let mut counts = Map::from_iter([("decided".to_owned(), json!(outcome.coverage().0))]);
    counts.extend(Conformity::ALL.into_iter().map(count));
    Value::Object(counts)
}

fn baseline(say: &Say, baseline: &BaselineOutcome) -> Value {
    let entries: Vec<Value> = baseline.entries.iter().map(|one| expected_failure(say, one)).collect();
    json!({ "file": text(say, &Text::same(baseline.file.as_str())), "expected_failures": entries })
}

fn expected_failure(say: &Say, entry: &ExpectedFailureOutcome) -> Value {
    json!({
        "check": entry.check,
        "owner": text(say, &Text::same(entry.owner.as_str())),
        "reason": text(say, &entry.reason),
        "until": entry.until,
        "expired": entry.expired,
        "state": entry.state.name(),
    })
}

fn requirement(say: &Say, requirement: &RequirementOutcome) -> Value {
    json!({
        "id": requirement.id,
        "keyword": requirement.keyword,
        "origin": requirement.origin,
        "text": text(say, &requirement.text),
        "source": requirement.source,
        "covered": requirement.covered,
        "conformity": requirement.conformity.map(Conformity::name),
        "status": requirement.status.map(Status::name),
        "not_tested": requirement.untested.as_ref().map(|why| text(say, why)),
        "checks": requirement.checks,
    })
}

fn scenario(say: &Say, scenario: &ScenarioOutcome) -> Value {
    json!({
        "id": scenario.id,
        "title": text(say, &scenario.title),
        "status": scenario.status.name(),
        "criticality": scenario.criticality,
        "plans": scenario.plans,
        "noise_ms": scenario.noise_ms(),
        "checks": scenario.checks.iter().map(|one| check(say, one)).collect::<Vec<_>>(),
    })
}

fn check(say: &Say, check: &CheckOutcome) -> Value {
    json!({
        "id": check.id,
        "title": text(say, &check.title),
        "status": check.status.name(),
        "keyword": check.keyword,
        "requires": check.requires,
        "expected": text(say, &check.expected),
        "actual": text(say, &check.actual),
        "why": text(say, &check.why),
        "remedy": text(say, &check.remedy),
        "party": check.party,
        "expected_failure": check.expected_failure.as_ref().map(|one| expected_failure(say, one)),
        "notes": texts(say, &check.notes),
        "exchanges": check.exchanges,
    })
}

fn texts(say: &Say, all: &[Text]) -> Vec<String> {
    all.iter().map(|one| text(say, one)).collect()
}

fn text(say: &Say, text: &Text) -> String {
    say.cut(text.get(say.lang), LONGEST)
}

/// Pretty JSON in which no character acts on the terminal that it is printed on: controls, bidirectional marks and
/// invisible characters are written as `\uXXXX`, which every JSON reader reads back as the same characters.
struct Ascii(PrettyFormatter<'static>);

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain = 0;
        for (index, hidden) in fragment.char_indices().filter(|(_, character)| show::is_hidden(*character)) {
            writer.write_all(&fragment.as_bytes()[plain..index])?;
            for unit in hidden.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            plain = index + hidden.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[plain..])
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        self.0.write_char_escape(writer, escape)
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::text::Lang;

    fn keys(value: &Value) -> Vec<&str> {
        value.as_object().unwrap().keys().map(String::as_str).collect()
    }

    #[test]
    fn the_fixed_keys_stand_in_their_order() {
        let report: Value = serde_json::from_str(&report_json(&sample::outcome()).unwrap()).unwrap();
        assert_eq!(report["format"], "banc-ror-report/1");
        let top = [
            "format",
            "notice",
            "tool",
            "run",
            "campaign",
            "gate",
            "totals",
            "coverage",
            "conformity",
            "baseline",
            "scenarios",
        ];
        assert_eq!(keys(&report), top);
        assert_eq!(
            keys(&report["run"])[..7],
            ["id", "started", "duration_ms", "profile", "client", "seed", "lang"]
        );
        assert_eq!(
            keys(&report["totals"]),
            [
                "pass",
                "fail",
                "warn",
                "review",
                "skip",
                "inconclusive",
                "config-error",
                "harness-error",
                "xfail",
                "xpass"
            ]
        );
        assert_eq!(report["coverage"]["requirements"], json!({ "covered": 3, "total": 5, "not_tested": 0 }));
        assert_eq!(report["gate"]["exit_code"], 1);
        assert_eq!(report["gate"]["plans"][0]["plan"], "fhir-search");
        let check = &report["scenarios"][0]["checks"][1];
        assert_eq!(check["status"], "fail");
        assert_eq!(check["party"], "client");
        assert_eq!(check["exchanges"], json!([3, 4]));
        for key in ["id", "status", "requires", "expected", "actual", "why", "notes", "exchanges"] {
            assert!(check.get(key).is_some(), "{key}");
        }
    }

    #[test]
    fn totals_count_the_checks_of_each_status() {
        let outcome = sample::outcome();
        let report: Value = serde_json::from_str(&report_json(&outcome).unwrap()).unwrap();
        let checks: usize = outcome.scenarios.iter().map(|scenario| scenario.checks.len()).sum();
        let sum: u64 = report["totals"].as_object().unwrap().values().map(|one| one.as_u64().unwrap()).sum();
        assert_eq!(sum, checks as u64);
    }

    #[test]
    fn texts_are_in_the_language_of_the_outcome() {
        let mut outcome = sample::outcome();
        outcome.lang = Lang::En;
        let report: Value = serde_json::from_str(&report_json(&outcome).unwrap()).unwrap();
        assert_eq!(report["notice"], "self-check, not a homologation");
        assert_eq!(report["scenarios"][0]["title"], outcome.scenarios[0].title.en.as_str());
    }

    #[test]
    fn nothing_in_it_acts_on_a_terminal_and_nothing_is_lost() {
        let mut outcome = sample::outcome();
        let hostile = "\u{1b}[2J \u{9b}31m \u{202e}txt \u{e0041} é \"\\\n";
        outcome.scenarios[0].checks[0].actual = Text::same(hostile);
        let written = report_json(&outcome).unwrap();
        assert!(!written.chars().any(show::is_hidden));
        let report: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(report["scenarios"][0]["checks"][0]["actual"], hostile);
    }

    #[test]
    fn a_very_long_text_is_cut_with_a_mark() {
        let mut outcome = sample::outcome();
        outcome.scenarios[0].checks[0].actual = Text::same("a".repeat(1_000_000));
        assert!(report_json(&outcome).unwrap().len() < 200_000);
    }
}
