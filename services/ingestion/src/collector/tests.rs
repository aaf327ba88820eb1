//! Servers that refuse, end or lie in the middle: what they did not say is never taken for what is not there.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use super::position::Folder;
use super::session::{Proof, Session};
use crate::mailboxes::{ImapServer, Incoming, Login, Protection, Since};

/// Answers one command; after an answer that ends with `BYE` the connection is closed.
type Script = fn(command: &str) -> String;

const LISTED: &str = "* 1 FETCH (UID 1 RFC822.SIZE 5 INTERNALDATE \"01-Mar-2026 10:00:00 +0100\")\r\n";

/// A server with three mails that answers as servers do, unless `script` says something.
async fn server(script: Script) -> (Incoming, Arc<Mutex<HashSet<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let port = listener.local_addr().expect("an address").port();
    let heard = Arc::new(Mutex::new(HashSet::new()));
    let hears = heard.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"* OK ready\r\n").await.expect("greets");
            while let Ok(Some(line)) = lines.next_line().await {
                let (tag, command) = line.split_once(' ').unwrap_or(("", line.as_str()));
                hears.lock().expect("no panic").insert(command.to_owned());
                if command.starts_with("AUTHENTICATE") {
                    write.write_all(b"+ \r\n").await.expect("asks");
                    lines.next_line().await.expect("is told");
                }
                let said = match (script(command), command.split(' ').next()) {
                    (said, _) if !said.is_empty() => said,
                    (_, Some("CAPABILITY")) => "* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n".to_owned(),
                    (_, Some("EXAMINE")) => {
                        "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 4] next\r\nTAG OK [READ-ONLY] done\r\n".to_owned()
                    }
                    _ => "TAG OK done\r\n".to_owned(),
                };
                let said = said.replace("TAG", tag);
                let ends = said.ends_with("BYE");
                if write.write_all(said.trim_end_matches("BYE").as_bytes()).await.is_err() || ends {
                    break;
                }
            }
        }
    });
    let mailbox = Incoming {
        tenant: "acme".to_owned(),
        address: "support@firma.example".to_owned(),
        folder: "INBOX".to_owned(),
        queue: String::new(),
        server: ImapServer {
            host: "127.0.0.1".to_owned(),
            port,
            protection: Protection::None,
            user: "support".to_owned(),
            login: Login::Password("geheim".to_owned()),
        },
        since: Since::All,
        mark_seen: false,
        every: Duration::from_secs(30),
    };
    (mailbox, heard)
}

async fn session(script: Script) -> Session {
    let (mailbox, _) = server(script).await;
    let (session, folder) = Session::open(&mailbox, Proof::Password("geheim"))
        .await
        .expect("is let in");
    assert_eq!(folder, Folder { validity: 7, next: 4 });
    session
}

fn only(wanted: &str, command: &str, said: &str) -> String {
    match command.starts_with(wanted) {
        true => said.to_owned(),
        false => String::new(),
    }
}

#[tokio::test]
async fn what_a_server_lists_counts_when_it_says_that_it_was_all() {
    let mut whole = session(|command| only("UID FETCH", command, &format!("{LISTED}TAG OK done\r\n"))).await;
    let listed = whole.list(&[1, 2]).await.expect("an answer");
    assert_eq!(listed.len(), 1, "the other one is gone");
    assert_eq!(
        (listed[&1].size, listed[&1].arrived.expect("a time").timestamp()),
        (5, 1_772_355_600)
    );
    let mut refuses =
        session(|command| only("UID FETCH", command, &format!("{LISTED}TAG NO [UNAVAILABLE] later\r\n"))).await;
    assert_eq!(
        refuses.list(&[1, 2]).await.expect_err("a refusal").reason,
        "SERVER_REFUSED"
    );
    for said in [LISTED, "* BYE shutting down\r\n", ""] {
        // A function holds no text, so each has its own.
        let mut ends = match said {
            LISTED => session(|command| only("UID FETCH", command, &format!("{LISTED}BYE"))).await,
            "" => session(|command| only("UID FETCH", command, "BYE")).await,
            _ => session(|command| only("UID FETCH", command, "* BYE shutting down\r\nBYE")).await,
        };
        assert_eq!(ends.list(&[1, 2]).await.expect_err("no answer").reason, "CUT", "{said}");
    }
}

#[tokio::test]
async fn a_refused_search_is_no_empty_folder() {
    let mut finds = session(|command| only("UID SEARCH", command, "* SEARCH 3 1 2\r\nTAG OK done\r\n")).await;
    assert_eq!(
        finds.after(1, None).await.expect("an answer"),
        [2, 3],
        "in their order, and what is behind"
    );
    let mut refuses = session(|command| only("UID SEARCH", command, "TAG NO not now\r\n")).await;
    assert_eq!(
        refuses.after(0, None).await.expect_err("a refusal").reason,
        "SERVER_REFUSED"
    );
    let mut ends = session(|command| only("UID SEARCH", command, "* SEARCH 1\r\nBYE")).await;
    assert_eq!(ends.after(0, None).await.expect_err("no answer").reason, "CUT");
}

