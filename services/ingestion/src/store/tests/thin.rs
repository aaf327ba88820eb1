//! What is only named, and what completes it.

use vorrang_feed::Erasures;

use super::*;
use crate::store::{Named, QuarantineItem, Whole};

const SOURCE: &str = "sources/s1";

fn event(text: &str) -> NewRaw {
    NewRaw::new(SOURCE, "", "application/json", text.to_owned().into())
}

async fn name(store: &Store, text: &str, names: &[&str]) -> (Uuid, Vec<Named>) {
    let item = NewQuarantineItem {
        id: Uuid::new_v4(),
        state: QuarantineState::NeedsEnrichment,
        reason: NEEDS_ENRICHMENT.0,
        detail: NEEDS_ENRICHMENT.1.to_owned(),
        queue: String::new(),
        recorded: Vec::new(),
    };
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let named = store.quarantine_naming("t1", item, &names, &event(text), now()).await;
    named.expect("kept")
}

fn whole(external_id: &str, ticket: &str) -> Whole {
    Whole {
        source: SOURCE.to_owned(),
        external_id: external_id.to_owned(),
        result: PushResult {
            customer: "customers/ann".to_owned(),
            ..created(ticket)
        },
    }
}

async fn push(store: &Store, tenant: &str, wholes: &[Whole]) {
    let came = raw(&format!("{wholes:?}"));
    store.keep_raw(tenant, &[came], &[], wholes, now()).await.expect("kept");
}

async fn listed(store: &Store, state: QuarantineState) -> Vec<QuarantineItem> {
    store.quarantine_items("t1", state, None, 10).await.expect("lists")
}

