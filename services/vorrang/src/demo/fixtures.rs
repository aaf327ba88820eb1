//! What the demo pushes when nobody brings anything: the contacts of a coffee shop.

use chrono::{DateTime, TimeDelta, Utc};
use vorrang_api::ingestion::v1::{Contact, PushTicketRequest, PushTicketsRequest};
use vorrang_api::ticketing::v1::{Channel, Identity, Priority, identity};

use super::http::Vendor;

/// Mails, in the order in which they come. The second answers the first, and the first comes twice.
pub fn mails(now: DateTime<Utc>) -> Vec<Vec<u8>> {
    const MAILS: [&[u8]; 7] = [
        include_bytes!("../../fixtures/mail/01-invoice.eml"),
        include_bytes!("../../fixtures/mail/02-invoice-again.eml"),
        include_bytes!("../../fixtures/mail/03-broken-grinder.eml"),
        include_bytes!("../../fixtures/mail/04-hotel.eml"),
        include_bytes!("../../fixtures/mail/05-out-of-office.eml"),
        include_bytes!("../../fixtures/mail/01-invoice.eml"),
        include_bytes!("../../fixtures/mail/06-no-mail.eml"),
    ];
    MAILS.iter().map(|mail| dated(mail, now)).collect()
}

/// Payloads for the HTTP door, with who sends them. One comes twice, as webhooks do; one was cut off on its way.
pub fn payloads(now: DateTime<Utc>) -> Vec<(Vendor, Vec<u8>)> {
    const PAYLOADS: [(Vendor, &[u8]); 7] = [
        (Vendor::Zendesk, include_bytes!("../../fixtures/http/zendesk-1.json")),
        (Vendor::Zendesk, include_bytes!("../../fixtures/http/zendesk-2.json")),
        (Vendor::Zendesk, include_bytes!("../../fixtures/http/zendesk-1.json")),
        (Vendor::Chatwoot, include_bytes!("../../fixtures/http/chatwoot-1.json")),
        (Vendor::Chatwoot, include_bytes!("../../fixtures/http/chatwoot-2.json")),
        (Vendor::WhatsApp, include_bytes!("../../fixtures/http/whatsapp-1.json")),
        (
            Vendor::WhatsApp,
            include_bytes!("../../fixtures/http/whatsapp-broken.json"),
        ),
    ];
    PAYLOADS
        .iter()
        .map(|(vendor, body)| (*vendor, dated(body, now)))
        .collect()
}

/// What a CRM pushes over one stream. The hotel is a VIP from here on, also when it writes mails.
pub fn from_crm(now: DateTime<Utc>) -> Vec<PushTicketsRequest> {
    let mut contacts = vec![
        Contact {
            tier: "vip".into(),
            priority: Priority::High.into(),
            ..contact(
                "crm-1",
                Channel::Web,
                "Hotel Seeblick",
                "einkauf@seeblick.example",
                "Standing order for spring",
                60,
                now,
            )
        },
        contact(
            "crm-2",
            Channel::Web,
            "Paul Winter",
            "paul.winter@example.org",
            "Descaling every week, is that right?",
            300,
            now,
        ),
        Contact {
            priority: Priority::Low.into(),
            ..contact(
                "crm-3",
                Channel::Web,
                "Rosa Lind",
                "rosa.lind@example.org",
                "A wish: decaf in one-kilo bags",
                400,
                now,
            )
        },
        contact(
            "crm-4",
            Channel::Social,
            "Tom Ek",
            "tom.ek@example.net",
            "Is the shop in Kiel open on Sunday?",
            25,
            now,
        ),
        Contact {
            priority: Priority::Urgent.into(),
            ..contact(
                "crm-5",
                Channel::Sms,
                "Sofia Marin",
                "sofia.marin@example.com",
                "Machine leaks, water on the floor",
                10,
                now,
            )
        },
        contact(
            "crm-6",
            Channel::Web,
            "Nils Petersen",
            "nils.petersen@example.org",
            "Gutschein lässt sich nicht einlösen",
            80,
            now,
        ),
        Contact {
            tier: "vip".into(),
            ..contact(
                "crm-7",
                Channel::Email,
                "Café Morgenrot",
                "chef@morgenrot.example",
                "Two bags missing in the delivery",
                35,
                now,
            )
        },
        contact(
            "crm-8",
            Channel::Web,
            "Ida Holm",
            "ida.holm@example.net",
            "Change of payment method",
            150,
            now,
        ),
    ];
    // The same contact once more, as after a time-out on the sender's side.
    contacts.push(contacts[1].clone());
    // A second message in a conversation that is known.
    contacts.push(Contact {
        conversation_id: "crm-5".into(),
        ..contact(
            "crm-5b",
            Channel::Sms,
            "Sofia Marin",
            "sofia.marin@example.com",
            "It is the left hose",
            8,
            now,
        )
    });
    let requests = contacts.into_iter().enumerate();
    requests
        .map(|(index, contact)| PushTicketsRequest {
            request_id: format!("crm-stream-{index}"),
            contact: Some(contact),
            ..PushTicketsRequest::default()
        })
        .collect()
}

