//! Reviews.

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error, from_micros, micros};
use vorrang_error::{Error, Kind};

use super::entity::review;
use super::personal::{Keyring, Personal, Place};
use super::sealed::{self, CommentTexts};
use super::{Begun, Call, Store, answers, personal, row, rubrics, write};
use crate::event::Fact;
use crate::names::{self, TicketRef};
use crate::review::{Review, ReviewField, reviewed};
use crate::ticket::Ticket;

/// A review to be made.
#[derive(Debug, Clone)]
pub struct NewReview {
    /// About which ticket.
    pub ticket: TicketRef,
    /// Whose work; none: see [`reviewed`].
    pub agent: Option<String>,
    /// Who reviews.
    pub reviewer: String,
    /// By which rubric, and which version of it.
    pub rubric: (String, Option<i32>),
    /// Points by item.
    pub points: Vec<(String, i32)>,
    /// What else there is to say.
    pub comment: String,
    /// When; none means now, and so does a time to come.
    pub reviewed_at: Option<DateTime<Utc>>,
}

/// Which reviews to list; everything named must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewFilter {
    /// About this ticket.
    pub ticket: Option<TicketRef>,
    /// About this agent's work.
    pub agent: Option<String>,
    /// By this reviewer.
    pub reviewer: Option<String>,
}

impl Store {
    /// Records a review.
    ///
    /// # Errors
    /// NotFound for the ticket and the rubric; Precondition `RUBRIC_INACTIVE`, `NOBODY_TO_REVIEW`; AlreadyExists
    /// `ALREADY_REVIEWED`; Invalid for points that do not fit the rubric.
    pub async fn create_review<R, A>(&self, call: &Call, new: NewReview, respond: A) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Review) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let tenant = call.tenant.as_str();
        let ticket = self.locked(&tx, tenant, new.ticket).await?;
        let now = self.clock.now();
        if new.reviewed_at.is_some_and(|at| at < ticket.opened_at) {
            return Err(Error::invalid_field(
                "review.reviewed_at",
                "must not be before the ticket was opened",
            ));
        }
        let (id, version) = &new.rubric;
        let newest = rubrics::get(tx.conn(), tenant, id, None).await?;
        if !newest.active {
            return Err(Error::precondition("RUBRIC_INACTIVE", "the rubric is switched off"));
        }
        let rubric = match version {
            Some(_) => rubrics::get(tx.conn(), tenant, id, *version).await?,
            None => newest,
        };
        let last = answers::solved(&tx, tenant, ticket.id, ticket.solve_count).await?;
        let agent = reviewed(&ticket, last.and_then(|last| last.agent), new.agent, &new.reviewer)?;
        let known = review::Entity::find()
            .filter(review::Column::Tenant.eq(tenant))
            .filter(review::Column::TicketId.eq(ticket.id))
            .filter(review::Column::Agent.eq(&agent))
            .filter(review::Column::Reviewer.eq(&new.reviewer))
            .filter(review::Column::Rubric.eq(&rubric.id))
            .one(tx.conn())
            .await
            .map_err(error)?;
        if let Some(known) = known {
            return Err(Error::new(
                Kind::AlreadyExists,
                "ALREADY_REVIEWED",
                "this reviewer has reviewed this work by this rubric; change that review",
            )
            .with("review", names::review(known.id)));
        }
        let review = Review {
            id: self.ids.next(now),
            ticket: ticket.id,
            agent,
            reviewer: new.reviewer,
            items: rubric.judge(&new.points)?,
            version: rubric.version,
            rubric: rubric.id,
            comment: new.comment,
            reviewed_at: new.reviewed_at.map_or(now, |at| at.min(now)),
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        self.record_review(tx, call, (ticket, review, false), respond, now)
            .await
    }

    /// Changes the named fields of a review; a non-empty `etag` must be the present one.
    ///
    /// # Errors
    /// NotFound; Conflict `ETAG_MISMATCH`; Invalid for points that do not fit the review's version of the rubric.
    pub async fn update_review<R, A>(
        &self,
        call: &Call,
        (id, etag): (Uuid, &str),
        (points, comment, fields): (&[(String, i32)], &str, &[ReviewField]),
        respond: A,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Review) -> R,
    {
        let tx = match self.begin(call).await? {
            Begun::New(tx) => tx,
            Begun::Same(answer) => return Ok(answer),
        };
        let tenant = call.tenant.as_str();
        let missing = || Error::not_found(names::REVIEW, names::review(id));
        let known = find(&tx, &self.personal, tenant, id).await?.ok_or_else(missing)?;
        let ticket = self.locked(&tx, tenant, TicketRef::Id(known.ticket)).await?;
        let now = self.clock.now();
        // Again, now that nobody else can change it.
        let mut review = find(&tx, &self.personal, tenant, id).await?.ok_or_else(missing)?;
        vorrang_service::check_etag(etag, review.revision)?;
        let before = review.clone();
        for field in fields {
            match field {
                ReviewField::Items => {
                    let rubric = rubrics::get(tx.conn(), tenant, &review.rubric, Some(review.version)).await?;
                    review.items = rubric.judge(points)?;
                }
                ReviewField::Comment => comment.clone_into(&mut review.comment),
            }
        }
        if review == before {
            let keyring = self.personal.keyring(tx.conn(), tenant, &[review.ticket]).await?;
            let answer = respond(&review);
            self.commit(tx, call, &keyring, &answer, Vec::new(), now).await?;
            return Ok(answer);
        }
        review.revision += 1;
        review.updated_at = now;
        review::Entity::delete_by_id((tenant.to_owned(), id))
            .exec(tx.conn())
            .await
            .map_err(error)?;
        self.record_review(tx, call, (ticket, review, true), respond, now).await
    }

    async fn record_review<R, A>(
        &self,
        tx: Tx,
        call: &Call,
        (ticket, review, replaced): (Ticket, Review, bool),
        respond: A,
        now: DateTime<Utc>,
    ) -> Result<R, Error>
    where
        R: Message + Default,
        A: FnOnce(&Review) -> R,
    {
        // A key in memory may be one that was destroyed: what counts is what the locked ticket says.
        if ticket.erased && !review.comment.is_empty() {
            return Err(personal::erased());
        }
        let keyring = self.personal.keyring(tx.conn(), &call.tenant, &[review.ticket]).await?;
        let row = written(&keyring, &call.tenant, &review)?;
        write::insert::<review::Entity>(&tx, vec![row], None).await?;
        let answer = respond(&review);
        let fact = Fact::Reviewed(Box::new(ticket), Box::new(review), replaced);
        let events = vec![self.event(call, fact, now)];
        self.commit(tx, call, &keyring, &answer, events, now).await?;
        Ok(answer)
    }

    /// One review.
    ///
    /// # Errors
    /// NotFound when the tenant has no such review.
    pub async fn review(&self, tenant: &str, id: Uuid) -> Result<Review, Error> {
        let row = review::Entity::find_by_id((tenant.to_owned(), id))
            .one(self.db.reader())
            .await
            .map_err(error)?;
        read(self.db.reader(), &self.personal, tenant, row.into_iter().collect())
            .await?
            .pop()
            .ok_or_else(|| Error::not_found(names::REVIEW, names::review(id)))
    }

    /// Reviews with ids below `before`, newest first.
    ///
    /// # Errors
    /// NotFound when the filter names a ticket that the tenant does not have.
    pub async fn reviews(
        &self,
        tenant: &str,
        filter: &ReviewFilter,
        before: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Review>, Error> {
        let ticket = self.resolve(tenant, filter.ticket).await?;
        let condition = Condition::all()
            .add(review::Column::Tenant.eq(tenant))
            .add_option(before.map(|id| review::Column::Id.lt(id)))
            .add_option(ticket.map(|id| review::Column::TicketId.eq(id)))
            .add_option(filter.agent.as_deref().map(|agent| review::Column::Agent.eq(agent)))
            .add_option(
                filter
                    .reviewer
                    .as_deref()
                    .map(|reviewer| review::Column::Reviewer.eq(reviewer)),
            );
        let rows = review::Entity::find()
            .filter(condition)
            .order_by_desc(review::Column::Id)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        read(self.db.reader(), &self.personal, tenant, rows).await
    }

    /// The ticket, locked until the commit.
    ///
    /// # Errors
    /// NotFound.
    pub(super) async fn locked(&self, tx: &Tx, tenant: &str, which: TicketRef) -> Result<Ticket, Error> {
        row::lock_ticket(tx, &self.personal, tenant, which)
            .await?
            .ok_or_else(|| Error::not_found(names::TICKET, which.name()))
    }
}

