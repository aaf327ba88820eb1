//! Random filters: written and read again they are the same, they agree with a naive evaluator, and nothing panics.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta};
use proptest::collection::vec;
use proptest::prelude::*;
use vorrang_filter::{
    Choice, Comparison, Condition, Expr, Filter, Kind, Literal, Pattern, Record, Schema, Test, Value,
};

const RANKS: [&str; 4] = ["LOW", "NORMAL", "HIGH", "a b*\"c"];
const COMPARISONS: [Comparison; 6] = [
    Comparison::Equal,
    Comparison::NotEqual,
    Comparison::Less,
    Comparison::LessOrEqual,
    Comparison::Greater,
    Comparison::GreaterOrEqual,
];

fn schema() -> Schema {
    Schema::new()
        .searchable("text", Kind::Text)
        .searchable("tags", Kind::Words)
        .field("word", Kind::Word)
        .field("rank", Kind::ranked(RANKS))
        .field("whole", Kind::Integer)
        .field("real", Kind::Number)
        .field("flag", Kind::Bool)
        .field("time", Kind::Time)
        .field("date", Kind::Date)
        .field("length", Kind::Duration)
        .open_map("map", Kind::Word)
}

/// Words that collide often, and some that need quotes.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab]{0,4}",
        "[aAbBüÜ \"\\\\*()=:'\n-]{0,5}",
        Just("AND".to_owned()),
        Just("not".to_owned()),
        Just("-a".to_owned()),
        any::<String>().prop_map(|text| text.replace('\0', "").chars().take(20).collect()),
    ]
}

fn pattern() -> impl Strategy<Value = Pattern> {
    vec(word(), 1..4).prop_map(Pattern::of_pieces)
}

/// Not empty and not all stars, which the reader says in other words.
fn telling_pattern() -> impl Strategy<Value = Pattern> {
    pattern().prop_filter("says something", |pattern| {
        pattern.word() != Some("") && !pattern.is_all()
    })
}

fn equality() -> impl Strategy<Value = Comparison> {
    prop_oneof![Just(Comparison::Equal), Just(Comparison::NotEqual)]
}

fn comparison() -> impl Strategy<Value = Comparison> {
    prop::sample::select(COMPARISONS.to_vec())
}

fn condition() -> impl Strategy<Value = Expr> {
    let compare = |field: &'static str| {
        move |(comparison, literal): (Comparison, Literal)| Expr::field(field, Test::Compare(comparison, literal))
    };
    let words: std::sync::Arc<[String]> = RANKS.iter().map(|word| (*word).to_owned()).collect();
    let choice = (0..RANKS.len()).prop_map(move |index| Choice::new(&words, RANKS[index]).expect("known"));
    let numbers = prop_oneof![
        Just(0.5),
        -3.0..3.0,
        any::<f64>().prop_filter("finite", |number| number.is_finite())
    ];
    let micros = -2_000_000_000_000_000_i64..4_000_000_000_000_000;
    prop_oneof![
        prop::sample::select(vec![
            "text", "word", "tags", "rank", "whole", "map.a b", "map.x", "time"
        ])
        .prop_map(|field| Expr::field(field, Test::Present)),
        (equality(), telling_pattern().prop_map(Literal::Text)).prop_map(compare("text")),
        (equality(), telling_pattern().prop_map(Literal::Text)).prop_map(compare("word")),
        (equality(), telling_pattern().prop_map(Literal::Text)).prop_map(compare("map.a b")),
        telling_pattern().prop_map(|pattern| Expr::field("text", Test::Contains(pattern))),
        telling_pattern().prop_map(|pattern| Expr::field("tags", Test::Has(pattern))),
        (comparison(), choice.prop_map(Literal::Choice)).prop_map(compare("rank")),
        (
            comparison(),
            prop_oneof![-3..3_i64, any::<i64>()].prop_map(Literal::Integer)
        )
            .prop_map(compare("whole")),
        (comparison(), numbers.prop_map(Literal::Number)).prop_map(compare("real")),
        (equality(), any::<bool>().prop_map(Literal::Bool)).prop_map(compare("flag")),
        (comparison(), prop_oneof![0..3_i64, micros.clone()])
            .prop_map(|(comparison, at)| (
                comparison,
                Literal::Time(DateTime::from_timestamp_micros(at).expect("near"))
            ))
            .prop_map(compare("time")),
        (comparison(), 1..700_000_i32)
            .prop_map(|(comparison, day)| {
                let date = NaiveDate::from_num_days_from_ce_opt(day).expect("near");
                (comparison, Literal::Date(date))
            })
            .prop_map(compare("date")),
        (comparison(), prop_oneof![-3..3_i64, micros])
            .prop_map(|(comparison, length)| (comparison, Literal::Duration(TimeDelta::microseconds(length))))
            .prop_map(compare("length")),
    ]
}

