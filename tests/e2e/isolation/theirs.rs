//! The other tenant: one of everything, with a word in it that must never be seen.

use std::collections::HashMap;

use vorrang_api::feed::v1::{CommitCursorRequest, GetHeadRequest};
use vorrang_api::ingestion::v1::{
    Contact, ImportHistoryRequest, ImportStart, Outcome, PushEmailRequest, PushTicketRequest, Source,
    import_history_request,
};
use vorrang_api::knowledge::v1::{Article, CreateArticleRequest, PublishArticleRequest, StartSessionRequest};
use vorrang_api::routing::v1::{Agent, CreateAgentRequest};
use vorrang_api::ticketing::v1::ticket::State;
use vorrang_api::ticketing::v1::ticket_field::Type;
use vorrang_api::ticketing::v1::{
    Automation, CreateAutomationRequest, CreateMacroRequest, CreateOrganizationRequest, CreateReviewRequest,
    CreateRubricRequest, CreateScheduleRequest, CreateSlaPolicyRequest, CreateSubStateRequest, CreateSurveyRequest,
    CreateTicketFieldRequest, CreateWebhookRequest, Identity, Macro, Organization, Review, ReviewItem, Rubric,
    RubricItem, Schedule, SendSurveyRequest, SlaClock, SlaMetric, SlaPolicy, SubState, Survey, SurveyKind,
    TicketAction, TicketField, Webhook, automation, identity, sla_policy, ticket_action,
};
use vorrang_client::Client;

/// Stands in everything that the other tenant has, and must never be seen.
const CANARY: &str = "kolibri";

