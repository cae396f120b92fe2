//! `integrated`: what the client declares to hold, against the truth of its profile. What is not given is not judged.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Party;
use super::causes::Known;
use super::comparison::{
    Comparison, capacities, identifiers, ids, items, names, no_repeat, partial_capacities, partial_telecoms,
    telecoms, types,
};
use super::context::{Report, Scene, report};
use super::no_silent_loss::balance;
use super::words::{both, quote};
use super::{Finding, Kind, Nature, Verdict};
use crate::journal::Step;
use crate::text::Text;

/// `integrated`: compared as the adapter contract says; skipped when the client does not declare it.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Integrated {
    /// What is compared.
    pub compare: Compared,
}

/// What is compared in `integrated`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Compared {
    /// The set of ids of the type asked for; included resources must exist.
    Ids,
    /// No resource is declared twice.
    NoRepeat,
    /// Names (NFC).
    Names,
    /// Each telecom is visible to the profile on that resource.
    Telecoms,
    /// Capacities of locations.
    Capacities,
    /// Of each resource whose telecoms are declared, all those that the profile sees are. Never broken, since the
    /// adapter contract allows a part: a person has to look then.
    AllTelecoms,
    /// The same of capacities.
    AllCapacities,
    /// `identifiers`, by type code, where the client gives them.
    Identifiers,
}

impl Kind for Integrated {
    fn title(&self) -> Text {
        match self.compare {
            Compared::Ids => both!(
                "Le client détient toutes les ressources demandées, et rien d’autre",
                "The client holds all resources asked for and nothing else"
            ),
            Compared::NoRepeat => {
                both!("Aucune ressource n’est intégrée deux fois", "No resource is integrated twice")
            }
            Compared::Names => {
                both!("Les noms intégrés sont ceux du ROR", "The names integrated are those of the ROR")
            }
            Compared::Telecoms => both!(
                "Seules les coordonnées visibles pour le profil sont intégrées",
                "Only the telecoms that the profile may see are integrated"
            ),
            Compared::Capacities => both!(
                "Les capacités intégrées sont celles du ROR",
                "The capacities integrated are those of the ROR"
            ),
            Compared::AllTelecoms => both!(
                "Le client garde toutes les coordonnées d’une ressource, non la première seulement",
                "The client keeps all telecoms of a resource, not the first one only"
            ),
            Compared::AllCapacities => both!(
                "Le client garde toutes les capacités d’un lieu, non la première seulement",
                "The client keeps all capacities of a location, not the first one only"
            ),
            Compared::Identifiers => both!(
                "Les identifiants sont pris selon leur type, non selon leur place",
                "Identifiers are taken by their type, not by their position"
            ),
        }
    }

    fn expected(&self, scene: &Scene<'_>) -> Text {
        let profile = scene.evidence.setting.profile;
        match self.compare {
            Compared::Ids => both!(
                "Les ressources déclarées dans « integrated » sont celles que le profil {profile} voit, ni plus ni moins.",
                "The resources declared in `integrated` are those that profile {profile} sees, no more and no fewer."
            ),
            Compared::NoRepeat => both!("Chaque ressource une seule fois.", "Each resource once only."),
            Compared::Names => both!(
                "Chaque nom déclaré est celui de la ressource (NFC).",
                "Each name declared is that of the resource (NFC)."
            ),
            Compared::Telecoms => both!(
                "Chaque coordonnée déclarée est visible pour le profil {profile} sur cette ressource.",
                "Each telecom declared is visible to profile {profile} on that resource."
            ),
            Compared::Capacities => both!(
                "Chaque capacité déclarée (statut, nombre) est celle du lieu.",
                "Each capacity declared (status, count) is one of the location's."
            ),
            Compared::AllTelecoms => both!(
                "Pour chaque ressource dont il déclare des coordonnées, toutes celles que le profil {profile} voit.",
                "Of each resource whose telecoms it declares, all those that profile {profile} sees."
            ),
            Compared::AllCapacities => both!(
                "Pour chaque lieu dont il déclare des capacités, toutes celles que le profil {profile} voit.",
                "Of each location whose capacities it declares, all those that profile {profile} sees."
            ),
            Compared::Identifiers => both!(
                "Chaque identifiant déclaré a la valeur que le ROR donne à ce type.",
                "Each identifier declared has the value that the ROR gives to that type."
            ),
        }
    }

