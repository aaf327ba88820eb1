//! Resource names, ours and those of other services that we keep. Pure.

use uuid::Uuid;

/// Reads `<collection>/{uuid}`.
pub(crate) fn parse(collection: &str, name: &str) -> Result<Uuid, String> {
    name.strip_prefix(collection)
        .and_then(|rest| rest.strip_prefix('/'))
        .and_then(|id| Uuid::try_parse(id).ok().filter(|uuid| uuid.to_string() == id))
        .ok_or_else(|| format!("must be `{collection}/{{uuid}}`"))
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
}
