//! `junit.xml`: one testsuite per scenario, one testcase per check, for CI servers.
//!
//! JUnit has no status between passed and failed, so: fail and xpass are failures; config-error and harness-error are
//! errors; what was not decided (skip, inconclusive, xfail, review) is skipped with its reason, never green; a warning
//! passes and says so in `system-out`. A status that `--fail-on` names is a failure.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::judge::{CheckOutcome, Outcome, ScenarioOutcome, Status};
use crate::report::say::Say;
use crate::report::{ReportError, dates, notice, show};
use crate::text::Text;

/// Longest text, in characters.
const LONGEST: usize = 16_384;

/// The content of `junit.xml`, texts in the outcome's language.
///
/// # Errors
/// When it cannot be written, which would be a fault of the bench.
pub fn junit_xml(outcome: &Outcome) -> Result<String, ReportError> {
    let failed = |reason: String| ReportError::Render { name: "junit.xml", reason };
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    document(&mut writer, outcome).map_err(|error| failed(error.to_string()))?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(|error| failed(error.to_string()))
}

type Xml = Writer<Vec<u8>>;

/// What JUnit makes of a check.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CaseResult {
    Passed,
    Failure,
    Error,
    Skipped,
}

fn document(xml: &mut Xml, outcome: &Outcome) -> io::Result<()> {
    let say = Say { lang: outcome.lang };
    let checks = || outcome.scenarios.iter().flat_map(|scenario| &scenario.checks);
    let name = format!("banc-ror {} · {}", outcome.run.run, notice().get(outcome.lang));
    let mut attributes = vec![("name", clean(&name))];
    attributes.extend(counts(outcome, checks()));
    if let Some(ms) = outcome.duration_ms {
        attributes.push(("time", junit_seconds(ms)));
    }
    if dates::is_rfc3339(&outcome.run.started) {
        attributes.push(("timestamp", outcome.run.started.clone()));
    }
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites").with_attributes(borrowed(&attributes)).write_inner_content(|xml| {
        outcome.scenarios.iter().try_for_each(|scenario| suite(xml, &say, outcome, scenario))
    })?;
    Ok(())
}

fn suite(xml: &mut Xml, say: &Say, outcome: &Outcome, scenario: &ScenarioOutcome) -> io::Result<()> {
    let mut attributes = vec![("name", clean(&scenario.id))];
    attributes.extend(counts(outcome, scenario.checks.iter()));
    if let Some(us) = scenario.evidence.as_ref().map(crate::report::length_us) {
        attributes.push(("time", junit_seconds(us / 1_000)));
    }
    let properties = [
        ("notice", notice().get(say.lang).to_owned()),
        ("title", say.text(&scenario.title)),
        ("criticality", scenario.criticality.clone()),
        ("plans", scenario.plans.join(" ")),
        ("status", scenario.status.name().to_owned()),
    ];
    xml.create_element("testsuite").with_attributes(borrowed(&attributes)).write_inner_content(|xml| {
        xml.create_element("properties").write_inner_content(|xml| {
            for (name, value) in &properties {
                let value = clean(value);
                xml.create_element("property")
                    .with_attributes([("name", *name), ("value", value.as_str())])
                    .write_empty()?;
            }
            Ok(())
        })?;
        scenario.checks.iter().try_for_each(|check| case(xml, say, outcome, scenario, check))
    })?;
    Ok(())
}

