//! Mailboxes that are read, on a real Dovecot.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait as _, Statement};
use vorrang_api::ingestion::v1::quarantine_item::State;
use vorrang_database::Database;
use vorrang_testkit::{DEADLINE, DataFolder, MAIL_PASSWORD, MailServer, ManualClock, data_folder, wait_for};

use crate::stack::{Stack, TENANT};
use crate::ticketing::{FakeTicketing, Mode};

/// Writes `mailboxes.toml`: the support's mailbox, with these lines.
pub fn configure(folder: &DataFolder, server: &MailServer, password: &str, lines: &str) {
    let ingestion = folder.path().join("ingestion");
    std::fs::create_dir_all(&ingestion).expect("is made");
    std::fs::write(ingestion.join("support.password"), password).expect("is written");
    let text = format!(
        "[[mailbox]]\ntenant = \"{TENANT}\"\naddress = \"support@firma.example\"\nuser = \"support@firma.example\"\n\
         password_file = \"support.password\"\nca_file = \"{}\"\npoll_seconds = 1\n{lines}",
        server.ca_file().display()
    );
    std::fs::write(ingestion.join("mailboxes.toml"), text).expect("is written");
}

/// In TLS, and all that is there.
pub fn imaps(server: &MailServer) -> String {
    format!(
        "imap = \"imaps://localhost:{}\"\nsince = \"all\"\n",
        server.imaps_port()
    )
}

async fn reading(server: &MailServer, lines: &str) -> Stack {
    let folder = data_folder();
    configure(&folder, server, MAIL_PASSWORD, lines);
    Stack::on(folder, FakeTicketing::new()).await
}

fn mail(n: usize, text: &str) -> String {
    format!(
        "From: mara@x.example\r\nTo: support@firma.example\r\nSubject: Frage {n}\r\nMessage-ID: <{n}@x.example>\r\n\r\n{text}\r\n"
    )
}

async fn texts(stack: &Stack, count: usize) -> Vec<String> {
    wait_for(DEADLINE, "mails to be recorded", || async {
        Some(stack.ticketing.texts()).filter(|texts| texts.len() >= count)
    })
    .await
}

/// Life of the folder's UIDs, and the last UID that was taken in.
async fn position(stack: &Stack) -> (i64, i64) {
    let url = format!("sqlite://{}", stack.folder.path().join("ingestion.db").display());
    let database = Database::connect(&url).await.expect("connects");
    let query = "SELECT uid_validity, last_uid FROM mailboxes";
    let statement = Statement::from_string(database.reader().get_database_backend(), query);
    match database.reader().query_one_raw(statement).await.expect("reads") {
        Some(row) => (
            row.try_get_by_index(0).expect("a number"),
            row.try_get_by_index(1).expect("a number"),
        ),
        None => (0, 0),
    }
}

/// Waits until the folder is read up to this UID, in another life than `before`.
async fn read_up_to(stack: &Stack, uid: i64, before: i64) -> i64 {
    wait_for(DEADLINE, "the folder to be read", || async {
        let (validity, last) = position(stack).await;
        (validity != before && last == uid).then_some(validity)
    })
    .await
}

/// How many looks at mailboxes failed for this reason.
fn failures(reason: &str) -> f64 {
    let metrics = vorrang_telemetry::prometheus_text();
    let counts = metrics
        .lines()
        .filter(|line| {
            line.starts_with("vorrang_ingestion_mailbox_failures") && line.contains(&format!("\"{reason}\""))
        })
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    counts.sum()
}

/// A stack whose looks at its mailbox fail for this reason, and that has taken nothing in.
async fn failing(server: &MailServer, password: &str, lines: &str, reason: &str) -> Stack {
    let folder = data_folder();
    configure(&folder, server, password, lines);
    let before = failures(reason);
    let stack = Stack::on(folder, FakeTicketing::new()).await;
    wait_for(DEADLINE, &format!("{reason} to be counted"), || async {
        (failures(reason) > before).then_some(())
    })
    .await;
    assert_eq!(stack.ticketing.tickets(), 0);
    stack
}

