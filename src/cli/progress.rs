//! What a person sees while scenarios are played: a bar on a terminal, a line per scenario on a pipe.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use super::terminal;
use crate::bench::Progress;
use crate::scenario::Scenario;
use crate::text::Lang;

/// Live progress of a run.
pub(super) struct Live {
    bar: ProgressBar,
    watched: bool,
    ended: AtomicUsize,
    scenarios: usize,
    lang: Lang,
}

/// Progress of that many scenarios.
pub(super) fn on(scenarios: usize, lang: Lang) -> Arc<Live> {
    let watched = terminal::is_watched();
    let bar = if watched {
        let bar = ProgressBar::new(scenarios as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:30.green} {pos}/{len} {elapsed} {wide_msg}") {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        bar
    } else {
        ProgressBar::hidden()
    };
    Arc::new(Live { bar, watched, ended: AtomicUsize::new(0), scenarios, lang })
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

    fn ended(&self, scenario: &Scenario) {
        self.bar.inc(1);
        if !self.watched {
            let ended = self.ended.fetch_add(1, Ordering::Relaxed) + 1;
            terminal::error_text(&format!("{ended}/{} {}", self.scenarios, scenario.id));
        }
    }
}
