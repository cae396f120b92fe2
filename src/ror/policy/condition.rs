//! The closed vocabulary of the policy's conditions.

use std::collections::BTreeMap;

use super::offers::Offer;

/// Alternatives, of which one must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition(Vec<Alternative>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Alternative {
    /// Read on the offers: all of these must hold for one and the same offer.
    offer: Vec<OfferWord>,
    /// Read on the element itself and on the policy's options.
    element: Vec<ElementWord>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OfferWord {
    NotSensitive,
    MedicoSocial,
    NotMedicoSocial,
    Ville,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum ElementWord {
    Always,
    Never,
    LevelIs1,
    LevelIsNot3,
    ContactLevelIs1,
    ContactLevelIsNot3,
    InstalledCapacity,
    NotAdditionalCapacity,
    UnassignedCapacity,
    Option(String),
}

/// What the words about the element are read on.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Element<'a> {
    /// Its confidentiality level.
    pub(super) level: &'a str,
    /// That of the contact that holds it.
    pub(super) contact_level: &'a str,
    /// `capacityStatus` of a capacity.
    pub(super) capacity_status: &'a str,
    /// `temporaryAssignement` of a capacity.
    pub(super) assignment: &'a str,
}

impl Condition {
    pub(super) fn parse(text: &str, options: &BTreeMap<String, bool>) -> Result<Self, String> {
        let mut alternatives = Vec::new();
        for alternative in text.split(" or ") {
            let mut parsed = Alternative { offer: Vec::new(), element: Vec::new() };
            for word in alternative.split(" and ").map(str::trim) {
                match offer_word(word) {
                    Some(known) => parsed.offer.push(known),
                    None => parsed.element.push(
                        element_word(word, options)
                            .ok_or_else(|| format!("`{word}` is not a word of the policy, in `{text}`"))?,
                    ),
                }
            }
            alternatives.push(parsed);
        }
        Ok(Self(alternatives))
    }

    /// Whether it can be told without looking at anything that it holds.
    pub(super) fn is_always(&self) -> bool {
        self.0.iter().any(|a| a.offer.is_empty() && a.element == [ElementWord::Always])
    }

    pub(super) fn holds(
        &self,
        offers: &[Offer],
        element: &Element<'_>,
        options: &BTreeMap<String, bool>,
    ) -> bool {
        self.0.iter().any(|alternative| {
            alternative.element.iter().all(|word| word.holds(element, options))
                && (alternative.offer.is_empty()
                    || offers.iter().any(|offer| alternative.offer.iter().all(|word| word.holds(*offer))))
        })
    }
}

impl OfferWord {
    fn holds(self, offer: Offer) -> bool {
        match self {
            Self::NotSensitive => !offer.sensitive,
            Self::MedicoSocial => offer.medico_social,
            Self::NotMedicoSocial => !offer.medico_social,
            Self::Ville => offer.ville,
        }
    }
}

impl ElementWord {
    fn holds(&self, element: &Element<'_>, options: &BTreeMap<String, bool>) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::LevelIs1 => element.level == "1",
            Self::LevelIsNot3 => element.level != "3",
            Self::ContactLevelIs1 => element.contact_level == "1",
            Self::ContactLevelIsNot3 => element.contact_level != "3",
            Self::InstalledCapacity => element.capacity_status == "01",
            Self::NotAdditionalCapacity => element.capacity_status != "06",
            Self::UnassignedCapacity => element.assignment == "01",
            Self::Option(name) => options.get(name).copied().unwrap_or(false),
        }
    }
}

fn offer_word(word: &str) -> Option<OfferWord> {
    Some(match word {
        "not-sensitive" => OfferWord::NotSensitive,
        "medico-social" => OfferWord::MedicoSocial,
        "not-medico-social" => OfferWord::NotMedicoSocial,
        "ville" => OfferWord::Ville,
        _ => return None,
    })
}

fn element_word(word: &str, options: &BTreeMap<String, bool>) -> Option<ElementWord> {
    Some(match word {
        "always" => ElementWord::Always,
        "never" => ElementWord::Never,
        "level-1" => ElementWord::LevelIs1,
        "level-not-3" => ElementWord::LevelIsNot3,
        "contact-level-1" => ElementWord::ContactLevelIs1,
        "contact-level-not-3" => ElementWord::ContactLevelIsNot3,
        "installed-capacity" => ElementWord::InstalledCapacity,
        "not-additional-capacity" => ElementWord::NotAdditionalCapacity,
        "unassigned-capacity" => ElementWord::UnassignedCapacity,
        _ => {
            let name = word.strip_prefix("option:").filter(|name| options.contains_key(*name))?;
            ElementWord::Option(name.to_owned())
        }
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_offer_must_satisfy_the_whole_alternative() {
        let options = BTreeMap::new();
        let condition = Condition::parse("medico-social and not-sensitive", &options).unwrap();
        let offer = |sensitive, medico_social| Offer { sensitive, medico_social, ville: false };
        let holds = |offers: &[Offer]| condition.holds(offers, &Element::default(), &options);
        assert!(holds(&[offer(false, true)]));
        assert!(holds(&[offer(true, true), offer(false, true)]));
        assert!(!holds(&[offer(true, true), offer(false, false)]));
        assert!(!holds(&[]));
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let options = BTreeMap::new();
        let condition = Condition::parse("medico-social and level-not-3 or level-1", &options).unwrap();
        let element = |level| Element { level, ..Element::default() };
        let hospital = [Offer::default()];
        assert!(condition.holds(&hospital, &element("1"), &options));
        assert!(!condition.holds(&hospital, &element("2"), &options));
        assert!(Condition::parse("always", &options).unwrap().is_always());
        assert!(!condition.is_always());
    }
}
