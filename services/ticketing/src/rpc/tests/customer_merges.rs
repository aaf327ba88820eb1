//! Merging customers, and undoing it.

use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::organizations::attributes;
use super::privacy::{CANARY, dump, holds};
use super::records::{milestone, of, order};
use super::*;

impl Fixture {
    pub async fn merge_customers(&self, source: &str, target: &str) -> Result<pb::MergeCustomersResponse, Error> {
        let request = pb::MergeCustomersRequest {
            source: source.into(),
            target: target.into(),
            agent: "agents/anna".into(),
            ..Default::default()
        };
        merge_customers::handle(&self.app, acme(request)).await
    }

    pub async fn unmerge_customer(&self, name: &str) -> Result<pb::UnmergeCustomerResponse, Error> {
        let request = pb::UnmergeCustomerRequest {
            name: name.into(),
            ..Default::default()
        };
        unmerge_customer::handle(&self.app, acme(request)).await
    }

    async fn merges(&self, customer: &str) -> Vec<pb::CustomerMerge> {
        let request = pb::ListCustomerMergesRequest {
            customer: customer.into(),
            ..Default::default()
        };
        list_customer_merges::handle(&self.app, acme(request))
            .await
            .expect("a page")
            .customer_merges
    }

    async fn tickets_of(&self, customer: &str) -> Vec<String> {
        let request = pb::ListTicketsRequest {
            customer: customer.into(),
            ..Default::default()
        };
        let tickets = list_tickets::handle(&self.app, acme(request))
            .await
            .expect("a page")
            .tickets;
        tickets.into_iter().map(|ticket| ticket.name).collect()
    }

    async fn lookup(&self, mail: &str) -> pb::Customer {
        let request = pb::LookupCustomerRequest {
            identity: Some(email(mail)),
        };
        lookup_customer::handle(&self.app, acme(request)).await.expect("found")
    }

    /// A customer with something of everything.
    async fn somebody(&self, who: &str) -> pb::Customer {
        let customer = pb::Customer {
            display_name: who.into(),
            identities: vec![email(&format!("{who}@example.org"))],
            attributes: attributes(&[("plan", who), (who, "only")]),
            tier: who.into(),
            ..pb::Customer::default()
        };
        let request = pb::CreateCustomerRequest {
            customer: Some(customer),
            ..Default::default()
        };
        let customer = create_customer::handle(&self.app, acme(request)).await.expect("new");
        self.record_orders(vec![of(
            &customer.name,
            pb::Order {
                note: who.into(),
                ..order("both", 1)
            },
        )])
        .await;
        self.record_orders(vec![of(
            &customer.name,
            pb::Order {
                note: who.into(),
                ..order(who, 2)
            },
        )])
        .await;
        self.record_milestones(vec![
            milestone(&customer.name, "both", 1, who),
            milestone(&customer.name, who, 2, who),
        ])
        .await;
        customer
    }
}

fn ids(orders: &[pb::Order]) -> Vec<(&str, &str)> {
    let mut ids: Vec<_> = orders
        .iter()
        .map(|order| (order.id.as_str(), order.note.as_str()))
        .collect();
    ids.sort_unstable();
    ids
}

/// What clients see but for what every change changes.
fn told(customer: &pb::Customer) -> pb::Customer {
    pb::Customer {
        etag: String::new(),
        updated_at: None,
        ..customer.clone()
    }
}

