//! Messages and surveys.

use pb::ticket::State;
use vorrang_testkit::both_engines;

use super::*;

impl Fixture {
    async fn add(
        &self,
        ticket: &pb::Ticket,
        message: pb::Message,
        etag: &str,
    ) -> Result<pb::CreateMessageResponse, Error> {
        let request = pb::CreateMessageRequest {
            parent: ticket.name.clone(),
            message: Some(message),
            etag: etag.into(),
            ..pb::CreateMessageRequest::default()
        };
        create_message::handle(&self.app, acme(request)).await
    }

    async fn answer(&self, ticket: &pb::Ticket, score: i32, solve: i32) -> Result<pb::SurveyAnswer, Error> {
        self.answer_at(ticket, score, solve, None).await
    }

    async fn answer_at(
        &self,
        ticket: &pb::Ticket,
        score: i32,
        solve: i32,
        answered_at: Option<prost_types::Timestamp>,
    ) -> Result<pb::SurveyAnswer, Error> {
        let request = pb::AnswerSurveyRequest {
            ticket: ticket.name.clone(),
            survey: "csat".into(),
            score,
            solve,
            answered_at,
            ..pb::AnswerSurveyRequest::default()
        };
        answer_survey::handle(&self.app, acme(request)).await
    }
}

fn at(second: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp {
        seconds: START + second,
        nanos: 0,
    })
}

/// By a caller who may read tickets.
fn reading<T>(message: T) -> Request<T> {
    let mut request = acme(message);
    let caller = request.extensions_mut().get_mut::<Caller>().expect("somebody calls");
    caller.scopes = Scopes::of(&[
        vorrang_identity::Scope::TicketsRead,
        vorrang_identity::Scope::TicketsWrite,
    ]);
    request
}

/// The newest message among the details of the status that a client gets.
fn newest(error: Error) -> Option<pb::Message> {
    let status = vorrang_service::status(error);
    let all = tonic_types::Status::decode(status.details()).expect("details");
    let any = all
        .details
        .iter()
        .find(|any| any.type_url == "type.googleapis.com/vorrang.ticketing.v1.Message")?;
    Some(pb::Message::decode(any.value.as_slice()).expect("a message"))
}

fn field(error: &Error) -> &str {
    &error.violations()[0].field
}

