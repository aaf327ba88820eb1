//! Histories of other systems: recorded once, read like any other ticket, acted on by nobody.

use pb::history_recorded::Line;
use pb::history_result::Outcome;
use serde_json::{Value, json};
use vorrang_testkit::both_engines;

use super::automations::{automation, on, tag};
use super::sla::usual;
use super::webhook_receiver::Receiver;
use super::*;

impl Fixture {
    pub async fn import_lines(&self, lines: &[Value]) -> Vec<pb::HistoryResult> {
        self.import_of("old", "imports/1", lines.iter().map(Value::to_string).collect())
            .await
    }

    /// Lines in the order in which they count.
    async fn import_of(&self, source: &str, import: &str, lines: Vec<String>) -> Vec<pb::HistoryResult> {
        let lines = (1..)
            .zip(lines)
            .map(|(number, text)| pb::record_history_request::Line { number, text });
        let request = pb::RecordHistoryRequest {
            source: source.into(),
            import_name: import.into(),
            lines: lines.collect(),
        };
        record_history::handle(&self.app, acme(request))
            .await
            .expect("recorded")
            .results
    }

    async fn imported(&self, id: &str) -> pb::Ticket {
        let request = pb::ListTicketsRequest {
            filter: format!("external_id = \"{id}\""),
            ..Default::default()
        };
        let mut found = list_tickets::handle(&self.app, acme(request))
            .await
            .expect("a page")
            .tickets;
        assert_eq!(found.len(), 1, "{id}");
        found.remove(0)
    }
}

pub fn reasons(results: &[pb::HistoryResult]) -> Vec<String> {
    let words = |one: &pb::HistoryResult| match one.outcome() {
        Outcome::Refused => one
            .problems
            .iter()
            .map(|problem| problem.reason.clone())
            .collect::<Vec<_>>()
            .join(" "),
        other => other.as_str_name().trim_start_matches("OUTCOME_").to_owned(),
    };
    results.iter().map(words).collect()
}

fn line(second: u32, kind: &str, rest: Value) -> Value {
    let mut line = rest;
    line["at"] = json!(format!("2021-03-02T09:00:{second:02}+01:00"));
    line["type"] = json!(kind);
    line
}

/// Two years of a desk, in short.
fn history() -> Vec<Value> {
    vec![
        line(
            0,
            "customer",
            json!({"id": "c1", "name": "Mara", "tier": "vip", "attributes": {"email": "mara@example.org"}}),
        ),
        line(0, "agent", json!({"id": "Anna", "team": "first"})),
        line(
            1,
            "ticket_opened",
            json!({"ticket": "35436", "customer": "c1", "channel": "email", "subject": "Late", "tags": ["parcel"]}),
        ),
        line(
            1,
            "message",
            json!({"ticket": "35436", "actor": {"kind": "customer", "id": "c1"}, "body": "Where is it?"}),
        ),
        line(2, "assigned", json!({"ticket": "35436", "agent": "anna"})),
        line(
            3,
            "message",
            json!({"ticket": "35436", "actor": {"kind": "agent", "id": "anna"}, "body": "On its way"}),
        ),
        line(
            4,
            "status",
            json!({"ticket": "35436", "status": "solved", "actor": {"kind": "agent", "id": "anna"}}),
        ),
        line(
            5,
            "survey_answered",
            json!({"ticket": "35436", "survey": "csat", "score": 5}),
        ),
        line(
            6,
            "order",
            json!({"customer": "c1", "id": "o1", "amount": 19.99, "currency": "EUR"}),
        ),
        line(
            7,
            "proactive_contact",
            json!({"customer": "c1", "ticket": "35436", "reason": "late parcel"}),
        ),
        line(
            8,
            "ticket_opened",
            json!({"ticket": "2", "customer": "c2", "channel": "fax"}),
        ),
        line(9, "status", json!({"ticket": "2", "status": "open"})),
        line(
            10,
            "self_service",
            json!({"session": "s", "step": "searched", "query": "parcel"}),
        ),
    ]
}

