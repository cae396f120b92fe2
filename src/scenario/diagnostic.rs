//! What is wrong in a file of the author's: where, why and what to do, in both languages.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

use crate::text::{Lang, Text};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file works, and could be better.
    Warning,
}

/// One remark on one place of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// What kind of mistake it is, by a stable name.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// The file as the author named it.
    pub file: String,
    /// Line, from 1; 0 when the whole file is meant.
    pub line: usize,
    /// Column in characters, from 1; 0 when the whole file is meant.
    pub column: usize,
    /// How many characters are meant, at least 1.
    pub length: usize,
    /// The line itself, to be shown; none when the whole file is meant.
    pub source_line: Option<String>,
    /// What is wrong.
    pub message: Text,
    /// What to do about it.
    pub help: Text,
}

/// A place in a file: line and column from 1, length in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Line, from 1; 0 when unknown.
    pub line: usize,
    /// Column, from 1; 0 when unknown.
    pub column: usize,
    /// Length in characters.
    pub length: usize,
}

/// The longest piece of the author's text that a message quotes, in characters.
const QUOTE_LIMIT: usize = 80;

impl Diagnostic {
    /// About a place of `text`, the content of `file`.
    #[must_use]
    pub fn at(code: Code, file: &str, text: &str, position: Position, message: Text, help: Text) -> Self {
        let source_line = position
            .line
            .checked_sub(1)
            .and_then(|index| text.trim_start_matches('\u{feff}').lines().nth(index))
            .map(printable);
        Self {
            code,
            severity: code.severity(),
            file: file.to_owned(),
            line: position.line,
            column: position.column,
            length: position.length.max(1),
            source_line,
            message,
            help,
        }
    }

    /// About a whole file.
    #[must_use]
    pub fn of_file(code: Code, file: &str, message: Text, help: Text) -> Self {
        Self::at(code, file, "", Position::default(), message, help)
    }

    /// The diagnostic as people read it: message, file, line and column, the source line with a caret, the remedy.
    #[must_use]
    pub fn render(&self, lang: Lang, colour: bool) -> String {
        let (level, name) = match (self.severity, lang) {
            (Severity::Error, Lang::Fr) => (Level::ERROR, "erreur"),
            (Severity::Error, Lang::En) => (Level::ERROR, "error"),
            (Severity::Warning, Lang::Fr) => (Level::WARNING, "avertissement"),
            (Severity::Warning, Lang::En) => (Level::WARNING, "warning"),
        };
        let title = level.with_name(name).primary_title(self.message.get(lang)).id(self.code.name());
        let mut group = match &self.source_line {
            Some(line) => {
                let caret = AnnotationKind::Primary.span(self.byte_span(line));
                title.element(
                    Snippet::source(line.as_str())
                        .line_start(self.line)
                        .path(self.file.as_str())
                        .fold(false)
                        .annotation(caret),
                )
            }
            None => title.element(Origin::path(self.file.as_str())),
        };
        if !self.help.is_empty() {
            let name = match lang {
                Lang::Fr => "remède",
                Lang::En => "remedy",
            };
            group = group.element(Level::HELP.with_name(name).message(printable(self.help.get(lang))));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.decor_style(DecorStyle::Ascii).term_width(140).render(&[group])
    }

    fn byte_span(&self, line: &str) -> std::ops::Range<usize> {
        let byte_of =
            |character: usize| line.char_indices().nth(character).map_or(line.len(), |(byte, _)| byte);
        let start = self.column.saturating_sub(1);
        byte_of(start)..byte_of(start + self.length)
    }
}

/// Puts several diagnostics one below the other.
#[must_use]
pub fn render_all(diagnostics: &[Diagnostic], lang: Lang, colour: bool) -> String {
    let rendered: Vec<String> =
        diagnostics.iter().map(|diagnostic| diagnostic.render(lang, colour)).collect();
    rendered.join("\n\n")
}

/// The author's words inside a message: bounded, without control characters.
#[must_use]
pub fn quoted(words: &str) -> String {
    let mut short: String = printable(words).chars().take(QUOTE_LIMIT).collect();
    if words.chars().count() > QUOTE_LIMIT {
        short.push('…');
    }
    short
}

/// « Did you mean »: the nearest of `known`, when it is near enough.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase()), candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| {
            *distance <= (candidate.chars().count().min(wanted.chars().count()) / 3).max(1)
        })
        .map(|(_, candidate)| candidate)
}

