//! Surveys of customers who are merged, and of those whose data is gone.

use sea_orm::ConnectionTrait as _;
use vorrang_testkit::both_engines;

use super::super::privacy::{CANARY, dump, holds};
use super::*;

impl Fixture {
    async fn answers_of(&self, customer: &str) -> Vec<pb::SurveyAnswer> {
        let request = pb::ListSurveyAnswersRequest {
            customer: customer.into(),
            ..pb::ListSurveyAnswersRequest::default()
        };
        let listed = list_survey_answers::handle(&self.app, acme(request))
            .await
            .expect("a list");
        assert!(listed.survey_answers.iter().all(|answer| answer.customer == customer));
        listed.survey_answers
    }

    async fn sendings_to(&self, customer: &str) -> Vec<pb::SurveySending> {
        let request = pb::ListSurveySendingsRequest {
            customer: customer.into(),
            ..pb::ListSurveySendingsRequest::default()
        };
        let listed = list_survey_sendings::handle(&self.app, acme(request))
            .await
            .expect("a list");
        assert!(
            listed
                .survey_sendings
                .iter()
                .all(|sending| sending.customer == customer)
        );
        listed.survey_sendings
    }

    async fn says(&self, score: i32, about: impl FnOnce(&mut pb::AnswerSurveyRequest)) -> pb::SurveyAnswer {
        let mut request = pb::AnswerSurveyRequest {
            score,
            comment: format!("{CANARY} {score}"),
            ..pb::AnswerSurveyRequest::default()
        };
        about(&mut request);
        answer_survey::handle(&self.app, acme(request))
            .await
            .expect("an answer")
    }
}

fn names(answers: &[pb::SurveyAnswer]) -> Vec<&str> {
    let mut names: Vec<_> = answers.iter().map(|answer| answer.name.as_str()).collect();
    names.sort_unstable();
    names
}

both_engines! {
    /// What Ann was asked and said is Bob's while the two are one, and hers again afterwards, under the same names.
    async fn answers_go_along_with_a_merge_and_come_back(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.survey("csat", pb::SurveyKind::Csat, |_| {}).await;
        desk.survey("later", pb::SurveyKind::CesEase, |survey| rule(survey).delay = span(3_600)).await;
        desk.survey("nps", pb::SurveyKind::Nps, |survey| {
            rule(survey).trigger = pb::survey_rule::Trigger::Unspecified.into();
            rule(survey).every = span(30 * 86_400);
        }).await;
        let (ann, bob) = (desk.customer("ann@example.org").await, desk.customer("bob@example.org").await);
        let solved = desk.ticket_of(&ann).await;
        desk.solve(&solved).await;
        let sending = desk.send("surveys/nps", "", &ann.name).await.expect("sends");
        let about_ticket = desk.says(5, |request| (request.ticket, request.survey) = (solved.name.clone(), "csat".into())).await;
        let to_sending = desk.says(9, |request| request.sending = sending.name.clone()).await;
        let loose = desk.says(3, |request| (request.customer, request.survey) = (ann.name.clone(), "nps".into())).await;
        let all = [about_ticket.clone(), to_sending.clone(), loose.clone()];
        assert_eq!(names(&desk.answers_of(&ann.name).await), names(&all));

        desk.merge_customers(&ann.name, &bob.name).await.expect("merges");
        let merged = desk.answers_of(&bob.name).await;
        assert_eq!(names(&merged), names(&all), "names never change");
        assert!(merged.iter().all(|answer| answer.comment.starts_with(CANARY)), "and can be read");
        assert!(desk.answers_of(&ann.name).await.is_empty() && desk.sendings_to(&ann.name).await.is_empty());
        assert_eq!(desk.sendings_to(&bob.name).await.len(), 3);
        let get = pb::GetSurveySendingRequest { name: sending.name.clone() };
        let read = get_survey_sending::handle(&desk.app, acme(get)).await.expect("is there");
        assert_eq!(read.customer, bob.name);
        let lately = desk.send("surveys/nps", "", &bob.name).await.expect_err("asked as Ann");
        assert_eq!(lately.reason(), "ASKED_LATELY");
        // What was planned for Ann is sent to Bob.
        desk.wait(3_600);
        desk.tick().await;
        let sent = desk.sent().await.pop().expect("sent");
        assert_eq!((sent.survey.as_str(), &sent.customer, &sent.ticket), ("surveys/later", &bob.name, &solved.name));
        // Who answers Ann's question is Bob now, and it is still the answer to that question.
        let changed = desk.says(1, |request| request.sending = sending.name.clone()).await;
        assert_eq!((&changed.name, &changed.customer), (&to_sending.name, &bob.name));
        let events = desk.events("acme").await;
        let Some(pb::event::Payload::SurveyAnswered(told)) = &events.last().expect("told").payload else { panic!("{events:?}") };
        let previous = told.previous.as_ref().expect("what it replaces");
        assert_eq!((previous.score, previous.comment.as_str(), previous.has_comment), (9, "", true));
        assert_eq!((previous.answered_at, told.replaced), (to_sending.answered_at, true));
        let again = desk.says(2, |request| (request.customer, request.survey) = (ann.name.clone(), "nps".into())).await;
        assert_eq!(again.customer, bob.name, "a tombstone leads to the other");
        assert!(again.name.starts_with(&bob.name));

        desk.unmerge_customer(&ann.name).await.expect("unmerges");
        assert_eq!(names(&desk.answers_of(&ann.name).await), names(&all));
        assert_eq!(desk.answers_of(&bob.name).await, [again], "what Bob said since is his");
        assert_eq!((desk.sendings_to(&ann.name).await.len(), desk.sendings_to(&bob.name).await.len()), (3, 0));
        for one in [&ann, &bob] {
            let lately = desk.send("surveys/nps", "", &one.name).await.expect_err("both were asked");
            assert_eq!(lately.reason(), "ASKED_LATELY");
        }
        assert!(!holds(&dump(&desk.db).await, CANARY), "a comment is in the clear");
    }

    /// With the keys the comments are gone, everywhere; that there was one, and its score, stays. Nothing can be added.
    async fn what_was_said_is_erased_with_its_keys(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        desk.survey("csat", pb::SurveyKind::Csat, |_| {}).await;
        let ticket = desk.solved().await;
        desk.says(2, |request| (request.ticket, request.survey) = (ticket.name.clone(), "csat".into())).await;
        desk.says(4, |request| (request.customer, request.survey) = (ticket.customer.clone(), "nps".into())).await;
        let tx = desk.db.begin().await.expect("begins");
        tx.conn().execute_unprepared("DELETE FROM personal_keys").await.expect("runs");
        tx.commit().await.expect("commits");

        let desk = Fixture::restarted(&db, desk.clock).await;
        for answer in desk.answers_of(&ticket.customer).await {
            assert_eq!((answer.comment.as_str(), answer.has_comment), ("", true));
        }
        assert!(!format!("{:?}", desk.events("acme").await).contains(CANARY));
        let more = pb::AnswerSurveyRequest { ticket: ticket.name, survey: "csat".into(), score: 1, ..Default::default() };
        let refused = answer_survey::handle(&desk.app, acme(more)).await.expect_err("nothing can be added");
        assert_eq!(refused.reason(), "ERASED");
    }
}
