//! A customer is asked after the solve, opens the link, answers by one click, and the figure knows: over real HTTP.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use vorrang_api::feed::v1::{FollowRequest, StartPoint};
use vorrang_api::ticketing::v1::event::Payload;
use vorrang_api::ticketing::v1::{
    AssignTicketRequest, Channel, CreateSurveyRequest, ListSurveyAnswersRequest, Survey, SurveyAnswer, SurveyKind,
    SurveyRule, SurveySending, survey_rule, ticket,
};
use vorrang_client::Client;

use crate::journey::{contact, push, reply, total};
use crate::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn a_click_becomes_a_figure_on_the_embedded_default() {
    a_click_becomes_a_figure(Stack::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_becomes_a_figure_on_postgresql() {
    a_click_becomes_a_figure(Stack::production().await).await;
}

async fn a_click_becomes_a_figure(stack: Stack) {
    let client = stack.client("acme").await;
    let rule = SurveyRule {
        trigger: survey_rule::Trigger::Solved.into(),
        condition: "channel = WEB".to_owned(),
        ..SurveyRule::default()
    };
    let request = CreateSurveyRequest {
        survey_id: "after-solve".to_owned(),
        survey: Some(Survey {
            kind: SurveyKind::Csat.into(),
            ask_comment: true,
            rule: Some(rule),
            active: true,
            ..Survey::default()
        }),
        ..CreateSurveyRequest::default()
    };
    client.surveys().create_survey(request).await.expect("a survey");

    // A contact comes in and is solved; another one is not asked about.
    let pushed = push(&client, contact("web-1", Channel::Web, "", "Colour of the box")).await;
    let other = push(&client, contact("chat-1", Channel::Chat, "", "Hello?")).await;
    for ticket in [&pushed.ticket, &other.ticket] {
        let assign = AssignTicketRequest {
            name: ticket.clone(),
            agent: "agents/anna".to_owned(),
            ..AssignTicketRequest::default()
        };
        client.tickets().assign_ticket(assign).await.expect("assigns");
        reply(&client, ticket, ticket::State::Solved).await;
    }
    let sent = sendings(&client).await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!((&sent[0].ticket, &sent[0].customer), (&pushed.ticket, &pushed.customer));
    let invitation = sent[0].invitation.as_ref().expect("what the customer gets");
    let path = |url: &str| url[url.find("/s/").expect("the page")..].to_owned();
    let (page, four) = (path(&invitation.url), path(&invitation.choices[3].url));

    // Whatever opens links records nothing.
    for link in [&page, &four, &four] {
        let shown = http(&stack, "GET", link, "").await;
        assert_eq!(shown.status, 200, "{}", shown.text);
        assert!(shown.text.contains("<html lang=\"de\">") && shown.text.contains("Antwort senden"));
        assert!(!shown.text.contains("web-1@example.org") && !shown.text.contains("Colour of the box"));
        for (header, value) in [("cache-control", "no-store"), ("referrer-policy", "no-referrer")] {
            assert_eq!(shown.header(header), value);
        }
        assert!(shown.header("content-security-policy").contains("default-src 'none'"));
    }
    assert!(
        http(&stack, "GET", &four, "")
            .await
            .text
            .contains("value=\"4\" required checked")
    );
    assert!(answers(&client).await.is_empty());

    // One click on the button does.
    let clicked = http(&stack, "POST", &four, "score=4&comment=Danke%21").await;
    assert_eq!(clicked.status, 303, "{}", clicked.text);
    let thanks = http(&stack, "GET", &format!("{page}/thanks"), "").await;
    assert!(clicked.header("location").ends_with("/thanks") && thanks.text.contains("Vielen Dank!"));
    let given = answers(&client).await;
    assert_eq!(given.len(), 1);
    assert_eq!(
        (given[0].score, given[0].comment.as_str(), given[0].agent.as_str()),
        (4, "Danke!", "agents/anna")
    );
    assert_eq!((&given[0].ticket, &given[0].sending), (&pushed.ticket, &sent[0].name));
    let csat = total(&client, "csat").await;
    assert_eq!((csat.value, csat.count), (Some(100.0), 1));

    // On second thoughts, and the figure takes it back.
    assert_eq!(http(&stack, "POST", &page, "score=2").await.status, 303);
    assert_eq!((answers(&client).await.len(), answers(&client).await[0].score), (1, 2));
    let csat = total(&client, "csat").await;
    assert_eq!((csat.value, csat.count), (Some(0.0), 1));

    // Nobody else's link opens anything.
    let forged = format!("{}AAAA", &page[..page.len() - 4]);
    assert_eq!(http(&stack, "POST", &forged, "score=5").await.status, 404);
    assert_eq!(answers(&client).await[0].score, 2);
    stack.stop().await;
}

/// What was sent, as ticketing's feed tells whoever writes the mails.
async fn sendings(client: &Client) -> Vec<SurveySending> {
    let request = FollowRequest {
        start: StartPoint::Beginning.into(),
        ..FollowRequest::default()
    };
    let mut feed = client
        .ticketing_feed()
        .follow(request)
        .await
        .expect("is served")
        .into_inner();
    let mut sent = Vec::new();
    loop {
        let batch = feed.message().await.expect("goes on").expect("does not end");
        sent.extend(batch.events.into_iter().filter_map(|event| match event.payload? {
            Payload::SurveySent(sent) => sent.sending,
            _ => None,
        }));
        if batch.caught_up {
            return sent;
        }
    }
}

async fn answers(client: &Client) -> Vec<SurveyAnswer> {
    let listed = client
        .surveys()
        .list_survey_answers(ListSurveyAnswersRequest::default())
        .await
        .expect("a list");
    listed.into_inner().survey_answers
}

struct Got {
    status: u16,
    head: String,
    text: String,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        let value = |line: &'_ str| {
            let (found, _) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(found.len() + 1)
        };
        self.head
            .lines()
            .find_map(|line| value(line).map(|start| line[start..].trim()))
            .unwrap_or_default()
    }
}

/// One request as a browser that reads German sends it.
async fn http(stack: &Stack, method: &str, path: &str, form: &str) -> Got {
    let url = stack.running().url();
    let host = url.strip_prefix("http://").expect("an address");
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Language: de-DE,de;q=0.9\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let mut stream = TcpStream::connect(host).await.expect("connects");
    stream.write_all(request.as_bytes()).await.expect("is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("is answered");
    let answer = String::from_utf8(answer).expect("UTF-8");
    let (head, text) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Got {
        status: status.expect("a status"),
        head: head.to_owned(),
        text: text.to_owned(),
    }
}
