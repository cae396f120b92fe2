//! One capacity record, and the seven codes that tell it from the others of its Location (`ror-fhir.md` §4.2, §5.2).

use std::fmt;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::SUPPORTED_CAPACITY;
use super::extension::{self, Extension};
use super::indicators::{CodeMember, Indicators};
use crate::ror::date_time;
use crate::ror::fhirpath_patch::items;

pub(super) const COUNT: &str = "nbCapacity";
pub(super) const UPDATE_DATE: &str = "capacityUpdateDate";
pub(super) const TYPE: &str = "capacityType";
pub(super) const SOURCE_TYPE: &str = "capacitySourceType";
pub(super) const COMMENT: &str = "comment";

/// A sub-extension that is part of the record key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyMember {
    /// `capacityStatus`, TRE_R330.
    Status,
    /// `temporalityCapacity`, TRE_R331.
    Temporality,
    /// `genderCapacityAvailable`, TRE_R332.
    Gender,
    /// `capacityClosingType`, TRE_R333.
    ClosingType,
    /// `additionalBedType`, TRE_R334.
    AdditionalBedType,
    /// `crisisType`, TRE_R336.
    CrisisType,
    /// `temporaryAssignement` (the official spelling), TRE_R337.
    Assignment,
}

impl KeyMember {
    /// All seven, in the order in which the ROR names them.
    pub const ALL: [Self; 7] = [
        Self::Status,
        Self::Temporality,
        Self::Gender,
        Self::ClosingType,
        Self::AdditionalBedType,
        Self::CrisisType,
        Self::Assignment,
    ];

    /// The `url` of the sub-extension.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Status => "capacityStatus",
            Self::Temporality => "temporalityCapacity",
            Self::Gender => "genderCapacityAvailable",
            Self::ClosingType => "capacityClosingType",
            Self::AdditionalBedType => "additionalBedType",
            Self::CrisisType => "crisisType",
            Self::Assignment => "temporaryAssignement",
        }
    }

    /// The member of that `url`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|member| member.name() == name)
    }
}

/// The codes that tell one record from the others; `None` is "absent", which is a value of its own. A key read from
/// the wire may lack the mandatory ones.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct RecordKey {
    /// TRE_R330; mandatory.
    pub status: Option<String>,
    /// TRE_R331; mandatory.
    pub temporality: Option<String>,
    /// TRE_R332.
    pub gender: Option<String>,
    /// TRE_R333.
    pub closing_type: Option<String>,
    /// TRE_R334.
    pub additional_bed_type: Option<String>,
    /// TRE_R336.
    pub crisis_type: Option<String>,
    /// TRE_R337; mandatory.
    pub assignment: Option<String>,
}

impl RecordKey {
    /// The code of one member.
    #[must_use]
    pub fn get(&self, member: KeyMember) -> Option<&str> {
        match member {
            KeyMember::Status => self.status.as_deref(),
            KeyMember::Temporality => self.temporality.as_deref(),
            KeyMember::Gender => self.gender.as_deref(),
            KeyMember::ClosingType => self.closing_type.as_deref(),
            KeyMember::AdditionalBedType => self.additional_bed_type.as_deref(),
            KeyMember::CrisisType => self.crisis_type.as_deref(),
            KeyMember::Assignment => self.assignment.as_deref(),
        }
    }

    /// Sets the code of one member.
    pub fn set(&mut self, member: KeyMember, code: &str) {
        let place = match member {
            KeyMember::Status => &mut self.status,
            KeyMember::Temporality => &mut self.temporality,
            KeyMember::Gender => &mut self.gender,
            KeyMember::ClosingType => &mut self.closing_type,
            KeyMember::AdditionalBedType => &mut self.additional_bed_type,
            KeyMember::CrisisType => &mut self.crisis_type,
            KeyMember::Assignment => &mut self.assignment,
        };
        *place = Some(code.to_owned());
    }
}

/// As the ROR writes it in its diagnostics: `capacityStatus: 02 / … / crisisType: null / temporaryAssignement: 01`.
impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, member) in KeyMember::ALL.into_iter().enumerate() {
            let separator = if index == 0 { "" } else { " / " };
            write!(f, "{separator}{}: {}", member.name(), self.get(member).unwrap_or("null"))?;
        }
        Ok(())
    }
}

/// What one capacity extension says; nothing in it is certain to be there, [`Record::faults`] tells what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// The seven codes of the key.
    pub key: RecordKey,
    /// `nbCapacity`; never negative.
    pub count: Option<u32>,
    /// `capacityUpdateDate` as given.
    pub update_date: Option<String>,
    /// `capacityType`, TRE_R329.
    pub capacity_type: Option<String>,
    /// `capacitySourceType`, TRE_R335.
    pub source_type: Option<String>,
    /// `comment`.
    pub comment: Option<String>,
    /// For each coded sub-extension, by its `url`, the `coding.system` as given.
    pub systems: Vec<(String, Option<String>)>,
    faults: Vec<(String, Fault)>,
}

/// What keeps a sub-extension from being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Mandatory, and not there.
    Missing,
    /// There more than once.
    Repeated,
    /// Not a whole number from 0.
    NotACount,
    /// Not a FHIR dateTime.
    NotADate,
    /// No CodeableConcept with a code.
    NoCode,
    /// A code that the code system does not have.
    UnknownCode,
    /// Not a text.
    NotAText,
}

