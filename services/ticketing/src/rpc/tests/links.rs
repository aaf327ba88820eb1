//! Links between tickets, on real stores.

use pb::ticket::State;
use pb::ticket_link::Type;
use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::merge::brief;
use super::*;

impl Fixture {
    pub async fn link(&self, from: &pb::Ticket, kind: Type, to: &pb::Ticket) -> Result<pb::LinkTicketsResponse, Error> {
        let request = pb::LinkTicketsRequest {
            name: from.name.clone(),
            r#type: kind.into(),
            ticket: to.name.clone(),
            agent: "agents/anna".into(),
            ..pb::LinkTicketsRequest::default()
        };
        link_tickets::handle(&self.app, acme(request)).await
    }

    async fn unlink(&self, from: &pb::Ticket, kind: Type, to: &pb::Ticket) -> Result<pb::UnlinkTicketsResponse, Error> {
        let request = pb::UnlinkTicketsRequest {
            name: from.name.clone(),
            r#type: kind.into(),
            ticket: to.name.clone(),
            ..pb::UnlinkTicketsRequest::default()
        };
        unlink_tickets::handle(&self.app, acme(request)).await
    }
}

pub fn links(ticket: &pb::Ticket) -> Vec<(Type, &str)> {
    ticket
        .links
        .iter()
        .map(|link| (link.r#type(), link.ticket.as_str()))
        .collect()
}

both_engines! {
    async fn a_link_is_seen_from_both_sides(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (complaint, outage) = (desk.ticket().await, desk.ticket().await);
        let head = desk.kinds(0).await.len();
        let linked = desk.link(&complaint, Type::CausedBy, &outage).await.expect("links");
        let (from, to) = (linked.ticket.expect("one"), linked.other.expect("the other"));
        assert_eq!(links(&from), [(Type::CausedBy, outage.name.as_str())]);
        assert_eq!(links(&to), [(Type::Causes, complaint.name.as_str())]);
        assert_eq!((desk.get(&complaint.name).await, brief(&desk.get(&outage.name).await)), (from.clone(), to.clone()));
        let again = desk.link(&outage, Type::Causes, &complaint).await.expect("is so already");
        assert_eq!((again.ticket.as_ref().map(brief), again.other), (Some(to.clone()), Some(brief(&from))));
        let events = desk.events("acme").await;
        assert_eq!(events.len(), head + 1, "nothing changed the second time");
        let Some(pb::event::Payload::TicketLinked(told)) = &events[head].payload else { panic!("{events:?}") };
        assert_eq!((told.ticket.as_ref(), told.other.as_ref(), told.r#type()), (Some(&from), Some(&to), Type::CausedBy));

        desk.state(&outage, State::Closed).await.expect("closes");
        desk.link(&complaint, Type::RelatesTo, &outage).await.expect("closed ones too");
        let unlinked = desk.unlink(&outage, Type::Causes, &complaint).await.expect("from either side");
        assert_eq!(links(&unlinked.ticket.expect("one")), [(Type::RelatesTo, complaint.name.as_str())]);
        assert_eq!(links(&desk.get(&complaint.name).await), [(Type::RelatesTo, outage.name.as_str())]);
        let error = desk.unlink(&complaint, Type::CausedBy, &outage).await.expect_err("gone");
        assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "NOT_LINKED"));
        assert_eq!(desk.kinds(head + 1).await, ["ticket_state_changed", "ticket_linked", "ticket_unlinked"]);
    }

    /// Nothing is its own reason, however long the way round is; what only relates may go round.
    async fn links_that_mean_something_make_no_circle(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mut tickets = Vec::new();
        for _ in 0..5 {
            tickets.push(desk.ticket().await);
        }
        for pair in tickets.windows(2) {
            desk.link(&pair[0], Type::CausedBy, &pair[1]).await.expect("links");
            desk.link(&pair[1], Type::DuplicatedBy, &pair[0]).await.expect("links");
            desk.link(&pair[0], Type::RelatesTo, &pair[1]).await.expect("links");
        }
        let (first, last) = (&tickets[0], &tickets[4]);
        for (from, kind, to) in [
            (last, Type::CausedBy, first),
            (first, Type::Causes, last),
            (last, Type::Duplicates, first),
            (first, Type::DuplicatedBy, last),
            (&tickets[1], Type::CausedBy, first),
        ] {
            let error = desk.link(from, kind, to).await.expect_err("closes a circle");
            assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "LINK_CIRCLE"), "{kind:?}");
        }
        desk.link(last, Type::RelatesTo, first).await.expect("may go round");
        desk.link(first, Type::CausedBy, last).await.expect("a short cut is no circle");
    }

    async fn senseless_links_are_refused(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (one, two) = (desk.ticket().await, desk.ticket().await);
        let error = desk.link(&one, Type::RelatesTo, &pb::Ticket { name: "tickets/1".into(), ..one.clone() }).await;
        assert_eq!(error.expect_err("by its number, too").reason(), "LINK_TO_ITSELF");
        for kind in [Type::Unspecified, Type::FollowUpOf, Type::FollowedUpBy, Type::SplitFrom, Type::SplitInto] {
            let error = desk.link(&one, kind, &two).await.expect_err("not by hand");
            assert_eq!((error.kind(), error.violations()[0].field.as_str()), (Kind::Invalid, "type"), "{kind:?}");
            assert_eq!(desk.unlink(&one, kind, &two).await.expect_err("not by hand").kind(), Kind::Invalid);
        }
        let request = pb::LinkTicketsRequest { name: "x".into(), r#type: 99, agent: "anna".into(), ..Default::default() };
        let error = link_tickets::handle(&desk.app, acme(request)).await.expect_err("four mistakes");
        let fields: Vec<&str> = error.violations().iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["name", "type", "type", "ticket", "agent"]);
        let nobody = pb::Ticket { name: format!("tickets/{}", uuid::Uuid::nil()), ..pb::Ticket::default() };
        assert_eq!(desk.link(&one, Type::RelatesTo, &nobody).await.expect_err("not there").kind(), Kind::NotFound);
        let request = pb::LinkTicketsRequest { name: one.name.clone(), r#type: 1, ticket: two.name, ..Default::default() };
        let theirs = by(Tenant::One("other".into()), request);
        assert_eq!(link_tickets::handle(&desk.app, theirs).await.expect_err("not theirs").kind(), Kind::NotFound);
        assert_eq!(desk.kinds(4).await, Vec::<String>::new());
    }

    /// A reply to a closed ticket begins a follow-up; both say so.
    async fn a_follow_up_is_seen_from_both_sides(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let first = desk.record(vec![mail("mara@example.org", "<1>")]).await.remove(0);
        let closed = desk.get(&first.ticket).await;
        desk.state(&closed, State::Closed).await.expect("closes");
        let head = desk.kinds(0).await.len();
        let reply = pb::InboundContact { reference_keys: vec!["mail:<1>".into()], ..mail("mara@example.org", "<2>") };
        let second = desk.record(vec![reply]).await.remove(0);
        let (closed, follow_up) = (desk.get(&first.ticket).await, desk.get(&second.ticket).await);
        assert_eq!(links(&follow_up), [(Type::FollowUpOf, closed.name.as_str())]);
        assert_eq!(links(&closed), [(Type::FollowedUpBy, follow_up.name.as_str())]);
        assert_eq!((closed.state(), &follow_up.follow_up_of), (State::Closed, &closed.name));
        assert_eq!(desk.kinds(head).await, ["ticket_created", "ticket_linked", "message_created"]);
    }
}
