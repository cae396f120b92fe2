//! Offers made by the seed, so that paging happens: same seed, same bytes.

use serde_json::{Value, json};
use serde_saphyr::Spanned;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::expand::{Expansion, Header, Result};
use super::fhir::{extension, members};
use super::model::{Between, Contact, Generated, Offer, Telecom, Word};
use crate::ror::resource::ResourceType;
use crate::text::Text;

impl<'a> Expansion<'a> {
    pub(super) fn generated(&mut self) -> Result<()> {
        for (number, block) in self.dataset.generate.iter().enumerate() {
            // Each block draws from its own stream: adding one does not change the others.
            let mut random = Random::stream(self.seed, number as u64 + 1);
            self.block(block, &mut random)?;
        }
        Ok(())
    }

    fn block(&mut self, block: &'a Generated, random: &mut Random) -> Result<()> {
        let (from, to) = (self.seconds(&block.updated, false)?, self.seconds(&block.updated, true)?);
        let (first, words) = match block.under.split_first() {
            Some((first, _))
                if !block.specialties.is_empty() && !block.modes.is_empty() && !block.ages.is_empty() =>
            {
                (first, block.under.as_slice())
            }
            _ => {
                return Err(self.writer.error(
                    &block.field,
                    Text::new("bloc generate incomplet", "incomplete generate block"),
                    Text::new(
                        "donnez au moins un élément à under, specialties, modes et ages",
                        "give under, specialties, modes and ages at least one item each",
                    ),
                ));
            }
        };
        for number in 0..block.offers.min(100_000) {
            let place = number / block.offers_per_location.max(1);
            let under = words.get(place as usize % words.len()).unwrap_or(first);
            let updated = draw_instant(random, from, to);
            let updated = like(&block.updated.from, updated);
            let telephone = |n: u32| like(under, format!("{}{:04}", block.telephone, n % 10_000));
            let at = like(under, (block.first_location + place).to_string());
            let Some((_, region)) = self.addresses.get(&under.value).cloned() else {
                return Err(self.writer.error(
                    under,
                    Text::new(
                        format!("l'organisation {} n'existe pas, ou n'a pas d'adresse", under.value),
                        format!("organization {} does not exist, or has no address", under.value),
                    ),
                    Text::new("citez un établissement qui a une adresse", "name a site that has an address"),
                ));
            };
            if number.is_multiple_of(block.offers_per_location.max(1)) {
                self.generated_location(&at, under, &region, &telephone(place), &updated, place)?;
            }
            let specialty = random.pick(&block.specialties).unwrap_or(&block.field);
            let label = self.label("TRE_R211", specialty);
            let offer = Offer {
                id: like(under, (block.first_offer + number).to_string()),
                created: None,
                updated: Some(updated),
                identifier: None,
                name: Some(
                    block.name.replace("{specialty}", &label).replace("{number}", &(number + 1).to_string()),
                ),
                active: true,
                sensitive: false,
                field: block.field.clone(),
                category: block.category.clone(),
                specialty: specialty.clone(),
                family: block.family.clone(),
                mode: random.pick(&block.modes).unwrap_or(&block.field).clone(),
                reception: None,
                modality: Vec::new(),
                acts: Vec::new(),
                acts_outside_office: Vec::new(),
                care_specialities: Vec::new(),
                opening: None,
                professions: Vec::new(),
                competences: Vec::new(),
                expertise: None,
                ages: random.pick(&block.ages).unwrap_or(&block.field).clone(),
                patients: Vec::new(),
                zone: Vec::new(),
                psychiatric_sector: None,
                no_consent_habilitation: None,
                contacts: self.generated_contacts(under, number, &telephone(number)),
                telecoms: Vec::new(),
                hours: Vec::new(),
                closed: None,
                at: vec![at],
                comment: None,
                extensions: Vec::new(),
                without_patient_type: false,
            };
            self.offer(&offer, &region, under)?;
        }
        Ok(())
    }

