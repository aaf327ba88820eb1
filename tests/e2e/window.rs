//! A simulated chat window: the customer's side of a conversation, and what agents write to it.

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};
use vorrang_api::feed::v1::{Actor, actor};
use vorrang_api::ingestion::v1::converse_request::Request;
use vorrang_api::ingestion::v1::converse_response::Event;
use vorrang_api::ingestion::v1::{ConverseRequest, ConverseResponse, PushResult, Say, StartConversation, said::Answer};
use vorrang_api::ticketing::v1::{
    CreateMessageRequest, Identity, ListMessagesRequest, Message, identity, message, ticket,
};
use vorrang_client::Client;
use vorrang_testkit::DEADLINE;

/// A customer's chat window.
pub struct Window {
    say: mpsc::Sender<ConverseRequest>,
    responses: Streaming<ConverseResponse>,
    /// The last one that was received.
    pub token: String,
}

impl Window {
    /// Opens one, and waits until the customer may write.
    pub async fn open(client: &Client, conversation: &str, token: &str) -> Self {
        let (say, requests) = mpsc::channel(64);
        let responses = client
            .chat()
            .converse(ReceiverStream::new(requests))
            .await
            .expect("is served")
            .into_inner();
        let mut window = Self {
            say,
            responses,
            token: token.to_owned(),
        };
        window.send(Request::Start(start(conversation, token))).await;
        match window.next().await.expect("goes on") {
            Event::Started(_) => window,
            other => panic!("{other:?}"),
        }
    }

    pub async fn send(&self, request: Request) {
        let request = ConverseRequest { request: Some(request) };
        self.say.send(request).await.expect("the stream is open");
    }

    /// The next event, where the customer stands in the queue left out.
    pub async fn next(&mut self) -> Result<Event, Status> {
        loop {
            match self.event().await? {
                Event::QueueUpdate(_) => {}
                event => return Ok(event),
            }
        }
    }

    /// The next event.
    pub async fn event(&mut self) -> Result<Event, Status> {
        let response = tokio::time::timeout(DEADLINE, self.responses.message()).await;
        let response = response.expect("something is heard")?.expect("does not end");
        self.token = response.resume_token;
        Ok(response.event.expect("an event"))
    }

    /// Says something, and gives what became of it; what is heard meanwhile goes to `heard`.
    pub async fn say(&mut self, id: &str, text: &str, heard: &mut Vec<String>) -> PushResult {
        self.send(Request::Say(say(id, text))).await;
        loop {
            match self.next().await.expect("goes on") {
                Event::Said(said) => match said.answer.expect("an answer") {
                    Answer::Result(result) if said.message_id == id => return result,
                    other => panic!("{id}: {other:?}"),
                },
                Event::Message(message) => heard.push(message.text),
                _ => {}
            }
        }
    }

    /// The next message of somebody else.
    pub async fn hear(&mut self) -> Message {
        loop {
            match self.next().await.expect("goes on") {
                Event::Message(message) => return message,
                Event::Said(said) => panic!("{said:?}"),
                _ => {}
            }
        }
    }

    /// The next texts of somebody else.
    pub async fn texts(&mut self, count: usize) -> Vec<String> {
        let mut texts = Vec::new();
        while texts.len() < count {
            texts.push(self.hear().await.text);
        }
        texts
    }

    /// Whether the stream ends now, in order.
    pub async fn ended(&mut self) -> bool {
        let response = tokio::time::timeout(DEADLINE, self.responses.message()).await;
        matches!(response, Ok(Ok(None)))
    }

    /// Closes it as a cut line does, and gives the token.
    pub fn cut(self) -> String {
        self.token
    }
}

pub fn start(conversation: &str, token: &str) -> StartConversation {
    StartConversation {
        conversation_id: conversation.to_owned(),
        identities: vec![Identity {
            kind: identity::Kind::External.into(),
            value: format!("shop:{conversation}"),
            verified: true,
        }],
        subject: "A question".to_owned(),
        resume_token: token.to_owned(),
        ..StartConversation::default()
    }
}

pub fn say(id: &str, text: &str) -> Say {
    Say {
        message_id: id.to_owned(),
        text: text.to_owned(),
        ..Say::default()
    }
}

/// An agent writes.
pub async fn write(client: &Client, ticket: &str, text: &str, visibility: message::Visibility, state: ticket::State) {
    let request = CreateMessageRequest {
        parent: ticket.to_owned(),
        message: Some(Message {
            actor: Some(Actor {
                kind: actor::Kind::Agent.into(),
                id: "agents/anna".to_owned(),
            }),
            text: text.to_owned(),
            visibility: visibility.into(),
            ..Message::default()
        }),
        state: state.into(),
        ..CreateMessageRequest::default()
    };
    client.tickets().create_message(request).await.expect("is written");
}

pub async fn answer(client: &Client, ticket: &str, text: &str) {
    write(
        client,
        ticket,
        text,
        message::Visibility::Public,
        ticket::State::Unspecified,
    )
    .await;
}

pub async fn transcript(client: &Client, ticket: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListMessagesRequest {
            parent: ticket.to_owned(),
            page_token,
            ..ListMessagesRequest::default()
        };
        let page = client
            .tickets()
            .list_messages(request)
            .await
            .expect("is listed")
            .into_inner();
        texts.extend(page.messages.into_iter().map(|message| message.text));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return texts;
        }
    }
}