/// Live contacts: chat and telephone, of everybody and of VIPs, one call each.
pub fn live(now: DateTime<Utc>) -> Vec<PushTicketRequest> {
    let contacts = vec![
        contact(
            "chat-1",
            Channel::Chat,
            "Emil Sand",
            "emil.sand@example.org",
            "Which grind for a French press?",
            3,
            now,
        ),
        contact(
            "call-1",
            Channel::Phone,
            "Greta Falk",
            "greta.falk@example.org",
            "Return of an unopened bag",
            2,
            now,
        ),
        Contact {
            tier: "vip".into(),
            ..contact(
                "chat-2",
                Channel::Chat,
                "Hotel Seeblick",
                "einkauf@seeblick.example",
                "Payment fails at checkout",
                2,
                now,
            )
        },
        Contact {
            tier: "vip".into(),
            ..contact(
                "call-2",
                Channel::Phone,
                "Café Morgenrot",
                "chef@morgenrot.example",
                "Espresso machine is down, guests wait",
                1,
                now,
            )
        },
        contact(
            "chat-3",
            Channel::Chat,
            "Mara Stein",
            "mara.stein@example.net",
            "Does the offer end today?",
            1,
            now,
        ),
    ];
    contacts.into_iter().map(push).collect()
}

/// Comes while everybody is at work, and must be next.
pub fn late_vip(now: DateTime<Utc>) -> PushTicketRequest {
    push(Contact {
        tier: "vip".into(),
        ..contact(
            "chat-9",
            Channel::Chat,
            "Hotel Seeblick",
            "einkauf@seeblick.example",
            "The new order is gone from the basket",
            0,
            now,
        )
    })
}

/// What a customer hands over who found no answer by themself.
pub fn escalated(now: DateTime<Utc>) -> Contact {
    contact(
        "self-1",
        Channel::Web,
        "Jonas Kühn",
        "jonas.kuehn@example.org",
        "Entkalken beendet sich nicht",
        15,
        now,
    )
}

fn push(contact: Contact) -> PushTicketRequest {
    PushTicketRequest {
        request_id: format!("live-{}", contact.external_id),
        contact: Some(contact),
    }
}

fn contact(
    id: &str,
    channel: Channel,
    name: &str,
    address: &str,
    subject: &str,
    minutes_ago: i64,
    now: DateTime<Utc>,
) -> Contact {
    Contact {
        external_id: id.into(),
        conversation_id: id.into(),
        channel: channel.into(),
        identities: vec![Identity {
            kind: identity::Kind::Email.into(),
            value: address.into(),
            verified: true,
        }],
        display_name: name.into(),
        subject: subject.into(),
        text: format!("{subject}."),
        occurred_at: Some(vorrang_api::timestamp(now - TimeDelta::minutes(minutes_ago))),
        ..Contact::default()
    }
}

/// Puts times in the place of `{{kind minutes-ago}}`. Bytes that are no text are left as they are.
fn dated(template: &[u8], now: DateTime<Utc>) -> Vec<u8> {
    let Ok(template) = std::str::from_utf8(template) else {
        return template.to_vec();
    };
    let mut pieces = template.split("{{");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (placeholder, rest) = piece.split_once("}}").expect("a placeholder of ours is closed");
        let (kind, minutes) = placeholder
            .split_once(' ')
            .expect("a placeholder of ours has two words");
        let at = now - TimeDelta::minutes(minutes.parse().expect("a placeholder of ours has a number"));
        text.push_str(&match kind {
            "mail-date" => at.to_rfc2822(),
            "iso" => at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "unix" => at.timestamp().to_string(),
            other => panic!("no placeholder is called {other}"),
        });
        text.push_str(rest);
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fixture_is_dated() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let all = mails(now)
            .into_iter()
            .chain(payloads(now).into_iter().map(|(_, body)| body));
        for bytes in all {
            assert!(!String::from_utf8_lossy(&bytes).contains("{{"));
        }
        assert!(String::from_utf8_lossy(&mails(now)[0]).contains("Date: Fri, 15 Jan 2027 04:20:00 +0000"));
    }

    #[test]
    fn payloads_are_what_they_seem() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let readable = payloads(now)
            .iter()
            .filter(|(_, body)| serde_json::from_slice::<serde_json::Value>(body).is_ok())
            .count();
        assert_eq!(payloads(now).len() - 1, readable, "all but the broken one");
    }
}
