//! The requirement ledger: what is asked of whom, by which document, in both languages.

use std::path::Path;

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use crate::scenario::diagnostic::{Code, Diagnostic, quoted};
use crate::scenario::lint::{self, Requirements};
use crate::scenario::load::{Key, Loaded, load, read_text};
use crate::text::Text;

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios/requirements");

/// The largest ledger file, in bytes.
const FILE_LIMIT: u64 = 256 * 1024;

/// How strongly something is asked (RFC 2119, and the charter's quotas).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum Keyword {
    /// Allowed.
    #[serde(rename = "MAY")]
    May,
    /// A measure that the ROR enforces.
    #[serde(rename = "QUOTA")]
    Quota,
    /// Advised: breaking it is a warning.
    #[serde(rename = "SHOULD")]
    Should,
    /// Forbidden: breaking it is a failure.
    #[serde(rename = "MUST NOT")]
    MustNot,
    /// Demanded: breaking it is a failure.
    #[serde(rename = "MUST")]
    Must,
}

impl Keyword {
    /// As it stands in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::May => "MAY",
            Self::Quota => "QUOTA",
            Self::Should => "SHOULD",
            Self::MustNot => "MUST NOT",
            Self::Must => "MUST",
        }
    }

    /// Whether breaking it is a failure.
    #[must_use]
    pub fn is_must(self) -> bool {
        matches!(self, Self::Must | Self::MustNot)
    }
}

/// Who is obliged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObligedParty {
    /// The client, or its editor.
    Client,
    /// The ROR.
    Server,
    /// Both.
    Both,
}

impl ObligedParty {
    /// Whether the client is obliged.
    #[must_use]
    pub fn client(self) -> bool {
        self != Self::Server
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A document of the ANS.
    Official,
    /// An RFC, or FHIR R4.
    Standard,
    /// This bench: its reading, with its derivation.
    Bench,
}

impl Origin {
    /// As it stands in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Official => "official",
            Self::Standard => "standard",
            Self::Bench => "bench",
        }
    }
}

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Requirement {
    /// Its id, the same everywhere.
    pub id: String,
    /// How strongly it is asked.
    pub keyword: Keyword,
    /// Who is obliged.
    pub party: ObligedParty,
    /// Who asks.
    pub origin: Origin,
    /// Document and section.
    pub source: String,
    /// What it asks.
    pub text: Text,
    /// How the bench comes to ask it; for those of origin *bench*.
    #[serde(default)]
    pub derivation: Option<Text>,
    /// Why no check decides it.
    #[serde(default)]
    pub untested: Option<Text>,
}

/// All requirements, in the order of their files.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// The requirements; no id comes twice in a ledger that was loaded.
    pub requirements: Vec<Requirement>,
}

impl Ledger {
    /// The ledger that comes with the bench.
    ///
    /// # Errors
    /// When a file of it is wrong, which a test of the bench excludes.
    pub fn builtin() -> Result<Self, Vec<Diagnostic>> {
        let mut files: Vec<_> = BUILT_IN.files().collect();
        files.sort_by_key(|file| file.path());
        let mut ledger = Self::default();
        for file in files {
            let name = format!("scenarios/requirements/{}", file.path().display());
            ledger.add(&name, file.contents_utf8().unwrap_or_default())?;
        }
        Ok(ledger)
    }

    /// One file's requirements.
    ///
    /// # Errors
    /// When the file is wrong, or an id comes twice.
    pub fn load_str(name: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut ledger = Self::default();
        ledger.add(name, text)?;
        Ok(ledger)
    }

