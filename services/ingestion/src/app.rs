//! What handlers may use.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vorrang_clock::SharedClock;
use vorrang_error::{Error, Violations};
use vorrang_service::{Context, Ids, Peers, Rate};
use vorrang_typing::Typing;

use crate::chat::Tokens;
use crate::contact::MAX_REQUEST_ID;
use crate::hours::Hours;
use crate::http::Budget;
use crate::mails::Mails;
use crate::presets::Presets;
use crate::recorder::Recorder;
use crate::rpc::converse::flood::Flood;
use crate::rpc::converse::hub::Hub;
use crate::seal::Seal;
use crate::store::{Source, Store};

/// Everything a handler reaches. Clones share it.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub store: Store,
    /// How to read what systems push.
    pub presets: Arc<Presets>,
    /// Records contacts.
    pub recorder: Recorder,
    /// Reads mails.
    pub mails: Mails,
    /// Opens the secrets of sources.
    pub seal: Seal,
    /// Makes ids.
    pub ids: Ids,
    /// The time.
    pub clock: SharedClock,
    /// How much a tenant may push.
    pub rate: Rate,
    /// Pushes with a wrong signature, by source.
    pub rejected: Rejected,
    /// Memory for the bodies of webhooks.
    pub bodies: Budget,
    /// Resume tokens of conversations.
    pub tokens: Tokens,
    /// Hears what happens to the tickets of conversations.
    pub hub: Hub,
    /// The other services.
    pub peers: Peers,
    /// How much conversations say.
    pub flood: Flood,
    /// When somebody is there for live chats.
    pub hours: Hours,
    /// Who types.
    pub typing: Typing,
    /// The mail address of each tenant that has a mailbox.
    pub addresses: Arc<BTreeMap<String, String>>,
    /// Where the world reaches us, without a slash at its end.
    pub public_url: String,
}

impl App {
    /// From what the chassis gives.
    pub fn new(
        context: &Context,
        store: Store,
        presets: Presets,
        recorder: Recorder,
        typing: Typing,
        addresses: BTreeMap<String, String>,
    ) -> Self {
        Self {
            store,
            presets: Arc::new(presets),
            recorder,
            mails: Mails::new(&context.secrets.link_keys()),
            seal: Seal::new(context.secrets.internal_key()),
            ids: context.ids.clone(),
            clock: context.clock.clone(),
            rate: context.rate.clone(),
            rejected: Rejected::default(),
            bodies: Budget::default(),
            tokens: Tokens::new(context.secrets.internal_key()),
            hub: Hub::new(context.peers.clone()),
            flood: Flood::default(),
            hours: Hours::new(context.peers.clone()),
            typing,
            addresses: Arc::new(addresses),
            peers: context.peers.clone(),
            public_url: context.config.public_url(),
        }
    }

    /// The source that a webhook's address names.
    ///
    /// # Errors
    /// NotFound: the same whether it never was, is switched off, or cannot be an id.
    pub async fn open_source(&self, id: &str) -> Result<Source, Error> {
        let possible = crate::names::is_source_id(id);
        let source = match possible {
            true => self.store.source_of_any_tenant(id).await?,
            false => None,
        };
        let shown = if possible { id } else { "-" };
        source
            .filter(|source| !source.disabled)
            .ok_or_else(|| Error::not_found(crate::names::SOURCE, crate::names::source(shown)))
    }
}

/// How many pushes had a wrong signature since the process started, by source. Only sources that exist are counted, so a
/// stranger cannot make it grow.
#[derive(Clone, Default)]
pub struct Rejected(Arc<Mutex<HashMap<String, u64>>>);

impl Rejected {
    /// One more.
    pub fn count(&self, source: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(source.to_owned()).or_default() += 1;
        crate::metrics::rejected();
    }

    /// How many.
    pub fn of(&self, source: &str) -> u64 {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(source)
            .copied()
            .unwrap_or_default()
    }
}

/// Namespace of the ids under which ticketing hears of pushes: they share a table with the ids of its other callers.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d1f_3b0e_55c8_5a0b_9c44_2f1e_7f0a_91d3);

/// Under which ticketing recognises a repeat of a push: made from the sender's `request_id`, else new.
pub fn delivery_id(request_id: &str) -> String {
    match request_id {
        "" => Uuid::new_v4().to_string(),
        id => Uuid::new_v5(&NAMESPACE, id.as_bytes()).to_string(),
    }
}

/// Under which ticketing recognises the contact at `position` of something that holds several and has the id `of`.
pub fn part_delivery_id(of: Uuid, position: usize) -> String {
    Uuid::new_v5(&NAMESPACE, format!("{of}/{position}").as_bytes()).to_string()
}

/// Under which ticketing recognises a departure that it is told of again.
pub fn departure_id(conversation: &str, left_at: DateTime<Utc>, close: bool) -> String {
    let words = format!("left/{close}/{}/{conversation}", left_at.timestamp_micros());
    Uuid::new_v5(&NAMESPACE, words.as_bytes()).to_string()
}

/// Id of the quarantine item of a mail pushed under this `request_id`, so that the id is known to be used.
pub fn mail_arrival(tenant: &str, request_id: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("mail/{tenant}/{request_id}").as_bytes())
}

/// Checks a `request_id` as ticketing and the idempotency table will.
pub fn check_request_id(request_id: &str, violations: &mut Violations) {
    if request_id.len() > MAX_REQUEST_ID || !request_id.bytes().all(|byte| byte.is_ascii_graphic()) {
        violations.add(
            "request_id",
            "must be at most 128 printable ASCII characters without spaces",
        );
    }
}

/// The tenant and, when `tonic` has put it there, what the request is made under.
pub fn call<M: prost::Message>(
    method: &str,
    request: &tonic::Request<M>,
    request_id: &str,
    clock: &SharedClock,
) -> Result<crate::store::Call, Error> {
    Ok(crate::store::Call {
        tenant: vorrang_service::tenant(request)?,
        request_id: request_id.to_owned(),
        request_hash: vorrang_service::request_hash(method, request.get_ref()),
        now: clock.now(),
    })
}
