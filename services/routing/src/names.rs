//! Resource names. Pure.

use uuid::Uuid;

/// Longest id of an agent, queue or class.
const ID_MAX: usize = 63;

/// An id in a name: 1 to 63 of `a-z0-9-`.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= ID_MAX
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Reads an id of its own.
pub(crate) fn id(text: &str) -> Result<String, &'static str> {
    if is_id(text) {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 63 of `a-z0-9-`")
    }
}

/// Reads `agents/{agent}`.
pub(crate) fn agent(name: &str) -> Result<String, &'static str> {
    name.strip_prefix("agents/")
        .filter(|id| is_id(id))
        .map(str::to_owned)
        .ok_or("must be `agents/{agent}`, the agent being 1 to 63 of `a-z0-9-`")
}

/// `agents/{agent}`.
pub(crate) fn agent_name(id: &str) -> String {
    format!("agents/{id}")
}

/// Reads `tickets/{uuid}`.
pub(crate) fn ticket(name: &str) -> Result<String, &'static str> {
    name.strip_prefix("tickets/")
        .filter(|id| Uuid::try_parse(id).is_ok_and(|uuid| uuid.to_string() == *id))
        .map(str::to_owned)
        .ok_or("must be `tickets/{uuid}`")
}

/// Checks `schedules/{uuid}`.
pub(crate) fn schedule(name: &str) -> Result<String, &'static str> {
    name.strip_prefix("schedules/")
        .filter(|id| Uuid::try_parse(id).is_ok_and(|uuid| uuid.to_string() == *id))
        .map(|_| name.to_owned())
        .ok_or("must be `schedules/{uuid}`")
}

/// `tickets/{uuid}`.
pub(crate) fn ticket_name(id: &str) -> String {
    format!("tickets/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_their_canonical_spelling_only() {
        assert_eq!(agent("agents/anna-2"), Ok("anna-2".to_owned()));
        for wrong in ["", "anna", "agents/", "agents/Anna", "agents/a/b", "tickets/anna"] {
            assert!(agent(wrong).is_err(), "{wrong}");
        }
        let long = format!("agents/{}", "a".repeat(64));
        assert!(agent(&long).is_err());
        let uuid = "01990000-0000-7000-8000-00000000000a";
        assert_eq!(ticket(&ticket_name(uuid)), Ok(uuid.to_owned()));
        for wrong in ["tickets/1", &format!("tickets/{}", uuid.to_uppercase()), uuid] {
            assert!(ticket(wrong).is_err(), "{wrong}");
        }
    }
}
