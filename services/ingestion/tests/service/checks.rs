//! What is refused, and what is put right, whatever the database or ticketing would make of it.

use tonic_types::StatusExt as _;
use vorrang_api::ingestion::v1::push_tickets_response::Answer;
use vorrang_api::ingestion::v1::{
    CreateSourceRequest, ListSourcesRequest, Outcome, PushTicketsRequest, Source, UpdateSourceRequest,
};

use crate::pushes::push_all;
use crate::stack::{Stack, TENANT, contact};
use crate::ticketing::Mode;

fn fields(status: &tonic::Status) -> Vec<String> {
    let details = status.get_error_details();
    let bad = details.bad_request().expect("violations");
    bad.field_violations.iter().map(|one| one.field.clone()).collect()
}

#[tokio::test]
async fn the_zeros_of_clocks_are_no_times() {
    let stack = Stack::start().await;
    let before_1990 = 631_151_999;
    for seconds in [-62_135_596_800, 0, before_1990] {
        let zero = Some(prost_types::Timestamp { seconds, nanos: 0 });
        let mut wrong = contact("Hallo");
        wrong.occurred_at = zero;
        wrong.due_at = zero;
        let status = stack.push("", wrong).await.expect_err("refused");
        assert_eq!(fields(&status), ["contact.occurred_at", "contact.due_at"]);
    }
    let mut right = contact("Hallo");
    right.occurred_at = Some(prost_types::Timestamp {
        seconds: before_1990 + 1,
        nanos: 0,
    });
    stack.push("", right).await.expect("taken");
}

#[tokio::test]
async fn tiers_are_lower_case() {
    let stack = Stack::start().await;
    let mut vip = contact("Hallo");
    vip.tier = " VIP ".to_owned();
    stack.push("", vip).await.expect("taken");
    assert_eq!(stack.ticketing.contacts()[0].tier, "vip");
}

#[tokio::test]
async fn what_the_database_cannot_keep_is_the_callers_mistake() {
    let stack = Stack::start().await;
    let mut client = stack.sources(TENANT);
    let nul = Source {
        display_name: "a\0b".to_owned(),
        preset: "json".to_owned(),
        ..Source::default()
    };
    let create = CreateSourceRequest {
        source: Some(nul.clone()),
        ..CreateSourceRequest::default()
    };
    let status = client.create_source(create).await.expect_err("refused");
    assert_eq!(fields(&status), ["source.display_name"]);
    let update = UpdateSourceRequest {
        source: Some(Source {
            name: stack.source("json").await.name,
            ..nul
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["display_name".to_owned()],
        }),
        ..UpdateSourceRequest::default()
    };
    let status = client.update_source(update).await.expect_err("refused");
    assert_eq!(fields(&status), ["source.display_name"]);
    let list = ListSourcesRequest {
        page_token: "x".to_owned(),
        ..ListSourcesRequest::default()
    };
    let status = client.list_sources(list).await.expect_err("refused");
    assert_eq!(fields(&status), ["page_token"]);
}

/// Both in one batch, whether ticketing says it or the inbox.
#[tokio::test]
async fn a_request_id_stands_for_one_contact() {
    let stack = Stack::start().await;
    for (mode, expected) in [(Mode::Up, Outcome::Created), (Mode::Down, Outcome::Accepted)] {
        stack.ticketing.set(mode);
        let item = |text: &str| PushTicketsRequest {
            request_id: format!("{mode:?}"),
            contact: Some(contact(text)),
            ..PushTicketsRequest::default()
        };
        let answers = push_all(&stack, vec![item("one"), item("other"), item("one")]).await;
        let told: Vec<Result<Outcome, i32>> = answers
            .into_iter()
            .map(|answer| match answer.answer.expect("an answer") {
                Answer::Result(result) => Ok(result.outcome()),
                Answer::Error(error) => Err(error.code),
            })
            .collect();
        let invalid = tonic::Code::InvalidArgument as i32;
        assert_eq!(told, [Ok(expected), Err(invalid), Ok(expected)], "{mode:?}");
    }
}

#[tokio::test]
async fn that_all_is_one_person_reaches_ticketing() {
    let stack = Stack::start().await;
    let mut one = contact("Hallo");
    one.same_person = true;
    stack.push("", one).await.expect("taken");
    stack.push("", contact("Hallo")).await.expect("taken");
    let told: Vec<bool> = stack
        .ticketing
        .contacts()
        .iter()
        .map(|contact| contact.same_person)
        .collect();
    assert_eq!(told, [true, false]);
}
