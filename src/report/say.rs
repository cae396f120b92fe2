//! The report's own words: fixed labels and names in the language of the reader.

use serde_json::Value;

use crate::journal::{QuotaState, StepEnd};
use crate::judge::{Outcome, Party, PlanOutcome, PlanState, Status};
use crate::report::{dates, show};
use crate::text::{Lang, Text};

/// Sentences of the judge are shown up to this many characters.
const SENTENCE: usize = 2_000;

/// Speaks the language of the reader.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Say {
    pub(crate) lang: Lang,
}

impl Say {
    pub(crate) fn of<'t>(&self, fr: &'t str, en: &'t str) -> &'t str {
        match self.lang {
            Lang::Fr => fr,
            Lang::En => en,
        }
    }

    pub(crate) fn text(&self, text: &Text) -> String {
        self.cut(text.get(self.lang), SENTENCE)
    }

    /// `text`, cut for display; the mark says that it was cut and how long it is.
    pub(crate) fn cut(&self, text: impl AsRef<str>, max: usize) -> String {
        show::cut(text.as_ref(), max, |all| {
            let all = dates::count(all as u64, self.lang);
            match self.lang {
                Lang::Fr => format!(" [coupé ici : {all} caractères en tout]"),
                Lang::En => format!(" [cut here: {all} characters in all]"),
            }
        })
    }

    pub(crate) fn date(&self, rfc3339: &str) -> String {
        self.cut(dates::date(rfc3339, self.lang), 100)
    }

    /// Milliseconds.
    pub(crate) fn length(&self, ms: &u64) -> String {
        dates::length(*ms, self.lang)
    }

    pub(crate) fn size(&self, bytes: &u64) -> String {
        dates::size(*bytes, self.lang)
    }

    /// Microseconds as seconds with three decimals.
    pub(crate) fn seconds(&self, us: &u64) -> String {
        dates::seconds(*us, self.lang)
    }

    /// A delay that a server asked for, in microseconds.
    pub(crate) fn delay(&self, us: &u64) -> String {
        dates::delay(*us, self.lang)
    }

    /// How long after `start` something was, both in microseconds.
    pub(crate) fn since(&self, start: &u64, at: &u64) -> String {
        format!("+{}\u{a0}s", dates::seconds(at.saturating_sub(*start), self.lang))
    }

    pub(crate) fn party(&self, party: &Party) -> String {
        self.text(&party.label())
    }

    /// A number of seconds with one decimal.
    pub(crate) fn tenths(&self, seconds: &f64) -> String {
        let plain = format!("{seconds:.1}");
        match self.lang {
            Lang::Fr => plain.replace('.', ","),
            Lang::En => plain,
        }
    }

    pub(crate) fn status(&self, status: &Status) -> String {
        capital(status.label().get(self.lang))
    }

    /// A label that begins a cell: with a capital.
    pub(crate) fn label(&self, label: Text) -> String {
        capital(label.get(self.lang))
    }

