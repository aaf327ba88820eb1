//! Lines as people write them, good and bad; the worked cases; random lines against their hash and order.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{BYTES_MAX, Reason, What, hash, read, read_all};

/// The problems of a line as `field REASON`.
fn problems(line: &Value) -> Vec<String> {
    match read(7, &line.to_string()) {
        Ok(_) => Vec::new(),
        Err(bad) => {
            assert_eq!(bad.number, 7);
            let short = |problem: &crate::Problem| format!("{} {}", problem.field, problem.reason.as_str());
            bad.problems.iter().map(short).collect()
        }
    }
}

/// A good line of every type, with all its fields.
fn full() -> Vec<Value> {
    let at = "2026-03-02T09:00:00.123456+01:00";
    vec![
        json!({"at": at, "type": "schedule", "id": "s", "time_zone": "Europe/Berlin", "weekly": {"mon": ["09:00-12:00", "22:00-02:00"]},
            "exceptions": {"2026-12-25": []}, "valid_from": "2026-01-01"}),
        json!({"at": at, "type": "sla_policy", "id": "p", "schedule": "s", "position": 1,
            "targets": [{"metric": "resolution", "seconds": 3600, "clock": "business"}], "match": {"tier": ["vip"], "channel": ["chat"], "priority": ["high"]}}),
        json!({"at": at, "type": "customer", "id": "c", "name": "n", "organization": "o", "tier": "vip", "language": "de", "country": "DE",
            "attributes": {"size": 3}}),
        json!({"at": at, "type": "customer_left", "customer": "c"}),
        json!({"at": at, "type": "agent", "id": "a", "name": "n", "team": "t"}),
        json!({"at": at, "type": "agent_presence", "agent": "a", "state": "away", "channels": ["chat"]}),
        json!({"at": at, "type": "ticket_opened", "ticket": "t", "customer": "c", "channel": "carrier pigeon", "subject": "s",
            "priority": "urgent", "tags": ["x"], "intent": "i", "queue": "q", "opened_by": "automation"}),
        json!({"at": at, "type": "message", "ticket": "t", "actor": {"kind": "agent", "id": "a"}, "visibility": "internal", "body": "",
            "channel": "sms", "macro": "m"}),
        json!({"at": at, "type": "status", "ticket": "t", "status": "on_hold", "actor": {"kind": "automation"}}),
        json!({"at": at, "type": "assigned", "ticket": "t", "agent": "a", "queue": "q"}),
        json!({"at": at, "type": "queue_entered", "ticket": "t", "queue": "q", "agent": "a"}),
        json!({"at": at, "type": "queue_accepted", "ticket": "t", "queue": "q", "agent": "a"}),
        json!({"at": at, "type": "queue_left", "ticket": "t", "queue": "q", "agent": "a"}),
        json!({"at": at, "type": "handoff", "ticket": "t"}),
        json!({"at": at, "type": "wrap_up_ended", "ticket": "t", "agent": "a", "talk_seconds": 1.5, "hold_seconds": 0}),
        json!({"at": at, "type": "sla_applied", "ticket": "t", "id": "p"}),
        json!({"at": at, "type": "macro_applied", "ticket": "t", "id": "m"}),
        json!({"at": at, "type": "automation_applied", "ticket": "t", "id": "r"}),
        json!({"at": at, "type": "survey_answered", "ticket": "t", "survey": "csat", "score": 4, "agent": "a", "solve": 1}),
        json!({"at": at, "type": "survey_sent", "customer": "c", "survey": "nps"}),
        json!({"at": at, "type": "review", "ticket": "t", "agent": "a", "rubric": {"accuracy": [4, 5]}, "weights": {"accuracy": 2}}),
        json!({"at": at, "type": "merged", "ticket": "t", "into": "u"}),
        json!({"at": at, "type": "unmerged", "ticket": "t", "into": "u"}),
        json!({"at": at, "type": "linked", "ticket": "t", "to": "u"}),
        json!({"at": at, "type": "self_service", "session": "s", "step": "viewed", "customer": "c", "query": "q", "article": "a", "ticket": "t"}),
        json!({"at": at, "type": "proactive_contact", "customer": "c", "ticket": "t", "reason": "late parcel"}),
        json!({"at": at, "type": "order", "customer": "c", "id": "o", "amount": -3.5, "currency": "EUR"}),
        json!({"at": at, "type": "benchmark", "kpi": "csat", "label": "industry", "value": 80, "valid_from": "2026-01-01"}),
    ]
}

