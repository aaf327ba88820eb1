//! Splitting tickets, on real stores.

use pb::contact_result::Outcome;
use pb::ticket::State;
use pb::ticket_link::Type;
use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::links::links;
use super::merge::{answer, brief};
use super::*;
use sea_orm::ConnectionTrait as _;

impl Fixture {
    pub async fn split(
        &self,
        ticket: &str,
        messages: &[String],
        new: Option<pb::Ticket>,
    ) -> Result<pb::SplitTicketResponse, Error> {
        let request = pb::SplitTicketRequest {
            name: ticket.into(),
            messages: messages.to_vec(),
            ticket: new,
            agent: "agents/anna".into(),
            ..pb::SplitTicketRequest::default()
        };
        split_ticket::handle(&self.app, acme(request)).await
    }

    /// A ticket with four mails and a reply; their names.
    async fn long_ticket(&self) -> (pb::Ticket, Vec<String>) {
        let first = self.record(vec![answer("<1>", &[])]).await.remove(0);
        for id in ["<2>", "<3>", "<4>"] {
            self.wait(10);
            self.record(vec![answer(id, &["<1>"])]).await;
        }
        self.wait(10);
        let reply = pb::CreateMessageRequest {
            parent: first.ticket.clone(),
            message: Some(agents_message("reply")),
            ..pb::CreateMessageRequest::default()
        };
        create_message::handle(&self.app, acme(reply)).await.expect("replies");
        let names = self.messages(&first.ticket, false).await;
        (
            self.get(&first.ticket).await,
            names.into_iter().map(|message| message.name).collect(),
        )
    }
}

