//! Single identities, tiers with source and validity, won and left, attributes.

use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::organizations::{attributes, mask};
use super::*;

pub fn seconds(after_start: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp {
        seconds: START + after_start,
        nanos: 0,
    })
}

impl Fixture {
    pub async fn move_identity(
        &self,
        identity: pb::Identity,
        from: &str,
        to: &str,
    ) -> Result<pb::MoveIdentityResponse, Error> {
        let request = pb::MoveIdentityRequest {
            source: from.into(),
            target: to.into(),
            identity: Some(identity),
            ..Default::default()
        };
        move_identity::handle(&self.app, acme(request)).await
    }
}

both_engines! {
    async fn an_identity_is_verified_and_unverified(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        let unverify = pb::UnverifyIdentityRequest {
            name: mara.name.clone(),
            identity: Some(email("MARA@example.org")),
            etag: mara.etag.clone(),
            ..Default::default()
        };
        let changed = unverify_identity::handle(&desk.app, acme(unverify.clone())).await.expect("changes");
        assert!(!changed.identities[0].verified);
        let late = unverify_identity::handle(&desk.app, acme(unverify)).await.expect_err("an old etag");
        assert_eq!(late.reason(), "ETAG_MISMATCH");
        let verify = |mail: &str| {
            let request = pb::VerifyIdentityRequest { name: mara.name.clone(), identity: Some(email(mail)), ..Default::default() };
            verify_identity::handle(&desk.app, acme(request))
        };
        assert!(verify("mara@example.org").await.expect("changes").identities[0].verified);
        let skip = desk.kinds(0).await.len();
        verify("mara@example.org").await.expect("the same again");
        assert_eq!(desk.kinds(skip).await, Vec::<String>::new());
        assert_eq!(verify("ben@example.org").await.expect_err("nobody has it").kind(), Kind::NotFound);
        desk.customer("ben@example.org").await;
        assert_eq!(verify("ben@example.org").await.expect_err("somebody else has it").kind(), Kind::NotFound);
    }

    async fn an_identity_moves_only_from_who_has_it(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let first = desk.record(vec![mail("mara@example.org", "<1>")]).await.remove(0);
        let ben = desk.customer("ben@example.org").await;
        let third = desk.customer("third@example.org").await;
        let shared = || email("mara@example.org");
        let error = desk.move_identity(shared(), &third.name, &ben.name).await.expect_err("the third has it not");
        assert_eq!(error.kind(), Kind::NotFound);
        let error = desk.move_identity(shared(), &ben.name, &ben.name).await.expect_err("to itself");
        assert_eq!(error.violations()[0].field, "target");
        let skip = desk.kinds(0).await.len();
        let moved = desk.move_identity(shared(), &first.customer, &ben.name).await.expect("moves");
        assert_eq!(moved.source.expect("there").identities, []);
        assert_eq!(moved.target.expect("there").identities, [email("ben@example.org"), email("mara@example.org")]);
        assert_eq!(desk.kinds(skip).await, ["customer_updated", "customer_updated"]);
        // The next contact is Ben's, the earlier ticket stays where it was.
        let next = desk.record(vec![mail("mara@example.org", "<2>")]).await.remove(0);
        assert_eq!(next.customer, ben.name);
        assert_eq!(desk.get(&first.ticket).await.customer, first.customer);
    }

    async fn a_tier_has_a_source_and_an_end(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        assert_eq!((mara.tier.as_str(), mara.tier_source.as_str()), ("standard", "default"));
        let say = |tier: &str, source: &str, until: Option<i64>| {
            let customer = pb::Customer {
                name: mara.name.clone(),
                tier: tier.into(),
                tier_source: source.into(),
                tier_valid_until: until.and_then(seconds),
                ..Default::default()
            };
            desk.update_customer(customer, &["tier"])
        };
        let told = say("VIP", "", Some(60)).await.expect("changes");
        assert_eq!((told.tier.as_str(), told.tier_source.as_str(), told.tier_valid_until), ("vip", "manual", seconds(60)));
        // A source is passed over while the hand's word holds, by an update as by a contact.
        let told = say("gold", "crm", None).await.expect("answers what holds");
        assert_eq!((told.tier.as_str(), told.tier_source.as_str()), ("vip", "manual"));
        let mut push = mail("mara@example.org", "<1>");
        push.tier = "gold".into();
        let first = desk.record(vec![push.clone()]).await.remove(0);
        assert_eq!(desk.get(&first.ticket).await.tier, "vip");

        // Nothing runs; only time goes by. What was written before the end is judged by when it was written.
        desk.wait(60);
        assert_eq!(desk.get_customer(&mara.name).await.tier, "standard");
        assert_eq!(desk.ticket_of(&mara).await.tier, "standard");
        let mut late = mail("mara@example.org", "<2>");
        late.message.as_mut().expect("a message").occurred_at = seconds(59);
        let late = desk.record(vec![late]).await.remove(0);
        assert_eq!(desk.get(&late.ticket).await.tier, "vip");

        push.external_id = "<3>".into();
        let third = desk.record(vec![push]).await.remove(0);
        assert_eq!(desk.get(&third.ticket).await.tier, "gold");
        let told = desk.get_customer(&mara.name).await;
        assert_eq!((told.tier.as_str(), told.tier_source.as_str(), told.tier_valid_until), ("gold", "email", None));
        let told = say("", "", None).await.expect("taken away");
        assert_eq!((told.tier.as_str(), told.tier_source.as_str()), ("standard", "default"));
    }

    async fn impossible_tiers_and_dates_are_refused(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        let with = |customer: pb::Customer, paths: &'static [&'static str]| {
            let customer = pb::Customer { name: mara.name.clone(), ..customer };
            let desk = &desk;
            async move { desk.update_customer(customer, paths).await.expect_err("refused").violations()[0].field.clone() }
        };
        let tier = pb::Customer { tier: "vip".into(), tier_source: "default".into(), ..Default::default() };
        assert_eq!(with(tier, &["tier"]).await, "customer.tier_source");
        let none = pb::Customer { tier_valid_until: seconds(5), ..Default::default() };
        assert_eq!(with(none, &["tier"]).await, "customer.tier_valid_until");
        let left = pb::Customer { left_at: seconds(5), ..Default::default() };
        assert_eq!(with(left.clone(), &["left_at"]).await, "customer.left_at");
        let before = pb::Customer { won_at: seconds(6), ..left };
        assert_eq!(with(before.clone(), &["won_at", "left_at"]).await, "customer.left_at");
        let old = pb::Customer { won_at: Some(prost_types::Timestamp { seconds: 5, nanos: 0 }), ..Default::default() };
        assert_eq!(with(old, &["won_at"]).await, "customer.won_at");
        let owner = pb::Customer { owner: "Anna".into(), ..Default::default() };
        assert_eq!(with(owner, &["owner"]).await, "customer.owner");
        assert_eq!(with(pb::Customer::default(), &["tier_source"]).await, "update_mask");
        let request = pb::CreateCustomerRequest { customer: Some(before), ..Default::default() };
        let error = create_customer::handle(&desk.app, acme(request)).await.expect_err("refused");
        assert_eq!(error.violations()[0].field, "customer.left_at");
        assert_eq!(desk.get_customer(&mara.name).await, mara, "nothing half done");
    }

    /// Who was a customer at any time can be told from the last event alone.
    async fn a_customer_is_won_leaves_and_is_won_again(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        assert_eq!((mara.won_at, mara.left_at), (None, None), "to write is not to be won");
        let name = || pb::Customer { name: mara.name.clone(), ..Default::default() };
        desk.update_customer(pb::Customer { won_at: seconds(10), ..name() }, &["won_at"]).await.expect("won");
        desk.update_customer(pb::Customer { left_at: seconds(20), ..name() }, &["left_at"]).await.expect("left");
        let again = pb::Customer { won_at: seconds(30), ..name() };
        desk.update_customer(again.clone(), &["won_at"]).await.expect("won again");
        let told = desk.update_customer(again, &["won_at"]).await.expect("the same again");
        assert_eq!((told.won_at, told.left_at), (seconds(30), None));
        assert_eq!(told.earlier_periods, [pb::CustomerPeriod { won_at: seconds(10), left_at: seconds(20) }]);
        let last = desk.events("acme").await.pop().expect("events");
        let Some(pb::event::Payload::CustomerUpdated(event)) = last.payload else { panic!("an update") };
        assert_eq!(event.customer, Some(told.clone()));
        assert_eq!(desk.get_customer(&mara.name).await, told);
    }

    async fn two_systems_keep_attributes_side_by_side(db: TestDatabase) {
        use pb::attribute_value::Value;
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        let value = |value: Value| pb::AttributeValue { value: Some(value) };
        let write = |key: &str, given: Value| {
            let attributes = [(key.to_owned(), value(given))].into();
            let customer = pb::Customer { name: mara.name.clone(), attributes, ..Default::default() };
            let path = format!("attributes.{key}");
            let desk = &desk;
            async move { desk.update_customer(customer, &[&path]).await.expect("changes") }
        };
        let seen = Value::Time(prost_types::Timestamp { seconds: START, nanos: 5_000 });
        tokio::join!(
            write("plan", Value::Text("gold".into())),
            write("seats", Value::Number(0.1)),
            write("trial", Value::Boolean(false)),
            write("seen", seen.clone()),
        );
        let told = desk.get_customer(&mara.name).await;
        let expected = [("plan", Value::Text("gold".into())), ("seats", Value::Number(0.1)), ("seen", seen), ("trial", Value::Boolean(false))];
        let expected: std::collections::BTreeMap<_, _> =
            expected.into_iter().map(|(key, one)| (key.to_owned(), value(one))).collect();
        assert_eq!(told.attributes, expected);
        // Named and not given: it goes. All at once: what is not given goes.
        let one = pb::Customer { name: mara.name.clone(), ..Default::default() };
        let told = desk.update_customer(one, &["attributes.plan"]).await.expect("changes");
        assert_eq!(told.attributes.len(), 3);
        let all = pb::Customer { name: mara.name.clone(), attributes: attributes(&[("only", "this")]), ..Default::default() };
        let told = desk.update_customer(all, &["attributes"]).await.expect("changes");
        assert_eq!(told.attributes, attributes(&[("only", "this")]));
    }

    async fn attributes_that_cannot_be_kept_are_refused(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        let number = |number: f64| pb::AttributeValue { value: Some(pb::attribute_value::Value::Number(number)) };
        let mut wrong = attributes(&[("A", "x"), ("nul", "a\0b")]);
        wrong.insert("nan".into(), number(f64::NAN));
        wrong.insert("none".into(), pb::AttributeValue::default());
        let customer = pb::Customer { name: mara.name.clone(), attributes: wrong, ..Default::default() };
        let error = desk.update_customer(customer, &["attributes"]).await.expect_err("refused");
        let mut fields: Vec<&str> = error.violations().iter().map(|one| one.field.as_str()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["customer.attributes", "customer.attributes.nan", "customer.attributes.none", "customer.attributes.nul"]);
        let many = (0..101).map(|n| (format!("k{n}"), number(1.0))).collect();
        let customer = pb::Customer { name: mara.name.clone(), attributes: many, ..Default::default() };
        let error = desk.update_customer(customer, &["attributes"]).await.expect_err("refused");
        assert_eq!(error.violations()[0].field, "customer.attributes");
        let request = pb::UpdateCustomerRequest {
            customer: Some(pb::Customer { name: mara.name, ..Default::default() }),
            update_mask: mask(&["attributes.*"]),
            ..Default::default()
        };
        let error = update_customer::handle(&desk.app, acme(request)).await.expect_err("no such path");
        assert_eq!(error.violations()[0].field, "update_mask");
    }
}
