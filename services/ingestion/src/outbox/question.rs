//! A survey as the text of a mail. Pure.

use chrono::{DateTime, Utc};

/// What ticketing asks.
#[derive(Debug, Clone)]
pub struct Question {
    /// BCP 47; empty: not known.
    pub language: String,
    /// What is said before it; empty: nothing.
    pub introduction: String,
    /// The question.
    pub question: String,
    /// The answers there are, the worst first.
    pub choices: Vec<Choice>,
    /// The page with room for a comment.
    pub url: String,
    /// From when on no answer is taken; none: always.
    pub closes_at: Option<DateTime<Utc>>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What it counts.
    pub score: i32,
    /// What it is called; empty: nothing.
    pub label: String,
    /// The page with it chosen.
    pub url: String,
}

/// Our own words around what ticketing asks.
struct Words {
    all: &'static str,
    note: &'static str,
}

const GERMAN: Words = Words {
    all: "Mit Platz für eine Anmerkung:",
    note: "Ein Klick öffnet die Seite; gespeichert wird Ihre Antwort erst mit dem Knopf dort.",
};
const ENGLISH: Words = Words {
    all: "With room for a comment:",
    note: "A click opens the page; your answer is saved only by the button there.",
};

/// The question with a link for each answer.
pub fn text(invitation: &Question) -> String {
    let german = invitation.language.split(['-', '_']).next() == Some("de");
    let words = if german { GERMAN } else { ENGLISH };
    let mut blocks = Vec::new();
    let introduction = invitation.introduction.trim();
    if !introduction.is_empty() {
        blocks.push(introduction.to_owned());
    }
    blocks.push(invitation.question.trim().to_owned());
    // The best first, as people read it.
    let choices = invitation.choices.iter().rev().map(|choice| {
        let label = match choice.label.as_str() {
            "" => choice.score.to_string(),
            label => format!("{} – {label}", choice.score),
        };
        format!("{label}:\n{}\n", choice.url)
    });
    let choices: String = choices.collect();
    if !choices.is_empty() {
        blocks.push(choices.trim_end().to_owned());
    }
    blocks.push(format!("{}\n{}", words.all, invitation.url));
    blocks.push(words.note.to_owned());
    blocks.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invitation(language: &str) -> Question {
        let choice = |score: i32, label: &str| Choice {
            score,
            label: label.to_owned(),
            url: format!("https://a.example/s/t?score={score}"),
        };
        Question {
            language: language.to_owned(),
            introduction: String::new(),
            question: "Wie zufrieden sind Sie?".to_owned(),
            url: "https://a.example/s/t".to_owned(),
            choices: vec![choice(1, "Sehr unzufrieden"), choice(2, "")],
            closes_at: None,
        }
    }

    #[test]
    fn every_answer_has_its_link() {
        assert_eq!(
            text(&invitation("de")),
            "Wie zufrieden sind Sie?\n\n2:\nhttps://a.example/s/t?score=2\n1 – Sehr unzufrieden:\nhttps://a.example/s/t?score=1\n\n\
             Mit Platz für eine Anmerkung:\nhttps://a.example/s/t\n\n\
             Ein Klick öffnet die Seite; gespeichert wird Ihre Antwort erst mit dem Knopf dort."
        );
    }

    #[test]
    fn our_words_are_in_the_language_of_the_question() {
        for (language, german) in [
            ("de", true),
            ("de-AT", true),
            ("en", false),
            ("fr", false),
            ("", false),
            ("den", false),
        ] {
            assert_eq!(
                text(&invitation(language)).contains("Ein Klick öffnet"),
                german,
                "{language}"
            );
        }
        let introduced = Question {
            introduction: "Guten Tag,".to_owned(),
            choices: Vec::new(),
            ..invitation("de")
        };
        assert!(text(&introduced).starts_with("Guten Tag,\n\nWie zufrieden sind Sie?\n\nMit Platz"));
    }
}
