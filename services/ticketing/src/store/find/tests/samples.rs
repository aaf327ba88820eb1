//! Random tickets and filters.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;
use vorrang_filter::Pattern;

use crate::custom::{Choice, CustomFields, CustomValue, Definition, Definitions, FieldType, Number, Profile};
use crate::state::State;
use crate::ticket::{Fields, Opening, Ticket};
use crate::words::{Channel, Disposition, Priority};

/// Words that differ in case, hold what patterns are made of, or are not ASCII.
const WORDS: [&str; 12] = [
    "a", "A", "ab", "b", "a%b", "a_b", "axb", "a*b", "[a]b", "a?b", "ü", "\\",
];

pub fn at(second: i64) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(1_700_000_000 + second, 0).expect("valid")
}

pub fn definitions() -> Definitions {
    let define = |id: &str, field_type: FieldType| {
        let choices = ["small", "large"].map(|value| Choice {
            value: value.to_owned(),
            display_name: value.to_owned(),
            archived: false,
        });
        let chosen = matches!(field_type, FieldType::Choice | FieldType::Choices);
        let profile = Profile {
            choices: if chosen { choices.to_vec() } else { Vec::new() },
            ..Profile::default()
        };
        Definition::new(id.to_owned(), field_type, profile, at(0)).expect("makes sense")
    };
    let types = FieldType::ALL.iter();
    types.map(|one| define(&one.as_str().to_lowercase(), *one)).collect()
}

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned)
}

