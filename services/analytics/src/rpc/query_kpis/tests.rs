use prost_types::Timestamp;
use vorrang_api::analytics::v1::Grain;
use vorrang_api::feed::v1::EventHead;
use vorrang_api::ticketing::v1 as ticketing;

use super::*;

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
    answer(projection, "acme", &command, 20_000 * HOUR * 1_000_000)
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
    let error = loaded(&projection).expect_err("no feed was read to its end");
    assert_eq!((error.kind(), error.reason()), (Kind::Unavailable, "FACTS_LOADING"));
    assert!(error.retry_after().is_some());
    assert!(error.message().contains("ticketing, routing, knowledge"), "{error}");
}
