//! Small builders of FHIR R4 JSON: extensions, codes, addresses, telecoms, contacts.

use serde_json::{Map, Value, json};

use super::DatasetError;
use super::model::{Address, Contact, Telecom, Word};
use crate::ror::nomenclature::{CodeSystem, Nomenclature};
use crate::ror::path::extension_url;
use crate::text::Text;

/// What every builder needs: the file name for errors, and the code systems.
pub(super) struct Writer<'a> {
    pub(super) file: &'a str,
    pub(super) nomenclature: &'static Nomenclature,
}

type Result<T> = std::result::Result<T, DatasetError>;

impl Writer<'_> {
    /// An error at the place of `word`.
    pub(super) fn error(&self, word: &Word, what: Text, remedy: Text) -> DatasetError {
        DatasetError {
            file: self.file.into(),
            line: number(word.referenced.line()),
            column: number(word.referenced.column()),
            what,
            remedy,
        }
    }

    pub(super) fn coding(&self, system: &str, word: &Word) -> Result<Value> {
        let known = self.system(system, word)?;
        // A code of a later version of the nomenclature, on purpose.
        if let Some(code) = word.value.strip_prefix("future:") {
            return Ok(json!({"system": known.url, "code": code}));
        }
        match known.label(&word.value) {
            Some(label) => Ok(json!({"system": known.url, "code": word.value, "display": label})),
            None => Err(self.error(
                word,
                Text::new(
                    format!("le code {:?} n'est pas dans {system}", word.value),
                    format!("code {:?} is not in {system}", word.value),
                ),
                Text::new(
                    format!("corrigez-le, ajoutez-le à nomenclature.yaml, ou écrivez future:{} s'il est inconnu à dessein", word.value),
                    format!("correct it, add it to nomenclature.yaml, or write future:{} if it is unknown on purpose", word.value),
                ),
            )),
        }
    }

    pub(super) fn concept(&self, system: &str, word: &Word) -> Result<Value> {
        Ok(members([("coding", Value::from(vec![self.coding(system, word)?]))]))
    }

    /// A concept whose code the bench itself writes.
    pub(super) fn known(&self, system: &str, code: &str) -> Value {
        let Some(known) = self.nomenclature.system(system) else { return json!({"text": code}) };
        let mut coding = json!({"system": known.url, "code": code});
        if let Some(label) = known.label(code) {
            coding["display"] = json!(label);
        }
        members([("coding", Value::from(vec![coding]))])
    }

    pub(super) fn url(&self, system: &str) -> &str {
        self.nomenclature.system(system).map_or("", |s| s.url.as_str())
    }

    fn system(&self, short: &str, word: &Word) -> Result<&'static CodeSystem> {
        self.nomenclature.system(short).ok_or_else(|| {
            self.error(
                word,
                Text::new(
                    format!("{short} manque dans nomenclature.yaml"),
                    format!("{short} is not in nomenclature.yaml"),
                ),
                Text::new("ajoutez ce système de codes", "add this code system"),
            )
        })
    }

    pub(super) fn level(&self, level: u8) -> Value {
        self.known("TRE_R283", &level.to_string())
    }

    /// The ROR telecom pattern (`ror-fhir.md` §4).
    pub(super) fn telecom(&self, telecom: &Telecom, near: &Word) -> Result<Value> {
        let (channel, system, value) = self.channel(telecom, near)?;
        Ok(members([
            ("extension", Value::from(self.channel_and_level(channel, telecom.level).to_vec())),
            ("system", Value::from(system)),
            ("value", Value::from(value)),
        ]))
    }

    fn channel_and_level(&self, channel: &str, level: u8) -> [Value; 2] {
        [
            extension(
                "ror-telecom-communication-channel",
                "valueCodeableConcept",
                self.known("TRE_R200", channel),
            ),
            extension("ror-telecom-confidentiality-level", "valueCodeableConcept", self.level(level)),
        ]
    }

    pub(super) fn telecoms(&self, telecoms: &[Telecom], near: &Word) -> Result<Vec<Value>> {
        telecoms.iter().map(|t| self.telecom(t, near)).collect()
    }

    /// TRE_R200 code, ContactPoint.system and value of the one channel given.
    fn channel<'t>(
        &self,
        telecom: &'t Telecom,
        near: &Word,
    ) -> Result<(&'static str, &'static str, &'t str)> {
        let given = [
            ("1", "phone", &telecom.mobile),
            ("2", "phone", &telecom.fixe),
            ("3", "email", &telecom.courriel),
            ("4", "url", &telecom.site),
        ];
        let mut given =
            given.iter().filter_map(|(code, system, value)| Some((*code, *system, value.as_ref()?)));
        match (given.next(), given.next()) {
            (Some((code, system, value)), None) if (1..=3).contains(&telecom.level) => {
                Ok((code, system, &value.value))
            }
            (first, _) => Err(self.error(
                first.map_or(near, |(_, _, value)| value),
                Text::new("télécom mal formé", "malformed telecom"),
                Text::new(
                    "donnez un seul canal (mobile, fixe, courriel ou site) et un niveau 1, 2 ou 3",
                    "give exactly one channel (mobile, fixe, courriel or site) and a level 1, 2 or 3",
                ),
            )),
        }
    }

    /// `HealthcareService.extension[ror-healthcareservice-contact]`.
    pub(super) fn offer_contact(&self, contact: &Contact, near: &Word) -> Result<Value> {
        self.check_contact(contact, near)?;
        let mut parts = Vec::new();
        if let Some([family, given]) = &contact.name {
            parts.push(json!({"url": "name", "valueHumanName": {"family": family, "given": [given]}}));
        }
        if let Some(function) = &contact.function {
            parts.push(extension(
                "ror-function-contact",
                "valueCodeableConcept",
                self.concept("TRE_R251", function)?,
            ));
        }
        if let Some(purpose) = &contact.purpose {
            parts.push(extension(
                "purposeContact",
                "valueCodeableConcept",
                self.concept("TRE_R287", purpose)?,
            ));
        }
        if let Some(description) = &contact.description {
            parts.push(extension("description", "valueString", json!(description)));
        }
        parts.push(extension("ror-confidentiality-level", "valueCodeableConcept", self.level(contact.level)));
        for telecom in &contact.telecoms {
            let (channel, _, value) = self.channel(telecom, near)?;
            let [channel, level] = self.channel_and_level(channel, telecom.level);
            let address = extension("telecomAddress", "valueString", Value::from(value));
            parts.push(extension(
                "ror-healthcareservice-contact-telecom",
                "extension",
                Value::from(vec![channel, address, level]),
            ));
        }
        Ok(extension("ror-healthcareservice-contact", "extension", Value::from(parts)))
    }

    /// `Organization.contact`.
    pub(super) fn organization_contact(&self, contact: &Contact, near: &Word) -> Result<Value> {
        self.check_contact(contact, near)?;
        let mut extensions = Vec::new();
        if let Some(function) = &contact.function {
            extensions.push(extension(
                "ror-contact-function-contact",
                "valueCodeableConcept",
                self.concept("TRE_R251", function)?,
            ));
        }
        if let Some(description) = &contact.description {
            extensions.push(extension("ror-contact-description", "valueString", json!(description)));
        }
        extensions.push(extension(
            "ror-contact-confidentiality-level",
            "valueCodeableConcept",
            self.level(contact.level),
        ));
        let mut object = Map::new();
        object.insert("extension".into(), Value::from(extensions));
        if let Some(purpose) = &contact.purpose {
            object.insert("purpose".into(), self.concept("TRE_R287", purpose)?);
        }
        if let Some([family, given]) = &contact.name {
            object.insert("name".into(), json!({"family": family, "given": [given]}));
        }
        insert_some(&mut object, "telecom", self.telecoms(&contact.telecoms, near)?);
        Ok(Value::Object(object))
    }

    fn check_contact(&self, contact: &Contact, near: &Word) -> Result<()> {
        let at = contact.purpose.as_ref().or(contact.function.as_ref()).unwrap_or(near);
        if !(1..=3).contains(&contact.level) {
            return Err(self.error(
                at,
                Text::new("niveau de confidentialité inconnu", "unknown confidentiality level"),
                Text::new("écrivez level: 1, 2 ou 3", "write level: 1, 2 or 3"),
            ));
        }
        if contact.purpose.is_some() && (contact.name.is_some() || contact.function.is_some()) {
            return Err(self.error(
                at,
                Text::new(
                    "un contact a une nature, ou un nom et une fonction (RG_EXP_040)",
                    "a contact has a purpose, or a name and a function (RG_EXP_040)",
                ),
                Text::new("retirez l'un des deux", "remove one of them"),
            ));
        }
        Ok(())
    }

    pub(super) fn address(&self, address: &Address) -> Value {
        let part = |name: &str, value: &Option<String>| {
            let url = format!("http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-{name}");
            value.as_ref().map(|value| json!({"url": url, "valueString": value}))
        };
        let parts: Vec<Value> = [
            part("houseNumber", &address.number),
            part("streetNameType", &address.street_type),
            part("streetNameBase", &address.street),
        ]
        .into_iter()
        .flatten()
        .collect();
        let line = [&address.number, &address.street_type, &address.street];
        let line: Vec<&str> = line.into_iter().flatten().map(String::as_str).collect();
        let mut object = Map::new();
        if !line.is_empty() {
            object.insert("line".into(), json!([line.join(" ")]));
            object.insert("_line".into(), json!([{"extension": parts}]));
        }
        object.insert("city".into(), json!(address.city));
        object.insert("postalCode".into(), json!(address.postal_code));
        Value::Object(object)
    }

    /// `01 mon-fri 08:30-18:00` → one entry for each day.
    pub(super) fn available_time(&self, hours: &[Word]) -> Result<Vec<Value>> {
        const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let mut entries = Vec::new();
        for word in hours {
            let malformed = || {
                self.error(
                    word,
                    Text::new(
                        format!("horaire mal formé : {:?}", word.value),
                        format!("malformed hours: {:?}", word.value),
                    ),
                    Text::new(
                        "écrivez par exemple 01 mon-fri 08:30-18:00",
                        "write for instance 01 mon-fri 08:30-18:00",
                    ),
                )
            };
            let parts: Vec<&str> = word.value.split_whitespace().collect();
            let [kind, days, span] = parts.as_slice() else { return Err(malformed()) };
            let day = |name: &str| DAYS.iter().position(|d| *d == name);
            let (first, last) = days.split_once('-').unwrap_or((days, days));
            let (Some(first), Some(last)) = (day(first), day(last)) else { return Err(malformed()) };
            let (from, to) = span.split_once('-').ok_or_else(malformed)?;
            if last < first || !is_clock(from) || !is_clock(to) {
                return Err(malformed());
            }
            for (number, name) in DAYS.iter().enumerate().take(last + 1).skip(first) {
                let kind = self.known("TRE_R252", kind);
                entries.push(members([
                    (
                        "extension",
                        Value::from(vec![
                            extension("ror-available-time-type-of-time", "valueCodeableConcept", kind),
                            extension(
                                "ror-available-time-number-days-of-week",
                                "valueInteger",
                                json!(number + 1),
                            ),
                        ]),
                    ),
                    ("daysOfWeek", json!([name])),
                    ("availableStartTime", Value::from(format!("{from}:00"))),
                    ("availableEndTime", Value::from(format!("{to}:00"))),
                ]));
            }
        }
        Ok(entries)
    }

    pub(super) fn instant<'w>(&self, word: &'w Word) -> Result<&'w str> {
        if crate::ror::search::is_instant(&word.value) {
            return Ok(&word.value);
        }
        Err(self.error(
            word,
            Text::new(
                format!("{:?} n'est pas un instant", word.value),
                format!("{:?} is not an instant", word.value),
            ),
            Text::new(
                "écrivez par exemple 2026-03-01T10:00:00+01:00",
                "write for instance 2026-03-01T10:00:00+01:00",
            ),
        ))
    }

    pub(super) fn numeric_id(&self, word: &Word) -> Result<()> {
        if !word.value.is_empty() && word.value.len() <= 64 && word.value.bytes().all(|b| b.is_ascii_digit())
        {
            return Ok(());
        }
        Err(self.error(
            word,
            Text::new(
                format!("l'id {:?} n'est pas un nombre", word.value),
                format!("id {:?} is not a number", word.value),
            ),
            Text::new(
                "les id techniques du ROR sont des nombres, par exemple 1101",
                "technical ids of the ROR are numbers, for instance 1101",
            ),
        ))
    }
}

/// A line or a column; a file longer than that is refused long before.
pub(super) fn number(position: u64) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// `{"url": …, "valueX": …}`.
pub(super) fn extension(name: &str, kind: &str, value: Value) -> Value {
    let mut object = Map::new();
    object.insert("url".into(), Value::String(extension_url(name)));
    object.insert(kind.into(), value);
    Value::Object(object)
}

/// An object of these members. Unlike `json!`, which copies the values that it is given, this moves them: a
/// dataset is expanded at every start.
pub(super) fn members<const N: usize>(list: [(&str, Value); N]) -> Value {
    Value::Object(list.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Inserts a list unless it is empty, which FHIR forbids.
pub(super) fn insert_some(object: &mut Map<String, Value>, name: &str, items: Vec<Value>) {
    if !items.is_empty() {
        object.insert(name.to_owned(), Value::Array(items));
    }
}

fn is_clock(text: &str) -> bool {
    text.split_once(':').is_some_and(|(hour, minute)| {
        let number = |text: &str| (text.len() == 2).then(|| text.parse::<u8>().ok()).flatten();
        number(hour).is_some_and(|h| h < 24) && number(minute).is_some_and(|m| m < 60)
    })
}
