//! Inserting many rows at once.
//!
//! PostgreSQL gets one array for each column: the statement has as many parameters as the table has columns, however many rows
//! there are, so that it is prepared once and planned once. (A `VALUES` of 50 tickets has more than 2,000 parameters; analysing,
//! planning and building it took a good part of the time of a contact.) SQLite has no arrays, and no planner that minds.

use sea_orm::sea_query::{ArrayType, Expr, ExprTrait as _, Func, OnConflict, Query, Value};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Iterable, ModelTrait,
    StatementBuilder,
};
use vorrang_error::Error;

use crate::{Engine, Tx, error};

/// Most parameters of one statement; SQLite takes 32,766.
const PARAMETERS_MAX: usize = 32_000;
/// Most rows of one statement: bounds what is in memory twice.
const ROWS_MAX: usize = 5_000;
/// Fewer rows than this have few parameters anyway.
const ARRAYS_FROM: usize = 4;

/// Inserts rows in as few statements as the engine allows.
///
/// # Errors
/// When the database fails; Conflict where a row is there already and `conflict` does not say what then.
pub async fn insert_rows<E>(tx: &Tx, rows: Vec<E::Model>, conflict: Option<OnConflict>) -> Result<(), Error>
where
    E: EntityTrait,
    E::Model: ModelTrait<Entity = E> + IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let most = match tx.engine() {
        Engine::Sqlite => PARAMETERS_MAX / E::Column::iter().count().max(1),
        Engine::Postgres => ROWS_MAX,
    };
    let mut rows = rows.into_iter();
    loop {
        let chunk: Vec<E::Model> = rows.by_ref().take(most).collect();
        if chunk.is_empty() {
            return Ok(());
        }
        if tx.engine() == Engine::Postgres && chunk.len() >= ARRAYS_FROM {
            by_columns::<E>(tx, &chunk, conflict.clone()).await?;
            continue;
        }
        let mut query = E::insert_many::<E::ActiveModel, _>(chunk.into_iter().map(IntoActiveModel::into_active_model));
        if let Some(conflict) = &conflict {
            query = query.on_conflict(conflict.clone());
        }
        query.exec_without_returning(tx.conn()).await.map_err(error)?;
    }
}

/// `INSERT INTO t (a, b) SELECT unnest($1::bigint[]), unnest($2::text[])`.
async fn by_columns<E>(tx: &Tx, rows: &[E::Model], conflict: Option<OnConflict>) -> Result<(), Error>
where
    E: EntityTrait,
    E::Model: ModelTrait<Entity = E>,
{
    let mut select = Query::select();
    for column in E::Column::iter() {
        let values: Vec<Value> = rows.iter().map(|row| row.get(column)).collect();
        let array = Array::of(values, column.def().is_null());
        let array = array.ok_or_else(|| Error::internal(format!("no array of column {column:?}")))?;
        let typed = match array {
            Array::Native(values, of) => Expr::value(values).cast_as(of),
            Array::Text(text, of) => Expr::value(text).cast_as("text").cast_as(of),
        };
        select.expr(Func::cust("unnest").arg(typed));
    }
    let mut insert = Query::insert();
    insert.into_table(E::default().table_ref()).columns(E::Column::iter());
    insert
        .select_from(select)
        .map_err(|cause| Error::internal("an insert has as many values as columns").caused_by(cause))?;
    if let Some(conflict) = conflict {
        insert.on_conflict(conflict);
    }
    let statement = StatementBuilder::build(&insert, &tx.conn().get_database_backend());
    tx.conn().execute_raw(statement).await.map_err(error)?;
    Ok(())
}

/// The values of a column, with the type that they are cast to.
enum Array {
    /// As it is; none of them is NULL.
    Native(Value, &'static str),
    /// In PostgreSQL's notation, `{1,NULL}`: what the binding of arrays cannot say.
    Text(String, &'static str),
}

impl Array {
    /// A column that may be NULL has always the second form, so that the statement does not depend on what is in it. Bytes, which would
    /// be twice as long, have it only when one of them is: two statements at most.
    fn of(values: Vec<Value>, nullable: bool) -> Option<Self> {
        let (of, sql) = kind(values.first()?)?;
        let is_full = !nullable || matches!(of, ArrayType::Bytes) && !values.contains(&Value::Bytes(None));
        if is_full {
            return Some(Self::Native(Value::Array(of, Some(Box::new(values))), sql));
        }
        let mut text = String::from("{");
        for value in values {
            if text.len() > 1 {
                text.push(',');
            }
            element(value, &mut text)?;
        }
        text.push('}');
        Some(Self::Text(text, sql))
    }
}

/// The array that values of this kind make, and its name in SQL.
fn kind(value: &Value) -> Option<(ArrayType, &'static str)> {
    Some(match value {
        Value::Bool(_) => (ArrayType::Bool, "boolean[]"),
        Value::Int(_) => (ArrayType::Int, "integer[]"),
        Value::BigInt(_) => (ArrayType::BigInt, "bigint[]"),
        Value::Double(_) => (ArrayType::Double, "double precision[]"),
        Value::String(_) => (ArrayType::String, "text[]"),
        Value::Bytes(_) => (ArrayType::Bytes, "bytea[]"),
        Value::Uuid(_) => (ArrayType::Uuid, "uuid[]"),
        _ => return None,
    })
}

/// An element in PostgreSQL's notation.
fn element(value: Value, text: &mut String) -> Option<()> {
    match value {
        Value::Bool(Some(value)) => text.push_str(if value { "t" } else { "f" }),
        Value::Int(Some(value)) => text.push_str(&value.to_string()),
        Value::BigInt(Some(value)) => text.push_str(&value.to_string()),
        Value::Double(Some(value)) => text.push_str(&value.to_string()),
        Value::Uuid(Some(value)) => text.push_str(&value.to_string()),
        Value::String(Some(value)) => {
            text.push('"');
            for letter in value.chars() {
                if matches!(letter, '"' | '\\') {
                    text.push('\\');
                }
                text.push(letter);
            }
            text.push('"');
        }
        Value::Bytes(Some(value)) => {
            text.push_str("\"\\\\x");
            text.push_str(&hex::encode(&value));
            text.push('"');
        }
        Value::Bool(None)
        | Value::Int(None)
        | Value::BigInt(None)
        | Value::Double(None)
        | Value::Uuid(None)
        | Value::String(None)
        | Value::Bytes(None) => text.push_str("NULL"),
        _ => return None,
    }
    Some(())
}
