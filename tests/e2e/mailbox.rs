//! A customer who only has a mail program: writes, is answered, answers, is asked, and clicks. On real mail servers.

use vorrang_api::ticketing::v1::{
    Channel, CreateSurveyRequest, GetTicketRequest, ListMessagesRequest, ListTicketsRequest, Survey, SurveyKind,
    SurveyRule, Ticket, survey_rule, ticket,
};
use vorrang_client::Client;
use vorrang_ingestion::mail::{self, Automated, Mail};
use vorrang_testkit::{DEADLINE, DataFolder, MAIL_PASSWORD, MailServer, data_folder, wait_for};

use crate::journey::reply;
use crate::stack::Stack;

fn configure(folder: &DataFolder, server: &MailServer) {
    let ingestion = folder.path().join("ingestion");
    std::fs::create_dir_all(&ingestion).expect("is made");
    std::fs::write(ingestion.join("support.password"), MAIL_PASSWORD).expect("is written");
    let text = format!(
        "[[mailbox]]\ntenant = \"acme\"\naddress = \"support@firma.example\"\ndisplay_name = \"Firma\"\n\
         imap = \"imaps://localhost:{}\"\nsince = \"all\"\npoll_seconds = 1\nsmtp = \"smtp://localhost:{}?tls=required\"\n\
         user = \"support@firma.example\"\npassword_file = \"support.password\"\nca_file = \"{}\"\n",
        server.imaps_port(),
        server.smtp_port(),
        server.ca_file().display()
    );
    std::fs::write(ingestion.join("mailboxes.toml"), text).expect("is written");
}

async fn tickets(client: &Client) -> Vec<Ticket> {
    let listed = client.tickets().list_tickets(ListTicketsRequest::default()).await;
    listed.expect("a list").into_inner().tickets
}

async fn texts(client: &Client, ticket: &str) -> Vec<String> {
    let request = ListMessagesRequest {
        parent: ticket.to_owned(),
        ..ListMessagesRequest::default()
    };
    let listed = client.tickets().list_messages(request).await.expect("a list");
    let messages = listed.into_inner().messages;
    messages.into_iter().map(|message| message.text).collect()
}

/// The mail at this place of what the customer got.
async fn got(server: &MailServer, at: usize) -> Mail {
    wait_for(DEADLINE, "a mail to the customer", || async {
        let mails = server.mails("mara");
        mails.get(at).map(|(_, raw)| mail::read(raw).expect("a mail"))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_with_a_mail_program_is_served() {
    let mut server = MailServer::start().await;
    server.start_smtp().await;
    let folder = data_folder();
    configure(&folder, &server);
    let stack = Stack::in_folder(folder.path()).await;
    let client = stack.client("acme").await;
    let rule = SurveyRule {
        trigger: survey_rule::Trigger::Solved.into(),
        condition: "channel = EMAIL".to_owned(),
        ..SurveyRule::default()
    };
    let survey = CreateSurveyRequest {
        survey_id: "after-solve".to_owned(),
        survey: Some(Survey {
            kind: SurveyKind::Csat.into(),
            rule: Some(rule),
            active: true,
            ..Survey::default()
        }),
        ..CreateSurveyRequest::default()
    };
    client.surveys().create_survey(survey).await.expect("a survey");

    server.deliver(
        "support",
        b"From: Mara <mara@x.example>\r\nTo: support@firma.example\r\nSubject: Wo ist mein Paket?\r\nMessage-ID: <1@x.example>\r\n\r\n\
          Guten Tag, ich warte seit einer Woche auf mein Paket. Wo ist es?\r\n",
    );
    let asked = wait_for(DEADLINE, "a ticket", || async { tickets(&client).await.pop() }).await;
    assert_eq!(
        (asked.channel(), asked.subject.as_str()),
        (Channel::Email, "Wo ist mein Paket?")
    );
    reply(&client, &asked.name, ticket::State::Pending).await;
    let answered = got(&server, 0).await;
    assert_eq!((answered.text.as_str(), answered.ancestors.len()), ("Done.", 1));

    // The answer goes where the reply says, and names it.
    let (id, to) = (
        answered.message_id.expect("an id"),
        answered.reply_to.expect("an address").address,
    );
    let answer = format!(
        "From: mara@x.example\r\nTo: {to}\r\nSubject: AW: Wo ist mein Paket?\r\nMessage-ID: <2@x.example>\r\nIn-Reply-To: <{id}>\r\n\r\n\
         Danke, es ist da!\r\n"
    );
    server.deliver("support", answer.as_bytes());
    let said = wait_for(DEADLINE, "the answer on the ticket", || async {
        Some(texts(&client, &asked.name).await).filter(|texts| texts.len() == 3)
    })
    .await;
    assert_eq!(said[2], "Danke, es ist da!");
    assert_eq!(tickets(&client).await.len(), 1);
    let now = client
        .tickets()
        .get_ticket(GetTicketRequest {
            name: asked.name.clone(),
        })
        .await;
    assert_eq!(now.expect("is there").into_inner().state(), ticket::State::Open);

    // Solved: the last words, and the question, each in the conversation.
    reply(&client, &asked.name, ticket::State::Solved).await;
    let mails = [got(&server, 1).await, got(&server, 2).await];
    let question = mails
        .iter()
        .find(|mail| mail.automated.is_some())
        .expect("the question");
    assert_eq!(question.automated, Some(Automated::AutoGenerated));
    assert_eq!(question.ancestors, ["2@x.example", "1@x.example"]);
    assert!(
        question.text.contains("/s/") && question.text.contains("5 – "),
        "{}",
        question.text
    );
    assert_eq!(texts(&client, &asked.name).await.len(), 4, "a question is no message");
    stack.stop().await;
}
