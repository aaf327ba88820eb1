//! The client side: one stream, kept up.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt;
use vorrang_api::feed::v1::{FollowRequest, StartPoint, TenantCursor};
use vorrang_error::{Error, Kind};

use crate::Response;

/// First wait before connecting again; doubles up to [`BACKOFF_MAX`], and a random part of it is taken.
const BACKOFF: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// What a [`Follower`] gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming<E> {
    /// Apply the events and store the cursor, together; then ask for the next.
    Batch {
        /// Whose events.
        tenant: String,
        /// In order, none that was given before by this follower. May be empty: only the cursor moved.
        events: Vec<E>,
        /// Where to go on after them.
        cursor: String,
        /// Nothing newer of this tenant was committed before `as_of`.
        caught_up: bool,
        /// When the owner last looked at its log.
        as_of: DateTime<Utc>,
    },
    /// From a stream over all tenants: everything that was committed before is delivered, whatever tenant.
    CaughtUp {
        /// When the owner last looked at its log.
        as_of: DateTime<Utc>,
    },
}

type Opening<R> = Pin<Box<dyn Future<Output = Result<Streaming<R>, Status>> + Send>>;

enum Link<R> {
    /// Not before this moment.
    Down(Instant),
    Opening(Opening<R>),
    Up(Box<Streaming<R>>),
}

/// Follows one owner's feed: connects again with jitter when the stream breaks, goes on after the last batch it gave,
/// leaves out what it gave already, and refuses a gap.
pub struct Follower<R: Response> {
    open: Box<dyn FnMut(FollowRequest) -> Opening<R> + Send>,
    all: bool,
    types: Vec<String>,
    cursors: BTreeMap<String, String>,
    /// Position of the last event given, by tenant; unknown until the first.
    given: HashMap<String, i64>,
    link: Link<R>,
    /// Failures since the last response.
    failures: u32,
    /// Where the last gap was seen: seeing it again after a new connection means it is in the log.
    gap: Option<(String, i64)>,
}

impl<R: Response> Follower<R> {
    /// Follows all tenants, each after its cursor in `cursors`, others from the beginning. `open` makes the call, for
    /// example `move |request| { let mut client = client.clone(); async move { client.follow(request).await } }`.
    pub fn all<F, Call>(open: F, cursors: BTreeMap<String, String>) -> Self
    where
        F: FnMut(FollowRequest) -> Call + Send + 'static,
        Call: Future<Output = Result<tonic::Response<Streaming<R>>, Status>> + Send + 'static,
    {
        Self::new(open, true, cursors)
    }

    /// Follows the tenant of the credential after `cursor`, or from the beginning.
    pub fn one<F, Call>(open: F, tenant: &str, cursor: Option<String>) -> Self
    where
        F: FnMut(FollowRequest) -> Call + Send + 'static,
        Call: Future<Output = Result<tonic::Response<Streaming<R>>, Status>> + Send + 'static,
    {
        let cursors = cursor.map(|cursor| (tenant.to_owned(), cursor)).into_iter().collect();
        Self::new(open, false, cursors)
    }

    fn new<F, Call>(mut open: F, all: bool, cursors: BTreeMap<String, String>) -> Self
    where
        F: FnMut(FollowRequest) -> Call + Send + 'static,
        Call: Future<Output = Result<tonic::Response<Streaming<R>>, Status>> + Send + 'static,
    {
        Self {
            open: Box::new(move |request| {
                let call = open(request);
                Box::pin(async move { call.await.map(tonic::Response::into_inner) })
            }),
            all,
            types: Vec::new(),
            cursors,
            given: HashMap::new(),
            link: Link::Down(Instant::now()),
            failures: 0,
            gap: None,
        }
    }

    /// Only events of these types; a gap can then not be seen any more.
    #[must_use]
    pub fn types<T: Into<String>>(mut self, types: impl IntoIterator<Item = T>) -> Self {
        self.types = types.into_iter().map(Into::into).collect();
        self
    }

    /// Goes on from other cursors, over a new stream: after a batch that could not be applied, or a rebuild.
    pub fn restart(&mut self, cursors: BTreeMap<String, String>) {
        self.cursors = cursors;
        self.given.clear();
        self.gap = None;
        self.link = Link::Down(Instant::now());
    }

    /// Goes on with one tenant from another cursor (empty: from the beginning), over a new stream. The other tenants go on after what
    /// was given of them.
    pub fn move_to(&mut self, tenant: &str, cursor: &str) {
        if cursor.is_empty() {
            self.cursors.remove(tenant);
        } else {
            self.cursors.insert(tenant.to_owned(), cursor.to_owned());
        }
        self.given.remove(tenant);
        self.gap = None;
        self.link = Link::Down(Instant::now());
    }