#[tokio::test]
async fn every_mail_becomes_a_ticket_and_nothing_changes_on_the_server() {
    let server = MailServer::start().await;
    for n in 1..=3 {
        server.deliver("support", mail(n, &format!("Text {n}")).as_bytes());
    }
    let before = server.mails("support");
    let stack = reading(&server, &format!("{}queue = \"mail\"\n", imaps(&server))).await;
    assert_eq!(texts(&stack, 3).await, ["Text 1", "Text 2", "Text 3"]);
    assert_eq!(stack.ticketing.contacts()[0].queue, "mail");
    assert_eq!(stack.ticketing.contacts()[0].source, "email", "as what is pushed");
    // What comes later, and what cannot be read.
    server.deliver("support", b"this is no mail");
    server.deliver("support", mail(4, "Text 4").as_bytes());
    assert_eq!(texts(&stack, 4).await[3], "Text 4");
    let kept = stack.quarantined(State::Waiting).await;
    assert_eq!((kept.len(), kept[0].reason.as_str()), (1, "MAIL_UNREADABLE"));
    assert_eq!(server.mails("support")[..3], before, "neither moved nor marked");
    // The same by a push is the same.
    let pushed = stack.mail(&mail(1, "Text 1")).await;
    assert_eq!(pushed.outcome(), vorrang_api::ingestion::v1::Outcome::Duplicate);
}

#[tokio::test]
async fn what_was_there_before_is_left_alone_unless_the_file_says_otherwise() {
    let mut server = MailServer::start().await;
    server.deliver_ago("support", mail(1, "gestern").as_bytes(), Duration::from_secs(86_400));
    let lines = format!(
        "imap = \"imap://localhost:{}?tls=required\"\nmark_seen = true\n",
        server.imap_port()
    );
    let folder = data_folder();
    configure(&folder, &server, MAIL_PASSWORD, &lines);
    let clock = ManualClock::new(vorrang_clock::system().now());
    let stack = Stack::at(folder, FakeTicketing::new(), clock.shared()).await;
    read_up_to(&stack, 1, 0).await;
    server.deliver("support", mail(2, "heute").as_bytes());
    assert_eq!(texts(&stack, 1).await, ["heute"]);
    wait_for(DEADLINE, "the mail to be marked", || async {
        let mails = server.mails("support");
        let seen = |raw: &str| {
            let mut named = mails
                .iter()
                .filter(|(_, content)| String::from_utf8_lossy(content).contains(raw));
            named.any(|(file, _)| file.to_string_lossy().ends_with('S'))
        };
        (seen("heute") && !seen("gestern")).then_some(())
    })
    .await;
    // Killed: when its hold is over another process goes on from there, also when the mails have other numbers then.
    let Stack {
        running,
        ticketing,
        folder,
    } = stack;
    drop(running);
    server.renumber("support").await;
    server.deliver("support", mail(3, "morgen").as_bytes());
    clock.advance(TimeDelta::seconds(91));
    let stack = Stack::at(folder, ticketing, clock.shared()).await;
    assert_eq!(texts(&stack, 2).await, ["heute", "morgen"]);
}

/// F29: everything comes three times and out of order, and then the whole folder anew.
#[tokio::test]
async fn what_comes_again_is_one_message() {
    let mut server = MailServer::start().await;
    let mut mails: Vec<String> = (1..=5).map(|n| mail(n, &format!("Text {n}"))).collect();
    // Without a Message-ID it is known by its content.
    mails.push("From: ben@x.example\r\nSubject: Ohne Nummer\r\n\r\nText 6\r\n".to_owned());
    for order in [[0, 1, 2, 3, 4, 5], [5, 3, 1, 4, 2, 0], [2, 0, 5, 1, 3, 4]] {
        for at in order {
            server.deliver("support", mails[at].as_bytes());
        }
    }
    let stack = reading(&server, &imaps(&server)).await;
    let validity = read_up_to(&stack, 18, 0).await;
    let expected: Vec<String> = (1..=6).map(|n| format!("Text {n}")).collect();
    assert_eq!(stack.ticketing.texts(), expected);
    assert_eq!(stack.ticketing.tickets(), 6);
    // The folder is another one: all has other UIDs, and it is known.
    server.renumber("support").await;
    read_up_to(&stack, 18, validity).await;
    assert_eq!(stack.ticketing.texts(), expected);
    assert_eq!(stack.ticketing.tickets(), 6);
}

#[tokio::test]
async fn after_an_outage_of_the_server_everything_is_there_in_order() {
    let mut server = MailServer::start().await;
    let stack = reading(&server, &imaps(&server)).await;
    server.deliver("support", mail(1, "Text 1").as_bytes());
    texts(&stack, 1).await;
    server.stop();
    for n in 2..=120 {
        let ago = Duration::from_secs((120 - n as u64) * 120);
        server.deliver_ago("support", mail(n, &format!("Text {n}")).as_bytes(), ago);
    }
    server.restart().await;
    let expected: Vec<String> = (1..=120).map(|n| format!("Text {n}")).collect();
    assert_eq!(texts(&stack, 120).await, expected);
    assert!(
        stack.ticketing.contacts()[..60]
            .iter()
            .all(|contact| !contact.automated),
        "what waited is no flood"
    );
}

