//! What is wrong with a Task as an anomaly (`ror-fhir.md` §4.6), and what of it is refused.

use serde_json::Value;

use super::{INPUTS, shape};
use crate::ror::Deviation;
use crate::ror::date_time;
use crate::ror::fhirpath_patch::items;
use crate::ror::nomenclature::{CodeSystem, Nomenclature};
use crate::ror::path::first_coding;
use crate::ror::problem::{Issue, Problem};
use crate::text::Text;

/// One thing that is wrong.
pub(super) struct Finding {
    pub(super) deviation: Deviation,
    /// The issue code of the refusal; none for what the mock lets pass.
    pub(super) refusal: Option<&'static str>,
}

/// Whether the nomenclature lists every code of a system; of some the public record shows examples only, so that an
/// unknown code proves nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Codes {
    All,
    Examples,
}

const CONCEPTS: [(&str, &str, Codes); 3] = [
    ("businessStatus", "TRE_R352", Codes::All),
    ("code", "TRE_R350/ThematiqueAnomalie", Codes::Examples),
    ("reasonCode", "TRE_R349", Codes::Examples),
];

const MANDATORY: [&str; 8] =
    ["status", "intent", "businessStatus", "code", "focus", "authoredOn", "lastModified", "reasonCode"];

/// Input code, `value[x]` members that the profile accepts (none: any), whether it may repeat.
const KNOWN_INPUTS: [(&str, &[&str], bool); 6] = [
    ("ruleErrorId", &["valueString"], false),
    ("errorValue", &[], true),
    ("proposedValue", &[], true),
    ("pathElementError", &["valueExpression"], false),
    ("systemRequester", &["valueString"], false),
    ("identifierRequester", &["valueIdentifier"], false),
];

/// All that is wrong with a Task.
pub(super) fn findings(task: &Value) -> Vec<Finding> {
    let mut found: Vec<Finding> = shape::faults(task)
        .into_iter()
        .map(|fault| Finding {
            deviation: Deviation::new("shape", fault.at, fault.expected, fault.actual),
            refusal: Some("structure"),
        })
        .collect();
    for name in MANDATORY.into_iter().filter(|name| task.get(name).is_none()) {
        let expected = Text::new(format!("{name}, obligatoire"), format!("{name}, mandatory"));
        found.push(refused(
            "required",
            Deviation::missing("member-missing", format!("Task.{name}"), expected),
        ));
    }
    for (name, system, codes) in CONCEPTS {
        if let Some(concept) = task.get(name) {
            concept_findings(concept, &format!("Task.{name}"), system, codes, &mut found);
        }
    }
    focus_findings(task, &mut found);
    date_findings(task, &mut found);
    input_findings(task, &mut found);
    found
}

/// 400 with all that is refused.
pub(super) fn refusal(findings: Vec<Finding>) -> Option<Problem> {
    let issues = findings
        .into_iter()
        .filter_map(|finding| {
            let Deviation { path, expected, actual, .. } = finding.deviation;
            let diagnostics = format!("'{path}' : attendu {}, reçu {}.", expected.fr, actual.fr);
            Some(Issue::new(finding.refusal?, &diagnostics, Some(&path)))
        })
        .collect();
    Problem::of_issues(400, issues)
}

fn refused(code: &'static str, deviation: Deviation) -> Finding {
    Finding { deviation, refusal: Some(code) }
}

fn tolerated(deviation: Deviation) -> Finding {
    Finding { deviation, refusal: None }
}

/// The code systems of the coded elements, with the members that hold them.
pub(super) fn code_systems() -> impl Iterator<Item = (&'static str, &'static CodeSystem)> {
    CONCEPTS
        .into_iter()
        .filter_map(|(name, system, _)| Some((name, Nomenclature::standard().system(system)?)))
}

/// Whether a value-set URL stands where the code system is due, as in some documented examples (§4).
pub(super) fn is_value_set(system: &str) -> bool {
    system.contains("/JDV_")
}

/// What is wrong with a business status alone.
pub(super) fn concept_of_status(concept: &Value, at: &str) -> Vec<Deviation> {
    let mut found = Vec::new();
    let [(_, system, codes), ..] = CONCEPTS;
    concept_findings(concept, at, system, codes, &mut found);
    found.into_iter().map(|finding| finding.deviation).collect()
}

