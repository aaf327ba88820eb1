use std::borrow::Cow;
use std::collections::BTreeMap;

use super::*;

fn schema() -> Schema {
    let custom = [
        ("size".to_owned(), Kind::choice(["small", "large"])),
        ("weight".to_owned(), Kind::Number),
    ];
    Schema::new()
        .field("state", Kind::choice(["NEW", "OPEN", "SOLVED"]))
        .field("priority", Kind::ranked(["LOW", "NORMAL", "HIGH"]))
        .field("number", Kind::Integer)
        .field("automated", Kind::Bool)
        .field("customer", Kind::name("customers"))
        .field("note", Kind::Sealed)
        .field("opened_at", Kind::Time)
        .field("birthday", Kind::Date)
        .field("age", Kind::Duration)
        .field("colours", Kind::choices(["red", "green"]))
        .searchable("subject", Kind::Text)
        .searchable("intent", Kind::Word)
        .searchable("tags", Kind::Words)
        .map("custom_fields", custom)
        .open_map("attributes", Kind::Word)
        .open_map("facts", Kind::Any)
}

struct Fields(BTreeMap<&'static str, Value<'static>>);

impl Record for Fields {
    fn get(&self, field: &str) -> Option<Value<'_>> {
        self.0.get(field).cloned()
    }
}

fn ticket() -> Fields {
    let time = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().expect("a time");
    Fields(BTreeMap::from([
        ("state", Value::text("OPEN")),
        ("priority", Value::text("NORMAL")),
        ("number", Value::Integer(7)),
        ("automated", Value::Bool(false)),
        ("customer", Value::text("customers/1")),
        ("note", Value::text("secret")),
        ("opened_at", Value::Time(time("2026-03-29T12:00:00Z"))),
        ("birthday", Value::Date("1990-02-28".parse().expect("a day"))),
        ("age", Value::Duration(chrono::TimeDelta::minutes(90))),
        ("colours", Value::list(["red"])),
        ("subject", Value::text("Die RÜCKGABE dauert")),
        ("intent", Value::text("late delivery")),
        (
            "tags",
            Value::List(vec![Cow::Borrowed("refund"), Cow::Borrowed("vip-2")]),
        ),
        ("custom_fields.weight", Value::Integer(3)),
        ("attributes.plan", Value::text("gold")),
        ("attributes.empty", Value::text("")),
        ("facts.seats", Value::Number(3.5)),
        ("facts.plan", Value::text("Gold Plus")),
        ("facts.zip", Value::text("10115")),
        ("facts.trial", Value::Bool(true)),
        ("facts.since", Value::Time(time("2026-03-29T12:00:00Z"))),
    ]))
}

fn fits(filter: &str) -> bool {
    let read = Filter::parse(filter, &schema()).unwrap_or_else(|error| panic!("{filter}: {error}"));
    let again = Filter::parse(&read.to_string(), &schema()).unwrap_or_else(|error| panic!("{read}: {error}"));
    assert_eq!(again, read, "what is written is read back");
    read.matches(&ticket())
}

fn wrong(filter: &str) -> (usize, String) {
    let error = Filter::parse(filter, &schema()).expect_err(filter);
    (error.position, error.message)
}

#[test]
fn conditions_hold_or_not() {
    for (filter, holds) in [
        ("", true),
        ("  \n ", true),
        ("state = OPEN", true),
        ("state=OPEN", true),
        ("state:OPEN", true),
        ("state != OPEN", false),
        ("NOT state = OPEN", false),
        ("-state = OPEN", false),
        ("-state = NEW", true),
        ("state = (NEW OR OPEN)", true),
        ("state = (NEW OR SOLVED)", false),
        ("state:(NOT NEW NOT SOLVED)", true),
        ("priority >= NORMAL priority < HIGH", true),
        ("priority > NORMAL", false),
        ("number = 7", true),
        ("number > -8 AND number<8", true),
        ("number:7", true),
        ("number = (6 OR 7)", true),
        ("number:(-7 OR 8)", false),
        ("automated = false", true),
        ("customer = customers/1", true),
        ("customer:customers/2", false),
        ("customer != customers/2", true),
        ("customer:*", true),
        ("customer = \"\"", false),
        ("note:*", true),
        ("-note:*", false),
        ("automated:true", false),
        ("opened_at = 2026-03-29T14:00:00+02:00", true),
        ("opened_at > \"2026-03-29T11:59:59.999Z\"", true),
        ("birthday < 1990-03-01", true),
        ("age >= 5400s age = 90m age = 1.5h age < 1d", true),
        ("colours:red", true),
        ("colours:(red AND green)", false),
        ("colours:*", true),
        ("subject:rückgabe", true),
        ("subject:\"rückgabe dau*\"", true),
        ("subject = \"Die RÜCKGABE dauert\"", true),
        ("subject = \"Die*\"", true),
        ("subject = die*", false),
        ("intent = \"late delivery\"", true),
        ("intent = 'late *'", true),
        ("intent:late", false),
        ("tags:refund", true),
        ("tags:re*", true),
        ("tags:ref", false),
        ("-tags:gone", true),
        ("refund", true),
        ("rückgabe", true),
        ("vip*", true),
        ("nothing", false),
        ("-nothing rückgabe", true),
        ("custom_fields.weight >= 2.5", true),
        ("custom_fields.weight < 3.0001", true),
        ("custom_fields:weight", true),
        ("custom_fields:size", false),
        ("attributes.plan = gold", true),
        ("attributes.\"plan\" = gold", true),
        ("\"attributes.plan\" = g*d", true),
        ("attributes.other = gold", false),
        ("attributes:plan", true),
    ] {
        assert_eq!(fits(filter), holds, "{filter}");
    }
}