/// Names of everything that the other tenant has.
pub struct Theirs(HashMap<&'static str, String>);

impl Theirs {
    /// Names that nobody has.
    pub fn nobody() -> Self {
        let uuid = uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        let name = |collection: &str| format!("{collection}/{uuid}");
        Self(HashMap::from([
            ("ticket", name("tickets")),
            ("customer", name("customers")),
            ("organization", name("organizations")),
            ("article", name("articles")),
            ("sla_policy", name("slaPolicies")),
            ("macro", name("macros")),
            ("automation", name("automations")),
            ("session", name("sessions")),
            ("schedule", name("schedules")),
            ("survey", "surveys/nobodys".to_owned()),
            ("survey_sending", name("surveySendings")),
            ("rubric", "rubrics/nobodys".to_owned()),
            ("review", name("reviews")),
            ("quarantine_item", name("quarantineItems")),
            ("import", name("imports")),
            ("source", "sources/nobodys".to_owned()),
            ("agent", "agents/nobodys".to_owned()),
            ("webhook", name("webhooks")),
            ("cursor_ticketing", "nobodys".to_owned()),
            ("cursor_routing", "nobodys".to_owned()),
            ("cursor_knowledge", "nobodys".to_owned()),
            ("sub_state", "subStates/nobodys".to_owned()),
            ("ticket_field", "ticketFields/nobodys".to_owned()),
        ]))
    }

    pub fn fill_in(&self, request: &str) -> String {
        let mut request = request
            .replace("{canary}", CANARY)
            .replace("{uuid}", &uuid::Uuid::nil().to_string());
        for (place, name) in &self.0 {
            request = request.replace(&format!("{{{place}}}"), name);
        }
        request
    }

    /// Whether an answer has anything of theirs in it.
    pub fn is_in(&self, answer: &[u8]) -> bool {
        let text = String::from_utf8_lossy(answer);
        // These ids are words that everybody may choose; what is secret about them is the display name.
        const CHOSEN: [&str; 3] = ["agent", "sub_state", "ticket_field"];
        let names = self.0.iter().filter(|(place, _)| !CHOSEN.contains(place));
        text.contains(&format!("{CANARY} secret")) || names.into_iter().any(|(_, name)| text.contains(name.as_str()))
    }
}

/// Gives a tenant one of everything.
pub async fn fill(client: &Client) -> Theirs {
    let secret = format!("{CANARY} secret");
    let agent = CreateAgentRequest {
        agent_id: "kolibri-agent".to_owned(),
        agent: Some(Agent {
            display_name: secret.clone(),
            ..Agent::default()
        }),
        ..CreateAgentRequest::default()
    };
    let agent = client
        .agents()
        .create_agent(agent)
        .await
        .expect("an agent")
        .into_inner()
        .name;

    let sub_state = CreateSubStateRequest {
        sub_state_id: "kolibri-state".to_owned(),
        sub_state: Some(SubState {
            state: State::OnHold.into(),
            display_name: secret.clone(),
            ..SubState::default()
        }),
        ..CreateSubStateRequest::default()
    };
    let sub_state = client.sub_states().create_sub_state(sub_state).await;
    let sub_state = sub_state.expect("a sub-state").into_inner().name;
    let ticket_field = CreateTicketFieldRequest {
        ticket_field_id: "kolibri_field".to_owned(),
        ticket_field: Some(TicketField {
            r#type: Type::Code.into(),
            display_name: secret.clone(),
            ..TicketField::default()
        }),
        ..CreateTicketFieldRequest::default()
    };
    let ticket_field = client.ticket_fields().create_ticket_field(ticket_field).await;
    let ticket_field = ticket_field.expect("a field").into_inner().name;

    let identity = |value: &str| Identity {
        kind: identity::Kind::Email.into(),
        value: value.to_owned(),
        verified: true,
    };
    let contact = Contact {
        external_id: "theirs-1".to_owned(),
        conversation_id: "theirs-1".to_owned(),
        identities: vec![identity("theirs@example.org"), identity("only-theirs@example.org")],
        display_name: secret.clone(),
        subject: secret.clone(),
        text: secret.clone(),
        ..Contact::default()
    };
    let request = PushTicketRequest {
        contact: Some(contact),
        ..PushTicketRequest::default()
    };
    let pushed = client
        .ingestion()
        .push_ticket(request)
        .await
        .expect("a ticket")
        .into_inner()
        .result
        .expect("a result");

    let mail = format!("From: theirs@example.org\nMessage-ID: <theirs@example.org>\nSubject: {secret}\n\n{secret}\n");
    let request = PushEmailRequest {
        raw: mail.into_bytes().into(),
        ..PushEmailRequest::default()
    };
    client.ingestion().push_email(request).await.expect("a mail");
    let request = PushEmailRequest {
        raw: (&b"\0\x01 no mail"[..]).into(),
        ..PushEmailRequest::default()
    };
    let quarantined = client
        .ingestion()
        .push_email(request)
        .await
        .expect("an answer")
        .into_inner()
        .result;
    let quarantined = quarantined.expect("a result");
    assert_eq!(Outcome::Quarantined, quarantined.outcome());

    let parts = [
        import_history_request::Request::Start(ImportStart {
            display_name: secret.clone(),
            ..ImportStart::default()
        }),
        import_history_request::Request::Chunk(b"no line\n".to_vec().into()),
    ];
    let parts = parts.map(|part| ImportHistoryRequest { request: Some(part) });
    let import = client.imports().import_history(tokio_stream::iter(parts)).await;
    let import = import.expect("an import").into_inner().name;

    let source = Source {
        preset: "chatwoot".to_owned(),
        display_name: secret.clone(),
        ..Source::default()
    };
    let request = vorrang_api::ingestion::v1::CreateSourceRequest {
        source: Some(source),
        ..Default::default()
    };
    let source = client
        .sources()
        .create_source(request)
        .await
        .expect("a source")
        .into_inner()
        .name;

    let organization = Organization {
        display_name: secret.clone(),
        domains: vec!["theirs.example".to_owned()],
        ..Organization::default()
    };
    let request = CreateOrganizationRequest {
        organization: Some(organization),
        ..CreateOrganizationRequest::default()
    };
    let organization = client
        .organizations()
        .create_organization(request)
        .await
        .expect("an organisation")
        .into_inner()
        .name;

    let article = Article {
        locale: "en".to_owned(),
        title: secret.clone(),
        body: secret.clone(),
        ..Article::default()
    };
    let request = CreateArticleRequest {
        article: Some(article),
        ..CreateArticleRequest::default()
    };
    let article = client
        .articles()
        .create_article(request)
        .await
        .expect("an article")
        .into_inner()
        .name;
    let request = PublishArticleRequest {
        name: article.clone(),
        ..PublishArticleRequest::default()
    };
    client.articles().publish_article(request).await.expect("is published");

    let session = client
        .sessions()
        .start_session(StartSessionRequest::default())
        .await
        .expect("a session")
        .into_inner()
        .name;
    let policy = SlaPolicy {
        display_name: secret.clone(),
        goals: vec![sla_policy::Goal {
            metric: SlaMetric::Resolution.into(),
            seconds: 3_600,
            clock: SlaClock::Elapsed.into(),
            ..sla_policy::Goal::default()
        }],
        ..SlaPolicy::default()
    };
    let request = CreateSlaPolicyRequest {
        sla_policy: Some(policy),
        ..CreateSlaPolicyRequest::default()
    };
    let policy = client
        .sla_policies()
        .create_sla_policy(request)
        .await
        .expect("a policy")
        .into_inner()
        .name;
    let (survey, sending) = asked(client, &secret, &pushed.customer).await;
    let (rubric, review) = reviewed(client, &secret, &pushed.ticket, &agent).await;
    let request = CreateMacroRequest {
        r#macro: Some(Macro {
            display_name: secret.clone(),
            actions: vec![TicketAction {
                action: Some(ticket_action::Action::SetIntent(secret.clone())),
            }],
            ..Macro::default()
        }),
        ..CreateMacroRequest::default()
    };
    let made_macro = client
        .macros()
        .create_macro(request)
        .await
        .expect("a macro")
        .into_inner()
        .name;
    let request = CreateAutomationRequest {
        automation: Some(Automation {
            display_name: secret.clone(),
            trigger: Some(automation::Trigger::OnEvents(automation::OnEvents {
                events: vec![automation::Event::Merged.into()],
            })),
            actions: vec![TicketAction {
                action: Some(ticket_action::Action::SetIntent(secret.clone())),
            }],
            ..Automation::default()
        }),
        ..CreateAutomationRequest::default()
    };
    let automation = client
        .automations()
        .create_automation(request)
        .await
        .expect("an automation")
        .into_inner()
        .name;
    let schedule = Schedule {
        display_name: secret.clone(),
        time_zone: "UTC".to_owned(),
        ..Schedule::default()
    };
    let request = CreateScheduleRequest {
        schedule: Some(schedule),
        ..CreateScheduleRequest::default()
    };
    let schedule = client
        .schedules()
        .create_schedule(request)
        .await
        .expect("a schedule")
        .into_inner()
        .name;
    // Disabled, so that nobody outside is called.
    let webhook = Webhook {
        display_name: secret.clone(),
        url: "https://hooks.example.org/".to_owned(),
        disabled: true,
        ..Webhook::default()
    };
    let request = CreateWebhookRequest {
        webhook: Some(webhook),
        ..CreateWebhookRequest::default()
    };
    let webhook = client
        .webhooks()
        .create_webhook(request)
        .await
        .expect("a webhook")
        .into_inner()
        .name;
    // A consumer of each feed, which stands at a cursor of theirs.
    macro_rules! consumer {
        ($feed:ident) => {{
            let head = client
                .$feed()
                .get_head(GetHeadRequest {})
                .await
                .expect("a head")
                .into_inner();
            let request = CommitCursorRequest {
                name: "consumers/kolibri".to_owned(),
                cursor: head.cursor.clone(),
                ..CommitCursorRequest::default()
            };
            client.$feed().commit_cursor(request).await.expect("commits");
            head.cursor
        }};
    }
    Theirs(HashMap::from([
        ("webhook", webhook),
        ("cursor_ticketing", consumer!(ticketing_feed)),
        ("cursor_routing", consumer!(routing_feed)),
        ("cursor_knowledge", consumer!(knowledge_feed)),
        ("survey", survey),
        ("survey_sending", sending),
        ("rubric", rubric),
        ("review", review),
        ("ticket", pushed.ticket),
        ("sla_policy", policy),
        ("macro", made_macro),
        ("automation", automation),
        ("customer", pushed.customer),
        ("import", import),
        ("quarantine_item", quarantined.quarantine_item),
        ("source", source),
        ("agent", agent),
        ("organization", organization),
        ("sub_state", sub_state),
        ("ticket_field", ticket_field),
        ("article", article),
        ("session", session),
        ("schedule", schedule),
    ]))
}

