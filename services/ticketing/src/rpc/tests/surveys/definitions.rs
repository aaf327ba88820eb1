use vorrang_error::Kind;
use vorrang_testkit::both_engines;

use super::super::ticket_fields::{define, of_type, value};
use super::*;

both_engines! {
    async fn a_survey_is_defined_read_changed_and_told(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let made = desk.survey("after-chat", pb::SurveyKind::CesEase, |survey| {
            survey.display_name = "Nach dem Chat".into();
            survey.texts = vec![pb::SurveyText {
                language: "de".into(),
                question: "Leicht?".into(),
                ..pb::SurveyText::default()
            }];
            rule(survey).delay = span(3_600);
            rule(survey).condition = "channel = CHAT".into();
            rule(survey).share = Some(0.5);
            rule(survey).every = span(30 * 86_400);
            survey.late_for = span(86_400);
        }).await;
        assert_eq!(made.name, "surveys/after-chat");
        assert_eq!(made.valid_for, span(30 * 86_400), "the default is told");
        let scale = made.scale.expect("follows from the kind");
        assert_eq!((scale.lowest, scale.highest), (1, 7));
        assert_eq!(scale.direction(), pb::survey_scale::Direction::HighIsGood);

        desk.wait(5);
        let get = pb::GetSurveyRequest { name: made.name.clone() };
        let read = get_survey::handle(&desk.app, acme(get)).await.expect("is there");
        assert_eq!(read, made);
        let update = |etag: &str, paths: &[&str]| pb::UpdateSurveyRequest {
            survey: Some(pb::Survey { name: made.name.clone(), etag: etag.into(), ..pb::Survey::default() }),
            update_mask: Some(prost_types::FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() }),
            ..pb::UpdateSurveyRequest::default()
        };
        let off = update_survey::handle(&desk.app, acme(update(&made.etag, &["active"]))).await.expect("changes");
        assert!(!off.active && off.rule == made.rule && off.etag != made.etag);
        let late = update_survey::handle(&desk.app, acme(update(&made.etag, &["rule"]))).await.expect_err("too late");
        assert_eq!(late.reason(), "ETAG_MISMATCH");
        let kind = update_survey::handle(&desk.app, acme(update("", &["kind"]))).await.expect_err("never changes");
        assert_eq!(kind.violations()[0].field, "update_mask");
        let same = update_survey::handle(&desk.app, acme(update("", &["active"]))).await.expect("no change");
        assert_eq!(same, off);
        assert_eq!(desk.kinds(0).await, ["survey_defined", "survey_defined"]);

        desk.survey("b", pb::SurveyKind::Csat, |_| {}).await;
        let list = pb::ListSurveysRequest { page_size: 1, ..pb::ListSurveysRequest::default() };
        let first = list_surveys::handle(&desk.app, acme(list.clone())).await.expect("a page");
        assert_eq!(first.surveys, [off]);
        let list = pb::ListSurveysRequest { page_token: first.next_page_token, ..list };
        let second = list_surveys::handle(&desk.app, acme(list)).await.expect("a page");
        assert_eq!((second.surveys[0].name.as_str(), second.next_page_token.as_str()), ("surveys/b", ""));
    }

    /// Conditions are the filters of lists: any field of a ticket, the tenant's own too.
    async fn a_condition_is_a_filter_as_everywhere(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let unknown = pb::CreateSurveyRequest {
            survey_id: "x".into(),
            survey: Some(pb::Survey {
                kind: pb::SurveyKind::Csat.into(),
                rule: Some(pb::SurveyRule { condition: "custom_fields.plan = gold".into(), ..Default::default() }),
                ..Default::default()
            }),
            ..Default::default()
        };
        let error = create_survey::handle(&desk.app, acme(unknown)).await.expect_err("no such field");
        assert_eq!(error.violations()[0].field, "survey.rule.condition");
        define(&desk, "plan", of_type(pb::ticket_field::Type::Code)).await.expect("a field");
        let condition = "custom_fields.plan = gold AND state = SOLVED AND solve_count = 1 AND disposition = NORMAL AND NOT automated = true";
        let made = desk.survey("gold", pb::SurveyKind::Csat, |survey| rule(survey).condition = condition.into()).await;
        assert_eq!(rule(&mut made.clone()).condition, condition);
        desk.survey("nobody", pb::SurveyKind::Pec, |survey| rule(survey).condition = "assignee = \"agents/nobody\"".into()).await;
        let code = |word: &str| value(pb::custom_field_value::Value::Code(word.into()));
        for (plan, asked) in [("gold", 1), ("lead", 1)] {
            let ticket = desk.ticket().await;
            let update = pb::UpdateTicketRequest {
                ticket: Some(pb::Ticket {
                    name: ticket.name.clone(),
                    custom_fields: [("plan".to_owned(), code(plan))].into(),
                    ..pb::Ticket::default()
                }),
                update_mask: Some(prost_types::FieldMask { paths: vec!["custom_fields".into()] }),
                ..pb::UpdateTicketRequest::default()
            };
            let ticket = update_ticket::handle(&desk.app, acme(update)).await.expect("changes");
            desk.solve(&ticket).await;
            assert_eq!(desk.sent().await.len(), asked, "{plan}");
        }
    }

    async fn a_survey_that_makes_no_sense_is_refused_with_every_reason(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let text = |language: &str| pb::SurveyText { language: language.into(), ..pb::SurveyText::default() };
        let request = pb::CreateSurveyRequest {
            survey_id: "Not An Id".into(),
            survey: Some(pb::Survey {
                texts: vec![text("de"), text("DE"), text("")],
                valid_for: span(60),
                late_for: span(-1),
                rule: Some(pb::SurveyRule {
                    trigger: 9,
                    delay: span(365 * 86_400),
                    condition: "mood = good".into(),
                    share: Some(f64::NAN),
                    every: span(1),
                    position: i32::MIN + 1,
                }),
                repeats: 7,
                ..pb::Survey::default()
            }),
            ..pb::CreateSurveyRequest::default()
        };
        let error = create_survey::handle(&desk.app, acme(request)).await.expect_err("nothing is right");
        let fields: Vec<&str> = error.violations().iter().map(|one| one.field.as_str()).collect();
        for field in [
            "survey_id", "survey.kind", "survey.texts[1].language", "survey.texts[2].language", "survey.texts[0].question",
            "survey.valid_for", "survey.late_for", "survey.rule.trigger", "survey.rule.delay", "survey.rule.condition",
            "survey.rule.share", "survey.rule.every", "survey.rule.position", "survey.repeats",
        ] {
            assert!(fields.contains(&field), "{field} is not in {fields:?}");
        }
        let capped = pb::CreateSurveyRequest {
            survey_id: "csat".into(),
            survey: Some(pb::Survey {
                kind: pb::SurveyKind::Csat.into(),
                rule: Some(pb::SurveyRule { every: span(86_400), ..pb::SurveyRule::default() }),
                ..pb::Survey::default()
            }),
            ..pb::CreateSurveyRequest::default()
        };
        let error = create_survey::handle(&desk.app, acme(capped)).await.expect_err("csat is about each solve");
        assert_eq!(error.violations()[0].field, "survey.rule.every");
        desk.survey("a", pb::SurveyKind::Nps, |_| {}).await;
        let again = pb::CreateSurveyRequest {
            survey_id: "a".into(),
            survey: Some(pb::Survey { kind: pb::SurveyKind::Pec.into(), ..pb::Survey::default() }),
            ..pb::CreateSurveyRequest::default()
        };
        let error = create_survey::handle(&desk.app, acme(again)).await.expect_err("is taken");
        assert_eq!((error.kind(), error.reason()), (Kind::AlreadyExists, "SURVEY_EXISTS"));
        assert_eq!(desk.kinds(0).await, ["survey_defined"], "nothing half done");
    }
}
