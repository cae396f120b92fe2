//! Cross-checks of the instants of measures: written out, or reckoned from the run.

use serde_json::Value;

use super::{Lint, place};
use crate::scenario::diagnostic::{Code, quoted};
use crate::scenario::expand::is_instant;
use crate::text::Text;

impl Lint<'_> {
    /// What is no instant would go to the client as it stands.
    pub(super) fn instants(&mut self, index: usize, input: &Value) {
        let items = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
        for (update, of_location) in items(input, "updates").iter().enumerate() {
            for (capacity, measure) in items(of_location, "capacities").iter().enumerate() {
                let Some(text) = measure["updated"].as_str().filter(|text| !is_instant(text)) else {
                    continue;
                };
                let shown = quoted(text);
                self.at(
                    Code::WrongValue,
                    place!["steps", index, "with", "updates", update, "capacities", capacity, "updated"],
                    Text::new(format!("« {shown} » n’est pas un instant"), format!("`{shown}` is no instant")),
                    Text::new(
                        "écrivez-le avec son décalage (2026-11-20T10:00:00+01:00), ou avant le run, d’une heure au plus (now-30m)",
                        "write it with its offset (2026-11-20T10:00:00+01:00), or before the run, one hour at most (now-30m)",
                    ),
                );
            }
        }
    }
}
