mod departures;
mod imports;
mod inbox;
mod mailboxes;
mod outgoing;
mod owners;
mod proofs;
mod thin;

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use vorrang_error::Kind;
use vorrang_testkit::{TestDatabase, both_engines};

use super::*;
use crate::contact::{Contact, Identity, IdentityKind};
use crate::outcome::{Outcome, PushResult};

async fn store(db: &TestDatabase) -> Store {
    let database = Database::connect(db.url()).await.expect("connects");
    database.migrate::<Migrator>().await.expect("migrates");
    Store::new(database, Ids::default())
}

fn now() -> DateTime<Utc> {
    "2026-03-02T12:00:00Z".parse().expect("a time")
}

fn contact(text: &str, conversation: &str) -> Contact {
    let mut contact = Contact {
        source: "grpc".to_owned(),
        identities: vec![Identity {
            kind: IdentityKind::Email,
            value: "a@x.example".to_owned(),
            verified: false,
        }],
        text: text.to_owned(),
        ..Contact::default()
    };
    contact.join_conversation(conversation);
    contact
}

fn raw(text: &str) -> NewRaw {
    NewRaw::new("grpc", "", "text/plain", text.to_owned().into())
}

fn item(request_id: &str, text: &str, conversation: &str) -> NewInboxItem {
    NewInboxItem {
        request_id: request_id.to_owned(),
        contact: contact(text, conversation),
        trace_parent: String::new(),
        raw_sha256: raw(text).sha256,
    }
}

async fn park(store: &Store, tenant: &str, items: &[NewInboxItem]) -> Vec<Result<Uuid, vorrang_error::Error>> {
    let raws: Vec<NewRaw> = items.iter().map(|item| raw(&item.contact.text)).collect();
    store.park(tenant, items, &raws, now()).await.expect("parked")
}

fn created(ticket: &str) -> PushResult {
    PushResult {
        ticket: ticket.to_owned(),
        ticket_number: 7,
        ..PushResult::accepted(Uuid::nil())
    }
    .with(Outcome::Created)
}

impl PushResult {
    fn with(self, outcome: Outcome) -> Self {
        Self {
            outcome,
            receipt: String::new(),
            ..self
        }
    }
}

async fn due(store: &Store, now: DateTime<Utc>, rows: u64) -> Vec<Waiting> {
    store.due("t1", now, rows, 1 << 20).await.expect("reads")
}

fn texts(due: &[Waiting]) -> Vec<&str> {
    due.iter().map(|one| one.contact.text.as_str()).collect()
}

fn quarantine_item(reason: &'static str) -> NewQuarantineItem {
    NewQuarantineItem {
        id: Uuid::new_v4(),
        state: QuarantineState::Waiting,
        reason,
        detail: "d".to_owned(),
        queue: String::new(),
        recorded: vec![0, 3],
    }
}

fn source(id: &str, tenant: &str, at: DateTime<Utc>) -> Source {
    Source {
        id: id.to_owned(),
        tenant: tenant.to_owned(),
        display_name: id.to_owned(),
        preset: "json".to_owned(),
        sealed_secret: vec![1, 2, 3],
        queue: String::new(),
        disabled: false,
        revision: 1,
        created_at: at,
    }
}

fn call(request_id: &str) -> Call {
    Call {
        tenant: "t1".to_owned(),
        request_id: request_id.to_owned(),
        request_hash: [7; 32],
        now: now(),
    }
}