both_engines! {
    /// The messages move with their keys and times; the original keeps a trace; merging undoes it.
    async fn messages_move_to_a_new_ticket_and_a_merge_brings_them_back(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (ticket, messages) = desk.long_ticket().await;
        assert_eq!(ticket.first_replied_at.map(|at| at.seconds), Some(START + 40));
        desk.accept(&desk.get(&ticket.name).await, "agents/anna").await.expect("accepts");
        desk.wait(100);
        let head = desk.kinds(0).await.len();
        let new = pb::Ticket { subject: "The invoice".into(), tags: vec!["billing".into()], ..pb::Ticket::default() };
        let moved = [messages[3].clone(), messages[1].clone(), messages[1].clone()];
        let split = desk.split(&ticket.name, &moved, Some(new)).await.expect("splits");
        let (original, new) = (split.ticket.expect("the original"), split.new_ticket.expect("the new one"));
        assert_eq!((brief(&desk.get(&ticket.name).await), desk.get(&new.name).await), (original.clone(), new.clone()));
        assert_eq!((original.message_count, new.message_count), (3, 2));
        assert_eq!((original.state(), original.assignee.as_str()), (State::Open, "agents/anna"), "else as it was");
        assert_eq!((new.number, new.state(), new.generation, &new.split_from), (2, State::New, 1, &original.name));
        assert_eq!((&new.customer, new.subject.as_str(), new.channel()), (&original.customer, "The invoice", pb::Channel::Email));
        assert_eq!((new.tags.as_slice(), new.first_replied_at), (["billing".to_owned()].as_slice(), None));
        let seconds = |at: Option<prost_types::Timestamp>| at.map(|at| at.seconds);
        assert_eq!((seconds(new.opened_at), seconds(new.queue_entered_at)), (Some(START + 10), Some(START + 140)));
        assert_eq!(links(&new), [(Type::SplitFrom, original.name.as_str())]);
        assert_eq!(links(&original), [(Type::SplitInto, new.name.as_str())]);
        assert_eq!(desk.texts(&original.name, false).await, ["<1>", "<3>", "reply"]);
        assert_eq!(desk.texts(&new.name, false).await, ["<2>", "<4>"]);

        let events = desk.events("acme").await;
        assert_eq!(desk.kinds(head).await, ["ticket_created", "ticket_split"]);
        let Some(pb::event::Payload::TicketSplit(told)) = &events[head + 1].payload else { panic!("{events:?}") };
        assert_eq!((told.ticket.as_ref().map(brief), told.new_ticket.as_ref()), (Some(original.clone()), Some(&brief(&new))));
        let opener = events[head].head.as_ref().and_then(|head| head.actor.clone()).expect("somebody");
        assert_eq!(opener.id, new.customer, "who wrote it opened it");
        let listed = desk.messages(&new.name, false).await;
        let names = |messages: Vec<&String>| messages.into_iter().cloned().collect::<Vec<_>>();
        assert_eq!(
            names(told.messages.iter().map(|message| &message.name).collect()),
            names(listed.iter().map(|message| &message.name).collect())
        );
        assert_eq!(told.messages[0].actor, listed[0].actor);

        // Answers follow their message, a repeated delivery finds it where it is, and both go on counting places.
        let results = desk.record(vec![answer("<5>", &["<4>"]), answer("<6>", &["<3>"]), answer("<2>", &["<1>"])]).await;
        assert_eq!(outcomes(&results), [Outcome::Appended, Outcome::Appended, Outcome::Duplicate]);
        let where_to: Vec<&String> = results.iter().map(|result| &result.ticket).collect();
        assert_eq!(where_to, [&new.name, &original.name, &new.name]);
        assert_eq!((results[2].number, &results[2].message), (2, &listed[0].name));
        assert_eq!(desk.texts(&new.name, false).await, ["<2>", "<4>", "<5>"]);
        assert_eq!(desk.texts(&original.name, false).await, ["<1>", "<3>", "reply", "<6>"]);

        desk.merge(&original, &[&new]).await.expect("brings them back");
        assert_eq!(desk.texts(&original.name, true).await, ["<1>", "<2>", "<3>", "<4>", "reply", "<5>", "<6>"]);
    }

    /// The matter of another customer; whose reply moved along has been worked on.
    async fn a_split_may_be_another_customers(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (ticket, messages) = desk.long_ticket().await;
        let ben = desk.customer("ben@example.org").await;
        let new = pb::Ticket { customer: ben.name.clone(), queue: "billing".into(), ..pb::Ticket::default() };
        let split = desk.split(&ticket.name, &messages[3..], Some(new)).await.expect("splits");
        let (original, new) = (split.ticket.expect("the original"), split.new_ticket.expect("the new one"));
        assert_eq!((&new.customer, new.queue.as_str(), new.subject.as_str()), (&ben.name, "billing", ""));
        assert_eq!(new.state(), State::Open, "somebody has answered");
        assert_eq!(new.first_replied_at.map(|at| at.seconds), Some(START + 40));
        assert_eq!(original.first_replied_at, None, "nobody has answered what stayed");
        let kinds = desk.kinds(0).await;
        assert_eq!(kinds[kinds.len() - 3..], ["ticket_created", "ticket_state_changed", "ticket_split"]);
    }

    async fn senseless_splits_are_refused_whole(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (ticket, messages) = desk.long_ticket().await;
        let other = desk.record(vec![answer("<9>", &[])]).await.remove(0);
        let head = desk.kinds(0).await.len();
        let split = async |messages: &[String], new| desk.split(&ticket.name, messages, new).await.expect_err("refused");
        assert_eq!(split(&messages, None).await.reason(), "SPLIT_TAKES_ALL");
        for message in [&other.message, &format!("{}/messages/{}", ticket.name, uuid::Uuid::nil())] {
            let error = split(&[messages[0].clone(), message.clone()], None).await;
            assert_eq!((error.kind(), error.message()), (Kind::NotFound, format!("{message} does not exist").as_str()));
        }
        assert_eq!(split(&[], None).await.violations()[0].field, "messages");
        let wrong = split(&["x".into()], Some(pb::Ticket { customer: "y".into(), priority: 99, ..pb::Ticket::default() })).await;
        let fields: Vec<&str> = wrong.violations().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["messages[0]", "ticket.priority", "ticket.customer"]);
        let nobody = pb::Ticket { customer: format!("customers/{}", uuid::Uuid::nil()), ..pb::Ticket::default() };
        assert_eq!(split(&messages[..1], Some(nobody)).await.kind(), Kind::NotFound);
        let request = pb::SplitTicketRequest { name: ticket.name.clone(), messages: messages[..1].to_vec(), etag: "\"1\"".into(), ..Default::default() };
        let error = split_ticket::handle(&desk.app, acme(request.clone())).await.expect_err("it has changed");
        assert_eq!(error.reason(), "ETAG_MISMATCH");
        let theirs = by(Tenant::One("other".into()), request);
        assert_eq!(split_ticket::handle(&desk.app, theirs).await.expect_err("not theirs").kind(), Kind::NotFound);
        desk.state(&ticket, State::Closed).await.expect("closes");
        assert_eq!(split(&messages[..1], None).await.reason(), "TICKET_CLOSED");
        assert_eq!(desk.kinds(head).await, ["ticket_state_changed"]);
        assert_eq!(desk.texts(&ticket.name, false).await.len(), 5);
    }
}

