use super::*;
use crate::survey::phrases::same_language;

/// Every language says everything: each kind, and what the ends of its scale mean.
#[test]
fn our_words_are_complete() {
    assert_eq!(Phrases::languages().collect::<Vec<_>>(), ["en", "de"]);
    for language in Phrases::languages() {
        let phrases = Phrases::of(language);
        assert_eq!(phrases.language, language);
        for kind in Kind::ALL.iter().copied() {
            let one = phrases.kind(kind);
            let labels: Vec<i32> = one.labels.keys().map(|score| score.parse().expect("a score")).collect();
            assert!(!one.question.is_empty() && labels.iter().all(|score| kind.scale().contains(score)));
            assert!(
                labels.contains(kind.scale().start()) && labels.contains(kind.scale().end()),
                "{kind:?}"
            );
        }
        assert_eq!(phrases.kinds.len(), Kind::ALL.len());
    }
    assert_eq!(Phrases::of("de-AT").language, "de");
    assert_eq!(Phrases::of("fr").language, "en");
}

#[test]
fn accepted_languages_are_read_in_the_order_of_preference() {
    assert_eq!(accepted("de-DE,de;q=0.9,en;q=0.8"), ["de-DE", "de", "en"]);
    assert_eq!(accepted("en;q=0.2, fr ; q=0.9, de;q=0"), ["fr", "en"]);
    assert!(accepted("*, <script>, de;q=x, ;;;").is_empty());
    assert!(accepted("").is_empty());
    assert_eq!(accepted(&"de,".repeat(1_000)).len(), 20, "no more than that is read");
    assert!(same_language("de", "DE-at") && !same_language("de", "den") && !same_language("", ""));
}

#[test]
fn a_survey_speaks_its_own_languages_or_ours() {
    let ours = survey("s", Kind::Csat);
    assert_eq!(ours.language_for(["fr", "de-CH"]), "de");
    assert_eq!(ours.language_for(["fr"]), "en");
    assert_eq!(
        ours.text("de").question,
        "Wie zufrieden sind Sie mit der Hilfe, die Sie bekommen haben?"
    );
    let text = |language: &str| Text {
        language: language.into(),
        question: format!("? in {language}"),
        introduction: String::new(),
        thanks: String::new(),
    };
    let own = Survey {
        texts: vec![text("fr"), text("de-AT")],
        ..ours
    };
    assert_eq!(own.language_for(["en", "de"]), "de-AT");
    assert_eq!(
        own.language_for(["en"]),
        "fr",
        "the first is for who speaks none of them"
    );
    assert_eq!(own.text("de").question, "? in de-AT");
    assert_eq!(own.text("it").question, "? in fr");
}

#[test]
fn an_invitation_has_a_link_for_each_score() {
    let (mut one, asks) = (sending(), survey("s", Kind::Nps));
    one.send(&asks, at(0));
    let links = Links::new("https://help.example.com", &[b"a key"]);
    let invitation = one.invitation("acme", &asks, &links);
    assert_eq!(invitation.language, "de");
    assert!(invitation.question.starts_with("Wie wahrscheinlich"));
    let scores: Vec<i32> = invitation.choices.iter().map(|choice| choice.score).collect();
    assert_eq!(scores, (0..=10).collect::<Vec<_>>());
    assert_eq!(invitation.choices[10].label, "Äußerst wahrscheinlich");
    assert_eq!(invitation.choices[3].url, format!("{}?score=3", invitation.url));
    let token = links
        .read(invitation.url.rsplit('/').next().expect("a path"))
        .expect("ours");
    assert_eq!((token.sending, token.closes_at), (one.id, at(7 * 86_400)));
}
