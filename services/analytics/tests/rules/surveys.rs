//! Answers and reviews (D36–D38, D53, D58).

use super::*;

const SOLVED_TWICE: [&str; 7] = [
    "09:00 ticket_opened ticket=T customer=c channel=email queue=q1",
    "09:00 assigned ticket=T agent=ann",
    "09:10 status ticket=T status=solved",
    "10:00 status ticket=T status=open",
    "10:05 assigned ticket=T agent=bob queue=q2",
    "10:10 status ticket=T status=solved",
    "10:20 assigned ticket=T agent=eve",
];

fn with(more: &[&'static str]) -> Desk {
    let lines: Vec<&str> = SOLVED_TWICE.iter().chain(more).copied().collect();
    desk(&lines)
}

#[test]
fn an_answer_is_about_the_latest_solve_unless_it_says_which() {
    let desk = with(&[
        "09:20 survey_answered ticket=T survey=csat score=5",
        "10:30 survey_answered ticket=T survey=csat score=1",
        "10:40 survey_answered ticket=T survey=csat score=2 solve=1",
    ]);
    // The last one replaces the first, about the first solve.
    assert_eq!(
        desk.split("csat", Dimension::Agent),
        [("ann".to_owned(), 1, 0), ("bob".to_owned(), 1, 0)]
    );
    assert_eq!(desk.total("csat").sum, Some(3.0));
    // The queue is the one it was in when it was answered.
    assert_eq!(desk.split("csat", Dimension::Queue), [("q2".to_owned(), 2, 0)]);
}

#[test]
fn without_a_solve_nobody_is_rated_and_each_question_counts_for_itself() {
    let desk = desk(&[
        "09:00 ticket_opened ticket=T customer=c channel=email",
        "09:00 assigned ticket=T agent=ann",
        "09:20 survey_answered ticket=T survey=csat score=5",
        "09:20 survey_answered ticket=T survey=ces_effort score=2",
        "09:30 survey_answered ticket=T survey=csat score=3 agent=eve",
    ]);
    assert_eq!(desk.split("csat", Dimension::Agent), [("eve".to_owned(), 1, 0)]);
    assert_eq!(desk.split("ces_effort", Dimension::Agent), [("-".to_owned(), 1, 0)]);
}

#[test]
fn relational_and_transactional_answers_are_never_added() {
    let desk = with(&[
        "11:00 survey_answered customer=c survey=nps score=10",
        "11:00 survey_answered ticket=T survey=nps score=0",
    ]);
    assert_eq!(desk.told("nps").0, Some(100.0));
    assert_eq!(desk.told("nps/relational").0, Some(100.0));
    assert_eq!(desk.told("nps/transactional").0, Some(-100.0));
}

#[test]
fn a_question_is_answered_by_what_comes_before_the_next_one() {
    let desk = with(&[
        "10:11 survey_sent ticket=T survey=csat",
        "10:12 survey_sent ticket=T survey=csat",
        "10:13 survey_answered ticket=T survey=csat score=5",
        "10:14 survey_sent customer=c survey=csat",
        "10:15 survey_answered ticket=T survey=csat score=4",
    ]);
    assert_eq!(desk.share("csat/response_rate"), (1.0, 3.0, 0));
}

#[test]
fn the_connection_is_rated_by_customers_and_by_reviewers_out_of_five() {
    let desk = with(&[
        "11:00 review ticket=T agent=ann rubric={\"pec\":[4,5],\"tone\":[1,2]}",
        "11:10 review ticket=T agent=ann rubric={\"pec\":[8,10]} weights={\"pec\":2}",
        "11:20 survey_answered ticket=T survey=pec score=2 agent=bob",
    ]);
    let total = desk.total("personal_emotional_connection");
    assert_eq!((total.sum, total.count), (Some(6.0), 2));
    // 0.8 and 0.5 make 65 %, and 80 %.
    assert!(near(desk.total("quality_score").value, 72.5));
}
