use pb::ticket::State as Ticket;
use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::*;

impl Fixture {
    async fn give(&self, request: pb::AnswerSurveyRequest) -> Result<pb::SurveyAnswer, Error> {
        answer_survey::handle(&self.app, acme(request)).await
    }

    async fn given(&self, change: impl FnOnce(&mut pb::ListSurveyAnswersRequest)) -> Vec<pb::SurveyAnswer> {
        let mut request = pb::ListSurveyAnswersRequest::default();
        change(&mut request);
        let listed = list_survey_answers::handle(&self.app, acme(request))
            .await
            .expect("a list");
        listed.survey_answers
    }
}

fn about(ticket: &pb::Ticket, survey: &str, score: i32) -> pb::AnswerSurveyRequest {
    pb::AnswerSurveyRequest {
        ticket: ticket.name.clone(),
        survey: survey.into(),
        score,
        ..pb::AnswerSurveyRequest::default()
    }
}

both_engines! {
    /// Scale, direction, agent, solve, customer and comment are with the answer; the sending that it answers knows.
    async fn an_answer_is_told_with_all_that_figures_need(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.survey("effort", pb::SurveyKind::CesEffort, |_| {}).await;
        let ticket = desk.solved().await;
        let sending = desk.sent().await.remove(0);
        desk.state(&ticket, Ticket::Open).await.expect("reopens");
        desk.wait(10);
        let request = pb::AnswerSurveyRequest { comment: " Zu viele Formulare ".into(), ..about(&ticket, "ces_effort", 4) };
        let answer = desk.give(request).await.expect("still counts for its solve");
        assert_eq!((answer.solve, answer.agent.as_str(), answer.kind()), (1, "agents/anna", pb::SurveyKind::CesEffort));
        assert_eq!((answer.asked_by.as_str(), &answer.sending), ("surveys/effort", &sending.name));
        assert_eq!((answer.comment.as_str(), answer.has_comment, answer.late), ("Zu viele Formulare", true, false));
        let scale = answer.scale.as_ref().expect("stored");
        assert_eq!((scale.lowest, scale.highest, scale.direction()), (1, 5, pb::survey_scale::Direction::LowIsGood));
        let events = desk.events("acme").await;
        let Some(pb::event::Payload::SurveyAnswered(told)) = events.last().and_then(|event| event.payload.clone()) else {
            panic!("{events:?}");
        };
        assert_eq!((told.answer.as_ref(), told.replaced), (Some(&answer), false));
        let sending = desk.sendings().await.remove(0);
        assert_eq!(sending.answered_at, answer.answered_at, "sent and answered are linked");

        desk.wait(10);
        let other = pb::AnswerSurveyRequest { agent: "agents/ben".into(), ..about(&ticket, "surveys/effort", 1) };
        let other = desk.give(other).await.expect("replaces");
        assert_eq!((other.name.as_str(), other.agent.as_str()), (answer.name.as_str(), "agents/ben"));
        assert_eq!(desk.given(|request| request.ticket = ticket.name.clone()).await, [other]);
        assert_eq!(desk.sendings().await[0].answered_at, sending.answered_at, "answered when it was first answered");
    }

    async fn every_kind_can_be_answered_and_each_on_its_scale(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.solved().await;
        let kinds = [("csat", 1, 5), ("ces_effort", 1, 5), ("ces_ease", 1, 7), ("nps", 0, 10), ("one_contact", 0, 1), ("pec", 1, 5)];
        for (kind, lowest, highest) in kinds {
            for off in [lowest - 1, highest + 1] {
                let error = desk.give(about(&ticket, kind, off)).await.expect_err("off the scale");
                assert_eq!((error.kind(), error.violations()[0].field.as_str()), (Kind::Invalid, "score"));
            }
            let answer = desk.give(about(&ticket, kind, highest)).await.expect("the end of the scale");
            assert_eq!((answer.survey.as_str(), answer.asked_by.as_str(), answer.sending.as_str()), (kind, "", ""));
        }
        assert_eq!(desk.given(|_| {}).await.len(), 6, "kinds do not replace each other");
        assert_eq!(desk.given(|request| request.kind = pb::SurveyKind::Pec.into()).await.len(), 1);
        desk.survey("ease", pb::SurveyKind::CesEase, |_| {}).await;
        let off = desk.give(about(&ticket, "surveys/ease", 8)).await.expect_err("off the survey's scale");
        assert_eq!(off.violations()[0].field, "score");
        let strange = desk.give(about(&ticket, "mood", 1)).await.expect_err("no kind");
        assert_eq!(strange.violations()[0].field, "survey");
        let missing = desk.give(about(&ticket, "surveys/none", 1)).await.expect_err("no survey");
        assert_eq!(missing.kind(), Kind::NotFound);
    }

    async fn answers_about_no_ticket_all_count_and_those_to_a_sending_replace(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.survey("nps", pb::SurveyKind::Nps, |survey| survey.rule = None).await;
        let mara = desk.customer("mara@example.org").await;
        let said = |score| pb::AnswerSurveyRequest {
            customer: mara.name.clone(),
            survey: "nps".into(),
            score,
            ..pb::AnswerSurveyRequest::default()
        };
        let first = desk.give(said(9)).await.expect("an answer");
        let second = desk.give(said(3)).await.expect("another answer");
        assert_ne!(first.name, second.name);
        assert!(first.name.starts_with(&format!("{}/surveyAnswers/", mara.name)));
        assert_eq!((first.ticket.as_str(), first.solve, first.agent.as_str()), ("", 0, ""));

        let sending = desk.send("surveys/nps", "", &mara.name).await.expect("sends");
        let to = |score| pb::AnswerSurveyRequest { sending: sending.name.clone(), score, ..pb::AnswerSurveyRequest::default() };
        let third = desk.give(to(10)).await.expect("answers the sending");
        let changed = desk.give(to(0)).await.expect("changes it");
        assert_eq!((changed.name, &changed.sending), (third.name, &sending.name));
        assert_eq!(desk.given(|request| request.customer = mara.name.clone()).await.len(), 3);
        let told: Vec<(bool, bool)> = desk
            .events("acme")
            .await
            .into_iter()
            .filter_map(|event| match event.payload? {
                pb::event::Payload::SurveyAnswered(told) => Some((told.ticket.is_some(), told.replaced)),
                _ => None,
            })
            .collect();
        assert_eq!(told, [(false, false), (false, false), (false, false), (false, true)]);
        let nobody = pb::AnswerSurveyRequest { customer: format!("customers/{}", uuid::Uuid::nil()), ..said(1) };
        assert_eq!(desk.give(nobody).await.expect_err("nobody").kind(), Kind::NotFound);
        let wrong = pb::AnswerSurveyRequest { survey: "csat".into(), ..to(1) };
        assert_eq!(desk.give(wrong).await.expect_err("asks nps").violations()[0].field, "survey");
        let both = pb::AnswerSurveyRequest { customer: mara.name.clone(), ..to(1) };
        assert_eq!(desk.give(both).await.expect_err("one of them").violations()[0].field, "ticket");
    }

    async fn late_and_repeated_answers_follow_the_survey(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.survey("strict", pb::SurveyKind::Csat, |survey| {
            survey.valid_for = span(3_600);
            survey.repeats = pb::survey::Repeats::FirstStands.into();
        }).await;
        desk.survey("lenient", pb::SurveyKind::Pec, |survey| {
            survey.valid_for = span(3_600);
            survey.late_for = span(3_600);
        }).await;
        let (ticket, other) = (desk.solved().await, desk.solved().await);
        desk.give(about(&ticket, "csat", 5)).await.expect("on time");
        let again = desk.give(about(&ticket, "csat", 1)).await.expect_err("the first stands");
        assert_eq!((again.kind(), again.reason()), (Kind::Precondition, "ALREADY_ANSWERED"));
        desk.wait(3_601);
        let late = desk.give(about(&other, "csat", 5)).await.expect_err("too late");
        assert_eq!((late.kind(), late.reason()), (Kind::Precondition, "SURVEY_CLOSED"));
        assert!(desk.give(about(&other, "pec", 5)).await.expect("still taken").late);
        let in_time = pb::AnswerSurveyRequest {
            answered_at: Some(prost_types::Timestamp { seconds: START + 60, nanos: 0 }),
            ..about(&other, "csat", 3)
        };
        assert!(!desk.give(in_time).await.expect("answered in time, told late").late);
        desk.wait(3_600);
        assert_eq!(desk.give(about(&ticket, "pec", 5)).await.expect_err("closed").reason(), "SURVEY_CLOSED");
        assert_eq!(desk.given(|_| {}).await.len(), 3);
    }

    /// What is told late finds its solve by its own time, and never takes the place of what was said later.
    async fn answers_that_are_told_late_find_their_place(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let ticket = desk.solved().await;
        desk.wait(100);
        desk.state(&ticket, Ticket::Open).await.expect("reopens");
        desk.wait(100);
        desk.state(&ticket, Ticket::Solved).await.expect("solves again");
        desk.wait(100);
        let told = |second: i64, score| pb::AnswerSurveyRequest {
            answered_at: Some(prost_types::Timestamp { seconds: START + second, nanos: 0 }),
            ..about(&ticket, "csat", score)
        };
        let early = desk.give(told(-1, 1)).await.expect_err("before the first solve");
        assert_eq!(early.violations()[0].field, "answered_at");
        let solves = [(0, 1), (199, 1), (200, 2), (300, 2), (9_000, 2)];
        for (second, solve) in solves {
            assert_eq!(desk.give(told(second, 5)).await.expect("an answer").solve, solve, "at {second}");
        }
        assert_eq!(desk.give(about(&ticket, "csat", 4)).await.expect("now").solve, 2);

        let events = desk.events("acme").await.len();
        let (late, holds) = (desk.give(told(250, 1)).await.expect("is no error"), desk.given(|_| {}).await.remove(0));
        assert_eq!((&late, late.score), (&holds, 4), "what was said later holds");
        assert_eq!(desk.events("acme").await.len(), events, "nothing happened");
        assert_eq!(desk.give(told(300, 2)).await.expect("of the same second").score, 2, "the one told last");
    }

    async fn a_planned_sending_cannot_be_answered_and_tenants_are_apart(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let survey = desk.survey("later", pb::SurveyKind::Csat, |survey| rule(survey).delay = span(60)).await;
        let ticket = desk.solved().await;
        let planned = desk.sendings().await.remove(0);
        let to = pb::AnswerSurveyRequest { sending: planned.name.clone(), score: 1, ..pb::AnswerSurveyRequest::default() };
        assert_eq!(desk.give(to.clone()).await.expect_err("not sent").reason(), "SURVEY_NOT_SENT");
        let unasked = desk.give(about(&ticket, "csat", 4)).await.expect("by other means");
        assert_eq!(unasked.sending, "");
        let other = || Tenant::One("other".into());
        let error = answer_survey::handle(&desk.app, by(other(), to)).await.expect_err("not theirs");
        assert_eq!(error.kind(), Kind::NotFound);
        let get = pb::GetSurveyRequest { name: survey.name.clone() };
        assert_eq!(get_survey::handle(&desk.app, by(other(), get)).await.expect_err("not theirs").kind(), Kind::NotFound);
        let list = pb::ListSurveyAnswersRequest { ticket: ticket.name, ..pb::ListSurveyAnswersRequest::default() };
        let error = list_survey_answers::handle(&desk.app, by(other(), list)).await.expect_err("not theirs");
        assert_eq!(error.kind(), Kind::NotFound);
    }
}
