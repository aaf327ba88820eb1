//! Live chat from both sides: nothing that is said is lost, nothing is heard twice, and nobody hears what is not for them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use futures::future::join_all;
use tonic::Code;
use tonic_types::StatusExt as _;
use vorrang_api::ingestion::v1::converse_request::Request;
use vorrang_api::ingestion::v1::converse_response::Event;
use vorrang_api::ingestion::v1::{ConverseRequest, Outcome, StartConversation, said::Answer};
use vorrang_api::ticketing::v1::{MergeTicketsRequest, UnmergeTicketRequest, message, ticket};
use vorrang_client::Client;

use crate::stack::Stack;
use crate::window::{Window, answer, say, start, transcript, write};

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_on_over_cut_lines_on_the_embedded_default() {
    a_conversation_goes_on_over_cut_lines(Stack::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_on_over_cut_lines_on_postgresql() {
    a_conversation_goes_on_over_cut_lines(Stack::production().await).await;
}

async fn a_conversation_goes_on_over_cut_lines(stack: Stack) {
    let client = stack.client("acme").await;
    let mut heard = Vec::new();
    let mut window = Window::open(&client, "chat-1", "").await;
    let first = window.say("m1", "Hello?", &mut heard).await;
    assert_eq!(first.outcome(), Outcome::Created);
    write(
        &client,
        &first.ticket,
        "a note",
        message::Visibility::Internal,
        ticket::State::Unspecified,
    )
    .await;
    answer(&client, &first.ticket, "How can I help?").await;
    let message = window.hear().await;
    assert_eq!(message.text, "How can I help?", "the note is not for the customer");
    assert_eq!(message.actor.expect("an actor").id, "agents/anna");
    assert_eq!(
        window.say("m2", "My order", &mut heard).await.outcome(),
        Outcome::Appended
    );

    // The line is cut, and both sides go on. What was not answered is said again.
    let token = window.cut();
    answer(&client, &first.ticket, "Which one?").await;
    answer(&client, &first.ticket, "Are you there?").await;
    let mut window = Window::open(&client, "chat-1", &token).await;
    assert_eq!(window.texts(2).await, ["Which one?", "Are you there?"]);
    let again = window.say("m2", "My order", &mut heard).await;
    assert_eq!((again.outcome(), &again.ticket), (Outcome::Duplicate, &first.ticket));
    window.say("m3", "Number 77", &mut heard).await;

    // Another window of the same customer hears both; without a token nothing from before.
    let mut other = Window::open(&client, "chat-1", "").await;
    other.say("m4", "It is me, too", &mut Vec::new()).await;
    assert_eq!(window.hear().await.text, "It is me, too");
    write(
        &client,
        &first.ticket,
        "Found it.",
        message::Visibility::Public,
        ticket::State::Solved,
    )
    .await;
    for one in [&mut window, &mut other] {
        assert_eq!(one.hear().await.text, "Found it.");
        let Event::TicketState(state) = one.next().await.expect("goes on") else {
            panic!("not the state")
        };
        assert_eq!((state.state(), &state.ticket), (ticket::State::Solved, &first.ticket));
    }
    assert_eq!(heard, Vec::<String>::new(), "nothing was heard twice");
    let said = [
        "Hello?",
        "a note",
        "How can I help?",
        "My order",
        "Which one?",
        "Are you there?",
        "Number 77",
    ];
    let all: Vec<&str> = said.into_iter().chain(["It is me, too", "Found it."]).collect();
    assert_eq!(transcript(&client, &first.ticket).await, all);

    // An old token tells what came after it once more, and nothing of one's own.
    let mut old = Window::open(&client, "chat-1", &token).await;
    assert_eq!(
        old.texts(5).await,
        [
            "Which one?",
            "Are you there?",
            "Number 77",
            "It is me, too",
            "Found it."
        ]
    );
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merged_conversation_goes_on_and_shows_nothing_from_before() {
    let stack = Stack::embedded().await;
    let client = stack.client("acme").await;
    let (mut ann, mut ben) = (
        Window::open(&client, "ann", "").await,
        Window::open(&client, "ben", "").await,
    );
    let anns = ann.say("1", "I am Ann", &mut Vec::new()).await.ticket;
    let bens = ben.say("1", "I am Ben", &mut Vec::new()).await.ticket;
    answer(&client, &anns, "Your secret, Ann").await;
    assert_eq!(ann.hear().await.text, "Your secret, Ann");
    // One of Ben's windows is away from before the merge, and the agent writes before and after it.
    let cut = Window::open(&client, "ben", &ben.token).await.cut();
    answer(&client, &bens, "To Ben, before").await;
    assert_eq!(ben.hear().await.text, "To Ben, before");
    merge(&client, &anns, &bens).await;
    answer(&client, &anns, "Both of you").await;
    assert_eq!(ann.hear().await.text, "Both of you");
    assert_eq!(ben.hear().await.text, "Both of you");
    let mut away = Window::open(&client, "ben", &cut).await;
    assert_eq!(
        away.texts(2).await,
        ["To Ben, before", "Both of you"],
        "also for one who was away"
    );
    let appended = ben.say("2", "Thanks", &mut Vec::new()).await;
    assert_eq!((appended.outcome(), &appended.ticket), (Outcome::Appended, &anns));
    // Another window of his that knows nothing of his own ticket.
    let mut new = Window::open(&client, "ben", "").await;
    assert_eq!(new.say("3", "Me again", &mut Vec::new()).await.ticket, anns);
    assert_eq!(ben.hear().await.text, "Me again");
    assert_eq!(away.texts(2).await, ["Thanks", "Me again"]);

    // What is written after the unmerge is heard by whose it is alone, also by windows that were away when it happened.
    let (cut, cut_new) = (away.cut(), new.token.clone());
    let unmerge = UnmergeTicketRequest {
        name: bens.clone(),
        agent: "agents/anna".to_owned(),
        ..UnmergeTicketRequest::default()
    };
    client
        .ticket_relations()
        .unmerge_ticket(unmerge)
        .await
        .expect("unmerges");
    answer(&client, &anns, "For Ann alone").await;
    answer(&client, &bens, "For Ben alone").await;
    for window in [
        &mut ben,
        &mut new,
        &mut Window::open(&client, "ben", &cut).await,
        &mut Window::open(&client, "ben", &cut_new).await,
    ] {
        assert_eq!(window.hear().await.text, "For Ben alone");
    }
    assert_eq!(ann.texts(3).await, ["Thanks", "Me again", "For Ann alone"]);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_on_in_its_follow_up() {
    let stack = Stack::embedded().await;
    let client = stack.client("acme").await;
    let mut window = Window::open(&client, "chat", "").await;
    let first = window.say("1", "Hello", &mut Vec::new()).await;
    let token = Window::open(&client, "chat", &window.token).await.cut();
    write(
        &client,
        &first.ticket,
        "Solved, goodbye",
        message::Visibility::Public,
        ticket::State::Closed,
    )
    .await;
    // What the agent wrote last is told, whichever comes first.
    let mut heard = Vec::new();
    let second = window.say("2", "One more thing", &mut heard).await;
    assert_eq!(second.outcome(), Outcome::Created);
    if heard.is_empty() {
        heard.push(window.hear().await.text);
    }
    assert_eq!(heard, ["Solved, goodbye"]);
    answer(&client, &second.ticket, "Which?").await;
    assert_eq!(window.hear().await.text, "Which?");
    // Said once more, the first message leads nowhere else.
    let again = window.say("1", "Hello", &mut heard).await;
    assert_eq!((again.outcome(), &again.ticket), (Outcome::Duplicate, &first.ticket));
    answer(&client, &second.ticket, "Still there?").await;
    assert_eq!(window.hear().await.text, "Still there?");
    assert_eq!(heard.len(), 1);

    // One that was away hears how it ended.
    let mut away = Window::open(&client, "chat", &token).await;
    assert_eq!(away.hear().await.text, "Solved, goodbye");
    let Event::TicketState(state) = away.next().await.expect("goes on") else {
        panic!("not the state")
    };
    assert_eq!((state.state(), &state.ticket), (ticket::State::Closed, &first.ticket));
    stack.stop().await;
}

async fn merge(client: &Client, target: &str, source: &str) {
    let merge = MergeTicketsRequest {
        target: target.to_owned(),
        sources: vec![source.to_owned()],
        agent: "agents/anna".to_owned(),
        across_customers: true,
        ..MergeTicketsRequest::default()
    };
    client.ticket_relations().merge_tickets(merge).await.expect("merges");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_and_the_rest_goes_on() {
    let stack = Stack::embedded().await;
    let client = stack.client("acme").await;
    let refused = async |requests: Vec<Request>| {
        let requests = requests
            .into_iter()
            .map(|request| ConverseRequest { request: Some(request) });
        let stream = client
            .chat()
            .converse(tokio_stream::iter(requests))
            .await
            .expect("is served");
        let mut stream = stream.into_inner();
        loop {
            match stream.message().await {
                Ok(Some(response)) => assert!(matches!(response.event, Some(Event::Started(_))), "{response:?}"),
                Ok(None) => panic!("it was taken"),
                Err(status) => return status,
            }
        }
    };
    assert_eq!(
        refused(vec![Request::Say(say("1", "x"))]).await.code(),
        Code::InvalidArgument
    );
    let nobody = StartConversation {
        identities: Vec::new(),
        conversation_id: "z".repeat(129),
        ..start("", "")
    };
    let status = refused(vec![Request::Start(nobody)]).await;
    let details = status.get_error_details();
    let fields: Vec<&str> = details
        .bad_request()
        .expect("violations")
        .field_violations
        .iter()
        .map(|one| one.field.as_str())
        .collect();
    assert_eq!(fields, ["start.conversation_id", "start.identities"]);
    let twice = refused(vec![Request::Start(start("a", "")), Request::Start(start("a", ""))]).await;
    assert_eq!(twice.code(), Code::InvalidArgument);

    let mut window = Window::open(&client, "mine", "").await;
    window.say("1", "Hello", &mut Vec::new()).await;
    for token in [window.token.as_str(), "nonsense"] {
        let status = refused(vec![Request::Start(start("theirs", token))]).await;
        let reason = status.get_error_details().error_info().map(|info| info.reason.clone());
        assert_eq!(reason.as_deref(), Some("RESUME_TOKEN_INVALID"));
    }
    // A bad message is answered alone.
    for (id, text) in [("", "x"), ("a/b", "x"), ("2", "")] {
        window.send(Request::Say(say(id, text))).await;
        let Event::Said(said) = window.next().await.expect("goes on") else {
            panic!("not an answer")
        };
        let Some(Answer::Error(error)) = said.answer else {
            panic!("{id:?} was taken")
        };
        assert_eq!(
            (said.message_id.as_str(), error.code),
            (id, Code::InvalidArgument as i32)
        );
    }
    assert_eq!(
        window.say("2", "I go on", &mut Vec::new()).await.outcome(),
        Outcome::Appended
    );
    stack.stop().await;
}

/// Chats that nobody here wrote, many at once.
#[tokio::test(flavor = "multi_thread")]
async fn real_chats_arrive_whole_and_in_order() {
    let Some(samples) = std::env::var_os("VORRANG_SAMPLES").filter(|root| !root.is_empty()) else {
        // To the terminal itself: the test harness keeps what `eprintln!` writes when a test passes.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: VORRANG_SAMPLES is not set, so no chat was read"
        );
        return;
    };
    let samples = Path::new(&samples);
    let stack = Stack::embedded().await;
    let client = stack.client("acme").await;

    let table = std::fs::read_to_string(samples.join("chat-multidogo/insurance_dev.tsv")).expect("the chats");
    let mut chats: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in table.lines().skip(1) {
        let mut columns = line.split('\t');
        if let (Some(chat), Some(text)) = (columns.next(), columns.nth(2))
            && !text.trim().is_empty()
        {
            chats.entry(chat).or_default().push(text);
        }
    }
    assert!(chats.len() > 200, "{}", chats.len());
    let converse = async |(chat, turns): (&&str, &Vec<&str>)| {
        let mut window = Window::open(&client, chat, "").await;
        let mut heard = Vec::new();
        let mut ticket = String::new();
        for (number, turn) in turns.iter().enumerate() {
            ticket = window.say(&number.to_string(), turn, &mut heard).await.ticket;
        }
        assert_eq!(heard, Vec::<String>::new(), "{chat}");
        assert_eq!(transcript(&client, &ticket).await, *turns, "{chat}");
    };
    // A connection has room for so many streams only.
    let chats: Vec<_> = chats.iter().collect();
    for some in chats.chunks(25) {
        join_all(some.iter().map(|chat| converse(*chat))).await;
    }

    let chats = std::fs::read_to_string(samples.join("chat-abcd/abcd_sample.json")).expect("the chats");
    let chats: Vec<serde_json::Value> = serde_json::from_str(&chats).expect("JSON");
    for chat in &chats {
        let turns: Vec<(String, String)> = serde_json::from_value(chat["original"].clone()).expect("turns");
        let mut window = Window::open(&client, &format!("abcd-{}", chat["convo_id"]), "").await;
        let mut heard = Vec::new();
        let ticket = window.say("hello", "(opens the window)", &mut heard).await.ticket;
        for (number, (who, text)) in turns.iter().enumerate() {
            match who.as_str() {
                "customer" => drop(window.say(&number.to_string(), text, &mut heard).await),
                _ => answer(&client, &ticket, text).await,
            }
        }
        let theirs: Vec<&String> = turns
            .iter()
            .filter(|(who, _)| who != "customer")
            .map(|(_, text)| text)
            .collect();
        while heard.len() < theirs.len() {
            heard.push(window.hear().await.text);
        }
        assert_eq!(heard.iter().collect::<Vec<_>>(), theirs);
    }
    stack.stop().await;
}
