//! Reads mailboxes over IMAP: every mail of a folder is fetched as it is and goes the road of a mail that is pushed.
//!
//! Guarantees: the position moves when all before it is recorded or kept, so nothing is left out, whatever dies; what is read
//! twice is told by its content and is one message. Mails are taken in the order of their UIDs, a batch at a time, and one
//! process reads a mailbox. A mail that cannot be taken (too large, or the server does not give it) is kept for people by
//! what there is of it, and does not stop the folder.
//!
//! Never: deletes or moves mails, changes anything on the server (unless `mark_seen` says so), logs what a server said.

mod position;
mod session;
mod take;
mod trouble;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::App;
use crate::intake::MAX_MAIL;
use crate::mailboxes::Incoming;
use crate::metrics;
use crate::presets::NotUnderstood;
use crate::store::{MailboxKey, Position};
use position::{first_day, is_wanted, resume};
use session::{Listed, Session};
use take::{Handed, Taker};
use trouble::Trouble;

/// Nobody else reads a mailbox that somebody has taken for so long; who works takes it again long before.
const HELD: TimeDelta = TimeDelta::seconds(90);
const HOLD_AGAIN: Duration = Duration::from_secs(25);
/// Longest wait for news, so that a mailbox stays held.
const LONGEST_WAIT: Duration = Duration::from_secs(25);
/// Mails of a batch, and how many bytes of them may be on their way.
const BATCH: usize = 100;
const BATCH_BYTES: usize = 8 << 20;
/// Between two tries of a server that fails: doubled each time, from this to [`SLOWEST`].
const FIRST_RETRY: Duration = Duration::from_secs(5);
const SLOWEST: Duration = Duration::from_secs(300);
/// How often a mail is asked for that the server does not give.
const TRIES: u32 = 5;

