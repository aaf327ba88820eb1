//! Reading answers, and their rows.

use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{error, from_micros, micros};
use vorrang_error::Error;

use crate::names::TicketRef;
use crate::store::Store;
use crate::store::asked;
use crate::store::entity::answer;
use crate::store::personal::{Keyring, Personal, Place};
use crate::store::sealed::{self, CommentTexts};
use crate::survey::{Answer, Kind};

/// Which answers to list; everything named must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnswerFilter {
    /// Of this kind.
    pub kind: Option<Kind>,
    /// About this ticket.
    pub ticket: Option<TicketRef>,
    /// By this customer.
    pub customer: Option<Uuid>,
}

impl Store {
    /// Answers with ids below `before`, newest first.
    ///
    /// # Errors
    /// NotFound when the filter names a ticket that the tenant does not have.
    pub async fn answers(
        &self,
        tenant: &str,
        filter: &AnswerFilter,
        before: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Answer>, Error> {
        let ticket = self.resolve(tenant, filter.ticket).await?;
        let condition = Condition::all()
            .add(answer::Column::Tenant.eq(tenant))
            .add_option(before.map(|id| answer::Column::Id.lt(id)))
            .add_option(filter.kind.map(|kind| answer::Column::Kind.eq(kind.as_str())))
            .add_option(ticket.map(|id| answer::Column::TicketId.eq(id)))
            .add_option(
                filter
                    .customer
                    .map(|id| answer::Column::CustomerId.in_subquery(asked::of(tenant, id))),
            );
        let rows = answer::Entity::find()
            .filter(condition)
            .order_by_desc(answer::Column::Id)
            .limit(limit)
            .all(self.db.reader())
            .await
            .map_err(error)?;
        let mut answers = read(self.db.reader(), &self.personal, tenant, rows).await?;
        let customers = answers.iter().map(|answer| answer.recorded_for);
        let present = asked::present(self.db.reader(), tenant, customers).await?;
        for answer in &mut answers {
            answer.customer = present.get(&answer.recorded_for).copied().unwrap_or(answer.customer);
        }
        Ok(answers)
    }
}

/// Rows as answers, each by whom it was recorded for.
pub async fn read<C: ConnectionTrait>(
    conn: &C,
    personal: &Personal,
    tenant: &str,
    rows: Vec<answer::Model>,
) -> Result<Vec<Answer>, Error> {
    let sealed = rows.iter().filter_map(|row| row.sealed.as_deref());
    let keyring = personal.keyring_for(conn, tenant, sealed).await?;
    rows.into_iter().map(|row| opened(&keyring, row)).collect()
}

fn opened(keyring: &Keyring, row: answer::Model) -> Result<Answer, Error> {
    let place = Place("answers", row.id.as_bytes());
    let (texts, _): (CommentTexts, _) = sealed::open(keyring, place, row.sealed.as_deref())?;
    Ok(Answer {
        id: row.id,
        kind: row.kind.parse()?,
        scale: (row.lowest, row.highest),
        high_is_good: row.high_is_good,
        survey: row.survey,
        customer: row.customer_id,
        recorded_for: row.customer_id,
        ticket: row.ticket_id,
        solve: row.solve,
        agent: row.agent,
        score: row.score,
        comment: texts.comment,
        has_comment: row.has_comment,
        sending: row.sending_id,
        late: row.late,
        answered_at: from_micros(row.answered_at),
        recorded_at: from_micros(row.recorded_at),
    })
}

/// An answer as a row.
pub fn written(keyring: &Keyring, tenant: &str, answer: &Answer) -> Result<answer::Model, Error> {
    let place = Place("answers", answer.id.as_bytes());
    let texts = CommentTexts {
        comment: answer.comment.clone(),
    };
    Ok(answer::Model {
        tenant: tenant.to_owned(),
        id: answer.id,
        kind: answer.kind.as_str().to_owned(),
        lowest: answer.scale.0,
        highest: answer.scale.1,
        high_is_good: answer.high_is_good,
        survey: answer.survey.clone(),
        customer_id: answer.recorded_for,
        ticket_id: answer.ticket,
        solve: answer.solve,
        agent: answer.agent.clone(),
        score: answer.score,
        sealed: sealed::seal(keyring, answer.owner(), place, &texts)?,
        has_comment: answer.has_comment,
        sending_id: answer.sending,
        late: answer.late,
        answered_at: micros(answer.answered_at),
        recorded_at: micros(answer.recorded_at),
    })
}