both_engines! {
    async fn two_become_one_and_two_again(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (ann, bob) = (desk.somebody("ann").await, desk.somebody("bob").await);
        let solved = desk.ticket_of(&ann).await;
        desk.state(&solved, pb::ticket::State::Closed).await.expect("closes");
        let open = desk.ticket_of(&ann).await;
        let skip = desk.kinds(0).await.len();
        let merged = desk.merge_customers(&ann.name, &bob.name).await.expect("merges");
        let merge = merged.merge.clone().expect("a merge");
        assert_eq!(merge.conflicts, ["display_name", "tier", "attributes.plan", "orders.both", "milestones.both"]);
        assert_eq!((merge.identity_count, merge.ticket_count, merge.order_count, merge.milestone_count), (1, 2, 1, 1));
        assert_eq!(merge.merged_by.as_ref().map(|actor| actor.id.as_str()), Some("agents/anna"));
        assert_eq!(
            desk.kinds(skip).await,
            ["customers_merged", "customer_updated", "ticket_updated", "ticket_updated"]
        );

        // The target has it all, with its own where both had something.
        let target = desk.get_customer(&bob.name).await;
        assert_eq!(Some(&target), merged.target.as_ref());
        assert_eq!((target.display_name.as_str(), target.tier.as_str()), ("bob", "bob"));
        assert_eq!(target.attributes, attributes(&[("plan", "bob"), ("ann", "only"), ("bob", "only")]));
        assert_eq!(desk.lookup("ann@example.org").await, target);
        assert_eq!(ids(&desk.orders(&bob.name).await), [("ann", "ann"), ("bob", "bob"), ("both", "bob")]);
        assert_eq!(desk.milestones(&bob.name).await.len(), 3);
        for (ticket, state) in [(&solved, pb::ticket::State::Closed), (&open, pb::ticket::State::New)] {
            let ticket = desk.get(&ticket.name).await;
            assert_eq!((&ticket.customer, ticket.tier.as_str(), ticket.state()), (&bob.name, "ann", state), "with the tier of its opening");
        }
        // The source is a tombstone that keeps what it was and says where to go.
        let source = desk.get_customer(&ann.name).await;
        assert_eq!((&source.merged_into, source.identities.len(), source.display_name.as_str()), (&bob.name, 0, "ann"));
        assert_eq!(ids(&desk.orders(&ann.name).await), [("both", "ann")], "what stayed");
        let list = list_customers::handle(&desk.app, acme(pb::ListCustomersRequest::default())).await.expect("a page");
        assert_eq!(list.customers, std::slice::from_ref(&target), "tombstones are not listed");

        let skip = desk.kinds(0).await.len();
        let undone = desk.unmerge_customer(&ann.name).await.expect("undone");
        assert_eq!(
            desk.kinds(skip).await,
            ["customers_unmerged", "customer_updated", "ticket_updated", "ticket_updated"]
        );
        assert_eq!((told(&desk.get_customer(&ann.name).await), told(&desk.get_customer(&bob.name).await)), (told(&ann), told(&bob)));
        assert_eq!((undone.customer.as_ref().map(told), undone.former_target.as_ref().map(told)), (Some(told(&ann)), Some(told(&bob))));
        assert_eq!(ids(&desk.orders(&ann.name).await), [("ann", "ann"), ("both", "ann")]);
        assert_eq!(ids(&desk.orders(&bob.name).await), [("bob", "bob"), ("both", "bob")]);
        assert_eq!((desk.milestones(&ann.name).await.len(), desk.milestones(&bob.name).await.len()), (2, 2));
        assert_eq!(desk.tickets_of(&ann.name).await, [open.name, solved.name]);
        assert_eq!(desk.lookup("ann@example.org").await.name, ann.name);
        let merges = desk.merges(&ann.name).await;
        assert_eq!((merges.len(), merges[0].undone_at.is_some()), (1, true));
        assert_eq!(desk.unmerge_customer(&ann.name).await.expect_err("twice").reason(), "NOT_MERGED");
    }

    /// Whoever knows the old name or the old address reaches the one that is there.
    async fn what_comes_later_finds_the_target(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (ann, bob) = (desk.somebody("ann").await, desk.somebody("bob").await);
        desk.merge_customers(&ann.name, &bob.name).await.expect("merges");
        let contact = desk.record(vec![mail("ann@example.org", "<1>")]).await.remove(0);
        assert_eq!(contact.customer, bob.name);
        assert_eq!(desk.ticket_of(&ann).await.customer, bob.name, "opened for the old name");
        let results = desk.record_orders(vec![of(&ann.name, order("new", 1)), of(&ann.name, order("both", 9))]).await;
        assert!(results.iter().all(|result| result.customer == bob.name), "{results:?}");
        assert_eq!(desk.orders(&bob.name).await.len(), 4);
        // What would change its fields is refused: they are nobody's any more.
        let update = pb::Customer { name: ann.name.clone(), display_name: "New".into(), ..Default::default() };
        let error = desk.update_customer(update, &["display_name"]).await.expect_err("a tombstone");
        assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "CUSTOMER_MERGED"));
        assert!(error.metadata().contains(&("merged_into", bob.name.clone())));

        // What came after the merge stays with the target.
        desk.unmerge_customer(&ann.name).await.expect("undone");
        assert_eq!(desk.get(&contact.ticket).await.customer, bob.name);
        assert_eq!(ids(&desk.orders(&ann.name).await), [("ann", "ann"), ("both", "ann")]);
        let next = desk.record(vec![mail("ann@example.org", "<2>")]).await.remove(0);
        assert_eq!(next.customer, ann.name);
    }

    async fn what_cannot_be_merged_is_refused_whole(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (ann, bob, eve) = (desk.somebody("ann").await, desk.somebody("bob").await, desk.somebody("eve").await);
        let nobody = format!("customers/{}", uuid::Uuid::from_u128(7));
        let request = pb::CreateCustomerRequest { customer: Some(pb::Customer::default()), ..Default::default() };
        let theirs = create_customer::handle(&desk.app, by(Tenant::One("other".into()), request)).await.expect("new").name;
        for other in [&nobody, &theirs] {
            for (source, target) in [(&ann.name, other), (other, &ann.name)] {
                let error = desk.merge_customers(source, target).await.expect_err("nobody");
                assert_eq!((error.kind(), error.message()), (Kind::NotFound, &*format!("{other} does not exist")));
            }
        }
        let error = desk.merge_customers(&ann.name, &ann.name).await.expect_err("into itself");
        assert_eq!(error.violations()[0].field, "target");
        desk.merge_customers(&ann.name, &bob.name).await.expect("merges");
        assert_eq!(desk.merge_customers(&bob.name, &ann.name).await.expect_err("a circle").reason(), "MERGE_CIRCLE");
        assert_eq!(desk.merge_customers(&ann.name, &eve.name).await.expect_err("merged already").reason(), "CUSTOMER_MERGED");
        assert_eq!(desk.merge_customers(&eve.name, &ann.name).await.expect_err("into a tombstone").reason(), "CUSTOMER_MERGED");
        let request = pb::MergeCustomersRequest {
            source: eve.name.clone(),
            target: bob.name.clone(),
            target_etag: bob.etag.clone(),
            ..Default::default()
        };
        let error = merge_customers::handle(&desk.app, acme(request)).await.expect_err("it has changed");
        assert_eq!((error.kind(), error.reason()), (Kind::Conflict, "ETAG_MISMATCH"));
        assert_eq!(desk.get_customer(&eve.name).await, eve);
        assert_eq!(desk.merges("").await.len(), 1);
        assert_eq!(desk.unmerge_customer(&eve.name).await.expect_err("never merged").reason(), "NOT_MERGED");
    }

    /// ann → bob → eve: both tombstones name eve. Undone from the middle, ann is bob's again.
    async fn chains_collapse_and_come_apart(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (ann, bob, eve) = (desk.somebody("ann").await, desk.somebody("bob").await, desk.somebody("eve").await);
        let ticket = desk.ticket_of(&ann).await;
        desk.merge_customers(&ann.name, &bob.name).await.expect("merges");
        desk.merge_customers(&bob.name, &eve.name).await.expect("merges");
        for name in [&ann.name, &bob.name] {
            assert_eq!(desk.get_customer(name).await.merged_into, eve.name);
        }
        assert_eq!(desk.merge_customers(&eve.name, &ann.name).await.expect_err("a circle").reason(), "MERGE_CIRCLE");
        assert_eq!((desk.get(&ticket.name).await.customer, desk.lookup("ann@example.org").await.name), (eve.name.clone(), eve.name.clone()));
        assert_eq!(desk.get_customer(&eve.name).await.identities.len(), 3);

        desk.unmerge_customer(&bob.name).await.expect("undone");
        assert_eq!(told(&desk.get_customer(&eve.name).await), told(&eve));
        assert_eq!(desk.get_customer(&ann.name).await.merged_into, bob.name);
        assert_eq!((desk.get(&ticket.name).await.customer, desk.lookup("ann@example.org").await.name), (bob.name.clone(), bob.name.clone()));
        desk.unmerge_customer(&ann.name).await.expect("undone");
        assert_eq!((told(&desk.get_customer(&ann.name).await), told(&desk.get_customer(&bob.name).await)), (told(&ann), told(&bob)));
        assert_eq!(desk.get(&ticket.name).await.customer, ann.name);

        // From the end: ann leaves eve, bob stays.
        desk.merge_customers(&ann.name, &bob.name).await.expect("merges");
        desk.merge_customers(&bob.name, &eve.name).await.expect("merges");
        desk.unmerge_customer(&ann.name).await.expect("undone");
        assert_eq!(told(&desk.get_customer(&ann.name).await), told(&ann));
        assert_eq!(desk.get_customer(&eve.name).await.identities.len(), 2);
        assert_eq!(desk.get(&ticket.name).await.customer, ann.name);
        desk.unmerge_customer(&bob.name).await.expect("undone");
        assert_eq!((told(&desk.get_customer(&bob.name).await), told(&desk.get_customer(&eve.name).await)), (told(&bob), told(&eve)));
        assert_eq!(desk.get(&ticket.name).await.customer, ann.name, "it is no longer bob's to take along");
        assert_eq!(desk.merges(&bob.name).await.len(), 4);
    }

    /// The log tells what is stored, whatever moved where.
    async fn the_log_tells_what_is_stored(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (ann, bob) = (desk.somebody("ann").await, desk.somebody("bob").await);
        let tickets = [desk.ticket_of(&ann).await, desk.ticket_of(&bob).await];
        desk.merge_customers(&ann.name, &bob.name).await.expect("merges");
        desk.unmerge_customer(&ann.name).await.expect("undone");
        desk.merge_customers(&bob.name, &ann.name).await.expect("the other way round");
        let mut customers = std::collections::HashMap::new();
        let mut last = std::collections::HashMap::new();
        for event in desk.events("acme").await {
            use pb::event::Payload;
            let (customer, ticket) = match event.payload.expect("a payload") {
                Payload::CustomerCreated(one) => (one.customer, None),
                Payload::CustomerUpdated(one) => (one.customer, None),
                Payload::CustomersMerged(one) => (one.target, None),
                Payload::CustomersUnmerged(one) => (one.customer, None),
                Payload::TicketCreated(one) => (None, one.ticket),
                Payload::TicketUpdated(one) => (None, one.ticket),
                _ => (None, None),
            };
            customers.extend(customer.map(|one| (one.name.clone(), one)));
            last.extend(ticket.map(|one| (one.name.clone(), one)));
        }
        for name in [&ann.name, &bob.name] {
            assert_eq!(customers[name], desk.get_customer(name).await);
        }
        for ticket in tickets {
            assert_eq!(last[&ticket.name], desk.get(&ticket.name).await);
        }
    }

    /// Merges in both directions, contacts and orders at once, from two processes: one merge wins, nothing is lost.
    async fn merging_races_with_everything(db: TestDatabase) {
        let one = Fixture::new(&db).await;
        let two = Fixture::restarted(&db, one.clock.clone()).await;
        let (ann, bob) = (one.somebody("ann").await, one.somebody("bob").await);
        let contacts = async {
            let mut results = Vec::new();
            for n in 0..10 {
                results.extend(two.record(vec![mail("ann@example.org", &format!("<{n}>"))]).await);
            }
            results
        };
        let orders = async {
            for n in 0..10 {
                let told = two.record_orders(vec![of(&ann.name, order(&format!("o{n}"), 1))]).await;
                assert!(told[0].error.is_none(), "{told:?}");
            }
        };
        let (there, back, results, ()) =
            tokio::join!(one.merge_customers(&ann.name, &bob.name), two.merge_customers(&bob.name, &ann.name), contacts, orders);
        let lost = match (there, back) {
            (Ok(_), Err(error)) | (Err(error), Ok(_)) => error,
            other => panic!("one of them wins: {other:?}"),
        };
        assert!(["MERGE_CIRCLE", "CUSTOMER_MERGED"].contains(&lost.reason()), "{lost:?}");
        let present = one.lookup("ann@example.org").await;
        assert_eq!(present.identities.len(), 2);
        for result in &results {
            assert_eq!(one.get(&result.ticket).await.customer, present.name);
        }
        let ids = ids(&one.orders(&present.name).await).len();
        assert_eq!(ids, 10 + 3, "ten new ones, ann's, bob's, and one of both");
    }

    async fn a_repeated_merge_gets_its_first_answer(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (ann, bob) = (desk.somebody("ann").await, desk.somebody("bob").await);
        let request = pb::MergeCustomersRequest { request_id: "m".into(), source: ann.name, target: bob.name, ..Default::default() };
        let first = merge_customers::handle(&desk.app, acme(request.clone())).await.expect("merges");
        let again = merge_customers::handle(&desk.app, acme(request)).await.expect("the first answer");
        assert_eq!(first, again);
    }

    /// Attributes, notes, and the identities that a tombstone keeps.
    async fn nothing_personal_lies_in_the_clear(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let customer = pb::Customer {
            display_name: CANARY.into(),
            identities: vec![email(&format!("{CANARY}@example.org"))],
            attributes: attributes(&[("plan", CANARY)]),
            ..pb::Customer::default()
        };
        let request = pb::CreateCustomerRequest { customer: Some(customer), ..Default::default() };
        let one = create_customer::handle(&desk.app, acme(request)).await.expect("new");
        let other = desk.somebody("bob").await;
        desk.record_orders(vec![of(&one.name, pb::Order { note: CANARY.into(), ..order("1", 1) })]).await;
        desk.record_milestones(vec![milestone(&one.name, "renewed", 1, CANARY)]).await;
        desk.merge_customers(&one.name, &other.name).await.expect("merges");
        desk.record_orders(vec![of(&other.name, pb::Order { note: format!("{CANARY} 2"), ..order("1", 1) })]).await;
        let told = format!("{:?}", desk.events("acme").await);
        assert!(told.contains(&format!("{CANARY} 2")), "all of it can be read");
        let all = dump(&desk.db).await;
        assert!(holds(&all, "attributes.plan"), "nothing was dumped");
        assert!(!holds(&all, CANARY), "a canary is in the clear");
    }

    /// A merge holds everybody up while it moves things: the larger one has to be the target.
    async fn what_is_too_large_to_move_stays(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (ann, bob) = (desk.somebody("ann").await, desk.somebody("bob").await);
        let batches = |size: usize, many: usize| (0..many).step_by(size).map(move |from| from..many.min(from + size));
        for batch in batches(500, 1_999) {
            desk.record_orders(batch.map(|n| of(&ann.name, order(&format!("o{n}"), 1))).collect()).await;
        }
        let error = desk.merge_customers(&ann.name, &bob.name).await.expect_err("2,001 orders");
        assert_eq!(error.reason(), "TOO_MANY_RECORDS");
        assert_eq!(told(&desk.get_customer(&ann.name).await), told(&ann), "nothing half done");
        for batch in batches(500, 2_000) {
            desk.record(batch.map(|n| mail("bob@example.org", &format!("<{n}>"))).collect()).await;
        }
        desk.merge_customers(&bob.name, &ann.name).await.expect("2,000 tickets are not too many");
        desk.unmerge_customer(&bob.name).await.expect("nor on the way back");
        desk.record(vec![mail("bob@example.org", "<one more>")]).await;
        let error = desk.merge_customers(&bob.name, &ann.name).await.expect_err("2,001 tickets");
        assert_eq!(error.reason(), "TOO_MANY_TICKETS");
    }
}
