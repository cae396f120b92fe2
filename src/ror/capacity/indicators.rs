//! Which combinations of codes are an indicator: `scenarios/reference/capacity-indicators.yaml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::record::{KeyMember, RecordKey};
use crate::ror::nomenclature::{CodeSystem, Nomenclature};
use crate::yaml;

const FILE: &str = "scenarios/reference/capacity-indicators.yaml";

static STANDARD: LazyLock<Indicators> = LazyLock::new(|| {
    // The file travels inside the binary and a test reads it: a failure here is a broken build.
    yaml::from_str(FILE, include_str!("../../../scenarios/reference/capacity-indicators.yaml"))
        .expect("scenarios/reference/capacity-indicators.yaml is well-formed")
});

/// The rules of the data file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Indicators {
    code_members: Vec<CodeMember>,
    indicators: Vec<Row>,
}

/// A sub-extension that holds a code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeMember {
    /// Its `url`.
    pub(super) name: String,
    /// Short name of its code system.
    pub(super) system: String,
    /// Whether it is part of the record key.
    pub(super) key: bool,
    /// Whether each record has it.
    pub(super) mandatory: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    status: String,
    required: Vec<String>,
    absent: Vec<String>,
    types: Vec<String>,
    #[cfg_attr(not(test), expect(dead_code, reason = "read by people, and by a test"))]
    source: String,
}

impl Indicators {
    pub(super) fn standard() -> &'static Self {
        &STANDARD
    }

    /// Sub-extensions that hold a code.
    pub(super) fn code_members(&self) -> &[CodeMember] {
        &self.code_members
    }

    pub(super) fn code_member(&self, name: &str) -> Option<&CodeMember> {
        self.code_members.iter().find(|member| member.name == name)
    }

    /// Whether the key is one of an indicator.
    pub(super) fn accepts(&self, key: &RecordKey) -> bool {
        let Some(row) = self.row(key) else { return false };
        let given = |name: &String| KeyMember::parse(name).is_some_and(|member| key.get(member).is_some());
        let codes_are_known = self.code_members.iter().filter(|member| member.key).all(|member| {
            KeyMember::parse(&member.name)
                .and_then(|key_member| key.get(key_member))
                .is_none_or(|code| member.knows(code))
        });
        codes_are_known
            && key.temporality.is_some()
            && key.assignment.is_some()
            && row.required.iter().all(given)
            && !row.absent.iter().any(given)
    }

    /// Whether the nature of the capacity is one that the indicator expects.
    pub(super) fn accepts_type(&self, key: &RecordKey, capacity_type: &str) -> bool {
        self.row(key).is_none_or(|row| row.types.iter().any(|accepted| accepted == capacity_type))
    }

    fn row(&self, key: &RecordKey) -> Option<&Row> {
        let status = key.status.as_deref()?;
        self.indicators.iter().find(|row| row.status == status)
    }
}

impl CodeMember {
    /// Its code system; the nomenclature holds every one of the file.
    pub(super) fn code_system(&self) -> Option<&'static CodeSystem> {
        Nomenclature::standard().system(&self.system)
    }

    pub(super) fn knows(&self, code: &str) -> bool {
        self.code_system().is_some_and(|system| system.label(code).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(status: &str, others: &[(KeyMember, &str)]) -> RecordKey {
        let mut key = RecordKey::default();
        key.set(KeyMember::Status, status);
        key.set(KeyMember::Temporality, "01");
        key.set(KeyMember::Assignment, "01");
        for (member, code) in others {
            key.set(*member, code);
        }
        key
    }

    #[test]
    fn the_file_speaks_of_what_exists() {
        let standard = Indicators::standard();
        assert!(standard.code_members().iter().all(|member| member.code_system().is_some()));
        for member in KeyMember::ALL {
            assert!(standard.code_member(member.name()).is_some_and(|m| m.key), "{}", member.name());
        }
        assert_eq!(standard.code_members().iter().filter(|m| m.key).count(), 7);
        assert_eq!(standard.code_members().iter().filter(|m| m.mandatory).count(), 5);
        for row in &standard.indicators {
            assert!(!row.source.is_empty());
            assert!(row.required.iter().chain(&row.absent).all(|name| KeyMember::parse(name).is_some()));
            assert!(standard.code_member("capacityStatus").is_some_and(|m| m.knows(&row.status)));
            assert!(
                row.types.iter().all(|t| standard.code_member("capacityType").is_some_and(|m| m.knows(t)))
            );
        }
    }

    #[test]
    fn combinations_are_told_apart() {
        use KeyMember::{AdditionalBedType, ClosingType, CrisisType, Gender, Temporality};
        let standard = Indicators::standard();
        for good in [
            key("01", &[]),
            key("02", &[(Gender, "01"), (Temporality, "03")]),
            key("03", &[]),
            key("04", &[(Gender, "02")]),
            key("05", &[(ClosingType, "01")]),
            key("06", &[(AdditionalBedType, "01")]),
            key("06", &[(AdditionalBedType, "03"), (CrisisType, "02")]),
        ] {
            assert!(standard.accepts(&good), "{good}");
        }
        let mut without_status = key("01", &[]);
        without_status.status = None;
        let mut without_assignment = key("01", &[]);
        without_assignment.assignment = None;
        for bad in [
            without_status,
            without_assignment,
            key("07", &[]),
            key("01", &[(Gender, "01")]),
            key("02", &[]),
            key("02", &[(Gender, "04")]),
            key("02", &[(Gender, "01"), (ClosingType, "01")]),
            key("05", &[]),
            key("06", &[(CrisisType, "01")]),
            key("01", &[(Temporality, "99")]),
        ] {
            assert!(!standard.accepts(&bad), "{bad}");
        }
        assert!(standard.accepts_type(&key("01", &[]), "02"));
        assert!(!standard.accepts_type(&key("01", &[]), "03"));
    }
}