    pub(crate) fn yes(&self, yes: bool) -> &'static str {
        match (yes, self.lang) {
            (true, Lang::Fr) => "oui",
            (true, Lang::En) => "yes",
            (false, Lang::Fr) => "non",
            (false, Lang::En) => "no",
        }
    }

    /// RFC 2119 keywords; what is not one stays.
    pub(crate) fn keyword<'t>(&self, keyword: &'t str) -> &'t str {
        match keyword {
            "MUST" => self.of("DOIT", "MUST"),
            "MUST NOT" => self.of("NE DOIT PAS", "MUST NOT"),
            "SHOULD" => self.of("DEVRAIT", "SHOULD"),
            "SHOULD NOT" => self.of("NE DEVRAIT PAS", "SHOULD NOT"),
            "MAY" => self.of("PEUT", "MAY"),
            other => other,
        }
    }

    /// Where a requirement comes from.
    pub(crate) fn origin<'t>(&self, origin: &'t str) -> &'t str {
        match origin {
            "official" => self.of("document officiel", "official document"),
            "standard" => self.of("norme", "standard"),
            "bench" => self.of("lecture du banc", "the bench’s own reading"),
            other => other,
        }
    }

    pub(crate) fn criticality<'t>(&self, criticality: &'t str) -> &'t str {
        match criticality {
            "minor" => self.of("mineure", "minor"),
            "major" => self.of("majeure", "major"),
            "critical" => self.of("critique", "critical"),
            other => other,
        }
    }

    /// The gates of the mock.
    pub(crate) fn gate<'t>(&self, gate: &'t str) -> &'t str {
        match gate {
            "quota-level-1" => self.of("quota de niveau 1", "level-1 quota"),
            "quota-level-2" => self.of("quota de niveau 2", "level-2 quota"),
            "client-id" => self.of("client_id connu", "client_id known"),
            "credential" => self.of("secret ou certificat", "secret or certificate"),
            "token" => self.of("jeton d’accès", "access token"),
            "whitelist" => self.of("liste blanche", "whitelist"),
            "headers" => self.of("en-têtes Ror-*", "Ror-* headers"),
            "grant" => self.of("délivrance du jeton", "token grant"),
            "route" => self.of("aiguillage", "routing"),
            "scripted" => self.of("réponse scénarisée", "scripted reply"),
            other => other,
        }
    }

    pub(crate) fn quota(&self, quota: &QuotaState) -> String {
        let QuotaState { before, after, limit, .. } = quota;
        match self.lang {
            Lang::Fr => {
                format!("appels dans la fenêtre : {before} avant, {after} avec celui-ci, limite {limit}")
            }
            Lang::En => format!("calls in the window: {before} before, {after} with this one, limit {limit}"),
        }
    }

    /// What is wrong with a certificate.
    pub(crate) fn fault<'t>(&self, fault: &'t str) -> &'t str {
        match fault {
            "expired" => self.of("expiré", "expired"),
            "not-yet-valid" => self.of("pas encore valable", "not yet valid"),
            "unknown-authority" => self.of("autorité inconnue", "unknown authority"),
            "wrong-usage" => self.of("usage non prévu", "wrong usage"),
            other => other,
        }
    }

    pub(crate) fn registration<'t>(&self, registration: &'t str) -> &'t str {
        match registration {
            "active" => self.of("actif", "active"),
            "suspended" => self.of("suspendu", "suspended"),
            "not-listed" => self.of("absent de la liste blanche", "not on the whitelist"),
            "unknown-client" => self.of("client_id inconnu", "unknown client_id"),
            other => other,
        }
    }

    /// How a step ended.
    pub(crate) fn end(&self, end: &StepEnd) -> String {
        match end {
            StepEnd::Done => self.of("terminé", "done").to_owned(),
            StepEnd::NoAction => {
                self.of("le client n’a pas cette action", "the client does not have this action").to_owned()
            }
            StepEnd::Error { message } if message.trim().is_empty() => self
                .of(
                    "le client signale une erreur, sans message",
                    "the client reports an error, without a message",
                )
                .to_owned(),
            StepEnd::Error { message } => {
                self.with(self.of("le client signale une erreur", "the client reports an error"), message)
            }
            StepEnd::NotStarted { reason } => {
                self.with(self.of("l’adaptateur n’a pas pu démarrer", "the adapter could not start"), reason)
            }
            StepEnd::Signal { signal } => self.with(
                self.of("l’adaptateur a été tué par le signal", "the adapter was killed by signal"),
                &signal.to_string(),
            ),
            StepEnd::Deadline => self.of("arrêté à l’échéance", "stopped at its deadline").to_owned(),
            StepEnd::Human { answer } => {
                self.with(self.of("une personne a répondu", "a person answered"), answer)
            }
        }
    }

    /// `label: value`, with the colon of the language.
    pub(crate) fn with(&self, label: &str, value: &str) -> String {
        format!("{label}{}{}", self.colon(), self.cut(value, SENTENCE))
    }

    /// The colon between a label and its value.
    pub(crate) fn colon(&self) -> &'static str {
        self.of("\u{a0}: ", ": ")
    }

    /// The verdict in two or three words, and the status whose colour and sign it wears.
    pub(crate) fn verdict(&self, outcome: &Outcome) -> (&'static str, Status) {
        let gate = &outcome.gate;
        let in_part = gate.plans.iter().any(|plan| plan.state == PlanState::InPart);
        match gate.exit_code {
            0 if !gate.plans.iter().any(|plan| plan.covered) => {
                (self.of("Aucun échec, aucun plan couvert", "No failure, no plan covered"), Status::Skip)
            }
            0 if in_part && outcome.total(Status::Xfail) > 0 => (
                self.of(
                    "Aucun échec dans ce qui a été joué, échecs attendus mis à part",
                    "No failure in what was played, expected failures apart",
                ),
                Status::Xfail,
            ),
            0 if in_part => {
                (self.of("Aucun échec dans ce qui a été joué", "No failure in what was played"), Status::Skip)
            }
            0 if outcome.total(Status::Xfail) > 0 => (
                self.of("Conforme, échecs attendus mis à part", "Conforming, expected failures apart"),
                Status::Xfail,
            ),
            0 => (self.of("Conforme", "Conforming"), Status::Pass),
            1 => (self.of("Non conforme", "Not conforming"), Status::Fail),
            3 => (self.of("Configuration à corriger", "Configuration to be corrected"), Status::ConfigError),
            4 => (self.of("Erreur du banc", "Bench error"), Status::HarnessError),
            5 => (self.of("Non concluant", "Inconclusive"), Status::Inconclusive),
            _ => (self.of("Erreur d’usage", "Usage error"), Status::ConfigError),
        }
    }

    /// What can be said of a plan, in a few words.
    pub(crate) fn plan(&self, plan: &PlanOutcome) -> &'static str {
        match plan.state {
            PlanState::NotCovered => self.of("non couvert", "not covered"),
            PlanState::Broken => self.of("non conforme", "not conforming"),
            PlanState::Undecided => self.of("non tranché", "undecided"),
            PlanState::InPart => self.of("joué en partie, sans échec", "played in part, without failure"),
            PlanState::Conforming if plan.expected_failures > 0 => {
                self.of("conforme, échecs attendus mis à part", "conforming, expected failures apart")
            }
            PlanState::Conforming => self.of("conforme", "conforming"),
        }
    }

    /// How much of a plan was played, when not all of it was.
    pub(crate) fn part(&self, plan: &PlanOutcome) -> Option<String> {
        (plan.left_out > 0).then(|| plan.part().get(self.lang).to_owned())
    }

    /// What leads to which exit code, the first that applies.
    pub(crate) fn gate_rule(&self, outcome: &Outcome) -> Vec<(u8, String)> {
        let own = |fr: &str, en: &str| self.of(fr, en).to_owned();
        let mut rule = vec![
            (
                2,
                own(
                    "erreur d’usage, ou erreur dans un fichier de scénario",
                    "usage error, or error in a scenario file",
                ),
            ),
            (
                3,
                own(
                    "l’adaptateur n’a pas pu démarrer, rien de lui n’a atteint le bouchon, ou un contrôle préalable a échoué",
                    "the adapter could not start, nothing of it reached the mock, or a preflight check failed",
                ),
            ),
            (
                1,
                own(
                    "au moins un échec, ou un succès inattendu : une entrée périmée de la liste des échecs attendus",
                    "any fail, or an unexpected pass: a stale entry of the baseline",
                ),
            ),
        ];
        for status in &outcome.run.fail_on {
            let label = Status::ALL
                .iter()
                .find(|known| known.name() == status)
                .map_or_else(|| self.cut(status, 100), |known| known.label().get(self.lang).to_owned());
            let sentence = own(
                "demandé par --fail-on, au moins un contrôle de statut",
                "asked for by --fail-on, any check of status",
            );
            rule.push((1, self.with(&sentence, &label)));
        }
        rule.extend([
            (4, own("au moins une erreur du banc", "any bench error")),
            (3, own("au moins une erreur de configuration", "any configuration error")),
            (
                5,
                own(
                    "au moins un contrôle non concluant, aucun succès, ou un plan demandé qui n’est pas couvert",
                    "any inconclusive check, nothing passed, or a plan asked for that is not covered",
                ),
            ),
            (
                0,
                own(
                    "conforme ; avertissements, contrôles à vérifier, non exécutés et échecs attendus n’y changent rien",
                    "conforming; warnings, checks to be reviewed, checks not run and expected failures change nothing",
                ),
            ),
        ]);
        rule
    }

    /// A JSON value in one line: texts without quotes, lists with commas.
    pub(crate) fn value(&self, value: &Value) -> String {
        let line = match value {
            Value::String(text) => text.clone(),
            Value::Bool(yes) => self.yes(*yes).to_owned(),
            Value::Null => "—".to_owned(),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect::<Vec<_>>().join(", "),
            other => other.to_string(),
        };
        self.cut(&line, 500)
    }
}

/// `text` with its first letter as a capital.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
