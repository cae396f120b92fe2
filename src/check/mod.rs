//! Check kinds, one file each: its YAML shape, its evaluation over the evidence, its texts in both languages.
//!
//! To add a kind: a file with its shape and `impl Kind`, a variant of [`Expect`], a line in `Expect::kind`.

use schemars::JsonSchema;
use serde::Deserialize;

mod accepts_server;
mod alerted;
mod announced;
mod anomalies;
mod attempt;
mod back_off;
mod batches;
mod bulk;
mod causes;
mod comparison;
mod confidential;
mod context;
mod credential;
mod duration;
mod export;
mod export_pace;
mod feed;
mod finding;
mod first_contact;
mod flight;
mod gap;
mod handed_credential;
mod identities;
mod impostor;
mod integrated;
mod jobs;
mod matcher;
mod no_silent_loss;
mod noise;
mod not_repeated;
mod outcome;
mod pace;
mod pages;
mod paging;
mod party;
mod preconditions;
mod reach;
mod received;
mod refuses_server;
mod region;
mod reported;
mod requests;
mod ror_headers;
mod search;
mod search_value;
mod secrets_kept;
mod still_trying;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod token_confined;
mod token_form;
mod token_renewal;
mod token_reuse;
mod truncation;
mod wait;
mod words;

pub use accepts_server::AcceptsServer;
pub use anomalies::{AnomaliesCreated, AnomalyForm};
pub use back_off::BackOff;
pub use confidential::{Confidential, ConfidentialFacet};
pub use context::{Bodies, Context, Expected, History, Truth};
pub use credential::{Credential, CredentialFacet};
pub use duration::Seconds;
pub use export::{Export, ExportFacet};
pub use feed::{
    CapacityForm, CapacityOrder, CapacityRecords, CapacitySequence, ExpectedRecord, FormFacet, SequenceFacet,
};
pub use finding::{Finding, Verdict};
pub use first_contact::{Contact, first_contact, obstacle};
pub use gap::{AtLeast, Gap};
pub use handed_credential::{Handed, HandedFacet};
pub use identities::Identities;
pub use integrated::{Compared, Integrated};
pub use matcher::{Matcher, Times};
pub use no_silent_loss::NoSilentLoss;
pub use not_repeated::NotRepeated;
pub use outcome::{ExpectedOutcome, OutcomeKind};
pub use pace::{Pace, PaceBound};
pub use paging::{Paging, PagingFacet};
pub use party::Party;
pub use received::Received;
pub use refuses_server::{RefusalFacet, RefusesServer};
pub use requests::Requests;
pub use ror_headers::{HeaderFacet, RorHeaders};
pub use search::Search;
pub use secrets_kept::SecretsKept;
pub use token_confined::TokenConfined;
pub use token_form::TokenForm;
pub use token_renewal::TokenRenewal;
pub use token_reuse::TokenReuse;
pub use truncation::Truncation;

pub(crate) use wait::advertised_wait;
pub(crate) use words::{both, quote};

use crate::text::Text;
use context::Scene;

/// One check.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Check {
    /// Identifier within the scenario.
    pub id: String,
    /// Requirements of the client that it decides; its level is that of the strongest one.
    pub requires: Vec<String>,
    /// What is expected: one check kind with its parameters.
    pub expect: Expect,
    /// Step that it judges, from 1; the whole scenario when absent.
    #[serde(default)]
    pub step: Option<u32>,
    /// A sentence instead of the check kind's own.
    #[serde(default)]
    pub title: Option<Text>,
}

