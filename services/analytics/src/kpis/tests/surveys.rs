//! Satisfaction and self-service.

use super::*;
use crate::facts::{About, Answered, Survey};

fn answered<'a>(ticket: &'a str, score: i32, agent: &'a str, solve: u32) -> Event<'a> {
    let about = About::Ticket(ticket);
    Event::SurveyAnswered(Answered {
        about,
        survey: Survey::Csat,
        score: f64::from(score),
        agent,
        solve,
    })
}

fn sent(ticket: &str) -> Event<'_> {
    Event::SurveySent {
        about: About::Ticket(ticket),
        survey: Survey::Csat,
    }
}

#[test]
fn a_later_answer_about_the_same_solve_replaces_the_earlier_one() {
    let mut desk = Desk::default();
    desk.at(0, &[opened("t", "email")])
        .at(1, &[assigned("t", "ada", "q")])
        .at(10, &[status("t", Status::Solved)])
        .at(11, &[answered("t", 1, "", 0)])
        .at(12, &[answered("t", 5, "", 1)])
        .at(20, &[status("t", Status::Open), assigned("t", "ben", "")])
        .at(30, &[status("t", Status::Solved)])
        .at(31, &[answered("t", 2, "", 0)]);
    assert_eq!(desk.figures_at("csat", 11).value, Some(0.0));
    assert_eq!(desk.figures_at("csat", 12).value, Some(100.0));
    let figures = desk.figures("csat");
    assert_eq!(
        (figures.value, figures.numerator, figures.denominator),
        (Some(50.0), Some(1.0), Some(2.0))
    );
    assert_eq!((figures.mean, figures.sum), (Some(3.5), Some(7.0)));
    assert_eq!(desk.figures("csat/mean").value, Some(3.5));
    assert_eq!(desk.figures("csat/unsatisfied").numerator, Some(1.0));
    // Each answer belongs to whoever had the ticket at its solve.
    assert_eq!(
        desk.split("csat", Dimension::Agent),
        [
            ("ada".to_owned(), Some(100.0), 1, 0),
            ("ben".to_owned(), Some(0.0), 1, 0)
        ]
    );
}

/// D38: the later answer replaces the earlier one, at its own time, in whatever order they are told.
#[test]
fn the_later_answer_about_a_solve_holds() {
    let mut desk = Desk::default();
    desk.at(0, &[opened("t", "email")])
        .at(10, &[status("t", Status::Solved)])
        .at(14, &[answered("t", 4, "", 1)])
        .at(20, &[answered("t", 5, "", 1)])
        .at(15, &[answered("t", 1, "", 1)]);
    assert_eq!(desk.figures_at("csat/mean", 14).value, Some(4.0));
    assert_eq!(desk.figures_at("csat/mean", 15).value, Some(1.0));
    let figures = desk.figures("csat/mean");
    assert_eq!((figures.value, figures.count), (Some(5.0), 1));
    // Unless that one is taken back, as an owner does when a correction is told with an earlier time.
    let taken_back = Answered {
        about: About::Ticket("t"),
        survey: Survey::Csat,
        score: 5.0,
        agent: "",
        solve: 1,
    };
    desk.at(20, &[Event::AnswerTakenBack(taken_back)]);
    assert_eq!(desk.figures("csat/mean").value, Some(1.0));
}

#[test]
fn an_answer_that_names_an_agent_is_about_that_agent() {
    let mut desk = Desk::default();
    desk.at(0, &[opened("t", "email"), assigned("t", "ada", "q")])
        .at(10, &[status("t", Status::Solved)])
        .at(11, &[answered("t", 4, "eve", 1)]);
    assert_eq!(
        desk.split("csat", Dimension::Agent),
        [("eve".to_owned(), Some(100.0), 1, 0)]
    );
}

#[test]
fn answers_without_a_ticket_all_count_and_other_surveys_never() {
    let mut desk = Desk::default();
    let loose = |survey, score| Answered {
        about: About::Customer("mara"),
        survey,
        score,
        agent: "",
        solve: 0,
    };
    let given = |survey, score| Event::SurveyAnswered(loose(survey, score));
    desk.at(0, &[person("mara", "vip")])
        .at(1, &[given(Survey::Csat, 5.0), given(Survey::Nps, 10.0)])
        .at(2, &[given(Survey::Csat, 3.0)]);
    assert_eq!(
        desk.split("csat", Dimension::Tier),
        [("vip".to_owned(), Some(50.0), 2, 0)]
    );
    // Unless one is taken back: it was the answer to a question that was answered again.
    desk.at(2, &[Event::AnswerTakenBack(loose(Survey::Csat, 3.0))])
        .at(3, &[given(Survey::Csat, 4.0)]);
    assert_eq!(
        desk.split("csat", Dimension::Tier),
        [("vip".to_owned(), Some(100.0), 2, 0)]
    );
}

#[test]
fn the_response_rate_is_of_the_questions_sent() {
    let mut desk = Desk::default();
    desk.at(0, &[opened("t", "email"), opened("u", "email")])
        .at(1, &[sent("t"), sent("u")])
        .at(2, &[answered("t", 5, "", 0), answered("t", 4, "", 0)])
        .at(3, &[sent("t")]);
    let figures = desk.figures("csat/response_rate");
    assert_eq!((figures.numerator, figures.denominator), (Some(1.0), Some(3.0)));
}

#[test]
fn self_service_counts_sessions_and_tickets_that_no_agent_touched() {
    let mut desk = Desk::default();
    let solved = |id| session(id, SessionStep::Solved, "");
    desk.at(
        0,
        &[opened("bot", "chat"), opened("note", "chat"), opened("given", "chat")],
    )
    .at(1, &[bot("bot"), notes("note", "ada"), assigned("given", "ada", "q")])
    .at(2, &[status("bot", Status::Solved), status("note", Status::Solved)])
    .at(2, &[status("given", Status::Solved)])
    .at(
        3,
        &[solved("s1"), solved("s2"), session("s3", SessionStep::Started, "mara")],
    )
    .at(9, &[session("s2", SessionStep::Escalated, "")]);
    // Being assigned is not handling; a note is. s2 was escalated after all, s3 was just left.
    let figures = desk.figures("self_service_rate");
    assert_eq!(
        (figures.numerator, figures.denominator, figures.value),
        (Some(3.0), Some(4.0), Some(75.0))
    );
    assert_eq!(desk.figures_at("self_service_rate", 8).denominator, Some(5.0));
}

#[test]
fn an_agent_handles_a_ticket_by_status_accept_or_wrap_up_too() {
    let steps: [(&str, Event<'_>); 3] = [
        (
            "status",
            Event::Status {
                ticket: "t",
                status: Status::Open,
                actor: Some(ActorKind::Agent),
            },
        ),
        (
            "accept",
            Event::QueueAccepted {
                ticket: "t",
                queue: "q",
                agent: "ada",
                by_hand: false,
            },
        ),
        (
            "wrap-up",
            Event::WrapUpEnded {
                ticket: "t",
                agent: "ada",
                talk: None,
                hold: None,
            },
        ),
    ];
    for (name, step) in steps {
        let mut desk = Desk::default();
        desk.at(0, &[opened("t", "chat")])
            .at(1, &[step])
            .at(2, &[status("t", Status::Solved)]);
        assert_eq!(desk.figures("self_service_rate").value, Some(0.0), "{name}");
    }
}
