//! A VIP writes by mail: priority, a tag and a reply by macro, all by an automation, and the desktops hear of it on the feed.

use vorrang_api::feed::v1::{FollowRequest, StartPoint, actor};
use vorrang_api::ingestion::v1::Contact;
use vorrang_api::ticketing::v1::automation::{Event, OnEvents, Trigger};
use vorrang_api::ticketing::v1::event::Payload;
use vorrang_api::ticketing::v1::ticket_action::{Action, LocalizedText, Notify, Tags, Text};
use vorrang_api::ticketing::v1::{
    Automation, Channel, CreateAutomationRequest, CreateMacroRequest, EnableAutomationRequest, GetTicketRequest,
    ListAutomationRunsRequest, Macro, Priority, TicketAction, automation_run, list_automation_runs_request,
};
use vorrang_client::Client;

use crate::journey::{contact, push};
use crate::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn a_vips_mail_is_answered_marked_and_told_on_the_embedded_default() {
    a_vips_mail(Stack::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vips_mail_is_answered_marked_and_told_on_postgresql() {
    a_vips_mail(Stack::production().await).await;
}

fn act(action: Action) -> TicketAction {
    TicketAction { action: Some(action) }
}

/// The automation's name.
async fn configure(client: &Client) -> String {
    let text = |language: &str, text: &str| LocalizedText {
        language: language.to_owned(),
        text: text.to_owned(),
    };
    let request = CreateMacroRequest {
        r#macro: Some(Macro {
            display_name: "We are on it".to_owned(),
            actions: vec![act(Action::Reply(Text {
                texts: vec![
                    text(
                        "en",
                        "Hello {{customer.name|there}}, we are on it (#{{ticket.number}}).",
                    ),
                    text(
                        "de",
                        "Hallo {{customer.name|zusammen}}, wir sind dran (#{{ticket.number}}).",
                    ),
                ],
            }))],
            ..Macro::default()
        }),
        ..CreateMacroRequest::default()
    };
    let greeting = client
        .macros()
        .create_macro(request)
        .await
        .expect("a macro")
        .into_inner();
    let request = CreateAutomationRequest {
        automation: Some(Automation {
            display_name: "VIP mail".to_owned(),
            trigger: Some(Trigger::OnEvents(OnEvents {
                events: vec![Event::CustomerMessage.into()],
            })),
            condition: "tier = vip channel = EMAIL -tags:vip".to_owned(),
            actions: vec![
                act(Action::SetPriority(Priority::Urgent.into())),
                act(Action::AddTags(Tags {
                    tags: vec!["vip".to_owned()],
                })),
                act(Action::ApplyMacro(greeting.name)),
                act(Action::Notify(Notify {
                    agents: vec!["agents/lead".to_owned()],
                    text: "A VIP wrote".to_owned(),
                    ..Notify::default()
                })),
            ],
            ..Automation::default()
        }),
        ..CreateAutomationRequest::default()
    };
    let made = client
        .automations()
        .create_automation(request)
        .await
        .expect("an automation")
        .into_inner();
    let request = EnableAutomationRequest {
        name: made.name.clone(),
        ..EnableAutomationRequest::default()
    };
    client.automations().enable_automation(request).await.expect("enables");
    made.name
}

/// Pushes a mail; gives the ticket.
async fn mail(client: &Client, id: &str, tier: &str) -> String {
    let contact = Contact {
        display_name: "Mara".to_owned(),
        language: "de".to_owned(),
        ..contact(id, Channel::Email, tier, "Where is my parcel?")
    };
    push(client, contact).await.ticket
}

async fn a_vips_mail(stack: Stack) {
    let client = stack.client("acme").await;
    let automation = configure(&client).await;
    let other = mail(&client, "other", "").await;
    let ticket = mail(&client, "mara", "vip").await;

    // The desktop follows the feed, and nothing else.
    let request = FollowRequest {
        start: StartPoint::Beginning.into(),
        types: vec![
            "agents_notified".to_owned(),
            "automation_applied".to_owned(),
            "message_created".to_owned(),
        ],
        ..FollowRequest::default()
    };
    let mut feed = client
        .ticketing_feed()
        .follow(request)
        .await
        .expect("follows")
        .into_inner();
    let mut told = Vec::new();
    let applied = loop {
        let batch = feed.message().await.expect("no error").expect("goes on");
        let mut applied = None;
        for event in batch.events {
            let caused = event.cause.clone().unwrap_or_default().automations;
            match event.payload {
                Some(Payload::MessageCreated(created)) if caused == [automation.clone()] => {
                    let message = created.message.expect("a message");
                    let kind = message.actor.as_ref().map(|actor| actor.kind());
                    assert_eq!(kind, Some(actor::Kind::Automation));
                    told.push(message.text);
                }
                Some(Payload::AgentsNotified(word)) => told.push(word.text),
                Some(Payload::AutomationApplied(one)) => applied = one.run,
                _ => {}
            }
        }
        if let Some(applied) = applied {
            break applied;
        }
    };
    assert_eq!(told, ["Hallo Mara, wir sind dran (#2).", "A VIP wrote"]);
    assert_eq!(
        (applied.ticket.as_str(), applied.outcome()),
        (ticket.as_str(), automation_run::Outcome::Applied)
    );

    let get = async |name: &str| {
        let request = GetTicketRequest { name: name.to_owned() };
        client
            .tickets()
            .get_ticket(request)
            .await
            .expect("is there")
            .into_inner()
    };
    let after = get(&ticket).await;
    assert_eq!(
        (after.priority(), after.tags.as_slice()),
        (Priority::Urgent, &["vip".to_owned()][..])
    );
    assert_eq!(after.first_replied_at, None, "a machine's words are no reply");
    assert_eq!(
        (get(&other).await.priority(), get(&other).await.message_count),
        (Priority::Normal, 1)
    );
    let request = ListAutomationRunsRequest {
        of: Some(list_automation_runs_request::Of::Automation(automation)),
        ..ListAutomationRunsRequest::default()
    };
    let runs = client
        .automations()
        .list_automation_runs(request)
        .await
        .expect("lists")
        .into_inner()
        .runs;
    assert_eq!(runs, [applied]);
    stack.stop().await;
}