    fn nature(&self) -> Nature {
        Nature::Completion
    }

    fn rests_on_declaration(&self) -> bool {
        true
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let (mut review, mut met) = (None, None);
        let mut other: Option<Finding> = None;
        for step in scene.steps() {
            let finding = self.judge(scene, step);
            match finding.verdict {
                Verdict::Broken => return finding,
                Verdict::Review => review = Some(finding),
                Verdict::Met => met = Some(finding),
                _ => other = other.or(Some(finding)),
            }
        }
        review.or(met).or(other).unwrap_or_else(undeclared)
    }
}

impl Integrated {
    fn judge(self, scene: &Scene<'_>, step: &Step) -> Finding {
        match report(step) {
            Report::Ok => {}
            Report::Error(_) => {
                return Finding::skipped(
                    both!("Le client a signalé une erreur.", "The client reported an error."),
                    both!(
                        "Rien n’est comparé quand le client signale une erreur.",
                        "Nothing is compared when the client reports an error."
                    ),
                );
            }
            Report::Deadline => {
                return Finding::undecided(
                    both!(
                        "L’adaptateur tournait encore à l’échéance.",
                        "The adapter was still running at the deadline."
                    ),
                    both!(
                        "Le client n’a pas eu le temps de dire ce qu’il détient.",
                        "The client had no time to say what it holds."
                    ),
                );
            }
            Report::Human(_) | Report::Nothing => return undeclared(),
        }
        let result = step.ended.as_ref().and_then(|ended| ended.result.as_ref());
        let Some(declared) = result.and_then(|result| result.integrated.as_ref()) else {
            let malformed = result.map(|result| result.malformed.as_slice()).unwrap_or_default();
            return match malformed.first() {
                None => undeclared(),
                Some(what) => unreadable(&quote(what)),
            };
        };
        let Some(history) = scene.history else {
            return Finding::undecided(
                both!("Le jeu de données n’est pas disponible.", "The dataset is not at hand."),
                both!(
                    "La vérité du jeu de données manque : rien ne peut être comparé.",
                    "The truth of the dataset is missing: nothing can be compared."
                ),
            )
            .remedy(Text::default(), Party::Bench);
        };
        let (items, notes) = items(declared);
        let action = step.started.action.as_deref().unwrap_or_default();
        // `show` is asked for a narrower user: what that user may see is the truth then.
        let profile =
            step.started.input["as-profile"].as_u64().and_then(|profile| u8::try_from(profile).ok());
        let truth = history.after(step.started.step, profile);
        let truth = truth.as_ref();
        let comparison = match self.compare {
            Compared::Ids => match history.expected(step, &types(&items)) {
                Some(expected) => ids(truth, &items, &expected),
                None => {
                    return Finding::skipped(
                        both!("Action « {action} ».", "Action `{action}`."),
                        both!(
                            "Cette action ne désigne pas un ensemble de ressources à comparer.",
                            "This action does not designate a set of resources to compare."
                        ),
                    );
                }
            },
            Compared::NoRepeat => no_repeat(&items),
            Compared::Names => {
                let earlier = || (0..step.started.step).rev().map(|earlier| history.after(earlier, profile));
                names(truth, || earlier().collect(), &items)
            }
            Compared::Telecoms => telecoms(truth, &items),
            Compared::Capacities => capacities(truth, &items),
            Compared::AllTelecoms => partial_telecoms(truth, &items),
            Compared::AllCapacities => partial_capacities(truth, &items),
            Compared::Identifiers => identifiers(truth, &items),
        };
        self.conclude(scene, step, &comparison, items.len()).notes(notes)
    }

