use uuid::Uuid;

use super::*;
use crate::mail;
use crate::outgoing::{About, Headers, headers};

const TICKET: Uuid = Uuid::from_u128(0x0193_0000_0000_7000_8000_0011_2233_4455);
const KEY: &str = "ticket:123:1122334455";

fn tokens() -> Tokens {
    Tokens::new(&[b"a key"])
}

fn sent(tenant: &str, by_machine: bool) -> Headers {
    let about = About {
        tenant,
        ticket: TicketMark::of(123, TICKET),
        message: Uuid::from_u128(5),
        by_machine,
    };
    headers(&tokens(), &about, "support@firma.example", "Paket", true)
}

fn found(raw: &str) -> Threading {
    find(&tokens(), "acme", &mail::read(raw.as_bytes()).expect("a mail"))
}

/// Without those that are made of the sender's address.
fn shown(keys: &[String]) -> Vec<&str> {
    let keys = keys.iter().map(String::as_str);
    keys.filter(|key| !key.starts_with("mailed:")).collect()
}

#[test]
fn references_come_before_the_address_and_that_before_the_subject() {
    let ours = sent("acme", false);
    let other = TicketMark::of(9, TICKET);
    let tag = tokens().token("acme", other);
    let found = found(&format!(
        "From: a@x.example\r\nTo: Support <{}>\r\nCc: c@x.example\r\nSubject: AW: Paket [#{tag}]\r\nMessage-ID: <3@x>\r\nIn-Reply-To: <2@x>\r\nReferences: <1@x> <2@x>\r\n\r\nJa",
        ours.reply_to
    ));
    assert_eq!(shown(&found.keys), ["mail:<2@x>", "mail:<1@x>", KEY, &other.key()]);
    assert_eq!(found.keys.len(), 6, "each mail by itself and by who has it");
    assert_eq!(found.oldest.as_deref(), Some("mail:<1@x>"));
    assert!(!found.is_ours && !found.answers_machine);
}

#[test]
fn each_place_alone_leads_to_the_ticket() {
    let ours = sent("acme", false);
    for header in [
        format!("In-Reply-To: <{}>", ours.message_id),
        format!("References: <1@x> <{}>", ours.message_id),
        format!("To: {}", ours.reply_to),
        format!("To: x@y.example\r\nCc: \"S, T\" <{}>", ours.reply_to.to_uppercase()),
        format!("Delivered-To: {}", ours.reply_to),
        format!("X-Original-To: {}", ours.reply_to),
        format!("Envelope-To: <{}>, x@y.example", ours.reply_to),
        format!("Subject: AW: {}", ours.subject),
        format!("Subject: WG: {}", ours.subject.to_uppercase()),
    ] {
        let found = found(&format!("From: a@x.example\r\n{header}\r\nMessage-ID: <3@x>\r\n\r\nJa"));
        assert!(found.keys.iter().any(|key| key == KEY), "{header}: {:?}", found.keys);
        assert!(!found.is_ours, "{header}");
    }
}

/// Whoever knows a number, or has a token of somebody else's, gets a ticket of his own.
#[test]
fn a_stranger_does_not_join() {
    let foreign = sent("rival", false);
    let token = sent("acme", false).own_mark;
    let forged = format!("123-{}", "a".repeat(24));
    for header in [
        "Subject: Ticket #123".to_owned(),
        "Subject: [#123]".to_owned(),
        format!("Subject: [#{forged}]"),
        format!("Subject: Re: {}", foreign.subject),
        format!("To: support+123@firma.example, support+{forged}@firma.example"),
        format!("To: {}", foreign.reply_to),
        format!("To: support+{}@firma.example", token.replace("123-", "124-")),
    ] {
        let found = found(&format!("From: a@x.example\r\n{header}\r\nMessage-ID: <3@x>\r\n\r\nJa"));
        assert_eq!(found.keys, Vec::<String>::new(), "{header}");
        assert_eq!(found.oldest, None);
    }
    // What another tenant sent is a mail like any other.
    let answer = found(&format!(
        "From: a@x.example\r\nIn-Reply-To: <{}>\r\n\r\nJa",
        foreign.message_id
    ));
    assert_eq!(shown(&answer.keys), [format!("mail:<{}>", foreign.message_id)]);
}

#[test]
fn a_mail_of_ours_that_comes_back_is_known_by_any_of_its_marks() {
    let ours = sent("acme", false);
    for header in [
        format!("Message-ID: <{}>", ours.message_id),
        format!("Message-ID: <rewritten@x>\r\n{}: {}", mail::OWN_MARK, ours.own_mark),
    ] {
        let found = found(&format!("From: support@firma.example\r\n{header}\r\n\r\nHallo"));
        assert!(found.is_ours, "{header}");
        assert_eq!(found.keys, [KEY]);
    }
    assert!(found(&format!("From: {}\r\n\r\nHallo", ours.reply_to)).is_ours);
    let foreign = sent("rival", false);
    let theirs = format!(
        "From: a@x.example\r\n{}: {}\r\nMessage-ID: <{}>\r\n\r\nHallo",
        mail::OWN_MARK,
        foreign.own_mark,
        foreign.message_id
    );
    assert!(!found(&theirs).is_ours, "another tenant's support writes to us");
}

#[test]
fn an_answer_to_a_machine_of_ours_is_told() {
    let answer = |id: &str| found(&format!("From: a@x.example\r\nIn-Reply-To: <{id}>\r\n\r\nJa")).answers_machine;
    assert!(answer(&sent("acme", true).message_id));
    assert!(!answer(&sent("acme", false).message_id));
    assert!(!answer("1@x"));
}

#[test]
fn a_report_leads_to_the_ticket_whose_mail_came_back() {
    let ours = sent("acme", false);
    let report = |copy: &str| {
        found(&format!(
            "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered\r\nMessage-ID: <dsn@mx>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nSorry\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{copy}\r\n--b--\r\n"
        ))
    };
    let by_id = report(&format!("Message-ID: <{}>\r\nReferences: <1@x>\r\n", ours.message_id));
    assert_eq!(shown(&by_id.keys), [KEY, "mail:<1@x>"]);
    assert!(!by_id.is_ours, "it is about ours, and not ours");
    for copy in [
        format!("Message-ID: <rewritten@mx>\r\nReply-To: {}\r\n", ours.reply_to),
        format!("Message-ID: <rewritten@mx>\r\nSubject: {}\r\n", ours.subject),
    ] {
        assert_eq!(shown(&report(&copy).keys), ["mail:<rewritten@mx>", KEY]);
    }
}

#[test]
fn a_long_conversation_has_no_more_keys_than_ticketing_takes() {
    let ours = sent("acme", false);
    let references: String = (0..200).map(|n| format!("<{n}@x> ")).collect();
    let found = found(&format!(
        "From: a@x.example\r\nTo: {}\r\nReferences: {references}\r\n\r\nJa",
        ours.reply_to
    ));
    assert_eq!(found.keys.len(), 2 * MAX_ANCESTORS + 1);
    assert!(found.keys.len() <= 100 && found.keys.contains(&KEY.to_owned()));
}
