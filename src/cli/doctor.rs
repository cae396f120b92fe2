//! `banc-ror doctor`: what stands between the editor's configuration and a first run, one finding after the other; each
//! says what happened, what was expected, who must act, and what to do.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::arguments::DoctorArguments;
use super::failure::Failure;
use super::once::{self, Played};
use super::preparation::{self, Setting};
use super::{exit, preflight, terminal};
use crate::bench::Driver;
use crate::campaign::Campaign;
use crate::check::{Contact, Context, Finding, Party, first_contact};
use crate::driver::command::proxies;
use crate::journal::StepEnd;
use crate::text::{Lang, Text};

pub(super) fn run(arguments: &DoctorArguments, lang: Lang) -> Result<u8, Failure> {
    let mut sheet = Sheet { lang, lines: Vec::new() };
    let campaign = sheet.campaign(arguments);
    let driver = sheet.adapter(arguments, campaign.as_ref());
    let setting = sheet.setting(arguments, campaign.as_ref());
    let listens = sheet.reach(setting.as_ref());
    sheet.proxies();
    match (&campaign, &driver, &setting) {
        (Some(campaign), Some(driver), Some(setting)) if listens => {
            sheet.first_contact(campaign, driver, setting);
        }
        _ => sheet.not_tried(Text::new("L’adaptateur est exécuté une fois", "The adapter is run once")),
    }
    terminal::print(&terminal::printable(&sheet.text()));
    Ok(sheet.exit())
}

/// The findings so far.
struct Sheet {
    lang: Lang,
    lines: Vec<Line>,
}

struct Line {
    state: State,
    subject: Text,
    /// What was seen; of a problem, what happened and why that is one.
    seen: Vec<Text>,
    expected: Text,
    party: Option<Party>,
    remedy: Text,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Fine,
    /// With the exit code that it asks for.
    Problem(u8),
    NotTried,
}

impl Sheet {
    fn campaign(&mut self, arguments: &DoctorArguments) -> Option<Campaign> {
        let subject = Text::new("Le fichier de campagne est lisible", "The campaign file can be read");
        let campaign = preparation::campaign(&arguments.setup, self.lang);
        let named = arguments.setup.config.as_deref().map(|path| path.display().to_string());
        let seen = match (named, std::path::Path::new("banc.yaml").exists()) {
            (Some(path), _) => Text::same(path),
            (None, true) => Text::same("banc.yaml"),
            (None, false) => {
                Text::new("aucun banc.yaml ici, et il n’en faut pas", "no banc.yaml here, and none is needed")
            }
        };
        self.outcome(subject, campaign, |_| seen)
    }

    fn adapter(
        &mut self,
        arguments: &DoctorArguments,
        campaign: Option<&Campaign>,
    ) -> Option<(Driver, String)> {
        let subject = Text::new("Le programme de l’adaptateur est là", "The adapter's program is there");
        let command = arguments.setup.client.as_deref();
        let command = command.or(campaign.and_then(|campaign| campaign.file.client.as_deref()));
        if campaign.is_none() && command.is_none() {
            self.not_tried(subject);
            return None;
        }
        let driver = preparation::driver(command, &[]);
        self.outcome(subject, driver, |(_, name)| Text::same(name.as_str()))
    }

    fn setting(&mut self, arguments: &DoctorArguments, campaign: Option<&Campaign>) -> Option<Setting> {
        let subject = Text::new(
            "Les certificats sont lisibles, valables à l’horloge de cette machine, et d’une autorité connue",
            "The certificates can be read, are valid by this machine's clock, and come from a known authority",
        );
        let Some(campaign) = campaign else {
            self.not_tried(subject);
            return None;
        };
        let setting = Setting::open(&arguments.setup.place, campaign.profile, &campaign.file);
        let setting = setting.and_then(|setting| {
            setting.certificates.check(&setting.tls, OffsetDateTime::now_utc())?;
            Ok(setting)
        });
        self.outcome(subject, setting, |setting| {
            let count = setting.certificates.count();
            Text::new(format!("{count} certificats"), format!("{count} certificates"))
        })
    }

