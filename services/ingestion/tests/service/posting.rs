//! Replies that leave by a real Postfix, and the whole circle: a customer's mail, an agent's reply, the customer's answer.

use chrono::TimeDelta;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use vorrang_api::feed::v1::actor;
use vorrang_clock::SharedClock;
use vorrang_ingestion::mail;
use vorrang_testkit::{DEADLINE, DataFolder, MAIL_PASSWORD, MailServer, ManualClock, data_folder, wait_for};

use crate::mailboxes::{configure, imaps};
use crate::outgoing::{customer, message, reasons, ticket};
use crate::stack::Stack;
use crate::ticketing::FakeTicketing;

pub fn smtp(server: &MailServer) -> String {
    format!("smtp = \"smtp://localhost:{}?tls=required\"\n", server.smtp_port())
}

/// A stack that reads and writes as the support.
async fn start(server: &MailServer, password: &str, lines: &str, clock: SharedClock) -> Stack {
    let folder = data_folder();
    configure(&folder, server, password, lines);
    on(folder, FakeTicketing::new(), clock).await
}

pub async fn on(folder: DataFolder, ticketing: FakeTicketing, clock: SharedClock) -> Stack {
    ticketing.desk().set(ticket(), customer("mara@x.example"));
    let stack = Stack::at(folder, ticketing, clock).await;
    wait_for(DEADLINE, "the outbox to follow", || async {
        (stack.ticketing.desk().followers() > 0).then_some(())
    })
    .await;
    stack
}

/// What is in the customer's mailbox.
pub async fn received(server: &MailServer, count: usize) -> Vec<mail::Mail> {
    wait_for(DEADLINE, "mails to arrive", || async {
        let mails = server.mails("mara");
        (mails.len() >= count).then(|| mails.iter().map(|(_, raw)| mail::read(raw).expect("a mail")).collect())
    })
    .await
}

/// The customer's own program sends an answer.
async fn answer(server: &MailServer, to: &str, of: &str, text: &str) {
    let pem = std::fs::read(server.ca_file()).expect("is there");
    let tls = TlsParameters::builder("localhost".to_owned())
        .add_root_certificate(Certificate::from_pem(&pem).expect("a certificate"))
        .build()
        .expect("parameters");
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("localhost")
        .port(server.smtp_port())
        .tls(Tls::Required(tls))
        .credentials(Credentials::new("mara@x.example".to_owned(), MAIL_PASSWORD.to_owned()))
        .build();
    let from: Mailbox = "mara@x.example".parse().expect("an address");
    let sent = Message::builder()
        .from(from)
        .to(to.parse().expect("an address"))
        .subject("AW: Paket")
        .in_reply_to(of.to_owned())
        .body(text.to_owned())
        .expect("a mail");
    transport.send(sent).await.expect("is taken");
}

#[tokio::test]
async fn a_mail_is_answered_and_its_answer_comes_back() {
    let mut server = MailServer::start().await;
    server.start_smtp().await;
    let stack = start(
        &server,
        MAIL_PASSWORD,
        &format!("{}{}", imaps(&server), smtp(&server)),
        vorrang_clock::system(),
    )
    .await;
    // The customer writes.
    answer(&server, "support@firma.example", "<0@x.example>", "Wo ist mein Paket?").await;
    let arrived = wait_for(DEADLINE, "the question", || async { stack.ticketing.contacts().pop() }).await;
    let question = arrived.message.expect("a message");
    assert_eq!(question.text, "Wo ist mein Paket?");
    // An agent answers.
    let desk = stack.ticketing.desk();
    desk.say(vorrang_api::ticketing::v1::Message {
        external_id: arrived.external_id.clone(),
        ..message(1, actor::Kind::Customer, &question.text)
    });
    desk.say(message(2, actor::Kind::Agent, "Es ist unterwegs.\n\nGrüße aus Köln"));
    let reply = received(&server, 1).await.remove(0);
    assert_eq!(reply.text, "Es ist unterwegs.\n\nGrüße aus Köln");
    assert_eq!(reply.from.address, "support@firma.example");
    assert_eq!(reply.ancestors, [arrived.external_id]);
    let to = reply.reply_to.expect("given").address;
    assert!(to.starts_with("support+123-") && to.ends_with("@firma.example"), "{to}");
    let logs = server.logs();
    assert!(logs.contains("sasl_username=support@firma.example"), "{logs}");
    // The customer answers to where the reply says, which the server delivers to the same mailbox.
    let id = format!("<{}>", reply.message_id.expect("given"));
    answer(&server, &to, &id, "Danke!").await;
    let contact = wait_for(DEADLINE, "the answer", || async {
        stack.ticketing.contacts().into_iter().nth(1)
    })
    .await;
    assert_eq!(contact.message.expect("a message").text, "Danke!");
    assert_eq!(contact.reference_keys, ["ticket:123:1122334455"], "the same ticket");
}

/// A server that does not let us in, or that we do not let in, gets nothing, and nothing is lost.
#[tokio::test]
async fn a_reply_waits_until_the_server_can_be_trusted_and_trusts_us() {
    let mut server = MailServer::start().await;
    server.start_smtp().await;
    let mut bare = MailServer::start_without_tls().await;
    bare.start_smtp().await;
    let clock = ManualClock::new(vorrang_clock::system().now());
    let mut stack = start(&server, "falsch", &smtp(&server), clock.shared()).await;
    stack.ticketing.desk().say(message(1, actor::Kind::Agent, "eins"));
    waits(&stack, "LOGIN_REFUSED").await;
    // The other one's authority is trusted and not this one's; the server has no TLS at all.
    for (trusted, lines, reason) in [
        (&bare, smtp(&server), "TLS_REFUSED"),
        (&bare, smtp(&bare), "SERVER_CANNOT"),
    ] {
        stack = configured(stack, trusted, &lines, &clock).await;
        waits(&stack, reason).await;
    }
    assert!(server.mails("mara").is_empty() && bare.mails("mara").is_empty());
    let stack = configured(stack, &server, &smtp(&server), &clock).await;
    stack.ticketing.desk().say(message(2, actor::Kind::Agent, "zwei"));
    let mut texts: Vec<String> = received(&server, 2).await.into_iter().map(|mail| mail.text).collect();
    texts.sort();
    assert_eq!(texts, ["eins", "zwei"]);
}

/// The same installation an hour later, with another file and the right password.
async fn configured(stack: Stack, trusted: &MailServer, lines: &str, clock: &ManualClock) -> Stack {
    let Stack {
        running,
        ticketing,
        folder,
    } = stack;
    drop(running);
    wait_for(DEADLINE, "the outbox to be gone", || async {
        (ticketing.desk().followers() == 0).then_some(())
    })
    .await;
    configure(&folder, trusted, MAIL_PASSWORD, lines);
    clock.advance(TimeDelta::hours(1));
    on(folder, ticketing, clock.shared()).await
}

/// Waits until the reply waits, because of this.
async fn waits(stack: &Stack, why: &str) {
    wait_for(DEADLINE, "the reply to wait", || async {
        (reasons(stack).await == [why]).then_some(())
    })
    .await;
}
