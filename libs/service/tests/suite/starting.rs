use vorrang_database::Database;
use vorrang_error::Kind;
use vorrang_service::{Bind, Bound, Config, Suite};
use vorrang_testkit::{DataFolder, data_folder};

use crate::support::{Fake, plain};

async fn refused(config: Config, services: Vec<Bind>) -> vorrang_error::Error {
    Suite::start(config, vorrang_clock::system(), services)
        .await
        .err()
        .expect("it cannot start")
}

#[tokio::test]
async fn a_port_that_is_taken_is_one_clear_line() {
    let first = plain().await;
    let folder = data_folder();
    let mut config = Config::local(folder.path());
    config.listen = first.running.addr();
    let error = refused(config, vec![]).await;
    assert_eq!(error.kind(), Kind::Unavailable);
    let line = error.chain();
    assert!(
        line.contains(&first.running.addr().to_string()) && line.contains("the port is taken"),
        "{line}"
    );
    assert!(!line.contains('\n'), "{line}");

    let mut config = Config::local(folder.path());
    config.admin_listen = first.running.admin_addr();
    assert!(refused(config, vec![]).await.chain().contains("admin_listen"));
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_one_clear_line_without_the_password() {
    let folder = data_folder();
    let mut config = Config::local(folder.path());
    config.identity.database_url = "postgres://vorrang:hunter2@127.0.0.1:1/tickets".to_owned();
    let line = refused(config, vec![]).await.chain();
    assert!(line.contains("127.0.0.1"), "{line}");
    assert!(!line.contains("hunter2") && !line.contains('\n'), "{line}");
}

#[tokio::test]
async fn a_database_with_another_schema_is_named() {
    let folder = data_folder();
    let mut config = Config::local(folder.path());
    config.identity.database_url = format!("sqlite://{}", folder.path().join("mine.db").display());
    let error = refused(config, vec![]).await;
    assert_eq!(error.kind(), Kind::Precondition);
    let line = error.chain();
    assert!(
        line.contains("the database of identity") && line.contains("vorrang migrate"),
        "{line}"
    );
}

/// Two processes that each made secrets of their own would not understand what the other one writes.
#[tokio::test]
async fn a_database_that_was_written_with_other_secrets_is_refused() {
    let (folder, other) = (data_folder(), data_folder());
    let url = format!("sqlite://{}", folder.path().join("shared.db").display());
    let database = Database::connect(&url).await.expect("connects");
    database
        .migrate::<vorrang_identity::Migrator>()
        .await
        .expect("migrates");
    let config = |folder: &DataFolder| {
        let mut config = Config::local(folder.path());
        config.identity.database_url = url.clone();
        config
    };
    let first = Suite::start(config(&folder), vorrang_clock::system(), vec![])
        .await
        .expect("starts");
    first.shutdown().await;
    let error = refused(config(&other), vec![]).await;
    assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "SECRETS_DIFFER"));
    let line = error.chain();
    for part in ["the database of identity", "secrets.key_pepper", "--new-secrets"] {
        assert!(line.contains(part), "{line}");
    }
    assert!(!line.contains('\n'), "{line}");
    // With the first one's secrets another data folder is fine, and so is a change on purpose.
    let pepper = std::fs::read_to_string(folder.path().join("secrets/key_pepper")).expect("made by the first");
    let mut same = config(&other);
    same.secrets.key_pepper = pepper.trim().to_owned();
    Suite::start(same, vorrang_clock::system(), vec![])
        .await
        .expect("starts")
        .shutdown()
        .await;
    vorrang_service::accept_new_secrets(&database).await.expect("forgets");
    Suite::start(config(&other), vorrang_clock::system(), vec![])
        .await
        .expect("starts")
        .shutdown()
        .await;
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_written_is_named() {
    let folder = data_folder();
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").expect("written");
    let line = refused(Config::local(file.join("data")), vec![]).await.chain();
    assert!(line.contains("file/data"), "{line}");
}

#[tokio::test]
async fn a_service_that_cannot_bind_leaves_nothing_running() {
    let folder = data_folder();
    let config = Config::local(folder.path());
    let redis = folder.path().join("redis/redis.sock");
    let broken = Bind::new("broken", |context| async move {
        context.redis_url().await?;
        Err::<Bound, _>(vorrang_error::Error::unavailable("BROKEN", "it is broken"))
    });
    let error = refused(config, vec![Fake::new().bind(), broken]).await;
    assert_eq!(error.reason(), "BROKEN");
    assert!(
        std::os::unix::net::UnixStream::connect(redis).is_err(),
        "Redis still runs"
    );
}

#[tokio::test]
async fn the_private_redis_is_shared_and_ends_with_the_suite() {
    let server = plain().await;
    let context = server.running.context().clone();
    let (first, second) = (context.redis_url().await, context.redis_url().await);
    let url = first.expect("it starts");
    assert_eq!(url, second.expect("it runs"));
    let path = url.strip_prefix("unix://").expect("a socket").to_owned();
    assert!(std::os::unix::net::UnixStream::connect(&path).is_ok());
    server.running.shutdown().await;
    assert!(std::os::unix::net::UnixStream::connect(&path).is_err(), "it still runs");
}

#[tokio::test]
async fn a_configured_redis_is_used_as_it_is() {
    let server = Fake::new()
        .start_with(|config| config.redis.url = "redis://cache:6379/0".to_owned())
        .await;
    assert_eq!(
        server.running.context().redis_url().await.expect("as set"),
        "redis://cache:6379/0"
    );
}
