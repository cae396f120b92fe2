//! The clients to try, the scenarios that each one plays, and what it must turn red.

use std::collections::{BTreeMap, BTreeSet};

use super::super::failure::{Failure, did_you_mean};
use super::super::zoo::Zoo;
use crate::client::{Action, Flaw};
use crate::judge::Status;
use crate::ror::AccessProfile;
use crate::scenario::catalogue::{Catalogue, Item};
use crate::scenario::{Scenario, Step};
use crate::text::Text;

/// Profile on which flawed clients are played; scenarios that it lacks are played on the first one that they have.
const USUAL_PROFILE: u8 = 1;
/// It takes seconds of both cores: it is played for those that it must turn red.
const HEAVY_DATASET: &str = "large";

/// Mark of a check that is no more than a warning.
pub(super) const WARNING: &str = " (warn)";

/// Mark of a check that may turn red, by how fast the machine is.
pub(super) const MAY: &str = " (may)";

/// One client.
pub(super) struct Trial {
    /// How it is called: `reference, profile 2`, or its flaw.
    pub(super) name: String,
    /// None: the correct client.
    pub(super) flaw: Option<Flaw>,
    /// What is played.
    pub(super) runs: Vec<Run>,
    /// What must turn red; none when the table does not know this client.
    pub(super) expected: Option<BTreeSet<String>>,
}

impl Trial {
    /// Whether that is what the table says of that check; of a client that it does not know, anything is.
    pub(super) fn expects(&self, check: &str, status: Status) -> bool {
        let Some(expected) = &self.expected else { return true };
        let says = |mark: &str| expected.contains(&format!("{check}{mark}"));
        match status {
            Status::Fail => says("") || says(MAY),
            Status::Warn => says(WARNING) || says(MAY),
            _ if says("") || says(WARNING) => false,
            status => self.flaw.is_some() || matches!(status, Status::Pass | Status::Skip),
        }
    }
}

/// Whether the bench came to a verdict.
pub(super) fn is_decided(status: Status) -> bool {
    matches!(status, Status::Pass | Status::Fail | Status::Warn)
}

/// Scenarios for one profile.
pub(super) struct Run {
    pub(super) profile: AccessProfile,
    pub(super) items: Vec<Item>,
}

impl Run {
    /// Only those scenarios; none when it has none of them.
    pub(super) fn only(&self, wanted: impl Fn(&Scenario) -> bool) -> Option<Self> {
        let items: Vec<Item> = self.items.iter().filter(|item| wanted(&item.scenario)).cloned().collect();
        (!items.is_empty()).then_some(Self { profile: self.profile, items })
    }
}

/// Correct clients of every profile, then the flawed ones.
pub(super) fn trials(catalogue: &Catalogue, zoo: &Zoo) -> Vec<Trial> {
    let correct = AccessProfile::ALL.into_iter().map(|profile| Trial {
        name: format!("reference, profile {profile}"),
        flaw: None,
        runs: vec![Run { profile, items: for_profile(catalogue.iter(), profile) }],
        expected: Some(BTreeSet::new()),
    });
    let flawed = Flaw::ALL.iter().map(|flaw| {
        let expected = zoo.expected(*flaw).cloned();
        let items = concerned(catalogue, *flaw, expected.as_ref());
        Trial { name: flaw.name().to_owned(), flaw: Some(*flaw), runs: runs(&items), expected }
    });
    correct.chain(flawed).collect()
}

/// Those whose name holds one of these words; all when none is given.
pub(super) fn select(trials: Vec<Trial>, words: &[String]) -> Result<Vec<Trial>, Failure> {
    if words.is_empty() {
        return Ok(trials);
    }
    for word in words {
        if !trials.iter().any(|trial| trial.name.contains(word.as_str())) {
            let Text { fr, en } = did_you_mean(word, trials.iter().map(|trial| trial.name.as_str()));
            return Err(Failure::usage(
                format!("Aucun client du zoo ne s’appelle « {word} ».{fr}"),
                format!("No client of the zoo is called `{word}`.{en}"),
            ));
        }
    }
    // A word that is the whole name of one client means that one.
    let meant = |name: &str, word: &String| {
        name == word || (name.contains(word.as_str()) && !Flaw::ALL.iter().any(|flaw| flaw.name() == word))
    };
    Ok(trials.into_iter().filter(|trial| words.iter().any(|word| meant(&trial.name, word))).collect())
}

/// The scenarios that must turn red, and those that share an action with the flaw.
fn concerned(catalogue: &Catalogue, flaw: Flaw, expected: Option<&BTreeSet<String>>) -> Vec<Item> {
    let must =
        |id: &str| expected.is_some_and(|red| red.iter().any(|check| check.split('/').next() == Some(id)));
    let shares = |step: &Step| {
        let action = step.act.as_deref().and_then(Action::parse);
        action.is_some_and(|action| flaw.actions().contains(&action))
    };
    let chosen = catalogue.iter().filter(|item| {
        let scenario = &item.scenario;
        must(&scenario.id) || (scenario.given.dataset != HEAVY_DATASET && scenario.steps.iter().any(shares))
    });
    chosen.cloned().collect()
}

/// Each scenario once, on the usual profile where it has that one.
fn runs(items: &[Item]) -> Vec<Run> {
    let mut runs: BTreeMap<u8, Vec<Item>> = BTreeMap::new();
    for item in items {
        let profiles = &item.scenario.profiles;
        let first = profiles.first().copied().unwrap_or(USUAL_PROFILE);
        let profile = if profiles.contains(&USUAL_PROFILE) { USUAL_PROFILE } else { first };
        runs.entry(profile).or_default().push(item.clone());
    }
    let runs = runs.into_iter();
    runs.filter_map(|(profile, items)| Some(Run { profile: AccessProfile::try_new(profile)?, items }))
        .collect()
}

fn for_profile<'a>(items: impl Iterator<Item = &'a Item>, profile: AccessProfile) -> Vec<Item> {
    items.filter(|item| item.scenario.profiles.contains(&profile.get())).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(flaw: Option<Flaw>, expected: &[&str]) -> Trial {
        let expected = expected.iter().map(|&check| check.to_owned()).collect();
        Trial { name: String::new(), flaw, runs: Vec::new(), expected: Some(expected) }
    }

    #[test]
    fn a_flawed_client_turns_red_what_the_table_says_and_nothing_else() {
        let trial = trial(Some(Flaw::Floods), &["a/fails", "a/warns (warn)", "a/may (may)"]);
        let expected = [
            ("a/fails", Status::Fail, true),
            ("a/fails", Status::Warn, false),
            ("a/fails", Status::Pass, false),
            ("a/fails", Status::Inconclusive, false),
            ("a/warns", Status::Warn, true),
            ("a/warns", Status::Fail, false),
            ("a/may", Status::Fail, true),
            ("a/may", Status::Warn, true),
            ("a/may", Status::Pass, true),
            ("a/other", Status::Pass, true),
            ("a/other", Status::Inconclusive, true),
            ("a/other", Status::Fail, false),
            ("a/other", Status::Warn, false),
        ];
        for (check, status, is_expected) in expected {
            assert_eq!(trial.expects(check, status), is_expected, "{check} {status:?}");
        }
    }

    #[test]
    fn of_a_correct_client_everything_is_decided_and_nothing_red() {
        let trial = trial(None, &[]);
        for status in [Status::Pass, Status::Skip] {
            assert!(trial.expects("a/check", status));
        }
        for status in [Status::Fail, Status::Warn, Status::Inconclusive, Status::HarnessError] {
            assert!(!trial.expects("a/check", status), "{status:?}");
        }
    }
}
