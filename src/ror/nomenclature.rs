//! The code systems in use, by short name: `TRE_R211` is the URL that goes over the wire plus its known labels.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

const STANDARD: &str = include_str!("../../scenarios/reference/nomenclature.yaml");

static NOMENCLATURE: LazyLock<Nomenclature> = LazyLock::new(|| {
    // The file travels inside the binary and a test reads it: a failure here is a broken build.
    Nomenclature::from_yaml(STANDARD).expect("scenarios/reference/nomenclature.yaml is well-formed")
});

/// Code systems and identifier systems by short name.
#[derive(Debug)]
pub struct Nomenclature {
    systems: BTreeMap<String, CodeSystem>,
}

/// One code system.
#[derive(Debug)]
pub struct CodeSystem {
    /// Its URL in `Coding.system`.
    pub url: String,
    /// Where the URL and the labels come from.
    pub source: String,
    labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    systems: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Option<String>,
    url: Option<String>,
    source: String,
    #[serde(default)]
    codes: BTreeMap<String, String>,
    #[serde(default)]
    illustrative: BTreeMap<String, String>,
}

impl Nomenclature {
    /// That of `scenarios/reference/nomenclature.yaml`.
    #[must_use]
    pub fn standard() -> &'static Self {
        &NOMENCLATURE
    }

    /// Reads a nomenclature file; the error says where.
    pub fn from_yaml(text: &str) -> Result<Self, String> {
        let file: File = serde_saphyr::from_str(text).map_err(|e| e.to_string())?;
        let mut systems = BTreeMap::new();
        for (short, entry) in file.systems {
            let url = match (entry.url, entry.name) {
                (Some(url), None) => url,
                (None, Some(name)) => nos_url(&short, &name),
                _ => return Err(format!("{short}: exactly one of `name` and `url` is expected")),
            };
            let mut labels = entry.codes;
            labels.extend(entry.illustrative);
            systems.insert(short, CodeSystem { url, source: entry.source, labels });
        }
        Ok(Self { systems })
    }

    /// By short name (`TRE_R211`).
    #[must_use]
    pub fn system(&self, short: &str) -> Option<&CodeSystem> {
        self.systems.get(short)
    }

    /// Every short name with its system.
    pub fn systems(&self) -> impl Iterator<Item = (&str, &CodeSystem)> {
        self.systems.iter().map(|(short, system)| (short.as_str(), system))
    }

    /// `TRE_R211|022` → `<URL>|022`, also `TRE_R211` alone and `TRE_R211|`; `None` when there is no such short name.
    #[must_use]
    pub fn expand(&self, short: &str) -> Option<String> {
        match short.split_once('|') {
            Some((system, code)) => self.system(system).map(|system| format!("{}|{code}", system.url)),
            None => self.system(short).map(|system| system.url.clone()),
        }
    }
}

impl CodeSystem {
    /// The label of `code`, when it is a known one.
    #[must_use]
    pub fn label(&self, code: &str) -> Option<&str> {
        self.labels.get(code).map(String::as_str)
    }

    /// Every known code with its label.
    pub fn codes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().map(|(code, label)| (code.as_str(), label.as_str()))
    }
}

/// [`Nomenclature::expand`] of the standard nomenclature: scenarios write short names.
#[must_use]
pub fn expand_code(short: &str) -> Option<String> {
    Nomenclature::standard().expand(short)
}

/// The URL pattern of the NOS (`ror-fhir.md` §4).
fn nos_url(short: &str, name: &str) -> String {
    // Two systems with the same number differ in name only; what follows `/` in the short name tells them apart.
    let number = short.split('/').next().unwrap_or(short);
    format!("https://mos.esante.gouv.fr/NOS/{number}-{name}/FHIR/{}-{name}", number.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_expand() {
        assert_eq!(
            expand_code("TRE_R211|022").as_deref(),
            Some(
                "https://mos.esante.gouv.fr/NOS/TRE_R211-ActiviteOperationnelle/FHIR/TRE-R211-ActiviteOperationnelle|022"
            )
        );
        assert_eq!(
            expand_code("FINESS|450000001").as_deref(),
            Some("https://finess.esante.gouv.fr|450000001")
        );
        assert_eq!(expand_code("TRE_R9999|1"), None);
        assert!(expand_code("TRE_R211|").is_some_and(|e| e.ends_with('|')));
    }

    #[test]
    fn every_system_has_a_source_and_every_label_words() {
        for (short, system) in Nomenclature::standard().systems() {
            assert!(!system.source.is_empty(), "{short}");
            assert!(system.codes().all(|(code, label)| !code.is_empty() && !label.is_empty()), "{short}");
        }
    }

    #[test]
    fn a_system_without_address_is_refused() {
        assert!(Nomenclature::from_yaml("systems: { X: { source: s } }").is_err());
    }
}
