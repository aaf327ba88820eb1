//! Who wrote when, and how long it took (D9–D11).

use super::life::Holders;
use super::{Contact, Conversation, Holder, Pace, Spoken, Took, Turn, TurnEnd};
use crate::buckets::Micros;
use crate::facts::{ActorKind, Entry, Order, Status, Step, Symbol};

/// Whether statuses just read solve or close a ticket.
#[derive(Default)]
struct Ends {
    solved: bool,
    closed: bool,
}

impl Ends {
    /// Takes the next status; true when it is a solve or a close.
    fn next(&mut self, status: Status) -> bool {
        // Spam and deleted tickets are in no figure; one that was for a while is as it was before.
        if matches!(status, Status::Spam | Status::Deleted) {
            return false;
        }
        let solve = status == Status::Solved && !self.solved;
        let close = status == Status::Closed && !self.closed;
        self.solved = match status {
            Status::Solved => true,
            Status::Closed => self.solved,
            _ => false,
        };
        self.closed = status == Status::Closed;
        solve || close
    }
}

/// A turn as it is read: its first message, and what ended it.
struct Run {
    at: Micros,
    order: Order,
    channel: Option<Symbol>,
    end: Option<End>,
}

enum End {
    Reply {
        at: Micros,
        order: Order,
        agent: Option<Symbol>,
    },
    Over,
}

/// The turns in `entries`: runs of the customer's messages with no reply and no solve or close in between.
fn runs(entries: &[Entry]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut ends = Ends::default();
    for entry in entries {
        let end = match entry.step {
            Step::Message {
                actor: ActorKind::Customer,
                channel,
                ..
            } => {
                if runs.last().is_none_or(|run| run.end.is_some()) {
                    let (at, order) = (entry.at, entry.order);
                    runs.push(Run {
                        at,
                        order,
                        channel,
                        end: None,
                    });
                }
                continue;
            }
            Step::Message {
                actor: ActorKind::Agent,
                public: true,
                id,
                ..
            } => End::Reply {
                at: entry.at,
                order: entry.order,
                agent: id,
            },
            Step::Status { status, .. } if ends.next(status) => End::Over,
            _ => continue,
        };
        if let Some(run) = runs.last_mut().filter(|run| run.end.is_none()) {
            run.end = Some(end);
        }
    }
    runs
}

/// What the conversation `entries` of a ticket amounts to; of merged tickets only messages and handoffs are among them.
pub fn conversation(entries: &[Entry], holders: &Holders, took: &dyn Fn(Micros, Micros) -> Took) -> Conversation {
    let mut found = Conversation::default();
    let by = |at: Micros, order: Order, agent: Option<Symbol>| Holder {
        agent,
        queue: holders.before(at, order).queue,
    };
    let (mut asked, mut handed_over) = (None, None);
    for entry in entries {
        match entry.step {
            Step::Message {
                actor: ActorKind::Customer,
                ..
            } => {
                asked = asked.or(Some(entry.at));
                found.wrote_again |= !found.replies.is_empty();
            }
            Step::Message {
                actor: ActorKind::Agent,
                public: true,
                id,
                ..
            } => {
                let by = by(entry.at, entry.order, id);
                found.replies.push((entry.at, by));
                for (since, pace) in [
                    (asked, &mut found.first_response),
                    (handed_over, &mut found.since_handoff),
                ] {
                    if let (Some(since), Pace::Nothing) = (since, &pace) {
                        *pace = Pace::Done {
                            took: took(since, entry.at),
                            at: entry.at,
                            by,
                        };
                    }
                }
            }
            Step::Message {
                actor: ActorKind::Automation,
                public: true,
                ..
            } => {
                if let (Some(asked), None) = (asked, found.first_automated) {
                    found.first_automated = Some(took(asked, entry.at));
                }
            }
            Step::Handoff => handed_over = handed_over.or(Some(entry.at)),
            _ => {}
        }
    }
    for (since, pace) in [
        (asked, &mut found.first_response),
        (handed_over, &mut found.since_handoff),
    ] {
        if since.is_some() && *pace == Pace::Nothing {
            *pace = Pace::Waiting;
        }
    }
    let turn = |run: Run| Turn {
        begun_at: run.at,
        queue: holders.before(run.at, run.order).queue,
        end: match run.end {
            None => TurnEnd::Waiting,
            Some(End::Over) => TurnEnd::Over,
            Some(End::Reply { at, order, agent }) => TurnEnd::Replied {
                took: took(run.at, at),
                at,
                by: by(at, order, agent),
            },
        },
    };
    found.turns = runs(entries).into_iter().map(turn).collect();
    found
}

/// The contacts of a ticket of channel `ticket_channel`: turns by its own `steps`.
pub fn contacts(steps: &[Entry], ticket_channel: Option<Symbol>, holders: &Holders) -> Vec<Contact> {
    let contact = |run: Run| Contact {
        at: run.at,
        order: run.order,
        channel: run.channel.or(ticket_channel),
        queue: holders.before(run.at, run.order).queue,
    };
    runs(steps).into_iter().map(contact).collect()
}

/// The public messages among `steps`.
pub fn messages(steps: &[Entry], ticket_channel: Option<Symbol>, holders: &Holders) -> Vec<Spoken> {
    let mut found = Vec::new();
    for entry in steps {
        if let Step::Message {
            public: true,
            id,
            channel,
            ..
        } = entry.step
        {
            found.push(Spoken {
                at: entry.at,
                channel: channel.or(ticket_channel),
                by: Holder {
                    agent: id,
                    queue: holders.before(entry.at, entry.order).queue,
                },
            });
        }
    }
    found
}
