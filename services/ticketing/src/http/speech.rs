//! Which language a page speaks. Pure.

use crate::survey::{Phrases, Survey, Text, accepted};

/// The languages of one page: our own words and the survey's, which can differ when we do not know the survey's.
#[derive(Debug, Clone)]
pub struct Speech {
    /// Our own words.
    pub phrases: &'static Phrases,
    /// The survey's words.
    pub text: Text,
}

/// For a page that knows of no survey: by what the reader accepts.
pub fn phrases(accept_language: &str) -> &'static Phrases {
    first_of_ours(accepted(accept_language).into_iter())
}

/// For a survey's page: what the reader asked for by a link on it, else accepts, else the language of the ticket, else that
/// of the invitation. When the survey's own words are in a language that is ours too, the whole page is in it.
pub fn speech(survey: &Survey, asked: Option<&str>, accept_language: &str, known: [&str; 2]) -> Speech {
    let preferred: Vec<&str> = asked
        .into_iter()
        .chain(accepted(accept_language))
        .chain(known)
        .collect();
    let text = survey.text(&survey.language_for(preferred.iter().copied()));
    let ours = std::iter::once(text.language.as_str()).chain(preferred.iter().copied());
    Speech {
        phrases: first_of_ours(ours),
        text: text.clone(),
    }
}

fn first_of_ours<'a>(mut preferred: impl Iterator<Item = &'a str>) -> &'static Phrases {
    preferred.find_map(Phrases::exactly).unwrap_or_else(|| Phrases::of(""))
}