both_engines! {
    /// One item for what one event names; it is released when the last of it was pushed whole, and not before.
    async fn an_item_waits_for_all_that_it_names(db: TestDatabase) {
        let store = store(&db).await;
        let (item, named) = name(&store, "first", &["b", "a"]).await;
        assert_eq!(named, [Named::Waits(item), Named::Waits(item)]);
        let found = store.quarantine_item("t1", item).await.expect("is there");
        assert_eq!((found.state, found.awaits), (QuarantineState::NeedsEnrichment, vec!["a".to_owned(), "b".to_owned()]));

        // Another tenant's, another source's and another thing change nothing.
        push(&store, "t2", &[whole("a", "tickets/9")]).await;
        push(&store, "t1", &[Whole { source: "sources/s2".to_owned(), ..whole("a", "tickets/9") }, whole("c", "tickets/3")]).await;
        assert_eq!(listed(&store, QuarantineState::NeedsEnrichment).await[0].awaits, ["a", "b"]);

        push(&store, "t1", &[whole("a", "tickets/1")]).await;
        assert_eq!(listed(&store, QuarantineState::NeedsEnrichment).await[0].awaits, ["b"]);
        push(&store, "t1", &[whole("b", "tickets/2"), whole("b", "tickets/2")]).await;
        assert!(listed(&store, QuarantineState::NeedsEnrichment).await.is_empty());
        let released = listed(&store, QuarantineState::Released).await;
        assert_eq!(released.len(), 1);
        assert_eq!(released[0].result.as_ref().map(|result| result.ticket.as_str()), Some("tickets/2"));
    }

    /// Vendors repeat their events, with other bytes each time; what is there is told, and there is no second item.
    async fn what_is_named_again_is_one_item_and_what_is_complete_a_duplicate(db: TestDatabase) {
        let store = store(&db).await;
        let (item, _) = name(&store, "attempt 0", &["a"]).await;
        let (_, again) = name(&store, "attempt 1", &["a"]).await;
        assert_eq!(again, [Named::Waits(item)]);
        assert_eq!(name(&store, "attempt 0", &["a"]).await, (item, vec![Named::Waits(item)]), "the same bytes");
        assert_eq!(listed(&store, QuarantineState::NeedsEnrichment).await.len(), 1);
        assert!(store.raw("t1", &event("attempt 1").sha256).await.expect("reads").is_some(), "what came is kept");

        push(&store, "t1", &[whole("a", "tickets/1"), whole("b", "tickets/2")]).await;
        let (second, named) = name(&store, "attempt 2", &["a", "b", "c"]).await;
        let tickets: Vec<Option<(Outcome, String)>> = named.into_iter().map(|one| match one {
            Named::Complete(result) => Some((result.outcome, result.ticket)),
            Named::Waits(item) => (item != second).then(|| panic!("waits elsewhere")),
        }).collect();
        let duplicate = |ticket: &str| Some((Outcome::Duplicate, ticket.to_owned()));
        assert_eq!(tickets, [duplicate("tickets/1"), duplicate("tickets/2"), None]);
        assert_eq!(listed(&store, QuarantineState::NeedsEnrichment).await[0].awaits, ["c"]);
    }

    /// By the delivery of what had waited for ticketing.
    async fn what_was_delivered_late_completes_too(db: TestDatabase) {
        let store = store(&db).await;
        let (item, _) = name(&store, "event", &["a"]).await;
        let id = park(&store, "t1", &[super::item("r1", "whole", "")]).await.remove(0).expect("parked");
        store.delivered("t1", &[(id, created("tickets/1"))], &[whole("a", "tickets/1")], now()).await.expect("noted");
        assert_eq!(store.quarantine_item("t1", item).await.expect("is there").state, QuarantineState::Released);
    }

    /// Two processes that bring the last two things of an item at once: one of them releases it.
    async fn the_last_two_at_once_release_the_item(db: TestDatabase) {
        let store = store(&db).await;
        for round in 0..10 {
            let (first, second) = (format!("{round}a"), format!("{round}b"));
            let (item, _) = name(&store, &format!("event {round}"), &[&first, &second]).await;
            let (first, second) = ([whole(&first, "tickets/1")], [whole(&second, "tickets/2")]);
            tokio::join!(push(&store, "t1", &first), push(&store, "t1", &second));
            let found = store.quarantine_item("t1", item).await.expect("is there");
            assert_eq!((found.state, found.awaits), (QuarantineState::Released, Vec::new()), "round {round}");
        }
    }

    /// People's decision stands; what is known of an erased customer goes.
    async fn discarded_items_stay_so_and_erased_ones_go(db: TestDatabase) {
        let store = store(&db).await;
        let (discarded, _) = name(&store, "one", &["a"]).await;
        let (released, _) = name(&store, "two", &["b"]).await;
        store.discard("t1", discarded).await.expect("discarded");
        push(&store, "t1", &[whole("a", "tickets/1"), whole("b", "tickets/2")]).await;
        assert_eq!(store.quarantine_item("t1", discarded).await.expect("is there").state, QuarantineState::Discarded);
        assert_eq!(store.quarantine_item("t1", released).await.expect("is there").state, QuarantineState::Released);

        let erasures = Erasures { tenant: "t1".to_owned(), customers: vec!["customers/ann".to_owned()], cursor: "c".to_owned() };
        store.erase(&erasures, now()).await.expect("erases");
        for item in [discarded, released] {
            assert_eq!(store.quarantine_item("t1", item).await.expect_err("gone").kind(), Kind::NotFound);
        }
        let (item, named) = name(&store, "three", &["a"]).await;
        assert_eq!(named, [Named::Waits(item)], "nobody knows of it any more");
    }
    /// What was complete long ago is forgotten; what still waits never is.
    async fn what_was_complete_long_ago_is_forgotten(db: TestDatabase) {
        let store = store(&db).await;
        name(&store, "first", &["waits"]).await;
        push(&store, "t1", &[whole("done", "tickets/1")]).await;
        assert_eq!(store.forget_named(now()).await.expect("nothing"), 0);
        assert_eq!(store.forget_named(now() + TimeDelta::seconds(1)).await.expect("forgotten"), 1);
        assert_eq!(listed(&store, QuarantineState::NeedsEnrichment).await[0].awaits, ["waits"]);
    }
}
