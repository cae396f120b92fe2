//! Which flaws of the reference client turn which checks red: the table that the zoo keeps true.

use std::collections::{BTreeMap, BTreeSet};

use crate::client::Flaw;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::load::load;

/// The table: flaw → checks, `scenario/check`, warnings marked ` (warn)`.
pub(super) struct Zoo(BTreeMap<String, BTreeSet<String>>);

impl Zoo {
    /// The table that comes with the bench.
    ///
    /// # Errors
    /// When the file is wrong, which a test of the bench excludes.
    pub(super) fn builtin() -> Result<Self, Vec<Diagnostic>> {
        let text = include_str!("../../scenarios/reference/zoo.yaml");
        load("scenarios/reference/zoo.yaml", text).map(|loaded| Self(loaded.value))
    }

    /// What a flaw turns red, warnings marked; none when the table does not know it.
    pub(super) fn expected(&self, flaw: Flaw) -> Option<&BTreeSet<String>> {
        self.0.get(flaw.name())
    }

    /// The flaws that turn that check red.
    pub(super) fn flaws_of(&self, check: &str) -> Vec<Flaw> {
        let turns_red =
            |flaw: &&Flaw| self.expected(**flaw).is_some_and(|red| red.iter().any(|one| plain(one) == check));
        Flaw::ALL.iter().filter(turns_red).copied().collect()
    }

    /// The checks that a flaw turns red.
    pub(super) fn checks_of(&self, flaw: Flaw) -> Vec<&str> {
        self.expected(flaw).into_iter().flatten().map(|one| plain(one)).collect()
    }
}

fn plain(check: &str) -> &str {
    check.trim_end_matches(" (may)").trim_end_matches(" (warn)")
}
