//! Real stores for tests: PostgreSQL, Redis and mail servers from local binaries, SQLite files, faults on the wire,
//! and waiting for conditions.
//!
//! Guarantees: no test sees another test's data; a missing binary is a panic that names the fix; nothing
//! stays on the machine for longer than a minute after the last test. Never mocks a store and never
//! switches `fsync` off, since what the suite promises rests on it.

mod binaries;
mod database;
mod folder;
mod mail_server;
mod postgres_server;
mod process;
mod proxy;
mod redis_server;
pub mod report;
mod shared;
mod wait;

pub use binaries::postgres_program;
pub use database::{TestDatabase, TestEngine, postgres, sqlite};
pub use folder::{DataFolder, data_folder};
pub use mail_server::{MAIL_PASSWORD, MailServer};
pub use postgres_server::{Backup, PostgresServer};
pub use process::Process;
pub use proxy::{Proxy, Stall};
pub use redis_server::{RedisServer, TestRedis, redis};
pub use vorrang_clock::ManualClock;
pub use wait::{DEADLINE, wait_for, wait_until};

/// Runs one test body to its end on a runtime of its own. What [`both_engines!`] expands to.
///
/// # Panics
/// When the body panics, or the runtime cannot be made.
pub fn run<T>(body: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a test needs a runtime")
        .block_on(body)
}

/// Runs one test on SQLite and on PostgreSQL, as two tests of their own in a module of its name.
///
/// ```ignore
/// both_engines! {
///     /// A repeat returns the first answer.
///     async fn repeats_return_the_first_answer(db: TestDatabase) {
///         let store = Database::connect(db.url()).await.expect("connects");
///     }
/// }
/// ```
#[macro_export]
macro_rules! both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: $type:ty) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, reason = "a body may need nothing from around it")]
            use super::*;

            async fn body($db: $type) $body

            #[test]
            fn sqlite() {
                $crate::run(async { body($crate::sqlite()).await });
            }

            #[test]
            fn postgres() {
                $crate::run(async { body($crate::postgres().await).await });
            }
        }
    )+};
}

#[cfg(test)]
mod tests;
