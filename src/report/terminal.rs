//! The end of a run on a terminal: verdict, what did not pass and what to do, totals, where the report is.
//!
//! The text carries ANSI styles; the caller prints it through `anstream`, which removes them where they do not belong.
//! Nothing that came from a client can add one: controls are made visible.

use std::fmt::Write;
use std::path::Path;

use anstyle::{AnsiColor, Style};

use crate::judge::{
    BaselineOutcome, BaselineState, CheckOutcome, Conformity, Obstacle, Outcome, PlanOutcome,
    ScenarioOutcome, Status,
};
use crate::report::say::Say;
use crate::report::{asks_for_action, notice, show, worst_first};
use crate::text::Text;

/// More checks than that are for the report.
const MOST_CHECKS: usize = 40;
/// Sentences longer than that are cut here; the report has more of them.
const SENTENCE: usize = 400;
/// Names of checks that say the same, beside the first.
const MOST_NAMES: usize = 5;
/// Lines are never wrapped to less.
const NARROWEST: usize = 40;
/// Noise up to this is allowed for in every verdict, ms.
const DECIDABLE_MS: u64 = 250;
/// The summary of a run for a terminal `width` columns wide; `folder` is where its report lies.
#[must_use]
pub fn summary(outcome: &Outcome, folder: &Path, width: usize) -> String {
    let mut lines = Lines { t: Say { lang: outcome.lang }, width: width.max(NARROWEST), out: String::new() };
    let t = lines.t;
    verdict(&mut lines, outcome);
    if let Some(obstacle) = &outcome.obstacle {
        common_obstacle(&mut lines, obstacle);
    }
    let mut listed = worst_first(outcome);
    listed.retain(|(_, check)| check.status != Status::Pass && !is_told(check, outcome));
    let groups = same_reason(&listed);
    for group in groups.iter().take(MOST_CHECKS) {
        one_group(&mut lines, group);
    }
    if outcome.gate.exit_code == 3
        && let Some(words) = last_words(outcome)
    {
        lines.labelled(t.of("dernières lignes de l’adaptateur", "last lines of the adapter"), &words);
    }
    if groups.len() > MOST_CHECKS {
        let more = groups.iter().skip(MOST_CHECKS).map(Vec::len).sum::<usize>().to_string();
        lines.fact(
            t.of("autres contrôles à lire dans le rapport", "further checks to be read in the report"),
            &more,
        );
    }
    lines.out.push('\n');
    lines.fact(t.of("Contrôles", "Checks"), &totals(outcome, t));
    lines.fact(t.of("Plans", "Plans"), &plans(outcome, t));
    let (covered, total) = outcome.coverage();
    lines.fact(
        t.of("Exigences tranchées", "Requirements decided"),
        &format!("{covered} {} {total}{}", t.of("sur", "of"), untested(outcome, t)),
    );
    lines.fact(t.of("Conformité de celles-ci", "Conformity of these"), &conformity(outcome, t));
    if let Some(baseline) = &outcome.baseline {
        lines.fact(t.of("Échecs attendus", "Expected failures"), &expected(baseline, t));
    }
    lines.fact(t.of("Bruit de la machine", "Noise of the machine"), &noise(outcome, t));
    lines.fact(t.of("Rapport", "Report"), &folder.join("index.html").display().to_string());
    lines.out
}

fn verdict(lines: &mut Lines, outcome: &Outcome) {
    let t = lines.t;
    let code = outcome.gate.exit_code;
    let (word, status) = t.verdict(outcome);
    let word = word.to_uppercase();
    let style = style(status);
    // Writing to a string cannot fail.
    let _ = writeln!(lines.out, "{style}{word}{style:#}  {} {code}", t.of("code de sortie", "exit code"));
    lines.paragraph("", outcome.gate.reason.get(t.lang), Style::new());
    for remark in &outcome.remarks {
        lines.paragraph("", remark.get(t.lang), Style::new());
    }
    lines.paragraph("", notice().get(t.lang), Style::new().dimmed());
}

