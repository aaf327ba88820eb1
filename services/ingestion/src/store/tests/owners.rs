//! Whose what came is, and what an erasure removes.

use vorrang_feed::Erasures;

use super::*;
use crate::store::owners::Removed;

const ANN: &str = "customers/ann";
const BEN: &str = "customers/ben";

fn erasures(customers: &[&str]) -> Erasures {
    Erasures {
        tenant: "t1".to_owned(),
        customers: customers.iter().map(|one| (*one).to_owned()).collect(),
        cursor: "c1".to_owned(),
    }
}

fn owner(text: &str, customer: &str) -> Owner {
    Owner {
        sha256: raw(text).sha256,
        customer: customer.to_owned(),
    }
}

async fn is_there(store: &Store, text: &str) -> bool {
    store.raw("t1", &raw(text).sha256).await.expect("reads").is_some()
}

fn delivered_to(customer: &str) -> PushResult {
    PushResult {
        customer: customer.to_owned(),
        ..created("tickets/1")
    }
}

both_engines! {
    /// What was recorded at once, what had waited in the inbox, and what was released from quarantine; nothing of anybody else.
    async fn what_came_from_an_erased_customer_goes(db: TestDatabase) {
        let store = store(&db).await;
        let (anns, bens) = (raw("anns"), raw("bens"));
        let owners = [owner("anns", ANN), owner("bens", BEN), owner("both", ANN), owner("both", BEN)];
        store.keep_raw("t1", &[anns, bens, raw("both")], &owners, &[], now()).await.expect("kept");
        store.keep_raw("t2", &[raw("anns")], &[owner("anns", ANN)], &[], now()).await.expect("another tenant's");
        let receipts = park(&store, "t1", &[item("r1", "waited", ""), item("r2", "waits", "")]).await;
        let ids: Vec<Uuid> = receipts.into_iter().map(|id| id.expect("parked")).collect();
        store.delivered("t1", &[(ids[0], delivered_to(ANN))], &[], now()).await.expect("noted");
        let new = |text: &str| NewQuarantineItem {
            id: Uuid::new_v4(),
            state: QuarantineState::Waiting,
            reason: "NOT_UNDERSTOOD",
            detail: text.to_owned(),
            queue: String::new(),
            recorded: Vec::new(),
        };
        let partly = store.quarantine("t1", new("anns"), &raw("anns"), now()).await.expect("kept");
        let strange = store.quarantine("t1", new("whose?"), &raw("whose?"), now()).await.expect("kept");

        let removed = store.erase(&erasures(&[ANN]), now()).await.expect("erases");
        assert_eq!(removed, Removed { raws: 3, inbox: 1, quarantine: 1 });
        for (text, left) in [("anns", false), ("waited", false), ("both", false), ("bens", true), ("waits", true), ("whose?", true)] {
            assert_eq!(is_there(&store, text).await, left, "{text}");
        }
        assert!(store.raw("t2", &raw("anns").sha256).await.expect("reads").is_some(), "another tenant's customer");
        assert_eq!(store.receipt("t1", ids[0]).await.expect_err("gone").kind(), Kind::NotFound);
        store.receipt("t1", ids[1]).await.expect("still waits");
        assert_eq!(store.quarantine_item("t1", partly).await.expect_err("gone").kind(), Kind::NotFound);
        store.quarantine_item("t1", strange).await.expect("nobody knows whose it is");
        let cursors = vorrang_database::erased::cursors(&store.database).await.expect("reads");
        assert_eq!(cursors.into_iter().collect::<Vec<_>>(), [("t1".to_owned(), "c1".to_owned())]);
        assert_eq!(store.erase(&erasures(&[ANN]), now()).await.expect("again"), Removed::default());
    }

    /// A sender that repeats an old contact, and the delivery of one that waited meanwhile.
    async fn what_comes_later_from_an_erased_customer_is_not_kept(db: TestDatabase) {
        let store = store(&db).await;
        let id = park(&store, "t1", &[item("r1", "late", "")]).await.remove(0).expect("parked");
        store.erase(&erasures(&[ANN]), now()).await.expect("erases");
        store.keep_raw("t1", &[raw("again"), raw("bens")], &[owner("again", ANN), owner("bens", BEN)], &[], now()).await.expect("kept");
        assert!(!is_there(&store, "again").await && is_there(&store, "bens").await);
        assert!(is_there(&store, "late").await, "it waits");
        store.delivered("t1", &[(id, delivered_to(ANN))], &[], now()).await.expect("noted");
        assert!(!is_there(&store, "late").await);
    }
}
