//! Retention: what is erased when, and what is not.

use pb::retention_policy::Rule;
use pb::retention_policy::rule::Action;
use pb::ticket::State;
use vorrang_testkit::{TestDatabase, both_engines};

use super::attachments::{download, upload};
use super::privacy::{CANARY, canary_mail};
use super::*;
use crate::retention;

const DAY: i64 = 86_400;

fn rule(action: Action, days: i32) -> Rule {
    Rule {
        action: action.into(),
        days,
        channels: Vec::new(),
    }
}

impl Fixture {
    async fn set_rules(&self, rules: Vec<Rule>) -> pb::RetentionPolicy {
        let request = pb::UpdateRetentionPolicyRequest {
            retention_policy: Some(pb::RetentionPolicy {
                rules,
                ..pb::RetentionPolicy::default()
            }),
            ..pb::UpdateRetentionPolicyRequest::default()
        };
        update_retention_policy::handle(&self.app, acme(request))
            .await
            .expect("set")
    }

    async fn previewed(&self, rules: Vec<Rule>) -> Vec<i32> {
        let request = pb::PreviewRetentionRequest { rules };
        let preview = preview_retention::handle(&self.app, acme(request))
            .await
            .expect("previewed");
        preview.effects.iter().map(|effect| effect.tickets).collect()
    }

    async fn retain(&self) {
        retention::tick(&self.app.store, &self.app.objects)
            .await
            .expect("applied");
    }

    /// A ticket by mail that was closed now.
    async fn closed(&self, id: &str) -> pb::ContactResult {
        let contact = pb::InboundContact {
            reference_keys: Vec::new(),
            ..canary_mail(id)
        };
        let recorded = self.record(vec![contact]).await.remove(0);
        self.state(&self.get(&recorded.ticket).await, State::Closed)
            .await
            .expect("closes");
        recorded
    }
}

