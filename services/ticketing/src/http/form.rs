//! What the form sends, and what stands behind the question mark.

use crate::survey::answer::COMMENT_MAX;

/// Longest form that is read: a comment of the allowed length, each letter of it written as twelve bytes.
pub const FORM_BYTES_MAX: usize = 32 << 10;

/// What was sent. Fields that we do not know are left alone; of two the last counts.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Form {
    /// A score as a number; whether it is on the scale, the survey knows.
    pub score: Option<i32>,
    /// The comment, trimmed, with plain ends of lines; none when it says nothing.
    pub comment: Option<String>,
    /// A language that was asked for.
    pub language: Option<String>,
}

impl Form {
    /// Reads `application/x-www-form-urlencoded`. What is no UTF-8 is made visible.
    pub fn read(bytes: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(bytes) {
            match &*name {
                "score" => form.score = value.parse().ok(),
                "comment" => {
                    let comment = value.replace("\r\n", "\n").replace('\0', "\u{fffd}");
                    form.comment = Some(comment.trim().to_owned()).filter(|comment| !comment.is_empty());
                }
                "lang" => form.language = Some(value.into_owned()),
                _ => {}
            }
        }
        form
    }

    /// Whether the comment is longer than we keep.
    pub fn is_too_long(&self) -> bool {
        self.comment
            .as_ref()
            .is_some_and(|comment| comment.chars().count() > COMMENT_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_browsers_send_it() {
        let form = Form::read("score=4&comment=+Sch%C3%B6n%21%0D%0ADanke+&lang=de&more=1".as_bytes());
        assert_eq!(form.score, Some(4));
        assert_eq!(form.comment.as_deref(), Some("Schön!\nDanke"));
        assert_eq!(form.language.as_deref(), Some("de"));
        assert_eq!(Form::read(b"score=%00&comment=%20%0A"), Form::default());
        assert_eq!(
            Form::read(b"comment=%ff%00").comment.as_deref(),
            Some("\u{fffd}\u{fffd}")
        );
        assert_eq!(Form::read(b"score=1&score=x").score, None);
        let long = format!("comment={}", "%F0%9F%98%80".repeat(COMMENT_MAX));
        assert!(long.len() < FORM_BYTES_MAX && !Form::read(long.as_bytes()).is_too_long());
        assert!(Form::read(format!("{long}x").as_bytes()).is_too_long());
    }
}
