//! Check kinds, one file each: its YAML shape, its evaluation over the evidence, its texts in both languages.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::Seconds;

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
    /// Success is never reported with a page, a read or a file missing.
    NoSilentLoss(NoSilentLoss),
}

/// Which exchanges are meant. All that is given must hold; everything when empty.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Matcher {
    /// Method.
    pub method: Option<String>,
    /// Path, exact, or a prefix when it ends with `*`.
    pub path: Option<String>,
    /// API: token, fhir, capacity, anomalies.
    pub api: Option<String>,
    /// Query parameters that must be there, decoded, as `[name, value]`; others may be there too.
    pub parameters: Vec<(String, String)>,
    /// Status of the answer.
    pub status: Option<u16>,
    /// Whether a scripted reply of the scenario answered it.
    pub scripted: Option<bool>,
}

/// `requests`: how often a request was made.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Requests {
    /// Which.
    pub matching: Matcher,
    /// How often.
    pub times: Times,
    /// Also met when the client reported an intelligible error instead (a single interactive call may end so).
    #[serde(default)]
    pub or_error: bool,
}

/// Bounds of a count; at least one of them.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Times {
    /// No fewer.
    pub at_least: Option<u32>,
    /// No more.
    pub at_most: Option<u32>,
    /// Just so many.
    pub exactly: Option<u32>,
}

/// `gap`: the delay that a 429 or 503 advertised is waited for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Gap {
    /// Refusals that start the wait.
    pub after: Matcher,
    /// `advertised` (the value on the wire), or a duration.
    pub at_least: AtLeast,
}

/// Length of a wait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AtLeast {
    /// What Retry-After said on the wire.
    Advertised,
    /// A duration of the scenario's.
    Duration(Seconds),
}

impl<'de> Deserialize<'de> for AtLeast {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        if text == "advertised" {
            return Ok(Self::Advertised);
        }
        Seconds::parse(&text)
            .map(Self::Duration)
            .map_err(|reason| serde::de::Error::custom(format!("{reason}, or `advertised`")))
    }
}

impl JsonSchema for AtLeast {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AtLeast".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^(advertised|\\s*[0-9]+(\\.[0-9]+)?\\s*(ms|s|m)\\s*)$",
            "description": "`advertised`, or a duration such as 500ms."
        })
    }
}

/// `back-off`: attempts after refusals without a usable delay.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BackOff {
    /// The refusals.
    pub after: Matcher,
    /// Shortest time between a refusal and the next attempt of the same call.
    pub floor: Seconds,
    /// Most attempts of the same call that are refused, over the whole scenario.
    pub attempts: u32,
}

/// `pace`: the client's own pace.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pace {
    /// Which reading of the quota.
    pub bound: PaceBound,
}

/// Readings of the level-2 quota Q.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PaceBound {
    /// At most Q × (T + 1) calls in any T seconds (BANC-PACE-01).
    AnyWindow,
    /// At most Q calls in any sliding second (BANC-PACE-02).
    SlidingSecond,
}

/// `ror-headers`: see [`Expect::RorHeaders`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RorHeaders {
    /// What is looked at.
    pub look_at: HeaderFacet,
}

/// What is looked at in the four headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeaderFacet {
    /// All four are there.
    Presence,
    /// The codes are those that the ANS assigned.
    Codes,
    /// The systems are bare OIDs as assigned, without `urn:oid:`.
    Systems,
}

/// `token-form`: grant type, client_id, form encoding.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenForm {}

/// `credential`: see [`Expect::Credential`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Credential {
    /// What is looked at.
    pub look_at: CredentialFacet,
}

/// What is looked at in the proof of identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialFacet {
    /// The declared certificate is shown (profiles 1 to 5), or the secret is sent (profile 0).
    Proof,
    /// No secret goes with a certificate.
    NoSecret,
}

/// `token-reuse`: within one step, a valid token is used again.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TokenReuse {
    /// Most tokens granted within one step, beyond those that a renewal explains.
    pub tokens_at_most: u32,
}

/// `token-renewal`: see [`Expect::TokenRenewal`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRenewal {}

/// `token-confined`: see [`Expect::TokenConfined`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenConfined {}

/// `search`: the parameters of the step's input are what was sent, as a decoded multiset.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[derive(Default)]
pub struct Search {
    /// Only the parameters of these names; all when empty.
    pub parameters: Vec<String>,
}

/// `paging`: pages are followed by their links.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Paging {
    /// What is looked at.
    pub look_at: PagingFacet,
}

/// What is looked at in paging.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PagingFacet {
    /// Every `next` link that was given is followed (unless the client reported an error).
    Complete,
    /// The links are used exactly as given; no URL of the client's own making asks for a page.
    Verbatim,
    /// A refused page is asked for again, not the first page.
    Resumed,
}

/// `not-repeated`: the same call is not made again after such an answer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NotRepeated {
    /// The refusal. A 401 may be followed by one repetition with a fresh token.
    pub after: Matcher,
    /// Whether every further call of the same API counts, not only the same call.
    #[serde(default)]
    pub any_call: bool,
    /// Repetitions that are let pass.
    #[serde(default)]
    pub allowed: u32,
}

/// `outcome`: what the client reported.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectedOutcome {
    /// What is expected.
    pub is: OutcomeKind,
}

/// What a client may report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeKind {
    /// Success.
    Ok,
    /// An error with a message; its wording is for a person to review.
    Error,
    /// Success, or an error with a message.
    OkOrError,
}

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
    /// `identifiers`, by type code, where the client gives them.
    Identifiers,
}

/// `no-silent-loss`: see [`Expect::NoSilentLoss`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoSilentLoss {}