#[test]
fn every_type_is_read_and_every_field_has_to_be_right() {
    for line in full() {
        let name = line["type"].as_str().expect("a type").to_owned();
        let good = read(1, &line.to_string()).unwrap_or_else(|bad| panic!("{name}: {bad}"));
        assert_eq!(good.line.what.type_name(), name);
        assert_eq!(good.line.at.timestamp_micros() % 1_000_000, 123_456, "{name}");
        for field in line.as_object().expect("an object").keys() {
            let mut wrong = line.clone();
            wrong[field] = json!([[true]]);
            let found = problems(&wrong);
            assert!(
                found.iter().any(|problem| problem.starts_with(field.as_str())),
                "{name}.{field}: {found:?}"
            );
        }
        let mut more = line.clone();
        more["colour"] = json!("red");
        assert_eq!(problems(&more), ["colour UNKNOWN_FIELD"], "{name}");
    }
}

#[test]
fn what_is_missing_or_impossible_is_named() {
    let at = "2026-03-02T09:00:00Z";
    let table = [
        (json!([]), vec![" NOT_JSON"]),
        (json!({"at": at}), vec!["type MISSING_FIELD"]),
        (json!({"at": at, "type": "tickets", "x": 1}), vec!["type UNKNOWN_TYPE"]),
        (
            json!({"type": "handoff"}),
            vec!["at MISSING_FIELD", "ticket MISSING_FIELD"],
        ),
        (
            json!({"at": "2026-03-02T09:00:00", "type": "handoff", "ticket": "t"}),
            vec!["at BAD_TIME"],
        ),
        (
            json!({"at": "0026-03-02T09:00:00Z", "type": "handoff", "ticket": "t"}),
            vec!["at BAD_TIME"],
        ),
        (
            json!({"at": at, "type": "handoff", "ticket": null}),
            vec!["ticket MISSING_FIELD"],
        ),
        (
            json!({"at": at, "type": "handoff", "ticket": " "}),
            vec!["ticket BAD_VALUE"],
        ),
        (
            json!({"at": at, "type": "handoff", "ticket": 5}),
            vec!["ticket BAD_VALUE"],
        ),
        (
            json!({"at": at, "type": "ticket_opened"}),
            vec![
                "ticket MISSING_FIELD",
                "customer MISSING_FIELD",
                "channel MISSING_FIELD",
            ],
        ),
        (
            json!({"at": at, "type": "message", "ticket": "t", "actor": {"kind": "robot", "name": "x"}}),
            vec!["actor.kind BAD_VALUE", "actor.name UNKNOWN_FIELD"],
        ),
        (
            json!({"at": at, "type": "survey_answered", "survey": "csat", "score": 4}),
            vec!["ticket MISSING_FIELD"],
        ),
        (
            json!({"at": at, "type": "survey_answered", "ticket": "t", "survey": "csat", "score": 0}),
            vec!["score BAD_VALUE"],
        ),
        (
            json!({"at": at, "type": "survey_answered", "ticket": "t", "survey": "one_contact", "score": 0.5}),
            vec!["score BAD_VALUE"],
        ),
        (
            json!({"at": at, "type": "survey_answered", "ticket": "t", "survey": "nps", "score": 0, "solve": 0}),
            vec!["solve BAD_VALUE"],
        ),
        (
            json!({"at": at, "type": "sla_policy", "id": "p", "match": {"colour": ["red"]}, "targets": [
                {"metric": "resolution", "seconds": 60, "clock": "elapsed"}, {"metric": "resolution", "seconds": 0, "clock": "sun"}]}),
            vec![
                "targets[1].clock BAD_VALUE",
                "targets[1].seconds BAD_VALUE",
                "match.colour UNKNOWN_FIELD",
            ],
        ),
        (
            json!({"at": at, "type": "schedule", "id": "s", "time_zone": "Europe/Bonn", "weekly": {"mon": ["9-17"]}, "valid_from": "2026-1-1"}),
            vec!["time_zone BAD_VALUE", "weekly.mon[0] BAD_VALUE", "valid_from BAD_VALUE"],
        ),
        (
            json!({"at": at, "type": "review", "ticket": "t", "agent": "a", "rubric": {"tone": [6, 5]}, "weights": {"speed": 1}}),
            vec!["rubric.tone BAD_VALUE", "weights.speed BAD_VALUE"],
        ),
        (
            json!({"at": at, "type": "review", "ticket": "t", "agent": "a", "rubric": {"tone": [4, 5]}, "weights": {"tone": 0}}),
            vec!["weights BAD_VALUE"],
        ),
        (
            json!({"at": at, "type": "order", "customer": "c", "id": "o", "currency": "euro"}),
            vec!["currency BAD_VALUE"],
        ),
    ];
    for (line, expected) in table {
        assert_eq!(problems(&line), expected, "{line}");
    }
    let long = format!("{{\"at\":\"{}\"}}", "x".repeat(BYTES_MAX));
    let reasons = |text: &str| {
        read(1, text)
            .expect_err("a bad line")
            .problems
            .into_iter()
            .map(|one| one.reason)
    };
    for text in [
        long.as_str(),
        "",
        "{",
        "{\"at\":1,\"at\":2}",
        "{\"a\":{\"b\":1,\"b\":1}}",
        "{\"a\":1e999}",
    ] {
        assert_eq!(reasons(text).collect::<Vec<_>>(), [Reason::NotJson]);
    }
}

