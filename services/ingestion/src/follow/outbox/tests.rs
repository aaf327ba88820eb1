use vorrang_api::feed::v1::Actor;
use vorrang_api::ticketing::v1::{Message, MessageCreated, Ticket};

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

fn by(kind: ActorKind, id: &str) -> Option<Actor> {
    Some(Actor {
        kind: kind.into(),
        id: id.to_owned(),
    })
}

#[test]
fn what_we_say_publicly_by_mail_is_mailed_and_nothing_else() {
    let taken = outgoing(&event(|_| {})).expect("is mailed");
    assert_eq!(
        (taken.ticket.as_str(), taken.message.as_str()),
        ("tickets/t", "tickets/t/messages/m")
    );
    assert!(outgoing(&event(|m| m.actor = by(ActorKind::Automation, "automations/1"))).is_some());
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
        assert_eq!(outgoing(&event(change)), None, "{what}");
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
    assert_eq!(outgoing(&event), None);
}
