//! F4: the database is restored to an older copy. Followers are told; nobody diverges in silence.

use sea_orm::ConnectionTrait;
use vorrang_api::feed::v1::StartPoint;
use vorrang_database::{Database, event_log};
use vorrang_testkit::{TestDatabase, TestEngine, both_engines};

use crate::support::{Batches, acme, after, append, from, migrated, serve, subjects};

/// A copy of a database that nobody has open, as a backup tool makes it.
async fn copy(db: &TestDatabase) -> String {
    let copied = format!("{}_copy", db.url());
    match db.engine() {
        TestEngine::Sqlite => {
            let path = |url: &str| url.trim_start_matches("sqlite://").to_owned();
            std::fs::copy(path(db.url()), path(&copied)).expect("copies");
        }
        TestEngine::Postgres => {
            let (server, name) = db.url().rsplit_once('/').expect("a url with a name");
            let admin = Database::connect(&format!("{server}/postgres"))
                .await
                .expect("connects");
            admin
                .reader()
                .execute_unprepared(&format!("CREATE DATABASE {name}_copy TEMPLATE {name}"))
                .await
                .expect("copies");
        }
    }
    copied
}

both_engines! {
    async fn an_older_copy_is_told_from_the_log_it_was(db: TestDatabase) {
        let original = migrated(db.url()).await;
        append(&original, "acme", &["kept 1", "kept 2"]).await;
        original.close().await.expect("closes");
        let backup = copy(&db).await;

        let original = migrated(db.url()).await;
        append(&original, "acme", &["lost 3", "lost 4"]).await;
        let served = serve(&original);
        let applied = Batches::open(&served.feed, acme(), from(StartPoint::Beginning)).await.next().await;
        assert_eq!(applied.events.len(), 4);
        drop(served);
        original.close().await.expect("dies");

        // Restored, and nobody said so: the follower is ahead, which can be seen until the log has grown past it.
        let restored = migrated(&backup).await;
        let served = serve(&restored);
        let ahead = served.feed.follow(acme(), after(&applied.cursor)).await.err().expect("refused");
        assert_eq!(ahead.reason(), "CURSOR_AHEAD");

        // Said so: it is told however far the log has grown again.
        event_log::renew_epoch(&restored).await.expect("writes");
        append(&restored, "acme", &["other 3", "other 4", "other 5"]).await;
        let changed = served.feed.follow(acme(), after(&applied.cursor)).await.err().expect("refused");
        assert_eq!(changed.reason(), "EPOCH_CHANGED");
        let rebuilt = Batches::open(&served.feed, acme(), from(StartPoint::Beginning)).await.next().await;
        assert_eq!(subjects(&rebuilt), ["kept 1", "kept 2", "other 3", "other 4", "other 5"]);
    }
}