/// Destroys the key of a ticket, as an erasure does.
async fn destroy_key(desk: &Fixture, ticket: &str) {
    use vorrang_database::Engine;
    let id = ticket.trim_start_matches("tickets/");
    let which = match desk.db.engine() {
        Engine::Sqlite => format!("hex(id) = upper('{}')", id.replace('-', "")),
        Engine::Postgres => format!("id = '{id}'"),
    };
    let tx = desk.db.begin().await.expect("begins");
    let sql = format!("DELETE FROM personal_keys WHERE {which}");
    assert_eq!(
        tx.conn().execute_unprepared(&sql).await.expect("runs").rows_affected(),
        1
    );
    tx.commit().await.expect("commits");
}

impl Fixture {
    /// Of each event that told of a message: the ticket's subject, the message's text, and whether each is erased.
    async fn words_told(&self) -> Vec<(String, bool, String, bool)> {
        let mut told = Vec::new();
        for event in self.events("acme").await {
            if let Some(pb::event::Payload::MessageCreated(created)) = event.payload {
                let (ticket, message) = (created.ticket.expect("a ticket"), created.message.expect("a message"));
                told.push((ticket.subject, ticket.erased, message.text, message.erased));
            }
        }
        told
    }
}

fn told(of: [(&str, bool, &str, bool); 5]) -> Vec<(String, bool, String, bool)> {
    of.map(|(subject, ticket, text, message)| (subject.into(), ticket, text.into(), message))
        .into()
}

/// Messages of one customer's ticket move to another customer's, and one of them once more; then the key of either is destroyed.
async fn erase_after_splits(db: &TestDatabase, of_the_first: bool) {
    let desk = Fixture::new(db).await;
    let (ticket, messages) = desk.long_ticket().await;
    let ben = desk.customer("ben@example.org").await;
    let new = pb::Ticket {
        customer: ben.name.clone(),
        subject: "Mine".into(),
        ..pb::Ticket::default()
    };
    let split = desk
        .split(&ticket.name, &messages[1..2], Some(new))
        .await
        .expect("splits");
    let new = split.new_ticket.expect("the new one");
    let later = pb::CreateMessageRequest {
        parent: new.name.clone(),
        message: Some(agents_message("later")),
        ..pb::CreateMessageRequest::default()
    };
    create_message::handle(&desk.app, acme(later)).await.expect("answers");
    let whole = [
        ("Help", false, "<1>", false),
        ("Help", false, "<2>", false),
        ("Help", false, "<3>", false),
        ("Help", false, "<4>", false),
        ("Help", false, "reply", false),
    ];
    assert_eq!(
        desk.words_told().await[..5],
        told(whole),
        "nobody who reads the log sees a difference"
    );
    let moved = desk.messages(&new.name, false).await[0].name.clone();
    let third = pb::Ticket {
        customer: ben.name,
        ..pb::Ticket::default()
    };
    let split = desk
        .split(&new.name, &[moved], Some(third))
        .await
        .expect("splits again");
    let third = split.new_ticket.expect("a third one");
    assert_eq!(desk.words_told().await[..5], told(whole));
    let (gone, left, expected) = if of_the_first {
        let mut expected = whole.map(|_| ("", true, "", true));
        expected[1] = ("", true, "<2>", false);
        (ticket.name, third.name, expected)
    } else {
        let mut expected = whole;
        expected[1] = ("Help", false, "", true);
        (third.name, ticket.name, expected)
    };
    destroy_key(&desk, &gone).await;
    let desk = Fixture::restarted(db, desk.clock).await;
    assert_eq!(desk.words_told().await[..5], told(expected));
    let messages = desk.messages(&left, false).await;
    assert!(
        messages
            .iter()
            .all(|message| !message.erased && !message.text.is_empty()),
        "{messages:?}"
    );
}

both_engines! {
    /// What moved to another customer's ticket is erased with that one, in the log too.
    async fn whom_messages_moved_to_can_be_erased(db: TestDatabase) {
        erase_after_splits(&db, false).await;
    }

    /// What moved to another customer's ticket outlives the erasure of the first one.
    async fn whom_messages_moved_from_can_be_erased(db: TestDatabase) {
        erase_after_splits(&db, true).await;
    }
}
