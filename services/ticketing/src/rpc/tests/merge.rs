//! Merging and unmerging, on real stores.

use pb::contact_result::Outcome;
use pb::ticket::State;
use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::*;

impl Fixture {
    pub async fn merge(&self, target: &pb::Ticket, sources: &[&pb::Ticket]) -> Result<pb::MergeTicketsResponse, Error> {
        let request = pb::MergeTicketsRequest {
            target: target.name.clone(),
            sources: sources.iter().map(|source| source.name.clone()).collect(),
            agent: "agents/anna".into(),
            ..pb::MergeTicketsRequest::default()
        };
        merge_tickets::handle(&self.app, acme(request)).await
    }

    pub async fn unmerge(&self, ticket: &pb::Ticket) -> Result<pb::UnmergeTicketResponse, Error> {
        let request = pb::UnmergeTicketRequest {
            name: ticket.name.clone(),
            agent: "agents/anna".into(),
            ..pb::UnmergeTicketRequest::default()
        };
        unmerge_ticket::handle(&self.app, acme(request)).await
    }

    /// The texts of a conversation, or of the ticket's own messages, over pages of two.
    pub async fn texts(&self, ticket: &str, include_merged: bool) -> Vec<String> {
        self.messages(ticket, include_merged)
            .await
            .into_iter()
            .map(|message| message.text)
            .collect()
    }

    pub async fn messages(&self, ticket: &str, include_merged: bool) -> Vec<pb::Message> {
        let mut all = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListMessagesRequest {
                parent: ticket.into(),
                page_size: 2,
                page_token,
                include_merged,
                after: String::new(),
            };
            let page = list_messages::handle(&self.app, acme(request)).await.expect("a page");
            assert!(page.messages.len() <= 2);
            all.extend(page.messages);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return all;
            }
        }
    }

    /// The tickets of a list, by number.
    async fn listed(&self, request: pb::ListTicketsRequest) -> Vec<i64> {
        let page = list_tickets::handle(&self.app, acme(request)).await.expect("a page");
        page.tickets.iter().map(|ticket| ticket.number).collect()
    }
}

/// A mail of Mara's that answers to others.
pub fn answer(id: &str, references: &[&str]) -> pb::InboundContact {
    pb::InboundContact {
        message: Some(pb::Message {
            text: id.into(),
            ..pb::Message::default()
        }),
        reference_keys: references.iter().map(|id| format!("mail:{id}")).collect(),
        ..mail("mara@example.org", id)
    }
}

/// A ticket as it is told beside another one.
pub fn brief(ticket: &pb::Ticket) -> pb::Ticket {
    pb::Ticket {
        subject: String::new(),
        ..ticket.clone()
    }
}

/// What an unmerge gives back: everything but what counts changes.
fn essence(ticket: &pb::Ticket) -> pb::Ticket {
    pb::Ticket {
        generation: 0,
        etag: String::new(),
        updated_at: None,
        ..ticket.clone()
    }
}

