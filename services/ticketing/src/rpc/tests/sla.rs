//! Promises: policies, what they do to tickets, what is told when.

mod hours;
mod policies;
mod promises;
mod recalculation;
mod relations;
mod together;
mod wakes;

use chrono::TimeDelta;
use pb::event::Payload;
use pb::sla_target::Status;
use vorrang_clock::Clock;

use super::*;
use crate::loops;

pub const HOUR: i64 = 3_600;

pub fn goal(metric: pb::SlaMetric, seconds: i64) -> pb::sla_policy::Goal {
    pb::sla_policy::Goal {
        metric: metric.into(),
        seconds,
        clock: pb::SlaClock::Elapsed.into(),
        ..pb::sla_policy::Goal::default()
    }
}

/// First response in an hour, next response in half an hour, resolution in four hours: for everybody.
pub fn usual() -> pb::SlaPolicy {
    pb::SlaPolicy {
        display_name: "Usual".into(),
        goals: vec![
            goal(pb::SlaMetric::FirstResponse, HOUR),
            goal(pb::SlaMetric::NextResponse, HOUR / 2),
            goal(pb::SlaMetric::Resolution, 4 * HOUR),
        ],
        ..pb::SlaPolicy::default()
    }
}

pub fn second(at: &Option<prost_types::Timestamp>) -> Option<i64> {
    at.as_ref().map(|at| at.seconds - START)
}

pub fn at(second: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp {
        seconds: START + second,
        nanos: 0,
    })
}

/// A mail of `customer` about `thread`, written at `second`.
pub fn written(customer: &str, thread: &str, id: &str, second: i64) -> pb::InboundContact {
    let mut contact = mail(customer, id);
    contact.thread_keys.push(format!("conversation:{thread}"));
    contact.reference_keys = vec![format!("conversation:{thread}")];
    contact.message = contact.message.map(|message| pb::Message {
        occurred_at: at(second),
        ..message
    });
    contact
}

pub fn statuses(ticket: &pb::Ticket) -> Vec<(pb::SlaMetric, Status)> {
    let targets = ticket.sla_targets.iter();
    targets.map(|target| (target.metric(), target.status())).collect()
}

impl Fixture {
    pub async fn policy(&self, policy: pb::SlaPolicy) -> pb::SlaPolicy {
        let request = pb::CreateSlaPolicyRequest {
            sla_policy: Some(policy),
            ..pb::CreateSlaPolicyRequest::default()
        };
        create_sla_policy::handle(&self.app, acme(request))
            .await
            .expect("a policy")
    }

    /// A ticket by a mail written now.
    pub async fn asked(&self) -> pb::Ticket {
        let who = format!("{}@example.org", uuid::Uuid::new_v4());
        let results = self.record(vec![mail(&who, &format!("<{who}>"))]).await;
        self.get(&results[0].ticket).await
    }

    /// Anna answers; `second` says when she wrote, if not now.
    pub async fn reply(&self, ticket: &pb::Ticket, second: Option<i64>) -> pb::Ticket {
        self.try_reply(ticket, second).await.expect("adds")
    }

    pub async fn try_reply(&self, ticket: &pb::Ticket, second: Option<i64>) -> Result<pb::Ticket, Error> {
        let request = pb::CreateMessageRequest {
            parent: ticket.name.clone(),
            message: Some(pb::Message {
                occurred_at: second.and_then(at),
                ..agents_message("Hello")
            }),
            ..pb::CreateMessageRequest::default()
        };
        let answer = create_message::handle(&self.app, acme(request)).await?;
        Ok(answer.ticket.expect("the ticket after it"))
    }

    pub async fn targets(&self, ticket: &pb::Ticket) -> Vec<pb::SlaTarget> {
        let request = pb::ListSlaTargetsRequest {
            parent: ticket.name.clone(),
            page_size: 500,
            ..pb::ListSlaTargetsRequest::default()
        };
        let page = list_sla_targets::handle(&self.app, acme(request)).await;
        page.expect("a page").sla_targets
    }

    /// Sets the clock to `second` after the start, `micros` later.
    pub fn set(&self, second: i64, micros: i64) {
        let start = chrono::DateTime::from_timestamp(START + second, 0).expect("valid");
        self.clock.set(start + TimeDelta::microseconds(micros));
    }

    /// The loop looks as often as there is something to tell now.
    pub async fn wake(&self) {
        let mut aside = loops::sla::Aside::new();
        let now = self.clock.now();
        loop {
            let next = loops::sla::tick(&self.app.store, now, &mut aside).await.expect("looks");
            if next.is_none_or(|next| next > now) {
                return;
            }
        }
    }

    /// What was told of promises after the first `skip` events.
    pub async fn told(&self, skip: usize) -> Vec<String> {
        let events = self.events("acme").await;
        events.iter().skip(skip).filter_map(in_words).collect()
    }
}

/// `missed first_response at 3600 live`.
pub fn in_words(event: &pb::Event) -> Option<String> {
    let head = event.head.as_ref().expect("filled in");
    let at = second(&head.occurred_at).expect("a time");
    let of = |target: &Option<pb::SlaTarget>| {
        let metric = target.as_ref().expect("a target").metric();
        metric.as_str_name().trim_start_matches("SLA_METRIC_").to_lowercase()
    };
    let after = |status: Status| match status {
        Status::Unspecified | Status::Running => String::new(),
        other => format!(
            " after {}",
            other.as_str_name().trim_start_matches("STATUS_").to_lowercase()
        ),
    };
    Some(match event.payload.as_ref()? {
        Payload::SlaApplied(one) => format!("applied {}", one.policy.as_ref()?.display_name),
        Payload::SlaTargetAtRisk(one) => format!("at risk {} at {at}", of(&one.target)),
        Payload::SlaTargetMissed(one) => {
            let live = if one.live { " live" } else { "" };
            format!(
                "missed {} at {at}{live}{}",
                of(&one.target),
                after(one.previous_status())
            )
        }
        Payload::SlaTargetMet(one) => format!("met {} at {at}{}", of(&one.target), after(one.previous_status())),
        Payload::SlaTargetRevised(one) => {
            let status = one.target.as_ref()?.status().as_str_name();
            let status = status.trim_start_matches("STATUS_").to_lowercase();
            format!("{status} {}{}", of(&one.target), after(one.previous_status()))
        }
        Payload::SlaPolicyChanged(one) => {
            let change = one.change().as_str_name().trim_start_matches("CHANGE_").to_lowercase();
            format!("policy {change} {}", one.policy.as_ref()?.display_name)
        }
        Payload::SlaRecalculated(one) => format!("recalculated: {}", one.reason),
        _ => return None,
    })
}
