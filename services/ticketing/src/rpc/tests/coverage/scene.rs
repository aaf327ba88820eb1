//! A customer of whom everything is known that can be known. Each text of it is a canary of its own.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use pb::custom_field_value::Value;
use pb::ticket_field::Type;
use sea_orm::{ConnectionTrait, Statement};
use vorrang_database::{Database, Engine};

use super::super::attachments::upload;
use super::super::organizations::{attributes, mask};
use super::super::privacy::canary_mail;
use super::super::records::{contact_made, milestone, of, order};
use super::super::sla::usual;
use super::super::ticket_fields::{define, of_type};
use super::*;

/// Names of what is there.
pub struct Scene {
    pub customer: String,
    pub tickets: Vec<String>,
    /// SHA-256 of an uploaded file.
    pub file: String,
    /// Ids of the keys of others, as hex.
    pub others: BTreeSet<String>,
}

fn canary(of: &str) -> String {
    format!("{CANARY}-{of}")
}

/// Every call has a request id, so that its answer is stored, too.
pub async fn scene(desk: &Fixture) -> Scene {
    let app = &desk.app;
    define(desk, "story", of_type(Type::Text)).await.expect("a field");
    desk.policy(usual()).await;
    desk.survey("csat", pb::SurveyKind::Csat, |_| {}).await;
    desk.survey("nps", pb::SurveyKind::Nps, |survey| survey.rule = None)
        .await;
    desk.rubric().await;
    let first = desk.record(vec![canary_mail("1"), canary_mail("2")]).await;
    let (customer, ticket) = (first[0].customer.clone(), first[0].ticket.clone());

    // Somebody who was merged into them, with a ticket of their own.
    let second = pb::Customer {
        display_name: canary("second"),
        identities: vec![email(&canary("second-mail@example.org"))],
        attributes: attributes(&[("hobby", &canary("second-attribute"))]),
        ..pb::Customer::default()
    };
    let request = pb::CreateCustomerRequest {
        request_id: "second".into(),
        customer: Some(second),
    };
    let second = create_customer::handle(app, acme(request)).await.expect("a customer");
    let request = pb::CreateTicketRequest {
        request_id: "ticket".into(),
        ticket: Some(pb::Ticket {
            customer: second.name.clone(),
            subject: canary("second-subject"),
            ..pb::Ticket::default()
        }),
        message: Some(agents_message(&canary("second-note"))),
    };
    let old = create_ticket::handle(app, acme(request)).await.expect("a ticket");
    let request = pb::MergeCustomersRequest {
        request_id: "merge".into(),
        source: second.name.clone(),
        target: customer.clone(),
        agent: "agents/anna".into(),
        ..pb::MergeCustomersRequest::default()
    };
    merge_customers::handle(app, acme(request)).await.expect("merged");

    let change = pb::Customer {
        name: customer.clone(),
        attributes: attributes(&[("hobby", &canary("attribute"))]),
        ..pb::Customer::default()
    };
    let request = pb::UpdateCustomerRequest {
        request_id: "attributes".into(),
        customer: Some(change),
        update_mask: mask(&["attributes"]),
    };
    update_customer::handle(app, acme(request)).await.expect("updated");
    let bought = pb::Order {
        note: canary("order"),
        ..order("1", 5)
    };
    desk.record_orders(vec![of(&customer, bought)]).await;
    desk.record_milestones(vec![milestone(&customer, "renewed", -10, &canary("milestone"))])
        .await;

    let change = pb::Ticket {
        name: ticket.clone(),
        custom_fields: [(
            "story".to_owned(),
            pb::CustomFieldValue {
                value: Some(Value::Text(canary("story"))),
            },
        )]
        .into(),
        ..pb::Ticket::default()
    };
    let request = pb::UpdateTicketRequest {
        request_id: "story".into(),
        ticket: Some(change),
        update_mask: mask(&["custom_fields.story"]),
    };
    update_ticket::handle(app, acme(request)).await.expect("updated");
    let mut file = upload(desk, &customer, canary("bytes").as_bytes())
        .await
        .expect("stored");
    file.file_name = canary("upload");
    let sha256 = file.sha256.clone();
    let message = pb::Message {
        attachments: vec![file],
        visibility: pb::message::Visibility::Internal.into(),
        ..agents_message(&canary("note"))
    };
    let request = pb::CreateMessageRequest {
        request_id: "note".into(),
        parent: ticket.clone(),
        message: Some(message),
        ..pb::CreateMessageRequest::default()
    };
    create_message::handle(app, acme(request)).await.expect("noted");
    let request = pb::RecalculateSlaRequest {
        request_id: "sla".into(),
        name: ticket.clone(),
        reason: canary("reason"),
        agent: "agents/anna".into(),
        ..pb::RecalculateSlaRequest::default()
    };
    recalculate_sla::handle(app, acme(request)).await.expect("recalculated");

    let present = desk.get(&ticket).await;
    let split = desk
        .split(&ticket, &[first[1].message.clone()], None)
        .await
        .expect("split");
    let new = split.new_ticket.expect("the new one");
    desk.link(&present, pb::ticket_link::Type::RelatesTo, &old)
        .await
        .expect("linked");
    desk.merge(&new, &[&old]).await.expect("merged");

    let solved = desk.solve(&desk.get(&ticket).await).await;
    let request = pb::AnswerSurveyRequest {
        request_id: "csat".into(),
        ticket: solved.name.clone(),
        survey: "csat".into(),
        score: 4,
        comment: canary("comment"),
        ..pb::AnswerSurveyRequest::default()
    };
    answer_survey::handle(app, acme(request)).await.expect("answered");
    let sending = desk.send("surveys/nps", "", &customer).await.expect("sent");
    let request = pb::AnswerSurveyRequest {
        request_id: "nps".into(),
        sending: sending.name,
        score: 9,
        comment: canary("nps-comment"),
        ..pb::AnswerSurveyRequest::default()
    };
    answer_survey::handle(app, acme(request)).await.expect("answered");
    let mut review = super::super::reviews::by_reviewer(&solved, "agents/carl", 4);
    review.comment = canary("review");
    let request = pb::CreateReviewRequest {
        request_id: "review".into(),
        review: Some(review),
    };
    create_review::handle(app, acme(request)).await.expect("reviewed");

    desk.record_contacts_made(vec![contact_made(&customer, "1", -10, &canary("proactive"))])
        .await;
    let imported = import(desk).await;

    // Somebody else, who may be the same.
    let other = desk.customer("other@example.org").await;
    let mut both = pb::InboundContact {
        reference_keys: Vec::new(),
        ..canary_mail("3")
    };
    both.identities.push(email("other@example.org"));
    both.identities.iter_mut().for_each(|one| one.verified = false);
    let third = desk.record(vec![both]).await.remove(0);
    assert_eq!(third.customer, customer);
    Scene {
        customer,
        tickets: vec![ticket, new.name, old.name, third.ticket, imported],
        file: sha256,
        others: [other.name.trim_start_matches("customers/").replace('-', "")].into(),
    }
}

