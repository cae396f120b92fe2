//! Says the YAML reader's errors in both languages, with a code and a remedy.

use serde_saphyr::Error;

use super::positions::{Positions, position};
use crate::scenario::diagnostic::{Code, Diagnostic, Position, quoted, suggestion};
use crate::text::Text;

/// The diagnostic of a reader's error. `positions` lends the length of what stands at the error's place.
pub(super) fn diagnostic(file: &str, text: &str, positions: Option<&Positions>, error: &Error) -> Diagnostic {
    let error = inner(error);
    let (code, message, help) = describe(error, text);
    let mut place = error.location().map(position).unwrap_or_default();
    if code == Code::Syntax
        && let Some(tab) = tab_indentation(text)
    {
        place = tab;
    }
    if let Some(positions) = positions {
        let found = if code == Code::MissingKey {
            positions.around(place.line, place.column)
        } else {
            positions.starting_at(place.line, place.column)
        };
        place = found.unwrap_or(place);
    }
    place = within(text, place);
    Diagnostic::at(code, file, text, place, message, help)
}

fn inner(error: &Error) -> &Error {
    match error.without_snippet() {
        Error::AliasError { error, .. } => inner(error),
        other => other,
    }
}

/// A place just behind the end of the text is shown at the end of its last line.
fn within(text: &str, place: Position) -> Position {
    let lines: Vec<&str> = text.lines().collect();
    if place.line == 0 || lines.is_empty() {
        return Position { line: 1, column: 1, length: 1 };
    }
    if place.line <= lines.len() {
        return place;
    }
    let last = lines.iter().rposition(|line| !line.trim().is_empty()).unwrap_or(0);
    Position { line: last + 1, column: lines[last].chars().count() + 1, length: 1 }
}

fn describe(error: &Error, text: &str) -> (Code, Text, Text) {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            let field = quoted(field);
            let message = Text::new(format!("clé inconnue « {field} »"), format!("unknown key `{field}`"));
            (Code::UnknownKey, message, suggestion(&field, expected))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            let variant = quoted(variant);
            let message = Text::new(
                format!("« {variant} » ne fait pas partie des mots admis ici"),
                format!("`{variant}` is none of the words allowed here"),
            );
            (Code::UnknownWord, message, suggestion(&variant, expected))
        }
        Error::SerdeMissingField { field, .. } => (
            Code::MissingKey,
            Text::new(format!("la clé « {field} » manque"), format!("the key `{field}` is missing")),
            Text::new(format!("ajoutez « {field}: … »"), format!("add `{field}: …`")),
        ),
        Error::DuplicateMappingKey { key, .. } => {
            let key = quoted(key.as_deref().unwrap_or("?"));
            (
                Code::DuplicateKey,
                Text::new(
                    format!("la clé « {key} » est écrite deux fois"),
                    format!("the key `{key}` is written twice"),
                ),
                Text::new("gardez-en une seule", "keep one of them"),
            )
        }
        Error::MultipleDocuments { .. } => several_documents(),
        Error::Budget { breach: serde_saphyr::budget::BudgetBreach::Documents { .. }, .. } => {
            several_documents()
        }
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => too_complex(),
        Error::InvalidBooleanStrict { .. } => wrong_type("un booléen", "a boolean", "true", "true"),
        Error::InvalidScalar { ty, .. } => {
            let (fr, en, example) = scalar(ty);
            wrong_type(fr, en, example, example)
        }
        Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidValue { expected, .. } => {
            let (fr, en) = expectation(expected);
            wrong_type(&fr, &en, "", "")
        }
        Error::SerdeInvalidLength { expected, .. } => {
            let (fr, en) = expectation(expected);
            wrong_type(&fr, &en, "", "")
        }
        Error::Unexpected { expected, .. } => {
            let (fr, en) = expectation(expected);
            wrong_type(&fr, &en, "", "")
        }
        Error::NullIntoString { .. } => wrong_type("un texte", "a text", "\"…\"", "\"…\""),
        Error::ExternallyTaggedEnumExpectedScalarOrMapping { .. }
        | Error::ExpectedStringKeyForExternallyTaggedEnum { .. }
        | Error::UnexpectedValueForUnitEnumVariant { .. } => wrong_type("un mot", "a word", "", ""),
        Error::ExpectedMappingEndAfterEnumVariantValue { .. } => (
            Code::WrongType,
            Text::new("une seule clé est attendue ici", "one single key is expected here"),
            Text::new(
                "écrivez un contrôle par sorte d’attente",
                "write one check for each kind of expectation",
            ),
        ),
        Error::Eof { .. } => (
            Code::Syntax,
            Text::new("le texte finit trop tôt", "the text ends too early"),
            Text::new("complétez la dernière ligne", "complete the last line"),
        ),
        Error::Message { msg, .. } => own_message(msg),
        Error::InvalidUtf8Input => (
            Code::NotUtf8,
            Text::new("le fichier n’est pas en UTF-8", "the file is not UTF-8"),
            Text::new("enregistrez-le en UTF-8", "save it as UTF-8"),
        ),
        other => syntax(&first_line(&other.to_string()), text),
    }
}

fn several_documents() -> (Code, Text, Text) {
    (
        Code::SeveralDocuments,
        Text::new("le fichier contient plusieurs documents YAML", "the file holds several YAML documents"),
        Text::new(
            "retirez la ligne « --- » : un fichier par document",
            "remove the line `---`: one file for each document",
        ),
    )
}

