//! Imports: uploaded and applied; listed and forgotten in `imports/kept.rs`. A line is here until ticketing has it; of a bad one only what is wrong stays.

mod kept;

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;
use vorrang_database::{Tx, error as database_error, from_micros, insert_rows, micros};
use vorrang_error::Error;

use super::entity::import::{Column, Entity, Model};
use super::entity::{import_error, import_line};
use super::{Store, request_id_reused};
use crate::import::{Import, ImportState, LineError, NewImport};

/// Bad lines of an import whose errors are kept: enough to see what is wrong with the export.
pub const BAD_KEPT: i64 = 10_000;

/// A line that is to be kept.
#[derive(Debug, Clone)]
pub struct NewLine {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Where it stands in its instant.
    pub rank: u8,
    /// Its number.
    pub number: u64,
    /// What makes it the same event.
    pub hash: [u8; 32],
    /// Its text, sealed.
    pub sealed: Vec<u8>,
}

/// What was read of a file since the last time.
#[derive(Debug, Default)]
pub struct Part {
    /// Good lines.
    pub lines: Vec<NewLine>,
    /// What is wrong with bad ones.
    pub errors: Vec<LineError>,
    /// How many lines are bad.
    pub bad: i64,
    /// How many lines were read, empty ones included.
    pub read: u64,
    /// Over all lines up to here.
    pub chain: [u8; 32],
}

/// A line that is to be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Where it stands.
    pub key: (i64, i32, i64),
    /// What makes it the same event.
    pub hash: Vec<u8>,
    /// Its text, sealed.
    pub sealed: Vec<u8>,
}

/// What became of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Lines that are recorded.
    pub recorded: i64,
    /// Lines that were there.
    pub duplicates: i64,
    /// Lines that were refused.
    pub bad: i64,
    /// What is wrong with those.
    pub errors: Vec<LineError>,
}

impl Store {
    /// Begins an upload, or gives the one that was begun under the same request id.
    ///
    /// # Errors
    /// Invalid `REQUEST_ID_REUSED` when it was begun with other settings.
    pub async fn begin_import(&self, tenant: &str, new: &NewImport, now: DateTime<Utc>) -> Result<Import, Error> {
        let row = Model {
            id: self.ids.next(now),
            tenant: tenant.to_owned(),
            request_id: new.request_id.clone(),
            source: new.source.clone(),
            strict: new.strict,
            display_name: new.display_name.clone(),
            state: ImportState::Receiving.as_str().to_owned(),
            read_lines: 0,
            chain: vec![0; 32],
            line_count: 0,
            recorded_count: 0,
            duplicate_count: 0,
            bad_count: 0,
            checked: false,
            created_at: micros(now),
            received_at: None,
            ended_at: None,
        };
        let id = row.id;
        let tx = self.database.begin().await?;
        let conflict = sea_orm::sea_query::OnConflict::new().do_nothing().to_owned();
        insert_rows::<Entity>(&tx, vec![row], Some(conflict)).await?;
        let query = Entity::find().filter(Column::Tenant.eq(tenant));
        let query = match &new.request_id {
            Some(request_id) => query.filter(Column::RequestId.eq(request_id.as_str())),
            None => query.filter(Column::Id.eq(id)),
        };
        let found = query.one(tx.conn()).await.map_err(database_error)?;
        tx.commit().await?;
        let found = found.ok_or_else(|| Error::internal("an import was begun and is not there"))?;
        if (found.source.as_str(), found.strict) != (new.source.as_str(), new.strict) {
            return Err(request_id_reused());
        }
        read(found)
    }

