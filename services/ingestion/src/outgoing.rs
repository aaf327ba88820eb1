//! What a mail of ours says so that its answer finds the ticket again, and how that is found in what comes. Pure.
//!
//! Three places, since mail programs keep different ones: the Message-ID, which answers name in References; the address, as
//! `support+123-…@firma.example`; the subject, as `[#123-…]`.

use uuid::Uuid;

use crate::tokens::{TicketMark, Tokens};

/// Longest part of an address before the `@` (RFC 5321).
const MAX_LOCAL: usize = 64;
/// Tokens in a subject that are tried: a subject that answers an answer has one of each.
const MAX_TRIED: usize = 10;
/// Stands behind the message in the Message-ID of a mail that a machine wrote.
const BY_MACHINE: &str = "-auto";

/// Whose mail it is and what it is about.
#[derive(Debug, Clone)]
pub struct About<'a> {
    /// The tenant.
    pub tenant: &'a str,
    /// The ticket.
    pub ticket: TicketMark,
    /// The message that is sent.
    pub message: Uuid,
    /// Whether a machine of ours wrote it: then answers to it are counted, see [`crate::pace`].
    pub by_machine: bool,
}

/// What goes into the headers of a mail of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers {
    /// `Message-ID` without angle brackets.
    pub message_id: String,
    /// `Reply-To`: where the answer is to go.
    pub reply_to: String,
    /// `Subject`.
    pub subject: String,
    /// The mark that tells a mail of ours that comes back: the value of [`crate::mail::OWN_MARK`].
    pub own_mark: String,
}

/// Makes them. `mailbox` is the address that customers write to, `subject` the ticket's; `answers` says whether something
/// was said before.
pub fn headers(tokens: &Tokens, about: &About<'_>, mailbox: &str, subject: &str, answers: bool) -> Headers {
    let token = tokens.token(about.tenant, about.ticket);
    let (local, domain) = mailbox.rsplit_once('@').unwrap_or((mailbox, "localhost"));
    let tagged = format!("{local}+{token}");
    Headers {
        message_id: format!(
            "{}{}.{token}@{domain}",
            about.message.simple(),
            if about.by_machine { BY_MACHINE } else { "" }
        ),
        // Too long for some servers: then the subject has to do.
        reply_to: if tagged.len() <= MAX_LOCAL {
            format!("{tagged}@{domain}")
        } else {
            mailbox.to_owned()
        },
        subject: subject_line(tokens, about.tenant, &token, subject, answers),
        own_mark: token,
    }
}