/// What is wrong is told in few words, however much of it there is, and never in theirs.
#[test]
fn a_line_that_is_wrong_in_many_ways_makes_a_short_report() {
    let at = "2026-03-02T09:00:00Z";
    let long = "z".repeat(100_000);
    let many = serde_json::Map::from_iter((0..50_000).map(|number| (format!("f{number}"), json!(1))));
    let mut unknown = json!({"at": at, "type": "handoff", "ticket": "t"});
    unknown.as_object_mut().expect("an object").extend(many);
    let secret = "Mara Lind, Hauptstr. 1";
    let hours: Vec<&str> = vec!["9-17"; 24];
    for line in [
        unknown,
        json!({"at": at, "type": "handoff", "ticket": "t", long.clone(): 1}),
        json!({"at": at, "type": "review", "ticket": "t", "agent": "a", "rubric": {secret: 1, long.clone(): 1}, "weights": {secret: -1}}),
        json!({"at": at, "type": "schedule", "id": "s", "time_zone": "UTC", "weekly": {long.clone(): hours, secret: 7, "mon": hours}}),
    ] {
        let bad = read(1, &line.to_string()).expect_err("bad");
        assert!((1..=20).contains(&bad.problems.len()), "{}", bad.problems.len());
        let told = bad.to_string();
        assert!(told.len() < 4_000 && !told.contains(secret), "{told}");
    }
}

#[test]
fn a_customer_writes_in_public() {
    let line = json!({"at": "2026-03-02T09:00:00Z", "type": "message", "ticket": "t", "actor": {"kind": "customer"}, "visibility": "internal"});
    let read = read(1, &line.to_string()).expect("a line");
    assert!(matches!(
        read.line.what,
        What::Message {
            visibility: crate::Visibility::Public,
            ..
        }
    ));
}

