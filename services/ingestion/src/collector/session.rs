//! What is asked of a mail server. Mails are peeked at: reading changes nothing on it.

use std::collections::HashMap;
use std::time::Duration;

use async_imap::extensions::idle::IdleResponse;
use chrono::{DateTime, NaiveDate, Utc};
use futures::TryStreamExt as _;
use tokio::time::timeout;

use super::position::Folder;
use super::trouble::Trouble;
use super::wire::{self, Allowance, Bounded};
use crate::mailboxes::Incoming;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long a whole mail may take: 25 MiB over a slow line.
const LONG: Duration = Duration::from_secs(600);
/// Bytes of an answer that is no mail. The UIDs of two million mails fit.
const ANSWER: usize = 16 << 20;
/// What an answer holds besides the mail.
const ENVELOPE: usize = 64 << 10;
/// How much of the head of a mail is read that is too large.
pub const HEAD: usize = 64 << 10;

/// What a server says of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Its UID.
    pub uid: u32,
    /// Its size in bytes.
    pub size: usize,
    /// When it arrived.
    pub arrived: Option<DateTime<Utc>>,
}

/// Somebody who is logged in, in a folder.
pub struct Session {
    imap: async_imap::Session<Bounded>,
    allowance: Allowance,
    idles: bool,
}

type Answer<T> = Result<T, async_imap::error::Error>;

async fn within<T>(time: Duration, asked: impl Future<Output = Answer<T>>) -> Result<T, Trouble> {
    match timeout(time, asked).await {
        Ok(answer) => answer.map_err(|error| Trouble::of(&error)),
        Err(_) => Err(Trouble::SILENT),
    }
}

/// User and password as SASL's PLAIN has them: any character can be said.
struct Plain(Vec<u8>);

impl async_imap::Authenticator for Plain {
    type Response = Vec<u8>;

    fn process(&mut self, _: &[u8]) -> Vec<u8> {
        self.0.clone()
    }
}

impl Session {
    /// Connects, logs in and opens the folder.
    pub async fn open(mailbox: &Incoming) -> Result<(Self, Folder), Trouble> {
        let server = &mailbox.server;
        let (client, allowance) = wire::connect(server).await?;
        allowance.set(ANSWER);
        let plain = Plain(format!("\0{}\0{}", server.user, server.password).into_bytes());
        let refused = |error: &async_imap::error::Error| match error {
            async_imap::error::Error::No(_) | async_imap::error::Error::Bad(_) => Trouble::LOGIN,
            async_imap::error::Error::Validate(_) => Trouble::LOGIN,
            error => Trouble::of(error),
        };
        let login = async {
            match client.authenticate("PLAIN", plain).await {
                // A server that knows only the oldest way.
                Err((async_imap::error::Error::Bad(_), client)) => client.login(&server.user, &server.password).await,
                answer => answer,
            }
        };
        let imap = match timeout(TIMEOUT, login).await {
            Ok(answer) => answer.map_err(|(error, _)| refused(&error))?,
            Err(_) => return Err(Trouble::SILENT),
        };
        let mut session = Self {
            imap,
            allowance,
            idles: false,
        };
        let capabilities = within(TIMEOUT, session.imap.capabilities()).await?;
        session.idles = capabilities.has_str("IDLE");
        let folder = session.enter(mailbox).await?;
        Ok((session, folder))
    }

    async fn enter(&mut self, mailbox: &Incoming) -> Result<Folder, Trouble> {
        self.allowance.set(ANSWER);
        let opened = match mailbox.mark_seen {
            true => timeout(TIMEOUT, self.imap.select(&mailbox.folder)).await,
            // Read-only: the server itself sees to it that nothing is changed.
            false => timeout(TIMEOUT, self.imap.examine(&mailbox.folder)).await,
        };
        let opened = match opened.map_err(|_| Trouble::SILENT)? {
            Err(async_imap::error::Error::No(_) | async_imap::error::Error::Validate(_)) => {
                return Err(Trouble::FOLDER);
            }
            answer => answer.map_err(|error| Trouble::of(&error))?,
        };
        let validity = opened
            .uid_validity
            .filter(|validity| *validity > 0)
            .ok_or(Trouble::NO_UIDS)?;
        let next = match opened.uid_next {
            Some(next) => next,
            None => self
                .after(0, None)
                .await?
                .last()
                .map_or(1, |last| last.saturating_add(1)),
        };
        Ok(Folder { validity, next })
    }

