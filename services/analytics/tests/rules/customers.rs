//! Customers, orders, self-service (D5, D41–D44).

use super::*;

#[test]
fn who_is_won_and_lost_within_the_period_is_in_neither() {
    let desk = desk(&[
        "00:00 customer id=stays",
        "00:00 customer id=goes",
        "00:00 customer id=changes",
        "+1 10:00 customer_left customer=goes",
        "+1 10:00 customer id=won",
        "+1 10:00 customer id=short",
        "+1 11:00 customer_left customer=short",
        // Changed, not won again; and then gone and back.
        "+1 10:00 customer id=changes tier=vip",
        "+1 10:30 customer_left customer=changes",
        "+1 11:00 customer id=changes",
        "+2 00:00 customer id=later",
    ]);
    let kpi = kpis::find("retention_rate").expect("known");
    let query = Query {
        kpi,
        variant: &kpi.variants[0],
        clock: Clock::Elapsed,
        from: first_day() + DAY,
        to: first_day() + 2 * DAY,
        zone: Tz::UTC,
        grain: None,
        by: &[Dimension::Tier],
        filters: &[],
    };
    let answer = query::run(&View::new(&desk.facts, first_day() + 2 * DAY), &query);
    assert_eq!(parts(&answer.total), (2.0, 3.0, 0));
    // Dimensions are those of the end of the period.
    let vip = answer
        .rows
        .iter()
        .find(|row| row.key == [Some("vip".to_owned())])
        .expect("a row");
    assert_eq!(parts(&vip.figures), (1.0, 1.0, 0));
}

#[test]
fn an_order_counts_once_and_the_first_ever_is_no_repeat() {
    let desk = desk(&[
        "09:00 order customer=a id=1",
        "10:00 order customer=a id=1",
        "09:00 order customer=b id=1",
        "09:30 order customer=b id=2",
    ]);
    assert_eq!(desk.share("retention_rate/repeat_purchase"), (1.0, 2.0, 0));
}

/// A name, lines, and numerator, denominator, open.
type Case = (&'static str, &'static [&'static str], (f64, f64, u64));

#[test]
fn what_keeps_a_contact_away() {
    let cases: [Case; 8] = [
        (
            "read, nothing after",
            &["09:00 self_service session=s step=viewed customer=c"],
            (1.0, 1.0, 0),
        ),
        (
            "searched only",
            &["09:00 self_service session=s step=searched customer=c"],
            (0.0, 1.0, 0),
        ),
        (
            "nobody known",
            &["09:00 self_service session=s step=viewed"],
            (0.0, 0.0, 0),
        ),
        (
            "escalated",
            &[
                "09:00 self_service session=s step=solved customer=c",
                "09:01 self_service session=s step=escalated",
            ],
            (0.0, 1.0, 0),
        ),
        (
            "wrote at the last second of the window",
            &[
                "09:00 self_service session=s step=viewed customer=c",
                "+1 09:00 ticket_opened ticket=T customer=c channel=email",
                "+1 09:00 message ticket=T actor=customer",
            ],
            (0.0, 1.0, 0),
        ),
        (
            "wrote before it, in a turn that went on",
            &[
                "08:00 ticket_opened ticket=T customer=c channel=email",
                "08:00 message ticket=T actor=customer",
                "09:00 self_service session=s step=viewed customer=c",
                "09:05 message ticket=T actor=customer",
            ],
            (0.0, 1.0, 0),
        ),
        (
            "another customer wrote",
            &[
                "09:00 self_service session=s step=viewed customer=c",
                "09:05 ticket_opened ticket=T customer=d channel=email",
                "09:05 message ticket=T actor=customer",
            ],
            (1.0, 1.0, 0),
        ),
        (
            "known by the ticket it led to, which is spam",
            &[
                "09:00 ticket_opened ticket=T customer=c channel=email",
                "09:00 message ticket=T actor=customer",
                "09:01 status ticket=T status=spam",
                "09:02 self_service session=s step=solved ticket=T",
            ],
            (1.0, 1.0, 0),
        ),
    ];
    for (name, lines, expected) in cases {
        let lines: Vec<&str> = lines.iter().copied().chain(["+2 00:00 agent id=a"]).collect();
        assert_eq!(desk(&lines).share("deflection_rate"), expected, "{name}");
    }
    let open = desk(&["09:00 self_service session=s step=viewed customer=c"]);
    assert_eq!(open.share("deflection_rate"), (0.0, 0.0, 1));
}

#[test]
fn visitors_once_and_only_customers_who_opened_tickets() {
    let desk = desk(&[
        "09:00 self_service session=1 step=started customer=c",
        "10:00 self_service session=2 step=started customer=c",
        "11:00 self_service session=3 step=started",
        "12:00 self_service session=4 step=started",
        "09:00 ticket_opened ticket=T customer=c channel=email",
        "09:00 ticket_opened ticket=U customer=c channel=email",
        "09:00 ticket_opened ticket=V customer=d channel=email opened_by=agent",
    ]);
    assert_eq!(desk.share("self_service_score"), (3.0, 1.0, 0));
}

#[test]
fn who_is_known_by_orders_only_buys_again_and_is_in_no_retention() {
    let desk = desk(&[
        "09:00 order customer=c id=o1",
        "10:00 order customer=c id=o2",
        "11:00 order customer=d id=o3",
        "12:00 order customer=d id=o3",
    ]);
    assert_eq!(desk.share("retention_rate/repeat_purchase"), (1.0, 2.0, 0));
    assert_eq!(desk.share("retention_rate"), (0.0, 0.0, 0));
}
