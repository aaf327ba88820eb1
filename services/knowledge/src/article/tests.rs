use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("valid")
}

fn text() -> Text {
    Text {
        locale: "de".into(),
        title: "Rückgabe".into(),
        body: "14 Tage".into(),
        tags: vec!["retoure".into()],
        category: String::new(),
    }
}

fn draft() -> Article {
    Article::create(Uuid::from_u128(1), text(), at(0)).0
}

#[test]
fn a_text_is_brought_into_form() {
    let mut violations = Violations::new();
    let checked = Text {
        locale: "DE-at".into(),
        title: "  Rückgabe ".into(),
        tags: vec!["b".into(), " a".into(), "b ".into()],
        ..text()
    }
    .check(&Field::EVERY, &mut violations);
    violations.into_result().expect("nothing is wrong");
    assert_eq!((checked.locale.as_str(), checked.title.as_str()), ("de-at", "Rückgabe"));
    assert_eq!(checked.tags, ["a", "b"]);
}

#[test]
fn everything_wrong_is_named_at_once() {
    let mut violations = Violations::new();
    let wrong = Text {
        locale: String::new(),
        title: " ".into(),
        body: "x".repeat(BODY_MAX_BYTES + 1),
        tags: vec![String::new()],
        category: "x".repeat(CATEGORY_MAX_CHARS + 1),
    };
    wrong.check(&Field::EVERY, &mut violations);
    let error = violations.into_result().expect_err("five are wrong");
    let fields: Vec<_> = error.violations().iter().map(|one| one.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "article.locale",
            "article.title",
            "article.body",
            "article.tags[0]",
            "article.category"
        ]
    );
}

#[test]
fn a_change_of_text_raises_version_and_revision_and_names_what_changed() {
    let mut article = draft();
    let new = Text {
        title: "Umtausch".into(),
        category: "Kauf".into(),
        ..text()
    };
    let event = article
        .update(&new, &[Field::Title, Field::Body], at(5))
        .expect("something changed");
    assert_eq!((article.version, article.revision, article.updated_at), (2, 2, at(5)));
    assert_eq!(article.text.category, "", "not in the mask");
    let Event::ArticleUpdated { changed_fields, .. } = event else {
        panic!("{event:?}")
    };
    assert_eq!(changed_fields, [Field::Title], "the body is as it was");
    assert_eq!(
        article.update(&new, &[Field::Title], at(9)),
        None,
        "nothing left to change"
    );
    assert_eq!(article.revision, 2);
}

#[test]
fn publishing_twice_is_publishing_once() {
    let mut article = draft();
    assert!(article.publish(at(1)).expect("may").is_some());
    assert!(article.publish(at(2)).expect("may").is_none());
    assert_eq!(
        (article.published_at, article.version, article.revision),
        (Some(at(1)), 1, 2)
    );
    assert!(article.unpublish(at(3)).is_some());
    assert!(article.unpublish(at(4)).is_none());
    assert_eq!((article.state, article.published_at), (State::Draft, None));
}

#[test]
fn an_empty_article_is_not_published() {
    let mut article = draft();
    article.text.body = " \n".into();
    let error = article.publish(at(1)).expect_err("nothing to read");
    assert_eq!(error.reason(), "ARTICLE_EMPTY");
    assert_eq!(article.revision, 1);
}

#[test]
fn a_character_that_no_database_keeps_is_refused() {
    let mut violations = Violations::new();
    let wrong = Text {
        locale: "de".into(),
        title: "a\0".into(),
        body: "\0".into(),
        tags: vec!["ok".into(), "b\0".into()],
        category: "\0c".into(),
    };
    wrong.check(&Field::EVERY, &mut violations);
    let error = violations.into_result().expect_err("four are wrong");
    let fields: Vec<_> = error.violations().iter().map(|one| one.field.as_str()).collect();
    assert_eq!(
        fields,
        ["article.title", "article.body", "article.tags", "article.category"]
    );
}