/// The past of the same customer, from another system: found by an address. Gives a ticket of it.
async fn import(desk: &Fixture) -> String {
    let at = "2021-03-02T09:00:00Z";
    let id = canary("history-id");
    let results = desk
        .import_lines(&[
            serde_json::json!({"at": at, "type": "customer", "id": id, "name": canary("history-name"),
                "attributes": {"email": canary("mail@example.org"), "plan": canary("history-attribute")}}),
            serde_json::json!({"at": at, "type": "ticket_opened", "ticket": "1", "customer": id, "channel": "email",
                "subject": canary("history-subject")}),
            serde_json::json!({"at": at, "type": "message", "ticket": "1", "actor": {"kind": "customer", "id": id},
                "body": canary("history-body")}),
            serde_json::json!({"at": at, "type": "self_service", "session": "s", "step": "searched", "customer": id,
                "query": canary("history-query")}),
            serde_json::json!({"at": at, "type": "self_service", "session": "t", "step": "searched", "query": canary("nobodys-query")}),
            serde_json::json!({"at": at, "type": "proactive_contact", "customer": id, "reason": canary("history-reason")}),
        ])
        .await;
    assert_eq!(super::super::imports::reasons(&results), ["RECORDED"; 6]);
    let found = desk
        .all_tickets()
        .await
        .into_values()
        .find(|ticket| ticket.external_id == "old:1");
    found.expect("a ticket").name
}

