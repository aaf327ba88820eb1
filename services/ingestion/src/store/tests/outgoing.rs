use sea_orm::EntityTrait as _;

use super::*;
use crate::store::{Outgoing, Posted};

fn message(name: &str) -> Outgoing {
    Outgoing {
        message: name.to_owned(),
        ticket: "tickets/1".to_owned(),
        written_at: now(),
        attempts: 0,
        sealed: None,
    }
}

fn names(due: &[Outgoing]) -> Vec<&str> {
    due.iter().map(|one| one.message.as_str()).collect()
}

both_engines! {
    /// Taken with the cursor, sent once, whoever looks and however often the feed is read.
    async fn a_message_is_mailed_once(db: TestDatabase) {
        let store = store(&db).await;
        assert_eq!(store.outgoing_cursor("acme").await.expect("reads"), None);
        store.take_outgoing("acme", &[message("a"), message("b")], "c1", now()).await.expect("taken");
        assert_eq!(store.outgoing_cursor("acme").await.expect("reads"), Some(("c1".to_owned(), now())));
        assert_eq!(store.outgoing_cursor("rival").await.expect("reads"), None);
        let held = now() + TimeDelta::minutes(10);
        let due = store.due_outgoing("acme", now(), held, 10).await.expect("reads");
        assert_eq!(names(&due), ["a", "b"]);
        assert_eq!(due[0].attempts, 1);
        // Somebody has them.
        assert_eq!(store.due_outgoing("acme", now(), held, 10).await.expect("reads"), []);
        assert_eq!(store.due_outgoing("rival", held, held, 10).await.expect("reads"), []);
        store.posted("acme", "a", held, Posted::Sent).await.expect("noted");
        let later = now() + TimeDelta::minutes(1);
        store.posted("acme", "b", held, Posted::Later(later, "SERVER")).await.expect("noted");
        // The feed is read again.
        store.take_outgoing("acme", &[message("a"), message("b")], "c2", now()).await.expect("taken");
        assert_eq!(store.outgoing_cursor("acme").await.expect("reads"), Some(("c2".to_owned(), now())));
        assert_eq!(store.due_outgoing("acme", now(), held, 10).await.expect("reads"), []);
        let due = store.due_outgoing("acme", later, held, 10).await.expect("reads");
        assert_eq!((names(&due), due[0].attempts), (vec!["b"], 2));
        store.posted("acme", "b", held, Posted::GivenUp("REFUSED")).await.expect("noted");
        assert_eq!(store.due_outgoing("acme", held, held, 10).await.expect("reads"), []);
    }
    /// The links of a survey are there until it is sent, and no longer.
    async fn links_are_kept_until_they_are_sent(db: TestDatabase) {
        let store = store(&db).await;
        let survey = |name| Outgoing { sealed: Some(vec![1, 2, 3]), ..message(name) };
        store.take_outgoing("acme", &[survey("a"), survey("b")], "c1", now()).await.expect("taken");
        let held = now() + TimeDelta::minutes(10);
        let due = store.due_outgoing("acme", now(), held, 10).await.expect("reads");
        assert_eq!(due.iter().map(|one| one.sealed.as_deref()).collect::<Vec<_>>(), [Some(&[1_u8, 2, 3][..]); 2]);
        store.posted("acme", "a", held, Posted::Sent).await.expect("noted");
        store.posted("acme", "b", held, Posted::GivenUp("GONE")).await.expect("noted");
        let rows = crate::store::entity::outgoing::Entity::find().all(store.database.reader()).await.expect("reads");
        assert!(rows.iter().all(|row| row.sealed.is_none()) && rows.len() == 2);
    }

    /// What is old is forgotten, whatever became of it.
    async fn what_was_mailed_long_ago_is_forgotten(db: TestDatabase) {
        let store = store(&db).await;
        let old = Outgoing { written_at: now() - TimeDelta::days(15), ..message("old") };
        store.take_outgoing("acme", &[old, message("new")], "c1", now()).await.expect("taken");
        let before = now() - TimeDelta::days(14);
        assert_eq!(store.forget_outgoing(before).await.expect("forgotten"), 1);
        assert_eq!(store.forget_outgoing(before).await.expect("nothing"), 0);
        let due = store.due_outgoing("acme", now(), now() + TimeDelta::minutes(10), 10).await.expect("reads");
        assert_eq!(names(&due), ["new"]);
    }
}