impl Record {
    /// Reads one `ror-location-supported-capacity` extension, in any of the documented forms; `None` when it is another
    /// extension.
    #[must_use]
    pub fn from_extension(extension: &Value) -> Option<Self> {
        let extension = extension::read(extension, "extension")?;
        (extension.url == SUPPORTED_CAPACITY).then(|| Self::read(&extension))
    }

    /// The records of a Location, in its order.
    #[must_use]
    pub fn of_location(location: &Value) -> Vec<Self> {
        items(location, "extension", "Location")
            .into_iter()
            .filter_map(|(_, extension)| Self::from_extension(extension))
            .collect()
    }

    /// The instant of the update, when it is given with time and offset.
    #[must_use]
    pub fn updated(&self) -> Option<OffsetDateTime> {
        date_time::instant(self.update_date.as_deref()?)
    }

    /// What is wrong, by sub-extension.
    #[must_use]
    pub fn faults(&self) -> &[(String, Fault)] {
        &self.faults
    }

    pub(super) fn read(extension: &Extension<'_>) -> Self {
        let mut record = Self::default();
        for name in [COUNT, UPDATE_DATE, COMMENT] {
            let mut children = extension.children.iter().filter(|child| child.url == name);
            match children.next() {
                Some(child) => record.read_plain(name, child),
                None if name == COMMENT => {}
                None => record.fault(name, Fault::Missing),
            }
            if children.next().is_some() {
                record.fault(name, Fault::Repeated);
            }
        }
        for member in Indicators::standard().code_members() {
            let mut children = extension.children.iter().filter(|child| child.url == member.name);
            match children.next() {
                Some(child) => record.read_code(member, child),
                None if member.mandatory => record.fault(&member.name, Fault::Missing),
                None => {}
            }
            if children.next().is_some() {
                record.fault(&member.name, Fault::Repeated);
            }
        }
        record
    }

    fn read_plain(&mut self, name: &str, child: &Extension<'_>) {
        let value = |member: &str| {
            child.value.filter(|(given, _)| *given == member || *given == "value").map(|(_, value)| value)
        };
        let text =
            |member: &str| value(member).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        match name {
            COUNT => {
                // FHIR integers end at 2^31 - 1.
                self.count = value("valueInteger")
                    .and_then(Value::as_u64)
                    .and_then(|count| i32::try_from(count).ok()?.try_into().ok());
                if self.count.is_none() {
                    self.fault(name, Fault::NotACount);
                }
            }
            UPDATE_DATE => {
                self.update_date = text("valueDateTime").map(str::to_owned);
                if !self.update_date.as_deref().is_some_and(date_time::is_date_time) {
                    self.fault(name, Fault::NotADate);
                }
            }
            _ => {
                self.comment = text("valueString").map(str::to_owned);
                if self.comment.is_none() {
                    self.fault(name, Fault::NotAText);
                }
            }
        }
    }

    fn read_code(&mut self, member: &CodeMember, child: &Extension<'_>) {
        let Some((system, code)) = coding(child) else {
            return self.fault(&member.name, Fault::NoCode);
        };
        self.systems.push((member.name.clone(), system.map(str::to_owned)));
        match (KeyMember::parse(&member.name), member.name.as_str()) {
            (Some(key), _) => self.key.set(key, code),
            (None, TYPE) => self.capacity_type = Some(code.to_owned()),
            (None, _) => self.source_type = Some(code.to_owned()),
        }
        if !member.knows(code) {
            self.fault(&member.name, Fault::UnknownCode);
        }
    }

    fn fault(&mut self, name: &str, fault: Fault) {
        self.faults.push((name.to_owned(), fault));
    }

    /// The record as the ROR holds and serves it: TRE systems and their labels, whatever was written.
    pub(super) fn to_extension(&self) -> Value {
        let mut parts = Vec::new();
        if let Some(count) = self.count {
            parts.push(json!({"url": COUNT, "valueInteger": count}));
        }
        if let Some(date) = &self.update_date {
            parts.push(json!({"url": UPDATE_DATE, "valueDateTime": date}));
        }
        for member in Indicators::standard().code_members() {
            let code = match (KeyMember::parse(&member.name), member.name.as_str()) {
                (Some(key), _) => self.key.get(key),
                (None, TYPE) => self.capacity_type.as_deref(),
                (None, _) => self.source_type.as_deref(),
            };
            if let (Some(code), Some(system)) = (code, member.code_system()) {
                let coding = json!({"system": system.url, "code": code, "display": system.label(code)});
                parts.push(json!({"url": member.name, "valueCodeableConcept": {"coding": [coding]}}));
            }
        }
        if let Some(comment) = &self.comment {
            parts.push(json!({"url": COMMENT, "valueString": comment}));
        }
        json!({"url": SUPPORTED_CAPACITY, "extension": parts})
    }
}

/// System and code of the first coding.
pub(super) fn coding<'a>(extension: &Extension<'a>) -> Option<(Option<&'a str>, &'a str)> {
    let (member, concept) = extension.value?;
    if member != "valueCodeableConcept" && member != "value" {
        return None;
    }
    let (_, coding) = items(concept, "coding", "").into_iter().next()?;
    let code = coding.get("code").and_then(Value::as_str).filter(|code| !code.is_empty())?;
    Some((coding.get("system").and_then(Value::as_str), code))
}