/// What a check expects: exactly one kind with its parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Expect {
    /// How often a request was made, and answered.
    Requests(Requests),
    /// Nothing is called in the same partition before the advertised delay is over.
    Gap(Gap),
    /// After refusals without a usable delay, attempts are spaced and bounded.
    BackOff(BackOff),
    /// The client's own pace against the level-2 quota.
    Pace(Pace),
    /// The four `Ror-*` headers carry the assigned values on every GET of the five types.
    RorHeaders(RorHeaders),
    /// The token request is a well-formed client-credentials grant.
    TokenForm(TokenForm),
    /// The right proof of identity at the token endpoint: certificate without secret, or secret with profile 0.
    Credential(Credential),
    /// A valid token is used again.
    TokenReuse(TokenReuse),
    /// A job outlives its token: no call is lost to an expired or refused token.
    TokenRenewal(TokenRenewal),
    /// Tokens and secrets stay in their header and body, never in a URL.
    TokenConfined(TokenConfined),
    /// Tokens and secrets do not stand in what the client prints or reports.
    SecretsKept(SecretsKept),
    /// The search that was asked for is what was sent.
    Search(Search),
    /// Pages are followed by their links, to the end.
    Paging(Paging),
    /// A refused call is not repeated.
    NotRepeated(NotRepeated),
    /// What the client reported at the end of a step.
    Outcome(ExpectedOutcome),
    /// What the client declares to hold equals the truth of its profile.
    Integrated(Integrated),
    /// Success is never reported with a page, a read, a file or an update missing.
    NoSilentLoss(NoSilentLoss),
    /// How each PATCH of the capacity feed is made.
    CapacityForm(CapacityForm),
    /// `add` follows only the 404 of a missing record, and a refusal is not repeated.
    CapacitySequence(CapacitySequence),
    /// What the ROR holds on a Location in the end.
    CapacityRecords(CapacityRecords),
    /// For each record, an older measure is never sent after a newer one.
    CapacityOrder(CapacityOrder),
    /// Reading and feeding have each their client_id and their certificate.
    Identities(Identities),
    /// How anomalies are reported and changed.
    AnomalyForm(AnomalyForm),
    /// How many anomalies there are in the end that were not there at the beginning.
    AnomaliesCreated(AnomaliesCreated),
    /// A truncated search is completed otherwise, or its truncation is reported.
    Truncation(Truncation),
    /// An extraction is asked for, waited for and read as it should be.
    Export(Export),
    /// Since its change, a resource was received in its present version.
    Received(Received),
    /// Restricted values do not come out where they do not belong.
    Confidential(Confidential),
    /// A server that does not prove its identity is refused.
    RefusesServer(RefusesServer),
    /// A server that proves its identity is trusted, however its certificate changes.
    AcceptsServer(AcceptsServer),
    /// What a client does with a certificate that a step hands to it in place of its own.
    HandedCredential(Handed),
}

impl Expect {
    fn kind(&self) -> &dyn Kind {
        match self {
            Self::Requests(kind) => kind,
            Self::Gap(kind) => kind,
            Self::BackOff(kind) => kind,
            Self::Pace(kind) => kind,
            Self::RorHeaders(kind) => kind,
            Self::TokenForm(kind) => kind,
            Self::Credential(kind) => kind,
            Self::TokenReuse(kind) => kind,
            Self::TokenRenewal(kind) => kind,
            Self::TokenConfined(kind) => kind,
            Self::SecretsKept(kind) => kind,
            Self::Search(kind) => kind,
            Self::Paging(kind) => kind,
            Self::NotRepeated(kind) => kind,
            Self::Outcome(kind) => kind,
            Self::Integrated(kind) => kind,
            Self::NoSilentLoss(kind) => kind,
            Self::CapacityForm(kind) => kind,
            Self::CapacitySequence(kind) => kind,
            Self::CapacityRecords(kind) => kind,
            Self::CapacityOrder(kind) => kind,
            Self::Identities(kind) => kind,
            Self::AnomalyForm(kind) => kind,
            Self::AnomaliesCreated(kind) => kind,
            Self::Truncation(kind) => kind,
            Self::Export(kind) => kind,
            Self::Received(kind) => kind,
            Self::Confidential(kind) => kind,
            Self::RefusesServer(kind) => kind,
            Self::AcceptsServer(kind) => kind,
            Self::HandedCredential(kind) => kind,
        }
    }
}

/// One kind of check.
trait Kind {
    /// What it checks, in one sentence.
    fn title(&self) -> Text;

    /// What would have been right, with the values of this scenario.
    fn expected(&self, scene: &Scene<'_>) -> Text;

    /// What is concluded from the evidence. The preconditions common to all kinds hold already.
    fn evaluate(&self, scene: &Scene<'_>) -> Finding;

    /// How far its verdict survives a fault that was not delivered, or a scenario that was cut short.
    fn nature(&self) -> Nature;

    /// Whether it looks at connections, so that it can conclude without any request.
    fn rests_on_connections(&self) -> bool {
        false
    }

    /// Whether it looks at what the client declares, of which the wire need not tell anything.
    fn rests_on_declaration(&self) -> bool {
        false
    }

    /// Whether nothing can be concluded unless a scripted reply of the scenario was delivered.
    fn hinges_on_fault(&self, _scripted: &[Option<u16>]) -> bool {
        false
    }
}

/// How far a verdict survives what did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// The form of each request: stands whatever became of the scenario.
    Form,
    /// The reaction to something: a violation stands, obedience needs that something.
    Reaction,
    /// The completion of a job: a shortcoming needs the whole scenario to be seen.
    Completion,
}

/// Evaluates one check over the evidence of its scenario.
#[must_use]
pub fn evaluate(check: &Check, context: &Context<'_>) -> Finding {
    let kind = check.expect.kind();
    let scene = Scene::new(context, check.step);
    let mut finding = preconditions::guard(kind, &scene);
    finding.expected = kind.expected(&scene);
    finding
}

/// What a check checks, in one sentence: its own title, or that of its kind.
#[must_use]
pub fn title(check: &Check) -> Text {
    check.title.clone().unwrap_or_else(|| check.expect.kind().title())
}