both_engines! {
    async fn a_reply_opens_a_new_ticket_and_a_note_does_not(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        let note = pb::Message { visibility: pb::message::Visibility::Internal.into(), ..agents_message("note") };
        let after = desk.add(&ticket, note, "").await.expect("notes").ticket.expect("with it");
        assert_eq!(after.state(), State::New);
        let answer = desk.add(&ticket, agents_message("Hello"), "").await.expect("replies");
        let after = answer.ticket.expect("with it");
        assert_eq!((after.state(), after.message_count), (State::Open, 2));
        assert_eq!(desk.get(&ticket.name).await, after);
        let message = answer.message.expect("as stored");
        assert!(message.name.starts_with(&format!("{}/messages/", ticket.name)));
        assert_eq!(desk.kinds(2).await, ["message_created", "message_created", "ticket_state_changed"]);
    }

    /// The second of two answers at once learns what the first one was.
    async fn the_second_answer_at_once_is_refused_with_the_first(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        let first = desk.add(&ticket, agents_message("First"), &ticket.etag).await.expect("replies");
        let error = desk.add(&ticket, agents_message("Second"), &ticket.etag).await.expect_err("too late");
        assert_eq!(error.reason(), "ETAG_MISMATCH");
        let name = first.message.expect("as stored").name;
        assert!(error.metadata().iter().any(|(key, value)| *key == "newest_message" && *value == name));
        assert_eq!(desk.get(&ticket.name).await.message_count, 1);
    }

    /// Twelve agents answer the same question at once: one does, eleven learn what it said, and nobody's words are lost when they answer again.
    async fn twelve_agents_at_once_learn_of_each_other(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        let answer = async |agent: usize, etag: String| {
            let text = format!("{agent}: {}", "ä".repeat(1_000));
            let message = pb::Message { actor: actor(feed::actor::Kind::Agent, &format!("agents/{agent}")), text, ..pb::Message::default() };
            let parent = ticket.name.clone();
            let request = pb::CreateMessageRequest { parent, message: Some(message), etag, ..pb::CreateMessageRequest::default() };
            create_message::handle(&desk.app, reading(request)).await
        };
        let answers = futures::future::join_all((0..12).map(|agent| answer(agent, ticket.etag.clone()))).await;
        let won: Vec<pb::Message> = answers.iter().flatten().filter_map(|answer| answer.message.clone()).collect();
        assert_eq!(won.len(), 1);
        for error in answers.into_iter().filter_map(Result::err) {
            assert_eq!(error.reason(), "ETAG_MISMATCH");
            let told = newest(error).expect("the winner's");
            assert_eq!((&told.name, &told.actor, told.visibility, &told.occurred_at), (&won[0].name, &won[0].actor, won[0].visibility, &won[0].occurred_at));
            let cut = told.text.strip_suffix('…').expect("the text is long");
            assert!(won[0].text.starts_with(cut) && (1_000..=1_024).contains(&told.text.len()), "{}", told.text.len());
        }
        // Each answers again until it has had its say, knowing what came before.
        let (answer, desk, ticket) = (&answer, &desk, &ticket);
        futures::future::join_all((0..12).map(|agent| async move {
            while let Err(error) = answer(agent, desk.get(&ticket.name).await.etag).await {
                assert_eq!(error.reason(), "ETAG_MISMATCH");
            }
        }))
        .await;
        assert_eq!(desk.get(&ticket.name).await.message_count, 13);
        desk.check_history().await;
    }

    /// What a caller may not read is not read to it, whatever it may write; what changed may be no message at all.
    async fn the_newest_message_is_for_those_who_may_read(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        let late = pb::CreateMessageRequest {
            parent: ticket.name.clone(),
            message: Some(agents_message("Second")),
            etag: "\"0\"".into(),
            ..pb::CreateMessageRequest::default()
        };
        let error = create_message::handle(&desk.app, reading(late.clone())).await.expect_err("too late");
        assert_eq!(newest(error), None, "nobody has written anything");
        let note = pb::Message { visibility: pb::message::Visibility::Internal.into(), ..agents_message("a secret") };
        desk.add(&ticket, note, "").await.expect("notes");
        let error = create_message::handle(&desk.app, acme(late.clone())).await.expect_err("too late");
        assert!(error.metadata().iter().any(|(key, _)| *key == "newest_message"));
        assert_eq!(newest(error), None, "it may not read tickets");
        let error = create_message::handle(&desk.app, reading(late)).await.expect_err("too late");
        assert!(!format!("{error:?} {}", error.chain()).contains("secret"), "nothing for a log");
        let told = newest(error).expect("the note");
        assert_eq!((told.text.as_str(), told.visibility()), ("a secret", pb::message::Visibility::Internal));
    }

    /// Pages of messages end at their number and at their size, and always go on.
    async fn messages_are_paged_by_number_and_size(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        for index in 0..7 {
            let text = if index == 3 { "ä".repeat(500_000) } else { index.to_string() };
            let quoted_text = if index == 4 { "x".repeat(1_000_000) } else { String::new() };
            desk.add(&ticket, pb::Message { quoted_text, ..agents_message(&text) }, "").await.expect("replies");
        }
        let big = pb::Message { quoted_text: "q".repeat(1_000_000), ..agents_message(&"t".repeat(1_000_000)) };
        desk.add(&ticket, big, "").await.expect("replies");
        let mut pages = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListMessagesRequest { parent: "tickets/1".into(), page_size: 3, page_token, ..pb::ListMessagesRequest::default() };
            let page = list_messages::handle(&desk.app, acme(request)).await.expect("a page");
            assert!(page.encoded_len() < 4 << 20);
            pages.push(page.messages.len());
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(pages, [3, 3, 2]);
        let request = pb::ListMessagesRequest { parent: "tickets/1".into(), ..pb::ListMessagesRequest::default() };
        let page = list_messages::handle(&desk.app, acme(request)).await.expect("a page");
        assert_eq!(page.messages.len(), 7, "the large one would be too much");
        assert!(!page.next_page_token.is_empty());
    }

    async fn an_answer_is_about_a_solve_and_a_second_one_replaces_the_first(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        assert_eq!(desk.answer(&ticket, 5, 0).await.expect_err("never solved").reason(), "NOT_SOLVED");
        let assign = |agent: &str| pb::AssignTicketRequest {
            name: ticket.name.clone(),
            agent: agent.into(),
            ..pb::AssignTicketRequest::default()
        };
        assign_ticket::handle(&desk.app, acme(assign("agents/anna"))).await.expect("assigns");
        desk.state(&ticket, State::Solved).await.expect("solves");
        desk.state(&ticket, State::Open).await.expect("reopens");
        assign_ticket::handle(&desk.app, acme(assign("agents/ben"))).await.expect("assigns");
        desk.state(&ticket, State::Solved).await.expect("solves again");

        let last = desk.answer(&ticket, 2, 0).await.expect("answers");
        assert_eq!((last.solve, last.agent.as_str()), (2, "agents/ben"));
        assert_eq!(last.name, format!("{}/surveyAnswers/csat-2", ticket.name));
        let first = desk.answer(&ticket, 4, 1).await.expect("answers");
        assert_eq!((first.solve, first.agent.as_str()), (1, "agents/anna"));
        desk.answer(&ticket, 5, 2).await.expect("thinks again");
        assert_eq!(desk.answer(&ticket, 5, 3).await.expect_err("no third solve").reason(), "NOT_SOLVED");
        assert_eq!(desk.answer(&ticket, 6, 1).await.expect_err("off the scale").violations()[0].field, "score");

        let events = desk.events("acme").await;
        let answers: Vec<(i32, i32, bool)> = events
            .iter()
            .filter_map(|event| match &event.payload {
                Some(pb::event::Payload::SurveyAnswered(answered)) => {
                    let answer = answered.answer.as_ref()?;
                    Some((answer.solve, answer.score, answered.replaced))
                }
                _ => None,
            })
            .collect();
        assert_eq!(answers, [(2, 2, false), (1, 4, false), (2, 5, true)]);
        let actor = events.last().and_then(|event| event.head.clone()).and_then(|head| head.actor).expect("somebody");
        assert_eq!(actor.id, ticket.customer);
    }

    /// An answer from before the question, or from before any question could be, would make the ticket's figures wrong.
    async fn a_message_is_not_older_than_its_ticket(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        desk.wait(100);
        let written = |occurred_at| pb::Message { occurred_at, ..agents_message("Hello") };
        let early = desk.add(&ticket, written(at(-1)), "").await.expect_err("older than the ticket");
        assert_eq!(field(&early), "message.occurred_at");
        let never = Some(prost_types::Timestamp { seconds: 0, nanos: 0 });
        let never = desk.add(&ticket, written(never), "").await.expect_err("a clock that was never set");
        assert_eq!(field(&never), "message.occurred_at");
        assert_eq!(desk.get(&ticket.name).await.message_count, 0);
        desk.add(&ticket, written(at(0)), "").await.expect("at once");
        let later = desk.add(&ticket, written(at(5_000)), "").await.expect("taken as now");
        assert_eq!(later.message.expect("as stored").occurred_at, at(100));
        let empty = desk.add(&ticket, agents_message(""), "").await.expect_err("nothing is said");
        assert_eq!(field(&empty), "message.text");
    }

    async fn an_answer_is_not_older_than_its_solve(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.ticket().await;
        for second in [10, 20] {
            desk.wait(5);
            desk.state(&ticket, State::Open).await.expect("opens");
            desk.wait(5);
            desk.state(&ticket, State::Solved).await.unwrap_or_else(|error| panic!("at {second}: {error}"));
        }
        let early = desk.answer_at(&ticket, 1, 2, at(19)).await.expect_err("before the second solve");
        assert_eq!(field(&early), "answered_at");
        let first = desk.answer_at(&ticket, 1, 0, at(19)).await.expect("it does not say about which");
        assert_eq!(first.solve, 1, "the solve that there was by then");
        assert_eq!(field(&desk.answer_at(&ticket, 1, 1, at(9)).await.expect_err("before the first")), "answered_at");
        assert_eq!(desk.answer_at(&ticket, 1, 1, at(19)).await.expect("after the first").answered_at, at(19));
        assert_eq!(desk.answer_at(&ticket, 1, 0, at(20)).await.expect("at once").answered_at, at(20));
    }
}
