//! Random operations on a real Redis, each compared with the model: nothing lost, nothing held twice, capacity never exceeded,
//! order never violated.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use vorrang_queue::{Change, Confirmation, Confirmed, LeaseRef, Outcome, Place, ReleaseKind, Returns};

use crate::desk::{Desk, LONG_MS, lease, leave, new_token, wait};
use crate::model::{Counted, Event, Model, assert_places_disjoint, raw};

const AGENTS: [&str; 3] = ["anna", "ben", "cleo"];
const CHANNELS: [&str; 2] = ["chat", "email"];
const MAX_RETURNS: u32 = 3;

#[derive(Debug, Clone)]
enum Step {
    Wait {
        ticket: u8,
        newer: i64,
        class: u8,
        due_ms: i64,
        arrival_us: i64,
    },
    Leave {
        ticket: u8,
        newer: i64,
        agent: Option<usize>,
        slot: bool,
    },
    Claim {
        agent: usize,
        chat: u32,
        email: u32,
        count: usize,
        expired: bool,
    },
    Confirm {
        lease: usize,
    },
    Release {
        lease: usize,
        kind: u8,
        passed_over: bool,
    },
    Extend {
        lease: usize,
    },
    Expire {
        passed_over: bool,
        unpark: bool,
    },
    Finish {
        agent: usize,
        ticket: u8,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let ticket = 0..10u8;
    let agent = 0..AGENTS.len();
    prop_oneof![
        6 => (ticket.clone(), -1..3i64, 0..3u8, 0..3i64, 0..3i64)
            .prop_map(|(ticket, newer, class, due_ms, arrival_us)| Step::Wait { ticket, newer, class, due_ms, arrival_us }),
        3 => (ticket.clone(), -1..2i64, proptest::option::of(agent.clone()), any::<bool>())
            .prop_map(|(ticket, newer, agent, slot)| Step::Leave { ticket, newer, agent, slot }),
        6 => (agent.clone(), 0..3u32, 0..3u32, 1..4usize, any::<bool>())
            .prop_map(|(agent, chat, email, count, expired)| Step::Claim { agent, chat, email, count, expired }),
        3 => (0..64usize).prop_map(|lease| Step::Confirm { lease }),
        4 => (0..64usize, 0..4u8, any::<bool>())
            .prop_map(|(lease, kind, passed_over)| Step::Release { lease, kind, passed_over }),
        2 => (0..64usize).prop_map(|lease| Step::Extend { lease }),
        2 => any::<(bool, bool)>().prop_map(|(passed_over, unpark)| Step::Expire { passed_over, unpark }),
        2 => (agent, ticket).prop_map(|(agent, ticket)| Step::Finish { agent, ticket }),
    ]
}

/// Every lease ever given: lease, agent, channel, generation offered.
type Leases = Vec<(LeaseRef, String, String, i64)>;

struct Run {
    desk: Desk,
    model: Model,
    leases: Leases,
    generations: BTreeMap<String, i64>,
}

fn returns(passed_over: bool) -> Returns {
    Returns {
        max: MAX_RETURNS,
        cooldown_ms: if passed_over { LONG_MS } else { 0 },
    }
}

fn channel_of(ticket: &str) -> &'static str {
    CHANNELS[usize::from(ticket.as_bytes()[1] % 2)]
}

