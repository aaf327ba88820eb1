//! Turns, contacts, replies, messages (D9–D11, D57).

use super::*;

#[test]
fn a_close_ends_a_turn_and_a_second_solved_line_does_not() {
    let desk = desk(&[
        "09:00 ticket_opened ticket=T customer=c channel=email",
        "09:00 message ticket=T actor=customer",
        "09:10 status ticket=T status=solved",
        "10:00 message ticket=T actor=customer",
        // Nothing changes: the turn of 10:00 goes on.
        "10:05 status ticket=T status=solved",
        "10:06 message ticket=T actor=customer",
        "10:10 message ticket=T actor=agent:a",
        "11:00 message ticket=T actor=customer",
        "11:10 status ticket=T status=closed",
        "12:00 message ticket=T actor=customer",
    ]);
    assert_eq!(desk.told("contacts").0, Some(4.0));
    // Only the turn of 10:00 was answered; the last one is owed nothing, the ticket being closed.
    assert_eq!(desk.told("response_time"), (Some(600.0), 1, 0));
    // First response: whatever lies between, a solve too.
    assert_eq!(desk.told("first_response_time"), (Some(4_200.0), 1, 0));
}

#[test]
fn contacts_take_the_channel_of_the_message_and_the_customer_of_the_ticket() {
    let desk = desk(&[
        "09:00 ticket_opened ticket=T customer=c channel=email",
        "09:00 message ticket=T actor=customer",
        "09:10 message ticket=T actor=agent:a",
        "09:20 message ticket=T actor=customer:other channel=sms",
    ]);
    assert_eq!(
        desk.split("contacts", Dimension::Channel),
        [("email".to_owned(), 1, 0), ("sms".to_owned(), 1, 0)]
    );
    assert_eq!(desk.split("contacts", Dimension::Customer), [("c".to_owned(), 2, 0)]);
}

#[test]
fn an_agents_first_message_is_a_reply_but_no_first_response() {
    let desk = desk(&[
        "09:00 ticket_opened ticket=T customer=c channel=email opened_by=agent",
        "09:00 message ticket=T actor=agent:a",
        "09:30 status ticket=T status=solved",
    ]);
    assert_eq!(desk.told("first_response_time"), (None, 0, 0));
    assert_eq!(desk.share("one_touch_rate"), (1.0, 1.0, 0));
    assert_eq!(desk.told("replies_per_agent").0, Some(1.0));
}

#[test]
fn notes_are_no_messages_and_machines_owe_nothing() {
    let desk = desk(&[
        "09:00 ticket_opened ticket=T customer=c channel=email",
        "09:00 message ticket=T actor=customer visibility=internal",
        "09:01 message ticket=T actor=agent:a visibility=internal",
        "09:02 message ticket=T actor=automation",
    ]);
    // A customer's message is public whatever the line says.
    assert_eq!(desk.told("messages").0, Some(2.0));
    assert_eq!(desk.told("first_automated_response_time"), (Some(120.0), 1, 0));
    assert_eq!(desk.told("first_response_time"), (None, 0, 1));
}

#[test]
fn within_one_second_the_order_of_the_lines_decides() {
    let opened = "09:00 ticket_opened ticket=T customer=c channel=email";
    let asks = "09:00 message ticket=T actor=customer";
    let (reply, solve) = (
        "09:05 message ticket=T actor=agent:a",
        "09:05 status ticket=T status=solved",
    );
    let answered = desk(&[asks, opened, reply, solve]);
    assert_eq!(answered.told("response_time"), (Some(300.0), 1, 0));
    let ended = desk(&[asks, opened, solve, reply]);
    assert_eq!(ended.told("response_time"), (None, 0, 0));
    assert_eq!(ended.told("first_response_time"), (Some(300.0), 1, 0));
}

#[test]
fn the_handoff_begins_its_own_wait() {
    let desk = desk(&[
        "09:00 ticket_opened ticket=T customer=c channel=chat",
        "09:00 message ticket=T actor=customer",
        "09:05 handoff ticket=T",
        "09:06 handoff ticket=T",
        "09:07 message ticket=T actor=agent:a",
        "10:00 ticket_opened ticket=U customer=c channel=chat",
        "10:00 handoff ticket=U",
    ]);
    // From the first handoff; U has no message of a customer, but was handed over.
    assert_eq!(desk.told("first_response_time/since_handoff"), (Some(120.0), 1, 1));
    assert_eq!(desk.told("first_response_time"), (Some(420.0), 1, 0));
}