fn concept_findings(concept: &Value, at: &str, short: &str, codes: Codes, found: &mut Vec<Finding>) {
    let Some(known) = Nomenclature::standard().system(short) else { return };
    let Some((system, code)) = first_coding(concept) else {
        let expected = Text::new(format!("un code de {short}"), format!("a code of {short}"));
        found.push(refused("required", Deviation::missing("code", format!("{at}.coding"), expected)));
        return;
    };
    if system != Some(&known.url) {
        let actual = system.map_or_else(|| Text::new("aucun system", "no system"), Text::same);
        let deviation =
            Deviation::new("code-system", format!("{at}.coding[0].system"), Text::same(&known.url), actual);
        let lenient = system.is_some_and(is_value_set);
        found.push(if lenient { tolerated(deviation) } else { refused("code-invalid", deviation) });
    }
    if codes == Codes::All && known.label(code).is_none() {
        let expected = Text::new(format!("un code de {short}"), format!("a code of {short}"));
        let deviation = Deviation::new("code", format!("{at}.coding[0].code"), expected, Text::same(code));
        found.push(refused("code-invalid", deviation));
    }
}

/// A reference, or a logical one: type and identifier.
fn focus_findings(task: &Value, found: &mut Vec<Finding>) {
    let Some(focus) = task.get("focus") else { return };
    let logical = focus.get("identifier").and_then(|identifier| identifier.get("value")).is_some();
    if focus.get("reference").is_none() && !logical {
        let expected = Text::new(
            "une référence, ou un type et un identifiant",
            "a reference, or a type and an identifier",
        );
        found.push(refused("required", Deviation::missing("focus", "Task.focus", expected)));
    } else if focus.get("reference").is_none() && focus.get("type").is_none() {
        let expected = Text::new("le type de la ressource désignée", "the type of the resource meant");
        found.push(tolerated(Deviation::missing("focus", "Task.focus.type", expected)));
    }
}

/// Task invariant inv-1: last modified not before authored.
fn date_findings(task: &Value, found: &mut Vec<Finding>) {
    let text = |name: &str| task.get(name).and_then(Value::as_str);
    if let (Some(authored), Some(modified)) = (text("authoredOn"), text("lastModified"))
        && is_before(modified, authored)
    {
        let expected = Text::new(format!("au plus tôt {authored}"), format!("{authored} or later"));
        found.push(refused(
            "value",
            Deviation::new("dates", "Task.lastModified", expected, Text::same(modified)),
        ));
    }
}

/// Whether one dateTime is surely before another: by instant when both have one, else by day.
pub(super) fn is_before(one: &str, other: &str) -> bool {
    match (date_time::instant(one), date_time::instant(other)) {
        (Some(one), Some(other)) => one < other,
        _ => {
            let length = one.len().min(other.len()).min(10);
            one.get(..length) < other.get(..length)
        }
    }
}

fn input_findings(task: &Value, found: &mut Vec<Finding>) {
    let inputs: Vec<_> = items(task, "input", "Task")
        .into_iter()
        .map(|(at, input)| (at, input, input.get("type").and_then(first_coding)))
        .collect();
    for (at, input, coding) in &inputs {
        let code = coding.map(|(_, code)| code);
        let Some((name, members, _)) = KNOWN_INPUTS.iter().find(|(known, ..)| Some(*known) == code) else {
            let names = KNOWN_INPUTS.map(|(name, ..)| name).join(", ");
            let expected = Text::new(format!("un type parmi {names}"), format!("one of the types {names}"));
            let actual = Text::same(code.unwrap_or("—"));
            found.push(tolerated(Deviation::new("input", format!("{at}.type"), expected, actual)));
            continue;
        };
        if coding.and_then(|(system, _)| system) != Some(INPUTS) {
            let actual = coding
                .and_then(|(system, _)| system)
                .map_or_else(|| Text::new("aucun system", "no system"), Text::same);
            found.push(tolerated(Deviation::new(
                "input",
                format!("{at}.type.coding[0].system"),
                Text::same(INPUTS),
                actual,
            )));
        }
        if !members.is_empty() && !members.iter().any(|member| input.get(member).is_some()) {
            let expected = Text::same(format!("{name}: {}", members.join(", ")));
            let deviation = Deviation::missing("input", at, expected);
            found.push(if *name == "systemRequester" {
                refused("required", deviation)
            } else {
                tolerated(deviation)
            });
        }
    }
    for (name, _, repeats) in KNOWN_INPUTS {
        let count =
            inputs.iter().filter(|(_, _, coding)| coding.is_some_and(|(_, code)| code == name)).count();
        if count == 0 && name == "systemRequester" {
            let expected =
                Text::new("un input systemRequester, obligatoire", "an input systemRequester, mandatory");
            found.push(refused("required", Deviation::missing("member-missing", "Task.input", expected)));
        }
        if count > 1 && !repeats {
            let expected = Text::new(format!("{name} une seule fois"), format!("{name} once only"));
            let actual = Text::new(format!("{count} fois"), format!("{count} times"));
            let deviation = Deviation::new("input", "Task.input", expected, actual);
            found.push(if name == "systemRequester" {
                refused("structure", deviation)
            } else {
                tolerated(deviation)
            });
        }
    }
}
