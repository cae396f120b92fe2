//! What every scenario stumbled over: said once and first, instead of once per check.

use super::outcome::Obstacle;
use super::scenario::Judged;
use crate::check::Finding;

/// What the scenarios stumbled over, as they are judged one after the other.
#[derive(Default)]
pub(super) struct Obstacles {
    first: Option<Finding>,
    scenarios: usize,
    /// One got through, or stumbled over something else.
    differ: bool,
}

impl Obstacles {
    /// Takes note of one scenario.
    pub(super) fn take(&mut self, judged: &Judged) {
        match (&judged.obstacle, &self.first) {
            (None, _) => self.differ |= judged.served,
            (Some(found), Some(first)) if found.remedy != first.remedy => self.differ = true,
            (Some(found), first) => {
                self.scenarios += 1;
                if first.is_none() {
                    self.first = Some(found.clone());
                }
            }
        }
    }

    /// The obstacle that they share; none when there is one scenario only, whose checks say it.
    pub(super) fn common(self) -> Option<Obstacle> {
        let first = self.first.filter(|_| !self.differ && self.scenarios > 1)?;
        let Finding { actual, why, remedy, party, .. } = first;
        Some(Obstacle { scenarios: self.scenarios, actual, why, remedy, party })
    }
}
