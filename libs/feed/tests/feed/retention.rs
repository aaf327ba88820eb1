//! Retention: the old goes, in small steps, and what named consumers still want stays for a while.

use chrono::TimeDelta;
use vorrang_api::feed::v1::consumer::State;
use vorrang_api::feed::v1::{CommitCursorRequest, GetConsumerRequest, StartPoint};
use vorrang_database::event_log;
use vorrang_feed::{Feed, Owner, Retention};
use vorrang_testkit::{ManualClock, TestDatabase, both_engines};

use crate::support::{Batches, KEY, acme, append_at, event, from, migrated, noon};

const WEEK: Retention = Retention { days: 7, hold_days: 3 };

async fn floor(db: &vorrang_database::Database, tenant: &str) -> i64 {
    event_log::ends(db.reader(), tenant).await.expect("reads").1
}

both_engines! {
    async fn what_is_older_than_retention_goes_and_the_rest_stays(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let clock = ManualClock::new(noon());
        let feed = Feed::new(Owner::Ticketing, db.clone(), KEY, clock.shared()).with_retention(WEEK);
        for day in 0..10 {
            append_at(&db, "acme", noon() + TimeDelta::days(day), vec![event("a"), event("b")]).await;
        }
        append_at(&db, "globex", noon() + TimeDelta::days(9), vec![event("young")]).await;
        clock.set(noon() + TimeDelta::days(7));
        assert_eq!(feed.trim().await.expect("trims"), 0, "on the day itself nothing is too old");
        clock.set(noon() + TimeDelta::days(9));
        assert_eq!(feed.trim().await.expect("trims"), 4, "two days of two events");
        assert_eq!((floor(&db, "acme").await, floor(&db, "globex").await), (4, 0));
        assert_eq!(feed.trim().await.expect("trims"), 0, "there is nothing more");
        let left = Batches::open(&feed, acme(), from(StartPoint::Beginning)).await.next().await;
        assert_eq!(left.events.iter().map(|event| event.seq).collect::<Vec<_>>(), (5..=20).collect::<Vec<_>>());
        clock.set(noon() + TimeDelta::days(99));
        assert_eq!(feed.trim().await.expect("trims"), 17);
        assert_eq!(append_at(&db, "acme", clock_now(&clock), vec![event("c")]).await, 21, "numbers go on");
    }

    async fn by_default_everything_is_kept(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let clock = ManualClock::new(noon() + TimeDelta::days(9_999));
        append_at(&db, "acme", noon(), vec![event("a")]).await;
        let feed = Feed::new(Owner::Ticketing, db.clone(), KEY, clock.shared());
        assert_eq!(feed.trim().await.expect("trims"), 0);
    }

    /// More than one transaction removes at once.
    async fn a_long_past_goes_in_steps(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let clock = ManualClock::new(noon() + TimeDelta::days(8));
        let feed = Feed::new(Owner::Ticketing, db.clone(), KEY, clock.shared()).with_retention(WEEK);
        append_at(&db, "acme", noon(), (0..2_500).map(|_| event("old")).collect()).await;
        append_at(&db, "acme", noon() + TimeDelta::days(2), vec![event("young")]).await;
        assert_eq!(feed.trim().await.expect("trims"), 2_500);
        assert_eq!(floor(&db, "acme").await, 2_500);
    }

    async fn a_slow_consumer_holds_events_up_to_the_bound(db: TestDatabase) {
        let db = migrated(db.url()).await;
        let clock = ManualClock::new(noon());
        let feed = Feed::new(Owner::Ticketing, db.clone(), KEY, clock.shared()).with_retention(WEEK);
        for day in 0..10 {
            append_at(&db, "acme", noon() + TimeDelta::days(day), vec![event("a")]).await;
        }
        let commit = async |name: &str, seq| {
            let cursor = feed.cursor("acme", seq).await.expect("reads");
            let request = CommitCursorRequest { name: name.to_owned(), cursor, ..CommitCursorRequest::default() };
            feed.commit_cursor("acme", request).await.expect("commits");
        };
        commit("consumers/slow", 1).await;
        commit("consumers/quick", 10).await;
        // Four days are past retention, of which the slow one has applied the first.
        clock.set(noon() + TimeDelta::days(7) + TimeDelta::days(3) + TimeDelta::hours(12));
        assert_eq!(feed.trim().await.expect("trims"), 1);
        commit("consumers/slow", 2).await;
        assert_eq!(feed.trim().await.expect("trims"), 1);
        // Past the bound they go, whoever wants them, and no further.
        clock.set(noon() + TimeDelta::days(10) + TimeDelta::days(3) + TimeDelta::hours(12));
        assert_eq!(feed.trim().await.expect("trims"), 2);
        assert_eq!(floor(&db, "acme").await, 4);
        let request = GetConsumerRequest { name: "consumers/slow".to_owned() };
        let slow = feed.get_consumer("acme", request).await.expect("reads");
        assert_eq!((slow.state(), slow.lag_events), (State::TooOld, 8));
    }

    async fn a_time_leads_to_the_position_before_it(db: TestDatabase) {
        let db = migrated(db.url()).await;
        assert_eq!(event_log::before(db.reader(), "acme", noon()).await.expect("reads"), 0, "an empty log");
        for minute in 0..20 {
            append_at(&db, "acme", noon() + TimeDelta::minutes(minute), vec![event("a"), event("b")]).await;
        }
        let mut tx = db.begin().await.expect("begins");
        event_log::trim(&mut tx, "acme", 5).await.expect("trims");
        tx.commit().await.expect("commits");
        for (at, expected) in [
            (noon() - TimeDelta::days(1), 5),
            (noon() + TimeDelta::minutes(2), 5),
            (noon() + TimeDelta::seconds(121), 6),
            (noon() + TimeDelta::minutes(3), 6),
            (noon() + TimeDelta::minutes(10), 20),
            (noon() + TimeDelta::minutes(19), 38),
            (noon() + TimeDelta::minutes(20), 40),
        ] {
            assert_eq!(event_log::before(db.reader(), "acme", at).await.expect("reads"), expected, "{at}");
        }
    }
}

fn clock_now(clock: &ManualClock) -> chrono::DateTime<chrono::Utc> {
    vorrang_clock::Clock::now(clock)
}