    /// The UIDs above `last`, in their order; with a day only of what arrived from then on.
    pub async fn after(&mut self, last: u32, since: Option<NaiveDate>) -> Result<Vec<u32>, Trouble> {
        let Some(first) = last.checked_add(1) else {
            return Ok(Vec::new());
        };
        self.allowance.set(ANSWER);
        let since = since
            .map(|day| format!(" SINCE {}", day.format("%-d-%b-%Y")))
            .unwrap_or_default();
        let found = within(TIMEOUT, self.imap.uid_search(format!("UID {first}:*{since}"))).await?;
        // Where nothing is above it, `n:*` is the last mail: a range has no direction.
        let mut uids: Vec<u32> = found.into_iter().filter(|uid| *uid > last).collect();
        uids.sort_unstable();
        Ok(uids)
    }

    /// What the server says of these; those that are gone are left out.
    pub async fn list(&mut self, uids: &[u32]) -> Result<HashMap<u32, Listed>, Trouble> {
        self.allowance.set(ANSWER);
        let asked = async {
            let answers = self.imap.uid_fetch(set(uids), "(UID RFC822.SIZE INTERNALDATE)").await?;
            let answers: Vec<_> = answers.try_collect().await?;
            let listed = answers.iter().filter_map(|answer| {
                Some(Listed {
                    uid: answer.uid?,
                    size: usize::try_from(answer.size?).unwrap_or(usize::MAX),
                    arrived: answer.internal_date().map(|at| at.to_utc()),
                })
            });
            Ok(listed.map(|one| (one.uid, one)).collect())
        };
        within(TIMEOUT, asked).await
    }

    /// A whole mail of at most `size` bytes; none when it is gone.
    pub async fn mail(&mut self, uid: u32, size: usize) -> Result<Option<Vec<u8>>, Trouble> {
        self.allowance.set(size + ENVELOPE);
        self.fetch(uid, "(UID BODY.PEEK[])", async_imap::types::Fetch::body)
            .await
    }

    /// The head of a mail, or the first part of it; none when it is gone.
    pub async fn head(&mut self, uid: u32) -> Result<Option<Vec<u8>>, Trouble> {
        self.allowance.set(HEAD + ENVELOPE);
        let query = format!("(UID BODY.PEEK[HEADER]<0.{HEAD}>)");
        self.fetch(uid, &query, async_imap::types::Fetch::header).await
    }

    async fn fetch(
        &mut self,
        uid: u32,
        query: &str,
        part: impl Fn(&async_imap::types::Fetch) -> Option<&[u8]>,
    ) -> Result<Option<Vec<u8>>, Trouble> {
        let asked = async {
            let mut answers = self.imap.uid_fetch(uid.to_string(), query).await?;
            let mut found = None;
            while let Some(answer) = answers.try_next().await? {
                if answer.uid == Some(uid)
                    && let Some(bytes) = part(&answer)
                {
                    found = Some(bytes.to_vec());
                }
            }
            Ok(found)
        };
        within(LONG, asked).await
    }

    /// Marks these as read.
    pub async fn mark_seen(&mut self, uids: &[u32]) -> Result<(), Trouble> {
        if uids.is_empty() {
            return Ok(());
        }
        self.allowance.set(ANSWER);
        let asked = async {
            let answers = self.imap.uid_store(set(uids), "+FLAGS.SILENT (\\Seen)").await?;
            answers.try_for_each(|_| std::future::ready(Ok(()))).await
        };
        within(TIMEOUT, asked).await
    }

    /// Waits until the server tells of something new, at most so long. Gives the session back.
    pub async fn wait(mut self, most: Duration) -> Result<Self, Trouble> {
        self.allowance.set(ANSWER);
        if !self.idles {
            tokio::time::sleep(most).await;
            within(TIMEOUT, self.imap.noop()).await?;
            return Ok(self);
        }
        let mut handle = self.imap.idle();
        within(TIMEOUT, handle.init()).await?;
        let waited = {
            let (news, _stop) = handle.wait_with_timeout(most);
            // A server that only says that it is there resets the library's time.
            timeout(most, news).await
        };
        if let Ok(Ok(IdleResponse::ManualInterrupt)) = waited {
            return Err(Trouble::CUT);
        }
        if let Ok(Err(error)) = waited {
            return Err(Trouble::of(&error));
        }
        Ok(Self {
            imap: within(TIMEOUT, handle.done()).await?,
            ..self
        })
    }

    /// Says goodbye; whether it is heard does not matter.
    pub async fn close(mut self) {
        let _ = timeout(Duration::from_secs(2), self.imap.logout()).await;
    }
}

/// UIDs as a server takes them. They are in order, so ranges would be shorter; a batch is small enough without.
fn set(uids: &[u32]) -> String {
    let words: Vec<String> = uids.iter().map(ToString::to_string).collect();
    words.join(",")
}
