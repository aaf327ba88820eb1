//! Organisations, and how customers come to belong to them.

use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::*;

/// `attributes` out of texts.
pub fn attributes(pairs: &[(&str, &str)]) -> std::collections::BTreeMap<String, pb::AttributeValue> {
    let value = |text: &str| pb::AttributeValue {
        value: Some(pb::attribute_value::Value::Text(text.into())),
    };
    pairs
        .iter()
        .map(|(key, text)| ((*key).to_owned(), value(text)))
        .collect()
}

pub fn mask(paths: &[&str]) -> Option<prost_types::FieldMask> {
    Some(prost_types::FieldMask {
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
    })
}

impl Fixture {
    pub async fn organization(&self, organization: pb::Organization) -> Result<pb::Organization, Error> {
        let request = pb::CreateOrganizationRequest {
            organization: Some(organization),
            ..Default::default()
        };
        create_organization::handle(&self.app, acme(request)).await
    }

    pub async fn update_organization(
        &self,
        organization: pb::Organization,
        paths: &[&str],
    ) -> Result<pb::Organization, Error> {
        let request = pb::UpdateOrganizationRequest {
            organization: Some(organization),
            update_mask: mask(paths),
            ..Default::default()
        };
        update_organization::handle(&self.app, acme(request)).await
    }

    async fn delete_organization(&self, name: &str, force: bool) -> Result<(), Error> {
        let request = pb::DeleteOrganizationRequest {
            name: name.into(),
            force,
            ..Default::default()
        };
        delete_organization::handle(&self.app, acme(request)).await
    }

    async fn organizations(&self, request: pb::ListOrganizationsRequest) -> pb::ListOrganizationsResponse {
        list_organizations::handle(&self.app, acme(request))
            .await
            .expect("a page")
    }

    pub async fn update_customer(&self, customer: pb::Customer, paths: &[&str]) -> Result<pb::Customer, Error> {
        let request = pb::UpdateCustomerRequest {
            customer: Some(customer),
            update_mask: mask(paths),
            ..Default::default()
        };
        update_customer::handle(&self.app, acme(request)).await
    }

    pub async fn get_customer(&self, name: &str) -> pb::Customer {
        let request = pb::GetCustomerRequest { name: name.into() };
        get_customer::handle(&self.app, acme(request))
            .await
            .expect("it is there")
    }
}

pub fn books() -> pb::Organization {
    pb::Organization {
        display_name: "Bücher GmbH".into(),
        domains: vec!["Bücher.example".into(), "books.example".into(), "BOOKS.example.".into()],
        external_ids: vec!["Salesforce:0015e".into()],
        tier: " VIP ".into(),
        joined_by_domain: true,
        attributes: attributes(&[("plan", "gold")]),
        ..pb::Organization::default()
    }
}

