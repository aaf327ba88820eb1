//! What is to be mailed to customers: names of messages only, their words stay with ticketing. Of a survey there is what ticketing
//! says once, its links, sealed and only until it is sent. What was sent is remembered for longer than a feed that is read
//! again goes back, so nothing is sent twice.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::OnConflict,
};
use vorrang_database::{Tx, error as database_error, from_micros, micros};
use vorrang_error::Error;

use super::Store;
use super::entity::{outgoing, outgoing_cursor};

const WAITING: &str = "waiting";

/// A message or a survey that is to be mailed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// `tickets/{uuid}/messages/{uuid}`, or `surveySendings/{uuid}`.
    pub message: String,
    /// `tickets/{uuid}`.
    pub ticket: String,
    /// When it was written.
    pub written_at: DateTime<Utc>,
    /// How often it was tried.
    pub attempts: i32,
    /// Of a survey: the sending with its invitation, sealed for its name.
    pub sealed: Option<Vec<u8>>,
}

/// What became of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// The server has it.
    Sent,
    /// It never will be, and why.
    GivenUp(&'static str),
    /// To be tried again then, and why it failed.
    Later(DateTime<Utc>, &'static str),
}

impl Store {
    /// Up to where ticketing's feed was read for a tenant, and since when it is; none: never.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn outgoing_cursor(&self, tenant: &str) -> Result<Option<(String, DateTime<Utc>)>, Error> {
        let row = outgoing_cursor::Entity::find()
            .filter(outgoing_cursor::Column::Tenant.eq(tenant))
            .one(self.database.reader())
            .await
            .map_err(database_error)?;
        Ok(row.map(|row| (row.cursor, from_micros(row.began_at))))
    }

    /// Takes messages in, with the cursor behind them. Those that are known stay as they are.
    ///
    /// # Errors
    /// When the database fails; then nothing was taken.
    pub async fn take_outgoing(
        &self,
        tenant: &str,
        messages: &[Outgoing],
        cursor: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tx = self.database.begin().await?;
        let rows = messages.iter().map(|one| outgoing::ActiveModel {
            tenant: Set(tenant.to_owned()),
            message: Set(one.message.clone()),
            ticket: Set(one.ticket.clone()),
            state: Set(WAITING.to_owned()),
            attempts: Set(0),
            written_at: Set(micros(one.written_at)),
            next_attempt_at: Set(micros(now)),
            reason: Set(String::new()),
            sealed: Set(one.sealed.clone()),
        });
        if !messages.is_empty() {
            outgoing::Entity::insert_many(rows)
                .on_conflict(
                    OnConflict::columns([outgoing::Column::Tenant, outgoing::Column::Message])
                        .do_nothing()
                        .to_owned(),
                )
                .exec_without_returning(tx.conn())
                .await
                .map_err(database_error)?;
        }
        put_cursor(&tx, tenant, cursor, now).await?;
        tx.commit().await
    }

    /// Takes what is due, oldest first, so that nobody else sends it until `until`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due_outgoing(
        &self,
        tenant: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        most: u64,
    ) -> Result<Vec<Outgoing>, Error> {
        let rows = outgoing::Entity::find()
            .filter(outgoing::Column::Tenant.eq(tenant))
            .filter(outgoing::Column::State.eq(WAITING))
            .filter(outgoing::Column::NextAttemptAt.lte(micros(now)))
            .order_by_asc(outgoing::Column::NextAttemptAt)
            .order_by_asc(outgoing::Column::WrittenAt)
            .order_by_asc(outgoing::Column::Message)
            .limit(most)
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        let mut due = Vec::new();
        for row in rows {
            let tx = self.database.begin().await?;
            let taken = outgoing::Entity::update_many()
                .set(outgoing::ActiveModel {
                    next_attempt_at: Set(micros(until)),
                    attempts: Set(row.attempts + 1),
                    ..Default::default()
                })
                .filter(outgoing::Column::Tenant.eq(tenant))
                .filter(outgoing::Column::Message.eq(row.message.as_str()))
                .filter(outgoing::Column::State.eq(WAITING))
                .filter(outgoing::Column::NextAttemptAt.eq(row.next_attempt_at))
                .exec(tx.conn())
                .await
                .map_err(database_error)?;
            tx.commit().await?;
            if taken.rows_affected == 1 {
                due.push(Outgoing {
                    message: row.message,
                    ticket: row.ticket,
                    written_at: from_micros(row.written_at),
                    attempts: row.attempts + 1,
                    sealed: row.sealed,
                });
            }
        }
        Ok(due)
    }

    /// Notes what became of one that was taken until `until`. Nothing is noted when somebody else has taken it since.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn posted(&self, tenant: &str, message: &str, until: DateTime<Utc>, posted: Posted) -> Result<(), Error> {
        let change = match posted {
            Posted::Sent => outgoing::ActiveModel {
                state: Set("sent".to_owned()),
                reason: Set(String::new()),
                sealed: Set(None),
                ..Default::default()
            },
            Posted::GivenUp(reason) => outgoing::ActiveModel {
                state: Set("given-up".to_owned()),
                reason: Set(reason.to_owned()),
                sealed: Set(None),
                ..Default::default()
            },
            Posted::Later(at, reason) => outgoing::ActiveModel {
                next_attempt_at: Set(micros(at)),
                reason: Set(reason.to_owned()),
                ..Default::default()
            },
        };
        let tx = self.database.begin().await?;
        outgoing::Entity::update_many()
            .set(change)
            .filter(outgoing::Column::Tenant.eq(tenant))
            .filter(outgoing::Column::Message.eq(message))
            .filter(outgoing::Column::NextAttemptAt.eq(micros(until)))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await
    }
}

impl Store {
    /// Forgets what was written before `before`, of all tenants: sent, given up, or of a mailbox that is no more. Gives how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_outgoing(&self, before: DateTime<Utc>) -> Result<u64, Error> {
        let tx = self.database.begin().await?;
        let gone = outgoing::Entity::delete_many()
            .filter(outgoing::Column::WrittenAt.lt(micros(before)))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await?;
        Ok(gone.rows_affected)
    }
}

async fn put_cursor(tx: &Tx, tenant: &str, cursor: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let row = outgoing_cursor::ActiveModel {
        tenant: Set(tenant.to_owned()),
        cursor: Set(cursor.to_owned()),
        // Of the first one: it stays.
        began_at: Set(micros(now)),
    };
    outgoing_cursor::Entity::insert(row)
        .on_conflict(
            OnConflict::column(outgoing_cursor::Column::Tenant)
                .update_column(outgoing_cursor::Column::Cursor)
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await
        .map_err(database_error)?;
    Ok(())
}
