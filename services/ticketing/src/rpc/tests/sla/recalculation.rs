//! Other terms for a ticket that is there: only by hand.

use pb::SlaMetric::{FirstResponse, Resolution};
use pb::ticket::State;
use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::*;

impl Fixture {
    async fn recalculate(&self, ticket: &pb::Ticket, etag: &str) -> Result<pb::Ticket, Error> {
        let request = pb::RecalculateSlaRequest {
            name: ticket.name.clone(),
            reason: "It is urgent now".into(),
            agent: "agents/anna".into(),
            etag: etag.into(),
            ..pb::RecalculateSlaRequest::default()
        };
        recalculate_sla::handle(&self.app, acme(request)).await
    }

    async fn make_urgent(&self, ticket: &pb::Ticket) -> pb::Ticket {
        let request = pb::UpdateTicketRequest {
            ticket: Some(pb::Ticket {
                name: ticket.name.clone(),
                priority: pb::Priority::Urgent.into(),
                ..pb::Ticket::default()
            }),
            update_mask: Some(prost_types::FieldMask {
                paths: vec!["priority".into()],
            }),
            ..pb::UpdateTicketRequest::default()
        };
        update_ticket::handle(&self.app, acme(request)).await.expect("changes")
    }
}

both_engines! {
    async fn a_priority_changes_no_target_until_somebody_says_so(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let urgent = pb::SlaPolicy {
            display_name: "Urgent".into(),
            position: 1,
            r#match: Some(pb::sla_policy::Match { priorities: vec![pb::Priority::Urgent.into()], ..Default::default() }),
            goals: vec![goal(FirstResponse, 300), goal(Resolution, 2 * HOUR)],
            ..pb::SlaPolicy::default()
        };
        let urgent = desk.policy(urgent).await;
        let policy = desk.policy(usual()).await;
        let ticket = desk.asked().await;
        desk.set(400, 0);
        let changed = desk.make_urgent(&ticket).await;
        assert_eq!((&changed.sla_policy, &changed.sla_targets), (&policy.name, &ticket.sla_targets));

        desk.set(500, 0);
        let late = desk.recalculate(&ticket, &ticket.etag).await.expect_err("it was changed since");
        assert_eq!(late.reason(), "ETAG_MISMATCH");
        let skip = desk.events("acme").await.len();
        let after = desk.recalculate(&ticket, &changed.etag).await.expect("recalculates");
        assert_eq!(after.sla_policy, urgent.name);
        assert_ne!(after.etag, changed.etag);
        assert_eq!(statuses(&after), [(FirstResponse, Status::Missed), (Resolution, Status::Running)]);
        assert_eq!(second(&after.sla_targets[1].due_at), Some(2 * HOUR), "from its own beginning");
        assert_eq!(desk.told(skip).await, ["recalculated: It is urgent now", "missed first_response at 300"]);
        let events = desk.events("acme").await;
        let Some(Payload::SlaRecalculated(recalculated)) = &events[skip].payload else { panic!("{events:?}") };
        assert_eq!(recalculated.previous_policy, policy.name);
        assert_eq!(recalculated.policy.as_ref(), Some(&urgent));
        assert_eq!(recalculated.previous_targets, ticket.sla_targets);
        assert_eq!((&recalculated.targets, recalculated.ticket.as_ref()), (&after.sla_targets, Some(&after)));
        let actor = events[skip].head.clone().and_then(|head| head.actor).expect("somebody");
        assert_eq!(actor.id, "agents/anna");

        // From now on the new terms are followed.
        desk.set(2 * HOUR, 1);
        desk.wake().await;
        let last = desk.told(skip + 2).await;
        assert_eq!(last, ["missed resolution at 7200 live"], "past its warning, that is not told any more");
    }

    async fn a_ticket_gets_promises_or_loses_them(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.asked().await;
        assert!(ticket.sla_targets.is_empty());
        desk.set(60, 0);
        desk.reply(&ticket, None).await;
        let policy = desk.policy(usual()).await;
        let promised = desk.recalculate(&ticket, "").await.expect("recalculates");
        assert_eq!(statuses(&promised), [(FirstResponse, Status::Met), (Resolution, Status::Running)], "by all that happened");
        let delete = pb::DeleteSlaPolicyRequest { name: policy.name, ..Default::default() };
        desk.set(120, 0);
        delete_sla_policy::handle(&desk.app, acme(delete)).await.expect("removes");
        let skip = desk.events("acme").await.len();
        let none = desk.recalculate(&ticket, "").await.expect("recalculates");
        assert_eq!((none.sla_policy.as_str(), none.sla_targets.len()), ("", 0));
        let told = desk.told(skip).await;
        let expected = ["recalculated: It is urgent now", "cancelled resolution", "cancelled first_response after met"];
        assert_eq!(told, expected, "what was told is taken back");
        desk.set(9 * HOUR, 0);
        desk.wake().await;
        assert_eq!(desk.told(skip).await.len(), 3);
    }

    async fn what_is_final_or_says_no_reason_is_not_recalculated(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.asked().await;
        desk.state(&ticket, State::Closed).await.expect("closes");
        let error = desk.recalculate(&ticket, "").await.expect_err("final");
        assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "TICKET_CLOSED"));
        let silent = pb::RecalculateSlaRequest { name: "tickets/x".into(), reason: " ".into(), ..Default::default() };
        let error = recalculate_sla::handle(&desk.app, acme(silent)).await.expect_err("two mistakes");
        let fields: Vec<&str> = error.violations().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["name", "reason"]);
        let missing = pb::Ticket { name: "tickets/99".into(), ..pb::Ticket::default() };
        assert_eq!(desk.recalculate(&missing, "").await.expect_err("no such ticket").kind(), Kind::NotFound);
    }

    async fn targets_are_listed_in_pages(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.policy(usual()).await;
        let mut ticket = pb::Ticket::default();
        for turn in 0..5 {
            desk.set(turn * 100, 0);
            let results = desk.record(vec![written("mara@example.org", "1", &format!("<{turn}>"), turn * 100)]).await;
            ticket = desk.get(&results[0].ticket).await;
            desk.wait(10);
            desk.reply(&ticket, None).await;
        }
        let mut turns = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListSlaTargetsRequest { parent: ticket.name.clone(), page_size: 4, page_token };
            let page = list_sla_targets::handle(&desk.app, acme(request)).await.expect("a page");
            turns.extend(page.sla_targets.iter().map(|target| target.turn));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(turns, [0, 1, 2, 3, 4, 5]);
        let none = pb::ListSlaTargetsRequest { parent: "tickets/99".into(), ..Default::default() };
        assert_eq!(list_sla_targets::handle(&desk.app, acme(none)).await.expect_err("no such ticket").kind(), Kind::NotFound);
    }
}
