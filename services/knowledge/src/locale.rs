//! Language tags. Pure.

/// Longest tag; real ones have at most a dozen characters.
const LOCALE_MAX_BYTES: usize = 35;

/// Checks a BCP 47 language tag and gives it in lower case: `de`, `de-at`, `zh-hant`.
///
/// Only the form is checked (a language of 2 or 3 letters, then parts of 1 to 8 letters or digits), not the registry.
pub(crate) fn parse(tag: &str) -> Result<String, &'static str> {
    const WRONG: &str = "must be a BCP 47 language tag, for example `de` or `en-GB`";
    let tag = tag.trim().to_ascii_lowercase();
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    let named = matches!(language.len(), 2 | 3) && language.bytes().all(|byte| byte.is_ascii_lowercase());
    let extended =
        parts.all(|part| matches!(part.len(), 1..=8) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if named && extended && tag.len() <= LOCALE_MAX_BYTES {
        Ok(tag)
    } else {
        Err(WRONG)
    }
}

/// As [`parse`], but nothing means nothing.
pub(crate) fn parse_optional(tag: &str) -> Result<Option<String>, &'static str> {
    match tag.trim() {
        "" => Ok(None),
        tag => parse(tag).map(Some),
    }
}

/// The language of a tag: `de` of `de-at`.
pub(crate) fn language_of(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_kept_in_lower_case() {
        assert_eq!(parse("de"), Ok("de".to_owned()));
        assert_eq!(parse(" en-GB "), Ok("en-gb".to_owned()));
        assert_eq!(parse("zh-Hant-TW"), Ok("zh-hant-tw".to_owned()));
        assert_eq!(parse_optional("  "), Ok(None));
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for tag in [
            "",
            "d",
            "deutsch",
            "de_DE",
            "de-",
            "12",
            "de/../x",
            &"de-abcdefgh".repeat(9),
        ] {
            assert!(parse(tag).is_err(), "{tag}");
        }
    }
}
