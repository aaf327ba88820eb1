//! Names are written one way and read that way only.

use super::*;

#[test]
fn a_ticket_is_named_by_id_or_number() {
    let id = Uuid::from_u128(7);
    assert_eq!(parse_ticket(&ticket(id)), Ok(TicketRef::Id(id)));
    assert_eq!(parse_ticket("tickets/42"), Ok(TicketRef::Number(42)));
    for wrong in [
        "",
        "tickets/",
        "tickets/-1",
        "ticket/1",
        "tickets/1/messages/2",
        "tickets/{0}",
        "tickets/0",
        "tickets/01",
        "tickets/+1",
        "tickets/99999999999999999999",
        "tickets/00000000-0000-0000-0000-000000000ABC",
    ] {
        assert!(parse_ticket(wrong).is_err(), "{wrong}");
    }
    assert!(parse_customer("customers/00000000-0000-0000-0000-000000000ABC").is_err());
    assert_eq!(parse_legal_hold(&legal_hold(id)), Ok(id));
    assert!(parse_legal_hold(&customer(id)).is_err());
    let hash = "ab".repeat(32);
    assert_eq!(parse_attachment(&attachment(id, &hash)), Ok((id, hash.clone())));
    for wrong in ["../../etc/passwd", &hash.to_uppercase(), &hash[1..], ""] {
        assert!(parse_attachment(&attachment(id, wrong)).is_err(), "{wrong}");
    }
    assert_eq!(parse_erasure(&erasure(id)), Ok(id));
}

#[test]
fn a_message_is_named_below_its_ticket() {
    let (ticket, id) = (Uuid::from_u128(7), Uuid::from_u128(8));
    assert_eq!(parse_message(&message(ticket, id)), Ok((ticket, id)));
    let id = id.to_string();
    for wrong in [
        String::new(),
        format!("tickets/7/messages/{id}"),
        format!("tickets/{ticket}/messages/"),
        format!("tickets/{ticket}/messages/{id}/x"),
        format!("tickets/{ticket}/messages/{}", id.replace('0', "A")),
    ] {
        assert!(parse_message(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn surveys_rubrics_and_reviews_have_names() {
    assert_eq!(parse_survey(&survey("after-chat")), Ok("after-chat".to_owned()));
    assert_eq!(parse_rubric("rubrics/tone"), Ok(("tone".to_owned(), None)));
    assert_eq!(parse_rubric(&rubric("tone", Some(3))), Ok(("tone".to_owned(), Some(3))));
    let id = Uuid::from_u128(7);
    assert_eq!(parse_review(&review(id)), Ok(id));
    assert_eq!(parse_sending(&sending(id)), Ok(id));
    for wrong in [
        "rubrics/",
        "rubrics/tone@",
        "rubrics/tone@0",
        "rubrics/tone@03",
        "rubrics/a@9999999999",
        "rubrics/A",
    ] {
        assert!(parse_rubric(wrong).is_err(), "{wrong}");
    }
    assert!(parse_survey("csat").is_err() && parse_survey("surveys/").is_err());
    assert!(parse_review("reviews/7").is_err() && parse_sending("surveySendings/").is_err());
}

#[test]
fn deliveries_are_named_by_webhook_and_position() {
    let id = Uuid::from_u128(7);
    assert_eq!(parse_webhook(&webhook(id)), Ok(id));
    assert_eq!(parse_delivery(&delivery(id, 42)), Ok((id, 42)));
    for wrong in [
        "",
        "webhooks/-",
        "webhooks/7",
        &webhook(id),
        &format!("{}/deliveries/0", webhook(id)),
    ] {
        assert!(parse_delivery(wrong).is_err(), "{wrong}");
    }
    assert!(parse_webhook("webhooks/-").is_err());
}

#[test]
fn agents_and_queues_have_plain_names() {
    assert!(check_agent("agents/mara-2").is_ok());
    let long = format!("agents/{}", "a".repeat(64));
    for wrong in ["agents/", "mara", "agents/Mara", "agents/mara.b@example.org", &long] {
        assert!(check_agent(wrong).is_err(), "{wrong}");
    }
    assert!(check_queue("tier-2").is_ok());
    assert!(check_queue("Tier 2").is_err());
    assert!(check_queue("").is_err());
}
