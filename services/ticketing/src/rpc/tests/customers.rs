//! Customers and their identities.

use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::*;

both_engines! {
    async fn a_customer_is_found_by_each_identity(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let phone = pb::Identity { kind: pb::identity::Kind::Phone.into(), value: "+4930123456".into(), verified: false };
        let customer = pb::Customer {
            display_name: "Mara".into(),
            identities: vec![email("Mara@Example.org"), phone.clone()],
            country: "de".into(),
            ..pb::Customer::default()
        };
        let request = pb::CreateCustomerRequest { customer: Some(customer), ..pb::CreateCustomerRequest::default() };
        let mara = create_customer::handle(&desk.app, acme(request)).await.expect("new");
        assert_eq!((mara.tier.as_str(), mara.country.as_str()), ("standard", "DE"));
        for identity in [email("mara@example.org"), phone] {
            let request = pb::LookupCustomerRequest { identity: Some(identity) };
            let found = lookup_customer::handle(&desk.app, acme(request.clone())).await.expect("found");
            assert_eq!(found, mara);
            let other = by(Tenant::One("other".into()), request);
            assert_eq!(lookup_customer::handle(&desk.app, other).await.expect_err("not theirs").kind(), Kind::NotFound);
        }
        let get = pb::GetCustomerRequest { name: mara.name.clone() };
        assert_eq!(get_customer::handle(&desk.app, acme(get)).await.expect("found"), mara);
    }

    async fn an_identity_belongs_to_one_customer(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mara = desk.customer("mara@example.org").await;
        let ben = desk.customer("ben@example.org").await;
        let take = pb::Customer { identities: vec![email("mara@example.org")], ..pb::Customer::default() };
        let request = pb::CreateCustomerRequest { customer: Some(take.clone()), ..pb::CreateCustomerRequest::default() };
        let error = create_customer::handle(&desk.app, acme(request.clone())).await.expect_err("taken");
        assert_eq!((error.kind(), error.reason()), (Kind::AlreadyExists, "IDENTITY_TAKEN"));
        let update = |name: &str, identities: Vec<pb::Identity>, etag: &str| pb::UpdateCustomerRequest {
            customer: Some(pb::Customer { name: name.into(), identities, etag: etag.into(), ..pb::Customer::default() }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["identities".into()] }),
            ..pb::UpdateCustomerRequest::default()
        };
        let steal = update(&ben.name, vec![email("mara@example.org")], "");
        let error = update_customer::handle(&desk.app, acme(steal.clone())).await.expect_err("taken");
        assert_eq!(error.reason(), "IDENTITY_TAKEN");

        let give_up = update(&mara.name, vec![email("new@example.org")], &mara.etag);
        let changed = update_customer::handle(&desk.app, acme(give_up.clone())).await.expect("changes");
        assert_eq!(changed.identities, [email("new@example.org")]);
        update_customer::handle(&desk.app, acme(steal)).await.expect("it is free now");
        let late = update_customer::handle(&desk.app, acme(give_up)).await.expect_err("an old etag");
        assert_eq!(late.reason(), "ETAG_MISMATCH");
        // The same address at another tenant is another matter.
        create_customer::handle(&desk.app, by(Tenant::One("other".into()), request)).await.expect("their own");
    }

    async fn customers_are_paged_newest_first(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mut names = Vec::new();
        for index in 0..5 {
            names.insert(0, desk.customer(&format!("{index}@example.org")).await.name);
        }
        let mut listed = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListCustomersRequest { page_size: 2, page_token, ..Default::default() };
            let page = list_customers::handle(&desk.app, acme(request)).await.expect("a page");
            listed.extend(page.customers.into_iter().map(|customer| customer.name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(listed, names);
    }

    async fn customers_are_listed_by_what_is_known_of_them(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let mut names = Vec::new();
        for index in 0..6 {
            let name = desk.customer(&format!("{index}@example.org")).await.name;
            let even = index % 2 == 0;
            let seats = pb::AttributeValue { value: Some(pb::attribute_value::Value::Number(f64::from(index))) };
            let customer = pb::Customer {
                name: name.clone(),
                owner: if even { "agents/anna".into() } else { String::new() },
                country: if even { "AT".into() } else { "DE".into() },
                attributes: [("seats".to_owned(), seats)].into(),
                tier: if index == 5 { "vip".into() } else { String::new() },
                tier_valid_until: (index == 5).then_some(prost_types::Timestamp { seconds: START + 5, nanos: 0 }),
                ..pb::Customer::default()
            };
            desk.update_customer(customer, &["owner", "country", "attributes.seats", "tier"]).await.expect("changes");
            names.insert(0, name);
        }
        let list = |filter: &str| {
            let request = pb::ListCustomersRequest { page_size: 2, filter: filter.into(), ..Default::default() };
            let desk = &desk;
            async move {
                let mut listed = Vec::new();
                let mut request = request;
                loop {
                    let page = list_customers::handle(&desk.app, acme(request.clone())).await.expect("a page");
                    listed.extend(page.customers.into_iter().map(|customer| customer.name));
                    request.page_token = page.next_page_token;
                    if request.page_token.is_empty() {
                        return listed;
                    }
                }
            }
        };
        let of = |indexes: &[usize]| indexes.iter().map(|index| names[5 - index].clone()).collect::<Vec<_>>();
        assert_eq!(list("owner = agents/anna").await, of(&[4, 2, 0]));
        assert_eq!(list("country = DE attributes.seats >= 2").await, of(&[5, 3]));
        assert_eq!(list("country = DE OR owner = agents/anna").await, names);
        assert_eq!(list("NOT owner:*").await, of(&[5, 3, 1]));
        assert_eq!(list("owner = \"\"").await, of(&[5, 3, 1]));
        assert_eq!(list("organization = organizations/x").await, Vec::<String>::new());
        assert_eq!(list("organization:* OR country = AT").await, of(&[4, 2, 0]));
        assert_eq!(list("attributes.seats = 5 OR country = AT").await, of(&[5, 4, 2, 0]));
        assert_eq!(list("tier = vip").await, of(&[5]));
        desk.wait(5);
        assert_eq!(list("tier = vip").await, Vec::<String>::new(), "nothing ran, only time went by");

        let wrong = pb::ListCustomersRequest { filter: "owner = anna AND (".into(), page_size: -1, ..Default::default() };
        let error = list_customers::handle(&desk.app, acme(wrong)).await.expect_err("refused");
        let fields: Vec<&str> = error.violations().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["filter", "page_size"]);
        let first = pb::ListCustomersRequest { page_size: 2, ..Default::default() };
        let token = list_customers::handle(&desk.app, acme(first)).await.expect("a page").next_page_token;
        let other = pb::ListCustomersRequest { page_token: token, filter: "tier = vip".into(), ..Default::default() };
        let error = list_customers::handle(&desk.app, acme(other)).await.expect_err("made for another filter");
        assert_eq!(error.violations()[0].field, "page_token");
        let deep = pb::ListCustomersRequest { filter: "(".repeat(1_000), ..Default::default() };
        assert!(list_customers::handle(&desk.app, acme(deep)).await.is_err());
    }
}