both_engines! {
    /// The whole round: the source leaves its queue, answers to it go to the target, the conversation is one; the undoing gives back
    /// what was, keys included.
    async fn a_merge_joins_conversations_and_an_unmerge_parts_them(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mut tickets = Vec::new();
        for id in ["<1>", "<2>", "<3>"] {
            desk.wait(10);
            let result = desk.record(vec![answer(id, &[])]).await.remove(0);
            tickets.push(desk.get(&result.ticket).await);
        }
        let [target, second, third] = &tickets[..] else { panic!("three") };
        desk.wait(10);
        let told = desk.kinds(0).await.len();
        let merged = desk.merge(target, &[second, third, second]).await.expect("merges");
        assert_eq!(merged.sources.len(), 2, "each once");
        for source in &merged.sources {
            assert_eq!((&source.merged_into, source.queue_entered_at), (&target.name, None));
            assert_eq!((source.state(), source.generation), (State::New, 2));
            assert_eq!(brief(&desk.get(&source.name).await), *source);
        }
        let after = merged.target.expect("the target");
        assert_eq!(desk.get(&target.name).await, after);
        assert_eq!((after.message_count, after.generation), (1, 1), "it goes on waiting as offered");
        assert_eq!(desk.kinds(told).await, ["ticket_merged", "ticket_merged"]);
        let late = desk.accept(second, "agents/ben").await.expect_err("it left its queue");
        assert_eq!(late.reason(), "GENERATION_CHANGED");

        desk.wait(10);
        let results = desk.record(vec![answer("<4>", &["<2>"]), answer("<5>", &["<3>"])]).await;
        assert_eq!(outcomes(&results), [Outcome::Appended; 2]);
        assert!(results.iter().all(|result| result.ticket == target.name));
        assert_eq!(desk.texts(&target.name, true).await, ["<1>", "<2>", "<3>", "<4>", "<5>"]);
        assert_eq!(desk.texts(&target.name, false).await, ["<1>", "<4>", "<5>"]);
        assert_eq!(desk.texts(&second.name, true).await, ["<2>"]);
        let names: Vec<bool> = desk
            .messages(&target.name, true)
            .await
            .iter()
            .map(|message| message.name.starts_with(&target.name))
            .collect();
        assert_eq!(names, [true, false, false, true, true], "each names its ticket");

        desk.wait(10);
        let unmerged = desk.unmerge(second).await.expect("unmerges");
        let second_after = unmerged.ticket.expect("the source");
        assert_eq!(essence(&second_after), essence(second), "as it was, waiting since when it had waited");
        assert_eq!(desk.get(&second.name).await, second_after);
        assert_eq!(desk.texts(&target.name, true).await, ["<1>", "<3>", "<4>", "<5>"], "what was written to it meanwhile stays");
        let results = desk.record(vec![answer("<6>", &["<2>"]), answer("<7>", &["<3>"]), answer("<8>", &["<4>"])]).await;
        let where_to: Vec<&String> = results.iter().map(|result| &result.ticket).collect();
        assert_eq!(where_to, [&second.name, &target.name, &target.name]);
        assert_eq!(desk.kinds(told + 4).await, ["ticket_unmerged", "message_created", "message_created", "message_created"]);
        assert_eq!(desk.unmerge(second).await.expect_err("again").reason(), "NOT_MERGED");
    }

    /// State, assignee and an agent's work survive being merged; whoever touches a merged ticket is told where to go.
    async fn a_merged_ticket_takes_nothing_by_hand_and_says_where_to_go(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        let (source, middle, last) = (desk.ticket_of(&mara).await, desk.ticket_of(&mara).await, desk.ticket_of(&mara).await);
        desk.accept(&source, "agents/anna").await.expect("accepts");
        desk.state(&source, State::Pending).await.expect("parks");
        let before = desk.get(&source.name).await;
        desk.merge(&middle, &[&source]).await.expect("merges");
        let merged = desk.merge(&last, &[&middle]).await.expect("merges on");
        assert_eq!(merged.target.expect("the target").name, last.name);

        let assign = pb::AssignTicketRequest { name: source.name.clone(), agent: "agents/ben".into(), ..Default::default() };
        let update = pb::UpdateTicketRequest {
            ticket: Some(pb::Ticket { name: source.name.clone(), subject: "Other".into(), ..pb::Ticket::default() }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["subject".into()] }),
            ..Default::default()
        };
        let message = pb::CreateMessageRequest {
            parent: source.name.clone(),
            message: Some(agents_message("Hello")),
            ..Default::default()
        };
        let other = desk.ticket_of(&mara).await;
        let link = pb::LinkTicketsRequest {
            name: other.name.clone(),
            r#type: pb::ticket_link::Type::RelatesTo.into(),
            ticket: source.name.clone(),
            ..Default::default()
        };
        let refused = [
            desk.state(&source, State::Solved).await.map(drop),
            assign_ticket::handle(&desk.app, acme(assign)).await.map(drop),
            update_ticket::handle(&desk.app, acme(update)).await.map(drop),
            create_message::handle(&desk.app, acme(message)).await.map(drop),
            link_tickets::handle(&desk.app, acme(link)).await.map(drop),
        ];
        for result in refused {
            let error = result.expect_err("part of another");
            assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "TICKET_MERGED"));
            assert!(error.metadata().contains(&("merged_into", middle.name.clone())), "{error:?}");
            assert!(error.metadata().contains(&("target", last.name.clone())), "{error:?}");
        }
        let head = desk.kinds(0).await.len();
        let after = desk.unmerge(&source).await.expect("unmerges");
        assert_eq!(essence(&after.ticket.expect("the source")), essence(&before));
        assert_eq!(after.target.expect("the last").name, last.name, "it left that conversation");
        let events = desk.events("acme").await;
        let Some(pb::event::Payload::TicketUnmerged(told)) = &events[head].payload else { panic!("{events:?}") };
        assert_eq!(told.merged_into, middle.name);
        let actor = events[head].head.as_ref().and_then(|head| head.actor.clone()).expect("somebody");
        assert_eq!(actor.id, "agents/anna");
    }

    async fn senseless_merges_are_refused_whole(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        let mut tickets = Vec::new();
        for _ in 0..4 {
            tickets.push(desk.ticket_of(&mara).await);
        }
        let [one, two, three, closed] = &tickets[..] else { panic!("four") };
        let strange = desk.ticket().await;
        desk.state(closed, State::Closed).await.expect("closes");
        desk.merge(two, &[one]).await.expect("merges");
        desk.merge(three, &[two]).await.expect("merges on");
        let head = desk.kinds(0).await.len();
        for (target, sources, reason) in [
            (two, vec![two], "MERGE_INTO_ITSELF"),
            (one, vec![two], "MERGE_CIRCLE"),
            (one, vec![three], "MERGE_CIRCLE"),
            (closed, vec![three], "TICKET_CLOSED"),
            (three, vec![closed], "TICKET_CLOSED"),
            (three, vec![&strange], "DIFFERENT_CUSTOMERS"),
            (&strange, vec![three], "DIFFERENT_CUSTOMERS"),
        ] {
            let error = desk.merge(target, &sources).await.expect_err(reason);
            assert_eq!((error.kind(), error.reason()), (Kind::Precondition, reason));
        }
        // By number it is the same ticket all the same.
        let request = pb::MergeTicketsRequest { target: "tickets/2".into(), sources: vec![two.name.clone()], ..Default::default() };
        let error = merge_tickets::handle(&desk.app, acme(request)).await.expect_err("itself");
        assert_eq!(error.reason(), "MERGE_INTO_ITSELF");
        let request = pb::MergeTicketsRequest { target: "x".into(), agent: "anna".into(), ..Default::default() };
        let error = merge_tickets::handle(&desk.app, acme(request)).await.expect_err("three mistakes");
        assert_eq!(error.violations().len(), 3);
        let nobody = pb::Ticket { name: format!("tickets/{}", uuid::Uuid::nil()), ..pb::Ticket::default() };
        for (target, source) in [(three, &nobody), (&nobody, three)] {
            let error = desk.merge(target, &[source]).await.expect_err("not there");
            assert_eq!((error.kind(), error.message()), (Kind::NotFound, format!("{} does not exist", nobody.name).as_str()));
        }
        // One good source does not come through beside a bad one.
        let good = desk.ticket_of(&mara).await;
        let error = desk.merge(three, &[&good, closed]).await.expect_err("one is closed");
        assert_eq!(error.reason(), "TICKET_CLOSED");
        assert_eq!(desk.get(&good.name).await, good);
        assert_eq!(desk.kinds(head).await, ["ticket_created"], "nothing else happened");

        let request = pb::MergeTicketsRequest {
            target: three.name.clone(),
            sources: vec![strange.name.clone()],
            across_customers: true,
            etag: "\"1\"".into(),
            ..Default::default()
        };
        let error = merge_tickets::handle(&desk.app, acme(request.clone())).await.expect_err("the target has changed");
        assert_eq!(error.reason(), "ETAG_MISMATCH");
        let request = pb::MergeTicketsRequest { etag: String::new(), ..request };
        merge_tickets::handle(&desk.app, acme(request.clone())).await.expect("is meant");
        let theirs = by(Tenant::One("other".into()), request);
        assert_eq!(merge_tickets::handle(&desk.app, theirs).await.expect_err("not theirs").kind(), Kind::NotFound);
    }

    /// What waits for us makes the target wait for us; the repeat of the call gets the first answer.
    async fn a_merge_wakes_a_solved_target(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        let (target, source) = (desk.ticket_of(&mara).await, desk.ticket_of(&mara).await);
        desk.state(&target, State::Solved).await.expect("solves");
        let head = desk.kinds(0).await.len();
        let request = pb::MergeTicketsRequest {
            request_id: "m-1".into(),
            target: target.name.clone(),
            sources: vec![source.name.clone()],
            ..Default::default()
        };
        let first = merge_tickets::handle(&desk.app, acme(request.clone())).await.expect("merges");
        let woken = first.target.clone().expect("the target");
        assert_eq!((woken.state(), woken.generation), (State::Open, 2));
        assert!(woken.queue_entered_at.is_some());
        assert_eq!(desk.kinds(head).await, ["ticket_merged", "ticket_state_changed", "ticket_queued"]);
        desk.state(&target, State::Closed).await.expect("closes");
        let again = merge_tickets::handle(&desk.app, acme(request)).await.expect("the first answer");
        assert_eq!(again, first);

        // A reply to the source of a closed target begins a follow-up of that target.
        let undone = desk.unmerge(&source).await.expect("also from a closed one");
        assert_eq!(undone.target.expect("the target").state(), State::Closed);
        assert_eq!(undone.ticket.expect("the source").state(), State::New);
    }

    /// First response is read over the whole conversation, and again without what has left it.
    async fn first_response_follows_the_conversation(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        // Opened by an agent: nobody has asked anything here.
        let target = desk.ticket_of(&mara).await;
        desk.wait(60);
        let source = desk.record(vec![answer("<1>", &[])]).await.remove(0);
        let source = desk.get(&source.ticket).await;
        desk.merge(&target, &[&source]).await.expect("merges");
        desk.wait(60);
        let reply = pb::CreateMessageRequest {
            parent: target.name.clone(),
            message: Some(agents_message("Hello")),
            ..Default::default()
        };
        create_message::handle(&desk.app, acme(reply)).await.expect("replies");
        let after = desk.get(&target.name).await;
        assert_eq!(after.first_replied_at.map(|at| at.seconds), Some(START + 120), "to what was asked in the source");
        let undone = desk.unmerge(&source).await.expect("unmerges");
        assert_eq!(undone.target.expect("the target").first_replied_at, None);
        assert_eq!(undone.ticket.expect("the source").first_replied_at, None, "the reply names the target");
        let merged = desk.merge(&target, &[&source]).await.expect("merges again");
        assert_eq!(merged.target.expect("the target").first_replied_at.map(|at| at.seconds), Some(START + 120));
    }

    async fn lists_leave_merged_tickets_out_unless_asked(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        let (one, two, three) = (desk.ticket_of(&mara).await, desk.ticket_of(&mara).await, desk.ticket_of(&mara).await);
        desk.merge(&two, &[&one]).await.expect("merges");
        desk.merge(&three, &[&two]).await.expect("merges on");
        assert_eq!(desk.listed(Default::default()).await, [3]);
        assert_eq!(desk.listed(pb::ListTicketsRequest { show_merged: true, ..Default::default() }).await, [3, 2, 1]);
        let parts = |of: &str| pb::ListTicketsRequest { merged_into: of.into(), ..Default::default() };
        assert_eq!(desk.listed(parts("tickets/3")).await, [2, 1], "directly or through others");
        assert_eq!(desk.listed(parts(&two.name)).await, [1]);
        assert!(desk.listed(parts(&one.name)).await.is_empty());
        let error = list_tickets::handle(&desk.app, acme(parts("tickets/9"))).await.expect_err("not there");
        assert_eq!(error.kind(), Kind::NotFound);
        let page = list_queued_tickets::handle(&desk.app, acme(Default::default())).await.expect("a page");
        assert_eq!(page.tickets.iter().map(|ticket| ticket.number).collect::<Vec<_>>(), [3], "routing's rebuild");
    }

    /// As long as a conversation can still be read whole, and no longer.
    async fn a_chain_has_an_end(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        let mut last = desk.ticket_of(&mara).await;
        let first = last.clone();
        for _ in 0..20 {
            let next = desk.ticket_of(&mara).await;
            desk.merge(&next, &[&last]).await.expect("merges on");
            last = next;
        }
        let next = desk.ticket_of(&mara).await;
        let error = desk.merge(&next, &[&last]).await.expect_err("one too many");
        assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "MERGE_TOO_LARGE"));
        let error = desk.state(&first, State::Open).await.expect_err("merged");
        assert!(error.metadata().contains(&("target", last.name.clone())), "all the way: {error:?}");
        assert!(desk.get(&last.name).await.merged_into.is_empty(), "nothing half done");
        desk.check_history().await;
    }

    /// Re-merging, chains and follow-ups: keys lead to the last ticket, and home again.
    async fn keys_lead_along_chains_and_home_again(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mut tickets = Vec::new();
        for id in ["<1>", "<2>", "<3>"] {
            let result = desk.record(vec![answer(id, &[])]).await.remove(0);
            tickets.push(desk.get(&result.ticket).await);
        }
        let [one, two, three] = &tickets[..] else { panic!("three") };
        desk.merge(two, &[one]).await.expect("merges");
        desk.merge(three, &[two]).await.expect("merges on");
        let to = async |id: &str, references: &[&str]| desk.record(vec![answer(id, references)]).await.remove(0).ticket;
        assert_eq!(to("<4>", &["<1>"]).await, three.name);
        desk.merge(three, &[one]).await.expect("merges again, directly");
        let told = desk.kinds(0).await;
        assert_eq!(told[told.len() - 2..], ["ticket_unmerged", "ticket_merged"], "it left the one for the other");
        desk.unmerge(two).await.expect("unmerges");
        assert_eq!((to("<5>", &["<1>"]).await, to("<6>", &["<2>"]).await), (three.name.clone(), two.name.clone()));

        desk.state(three, State::Closed).await.expect("closes");
        let follow_up = to("<7>", &["<1>"]).await;
        assert_eq!(desk.get(&follow_up).await.follow_up_of, three.name);
        assert_eq!(to("<8>", &["<1>"]).await, follow_up, "one follow-up, not one a reply");
        desk.unmerge(one).await.expect("unmerges");
        assert_eq!(to("<9>", &["<1>"]).await, one.name, "its customer reaches it again");
        assert_eq!(to("<10>", &["<7>"]).await, follow_up);
    }
}