fn case(
    xml: &mut Xml,
    say: &Say,
    outcome: &Outcome,
    scenario: &ScenarioOutcome,
    check: &CheckOutcome,
) -> io::Result<()> {
    let name = clean(&format!("{}: {}", check.id, say.text(&check.title)));
    let class = clean(&format!("banc-ror.{}", scenario.id));
    let element = xml
        .create_element("testcase")
        .with_attributes([("name", name.as_str()), ("classname", class.as_str())]);
    let details = clean(&details(say, check));
    let label = check.status.label();
    let message = clean(&format!(
        "{}: {}",
        label.get(say.lang),
        first_of(say, &[&check.why, &check.actual, &check.title])
    ));
    let kind = [("message", message.as_str()), ("type", check.status.name())];
    let outcome_element = match result(outcome, check.status) {
        CaseResult::Passed if check.status == Status::Pass && check.notes.is_empty() => {
            element.write_empty()?;
            return Ok(());
        }
        CaseResult::Passed => {
            let text = if check.status == Status::Pass { details } else { format!("{message}\n{details}") };
            element.write_inner_content(|xml| {
                xml.create_element("system-out").write_text_content(BytesText::new(&text))?;
                Ok(())
            })?;
            return Ok(());
        }
        CaseResult::Failure => "failure",
        CaseResult::Error => "error",
        CaseResult::Skipped => "skipped",
    };
    element.write_inner_content(|xml| {
        xml.create_element(outcome_element)
            .with_attributes(kind)
            .write_text_content(BytesText::new(&details))?;
        Ok(())
    })?;
    Ok(())
}

fn result(outcome: &Outcome, status: Status) -> CaseResult {
    if outcome.run.fail_on.iter().any(|name| name == status.name()) {
        return CaseResult::Failure;
    }
    match status {
        Status::Pass | Status::Warn => CaseResult::Passed,
        Status::Fail | Status::Xpass => CaseResult::Failure,
        Status::ConfigError | Status::HarnessError => CaseResult::Error,
        Status::Skip | Status::Inconclusive | Status::Xfail | Status::Review => CaseResult::Skipped,
    }
}

/// The attributes that count.
fn counts<'a>(
    outcome: &Outcome,
    checks: impl Iterator<Item = &'a CheckOutcome>,
) -> Vec<(&'static str, String)> {
    let results: Vec<CaseResult> = checks.map(|check| result(outcome, check.status)).collect();
    let count = |wanted: CaseResult| results.iter().filter(|one| **one == wanted).count().to_string();
    vec![
        ("tests", results.len().to_string()),
        ("failures", count(CaseResult::Failure)),
        ("errors", count(CaseResult::Error)),
        ("skipped", count(CaseResult::Skipped)),
    ]
}

/// All that a reader of a CI log needs to act, one fact a line.
fn details(say: &Say, check: &CheckOutcome) -> String {
    let party = check.party.map(|party| party.label()).unwrap_or_default();
    let exchanges: Vec<String> = check.exchanges.iter().take(50).map(|number| format!("#{number}")).collect();
    let mut lines = Vec::new();
    let mut add = |label: &str, value: &str| {
        if !value.is_empty() {
            lines.push(say.with(label, value));
        }
    };
    add(say.of("pourquoi", "why"), &say.text(&check.why));
    add(say.of("attendu", "expected"), &say.text(&check.expected));
    add(say.of("observé", "observed"), &say.text(&check.actual));
    add(say.of("que faire", "what to do"), &say.text(&check.remedy));
    add(say.of("qui doit agir", "who must act"), party.get(say.lang));
    if let Some(entry) = &check.expected_failure {
        add(say.of("liste des échecs attendus", "baseline"), &say.text(&entry.sentence));
    }
    add(say.of("exigences", "requirements"), &check.requires.join(", "));
    add(say.of("échanges", "exchanges"), &exchanges.join(" "));
    for note in &check.notes {
        add(say.of("note", "note"), &say.text(note));
    }
    lines.join("\n")
}

fn first_of(say: &Say, texts: &[&Text]) -> String {
    texts.iter().find(|text| !text.is_empty()).map(|text| say.text(text)).unwrap_or_default()
}

/// Text that XML can hold; escaping is the writer's.
fn clean(text: &str) -> String {
    show::cut(&show::for_xml(text), LONGEST, |all| format!(" [{all}]"))
}

fn junit_seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

