//! Created, solved, resolution, first response.

use super::*;

#[test]
fn a_reopened_ticket_leaves_the_solved_cohort_and_comes_back_at_its_last_solve() {
    let mut desk = Desk::default();
    desk.at(0, &[opened("t", "email"), asks("t")])
        .at(30, &[status("t", Status::Solved)])
        .at(35, &[status("t", Status::Solved)])
        .at(60, &[status("t", Status::Open)])
        .at(90, &[status("t", Status::Solved)])
        .at(95, &[status("t", Status::Closed)]);
    // A repeated `solved` is no second solve: 30, not 35.
    assert_eq!(desk.figures_at("full_resolution_time", 59).value, minutes(30.0));
    let reopened = desk.figures_at("full_resolution_time", 60);
    assert_eq!((reopened.value, reopened.count, reopened.open), (None, 0, 1));
    assert_eq!(desk.figures_at("tickets_solved", 60).value, Some(0.0));
    // `closed` leaves it solved.
    assert_eq!(desk.figures("full_resolution_time").value, minutes(90.0));
    assert_eq!(desk.figures("tickets_solved").value, Some(1.0));
}

#[test]
fn closed_without_a_solve_is_over_but_not_solved() {
    let mut desk = Desk::default();
    desk.at(0, &[opened("t", "email"), asks("t")])
        .at(30, &[status("t", Status::Closed)]);
    for id in ["full_resolution_time", "first_response_time"] {
        let figures = desk.figures(id);
        assert_eq!((figures.value, figures.count, figures.open), (None, 0, 0), "{id}");
    }
    assert_eq!(desk.figures("tickets_solved").value, Some(0.0));
    assert_eq!(desk.figures("tickets_created").value, Some(1.0));
}

#[test]
fn spam_and_deleted_tickets_are_in_nothing_while_they_are() {
    let mut desk = Desk::default();
    desk.at(
        0,
        &[
            opened("spam", "email"),
            asks("spam"),
            opened("gone", "email"),
            asks("gone"),
        ],
    )
    .at(5, &[replies("spam", "ada"), replies("gone", "ada")])
    .at(10, &[status("spam", Status::Spam), status("gone", Status::Deleted)]);
    for kpi in ALL {
        let figures = desk.figures(kpi.id);
        assert_eq!((figures.count, figures.open), (0, 0), "{}", kpi.id);
    }
    // Judged at the moment of asking: before it was marked it counted, and when it is restored it does again.
    assert_eq!(desk.figures_at("tickets_created", 9).value, Some(2.0));
    desk.at(20, &[status("spam", Status::Open)]);
    assert_eq!(desk.figures("tickets_created").value, Some(1.0));
    assert_eq!(desk.figures("first_response_time").value, minutes(5.0));
}

#[test]
fn a_merge_holds_for_the_past_and_an_undone_one_never_happened() {
    let mut desk = Desk::default();
    desk.at(0, &[opened("a", "email"), asks("a")])
        .at(10, &[opened("b", "chat"), asks("b")])
        .at(15, &[opened("c", "chat")])
        .at(
            20,
            &[
                Event::Merged { ticket: "b", into: "a" },
                Event::Merged { ticket: "c", into: "b" },
            ],
        )
        // Written into the source: it belongs to the target's conversation.
        .at(30, &[replies("b", "ada")]);
    assert_eq!(desk.figures("tickets_created").value, Some(1.0));
    assert_eq!(desk.figures("first_response_time").value, minutes(30.0));
    desk.at(40, &[Event::Unmerged { ticket: "b" }]);
    // c stays in b, b counts again; a is unanswered.
    assert_eq!(desk.figures("tickets_created").value, Some(2.0));
    let first = desk.figures("first_response_time");
    assert_eq!((first.value, first.count, first.open), (minutes(20.0), 1, 1));
    // What is merged into spam goes with it.
    desk.at(50, &[status("b", Status::Spam)]);
    assert_eq!(desk.figures("tickets_created").value, Some(1.0));
    assert_eq!(desk.figures("first_response_time").count, 0);
}