    /// Keeps a part of an upload, and gives the import after it.
    ///
    /// # Errors
    /// Conflict `UPLOAD_ELSEWHERE` when it is not as `before` any more.
    pub async fn keep_part(&self, before: &Import, part: Part) -> Result<Import, Error> {
        let tx = self.database.begin().await?;
        let (read, lines) = (whole(part.read), whole(part.lines.len() as u64) + part.bad);
        let moved = Entity::update_many()
            .col_expr(Column::ReadLines, Expr::col(Column::ReadLines).add(read))
            .col_expr(Column::LineCount, Expr::col(Column::LineCount).add(lines))
            .col_expr(Column::BadCount, Expr::col(Column::BadCount).add(part.bad))
            .col_expr(Column::Chain, Expr::value(part.chain.to_vec()))
            .filter(Column::Tenant.eq(before.tenant.as_str()))
            .filter(Column::Id.eq(before.id))
            .filter(Column::State.eq(ImportState::Receiving.as_str()))
            .filter(Column::ReadLines.eq(whole(before.read_lines)))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        if moved.rows_affected != 1 {
            tx.rollback().await?;
            return Err(Error::conflict(
                "UPLOAD_ELSEWHERE",
                "another stream continues this upload, or it has ended",
            ));
        }
        let rows = part.lines.into_iter().map(|line| import_line::Model {
            import_id: before.id,
            at: micros(line.at),
            rank: line.rank.into(),
            number: whole(line.number),
            hash: line.hash.to_vec(),
            size: whole(line.sealed.len() as u64),
            sealed: line.sealed,
        });
        insert_rows::<import_line::Entity>(&tx, rows.collect(), None).await?;
        keep_errors(&tx, before.id, before.bad, part.errors).await?;
        tx.commit().await?;
        self.import(&before.tenant, before.id).await
    }

    /// Ends an upload. A strict one with bad lines is refused, and its lines go.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_upload(&self, import: &Import, now: DateTime<Utc>) -> Result<Import, Error> {
        let to = match (import.strict && import.bad > 0, import.line_count > import.bad) {
            (true, _) => ImportState::Refused,
            (false, true) => ImportState::Running,
            (false, false) => ImportState::Done,
        };
        let ended = (to != ImportState::Running).then(|| micros(now));
        let tx = self.database.begin().await?;
        Entity::update_many()
            .col_expr(Column::State, Expr::value(to.as_str()))
            .col_expr(Column::ReceivedAt, Expr::value(micros(now)))
            .col_expr(Column::EndedAt, Expr::value(ended))
            .filter(Column::Tenant.eq(import.tenant.as_str()))
            .filter(Column::Id.eq(import.id))
            .filter(Column::State.eq(ImportState::Receiving.as_str()))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        tx.commit().await?;
        self.import(&import.tenant, import.id).await
    }

    /// The imports that are to be applied, of any tenant, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn running_imports(&self) -> Result<Vec<Import>, Error> {
        let rows = Entity::find()
            .filter(Column::State.eq(ImportState::Running.as_str()))
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        rows.into_iter().map(read).collect()
    }

    /// The first lines of an import behind `after`, in the order in which they count: `most`, and no more than `bytes` of them unless a
    /// single one is longer. The import says whose tenant's they are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pending_lines(
        &self,
        import: Uuid,
        after: Option<(i64, i32, i64)>,
        (most, bytes): (u64, usize),
    ) -> Result<Vec<Pending>, Error> {
        use import_line::Column as Line;
        let behind = |(at, rank, number): (i64, i32, i64)| {
            let same = Condition::all().add(Line::At.eq(at));
            let rank_or_number = Condition::any()
                .add(Line::Rank.gt(rank))
                .add(Condition::all().add(Line::Rank.eq(rank)).add(Line::Number.gt(number)));
            Condition::any().add(Line::At.gt(at)).add(same.add(rank_or_number))
        };
        let query = import_line::Entity::find()
            .filter(Line::ImportId.eq(import))
            .filter(Condition::all().add_option(after.map(behind)))
            .order_by_asc(Line::At)
            .order_by_asc(Line::Rank)
            .order_by_asc(Line::Number);
        // Their sizes first: a thousand of the longest lines are more than a process has.
        let sizes: Vec<i64> = query
            .clone()
            .select_only()
            .column(Line::Size)
            .limit(most)
            .into_tuple()
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        let mut left = i64::try_from(bytes).unwrap_or(i64::MAX);
        let fitting = sizes.iter().take_while(|size| {
            left -= **size;
            left >= 0
        });
        let count = std::cmp::max(fitting.count() as u64, 1);
        let rows = query
            .limit(count)
            .all(self.database.reader())
            .await
            .map_err(database_error)?;
        Ok(rows
            .into_iter()
            .map(|row| Pending {
                key: (row.at, row.rank, row.number),
                hash: row.hash,
                sealed: row.sealed,
            })
            .collect())
    }

    /// Removes a batch that ticketing has answered, with what became of it. False: somebody else was faster, and nothing changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn applied(
        &self,
        import: &Import,
        last: (i64, i32, i64),
        lines: u64,
        applied: Applied,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        use import_line::Column as Line;
        let (at, rank, number) = last;
        let tx = self.database.begin().await?;
        let same = Condition::all().add(Line::At.eq(at));
        let rank_or_number = Condition::any()
            .add(Line::Rank.lt(rank))
            .add(Condition::all().add(Line::Rank.eq(rank)).add(Line::Number.lte(number)));
        let gone = import_line::Entity::delete_many()
            .filter(Line::ImportId.eq(import.id))
            .filter(Condition::any().add(Line::At.lt(at)).add(same.add(rank_or_number)))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        if gone.rows_affected != lines {
            tx.rollback().await?;
            return Ok(false);
        }
        let left = import_line::Entity::find()
            .filter(Line::ImportId.eq(import.id))
            .limit(1)
            .count(tx.conn())
            .await
            .map_err(database_error)?;
        let mut change = Entity::update_many()
            .col_expr(
                Column::RecordedCount,
                Expr::col(Column::RecordedCount).add(applied.recorded),
            )
            .col_expr(
                Column::DuplicateCount,
                Expr::col(Column::DuplicateCount).add(applied.duplicates),
            )
            .col_expr(Column::BadCount, Expr::col(Column::BadCount).add(applied.bad));
        if left == 0 {
            change = change
                .col_expr(Column::State, Expr::value(ImportState::Done.as_str()))
                .col_expr(Column::EndedAt, Expr::value(micros(now)));
        }
        change
            .filter(Column::Tenant.eq(import.tenant.as_str()))
            .filter(Column::Id.eq(import.id))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        keep_errors(&tx, import.id, import.bad, applied.errors).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Notes that the lines of a strict import refer to nothing wrong, or what is wrong: then it is refused.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn judged(
        &self,
        import: &Import,
        (bad, errors): (i64, Vec<LineError>),
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tx = self.database.begin().await?;
        let mut change = Entity::update_many().col_expr(Column::Checked, Expr::value(true));
        if bad > 0 {
            change = change
                .col_expr(Column::State, Expr::value(ImportState::Refused.as_str()))
                .col_expr(Column::EndedAt, Expr::value(micros(now)))
                .col_expr(Column::BadCount, Expr::value(bad));
        }
        let changed = change
            .filter(Column::Tenant.eq(import.tenant.as_str()))
            .filter(Column::Id.eq(import.id))
            .filter(Column::Checked.eq(false))
            .exec(tx.conn())
            .await
            .map_err(database_error)?;
        // Somebody else has judged it, and found the same.
        if changed.rows_affected == 1 {
            keep_errors(&tx, import.id, 0, errors).await?;
        }
        tx.commit().await
    }
}

