//! Resource names: made here, read here. Pure.

use uuid::Uuid;

/// Proto name of a ticket, for errors.
pub const TICKET: &str = "vorrang.ticketing.v1.Ticket";
/// Proto name of a message, for errors.
pub const MESSAGE: &str = "vorrang.ticketing.v1.Message";
/// Proto name of a customer, for errors.
pub const CUSTOMER: &str = "vorrang.ticketing.v1.Customer";
/// Proto name of an organisation, for errors.
pub const ORGANIZATION: &str = "vorrang.ticketing.v1.Organization";
/// Proto name of a suggestion, for errors.
pub const MERGE_SUGGESTION: &str = "vorrang.ticketing.v1.MergeSuggestion";
/// Proto name of a schedule, for errors.
pub const SCHEDULE: &str = "vorrang.ticketing.v1.Schedule";
/// Proto name of a policy, for errors.
pub const SLA_POLICY: &str = "vorrang.ticketing.v1.SlaPolicy";

/// Proto name of a sub-state, for errors.
pub const SUB_STATE: &str = "vorrang.ticketing.v1.SubState";
/// Proto name of a tenant's own field, for errors.
pub const TICKET_FIELD: &str = "vorrang.ticketing.v1.TicketField";
/// Proto name of a survey, for errors.
pub const SURVEY: &str = "vorrang.ticketing.v1.Survey";
/// Proto name of a sending, for errors.
pub const SENDING: &str = "vorrang.ticketing.v1.SurveySending";
/// Proto name of a rubric, for errors.
pub const RUBRIC: &str = "vorrang.ticketing.v1.Rubric";
/// Proto name of a review, for errors.
pub const REVIEW: &str = "vorrang.ticketing.v1.Review";
/// Proto name of the proof of an erasure, for errors.
pub const ERASURE: &str = "vorrang.ticketing.v1.Erasure";
/// Proto name of an attachment, for errors.
pub const ATTACHMENT: &str = "vorrang.ticketing.v1.Attachment";
/// The one retention policy of a tenant.
pub const RETENTION_POLICY: &str = "retentionPolicy";
/// Proto name of a legal hold, for errors.
pub const LEGAL_HOLD: &str = "vorrang.ticketing.v1.LegalHold";

/// Proto name of a webhook, for errors.
pub const WEBHOOK: &str = "vorrang.ticketing.v1.Webhook";
/// Proto name of a delivery, for errors.
pub const DELIVERY: &str = "vorrang.ticketing.v1.Delivery";
/// Proto name of a macro, for errors.
pub const MACRO: &str = "vorrang.ticketing.v1.Macro";

/// Proto name of an automation, for errors.
pub const AUTOMATION: &str = "vorrang.ticketing.v1.Automation";

/// How a request names a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketRef {
    /// By id.
    Id(Uuid),
    /// By the tenant's running number.
    Number(i64),
}

impl TicketRef {
    /// The resource name that was asked for.
    pub fn name(self) -> String {
        match self {
            Self::Id(id) => ticket(id),
            Self::Number(number) => format!("tickets/{number}"),
        }
    }
}

/// `tickets/{uuid}`.
pub fn ticket(id: Uuid) -> String {
    format!("tickets/{id}")
}

/// `tickets/{uuid}/messages/{uuid}`.
pub fn message(ticket: Uuid, id: Uuid) -> String {
    format!("tickets/{ticket}/messages/{id}")
}

/// `tickets/{uuid}/surveyAnswers/{survey}-{solve}`.
pub fn survey_answer(ticket: Uuid, survey: &str, solve: i32) -> String {
    format!("tickets/{ticket}/surveyAnswers/{survey}-{solve}")
}

/// `customers/{uuid}/surveyAnswers/{uuid}`.
pub fn customer_answer(customer: Uuid, id: Uuid) -> String {
    format!("customers/{customer}/surveyAnswers/{id}")
}

/// `surveys/{survey}`.
pub fn survey(id: &str) -> String {
    format!("surveys/{id}")
}

/// `surveySendings/{uuid}`.
pub fn sending(id: Uuid) -> String {
    format!("surveySendings/{id}")
}

/// `rubrics/{rubric}`, with `@{version}` for one version of it.
pub fn rubric(id: &str, version: Option<i32>) -> String {
    match version {
        Some(version) => format!("rubrics/{id}@{version}"),
        None => format!("rubrics/{id}"),
    }
}

/// `reviews/{uuid}`.
pub fn review(id: Uuid) -> String {
    format!("reviews/{id}")
}

/// `customers/{uuid}`.
pub fn customer(id: Uuid) -> String {
    format!("customers/{id}")
}

/// `customerMerges/{uuid}`.
pub fn customer_merge(id: Uuid) -> String {
    format!("customerMerges/{id}")
}

/// `mergeSuggestions/{uuid}`.
pub fn merge_suggestion(id: Uuid) -> String {
    format!("mergeSuggestions/{id}")
}

/// `organizations/{uuid}`.
pub fn organization(id: Uuid) -> String {
    format!("organizations/{id}")
}