async fn find(tx: &Tx, personal: &Personal, tenant: &str, id: Uuid) -> Result<Option<Review>, Error> {
    let row = review::Entity::find_by_id((tenant.to_owned(), id))
        .one(tx.conn())
        .await
        .map_err(error)?;
    Ok(read(tx.conn(), personal, tenant, row.into_iter().collect())
        .await?
        .pop())
}

fn written(keyring: &Keyring, tenant: &str, review: &Review) -> Result<review::Model, Error> {
    let place = Place("reviews", review.id.as_bytes());
    let texts = CommentTexts {
        comment: review.comment.clone(),
    };
    Ok(review::Model {
        tenant: tenant.to_owned(),
        id: review.id,
        ticket_id: review.ticket,
        agent: review.agent.clone(),
        reviewer: review.reviewer.clone(),
        rubric: review.rubric.clone(),
        version: review.version,
        items: row::json(&review.items),
        sealed: sealed::seal(keyring, review.ticket, place, &texts)?,
        reviewed_at: micros(review.reviewed_at),
        revision: review.revision,
        created_at: micros(review.created_at),
        updated_at: micros(review.updated_at),
    })
}

/// Rows as reviews.
pub(super) async fn read<C: ConnectionTrait>(
    conn: &C,
    personal: &Personal,
    tenant: &str,
    rows: Vec<review::Model>,
) -> Result<Vec<Review>, Error> {
    let sealed = rows.iter().filter_map(|row| row.sealed.as_deref());
    let keyring = personal.keyring_for(conn, tenant, sealed).await?;
    rows.into_iter().map(|row| opened(&keyring, row)).collect()
}

fn opened(keyring: &Keyring, row: review::Model) -> Result<Review, Error> {
    let place = Place("reviews", row.id.as_bytes());
    let (texts, _): (CommentTexts, _) = sealed::open(keyring, place, row.sealed.as_deref())?;
    Ok(Review {
        id: row.id,
        ticket: row.ticket_id,
        agent: row.agent,
        reviewer: row.reviewer,
        rubric: row.rubric,
        version: row.version,
        items: row::read_json(&row.items)?,
        comment: texts.comment,
        reviewed_at: from_micros(row.reviewed_at),
        revision: row.revision,
        created_at: from_micros(row.created_at),
        updated_at: from_micros(row.updated_at),
    })
}
