//! Events that only name things: HubSpot's apps, SuperOffice.

use tonic::Code;
use vorrang_api::ingestion::v1::quarantine_item::State;
use vorrang_api::ingestion::v1::{Contact, DiscardQuarantineItemRequest, GetQuarantineItemRequest, Outcome, Source};

use super::fixtures::Fixture;
use super::{HOST, sign};
use crate::stack::{Stack, TENANT, contact};
use crate::ticketing::Mode;
use crate::webhooks::outcomes;

async fn post(stack: &Stack, source: &Source, fixture: &str) -> serde_json::Value {
    let preset = source.preset.as_str();
    let fixture = Fixture::all(preset)
        .into_iter()
        .find(|one| one.name == fixture)
        .expect("a fixture");
    let key = sign::keys(preset).remove(0);
    let at = vorrang_clock::system().now();
    let signed = sign::sign(preset, &key, &fixture, HOST, &source.events_path, at);
    let (status, _, text) = super::post(stack, &signed).await;
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).expect("JSON")
}

async fn source(stack: &Stack, preset: &str) -> Source {
    stack.source_with(preset, &sign::keys(preset).remove(0).secret).await
}

fn whole(source: &Source, external_id: &str, text: &str) -> Contact {
    Contact {
        source: source.name.clone(),
        external_id: external_id.to_owned(),
        ..contact(text)
    }
}

#[tokio::test]
async fn what_is_only_named_is_listed_and_completed_when_all_of_it_is_pushed() {
    let stack = Stack::start().await;
    let hubspot = source(&stack, "hubspot-app").await;
    let told = post(&stack, &hubspot, "events.json").await;
    assert_eq!(outcomes(&told), ["NEEDS_ENRICHMENT", "NEEDS_ENRICHMENT"], "{told}");
    assert_eq!(stack.ticketing.calls(), 0, "no text is invented");
    let listed = stack.quarantined(State::NeedsEnrichment).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].external_ids, ["ticket:28114405127", "ticket:28114405200"]);
    assert_eq!(
        (listed[0].reason.as_str(), &listed[0].source),
        ("NEEDS_ENRICHMENT", &hubspot.name)
    );
    assert_eq!(told["results"][0]["quarantineItem"], listed[0].name.as_str());
    assert!(
        stack.quarantined(State::Waiting).await.is_empty(),
        "nobody has to decide anything"
    );

    // One of them as HubSpot's API gives it, at the same address; the other over gRPC.
    let completed = post(&stack, &hubspot, "whole.json").await;
    assert_eq!(outcomes(&completed), ["CREATED"], "{completed}");
    let left = stack.quarantined(State::NeedsEnrichment).await;
    assert_eq!(left[0].external_ids, ["ticket:28114405200"]);
    let pushed = stack
        .push("", whole(&hubspot, "ticket:28114405200", "Hallo"))
        .await
        .expect("taken");
    assert_eq!(pushed.outcome(), Outcome::Created);
    assert!(stack.quarantined(State::NeedsEnrichment).await.is_empty());
    let released = stack.quarantined(State::Released).await;
    assert_eq!(released.len(), 1);
    assert_eq!(
        released[0].result.as_ref().map(|result| result.ticket.as_str()),
        Some(pushed.ticket.as_str())
    );
    let contacts = stack.ticketing.contacts();
    assert!(contacts.iter().all(|contact| contact.source == hubspot.name));

    // Vendors repeat. It is a ticket already.
    let again = post(&stack, &hubspot, "events.json").await;
    assert_eq!(outcomes(&again), ["DUPLICATE", "DUPLICATE"], "{again}");
    assert_eq!(again["results"][1]["ticket"], pushed.ticket.as_str());
    assert_eq!(stack.ticketing.texts(), ["Das Display hat einen Riss.", "Hallo"]);
    assert!(stack.quarantined(State::NeedsEnrichment).await.is_empty());
}