fn subject_line(tokens: &Tokens, tenant: &str, token: &str, subject: &str, answers: bool) -> String {
    let mut plain = subject.replace(['\r', '\n', '\0'], " ");
    // One is enough, and that of another ticket would be wrong.
    for old in in_brackets(subject) {
        if tokens.read(tenant, old).is_some() {
            plain = plain.replace(&format!("[#{old}]"), "");
        }
    }
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let starts = |prefix: &str| {
        plain
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let prefix = match answers && !starts("re:") && !starts("aw:") {
        true => "Re: ",
        false => "",
    };
    let tag = format!("[#{token}]");
    let words = [plain.as_str(), &tag].into_iter().filter(|word| !word.is_empty());
    format!("{prefix}{}", words.collect::<Vec<_>>().join(" "))
}

/// The ticket of a Message-ID of ours, and whether a machine wrote that mail.
pub fn in_message_id(tokens: &Tokens, tenant: &str, message_id: &str) -> Option<(TicketMark, bool)> {
    let (local, _) = message_id.trim_matches(['<', '>']).rsplit_once('@')?;
    let (message, token) = local.split_once('.')?;
    let (message, by_machine) = match message.strip_suffix(BY_MACHINE) {
        Some(message) => (message, true),
        None => (message, false),
    };
    if message.len() != 32 || !message.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some((tokens.read(tenant, token)?, by_machine))
}

/// The ticket of an address of ours: what stands behind its last `+`.
pub fn in_address(tokens: &Tokens, tenant: &str, address: &str) -> Option<TicketMark> {
    let (local, _) = address.rsplit_once('@')?;
    tokens.read(tenant, local.rsplit_once('+')?.1)
}

/// The tickets of a subject, in their order.
pub fn in_subject(tokens: &Tokens, tenant: &str, subject: &str) -> Vec<TicketMark> {
    in_brackets(subject)
        .filter_map(|token| tokens.read(tenant, token))
        .collect()
}

fn in_brackets(subject: &str) -> impl Iterator<Item = &str> {
    subject
        .split("[#")
        .skip(1)
        .filter_map(|rest| rest.split_once(']'))
        .map(|(token, _)| token)
        .take(MAX_TRIED)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICKET: Uuid = Uuid::from_u128(0x0193_0000_0000_7000_8000_0011_2233_4455);

    fn tokens() -> Tokens {
        Tokens::new(&[b"a key"])
    }

    fn made(mailbox: &str, subject: &str, answers: bool) -> Headers {
        let about = About {
            tenant: "acme",
            ticket: TicketMark::of(123, TICKET),
            message: Uuid::from_u128(5),
            by_machine: !answers,
        };
        headers(&tokens(), &about, mailbox, subject, answers)
    }

    #[test]
    fn each_place_leads_back() {
        let one = TicketMark::of(123, TICKET);
        let ticket = Some(one);
        let made = made("support@firma.example", "Paket", true);
        assert_eq!(
            in_message_id(&tokens(), "acme", &made.message_id),
            ticket.map(|one| (one, false))
        );
        assert_eq!(in_address(&tokens(), "acme", &made.reply_to), ticket);
        assert_eq!(in_subject(&tokens(), "acme", &format!("AW: {}", made.subject)), [one]);
        assert_eq!(tokens().read("acme", &made.own_mark), ticket);
        assert!(made.reply_to.starts_with("support+123-") && made.reply_to.ends_with("@firma.example"));
        assert!(made.message_id.ends_with("@firma.example"));
        for tenant in ["rival", ""] {
            assert_eq!(in_message_id(&tokens(), tenant, &made.message_id), None);
            assert_eq!(in_address(&tokens(), tenant, &made.reply_to), None);
            assert_eq!(in_subject(&tokens(), tenant, &made.subject), []);
        }
    }

    #[test]
    fn a_mail_by_a_machine_is_known_by_its_id() {
        let id = made("support@firma.example", "Paket", false).message_id;
        assert_eq!(
            in_message_id(&tokens(), "acme", &id),
            Some((TicketMark::of(123, TICKET), true))
        );
    }

    #[test]
    fn a_subject_has_one_token_and_one_prefix() {
        let subject = |given: &str, answers| {
            let made = made("support@firma.example", given, answers).subject;
            made.replace(&made[made.find("[#").expect("a token")..], "…")
        };
        assert_eq!(subject("Paket", true), "Re: Paket …");
        assert_eq!(subject("Paket", false), "Paket …");
        assert_eq!(subject("AW: Paket", true), "AW: Paket …");
        assert_eq!(made("support@firma.example", "", true).subject.find("[#"), Some(4));
        let folded = made("support@firma.example", "Paket [#7]\r\nBcc: x@x.example", true).subject;
        assert!(folded.starts_with("Re: Paket [#7] Bcc: x@x.example [#123-"), "{folded}");
        let again = made(
            "support@firma.example",
            &made("support@firma.example", "Paket", true).subject,
            true,
        );
        assert_eq!(again.subject.matches("[#").count(), 1);
    }

    #[test]
    fn an_address_that_would_be_too_long_stays_as_it_is() {
        let mailbox = format!("{}@firma.example", "x".repeat(40));
        assert_eq!(made(&mailbox, "Paket", true).reply_to, mailbox);
        let tagged = made("a+b@firma.example", "Paket", true).reply_to;
        assert!(tagged.starts_with("a+b+123-"));
        assert!(in_address(&tokens(), "acme", &tagged).is_some());
    }

    #[test]
    fn what_is_not_ours_leads_nowhere() {
        for text in [
            "",
            "@",
            "+@",
            "x@y",
            "support+123@firma.example",
            "support+123-abc@firma.example",
        ] {
            assert_eq!(in_address(&tokens(), "acme", text), None, "{text}");
            assert_eq!(in_message_id(&tokens(), "acme", text), None, "{text}");
        }
        for subject in ["[#123]", "Ticket #123", "[#", "[#]", "[#123-abc] x", "123"] {
            assert_eq!(in_subject(&tokens(), "acme", subject), [], "{subject}");
        }
    }
}
