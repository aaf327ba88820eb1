//! Automations: defined, set off, stopped, tested, listed.

mod definitions;
mod following;
mod guards;
mod outside;
mod testing;
mod times;

use pb::automation::{Event, OnEvents, Trigger};
use pb::event::Payload;
use pb::ticket_action::Action;
use vorrang_clock::Clock;

use super::macros::{act, become_state, tags, words};
use super::*;
use crate::loops;

pub fn on(events: &[Event]) -> Option<Trigger> {
    Some(Trigger::OnEvents(OnEvents {
        events: events.iter().map(|event| (*event).into()).collect(),
    }))
}

pub fn automation(trigger: Option<Trigger>, condition: &str, actions: Vec<Action>) -> pb::Automation {
    pb::Automation {
        display_name: "Automation".into(),
        trigger,
        condition: condition.into(),
        actions: actions.into_iter().map(act).collect(),
        ..pb::Automation::default()
    }
}

pub fn reply(text: &str) -> Action {
    Action::Reply(words(&[("", text)]))
}

pub fn tag(tag: &str) -> Action {
    Action::AddTags(tags(&[tag]))
}

impl Fixture {
    pub async fn try_automation(&self, automation: pb::Automation) -> Result<pb::Automation, Error> {
        let request = pb::CreateAutomationRequest {
            automation: Some(automation),
            ..pb::CreateAutomationRequest::default()
        };
        create_automation::handle(&self.app, acme(request)).await
    }

    pub async fn enable(&self, automation: &pb::Automation) -> pb::Automation {
        let request = pb::EnableAutomationRequest {
            name: automation.name.clone(),
            ..pb::EnableAutomationRequest::default()
        };
        enable_automation::handle(&self.app, acme(request))
            .await
            .expect("enables")
    }

    /// One that works.
    pub async fn automate(&self, automation: pb::Automation) -> pb::Automation {
        let made = self.try_automation(automation).await.expect("makes");
        self.enable(&made).await
    }

    /// The loop looks until there is nothing left to do.
    pub async fn work(&self) {
        vorrang_testkit::wait_until(
            vorrang_testkit::DEADLINE,
            "automations to have nothing to do",
            || async {
                let mut aside = loops::automations::Aside::new();
                let looked = loops::automations::tick(&self.app.store, self.clock.now(), &mut aside).await;
                assert!(aside.is_empty(), "{aside:?}");
                let behind = self.app.store.behind_automations().await.expect("reads");
                matches!(looked, Ok(false)) && behind.is_empty()
            },
        )
        .await;
    }

    pub async fn runs(&self, ticket: &pb::Ticket) -> Vec<pb::AutomationRun> {
        let request = pb::ListAutomationRunsRequest {
            of: Some(pb::list_automation_runs_request::Of::Ticket(ticket.name.clone())),
            ..pb::ListAutomationRunsRequest::default()
        };
        list_automation_runs::handle(&self.app, acme(request))
            .await
            .expect("lists")
            .runs
    }

    pub async fn get_automation(&self, name: &str) -> pb::Automation {
        let request = pb::GetAutomationRequest {
            name: name.into(),
            version: 0,
        };
        get_automation::handle(&self.app, acme(request)).await.expect("reads")
    }

    /// The runs that the log tells, in its order, with the event's cause.
    pub async fn told_runs(&self) -> Vec<(pb::AutomationRun, Vec<String>)> {
        let events = self.events("acme").await;
        let run = |event: pb::Event| match event.payload {
            Some(Payload::AutomationApplied(told)) => {
                Some((told.run.expect("a run"), event.cause.unwrap_or_default().automations))
            }
            _ => None,
        };
        events.into_iter().filter_map(run).collect()
    }
}