/// The remedy for a word that is not known: the nearest one, or all of them when they are few.
#[must_use]
pub fn suggestion(word: &str, known: &[&str]) -> Text {
    if let Some(near) = nearest(word, known.iter().copied()) {
        return Text::new(format!("vouliez-vous dire « {near} » ?"), format!("did you mean `{near}`?"));
    }
    let list = known.join(", ");
    Text::new(format!("valeurs connues : {list}"), format!("known here: {list}"))
}

/// Control characters and direction marks would let a file draw on the reader's terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\t' => ' ',
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => '\u{fffd}',
            control if control.is_control() => '\u{fffd}',
            other => other,
        })
        .collect()
}

macro_rules! codes {
    ($($variant:ident $name:literal $severity:ident $fr:literal $en:literal;)+) => {
        /// The kinds of mistakes, each with a stable name that the documentation explains.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $en] $variant,)+
        }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// How bad it is.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }

            /// What it means, in one sentence.
            #[must_use]
            pub fn meaning(self) -> Text {
                match self { $(Self::$variant => Text::new($fr, $en),)+ }
            }
        }
    };
}

codes! {
    UnreadableFile "unreadable-file" Error
        "Le fichier n’existe pas ou ne peut pas être lu." "The file does not exist or cannot be read.";
    NotAFile "not-a-file" Error
        "Un fichier est attendu, le chemin désigne un dossier." "A file is expected, the path is a folder.";
    FileTooLarge "file-too-large" Error
        "Le fichier dépasse la taille admise." "The file is larger than allowed.";
    NotUtf8 "not-utf-8" Error
        "Le fichier n’est pas encodé en UTF-8." "The file is not encoded in UTF-8.";
    EmptyFile "empty-file" Error
        "Le fichier ne contient aucune donnée." "The file holds no data.";
    Syntax "syntax" Error
        "Le texte n’est pas du YAML bien formé." "The text is not well-formed YAML.";
    SeveralDocuments "several-documents" Error
        "Le fichier contient plusieurs documents YAML." "The file holds several YAML documents.";
    TooComplex "too-complex" Error
        "Le fichier est trop profond, trop long ou abuse des alias." "The file is too deep, too long, or abuses aliases.";
    DuplicateKey "duplicate-key" Error
        "La même clé est écrite deux fois." "The same key is written twice.";
    UnknownKey "unknown-key" Error
        "Cette clé n’a pas de sens ici." "This key means nothing here.";
    MissingKey "missing-key" Error
        "Une clé obligatoire manque." "A key that must be there is missing.";
    WrongType "wrong-type" Error
        "La valeur n’est pas du type attendu." "The value is not of the expected type.";
    WrongValue "wrong-value" Error
        "La valeur n’est pas admise." "The value is not allowed.";
    UnknownWord "unknown-word" Error
        "Le mot ne fait pas partie des mots admis ici." "The word is none of those allowed here.";
    MalformedDuration "malformed-duration" Error
        "La durée est mal écrite ou hors limites." "The duration is badly written or out of range.";
    MalformedId "malformed-id" Error
        "Un identifiant s’écrit en minuscules, chiffres et tirets." "An identifier is written in lower-case letters, digits and hyphens.";
    IdNotFileName "id-not-file-name" Error
        "L’identifiant du scénario est le nom de son fichier." "The scenario's identifier is the name of its file.";
    DuplicateId "duplicate-id" Error
        "Deux éléments portent le même identifiant." "Two items have the same identifier.";
    EmptyText "empty-text" Error
        "Un texte est vide dans une des deux langues." "A text is empty in one of the two languages.";
    MissingInstruction "missing-instruction" Warning
        "Une étape ne dit pas à une personne ce qu’elle doit faire." "A step does not tell a person what to do.";
    EmptyList "empty-list" Error
        "Une liste doit contenir au moins un élément." "A list must hold at least one item.";
    UnknownPlan "unknown-plan" Error
        "Le plan de test n’existe pas." "There is no such test plan.";
    UnknownProfile "unknown-profile" Error
        "Le profil d’accès n’existe pas." "There is no such access profile.";
    UnknownDataset "unknown-dataset" Error
        "Le jeu de données n’existe pas." "There is no such dataset.";
    UnknownRequirement "unknown-requirement" Error
        "L’exigence n’est pas dans le registre." "The requirement is not in the ledger.";
    NotAClientRequirement "not-a-client-requirement" Error
        "L’exigence oblige le serveur : un contrôle ne juge que le client." "The requirement obliges the server: a check judges the client only.";
    InvalidStep "invalid-step" Error
        "Une étape contient exactement une clé parmi `act`, `wait` et `change`." "A step holds exactly one of `act`, `wait` and `change`.";
    InvalidChange "invalid-change" Error
        "Un changement désigne une ressource et en fait une seule chose." "A change designates a resource and does one thing to it.";
    UnknownAction "unknown-action" Error
        "L’action n’est pas dans le contrat de l’adaptateur." "The action is not in the adapter contract.";
    InvalidInput "invalid-input" Error
        "L’entrée n’est pas celle que l’action attend." "The input is not what the action takes.";
    InvalidDeadline "invalid-deadline" Error
        "Le temps laissé au client est nul." "The time allowed to the client is nil.";
    UnknownApi "unknown-api" Error
        "L’API n’existe pas." "There is no such API.";
    InvalidMatcher "invalid-matcher" Error
        "La méthode, le chemin ou le statut ne peut correspondre à aucune requête." "The method, path or status can match no request.";
    InvalidCount "invalid-count" Error
        "Le nombre est impossible." "The count is impossible.";
    InvalidTimes "invalid-times" Error
        "Les bornes manquent ou se contredisent." "Bounds are missing or contradict each other.";
    EmptyReply "empty-reply" Error
        "La réponse programmée n’a ni statut ni défaut." "The scripted reply has neither a status nor a fault.";
    SeveralDelays "several-delays" Error
        "Le délai est annoncé de plusieurs façons à la fois." "The delay is advertised in several ways at once.";
    DelayBeyondDeadline "delay-beyond-deadline" Error
        "Le délai annoncé dépasse le temps laissé au client." "The advertised delay is longer than the time allowed to the client.";
    DelayNeverAdvertised "delay-never-advertised" Error
        "Le contrôle attend un délai que rien n’annonce." "The check waits for a delay that nothing advertises.";
    UnknownScenario "unknown-scenario" Error
        "Le mot ne désigne aucun scénario." "The word names no scenario.";
    UnknownCheck "unknown-check" Error
        "Le mot ne désigne aucun contrôle (« scénario/contrôle »)." "The word names no check (`scenario/check`).";
    MalformedDate "malformed-date" Error
        "La date n’existe pas ou est mal écrite." "The date does not exist or is badly written.";
    MissingControl "missing-control" Error
        "Un serveur à refuser demande une étape avec le bon serveur avant et après." "A server to be refused asks for a step with the good one before and after.";
    StepOutOfRange "step-out-of-range" Error
        "L’étape jugée n’existe pas." "The step to be judged does not exist.";
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_a_unique_kebab_case_name_and_a_meaning_in_both_languages() {
        let names: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.name().chars().all(|c| c.is_ascii_lowercase() || c == '-' || c == '8'), "{code:?}");
            assert!(!code.meaning().fr.is_empty() && !code.meaning().en.is_empty(), "{code:?}");
        }
    }

    #[test]
    fn the_nearest_word_is_suggested_only_when_it_is_near() {
        let known = ["deadline", "wait", "act"];
        assert_eq!(nearest("dedline", known), Some("deadline"));
        assert_eq!(nearest("Wait", known), Some("wait"));
        assert_eq!(nearest("something", known), None);
    }

    #[test]
    fn control_characters_of_the_file_never_reach_the_terminal() {
        let text = "id: a\u{1b}[31m\u{202e}b\n";
        let position = Position { line: 1, column: 5, length: 3 };
        let message = Text::same(quoted("a\u{1b}]0;x\u{7}"));
        let shown = Diagnostic::at(Code::Syntax, "f.yaml", text, position, message, Text::default());
        let shown = shown.render(Lang::En, false);
        assert!(
            !shown.contains('\u{1b}') && !shown.contains('\u{202e}') && !shown.contains('\u{7}'),
            "{shown:?}"
        );
    }

    #[test]
    fn a_colour_rendering_is_styled_and_a_plain_one_is_not() {
        let position = Position { line: 1, column: 1, length: 2 };
        let diagnostic =
            Diagnostic::at(Code::Syntax, "f.yaml", "id: a", position, Text::same("x"), Text::same("y"));
        assert!(diagnostic.render(Lang::Fr, true).contains('\u{1b}'));
        let plain = diagnostic.render(Lang::Fr, false);
        assert!(!plain.contains('\u{1b}') && plain.contains("f.yaml:1:1"), "{plain}");
        assert!(plain.lines().next().unwrap().starts_with("erreur[syntax]"), "{plain}");
    }
}
