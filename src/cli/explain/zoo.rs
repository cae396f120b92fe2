//! Which flaws of the reference client turn which checks red: the table that the zoo keeps true.

use std::collections::BTreeMap;

use crate::client::Flaw;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::load::load;

/// The table: flaw → checks, `scenario/check`, warnings marked ` (warn)`.
pub(super) struct Zoo(BTreeMap<String, Vec<String>>);

impl Zoo {
    /// The table that comes with the bench.
    ///
    /// # Errors
    /// When the file is wrong, which a test of the bench excludes.
    pub(super) fn builtin() -> Result<Self, Vec<Diagnostic>> {
        load("tests/zoo/expected.yaml", include_str!("../../../tests/zoo/expected.yaml"))
            .map(|loaded| Self(loaded.value))
    }

    /// The flaws that turn that check red.
    pub(super) fn flaws_of(&self, check: &str) -> Vec<Flaw> {
        let turns_red = |flaw: &&Flaw| {
            self.0.get(flaw.name()).is_some_and(|red| red.iter().any(|one| plain(one) == check))
        };
        Flaw::ALL.iter().filter(turns_red).copied().collect()
    }

    /// The checks that a flaw turns red.
    pub(super) fn checks_of(&self, flaw: Flaw) -> Vec<&str> {
        self.0.get(flaw.name()).into_iter().flatten().map(|one| plain(one)).collect()
    }
}

fn plain(check: &str) -> &str {
    check.trim_end_matches(" (warn)")
}