#[test]
fn or_binds_tighter_than_and() {
    assert!(!fits("number = 1 AND number = 7 OR number = 7"));
    assert!(fits("number = 7 AND number = 7 OR number = 1"));
    assert!(fits("number = 7 number = 1 OR number = 7"));
    assert!(fits("(number = 1 AND number = 2) OR number = 7"));
    assert!(!fits("NOT number = 7 OR number = 1"), "NOT binds tighter than OR");
}

#[test]
fn what_is_missing_is_different_from_everything() {
    for (filter, holds) in [
        ("custom_fields.size = large", false),
        ("custom_fields.size != large", true),
        ("NOT custom_fields.size = large", true),
        ("NOT custom_fields.size != large", false),
        ("custom_fields.size:*", false),
        ("-custom_fields.size:*", true),
        ("custom_fields.size = \"\"", true),
        ("custom_fields.size != \"\"", false),
        ("attributes.empty = \"\"", true),
        ("attributes.empty:*", false),
        ("attributes.empty != gold", true),
        ("attributes.empty = *", false),
        ("attributes.plan = *", true),
        ("attributes.plan != *", false),
        ("intent = \"\"", false),
    ] {
        assert_eq!(fits(filter), holds, "{filter}");
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (filter, position, part) in [
        ("stat = OPEN", 1, "did you mean `state`?"),
        ("state = OPEN asignee = x", 14, "there is no such field"),
        ("state = open", 9, "did you mean `OPEN`?"),
        ("state = O*", 9, "takes whole words"),
        ("state < OPEN", 9, "have no order"),
        ("ü stat = OPEN", 3, "did you mean `state`?"),
        ("number = seven", 10, "must be a whole number"),
        ("number = \"7\"", 10, "without quotes"),
        ("number = 7*", 10, "takes no `*`"),
        ("number = 99999999999999999999", 10, "must be a whole number"),
        ("custom_fields.weight = NaN", 24, "must be a number"),
        ("custom_fields.wieght = 1", 1, "did you mean `custom_fields.weight`?"),
        ("custom_fields:wieght", 15, "did you mean `custom_fields.weight`?"),
        ("custom_fields = 1", 1, "write `custom_fields.key`"),
        ("automated = yes", 13, "must be true or false"),
        ("customer = mara", 12, "a whole name, `customers/…`"),
        ("customer = customers/*", 12, "a whole name"),
        ("customer < customers/1", 12, "has no order"),
        ("note = secret", 8, "is sealed"),
        ("note:secret", 6, "is sealed"),
        ("automated > true", 13, "has no order"),
        ("opened_at > 2026-02-30T00:00:00Z", 13, "must be a time"),
        ("opened_at > 2026-03-01", 13, "must be a time"),
        ("birthday = 2023-02-29", 12, "must be a day"),
        ("birthday = 23-2-9", 12, "must be a day"),
        ("age > 5", 7, "must be a length of time"),
        ("age > 99999999999999999999d", 7, "must be a length of time"),
        ("tags = refund", 8, "is a list"),
        ("colours:blue", 9, "there are `red`, `green`"),
        ("subject < a", 11, "is text and has no order"),
        ("subject = \"a", 11, "this quote is never closed"),
        ("subject = \"\\q\"", 12, "after `\\` comes one of"),
        ("subject = a\\b", 12, "is written in quotes"),
        ("subject = a=b", 12, "is written in quotes"),
        ("subject =", 10, "a value is expected"),
        ("subject = )", 11, "a value is expected"),
        ("subject:\"\"", 9, "nothing is asked"),
        ("subject:a*b*c*d*e*f*g*h*i*j", 9, "at most 8"),
        ("= 3", 1, "begins with the name of a field"),
        ("number == 7", 9, "the operators are"),
        ("number ! 7", 8, "written NOT or -"),
        ("number = 7, state = OPEN", 11, "written in quotes"),
        ("refund, vip", 7, "not by a comma"),
        ("(number = 7", 1, "this `(` is never closed"),
        ("number = 7)", 11, "closes nothing"),
        ("()", 2, "a condition is expected before `)`"),
        ("number = 7 AND", 15, "the filter ends"),
        ("AND number = 7", 1, "expected before `AND`"),
        ("number = 7 OR OR number = 8", 15, "expected before `OR`"),
        ("NOT -number = 7", 5, "one negation"),
        ("subject = a\" b\"", 12, "is written in quotes"),
        ("NOT NOT number = 7", 5, "expected before `NOT`"),
        ("number = 7 and state = OPEN", 12, "in capital letters"),
        ("number != (7 OR 8)", 8, "go with = and : only"),
        ("sum(number) = 3", 1, "there are no functions"),
        ("number = sum(3)", 10, "there are no functions"),
        ("*", 1, "nothing to look for"),
        ("a*b = 3", 1, "has no `*`"),
        ("subject = \"a\0\"", 13, "no NUL"),
    ] {
        let (at, message) = wrong(filter);
        assert!(message.contains(part), "{filter}: {message}");
        assert_eq!(at, position, "{filter}: {message}");
    }
}

#[test]
fn bounds_hold() {
    let deep = |depth: usize| format!("{}number = 7{}", "(".repeat(depth), ")".repeat(depth));
    assert!(fits(&deep(DEPTH_MAX)));
    assert!(wrong(&deep(1_000)).1.contains("nested at most 32 deep"));
    assert!(wrong(&"(".repeat(BYTES_MAX)).1.contains("nested at most 32 deep"));
    assert!(wrong(&"NOT ".repeat(1_000)).1.contains("expected before `NOT`"));
    assert!(wrong(&"-".repeat(1_000)).1.contains("one negation is enough"));
    assert!(wrong(&"a".repeat(10_000)).1.contains("at most 4096 bytes"));
    assert!(wrong(&"number = 7 ".repeat(101)).1.contains("at most 100 conditions"));
    assert!(
        wrong(&"word ".repeat(34)).1.contains("at most 100 conditions"),
        "each counts for three fields"
    );
}

#[test]
fn a_filter_names_its_fields_once() {
    let filter = Filter::parse("word -state = OPEN (subject:x OR custom_fields:size)", &schema()).expect("reads");
    assert_eq!(
        filter.fields(),
        ["custom_fields.size", "intent", "state", "subject", "tags"]
    );
    assert_eq!(
        filter.to_string(),
        "(subject:word OR intent = word OR tags:word) AND NOT state = OPEN AND (subject:x OR custom_fields.size:*)"
    );
    let colon = Filter::from(Expr::field("subject", Test::Contains(Pattern::exactly(":"))));
    assert_eq!(Filter::parse(&colon.to_string(), &schema()), Ok(colon));
    assert!(Filter::default().expr().is_none() && Filter::default().to_string().is_empty());
}

#[test]
fn values_of_another_kind_count_as_missing() {
    let odd = Fields(BTreeMap::from([
        ("number", Value::text("7")),
        ("priority", Value::text("HUGE")),
    ]));
    let fits = |filter: &str| Filter::parse(filter, &schema()).expect("reads").matches(&odd);
    assert!(!fits("number = 7") && fits("number != 7"));
    assert!(!fits("priority >= LOW") && fits("priority != LOW"));
}

/// What has types but no definitions is asked for as the value looks; quotes make a text of everything.
#[test]
fn a_field_of_any_kind_is_what_it_is_asked_for() {
    for (filter, expected) in [
        ("facts.seats > 3", true),
        ("facts.seats = 3.5", true),
        ("facts.seats <= 3", false),
        ("facts.plan = \"Gold Plus\"", true),
        ("facts.plan:gold", true),
        ("facts.plan = Gold*", true),
        ("facts.trial = true", true),
        ("facts.trial != false", true),
        ("facts.since < 2026-03-30T00:00:00+02:00", true),
        ("facts.zip = \"10115\"", true),
        ("facts.zip = 10115", false),
        ("facts.zip:\"101\"", true),
        ("facts.plan > 3", false),
        ("facts.none = \"\"", true),
        ("facts.seats:*", true),
        ("facts.none != 3", true),
    ] {
        assert_eq!(fits(filter), expected, "{filter}");
    }
    for wrong in ["facts.plan > gold", "facts.trial > true"] {
        assert!(Filter::parse(wrong, &schema()).is_err(), "{wrong}");
    }
}
