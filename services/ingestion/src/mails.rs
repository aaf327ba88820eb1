//! Reads mails for the services: with the installation's tokens, and with an eye on who sends too many.

use chrono::{DateTime, Utc};

use crate::contact::Contact;
use crate::intake::{ReadMail, Reading, read_mail};
use crate::mail::Automated;
use crate::metrics;
use crate::pace::{Arrived, Pace};
use crate::presets::NotUnderstood;
use crate::tokens::Tokens;

/// What mails are read with. Clones share the count.
#[derive(Clone)]
pub struct Mails {
    tokens: Tokens,
    pace: Pace,
}

impl Mails {
    /// With these keys of tokens, see [`Tokens::new`].
    pub fn new(keys: &[&[u8]]) -> Self {
        Self {
            tokens: Tokens::new(keys),
            pace: Pace::default(),
        }
    }

    /// Reads a raw mail that came to `tenant` by `source`.
    ///
    /// # Errors
    /// [`NotUnderstood`] when it is no mail.
    pub fn read(
        &self,
        tenant: &str,
        source: &str,
        queue: &str,
        raw: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Contact, NotUnderstood> {
        let reading = Reading {
            tenant,
            source,
            queue,
            tokens: &self.tokens,
            now,
        };
        let ReadMail {
            mut contact,
            answers_machine,
            mut automated,
        } = read_mail(reading, raw)?;
        let sender = contact
            .identities
            .first()
            .map_or("", |identity| identity.value.as_str());
        let arrived = Arrived {
            tenant,
            sender,
            id: &contact.external_id,
            answers_machine,
        };
        if !contact.automated && self.pace.too_many(&arrived, now) {
            contact.automated = true;
            automated = Some(Automated::TooMany);
        }
        if let Some(kind) = automated {
            metrics::automated(kind.as_str());
        }
        Ok(contact)
    }
}
