//! Mails what agents and automations say publicly on tickets that came by e-mail, and the surveys about such tickets.
//!
//! Ticketing's feed says what was written; its cursor moves with the row that says that it is to be mailed, so nothing is
//! left out and nothing is taken twice. What is sent is read from ticketing when it is sent: no words are kept here, and what
//! was erased meanwhile is not sent. A process that dies between the server's answer and the note of it sends once more,
//! under the same Message-ID. A mailbox begins with what is written after it was first there.
//!
//! A survey is mailed only where a person wrote: machines are asked nothing.

mod letter;
pub(crate) mod question;
mod verdict;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use lettre::AsyncTransport as _;
use lettre::address::Envelope;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use vorrang_clock::SharedClock;
use vorrang_error::{Error, Kind};
use vorrang_service::Peers;

use crate::follow::outbox as feed;
use crate::mailboxes::{Mailbox, Mailboxes};
use crate::metrics;
use crate::oauth::NoToken;
use crate::outgoing::{About, headers};
use crate::rpc::read_letter::{self, Facts};
use crate::seal::Seal;
use crate::store::{Outgoing, Posted, Store};
use crate::tokens::{TicketMark, Tokens};
use letter::{By, File, Letter};
use verdict::{Verdict, verdict};

/// How often is looked at what is due.
const PERIOD: Duration = Duration::from_millis(500);
/// Nobody else sends a mail that somebody has taken for so long.
const HELD: TimeDelta = TimeDelta::minutes(10);
/// Bytes of a mail's files together: what common servers take is 25 MB, and a file in a mail is a third larger.
const FILES_MAX: u64 = 16 << 20;
/// Between two tries: doubled each time, from this to [`SLOWEST`].
const FIRST_RETRY: TimeDelta = TimeDelta::seconds(30);
const SLOWEST: TimeDelta = TimeDelta::hours(2);
/// After that an answer helps nobody; mail servers give up then, too.
pub(crate) const EXPIRES: TimeDelta = TimeDelta::days(5);

/// The outbox. Any number of processes may run it.
#[derive(Clone)]
pub struct Outbox {
    store: Store,
    mailboxes: Mailboxes,
    tokens: Tokens,
    seal: Seal,
    peers: Peers,
    clock: SharedClock,
}

impl Outbox {
    /// From `store` out by `mailboxes`.
    pub fn new(
        store: Store,
        mailboxes: Mailboxes,
        tokens: Tokens,
        seal: Seal,
        peers: Peers,
        clock: SharedClock,
    ) -> Self {
        Self {
            store,
            mailboxes,
            tokens,
            seal,
            peers,
            clock,
        }
    }

