//! What the feed says, applied together with the cursor.

use vorrang_error::Error;

use crate::BATCH_MAX;
use crate::connection::Queue;
use crate::lane::{Lane, Place};
use crate::reply::Rows;
use crate::script;

/// A contact that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Where it waits.
    pub lane: Lane,
    /// Its place in the order.
    pub place: Place,
    /// W3C traceparent of what brought it in; kept while the generation stays the same. May be empty.
    pub trace: String,
    /// The owner's own description of the contact, returned with offers. Opaque here.
    pub data: Vec<u8>,
}

/// What is true of a ticket after an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// It waits to be offered.
    Wait {
        /// Position of the event; ignored while rebuilding.
        seq: i64,
        /// The ticket's id.
        ticket: String,
        /// Its generation.
        generation: i64,
        /// Where and with what.
        waiting: Waiting,
    },
    /// It does not wait. An offer of it to anybody but `agent` ends, and so does a slot taken for it.
    Leave {
        /// Position of the event; ignored while rebuilding.
        seq: i64,
        /// The ticket's id.
        ticket: String,
        /// Its generation.
        generation: i64,
        /// Who has it; `None`: nobody works on it.
        agent: Option<String>,
        /// Takes a slot of this channel for `agent` unless they have or had one for it.
        slot: Option<String>,
    },
}

impl Operation {
    fn seq(&self) -> i64 {
        match self {
            Operation::Wait { seq, .. } | Operation::Leave { seq, .. } => *seq,
        }
    }

    fn lane(&self) -> Option<&Lane> {
        match self {
            Operation::Wait { waiting, .. } => Some(&waiting.lane),
            Operation::Leave { .. } => None,
        }
    }

    fn write(&self, out: &mut Vec<Vec<u8>>) {
        match self {
            Operation::Wait {
                seq,
                ticket,
                generation,
                waiting,
            } => {
                let Waiting {
                    lane,
                    place,
                    trace,
                    data,
                } = waiting;
                out.extend([
                    b"P".to_vec(),
                    seq.to_string().into_bytes(),
                    ticket.clone().into_bytes(),
                    generation.to_string().into_bytes(),
                    lane.name().as_bytes().to_vec(),
                    place.score().into_bytes(),
                    place.member(ticket).into_bytes(),
                    lane.channel().as_bytes().to_vec(),
                    trace.clone().into_bytes(),
                    data.clone(),
                ]);
            }
            Operation::Leave {
                seq,
                ticket,
                generation,
                agent,
                slot,
            } => out.extend([
                b"D".to_vec(),
                seq.to_string().into_bytes(),
                ticket.clone().into_bytes(),
                generation.to_string().into_bytes(),
                agent.clone().unwrap_or_default().into_bytes(),
                slot.clone().unwrap_or_default().into_bytes(),
            ]),
        }
    }
}

/// A piece of the feed: all events after `from` up to `to`.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Position before the first event.
    pub from: i64,
    /// Position of the last event.
    pub to: i64,
    /// Cursor that stands for `to`.
    pub cursor: String,
    /// The [`crate::State::complete`] mark of the queues whose cursor was followed; `None`: whatever it is. Queues that were rebuilt
    /// since then answer [`Applied::Gap`]: after a restore of the log the same positions mean other events.
    pub mark: Option<String>,
    /// What the events mean for the queues, in order; at most one for each position.
    pub operations: Vec<Operation>,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// The queues and the cursor have moved.
    Done(Vec<Change>),
    /// Applied before, by this process or another.
    Seen,
    /// The queues stand before the batch, or were rebuilt: follow again from this cursor. `cursor` may be empty: from the beginning.
    Gap {
        /// Position of the queues.
        seq: i64,
        /// Cursor of the queues.
        cursor: String,
    },
    /// The queues are not complete: rebuild.
    NotReady,
}

/// What a batch changed for an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The offer is no longer the agent's: the ticket is somebody else's, or waits anew, or needs nobody.
    Revoked(Held),
    /// The offered ticket is the agent's: ticketing has recorded it.
    Assigned(Held),
    /// The agent's slot is free again: the ticket left them.
    Freed(Held),
}

/// Which ticket an agent had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The ticket's id.
    pub ticket: String,
    /// Token of the offer; empty when there was none.
    pub token: String,
    /// The agent.
    pub agent: String,
}

impl Queue {
    /// Applies a piece of the feed, at most [`BATCH_MAX`] operations in one script; more go in several, each moving the position.
    /// Repeating it, from any number of processes, changes nothing.
    pub async fn apply(&self, tenant: &str, batch: &Batch) -> Result<Applied, Error> {
        let mut changes = Vec::new();
        let mut seen = true;
        let mut from = batch.from;
        let mut chunks = batch.operations.chunks(BATCH_MAX).peekable();
        loop {
            let operations = chunks.next().unwrap_or_default();
            let last = chunks.peek().is_none();
            let to = match operations.last() {
                Some(operation) if !last => operation.seq(),
                _ => batch.to,
            };
            let cursor = if last { batch.cursor.as_str() } else { "" };
            let head = [
                "feed".to_owned(),
                from.to_string(),
                to.to_string(),
                cursor.to_owned(),
                batch.mark.clone().unwrap_or_default(),
            ];
            let rows = self.apply_chunk(tenant, head, operations).await?;
            match rows.status() {
                "OK" => {
                    seen = false;
                    changes.extend(read_changes(rows)?);
                }
                "SEEN" => {}
                "GAP" => {
                    let mut row = rows.head();
                    return Ok(Applied::Gap {
                        seq: row.number(1)?,
                        cursor: row.text(2)?,
                    });
                }
                "NOT_READY" => return Ok(Applied::NotReady),
                _ => return Err(rows.unexpected("apply")),
            }
            if last {
                return Ok(if seen { Applied::Seen } else { Applied::Done(changes) });
            }
            from = to;
        }
    }

    pub(crate) async fn apply_chunk(
        &self,
        tenant: &str,
        head: [String; 5],
        operations: &[Operation],
    ) -> Result<Rows, Error> {
        let needed: Vec<&Lane> = operations.iter().filter_map(Operation::lane).collect();
        self.call(tenant, &script::APPLY, &needed, |_| {
            let mut arguments: Vec<Vec<u8>> = head.iter().map(|text| text.clone().into_bytes()).collect();
            for operation in operations {
                operation.write(&mut arguments);
            }
            arguments
        })
        .await
    }
}

pub(crate) fn read_changes(rows: Rows) -> Result<Vec<Change>, Error> {
    rows.map(|mut row| {
        let held = Held {
            ticket: row.text(1)?,
            token: row.text(2)?,
            agent: row.text(3)?,
        };
        match row.text(0)?.as_str() {
            "REVOKED" => Ok(Change::Revoked(held)),
            "ASSIGNED" => Ok(Change::Assigned(held)),
            "FREED" => Ok(Change::Freed(held)),
            other => Err(Error::internal(format!("script apply reported {other:?}"))),
        }
    })
    .collect()
}
