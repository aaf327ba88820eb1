//! Episodes (D39, D40).

use super::*;

fn closed(lines: &[&str]) -> (f64, f64, u64) {
    let lines: Vec<&str> = lines.iter().copied().chain(["+20 00:00 agent id=a"]).collect();
    desk(&lines).for_days(20).share("fcr_net")
}

const FIRST: [&str; 3] = [
    "09:00 ticket_opened ticket=T customer=c channel=chat intent=a tags=[\"x\"]",
    "09:00 message ticket=T actor=customer",
    "09:10 status ticket=T status=solved",
];

fn with(more: &[&'static str]) -> (f64, f64, u64) {
    let lines: Vec<&str> = FIRST.iter().chain(more).copied().collect();
    closed(&lines)
}

#[test]
fn what_belongs_together() {
    assert_eq!(with(&[]), (1.0, 1.0, 0));
    let second = |opened: &'static str| {
        with(&[
            opened,
            "+1 09:00 message ticket=U actor=customer",
            "+1 09:10 status ticket=U status=solved",
        ])
    };
    let alone = (2.0, 2.0, 0);
    let one = (0.0, 1.0, 0);
    assert_eq!(
        second("+1 09:00 ticket_opened ticket=U customer=c channel=chat intent=b tags=[\"y\"]"),
        alone
    );
    assert_eq!(
        second("+1 09:00 ticket_opened ticket=U customer=c channel=chat intent=a"),
        one
    );
    assert_eq!(
        second("+1 09:00 ticket_opened ticket=U customer=c channel=chat tags=[\"y\",\"x\"]"),
        one
    );
    assert_eq!(
        second("+1 09:00 ticket_opened ticket=U customer=d channel=chat intent=a tags=[\"x\"]"),
        alone
    );
    let linked = with(&[
        "+1 09:00 ticket_opened ticket=U customer=c channel=chat",
        "+1 09:00 message ticket=U actor=customer",
        "+1 09:05 linked ticket=T to=U",
        "+1 09:10 status ticket=U status=solved",
    ]);
    assert_eq!(linked, one, "in either direction");
}

#[test]
fn a_contact_that_fits_several_makes_them_one() {
    let lines = with(&[
        "+1 09:00 ticket_opened ticket=U customer=c channel=chat intent=b",
        "+1 09:00 message ticket=U actor=customer",
        "+1 09:10 status ticket=U status=solved",
        "+2 09:00 ticket_opened ticket=V customer=c channel=chat intent=b tags=[\"x\"]",
        "+2 09:00 message ticket=V actor=customer",
        "+2 09:10 status ticket=V status=solved",
    ]);
    assert_eq!(lines, (0.0, 1.0, 0));
}

#[test]
fn the_window_ends_to_the_second_and_is_shorter_after_an_email() {
    let again = |at: &str, channel: &str| {
        let opened = format!("{at} ticket_opened ticket=U customer=c channel={channel} intent=a");
        let asks = format!("{at} message ticket=U actor=customer");
        let solved = "+12 12:00 status ticket=U status=solved";
        let lines: Vec<&str> = FIRST
            .iter()
            .copied()
            .chain([opened.as_str(), asks.as_str(), solved])
            .collect();
        closed(&lines).1
    };
    assert_eq!(again("+7 09:10:00", "chat"), 1.0, "at its end it still belongs");
    assert_eq!(again("+7 09:10:01", "chat"), 2.0);
    let email = |at: &str| {
        let opened = format!("{at} ticket_opened ticket=U customer=c channel=chat intent=a");
        let asks = format!("{at} message ticket=U actor=customer");
        closed(&[
            "09:00 ticket_opened ticket=T customer=c channel=email intent=a",
            "09:00 message ticket=T actor=customer",
            "09:10 status ticket=T status=solved",
            &opened,
            &asks,
            "+9 00:00 status ticket=U status=solved",
        ])
        .1
    };
    assert_eq!(email("+5 09:10:00"), 1.0);
    assert_eq!(email("+5 09:10:01"), 2.0);
}

#[test]
fn a_reopen_stops_the_window_and_unsolved_matters_never_close() {
    // Open until day 10: it closes on day 17, with one contact.
    let reopened = with(&[
        "+3 09:00 status ticket=T status=open",
        "+10 09:00 status ticket=T status=solved",
    ]);
    assert_eq!(reopened, (1.0, 1.0, 0));
    let still_open = with(&["+3 09:00 status ticket=T status=open"]);
    assert_eq!(still_open, (0.0, 0.0, 1));
    // Closed, but not solved.
    let closed_only = closed(&[
        "09:00 ticket_opened ticket=T customer=c channel=chat",
        "09:00 message ticket=T actor=customer",
        "09:10 status ticket=T status=closed",
    ]);
    assert_eq!(closed_only, (0.0, 1.0, 0));
    // After it closed for good a contact in the same ticket begins a new one.
    let again = with(&["+8 09:00 message ticket=T actor=customer"]);
    assert_eq!(again, (2.0, 2.0, 0));
}

#[test]
fn switches_and_transfers_are_counted_until_the_close() {
    let desk = desk(&[
        "08:00 ticket_opened ticket=T customer=c channel=chat queue=q",
        "08:10 assigned ticket=T queue=r",
        "09:00 message ticket=T actor=customer",
        "09:05 message ticket=T actor=agent:a",
        "09:06 message ticket=T actor=customer channel=email",
        "09:07 assigned ticket=T queue=q",
        "09:10 status ticket=T status=solved",
        "+10 09:00 assigned ticket=T queue=r",
    ])
    .for_days(10);
    assert_eq!(desk.told("contacts_per_episode").0, Some(2.0));
    assert_eq!(desk.told("channel_switches_per_episode").0, Some(1.0));
    assert_eq!(
        desk.told("transfers_per_episode").0,
        Some(1.0),
        "from the first contact to the close"
    );
}

#[test]
fn links_of_what_a_ticket_is_merged_into_count() {
    // T is merged into R, which has no contact of its own and is linked to U.
    let lines = |link: &'static str| {
        with(&[
            "+1 08:00 ticket_opened ticket=R customer=c channel=email opened_by=agent",
            "+1 08:30 merged ticket=T into=R",
            "+1 08:40 status ticket=R status=solved",
            "+1 09:00 ticket_opened ticket=U customer=c channel=chat",
            link,
            "+1 09:05 message ticket=U actor=customer",
            "+1 09:10 status ticket=U status=solved",
        ])
    };
    assert_eq!(lines("+1 09:01 linked ticket=R to=U"), (0.0, 1.0, 0), "one episode");
    assert_eq!(
        lines("+1 09:01 linked ticket=U to=R"),
        (0.0, 1.0, 0),
        "in either direction"
    );
    assert_eq!(
        lines("+1 09:01 handoff ticket=U"),
        (2.0, 2.0, 0),
        "without a link they are two"
    );
}