/// Reads `organizations/{uuid}`.
pub fn parse_organization(name: &str) -> Result<Uuid, &'static str> {
    name.strip_prefix("organizations/")
        .and_then(canonical)
        .ok_or("must be organizations/{uuid}")
}

/// Reads `mergeSuggestions/{uuid}`.
pub fn parse_merge_suggestion(name: &str) -> Result<Uuid, &'static str> {
    name.strip_prefix("mergeSuggestions/")
        .and_then(canonical)
        .ok_or("must be mergeSuggestions/{uuid}")
}

/// `schedules/{uuid}`.
pub fn schedule(id: Uuid) -> String {
    format!("schedules/{id}")
}

/// `subStates/{id}`.
pub fn sub_state(id: &str) -> String {
    format!("subStates/{id}")
}

/// `ticketFields/{id}`.
pub fn ticket_field(id: &str) -> String {
    format!("ticketFields/{id}")
}

/// Reads `subStates/{id}`.
pub fn parse_sub_state(name: &str) -> Result<&str, &'static str> {
    name.strip_prefix("subStates/")
        .filter(|id| is_id(id))
        .ok_or("must be subStates/{sub_state}, the last part being 1 to 63 of a-z, 0-9 and -")
}

/// Reads `ticketFields/{id}`.
pub fn parse_ticket_field(name: &str) -> Result<&str, &'static str> {
    name.strip_prefix("ticketFields/")
        .filter(|id| check_field_id(id).is_ok())
        .ok_or("must be ticketFields/{id}")
}

/// Checks the id of a tenant's own field: it is written in filters.
pub fn check_field_id(id: &str) -> Result<(), &'static str> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if (1..=63).contains(&id.len()) && id.bytes().all(fits) && id.as_bytes()[0].is_ascii_lowercase() {
        Ok(())
    } else {
        Err("must be a letter of a-z, then up to 62 of a-z, 0-9 and _")
    }
}

/// `slaPolicies/{uuid}`.
pub fn sla_policy(id: Uuid) -> String {
    format!("slaPolicies/{id}")
}

/// `automations/{uuid}`.
pub fn automation(id: Uuid) -> String {
    format!("automations/{id}")
}

/// `automationRuns/{uuid}`.
pub fn automation_run(id: Uuid) -> String {
    format!("automationRuns/{id}")
}

/// Reads `automations/{uuid}`.
pub fn parse_automation(name: &str) -> Result<Uuid, &'static str> {
    name.strip_prefix("automations/")
        .and_then(canonical)
        .ok_or("must be automations/{uuid}")
}

/// `macros/{uuid}`.
pub fn macro_name(id: Uuid) -> String {
    format!("macros/{id}")
}

/// Reads `macros/{uuid}`.
pub fn parse_macro(name: &str) -> Result<Uuid, &'static str> {
    name.strip_prefix("macros/")
        .and_then(canonical)
        .ok_or("must be macros/{uuid}")
}

/// Reads `slaPolicies/{uuid}`.
pub fn parse_sla_policy(name: &str) -> Result<Uuid, &'static str> {
    name.strip_prefix("slaPolicies/")
        .and_then(canonical)
        .ok_or("must be slaPolicies/{uuid}")
}

/// `customers/{uuid}/attachments/{sha256}`.
pub fn attachment(customer: Uuid, sha256: &str) -> String {
    format!("customers/{customer}/attachments/{sha256}")
}

/// Reads `customers/{uuid}/attachments/{sha256}`.
pub fn parse_attachment(name: &str) -> Result<(Uuid, String), &'static str> {
    let parts = name
        .strip_prefix("customers/")
        .and_then(|rest| rest.split_once("/attachments/"));
    parts
        .and_then(|(customer, sha256)| Some((canonical(customer)?, sha256)))
        .filter(|(_, sha256)| is_sha256(sha256))
        .map(|(customer, sha256)| (customer, sha256.to_owned()))
        .ok_or("must be customers/{uuid}/attachments/{sha256}, the hash in lower-case hex")
}

/// Whether it can be the SHA-256 of a file, in the one form that counts.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// `erasures/{uuid}`.
pub fn erasure(id: Uuid) -> String {
    format!("erasures/{id}")
}

/// `customers/{uuid}/legalHold`.
pub fn legal_hold(customer: Uuid) -> String {
    format!("customers/{customer}/legalHold")
}

/// Reads `erasures/{uuid}`.
pub fn parse_erasure(name: &str) -> Result<Uuid, &'static str> {
    name.strip_prefix("erasures/")
        .and_then(canonical)
        .ok_or("must be erasures/{uuid}")
}

/// Reads `customers/{uuid}/legalHold`.
pub fn parse_legal_hold(name: &str) -> Result<Uuid, &'static str> {
    name.strip_prefix("customers/")
        .and_then(|rest| rest.strip_suffix("/legalHold"))
        .and_then(canonical)
        .ok_or("must be customers/{uuid}/legalHold")
}

