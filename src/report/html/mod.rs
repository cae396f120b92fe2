//! The page for people: one file that needs nothing else, without script, in one language.
//!
//! askama escapes every value for HTML; [`show::visible`] over the whole page then makes controls and bidirectional
//! marks visible, wherever they came from; values from outside are cut where the templates print them.

mod action;
mod campaign;
mod scenario;
mod timeline;

use askama::Template;

use crate::judge::{Conformity, Outcome, PlanState, Status};
use crate::report::say::Say;
use crate::report::{ReportError, notice, page_name, show};
use crate::text::Lang;

use action::Action;
use campaign::Row;
use scenario::ScenarioView;

/// The page of `outcome` in `lang`.
///
/// # Errors
/// When it cannot be rendered, which would be a fault of the bench.
pub fn page(outcome: &Outcome, lang: Lang) -> Result<String, ReportError> {
    let t = Say { lang };
    let (verdict, verdict_status) = t.verdict(outcome);
    let page = Page {
        t,
        verdict,
        verdict_status,
        outcome,
        notice: notice().get(lang).to_owned(),
        other: page_name(outcome.lang, lang.other()),
        totals: Status::ALL
            .iter()
            .map(|status| Total { status: *status, count: outcome.total(*status) })
            .collect(),
        campaign: campaign::rows(&outcome.run.campaign),
        actions: action::list(outcome),
        scenarios: outcome.scenarios.iter().map(|scenario| ScenarioView::new(scenario, t)).collect(),
    };
    let html = page
        .render()
        .map_err(|error| ReportError::Render { name: "index.html", reason: error.to_string() })?;
    Ok(show::visible(&html))
}

#[derive(Template)]
#[template(path = "report/page.html")]
struct Page<'a> {
    t: Say,
    outcome: &'a Outcome,
    notice: String,
    /// The verdict in words, and the status that it looks like.
    verdict: &'static str,
    verdict_status: Status,
    /// File name of the same page in the other language.
    other: String,
    totals: Vec<Total>,
    campaign: Vec<Row>,
    actions: Vec<Action<'a>>,
    scenarios: Vec<ScenarioView<'a>>,
}

struct Total {
    status: Status,
    count: usize,
}

impl Page<'_> {
    fn known(&self, requirement: &str) -> bool {
        self.outcome.requirements.iter().any(|known| known.id == requirement)
    }

    fn covered(&self) -> usize {
        self.outcome.coverage().0
    }

    /// How many of the requirements that were decided came out how; those that none did are left out.
    fn conformities(&self) -> Vec<(Conformity, usize)> {
        let counted = Conformity::ALL.into_iter().map(|one| (one, self.outcome.conforming(one)));
        counted.filter(|(_, count)| *count > 0).collect()
    }

    fn undecided(&self) -> usize {
        let (covered, total) = self.outcome.coverage();
        total - covered - self.outcome.untested()
    }

    fn checks(&self) -> usize {
        self.totals.iter().map(|total| total.count).sum()
    }
}

#[cfg(test)]
mod tests;
