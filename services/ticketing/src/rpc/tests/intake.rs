//! The intake: concurrent calls share commits, and none suffers for another.

use futures::future::join_all;
use pb::contact_result::Outcome;
use sea_orm::ConnectionTrait;
use vorrang_database::Engine;
use vorrang_testkit::{DEADLINE, both_engines, wait_until};

use super::*;

/// Makes the database refuse every ticket with the intent `poison`.
const REFUSE_SQLITE: &str = "CREATE TRIGGER refuse BEFORE INSERT ON tickets WHEN NEW.intent = 'poison' \
                             BEGIN SELECT RAISE(ABORT, 'poison'); END";
const REFUSE_POSTGRES: &str = "ALTER TABLE tickets ADD CHECK (intent <> 'poison')";

both_engines! {
    async fn concurrent_calls_share_commits(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let bell = desk.db.subscribe();
        let before = *bell.borrow();
        let pushes = (0..100).map(|index| desk.record(vec![mail("mara@example.org", &format!("<{index}>"))]));
        let mut numbers: Vec<i64> = join_all(pushes).await.into_iter().map(|results| results[0].number).collect();
        let commits = *bell.borrow() - before;
        assert!(commits <= 20, "{commits} commits for 100 calls at once");
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
    }

    /// What the database refuses for one item's sake is that item's error alone, also for calls that shared its commit.
    async fn a_poisoned_item_stands_alone(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let tx = desk.db.begin().await.expect("begins");
        let refuse = if desk.db.engine() == Engine::Sqlite { REFUSE_SQLITE } else { REFUSE_POSTGRES };
        tx.conn().execute_unprepared(refuse).await.expect("refuses from now on");
        tx.commit().await.expect("commits");

        let contact = |id: String| {
            let intent = if id == "<3-2>" { "poison" } else { "fine" };
            pb::InboundContact { intent: intent.into(), ..mail("mara@example.org", &id) }
        };
        let calls = (0..6).map(|call| desk.record((0..5).map(|item| contact(format!("<{call}-{item}>"))).collect()));
        for (call, results) in join_all(calls).await.into_iter().enumerate() {
            for (item, result) in results.into_iter().enumerate() {
                let poisoned = (call, item) == (3, 2);
                assert_eq!(result.outcome() == Outcome::Created, !poisoned, "{call}-{item}: {result:?}");
                let code = result.error.map(|error| tonic::Code::from(error.code));
                assert_eq!(code, poisoned.then_some(tonic::Code::Internal));
            }
        }
        let created = desk.kinds(0).await.iter().filter(|kind| *kind == "ticket_created").count();
        assert_eq!(created, 29);
    }

    /// A caller that stops waiting takes nobody's answer with it, and its own contact is recorded all the same.
    async fn a_caller_that_goes_away_loses_nothing(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mut gone = Box::pin(desk.record(vec![mail("mara@example.org", "<gone>")]));
        assert!(futures::poll!(&mut gone).is_pending(), "it is under way");
        let stays = desk.record(vec![mail("ben@example.org", "<stays>")]);
        drop(gone);
        assert_eq!(stays.await[0].outcome(), Outcome::Created);
        let told = async || desk.kinds(0).await.iter().filter(|kind| *kind == "ticket_created").count() == 2;
        wait_until(DEADLINE, "both tickets", told).await;
    }

    async fn tenants_do_not_wait_for_each_other(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let pushes = (0..20).map(|index| {
            let contacts = vec![mail("mara@example.org", "<1>")];
            let request = by(Tenant::One(format!("tenant-{index}")), pb::RecordContactsRequest { contacts });
            record_contacts::handle(&desk.app, request)
        });
        for response in join_all(pushes).await {
            let result = response.expect("recorded").results.remove(0);
            assert_eq!((result.outcome(), result.number), (Outcome::Created, 1), "each counts for itself");
        }
    }
}
