//! Whatever legal way the feeds are delivered in, the figures are the same.
//!
//! Legal: each owner's events of a tenant in order, each at least once, the owners interleaved anyhow, broken off
//! and repeated from any earlier position; or everything from the beginning again after a restart.

use chrono_tz::Tz;
use proptest::prelude::*;
use vorrang_api::ticketing::v1::event::Payload;
use vorrang_api::ticketing::v1::ticket::{Disposition, State};
use vorrang_api::{knowledge::v1 as knowledge, routing::v1 as routing};

use super::*;
use crate::buckets::Grain;
use crate::dimensions::DIMENSIONS;
use crate::kpis::{self, Clock};
use crate::query::{self, Answer, Query};
use crate::view::View;

/// The three logs of a tenant.
#[derive(Debug, Clone, Default)]
struct Logs {
    ticketing: Vec<ticketing::Event>,
    routing: Vec<routing::Event>,
    knowledge: Vec<knowledge::Event>,
}

/// One thing that happens: a kind, who and what, and when. Equal times are frequent, so that ties are tested.
type Deed = (u8, u8, u8, i64);

fn logs(deeds: &[Deed]) -> Logs {
    let mut logs = Logs::default();
    for (kind, which, who, second) in deeds {
        logs.add(*kind % 16, *which % 4, *who % 3, *second);
    }
    logs
}

impl Logs {
    fn add(&mut self, kind: u8, which: u8, who: u8, second: i64) {
        let agent_name = format!("agents/{who}");
        let ticket = ticketing::Ticket {
            name: format!("tickets/{which}"),
            customer: format!("customers/{which}"),
            channel: (i32::from(which) % 3) + 1,
            queue: format!("q{}", which % 2),
            opened_at: time(second),
            queue_entered_at: time(second).filter(|_| who == 1),
            state: State::New.into(),
            assignee: if who == 2 { String::new() } else { agent_name.clone() },
            ..ticketing::Ticket::default()
        };
        let with_state = |state: State| {
            Some(ticketing::Ticket {
                state: state.into(),
                ..ticket.clone()
            })
        };
        let changed = |state| {
            Payload::TicketStateChanged(ticketing::TicketStateChanged {
                ticket: with_state(state),
                ..Default::default()
            })
        };
        let message = |kind: actor::Kind| {
            Payload::MessageCreated(ticketing::MessageCreated {
                ticket: Some(ticket.clone()),
                message: Some(ticketing::Message {
                    actor: Some(Actor {
                        kind: kind.into(),
                        id: agent_name.clone(),
                    }),
                    occurred_at: time(second),
                    ..Default::default()
                }),
            })
        };
        let payload = match kind {
            0 => Payload::TicketCreated(ticketing::TicketCreated { ticket: Some(ticket) }),
            1 => message(actor::Kind::Customer),
            2 => message(actor::Kind::Agent),
            3 => message(actor::Kind::Automation),
            4 => changed(State::Solved),
            5 => changed(State::Open),
            6 => Payload::TicketQueued(ticketing::TicketQueued { ticket: Some(ticket) }),
            7 => Payload::TicketAssigned(ticketing::TicketAssigned {
                ticket: Some(ticket),
                queue_entered_at: time(second),
                accepted_at: time(second + 1),
                ..Default::default()
            }),
            8 => Payload::SurveyAnswered(ticketing::SurveyAnswered {
                ticket: Some(ticket),
                answer: Some(ticketing::SurveyAnswer {
                    survey: "csat".to_owned(),
                    score: i32::from(who) * 2 + 1,
                    answered_at: time(second),
                    ..Default::default()
                }),
                ..Default::default()
            }),
            9 => {
                let customer = ticketing::Customer {
                    name: format!("customers/{which}"),
                    tier: if who == 0 { "vip" } else { "standard" }.to_owned(),
                    ..Default::default()
                };
                Payload::CustomerUpdated(ticketing::CustomerUpdated {
                    customer: Some(customer),
                })
            }
            10 => {
                let agent = routing::Agent {
                    name: agent_name,
                    team: format!("team {which}"),
                    ..Default::default()
                };
                let payload = routing::event::Payload::AgentUpdated(routing::AgentUpdated { agent: Some(agent) });
                let head = Some(head(self.routing.len() as i64 + 1, second, None));
                self.routing.push(routing::Event {
                    head,
                    payload: Some(payload),
                });
                return;
            }
            11 => {
                let disposition = [Disposition::Normal, Disposition::Spam, Disposition::Deleted];
                let ticket = Some(ticketing::Ticket {
                    disposition: disposition[usize::from(who)].into(),
                    ..ticket
                });
                Payload::TicketDispositionChanged(ticketing::TicketDispositionChanged {
                    ticket,
                    ..Default::default()
                })
            }
            // Into a lower one, so that merges form no circle.
            12 if which > 0 => {
                let ticket = Some(ticketing::Ticket {
                    merged_into: format!("tickets/{}", who.min(which - 1)),
                    ..ticket
                });
                match who {
                    2 => Payload::TicketUnmerged(ticketing::TicketUnmerged {
                        ticket,
                        ..Default::default()
                    }),
                    _ => Payload::TicketMerged(ticketing::TicketMerged { ticket, target: None }),
                }
            }
            13 if which > 0 => {
                let customer = |which| ticketing::Customer {
                    name: format!("customers/{which}"),
                    ..Default::default()
                };
                match who {
                    2 => Payload::CustomersUnmerged(ticketing::CustomersUnmerged {
                        customer: Some(customer(which)),
                        ..Default::default()
                    }),
                    _ => Payload::CustomersMerged(ticketing::CustomersMerged {
                        target: Some(customer(who.min(which - 1))),
                        source: customer(which).name,
                        ..Default::default()
                    }),
                }
            }
            _ => {
                let session = Some(knowledge::Session {
                    name: format!("sessions/{which}"),
                    customer: format!("customers/{which}"),
                    ..Default::default()
                });
                let payload = match who {
                    0 => knowledge::event::Payload::SessionStarted(knowledge::SessionStarted { session }),
                    1 => knowledge::event::Payload::SessionSolved(knowledge::SessionSolved { session }),
                    _ => knowledge::event::Payload::SessionEscalated(knowledge::SessionEscalated { session }),
                };
                let head = Some(head(self.knowledge.len() as i64 + 1, second, None));
                self.knowledge.push(knowledge::Event {
                    head,
                    payload: Some(payload),
                });
                return;
            }
        };
        self.ticketing
            .push(ticketing_event(self.ticketing.len() as i64 + 1, second, payload));
    }

