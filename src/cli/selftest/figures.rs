//! What the trials come to: the rate of detection and the rate of false alarms, for people and as JSON.

use std::path::Path;

use serde_json::{Value, json};

use super::super::failure::Failure;
use super::compare::Tried;
use crate::text::{Lang, Text};

/// The two error rates of the bench, measured.
pub(super) struct Figures {
    /// Flawed clients that were played.
    flawed: usize,
    /// Those of which something is red, all that was expected of it.
    named: usize,
    /// Those of which nothing is red, as expected: for a person's eye only.
    for_review: Vec<String>,
    /// Correct clients that were played.
    correct: usize,
    /// Checks decided on them.
    decided: usize,
    /// Failed or warned of them, on a loaded machine as well.
    false_alarms: usize,
    /// Checks of flawed clients that are red and were not expected to be.
    beside: usize,
    /// Verdicts that were others when played again in quiet.
    changed: usize,
    as_expected: bool,
}

impl Figures {
    pub(super) fn of(tried: &[Tried]) -> Self {
        let (flawed, correct): (Vec<&Tried>, Vec<&Tried>) =
            tried.iter().partition(|tried| tried.flaw.is_some());
        let named = flawed.iter().filter(|tried| !tried.red.is_empty() && tried.let_through.is_empty());
        let for_review = flawed.iter().filter(|tried| tried.red.is_empty() && tried.let_through.is_empty());
        Self {
            flawed: flawed.len(),
            named: named.count(),
            for_review: for_review.map(|tried| tried.name.clone()).collect(),
            correct: correct.len(),
            decided: correct.iter().map(|tried| tried.decided).sum(),
            false_alarms: correct.iter().map(|tried| tried.false_alarms).sum(),
            beside: flawed.iter().map(|tried| tried.accused.len()).sum(),
            changed: tried.iter().map(|tried| tried.changed.len()).sum(),
            as_expected: tried.iter().all(Tried::as_expected),
        }
    }

    pub(super) fn as_expected(&self) -> bool {
        self.as_expected
    }

    pub(super) fn summary(&self, lang: Lang) -> String {
        let mut lines = String::from("\n");
        let mut say = |fr: String, en: String| {
            lines.push_str(Text::new(fr, en).get(lang));
            lines.push('\n');
        };
        if self.flawed > 0 {
            let (named, flawed, rate) = (self.named, self.flawed, percent(self.named, self.flawed));
            say(
                format!("Détection : {named} clients fautifs nommés sur {flawed} ({rate} %)."),
                format!("Detection: {named} of {flawed} flawed clients named ({rate}%)."),
            );
        }
        if !self.for_review.is_empty() {
            let names = self.for_review.join(", ");
            say(
                format!("Laissés à l’œil d’une personne, comme prévu : {names}."),
                format!("Left to a person's eye, as expected: {names}."),
            );
        }
        if self.beside > 0 {
            let beside = self.beside;
            say(
                format!("Contrôles de clients fautifs accusés à tort : {beside}."),
                format!("Checks of flawed clients wrongly accused: {beside}."),
            );
        }
        if self.changed > 0 {
            let changed = self.changed;
            say(
                format!("Verdicts différents, rejoués au calme (ce sont eux qui comptent) : {changed}."),
                format!("Verdicts that were others when played again in quiet, which counts: {changed}."),
            );
        }
        if self.correct > 0 {
            let (alarms, decided, correct) = (self.false_alarms, self.decided, self.correct);
            let rate = percent(alarms, decided);
            say(
                format!(
                    "Fausses alarmes : {alarms} sur {decided} contrôles tranchés de {correct} clients corrects ({rate} %)."
                ),
                format!(
                    "False alarms: {alarms} of {decided} checks decided on {correct} correct clients ({rate}%)."
                ),
            );
        }
        if self.as_expected {
            say("Tout est comme prévu.".into(), "All is as expected.".into());
        } else {
            say(
                "Ce n’est pas ce qui est prévu : le banc est en faute, ou la machine trop chargée.".into(),
                "This is not as expected: the bench is at fault, or the machine too loaded.".into(),
            );
        }
        lines
    }
}

/// One client in one line, and a line for each difference.
pub(super) fn line(tried: &Tried, lang: Lang) -> String {
    let verdict = match (tried.as_expected(), tried.red.len()) {
        (true, 0) if tried.flaw.is_none() => {
            let decided = tried.decided;
            Text::new(
                format!("aucune accusation, {decided} contrôles tranchés"),
                format!("no accusation, {decided} checks decided"),
            )
        }
        (true, 0) => Text::new("à l’œil d’une personne", "left to a person's eye"),
        (true, 1) => Text::new("nommé : 1 contrôle", "named: 1 check"),
        (true, red) => Text::new(format!("nommé : {red} contrôles"), format!("named: {red} checks")),
        (false, _) => Text::new("PAS COMME PRÉVU", "NOT AS EXPECTED"),
    };
    let mut lines = format!("{:<32} {}\n", tried.name, verdict.get(lang));
    let differences = [
        (&tried.let_through, Text::new("laissé passer", "let through")),
        (&tried.accused, Text::new("accusé à tort", "wrongly accused")),
        (&tried.undecided, Text::new("non tranché", "not decided")),
        (&tried.changed, Text::new("au calme, pas de même", "not so in quiet")),
    ];
    for (checks, what) in differences {
        for check in checks {
            lines.push_str(&format!("  {} {check}\n", what.get(lang)));
        }
    }
    for folder in &tried.evidence {
        lines.push_str(&format!(
            "  {} {}\n",
            Text::new("preuves :", "evidence:").get(lang),
            folder.display()
        ));
    }
    lines
}

/// Writes what each client turned red.
pub(super) fn write(tried: &[Tried], path: &Path) -> Result<(), Failure> {
    let clients: Vec<Value> = tried
        .iter()
        .map(|tried| {
            json!({
                "client": tried.name,
                "flawed": tried.flaw.is_some(),
                "as_expected": tried.as_expected(),
                "decided": tried.decided,
                "red": tried.red,
                "let_through": tried.let_through,
                "wrongly_accused": tried.accused,
                "not_decided": tried.undecided,
                "not_so_in_quiet": tried.changed,
                "false_alarms": tried.false_alarms,
                "evidence": tried.evidence,
            })
        })
        .collect();
    let text = format!("{:#}\n", json!({ "format": "banc-ror-selftest/1", "clients": clients }));
    std::fs::write(path, text).map_err(|error| {
        Failure::usage(
            format!("Le fichier {} ne peut pas être écrit : {error}.", path.display()),
            format!("The file {} cannot be written: {error}.", path.display()),
        )
    })
}

/// In tenths.
fn percent(part: usize, whole: usize) -> String {
    let tenths = part * 1000 / whole.max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}