fn borrowed<'a>(attributes: &'a [(&'static str, String)]) -> impl Iterator<Item = (&'a str, &'a str)> {
    attributes.iter().map(|(name, value)| (*name, value.as_str()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::report::sample;
    use quick_junit::{NonSuccessKind, Report, TestCaseStatus};

    fn read(outcome: &Outcome) -> Report {
        Report::deserialize_from_str(&junit_xml(outcome).unwrap()).unwrap()
    }

    fn status_of(report: &Report, check: &str) -> Option<NonSuccessKind> {
        let cases = report.test_suites.iter().flat_map(|suite| &suite.test_cases);
        let case =
            cases.into_iter().find(|case| case.name.as_str().starts_with(&format!("{check}: "))).unwrap();
        match &case.status {
            TestCaseStatus::Success { .. } => None,
            TestCaseStatus::NonSuccess { kind, .. } => Some(*kind),
            TestCaseStatus::Skipped { .. } => panic!("{check} is skipped"),
        }
    }

    #[test]
    fn an_independent_reader_sees_the_right_results() {
        let outcome = sample::outcome();
        let report = read(&outcome);
        assert_eq!(report.test_suites.len(), outcome.scenarios.len());
        let checks: usize = outcome.scenarios.iter().map(|scenario| scenario.checks.len()).sum();
        assert_eq!((report.tests, report.failures, report.errors), (checks, 2, 2));
        let failure = Some(NonSuccessKind::Failure);
        let error = Some(NonSuccessKind::Error);
        assert_eq!(status_of(&report, "waits"), failure);
        assert_eq!(status_of(&report, "is-xpass"), failure);
        assert_eq!(status_of(&report, "is-config-error"), error);
        assert_eq!(status_of(&report, "is-harness-error"), error);
        for skipped in ["is-skip", "is-inconclusive", "is-xfail", "is-review"] {
            let cases = report.test_suites.iter().flat_map(|suite| &suite.test_cases);
            let case = cases.into_iter().find(|case| case.name.as_str().starts_with(skipped)).unwrap();
            let TestCaseStatus::Skipped { message, .. } = &case.status else { panic!("{skipped}") };
            assert!(message.as_ref().is_some_and(|text| !text.as_str().is_empty()));
        }
        assert_eq!(status_of(&report, "is-pass"), None);
    }

    #[test]
    fn a_warning_passes_and_is_still_said() {
        let report = read(&sample::outcome());
        let cases = report.test_suites.iter().flat_map(|suite| &suite.test_cases);
        let case = cases.into_iter().find(|case| case.name.as_str().starts_with("is-warn")).unwrap();
        assert!(matches!(case.status, TestCaseStatus::Success { .. }));
        assert!(case.system_out.as_ref().unwrap().as_str().starts_with("avertissement"));
    }

    #[test]
    fn what_fail_on_names_is_a_failure() {
        let mut outcome = sample::outcome();
        outcome.run.fail_on = vec!["inconclusive".into()];
        let report = read(&outcome);
        assert_eq!(report.failures, 3);
        assert_eq!(status_of(&report, "is-inconclusive"), Some(NonSuccessKind::Failure));
    }

    #[test]
    fn hostile_text_stays_text() {
        let mut outcome = sample::outcome();
        outcome.scenarios[0].checks[1].why =
            Text::same("]]></failure> \u{1b}[31mrouge\u{0}\u{fffe} <&\"'> \u{b}");
        let xml = junit_xml(&outcome).unwrap();
        assert!(!xml.contains('\u{1b}') && !xml.contains('\u{0}') && !xml.contains('\u{fffe}'));
        let report = Report::deserialize_from_str(&xml).unwrap();
        let TestCaseStatus::NonSuccess { message, .. } = &report.test_suites[0].test_cases[1].status else {
            panic!()
        };
        assert_eq!(message.as_ref().unwrap().as_str(), "échec: ]]></failure> rouge <&\"'> ");
    }
}
