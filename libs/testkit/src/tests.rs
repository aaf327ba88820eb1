use std::path::PathBuf;
use std::time::Duration;

use sea_orm::{ConnectionTrait, Database};

use crate::binaries::{Wanted, find};
use crate::{
    DEADLINE, PostgresServer, Proxy, RedisServer, Stall, TestDatabase, TestEngine, redis, run, wait_for, wait_until,
};

both_engines! {
    async fn every_test_gets_an_empty_database(db: TestDatabase) {
        let connection = Database::connect(db.url().replace(".db", ".db?mode=rwc")).await.expect("connects");
        connection.execute_unprepared("CREATE TABLE only_mine (id BIGINT)").await.expect("is empty");
        connection.execute_unprepared("INSERT INTO only_mine VALUES (1)").await.expect("writes");
    }
}

#[test]
fn two_databases_share_nothing() {
    run(async {
        for db in [crate::postgres().await, crate::postgres().await] {
            let connection = Database::connect(db.url()).await.expect("connects");
            connection
                .execute_unprepared("CREATE TABLE only_mine (id BIGINT)")
                .await
                .expect("the second one is empty too");
            let durable = connection
                .query_one_raw(sea_orm::Statement::from_string(
                    connection.get_database_backend(),
                    "SELECT current_setting('fsync') || current_setting('synchronous_commit')",
                ))
                .await
                .expect("answers")
                .expect("one row");
            assert_eq!("onon", durable.try_get_by_index::<String>(0).expect("text"));
        }
    });
}

#[test]
fn two_redis_databases_share_nothing() {
    run(async {
        let (one, two) = (redis().await, redis().await);
        set(one.url(), "1").await.expect("writes");
        assert_eq!(None, get(two.url()).await.expect("answers"));
        assert_eq!(Some("1".to_owned()), get(one.url()).await.expect("answers"));
    });
}

#[test]
fn a_private_redis_dies_and_comes_back_on_the_same_port() {
    run(async {
        let mut server = RedisServer::start_durable().await;
        set(&server.url(), "1").await.expect("writes");
        server.kill().await;
        assert!(get(&server.url()).await.is_err());
        server.restart().await;
        assert_eq!(Some("1".to_owned()), get(&server.url()).await.expect("answers"));
        server.flush_all().await;
        assert_eq!(None, get(&server.url()).await.expect("answers"));
    });
}

#[test]
fn a_private_postgres_keeps_what_it_committed() {
    run(async {
        let mut server = PostgresServer::start().await;
        let url = server.database().await;
        let connection = Database::connect(&url).await.expect("connects");
        connection
            .execute_unprepared("CREATE TABLE kept (id BIGINT)")
            .await
            .expect("commits");
        server.kill().await;
        server.restart().await;
        let connection = Database::connect(&url).await.expect("connects again");
        connection
            .execute_unprepared("SELECT id FROM kept")
            .await
            .expect("is still there");
    });
}

#[test]
fn the_proxy_cuts_refuses_and_drops_replies() {
    run(async {
        let server = RedisServer::start().await;
        let proxy = Proxy::before(&server.url()).await;
        let through = proxy.url(&server.url());
        set(&through, "1").await.expect("passes");

        let client = ::redis::Client::open(through.as_str()).expect("a url");
        let mut open = client.get_multiplexed_async_connection().await.expect("connects");
        proxy.cut();
        assert!(::redis::cmd("PING").query_async::<String>(&mut open).await.is_err());
        assert_eq!(Some("1".to_owned()), get(&through).await.expect("new ones pass"));

        proxy.refuse();
        assert!(get(&through).await.is_err());
        proxy.pass();

        let mut open = client.get_multiplexed_async_connection().await.expect("connects");
        proxy.drop_replies();
        let unheard: ::redis::RedisResult<()> = ::redis::cmd("SET").arg("key").arg("2").query_async(&mut open).await;
        assert!(unheard.is_err());
        assert!(proxy.replies_dropped() > 0);
        assert_eq!(
            Some("2".to_owned()),
            get(&server.url()).await.expect("was done all the same")
        );
    });
}

#[test]
fn the_proxy_stalls_before_and_after_a_request() {
    run(async {
        let server = RedisServer::start().await;
        let proxy = Proxy::before(&server.url()).await;
        let client = ::redis::Client::open(proxy.url(&server.url())).expect("a url");
        for (side, arrived) in [(Stall::Before, None), (Stall::After, Some("3".to_owned()))] {
            let mut open = client.get_multiplexed_async_connection().await.expect("connects");
            proxy.stall_at(2, side);
            let first: ::redis::RedisResult<String> = ::redis::cmd("PING").query_async(&mut open).await;
            assert_eq!(first.expect("the first one passes"), "PONG");
            assert!(!proxy.has_stalled());
            let second: ::redis::RedisResult<()> = ::redis::cmd("SET").arg("key").arg("3").query_async(&mut open).await;
            assert!(second.is_err() && proxy.has_stalled());
            assert_eq!(get(&server.url()).await.expect("reads"), arrived);
            proxy.cut();
            proxy.pass();
            assert!(!proxy.has_stalled());
        }
    });
}

#[test]
#[should_panic(expected = "in vain for: the moon")]
fn waiting_in_vain_says_for_what() {
    run(wait_until(Duration::from_millis(20), "the moon", || async { false }));
}

#[test]
fn waiting_gives_the_value() {
    let mut left = 3;
    let value = run(wait_for(DEADLINE, "a count", || {
        left -= 1;
        let now = left;
        async move { (now == 0).then_some("done") }
    }));
    assert_eq!("done", value);
}

#[test]
fn a_missing_program_names_the_fix() {
    let wanted = Wanted {
        program: "no-such-server",
        variable: "VORRANG_REDIS_BIN",
        package: "redis-server",
    };
    let message = find(&wanted, &[PathBuf::from("/nowhere")]).expect_err("is not there");
    assert!(message.contains("apt-get install redis-server"), "{message}");
    assert!(message.contains("VORRANG_REDIS_BIN"), "{message}");
}

async fn set(url: &str, value: &str) -> ::redis::RedisResult<()> {
    let mut connection = ::redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    ::redis::cmd("SET")
        .arg("key")
        .arg(value)
        .query_async(&mut connection)
        .await
}

async fn get(url: &str) -> ::redis::RedisResult<Option<String>> {
    let mut connection = ::redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    ::redis::cmd("GET").arg("key").query_async(&mut connection).await
}

both_engines! {
    /// A copy has what the template got, once, and is nobody else's.
    async fn a_copy_has_what_its_template_has(db: TestDatabase) {
        let second = match db.engine() {
            TestEngine::Sqlite => crate::sqlite(),
            TestEngine::Postgres => crate::postgres().await,
        };
        for copy in [&db, &second] {
            copy.copy_of("testkit", |url| async move {
                let database = Database::connect(url.replace(".db", ".db?mode=rwc")).await.expect("connects");
                database.execute_unprepared("CREATE TABLE t (v INTEGER PRIMARY KEY)").await.expect("creates");
                database.execute_unprepared("INSERT INTO t VALUES (1)").await.expect("inserts");
                database.close().await.expect("closes");
            })
            .await;
        }
        for copy in [&db, &second] {
            let database = Database::connect(copy.url()).await.expect("connects");
            database.execute_unprepared("INSERT INTO t VALUES (2)").await.expect("the template's row only");
            assert!(database.execute_unprepared("INSERT INTO t VALUES (1)").await.is_err(), "the template's row is there");
        }
    }
}
