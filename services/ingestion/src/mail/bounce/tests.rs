use super::super::{Automated, Mail, read};
use super::*;

fn bounce(raw: &str) -> Bounce {
    let mail: Mail = read(raw.replace('\n', "\r\n").as_bytes()).expect("a mail");
    assert_eq!(mail.automated, Some(Automated::Bounce));
    mail.bounce.expect("a report")
}

fn failed(address: &str, status: &str, diagnostic: &str) -> Recipient {
    Recipient {
        address: address.to_owned(),
        failed: true,
        status: status.to_owned(),
        diagnostic: diagnostic.to_owned(),
    }
}

const COPY: &str = "Message-ID: <ours@firma.example>\nReferences: <1@x.example> <2@firma.example>\nFrom: Service <service+7-abc@firma.example>\nReply-To: reply@firma.example\nSubject: Re: Paket\nTo: nobody@example.net\n";

fn report(status: &str, returned: &str) -> String {
    format!(
        "From: Mail Delivery System <MAILER-DAEMON@mx.example.net>\nSubject: Undelivered Mail\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\nI'm sorry to have to inform you that your message could not be delivered.\n\n<nobody@example.net>: host mx said: 550 5.1.1 unknown\n--b\nContent-Type: message/delivery-status\n\n{status}\n--b\n{returned}\n--b--\n"
    )
}

#[test]
fn a_report_names_who_failed_why_and_which_mail() {
    let status = "Reporting-MTA: dns; mx.example.net\nArrival-Date: Mon, 2 Mar 2026 10:00:00 +0000\n\nOriginal-Recipient: rfc822;Nobody@example.net\nFinal-Recipient: rfc822; nobody@inner.example.net\nAction: failed\nStatus: 5.1.1 (bad mailbox)\nDiagnostic-Code: smtp; 550 5.1.1 <nobody@inner.example.net>\n  User unknown\n\nFinal-Recipient: rfc822; full@example.net\nAction: delayed\nStatus: 4.2.2\n\nFinal-Recipient: rfc822; fine@example.net\nAction: delivered\nStatus: 2.0.0\n";
    for returned in [
        format!("Content-Type: message/rfc822\n\n{COPY}\nText"),
        format!("Content-Type: text/rfc822-headers\n\n{COPY}"),
        format!("Content-Type: message/rfc822-headers\n\n{COPY}"),
    ] {
        let bounce = bounce(&report(status, &returned));
        let delayed = Recipient {
            failed: false,
            ..failed("full@example.net", "4.2.2", "")
        };
        let unknown = "550 5.1.1 <nobody@inner.example.net> User unknown";
        assert_eq!(
            bounce.recipients,
            [failed("Nobody@example.net", "5.1.1", unknown), delayed]
        );
        assert_eq!(
            bounce.returned,
            ["ours@firma.example", "2@firma.example", "1@x.example"]
        );
        assert_eq!(
            bounce.returned_from,
            ["reply@firma.example", "service+7-abc@firma.example"]
        );
        assert_eq!(bounce.returned_subject, "Re: Paket");
    }
}

#[test]
fn words_are_read_where_there_is_no_report() {
    let qmail = "Hi. This is the qmail-send program at mx.example.net.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<nobody@example.net>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n<other@example.net>:\n192.0.2.1 failed after I sent the message.\nRemote host said: 552 5.2.2 Mailbox full\n\n--- Below this line is a copy of the message.\n\n";
    let exim = "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  nobody@example.net\n    host mx.example.net [192.0.2.1]\n    SMTP error from remote mail server after RCPT TO:<nobody@example.net>:\n    550 5.1.1 User unknown\n\n------ This is a copy of the message, including all the headers. ------\n\n";
    let exchange = "Delivery has failed to these recipients or groups:\n\nnobody@example.net<mailto:nobody@example.net>\nThe email address you entered couldn't be found.\n\nDiagnostic information for administrators:\n\nGenerating server: mx.example.net\n\nnobody@example.net\nRemote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'\n\nOriginal message headers:\n\n";
    let german = "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:\n\n'nobody@example.net' am 02.03.2026 10:00\n550 5.1.1 unbekannt\n\nUrsprüngliche Nachrichtenkopfzeilen:\n\n";
    for (text, expected) in [
        (
            qmail,
            vec![
                (
                    "nobody@example.net",
                    "5.1.1",
                    "Sorry, no mailbox here by that name. (#5.1.1)",
                ),
                (
                    "other@example.net",
                    "5.2.2",
                    "192.0.2.1 failed after I sent the message. Remote host said: 552 5.2.2 Mailbox full",
                ),
            ],
        ),
        (
            exim,
            vec![(
                "nobody@example.net",
                "5.1.1",
                "host mx.example.net [192.0.2.1] SMTP error",
            )],
        ),
        (
            exchange,
            vec![(
                "nobody@example.net",
                "",
                "The email address you entered couldn't be found.",
            )],
        ),
        (german, vec![("nobody@example.net", "5.1.1", "")]),
    ] {
        let bounce = bounce(&format!(
            "From: postmaster@mx.example.net\nSubject: failure notice\nContent-Type: text/plain; charset=utf-8\n\n{text}{COPY}\nHallo\n"
        ));
        assert_eq!(bounce.recipients.len(), expected.len(), "{:?}", bounce.recipients);
        for (found, (address, status, diagnostic)) in bounce.recipients.iter().zip(expected) {
            assert_eq!(found.address, address);
            assert!(
                found.failed && (status.is_empty() || found.status == status),
                "{found:?}"
            );
            assert!(found.diagnostic.contains(diagnostic), "{found:?}");
        }
        assert_eq!(
            bounce.returned,
            ["ours@firma.example", "2@firma.example", "1@x.example"],
            "{text}"
        );
    }
}

#[test]
fn googles_sentence_and_header_are_read() {
    let raw = "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nX-Failed-Recipients: nobody@example.net, other@example.net\nSubject: Delivery Status Notification (Failure)\n\nYour message wasn't delivered to nobody@example.net because the address couldn't be found. 550 5.1.1\n";
    let bounce = bounce(raw);
    let addresses: Vec<&str> = bounce.recipients.iter().map(|one| one.address.as_str()).collect();
    assert_eq!(addresses, ["nobody@example.net", "other@example.net"]);
    assert_eq!(bounce.returned, Vec::<String>::new());
}

#[test]
fn statuses_are_told_from_addresses_of_machines() {
    for (text, expected) in [
        ("5.1.1 (bad)", Some("5.1.1")),
        ("550-5.7.26 x", Some("5.7.26")),
        ("(#5.1.1)", Some("5.1.1")),
        ("from 192.0.2.1 4.2.2.", Some("4.2.2")),
        ("5.1", None),
        ("3.1.1", None),
        ("5.1.1.1", None),
    ] {
        assert_eq!(status(text).as_deref(), expected, "{text}");
    }
}

/// What a machine of another kind or a person wrote is no report.
#[test]
fn only_bounces_have_a_report() {
    let mail =
        read(b"From: a@x.example\r\n\r\nThe following address(es) failed:\r\n\r\nb@x.example\r\n").expect("a mail");
    assert_eq!(mail.bounce, None);
}

proptest::proptest! {
    #[test]
    fn any_report_is_read(lines in proptest::collection::vec("(<?[a-z]{1,3}@b\\.c>?:?|Final-Recipient: rfc822; a@b\\.c|Action: (failed|x)|could not be delivered|550 5\\.1\\.1|original message headers:|Message-ID: <x>| fold|)", 0..30)) {
        let text = lines.join("\n");
        let _ = prose::read(&text);
        Bounce::default().take_status(&text);
    }
}