both_engines! {
    async fn an_old_ticket_is_a_ticket_like_others(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let results = desk.import_lines(&history()).await;
        assert!(reasons(&results).iter().all(|outcome| outcome == "RECORDED"), "{:?}", reasons(&results));
        let ticket = desk.imported("old:35436").await;
        assert_eq!((ticket.state(), ticket.solve_count, ticket.tier.as_str()), (pb::ticket::State::Solved, 1, "vip"));
        assert_eq!((ticket.subject.as_str(), ticket.assignee.as_str()), ("Late", "agents/anna"));
        let second = |at: &Option<prost_types::Timestamp>| at.as_ref().map(|at| at.seconds);
        assert_eq!(second(&ticket.opened_at), Some(1_614_672_001), "it has its own times");
        assert_eq!(second(&ticket.solved_at), Some(1_614_672_004));
        assert_eq!(second(&ticket.first_replied_at), Some(1_614_672_003));
        let messages = desk.messages(&ticket.name, true).await;
        let told: Vec<(&str, Option<i64>)> = messages.iter().map(|one| (one.text.as_str(), second(&one.occurred_at))).collect();
        assert_eq!(told, [("Where is it?", Some(1_614_672_001)), ("On its way", Some(1_614_672_003))]);
        let tagged = pb::ListTicketsRequest { filter: "tags:parcel opened_at < 2022-01-01T00:00:00Z".into(), ..Default::default() };
        assert_eq!(list_tickets::handle(&desk.app, acme(tagged)).await.expect("a page").tickets.len(), 1);
        assert_eq!(desk.orders(&ticket.customer).await[0].amount, 1_999);
        let contacts = desk.contacts_made(&ticket.customer).await;
        assert_eq!((contacts[0].reason.as_str(), contacts[0].ticket.as_str()), ("late parcel", ticket.name.as_str()));

        // The events: each with the time at which it happened, and with our names.
        let events = desk.events("acme").await;
        assert_eq!(events.len(), history().len());
        for (event, line) in events.iter().zip(history()) {
            let head = event.head.as_ref().expect("a head");
            let at: chrono::DateTime<chrono::Utc> = line["at"].as_str().expect("a time").parse().expect("a time");
            assert_eq!((head.r#type.as_str(), second(&head.occurred_at)), ("history_recorded", Some(at.timestamp())));
        }
        let Some(pb::event::Payload::HistoryRecorded(written)) = &events[5].payload else { panic!("another event") };
        assert_eq!((written.ticket.as_str(), written.customer.as_str(), written.number), (ticket.name.as_str(), ticket.customer.as_str(), 6));
        let Some(Line::Message(written)) = &written.line else { panic!("another line") };
        assert_eq!((written.body.as_str(), written.message.as_str()), ("On its way", messages[1].name.as_str()));
        assert_eq!(written.actor, actor(feed::actor::Kind::Agent, "agents/anna"));

        // Who writes now is recognised, and joins by what leads to the ticket.
        let answer = desk.record(vec![mail("mara@example.org", "<new>")]).await.remove(0);
        assert_eq!(answer.customer, ticket.customer);
        let mark = format!("ticket:{}:{}", ticket.number, &ticket.name.replace('-', "")[ticket.name.replace('-', "").len() - 10..]);
        let contact = pb::InboundContact { reference_keys: vec![mark], ..mail("mara@example.org", "<re>") };
        let answer = desk.record(vec![contact]).await.remove(0);
        assert_eq!((answer.outcome(), answer.ticket.as_str()), (pb::contact_result::Outcome::Appended, ticket.name.as_str()));
        let live = desk.get(&ticket.name).await;
        assert_eq!(live.state(), pb::ticket::State::Open, "and it lives again");
    }

    async fn the_same_again_changes_nothing(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.import_lines(&history()).await;
        let before = (desk.kinds(0).await, desk.all_tickets().await);
        // In other batches, with its fields in another order, and twice in one batch.
        for half in history().chunks(7) {
            let lines = half.iter().map(Value::to_string).collect();
            assert!(reasons(&desk.import_of("old", "imports/2", lines).await).iter().all(|outcome| outcome == "DUPLICATE"));
        }
        // By the same import and number it is an answer that was lost.
        assert!(reasons(&desk.import_lines(&history()).await).iter().all(|outcome| outcome == "RECORDED"));
        let text = history()[2].to_string();
        let fields: Vec<String> = history()[2].as_object().expect("an object").iter().rev().map(|(name, value)| format!("{name:?} : {value}")).collect();
        let results = desk.import_of("old", "imports/2", vec![format!("{{{}}}", fields.join(", ")), text.clone(), text.clone()]).await;
        assert_eq!(reasons(&results), ["DUPLICATE"; 3]);
        assert_eq!((desk.kinds(0).await, desk.all_tickets().await), before);
        // Of another system it is another ticket.
        assert_eq!(reasons(&desk.import_of("other", "imports/2", vec![text]).await), ["RECORDED"]);
        assert_eq!(desk.all_tickets().await.len(), 3);
    }

    async fn two_at_once_record_each_line_once(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let lines = history();
        let texts = || lines.iter().map(Value::to_string).collect::<Vec<_>>();
        let (one, two) = tokio::join!(desk.import_of("old", "imports/1", texts()), desk.import_of("old", "imports/2", texts()));
        let recorded = [one, two].concat().iter().filter(|one| one.outcome() == Outcome::Recorded).count();
        assert_eq!((recorded, desk.kinds(0).await.len()), (lines.len(), lines.len()));
    }

    async fn nobody_acts_on_the_past(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(usual()).await;
        desk.survey("csat", pb::SurveyKind::Csat, |_| {}).await;
        desk.automate(automation(on(&[pb::automation::Event::TicketCreated, pb::automation::Event::StateChanged]), "", vec![tag("seen")])).await;
        let receiver = Receiver::start().await;
        desk.webhook(&receiver, "").await;
        desk.carry().await;
        receiver.take();
        let skip = desk.kinds(0).await.len();
        desk.import_lines(&history()).await;
        for _ in 0..3 {
            desk.wait(86_400);
            desk.work().await;
            desk.wake().await;
            desk.tick().await;
            desk.carry().await;
        }
        let kinds = desk.kinds(skip).await;
        assert!(kinds.iter().all(|kind| kind == "history_recorded"), "{kinds:?}");
        assert_eq!((receiver.count(), desk.sendings().await.len()), (0, 0));
        let queued = list_queued_tickets::handle(&desk.app, acme(Default::default())).await.expect("a page");
        assert_eq!(queued.tickets, []);
        for ticket in desk.all_tickets().await.into_values() {
            assert_eq!((ticket.sla_policy.as_str(), ticket.queue_entered_at), ("", None));
        }
        // What is open is taken up like any other.
        let open = desk.imported("old:2").await;
        let request = pb::AssignTicketRequest { name: open.name, agent: "agents/anna".into(), ..Default::default() };
        let taken = assign_ticket::handle(&desk.app, acme(request)).await.expect("assigned");
        assert_eq!(taken.assignee, "agents/anna");
    }

    async fn bad_lines_are_named_and_the_rest_goes_in(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.import_lines(&history()).await;
        let results = desk.import_lines(&[
            line(20, "message", json!({"ticket": "99", "actor": {"kind": "customer"}})),
            line(0, "handoff", json!({"ticket": "35436"})),
            line(20, "handoff", json!({"ticket": "35436"})),
            line(20, "ticket_opened", json!({"ticket": "2", "customer": "c9", "channel": "email"})),
            line(20, "merged", json!({"ticket": "2", "into": "35436"})),
            line(21, "merged", json!({"ticket": "35436", "into": "2"})),
            line(22, "unmerged", json!({"ticket": "35436", "into": "2"})),
            json!({"at": "2021-03-02", "type": "handoff", "ticket": "2", "colour": 1}),
        ]).await;
        let expected = ["TICKET_NOT_OPEN", "TICKET_NOT_OPEN", "RECORDED", "TICKET_TWICE", "RECORDED", "MERGE_CIRCLE", "NOT_MERGED", "BAD_TIME UNKNOWN_FIELD"];
        assert_eq!(reasons(&results), expected);
        let (source, target) = (desk.get(&format!("tickets/{}", 2)).await, desk.imported("old:35436").await);
        assert_eq!(source.merged_into, target.name);
        // What is judged in a later batch knows the merges of this one.
        let results = desk.import_lines(&[line(30, "merged", json!({"ticket": "35436", "into": "2"})), line(31, "unmerged", json!({"ticket": "2", "into": "35436"}))]).await;
        assert_eq!(reasons(&results), ["MERGE_CIRCLE", "RECORDED"]);
        let hash = vorrang_history::read(1, &history()[2].to_string()).expect("a line").hash;
        let request = pb::FindHistoryRequest {
            source: "old".into(),
            hashes: vec![hash.to_vec().into(), vec![7; 32].into()],
            tickets: vec!["2".into(), "99".into()],
        };
        let found = find_history::handle(&desk.app, acme(request)).await.expect("found");
        assert_eq!(found.recorded, [true, false]);
        assert_eq!(found.tickets.iter().map(|one| one.ticket.as_str()).collect::<Vec<_>>(), ["2"]);
        let wrong = pb::RecordHistoryRequest { source: "Old:1".into(), ..Default::default() };
        let error = record_history::handle(&desk.app, acme(wrong)).await.expect_err("refused");
        assert_eq!(error.violations().len(), 2);
    }

    async fn who_was_erased_does_not_come_back(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.import_lines(&history()).await;
        let ticket = desk.imported("old:35436").await;
        desk.erase(&ticket.customer).await.expect("erased");
        assert!(reasons(&desk.import_lines(&history()).await).iter().all(|outcome| outcome == "RECORDED"));
        assert_eq!(desk.all_tickets().await.len(), 2);
        // Not by a corrected line, nor by one that waited while they were erased.
        let lines = [
            line(0, "customer", json!({"id": "c1", "name": "Mara L."})),
            line(50, "ticket_opened", json!({"ticket": "77", "customer": "c1", "channel": "email"})),
            line(51, "message", json!({"ticket": "77", "actor": {"kind": "customer"}, "body": "Again"})),
        ];
        assert_eq!(reasons(&desk.import_lines(&lines).await), ["ERASED", "ERASED", "TICKET_NOT_OPEN"]);
        assert_eq!(desk.all_tickets().await.len(), 2);
        let late = line(40, "message", json!({"ticket": "35436", "actor": {"kind": "customer"}, "body": "Late"}));
        assert_eq!(reasons(&desk.import_lines(&[late]).await), ["ERASED"]);
        let left = desk.get(&ticket.name).await;
        assert_eq!((left.erased, left.subject.as_str(), left.external_id.as_str()), (true, "", "old:35436"));
    }

    /// What is worked on here stays as it is, also where no queue and no agent came into it.
    async fn a_late_import_does_not_undo_what_was_done_here(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.import_lines(&history()).await;
        let open = desk.imported("old:2").await;
        desk.state(&open, pb::ticket::State::Solved).await.expect("solved here");
        let results = desk.import_lines(&[
            line(30, "status", json!({"ticket": "2", "status": "pending"})),
            line(31, "message", json!({"ticket": "2", "actor": {"kind": "agent", "id": "anna"}, "body": "Old"})),
        ]).await;
        assert_eq!(reasons(&results), ["RECORDED", "RECORDED"]);
        let left = desk.get(&open.name).await;
        assert_eq!((left.state(), left.message_count), (pb::ticket::State::Solved, 0));
    }

    async fn words_that_move_to_another_ticket_are_erased_with_it(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.import_lines(&history()).await;
        let ticket = desk.imported("old:35436").await;
        let message = desk.messages(&ticket.name, true).await.remove(0).name;
        desk.split(&ticket.name, &[message], None).await.expect("split");
        let told = |events: Vec<pb::Event>| {
            let lines = events.into_iter().filter_map(|event| match event.payload {
                Some(pb::event::Payload::HistoryRecorded(recorded)) => recorded.line,
                _ => None,
            });
            lines.filter_map(|line| match line { Line::Message(message) => Some(message.body), _ => None }).collect::<Vec<_>>()
        };
        assert_eq!(told(desk.events("acme").await), ["Where is it?", "On its way"]);
        desk.erase(&ticket.customer).await.expect("erased");
        assert_eq!(told(desk.events("acme").await), ["", ""]);
    }

    /// The worked cases of the KPI definitions, when the folder is named.
    async fn the_worked_cases_go_in_whole_and_once(db: TestDatabase) {
        let Ok(folder) = std::env::var("VORRANG_KPI_CASES") else { return };
        let desk = Fixture::new(&db).await;
        for case in std::fs::read_dir(folder).expect("a folder") {
            let case = case.expect("an entry");
            let Ok(text) = std::fs::read_to_string(case.path().join("history.jsonl")) else { continue };
            let source = case.file_name().to_string_lossy().into_owned();
            let texts: Vec<&str> = text.lines().collect();
            let (lines, bad) = vorrang_history::read_all(&text);
            assert_eq!(bad, []);
            let in_order = || lines.iter().map(|line| texts[usize::try_from(line.number).expect("small") - 1].to_owned()).collect::<Vec<_>>();
            let first = reasons(&desk.import_of(&source, "imports/1", in_order()).await);
            assert!(first.iter().all(|outcome| outcome == "RECORDED"), "{source}: {first:?}");
            let again = reasons(&desk.import_of(&source, "imports/2", in_order()).await);
            assert!(again.iter().all(|outcome| outcome == "DUPLICATE"), "{source}: {again:?}");
        }
        assert!(desk.kinds(0).await.len() > 500);
    }

    async fn of_what_histories_say_of_a_customer_the_latest_counts(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let who = |second, name: &str, tier: &str| {
            line(second, "customer", json!({"id": "c1", "name": name, "tier": tier, "country": "DE", "attributes": {"plan": name}}))
        };
        let open = |second, ticket: &str| line(second, "ticket_opened", json!({"ticket": ticket, "customer": "c1", "channel": "email"}));
        // Opened before the first line: that line holds.
        desk.import_lines(&[open(1, "1"), open(2, "2")]).await;
        assert_eq!(desk.imported("old:1").await.tier, "standard");
        desk.import_lines(&[who(10, "Second", "vip"), open(11, "3")]).await;
        for ticket in ["old:1", "old:2", "old:3"] {
            assert_eq!(desk.imported(ticket).await.tier, "vip", "{ticket}");
        }
        let customer = desk.imported("old:1").await.customer;
        // An older line comes later, and a newer one.
        let said = async || {
            let customer = desk.read(&customer).await;
            let plan = customer.attributes.get("plan").and_then(|plan| plan.value.clone());
            (customer.display_name, customer.tier, plan)
        };
        let text = |text: &str| Some(pb::attribute_value::Value::Text(text.into()));
        desk.import_lines(&[who(5, "First", "standard")]).await;
        assert_eq!(said().await, ("Second".to_owned(), "vip".to_owned(), text("Second")));
        desk.import_lines(&[who(20, "Third", "standard"), open(21, "4")]).await;
        assert_eq!(said().await, ("Third".to_owned(), "standard".to_owned(), text("Third")));
        assert_eq!(desk.imported("old:1").await.tier, "vip", "as of its opening");
        // What people and sources said here stays, whatever an import tells.
        let request = pb::UpdateCustomerRequest {
            customer: Some(pb::Customer { name: customer.clone(), display_name: "By hand".into(), ..pb::Customer::default() }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["display_name".into()] }),
            ..pb::UpdateCustomerRequest::default()
        };
        update_customer::handle(&desk.app, acme(request)).await.expect("changes");
        desk.import_lines(&[who(30, "Fourth", "vip")]).await;
        assert_eq!(said().await, ("By hand".to_owned(), "vip".to_owned(), text("Fourth")));
    }

    async fn what_is_merged_by_an_import_can_be_read_whole(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let open = |number: usize| line(0, "ticket_opened", json!({"ticket": number.to_string(), "customer": "c1", "channel": "email"}));
        let merge = |one: usize, into: usize| line(1, "merged", json!({"ticket": one.to_string(), "into": into.to_string()}));
        desk.import_lines(&(0..40).map(open).collect::<Vec<_>>()).await;
        // Two chains of fifteen, told apart; then the one below the other, which would be one of thirty.
        desk.import_lines(&(0..15).map(|number| merge(number, number + 1)).collect::<Vec<_>>()).await;
        desk.import_lines(&(20..35).map(|number| merge(number, number + 1)).collect::<Vec<_>>()).await;
        let results = desk.import_lines(&[merge(15, 20)]).await;
        assert_eq!(reasons(&results), ["RECORDED"], "it is in the log");
        assert_eq!(desk.imported("old:35").await.merged_into, "");
        let all = desk.all_tickets().await;
        let end = all.values().find(|ticket| ticket.external_id == "old:15").expect("is there");
        assert_eq!(end.merged_into, "", "and nowhere else");
        desk.messages(&end.name, true).await;
        let results = desk.import_lines(&[merge(15, 31)]).await;
        assert_eq!(reasons(&results), ["RECORDED"]);
        let all = desk.all_tickets().await;
        let end = all.values().find(|ticket| ticket.external_id == "old:15").expect("is there");
        assert_ne!(end.merged_into, "", "a chain of twenty");
    }
}