#[test]
fn one_event_in_any_spelling_of_its_fields() {
    let one = |text: &str| read(1, text).expect("a line").hash;
    let first =
        one(r#"{"at":"2026-03-02T09:00:00Z","type":"wrap_up_ended","ticket":"t","agent":"a","talk_seconds":5}"#);
    assert_eq!(
        first,
        one(
            r#" {"agent":"a", "type":"wrap_up_ended","ticket":"\u0074","talk_seconds":5.0,"at":"2026-03-02T09:00:00Z"}"#
        )
    );
    for other in [
        r#"{"at":"2026-03-02T10:00:00+01:00","type":"wrap_up_ended","ticket":"t","agent":"a","talk_seconds":5}"#,
        r#"{"at":"2026-03-02T09:00:00Z","type":"wrap_up_ended","ticket":"t","agent":"a","talk_seconds":5.5}"#,
        r#"{"at":"2026-03-02T09:00:00Z","type":"wrap_up_ended","ticket":"t","agent":"a"}"#,
    ] {
        assert_ne!(first, one(other), "{other}");
    }
}

/// Lines of a few words: `seconds type rest`.
fn history(lines: &[(u32, &str, Value)]) -> (Vec<u64>, Vec<(u64, Reason)>) {
    let text: Vec<String> = lines
        .iter()
        .map(|(second, kind, rest)| {
            let mut line = rest.clone();
            line["at"] = json!(format!("2026-03-02T09:00:{second:02}Z"));
            line["type"] = json!(kind);
            line.to_string()
        })
        .collect();
    let (lines, bad) = read_all(&text.join("\n"));
    let reasons = bad.iter().map(|bad| (bad.number, bad.problems[0].reason)).collect();
    (lines.iter().map(|line| line.number).collect(), reasons)
}

#[test]
fn lines_of_an_instant_have_an_order() {
    let open = |ticket: &str| json!({"ticket": ticket, "customer": "c", "channel": "email"});
    let (order, bad) = history(&[
        (1, "status", json!({"ticket": "t", "status": "solved"})),
        (1, "message", json!({"ticket": "t", "actor": {"kind": "agent"}})),
        (1, "ticket_opened", open("t")),
        (1, "agent", json!({"id": "a"})),
        (0, "order", json!({"customer": "c", "id": "o"})),
        (1, "customer", json!({"id": "c"})),
        // The same once more.
        (1, "agent", json!({"id": "a"})),
    ]);
    assert_eq!((order, bad), (vec![5, 4, 6, 3, 1, 2], vec![]));
}

#[test]
fn references_lead_to_open_tickets() {
    let open = |ticket: &str, customer: &str| json!({"ticket": ticket, "customer": customer, "channel": "email"});
    let (order, bad) = history(&[
        (1, "ticket_opened", open("t", "c")),
        (2, "ticket_opened", open("u", "c")),
        (3, "ticket_opened", open("v", "c")),
        (3, "ticket_opened", open("t", "d")),
        (0, "handoff", json!({"ticket": "t"})),
        (4, "handoff", json!({"ticket": "w"})),
        (4, "linked", json!({"ticket": "t", "to": "w"})),
        (4, "merged", json!({"ticket": "t", "into": "t"})),
        (5, "merged", json!({"ticket": "t", "into": "u"})),
        (6, "merged", json!({"ticket": "u", "into": "v"})),
        (7, "merged", json!({"ticket": "v", "into": "t"})),
        (8, "unmerged", json!({"ticket": "t", "into": "v"})),
        (9, "unmerged", json!({"ticket": "t", "into": "u"})),
        (10, "unmerged", json!({"ticket": "t", "into": "u"})),
        (11, "merged", json!({"ticket": "v", "into": "t"})),
        (
            11,
            "proactive_contact",
            json!({"customer": "x", "ticket": "t", "reason": "r"}),
        ),
        (
            11,
            "survey_answered",
            json!({"customer": "x", "survey": "nps", "score": 9}),
        ),
    ]);
    assert_eq!(order, [1, 2, 3, 9, 10, 13, 15, 16, 17]);
    use Reason::{MergeCircle, NotMerged, TicketNotOpen, TicketTwice};
    assert_eq!(
        bad,
        [
            (4, TicketTwice),
            (5, TicketNotOpen),
            (6, TicketNotOpen),
            (7, TicketNotOpen),
            (8, MergeCircle),
            (11, MergeCircle),
            (12, NotMerged),
            (14, NotMerged)
        ]
    );
}

/// A line about merges, at this second.
fn merge_line(kind: &str, second: usize, ticket: usize, into: usize) -> crate::Line {
    let at = format!(
        "2026-03-02T{:02}:{:02}:{:02}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60
    );
    let mut line = json!({"at": at, "type": kind, "ticket": ticket.to_string()});
    match kind {
        "ticket_opened" => (line["customer"], line["channel"]) = (json!("c"), json!("email")),
        _ => line["into"] = into.to_string().into(),
    }
    read(1, &line.to_string()).expect("a line").line
}

/// Each ticket is merged into the one before it, the last first: whoever walked the chain each time would take hours.
#[test]
fn a_chain_of_a_hundred_thousand_merges_is_judged_at_once() {
    let count = 100_000;
    let mut references = crate::References::new();
    for ticket in 0..count {
        references
            .see(&merge_line("ticket_opened", 0, ticket, 0))
            .expect("opens");
    }
    for ticket in (1..count).rev() {
        references
            .see(&merge_line("merged", 1, ticket, ticket - 1))
            .expect("merges");
    }
    let circle = references
        .see(&merge_line("merged", 2, 0, count - 1))
        .expect_err("a circle");
    assert_eq!(circle.reason, Reason::MergeCircle);
    references.see(&merge_line("unmerged", 3, 1, 0)).expect("is merged");
    references
        .see(&merge_line("merged", 4, 0, count - 1))
        .expect("no circle any more");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        "[a-z\"\\\\é]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c]{1,2}", inner, 0..4).prop_map(Value::from_iter),
        ]
    })
}