both_engines! {
    async fn an_organization_is_made_changed_found_and_removed(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let made = desk.organization(books()).await.expect("new");
        assert_eq!(made.domains, ["books.example", "xn--bcher-kva.example"]);
        assert_eq!((made.external_ids.clone(), made.tier.as_str()), (vec!["salesforce:0015e".to_owned()], "vip"));
        let get = |name: &str| acme(pb::GetOrganizationRequest { name: name.into() });
        assert_eq!(get_organization::handle(&desk.app, get(&made.name)).await.expect("found"), made);

        let other = pb::Organization { display_name: "Other".into(), domains: vec!["other.example".into()], ..Default::default() };
        let other = desk.organization(other).await.expect("new");
        let all = desk.organizations(pb::ListOrganizationsRequest { page_size: 1, ..Default::default() }).await;
        assert_eq!(all.organizations, std::slice::from_ref(&other));
        let next = pb::ListOrganizationsRequest { page_size: 1, page_token: all.next_page_token, ..Default::default() };
        let next = desk.organizations(next).await;
        assert_eq!((next.organizations, next.next_page_token.as_str()), (vec![made.clone()], ""));
        let by_domain = pb::ListOrganizationsRequest { domain: "BÜCHER.example".into(), ..Default::default() };
        assert_eq!(desk.organizations(by_domain).await.organizations, std::slice::from_ref(&made));
        let by_id = pb::ListOrganizationsRequest { external_id: "salesforce:0015e".into(), ..Default::default() };
        assert_eq!(desk.organizations(by_id).await.organizations, std::slice::from_ref(&made));
        let nobody = pb::ListOrganizationsRequest { external_id: "salesforce:1".into(), ..Default::default() };
        assert_eq!(desk.organizations(nobody).await.organizations, []);

        let give_up = pb::Organization { name: made.name.clone(), etag: made.etag.clone(), domains: vec!["books.example".into()], ..Default::default() };
        let changed = desk.update_organization(give_up.clone(), &["domains", "attributes.plan"]).await.expect("changes");
        assert_eq!((changed.domains.len(), changed.attributes.len(), changed.display_name.as_str()), (1, 0, "Bücher GmbH"));
        let late = desk.update_organization(give_up, &["domains"]).await.expect_err("an old etag");
        assert_eq!(late.reason(), "ETAG_MISMATCH");
        let take = pb::Organization { name: other.name.clone(), domains: vec!["bücher.example".into()], ..Default::default() };
        desk.update_organization(take.clone(), &["domains"]).await.expect("it is free now");
        desk.update_organization(take, &["domains"]).await.expect("the same again");

        desk.delete_organization(&other.name, false).await.expect("nobody belongs to it");
        let gone = get_organization::handle(&desk.app, get(&other.name)).await.expect_err("gone");
        assert_eq!(gone.kind(), Kind::NotFound);
        let kinds = desk.kinds(0).await;
        let (created, updated) = ("organization_created", "organization_updated");
        assert_eq!(kinds, [created, created, updated, updated, "organization_deleted"]);
    }

    async fn domains_and_ids_belong_to_one_organization(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let made = desk.organization(books()).await.expect("new");
        let domain = pb::Organization { display_name: "Thief".into(), domains: vec!["bücher.example".into()], ..Default::default() };
        let error = desk.organization(domain.clone()).await.expect_err("taken");
        assert_eq!((error.kind(), error.reason()), (Kind::AlreadyExists, "DOMAIN_TAKEN"));
        assert!(error.metadata().contains(&("organization", made.name.clone())));
        let id = pb::Organization { display_name: "Thief".into(), external_ids: vec!["SALESFORCE:0015e".into()], ..Default::default() };
        assert_eq!(desk.organization(id).await.expect_err("taken").reason(), "EXTERNAL_ID_TAKEN");
        // At another tenant they are other domains.
        let request = pb::CreateOrganizationRequest { organization: Some(domain), ..Default::default() };
        let theirs = create_organization::handle(&desk.app, by(Tenant::One("other".into()), request)).await.expect("new");
        let error = desk.delete_organization(&theirs.name, true).await.expect_err("not ours");
        assert_eq!((error.kind(), error.message()), (Kind::NotFound, &*format!("{} does not exist", theirs.name)));
    }

    async fn what_is_wrong_with_an_organization_is_told_at_once(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let wrong = pb::Organization {
            display_name: " ".into(),
            domains: vec!["no domain".into(), "ok.example".into(), "com".into()],
            external_ids: vec!["nosystem".into()],
            attributes: attributes(&[("Plan", "gold"), ("text", &"x".repeat(2_001))]),
            ..Default::default()
        };
        let error = desk.organization(wrong).await.expect_err("refused");
        let fields: Vec<&str> = error.violations().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, [
            "organization.display_name", "organization.domains[0]", "organization.domains[2]",
            "organization.external_ids[0]", "organization.attributes", "organization.attributes.text",
        ]);
        let shared = pb::Organization { display_name: "Mail".into(), domains: vec!["gmail.com".into()], joined_by_domain: true, ..Default::default() };
        let error = desk.organization(shared).await.expect_err("everybody's");
        assert_eq!(error.violations()[0].field, "organization.domains");
        let made = desk.organization(books()).await.expect("new");
        let error = desk.update_organization(made, &["etag", "attributes.x.y"]).await.expect_err("no such paths");
        assert_eq!(error.violations().len(), 2);
    }

    /// Tier and organisation of a ticket are those of its opening; the tier of the organisation is nobody's own.
    async fn customers_belong_to_an_organization_and_have_its_tier(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let books = desk.organization(books()).await.expect("new");
        let first = desk.record(vec![mail("mara@bücher.example", "<1>")]).await.remove(0);
        let mara = desk.get_customer(&first.customer).await;
        assert_eq!((&mara.organization, mara.tier.as_str(), mara.tier_source.as_str()), (&books.name, "vip", "organization"));
        let ticket = desk.get(&first.ticket).await;
        assert_eq!((&ticket.organization, ticket.tier.as_str()), (&books.name, "vip"));

        // Only what is verified counts, and only this domain.
        let mut told = mail("ben@bücher.example", "<2>");
        told.identities[0].verified = false;
        let results = desk.record(vec![told, mail("eva@shop.bücher.example", "<3>")]).await;
        for result in &results {
            assert_eq!(desk.get_customer(&result.customer).await.organization, "");
        }
        let verify = pb::VerifyIdentityRequest {
            name: results[0].customer.clone(),
            identity: Some(email("ben@bücher.example")),
            ..Default::default()
        };
        let ben = verify_identity::handle(&desk.app, acme(verify)).await.expect("verified");
        assert_eq!((&ben.organization, ben.identities[0].verified), (&books.name, true));

        // Its new tier holds from now on, without an event of each customer.
        let lower = pb::Organization { name: books.name.clone(), tier: "gold".into(), ..Default::default() };
        desk.update_organization(lower, &["tier"]).await.expect("changes");
        assert_eq!(desk.get_customer(&mara.name).await.tier, "gold");
        assert_eq!(desk.ticket_of(&mara).await.tier, "gold");
        assert_eq!(desk.get(&first.ticket).await.tier, "vip", "as it was opened");

        // Taken out by hand, nobody comes back by a mail.
        let out = pb::Customer { name: mara.name.clone(), ..Default::default() };
        desk.update_customer(out, &["organization"]).await.expect("changes");
        let later = desk.record(vec![mail("mara@bücher.example", "<4>")]).await.remove(0);
        assert_eq!(desk.get(&later.ticket).await.organization, "");
        assert_eq!(desk.get_customer(&mara.name).await.tier, "standard");
        // Put in by hand.
        let back = pb::Customer { name: mara.name.clone(), organization: books.name.clone(), ..Default::default() };
        assert_eq!(desk.update_customer(back, &["organization"]).await.expect("changes").tier, "gold");
    }

    async fn an_organization_with_customers_goes_only_by_force(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let books = desk.organization(books()).await.expect("new");
        let first = desk.record(vec![mail("mara@bücher.example", "<1>")]).await.remove(0);
        let error = desk.delete_organization(&books.name, false).await.expect_err("not empty");
        assert_eq!((error.kind(), error.reason()), (Kind::Precondition, "ORGANIZATION_NOT_EMPTY"));
        let skip = desk.kinds(0).await.len();
        desk.delete_organization(&books.name, true).await.expect("by force");
        assert_eq!(desk.kinds(skip).await, ["customer_updated", "organization_deleted"]);
        let mara = desk.get_customer(&first.customer).await;
        assert_eq!((mara.organization.as_str(), mara.tier.as_str()), ("", "standard"));
        assert_eq!(desk.get(&first.ticket).await.organization, books.name, "as it was opened");
    }

    /// Another tenant's organisation is the same as none.
    async fn a_foreign_organization_is_not_found(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let request = pb::CreateOrganizationRequest { organization: Some(books()), ..Default::default() };
        let theirs = create_organization::handle(&desk.app, by(Tenant::One("other".into()), request)).await.expect("new");
        let nobody = format!("organizations/{}", uuid::Uuid::from_u128(7));
        let mara = desk.customer("mara@bücher.example").await;
        assert_eq!(mara.organization, "", "their domain is not ours");
        for name in [&theirs.name, &nobody] {
            let update = pb::Customer { name: mara.name.clone(), organization: name.clone(), ..Default::default() };
            let error = desk.update_customer(update, &["organization"]).await.expect_err("not there");
            assert_eq!((error.kind(), error.message()), (Kind::NotFound, &*format!("{name} does not exist")));
            let get = acme(pb::GetOrganizationRequest { name: name.clone() });
            let error = get_organization::handle(&desk.app, get).await.expect_err("not there");
            assert_eq!((error.kind(), error.message()), (Kind::NotFound, &*format!("{name} does not exist")));
        }
    }
}
