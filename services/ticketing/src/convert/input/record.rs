//! Orders, milestones and proactive contacts.

use chrono::{DateTime, TimeDelta, Utc};
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use super::{SOURCE_MAX, customer, text, time, without_nul};
use crate::convert::words;
use crate::names;
use crate::record::{AMOUNT_MAX, Milestone, Order, ProactiveContact, REASON_MAX, is_currency};
use crate::store::{Told, Whose};
use crate::words::OrderStatus;

/// Characters of an order's id.
const ID_MAX: usize = 200;
/// Characters of a milestone's name.
const NAME_MAX: usize = 100;
/// Characters of a note.
const NOTE_MAX: usize = 1_000;
/// How far ahead of ours a shop's clock may be.
const AHEAD: TimeDelta = TimeDelta::days(1);

/// Who tells it.
pub fn source(field: &str, given: &str, violations: &mut Violations) -> String {
    let given = given.trim();
    if given.is_empty() {
        violations.add(field, "must be given");
    }
    text(field, given, SOURCE_MAX, violations)
}

/// An order and whose it is.
///
/// # Errors
/// Invalid with all violations, their paths relative to the item.
pub fn order(item: pb::record_orders_request::Item, source: &str, now: DateTime<Utc>) -> Result<Told<Order>, Error> {
    let mut violations = Violations::new();
    let whose = whose(&item.customer, item.identity.as_ref(), &mut violations);
    let given = item.order.unwrap_or_else(|| {
        violations.add("order", "must be given");
        pb::Order::default()
    });
    let id = text("order.id", &given.id, ID_MAX, &mut violations);
    if id.is_empty() || id.chars().any(char::is_control) {
        violations.add(
            "order.id",
            "must have 1 to 200 characters, none of them a control character",
        );
    }
    if !(0..=AMOUNT_MAX).contains(&given.amount) {
        violations.add("order.amount", format!("must be 0 to {AMOUNT_MAX}"));
    }
    let currency = given.currency.trim().to_ascii_uppercase();
    if !is_currency(&currency) {
        violations.add("order.currency", "must be a currency of ISO 4217, for example EUR");
    }
    let status = words::read_order_status(given.status, "order.status", &mut violations);
    let ordered_at = time("order.ordered_at", given.ordered_at.as_ref(), &mut violations);
    if given.ordered_at.is_none() {
        violations.add("order.ordered_at", "must be given");
    }
    if ordered_at.is_some_and(|at| at > now + AHEAD) {
        violations.add("order.ordered_at", "must not be more than a day ahead");
    }
    let changed_at = time("order.changed_at", given.changed_at.as_ref(), &mut violations);
    if let (Some(ordered), Some(changed)) = (ordered_at, changed_at)
        && changed < ordered
    {
        violations.add("order.changed_at", "must not be before ordered_at");
    }
    if changed_at.is_some_and(|at| at > now + AHEAD) {
        // It would make everything that comes later stale.
        violations.add("order.changed_at", "must not be more than a day ahead");
    }
    let note = text("order.note", &given.note, NOTE_MAX, &mut violations);
    violations.into_result()?;
    Ok(Told {
        whose,
        what: Order {
            id,
            amount: given.amount,
            currency,
            status: status.unwrap_or(OrderStatus::Placed),
            ordered_at: ordered_at.unwrap_or(now),
            changed_at,
            note,
            source: source.to_owned(),
            created_at: now,
            updated_at: now,
        },
    })
}

/// A milestone and whose it is.
///
/// # Errors
/// Invalid with all violations, their paths relative to the item.
pub fn milestone(
    item: pb::record_milestones_request::Item,
    source: &str,
    now: DateTime<Utc>,
) -> Result<Told<Milestone>, Error> {
    let mut violations = Violations::new();
    let whose = whose(&item.customer, item.identity.as_ref(), &mut violations);
    let given = item.milestone.unwrap_or_else(|| {
        violations.add("milestone", "must be given");
        pb::Milestone::default()
    });
    let name = text("milestone.name", given.name.trim(), NAME_MAX, &mut violations);
    if name.is_empty() || name.chars().any(char::is_control) {
        violations.add(
            "milestone.name",
            "must have 1 to 100 characters, none of them a control character",
        );
    }
    let at = time("milestone.at", given.at.as_ref(), &mut violations);
    if given.at.is_none() {
        violations.add("milestone.at", "must be given");
    }
    let note = text("milestone.note", &given.note, NOTE_MAX, &mut violations);
    violations.into_result()?;
    Ok(Told {
        whose,
        what: Milestone {
            name,
            at: at.unwrap_or(now),
            note,
            source: source.to_owned(),
            created_at: now,
        },
    })
}

/// A proactive contact and to whom it was made.
///
/// # Errors
/// Invalid with all violations, their paths relative to the item.
pub fn proactive_contact(
    item: pb::record_proactive_contacts_request::Item,
    source: &str,
    now: DateTime<Utc>,
) -> Result<Told<ProactiveContact>, Error> {
    let mut violations = Violations::new();
    let whose = whose(&item.customer, item.identity.as_ref(), &mut violations);
    let given = item.contact.unwrap_or_else(|| {
        violations.add("contact", "must be given");
        pb::ProactiveContact::default()
    });
    let id = text("contact.id", &given.id, ID_MAX, &mut violations);
    if id.is_empty() || id.chars().any(char::is_control) {
        violations.add(
            "contact.id",
            "must have 1 to 200 characters, none of them a control character",
        );
    }
    let reason = text("contact.reason", given.reason.trim(), REASON_MAX, &mut violations);
    if reason.is_empty() {
        violations.add("contact.reason", "must be given");
    }
    let at = time("contact.at", given.at.as_ref(), &mut violations);
    if given.at.is_none() {
        violations.add("contact.at", "must be given");
    }
    if at.is_some_and(|at| at > now + AHEAD) {
        violations.add("contact.at", "must not be more than a day ahead");
    }
    let ticket = match names::parse_ticket(&given.ticket) {
        _ if given.ticket.is_empty() => None,
        Ok(names::TicketRef::Id(id)) => Some(id),
        Ok(names::TicketRef::Number(_)) | Err(_) => {
            violations.add("contact.ticket", "must be tickets/{uuid}");
            None
        }
    };
    if !given.agent.is_empty()
        && let Err(why) = names::check_agent(&given.agent)
    {
        violations.add("contact.agent", why);
    }
    violations.into_result()?;
    Ok(Told {
        whose,
        what: ProactiveContact {
            id,
            reason,
            at: at.unwrap_or(now),
            ticket,
            agent: given.agent,
            source: source.to_owned(),
            created_at: now,
        },
    })
}

fn whose(name: &str, identity: Option<&pb::Identity>, violations: &mut Violations) -> Whose {
    match (name.is_empty(), identity) {
        (false, None) => Whose::Customer(customer::customer_id("customer", name, violations)),
        (true, Some(given)) => match customer::identity("identity", given, violations) {
            Some(identity) => Whose::Identity(identity.key()),
            None => Whose::Customer(uuid::Uuid::nil()),
        },
        (true, None) => {
            violations.add("customer", "either customer or identity must be given");
            Whose::Customer(uuid::Uuid::nil())
        }
        (false, Some(_)) => {
            violations.add("identity", "must be missing when customer is given");
            without_nul("customer", name, violations);
            Whose::Customer(uuid::Uuid::nil())
        }
    }
}
