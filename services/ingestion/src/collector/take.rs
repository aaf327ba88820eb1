//! A mail of a folder on its way to ticketing: the same road as that of a mail that is pushed.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use uuid::Uuid;
use vorrang_error::{Error, Kind};

use crate::app::{App, mail_arrival, part_delivery_id};
use crate::events::{self, Came};
use crate::intake::{EMAIL, MAIL_TYPE};
use crate::mailboxes::Incoming;
use crate::metrics;
use crate::outcome::Outcome;
use crate::presets::{NotUnderstood, Part};
use crate::recorder::{Pending, Push};
use crate::store::NewRaw;

/// Takes in the mails of one mailbox.
pub struct Taker<'a> {
    /// What handlers reach.
    pub app: &'a App,
    /// Where they come from.
    pub mailbox: &'a Incoming,
}

/// A mail that was handed in.
pub struct Handed {
    raw: Arc<NewRaw>,
    arrival: Uuid,
    /// None: it waits for people.
    pending: Option<Pending>,
}

impl Handed {
    /// Its bytes.
    pub fn content(&self) -> &[u8] {
        &self.raw.content
    }
}

impl Taker<'_> {
    fn came(&self, arrival: Uuid, raw: Arc<NewRaw>) -> Came<'_> {
        Came {
            tenant: &self.mailbox.tenant,
            arrival,
            queue: &self.mailbox.queue,
            is_mail: true,
            preset: None,
            mails: &self.app.mails,
            raw,
        }
    }

    /// By its bytes and not by its UID: a server that was restored gives a UID twice, and a mail has another one when the
    /// folder is read anew.
    fn arrival(&self, raw: &NewRaw) -> Uuid {
        mail_arrival(&self.mailbox.tenant, &format!("imap/{}", hex::encode(raw.sha256)))
    }

    /// Reads a mail as of when it arrived, and hands it in. Mails are recorded in the order in which they are handed in.
    ///
    /// # Errors
    /// When what cannot be read could not be kept either.
    pub async fn hand_in(&self, content: Vec<u8>, arrived: Option<DateTime<Utc>>) -> Result<Handed, Error> {
        let now = self.app.clock.now();
        let mut raw = NewRaw::new(EMAIL, "", MAIL_TYPE, content.into());
        let arrival = self.arrival(&raw);
        let came = self.came(arrival, Arc::new(raw.clone()));
        // After an outage the mails of days come at once: they are no flood, and what their senders say of the time counts.
        let at = arrived.filter(|at| *at < now).unwrap_or(now);
        let read = AssertUnwindSafe(events::read(&came, at)).catch_unwind().await;
        let (contact, problem) = match read {
            Ok(Ok(read)) => (read.contacts.into_iter().next(), read.problem),
            // It must not stop the folder, whatever it is.
            Ok(Err(_)) | Err(_) => (None, Some(unreadable())),
        };
        let contact = match (contact, problem) {
            (Some(Part { contact, .. }), None) => contact,
            (_, problem) => {
                self.keep(&came, problem.unwrap_or_else(unreadable)).await?;
                return Ok(Handed {
                    raw: came.raw,
                    arrival,
                    pending: None,
                });
            }
        };
        // Found again by its Message-ID.
        raw.external_id.clone_from(&contact.external_id);
        let raw = Arc::new(raw);
        let push = Push {
            request_id: part_delivery_id(arrival, 0),
            weight: contact.weight() + raw.content.len(),
            raw: raw.clone(),
            contact,
            trace_parent: String::new(),
        };
        let pending = Some(self.app.recorder.submit(&self.mailbox.tenant, push).await);
        Ok(Handed { raw, arrival, pending })
    }

    /// Waits until it is recorded or kept, and says what became of it.
    ///
    /// # Errors
    /// When it is neither.
    pub async fn settle(&self, handed: &mut Handed) -> Result<Outcome, Error> {
        let Some(pending) = handed.pending.take() else {
            return Ok(Outcome::Quarantined);
        };
        match pending.answer().await {
            Ok(result) => Ok(result.outcome),
            // The very same mail was recorded before, and would be read differently today.
            Err(error) if error.reason() == "REQUEST_ID_REUSED" => Ok(Outcome::Duplicate),
            Err(error) if error.kind() == Kind::Invalid => {
                let came = self.came(handed.arrival, handed.raw.clone());
                self.keep(&came, events::refused(&error)).await?;
                Ok(Outcome::Quarantined)
            }
            Err(error) => Err(error),
        }
    }

    /// Keeps for people what cannot be taken in: what there is of it, and why.
    ///
    /// # Errors
    /// When it could not be kept.
    pub async fn set_aside(&self, content: Vec<u8>, why: NotUnderstood) -> Result<(), Error> {
        let raw = NewRaw::new(EMAIL, "", MAIL_TYPE, content.into());
        let came = self.came(self.arrival(&raw), raw.into());
        self.keep(&came, why).await
    }

    async fn keep(&self, came: &Came<'_>, why: NotUnderstood) -> Result<(), Error> {
        events::quarantine(self.app, came, Some(why), Vec::new(), &[], self.app.clock.now()).await?;
        metrics::pushed(Outcome::Quarantined);
        Ok(())
    }
}

fn unreadable() -> NotUnderstood {
    NotUnderstood {
        reason: "MAIL_UNREADABLE",
        detail: "the reader gave this mail up".to_owned(),
    }
}
