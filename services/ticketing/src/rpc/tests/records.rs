//! Orders and milestones that CRMs and shops tell.

use pb::order::Status;
use pb::record_result::Outcome;
use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::identities::seconds;
use super::*;

pub fn order(id: &str, amount: i64) -> pb::Order {
    pb::Order {
        id: id.into(),
        amount,
        currency: "EUR".into(),
        ordered_at: seconds(-100),
        ..pb::Order::default()
    }
}

pub fn of(customer: &str, order: pb::Order) -> pb::record_orders_request::Item {
    pb::record_orders_request::Item {
        customer: customer.into(),
        order: Some(order),
        ..Default::default()
    }
}

pub fn milestone(customer: &str, name: &str, at: i64, note: &str) -> pb::record_milestones_request::Item {
    pb::record_milestones_request::Item {
        customer: customer.into(),
        milestone: Some(pb::Milestone {
            name: name.into(),
            at: seconds(at),
            note: note.into(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

pub fn contact_made(customer: &str, id: &str, at: i64, reason: &str) -> pb::record_proactive_contacts_request::Item {
    pb::record_proactive_contacts_request::Item {
        customer: customer.into(),
        contact: Some(pb::ProactiveContact {
            id: id.into(),
            reason: reason.into(),
            at: seconds(at),
            ..Default::default()
        }),
        ..Default::default()
    }
}

impl Fixture {
    pub async fn record_orders(&self, items: Vec<pb::record_orders_request::Item>) -> Vec<pb::RecordResult> {
        let request = pb::RecordOrdersRequest {
            source: "shop".into(),
            items,
            ..Default::default()
        };
        record_orders::handle(&self.app, acme(request))
            .await
            .expect("recorded")
            .results
    }

    pub async fn record_milestones(&self, items: Vec<pb::record_milestones_request::Item>) -> Vec<pb::RecordResult> {
        let request = pb::RecordMilestonesRequest {
            source: "crm".into(),
            items,
            ..Default::default()
        };
        record_milestones::handle(&self.app, acme(request))
            .await
            .expect("recorded")
            .results
    }

    pub async fn orders(&self, customer: &str) -> Vec<pb::Order> {
        let request = pb::ListOrdersRequest {
            parent: customer.into(),
            ..Default::default()
        };
        list_orders::handle(&self.app, acme(request))
            .await
            .expect("a page")
            .orders
    }

    pub async fn milestones(&self, customer: &str) -> Vec<pb::Milestone> {
        let request = pb::ListMilestonesRequest {
            parent: customer.into(),
            ..Default::default()
        };
        list_milestones::handle(&self.app, acme(request))
            .await
            .expect("a page")
            .milestones
    }

    pub async fn record_contacts_made(
        &self,
        items: Vec<pb::record_proactive_contacts_request::Item>,
    ) -> Vec<pb::RecordResult> {
        let request = pb::RecordProactiveContactsRequest {
            source: "crm".into(),
            items,
            ..Default::default()
        };
        record_proactive_contacts::handle(&self.app, acme(request))
            .await
            .expect("recorded")
            .results
    }

    pub async fn contacts_made(&self, customer: &str) -> Vec<pb::ProactiveContact> {
        let request = pb::ListProactiveContactsRequest {
            parent: customer.into(),
            ..Default::default()
        };
        list_proactive_contacts::handle(&self.app, acme(request))
            .await
            .expect("a page")
            .proactive_contacts
    }

    async fn values(&self, customer: &str) -> Vec<pb::LifetimeValue> {
        let request = pb::GetLifetimeValuesRequest { name: customer.into() };
        get_lifetime_values::handle(&self.app, acme(request))
            .await
            .expect("values")
            .lifetime_values
    }
}

fn told(results: &[pb::RecordResult]) -> Vec<Outcome> {
    results.iter().map(pb::RecordResult::outcome).collect()
}

fn code(result: &pb::RecordResult) -> tonic::Code {
    result.error.as_ref().map_or(tonic::Code::Ok, |error| error.code.into())
}

both_engines! {
    async fn proactive_contacts_are_recorded_once_and_follow_a_merge(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await.name;
        let ben = desk.customer("ben@example.org").await.name;
        let ticket = desk.ticket().await.name;
        let mut late = contact_made(&mara, "1", -50, "late parcel");
        late.contact.as_mut().expect("one").ticket.clone_from(&ticket);
        let other = contact_made(&ben, "1", -40, "contract ends");
        let skip = desk.kinds(0).await.len();
        let results = desk.record_contacts_made(vec![late.clone(), other, late.clone()]).await;
        assert_eq!(told(&results), [Outcome::Created, Outcome::Created, Outcome::Unchanged]);
        assert_eq!(desk.kinds(skip).await, ["proactive_contact_recorded"; 2]);
        let event = desk.events("acme").await.pop().expect("one");
        let head = event.head.expect("a head");
        assert_eq!(head.occurred_at, seconds(-40), "when it was made");

        // Told anew: the words change, when it was and about what stays.
        let moved = pb::ProactiveContact { at: seconds(-10), reason: "parcel lost".into(), ..Default::default() };
        let moved = pb::record_proactive_contacts_request::Item { contact: Some(pb::ProactiveContact { id: "1".into(), ..moved }), ..late };
        assert_eq!(told(&desk.record_contacts_made(vec![moved]).await), [Outcome::Updated]);
        let stored = desk.contacts_made(&mara).await.remove(0);
        assert_eq!((stored.reason.as_str(), stored.at, stored.ticket), ("parcel lost", seconds(-50), ticket));

        let merge = pb::MergeCustomersRequest { source: ben, target: mara.clone(), agent: "agents/anna".into(), ..Default::default() };
        merge_customers::handle(&desk.app, acme(merge)).await.expect("merged");
        let reasons: Vec<String> = desk.contacts_made(&mara).await.into_iter().map(|one| one.reason).collect();
        assert_eq!(reasons, ["contract ends", "parcel lost"]);

        let bad = pb::record_proactive_contacts_request::Item {
            contact: Some(pb::ProactiveContact { ticket: "tickets/7".into(), agent: "anna".into(), ..Default::default() }),
            ..Default::default()
        };
        let result = desk.record_contacts_made(vec![bad]).await.remove(0);
        assert_eq!(code(&result), tonic::Code::InvalidArgument);
    }

    async fn orders_are_recorded_once_and_changed_by_id(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await.name;
        let by_mail = pb::record_orders_request::Item {
            identity: Some(email("MARA@example.org")),
            order: Some(pb::Order { note: "Gift".into(), ..order("2", 500) }),
            ..Default::default()
        };
        let batch = vec![of(&mara, order("1", 1_000)), by_mail, of(&mara, order("1", 1_000))];
        let results = desk.record_orders(batch.clone()).await;
        assert_eq!(told(&results), [Outcome::Created, Outcome::Created, Outcome::Unchanged]);
        assert!(results.iter().all(|result| result.customer == mara));
        let skip = desk.kinds(0).await.len();
        assert_eq!(told(&desk.record_orders(batch).await), [Outcome::Unchanged; 3]);
        assert_eq!(desk.kinds(skip).await, Vec::<String>::new(), "the same again tells nothing");

        desk.wait(5);
        let refunded = pb::Order { status: Status::Refunded.into(), ..order("1", 1_000) };
        assert_eq!(told(&desk.record_orders(vec![of(&mara, refunded)]).await), [Outcome::Updated]);
        assert_eq!(desk.kinds(skip).await, ["order_recorded"]);
        let orders = desk.orders(&mara).await;
        assert_eq!(orders.iter().map(|order| order.id.as_str()).collect::<Vec<_>>(), ["2", "1"]);
        assert_eq!((orders[0].note.as_str(), orders[0].source.as_str(), orders[1].status()), ("Gift", "shop", Status::Refunded));
        assert_eq!((orders[1].created_at, orders[1].updated_at), (seconds(0), seconds(5)));
        let last = desk.events("acme").await.pop().expect("events");
        let Some(pb::event::Payload::OrderRecorded(event)) = last.payload else { panic!("an order") };
        assert_eq!((event.customer, event.order), (mara, Some(orders[1].clone())));
    }

    async fn updates_of_an_order_may_come_in_any_order(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await.name;
        let at = |amount: i64, changed: i64| of(&mara, pb::Order { changed_at: seconds(changed), ..order("1", amount) });
        let results = desk.record_orders(vec![at(3, -10), at(2, -20), at(3, -5)]).await;
        assert_eq!(told(&results), [Outcome::Created, Outcome::Stale, Outcome::Unchanged]);
        assert_eq!(told(&desk.record_orders(vec![at(9, -7)]).await), [Outcome::Stale]);
        assert_eq!(desk.orders(&mara).await[0].amount, 3);
    }

    async fn one_bad_item_spoils_no_other(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await.name;
        let nobody = format!("customers/{}", uuid::Uuid::from_u128(7));
        let request = pb::CreateCustomerRequest { customer: Some(pb::Customer::default()), ..Default::default() };
        let theirs = create_customer::handle(&desk.app, by(Tenant::One("other".into()), request)).await.expect("new").name;
        let bad = pb::Order { currency: concat!("XX", "X").into(), ordered_at: None, changed_at: seconds(100_000), id: String::new(), amount: -1, ..order("", 0) };
        let both = pb::record_orders_request::Item { identity: Some(email("mara@example.org")), ..of(&mara, order("3", 1)) };
        let unknown = pb::record_orders_request::Item { identity: Some(email("x@example.org")), order: Some(order("3", 1)), ..Default::default() };
        let results = desk.record_orders(vec![
            of(&mara, order("1", 1)), of(&nobody, order("1", 1)), of(&theirs, order("1", 1)), of(&mara, bad), both, unknown,
            of(&mara, order("2", 1_000_000_000_000_001)), of("customers/Mara", order("2", 1)), of(&mara, order("2", 1)),
        ]).await;
        let codes: Vec<tonic::Code> = results.iter().map(code).collect();
        use tonic::Code::{InvalidArgument, NotFound, Ok};
        assert_eq!(codes, [Ok, NotFound, NotFound, InvalidArgument, InvalidArgument, NotFound, InvalidArgument, InvalidArgument, Ok]);
        let message = |index: usize| results[index].error.as_ref().expect("why").message.clone();
        assert_eq!(message(1).replace(&nobody, "*"), message(2).replace(&theirs, "*"), "a foreign one is like a missing one");
        assert_eq!(desk.orders(&mara).await.len(), 2);

        let too_many = pb::RecordOrdersRequest { items: vec![of(&mara, order("1", 1)); 501], ..Default::default() };
        let error = record_orders::handle(&desk.app, acme(too_many)).await.expect_err("refused");
        assert_eq!(error.violations().iter().map(|one| one.field.as_str()).collect::<Vec<_>>(), ["source", "items"]);
    }

    async fn values_are_added_up_per_currency(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await.name;
        assert_eq!(desk.values(&mara).await, []);
        let with = |id: &str, amount: i64, currency: &str, status: Status, at: i64| {
            let order = pb::Order { currency: currency.into(), status: status.into(), ordered_at: seconds(at), ..order(id, amount) };
            of(&mara, order)
        };
        let most = 1_000_000_000_000_000;
        let mut batch = vec![
            with("1", 1_000, "eur", Status::Placed, -30),
            with("2", 500, "EUR", Status::Completed, -10),
            with("3", 7, "EUR", Status::Cancelled, -50),
            with("4", 7, "EUR", Status::Refunded, -50),
            with("5", 3, "USD", Status::Unspecified, -20),
        ];
        batch.extend((0..400).map(|n| with(&format!("y{n}"), most, "JPY", Status::Placed, -5)));
        let results = desk.record_orders(batch).await;
        assert!(results.iter().all(|result| result.outcome() == Outcome::Created));
        let values = desk.values(&mara).await;
        let shown: Vec<(&str, i64, i64)> =
            values.iter().map(|one| (one.currency.as_str(), one.amount, one.order_count)).collect();
        assert_eq!(shown, [("EUR", 1_500, 2), ("JPY", 400 * most, 400), ("USD", 3, 1)]);
        assert_eq!((values[0].first_ordered_at, values[0].last_ordered_at), (seconds(-30), seconds(-10)));
        let nobody = pb::GetLifetimeValuesRequest { name: format!("customers/{}", uuid::Uuid::from_u128(7)) };
        let error = get_lifetime_values::handle(&desk.app, acme(nobody)).await.expect_err("nobody");
        assert_eq!(error.kind(), Kind::NotFound);
    }

    async fn orders_and_milestones_are_paged_the_latest_first(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await.name;
        // Two of each time: pages end between them, too.
        let orders: Vec<_> = (0..7)
            .map(|n| of(&mara, pb::Order { ordered_at: seconds(-(n / 2)), ..order(&format!("o{n}"), 1) }))
            .collect();
        desk.record_orders(orders).await;
        let milestones: Vec<_> = (0..7).map(|n| milestone(&mara, &format!("m{n}"), n / 2, "")).collect();
        desk.record_milestones(milestones).await;
        let mut request = pb::ListOrdersRequest { parent: mara.clone(), page_size: 3, ..Default::default() };
        let mut ids = Vec::new();
        loop {
            let page = list_orders::handle(&desk.app, acme(request.clone())).await.expect("a page");
            ids.extend(page.orders.into_iter().map(|order| order.id));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        assert_eq!(ids, ["o1", "o0", "o3", "o2", "o5", "o4", "o6"]);
        let mut request = pb::ListMilestonesRequest { parent: mara.clone(), page_size: 3, ..Default::default() };
        let mut names = Vec::new();
        loop {
            let page = list_milestones::handle(&desk.app, acme(request.clone())).await.expect("a page");
            names.extend(page.milestones.into_iter().map(|milestone| milestone.name));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        assert_eq!(names, ["m6", "m5", "m4", "m3", "m2", "m1", "m0"]);
        let other = pb::ListOrdersRequest { page_token: "x".into(), parent: mara, ..Default::default() };
        let error = list_orders::handle(&desk.app, acme(other)).await.expect_err("no token of ours");
        assert_eq!(error.violations()[0].field, "page_token");
    }

    async fn a_milestone_is_one_by_name_and_time(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await.name;
        let results = desk.record_milestones(vec![
            milestone(&mara, "renewed", 5, ""), milestone(&mara, "renewed", 6, ""), milestone(&mara, "renewed", 5, "by phone"),
            milestone(&mara, "", 5, ""), milestone(&mara, "renewed", 5, "by phone"),
        ]).await;
        assert_eq!(told(&results), [Outcome::Created, Outcome::Created, Outcome::Updated, Outcome::Unspecified, Outcome::Unchanged]);
        assert_eq!(code(&results[3]), tonic::Code::InvalidArgument);
        let milestones = desk.milestones(&mara).await;
        let shown: Vec<(&str, Option<prost_types::Timestamp>)> =
            milestones.iter().map(|one| (one.note.as_str(), one.at)).collect();
        assert_eq!(shown, [("", seconds(6)), ("by phone", seconds(5))]);
        assert_eq!(desk.kinds(1).await, ["milestone_recorded"; 3]);
    }

    /// The first answer again, after the order has changed; the id of another call is refused.
    async fn a_repeated_call_gets_its_first_answer(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await.name;
        let request = |amount: i64| pb::RecordOrdersRequest {
            request_id: "r".into(),
            source: "shop".into(),
            items: vec![of(&mara, order("1", amount)), of("customers/x", order("1", 1))],
        };
        let first = record_orders::handle(&desk.app, acme(request(1))).await.expect("recorded");
        desk.record_orders(vec![of(&mara, order("1", 2))]).await;
        let again = record_orders::handle(&desk.app, acme(request(1))).await.expect("the first answer");
        assert_eq!((told(&again.results)[0], again), (Outcome::Created, first));
        assert_eq!(desk.orders(&mara).await[0].amount, 2);
        let other = record_orders::handle(&desk.app, acme(request(3))).await.expect_err("another call");
        assert_eq!(other.reason(), "REQUEST_ID_REUSED");
    }
}