both_engines! {
    async fn texts_go_when_their_time_has_come_and_facts_stay(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let old = desk.closed("1").await;
        desk.wait(10 * DAY);
        let young = desk.closed("2").await;
        let open = desk.record(vec![pb::InboundContact { reference_keys: Vec::new(), ..canary_mail("3") }]).await.remove(0);
        desk.set_rules(vec![rule(Action::EraseTexts, 30)]).await;
        desk.wait(20 * DAY - 1);
        desk.retain().await;
        assert!(!desk.get(&old.ticket).await.erased, "a second too early");
        desk.wait(1);
        let before = desk.events("acme").await;
        let was = desk.get(&old.ticket).await;
        assert_eq!(desk.previewed(Vec::new()).await, [1]);
        desk.retain().await;
        let is = desk.get(&old.ticket).await;
        assert_eq!((is.subject.as_str(), is.erased), ("", true));
        assert_eq!((is.message_count, is.solve_count, is.opened_at, is.state()), (was.message_count, was.solve_count, was.opened_at, State::Closed));
        for kept in [&young, &open] {
            assert_eq!(desk.get(&kept.ticket).await.subject, "kanarienvogel-subject");
        }
        let after = desk.events("acme").await;
        assert_eq!(desk.kinds(before.len()).await, ["ticket_texts_erased"]);
        let about = |events: &[pb::Event]| {
            let of_old = events.iter().filter(|event| event.head.as_ref().is_some_and(|head| head.subject == old.ticket));
            format!("{:?}", of_old.collect::<Vec<_>>()).matches(CANARY).count()
        };
        assert!(about(&before) > 0);
        assert_eq!(about(&after), 0, "the log has lost them, too");
        assert!(format!("{after:?}").contains(CANARY), "of the others it has not");
        // The customer was not erased, and a reply to the old conversation is a new one.
        let again = desk.record(vec![canary_mail("4")]).await.remove(0);
        assert_eq!((&again.customer, again.outcome()), (&old.customer, pb::contact_result::Outcome::Created));
        assert_eq!(desk.get(&again.ticket).await.follow_up_of, "");
        desk.retain().await;
        assert_eq!(desk.events("acme").await.iter().filter(|event| event.head.as_ref().is_some_and(|head| head.r#type == "ticket_texts_erased")).count(), 1);
    }

    async fn a_preview_changes_nothing(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.closed("1").await;
        desk.closed("2").await;
        desk.wait(5 * DAY);
        let before = desk.events("acme").await.len();
        let chat = Rule { channels: vec![pb::Channel::Chat.into()], ..rule(Action::EraseTexts, 1) };
        let mails = Rule { channels: vec![pb::Channel::Email.into(), pb::Channel::Chat.into()], ..rule(Action::EraseTexts, 1) };
        let rules = vec![rule(Action::EraseTexts, 5), rule(Action::EraseTexts, 6), chat, mails, rule(Action::EraseAttachments, 1)];
        assert_eq!(desk.previewed(rules).await, [2, 0, 0, 2, 2]);
        desk.retain().await;
        assert_eq!(desk.events("acme").await.len(), before);
    }

    async fn attachments_go_before_texts(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        let (first, second) = (desk.ticket_of(&mara).await, desk.ticket_of(&mara).await);
        let (shared, own) = (
            upload(&desk, &mara.name, b"in both").await.expect("stored"),
            upload(&desk, &mara.name, b"in one").await.expect("stored"),
        );
        for (ticket, files) in [(&first, vec![shared.clone(), own.clone()]), (&second, vec![shared.clone()])] {
            let message = pb::Message { attachments: files, ..agents_message("see the files") };
            let request = pb::CreateMessageRequest { parent: ticket.name.clone(), message: Some(message), ..pb::CreateMessageRequest::default() };
            create_message::handle(&desk.app, acme(request)).await.expect("written");
        }
        desk.state(&first, State::Closed).await.expect("closes");
        desk.set_rules(vec![rule(Action::EraseAttachments, 30)]).await;
        desk.wait(30 * DAY);
        let skip = desk.events("acme").await.len();
        desk.retain().await;
        assert_eq!(desk.kinds(skip).await, ["ticket_attachments_erased"]);
        assert_eq!(download(&desk, &own.name, 0, 0).await.expect_err("gone").kind(), vorrang_error::Kind::NotFound);
        assert_eq!(download(&desk, &shared.name, 0, 0).await.expect("another ticket has it"), b"in both");
        assert_eq!(desk.disk.all().await.len(), 1);
        let list = pb::ListMessagesRequest { parent: first.name.clone(), ..pb::ListMessagesRequest::default() };
        let messages = list_messages::handle(&desk.app, acme(list)).await.expect("listed").messages;
        assert_eq!(messages[0].text, "see the files");
        assert_eq!(messages[0].attachments[1].name, "");
        desk.retain().await;
        assert_eq!(desk.kinds(skip).await.len(), 1, "once");
    }

    /// At whatever remove; and an object that cannot be deleted now waits for its next try alone.
    async fn attachments_of_merged_tickets_go_too(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        let (first, second, third) = (desk.ticket_of(&mara).await, desk.ticket_of(&mara).await, desk.ticket_of(&mara).await);
        for text in [b"one", b"two"] {
            let file = upload(&desk, &mara.name, text).await.expect("stored");
            let message = pb::Message { attachments: vec![file], ..agents_message("see the file") };
            let request = pb::CreateMessageRequest { parent: first.name.clone(), message: Some(message), ..pb::CreateMessageRequest::default() };
            create_message::handle(&desk.app, acme(request)).await.expect("written");
        }
        desk.merge(&second, &[&desk.get(&first.name).await]).await.expect("merges");
        desk.merge(&third, &[&desk.get(&second.name).await]).await.expect("merges");
        let end = desk.get(&third.name).await;
        desk.state(&end, State::Closed).await.expect("closes");
        desk.set_rules(vec![rule(Action::EraseAttachments, 30)]).await;
        desk.wait(30 * DAY);
        assert_eq!(desk.previewed(Vec::new()).await, [1]);
        desk.disk.refuse_deletes(1);
        retention::tick(&desk.app.store, &desk.app.objects).await.expect_err("one is left");
        assert_eq!(desk.disk.all().await.len(), 1);
        desk.retain().await;
        assert_eq!(desk.disk.all().await.len(), 0);
        assert_eq!(desk.previewed(Vec::new()).await, [0]);
    }

    async fn a_legal_hold_keeps_everything(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let held = desk.closed("1").await;
        let hold = pb::SetLegalHoldRequest {
            legal_hold: Some(pb::LegalHold { name: format!("{}/legalHold", held.customer), ..pb::LegalHold::default() }),
            ..pb::SetLegalHoldRequest::default()
        };
        set_legal_hold::handle(&desk.app, acme(hold)).await.expect("held");
        desk.set_rules(vec![rule(Action::EraseTexts, 1)]).await;
        desk.wait(2 * DAY);
        assert_eq!(desk.previewed(Vec::new()).await, [0]);
        desk.retain().await;
        assert!(!desk.get(&held.ticket).await.erased);
        let clear = pb::ClearLegalHoldRequest { name: format!("{}/legalHold", held.customer), ..pb::ClearLegalHoldRequest::default() };
        clear_legal_hold::handle(&desk.app, acme(clear)).await.expect("ended");
        desk.retain().await;
        assert!(desk.get(&held.ticket).await.erased);
    }

    /// What was theirs is the target's now: the hold goes on over it.
    async fn a_legal_hold_outlasts_a_merge(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let held = desk.closed("1").await;
        let hold = pb::SetLegalHoldRequest {
            legal_hold: Some(pb::LegalHold { name: format!("{}/legalHold", held.customer), ..pb::LegalHold::default() }),
            ..pb::SetLegalHoldRequest::default()
        };
        set_legal_hold::handle(&desk.app, acme(hold)).await.expect("held");
        let target = desk.customer("other@example.org").await;
        desk.merge_customers(&held.customer, &target.name).await.expect("merges");
        assert_eq!(desk.get(&held.ticket).await.customer, target.name);
        desk.set_rules(vec![rule(Action::EraseTexts, 1), rule(Action::EraseAttachments, 1)]).await;
        desk.wait(2 * DAY);
        assert_eq!(desk.previewed(Vec::new()).await, [0, 0]);
        desk.retain().await;
        assert!(!desk.get(&held.ticket).await.erased);
        let clear = pb::ClearLegalHoldRequest { name: format!("{}/legalHold", held.customer), ..pb::ClearLegalHoldRequest::default() };
        clear_legal_hold::handle(&desk.app, acme(clear)).await.expect("ended");
        desk.retain().await;
        assert!(desk.get(&held.ticket).await.erased);
    }

    /// More than one step's worth, and another tenant without rules.
    async fn it_goes_on_until_nothing_is_left_to_do(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let contacts = (0..250).map(|index| mail(&format!("{index}@example.org"), &format!("<{index}>"))).collect();
        let recorded = desk.record(contacts).await;
        let tx = desk.db.begin().await.expect("begins");
        sea_orm::ConnectionTrait::execute_unprepared(tx.conn(), "UPDATE tickets SET state = 'CLOSED', queue_entered_at = NULL").await.expect("closed");
        tx.commit().await.expect("commits");
        let theirs = pb::RecordContactsRequest { contacts: vec![mail("x@example.org", "<x>")] };
        record_contacts::handle(&desk.app, by(Tenant::One("globex".into()), theirs)).await.expect("recorded");
        desk.set_rules(vec![rule(Action::EraseTexts, 1)]).await;
        desk.wait(DAY);
        desk.retain().await;
        for one in [&recorded[0], &recorded[249]] {
            assert!(desk.get(&one.ticket).await.erased);
        }
        assert_eq!(desk.kinds(0).await.iter().filter(|kind| *kind == "ticket_texts_erased").count(), 250);
        assert!(desk.events("globex").await.iter().all(|event| event.head.as_ref().is_some_and(|head| head.r#type != "ticket_texts_erased")));
    }

    async fn a_policy_is_changed_by_whoever_has_seen_it(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let get = || get_retention_policy::handle(&desk.app, acme(pb::GetRetentionPolicyRequest {}));
        let none = get().await.expect("read");
        assert_eq!((none.rules.len(), none.updated_at), (0, None));
        let set = desk.set_rules(vec![rule(Action::EraseTexts, 30)]).await;
        assert_eq!(get().await.expect("read"), set);
        let stale = pb::UpdateRetentionPolicyRequest {
            retention_policy: Some(pb::RetentionPolicy { etag: none.etag, ..pb::RetentionPolicy::default() }),
            ..pb::UpdateRetentionPolicyRequest::default()
        };
        assert_eq!(update_retention_policy::handle(&desk.app, acme(stale)).await.expect_err("stale").reason(), "ETAG_MISMATCH");
        let wrong = pb::RetentionPolicy {
            rules: vec![rule(Action::Unspecified, 0), Rule { channels: vec![0], ..rule(Action::EraseTexts, 36_501) }],
            name: "another".into(),
            ..pb::RetentionPolicy::default()
        };
        let wrong = pb::UpdateRetentionPolicyRequest { retention_policy: Some(wrong), ..pb::UpdateRetentionPolicyRequest::default() };
        let error = update_retention_policy::handle(&desk.app, acme(wrong)).await.expect_err("wrong");
        let fields: Vec<&str> = error.violations().iter().map(|violation| violation.field.trim_start_matches("retention_policy.")).collect();
        assert_eq!(fields, ["name", "rules[0].action", "rules[0].days", "rules[1].days", "rules[1].channels[0]"]);
        let nothing = update_retention_policy::handle(&desk.app, acme(pb::UpdateRetentionPolicyRequest::default())).await;
        assert_eq!(nothing.expect_err("nothing").violations()[0].field, "retention_policy");
    }
}