#[test]
fn merges_in_a_circle_end_somewhere() {
    let mut desk = Desk::default();
    desk.at(0, &[opened("a", "email"), opened("b", "email")]).at(
        1,
        &[
            Event::Merged { ticket: "a", into: "b" },
            Event::Merged { ticket: "b", into: "a" },
        ],
    );
    assert_eq!(desk.figures("tickets_created").value, Some(0.0));
}

#[test]
fn only_an_agents_public_message_is_a_first_response() {
    let mut desk = Desk::default();
    desk.at(0, &[opened("t", "email"), asks("t")])
        .at(1, &[bot("t")])
        .at(2, &[notes("t", "ben")])
        .at(3, &[asks("t")])
        .at(12, &[replies("t", "ada")])
        .at(20, &[replies("t", "ben")]);
    assert_eq!(desk.figures("first_response_time").value, minutes(12.0));
    assert_eq!(
        desk.split("first_response_time", Dimension::Agent),
        [("ada".to_owned(), minutes(12.0), 1, 0)]
    );
    assert_eq!(desk.figures_at("first_response_time", 11).open, 1);
}

#[test]
fn a_ticket_that_an_agent_opened_waits_only_from_the_customers_message_on() {
    let mut desk = Desk::default();
    desk.at(0, &[opened("t", "email"), replies("t", "ada")]);
    let figures = desk.figures("first_response_time");
    assert_eq!((figures.value, figures.open), (None, 0), "nobody asked anything yet");
    desk.at(60, &[asks("t")]).at(70, &[replies("t", "ada")]);
    assert_eq!(desk.figures("first_response_time").value, minutes(10.0));
}

#[test]
fn a_bots_solve_does_not_end_the_wait_but_takes_it_out_of_open() {
    let mut desk = Desk::default();
    desk.at(0, &[opened("t", "chat"), asks("t")])
        .at(5, &[bot("t"), status("t", Status::Solved)]);
    let figures = desk.figures("first_response_time");
    assert_eq!((figures.value, figures.open), (None, 0));
    desk.at(30, &[replies("t", "ada")]);
    assert_eq!(desk.figures("first_response_time").value, minutes(30.0));
}

#[test]
fn since_handoff_counts_from_the_first_handoff() {
    let mut desk = Desk::default();
    desk.at(0, &[opened("t", "chat"), asks("t"), opened("u", "chat"), asks("u")])
        .at(4, &[Event::Handoff { ticket: "t" }])
        .at(5, &[Event::Handoff { ticket: "t" }])
        .at(7, &[replies("t", "ada"), replies("u", "ada")]);
    let figures = desk.figures("first_response_time/since_handoff");
    assert_eq!((figures.value, figures.count, figures.open), (minutes(3.0), 1, 0));
}

#[test]
fn solved_figures_belong_to_the_agent_and_queue_at_the_solve() {
    let mut desk = Desk::default();
    desk.at(0, &[opened("t", "email"), opened("u", "email")])
        .at(1, &[assigned("t", "ada", "mail"), assigned("u", "ada", "mail")])
        .at(2, &[assigned("t", "ben", ""), assigned("u", "", "returns")])
        .at(10, &[status("t", Status::Solved), status("u", Status::Solved)])
        .at(11, &[assigned("t", "eve", "later")]);
    assert_eq!(
        desk.split("tickets_solved", Dimension::Agent),
        [("-".to_owned(), Some(1.0), 1, 0), ("ben".to_owned(), Some(1.0), 1, 0)]
    );
    assert_eq!(
        desk.split("full_resolution_time", Dimension::Queue),
        [
            ("mail".to_owned(), minutes(10.0), 1, 0),
            ("returns".to_owned(), minutes(10.0), 1, 0)
        ]
    );
}