impl Run {
    /// A generation relative to the newest one used for the ticket; mostly near it, sometimes older.
    fn generation(&mut self, ticket: &str, newer: i64) -> i64 {
        let newest = self.generations.entry(ticket.to_owned()).or_insert(1);
        let generation = (*newest + newer).max(1);
        *newest = generation.max(*newest);
        generation
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Wait {
                ticket,
                newer,
                class,
                due_ms,
                arrival_us,
            } => {
                let ticket = format!("t{ticket}");
                let generation = self.generation(&ticket, newer);
                let channel = channel_of(&ticket);
                let expected = self.model.wait(
                    &ticket,
                    generation,
                    channel,
                    Place {
                        class,
                        due_ms,
                        arrival_us,
                    },
                );
                let changes = self
                    .desk
                    .apply(vec![wait(&ticket, generation, channel, class, due_ms, arrival_us)])
                    .await;
                assert_eq!(events(changes), expected);
            }
            Step::Leave {
                ticket,
                newer,
                agent,
                slot,
            } => {
                let ticket = format!("t{ticket}");
                let generation = self.generation(&ticket, newer);
                let agent = agent.map(|agent| AGENTS[agent]);
                let slot = slot.then(|| channel_of(&ticket));
                let expected = self.model.leave(&ticket, generation, agent, slot);
                let changes = self.desk.apply(vec![leave(&ticket, generation, agent, slot)]).await;
                assert_eq!(events(changes), expected);
            }
            Step::Claim {
                agent,
                chat,
                email,
                count,
                expired,
            } => {
                self.claim(AGENTS[agent], chat, email, count, expired).await;
            }
            Step::Confirm { lease } => self.confirm(lease).await,
            Step::Release {
                lease,
                kind,
                passed_over,
            } => self.release(lease, kind, passed_over).await,
            Step::Extend { lease } => {
                let Some((lease, ..)) = self.lease(lease) else { return };
                let held = self.model.holds_lease(&lease.ticket, &lease.token);
                if held {
                    self.model.extend(&lease.ticket);
                }
                let extended = self
                    .desk
                    .queue
                    .extend(&self.desk.tenant, LONG_MS, &[lease])
                    .await
                    .expect("extends");
                assert_eq!(extended, [held.then_some(LONG_MS)]);
            }
            Step::Expire { passed_over, unpark } => {
                let free = if unpark { self.model.unpark() } else { 0 };
                let due = self.model.expired();
                let mut expected = BTreeMap::new();
                for ticket in due {
                    let parked = self.model.give_back(&ticket, Counted::Once, MAX_RETURNS, passed_over);
                    expected.insert(ticket, outcome(parked));
                }
                let parked_ms = if unpark { 0 } else { LONG_MS };
                let (expired, unparked) = self.desk.sweep(100, returns(passed_over), parked_ms).await;
                assert_eq!(unparked, free);
                let expired: BTreeMap<_, _> = expired.into_iter().map(|e| (e.lease.ticket, e.outcome)).collect();
                assert_eq!(expired, expected);
            }
            Step::Finish { agent, ticket } => {
                let ticket = format!("t{ticket}");
                let expected = self.model.finish(AGENTS[agent], &ticket);
                let finished = self
                    .desk
                    .queue
                    .finish(&self.desk.tenant, AGENTS[agent], &[ticket])
                    .await
                    .expect("finishes");
                assert_eq!(finished, [expected]);
            }
        }
    }

    fn lease(&self, number: usize) -> Option<(LeaseRef, String, String, i64)> {
        // Counted from the newest, so that most are still alive.
        let at = self.leases.len().checked_sub(1 + number % self.leases.len().max(1))?;
        self.leases.get(at).cloned()
    }

    async fn claim(&mut self, agent: &str, chat: u32, email: u32, count: usize, expired: bool) {
        let capacities = [("chat", chat), ("email", email)];
        let lease_ms = if expired { 0 } else { LONG_MS };
        let offers = self.desk.claim_for(agent, &capacities, count, lease_ms).await;
        let capacities = capacities.map(|(channel, max)| (channel.to_owned(), max));
        for offer in &offers {
            assert_eq!(
                self.model.next(agent, &capacities).as_ref(),
                Some(&offer.ticket),
                "the most urgent one is next"
            );
            let item = &self.model.items[&offer.ticket];
            assert_eq!(
                (offer.generation, offer.place, offer.returns),
                (item.generation, item.place, item.returns)
            );
            self.model.lease(&offer.ticket, agent, &offer.token, expired);
            for (channel, max) in &capacities {
                let load = self.model.load(agent, channel);
                let before = offers.iter().filter(|o| o.lane.channel() == channel).count() as u32;
                assert!(
                    before == 0 || load <= *max,
                    "capacity of {agent} for {channel} exceeded"
                );
            }
            self.leases.push((
                lease(offer),
                agent.to_owned(),
                offer.lane.channel().to_owned(),
                offer.generation,
            ));
        }
        if offers.len() < count {
            assert_eq!(
                self.model.next(agent, &capacities),
                None,
                "nothing that could be offered was left out"
            );
        }
    }

    async fn confirm(&mut self, number: usize) {
        let Some((lease, agent, channel, offered)) = self.lease(number) else {
            return;
        };
        let generation = offered + 1;
        let newest = self.generations.entry(lease.ticket.clone()).or_insert(1);
        *newest = generation.max(*newest);
        let expected = self
            .model
            .confirm(&lease.ticket, &lease.token, &agent, &channel, generation);
        let confirmation = Confirmation {
            ticket: lease.ticket,
            token: lease.token,
            agent,
            channel,
            generation,
        };
        let confirmed = self
            .desk
            .queue
            .confirm(&self.desk.tenant, &[confirmation])
            .await
            .expect("confirms");
        let ended = match confirmed.as_slice() {
            [Confirmed::Stale] => None,
            [Confirmed::Held { ended }] => Some(ended.as_ref().map(|held| held.agent.clone())),
            other => panic!("{other:?}"),
        };
        assert_eq!(ended, expected);
    }

    async fn release(&mut self, number: usize, kind: u8, passed_over: bool) {
        let Some((lease, ..)) = self.lease(number) else { return };
        let held = self.model.holds_lease(&lease.ticket, &lease.token);
        let kind = [
            ReleaseKind::Counted,
            ReleaseKind::Lost,
            ReleaseKind::Uncounted,
            ReleaseKind::Discard,
        ][usize::from(kind)];
        let expected = match kind {
            _ if !held => Outcome::Gone,
            ReleaseKind::Discard => {
                self.model.discard(&lease.ticket);
                Outcome::Discarded
            }
            _ => {
                let counted = match kind {
                    ReleaseKind::Counted => Counted::Always,
                    ReleaseKind::Lost => Counted::Once,
                    _ => Counted::Never,
                };
                outcome(self.model.give_back(&lease.ticket, counted, MAX_RETURNS, passed_over))
            }
        };
        let released = self
            .desk
            .queue
            .release(&self.desk.tenant, kind, returns(passed_over), &[lease])
            .await
            .expect("releases");
        assert_eq!(released, [expected]);
    }

    async fn compare(&self, connection: &mut redis::aio::MultiplexedConnection) {
        let (raw, by_holder) = raw(connection, &self.desk.tenant).await;
        assert_places_disjoint(&raw);
        assert_eq!(raw.loads, by_holder, "slots and holders agree");
        let waiting: BTreeSet<_> = self
            .model
            .waiting()
            .into_iter()
            .map(|(ticket, _)| ticket.clone())
            .collect();
        assert_eq!(raw.waiting, waiting);
        let items: BTreeSet<_> = self.model.items.keys().cloned().collect();
        assert_eq!(raw.items, items);
        for agent in AGENTS {
            for channel in CHANNELS {
                let load = raw.loads.get(&format!("{agent}\n{channel}")).copied().unwrap_or(0);
                assert_eq!(load, self.model.load(agent, channel), "{agent} {channel}");
            }
        }
    }
}

