use prost_types::Timestamp;
use vorrang_api::analytics::v1::Grain;
use vorrang_api::feed::v1::EventHead;
use vorrang_api::ticketing::v1 as ticketing;

use super::*;
use crate::projection::{Owner, Projection};

const HOUR: i64 = 3_600;

/// A projection that has read everything: `tickets` tickets of tenant `acme`, one an hour from 1970 on.
fn projection(tickets: i64) -> Projection {
    let at = |number: i64| {
        Some(Timestamp {
            seconds: number * HOUR,
            nanos: 0,
        })
    };
    let events: Vec<ticketing::Event> = (0..tickets)
        .map(|number| {
            let ticket = ticketing::Ticket {
                name: format!("tickets/{number}"),
                opened_at: at(number),
                ..ticketing::Ticket::default()
            };
            let created = ticketing::TicketCreated { ticket: Some(ticket) };
            ticketing::Event {
                cause: None,
                head: Some(EventHead {
                    seq: number + 1,
                    occurred_at: at(number),
                    ..EventHead::default()
                }),
                payload: Some(ticketing::event::Payload::TicketCreated(created)),
            }
        })
        .collect();
    let projection = Projection::new();
    projection
        .apply(Owner::Ticketing, "acme", &events, (None, ""))
        .expect("in order");
    projection
}

fn ask(projection: &Projection, kpis: &[&str], grain: Grain) -> Result<QueryKpisResponse, Error> {
    let request = QueryKpisRequest {
        kpis: kpis.iter().map(|id| (*id).to_owned()).collect(),
        from: Some(Timestamp { seconds: 0, nanos: 0 }),
        to: Some(Timestamp {
            seconds: 20_000 * HOUR,
            nanos: 0,
        }),
        grain: grain.into(),
        ..QueryKpisRequest::default()
    };
    let command = Command::parse(request).expect("a good request");
    let as_of = 20_000 * HOUR * 1_000_000;
    ready::with_view(projection, "acme", (command.as_of, as_of), |view| {
        answer(view, &command)
    })
}

#[test]
fn ten_thousand_rows_with_the_totals_and_no_more() {
    let fits = ask(&projection(9_999), &["tickets_created"], Grain::Hour).expect("fits");
    assert_eq!(fits.rows.len(), ROWS_MAX);
    assert!(fits.encoded_len() < BYTES_MAX);
    let error = ask(&projection(10_000), &["tickets_created"], Grain::Hour).expect_err("one too many");
    assert_eq!((error.kind(), error.reason()), (Kind::Invalid, "TOO_MANY_ROWS"));
    // All figures of a request count together.
    let both = ["tickets_created", "full_resolution_time"];
    assert!(ask(&projection(4_999), &both, Grain::Hour).is_ok());
    assert!(ask(&projection(5_000), &both, Grain::Hour).is_err());
    assert!(ask(&projection(10_000), &both, Grain::Month).is_ok());
}

#[test]
fn the_total_is_marked_only_when_there_are_rows_beside_it() {
    let projection = projection(3);
    let whole = ask(&projection, &["tickets_created", "csat"], Grain::Unspecified).expect("an answer");
    let marks: Vec<(&str, bool)> = whole.rows.iter().map(|row| (row.kpi.as_str(), row.is_total)).collect();
    assert_eq!(marks, [("tickets_created", false), ("csat", false)]);
    let split = ask(&projection, &["tickets_created", "csat"], Grain::Day).expect("an answer");
    let marks: Vec<(&str, bool)> = split.rows.iter().map(|row| (row.kpi.as_str(), row.is_total)).collect();
    assert_eq!(
        marks,
        [("tickets_created", true), ("tickets_created", false), ("csat", true)]
    );
}

#[test]
fn facts_that_are_loading_are_no_facts() {
    let projection = projection(3);
    let error = ready::loaded(&projection).expect_err("no feed was read to its end");
    assert_eq!((error.kind(), error.reason()), (Kind::Unavailable, "FACTS_LOADING"));
    assert!(error.retry_after().is_some());
    assert!(error.message().contains("ticketing, routing, knowledge"), "{error}");
}

fn paged(projection: &Projection, page_size: i32, page_token: String) -> Result<QueryKpisResponse, Error> {
    let request = QueryKpisRequest {
        kpis: vec!["tickets_created".to_owned(), "full_resolution_time".to_owned()],
        from: Some(Timestamp { seconds: 0, nanos: 0 }),
        to: Some(Timestamp {
            seconds: 20_000 * HOUR,
            nanos: 0,
        }),
        grain: Grain::Hour.into(),
        page_size,
        page_token,
        ..QueryKpisRequest::default()
    };
    let command = Command::parse(request)?;
    let as_of = 20_000 * HOUR * 1_000_000;
    ready::with_view(projection, "acme", (command.as_of, as_of), |view| {
        answer(view, &command)
    })
}

#[test]
fn twelve_thousand_groups_come_in_pages() {
    let projection = projection(12_000);
    let mut rows = Vec::new();
    let (mut token, mut pages) = (String::new(), 0);
    loop {
        let page = paged(&projection, 20_000, token).expect("a page");
        assert!(page.rows.len() <= ROWS_MAX && page.encoded_len() < BYTES_MAX + 64 * 1024);
        rows.extend(page.rows);
        pages += 1;
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    // Both totals, and a row of each figure for every hour.
    assert_eq!((rows.len(), pages), (2 * 12_000 + 2, 3));
    let totals: Vec<&str> = rows
        .iter()
        .filter(|row| row.is_total)
        .map(|row| row.kpi.as_str())
        .collect();
    assert_eq!(totals, ["tickets_created", "full_resolution_time"]);
    let created: i64 = rows
        .iter()
        .filter(|row| row.kpi == "tickets_created" && !row.is_total)
        .map(|row| row.count)
        .sum();
    assert_eq!(created, 12_000);
    let first = paged(&projection, 10, String::new()).expect("a page").next_page_token;
    let error = paged(&projection, 20, first.clone()).map(|page| page.rows.len());
    assert_eq!(error.ok(), Some(20), "the size may change");
    let error = paged(&projection, -1, first).expect_err("no size");
    assert_eq!(error.violations()[0].field, "page_size");
}

#[test]
fn a_page_has_at_least_one_row_and_no_more_bytes_than_there_is_room_for() {
    let row = |letters| KpiRow {
        kpi: "x".repeat(letters),
        ..KpiRow::default()
    };
    let rows = [row(100), row(100), row(1_000), row(10)];
    assert_eq!(cut(&rows, 0, 10, 10_000), 4);
    assert_eq!(cut(&rows, 0, 2, 10_000), 2);
    assert_eq!(cut(&rows, 0, 10, 250), 2);
    assert_eq!(cut(&rows, 2, 10, 250), 3, "larger than the room, and alone");
    assert_eq!(cut(&rows, 4, 10, 250), 4);
    assert_eq!(cut(&rows, 9, 10, 250), 4);
}
