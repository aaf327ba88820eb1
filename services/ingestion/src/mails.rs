//! Reads mails for the services: with the installation's tokens, and with an eye on who sends too many.

use chrono::{DateTime, Utc};

use crate::contact::Contact;
use crate::intake::{ReadMail, Reading, read_mail, thread};
use crate::mail::{Automated, Mail};
use crate::metrics;
use crate::pace::{Arrived, Pace};
use crate::presets::NotUnderstood;
use crate::tokens::Tokens;

/// What mails are read with. Clones share the count.
#[derive(Debug, Clone)]
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
        if self.is_too_many(tenant, &contact, answers_machine, now) {
            contact.automated = true;
            automated = Some(Automated::TooMany);
        }
        if let Some(kind) = automated {
            metrics::automated(kind.as_str());
        }
        Ok(contact)
    }

    /// Gives the contact of a mail that a vendor took apart what the mail's headers say: what it answers, and whether a machine
    /// wrote it.
    pub fn apply(&self, tenant: &str, contact: &mut Contact, headers: &Mail, now: DateTime<Utc>) {
        let threading = thread(contact, headers, &self.tokens, tenant);
        let mut automated = headers.automated.or(threading.is_ours.then_some(Automated::Loop));
        contact.automated |= automated.is_some();
        if self.is_too_many(tenant, contact, threading.answers_machine, now) {
            contact.automated = true;
            automated = Some(Automated::TooMany);
        }
        if let Some(kind) = automated {
            metrics::automated(kind.as_str());
        }
    }

    fn is_too_many(&self, tenant: &str, contact: &Contact, answers_machine: bool, now: DateTime<Utc>) -> bool {
        let sender = contact.identities.first();
        let arrived = Arrived {
            tenant,
            sender: sender.map_or("", |identity| identity.value.as_str()),
            id: &contact.external_id,
            answers_machine,
        };
        !contact.automated && self.pace.too_many(&arrived, now)
    }
}
