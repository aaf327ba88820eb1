use super::*;
use crate::store::{MailboxKey, Position};

const KEY: MailboxKey<'_> = MailboxKey {
    tenant: "acme",
    address: "support@firma.example",
    folder: "INBOX",
};

fn at(last: u32) -> Position {
    Position {
        server: "support@localhost:993".to_owned(),
        validity: 7,
        last,
        since: Some(now()),
    }
}

both_engines! {
    /// One holder at a time, whose position is kept; whoever lost it moves nothing.
    async fn a_mailbox_is_read_by_one(db: TestDatabase) {
        let store = store(&db).await;
        let until = now() + TimeDelta::seconds(90);
        let first = store.hold_mailbox(KEY, "one", now(), until).await.expect("held").expect("free");
        assert_eq!((first.validity, first.last, first.since), (0, 0, None));
        assert_eq!(store.hold_mailbox(KEY, "two", now(), until).await.expect("asked"), None);
        assert!(store.move_mailbox(KEY, "one", &at(5), until).await.expect("moved"));
        assert_eq!(store.hold_mailbox(KEY, "one", now(), until).await.expect("kept"), Some(at(5)));
        for other in [MailboxKey { tenant: "rival", ..KEY }, MailboxKey { folder: "Other", ..KEY }] {
            let held = store.hold_mailbox(other, "two", now(), until).await.expect("held").expect("free");
            assert_eq!(held.last, 0);
        }
        // Its time is over: another goes on from there, and the first one moves nothing back.
        let later = until + TimeDelta::seconds(90);
        assert_eq!(store.hold_mailbox(KEY, "two", until, later).await.expect("held"), Some(at(5)));
        assert!(store.move_mailbox(KEY, "two", &at(9), later).await.expect("moved"));
        assert!(!store.move_mailbox(KEY, "one", &at(6), later).await.expect("asked"));
        store.release_mailbox(KEY, "one").await.expect("nothing");
        assert_eq!(store.hold_mailbox(KEY, "one", until, later).await.expect("asked"), None);
        store.release_mailbox(KEY, "two").await.expect("released");
        assert_eq!(store.hold_mailbox(KEY, "one", until, later).await.expect("held"), Some(at(9)));
    }
}
