//! Reads mailboxes over IMAP: every mail of a folder is fetched as it is and goes the road of a mail that is pushed.
//!
//! Guarantees: the position moves when all before it is recorded or kept, so nothing is left out, whatever dies; what is read
//! twice is told by its content and is one message. Mails are taken in the order of their UIDs, a batch at a time, and one
//! process reads a mailbox. A mail that cannot be taken (too large, or the server does not give it) is kept for people by
//! what there is of it, and does not stop the folder.
//!
//! Never: deletes or moves mails, changes anything on the server (unless `mark_seen` says so), logs what a server said.

mod position;
mod read;
mod session;
mod stuck;
mod take;
#[cfg(test)]
mod tests;
mod trouble;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::App;
use crate::mailboxes::Incoming;
use crate::metrics;
use crate::store::{MailboxKey, Position};
use session::Session;
use stuck::Stuck;
use trouble::Trouble;

/// Nobody else reads a mailbox that somebody has taken for so long; who works takes it again long before.
const HELD: TimeDelta = TimeDelta::seconds(90);
const HOLD_AGAIN: Duration = Duration::from_secs(25);
const LONGEST_ELSEWHERE: Duration = Duration::from_secs(90);
/// Longest wait for news at once, so that a mailbox stays held.
const LONGEST_WAIT: Duration = Duration::from_secs(25);
/// Between two tries of a server that fails: doubled each time, from this to [`SLOWEST`].
const FIRST_RETRY: Duration = Duration::from_secs(5);
const SLOWEST: Duration = Duration::from_secs(300);
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
    /// A mail that does not come through.
    stuck: Stuck,
}

impl Collector {
    fn new(app: App, mailbox: Arc<Incoming>) -> Self {
        Self {
            app,
            mailbox,
            holder: Uuid::new_v4().to_string(),
            session: None,
            stuck: Stuck::default(),
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
                // Whoever has it may be gone when its time is over.
                Ok(Turn::Elsewhere) => self.mailbox.every.min(LONGEST_ELSEWHERE),
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
                    pause(failures, self.mailbox.every)
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
        let mut left = match turn {
            Turn::Read => self.mailbox.every,
            Turn::Elsewhere => return Ok(turn),
        };
        while let Some(session) = self.session.take() {
            let most = left.min(LONGEST_WAIT);
            let (session, news) = session.wait(most).await?;
            self.session = Some(session);
            left = left.saturating_sub(most);
            // What is next takes the mailbox again, or sees that somebody else has it.
            if news || left.is_zero() || self.hold().await?.is_none() {
                break;
            }
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

/// A mailbox that is looked at oftener than [`FIRST_RETRY`] is tried again as soon.
fn pause(failures: u32, every: Duration) -> Duration {
    let doublings = failures.saturating_sub(1).min(10);
    (FIRST_RETRY.min(every) * 2_u32.pow(doublings)).min(SLOWEST)
}