fn expr() -> impl Strategy<Value = Expr> {
    condition().prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..4).prop_map(Expr::and),
            vec(inner.clone(), 1..4).prop_map(Expr::or),
            inner.prop_map(Expr::negated),
        ]
    })
}

#[derive(Debug, Clone)]
struct Fields(BTreeMap<String, Value<'static>>);

impl Record for Fields {
    fn get(&self, field: &str) -> Option<Value<'_>> {
        self.0.get(field).cloned()
    }
}

fn record() -> impl Strategy<Value = Fields> {
    let text = || word().prop_map(|text| Value::Text(Cow::Owned(text)));
    let maybe = |name: &'static str, value: BoxedStrategy<Value<'static>>| {
        prop::option::weighted(0.7, value).prop_map(move |value| value.map(|value| (name.to_owned(), value)))
    };
    let time = prop_oneof![0..3_i64, any::<i32>().prop_map(i64::from)];
    let fields = vec![
        maybe("text", text().boxed()).boxed(),
        maybe("word", text().boxed()).boxed(),
        maybe("map.a b", text().boxed()).boxed(),
        maybe(
            "tags",
            vec(word().prop_map(Cow::Owned), 0..4).prop_map(Value::List).boxed(),
        )
        .boxed(),
        maybe(
            "rank",
            prop::sample::select(RANKS.to_vec()).prop_map(Value::text).boxed(),
        )
        .boxed(),
        maybe("whole", (-3..3_i64).prop_map(Value::Integer).boxed()).boxed(),
        maybe(
            "real",
            prop_oneof![Just(Value::Integer(1)), (-3.0..3.0).prop_map(Value::Number)].boxed(),
        )
        .boxed(),
        maybe("flag", any::<bool>().prop_map(Value::Bool).boxed()).boxed(),
        maybe(
            "time",
            time.clone()
                .prop_map(|at| Value::Time(DateTime::from_timestamp_micros(at).expect("near")))
                .boxed(),
        )
        .boxed(),
        maybe(
            "date",
            (1..700_000)
                .prop_map(|day| Value::Date(NaiveDate::from_num_days_from_ce_opt(day).expect("near")))
                .boxed(),
        )
        .boxed(),
        maybe(
            "length",
            time.prop_map(|length| Value::Duration(TimeDelta::microseconds(length)))
                .boxed(),
        )
        .boxed(),
    ];
    fields.prop_map(|fields| Fields(fields.into_iter().flatten().collect()))
}

/// The rules of the README, as directly as they can be written.
fn naive(expr: &Expr, record: &Fields) -> bool {
    match expr {
        Expr::And(parts) => !parts.iter().any(|part| !naive(part, record)),
        Expr::Or(parts) => parts.iter().filter(|part| naive(part, record)).count() > 0,
        Expr::Not(inner) => !naive(inner, record),
        Expr::Field(Condition { field, test }) => {
            let value = record.0.get(field).filter(|value| match value {
                Value::Text(text) => !text.is_empty(),
                Value::List(list) => !list.is_empty(),
                _ => true,
            });
            match (test, value) {
                (Test::Present, value) => value.is_some(),
                (Test::Compare(Comparison::NotEqual, literal), value) => {
                    !value.is_some_and(|value| compares(value, Comparison::Equal, literal))
                }
                (_, None) => false,
                (Test::Compare(comparison, literal), Some(value)) => compares(value, *comparison, literal),
                (Test::Contains(pattern), Some(Value::Text(text))) => {
                    let mut pieces = vec![String::new()];
                    pieces.extend(pattern.pieces().iter().map(|piece| piece.to_lowercase()));
                    pieces.push(String::new());
                    backtracks(&pieces, &text.to_lowercase())
                }
                (Test::Has(pattern), Some(Value::List(words))) => {
                    words.iter().any(|word| backtracks(pattern.pieces(), word))
                }
                (test, value) => panic!("{test:?} {value:?}"),
            }
        }
    }
}

