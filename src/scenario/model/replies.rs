//! Scripted replies: which requests they answer, and what with.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Dialect;
use crate::check::Seconds;

/// One scripted reply.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ScriptedReply {
    /// Which requests it answers.
    pub on: On,
    /// What it answers.
    pub reply: Reply,
}

/// Which requests a scripted reply answers. Only requests that passed the token and whitelist gates count.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct On {
    /// Method; any when absent.
    pub method: Option<String>,
    /// Path, exact, or a prefix when it ends with `*`; any when absent.
    pub path: Option<String>,
    /// Another path that will do as well, where clients may do the same thing in two ways.
    pub or_path: Option<String>,
    /// Name of the API instead of a path: token, fhir, capacity, anomalies.
    pub api: Option<String>,
    /// Technical id that the request asks for: last segment of its path, or among the values of `_id`.
    pub id: Option<String>,
    /// First matching request to be answered so, from 1.
    pub nth: Option<u32>,
    /// How many in a row, from the nth; 1 when absent.
    pub times: Option<u32>,
    /// All from the nth on.
    pub forever: bool,
    /// All from the nth on, for that long.
    pub during: Option<Seconds>,
    /// Only while this step is played, from 1.
    pub step: Option<u32>,
}

/// What a scripted reply answers.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Reply {
    /// Status; none with a `fault` on the ordinary answer.
    pub status: Option<u16>,
    /// Retry-After in whole seconds.
    pub retry_after: Option<Seconds>,
    /// Retry-After as an HTTP-date that far ahead, rounded up to a whole second.
    pub retry_after_date: Option<Seconds>,
    /// Retry-After with exactly these characters.
    pub retry_after_raw: Option<String>,
    /// Several Retry-After headers, each with exactly these characters.
    pub retry_after_several: Vec<String>,
    /// In which headers the delay is told.
    pub dialect: Dialect,
    /// Body.
    pub body: ReplyBody,
    /// What Content-Type says instead of the truth.
    pub content_type: Option<String>,
    /// Where a redirection leads.
    pub redirect: Option<Redirect>,
    /// When the body is compressed.
    pub gzip: Option<Gzip>,
    /// A page of a search gets entries besides its own: an OperationOutcome, and a type that nobody asked for.
    pub strangers: bool,
    /// MiB of white space put into a JSON body, 16 at most.
    pub padding: Option<u32>,
    /// What happens to the answer on the wire.
    pub fault: Option<Fault>,
    /// How long a stall or a drip lasts; 2s when absent.
    pub lasts: Option<Seconds>,
    /// How long the answer is held back: calls that were under way by themselves arrive meanwhile, so that what comes
    /// after it is a reaction.
    pub hold: Option<Seconds>,
}

/// Body of a scripted reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReplyBody {
    /// What the ROR would send: OperationOutcome for the API, Keycloak JSON for the token endpoint.
    #[default]
    Usual,
    /// The JSON of an API gateway, not FHIR.
    Gateway,
    /// An HTML page.
    Html,
    /// Nothing.
    Empty,
    /// OperationOutcome whose `expression` is a text, as the ROR has been seen to write it.
    ExpressionText,
    /// OperationOutcome whose `expression` is a list, as FHIR has it.
    ExpressionList,
}

/// What happens to an answer on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The connection is cut before any answer.
    Reset,
    /// The connection is cut in the middle of the body.
    Truncate,
    /// The body is half of itself, and whole as far as HTTP can tell.
    Half,
    /// Half of the body, then nothing for a while, then the connection is cut.
    Stall,
    /// The body comes in small pieces over a while, and whole.
    Drip,
    /// Content-Length announces more than there is.
    Long,
    /// The body has its length and its end, but is no JSON.
    Malformed,
}

/// Where a redirection leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Redirect {
    /// The same resource on the same host.
    Same,
    /// Another host, where a token must not go.
    AnotherHost,
}

/// When a body is compressed with gzip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Gzip {
    /// When the request says that it may be.
    IfAsked,
    /// In any case.
    Always,
}
