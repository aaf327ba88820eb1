//! What is asked of a mail server. Mails are peeked at: reading changes nothing on it.
//!
//! What a server gives counts only when it says in the end that this was all. The library's own commands take a refusal, and a
//! connection that ends, for an answer that is over: a mail would be taken for gone.

use std::collections::HashMap;
use std::time::Duration;

use async_imap::extensions::idle::IdleResponse;
use async_imap::imap_proto::{AttributeValue, MailboxDatum, MessageSection, Response, SectionPath, Status};
use chrono::{DateTime, NaiveDate, Utc};
use tokio::time::timeout;

use super::position::Folder;
use super::trouble::Trouble;
use super::wire::{self, Allowance, Bounded};
use crate::mailboxes::Incoming;
use crate::oauth;

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

/// What is said by a token, once, and what to a server that does not take it: it says why, and waits for that.
struct ByToken(Option<String>, &'static [u8]);

impl async_imap::Authenticator for ByToken {
    type Response = Vec<u8>;

    fn process(&mut self, _: &[u8]) -> Vec<u8> {
        self.0.take().map_or_else(|| self.1.to_vec(), String::into_bytes)
    }
}

/// How who logs in proves it, now.
#[derive(Clone, Copy)]
pub enum Proof<'a> {
    /// The password.
    Password(&'a str),
    /// An access token.
    Token(&'a str),
}

impl async_imap::Authenticator for Plain {
    type Response = Vec<u8>;

    fn process(&mut self, _: &[u8]) -> Vec<u8> {
        self.0.clone()
    }
}

impl Session {
    /// Connects, logs in and opens the folder.
    pub async fn open(mailbox: &Incoming, proof: Proof<'_>) -> Result<(Self, Folder), Trouble> {
        let server = &mailbox.server;
        let (client, allowance) = wire::connect(server).await?;
        allowance.set(ANSWER);
        let refused = |error: &async_imap::error::Error| match error {
            async_imap::error::Error::No(_) | async_imap::error::Error::Bad(_) => Trouble::LOGIN,
            async_imap::error::Error::Validate(_) => Trouble::LOGIN,
            error => Trouble::of(error),
        };
        let login = async {
            match proof {
                Proof::Password(password) => {
                    let plain = Plain(format!("\0{}\0{password}", server.user).into_bytes());
                    match client.authenticate("PLAIN", plain).await {
                        // A server that knows only the oldest way.
                        Err((async_imap::error::Error::Bad(_), client)) => client.login(&server.user, password).await,
                        answer => answer,
                    }
                }
                Proof::Token(token) => {
                    let said = ByToken(Some(oauth::xoauth2(&server.user, token)), b"");
                    match client.authenticate("XOAUTH2", said).await {
                        // One that knows only the way of the standard, or does not take the token: then not that way either.
                        Err((async_imap::error::Error::Bad(_) | async_imap::error::Error::No(_), client)) => {
                            let said = oauth::oauthbearer(&server.user, &server.host, server.port, token);
                            client.authenticate("OAUTHBEARER", ByToken(Some(said), b"\x01")).await
                        }
                        answer => answer,
                    }
                }
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

    /// Asks, and looks at each answer until the server says that it was all.
    async fn ask(&mut self, time: Duration, command: &str, mut each: impl FnMut(&Response<'_>)) -> Result<(), Trouble> {
        let asked = async {
            let id = self.imap.run_command(command).await?;
            loop {
                let Some(answer) = self.imap.read_response().await? else {
                    return Err(async_imap::error::Error::ConnectionLost);
                };
                match answer.parsed() {
                    Response::Done { tag, status, .. } if *tag == id => {
                        return match status {
                            Status::Ok => Ok(()),
                            _ => Err(async_imap::error::Error::No(String::new())),
                        };
                    }
                    other => each(other),
                }
            }
        };
        within(time, asked).await
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
        let mut uids: Vec<u32> = Vec::new();
        let command = format!("UID SEARCH UID {first}:*{since}");
        self.ask(TIMEOUT, &command, |answer| {
            if let Response::MailboxData(MailboxDatum::Search(found)) = answer {
                // Where nothing is above it, `n:*` is the last mail: a range has no direction.
                uids.extend(found.iter().filter(|uid| **uid > last));
            }
        })
        .await?;
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    /// What the server says of these; those that are gone are left out.
    pub async fn list(&mut self, uids: &[u32]) -> Result<HashMap<u32, Listed>, Trouble> {
        self.allowance.set(ANSWER);
        let mut listed = HashMap::new();
        let command = format!("UID FETCH {} (UID RFC822.SIZE INTERNALDATE)", set(uids));
        self.ask(TIMEOUT, &command, |answer| {
            if let Some(one) = described(answer) {
                listed.insert(one.uid, one);
            }
        })
        .await?;
        Ok(listed)
    }

    /// A whole mail of at most `size` bytes; none when it is gone.
    pub async fn mail(&mut self, uid: u32, size: usize) -> Result<Option<Vec<u8>>, Trouble> {
        self.allowance.set(size + ENVELOPE);
        self.part(uid, "BODY.PEEK[]", None).await
    }

    /// The head of a mail, or the first part of it; none when the mail is gone.
    pub async fn head(&mut self, uid: u32) -> Result<Option<Vec<u8>>, Trouble> {
        self.allowance.set(HEAD + ENVELOPE);
        let head = SectionPath::Full(MessageSection::Header);
        self.part(uid, &format!("BODY.PEEK[HEADER]<0.{HEAD}>"), Some(head))
            .await
    }

    async fn part(&mut self, uid: u32, what: &str, section: Option<SectionPath>) -> Result<Option<Vec<u8>>, Trouble> {
        let mut found = None;
        self.ask(LONG, &format!("UID FETCH {uid} (UID {what})"), |answer| {
            let Response::Fetch(_, attributes) = answer else { return };
            if !attributes
                .iter()
                .any(|one| matches!(one, AttributeValue::Uid(given) if *given == uid))
            {
                return;
            }
            for one in attributes {
                if let AttributeValue::BodySection {
                    section: given,
                    data: Some(bytes),
                    ..
                } = one
                    && *given == section
                {
                    found = Some(bytes.to_vec());
                }
            }
        })
        .await?;
        // Without an error and without the mail: deleted meanwhile, or not given.
        match found {
            None if self.list(&[uid]).await?.contains_key(&uid) => Err(Trouble::REFUSED),
            found => Ok(found),
        }
    }

    /// Marks these as read.
    pub async fn mark_seen(&mut self, uids: &[u32]) -> Result<(), Trouble> {
        if uids.is_empty() {
            return Ok(());
        }
        self.allowance.set(ANSWER);
        let command = format!("UID STORE {} +FLAGS.SILENT (\\Seen)", set(uids));
        self.ask(TIMEOUT, &command, |_| {}).await
    }

    /// Waits until the server tells of something new, at most so long. Gives the session back, and whether it did.
    pub async fn wait(mut self, most: Duration) -> Result<(Self, bool), Trouble> {
        self.allowance.set(ANSWER);
        if !self.idles {
            tokio::time::sleep(most).await;
            self.ask(TIMEOUT, "NOOP", |_| {}).await?;
            return Ok((self, false));
        }
        let mut handle = self.imap.idle();
        within(TIMEOUT, handle.init()).await?;
        let waited = {
            let (news, _stop) = handle.wait_with_timeout(most);
            // A server that only says that it is there resets the library's time.
            timeout(most, news).await
        };
        let news = match waited {
            Ok(Ok(IdleResponse::ManualInterrupt)) => return Err(Trouble::CUT),
            Ok(Ok(IdleResponse::NewData(_))) => true,
            Ok(Ok(IdleResponse::Timeout)) | Err(_) => false,
            Ok(Err(error)) => return Err(Trouble::of(&error)),
        };
        let imap = within(TIMEOUT, handle.done()).await?;
        Ok((Self { imap, ..self }, news))
    }

    /// Says goodbye; whether it is heard does not matter.
    pub async fn close(mut self) {
        let _ = timeout(Duration::from_secs(2), self.imap.logout()).await;
    }
}

fn described(answer: &Response<'_>) -> Option<Listed> {
    let Response::Fetch(_, attributes) = answer else {
        return None;
    };
    let (mut uid, mut size, mut arrived) = (None, None, None);
    for one in attributes {
        match one {
            AttributeValue::Uid(given) => uid = Some(*given),
            AttributeValue::Rfc822Size(given) => size = Some(usize::try_from(*given).unwrap_or(usize::MAX)),
            AttributeValue::InternalDate(given) => {
                arrived = DateTime::parse_from_str(given, "%d-%b-%Y %H:%M:%S %z")
                    .ok()
                    .map(|at| at.to_utc());
            }
            _ => {}
        }
    }
    let (uid, size) = (uid?, size?);
    Some(Listed { uid, size, arrived })
}

/// UIDs as a server takes them. They are in order, so ranges would be shorter; a batch is small enough without.
fn set(uids: &[u32]) -> String {
    let words: Vec<String> = uids.iter().map(ToString::to_string).collect();
    words.join(",")
}
