use super::*;

fn message(ticket: &str, actor: ActorKind) -> Event<'_> {
    let message = Wrote {
        actor,
        id: "",
        public: false,
        channel: "",
    };
    Event::Message { ticket, message }
}

#[test]
fn a_timeline_is_ordered_by_time_then_feed_then_position() {
    let mut facts = Facts::default();
    facts.apply(20, Order::new(1, 5), Event::QueueLeft { ticket: "t" });
    facts.apply(20, Order::new(0, 9), Event::Handoff { ticket: "t" });
    facts.apply(10, Order::new(0, 10), message("t", ActorKind::Customer));
    let steps: Vec<Step> = facts.tickets()[0].timeline.until(20).iter().map(|e| e.step).collect();
    assert!(
        matches!(steps[..], [Step::Message { .. }, Step::Handoff, Step::QueueLeft]),
        "{steps:?}"
    );
    assert_eq!(facts.tickets()[0].timeline.until(19).len(), 1);
    assert_eq!(facts.last(), Some(20));
}

#[test]
fn several_facts_of_one_event_keep_their_order() {
    let mut facts = Facts::default();
    let order = Order::new(0, 1);
    facts.apply(
        5,
        order,
        Event::QueueEntered {
            ticket: "t",
            queue: "q",
        },
    );
    facts.apply(
        5,
        order,
        Event::QueueAccepted {
            ticket: "t",
            queue: "q",
            agent: "a",
            by_hand: false,
        },
    );
    let steps = facts.tickets()[0].timeline.until(5);
    assert!(matches!(steps[0].step, Step::QueueEntered { .. }));
    assert!(matches!(steps[1].step, Step::QueueAccepted { .. }));
}

#[test]
fn the_earlier_of_two_openings_holds_whichever_comes_first() {
    let open = |channel| {
        Event::Opened(Opened {
            ticket: "t",
            channel,
            ..Opened::default()
        })
    };
    for (first, second) in [(1, 2), (2, 1)] {
        let mut facts = Facts::default();
        facts.apply(
            first,
            Order::new(0, first),
            open(if first == 1 { "email" } else { "chat" }),
        );
        facts.apply(
            second,
            Order::new(0, second),
            open(if second == 1 { "email" } else { "chat" }),
        );
        let opening = facts.tickets()[0].opening.as_ref().expect("opened");
        let channel = opening.channel.expect("a channel");
        assert_eq!((opening.at, facts.strings().text(channel)), (1, "email"));
    }
}

#[test]
fn an_attribute_holds_from_its_time_and_the_first_one_before_it_too() {
    let mut facts = Facts::default();
    let tier = |tier| {
        Event::Customer(CustomerSeen {
            customer: "c",
            tier: Some(tier),
            ..CustomerSeen::default()
        })
    };
    facts.apply(100, Order::new(0, 2), tier("vip"));
    facts.apply(50, Order::new(0, 1), tier("standard"));
    let customer = facts.strings().find("c").expect("known");
    let at = |at| {
        facts
            .trait_of(customer, Trait::Tier, at, 1_000)
            .map(|tier| facts.strings().text(tier))
    };
    assert_eq!(at(10), Some("standard"));
    assert_eq!(at(99), Some("standard"));
    assert_eq!(at(100), Some("vip"));
    // Told later than asked for, it was not told.
    assert_eq!(
        facts
            .trait_of(customer, Trait::Tier, 100, 99)
            .map(|tier| facts.strings().text(tier)),
        Some("standard")
    );
    assert_eq!(facts.trait_of(customer, Trait::Tier, 10, 49), None);
}

#[test]
fn what_the_first_line_does_not_name_is_not_known_before_a_later_one_does() {
    let mut facts = Facts::default();
    let seen = |language| {
        Event::Customer(CustomerSeen {
            customer: "c",
            language,
            ..CustomerSeen::default()
        })
    };
    facts.apply(200, Order::new(0, 2), seen(Some("de")));
    facts.apply(100, Order::new(0, 1), seen(None));
    let customer = facts.strings().find("c").expect("known");
    let at = |at| {
        facts
            .trait_of(customer, Trait::Language, at, 1_000)
            .map(|symbol| facts.strings().text(symbol))
    };
    assert_eq!((at(50), at(150), at(200)), (None, None, Some("de")));
}

#[test]
fn a_customers_message_is_always_public_and_empty_means_not_given() {
    let mut facts = Facts::default();
    facts.apply(1, Order::new(0, 1), message("t", ActorKind::Customer));
    facts.apply(2, Order::new(0, 2), message("t", ActorKind::Agent));
    facts.apply(3, Order::new(0, 3), message("", ActorKind::Agent));
    assert_eq!(facts.tickets().len(), 1, "a message of no ticket makes none");
    let steps = facts.tickets()[0].timeline.until(9);
    assert!(matches!(
        steps[0].step,
        Step::Message {
            public: true,
            id: None,
            ..
        }
    ));
    assert!(matches!(steps[1].step, Step::Message { public: false, .. }));
}

#[test]
fn an_attribute_that_is_not_named_stays_and_an_empty_one_is_none() {
    let mut facts = Facts::default();
    let agent = |team| Event::Agent { agent: "ada", team };
    facts.apply(10, Order::new(1, 1), agent(Some("north")));
    facts.apply(20, Order::new(1, 2), agent(None));
    facts.apply(30, Order::new(1, 3), agent(Some("")));
    let ada = facts.strings().find("ada").expect("known");
    let at = |at| facts.team_of(ada, at, 1_000).map(|team| facts.strings().text(team));
    assert_eq!((at(20), at(30)), (Some("north"), None));
}

#[test]
fn what_was_told_again_after_somebody_read_is_told_to_them_again() {
    let mut facts = Facts::default();
    let open = |facts: &mut Facts, number| {
        let opened = Opened {
            ticket: "t",
            ..Opened::default()
        };
        facts.apply(number, Order::new(0, number), Event::Opened(opened));
    };
    open(&mut facts, 1);
    let read = facts.changes().end();
    assert_eq!(facts.changes().since(read), Some(&[][..]));
    open(&mut facts, 2);
    assert_eq!(facts.changes().since(read), Some(&[Change::Ticket(0)][..]));
    facts.forget_changes();
    assert_eq!(facts.changes().since(read), None, "what is forgotten cannot be read");
    assert_eq!(facts.changes().since(facts.changes().end()), Some(&[][..]));
}
