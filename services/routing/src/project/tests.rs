use super::*;
use crate::contact::tests::{at, ticket};
use crate::words::Channel;

#[test]
fn a_waiting_ticket_gets_its_place_and_keeps_what_an_offer_shows() {
    let waiting = Ticket {
        tier: "vip".to_owned(),
        channel: Channel::Chat,
        generation: 3,
        ..ticket()
    };
    let Operation::Wait {
        seq,
        generation,
        waiting,
        ..
    } = operation(&Policy::builtin(), 7, &waiting, false, "00-a-b-01")
    else {
        panic!("it waits");
    };
    assert_eq!((seq, generation), (7, 3));
    assert_eq!(waiting.lane, Lane::new("default", "CHAT"));
    assert_eq!(waiting.place.class, 0);
    assert_eq!(waiting.place.due_ms, at(60).timestamp_millis());
    assert_eq!(waiting.place.arrival_us, at(0).timestamp_micros());
    assert_eq!(waiting.trace, "00-a-b-01");
    let contact: Contact = serde_json::from_slice(&waiting.data).expect("reads");
    assert_eq!(
        (contact.class.as_str(), contact.number, contact.subject.as_str()),
        ("vip-live", 1, "Printer")
    );
    assert_eq!(contact.without_text().subject, "");
}

#[test]
fn only_an_accepted_offer_takes_a_slot() {
    let assigned = Ticket {
        assignee: Some("anna".to_owned()),
        queue_entered_at: None,
        ..ticket()
    };
    for (accepted, expected) in [(true, Some("EMAIL".to_owned())), (false, None)] {
        let Operation::Leave { agent, slot, .. } = operation(&Policy::builtin(), 1, &assigned, accepted, "") else {
            panic!("it does not wait");
        };
        assert_eq!((agent.as_deref(), slot), (Some("anna"), expected));
    }
}

#[test]
fn a_ticket_that_is_not_ours_to_act_on_takes_nobodys_slot() {
    let pending = Ticket {
        assignee: Some("anna".to_owned()),
        queue_entered_at: None,
        open: false,
        ..ticket()
    };
    let Operation::Leave { agent, .. } = operation(&Policy::builtin(), 1, &pending, false, "") else {
        panic!("it does not wait");
    };
    assert_eq!(agent, None);
}
