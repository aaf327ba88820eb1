//! What a database error means to the caller.

use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr, sqlx};
use vorrang_error::{Error, Kind};

/// When a transaction that lost a race should be tried again.
const RETRY: Duration = Duration::from_millis(50);

/// Classifies a database error. The cause is kept for the log and never reaches a client.
///
/// - a unique rule broken → Conflict `ALREADY_WRITTEN` (look up what is there, or map it to your own reason)
/// - serialization failure, deadlock, lock timeout, SQLite busy → Conflict `DATABASE_CONTENTION`, retry in 50 ms
/// - connection, pool, server stopping, read-only, disk full → Unavailable `DATABASE_UNAVAILABLE`
/// - statement cancelled → Timeout `DATABASE_TIMEOUT`
/// - anything else → Internal
pub fn error(cause: DbErr) -> Error {
    let meaning = match &cause {
        DbErr::ConnectionAcquire(_) => Meaning::Down,
        DbErr::Conn(runtime) | DbErr::Exec(runtime) | DbErr::Query(runtime) => match runtime {
            RuntimeErr::SqlxError(error) => of_sqlx(error),
            // What sea-orm itself complains about on a connection: it is gone.
            RuntimeErr::Internal(_) if matches!(cause, DbErr::Conn(_)) => Meaning::Down,
            RuntimeErr::Internal(_) => Meaning::Defect,
        },
        // The rest are mistakes in our own code: wrong types, missing keys, unknown columns. The enum is
        // `non_exhaustive`, so that new kinds land here too and show as what they are: not understood.
        _ => Meaning::Defect,
    };
    match meaning {
        Meaning::Duplicate => Error::conflict("ALREADY_WRITTEN", "this was written already"),
        Meaning::Contention => {
            Error::conflict("DATABASE_CONTENTION", "another change came first: repeat the call").with_retry_after(RETRY)
        }
        Meaning::Down => Error::unavailable(
            "DATABASE_UNAVAILABLE",
            "the database cannot be reached or cannot write: try again",
        ),
        Meaning::Cancelled => Error::new(Kind::Timeout, "DATABASE_TIMEOUT", "the database took too long"),
        Meaning::Defect => Error::internal("the database refused a statement"),
    }
    .caused_by(cause)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Duplicate,
    Contention,
    Down,
    Cancelled,
    Defect,
}

fn of_sqlx(error: &sqlx::Error) -> Meaning {
    match error {
        sqlx::Error::Database(database) => {
            if database.is_unique_violation() {
                return Meaning::Duplicate;
            }
            let code = database.code().unwrap_or_default();
            if database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
                of_sqlstate(&code)
            } else {
                of_sqlite(&code)
            }
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Meaning::Down,
        _ => Meaning::Defect,
    }
}

/// PostgreSQL: https://www.postgresql.org/docs/current/errcodes-appendix.html
fn of_sqlstate(code: &str) -> Meaning {
    match code {
        // Serialization failure, deadlock, lock not available.
        "40001" | "40P01" | "55P03" => Meaning::Contention,
        "57014" => Meaning::Cancelled,
        // Read-only: we talk to a server that lost its role. 25P03: we idled in a transaction and were cut off.
        "25006" | "25P03" => Meaning::Down,
        // Connection exceptions, insufficient resources, operator intervention, system errors.
        _ if ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => Meaning::Down,
        _ => Meaning::Defect,
    }
}

/// SQLite: extended result codes, whose low byte is the primary one.
fn of_sqlite(code: &str) -> Meaning {
    match code.parse::<u32>().unwrap_or_default() & 0xff {
        // BUSY, LOCKED.
        5 | 6 => Meaning::Contention,
        // INTERRUPT.
        9 => Meaning::Cancelled,
        // READONLY, IOERR, FULL, CANTOPEN.
        8 | 10 | 13 | 14 => Meaning::Down,
        _ => Meaning::Defect,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlstates_mean_what_the_appendix_says() {
        for (code, meaning) in [
            ("40001", Meaning::Contention),
            ("40P01", Meaning::Contention),
            ("57014", Meaning::Cancelled),
            ("57P01", Meaning::Down),
            ("08006", Meaning::Down),
            ("53300", Meaning::Down),
            ("25006", Meaning::Down),
            ("42P01", Meaning::Defect),
            ("22001", Meaning::Defect),
        ] {
            assert_eq!(of_sqlstate(code), meaning, "{code}");
        }
    }

    #[test]
    fn extended_sqlite_codes_count_by_their_low_byte() {
        for (code, meaning) in [
            ("5", Meaning::Contention),
            ("517", Meaning::Contention),
            ("13", Meaning::Down),
            ("3338", Meaning::Down),
            ("1", Meaning::Defect),
            ("11", Meaning::Defect),
        ] {
            assert_eq!(of_sqlite(code), meaning, "{code}");
        }
    }

    #[test]
    fn the_cause_stays_in_the_log() {
        let error = error(DbErr::Custom("secret detail".to_owned()));
        assert_eq!(error.kind(), Kind::Internal);
        assert!(!error.message().contains("secret"));
        assert!(error.chain().contains("secret detail"));
    }
}