    /// Goes on until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut tasks = JoinSet::new();
        let tenants: Vec<String> = self.mailboxes.tenants().map(ToOwned::to_owned).collect();
        for tenant in tenants {
            let bell = Arc::new(Notify::new());
            let following = feed::Following {
                store: self.store.clone(),
                peers: self.peers.clone(),
                seal: self.seal.clone(),
                clock: self.clock.clone(),
                bell: bell.clone(),
                tenant: tenant.clone(),
            };
            tasks.spawn(following.run(shutdown.clone()));
            tasks.spawn(self.clone().send(tenant, bell, shutdown.clone()));
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn send(self, tenant: String, bell: Arc<Notify>, shutdown: CancellationToken) {
        let mut period = tokio::time::interval(PERIOD);
        period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = period.tick() => {}
                () = bell.notified() => {}
            }
            if let Err(error) = self.tick(&tenant, &shutdown).await {
                tracing::warn!(tenant, error = error.chain(), "the outbox cannot be worked on");
            }
        }
    }

    /// Sends what is due.
    ///
    /// # Errors
    /// When the database fails.
    async fn tick(&self, tenant: &str, shutdown: &CancellationToken) -> Result<(), Error> {
        let Some(mailbox) = self.mailboxes.of(tenant) else {
            return Ok(());
        };
        while !shutdown.is_cancelled() {
            let now = self.clock.now();
            let until = now + HELD;
            // One at a time: a slow server must not make the others wait longer than they are held.
            let due = self.store.due_outgoing(tenant, now, until, 1).await?;
            let Some(one) = due.into_iter().next() else {
                return Ok(());
            };
            let posted = match self.post(tenant, mailbox, &one).await {
                Posted::Later(_, reason) if one.written_at + EXPIRES < now => Posted::GivenUp(reason),
                posted => posted,
            };
            match posted {
                Posted::Sent => {}
                Posted::GivenUp(reason) => {
                    tracing::warn!(
                        tenant,
                        message = one.message,
                        reason,
                        "a mail to a customer is given up"
                    )
                }
                Posted::Later(
                    _,
                    reason @ ("LOGIN_REFUSED" | "TOKEN_REFUSED" | "TLS_REFUSED" | "SERVER_CANNOT" | "SENDER_REFUSED"
                    | "SERVER_REFUSED"),
                ) => {
                    tracing::warn!(
                        tenant,
                        reason,
                        "the mail server and mailboxes.toml do not fit; mails to customers wait"
                    );
                }
                Posted::Later(_, reason) => {
                    let (message, attempts) = (&one.message, one.attempts);
                    tracing::info!(tenant, message, reason, attempts, "a mail to a customer waits");
                }
            }
            metrics::mailed(posted);
            self.store.posted(tenant, &one.message, until, posted).await?;
        }
        Ok(())
    }

    async fn post(&self, tenant: &str, mailbox: &Mailbox, one: &Outgoing) -> Posted {
        let later = |reason| Posted::Later(self.clock.now() + pause(one.attempts), reason);
        let read = match &one.sealed {
            None => read_letter::read(&self.peers, tenant, one).await,
            Some(sealed) => match self.question(one, sealed) {
                Ok(text) => read_letter::read_survey(&self.peers, tenant, one, text).await,
                Err(reason) => return Posted::GivenUp(reason),
            },
        };
        let facts = match read {
            Ok(Some(facts)) => facts,
            Ok(None) => return Posted::GivenUp("GONE"),
            Err(error) if error.kind() == Kind::NotFound => return Posted::GivenUp("GONE"),
            Err(error) => {
                tracing::debug!(
                    tenant,
                    error = error.chain(),
                    "ticketing does not say what is to be mailed"
                );
                return later("TICKETING");
            }
        };
        let Some(to) = facts.address.as_ref() else {
            return Posted::GivenUp("NO_ADDRESS");
        };
        let files = match self.files(tenant, &facts).await {
            Ok(files) => files,
            Err(Missing::ForGood(reason)) => return Posted::GivenUp(reason),
            Err(Missing::Now(reason)) => return later(reason),
        };
        let by = match (&one.sealed, facts.automated) {
            (Some(_), _) => By::Survey,
            (None, true) => By::Machine,
            (None, false) => By::Person,
        };
        let message = match self.letter(tenant, mailbox, to, &facts, files, by) {
            Some(message) => message,
            None => return Posted::GivenUp("CANNOT_BE_WRITTEN"),
        };
        let transport = match mailbox.sender.ready(&self.store, &self.seal, self.clock.now()).await {
            Ok(transport) => transport,
            Err(NoToken(reason)) => return later(reason),
        };
        match transport.send(message).await {
            Ok(_) => Posted::Sent,
            Err(error) => match verdict(&error) {
                Verdict::Refused => Posted::GivenUp("REFUSED"),
                Verdict::Later(reason) => {
                    if reason == "LOGIN_REFUSED" {
                        mailbox.sender.was_refused().await;
                    }
                    later(reason)
                }
            },
        }
    }

    /// The text of a survey.
    fn question(&self, one: &Outgoing, sealed: &[u8]) -> Result<String, &'static str> {
        let opened = self.seal.open(&one.message, sealed).map_err(|_| "NOT_OPENED")?;
        let asked = feed::question(&opened).ok_or("NOT_OPENED")?;
        if asked.closes_at.is_some_and(|closes_at| closes_at <= self.clock.now()) {
            return Err("CLOSED");
        }
        Ok(question::text(&asked))
    }

    async fn files<'a>(&self, tenant: &str, facts: &'a Facts) -> Result<Vec<File<'a>>, Missing> {
        if facts.files.iter().any(|file| file.name.is_empty()) {
            return Err(Missing::ForGood("FILE_NEVER_UPLOADED"));
        }
        if facts.files.iter().map(|file| file.size).sum::<u64>() > FILES_MAX {
            return Err(Missing::ForGood("FILES_TOO_LARGE"));
        }
        let mut files = Vec::with_capacity(facts.files.len());
        for file in &facts.files {
            let content = match read_letter::fetch(&self.peers, tenant, file).await {
                Ok(content) => content,
                Err(error) if error.kind() == Kind::NotFound => return Err(Missing::ForGood("GONE")),
                Err(error) => {
                    tracing::debug!(
                        tenant,
                        error = error.chain(),
                        "a file that is to be mailed was not read"
                    );
                    return Err(Missing::Now("TICKETING"));
                }
            };
            files.push(File {
                name: &file.file_name,
                content_type: &file.content_type,
                content,
            });
        }
        Ok(files)
    }

    fn letter(
        &self,
        tenant: &str,
        mailbox: &Mailbox,
        to: &lettre::Address,
        facts: &Facts,
        files: Vec<File<'_>>,
        by: By,
    ) -> Option<lettre::Message> {
        let about = About {
            tenant,
            ticket: TicketMark::of(facts.number, facts.ticket),
            message: facts.message,
            by_machine: by != By::Person,
        };
        let address = mailbox.from.email.to_string();
        let headers = headers(
            &self.tokens,
            &about,
            &address,
            &facts.subject,
            !facts.ancestors.is_empty(),
        );
        // Where a report of the servers goes: it then finds the ticket even when it says nothing of the mail.
        let sender = headers.reply_to.parse().unwrap_or_else(|_| mailbox.from.email.clone());
        let letter = Letter {
            from: &mailbox.from,
            to: to.clone(),
            envelope: Envelope::new(Some(sender), vec![to.clone()]).ok()?,
            headers,
            ancestors: &facts.ancestors,
            text: &facts.text,
            files,
            by,
            at: facts.at,
        };
        letter.message().ok()
    }
}

/// Why the files of a reply are not there.
enum Missing {
    ForGood(&'static str),
    Now(&'static str),
}

fn pause(attempts: i32) -> TimeDelta {
    let doublings = u32::try_from(attempts.saturating_sub(1).clamp(0, 10)).unwrap_or(0);
    (FIRST_RETRY * 2_i32.pow(doublings)).min(SLOWEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_tried_ever_less_often() {
        let pauses: Vec<i64> = [1, 2, 3, 9, 10, i32::MAX]
            .map(|attempts| pause(attempts).num_seconds())
            .into();
        assert_eq!(pauses, [30, 60, 120, 7_200, 7_200, 7_200]);
    }
}