/// Closes whatever is open, and takes merged tickets apart.
pub async fn close_all(desk: &Fixture) {
    for ticket in desk.all_tickets().await.into_values() {
        if ticket.merged_into.is_empty() {
            desk.state(&ticket, pb::ticket::State::Closed).await.expect("closes");
        }
    }
}

async fn column(db: &Database, sqlite: &str, postgres: &str) -> BTreeSet<String> {
    let reader = db.reader();
    let sql = if db.engine() == Engine::Sqlite {
        sqlite
    } else {
        postgres
    };
    let rows = reader
        .query_all_raw(Statement::from_string(reader.get_database_backend(), sql))
        .await
        .expect("rows");
    rows.iter().map(|row| row.try_get_by_index(0).expect("text")).collect()
}

/// Ids of all keys, as hex.
pub async fn keys(db: &Database) -> BTreeSet<String> {
    column(
        db,
        "SELECT lower(hex(id)) FROM personal_keys",
        "SELECT replace(id::text, '-', '') FROM personal_keys",
    )
    .await
}

/// Tenants with tickets whose texts still take room, or messages that should be empty and are not.
pub async fn texts_left(db: &Database) -> BTreeSet<String> {
    let sql = "SELECT tenant FROM texts_left UNION ALL SELECT m.tenant FROM messages m JOIN tickets t \
               ON t.tenant = m.tenant AND t.id = m.ticket_id WHERE t.erased AND m.sealed IS NOT NULL";
    column(db, sql, sql).await
}

/// The log as a follower gets it from its beginning, as text.
pub async fn followed(desk: &Fixture) -> String {
    let request = feed::FollowRequest {
        start: feed::StartPoint::Beginning.into(),
        ..feed::FollowRequest::default()
    };
    let mut stream = follow::handle(&desk.app, acme(request)).await.expect("follows");
    let whole = desk.events("acme").await.len();
    let mut events = Vec::new();
    while events.len() < whole {
        events.extend(decoded(stream.next().await.expect("goes on").expect("an answer")).events);
    }
    format!("{events:?}")
}

/// What is said of the tickets, their messages and the work on them, as text.
pub async fn of_tickets(desk: &Fixture, scene: &Scene) -> String {
    let mut all = format!("{:?}", desk.all_tickets().await);
    for ticket in &scene.tickets {
        all += &format!("{:?}", desk.messages(ticket, true).await);
        let request = pb::ListSurveyAnswersRequest {
            ticket: ticket.clone(),
            ..Default::default()
        };
        let answers = list_survey_answers::handle(&desk.app, acme(request)).await;
        all += &format!("{:?}", answers.expect("a page"));
    }
    let reviews = list_reviews::handle(&desk.app, acme(Default::default())).await;
    all + &format!("{:?}", reviews.expect("a page"))
}

/// Everything that can be read about the customer, as text.
pub async fn read_everything(desk: &Fixture, scene: &Scene) -> String {
    let app = &desk.app;
    let mut all = of_tickets(desk, scene).await;
    all += &format!("{:?}", desk.orders(&scene.customer).await);
    all += &format!("{:?}", desk.milestones(&scene.customer).await);
    all += &format!("{:?}", desk.contacts_made(&scene.customer).await);
    all += &format!(
        "{:?}",
        list_customers::handle(app, acme(Default::default()))
            .await
            .expect("a page")
    );
    all += &format!(
        "{:?}",
        list_survey_answers::handle(app, acme(Default::default()))
            .await
            .expect("a page")
    );
    all += &format!(
        "{:?}",
        list_survey_sendings::handle(app, acme(Default::default()))
            .await
            .expect("a page")
    );
    all += &format!(
        "{:?}",
        list_customer_merges::handle(app, acme(Default::default()))
            .await
            .expect("a page")
    );
    all += &format!(
        "{:?}",
        list_merge_suggestions::handle(app, acme(Default::default()))
            .await
            .expect("a page")
    );
    all += &format!(
        "{:?}",
        list_erasures::handle(app, acme(Default::default()))
            .await
            .expect("a page")
    );
    let get = pb::GetCustomerRequest {
        name: scene.customer.clone(),
    };
    all + &format!("{:?}", get_customer::handle(app, acme(get)).await.expect("its facts"))
}