    fn conclude(self, scene: &Scene<'_>, step: &Step, comparison: &Comparison, declared: usize) -> Finding {
        let Comparison { compared, wrong, .. } = comparison;
        let Some(first) = wrong.first() else {
            if *compared == 0 && self.compare != Compared::Ids {
                return Finding::skipped(
                    both!(
                        "{declared} ressource(s) déclarée(s), sans cette donnée.",
                        "{declared} resource(s) declared, without this datum."
                    ),
                    both!(
                        "Le client ne déclare pas cette donnée : elle n’est pas comparée.",
                        "The client does not declare this datum: it is not compared."
                    ),
                );
            }
            return Finding::met(
                both!(
                    "{declared} ressource(s) déclarée(s), {compared} valeur(s) comparée(s).",
                    "{declared} resource(s) declared, {compared} value(s) compared."
                ),
                both!("Ce que le client déclare est juste.", "What the client declares is right."),
            );
        };
        if matches!(self.compare, Compared::AllTelecoms | Compared::AllCapacities) {
            return in_part(wrong, declared);
        }
        let count = wrong.len();
        let actual = both!(
            "{count} écart(s) sur {declared} ressource(s) déclarée(s).",
            "{count} difference(s) over {declared} resource(s) declared."
        );
        let never_came = balance(scene, step).map(|balance| balance.missing).unwrap_or_default();
        let action = step.started.action.as_deref().unwrap_or_default();
        let remedy = Known { compared: self.compare, action, comparison, never_came: &never_came }.remedy();
        Finding::broken(actual, first.clone(), remedy).notes(wrong.iter().skip(1).take(4).cloned())
    }
}

/// A part is declared: the adapter's choice, or all that the client keeps.
fn in_part(partial: &[Text], declared: usize) -> Finding {
    let count = partial.len();
    Finding::review(
        both!(
            "{count} ressource(s) sur {declared} déclarée(s) en partie.",
            "{count} of {declared} resource(s) declared in part."
        ),
        both!(
            "Le contrat permet de n’en déclarer qu’une partie : une personne doit vérifier que le client tient aussi le reste, et ne garde pas seulement le premier.",
            "The contract lets a part be declared: a person has to check that the client holds the rest as well, and does not keep the first one only."
        ),
    )
    .remedy(
        both!(
            "Si le client les tient toutes, faites-les toutes déclarer par l’adaptateur ; s’il n’en garde qu’une, parcourez la liste entière (telecom, contacts, extensions de capacité).",
            "If the client holds them all, let the adapter declare them all; if it keeps only one, go through the whole list (telecom, contacts, capacity extensions)."
        ),
        Party::Client,
    )
    .notes(partial.iter().take(5).cloned())
}

/// The adapter said something that cannot be read: not the same as saying nothing.
fn unreadable(what: &str) -> Finding {
    Finding::config_error(
        both!("Résultat inutilisable : {what}.", "Unusable result: {what}."),
        both!(
            "L’adaptateur a donné un résultat que le banc ne peut pas lire : ce que le client déclare n’est pas comparé.",
            "The adapter gave a result that the bench cannot read: what the client declares is not compared."
        ),
        both!(
            "Écrivez un objet JSON d’une ligne, en dernière ligne de la sortie standard ou dans ROR_RESULT_FILE (docs/adapter.md).",
            "Write a JSON object on one line, as the last line of standard output or in ROR_RESULT_FILE (docs/adapter.md)."
        ),
    )
}

fn undeclared() -> Finding {
    Finding::skipped(
        both!("« integrated » n’est pas donné.", "`integrated` is not given."),
        both!(
            "Le client ne déclare pas ce qu’il détient : rien n’est comparé.",
            "The client does not declare what it holds: nothing is compared."
        ),
    )
    .remedy(
        both!(
            "Pour que le banc compare les données, ajoutez « integrated » au résultat de l’adaptateur.",
            "For the bench to compare data, add `integrated` to the adapter's result."
        ),
        Party::Configuration,
    )
}