/// Keeps errors while an import has not too many; `before` are its bad lines so far.
async fn keep_errors(tx: &Tx, import: Uuid, before: i64, errors: Vec<LineError>) -> Result<(), Error> {
    let mut lines = before;
    let mut last = None;
    let rows = errors
        .into_iter()
        .take_while(|error| {
            if last.replace(error.line) != Some(error.line) {
                lines += 1;
            }
            lines <= BAD_KEPT
        })
        .map(|error| import_error::Model {
            import_id: import,
            line: whole(error.line),
            position: error.position,
            reason: error.reason,
            field: error.field,
            text: error.text,
        });
    insert_rows::<import_error::Entity>(tx, rows.collect(), None).await
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn read(row: Model) -> Result<Import, Error> {
    let state = ImportState::parse(&row.state);
    let chain = <[u8; 32]>::try_from(row.chain.as_slice());
    let (Some(state), Ok(chain)) = (state, chain) else {
        return Err(Error::internal(format!("import {} is not as it was stored", row.id)));
    };
    Ok(Import {
        id: row.id,
        tenant: row.tenant,
        state,
        source: row.source,
        strict: row.strict,
        display_name: row.display_name,
        read_lines: u64::try_from(row.read_lines).unwrap_or_default(),
        chain,
        line_count: row.line_count,
        recorded: row.recorded_count,
        duplicates: row.duplicate_count,
        bad: row.bad_count,
        checked: row.checked,
        created_at: from_micros(row.created_at),
        received_at: row.received_at.map(from_micros),
        ended_at: row.ended_at.map(from_micros),
    })
}
