//! What waits, as the delivery finds it.

use super::*;

both_engines! {
    /// Two processes that park the same contacts at the same time wait for each other, and neither in vain.
    async fn twins_of_a_batch_in_another_order_are_parked(db: TestDatabase) {
        let (mut one, mut other) = (store(&db).await, store(&db).await);
        for round in 0..10 {
            let items: Vec<NewInboxItem> = (0..400).map(|n| item(&format!("{round}/{n}"), "a", "")).collect();
            let reversed: Vec<NewInboxItem> = items.iter().rev().cloned().collect();
            let (first, second) = tokio::join!(
                tokio::spawn(async move { let kept = park(&one, "t1", &items).await; (one, kept) }),
                tokio::spawn(async move { let kept = park(&other, "t1", &reversed).await; (other, kept) }),
            );
            let ids = |kept: Vec<Result<Uuid, vorrang_error::Error>>| -> Vec<Uuid> {
                kept.into_iter().map(|id| id.expect("an id")).collect()
            };
            let (first, second) = (first.expect("no deadlock"), second.expect("no deadlock"));
            (one, other) = (first.0, second.0);
            let mut second = ids(second.1);
            second.reverse();
            assert_eq!(ids(first.1), second, "each in the order in which it was given");
        }
    }

    /// Contacts of a conversation keep the order in which they were given, whatever their ids.
    async fn what_is_parked_together_keeps_its_order(db: TestDatabase) {
        let store = store(&db).await;
        park(&store, "t1", &[item("z", "first", "c"), item("m", "second", "c"), item("a", "third", "c")]).await;
        for text in ["first", "second", "third"] {
            let due = due(&store, now(), 100).await;
            assert_eq!(texts(&due), [text]);
            store.delivered("t1", &[(due[0].id, created("tickets/1"))], &[], now()).await.expect("written");
        }
        assert!(due(&store, now(), 100).await.is_empty());
    }

    /// A batch is no larger than it may be, but for one contact that is.
    async fn a_batch_is_bounded_in_bytes(db: TestDatabase) {
        let store = store(&db).await;
        // Characters are no bytes.
        let large = "ä".repeat(300 << 10);
        let items = [item("1", &large, ""), item("2", "small", ""), item("3", &large, ""), item("4", "small too", "")];
        park(&store, "t1", &items).await;
        let sizes = |due: &[Waiting]| -> Vec<usize> { due.iter().map(|one| one.contact.text.len()).collect() };
        let first = due(&store, now(), 100).await;
        assert_eq!(sizes(&first), [600 << 10, 5], "both large ones are more than a MiB");
        let one = store.due("t1", now(), 100, 1).await.expect("reads");
        assert_eq!(sizes(&one), [600 << 10], "one comes whatever its size");
        let one = due(&store, now(), 1).await;
        assert_eq!(one.len(), 1);
    }

    /// One that was refused comes alone, and holds up nothing while it waits; an outage is no refusal.
    async fn what_was_refused_comes_alone(db: TestDatabase) {
        let store = store(&db).await;
        park(&store, "t1", &[item("1", "refused", ""), item("2", "b", ""), item("3", "c", "")]).await;
        let all = due(&store, now(), 100).await;
        let later = now() + TimeDelta::seconds(1);
        store.attempted("t1", &[all[0].id], later).await.expect("written");
        store.postponed("t1", &[all[1].id], later).await.expect("written");
        assert_eq!(texts(&due(&store, now(), 100).await), ["c"]);
        assert_eq!(texts(&due(&store, later, 100).await), ["refused"]);
        store.attempted("t1", &[all[0].id], later + TimeDelta::seconds(1)).await.expect("written");
        let rest = due(&store, later, 100).await;
        assert_eq!((texts(&rest), rest[0].attempts), (vec!["b", "c"], 0));
    }

    /// Each tenant of which something is due is named once, and no other.
    async fn tenants_are_known_by_what_is_due(db: TestDatabase) {
        let store = store(&db).await;
        assert!(store.tenants_due(now()).await.expect("reads").is_empty());
        park(&store, "t1", &[item("1", "a", ""), item("2", "b", "")]).await;
        park(&store, "t2", &[item("1", "a", "")]).await;
        let mut tenants = store.tenants_due(now()).await.expect("reads");
        tenants.sort();
        assert_eq!(tenants, ["t1", "t2"]);
        for one in due(&store, now(), 100).await {
            store.postponed("t1", &[one.id], now() + TimeDelta::seconds(1)).await.expect("written");
        }
        assert_eq!(store.tenants_due(now()).await.expect("reads"), ["t2"]);
    }
}
