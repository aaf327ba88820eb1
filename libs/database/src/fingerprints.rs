//! Which secrets a database was written with, without saying anything about them: a process that was given other ones is
//! told so at its start instead of failing, or worse, at some later value that does not open.
//!
//! The first process writes the fingerprints, whoever comes later is compared.

mod migration;

use sea_orm::{ConnectionTrait, Statement};
use vorrang_error::Error;

use crate::{Database, error};

pub use migration::Migration;

/// What is known of one secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Name of the secret.
    pub name: &'static str,
    /// Of the one in use; nobody can get back from it to the secret.
    pub current: String,
    /// Of the one before, when it may be replaced.
    pub previous: Option<String>,
}

/// Writes the fingerprints that are not there yet, replaces those of a secret that has a successor, and gives the names of the
/// secrets that are not those of before. Of processes that start at once the first one decides.
///
/// # Errors
/// When the database fails, or was not migrated.
pub async fn check(database: &Database, ours: &[Fingerprint]) -> Result<Vec<&'static str>, Error> {
    let tx = database.begin().await?;
    let backend = tx.conn().get_database_backend();
    let mut others = Vec::new();
    for one in ours {
        let insert = Statement::from_sql_and_values(
            backend,
            "INSERT INTO secret_fingerprints (name, fingerprint) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            [one.name.into(), one.current.as_str().into()],
        );
        tx.conn().execute_raw(insert).await.map_err(error)?;
        let select = Statement::from_sql_and_values(
            backend,
            "SELECT fingerprint FROM secret_fingerprints WHERE name = $1",
            [one.name.into()],
        );
        let row = tx.conn().query_one_raw(select).await.map_err(error)?;
        let row = row.ok_or_else(|| Error::internal("a fingerprint was written and is not there"))?;
        let known: String = row.try_get_by_index(0).map_err(error)?;
        if known == one.current {
            continue;
        }
        if one.previous.as_ref() != Some(&known) {
            others.push(one.name);
            continue;
        }
        let update = Statement::from_sql_and_values(
            backend,
            "UPDATE secret_fingerprints SET fingerprint = $1 WHERE name = $2",
            [one.current.as_str().into(), one.name.into()],
        );
        tx.conn().execute_raw(update).await.map_err(error)?;
    }
    if others.is_empty() {
        tx.commit().await?;
    } else {
        tx.rollback().await?;
    }
    Ok(others)
}

/// Forgets the fingerprints of all secrets but `kept`, so that the next process writes them anew.
///
/// # Errors
/// As [`check`].
pub async fn forget(database: &Database, kept: &str) -> Result<(), Error> {
    let tx = database.begin().await?;
    let delete = Statement::from_sql_and_values(
        tx.conn().get_database_backend(),
        "DELETE FROM secret_fingerprints WHERE name <> $1",
        [kept.into()],
    );
    tx.conn().execute_raw(delete).await.map_err(error)?;
    tx.commit().await
}
