//! Secrets that are not those of before are noticed.

use vorrang_database::Database;
use vorrang_database::fingerprints::{Fingerprint, check, forget};
use vorrang_testkit::{TestDatabase, both_engines};

use crate::support::migrated;

fn one(name: &'static str, current: &str, previous: Option<&str>) -> Fingerprint {
    Fingerprint {
        name,
        current: current.to_owned(),
        previous: previous.map(str::to_owned),
    }
}

async fn differ(database: &Database, ours: &[Fingerprint]) -> Vec<&'static str> {
    check(database, ours).await.expect("compares")
}

both_engines! {
    async fn the_first_process_decides_and_others_are_told(db: TestDatabase) {
        let database = migrated(db.url()).await;
        let ours = [one("cursor_key", "c1", None), one("data_key", "d1", None)];
        assert!(differ(&database, &ours).await.is_empty(), "the first one");
        assert!(differ(&database, &ours).await.is_empty(), "the same again");
        let theirs = [one("cursor_key", "c2", None), one("data_key", "d1", None), one("link_key", "l2", None)];
        assert_eq!(differ(&database, &theirs).await, ["cursor_key"]);
        let added = [one("cursor_key", "c1", None), one("link_key", "l1", None)];
        assert!(differ(&database, &added).await.is_empty(), "who was refused has written nothing");
        assert_eq!(differ(&database, &[one("link_key", "l2", None)]).await, ["link_key"]);
    }

    /// A secret that names the one before it takes its place, for everybody.
    async fn a_successor_takes_the_place(db: TestDatabase) {
        let database = migrated(db.url()).await;
        assert!(differ(&database, &[one("link_key", "old", None)]).await.is_empty());
        assert!(differ(&database, &[one("link_key", "new", Some("old"))]).await.is_empty());
        assert!(differ(&database, &[one("link_key", "new", None)]).await.is_empty());
        assert_eq!(differ(&database, &[one("link_key", "old", None)]).await, ["link_key"]);
    }

    /// On purpose all may be others, but the one without which the database cannot be read.
    async fn forgotten_fingerprints_are_written_anew(db: TestDatabase) {
        let database = migrated(db.url()).await;
        let ours = [one("cursor_key", "c1", None), one("data_key", "d1", None)];
        assert!(differ(&database, &ours).await.is_empty());
        forget(&database, "data_key").await.expect("forgets");
        assert_eq!(differ(&database, &[one("cursor_key", "c2", None), one("data_key", "d2", None)]).await, ["data_key"]);
        assert!(differ(&database, &[one("cursor_key", "c2", None), one("data_key", "d1", None)]).await.is_empty());
    }

    async fn processes_that_start_at_once_agree_on_one(db: TestDatabase) {
        let database = migrated(db.url()).await;
        let starts = (0..8).map(|process| {
            let database = database.clone();
            async move { differ(&database, &[one("cursor_key", &process.to_string(), None)]).await.is_empty() }
        });
        let agreed = futures::future::join_all(starts).await;
        assert_eq!(agreed.into_iter().filter(|agreed| *agreed).count(), 1);
    }
}
