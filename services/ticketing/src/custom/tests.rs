use chrono::DateTime;

use super::*;

fn define(id: &str, field_type: FieldType, profile: Profile) -> Definition {
    let now = DateTime::from_timestamp(1_700_000_000, 0).expect("valid");
    Definition::new(id.to_owned(), field_type, profile, now).expect("makes sense")
}

fn choice(value: &str, archived: bool) -> Choice {
    Choice {
        value: value.to_owned(),
        display_name: value.to_uppercase(),
        archived,
    }
}

fn sizes() -> Profile {
    Profile {
        choices: vec![choice("small", false), choice("large", false), choice("huge", true)],
        ..Profile::default()
    }
}

fn definitions() -> Definitions {
    let archived = Profile {
        archived: true,
        required_on_solve: true,
        ..Profile::default()
    };
    let bounded = Profile {
        min: Number::new(-1.0),
        max: Number::new(10.5),
        required_on_solve: true,
        ..Profile::default()
    };
    [
        define(
            "note",
            FieldType::Text,
            Profile {
                max_length: Some(5),
                ..Profile::default()
            },
        ),
        define(
            "order",
            FieldType::Code,
            Profile {
                required_on_solve: true,
                ..Profile::default()
            },
        ),
        define("weight", FieldType::Number, bounded),
        define("size", FieldType::Choice, sizes()),
        define("sizes", FieldType::Choices, sizes()),
        define("old", FieldType::Code, archived),
    ]
    .into_iter()
    .collect()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn values_have_the_type_and_fit() {
    let all = definitions();
    let check = |id: &str, value: CustomValue| all.get(id).expect("defined").check(value);
    let number = |number: f64| CustomValue::Number(Number::new(number).expect("finite"));
    assert!(
        check("note", CustomValue::Text("größe".into())).is_ok(),
        "characters, not bytes"
    );
    assert!(check("weight", number(10.5)).is_ok());
    assert_eq!(
        check("sizes", CustomValue::Choices(words(&["huge", "small", "huge"]))),
        Ok(CustomValue::Choices(words(&["small", "huge"]))),
        "in the field's order, each once"
    );
    for (id, value, why) in [
        ("note", CustomValue::Text("grösser".into()), "at most 5 characters"),
        ("note", CustomValue::Text(" ".into()), "must not be empty"),
        ("note", CustomValue::Text("a\0".into()), "NUL"),
        ("note", CustomValue::Code("a".into()), "type TEXT"),
        ("order", CustomValue::Code("x".repeat(101)), "at most 100"),
        ("weight", number(-1.5), "from -1 to 10.5"),
        ("weight", number(11.0), "from -1 to 10.5"),
        ("weight", CustomValue::Flag(true), "type NUMBER"),
        ("size", CustomValue::Choice("medium".into()), "small, large"),
        ("sizes", CustomValue::Choices(Vec::new()), "1 to 50"),
    ] {
        let error = check(id, value).expect_err(id);
        assert!(error.contains(why), "{id}: {error}");
    }
    assert!(Number::new(f64::NAN).is_none() && Number::new(f64::INFINITY).is_none());
}

#[test]
fn definitions_make_sense_and_lose_no_choice() {
    let now = DateTime::from_timestamp(1_700_000_000, 0).expect("valid");
    let bad = Profile {
        max_length: Some(5),
        min: Number::new(2.0),
        max: Number::new(1.0),
        ..Profile::default()
    };
    let error = Definition::new("x".into(), FieldType::Choice, bad, now).expect_err("nothing fits");
    let fields: Vec<&str> = error.violations().iter().map(|one| one.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "ticket_field.max_length",
            "ticket_field.min",
            "ticket_field.max",
            "ticket_field.choices",
            "ticket_field.max"
        ]
    );
    let mut size = define("size", FieldType::Choice, sizes());
    let lost = Profile {
        choices: vec![choice("large", false)],
        ..Profile::default()
    };
    assert!(size.update(&lost, &[Field::Choices], now).is_err());
    assert_eq!(size.revision, 1, "nothing half done");
    let mut more = sizes();
    more.choices.insert(0, choice("tiny", false));
    assert_eq!(size.update(&more, &[Field::Choices], now).ok(), Some(true));
    assert_eq!(size.update(&more, &[Field::Choices], now).ok(), Some(false));
    assert_eq!(size.revision, 2);
}

#[test]
fn an_update_sets_what_the_mask_names() {
    let all = definitions();
    let (order, size) = (CustomValue::Code("A-1".into()), CustomValue::Choice("small".into()));
    let huge = CustomValue::Choices(words(&["huge"]));
    let old = CustomValue::Code("kept".into());
    let stored = CustomFields::from([("old".into(), old.clone()), ("sizes".into(), huge.clone())]);
    let given = CustomFields::from([("order".into(), order.clone()), ("size".into(), size)]);

    let one = CustomMask {
        all: false,
        ids: BTreeSet::from(["order".to_owned()]),
    };
    let merged = merge(&stored, &given, &one, &all).expect("fits");
    let expected = CustomFields::from([
        ("old".into(), old.clone()),
        ("order".into(), order),
        ("sizes".into(), huge.clone()),
    ]);
    assert_eq!(merged, expected);
    let cleared = merge(&merged, &CustomFields::new(), &one, &all).expect("fits");
    assert_eq!(cleared, stored);
    let replaced = merge(&merged, &given, &CustomMask::all(), &all).expect("fits");
    assert_eq!(
        replaced.keys().map(String::as_str).collect::<Vec<_>>(),
        ["old", "order", "size"]
    );
    assert_eq!(
        merge(&stored, &stored, &CustomMask::all(), &all).ok().as_ref(),
        Some(&stored),
        "sent back"
    );

    let newly = CustomFields::from([
        ("old".into(), CustomValue::Code("other".into())),
        ("size".into(), CustomValue::Choice("huge".into())),
        ("sizes".into(), huge),
    ]);
    let error = merge(&stored, &newly, &CustomMask::all(), &all).expect_err("archived");
    let fields: Vec<&str> = error.violations().iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields, ["ticket.custom_fields.old", "ticket.custom_fields.size"]);
    let named = CustomMask {
        all: false,
        ids: BTreeSet::from(["old".to_owned()]),
    };
    assert!(
        merge(&stored, &CustomFields::new(), &named, &all).is_err(),
        "not cleared either"
    );
}

#[test]
fn values_are_bounded_in_all() {
    let many: Definitions = (0..20)
        .map(|index| {
            let long = Profile {
                max_length: Some(4_000),
                ..Profile::default()
            };
            define(&format!("note{index}"), FieldType::Text, long)
        })
        .collect();
    let given: CustomFields = (0..20)
        .map(|index| (format!("note{index}"), CustomValue::Text("x".repeat(4_000))))
        .collect();
    let error = merge(&CustomFields::new(), &given, &CustomMask::all(), &many).expect_err("too much");
    assert_eq!(error.violations()[0].field, "ticket.custom_fields");
}

#[test]
fn a_solved_ticket_has_what_it_must_have() {
    let required = definitions().required();
    assert_eq!(required, ["order", "weight"], "archived ones are not asked for");
    let error = check_solved(&CustomFields::new(), &required).expect_err("both are missing");
    assert_eq!(error.reason(), "REQUIRED_FIELDS_MISSING");
    assert_eq!(error.metadata(), [("fields", "order,weight".to_owned())]);
    let full = CustomFields::from([
        ("order".into(), CustomValue::Code("1".into())),
        ("weight".into(), CustomValue::Number(Number::new(0.0).expect("finite"))),
    ]);
    assert!(check_solved(&full, &required).is_ok());
}
