//! The one error type of the suite. It knows nothing of gRPC, HTTP or SQL.
//!
//! A domain or store function says *what kind* of thing went wrong ([`Kind`], a small closed set),
//! a stable machine-readable `reason`, and a sentence that names what is wrong, where, and what to
//! do. The service chassis maps it to a gRPC status in exactly one place. A `source` is for our own
//! logs and never reaches a client.

use std::time::Duration;

/// What kind of failure it is. Adding one is a design decision: every mapping matches exhaustively.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is malformed; repeating it cannot succeed.
    Invalid,
    /// The thing does not exist, or belongs to another tenant (the two are never told apart).
    NotFound,
    /// The thing exists already.
    AlreadyExists,
    /// The state of the thing does not allow this now.
    Precondition,
    /// Somebody else was faster; read again and repeat the whole operation.
    Conflict,
    /// The credential lacks the scope.
    Denied,
    /// No credential, or not a valid one.
    Unauthenticated,
    /// A limit was reached; try again later.
    Limited,
    /// A cursor or range lies outside what is kept.
    OutOfRange,
    /// A dependency is down; try again.
    Unavailable,
    /// Time ran out; the outcome may be unknown.
    Timeout,
    /// A defect of ours. Clients get a fixed text and an id.
    Internal,
}

impl Kind {
    /// Whether repeating the same call unchanged can succeed.
    pub fn retryable(self) -> bool {
        match self {
            Kind::Limited | Kind::Unavailable | Kind::Timeout => true,
            Kind::Invalid
            | Kind::NotFound
            | Kind::AlreadyExists
            | Kind::Precondition
            | Kind::Conflict
            | Kind::Denied
            | Kind::Unauthenticated
            | Kind::OutOfRange
            | Kind::Internal => false,
        }
    }
}

/// One field that is wrong: its path as in the request (`contact.channel`), and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field in the request, in proto spelling.
    pub field: String,
    /// What is wrong and what would be right. Never echoes customers' content.
    pub description: String,
}

/// A message of the contract that explains an error better than words: what somebody else wrote meanwhile. Already encoded, since this
/// crate knows no contract. May hold what customers wrote: it goes to the caller and never to a log, so its bytes are not even in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Detail {
    /// Full proto name of the message.
    pub type_name: &'static str,
    /// The message, encoded. Small: all details of an error together must fit into a header.
    pub value: Vec<u8>,
}

impl std::fmt::Debug for Detail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Detail({}, {} bytes)", self.type_name, self.value.len())
    }
}

/// The cause of an error, for logs.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// A failure. Boxed inside so that `Result<T, Error>` stays small.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    reason: &'static str,
    message: String,
    metadata: Vec<(&'static str, String)>,
    violations: Vec<Violation>,
    resource: Option<(&'static str, String)>,
    retry_after: Option<Duration>,
    detail: Option<Detail>,
    source: Option<Source>,
}

impl Error {
    /// An error of `kind` with a stable `reason` (UPPER_SNAKE, at most 63 characters).
    pub fn new(kind: Kind, reason: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            reason,
            message: message.into(),
            metadata: Vec::new(),
            violations: Vec::new(),
            resource: None,
            retry_after: None,
            detail: None,
            source: None,
        }))
    }

    /// A malformed request with every field violation found in it.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let message = match violations.as_slice() {
            [] => "the request is invalid".to_owned(),
            [one] => format!("{}: {}", one.field, one.description),
            [first, rest @ ..] => format!(
                "{}: {} (and {} more, see the details)",
                first.field,
                first.description,
                rest.len()
            ),
        };
        let mut error = Self::new(Kind::Invalid, "INVALID_REQUEST", message);
        error.0.violations = violations;
        error
    }

    /// A single malformed field.
    pub fn invalid_field(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::invalid(vec![Violation {
            field: field.into(),
            description: description.into(),
        }])
    }

    /// `resource_type` is the proto name (`vorrang.ticketing.v1.Ticket`), `name` the resource name asked for.
    pub fn not_found(resource_type: &'static str, name: impl Into<String>) -> Self {
        let name = name.into();
        let mut error = Self::new(Kind::NotFound, "RESOURCE_NOT_FOUND", format!("{name} does not exist"));
        error.0.resource = Some((resource_type, name));
        error
    }

    /// Somebody else changed the thing first.
    pub fn conflict(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, reason, message)
    }

    /// The state of the thing does not allow this.
    pub fn precondition(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Precondition, reason, message)
    }

    /// A dependency is down.
    pub fn unavailable(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, reason, message)
    }

    /// A limit was reached; `retry_after` tells when to try again.
    pub fn limited(reason: &'static str, message: impl Into<String>, retry_after: Duration) -> Self {
        Self::new(Kind::Limited, reason, message).with_retry_after(retry_after)
    }

    /// A defect of ours; `message` is for logs only.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, "INTERNAL", message)
    }

    /// Says more precisely why, where callers act on it: `REQUEST_ID_REUSED` instead of `INVALID_REQUEST`.
    #[must_use]
    pub fn with_reason(mut self, reason: &'static str) -> Self {
        self.0.reason = reason;
        self
    }

    /// Adds a machine-readable detail. Variable parts of the message belong here too.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.0.metadata.push((key, value.into()));
        self
    }

    /// Says when a repeat makes sense.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// Adds a message of the contract. One an error: a second replaces the first.
    #[must_use]
    pub fn with_detail(mut self, type_name: &'static str, value: Vec<u8>) -> Self {
        self.0.detail = Some(Detail { type_name, value });
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Says in front of the message what it is about, where only the caller knows: `the database of ticketing`.
    #[must_use]
    pub fn about(mut self, what: impl std::fmt::Display) -> Self {
        self.0.message = format!("{what}: {}", self.0.message);
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The stable machine-readable reason.
    pub fn reason(&self) -> &'static str {
        self.0.reason
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Machine-readable details.
    pub fn metadata(&self) -> &[(&'static str, String)] {
        &self.0.metadata
    }

    /// Every field that is wrong.
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }

    /// The resource that was not found: its proto type and name.
    pub fn resource(&self) -> Option<(&'static str, &str)> {
        self.0.resource.as_ref().map(|(kind, name)| (*kind, name.as_str()))
    }

    /// When a repeat makes sense.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The message of the contract that explains it.
    pub fn detail(&self) -> Option<&Detail> {
        self.0.detail.as_ref()
    }

    /// The whole chain of causes in one line, for the log and for start-up errors.
    pub fn chain(&self) -> String {
        let mut text = self.0.message.clone();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}

/// Most violations that are noted: a list of a million wrong entries must not become a million sentences in memory.
const VIOLATIONS_MAX: usize = 1_000;

/// Collects every violation of a request before answering, so that a caller fixes all of them at once. From the thousandth on nothing more
/// is noted.
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// None so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes one more wrong field.
    pub fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        if self.0.len() >= VIOLATIONS_MAX {
            return;
        }
        self.0.push(Violation {
            field: field.into(),
            description: description.into(),
        });
    }

    /// Notes a violation and gives `None` when `result` is an error, else its value.
    pub fn take<T>(&mut self, field: impl Into<String>, result: Result<T, impl std::fmt::Display>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(why) => {
                self.add(field, why.to_string());
                None
            }
        }
    }

    /// Whether nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Ok` when nothing was wrong, else an [`Kind::Invalid`] error with all of it.
    pub fn into_result(self) -> Result<(), Error> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid(self.0))
        }
    }
}

#[cfg(test)]
mod tests;
