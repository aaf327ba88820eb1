//! The dry run says what would be, and does nothing.

use pb::test_automation_request::{Newest, On, What};
use pb::test_automation_response::{Result as Told, Verdict};
use pb::ticket::State;
use vorrang_testkit::both_engines;

use super::*;

impl Fixture {
    pub async fn test(&self, what: What, on: On) -> Result<Vec<Told>, Error> {
        let request = pb::TestAutomationRequest {
            what: Some(what),
            on: Some(on),
        };
        Ok(test_automation::handle(&self.app, acme(request)).await?.results)
    }

    pub async fn test_one(&self, what: pb::Automation, ticket: &pb::Ticket) -> Told {
        self.test(What::Definition(what), On::Ticket(ticket.name.clone()))
            .await
            .expect("says")
            .remove(0)
    }
}

both_engines! {
    async fn the_dry_run_says_what_the_real_run_then_does(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.asked().await;
        let one = automation(
            on(&[Event::StateChanged]),
            "state = PENDING",
            vec![
                tag("waits"),
                reply("Hello {{customer.name|there}}"),
                Action::Notify(pb::ticket_action::Notify { agents: vec!["agents/anna".into()], ..Default::default() }),
                Action::ApplyMacro(desk.try_macro(vec![act(become_state(State::Open))]).await.expect("a macro").name),
            ],
        );
        let not_yet = desk.test_one(one.clone(), &ticket).await;
        assert_eq!((not_yet.verdict(), not_yet.false_parts.as_slice()), (Verdict::ConditionFalse, &["state = PENDING".to_owned()][..]));
        desk.state(&ticket, State::Pending).await.expect("waits");
        let events = desk.events("acme").await.len();
        let told = desk.test_one(one.clone(), &ticket).await;
        assert_eq!(told.verdict(), Verdict::Applied);
        assert_eq!(told.changed_fields, ["state", "tags"]);
        assert_eq!((told.messages[0].text.as_str(), told.notified.as_slice()), ("Hello there", &["agents/anna".to_owned()][..]));
        assert_eq!(desk.events("acme").await.len(), events, "nothing was done");
        assert_eq!(desk.get(&ticket.name).await.tags.len(), 0);

        // In truth, from the same state.
        desk.state(&ticket, State::Open).await.expect("opens");
        desk.automate(one).await;
        desk.state(&ticket, State::Pending).await.expect("waits");
        desk.work().await;
        let after = desk.get(&ticket.name).await;
        let foretold = told.after.expect("what would be");
        assert_eq!((after.state(), &after.tags), (foretold.state(), &foretold.tags));
        assert_eq!((after.message_count, desk.runs(&ticket).await[0].steps.clone()), (foretold.message_count, told.steps));
    }

    async fn it_says_why_nothing_would_be_done(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (ticket, closed) = (desk.ticket().await, desk.ticket().await);
        desk.state(&closed, State::Closed).await.expect("closes");
        let tagged = |condition: &str| automation(on(&[Event::TicketCreated]), condition, vec![tag("a")]);
        let told = desk.test_one(tagged(""), &closed).await;
        assert_eq!((told.verdict(), told.reason.as_str()), (Verdict::Untouched, "TICKET_CLOSED"));
        let told = desk.test_one(automation(on(&[Event::TicketCreated]), "", vec![Action::SetQueue("default".into())]), &ticket).await;
        assert_eq!(told.verdict(), Verdict::AlreadySo);
        let waits = automation(
            Some(Trigger::OnTime(pb::automation::OnTime {
                anchor: pb::automation::Anchor::CustomerSilent.into(),
                seconds: 60,
                ..Default::default()
            })),
            "",
            vec![tag("a")],
        );
        assert_eq!(desk.test_one(waits.clone(), &ticket).await.verdict(), Verdict::NothingToWaitFor);
        desk.reply(&ticket, None).await;
        let told = desk.test_one(waits, &ticket).await;
        assert_eq!((told.verdict(), super::super::sla::second(&told.due_at)), (Verdict::Applied, Some(60)));
        let error = desk.test(What::Definition(tagged("nothing = 1")), On::Ticket(ticket.name.clone())).await.expect_err("wrong");
        assert_eq!(error.violations()[0].field, "definition.condition");
    }

    async fn it_looks_at_the_newest_tickets_each_apart(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mut numbers = Vec::new();
        for _ in 0..4 {
            desk.wait(10);
            numbers.push(desk.ticket().await.number);
        }
        let made = desk
            .try_automation(automation(on(&[Event::TicketCreated]), "number >= 3", vec![reply("Hello")]))
            .await
            .expect("makes");
        let newest = |count, from, to| On::Newest(Newest { count, opened_from: from, opened_to: to });
        let at = super::super::sla::at;
        let what = || What::Automation(made.name.clone());
        let told = desk.test(what(), newest(3, None, None)).await.expect("says");
        let seen: Vec<(i64, Verdict)> = told.iter().map(|one| (one.number, one.verdict())).collect();
        assert_eq!(seen, [(4, Verdict::Applied), (3, Verdict::Applied), (2, Verdict::ConditionFalse)]);
        let told = desk.test(what(), newest(100, at(10), at(30))).await.expect("says");
        assert_eq!(told.iter().map(|one| one.number).collect::<Vec<_>>(), [2, 1]);
        for wrong in [newest(0, None, None), newest(101, None, None), newest(1, at(30), at(10))] {
            assert!(desk.test(what(), wrong).await.is_err());
        }
        assert!(desk.told_runs().await.is_empty());
    }
}
