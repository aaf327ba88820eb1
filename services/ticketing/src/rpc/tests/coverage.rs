//! Nothing personal is forgotten: whatever the log, the tables and the answers can hold of a customer is exported, and is
//! gone after an erasure.
//!
//! Whoever adds a personal field or a column is told here what is missing: [`scene`] has to fill it, [`COLUMNS`] to say what it
//! holds.

mod columns;
pub mod scene;

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use vorrang_testkit::{TestDatabase, both_engines};

use super::export::export;
use super::privacy::{CANARY, dump, holds};
use super::*;
use crate::convert::PERSONAL;
use crate::retention;
use scene::scene;

/// Said once and kept in the log only.
const IN_EVENTS_ONLY: &[&str] = &[
    "kanarienvogel-reason",
    "kanarienvogel-history-name",
    "kanarienvogel-history-query",
];

/// The canaries in each personal field that the log holds, by `Message.field`.
fn sung(events: &[pb::Event]) -> BTreeMap<String, BTreeSet<String>> {
    let pool = DescriptorPool::decode(vorrang_api::FILE_DESCRIPTOR_SET).expect("our own descriptors");
    let kind = pool
        .get_message_by_name("vorrang.ticketing.v1.Event")
        .expect("the event");
    let mut found = BTreeMap::new();
    for event in events {
        let bytes = event.encode_to_vec();
        let message = DynamicMessage::decode(kind.clone(), bytes.as_slice()).expect("an event");
        listen(&message, &mut found);
    }
    found
}

fn listen(message: &DynamicMessage, found: &mut BTreeMap<String, BTreeSet<String>>) {
    let kind: MessageDescriptor = prost_reflect::ReflectMessage::descriptor(message);
    for (field, value) in message.fields() {
        let canaries = canaries(&format!("{value:?}"));
        let name = format!("{}.{}", kind.name(), field.name());
        if !canaries.is_empty() {
            found.entry(name).or_default().extend(canaries);
        }
        inside(value, found);
    }
}

fn inside(value: &prost_reflect::Value, found: &mut BTreeMap<String, BTreeSet<String>>) {
    match value {
        prost_reflect::Value::Message(part) => listen(part, found),
        prost_reflect::Value::List(parts) => parts.iter().for_each(|part| inside(part, found)),
        prost_reflect::Value::Map(parts) => parts.values().for_each(|part| inside(part, found)),
        _ => {}
    }
}

/// Every canary in a text.
fn canaries(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.match_indices(CANARY)
        .map(|(start, _)| text[start..].chars().take_while(|c| is_part(*c)).collect())
        .collect()
}

both_engines! {
    async fn whatever_is_personal_is_exported_and_erased(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let scene = scene(&desk).await;
        let sung = sung(&desk.events("acme").await);
        let silent: Vec<&&str> = PERSONAL.iter().filter(|field| !sung.contains_key(**field)).collect();
        assert!(silent.is_empty(), "fill these fields in `scene`, so that export and erasure are tried with them: {silent:?}");
        let all: BTreeSet<&String> = PERSONAL.iter().flat_map(|field| &sung[*field]).collect();
        assert!(!holds(&dump(&desk.db).await, CANARY), "a canary is in the clear");

        // Export: as resources, not only as events of long ago.
        let mut files = export(&desk, &scene.customer).await;
        let events = files.remove("events.jsonl").expect("events");
        for canary in &all {
            let shown = files.values().any(|bytes| holds(bytes, canary));
            let told = holds(&events, canary) && IN_EVENTS_ONLY.contains(&canary.as_str());
            assert!(shown || told, "{canary} is not exported");
        }
        for file in ["reviews", "survey_answers", "survey_sendings", "orders", "milestones", "proactive_contacts", "customer_merges", "merge_suggestions"] {
            assert!(!files[&format!("{file}.jsonl")].is_empty(), "{file} is empty");
        }
        assert!(holds(&files[&format!("attachments/{}", scene.file)], "kanarienvogel-bytes"));

        desk.erase(&scene.customer).await.expect("erased");
        retention::tick(&desk.app.store, &desk.app.objects).await.expect("swept");

        // No key is left that opens anything of theirs, wherever it lies.
        let keys = scene::keys(&desk.db).await;
        assert_eq!(keys, scene.others, "only others have keys");
        // Every table, every file, the log as it is stored, as it is opened, and as it is followed from its beginning.
        let restarted = Fixture::restarted(&db, desk.clock.clone()).await;
        for desk in [&desk, &restarted] {
            assert!(!holds(&dump(&desk.db).await, CANARY), "in a table");
            assert!(desk.disk.all().await.iter().all(|(_, bytes)| !holds(bytes, CANARY)), "in a file");
            let events = desk.events("acme").await;
            assert_eq!(canaries(&format!("{events:?}")), BTreeSet::new(), "in the log");
            assert_eq!(canaries(&scene::followed(desk).await), BTreeSet::new(), "in the feed");
            assert_eq!(canaries(&scene::read_everything(desk, &scene).await), BTreeSet::new(), "in an answer");
        }
        assert!(scene::texts_left(&desk.db).await.is_empty(), "room that nobody can read is free");
    }

    /// A retention rule does to a ticket what an erasure does to all of them.
    async fn a_retained_ticket_has_nothing_personal_left(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let scene = scene(&desk).await;
        scene::close_all(&desk).await;
        let rule = pb::retention_policy::Rule {
            action: pb::retention_policy::rule::Action::EraseTexts.into(),
            days: 1,
            channels: Vec::new(),
        };
        let request = pb::UpdateRetentionPolicyRequest {
            retention_policy: Some(pb::RetentionPolicy { rules: vec![rule], ..pb::RetentionPolicy::default() }),
            ..pb::UpdateRetentionPolicyRequest::default()
        };
        update_retention_policy::handle(&desk.app, acme(request)).await.expect("set");
        desk.wait(86_401);
        retention::tick(&desk.app.store, &desk.app.objects).await.expect("applied");
        let texts = scene::of_tickets(&desk, &scene).await;
        assert_eq!(canaries(&texts), BTreeSet::new(), "of tickets");
        let events = desk.events("acme").await;
        let left: BTreeSet<String> = sung(&events).into_keys().filter(|field| PERSONAL.contains(&field.as_str())).collect();
        let of_customers = [
            "Customer.attributes", "Customer.display_name", "Customer.identities", "HistoryCustomer.attributes_json", "HistoryCustomer.name",
            "HistoryProactiveContact.reason", "HistorySelfService.query", "Milestone.note", "Order.note", "ProactiveContact.reason", "SurveyAnswer.comment",
        ];
        assert_eq!(left, of_customers.map(str::to_owned).into(), "what is the customer's stays");
    }

    async fn every_column_says_what_it_holds(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        columns::check(&desk.db).await;
    }
}