    fn reach(&mut self, setting: Option<&Setting>) -> bool {
        let subject = Text::new(
            "Le banc écoute, et se joint lui-même en TLS sous son nom",
            "The bench listens, and reaches itself over TLS by its name",
        );
        let Some(setting) = setting else {
            self.not_tried(subject);
            return false;
        };
        let host = setting.place.names.first().cloned().unwrap_or_default();
        let reached = preflight::reach(setting).map_err(|unreached| unreached.failure);
        let port = setting.place.port.map(|port| format!(":{port}")).unwrap_or_default();
        self.outcome(subject, reached, |()| Text::same(format!("https://{host}{port}"))).is_some()
    }

    /// A note, not a problem: the adapter does not inherit these variables.
    fn proxies(&mut self) {
        let found = proxies();
        let subject =
            Text::new("Aucun mandataire (proxy) n’est hérité", "No proxy is inherited from the environment");
        let seen = if found.is_empty() {
            Text::new("aucune variable de mandataire", "no proxy variable")
        } else {
            let names = found.join(", ");
            Text::new(
                format!(
                    "{names} : retirées de l’environnement de l’adaptateur, qui reçoit NO_PROXY=*. Un mandataire écrit dans la configuration du client, ou dans celle de son exécuteur (JAVA_TOOL_OPTIONS…), reste en place."
                ),
                format!(
                    "{names}: removed from the adapter's environment, which gets NO_PROXY=*. A proxy written in the client's own settings, or in those of its runtime (JAVA_TOOL_OPTIONS…), stays."
                ),
            )
        };
        self.fine(subject, seen);
    }

    fn first_contact(&mut self, campaign: &Campaign, driver: &(Driver, String), setting: &Setting) {
        let actions: [(&str, Value); 2] = [
            ("token", json!({})),
            (
                "search",
                json!({ "resource": "Organization", "parameters": [["_count", "1"]], "all-pages": false }),
            ),
        ];
        for (action, input) in actions {
            let subject = Text::new(
                format!("L’adaptateur est exécuté pour l’action « {action} »"),
                format!("The adapter is run for the action `{action}`"),
            );
            let played = match once::play(action, input, campaign, driver, setting) {
                Ok(played) => played,
                Err(failure) => {
                    self.failed(subject, &failure);
                    return;
                }
            };
            let step = played.evidence.steps.first().and_then(|step| step.ended.as_ref());
            if step.is_some_and(|ended| ended.end == StepEnd::NoAction) {
                let seen = Text::new(
                    "le client n’a pas cette action (code 89)",
                    "the client does not have this action (code 89)",
                );
                self.line(State::NotTried, subject, vec![seen]);
                continue;
            }
            self.contacts(&played);
            return;
        }
    }

    fn contacts(&mut self, played: &Played) {
        if let Some(reason) = played.evidence.ended.as_ref().and_then(|ended| ended.harness_error.as_deref())
        {
            let failure = Failure::bench(
                format!("Le banc a échoué : {reason}. Relancez ; si l’erreur demeure, signalez-la."),
                format!("The bench failed: {reason}. Run again; if the error stays, report it."),
            );
            self.failed(Text::new("Le banc joue l’action", "The bench plays the action"), &failure);
            return;
        }
        let context = Context {
            scripted: &[],
            evidence: &played.evidence,
            history: None,
            bodies: &played.bodies,
            epoch_us: played.epoch_us,
        };
        for contact in first_contact(&context) {
            self.contact(contact);
        }
        if let Some(ended) = played.evidence.steps.first().and_then(|step| step.ended.as_ref())
            && let Some(line) = self.lines.iter_mut().find(|line| matches!(line.state, State::Problem(_)))
        {
            let tail: Vec<&str> = ended.stderr_tail.lines().filter(|line| !line.trim().is_empty()).collect();
            let tail = tail[tail.len().saturating_sub(3)..].join(" ⏎ ");
            if !tail.is_empty() {
                line.seen.push(Text::new(
                    format!("Dernières lignes de l’adaptateur : {tail}"),
                    format!("Last lines of the adapter: {tail}"),
                ));
            }
        }
    }

