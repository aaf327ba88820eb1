//! What belongs to customers and their tickets, in files of an archive.

use uuid::Uuid;
use vorrang_error::Error;

use super::ROWS;
use super::archive::Archive;
use crate::app::App;
use crate::convert;
use crate::store::SendingFilter;
use crate::ticket::Ticket;

/// Tickets whose belongings are read at once.
const TICKETS: usize = 200;

/// What was said about the work on tickets: answers to surveys, and reviews.
pub async fn of_tickets(app: &App, tenant: &str, tickets: &[Ticket], archive: &mut Archive) -> Result<(), Error> {
    let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.id).collect();
    archive.begin("reviews.jsonl").await?;
    for ids in ids.chunks(TICKETS) {
        for review in app.store.reviews_of(tenant, ids).await? {
            archive.line("Review", &convert::review(&review)).await?;
        }
    }
    // The file goes on with those about no ticket.
    archive.begin("survey_answers.jsonl").await?;
    for ids in ids.chunks(TICKETS) {
        for answer in app.store.answers_about(tenant, ids).await? {
            archive.line("SurveyAnswer", &convert::survey_answer(&answer)).await?;
        }
    }
    Ok(())
}

/// What else is known of customers.
pub async fn of_customers(app: &App, tenant: &str, customers: &[Uuid], archive: &mut Archive) -> Result<(), Error> {
    let store = &app.store;
    for id in customers {
        let mut after = None;
        loop {
            let page = store.answers_by(tenant, *id, after, ROWS).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for answer in &page {
                archive.line("SurveyAnswer", &convert::survey_answer(answer)).await?;
            }
        }
    }
    archive.begin("survey_sendings.jsonl").await?;
    for id in customers {
        let filter = SendingFilter {
            customer: Some(*id),
            ..SendingFilter::default()
        };
        let mut before = None;
        loop {
            let page = store.sendings(tenant, &filter, before, ROWS).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            for sending in &page {
                archive
                    .line("SurveySending", &convert::survey_sending(sending, None))
                    .await?;
            }
        }
    }
    archive.begin("orders.jsonl").await?;
    for id in customers {
        let mut after = None;
        loop {
            let page = store.orders(tenant, *id, after, ROWS).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            for (_, order) in &page {
                archive.line("Order", &convert::order(order)).await?;
            }
        }
    }
    archive.begin("milestones.jsonl").await?;
    for id in customers {
        let mut after = None;
        loop {
            let page = store.milestones(tenant, *id, after, ROWS).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            for (_, milestone) in &page {
                archive.line("Milestone", &convert::milestone(milestone)).await?;
            }
        }
    }
    archive.begin("proactive_contacts.jsonl").await?;
    for id in customers {
        let mut after = None;
        loop {
            let page = store.proactive_contacts(tenant, *id, false, after, ROWS).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            for (_, contact) in &page {
                archive
                    .line("ProactiveContact", &convert::proactive_contact(contact))
                    .await?;
            }
        }
    }
    merges(app, tenant, customers, archive).await
}

/// With whom they were made one, and with whom they may be.
async fn merges(app: &App, tenant: &str, customers: &[Uuid], archive: &mut Archive) -> Result<(), Error> {
    let store = &app.store;
    archive.begin("customer_merges.jsonl").await?;
    for id in customers {
        let mut before = None;
        loop {
            let page = store.customer_merges(tenant, Some(*id), before, ROWS).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            // One between two of them stands with its target.
            for merge in page
                .iter()
                .filter(|one| one.target == *id || !customers.contains(&one.target))
            {
                archive.line("CustomerMerge", &convert::customer_merge(merge)).await?;
            }
        }
    }
    archive.begin("merge_suggestions.jsonl").await?;
    for id in customers {
        let mut before = None;
        loop {
            let page = store.suggestions(tenant, Some(*id), before, ROWS).await?;
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            for suggestion in &page {
                archive
                    .line("MergeSuggestion", &convert::merge_suggestion(suggestion))
                    .await?;
            }
        }
    }
    Ok(())
}
