use vorrang_api::feed::v1::Actor;
use vorrang_api::ticketing::v1::{Message, MessageCreated, SurveyInvitation, SurveySending, Ticket};

use super::*;

fn event(change: impl FnOnce(&mut Message)) -> Event {
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let mut message = Message {
        name: "tickets/t/messages/m".to_owned(),
        actor: Some(Actor {
            kind: ActorKind::Agent.into(),
            id: "agents/anna".to_owned(),
        }),
        visibility: Visibility::Public.into(),
        channel: Channel::Email.into(),
        occurred_at: at(1_700_000_000),
        created_at: at(1_700_000_001),
        ..Message::default()
    };
    change(&mut message);
    let created = MessageCreated {
        ticket: Some(Ticket {
            name: "tickets/t".to_owned(),
            ..Ticket::default()
        }),
        message: Some(message),
    };
    Event {
        payload: Some(Payload::MessageCreated(created)),
        ..Event::default()
    }
}

fn seal() -> Seal {
    Seal::new(b"an internal key of an installation")
}

fn by(kind: ActorKind, id: &str) -> Option<Actor> {
    Some(Actor {
        kind: kind.into(),
        id: id.to_owned(),
    })
}

#[test]
fn what_we_say_publicly_by_mail_is_mailed_and_nothing_else() {
    let taken = outgoing(&event(|_| {}), &seal()).expect("is mailed");
    assert_eq!(
        (taken.ticket.as_str(), taken.message.as_str()),
        ("tickets/t", "tickets/t/messages/m")
    );
    assert!(
        outgoing(
            &event(|m| m.actor = by(ActorKind::Automation, "automations/1")),
            &seal()
        )
        .is_some()
    );
    type Change = fn(&mut Message);
    let not: [(&str, Change); 8] = [
        ("a note", |m| m.visibility = Visibility::Internal.into()),
        ("a chat", |m| m.channel = Channel::Chat.into()),
        ("the customer's", |m| m.actor = by(ActorKind::Customer, "customers/c")),
        ("a bounce", |m| m.actor = by(ActorKind::Automation, "customers/c")),
        ("what came from outside", |m| m.external_id = "1@x".to_owned()),
        ("what is erased", |m| m.erased = true),
        ("history", |m| {
            m.occurred_at = Some(prost_types::Timestamp {
                seconds: 1_600_000_000,
                nanos: 0,
            })
        }),
        ("nobody's", |m| m.actor = None),
    ];
    for (what, change) in not {
        assert_eq!(outgoing(&event(change), &seal()), None, "{what}");
    }
}

#[test]
fn a_survey_about_a_mail_is_mailed() {
    let event = |change: fn(&mut SurveySent)| {
        let mut sent = SurveySent {
            ticket: Some(Ticket {
                name: "tickets/t".to_owned(),
                channel: Channel::Email.into(),
                ..Ticket::default()
            }),
            sending: Some(SurveySending {
                name: "surveySendings/s".to_owned(),
                sent_at: Some(prost_types::Timestamp {
                    seconds: 1_700_000_000,
                    nanos: 0,
                }),
                invitation: Some(SurveyInvitation {
                    url: "https://a.example/s/secret-token".to_owned(),
                    ..SurveyInvitation::default()
                }),
                ..SurveySending::default()
            }),
        };
        change(&mut sent);
        let payload = Some(Payload::SurveySent(sent));
        Event {
            payload,
            ..Event::default()
        }
    };
    let taken = outgoing(&event(|_| {}), &seal()).expect("is mailed");
    assert_eq!(
        (taken.ticket.as_str(), taken.message.as_str()),
        ("tickets/t", "surveySendings/s")
    );
    let sealed = taken.sealed.expect("its links");
    assert!(!sealed.windows(12).any(|bytes| bytes == b"secret-token"));
    let opened = seal().open("surveySendings/s", &sealed).expect("opens");
    let sending = SurveySending::decode(opened.as_slice()).expect("a sending");
    assert!(sending.invitation.expect("its links").url.ends_with("secret-token"));
    type Change = fn(&mut SurveySent);
    let not: [(&str, Change); 4] = [
        ("about no ticket", |s| s.ticket = None),
        ("about a chat", |s| {
            s.ticket.get_or_insert_default().channel = Channel::Chat.into();
        }),
        ("about what is erased", |s| {
            s.ticket.get_or_insert_default().erased = true
        }),
        ("without links", |s| s.sending.get_or_insert_default().invitation = None),
    ];
    for (what, change) in not {
        assert_eq!(outgoing(&event(change), &seal()), None, "{what}");
    }
}

/// What was said in another system was sent by that one.
#[test]
fn the_past_of_another_system_is_never_mailed() {
    use vorrang_api::ticketing::v1::{HistoryMessage, HistoryRecorded, history_recorded::Line};
    let message = HistoryMessage {
        actor: by(ActorKind::Agent, "agents/anna"),
        message: "tickets/t/messages/m".to_owned(),
        channel: "email".to_owned(),
        ..HistoryMessage::default()
    };
    let recorded = HistoryRecorded {
        ticket: "tickets/t".to_owned(),
        line: Some(Line::Message(message)),
        ..HistoryRecorded::default()
    };
    let event = Event {
        payload: Some(Payload::HistoryRecorded(recorded)),
        ..Event::default()
    };
    assert_eq!(outgoing(&event, &seal()), None);
}