fn words() -> impl Strategy<Value = Vec<String>> {
    vec(word(), 0..3).prop_map(|words| words.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
}

fn second() -> impl Strategy<Value = chrono::DateTime<chrono::Utc>> {
    (0..4_i64).prop_map(at)
}

fn own() -> impl Strategy<Value = CustomFields> {
    let maybe = |value: BoxedStrategy<CustomValue>| prop::option::of(value);
    let choices = prop::sample::subsequence(vec!["small".to_owned(), "large".to_owned()], 1..=2);
    (
        maybe(word().prop_map(CustomValue::Text).boxed()),
        maybe(word().prop_map(CustomValue::Code).boxed()),
        maybe(
            prop_oneof![Just(0.5), Just(-3.0), Just(2.0)]
                .prop_map(|number| CustomValue::Number(Number::new(number).expect("finite")))
                .boxed(),
        ),
        maybe(any::<bool>().prop_map(CustomValue::Flag).boxed()),
        maybe(
            (1..4_u32)
                .prop_map(|day| CustomValue::Date(chrono::NaiveDate::from_ymd_opt(2026, 3, day).expect("a day")))
                .boxed(),
        ),
        maybe(second().prop_map(CustomValue::Time).boxed()),
        maybe(
            prop::sample::select(vec!["small", "large"])
                .prop_map(|one| CustomValue::Choice(one.into()))
                .boxed(),
        ),
        maybe(choices.prop_map(CustomValue::Choices).boxed()),
    )
        .prop_map(|(text, code, number, flag, date, time, choice, choices)| {
            [text, code, number, flag, date, time, choice, choices]
                .into_iter()
                .flatten()
                .map(|value| (value.field_type().as_str().to_lowercase(), value))
                .collect()
        })
}

/// A ticket with anything in it, in combinations that need not make sense.
pub fn ticket() -> impl Strategy<Value = Ticket> {
    let state = prop::sample::select(State::ALL.to_vec());
    let disposition = prop_oneof![3 => Just(Disposition::Normal), 1 => Just(Disposition::Spam)];
    let sub_state = prop::option::of(prop::sample::select(vec!["parts", "bank"]));
    let agent = || prop::option::of(prop::sample::select(vec!["agents/anna", "agents/ben"]));
    (
        (
            state,
            disposition,
            sub_state,
            prop::sample::select(Priority::ALL.to_vec()),
        ),
        (
            prop::sample::select(Channel::ALL.to_vec()),
            word(),
            agent(),
            0..3_u128,
            prop::option::of(0..2_u128),
        ),
        (words(), agent(), own(), prop::option::of(word()), any::<bool>()),
        (
            second(),
            second(),
            prop::option::of(second()),
            prop::option::of(second()),
            prop::option::of(second()),
        ),
        (0..3_i32, 0..3_i32),
    )
        .prop_map(|(standing, who, what, times, counts)| {
            let fields = Fields {
                subject: "secret".to_owned(),
                priority: standing.3,
                queue: if counts.0 == 0 {
                    "default".to_owned()
                } else {
                    "billing".to_owned()
                },
                tags: what.0,
                intent: what.3.unwrap_or_default(),
                language: if what.4 { "de".to_owned() } else { String::new() },
                due_at: times.2,
                followers: what.1.into_iter().map(str::to_owned).collect(),
                custom_fields: what.2,
            };
            let opening = Opening {
                id: Uuid::nil(),
                number: 0,
                customer: Uuid::from_u128(who.3),
                tier: who.1,
                organization: who.4.map(Uuid::from_u128),
                split_from: None,
                channel: who.0,
                follow_up_of: who.4.map(Uuid::from_u128),
                automated: what.4,
                opened_at: None,
                fields,
            };
            let mut ticket = Ticket::open(opening, times.0);
            ticket.state = standing.0;
            ticket.disposition = standing.1;
            ticket.sub_state = standing.2.map(str::to_owned);
            ticket.assignee = who.2.map(str::to_owned);
            ticket.updated_at = times.1;
            ticket.solved_at = times.3;
            ticket.queue_entered_at = times.4;
            ticket.merged_into = who.4.filter(|one| *one == 1).map(Uuid::from_u128);
            ticket.external_id = (counts.1 > 1).then(|| format!("old:{}", ticket.number));
            ticket.message_count = counts.0;
            ticket.solve_count = counts.1;
            ticket
        })
}

fn condition() -> impl Strategy<Value = String> {
    let pattern = || vec(word(), 1..3).prop_map(|pieces| Pattern::of_pieces(pieces).to_string());
    let equality = || prop::sample::select(vec!["=", "!=", ":"]);
    let order = || prop::sample::select(vec!["=", "!=", "<", "<=", ">", ">="]);
    let times = vec![
        "opened_at",
        "created_at",
        "updated_at",
        "due_at",
        "first_replied_at",
        "solved_at",
        "queue_entered_at",
        "custom_fields.time",
    ];
    let present = vec![
        "sub_state",
        "assignee",
        "organization",
        "tags",
        "followers",
        "intent",
        "language",
        "due_at",
        "solved_at",
        "custom_fields.text",
        "custom_fields.code",
        "custom_fields.number",
        "custom_fields.choices",
        "customer",
    ];
    let join = |(field, operator, value): (&str, &str, String)| format!("{field} {operator} {value}");
    prop_oneof![
        prop::sample::select(present).prop_map(|field| format!("{field}:*")),
        (
            prop::sample::select(vec!["tier", "intent", "custom_fields.code"]),
            equality(),
            pattern()
        )
            .prop_map(join),
        (prop::sample::select(vec!["tags"]), Just(":"), pattern()).prop_map(join),
        pattern(),
        prop::sample::select(vec![
            "queue = default",
            "queue != billing",
            "queue:b*",
            "language = \"\"",
            "language != de",
            "automated = true",
            "automated != true",
            "followers:agents/anna",
            "followers:*ben",
            "assignee = agents/anna",
            "assignee != agents/anna",
            "assignee = \"\"",
            "sub_state = subStates/parts",
            "sub_state != subStates/bank",
            "channel = (EMAIL OR CHAT)",
            "channel != PHONE",
            "state = NEW",
            "state != CLOSED",
            "state = (OPEN OR PENDING)",
            "disposition = NORMAL",
            "disposition != NORMAL",
            "priority >= HIGH",
            "priority < URGENT",
            "priority != LOW",
            "custom_fields.choice = small",
            "custom_fields.choice != large",
            "custom_fields.choices:large",
            "custom_fields.bool = true",
            "custom_fields.bool != true",
            "custom_fields.text:*",
            "external_id = \"old:1\"",
            "external_id != \"old:1\"",
            "external_id:*",
            "number >= 9",
            "number = 5",
            "customer = customers/00000000-0000-0000-0000-000000000001",
            "customer != customers/x",
            "customer = customers/x",
            "organization = organizations/00000000-0000-0000-0000-000000000001",
            "organization != organizations/00000000-0000-0000-0000-000000000001",
            "follow_up_of = tickets/00000000-0000-0000-0000-000000000001",
            "follow_up_of != tickets/1",
            "merged_into:*",
            "NOT merged_into:*",
            "split_from:*",
        ])
        .prop_map(str::to_owned),
        (prop::sample::select(times), order(), second()).prop_map(|(field, operator, time)| {
            format!(
                "{field} {operator} {}",
                time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
            )
        }),
        (
            prop::sample::select(vec!["message_count", "solve_count", "custom_fields.number"]),
            order(),
            (-3..3_i32).prop_map(|number| number.to_string())
        )
            .prop_map(join),
        (
            Just("custom_fields.date"),
            order(),
            (1..4).prop_map(|day| format!("2026-03-0{day}"))
        )
            .prop_map(join),
    ]
}

pub fn filter() -> impl Strategy<Value = String> {
    condition().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" AND "))),
            vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" OR "))),
            inner.prop_map(|part| format!("NOT ({part})")),
        ]
    })
}
