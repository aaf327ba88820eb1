//! What ticketing recorded beside the conversation, as facts: reviews, orders, links, uses, and when customers were there.

use vorrang_api::ticketing::v1::automation_run::Outcome;
use vorrang_api::ticketing::v1::{
    AutomationApplied, Customer, MacroApplied, OrderRecorded, ProactiveContactRecorded, ReviewRecorded, TicketLinked,
    TicketUnlinked,
};

use super::micros;
use crate::buckets::Micros;
use crate::facts::{CustomerSeen, Event, ReviewItem, Workflow};

/// A customer as it is, and when it was there.
pub fn customer(at: Micros, customer: Option<&Customer>, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    let Some(customer) = customer else { return };
    let seen = CustomerSeen {
        customer: &customer.name,
        tier: Some(&customer.tier),
        language: Some(&customer.language),
        country: Some(&customer.country),
        organization: Some(&customer.organization),
        won: false,
    };
    tell(at, Event::Customer(seen));
    let earlier = customer
        .earlier_periods
        .iter()
        .map(|period| (&period.won_at, &period.left_at));
    let times = earlier.chain([(&customer.won_at, &customer.left_at)]);
    let periods: Vec<(Micros, Option<Micros>)> = times
        .filter_map(|(won, left)| Some((micros(won.as_ref())?, micros(left.as_ref()))))
        .collect();
    let event = Event::CustomerPeriods {
        customer: &customer.name,
        periods: &periods,
    };
    tell(at, event);
}

/// An order, at the time it was made; told again when it changes, and counted once.
pub fn order(at: Micros, recorded: &OrderRecorded, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    if let Some(order) = &recorded.order {
        let event = Event::Ordered {
            customer: &recorded.customer,
            id: &order.id,
        };
        tell(micros(order.ordered_at.as_ref()).unwrap_or(at), event);
    }
}

/// We went to the customer, at the time we did; told again when it changes, and counted once.
pub fn proactive_contact(at: Micros, recorded: &ProactiveContactRecorded, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    if let Some(contact) = &recorded.contact {
        let event = Event::ProactiveContact {
            customer: &recorded.customer,
            id: &contact.id,
        };
        tell(micros(contact.at.as_ref()).unwrap_or(at), event);
    }
}

/// A review; one that is told again replaces what it said.
pub fn review(at: Micros, recorded: &ReviewRecorded, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    let Some(review) = &recorded.review else { return };
    let items: Vec<ReviewItem<'_>> = review
        .items
        .iter()
        .map(|item| ReviewItem {
            id: &item.id,
            points: f64::from(item.points),
            of: f64::from(item.of),
            weight: item.weight,
        })
        .collect();
    let event = Event::Reviewed {
        ticket: &review.ticket,
        id: &review.name,
        agent: &review.agent,
        items: &items,
    };
    tell(micros(review.reviewed_at.as_ref()).unwrap_or(at), event);
}

/// Two tickets were linked, however they stand to each other.
pub fn linked(at: Micros, linked: &TicketLinked, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    if let (Some(ticket), Some(other)) = (&linked.ticket, &linked.other) {
        let (ticket, to) = (&ticket.name, &other.name);
        tell(at, Event::Linked { ticket, to });
    }
}

/// A link was taken away, whichever of the two was named first.
pub fn unlinked(at: Micros, unlinked: &TicketUnlinked, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    if let (Some(ticket), Some(other)) = (&unlinked.ticket, &unlinked.other) {
        let (ticket, to) = (&ticket.name, &other.name);
        tell(at, Event::Unlinked { ticket, to });
        let (ticket, to) = (to, ticket);
        tell(at, Event::Unlinked { ticket, to });
    }
}

/// A macro was applied.
pub fn macro_applied(at: Micros, applied: &MacroApplied, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    if let Some(ticket) = &applied.ticket {
        let (ticket, id) = (&ticket.name, &applied.r#macro);
        let workflow = Workflow::Macro;
        tell(at, Event::Applied { ticket, workflow, id });
    }
}

/// An automation did something; one that was stopped or failed helped nobody.
pub fn automation_applied(at: Micros, applied: &AutomationApplied, tell: &mut dyn FnMut(Micros, Event<'_>)) {
    if let (Some(ticket), Some(run)) = (&applied.ticket, &applied.run)
        && run.outcome() == Outcome::Applied
    {
        let (ticket, id) = (&ticket.name, &run.automation);
        let workflow = Workflow::Automation;
        tell(at, Event::Applied { ticket, workflow, id });
    }
}