    /// The requirements of all `*.yaml` files of a folder, in the order of their names.
    ///
    /// # Errors
    /// When the folder or a file of it cannot be read or is wrong, or an id comes twice.
    pub fn load_dir(dir: &Path) -> Result<Self, Vec<Diagnostic>> {
        let name = dir.display().to_string();
        let unreadable = |error: std::io::Error| {
            let message = Text::new(
                format!("ce dossier ne peut pas être lu : {error}"),
                format!("this folder cannot be read: {error}"),
            );
            vec![Diagnostic::of_file(Code::UnreadableFile, &name, message, Text::default())]
        };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                paths.push(path);
            }
        }
        paths.sort();
        let mut ledger = Self::default();
        for path in paths {
            let text = read_text(&path, FILE_LIMIT).map_err(|diagnostic| vec![*diagnostic])?;
            ledger.add(&path.display().to_string(), &text)?;
        }
        Ok(ledger)
    }

    /// The requirement of that id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Requirement> {
        self.requirements.iter().find(|requirement| requirement.id == id)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements.iter()
    }

    /// Those that oblige the client, in ledger order.
    pub fn client(&self) -> impl Iterator<Item = &Requirement> {
        self.iter().filter(|requirement| requirement.party.client())
    }

    /// The requirement whose id is nearest, when it is near enough.
    #[must_use]
    pub fn nearest(&self, id: &str) -> Option<&str> {
        lint::nearest_requirement(id, self.requirements.iter().map(|requirement| requirement.id.as_str()))
    }

    /// The strongest keyword of those ids; ids that are not in the ledger are passed over.
    #[must_use]
    pub fn strongest<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Option<Keyword> {
        ids.into_iter().filter_map(|id| self.get(id)).map(|requirement| requirement.keyword).max()
    }

    fn add(&mut self, name: &str, text: &str) -> Result<(), Vec<Diagnostic>> {
        let loaded: Loaded<Vec<Requirement>> = load(name, text)?;
        let mut found = Vec::new();
        for (index, requirement) in loaded.value.into_iter().enumerate() {
            let path = |key: &str| [Key::from(index), Key::from(key)];
            let mut refuse = |code, key: &str, message, help| {
                let place = loaded.positions.value(&path(key));
                found.push(Diagnostic::at(code, name, &loaded.text, place, message, help));
            };
            let id = requirement.id.clone();
            if !is_an_id(&id) {
                let shown = quoted(&id);
                refuse(
                    Code::MalformedId,
                    "id",
                    Text::new(
                        format!("« {shown} » n’est pas un identifiant d’exigence"),
                        format!("`{shown}` is no requirement identifier"),
                    ),
                    Text::new(
                        "des majuscules, des chiffres et des tirets : BANC-429-01",
                        "upper-case letters, digits and hyphens: BANC-429-01",
                    ),
                );
            }
            if self.get(&id).is_some() {
                refuse(
                    Code::DuplicateId,
                    "id",
                    Text::new(
                        format!("l’exigence « {id} » est déjà dans le registre"),
                        format!("the requirement `{id}` is already in the ledger"),
                    ),
                    Text::new("donnez-lui un autre identifiant", "give it another identifier"),
                );
            }
            if requirement.text.fr.trim().is_empty() || requirement.text.en.trim().is_empty() {
                refuse(
                    Code::EmptyText,
                    "text",
                    Text::new(
                        "le texte est vide dans une des deux langues",
                        "the text is empty in one of the two languages",
                    ),
                    Text::new("écrivez-le en français et en anglais", "write it in French and in English"),
                );
            }
            if requirement.origin == Origin::Bench && requirement.derivation.is_none() {
                refuse(
                    Code::MissingKey,
                    "id",
                    Text::new(
                        "une lecture du banc dit d’où elle vient",
                        "a reading of the bench says where it comes from",
                    ),
                    Text::new(
                        "ajoutez « derivation: { fr: …, en: … } »",
                        "add `derivation: { fr: …, en: … }`",
                    ),
                );
            }
            self.requirements.push(requirement);
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
    }
}

impl Requirements for Ledger {
    fn obliges_client(&self, id: &str) -> Option<bool> {
        self.get(id).map(|requirement| requirement.party.client())
    }

    fn nearest(&self, id: &str) -> Option<&str> {
        Self::nearest(self, id)
    }
}

fn is_an_id(id: &str) -> bool {
    id.contains('-')
        && id.len() <= 40
        && id.split('-').all(|word| {
            !word.is_empty()
                && word.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
        })
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ONE: &str = r#"- id: BANC-429-01
  keyword: MUST
  party: client
  origin: bench
  source: "here"
  text: { fr: "Un.", en: "One." }
  derivation: { fr: "Deux.", en: "Two." }
"#;

    #[test]
    fn the_built_in_ledger_is_well_formed_and_sourced() {
        let ledger = Ledger::builtin().unwrap();
        assert!(ledger.iter().count() > 60);
        for requirement in ledger.iter() {
            assert!(!requirement.source.is_empty(), "{}", requirement.id);
            assert_eq!(
                requirement.origin == Origin::Bench,
                requirement.derivation.is_some(),
                "{}",
                requirement.id
            );
        }
        assert_eq!(ledger.get("BANC-PACE-02").unwrap().keyword, Keyword::Should);
        assert!(ledger.client().all(|requirement| requirement.party != ObligedParty::Server));
    }

    #[test]
    fn a_duplicate_id_and_a_reading_without_derivation_are_refused() {
        let twice = format!("{ONE}{ONE}");
        assert_eq!(Ledger::load_str("a.yaml", &twice).unwrap_err()[0].code, Code::DuplicateId);
        let bare = ONE.replace("  derivation: { fr: \"Deux.\", en: \"Two.\" }\n", "");
        assert_eq!(Ledger::load_str("a.yaml", &bare).unwrap_err()[0].code, Code::MissingKey);
        let lower = ONE.replace("BANC-429-01", "banc_1");
        assert_eq!(Ledger::load_str("a.yaml", &lower).unwrap_err()[0].code, Code::MalformedId);
    }

    #[test]
    fn the_strongest_keyword_decides_the_level_of_a_check() {
        let ledger = Ledger::builtin().unwrap();
        assert_eq!(ledger.strongest(["BANC-PACE-02", "BANC-PACE-01"]), Some(Keyword::Must));
        assert_eq!(ledger.strongest(["BANC-PACE-02"]), Some(Keyword::Should));
        assert_eq!(ledger.strongest(["NO-SUCH-ID"]), None);
        assert_eq!(ledger.nearest("BANC-PACE-002"), Some("BANC-PACE-02"));
        assert_eq!(ledger.nearest("completely-different"), None);
    }

    #[test]
    fn a_folder_gives_the_same_ledger_as_the_binary() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/requirements");
        let from_dir: Vec<Requirement> = Ledger::load_dir(&dir).unwrap().iter().cloned().collect();
        let built_in: Vec<Requirement> = Ledger::builtin().unwrap().iter().cloned().collect();
        assert_eq!(from_dir, built_in);
        assert!(Ledger::load_dir(&dir.join("nowhere")).is_err());
    }
}
