//! What can go wrong, each with a message that a person at the client understands.
//!
//! Messages name the call and never hold a token, a secret or a URL's query.

/// Why an action did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClientError {
    /// What the adapter contract handed over is missing or cannot be used.
    #[error("{0}")]
    Settings(String),
    /// The authorisation server refused to grant a token.
    #[error("no token: the authorisation server answered HTTP {status}{detail}")]
    TokenRefused {
        /// HTTP status.
        status: u16,
        /// `error` and `error_description`, after a separator, or nothing.
        detail: String,
    },
    /// The API refused a call for good.
    #[error("{call}: the ROR answered HTTP {status}{detail}")]
    Refused {
        /// The call, for example `GET Organization/1111`.
        call: String,
        /// HTTP status.
        status: u16,
        /// Diagnostics of the OperationOutcome, after a separator, or nothing.
        detail: String,
    },
    /// The service stayed unavailable or over quota during all the attempts allowed.
    #[error("{call}: still HTTP {status} after {attempts} attempts, given up")]
    StillThrottled {
        /// The call.
        call: String,
        /// HTTP status of the last answer, 429 or 503.
        status: u16,
        /// Attempts made.
        attempts: u32,
    },
    /// The advertised wait ends after the deadline of the action.
    #[error("{call}: HTTP {status}, and the wait asked for ({seconds} s) goes past the deadline, given up")]
    WaitPastDeadline {
        /// The call.
        call: String,
        /// HTTP status, 429 or 503.
        status: u16,
        /// The wait, in whole seconds, rounded up.
        seconds: u64,
    },
    /// The time given to the action is over.
    #[error("{call}: not done before the deadline")]
    Deadline {
        /// The call.
        call: String,
    },
    /// The service failed, cut the connection, did not answer or answered rubbish in all the attempts allowed.
    #[error("{call}: {cause} ({attempts} attempts)")]
    Broken {
        /// The call.
        call: String,
        /// What happened the last time.
        cause: String,
        /// Attempts made.
        attempts: u32,
    },
    /// The server did not prove its identity, or the TLS handshake failed for good.
    #[error("{call}: no secure connection: {cause}")]
    Insecure {
        /// The call.
        call: String,
        /// The reason that TLS gives.
        cause: String,
    },
    /// The answer is understood as HTTP and JSON, but is not what was asked for.
    #[error("{call}: {problem}")]
    Content {
        /// The call.
        call: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A link of an answer (next page, poll, file) leaves the servers that were configured: the token is not sent there.
    #[error("a link leads to another server ({0}), not followed: the token goes to no other host")]
    ForeignLink(String),
    /// A call that must not be repeated blindly was sent, and what came of it is not known.
    #[error("{call}: sent, but its answer was lost ({cause})")]
    Lost {
        /// The call.
        call: String,
        /// What happened.
        cause: String,
    },
    /// Writes that were refused, or that wait to be sent.
    #[error("{0}")]
    NotAllWritten(String),
    /// A file of `ROR_STATE_DIR` cannot be read or written.
    #[error("the local base in ROR_STATE_DIR cannot be used: {0}")]
    State(String),
    /// Some reads of a series failed.
    #[error("{failed} of {asked} reads failed: {details}")]
    Incomplete {
        /// Reads that failed or were not tried any more.
        failed: usize,
        /// Reads asked for.
        asked: usize,
        /// Which ones and why.
        details: String,
    },
    /// The client crashes without a word; used by flaws only.
    #[error("crash")]
    Crash,
    /// A page met a 429; used by `restarts-paging-after-429` only.
    #[error("{call}: interrupted by HTTP 429")]
    Interrupted {
        /// The call.
        call: String,
    },
}

impl ClientError {
    /// Whether the other calls of the same job would meet the same end, so that trying them only does harm.
    pub(crate) fn ends_the_job(&self) -> bool {
        match self {
            Self::Settings(_)
            | Self::ForeignLink(_)
            | Self::TokenRefused { .. }
            | Self::WaitPastDeadline { .. }
            | Self::Deadline { .. }
            | Self::Insecure { .. }
            | Self::Crash => true,
            Self::Refused { status, .. } => *status == 401,
            _ => false,
        }
    }
}