    /// One offer in four has a contact; its telecom is public or restricted, in turn.
    fn generated_contacts(&self, near: &Word, number: u32, telephone: &Word) -> Vec<Contact> {
        if !number.is_multiple_of(4) {
            return Vec::new();
        }
        let level = if number.is_multiple_of(8) { 1 } else { 2 };
        let telecom =
            Telecom { mobile: None, fixe: Some(telephone.clone()), courriel: None, site: None, level };
        vec![Contact {
            purpose: Some(like(near, "06".to_owned())),
            name: None,
            function: None,
            description: None,
            level: 1,
            telecoms: vec![telecom],
        }]
    }

    fn generated_location(
        &mut self,
        id: &Word,
        under: &Word,
        region: &Word,
        telephone: &Word,
        updated: &Word,
        number: u32,
    ) -> Result<()> {
        let Some((address, _)) = self.addresses.get(&under.value).cloned() else { return Ok(()) };
        let (mut object, mut extensions) = self.start(&Header {
            resource_type: ResourceType::Location,
            id,
            region,
            created: None,
            updated: Some(updated),
        })?;
        let commune = self.writer.concept("TRE_R13", &address.commune)?;
        extensions.push(extension("ror-commune-cog", "valueCodeableConcept", commune));
        object.insert("extension".into(), Value::from(extensions));
        object.insert(
            "identifier".into(),
            Value::from(vec![members([
                ("type", self.writer.known("TRE_R354", "25")),
                ("value", Value::from(format!("{}/{}", region.value, id.value))),
            ])]),
        );
        object.insert("status".into(), json!("active"));
        object.insert("name".into(), json!(format!("Plateau de consultation {}", number + 1)));
        object.insert("type".into(), Value::from(vec![self.writer.known("TRE_R343", "002")]));
        let telecom =
            Telecom { mobile: None, fixe: Some(telephone.clone()), courriel: None, site: None, level: 1 };
        object.insert("telecom".into(), Value::from(vec![self.writer.telecom(&telecom, id)?]));
        object.insert("address".into(), self.writer.address(&address));
        self.push(ResourceType::Location, id, object)
    }

    fn seconds(&self, between: &Between, last: bool) -> Result<i64> {
        let word = if last { &between.to } else { &between.from };
        self.writer.instant(word)?;
        Ok(OffsetDateTime::parse(&word.value, &Rfc3339).map_or(0, OffsetDateTime::unix_timestamp))
    }

    fn label(&self, system: &str, code: &Word) -> String {
        let known = self.writer.nomenclature.system(system).and_then(|s| s.label(&code.value));
        known.unwrap_or(&code.value).to_owned()
    }
}

/// `value` at the place of `word`: errors in what is generated point to the block.
fn like(word: &Word, value: String) -> Word {
    Spanned { value, referenced: word.referenced, defined: word.defined }
}

fn draw_instant(random: &mut Random, from: i64, to: i64) -> String {
    let span = u64::try_from(to.saturating_sub(from)).unwrap_or(0).saturating_add(1);
    let second = from.saturating_add(i64::try_from(random.below(span)).unwrap_or(0));
    let text = OffsetDateTime::from_unix_timestamp(second).ok().and_then(|t| t.format(&Rfc3339).ok());
    text.unwrap_or_else(|| "2026-01-01T00:00:00Z".to_owned())
}

/// SplitMix64: enough to spread test data, and the same everywhere.
pub(super) struct Random(u64);

impl Random {
    /// The stream of that number, apart from the others of the seed.
    pub(super) fn stream(seed: u64, number: u64) -> Self {
        Self(seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// Puts the values into another order, any of which is as likely as the others.
    pub(super) fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            if let Ok(other) = usize::try_from(self.below(last as u64 + 1)) {
                values.swap(last, other);
            }
        }
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    fn pick<'v, T>(&mut self, values: &'v [T]) -> Option<&'v T> {
        let at = self.below(values.len() as u64);
        values.get(usize::try_from(at).ok()?)
    }
}