/// What stops every scenario.
fn common_obstacle(lines: &mut Lines, obstacle: &Obstacle) {
    let t = lines.t;
    let style = style(Status::ConfigError);
    let title = obstacle.title();
    let _ = writeln!(lines.out, "\n{style}{}{style:#}", title.get(t.lang).to_uppercase());
    lines.paragraph("  ", obstacle.why.get(t.lang), Style::new());
    lines.paragraph("  ", obstacle.actual.get(t.lang), Style::new());
    if let Some(party) = obstacle.party {
        lines.labelled(t.of("qui doit agir", "who must act"), party.label().get(t.lang));
    }
    lines.labelled(t.of("que faire", "what to do"), obstacle.remedy.get(t.lang));
}

/// Whether a check says nothing but what the common obstacle says.
fn is_told(check: &CheckOutcome, outcome: &Outcome) -> bool {
    matches!(check.status, Status::Inconclusive | Status::ConfigError)
        && outcome.obstacle.as_ref().is_some_and(|obstacle| obstacle.remedy == check.remedy)
}

/// Checks that say the same of different scenarios are told once.
fn same_reason<'a>(
    listed: &[(&'a ScenarioOutcome, &'a CheckOutcome)],
) -> Vec<Vec<(&'a ScenarioOutcome, &'a CheckOutcome)>> {
    let mut groups: Vec<Vec<(&ScenarioOutcome, &CheckOutcome)>> = Vec::new();
    for &(scenario, check) in listed {
        let twin = groups.iter_mut().find(|group| {
            group[0].1.status == check.status
                && group[0].1.why == check.why
                && sentence(group[0].1) == sentence(check)
                && group[0].1.remedy == check.remedy
        });
        match twin {
            Some(group) => group.push((scenario, check)),
            None => groups.push(vec![(scenario, check)]),
        }
    }
    groups
}

/// What the baseline says of a check.
fn sentence(check: &CheckOutcome) -> Option<&Text> {
    check.expected_failure.as_ref().map(|entry| &entry.sentence)
}

/// The end of what the adapter wrote on standard error, when nothing could be judged.
fn last_words(outcome: &Outcome) -> Option<String> {
    let evidence = outcome.scenarios.iter().filter_map(|scenario| scenario.evidence.as_ref());
    let tails = evidence.flat_map(|evidence| &evidence.steps).filter_map(|step| step.ended.as_ref());
    let tail = tails.map(|ended| ended.stderr_tail.trim()).find(|tail| !tail.is_empty())?;
    let lines: Vec<&str> = tail.lines().collect();
    Some(lines[lines.len().saturating_sub(3)..].join(" ⏎ "))
}

fn one_group(lines: &mut Lines, group: &[(&ScenarioOutcome, &CheckOutcome)]) {
    let t = lines.t;
    let Some((scenario, check)) = group.first() else { return };
    let style = style(check.status);
    let more = match group.len() - 1 {
        0 => String::new(),
        more => format!(" {} {more} {}", t.of("et", "and"), t.of("autre(s)", "more")),
    };
    let name = show::visible_line(&format!("{}/{}{more}", scenario.id, check.id));
    let _ =
        writeln!(lines.out, "\n{style}{}{style:#}  {name}", check.status.label().get(t.lang).to_uppercase());
    lines.paragraph("  ", check.why.get(t.lang), Style::new());
    if let Some(names) = names_of_others(group, t) {
        lines.labelled(t.of("de même", "likewise"), &names);
    }
    if let Some(sentence) = sentence(check) {
        lines.labelled(t.of("liste des échecs attendus", "baseline"), sentence.get(t.lang));
    }
    if !asks_for_action(check.status) {
        return;
    }
    if let Some(party) = check.party {
        lines.labelled(t.of("qui doit agir", "who must act"), party.label().get(t.lang));
    }
    lines.labelled(t.of("que faire", "what to do"), check.remedy.get(t.lang));
}

/// The checks of a group beside the first: the names of some, the number of the rest.
fn names_of_others(group: &[(&ScenarioOutcome, &CheckOutcome)], t: Say) -> Option<String> {
    let others = group.get(1..).filter(|others| !others.is_empty())?;
    let name =
        |(scenario, check): &(&ScenarioOutcome, &CheckOutcome)| format!("{}/{}", scenario.id, check.id);
    let mut names = others.iter().take(MOST_NAMES).map(name).collect::<Vec<_>>().join(", ");
    if others.len() > MOST_NAMES {
        let rest = others.len() - MOST_NAMES;
        names.push_str(&format!(" {} {rest} {}", t.of("et", "and"), t.of("autre(s)", "more")));
    }
    Some(names)
}