both_engines! {
    /// What came is kept once, whatever its size and however often it comes.
    async fn raw_bytes_are_kept_once(db: TestDatabase) {
        let store = store(&db).await;
        let large = NewRaw::new("email", "", "message/rfc822", vec![b'x'; 6 << 20].into());
        let items = [raw("a"), large.clone(), raw("b"), raw("a")];
        store.keep_raw("t1", &items, &[], &[], now()).await.expect("kept");
        store.keep_raw("t1", &items, &[], &[], now() + TimeDelta::days(1)).await.expect("kept again");
        let found = store.raw("t1", &large.sha256).await.expect("reads").expect("is there");
        assert_eq!((found.content.len(), found.received_at), (6 << 20, now()));
        assert_eq!(store.raw("t2", &large.sha256).await.expect("reads"), None, "another tenant's");
    }

    /// The inbox gives the oldest of each conversation first, and nothing behind one that still waits.
    async fn the_inbox_keeps_conversations_in_order(db: TestDatabase) {
        let store = store(&db).await;
        let items = [item("1", "a1", "a"), item("2", "b1", "b"), item("3", "a2", "a"), item("4", "alone", ""), item("5", "alone too", "")];
        let receipts = park(&store, "t1", &items).await;
        park(&store, "t2", &[item("1", "other tenant", "a")]).await;
        let due = due(&store, now(), 100).await;
        assert_eq!(texts(&due), ["a1", "b1", "alone", "alone too"]);

        let waiting = store.waiting_conversations("t1", &["conversation:grpc:a", "conversation:grpc:x"]).await.expect("reads");
        assert_eq!(waiting, HashSet::from(["conversation:grpc:a".to_owned()]));

        // b1 must wait a second: nothing of its conversation comes before it.
        store.attempted("t1", &[due[1].id], now() + TimeDelta::seconds(1)).await.expect("written");
        park(&store, "t1", &[item("6", "b2", "b")]).await;
        store.delivered("t1", &[(due[0].id, created("tickets/1"))], &[], now()).await.expect("written");
        let later = self::due(&store, now(), 100).await;
        assert_eq!(texts(&later), ["a2", "alone", "alone too"]);
        let much_later = self::due(&store, now() + TimeDelta::seconds(1), 100).await;
        assert_eq!(texts(&much_later), ["b1"], "one that was refused comes alone");

        let receipt = store.receipt("t1", *receipts[0].as_ref().expect("an id")).await.expect("is there");
        assert_eq!(receipt.result, Some(created("tickets/1")));
        assert_eq!((receipt.attempts, receipt.delivered_at), (1, Some(now())));
        let receipt = store.receipt("t1", due[1].id).await.expect("is there");
        assert_eq!((receipt.result, receipt.attempts), (None, 1));
        let foreign = store.receipt("t2", due[1].id).await.expect_err("another tenant's");
        assert_eq!(foreign.kind(), Kind::NotFound);
    }

    /// The same request id is the same contact; with another body it is refused, and costs the others nothing.
    async fn a_repeat_gets_the_receipt_of_the_first_time(db: TestDatabase) {
        let store = store(&db).await;
        let first = park(&store, "t1", &[item("1", "a", "")]).await.remove(0).expect("an id");
        let again = park(&store, "t1", &[item("1", "a", ""), item("2", "new", "")]).await;
        assert_eq!(again[0].as_ref().expect("an id"), &first);
        assert_ne!(again[1].as_ref().expect("an id"), &first);
        let other = park(&store, "t1", &[item("1", "other", ""), item("3", "c", "")]).await;
        assert_eq!(other[0].as_ref().expect_err("reused").reason(), "REQUEST_ID_REUSED");
        assert!(other[1].is_ok());
        assert_eq!(due(&store, now(), 10).await.len(), 3);
        assert_eq!(store.waiting().await.expect("reads"), 3);
        assert!(park(&store, "t2", &[item("1", "other", "")]).await[0].is_ok(), "of another tenant");
    }

    /// Many at once: the limit of parameters of a statement is not in the way.
    async fn a_full_batch_is_parked(db: TestDatabase) {
        let store = store(&db).await;
        let items: Vec<NewInboxItem> = (0..500).map(|n| item(&n.to_string(), &format!("text {n}"), "")).collect();
        assert!(park(&store, "t1", &items).await.iter().all(Result::is_ok));
        let due = due(&store, now(), 1000).await;
        let expected: Vec<String> = (0..500).map(|n| format!("text {n}")).collect();
        assert_eq!(texts(&due), expected, "in the order in which they came");
    }

    /// The same bytes of the same source are one item.
    async fn quarantine_knows_what_it_has(db: TestDatabase) {
        let store = store(&db).await;
        let id = store.quarantine("t1", quarantine_item("PAYLOAD_NOT_JSON"), &raw("x"), now()).await.expect("kept");
        let again = store.quarantine("t1", quarantine_item("OTHER"), &raw("x"), now()).await.expect("kept");
        assert_eq!(id, again);
        let other = store.quarantine("t2", quarantine_item("OTHER"), &raw("x"), now()).await.expect("kept");
        assert_ne!(id, other);
        let item = store.quarantine_item("t1", id).await.expect("is there");
        assert_eq!((item.reason.as_str(), item.size_bytes, item.state), ("PAYLOAD_NOT_JSON", 1, QuarantineState::Waiting));
        assert_eq!(store.quarantine_item("t2", id).await.expect_err("another tenant's").kind(), Kind::NotFound);
    }

    /// Decisions are kept, and a ticket is not discarded.
    async fn quarantine_decisions(db: TestDatabase) {
        let store = store(&db).await;
        let first = store.quarantine("t1", quarantine_item("A"), &raw("1"), now()).await.expect("kept");
        let second = store.quarantine("t1", quarantine_item("A"), &raw("2"), now() + TimeDelta::seconds(1)).await.expect("kept");
        store.retried("t1", first, Retried::NotYet("B", "still not"), &[0, 3, 4]).await.expect("written");
        let waiting = store.quarantine_item("t1", first).await.expect("is there");
        assert_eq!((waiting.reason.as_str(), waiting.state, waiting.recorded), ("B", QuarantineState::Waiting, vec![0, 3, 4]));
        store.retried("t1", first, Retried::Released(&created("tickets/1")), &[0, 3, 4, 5]).await.expect("written");
        let released = store.quarantine_item("t1", first).await.expect("is there");
        assert_eq!((released.state, released.result), (QuarantineState::Released, Some(created("tickets/1"))));
        assert_eq!(store.discard("t1", first).await.expect_err("is a ticket").reason(), "ALREADY_RELEASED");
        assert_eq!(store.discard("t1", second).await.expect("discarded").state, QuarantineState::Discarded);
        assert_eq!(store.discard("t1", second).await.expect("again").state, QuarantineState::Discarded);
        let waiting = store.quarantine_items("t1", QuarantineState::Waiting, None, 10).await.expect("reads");
        assert!(waiting.is_empty());
        assert_eq!(store.discard("t2", second).await.expect_err("another tenant's").kind(), Kind::NotFound);
    }

    /// Lists are newest first, in pages without gap or repeat.
    async fn quarantine_lists_in_pages(db: TestDatabase) {
        let store = store(&db).await;
        for n in 0..5 {
            // Two of one moment: the id decides.
            let at = now() + TimeDelta::seconds(n / 2);
            store.quarantine("t1", quarantine_item("A"), &raw(&n.to_string()), at).await.expect("kept");
        }
        let all = store.quarantine_items("t1", QuarantineState::Waiting, None, 10).await.expect("reads");
        assert_eq!(all.len(), 5);
        let mut paged = Vec::new();
        let mut after = None;
        loop {
            let page = store.quarantine_items("t1", QuarantineState::Waiting, after, 2).await.expect("reads");
            let Some(last) = page.last() else { break };
            after = Some((last.received_at.timestamp_micros(), last.id));
            paged.extend(page);
        }
        assert_eq!(paged, all);
    }

    /// A source is made once, changed by who knows its etag, and found by webhooks.
    async fn sources_are_made_once_and_changed(db: TestDatabase) {
        let store = store(&db).await;
        let made = store.create_source(&call("r1"), source("s1", "t1", now())).await.expect("made");
        let again = store.create_source(&call("r1"), source("s2", "t1", now())).await.expect("made before");
        assert_eq!(made, again, "the repeat made no second one");

        let change = |etag: &str| SourceChange {
            queue: Some("vip".to_owned()),
            disabled: Some(true),
            etag: etag.to_owned(),
            ..SourceChange::default()
        };
        let refused = store.update_source(&call(""), "s1", change("\"9\"")).await.expect_err("another revision");
        assert_eq!(refused.reason(), "ETAG_MISMATCH");
        let changed = store.update_source(&call(""), "s1", change("\"1\"")).await.expect("changed");
        assert_eq!((changed.queue.as_str(), changed.disabled, changed.revision), ("vip", true, 2));
        assert_eq!(changed.sealed_secret, made.sealed_secret, "what is not named stays");
        assert_eq!(store.source_of_any_tenant("s1").await.expect("reads"), Some(changed));
        assert_eq!(store.source_of_any_tenant("s9").await.expect("reads"), None);
        assert_eq!(store.source("t2", "s1").await.expect_err("another tenant's").kind(), Kind::NotFound);
        let foreign = Call { tenant: "t2".to_owned(), ..call("") };
        assert_eq!(store.update_source(&foreign, "s1", change("")).await.expect_err("another tenant's").kind(), Kind::NotFound);

        store.create_source(&call(""), source("s3", "t1", now() + TimeDelta::seconds(1))).await.expect("made");
        let ids: Vec<String> = store.sources("t1", None, 10).await.expect("reads").into_iter().map(|one| one.id).collect();
        assert_eq!(ids, ["s3", "s1"]);
        let rest = store.sources("t1", Some(((now() + TimeDelta::seconds(1)).timestamp_micros(), "s3".to_owned())), 10).await.expect("reads");
        assert_eq!(rest.len(), 1);
        assert!(store.sources("t2", None, 10).await.expect("reads").is_empty());
    }
}