/// A survey that was sent to their customer.
async fn asked(client: &Client, secret: &str, customer: &str) -> (String, String) {
    let request = CreateSurveyRequest {
        survey_id: "kolibri-survey".to_owned(),
        survey: Some(Survey {
            kind: SurveyKind::Nps.into(),
            display_name: secret.to_owned(),
            active: true,
            ..Survey::default()
        }),
        ..CreateSurveyRequest::default()
    };
    let survey = client
        .surveys()
        .create_survey(request)
        .await
        .expect("a survey")
        .into_inner()
        .name;
    let request = SendSurveyRequest {
        survey: survey.clone(),
        customer: customer.to_owned(),
        ..SendSurveyRequest::default()
    };
    let sending = client
        .surveys()
        .send_survey(request)
        .await
        .expect("is sent")
        .into_inner()
        .name;
    (survey, sending)
}

/// A review of their agent's work.
async fn reviewed(client: &Client, secret: &str, ticket: &str, agent: &str) -> (String, String) {
    let item = RubricItem {
        id: "tone".to_owned(),
        of: 5,
        ..RubricItem::default()
    };
    let request = CreateRubricRequest {
        rubric_id: "kolibri-rubric".to_owned(),
        rubric: Some(Rubric {
            display_name: secret.to_owned(),
            items: vec![item],
            active: true,
            ..Rubric::default()
        }),
        ..CreateRubricRequest::default()
    };
    let rubric = client
        .reviews()
        .create_rubric(request)
        .await
        .expect("a rubric")
        .into_inner()
        .name;
    let points = ReviewItem {
        id: "tone".to_owned(),
        points: 5,
        ..ReviewItem::default()
    };
    let request = CreateReviewRequest {
        review: Some(Review {
            ticket: ticket.to_owned(),
            agent: agent.to_owned(),
            reviewer: "agents/kolibri-boss".to_owned(),
            rubric: rubric.clone(),
            items: vec![points],
            comment: secret.to_owned(),
            ..Review::default()
        }),
        ..CreateReviewRequest::default()
    };
    let review = client
        .reviews()
        .create_review(request)
        .await
        .expect("a review")
        .into_inner()
        .name;
    (rubric, review)
}