#[tokio::test]
async fn a_mail_that_is_not_given_is_not_gone() {
    let mut gives = session(|command| {
        only(
            "UID FETCH",
            command,
            "* 1 FETCH (UID 1 BODY[] {5}\r\nHallo)\r\nTAG OK done\r\n",
        )
    })
    .await;
    assert_eq!(
        gives.mail(1, 100).await.expect("an answer").as_deref(),
        Some(&b"Hallo"[..])
    );
    let mut refuses = session(|command| only("UID FETCH", command, "TAG NO broken\r\n")).await;
    assert_eq!(
        refuses.mail(1, 100).await.expect_err("a refusal").reason,
        "SERVER_REFUSED"
    );
    // It says that all is well, gives nothing, and still lists it.
    let mut lies = session(|command| match command.contains("BODY.PEEK") {
        true => "TAG OK done\r\n".to_owned(),
        false => only("UID FETCH", command, &format!("{LISTED}TAG OK done\r\n")),
    })
    .await;
    assert_eq!(lies.mail(1, 100).await.expect_err("not given").reason, "SERVER_REFUSED");
    assert_eq!(lies.head(1).await.expect_err("not given").reason, "SERVER_REFUSED");
    let mut gone = session(|_| String::new()).await;
    assert_eq!(gone.mail(1, 100).await.expect("an answer"), None);
    let mut ends = session(|command| only("UID FETCH", command, "* 1 FETCH (UID 1 BODY[] {500}\r\nHalBYE")).await;
    assert_eq!(ends.mail(1, 1_000).await.expect_err("cut off").reason, "CUT");
    let mut floods = session(|command| {
        only(
            "UID FETCH",
            command,
            &format!("* 1 FETCH (UID 1 BODY[] {{200000}}\r\n{}", "x".repeat(200_000)),
        )
    })
    .await;
    assert_eq!(floods.mail(1, 100).await.expect_err("too much").reason, "TOO_MUCH");
}

/// The password goes by SASL, as every character can; a server that refuses it is told apart from one that is not there.
#[tokio::test]
async fn a_refused_login_says_so() {
    let (mailbox, heard) =
        server(|command| only("AUTHENTICATE", command, "TAG NO [AUTHENTICATIONFAILED] no\r\n")).await;
    let refused = Session::open(&mailbox, Proof::Password("geheim"))
        .await
        .err()
        .expect("refused");
    assert_eq!((refused.reason, refused.detail.as_str()), ("LOGIN_REFUSED", ""));
    assert!(
        !heard
            .lock()
            .expect("no panic")
            .iter()
            .any(|command| command.contains("geheim"))
    );
    // One that knows only LOGIN.
    let (mailbox, _) = server(|command| only("AUTHENTICATE", command, "TAG BAD what?\r\n")).await;
    assert!(Session::open(&mailbox, Proof::Password("geheim")).await.is_ok());
}

/// By a token in the way of Google and Microsoft, or in that of the standard; neither is ever in a command.
#[tokio::test]
async fn a_token_is_said_in_the_way_that_the_server_knows() {
    let only_standard = |command: &str| only("AUTHENTICATE XOAUTH2", command, "TAG NO unsupported\r\n");
    let (mailbox, heard) = server(only_standard).await;
    assert!(Session::open(&mailbox, Proof::Token("t-0-k-e-n")).await.is_ok());
    let heard: Vec<String> = heard.lock().expect("no panic").iter().cloned().collect();
    assert!(heard.iter().any(|command| command == "AUTHENTICATE OAUTHBEARER"));
    assert!(!heard.iter().any(|command| command.contains("t-0-k-e-n")));
    let (mailbox, _) = server(|command| only("AUTHENTICATE", command, "TAG NO no\r\n")).await;
    let refused = Session::open(&mailbox, Proof::Token("t")).await.err().expect("refused");
    assert_eq!(refused.reason, "LOGIN_REFUSED");
}

#[test]
fn a_server_that_fails_is_tried_ever_less_often() {
    let pauses = |every| {
        let every = Duration::from_secs(every);
        [1, 2, 3, 6, 7, u32::MAX].map(|failures| super::pause(failures, every).as_secs())
    };
    assert_eq!(pauses(30), [5, 10, 20, 160, 300, 300]);
    assert_eq!(pauses(1), [1, 2, 4, 32, 64, 300], "as it is looked at");
}