#[tokio::test]
async fn what_was_pushed_whole_before_its_event_waits_for_nothing() {
    let stack = Stack::start().await;
    let superoffice = source(&stack, "superoffice").await;
    assert_eq!(outcomes(&post(&stack, &superoffice, "whole.json").await), ["CREATED"]);
    let told = post(&stack, &superoffice, "ticket-created.json").await;
    assert_eq!(outcomes(&told), ["DUPLICATE"]);
    assert_eq!(told["results"][0]["ticket"], "tickets/1");
    assert!(stack.quarantined(State::NeedsEnrichment).await.is_empty());
    let told = post(&stack, &superoffice, "ticket-changed.json").await;
    assert_eq!(outcomes(&told), ["QUARANTINED"]);
    assert_eq!(stack.quarantined(State::Discarded).await[0].reason, "NOT_A_CONTACT");
}

#[tokio::test]
async fn what_is_pushed_whole_during_an_outage_completes_when_it_is_delivered() {
    let stack = Stack::start().await;
    let superoffice = source(&stack, "superoffice").await;
    post(&stack, &superoffice, "ticket-created.json").await;
    stack.ticketing.set(Mode::Down);
    let told = post(&stack, &superoffice, "whole.json").await;
    assert_eq!(outcomes(&told), ["ACCEPTED"]);
    assert_eq!(
        stack.quarantined(State::NeedsEnrichment).await.len(),
        1,
        "it is no ticket yet"
    );
    stack.ticketing.set(Mode::Up);
    stack
        .delivered(told["results"][0]["receipt"].as_str().expect("a receipt"))
        .await;
    assert!(stack.quarantined(State::NeedsEnrichment).await.is_empty());
    assert_eq!(stack.quarantined(State::Released).await.len(), 1);
}

#[tokio::test]
async fn people_may_retry_and_discard_what_is_only_named() {
    let stack = Stack::start().await;
    let superoffice = source(&stack, "superoffice").await;
    let told = post(&stack, &superoffice, "ticket-created.json").await;
    let item = told["results"][0]["quarantineItem"]
        .as_str()
        .expect("an item")
        .to_owned();
    let retried = stack.retry(&item).await;
    assert_eq!(
        (retried.outcome(), &retried.quarantine_item),
        (Outcome::NeedsEnrichment, &item)
    );
    let get = GetQuarantineItemRequest { name: item.clone() };
    let read = stack
        .quarantine(TENANT)
        .get_quarantine_item(get)
        .await
        .expect("is there")
        .into_inner();
    assert_eq!(
        (read.state(), read.external_ids),
        (State::NeedsEnrichment, vec!["ticket:9381".to_owned()])
    );
    let discard = DiscardQuarantineItemRequest { name: item.clone() };
    let discarded = stack
        .quarantine(TENANT)
        .discard_quarantine_item(discard)
        .await
        .expect("discarded");
    assert_eq!(discarded.into_inner().state(), State::Discarded);
    // The whole of it is a contact like any other, and the decision stands.
    assert_eq!(outcomes(&post(&stack, &superoffice, "whole.json").await), ["CREATED"]);
    assert_eq!(stack.quarantined(State::Discarded).await.len(), 1);
}

#[tokio::test]
async fn nobody_pushes_in_the_name_of_a_source_that_is_not_their_own() {
    let stack = Stack::start().await;
    let superoffice = source(&stack, "superoffice").await;
    let pushed = |name: &str| Contact {
        source: name.to_owned(),
        external_id: "ticket:9381".to_owned(),
        ..contact("Hallo")
    };
    let request = vorrang_api::ingestion::v1::PushTicketRequest {
        request_id: String::new(),
        contact: Some(pushed(&superoffice.name)),
    };
    let rival = stack
        .pushes("rival")
        .push_ticket(request)
        .await
        .expect_err("another tenant's");
    assert_eq!(rival.code(), Code::NotFound);
    let never = stack.push("", pushed("sources/never")).await.expect_err("never was");
    assert_eq!(never.code(), Code::NotFound);
    let wrong = stack.push("", pushed("grpc")).await.expect_err("no source");
    assert_eq!(wrong.code(), Code::InvalidArgument);
    assert_eq!(stack.ticketing.calls(), 0);
}