    fn contact(&mut self, contact: Contact) {
        let problem = contact.is_problem();
        match contact.finding {
            None => self.not_tried(contact.subject),
            Some(finding) if !problem => {
                let mut seen = vec![finding.actual];
                seen.extend(finding.notes);
                self.line(State::Fine, contact.subject, seen);
            }
            Some(finding) => self.lines.push(problem_of(contact.subject, finding)),
        }
    }

    /// Keeps what succeeded; what failed becomes a problem.
    fn outcome<T>(
        &mut self,
        subject: Text,
        result: Result<T, Failure>,
        seen: impl FnOnce(&T) -> Text,
    ) -> Option<T> {
        match result {
            Ok(value) => {
                self.fine(subject, seen(&value));
                Some(value)
            }
            Err(failure) => {
                self.failed(subject, &failure);
                None
            }
        }
    }

    fn fine(&mut self, subject: Text, seen: Text) {
        self.line(State::Fine, subject, vec![seen]);
    }

    fn not_tried(&mut self, subject: Text) {
        self.line(State::NotTried, subject, Vec::new());
    }

    /// The sentence of a failure ends with what to do.
    fn failed(&mut self, subject: Text, failure: &Failure) {
        let party = if failure.exit == exit::BENCH { Party::Bench } else { Party::Configuration };
        self.line(State::Problem(failure.exit), subject, vec![failure.text()]);
        if let Some(line) = self.lines.last_mut() {
            line.party = Some(party);
        }
    }

    fn line(&mut self, state: State, subject: Text, seen: Vec<Text>) {
        let (expected, remedy) = (Text::default(), Text::default());
        self.lines.push(Line { state, subject, seen, expected, party: None, remedy });
    }

    /// Wrong use first, then what the editor has to set right, then the bench's own faults.
    fn exit(&self) -> u8 {
        let has = |code| self.lines.iter().any(|line| line.state == State::Problem(code));
        [exit::USAGE, exit::CONFIGURATION, exit::BENCH]
            .into_iter()
            .find(|code| has(*code))
            .unwrap_or(exit::CONFORMING)
    }

    fn text(&self) -> String {
        let lang = self.lang;
        let of = |fr, en| match lang {
            Lang::Fr => fr,
            Lang::En => en,
        };
        let mut text = String::new();
        for line in &self.lines {
            let word = match line.state {
                State::Fine => "OK",
                State::Problem(_) => of("PROBLÈME", "PROBLEM"),
                State::NotTried => of("NON ESSAYÉ", "NOT TRIED"),
            };
            text.push_str(&format!("{word:<11}{}\n", line.subject.get(lang)));
            let mut add = |label: &str, words: &str| {
                if !words.trim().is_empty() {
                    text.push_str(&format!("           {label}{}\n", words.trim()));
                }
            };
            for seen in &line.seen {
                add("", seen.get(lang));
            }
            add(of("attendu : ", "expected: "), line.expected.get(lang));
            if let Some(party) = line.party {
                add(of("qui doit agir : ", "who must act: "), party.label().get(lang));
            }
            add(of("que faire : ", "what to do: "), line.remedy.get(lang));
        }
        text.push_str(match self.exit() {
            exit::CONFORMING => of(
                "\nTout est prêt : « banc-ror run » peut jouer. Auto-contrôle, ne vaut pas homologation.\n",
                "\nAll is ready: `banc-ror run` can play. Self-check, not a homologation.\n",
            ),
            _ => of(
                "\nÀ corriger avant de jouer : rien de cela n’est un verdict sur le client.\n",
                "\nTo be set right before playing: none of this is a verdict on the client.\n",
            ),
        });
        text
    }
}

fn problem_of(subject: Text, finding: Finding) -> Line {
    let mut seen = vec![finding.actual, finding.why];
    seen.extend(finding.notes);
    let party = finding.party.unwrap_or(Party::Configuration);
    let code = if party == Party::Bench { exit::BENCH } else { exit::CONFIGURATION };
    Line {
        state: State::Problem(code),
        subject,
        seen,
        expected: finding.expected,
        party: Some(party),
        remedy: finding.remedy,
    }
}
