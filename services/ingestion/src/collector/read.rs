//! One look at a folder: what is new is handed in, and the position moves behind what is recorded or kept.

use super::position::{first_day, is_wanted, resume};
use super::session::{Listed, Session};
use super::take::{Handed, Taker};
use super::trouble::Trouble;
use super::{Collector, HELD};
use crate::intake::MAX_MAIL;
use crate::metrics;
use crate::presets::NotUnderstood;
use crate::store::Position;

/// Mails of a batch, and how many bytes of them may be on their way.
const BATCH: usize = 100;
const BATCH_BYTES: usize = 8 << 20;
/// How often a mail is asked for that the server does not give.
const TRIES: u32 = 5;

impl Collector {
    /// Takes in all that is new behind `known`.
    pub(super) async fn read(&mut self, known: Position) -> Result<(), Trouble> {
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
