//! One look at a folder: what is new is handed in, and the position moves behind what is recorded or kept.

use vorrang_error::Kind;

use super::position::{Folder, first_day, is_wanted, resume};
use super::session::{Listed, Proof, Session};
use super::stuck::neighbour;
use super::take::{Handed, Taker};
use super::trouble::Trouble;
use super::{Collector, HELD};
use crate::app::App;
use crate::intake::MAX_MAIL;
use crate::mailboxes::Login;
use crate::metrics;
use crate::presets::NotUnderstood;
use crate::store::Position;

/// Mails of a batch, and how many bytes of them may be on their way.
const BATCH: usize = 100;
const BATCH_BYTES: usize = 8 << 20;

impl Collector {
    /// Logs in.
    async fn open(&self) -> Result<(Session, Folder), Trouble> {
        let oauth = match &self.mailbox.server.login {
            Login::Password(password) => return Session::open(&self.mailbox, Proof::Password(password)).await,
            Login::OAuth(oauth) => oauth,
        };
        let App { store, seal, clock, .. } = &self.app;
        let token = oauth
            .token(store, seal, clock.now())
            .await
            .map_err(Trouble::without_token)?;
        let opened = Session::open(&self.mailbox, Proof::Token(&token)).await;
        if opened
            .as_ref()
            .is_err_and(|trouble| trouble.reason == Trouble::LOGIN.reason)
        {
            // It was taken back, or is of another time: the next try is with a new one.
            oauth.forget(&token).await;
        }
        opened
    }

    /// Takes in all that is new behind `known`.
    pub(super) async fn read(&mut self, known: Position) -> Result<(), Trouble> {
        let mut position = known;
        let mut session = match self.session.take() {
            Some(session) => session,
            None => {
                let (session, folder) = self.open().await?;
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
                let listed = listed.get(uid).filter(|mail| is_wanted(&position, mail.arrived));
                if let Some(mail) = listed
                    && !self.gives_up(&mut session, *uid, &uids, &position).await?
                {
                    match self.take(&mut session, mail, &position).await {
                        Ok(handed) => on_way.add(*uid, handed),
                        Err(trouble) => {
                            self.stuck.failed(*uid);
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

    /// Keeps for people that a mail does not come through, when it was tried often enough and another one does.
    async fn gives_up(
        &mut self,
        session: &mut Session,
        uid: u32,
        uids: &[u32],
        position: &Position,
    ) -> Result<bool, Trouble> {
        if !self.stuck.is_over(uid) {
            return Ok(false);
        }
        let Some(other) = neighbour(uids, uid) else {
            return Ok(false);
        };
        // When this fails the server gives nothing, and nothing is given up.
        session.head(other).await?;
        let detail = format!(
            "the server does not give this mail: it is {}",
            self.place(uid, position)
        );
        let reason = "MAIL_NOT_GIVEN";
        let content = detail.clone().into_bytes();
        self.set_aside(content, NotUnderstood { reason, detail }).await?;
        metrics::collected("NOT_GIVEN");
        Ok(true)
    }

    /// Hands one mail in; none: it needs no answer.
    async fn take(
        &mut self,
        session: &mut Session,
        mail: &Listed,
        position: &Position,
    ) -> Result<Option<Handed>, Trouble> {
        let content = match mail.size > MAX_MAIL {
            true => None,
            false => match session.mail(mail.uid, MAX_MAIL).await? {
                Some(content) => Some(content).filter(|content| content.len() <= MAX_MAIL),
                None => return Ok(None),
            },
        };
        if let Some(content) = content {
            let (app, mailbox) = (self.app.clone(), self.mailbox.clone());
            let taker = Taker {
                app: &app,
                mailbox: &mailbox,
            };
            return Ok(Some(taker.hand_in(content, mail.arrived).await?));
        }
        if let Some(head) = session.head(mail.uid).await? {
            let detail = format!(
                "the mail has {} bytes and at most 25 MiB are taken: this is its head, all of it is {}",
                mail.size,
                self.place(mail.uid, position)
            );
            let reason = "MAIL_TOO_LARGE";
            self.set_aside(head, NotUnderstood { reason, detail }).await?;
            metrics::collected("TOO_LARGE");
        }
        Ok(None)
    }

    /// Where people find a mail.
    fn place(&self, uid: u32, position: &Position) -> String {
        let (address, folder) = (&self.mailbox.address, &self.mailbox.folder);
        format!("in {folder} of {address} as UID {uid} ({})", position.validity)
    }

    async fn set_aside(&self, content: Vec<u8>, why: NotUnderstood) -> Result<(), Trouble> {
        let taker = Taker {
            app: &self.app,
            mailbox: &self.mailbox,
        };
        Ok(taker.set_aside(content, why).await?)
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
    async fn settle(&mut self, on_way: OnWay, position: &mut Position) -> Result<Vec<u32>, Trouble> {
        if on_way.last <= position.last {
            return Ok(Vec::new());
        }
        let (app, mailbox) = (self.app.clone(), self.mailbox.clone());
        let taker = Taker {
            app: &app,
            mailbox: &mailbox,
        };
        let mut seen = Vec::with_capacity(on_way.mails.len());
        for (uid, mut handed) in on_way.mails {
            match taker.settle(&mut handed).await {
                Ok(outcome) => {
                    metrics::collected(outcome.as_str());
                    seen.push(uid);
                }
                // It is this mail, and not that something is away: people look at it, and the folder goes on.
                Err(error) if error.kind() == Kind::Internal && self.stuck.is_over(uid) => {
                    let detail = "taking this mail in fails each time".to_owned();
                    let reason = "MAIL_NOT_RECORDED";
                    let content = handed.content().to_vec();
                    taker.set_aside(content, NotUnderstood { reason, detail }).await?;
                    metrics::collected("NOT_RECORDED");
                }
                Err(error) => {
                    if error.kind() == Kind::Internal {
                        self.stuck.failed(uid);
                    }
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
    fn add(&mut self, uid: u32, handed: Option<Handed>) {
        if let Some(handed) = handed {
            self.bytes += handed.content().len();
            self.mails.push((uid, handed));
        }
    }
}
