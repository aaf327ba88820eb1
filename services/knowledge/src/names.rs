//! Resource names, ours and those of other services that we keep. Pure.

use uuid::Uuid;

/// Reads `<collection>/{uuid}`.
pub(crate) fn parse(collection: &str, name: &str) -> Result<Uuid, String> {
    name.strip_prefix(collection)
        .and_then(|rest| rest.strip_prefix('/'))
        .and_then(|id| Uuid::try_parse(id).ok().filter(|uuid| uuid.to_string() == id))
        .ok_or_else(|| format!("must be `{collection}/{{uuid}}`"))
}

/// Checks the name of a ticket as ticketing takes it: `tickets/{uuid}` or `tickets/{number}`.
pub(crate) fn check_ticket(name: &str) -> Result<(), &'static str> {
    let number = |key: &str| {
        key.parse::<i64>()
            .is_ok_and(|number| number > 0 && number.to_string() == key)
    };
    if parse("tickets", name).is_ok() || name.strip_prefix("tickets/").is_some_and(number) {
        Ok(())
    } else {
        Err("must be `tickets/{uuid}` or `tickets/{number}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_spelling_is_a_name() {
        let id = "01990000-0000-7000-8000-00000000000a";
        assert!(parse("articles", &format!("articles/{id}")).is_ok());
        for wrong in [
            "",
            id,
            "articles/",
            "sessions/01990000-0000-7000-8000-00000000000a",
            "articles/X",
        ] {
            assert!(parse("articles", wrong).is_err(), "{wrong}");
        }
        assert!(parse("articles", &format!("articles/{}", id.to_uppercase())).is_err());
        assert!(parse("articles", &format!("articles/{}", id.replace('-', ""))).is_err());
    }

    #[test]
    fn a_ticket_has_an_id_or_a_number() {
        for right in ["tickets/01990000-0000-7000-8000-00000000000a", "tickets/7"] {
            assert_eq!(check_ticket(right), Ok(()), "{right}");
        }
        for wrong in [
            "7",
            "tickets/",
            "tickets/0",
            "tickets/07",
            "tickets/+7",
            "articles/7",
            "tickets/99999999999999999999",
        ] {
            assert!(check_ticket(wrong).is_err(), "{wrong}");
        }
    }
}