proptest! {
    /// As if each chain were walked.
    #[test]
    fn circles_are_found_whatever_was_merged_and_unmerged(steps in prop::collection::vec((0..8_usize, 0..8_usize, any::<bool>()), 0..120)) {
        let mut references = crate::References::new();
        for ticket in 0..8 {
            references.see(&merge_line("ticket_opened", 0, ticket, 0)).expect("opens");
        }
        let mut leads: [Option<usize>; 8] = [None; 8];
        for (second, (ticket, into, merges)) in (1..).zip(steps) {
            let told = references.see(&merge_line(if merges { "merged" } else { "unmerged" }, second, ticket, into));
            let leads_back = std::iter::successors(Some(into), |one| leads[*one]).any(|one| one == ticket);
            let fits = if merges { !leads_back } else { leads[ticket] == Some(into) };
            prop_assert_eq!(told.is_ok(), fits);
            if fits {
                leads[ticket] = merges.then_some(into);
            }
        }
    }

    #[test]
    fn a_value_has_one_hash(one in any_json(), other in any_json()) {
        let again: Value = serde_json::from_str(&one.to_string()).expect("JSON");
        prop_assert_eq!(hash(&one), hash(&again));
        // Told apart by their text, but for 1 and 1.0, which are one number.
        let (one, other) = (json!({"v": one}), json!({"v": other}));
        let spelled = |value: &Value| value.to_string().replace(".0", "");
        prop_assert_eq!(hash(&one) == hash(&other), spelled(&one) == spelled(&other));
    }

    #[test]
    fn no_text_makes_the_reader_fail_otherwise_than_with_a_reason(text in "\\PC{0,200}", value in any_json()) {
        for text in [text, value.to_string(), json!({"at": value, "type": value, "id": value}).to_string()] {
            if let Err(bad) = read(1, &text) {
                prop_assert!(!bad.problems.is_empty());
            }
        }
    }
}

/// The worked cases of the KPI definitions, when the folder is named.
#[test]
fn the_worked_cases_have_no_bad_line() {
    let Ok(folder) = std::env::var("VORRANG_KPI_CASES") else {
        return;
    };
    let mut cases = 0;
    for case in std::fs::read_dir(folder).expect("a folder") {
        let Ok(text) = std::fs::read_to_string(case.expect("an entry").path().join("history.jsonl")) else {
            continue;
        };
        let (lines, bad) = read_all(&text);
        assert!(bad.is_empty(), "{bad:?}");
        assert!(!lines.is_empty());
        cases += 1;
    }
    assert!(cases > 10, "{cases} cases");
}