/// By how much the bench itself was late at most, in which scenario, and in how many it may leave cases open.
fn noise(outcome: &Outcome, t: Say) -> String {
    let measured = outcome.scenarios.iter().filter_map(|scenario| Some((scenario.noise_ms()?, scenario)));
    let Some((longest, scenario)) = measured.clone().max_by_key(|(noise, _)| *noise) else {
        return t.of("non mesuré", "not measured").to_owned();
    };
    let loud = measured.filter(|(noise, _)| *noise > DECIDABLE_MS).count();
    let name = show::visible_line(&scenario.id);
    let most = t.of("ms au plus", "ms at most");
    let beyond = t.of("scénario(s) au-delà de 250 ms", "scenario(s) beyond 250 ms");
    format!("{longest} {most} ({name}) ; {loud} {beyond}").replace(" ; ", t.of(" ; ", "; "))
}

fn totals(outcome: &Outcome, t: Say) -> String {
    let parts =
        Status::ALL.iter().map(|status| (status, outcome.total(*status))).filter(|(_, count)| *count > 0);
    let parts: Vec<String> =
        parts.map(|(status, count)| format!("{count} {}", status.label().get(t.lang))).collect();
    if parts.is_empty() { t.of("aucun", "none").to_owned() } else { parts.join(" · ") }
}

fn untested(outcome: &Outcome, t: Say) -> String {
    match outcome.untested() {
        0 => String::new(),
        some => {
            format!(" ({some} {})", t.of("qu’aucun contrôle n’éprouve", "that no check tests"))
        }
    }
}

fn conformity(outcome: &Outcome, t: Say) -> String {
    let parts: Vec<String> = Conformity::ALL
        .into_iter()
        .map(|one| (one, outcome.conforming(one)))
        .filter(|(_, count)| *count > 0)
        .map(|(one, count)| format!("{}{}{count}", one.label().get(t.lang), t.colon()))
        .collect();
    if parts.is_empty() { t.of("aucune", "none").to_owned() } else { parts.join(" · ") }
}

fn expected(baseline: &BaselineOutcome, t: Say) -> String {
    let mut parts: Vec<String> = Vec::new();
    for state in BaselineState::ALL {
        let entries: Vec<&str> = baseline
            .entries
            .iter()
            .filter(|entry| entry.state == state)
            .map(|entry| entry.check.as_str())
            .collect();
        if !entries.is_empty() {
            let (count, label) = (entries.len(), state.label());
            parts.push(format!("{count} {} ({})", label.get(t.lang), entries.join(", ")));
        }
    }
    let parts = if parts.is_empty() { t.of("aucun", "none").to_owned() } else { parts.join(" · ") };
    format!("{parts} [{}]", baseline.file)
}

fn plans(outcome: &Outcome, t: Say) -> String {
    let part = |plan: &PlanOutcome| t.part(plan).map(|part| format!(" ({part})")).unwrap_or_default();
    let plans = outcome.gate.plans.iter().map(|plan| format!("{} {}{}", plan.plan, t.plan(plan), part(plan)));
    let plans: Vec<String> = plans.collect();
    if plans.is_empty() { t.of("aucun", "none").to_owned() } else { plans.join(" · ") }
}

fn style(status: Status) -> Style {
    let colour = match status {
        Status::Pass => AnsiColor::Green,
        Status::Fail | Status::Xpass => AnsiColor::Red,
        Status::Warn => AnsiColor::Yellow,
        Status::ConfigError | Status::HarnessError => AnsiColor::Magenta,
        Status::Inconclusive | Status::Review => AnsiColor::Cyan,
        Status::Skip | Status::Xfail => return Style::new().bold(),
    };
    colour.on_default().bold()
}

/// The text as it grows.
struct Lines {
    t: Say,
    width: usize,
    out: String,
}

impl Lines {
    fn fact(&mut self, label: &str, value: &str) {
        let text = format!("{label}{}{value}", self.t.colon());
        self.paragraph("", &text, Style::new());
    }

    fn labelled(&mut self, label: &str, value: &str) {
        if !value.is_empty() {
            let text = format!("{label}{}{value}", self.t.colon());
            self.paragraph("  ", &text, Style::new());
        }
    }