fn too_complex() -> (Code, Text, Text) {
    (
        Code::TooComplex,
        Text::new(
            "le fichier est trop profond, trop long ou abuse des alias YAML",
            "the file is too deep, too long, or abuses YAML aliases",
        ),
        Text::new("écrivez-le plus simplement, sans alias", "write it more simply, without aliases"),
    )
}

fn wrong_type(fr: &str, en: &str, example_fr: &str, example_en: &str) -> (Code, Text, Text) {
    let help = if example_fr.is_empty() {
        Text::new("« banc-ror schema » décrit chaque clé", "`banc-ror schema` describes every key")
    } else {
        Text::new(format!("par exemple : {example_fr}"), format!("for example: {example_en}"))
    };
    (Code::WrongType, Text::new(format!("attendu ici : {fr}"), format!("expected here: {en}")), help)
}

fn scalar(kind: &str) -> (&'static str, &'static str, &'static str) {
    if kind.starts_with('u') {
        ("un nombre entier positif ou nul", "a whole number, zero or more", "200")
    } else if kind.starts_with('i') {
        ("un nombre entier", "a whole number", "1")
    } else if kind.starts_with('f') {
        ("un nombre", "a number", "1.5")
    } else if kind.starts_with("bool") {
        ("un booléen", "a boolean", "true")
    } else {
        ("une autre valeur", "another value", "")
    }
}

/// `serde` says what it expected in English, mostly in a few forms.
fn expectation(expected: &str) -> (String, String) {
    let english = match expected {
        "mapping start" | "a map" | "mapping" => "a mapping (`key: value` lines)",
        "sequence start" | "a sequence" | "sequence" => "a list",
        "string scalar" | "a string" | "string" => "a text",
        other if other.starts_with("struct ") => "a mapping (`key: value` lines)",
        other if other.starts_with("a tuple of size 2") || other.contains("tuple") => {
            "a pair `[name, value]`"
        }
        other if ["u8", "u16", "u32", "u64"].contains(&other) => "a whole number, zero or more",
        _ => "",
    };
    let french = match english {
        "a mapping (`key: value` lines)" => "un ensemble de lignes « clé: valeur »",
        "a list" => "une liste",
        "a text" => "un texte",
        "a pair `[name, value]`" => "une paire « [nom, valeur] »",
        "a whole number, zero or more" => "un nombre entier positif ou nul",
        _ => "",
    };
    if english.is_empty() {
        let words = quoted(expected);
        return (format!("autre chose ({words})"), format!("something else ({words})"));
    }
    (french.to_owned(), english.to_owned())
}

/// Sentences of our own readers (durations), and those of the YAML scanner.
fn own_message(message: &str) -> (Code, Text, Text) {
    let value = message.split('`').nth(1).map(quoted).unwrap_or_default();
    if message.contains("is no duration") {
        return (
            Code::MalformedDuration,
            Text::new(format!("« {value} » n’est pas une durée"), format!("`{value}` is no duration")),
            Text::new(
                "écrivez un nombre et son unité : 300ms, 2s ou 5m",
                "write a number and its unit: 300ms, 2s or 5m",
            ),
        );
    }
    if message.contains("is out of range") {
        return (
            Code::MalformedDuration,
            Text::new(
                format!("la durée « {value} » est hors limites"),
                format!("the duration `{value}` is out of range"),
            ),
            Text::new("restez entre 0 et une heure", "stay between 0 and one hour"),
        );
    }
    (
        Code::WrongValue,
        Text::new(
            format!("valeur non admise : {}", quoted(message)),
            format!("value not allowed: {}", quoted(message)),
        ),
        Text::new("« banc-ror schema » décrit chaque clé", "`banc-ror schema` describes every key"),
    )
}

/// The scanner's own words are English; the usual mistakes get a sentence of ours.
fn syntax(reason: &str, text: &str) -> (Code, Text, Text) {
    if reason.contains("recursion limit") {
        return too_complex();
    }
    if reason.contains("unknown anchor") {
        return (
            Code::Syntax,
            Text::new(
                "cet alias « * » ne renvoie à aucune ancre « & »",
                "this alias `*` refers to no anchor `&`",
            ),
            Text::new(
                "mettez la valeur entre guillemets si c’est un texte",
                "quote the value if it is a text",
            ),
        );
    }
    if tab_indentation(text).is_some() {
        return (
            Code::Syntax,
            Text::new("cette ligne est indentée par une tabulation", "this line is indented with a tab"),
            Text::new(
                "indentez par des espaces, jamais par des tabulations",
                "indent with spaces, never with tabs",
            ),
        );
    }
    (
        Code::Syntax,
        Text::new(
            format!("ce n’est pas du YAML bien formé ({})", quoted(reason)),
            format!("this is not well-formed YAML ({})", quoted(reason)),
        ),
        Text::new(
            "vérifiez l’indentation, les deux-points, les guillemets et les crochets autour de cet endroit",
            "check the indentation, colons, quotes and brackets around this place",
        ),
    )
}

/// The first line indented with a tab, which YAML forbids and an editor does not show.
fn tab_indentation(text: &str) -> Option<Position> {
    text.lines().enumerate().find_map(|(index, line)| {
        let spaces = line.chars().take_while(|character| *character == ' ').count();
        line.chars().nth(spaces).filter(|character| *character == '\t')?;
        Some(Position { line: index + 1, column: spaces + 1, length: 1 })
    })
}

/// Without the place, which the rendering shows.
fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    line.split(" at line ").next().unwrap_or_default().to_owned()
}
