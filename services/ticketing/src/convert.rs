//! Between the domain and the generated types of the contract: [`output`] writes them, [`input`] reads and checks them.

mod action;
mod automation;
mod cloud_event;
mod custom;
mod feed_fields;
mod history;
pub mod input;
mod output;
mod personal;
pub mod privacy;
mod review;
mod schedule;
mod sla;
mod survey;
mod webhook;
mod wire;
mod words;

pub use action::macro_resource;
pub use automation::{automation, stored_run, tested, told, webhooks_told};
pub use cloud_event::{CONTENT_TYPE, cloud_event, test_event};
pub use custom::{sub_state, ticket_field};
pub use feed_fields::FeedFields;
pub use history::{Became, history_result};
pub use output::{
    contact_result, customer, customer_merge, lifetime_value, merge_suggestion, message, message_in_short, milestone,
    order, organization, proactive_contact, record_result, ticket, ticket_in_brief,
};
#[cfg(test)]
pub use personal::FIELDS as PERSONAL;
pub use personal::{Lost, Parts as EventParts, erased as erased_event, tells_of, without_words};
pub use review::{read_points, read_review_mask, read_rubric, read_rubric_mask, review, rubric};
pub use schedule::{imported, overview, schedule_version};
pub use sla::{sla_policy, sla_target};
pub use survey::{
    asks_own_fields, read_kind, read_survey, read_survey_mask, survey, survey_answer, survey_answer_in_brief,
    survey_sending,
};
pub use wire::merged;

pub use webhook::{delivery, delivery_state, grace, settings as webhook_settings, webhook, webhook_id, webhook_mask};

/// An event as it is stored, in its two parts; with an empty head, which the feed fills in.
pub fn event_parts(event: &crate::event::Event, now: chrono::DateTime<chrono::Utc>) -> EventParts {
    personal::parts(output::event(event, now))
}