    /// `text` wrapped between words, each line after `indent`; a word longer than a line stands alone and is not broken,
    /// so that paths and identifiers can be copied.
    fn paragraph(&mut self, indent: &str, text: &str, style: Style) {
        let text = show::visible_line(&self.t.cut(text, SENTENCE));
        let mut line = String::new();
        let mut length = 0;
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let word_length = word.chars().count();
            if length > 0 && indent.len() + length + 1 + word_length > self.width {
                self.line(indent, &line, style);
                line.clear();
                length = 0;
            }
            if length > 0 {
                line.push(' ');
                length += 1;
            }
            line.push_str(word);
            length += word_length;
        }
        if length > 0 {
            self.line(indent, &line, style);
        }
    }

    fn line(&mut self, indent: &str, line: &str, style: Style) {
        let _ = writeln!(self.out, "{indent}{style}{line}{style:#}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::text::Lang;

    fn plain(outcome: &Outcome, width: usize) -> String {
        anstream::adapter::strip_str(&summary(outcome, Path::new("reports/latest"), width)).to_string()
    }

    #[test]
    fn it_says_the_verdict_what_to_do_and_where_to_read_on() {
        let text = plain(&sample::outcome(), 100);
        assert!(text.starts_with("NON CONFORME  code de sortie 1\n"), "{text}");
        assert!(text.contains("ÉCHEC  quota-retry-after/waits\n"));
        assert!(text.contains("qui doit agir\u{a0}: votre client"));
        assert!(text.contains("que faire\u{a0}: Lisez l’en-tête Retry-After"));
        assert!(text.contains("fhir-capacity non couvert"));
        assert!(text.contains("Exigences tranchées\u{a0}: 3 sur 5"));
        assert!(text.ends_with("Rapport\u{a0}: reports/latest/index.html\n"));
        assert!(!text.contains("is-pass"), "what passed is not listed");
    }

    #[test]
    fn the_worst_comes_first() {
        let text = plain(&sample::outcome(), 100);
        let at = |needle: &str| text.find(needle).unwrap_or(usize::MAX);
        assert!(at("/waits") < at("/is-xpass"));
        assert!(at("/is-xpass") < at("/is-warn"));
        assert!(at("/is-warn") < at("/is-skip"));
        assert!(at("/is-skip") < usize::MAX);
    }

    #[test]
    fn lines_fit_the_terminal() {
        for width in [60, 72, 120] {
            let text = plain(&sample::outcome(), width);
            let longest = text.lines().map(|line| line.chars().count()).max();
            assert!(longest <= Some(width), "{width}: {longest:?}");
        }
    }

    #[test]
    fn a_client_cannot_style_or_move_anything() {
        let mut outcome = sample::outcome();
        let plain_run = summary(&outcome, Path::new("r"), 80).matches('\u{1b}').count();
        outcome.scenarios[0].checks[1].why = Text::same(sample::HOSTILE);
        let text = summary(&outcome, Path::new("r"), 80);
        assert_eq!(text.matches('\u{1b}').count(), plain_run);
        assert!(text.contains("\\u{1b}[31mrouge") && !text.contains('\u{202e}') && !text.contains('\u{9b}'));
    }

    #[test]
    fn long_lists_are_cut_and_say_so() {
        let mut outcome = sample::outcome();
        outcome.lang = Lang::En;
        let one = outcome.scenarios[0].checks[1].clone();
        // The same reason is told once, however often it stands.
        outcome.scenarios[0].checks = vec![one.clone(); 100];
        let text = plain(&outcome, 80);
        assert_eq!(text.matches("FAIL  quota-retry-after/waits").count(), 1);
        assert_eq!(text.matches("quota-retry-after/waits").count(), 1 + MOST_NAMES);
        assert!(
            text.contains("and 99 more") && text.contains("likewise: quota-retry-after/waits,"),
            "{text}"
        );
        let unwrapped = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(unwrapped.contains("and 94 more"), "{text}");
        let different = |number: usize| {
            let mut check = one.clone();
            check.why = Text::same(format!("reason {number}"));
            check
        };
        outcome.scenarios[0].checks = (0..100).map(different).collect();
        let text = plain(&outcome, 80);
        assert_eq!(text.matches("quota-retry-after/waits").count(), MOST_CHECKS);
        assert!(text.contains("further checks to be read in the report: 68"), "{text}");
    }
}