/// Reads all mailboxes until `shutdown`.
pub async fn run(app: App, mailboxes: Vec<Arc<Incoming>>, shutdown: CancellationToken) {
    let mut tasks = JoinSet::new();
    for mailbox in mailboxes {
        let (app, shutdown) = (app.clone(), shutdown.clone());
        tasks.spawn(async move {
            loop {
                let reading = Collector::new(app.clone(), mailbox.clone()).run(shutdown.clone());
                // A task of its own: a panic is no reason never to read this mailbox again.
                if tokio::spawn(reading).await.is_ok() {
                    return;
                }
                tracing::error!(tenant = mailbox.tenant, "reading a mailbox panicked; it begins again");
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(SLOWEST) => {}
                }
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}

/// What a look at a mailbox came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// All that was there is taken in.
    Read,
    /// Another process reads it.
    Elsewhere,
}

/// Reads one mailbox.
struct Collector {
    app: App,
    mailbox: Arc<Incoming>,
    /// Who this is, among all processes.
    holder: String,
    session: Option<Session>,
    /// A mail that the server did not give, and how often.
    stuck: (u32, u32),
}

impl Collector {
    fn new(app: App, mailbox: Arc<Incoming>) -> Self {
        Self {
            app,
            mailbox,
            holder: Uuid::new_v4().to_string(),
            session: None,
            stuck: (0, 0),
        }
    }

    fn key(&self) -> MailboxKey<'_> {
        MailboxKey {
            tenant: &self.mailbox.tenant,
            address: &self.mailbox.address,
            folder: &self.mailbox.folder,
        }
    }

    async fn run(mut self, shutdown: CancellationToken) {
        let mut failures = 0_u32;
        let mut said = "";
        loop {
            let turn = tokio::select! {
                () = shutdown.cancelled() => break,
                turn = self.turn() => turn,
            };
            let wait = match turn {
                Ok(Turn::Read) => {
                    if failures > 0 {
                        tracing::info!(
                            tenant = self.mailbox.tenant,
                            mailbox = self.mailbox.address,
                            "the mailbox is read again"
                        );
                    }
                    (failures, said) = (0, "");
                    continue;
                }
                Ok(Turn::Elsewhere) => self.mailbox.every,
                Err(trouble) => {
                    self.session = None;
                    // Another process may do better meanwhile.
                    self.release().await;
                    failures = failures.saturating_add(1);
                    metrics::mailbox_failed(trouble.reason);
                    if said != trouble.reason {
                        said = trouble.reason;
                        self.complain(&trouble);
                    }
                    pause(failures)
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = tokio::time::sleep(wait) => {}
            }
        }
        if let Some(session) = self.session.take() {
            session.close().await;
        }
        self.release().await;
    }

    /// Another process need not wait until the time is over; when this fails, it does.
    async fn release(&self) {
        let _ = self.app.store.release_mailbox(self.key(), &self.holder).await;
    }

    fn complain(&self, trouble: &Trouble) {
        tracing::warn!(
            tenant = self.mailbox.tenant,
            mailbox = self.mailbox.address,
            folder = self.mailbox.folder,
            server = self.mailbox.server.host,
            reason = trouble.reason,
            detail = trouble.detail,
            "the mailbox cannot be read; it is tried again, and nothing is lost"
        );
    }

    /// A look, and then a wait for news.
    async fn turn(&mut self) -> Result<Turn, Trouble> {
        let turn = self.tick().await?;
        if turn == Turn::Read
            && let Some(session) = self.session.take()
        {
            self.session = Some(session.wait(self.mailbox.every.min(LONGEST_WAIT)).await?);
        }
        Ok(turn)
    }

    /// Takes in all that is new.
    async fn tick(&mut self) -> Result<Turn, Trouble> {
        let Some(known) = self.hold().await? else {
            if let Some(session) = self.session.take() {
                session.close().await;
            }
            return Ok(Turn::Elsewhere);
        };
        let (app, mailbox, holder) = (self.app.clone(), self.mailbox.clone(), self.holder.clone());
        let holding = async move {
            loop {
                tokio::time::sleep(HOLD_AGAIN).await;
                match hold(&app, &mailbox, &holder).await {
                    Ok(Some(_)) => {}
                    Ok(None) => return Ok(Turn::Elsewhere),
                    Err(trouble) => return Err(trouble),
                }
            }
        };
        tokio::select! {
            read = self.read(known) => read.map(|()| Turn::Read),
            lost = holding => lost,
        }
    }

    async fn hold(&self) -> Result<Option<Position>, Trouble> {
        hold(&self.app, &self.mailbox, &self.holder).await
    }

    async fn read(&mut self, known: Position) -> Result<(), Trouble> {
        let mut position = known;
        let mut session = match self.session.take() {
            Some(session) => session,
            None => {
                let (session, folder) = Session::open(&self.mailbox).await?;
                let server = self.mailbox.server.identity();
                let from = resume(&position, &server, folder, self.mailbox.since, self.app.clock.now());
                if from != position {
                    tracing::info!(
                        tenant = self.mailbox.tenant,
                        mailbox = self.mailbox.address,
                        validity = folder.validity,
                        after = from.last,
                        "the mailbox is read from here"
                    );
                    self.moved(&from).await?;
                    position = from;
                }
                session
            }
        };
        let uids = session.after(position.last, first_day(&position)).await?;
        for batch in uids.chunks(BATCH) {
            let listed = session.list(batch).await?;
            let mut on_way = OnWay::default();
            for uid in batch {
                if let Some(mail) = listed.get(uid).filter(|mail| is_wanted(&position, mail.arrived)) {
                    match self.take(&mut session, mail, &position).await {
                        Ok(handed) => on_way.add(handed, mail),
                        Err(trouble) => {
                            // What was handed in before it counts.
                            self.settle(on_way, &mut position).await?;
                            return Err(trouble);
                        }
                    }
                }
                on_way.last = *uid;
                if on_way.bytes >= BATCH_BYTES {
                    self.finish(&mut session, std::mem::take(&mut on_way), &mut position)
                        .await?;
                }
            }
            self.finish(&mut session, on_way, &mut position).await?;
        }
        self.session = Some(session);
        Ok(())
    }

    /// Hands one mail in; none: it needs no answer.
    async fn take(
        &mut self,
        session: &mut Session,
        mail: &Listed,
        position: &Position,
    ) -> Result<Option<Handed>, Trouble> {
        let mailbox = self.mailbox.clone();
        let app = self.app.clone();
        let taker = Taker {
            app: &app,
            mailbox: &mailbox,
        };
        if mail.size > MAX_MAIL {
            let Some(head) = session.head(mail.uid).await? else {
                return Ok(None);
            };
            let detail = format!(
                "the mail has {} bytes and at most 25 MiB are taken: this is its head, all of it is in {} as UID {} ({})",
                mail.size, mailbox.folder, mail.uid, position.validity
            );
            let reason = "MAIL_TOO_LARGE";
            taker.set_aside(head, NotUnderstood { reason, detail }).await?;
            metrics::collected("TOO_LARGE");
            return Ok(None);
        }
        let trouble = match session.mail(mail.uid, MAX_MAIL).await {
            Ok(Some(content)) if content.len() <= MAX_MAIL => {
                return Ok(Some(taker.hand_in(content, mail.arrived).await?));
            }
            Ok(Some(_)) => Trouble::TOO_MUCH,
            // Deleted meanwhile, or the server does not give it.
            Ok(None) if !session.list(&[mail.uid]).await?.contains_key(&mail.uid) => return Ok(None),
            Ok(None) => Trouble::REFUSED,
            Err(trouble) => trouble,
        };
        let failures = match self.stuck {
            (uid, failures) if uid == mail.uid => failures + 1,
            _ => 1,
        };
        self.stuck = (mail.uid, failures);
        if failures < TRIES {
            return Err(trouble);
        }
        let detail = format!(
            "the server did not give this mail ({}): it is in {} as UID {} ({})",
            trouble.reason, mailbox.folder, mail.uid, position.validity
        );
        let reason = "MAIL_NOT_GIVEN";
        let place = detail.clone().into_bytes();
        taker.set_aside(place, NotUnderstood { reason, detail }).await?;
        metrics::collected("NOT_GIVEN");
        Ok(None)
    }

    async fn finish(&mut self, session: &mut Session, on_way: OnWay, position: &mut Position) -> Result<(), Trouble> {
        let taken = self.settle(on_way, position).await?;
        match self.mailbox.mark_seen {
            // After the position: a server that refuses it must not have us read the same mails for ever.
            true => session.mark_seen(&taken).await,
            false => Ok(()),
        }
    }

    /// Waits until what is on its way is recorded or kept, in its order, and moves the position behind it. Gives the UIDs.
    async fn settle(&self, on_way: OnWay, position: &mut Position) -> Result<Vec<u32>, Trouble> {
        if on_way.last <= position.last {
            return Ok(Vec::new());
        }
        let taker = Taker {
            app: &self.app,
            mailbox: &self.mailbox,
        };
        let mut seen = Vec::with_capacity(on_way.mails.len());
        for (uid, handed) in on_way.mails {
            match taker.settle(handed).await {
                Ok(outcome) => {
                    metrics::collected(outcome.as_str());
                    seen.push(uid);
                }
                Err(error) => {
                    position.last = uid.saturating_sub(1).max(position.last);
                    self.moved(position).await?;
                    return Err(Trouble::ours(&error));
                }
            }
        }
        position.last = on_way.last;
        self.moved(position).await?;
        Ok(seen)
    }

    async fn moved(&self, position: &Position) -> Result<(), Trouble> {
        let until = self.app.clock.now() + HELD;
        let store = &self.app.store;
        match store.move_mailbox(self.key(), &self.holder, position, until).await? {
            true => Ok(()),
            // Whoever has it now reads what we have read once more; the content says that it is the same.
            false => Err(Trouble::LOST),
        }
    }
}

/// What was handed in and is not settled.
#[derive(Default)]
struct OnWay {
    mails: Vec<(u32, Handed)>,
    bytes: usize,
    /// The last UID that is dealt with when all of it is settled.
    last: u32,
}

impl OnWay {
    fn add(&mut self, handed: Option<Handed>, mail: &Listed) {
        if let Some(handed) = handed {
            self.mails.push((mail.uid, handed));
            self.bytes += mail.size;
        }
    }
}

async fn hold(app: &App, mailbox: &Incoming, holder: &str) -> Result<Option<Position>, Trouble> {
    let key = MailboxKey {
        tenant: &mailbox.tenant,
        address: &mailbox.address,
        folder: &mailbox.folder,
    };
    let now = app.clock.now();
    Ok(app.store.hold_mailbox(key, holder, now, now + HELD).await?)
}

fn pause(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(10);
    (FIRST_RETRY * 2_u32.pow(doublings)).min(SLOWEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_fails_is_tried_ever_less_often() {
        let pauses = [1, 2, 3, 6, 7, u32::MAX].map(|failures| pause(failures).as_secs());
        assert_eq!(pauses, [5, 10, 20, 160, 300, 300]);
    }
}
