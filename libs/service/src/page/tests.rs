use proptest::prelude::*;

use super::*;

fn parse(size: i32, token: &str, arguments: &[&str]) -> (Page<(i64, String)>, Vec<String>) {
    let mut violations = Violations::new();
    let page = Page::parse(size, token, arguments, &mut violations);
    let fields = violations.into_result().err();
    let fields = fields.map(|error| error.violations().iter().map(|one| one.field.clone()).collect());
    (page, fields.unwrap_or_default())
}

#[test]
fn sizes_are_defaulted_and_bounded() {
    for (asked, given) in [(0, DEFAULT_SIZE), (1, 1), (500, 500), (501, 500), (i32::MAX, 500)] {
        let (page, wrong) = parse(asked, "", &[]);
        assert_eq!((page.size, wrong.len()), (given, 0));
    }
    assert_eq!(parse(-1, "", &[]).1, ["page_size"]);
}

#[test]
fn a_list_is_walked_to_its_end() {
    let all: Vec<(i64, String)> = (0..25).map(|n| (n, format!("row {n}"))).collect();
    let mut seen = Vec::new();
    let mut token = String::new();
    for _ in 0..3 {
        let (page, wrong) = parse(10, &token, &["filter"]);
        assert!(wrong.is_empty());
        let rest = all
            .iter()
            .filter(|row| page.after.as_ref().is_none_or(|after| *row > after));
        let mut rows: Vec<_> = rest.take(page.limit() as usize).cloned().collect();
        token = page.cut(&mut rows, Clone::clone);
        seen.extend(rows);
    }
    assert_eq!(seen, all);
    assert_eq!(token, "", "the last page has no token");
}

#[test]
fn a_full_last_page_has_no_token() {
    let (page, _) = parse(2, "", &[]);
    let mut rows = vec![(1, "a".to_owned()), (2, "b".to_owned())];
    assert_eq!(page.cut(&mut rows, Clone::clone), "");
    assert_eq!(rows.len(), 2);
}

#[test]
fn tokens_hold_only_for_their_arguments() {
    let (page, _) = parse(1, "", &["state=OPEN", "customers/1"]);
    let token = page.cut(&mut vec![(1, String::new()), (2, String::new())], Clone::clone);
    assert_eq!(
        parse(1, &token, &["state=OPEN", "customers/1"]).0.after,
        Some((1, String::new()))
    );
    // Moving the border between two arguments makes other arguments.
    for other in [&["state=OPEN", "customers/2"][..], &["state=OPENc", "ustomers/1"], &[]] {
        assert_eq!(parse(1, &token, other).1, ["page_token"]);
    }
}

#[test]
fn a_position_with_a_nul_is_no_position_of_ours() {
    let (page, _) = parse(1, "", &[]);
    let token = |text: &str| page.cut(&mut vec![(1, text.to_owned()), (2, String::new())], Clone::clone);
    assert_eq!(parse(1, &token("a\0b"), &[]).1, ["page_token"]);
    let escaped = r"a\u0000b";
    assert_eq!(parse(1, &token(escaped), &[]).0.after, Some((1, escaped.to_owned())));
}

proptest! {
    #[test]
    fn any_text_as_a_token_is_refused_without_panic(text in ".*") {
        let (page, wrong) = parse(1, &text, &["a"]);
        prop_assert_eq!(page.after.is_none(), true);
        prop_assert_eq!(wrong.is_empty(), text.is_empty());
    }
}
