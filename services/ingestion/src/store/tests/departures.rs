use super::*;
use crate::store::Departure;

fn departure(seconds: i64, patience: i64) -> Departure {
    let left_at = now() + TimeDelta::seconds(seconds);
    Departure {
        tenant: "acme".to_owned(),
        conversation: "tickets/1".to_owned(),
        left_at,
        due_at: left_at + TimeDelta::seconds(patience),
        close: false,
        by_word: false,
    }
}

both_engines! {
    /// Whoever says that they are there puts it off; whoever comes back is not gone; what was noted since stays.
    async fn who_is_not_heard_of_has_left(db: TestDatabase) {
        let store = store(&db).await;
        let at = |seconds| now() + TimeDelta::seconds(seconds);
        let due = async |seconds| store.due_departures(at(seconds), true, 10).await.expect("reads");
        store.note_departure(&departure(0, 180)).await.expect("notes");
        assert_eq!(due(179).await, []);
        assert_eq!(due(180).await, [departure(0, 180)]);
        store.note_departure(&departure(60, 180)).await.expect("notes");
        assert_eq!(due(239).await, []);
        assert_eq!(due(240).await, [departure(60, 180)]);
        // While nobody could say that they are there, only words count.
        assert_eq!(store.due_departures(at(240), false, 10).await.expect("reads"), []);
        // The customer's own word counts at once, and nobody who did not hear it puts it off.
        let word = Departure { close: true, by_word: true, ..departure(70, 0) };
        store.note_departure(&word).await.expect("notes");
        store.note_departure(&departure(75, 180)).await.expect("notes");
        assert_eq!(store.due_departures(at(75), false, 10).await.expect("reads"), std::slice::from_ref(&word));
        store.departed(&departure(60, 180)).await.expect("an older one");
        assert_eq!(due(75).await.len(), 1);
        store.departed(&word).await.expect("deletes");
        assert_eq!(due(1_000).await, []);
        store.note_departure(&departure(80, 180)).await.expect("notes");
        store.forget_departure("rival", "tickets/1").await.expect("another tenant's");
        assert_eq!(due(1_000).await.len(), 1);
        store.forget_departure("acme", "tickets/1").await.expect("is back");
        assert_eq!(due(1_000).await, []);
    }

    /// One that cannot be told holds up no other.
    async fn what_cannot_be_told_is_put_off(db: TestDatabase) {
        let store = store(&db).await;
        let other = Departure { tenant: "rival".to_owned(), ..departure(1, 0) };
        for one in [&departure(0, 0), &other] {
            store.note_departure(one).await.expect("notes");
        }
        let at = now() + TimeDelta::seconds(10);
        store.put_off_departure(&departure(0, 0), at + TimeDelta::seconds(30)).await.expect("puts off");
        assert_eq!(store.due_departures(at, true, 10).await.expect("reads"), [other]);
        assert_eq!(store.due_departures(at + TimeDelta::seconds(30), true, 10).await.expect("reads").len(), 2);
    }
}
