//! What a person sees while scenarios are played: a bar on a terminal, nothing on a pipe.

use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

use super::terminal;
use crate::bench::Progress;
use crate::scenario::Scenario;
use crate::text::Lang;

/// Live progress of a run.
pub(super) struct Live {
    bar: ProgressBar,
    lang: Lang,
}

/// Progress of that many scenarios.
pub(super) fn on(scenarios: usize, lang: Lang) -> Arc<Live> {
    let bar = if terminal::is_watched() {
        let bar = ProgressBar::new(scenarios as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:30.green} {pos}/{len} {elapsed} {wide_msg}") {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        bar
    } else {
        ProgressBar::hidden()
    };
    Arc::new(Live { bar, lang })
}

impl Live {
    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Live {
    fn started(&self, scenario: &Scenario) {
        self.bar.set_message(scenario.title.get(self.lang).to_owned());
    }

    fn ended(&self, _: &Scenario) {
        self.bar.inc(1);
    }
}
