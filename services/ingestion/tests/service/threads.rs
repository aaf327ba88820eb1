//! Answers, reports and loops: what ticketing is told so that each finds its ticket.

use uuid::Uuid;
use vorrang_api::ingestion::v1::PushEmailRequest;
use vorrang_api::ticketing::v1::InboundContact;
use vorrang_ingestion::outgoing::{About, Headers, headers};
use vorrang_ingestion::tokens::{TicketMark, Tokens};

use crate::stack::{LINK_KEY, Stack, TENANT};

const TICKET: Uuid = Uuid::from_u128(0x0193_0000_0000_7000_8000_0011_2233_4455);
const KEY: &str = "ticket:123:1122334455";

/// What a mail of ours says, made by the installation's key.
fn sent(tenant: &str, by_machine: bool) -> Headers {
    let about = About {
        tenant,
        ticket: TicketMark::of(123, TICKET),
        message: Uuid::from_u128(5),
        by_machine,
    };
    let tokens = Tokens::new(&[LINK_KEY.as_bytes()]);
    headers(&tokens, &about, "support@firma.example", "Paket", true)
}

fn last(stack: &Stack) -> InboundContact {
    stack.ticketing.contacts().pop().expect("a contact")
}

#[tokio::test]
async fn an_answer_names_its_ticket_and_a_forged_token_does_not() {
    let stack = Stack::start().await;
    let ours = sent(TENANT, false);
    for (n, header) in [
        format!("In-Reply-To: <{}>", ours.message_id),
        format!("To: {}", ours.reply_to),
        format!("Subject: AW: {}", ours.subject),
    ]
    .into_iter()
    .enumerate()
    {
        stack
            .mail(&format!(
                "From: a@x.example\r\nMessage-ID: <{n}@x>\r\n{header}\r\n\r\nJa\r\n"
            ))
            .await;
        assert_eq!(last(&stack).reference_keys, [KEY], "{header}");
        assert!(!last(&stack).automated);
    }
    let theirs = sent("rival", false);
    for (n, header) in [
        "Subject: Ticket #123 [#123]".to_owned(),
        format!("To: {}", theirs.reply_to),
        format!("Subject: {}", theirs.subject),
    ]
    .into_iter()
    .enumerate()
    {
        stack
            .mail(&format!(
                "From: s@x.example\r\nMessage-ID: <s{n}@x>\r\n{header}\r\n\r\nJa\r\n"
            ))
            .await;
        assert_eq!(last(&stack).reference_keys, Vec::<String>::new(), "{header}");
    }
}

#[tokio::test]
async fn a_report_joins_the_ticket_whose_mail_came_back_and_names_who_failed() {
    let stack = Stack::start().await;
    let ours = sent(TENANT, false);
    stack
        .mail(&format!(
            "From: MAILER-DAEMON@mx.example\r\nReturn-Path: <>\r\nSubject: Undelivered\r\nMessage-ID: <dsn@mx>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nSorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; nobody@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 unknown\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{}>\r\n\r\n--b--\r\n",
            ours.message_id
        ))
        .await;
    let report = last(&stack);
    assert!(report.automated);
    assert_eq!(report.reference_keys, [KEY]);
    let failed = &report.message.expect("a message").failed_recipients;
    assert_eq!(failed.len(), 1);
    assert_eq!(
        (failed[0].address.as_str(), failed[0].status.as_str()),
        ("nobody@example.net", "5.1.1")
    );
    assert!(failed[0].failed && failed[0].diagnostic == "550 unknown");
}

/// Our machine answers theirs, theirs answers ours: from the sixth on nothing of ours answers any more.
#[tokio::test]
async fn a_loop_of_two_machines_stops_at_five() {
    let stack = Stack::start().await;
    let ours = sent(TENANT, true);
    let mut verdicts = Vec::new();
    for n in 0..8 {
        let raw = format!(
            "From: robot@x.example\r\nMessage-ID: <{n}@x>\r\nIn-Reply-To: <{}>\r\n\r\nThank you for your mail {n}\r\n",
            ours.message_id
        );
        // Each comes three times, as a mailbox that is read again gives it.
        for _ in 0..3 {
            stack.mail(&raw).await;
        }
        verdicts.push(last(&stack).automated);
    }
    assert_eq!(verdicts, [false, false, false, false, false, true, true, true]);
    assert_eq!(
        stack.ticketing.contacts().len(),
        8,
        "nothing is lost, nothing is doubled"
    );
}

/// A mail of ours that comes back is kept in its ticket, and nobody answers it.
#[tokio::test]
async fn a_mail_of_ours_that_comes_back_is_automated() {
    let stack = Stack::start().await;
    let ours = sent(TENANT, false);
    let raw = format!(
        "From: support@firma.example\r\nMessage-ID: <{}>\r\n\r\nHallo\r\n",
        ours.message_id
    );
    stack.mail(&raw).await;
    let back = last(&stack);
    assert!(back.automated);
    assert_eq!(
        (back.reference_keys.as_slice(), back.thread_keys.len()),
        (&[KEY.to_owned()][..], 0)
    );
}

/// Everything that a mailbox gives is one message each, whatever order it comes in and however often.
#[tokio::test]
async fn what_is_redelivered_out_of_order_is_one_message_each() {
    let stack = Stack::start().await;
    let mails: Vec<String> = (0..6)
        .map(|n| {
            let before = if n == 0 {
                String::new()
            } else {
                format!("References: <{}@x>\r\n", n - 1)
            };
            format!("From: a@x.example\r\nMessage-ID: <{n}@x>\r\n{before}\r\nMail {n}\r\n")
        })
        .collect();
    // The same ids mean the same mails, also within one process and under other request ids.
    for order in [[0, 1, 2, 3, 4, 5], [5, 3, 1, 0, 2, 4], [4, 4, 0, 5, 2, 1]] {
        for n in order {
            let request = PushEmailRequest {
                request_id: format!("r{n}"),
                raw: mails[n].clone().into(),
                ..PushEmailRequest::default()
            };
            stack.pushes(TENANT).push_email(request).await.expect("answered");
            stack.mail(&mails[n]).await;
        }
    }
    let mut texts = stack.ticketing.texts();
    texts.sort();
    assert_eq!(texts, (0..6).map(|n| format!("Mail {n}")).collect::<Vec<_>>());
    assert_eq!(stack.ticketing.tickets(), 1);
}
