//! Quotas, and how a refusal by them is told.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::Seconds;

/// Quotas in calls per second; those of the charter (CHA-Q-01…03) when absent.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Quotas {
    /// All services together, per API.
    pub level_1: Option<u32>,
    /// One service, per API.
    pub level_2: Option<u32>,
    /// Whether exceeding them is answered 429 (otherwise they are observed only).
    pub enforced: bool,
    /// Load of other services on each API, calls per second, so that level 1 can be met.
    pub other_services: u32,
    /// Whether the 429 carries Retry-After, and how.
    pub retry_after: AdvertiseDelay,
    /// In which headers the 429 speaks.
    pub dialect: Dialect,
    /// How calls are counted.
    pub counting: Counting,
    /// Length of the window in which they are counted; 1s when absent.
    pub window: Option<Seconds>,
    /// Whether answers within the quota say, in that dialect, how much of it is left.
    pub announced: bool,
    /// What a service meets that calls on while it is told to wait.
    pub suspension: Option<Suspension>,
}

/// How calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Counting {
    /// In a window that slides.
    #[default]
    Sliding,
    /// In windows that follow one another: the count restarts at each boundary.
    Fixed,
}

/// What a service meets that calls on while it is told to wait: a suspension from all the APIs.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Suspension {
    /// The call too early with which it begins, from 1; calls within 500 ms of the refusal are not counted.
    pub after: u32,
    /// How long it lasts.
    pub lasts: Seconds,
    /// How calls are refused meanwhile.
    #[serde(default)]
    pub by: SuspendedBy,
}

/// How the calls of a suspended service are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SuspendedBy {
    /// 403.
    #[default]
    Forbidden,
    /// 429, with the delay that is left.
    Throttling,
}

/// In which headers a refusal by quota speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// Retry-After (RFC 9110).
    #[default]
    Rfc,
    /// The gateway's X-Rate-Limit-*, whose -Reset is an instant in milliseconds since 1970; no Retry-After.
    Gravitee,
    /// RateLimit and RateLimit-Policy (an IETF draft); no Retry-After.
    DraftRatelimit,
    /// Neither.
    Bare,
}

/// How a refusal by quota advertises its delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdvertiseDelay {
    /// Whole seconds, rounded up.
    #[default]
    Seconds,
    /// An HTTP-date, rounded up.
    Date,
    /// No Retry-After at all.
    Absent,
}
