//! Replies that leave by SMTP.

use vorrang_api::feed::v1::{Actor, actor};
use vorrang_api::ticketing::v1 as api;
use vorrang_api::ticketing::v1::message::Visibility;
use vorrang_ingestion::mail;
use vorrang_testkit::{DEADLINE, data_folder, wait_for};

use crate::smtp::{Sink, Taken};
use crate::stack::{Stack, TENANT};
use crate::ticketing::FakeTicketing;

const TICKET: &str = "tickets/01930000-0000-7000-8000-001122334455";

fn message(n: u32, kind: actor::Kind, text: &str) -> api::Message {
    let at = Some(vorrang_api::timestamp(vorrang_clock::system().now()));
    api::Message {
        name: format!("{TICKET}/messages/01930000-0000-7000-8000-0000000000{n:02}"),
        actor: Some(Actor {
            kind: kind.into(),
            id: match kind {
                actor::Kind::Customer => "customers/c",
                actor::Kind::Agent => "agents/anna",
                _ => "automations/1",
            }
            .to_owned(),
        }),
        visibility: Visibility::Public.into(),
        channel: api::Channel::Email.into(),
        text: text.to_owned(),
        occurred_at: at,
        created_at: at,
        ..api::Message::default()
    }
}

fn from_customer(n: u32, id: &str) -> api::Message {
    api::Message {
        external_id: id.to_owned(),
        ..message(n, actor::Kind::Customer, "Wo ist mein Paket?")
    }
}

/// A stack whose tenant writes by the sink, with a ticket of a customer at this address.
async fn start(sink: &Sink, address: &str, ticketing: FakeTicketing) -> Stack {
    let folder = data_folder();
    let file = folder.path().join("ingestion").join("mailboxes.toml");
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("is made");
    let text = format!(
        "[[mailbox]]\ntenant = \"{TENANT}\"\naddress = \"support@firma.example\"\ndisplay_name = \"Firma\"\nsmtp = \"smtp://{}\"\n",
        sink.addr
    );
    std::fs::write(file, text).expect("is written");
    let ticket = api::Ticket {
        name: TICKET.to_owned(),
        number: 123,
        subject: "Paket".to_owned(),
        customer: "customers/c".to_owned(),
        ..api::Ticket::default()
    };
    let customer = api::Customer {
        name: "customers/c".to_owned(),
        identities: vec![api::Identity {
            kind: api::identity::Kind::Email.into(),
            value: address.to_owned(),
            verified: false,
        }],
        ..api::Customer::default()
    };
    ticketing.desk().set(ticket, customer);
    let stack = Stack::on(folder, ticketing).await;
    wait_for(DEADLINE, "the outbox to follow", || async {
        (stack.ticketing.desk().followers() > 0).then_some(())
    })
    .await;
    stack
}

async fn taken(sink: &Sink, count: usize) -> Vec<Taken> {
    wait_for(DEADLINE, "mails to be taken", || async {
        Some(sink.taken()).filter(|taken| taken.len() >= count)
    })
    .await
}