    /// The next batch; waits for it, through any number of broken streams. May be dropped and called again without
    /// losing anything.
    ///
    /// # Errors
    /// Only what connecting again cannot cure: Precondition `EPOCH_CHANGED` or `CURSOR_AHEAD`, OutOfRange
    /// `CURSOR_TOO_OLD`, Invalid (all: rebuild, then [`Follower::restart`]), Internal `FEED_GAP` (a defect of the
    /// owner's log). Calling it again tries again.
    pub async fn next(&mut self) -> Result<Incoming<R::Event>, Error> {
        loop {
            match &mut self.link {
                Link::Down(until) => {
                    tokio::time::sleep_until(*until).await;
                    let request = self.request();
                    self.link = Link::Opening((self.open)(request));
                }
                Link::Opening(opening) => match opening.as_mut().await {
                    Ok(stream) => self.link = Link::Up(Box::new(stream)),
                    Err(status) => self.broken(status)?,
                },
                Link::Up(stream) => match stream.message().await {
                    Ok(Some(response)) => {
                        if let Some(incoming) = self.accept(response)? {
                            return Ok(incoming);
                        }
                    }
                    Ok(None) => self.broken(Status::unavailable("the stream ended"))?,
                    Err(status) => self.broken(status)?,
                },
            }
        }
    }

    fn request(&self) -> FollowRequest {
        if self.all {
            return FollowRequest {
                start: StartPoint::Beginning.into(),
                types: self.types.clone(),
                tenant_cursors: self
                    .cursors
                    .iter()
                    .map(|(tenant, cursor)| TenantCursor {
                        tenant: tenant.clone(),
                        cursor: cursor.clone(),
                    })
                    .collect(),
                ..FollowRequest::default()
            };
        }
        let cursor = self.cursors.values().next().cloned().unwrap_or_default();
        let start = if cursor.is_empty() {
            StartPoint::Beginning
        } else {
            StartPoint::Unspecified
        };
        FollowRequest {
            cursor,
            start: start.into(),
            types: self.types.clone(),
            ..FollowRequest::default()
        }
    }

    /// Takes a response over, or gives `None` when a gap made the stream useless.
    fn accept(&mut self, response: R) -> Result<Option<Incoming<R::Event>>, Error> {
        let parts = response.unpack();
        self.failures = 0;
        if parts.tenant.is_empty() {
            return Ok(Some(Incoming::CaughtUp { as_of: parts.as_of }));
        }
        let mut given = self.given.get(&parts.tenant).copied();
        let mut events = Vec::with_capacity(parts.events.len());
        for event in parts.events {
            let Some(seq) = R::head(&event).map(|head| head.seq) else {
                return Err(Error::internal("an event of the feed has no head"));
            };
            match given {
                Some(last) if seq <= last => continue,
                Some(last) if seq > last + 1 && self.types.is_empty() => return self.gap_after(parts.tenant, last),
                _ => {}
            }
            given = Some(seq);
            events.push(event);
        }
        if let Some(given) = given {
            self.given.insert(parts.tenant.clone(), given);
        }
        self.cursors.insert(parts.tenant.clone(), parts.cursor.clone());
        Ok(Some(Incoming::Batch {
            tenant: parts.tenant,
            events,
            cursor: parts.cursor,
            caught_up: parts.caught_up,
            as_of: parts.as_of,
        }))
    }

    fn gap_after<T>(&mut self, tenant: String, last: i64) -> Result<Option<T>, Error> {
        self.retry_later();
        let here = Some((tenant, last));
        if self.gap == here {
            return Err(Error::new(
                Kind::Internal,
                "FEED_GAP",
                format!("the feed left out events after position {last} twice"),
            ));
        }
        tracing::error!(position = last, "the feed left out events; connecting again");
        self.gap = here;
        Ok(None)
    }

    fn broken(&mut self, status: Status) -> Result<(), Error> {
        self.retry_later();
        let Some(kind) = hopeless(status.code()) else {
            tracing::debug!(code = ?status.code(), message = status.message(), "the feed broke; connecting again");
            return Ok(());
        };
        let details = status.get_error_details();
        let info = details.error_info();
        let reason = reason(info.map_or("", |info| info.reason.as_str()));
        let mut error = Error::new(kind, reason, status.message());
        for key in ["oldest_cursor", "tenant"] {
            if let Some(value) = info.and_then(|info| info.metadata.get(key)) {
                error = error.with(key, value.clone());
            }
        }
        Err(error.caused_by(status))
    }

    fn retry_later(&mut self) {
        let most = BACKOFF.saturating_mul(1 << self.failures.min(16)).min(BACKOFF_MAX);
        self.failures = self.failures.saturating_add(1);
        // Jitter: after a restart of the owner its followers must not all come back in the same moment.
        self.link = Link::Down(Instant::now() + most.mul_f64(rand::random_range(0.5..1.0)));
    }
}

/// Codes that the same request will always get.
fn hopeless(code: Code) -> Option<Kind> {
    match code {
        Code::InvalidArgument => Some(Kind::Invalid),
        Code::FailedPrecondition => Some(Kind::Precondition),
        Code::OutOfRange => Some(Kind::OutOfRange),
        _ => None,
    }
}

fn reason(sent: &str) -> &'static str {
    match sent {
        "EPOCH_CHANGED" => "EPOCH_CHANGED",
        "CURSOR_AHEAD" => "CURSOR_AHEAD",
        "CURSOR_TOO_OLD" => "CURSOR_TOO_OLD",
        "CURSOR_INVALID" => "CURSOR_INVALID",
        _ => "FEED_REFUSED",
    }
}