fn outcome(parked: Option<bool>) -> Outcome {
    match parked {
        None => Outcome::Gone,
        Some(true) => Outcome::Parked,
        Some(false) => Outcome::Requeued,
    }
}

fn events(changes: Vec<Change>) -> Vec<Event> {
    changes
        .into_iter()
        .map(|change| match change {
            Change::Revoked(held) => ("revoked", held.ticket, held.agent),
            Change::Assigned(held) => ("assigned", held.ticket, held.agent),
            Change::Freed(held) => ("freed", held.ticket, held.agent),
        })
        .collect()
}

#[test]
fn random_operations_agree_with_the_model() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let redis = runtime.block_on(vorrang_testkit::redis());
    let url = redis.url().to_owned();
    let mut config = ProptestConfig::with_cases(100);
    config.failure_persistence = None;
    proptest!(config, |(steps in vec(step(), 1..80))| {
        runtime.block_on(async {
            let client = redis::Client::open(url.as_str()).expect("a URL");
            let mut connection = client.get_multiplexed_async_connection().await.expect("connects");
            let mut run = Run {
                desk: Desk::at(&url, &new_token()).await,
                model: Model::default(),
                leases: Vec::new(),
                generations: BTreeMap::new(),
            };
            for step in steps {
                run.step(step).await;
                run.compare(&mut connection).await;
            }
        });
    });
}
