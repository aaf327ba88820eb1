//! Opening: what is set up, and what a failed start says.

use vorrang_database::{Database, Engine};
use vorrang_error::Kind;

use crate::support::text;

#[test]
fn sqlite_is_opened_for_durability() {
    vorrang_testkit::run(async {
        let file = vorrang_testkit::sqlite();
        let db = Database::connect(file.url()).await.expect("connects");
        assert_eq!(db.engine(), Engine::Sqlite);
        let tx = db.begin().await.expect("begins");
        let settings = "SELECT (SELECT journal_mode FROM pragma_journal_mode) || ' ' || \
                        (SELECT synchronous FROM pragma_synchronous) || ' ' || (SELECT foreign_keys FROM pragma_foreign_keys)";
        // 2 is FULL.
        assert_eq!(text(tx.conn(), settings).await, "wal 2 1");
    });
}

#[test]
fn postgres_is_opened_for_durability_whatever_the_server_says() {
    vorrang_testkit::run(async {
        let server = vorrang_testkit::postgres().await;
        let db = Database::connect(server.url()).await.expect("connects");
        assert_eq!(db.engine(), Engine::Postgres);
        let tx = db.begin().await.expect("begins");
        assert_eq!(text(tx.conn(), "SHOW synchronous_commit").await, "on");
        assert_eq!(text(tx.conn(), "SHOW idle_in_transaction_session_timeout").await, "30s");
        assert_eq!(text(tx.conn(), "SHOW transaction_isolation").await, "read committed");
    });
}

#[test]
fn an_unreachable_server_is_named_without_the_password() {
    vorrang_testkit::run(async {
        // A port that was free a moment ago.
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let port = socket.local_addr().expect("bound").port();
        drop(socket);
        let url = format!("postgres://vorrang:geheim@127.0.0.1:{port}/tickets");
        let error = Database::connect(&url).await.expect_err("nobody listens");
        assert_eq!(
            (error.kind(), error.reason()),
            (Kind::Unavailable, "DATABASE_UNREACHABLE")
        );
        assert!(
            error
                .message()
                .contains(&format!("127.0.0.1:{port} (database tickets)")),
            "{error}"
        );
        assert!(!error.chain().contains("geheim"), "{}", error.chain());
    });
}

#[test]
fn urls_that_cannot_work_are_refused_without_repeating_secrets() {
    vorrang_testkit::run(async {
        for url in [
            "mysql://root:geheim@host/db",
            "geheim",
            "sqlite://relative.db",
            "postgres://vorrang:geheim@host:notaport/db",
        ] {
            let error = Database::connect(url).await.expect_err("refused");
            assert_eq!(
                (error.kind(), error.reason()),
                (Kind::Invalid, "DATABASE_URL_INVALID"),
                "{url}"
            );
            assert!(!error.chain().contains("geheim"), "{}", error.chain());
        }
        let folder = vorrang_testkit::data_folder();
        let missing = folder.path().join("missing").join("a.db");
        let error = Database::connect(&format!("sqlite://{}", missing.display()))
            .await
            .expect_err("no such folder");
        assert_eq!(error.reason(), "DATABASE_UNREACHABLE");
        assert!(error.message().contains(&missing.display().to_string()), "{error}");
    });
}