#[tokio::test]
async fn a_reply_is_mailed_and_its_answer_finds_the_ticket() {
    let sink = Sink::start().await;
    let ticketing = FakeTicketing::new();
    // Said before there was a mailbox: it is not mailed.
    ticketing.desk().say(from_customer(1, "1@x.example"));
    ticketing.desk().say(message(2, actor::Kind::Agent, "Gestern gesagt"));
    let stack = start(&sink, "mara@x.example", ticketing).await;
    stack.ticketing.desk().say(api::Message {
        visibility: Visibility::Internal.into(),
        ..message(3, actor::Kind::Agent, "nur für uns")
    });
    stack
        .ticketing
        .desk()
        .say(message(4, actor::Kind::Agent, "Es ist unterwegs.\n\nGruß"));
    let first = taken(&sink, 1).await.remove(0);
    assert_eq!(first.to, "mara@x.example");
    assert!(first.from.starts_with("support+123-"), "{}", first.from);
    let read = mail::read(first.raw.as_bytes()).expect("a mail");
    assert_eq!(read.text, "Es ist unterwegs.\n\nGruß");
    assert_eq!(read.ancestors, ["1@x.example"]);
    assert_eq!(read.automated, None);

    // The customer's program keeps one of the three places; any leads back.
    let (id, reply_to) = (read.message_id.expect("given"), read.reply_to.expect("given").address);
    for header in [
        format!("In-Reply-To: <{id}>"),
        format!("To: <{reply_to}>"),
        format!("Subject: AW: {}", read.subject),
    ] {
        stack
            .mail(&format!("From: mara@x.example\r\n{header}\r\n\r\nDanke\r\n"))
            .await;
        let contact = stack.ticketing.contacts().pop().expect("a contact");
        assert_eq!(contact.reference_keys, ["ticket:123:1122334455"], "{header}");
        assert!(!contact.automated);
    }
    // Comes back to us, word for word: a loop.
    stack.mail(&first.raw).await;
    assert!(stack.ticketing.contacts().pop().expect("a contact").automated);

    stack
        .ticketing
        .desk()
        .say(message(5, actor::Kind::Automation, "Wir haben Ihre Mail."));
    let second = taken(&sink, 2).await.remove(1);
    assert_eq!(
        mail::read(second.raw.as_bytes()).expect("a mail").automated,
        Some(mail::Automated::AutoReply)
    );
    assert_eq!(sink.taken().len(), 2, "neither the note nor what was said before");

    let name = "customers/c/attachments/0011";
    let file = |name: &str, size_bytes| api::Attachment {
        name: name.to_owned(),
        file_name: "Rechnung.pdf".to_owned(),
        content_type: "application/pdf".to_owned(),
        size_bytes,
        ..api::Attachment::default()
    };
    for (n, file) in [(6, file("", 1)), (7, file(name, 17 << 20)), (8, file(name, 28))] {
        stack.ticketing.desk().say(api::Message {
            attachments: vec![file],
            ..message(n, actor::Kind::Agent, "Anbei die Rechnung.")
        });
    }
    let third = taken(&sink, 3).await.remove(2);
    let third = mail::read(third.raw.as_bytes()).expect("a mail");
    assert_eq!(third.text, "Anbei die Rechnung.");
    let file = &third.attachments[0];
    assert_eq!((file.name.as_str(), file.bytes), ("Rechnung.pdf", name.len() as u64));
    assert_eq!(sink.taken().len(), 3, "a reply never goes without its files");
}

/// What was sent stays sent over a restart, and what was said meanwhile is sent after it.
#[tokio::test]
async fn nothing_is_sent_twice_or_left_out_over_a_restart() {
    let sink = Sink::start().await;
    let stack = start(&sink, "mara@x.example", FakeTicketing::new()).await;
    stack.ticketing.desk().say(message(1, actor::Kind::Agent, "eins"));
    taken(&sink, 1).await;
    let desk = stack.ticketing.desk();
    let Stack {
        running,
        ticketing,
        folder,
    } = stack;
    drop(running);
    desk.say(message(2, actor::Kind::Agent, "zwei"));
    let _stack = Stack::on(folder, ticketing).await;
    let texts: Vec<String> = taken(&sink, 2)
        .await
        .iter()
        .map(|one| mail::read(one.raw.as_bytes()).expect("a mail").text)
        .collect();
    assert_eq!(texts, ["eins", "zwei"]);
}

/// Ticketing's log is another one: it is read again, and neither what was mailed nor what is from before the mailbox goes out.
#[tokio::test]
async fn after_a_restore_what_was_not_mailed_is() {
    let sink = Sink::start().await;
    let ticketing = FakeTicketing::new();
    ticketing.desk().say(message(1, actor::Kind::Agent, "gestern"));
    let stack = start(&sink, "mara@x.example", ticketing).await;
    stack.ticketing.desk().say(message(2, actor::Kind::Agent, "eins"));
    taken(&sink, 1).await;
    let desk = stack.ticketing.desk();
    desk.restore();
    // Said before anybody follows the new log.
    desk.say(message(3, actor::Kind::Agent, "zwei"));
    taken(&sink, 2).await;
    desk.say(message(4, actor::Kind::Agent, "drei"));
    let texts: Vec<String> = taken(&sink, 3)
        .await
        .iter()
        .map(|one| mail::read(one.raw.as_bytes()).expect("a mail").text)
        .collect();
    assert_eq!(texts, ["eins", "zwei", "drei"]);
}

#[tokio::test]
async fn a_refused_address_is_given_up_at_once() {
    let sink = Sink::start().await;
    let stack = start(&sink, "never@x.example", FakeTicketing::new()).await;
    stack.ticketing.desk().say(message(1, actor::Kind::Agent, "eins"));
    wait_for(DEADLINE, "the server to be asked", || async {
        (!sink.asked().is_empty()).then_some(())
    })
    .await;
    stack.ticketing.desk().say(message(2, actor::Kind::Agent, "zwei"));
    wait_for(DEADLINE, "the next one", || async {
        (sink.asked().len() == 2).then_some(())
    })
    .await;
    assert!(sink.taken().is_empty());
}
