//! A piece of the feed: what it means for the queues, and for the agents' streams.

use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Error;
use vorrang_queue::{Batch, Change, Operation};

use crate::app::App;
use crate::decision::{Decision, Reason, What};
use crate::desks::Notice;
use crate::{convert, project};

/// What the events mean for the queues; `None` when there are none.
pub(super) async fn batch(
    app: &App,
    tenant: &str,
    events: &[pb::Event],
    cursor: String,
) -> Result<Option<Batch>, Error> {
    let seqs = || {
        events
            .iter()
            .filter_map(|event| event.head.as_ref().map(|head| head.seq))
    };
    let (Some(first), Some(last)) = (seqs().next(), seqs().next_back()) else {
        return Ok(None);
    };
    let policy = app.policies.of(tenant).await?;
    let operations = events
        .iter()
        .filter_map(|event| {
            let head = event.head.as_ref()?;
            let news = convert::ticket_news(event.payload.as_ref()?)?;
            Some(project::operation(
                &policy,
                head.seq,
                &news.ticket,
                news.accepted.is_some(),
                &head.trace_parent,
            ))
        })
        .collect();
    Ok(Some(Batch {
        from: first - 1,
        to: last,
        cursor,
        mark: None,
        operations,
    }))
}

/// Tells the agents' streams what a batch meant for them that another process applied, or a rebuild covers.
pub(super) async fn seen(app: &App, tenant: &str, operations: &[Operation]) -> Result<(), Error> {
    // What a rebuild covers comes by once more, and brings the traces that ticketing's list does not have.
    if app.rebuilds.is_traceless(tenant) {
        app.queue.recall(tenant, operations).await?;
    }
    tell_assigned(app, tenant, operations);
    app.desks.ring(tenant);
    Ok(())
}

/// The waits that ended because their customers left.
pub(super) fn abandoned(events: &[pb::Event]) -> Vec<Decision> {
    let decision = |event: &pb::Event| {
        let head = event.head.as_ref()?;
        let what = convert::abandoned(event.payload.as_ref()?)?;
        let What::Abandoned { left_at, .. } = &what else {
            return None;
        };
        Some(Decision {
            at: *left_at,
            trace: head.trace_parent.clone(),
            what,
        })
    };
    events.iter().filter_map(decision).collect()
}

/// Tells the agents' streams what the batch meant for them, and the log also who gave up waiting.
pub(super) async fn tell(
    app: &App,
    tenant: &str,
    operations: &[Operation],
    changes: Vec<Change>,
    abandoned: Vec<Decision>,
) {
    let mut decisions = abandoned;
    let at = app.clock.now();
    let mut note = |what| {
        decisions.push(Decision {
            at,
            trace: String::new(),
            what,
        })
    };
    for change in changes {
        match change {
            Change::Revoked(held) => {
                app.desks.tell(
                    tenant,
                    &held.agent,
                    Notice::Taken {
                        offer: held.token.clone(),
                    },
                );
                note(What::Returned {
                    offer: held.token,
                    agent: held.agent,
                    ticket: held.ticket,
                    reason: Reason::Taken,
                    decline_reason: String::new(),
                });
            }
            Change::Freed(held) => note(What::Left {
                agent: held.agent,
                ticket: held.ticket,
            }),
            // Told below, with those whose lease was gone by then.
            Change::Assigned(_) => {}
        }
    }
    tell_assigned(app, tenant, operations);
    app.desks.ring(tenant);
    if let Err(error) = app.recorder.record_all(tenant, decisions).await {
        tracing::error!(error = error.chain(), "a decision is missing in the log");
    }
}

fn tell_assigned(app: &App, tenant: &str, operations: &[Operation]) {
    for operation in operations {
        if let Operation::Leave {
            ticket,
            agent: Some(agent),
            slot: Some(_),
            ..
        } = operation
        {
            app.desks
                .tell(tenant, agent, Notice::Assigned { ticket: ticket.clone() });
        }
    }
}