    /// Delivers up to `count` events of an owner, beginning `again` before the position reached.
    fn deliver(&self, facts: &mut TenantFacts, owner: u8, count: usize, again: usize) {
        fn part<E: FeedEvent>(facts: &mut TenantFacts, owner: Owner, log: &[E], count: usize, again: usize) {
            let reached = facts.position(owner).seq as usize;
            let from = reached.saturating_sub(again);
            let to = (reached + count).min(log.len());
            facts.apply(owner, &log[from..to]).expect("a legal delivery");
        }
        match owner % 3 {
            0 => part(facts, Owner::Ticketing, &self.ticketing, count, again),
            1 => part(facts, Owner::Routing, &self.routing, count, again),
            _ => part(facts, Owner::Knowledge, &self.knowledge, count, again),
        }
    }
}

/// Every figure in every variant, by day and every dimension, at two moments.
fn everything(facts: &TenantFacts) -> Vec<Answer> {
    let mut answers = Vec::new();
    for as_of in [250, 2_000] {
        let moment = View::new(facts.facts(), as_of * SECOND);
        for kpi in kpis::ALL {
            for variant in kpi.variants {
                let query = Query {
                    kpi,
                    variant,
                    clock: Clock::Elapsed,
                    from: 0,
                    to: 2_000 * SECOND,
                    zone: Tz::Europe__Berlin,
                    grain: Some(Grain::Hour),
                    by: DIMENSIONS,
                    filters: &[],
                };
                answers.push(query::run(&moment, &query));
            }
        }
    }
    answers
}

proptest! {
    #[test]
    fn the_figures_do_not_depend_on_how_the_feeds_were_delivered(
        deeds in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(), 0..500_i64), 1..80),
        plan in prop::collection::vec((any::<u8>(), 0..6_usize, 0..6_usize), 0..60),
    ) {
        let logs = logs(&deeds);
        let mut plain = TenantFacts::default();
        for owner in 0..3 {
            logs.deliver(&mut plain, owner, usize::MAX / 2, 0);
        }
        let mut wild = TenantFacts::default();
        for (owner, count, again) in plan {
            logs.deliver(&mut wild, owner, count, again);
        }
        for owner in [2, 1, 0] {
            logs.deliver(&mut wild, owner, usize::MAX / 2, 3);
        }
        for owner in OWNERS {
            prop_assert_eq!(plain.position(owner), wild.position(owner));
        }
        prop_assert_eq!(everything(&plain), everything(&wild));
    }
}

#[test]
fn the_comparison_notices_a_single_missing_event() {
    let logs = logs(&[(0, 0, 0, 10), (1, 0, 0, 10), (8, 0, 2, 20)]);
    let mut whole = TenantFacts::default();
    logs.deliver(&mut whole, 0, 3, 0);
    let mut short = TenantFacts::default();
    logs.deliver(&mut short, 0, 2, 0);
    assert_ne!(everything(&whole), everything(&short));
}
