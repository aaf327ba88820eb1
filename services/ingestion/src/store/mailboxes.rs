//! How far mailboxes were read. One process reads a mailbox at a time: whoever holds its row, until a time that it moves on
//! while it works; the position moves only for the holder.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, sea_query::OnConflict};
use vorrang_database::{error as database_error, from_micros, micros};
use vorrang_error::Error;

use super::Store;
use super::entity::mailbox::{ActiveModel, Column, Entity};

/// A folder of a mailbox.
#[derive(Debug, Clone, Copy)]
pub struct MailboxKey<'a> {
    /// Whose.
    pub tenant: &'a str,
    /// Its address.
    pub address: &'a str,
    /// The folder.
    pub folder: &'a str,
}

impl MailboxKey<'_> {
    fn is(&self) -> Condition {
        Condition::all()
            .add(Column::Tenant.eq(self.tenant))
            .add(Column::Address.eq(self.address))
            .add(Column::Folder.eq(self.folder))
    }
}

/// How far a folder was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// On which server, as which user; empty: never.
    pub server: String,
    /// The life of the folder's UIDs; 0: never read.
    pub validity: u32,
    /// All up to this UID is taken in.
    pub last: u32,
    /// What arrived before is not wanted; none: all is.
    pub since: Option<DateTime<Utc>>,
}

impl Store {
    /// Takes a mailbox, or keeps it, until `until`; gives how far it was read. None: somebody else has it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold_mailbox(
        &self,
        key: MailboxKey<'_>,
        holder: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<Position>, Error> {
        let tx = self.database.begin().await?;
        let never = ActiveModel {
            tenant: Set(key.tenant.to_owned()),
            address: Set(key.address.to_owned()),
            folder: Set(key.folder.to_owned()),
            server: Set(String::new()),
            uid_validity: Set(0),
            last_uid: Set(0),
            since: Set(None),
            held_by: Set(String::new()),
            held_until: Set(0),
        };
        Entity::insert(never)
            .on_conflict(
                OnConflict::columns([Column::Tenant, Column::Address, Column::Folder])
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(tx.conn())
            .await
            .map_err(database_error)?;
        let free = Condition::any()
            .add(Column::HeldBy.eq(holder))
            .add(Column::HeldUntil.lte(micros(now)));
        let held = Entity::update_many()
            .set(ActiveModel {
                held_by: Set(holder.to_owned()),
                held_until: Set(micros(until)),
                ..Default::default()
            })
            .filter(key.is())
            .filter(free)
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        let row = match held.rows_affected {
            0 => None,
            _ => Entity::find()
                .filter(key.is())
                .one(tx.conn())
                .await
                .map_err(database_error)?,
        };
        tx.commit().await?;
        Ok(row.map(|row| Position {
            server: row.server,
            validity: u32::try_from(row.uid_validity).unwrap_or_default(),
            last: u32::try_from(row.last_uid).unwrap_or_default(),
            since: row.since.map(from_micros),
        }))
    }

    /// Notes how far the holder has read in the mailbox of the tenant that `key` names, and holds on until `until`. False: it is the holder no more, and nothing is noted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn move_mailbox(
        &self,
        key: MailboxKey<'_>,
        holder: &str,
        position: &Position,
        until: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let tx = self.database.begin().await?;
        let moved = Entity::update_many()
            .set(ActiveModel {
                server: Set(position.server.clone()),
                uid_validity: Set(position.validity.into()),
                last_uid: Set(position.last.into()),
                since: Set(position.since.map(micros)),
                held_until: Set(micros(until)),
                ..Default::default()
            })
            .filter(key.is())
            .filter(Column::HeldBy.eq(holder))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await?;
        Ok(moved.rows_affected > 0)
    }

    /// Lets go of the mailbox of the tenant that `key` names, so that another process need not wait.
    ///
    /// # Errors
    /// When the database fails; then it is free when its time is over.
    pub async fn release_mailbox(&self, key: MailboxKey<'_>, holder: &str) -> Result<(), Error> {
        let tx = self.database.begin().await?;
        Entity::update_many()
            .set(ActiveModel {
                held_by: Set(String::new()),
                held_until: Set(0),
                ..Default::default()
            })
            .filter(key.is())
            .filter(Column::HeldBy.eq(holder))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await
    }
}