/// `webhooks/{uuid}`.
pub fn webhook(id: Uuid) -> String {
    format!("webhooks/{id}")
}

/// `webhooks/{uuid}/deliveries/{seq}`.
pub fn delivery(webhook: Uuid, seq: i64) -> String {
    format!("webhooks/{webhook}/deliveries/{seq}")
}

/// Reads `webhooks/{uuid}`.
pub fn parse_webhook(name: &str) -> Result<Uuid, &'static str> {
    name.strip_prefix("webhooks/")
        .and_then(canonical)
        .ok_or("must be webhooks/{uuid}")
}

/// Reads `webhooks/{uuid}/deliveries/{seq}`.
pub fn parse_delivery(name: &str) -> Result<(Uuid, i64), &'static str> {
    name.strip_prefix("webhooks/")
        .and_then(|rest| rest.split_once("/deliveries/"))
        .and_then(|(webhook, seq)| Some((canonical(webhook)?, number(seq)?)))
        .ok_or("must be webhooks/{uuid}/deliveries/{seq}")
}

/// Reads `tickets/{uuid}` or `tickets/{number}`, the number from 1 and as we write it.
pub fn parse_ticket(name: &str) -> Result<TicketRef, &'static str> {
    let key = name.strip_prefix("tickets/");
    key.and_then(number)
        .map(TicketRef::Number)
        .or_else(|| key.and_then(canonical).map(TicketRef::Id))
        .ok_or("must be tickets/{uuid} or tickets/{number}")
}

/// Reads `tickets/{uuid}/messages/{uuid}`: the ticket and the message.
pub fn parse_message(name: &str) -> Result<(Uuid, Uuid), &'static str> {
    name.strip_prefix("tickets/")
        .and_then(|rest| rest.split_once("/messages/"))
        .and_then(|(ticket, message)| Some((canonical(ticket)?, canonical(message)?)))
        .ok_or("must be tickets/{uuid}/messages/{uuid}")
}

/// Reads `customers/{uuid}`.
pub fn parse_customer(name: &str) -> Result<Uuid, &'static str> {
    name.strip_prefix("customers/")
        .and_then(canonical)
        .ok_or("must be customers/{uuid}")
}

/// Reads `schedules/{uuid}`.
pub fn parse_schedule(name: &str) -> Result<Uuid, &'static str> {
    name.strip_prefix("schedules/")
        .and_then(canonical)
        .ok_or("must be schedules/{uuid}")
}

/// Checks `agents/{agent}`: an id as routing gives it, so that every assignee is an agent whom routing can know.
pub fn check_agent(name: &str) -> Result<(), &'static str> {
    if name.strip_prefix("agents/").is_some_and(is_id) {
        Ok(())
    } else {
        Err("must be agents/{agent}, the agent being 1 to 63 of a-z, 0-9 and -")
    }
}

/// Checks the id of something that a tenant defines, or the name of a queue.
pub fn check_queue(name: &str) -> Result<(), &'static str> {
    if is_id(name) {
        Ok(())
    } else {
        Err("must be 1 to 63 of a-z, 0-9 and -")
    }
}

/// Checks the last part of a name that a client chooses.
pub fn check_id(id: &str) -> Result<(), &'static str> {
    if is_id(id) {
        Ok(())
    } else {
        Err("must be 1 to 63 of a-z, 0-9 and -")
    }
}

/// Reads `surveys/{survey}`.
pub fn parse_survey(name: &str) -> Result<String, &'static str> {
    name.strip_prefix("surveys/")
        .filter(|id| is_id(id))
        .map(str::to_owned)
        .ok_or("must be surveys/{survey}")
}

/// Reads `surveySendings/{uuid}`.
pub fn parse_sending(name: &str) -> Result<Uuid, &'static str> {
    name.strip_prefix("surveySendings/")
        .and_then(canonical)
        .ok_or("must be surveySendings/{uuid}")
}

/// Reads `rubrics/{rubric}` or `rubrics/{rubric}@{version}`, the version from 1 and as we write it.
pub fn parse_rubric(name: &str) -> Result<(String, Option<i32>), &'static str> {
    let read = || {
        let key = name.strip_prefix("rubrics/")?;
        let (id, version) = match key.split_once('@') {
            Some((id, version)) => (id, Some(i32::try_from(number(version)?).ok()?)),
            None => (key, None),
        };
        is_id(id).then(|| (id.to_owned(), version))
    };
    read().ok_or("must be rubrics/{rubric} or rubrics/{rubric}@{version}")
}

/// Reads `reviews/{uuid}`.
pub fn parse_review(name: &str) -> Result<Uuid, &'static str> {
    name.strip_prefix("reviews/")
        .and_then(canonical)
        .ok_or("must be reviews/{uuid}")
}

fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(fits)
}

/// Only the form that we write ourselves: one resource, one name.
fn canonical(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|id| id.to_string() == text)
}

/// Only the form that we write ourselves, and only numbers that a ticket can have.
fn number(text: &str) -> Option<i64> {
    let number = text.parse::<i64>().ok()?;
    (number > 0 && number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests;