#[test]
fn the_tier_is_the_one_at_the_opening_and_standard_when_nobody_said() {
    let mut desk = Desk::default();
    let tier = |tier| person("mara", tier);
    desk.at(0, &[tier("standard"), opened("early", "email")])
        .at(10, &[tier("vip")])
        .at(20, &[opened("late", "email")]);
    let stranger = Opened {
        ticket: "s",
        customer: "nobody",
        ..Opened::default()
    };
    let snapshot = Opened {
        ticket: "x",
        customer: "mara",
        tier: "gold",
        ..Opened::default()
    };
    desk.at(30, &[Event::Opened(stranger), Event::Opened(snapshot)]);
    assert_eq!(
        desk.split("tickets_created", Dimension::Tier),
        [
            ("gold".to_owned(), Some(1.0), 1, 0),
            ("standard".to_owned(), Some(2.0), 2, 0),
            ("vip".to_owned(), Some(1.0), 1, 0)
        ]
    );
}

#[test]
fn events_of_a_ticket_that_was_never_opened_count_nowhere() {
    let mut desk = Desk::default();
    desk.at(5, &[asks("t"), replies("t", "ada"), status("t", Status::Solved)]);
    for kpi in ALL {
        let figures = desk.figures(kpi.id);
        assert_eq!((figures.count, figures.open), (0, 0), "{}", kpi.id);
    }
    // The opening may arrive last: facts do not depend on arrival.
    desk.at(5, &[]).at(0, &[opened("t", "email")]);
    assert_eq!(desk.figures("full_resolution_time").value, minutes(5.0));
}

/// What an erased customer did counts as before; nobody learns from any figure who it was, nor can ask for it.
#[test]
fn an_erased_customer_is_nobody_and_counts_as_before() {
    let mut desk = Desk::default();
    let vip = person("mara", "vip");
    desk.at(
        0,
        &[vip, opened("t", "email"), asks("t"), opened("u", "chat"), asks("u")],
    )
    .at(5, &[replies("t", "ada"), status("t", Status::Solved)])
    .at(6, &[session("s", SessionStep::Solved, "mara")]);
    let figures = |desk: &Desk| ALL.iter().map(|kpi| desk.figures(kpi.id)).collect::<Vec<_>>();
    let tiers = |desk: &Desk| desk.split("self_service_rate", Dimension::Tier);
    let (before, tiers_before) = (figures(&desk), tiers(&desk));
    assert_eq!(
        desk.split("tickets_created", Dimension::Customer),
        [("mara".to_owned(), Some(2.0), 2, 0)]
    );
    desk.at(10, &[Event::CustomerErased { customer: "mara" }]);
    assert_eq!(figures(&desk), before);
    assert_eq!(tiers(&desk), tiers_before);
    // Another feed that is behind still names the one who is erased.
    desk.at(11, &[session("late", SessionStep::Started, "mara")]);
    for as_of in [5, 24 * 60] {
        for kpi in ALL.iter().filter(|kpi| kpi.dimensions.contains(&Dimension::Customer)) {
            let rows = desk.answer(kpi.id, &[Dimension::Customer], as_of).rows;
            assert!(rows.iter().all(|row| row.key == [None]), "{}: {rows:?}", kpi.id);
        }
    }
    let asked = crate::query::Filter {
        dimension: Dimension::Customer,
        values: vec![Some("mara".to_owned())],
    };
    let query = Query {
        kpi: find("tickets_created").expect("a known figure"),
        variant: find("tickets_created")
            .and_then(|kpi| kpi.variant(""))
            .expect("the default"),
        clock: Clock::Elapsed,
        from: 0,
        to: 24 * 60 * MINUTE,
        zone: Tz::UTC,
        grain: None,
        by: &[],
        filters: &[asked],
    };
    assert_eq!(run(&View::new(&desk.facts, 24 * 60 * MINUTE), &query).total.count, 0);
}