fn compares(value: &Value<'_>, comparison: Comparison, literal: &Literal) -> bool {
    let order = match (value, literal) {
        (Value::Text(text), Literal::Text(pattern)) => return backtracks(pattern.pieces(), text),
        (Value::Text(text), Literal::Choice(choice)) => {
            let rank = |word: &str| RANKS.iter().position(|known| *known == word);
            rank(text).partial_cmp(&rank(choice.word()))
        }
        (Value::Integer(value), Literal::Integer(literal)) => value.partial_cmp(literal),
        (Value::Integer(value), Literal::Number(literal)) => (*value as f64).partial_cmp(literal),
        (Value::Number(value), Literal::Number(literal)) => value.partial_cmp(literal),
        (Value::Bool(value), Literal::Bool(literal)) => value.partial_cmp(literal),
        (Value::Time(value), Literal::Time(literal)) => value.partial_cmp(literal),
        (Value::Date(value), Literal::Date(literal)) => value.partial_cmp(literal),
        (Value::Duration(value), Literal::Duration(literal)) => value.partial_cmp(literal),
        other => panic!("{other:?}"),
    };
    let order = order.expect("comparable");
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => !order.is_eq(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => !order.is_gt(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => !order.is_lt(),
    }
}

/// Tries every place for every piece.
fn backtracks(pieces: &[String], text: &str) -> bool {
    let Some(rest) = text.strip_prefix(pieces[0].as_str()) else {
        return false;
    };
    if pieces.len() == 1 {
        return rest.is_empty();
    }
    rest.char_indices()
        .map(|(at, _)| at)
        .chain([rest.len()])
        .any(|at| backtracks(&pieces[1..], &rest[at..]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn written_and_read_again_it_is_the_same(expr in expr()) {
        let filter = Filter::from(expr);
        let text = filter.to_string();
        match Filter::parse(&text, &schema()) {
            Ok(read) => prop_assert_eq!(read, filter, "{}", text),
            // The generator knows no bounds.
            Err(error) => prop_assert!(error.message.contains("at most"), "{}: {}", text, error),
        }
    }

    #[test]
    fn it_agrees_with_the_naive_evaluator(expr in expr(), record in record()) {
        let expected = naive(&expr, &record);
        prop_assert_eq!(Filter::from(expr).matches(&record), expected);
    }

    #[test]
    fn whatever_is_sent_nothing_panics(text in any::<String>(), record in record()) {
        if let Ok(filter) = Filter::parse(&text, &schema()) {
            filter.matches(&record);
        }
    }

    /// Texts of the right words in the wrong order reach deeper than random ones.
    #[test]
    fn nearly_right_filters_read_back_or_fail_with_their_place(
        tokens in vec(prop::sample::select(vec![
            "text", "tags", "word", "rank", "whole", "real", "time", "map", ".", "=", "!=", "<", ":", "*", "(", ")", " ",
            " AND ", " OR ", "NOT ", "-", "\"", "'", "\\", "a", "LOW", "7", "1.5", "2026-03-29T00:00:00Z", ",", "ü",
        ]), 0..30),
        record in record(),
    ) {
        let text = tokens.concat();
        match Filter::parse(&text, &schema()) {
            Ok(filter) => {
                let again = Filter::parse(&filter.to_string(), &schema());
                prop_assert_eq!(again.as_ref(), Ok(&filter), "{}", text);
                filter.matches(&record);
            }
            Err(error) => {
                prop_assert!((1..=text.chars().count() + 1).contains(&error.position), "{}: {}", text, error);
            }
        }
    }
}
