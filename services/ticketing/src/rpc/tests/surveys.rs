//! Surveys: who is asked when, and which answer holds.

mod answers;
mod definitions;
mod merges;
mod sendings;

use super::*;

impl Fixture {
    /// A survey that is sent at each solve.
    pub async fn survey(&self, id: &str, kind: pb::SurveyKind, change: impl FnOnce(&mut pb::Survey)) -> pb::Survey {
        let mut survey = pb::Survey {
            kind: kind.into(),
            ask_comment: true,
            rule: Some(pb::SurveyRule {
                trigger: pb::survey_rule::Trigger::Solved.into(),
                ..pb::SurveyRule::default()
            }),
            active: true,
            ..pb::Survey::default()
        };
        change(&mut survey);
        let request = pb::CreateSurveyRequest {
            survey_id: id.into(),
            survey: Some(survey),
            ..pb::CreateSurveyRequest::default()
        };
        create_survey::handle(&self.app, acme(request)).await.expect("a survey")
    }

    /// A ticket that is solved by Anna.
    pub async fn solved(&self) -> pb::Ticket {
        let ticket = self.ticket().await;
        self.solve(&ticket).await
    }

    pub async fn solve(&self, ticket: &pb::Ticket) -> pb::Ticket {
        let assign = pb::AssignTicketRequest {
            name: ticket.name.clone(),
            agent: "agents/anna".into(),
            ..pb::AssignTicketRequest::default()
        };
        assign_ticket::handle(&self.app, acme(assign)).await.expect("assigns");
        self.state(ticket, pb::ticket::State::Solved).await.expect("solves")
    }

    /// Everything that was sent, as the feed told it.
    pub async fn sent(&self) -> Vec<pb::SurveySending> {
        let events = self.events("acme").await;
        let sent = |event: pb::Event| match event.payload? {
            pb::event::Payload::SurveySent(sent) => sent.sending,
            _ => None,
        };
        events.into_iter().filter_map(sent).collect()
    }

    pub async fn sendings(&self) -> Vec<pb::SurveySending> {
        let request = acme(pb::ListSurveySendingsRequest::default());
        let listed = list_survey_sendings::handle(&self.app, request).await.expect("a list");
        listed.survey_sendings
    }

    pub async fn send(&self, survey: &str, ticket: &str, customer: &str) -> Result<pb::SurveySending, Error> {
        let request = pb::SendSurveyRequest {
            survey: survey.into(),
            ticket: ticket.into(),
            customer: customer.into(),
            ..pb::SendSurveyRequest::default()
        };
        send_survey::handle(&self.app, acme(request)).await
    }

    pub async fn tick(&self) {
        crate::send_due::tick(&self.app.store, &self.clock.shared())
            .await
            .expect("reads what is due");
    }
}

pub fn span(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

pub fn rule(survey: &mut pb::Survey) -> &mut pb::SurveyRule {
    survey.rule.get_or_insert_with(Default::default)
}
