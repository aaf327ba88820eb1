use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("valid")
}

fn settings() -> Settings {
    Settings {
        display_name: "Warehouse".into(),
        url: "https://hooks.example.org/".into(),
        filter: String::new(),
        disabled: false,
        max_in_flight: IN_FLIGHT_DEFAULT,
    }
}

fn webhook() -> Webhook {
    Webhook::new(Uuid::from_u128(1), settings(), 10, at(0))
}

#[test]
fn only_what_differs_is_a_change() {
    let mut one = webhook();
    let same = one.update(
        &settings(),
        &[Field::Url, Field::DisplayName, Field::Disabled],
        20,
        at(5),
    );
    assert!(same.is_empty());
    assert_eq!(one, webhook(), "nothing has changed, not even the revision");
    let other = Settings {
        url: "https://other.example.org/".into(),
        filter: "type = ticket_created".into(),
        ..settings()
    };
    // Only what is named, and a field once however often it is named.
    assert_eq!(one.update(&other, &[Field::Url, Field::Url], 20, at(5)), [Field::Url]);
    assert_eq!((one.filter.as_str(), one.revision, one.updated_at), ("", 2, at(5)));
    assert_eq!(one.start_seq, 10, "it goes on where it was");
}

#[test]
fn enabled_again_it_begins_anew_and_what_failed_is_forgiven() {
    let mut one = webhook();
    one.health.note(Outcome::Failed("TIMEOUT"), at(1));
    one.replay = Some(Replay {
        after: 1,
        until: 9,
        dead_only: false,
    });
    one.disable(Disabled::Failing, at(2));
    assert_eq!(
        (one.disabled, one.replay, one.bound(at(2))),
        (Some(Disabled::Failing), None, 0)
    );
    let enabled = settings();
    assert_eq!(one.update(&enabled, &[Field::Disabled], 50, at(3)), [Field::Disabled]);
    assert_eq!((one.disabled, one.start_seq, one.health), (None, 50, Health::default()));
    let disabled = Settings {
        disabled: true,
        ..settings()
    };
    assert_eq!(one.update(&disabled, &[Field::Disabled], 60, at(4)), [Field::Disabled]);
    assert_eq!((one.disabled, one.start_seq), (Some(Disabled::Manual), 50));
}

#[test]
fn a_new_address_is_a_new_chance() {
    let mut one = webhook();
    for second in 0..9 {
        one.health.note(Outcome::Failed("TLS_FAILED"), at(second));
    }
    assert_eq!(one.bound(at(9)), 0, "it is paused");
    let moved = Settings {
        url: "https://other.example.org/".into(),
        ..settings()
    };
    one.update(&moved, &[Field::Url], 20, at(9));
    assert_eq!(one.bound(at(9)), i64::from(IN_FLIGHT_DEFAULT));
}

#[test]
fn what_is_doubtful_gets_one_at_a_time() {
    let mut one = webhook();
    assert_eq!(one.bound(at(0)), 8);
    one.health.note(Outcome::Failed("TIMEOUT"), at(0));
    one.health.note(Outcome::Failed("TIMEOUT"), at(0));
    assert_eq!(one.bound(at(0)), 8, "two may be chance");
    one.health.note(Outcome::Failed("TIMEOUT"), at(0));
    assert_eq!((one.bound(at(1)), one.bound(at(2))), (0, 1));
    one.health.note(Outcome::Answered(200, None), at(2));
    assert_eq!(one.bound(at(2)), 8);
}

#[test]
fn ranges_join_to_what_either_asked_for() {
    let replay = |after, until, dead_only| Replay {
        after,
        until,
        dead_only,
    };
    assert_eq!(replay(5, 20, true).join(replay(8, 30, true)), replay(5, 30, true));
    assert_eq!(replay(5, 20, true).join(replay(0, 10, false)), replay(0, 20, false));
}

#[test]
fn words_are_read_as_they_are_written() {
    for reason in [Disabled::Manual, Disabled::Gone, Disabled::Failing] {
        assert_eq!(Disabled::parse(reason.as_str()), Some(reason));
    }
    for state in [State::Pending, State::Succeeded, State::Dead] {
        assert_eq!(State::parse(state.as_str()), Some(state));
    }
    for path in ["display_name", "url", "filter", "disabled", "max_in_flight"] {
        assert_eq!(Field::parse(path).map(Field::name), Some(path));
    }
    assert_eq!(
        (Disabled::parse(""), State::parse("pending"), Field::parse("secret")),
        (None, None, None)
    );
}