/// Ticketing is away: the mails are kept and the folder is read on; it is killed: they are brought by the next process.
#[tokio::test]
async fn an_outage_of_ticketing_stops_no_mailbox() {
    let server = MailServer::start().await;
    let stack = reading(&server, &imaps(&server)).await;
    stack.ticketing.set(Mode::Down);
    for n in 1..=3 {
        server.deliver("support", mail(n, &format!("Text {n}")).as_bytes());
    }
    read_up_to(&stack, 3, 0).await;
    let stack = stack.restart().await;
    stack.ticketing.set(Mode::Up);
    let mut brought = texts(&stack, 3).await;
    brought.sort();
    assert_eq!(brought, ["Text 1", "Text 2", "Text 3"]);
}

#[tokio::test]
async fn a_mail_that_is_too_large_is_kept_by_its_head_and_stops_nothing() {
    let server = MailServer::start().await;
    let mut large = mail(1, "").into_bytes();
    large.resize((25 << 20) + 1, b'x');
    server.deliver("support", &large);
    let largest = mail(2, "").replace("\r\n\r\n", "\r\nContent-Type: application/octet-stream\r\n\r\n");
    let mut largest = largest.into_bytes();
    let line = [b'x'; 998];
    while largest.len() < (24 << 20) {
        largest.extend_from_slice(&line);
        largest.extend_from_slice(b"\r\n");
    }
    server.deliver("support", &largest);
    server.deliver("support", mail(3, "klein").as_bytes());
    let stack = reading(&server, &imaps(&server)).await;
    let found = texts(&stack, 2).await;
    assert_eq!((found.len(), found[1].as_str()), (2, "klein"));
    let kept = stack.quarantined(State::Waiting).await;
    assert_eq!((kept.len(), kept[0].reason.as_str()), (1, "MAIL_TOO_LARGE"));
    assert!(kept[0].detail.contains("UID 1 "), "{}", kept[0].detail);
    // Whoever wants a ticket of it gets one: who wrote, about what.
    let released = stack.retry(&kept[0].name).await;
    assert!(!released.ticket.is_empty());
    let subject = stack.ticketing.contacts().pop().expect("a contact").subject;
    assert_eq!(subject, "Frage 1");
}

/// Nothing is read, nothing is lost, and the password is told to nobody who may not have it.
#[tokio::test]
async fn a_server_that_cannot_be_trusted_or_does_not_trust_us_is_refused() {
    let server = MailServer::start().await;
    let bare = MailServer::start_without_tls().await;
    for server in [&server, &bare] {
        server.deliver("support", mail(1, "Text 1").as_bytes());
    }
    // A wrong password, then the right one.
    let stack = failing(&server, "falsch", &imaps(&server), "LOGIN_REFUSED").await;
    let Stack {
        running,
        ticketing,
        folder,
    } = stack;
    drop(running);
    configure(&folder, &server, MAIL_PASSWORD, &imaps(&server));
    let stack = Stack::on(folder, ticketing).await;
    assert_eq!(texts(&stack, 1).await, ["Text 1"]);

    // A certificate of an authority that nobody knows: only that of the other server is trusted here.
    let logins = server.logs().matches("Login: ").count();
    for lines in [
        format!("imap = \"imaps://localhost:{}\"\n", server.imaps_port()),
        format!("imap = \"imap://localhost:{}?tls=required\"\n", server.imap_port()),
    ] {
        failing(&bare, MAIL_PASSWORD, &lines, "TLS_REFUSED").await;
    }
    assert_eq!(server.logs().matches("Login: ").count(), logins);

    // TLS is required and there is none; a folder that is not there; a server that is not there.
    let port = bare.imap_port();
    for (lines, reason) in [
        (
            format!("imap = \"imap://localhost:{port}?tls=required\"\n"),
            "NO_STARTTLS",
        ),
        (
            format!("imap = \"imap://localhost:{port}?tls=none\"\nfolder = \"Nowhere\"\n"),
            "FOLDER_REFUSED",
        ),
        ("imap = \"imap://localhost:1?tls=none\"\n".to_owned(), "UNREACHABLE"),
    ] {
        failing(&bare, MAIL_PASSWORD, &lines, reason).await;
    }
    // On a network that is trusted it may go without.
    let plain = format!("imap = \"imap://localhost:{port}?tls=none\"\nsince = \"2020-01-01\"\n");
    let stack = reading(&bare, &plain).await;
    assert_eq!(texts(&stack, 1).await, ["Text 1"]);
}
