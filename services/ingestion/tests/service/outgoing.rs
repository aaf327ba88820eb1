//! Replies that leave by SMTP.

use std::net::SocketAddr;

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait as _, QueryResult, Statement};
use vorrang_api::feed::v1::{Actor, actor};
use vorrang_api::ticketing::v1 as api;
use vorrang_api::ticketing::v1::message::Visibility;
use vorrang_clock::{Clock as _, SharedClock};
use vorrang_database::Database;
use vorrang_ingestion::mail;
use vorrang_testkit::{DEADLINE, ManualClock, data_folder, wait_for};

use crate::smtp::{Sink, Taken};
use crate::stack::{Stack, TENANT};
use crate::ticketing::FakeTicketing;

const TICKET: &str = "tickets/01930000-0000-7000-8000-001122334455";

pub fn message(n: u32, kind: actor::Kind, text: &str) -> api::Message {
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

pub fn from_customer(n: u32, id: &str) -> api::Message {
    api::Message {
        external_id: id.to_owned(),
        ..message(n, actor::Kind::Customer, "Wo ist mein Paket?")
    }
}

/// The one ticket.
pub fn ticket() -> api::Ticket {
    api::Ticket {
        name: TICKET.to_owned(),
        number: 123,
        subject: "Paket".to_owned(),
        channel: api::Channel::Email.into(),
        customer: "customers/c".to_owned(),
        ..api::Ticket::default()
    }
}

/// The one customer.
pub fn customer(address: &str) -> api::Customer {
    api::Customer {
        name: "customers/c".to_owned(),
        identities: vec![api::Identity {
            kind: api::identity::Kind::Email.into(),
            value: address.to_owned(),
            verified: false,
        }],
        ..api::Customer::default()
    }
}

/// A stack whose tenant writes by the sink, with a ticket of a customer at this address.
async fn start(sink: &Sink, address: &str, ticketing: FakeTicketing) -> Stack {
    start_at(sink.addr, address, ticketing, vorrang_clock::system()).await
}

async fn start_at(addr: SocketAddr, address: &str, ticketing: FakeTicketing, clock: SharedClock) -> Stack {
    let folder = data_folder();
    let file = folder.path().join("ingestion").join("mailboxes.toml");
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("is made");
    let text = format!(
        "[[mailbox]]\ntenant = \"{TENANT}\"\naddress = \"support@firma.example\"\ndisplay_name = \"Firma\"\nsmtp = \"smtp://{addr}\"\n",
    );
    std::fs::write(file, text).expect("is written");
    ticketing.desk().set(ticket(), customer(address));
    let stack = Stack::at(folder, ticketing, clock).await;
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

fn survey(n: u32, language: &str) -> api::SurveySending {
    let choice = |score| api::SurveyChoice {
        score,
        label: format!("Note {score}"),
        url: format!("https://a.example/s/token{n}?score={score}"),
    };
    api::SurveySending {
        name: format!("surveySendings/01930000-0000-7000-8000-0000000001{n:02}"),
        ticket: TICKET.to_owned(),
        sent_at: Some(vorrang_api::timestamp(vorrang_clock::system().now())),
        language: language.to_owned(),
        invitation: Some(api::SurveyInvitation {
            language: language.to_owned(),
            question: "Wie zufrieden sind Sie?".to_owned(),
            url: format!("https://a.example/s/token{n}"),
            choices: (1..=5).map(choice).collect(),
            ..api::SurveyInvitation::default()
        }),
        ..api::SurveySending::default()
    }
}

/// A survey is one mail with a link for each answer, in its conversation; machines are asked nothing, and the links are kept no
/// longer than needed.
#[tokio::test]
async fn a_survey_is_mailed_once_in_its_conversation() {
    let sink = Sink::start().await;
    let ticketing = FakeTicketing::new();
    let stack = start(&sink, "mara@x.example", ticketing).await;
    let desk = stack.ticketing.desk();
    // So far only a machine wrote.
    desk.say(api::Message {
        automated: true,
        ..from_customer(1, "auto@x.example")
    });
    desk.ask(survey(1, "de"));
    desk.say(message(2, actor::Kind::Agent, "Guten Tag"));
    taken(&sink, 1).await;
    desk.say(from_customer(3, "1@x.example"));
    desk.ask(survey(2, "de"));
    let asked = taken(&sink, 2).await.remove(1);
    assert_eq!(asked.to, "mara@x.example");
    let read = mail::read(asked.raw.as_bytes()).expect("a mail");
    assert!(
        read.text
            .starts_with("Wie zufrieden sind Sie?\n\n5 – Note 5:\nhttps://a.example/s/token2?score=5\n"),
        "{}",
        read.text
    );
    assert!(read.text.contains("https://a.example/s/token2\n") && !read.text.contains("token1"));
    assert_eq!(read.ancestors.first().map(String::as_str), Some("1@x.example"));
    assert_eq!(read.automated, Some(mail::Automated::AutoGenerated));
    assert!(read.subject.starts_with("Re: Paket [#123-"), "{}", read.subject);
    // Who answers by mail instead of a click is heard, on the same ticket.
    let to = read.reply_to.expect("given").address;
    stack
        .mail(&format!(
            "From: mara@x.example\r\nTo: {to}\r\nSubject: AW: Umfrage\r\n\r\nAlles gut\r\n"
        ))
        .await;
    let contact = stack.ticketing.contacts().pop().expect("a contact");
    assert_eq!(contact.reference_keys, ["ticket:123:1122334455"]);
    // The log is read again: nobody is asked twice.
    desk.restore();
    desk.ask(survey(3, "en"));
    let english = taken(&sink, 3).await.remove(2);
    let english = mail::read(english.raw.as_bytes()).expect("a mail").text;
    assert!(
        english.contains("token3") && english.contains("A click opens the page"),
        "{english}"
    );
    assert_eq!(sink.taken().len(), 3);
}

/// What is in a state of the outbox: how often it was tried, why it failed last, and when it is tried next.
async fn rows(stack: &Stack, state: &str) -> Vec<(i32, String, i64)> {
    let url = format!("sqlite://{}", stack.folder.path().join("ingestion.db").display());
    let database = Database::connect(&url).await.expect("connects");
    let query = format!("SELECT attempts, reason, next_attempt_at FROM outgoing WHERE state = '{state}'");
    let statement = Statement::from_string(database.reader().get_database_backend(), query);
    let rows = database.reader().query_all_raw(statement).await.expect("reads");
    let read = |row: &QueryResult| {
        let attempts = row.try_get_by_index(0).expect("a number");
        let reason = row.try_get_by_index(1).expect("a text");
        (attempts, reason, row.try_get_by_index(2).expect("a number"))
    };
    rows.iter().map(read).collect()
}

/// Why what waits in the outbox failed last.
pub async fn reasons(stack: &Stack) -> Vec<String> {
    rows(stack, "waiting")
        .await
        .into_iter()
        .map(|(_, reason, _)| reason)
        .collect()
}

/// Waits until it was tried so often, and what came of it is noted: who tries it holds it for ten minutes.
async fn wait_tried(stack: &Stack, state: &str, attempts: i32, clock: &ManualClock) {
    let held = vorrang_database::micros(clock.now() + TimeDelta::minutes(9));
    wait_for(DEADLINE, "a try", || async {
        let rows = rows(stack, state).await;
        let noted = |next: i64| state != "waiting" || next < held;
        matches!(&rows[..], [(times, _, next)] if *times == attempts && noted(*next)).then_some(())
    })
    .await;
}

fn texts(taken: &[Taken]) -> Vec<String> {
    let read = |one: &Taken| mail::read(one.raw.as_bytes()).expect("a mail").text;
    taken.iter().map(read).collect()
}

/// A server that is away is tried for five days, and no longer.
#[tokio::test]
async fn after_five_days_a_mail_is_given_up() {
    let sink = Sink::start().await;
    let addr = sink.addr;
    let clock = ManualClock::new(vorrang_clock::system().now());
    let stack = start_at(addr, "mara@x.example", FakeTicketing::new(), clock.shared()).await;
    let say = |n, text: &str| {
        let at = Some(vorrang_api::timestamp(clock.now()));
        stack.ticketing.desk().say(api::Message {
            occurred_at: at,
            created_at: at,
            ..message(n, actor::Kind::Agent, text)
        });
    };
    let nearly = TimeDelta::days(5) - TimeDelta::hours(1);
    sink.stop().await;
    say(1, "spät");
    wait_tried(&stack, "waiting", 1, &clock).await;
    clock.advance(nearly);
    wait_tried(&stack, "waiting", 2, &clock).await;
    let sink = Sink::at(addr).await;
    clock.advance(TimeDelta::minutes(5));
    assert_eq!(texts(&taken(&sink, 1).await), ["spät"]);
    wait_tried(&stack, "sent", 3, &clock).await;

    sink.stop().await;
    say(2, "zu spät");
    wait_tried(&stack, "waiting", 1, &clock).await;
    clock.advance(nearly);
    wait_tried(&stack, "waiting", 2, &clock).await;
    clock.advance(TimeDelta::hours(2));
    wait_tried(&stack, "given-up", 3, &clock).await;
    let sink = Sink::at(addr).await;
    clock.advance(TimeDelta::days(1));
    say(3, "heute");
    assert_eq!(texts(&taken(&sink, 1).await), ["heute"]);
}
