//! Who sees what: the access policy of the ROR as the client reads it (model 3.0, element-level matrix of the guide).
//!
//! It is written down here on its own, apart from the mock's, so that a mistake of one shows against the other.

/// A kind of data that the policy tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Data {
    Offer,
    OfferContact,
    Location,
    LocationTelecom,
    Capacity,
    Organization,
    OrganizationContact,
    Practitioner,
    PractitionerRole,
    PractitionerRoleTelecom,
}

/// When it may be seen. "Ordinary" is the opposite of a sensitive unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    Never,
    Always,
    /// The offer is ordinary.
    Ordinary,
    /// The offer is of the champ d'activité Ville.
    Ville,
    /// The offer is medico-social and ordinary.
    MedicoSocial,
    /// The level is public.
    Public,
    /// The level is not very restricted.
    Restricted,
    /// The level is public, the offer ordinary.
    PublicOrdinary,
    /// The level is not very restricted, the offer ordinary.
    RestrictedOrdinary,
    /// The level is not very restricted, the offer medico-social and ordinary.
    RestrictedMedicoSocial,
    /// Medico-social and ordinary: the level is not very restricted; any other champ d'activité: it is public.
    ByField,
    /// The offer is ordinary, the capacity not additional.
    NotAdditional,
    /// The same, and the offer is medico-social.
    NotAdditionalMedicoSocial,
    /// The offer is ordinary, the capacity installed.
    Installed,
}

/// One row for each kind of data, one column for each access profile.
#[rustfmt::skip]
const MATRIX: [(Data, [Rule; 6]); 10] = {
    use Rule::*;
    [
        //                               profile 0        1       2                   3                          4       5
        (Data::Offer,                   [Ordinary,       Always, Ordinary,           Ordinary,                  Always, Ordinary]),
        (Data::OfferContact,            [PublicOrdinary, Always, RestrictedOrdinary, ByField,                   Public, RestrictedOrdinary]),
        (Data::Location,                [Ordinary,       Always, Ordinary,           Ordinary,                  Always, Ordinary]),
        (Data::LocationTelecom,         [PublicOrdinary, Always, RestrictedOrdinary, RestrictedMedicoSocial,    Public, RestrictedOrdinary]),
        (Data::Capacity,                [Never,          Always, NotAdditional,      NotAdditionalMedicoSocial, Always, Installed]),
        (Data::Organization,            [Always,         Always, Always,             Always,                    Always, Always]),
        (Data::OrganizationContact,     [Public,         Always, Restricted,         ByField,                   Public, Restricted]),
        (Data::Practitioner,            [Ville,          Always, Ordinary,           MedicoSocial,              Always, Ordinary]),
        (Data::PractitionerRole,        [Ville,          Always, Ordinary,           MedicoSocial,              Always, Ordinary]),
        (Data::PractitionerRoleTelecom, [PublicOrdinary, Always, RestrictedOrdinary, RestrictedMedicoSocial,    Public, RestrictedOrdinary]),
    ]
};

/// TRE_R227: the champ d'activité.
const MEDICO_SOCIAL: &str = "04";
const VILLE: &str = "05";
/// TRE_R283: the level.
const PUBLIC: &str = "1";
const VERY_RESTRICTED: &str = "3";
/// TRE_R330: the status of a capacity.
const INSTALLED: &str = "01";
const ADDITIONAL: &str = "06";

/// What the policy looks at in an offer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) sensitive: bool,
    /// TRE_R227.
    pub(super) field: Option<String>,
}

impl Offer {
    /// Whether the offer is of the medico-social champ d'activité.
    pub(super) fn is_medico_social(&self) -> bool {
        self.field.as_deref() == Some(MEDICO_SOCIAL)
    }
}

/// The rule of `profile` for `data`; nothing is shown to a profile that does not exist.
pub(super) fn rule(profile: usize, data: Data) -> Rule {
    let row = MATRIX.iter().find(|row| row.0 == data);
    row.and_then(|row| row.1.get(profile)).copied().unwrap_or(Rule::Never)
}

/// Whether `rule` lets something be seen that belongs to `offer`. `code` is its level, or the status of a capacity.
pub(super) fn allows(rule: Rule, offer: &Offer, code: &str) -> bool {
    let (ordinary, medico_social) = (!offer.sensitive, offer.is_medico_social());
    let (public, restricted) = (code == PUBLIC, code != VERY_RESTRICTED);
    match rule {
        Rule::Never => false,
        Rule::Always => true,
        Rule::Ordinary => ordinary,
        Rule::Ville => offer.field.as_deref() == Some(VILLE),
        Rule::MedicoSocial => medico_social && ordinary,
        Rule::Public => public,
        Rule::Restricted => restricted,
        Rule::PublicOrdinary => public && ordinary,
        Rule::RestrictedOrdinary => restricted && ordinary,
        Rule::RestrictedMedicoSocial => restricted && medico_social && ordinary,
        Rule::ByField if medico_social => restricted && ordinary,
        Rule::ByField => public,
        Rule::NotAdditional => code != ADDITIONAL && ordinary,
        Rule::NotAdditionalMedicoSocial => code != ADDITIONAL && medico_social && ordinary,
        Rule::Installed => code == INSTALLED && ordinary,
    }
}
