//! Who may be one person: noted, shown, decided by people; merged by itself only where a source says so.

use pb::merge_suggestion::{Evidence, State};
use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::*;

impl Fixture {
    async fn suggestions(&self, customer: &str) -> Vec<pb::MergeSuggestion> {
        let request = pb::ListMergeSuggestionsRequest {
            customer: customer.into(),
            ..Default::default()
        };
        list_merge_suggestions::handle(&self.app, acme(request))
            .await
            .expect("a page")
            .merge_suggestions
    }

    /// A mail that names both, as sure as `verified`.
    async fn named_together(
        &self,
        id: &str,
        one: &str,
        other: &str,
        verified: bool,
        same_person: bool,
    ) -> pb::ContactResult {
        let mut contact = mail(one, id);
        contact.identities.push(email(other));
        contact
            .identities
            .iter_mut()
            .for_each(|identity| identity.verified = verified);
        contact.same_person = same_person;
        self.record(vec![contact]).await.remove(0)
    }
}

both_engines! {
    /// Never on a guess: two customers stay two until people say so, however often they are named together.
    async fn two_that_are_named_together_are_suggested_and_stay_two(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (ann, bob) = (desk.customer("ann@example.org").await, desk.customer("bob@example.org").await);
        let result = desk.named_together("<1>", "ann@example.org", "bob@example.org", false, true).await;
        assert_eq!(result.customer, ann.name);
        let linked = desk.suggestions("").await.remove(0);
        assert_eq!((linked.evidence(), linked.state(), linked.source.as_str()), (Evidence::Linked, State::Open, "email"));
        assert_eq!((&linked.older_customer, &linked.younger_customer), (&ann.name, &bob.name));
        desk.wait(5);
        desk.named_together("<2>", "bob@example.org", "ann@example.org", true, false).await;
        let both = desk.suggestions(&bob.name).await.remove(0);
        assert_eq!((both.evidence(), both.contact_count, &both.name), (Evidence::Verified, 2, &linked.name));
        // Weaker news do not weaken it.
        desk.named_together("<3>", "bob@example.org", "ann@example.org", false, false).await;
        assert_eq!(desk.suggestions("").await[0].evidence(), Evidence::Verified);
        assert_eq!(desk.suggestions(&desk.customer("eve@example.org").await.name).await, []);
        crate::merge_vouched::tick(&desk.app.store).await.expect("looks");
        for customer in [&ann, &bob] {
            let present = desk.get_customer(&customer.name).await;
            assert_eq!((present.identities.len(), present.merged_into.as_str()), (1, ""));
        }

        let dismiss = pb::DismissMergeSuggestionRequest { name: both.name.clone(), ..Default::default() };
        let told = dismiss_merge_suggestion::handle(&desk.app, acme(dismiss.clone())).await.expect("dismissed");
        assert_eq!(told.state(), State::Dismissed);
        // Decided is decided, whatever comes later.
        desk.named_together("<4>", "ann@example.org", "bob@example.org", true, true).await;
        crate::merge_vouched::tick(&desk.app.store).await.expect("looks");
        assert_eq!(desk.suggestions("").await, []);
        assert_eq!(desk.get_customer(&bob.name).await.merged_into, "");
        let theirs = by(Tenant::One("other".into()), dismiss);
        let error = dismiss_merge_suggestion::handle(&desk.app, theirs).await.expect_err("not theirs");
        assert_eq!(error.kind(), Kind::NotFound);
    }

    /// The source vouches, and every identity that says so was verified before: the younger goes into the older.
    async fn a_source_that_vouches_makes_one_of_two(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let (ann, bob) = (desk.customer("ann@example.org").await, desk.customer("bob@example.org").await);
        let result = desk.named_together("<1>", "bob@example.org", "ann@example.org", true, true).await;
        assert_eq!(result.customer, bob.name, "the contact waits for no merge");
        crate::merge_vouched::tick(&desk.app.store).await.expect("merges");
        assert_eq!(desk.get_customer(&bob.name).await.merged_into, ann.name);
        assert_eq!(desk.get(&result.ticket).await.customer, ann.name);
        assert_eq!(desk.suggestions("").await, []);
        let merges = pb::ListCustomerMergesRequest::default();
        let merge = list_customer_merges::handle(&desk.app, acme(merges)).await.expect("a page").customer_merges.remove(0);
        assert_eq!(merge.merged_by.map(|actor| actor.id), Some("merge_suggestions".to_owned()));

        // Undone by people it stays undone.
        desk.unmerge_customer(&bob.name).await.expect("undone");
        desk.named_together("<2>", "bob@example.org", "ann@example.org", true, true).await;
        crate::merge_vouched::tick(&desk.app.store).await.expect("looks");
        assert_eq!(desk.get_customer(&bob.name).await.merged_into, "");
        assert_eq!(desk.suggestions("").await, []);
    }

    async fn what_a_source_cannot_vouch_for_is_left_to_people(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let crm = |id: &str| pb::Identity { kind: pb::identity::Kind::External.into(), value: format!("crm:{id}"), verified: true };
        let make = |mail: &str, identity: pb::Identity| {
            let customer = pb::Customer { identities: vec![email(mail), identity], ..Default::default() };
            create_customer::handle(&desk.app, acme(pb::CreateCustomerRequest { customer: Some(customer), ..Default::default() }))
        };
        // Two records of one and the same CRM are two customers there.
        let ann = make("ann@example.org", crm("1")).await.expect("new");
        make("bob@example.org", crm("2")).await.expect("new");
        desk.named_together("<1>", "ann@example.org", "bob@example.org", true, true).await;
        // Eve's address was only told, never verified: whoever knows it does not get her tickets.
        let told = pb::Identity { verified: false, ..email("eve@example.org") };
        make("old@example.org", told).await.expect("new");
        desk.named_together("<2>", "ann@example.org", "eve@example.org", true, true).await;
        crate::merge_vouched::tick(&desk.app.store).await.expect("looks");
        let open = desk.suggestions(&ann.name).await;
        let evidence: Vec<Evidence> = open.iter().map(pb::MergeSuggestion::evidence).collect();
        assert_eq!(evidence, [Evidence::Linked, Evidence::Verified]);
        assert_eq!(desk.get_customer(&ann.name).await.identities.len(), 2);
    }

    async fn merged_by_people_a_pair_is_no_longer_suggested(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ann = desk.customer("ann@example.org").await;
        let bob = desk.customer("bob@example.org").await;
        let eve = desk.customer("eve@example.org").await;
        desk.named_together("<1>", "ann@example.org", "bob@example.org", true, false).await;
        desk.named_together("<2>", "ann@example.org", "eve@example.org", true, false).await;
        let names: Vec<String> = desk.suggestions("").await.into_iter().map(|one| one.name).collect();
        assert_eq!(names.len(), 2);
        desk.merge_customers(&bob.name, &ann.name).await.expect("merges");
        assert_eq!(desk.suggestions("").await.len(), 1);
        let dismiss = pb::DismissMergeSuggestionRequest { name: names[1].clone(), ..Default::default() };
        let error = dismiss_merge_suggestion::handle(&desk.app, acme(dismiss)).await.expect_err("decided");
        assert_eq!(error.reason(), "ALREADY_MERGED");
        // A tombstone is suggested with nobody.
        desk.merge_customers(&ann.name, &eve.name).await.expect("merges");
        assert_eq!(desk.suggestions("").await, []);
    }

    /// What the source vouches for finds somebody before what it was only told.
    async fn a_verified_identity_finds_before_one_that_was_only_told(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.customer("ann@example.org").await;
        let bob = desk.customer("bob@example.org").await;
        let mut contact = mail("ann@example.org", "<1>");
        contact.identities[0].verified = false;
        contact.identities.push(email("bob@example.org"));
        assert_eq!(desk.record(vec![contact]).await[0].customer, bob.name);
    }
}
