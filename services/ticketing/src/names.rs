//! Resource names: made here, read here. Pure.

use uuid::Uuid;

/// Proto name of a ticket, for errors.
pub const TICKET: &str = "vorrang.ticketing.v1.Ticket";
/// Proto name of a customer, for errors.
pub const CUSTOMER: &str = "vorrang.ticketing.v1.Customer";

/// How a request names a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketRef {
    /// By id.
    Id(Uuid),
    /// By the tenant's running number.
    Number(i64),
}

impl TicketRef {
    /// The resource name that was asked for.
    pub fn name(self) -> String {
        match self {
            Self::Id(id) => ticket(id),
            Self::Number(number) => format!("tickets/{number}"),
        }
    }
}

/// `tickets/{uuid}`.
pub fn ticket(id: Uuid) -> String {
    format!("tickets/{id}")
}

/// `tickets/{uuid}/messages/{uuid}`.
pub fn message(ticket: Uuid, id: Uuid) -> String {
    format!("tickets/{ticket}/messages/{id}")
}

/// `tickets/{uuid}/surveyAnswers/{survey}-{solve}`.
pub fn survey_answer(ticket: Uuid, survey: &str, solve: i32) -> String {
    format!("tickets/{ticket}/surveyAnswers/{survey}-{solve}")
}

/// `customers/{uuid}`.
pub fn customer(id: Uuid) -> String {
    format!("customers/{id}")
}

/// Reads `tickets/{uuid}` or `tickets/{number}`.
pub fn parse_ticket(name: &str) -> Result<TicketRef, &'static str> {
    const SHAPE: &str = "must be tickets/{uuid} or tickets/{number}";
    let key = name.strip_prefix("tickets/").ok_or(SHAPE)?;
    if !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit()) {
        // Beyond i64 there are no tickets: the shape is right, the ticket just does not exist.
        return Ok(TicketRef::Number(key.parse().unwrap_or(i64::MAX)));
    }
    hyphenated(key).map(TicketRef::Id).ok_or(SHAPE)
}

/// Reads `customers/{uuid}`.
pub fn parse_customer(name: &str) -> Result<Uuid, &'static str> {
    name.strip_prefix("customers/")
        .and_then(hyphenated)
        .ok_or("must be customers/{uuid}")
}

/// Checks `agents/{agent}`: 1 to 100 of letters, digits and `._@+-`.
pub fn check_agent(name: &str) -> Result<(), &'static str> {
    let fits = |id: &str| {
        (1..=100).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._@+-".contains(&byte))
    };
    match name.strip_prefix("agents/") {
        Some(id) if fits(id) => Ok(()),
        _ => Err("must be agents/{agent}, the id 1 to 100 of letters, digits and ._@+-"),
    }
}

/// Checks the name of a queue.
pub fn check_queue(name: &str) -> Result<(), &'static str> {
    let byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=63).contains(&name.len()) && name.bytes().all(byte) {
        Ok(())
    } else {
        Err("must be 1 to 63 of a-z, 0-9 and -")
    }
}

/// Only the form that we write ourselves: one resource, one name.
fn hyphenated(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_named_by_id_or_number() {
        let id = Uuid::from_u128(7);
        assert_eq!(parse_ticket(&ticket(id)), Ok(TicketRef::Id(id)));
        assert_eq!(parse_ticket("tickets/42"), Ok(TicketRef::Number(42)));
        assert_eq!(
            parse_ticket("tickets/99999999999999999999"),
            Ok(TicketRef::Number(i64::MAX))
        );
        for wrong in [
            "",
            "tickets/",
            "tickets/-1",
            "ticket/1",
            "tickets/1/messages/2",
            "tickets/{0}",
        ] {
            assert!(parse_ticket(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn agents_and_queues_have_plain_names() {
        assert!(check_agent("agents/mara.b@example.org").is_ok());
        assert!(check_agent("agents/").is_err());
        assert!(check_agent("mara").is_err());
        assert!(check_queue("tier-2").is_ok());
        assert!(check_queue("Tier 2").is_err());
        assert!(check_queue("").is_err());
    }
}
