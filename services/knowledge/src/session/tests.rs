use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("valid")
}

fn session() -> Session {
    Session::start(Uuid::from_u128(7), Opening::default(), at(0)).0
}

fn ticket(name: &str) -> FollowUp {
    FollowUp::Ticket(name.to_owned())
}

#[test]
fn a_session_ends_once() {
    let mut solved = session();
    assert!(solved.solve(at(1)).expect("may").is_some());
    assert!(solved.solve(at(2)).expect("may").is_none(), "a repeat changes nothing");
    assert_eq!(solved.ended_at, Some(at(1)));
    let error = solved.escalate(ticket("tickets/a"), at(3)).expect_err("it is solved");
    assert_eq!(error.reason(), "SESSION_ENDED");

    let mut escalated = session();
    assert!(escalated.escalate(ticket("tickets/a"), at(1)).expect("may").is_some());
    assert!(escalated.escalate(ticket("tickets/b"), at(2)).expect("may").is_none());
    assert_eq!(escalated.ticket(), Some("tickets/a"), "the first ticket stays");
    assert_eq!(
        escalated.solve(at(3)).expect_err("it is escalated").reason(),
        "SESSION_ENDED"
    );
}

#[test]
fn an_awaited_ticket_is_linked_once() {
    let mut session = session();
    session
        .escalate(FollowUp::Receipt("receipts/r".into()), at(1))
        .expect("may");
    assert_eq!(session.ticket(), None);
    assert!(session.link(ticket("tickets/a")).is_some());
    assert!(session.link(ticket("tickets/b")).is_none());
    assert_eq!((session.ticket(), session.ended_at), (Some("tickets/a"), Some(at(1))));
}

#[test]
fn searches_and_views_are_counted() {
    let mut session = session();
    session.search("rückgabe".into(), 3);
    session.search("umtausch".into(), 0);
    session.view(Uuid::from_u128(1));
    assert_eq!((session.search_count, session.view_count), (2, 1));
    assert_eq!(session.state, State::Started);
}
