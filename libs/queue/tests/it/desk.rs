//! What the tests share: queues that are ready, and short ways to say what waits and who asks.

use std::sync::atomic::{AtomicU64, Ordering};

use vorrang_queue::{
    Applied, Batch, Begin, Change, Claim, Claimed, Expired, Lane, LeaseRef, Offer, Operation, Place, Queue, Returns,
    Swept, Waiting,
};
use vorrang_testkit::TestRedis;

pub const LONG_MS: u64 = 600_000;
pub const RETURNS: Returns = Returns { max: 3, cooldown_ms: 0 };

/// One tenant's queues, ready and empty.
pub struct Desk {
    pub queue: Queue,
    pub tenant: String,
    pub seq: AtomicU64,
    pub redis: Option<TestRedis>,
}

impl Desk {
    pub async fn open() -> Self {
        let redis = vorrang_testkit::redis().await;
        let mut desk = Self::at(redis.url(), "acme").await;
        desk.redis = Some(redis);
        desk
    }

    pub async fn at(url: &str, tenant: &str) -> Self {
        let desk = Self {
            queue: Queue::connect(url).expect("a URL"),
            tenant: tenant.to_owned(),
            seq: AtomicU64::new(0),
            redis: None,
        };
        desk.rebuild_empty().await;
        desk
    }

    pub async fn rebuild_empty(&self) {
        let token = new_token();
        let begun = self
            .queue
            .begin_rebuild(&self.tenant, &token, None)
            .await
            .expect("begins");
        assert_eq!(begun, Begin::Yours);
        self.queue.end_rebuild(&self.tenant, &token, 0, "").await.expect("ends");
        self.seq.store(0, Ordering::SeqCst);
    }

    /// Applies operations as the next events of the feed.
    pub async fn apply(&self, operations: Vec<Operation>) -> Vec<Change> {
        let count = operations.len() as u64;
        let from = self.seq.fetch_add(count, Ordering::SeqCst) as i64;
        let operations = operations
            .into_iter()
            .enumerate()
            .map(|(index, operation)| at_position(operation, from + 1 + index as i64))
            .collect();
        let to = from + count as i64;
        let batch = Batch {
            from,
            to,
            cursor: format!("cursor-{to}"),
            mark: None,
            operations,
        };
        match self.queue.apply(&self.tenant, &batch).await.expect("applies") {
            Applied::Done(changes) => changes,
            other => panic!("not applied: {other:?}"),
        }
    }

    pub async fn expire(&self, limit: usize, returns: Returns) -> Vec<Expired> {
        let (expired, unparked) = self.sweep(limit, returns, LONG_MS).await;
        assert_eq!(unparked, 0, "nothing is parked for so long");
        expired
    }

    /// Leases ended, and how many parked contacts wait again.
    pub async fn sweep(&self, limit: usize, returns: Returns, parked_ms: u64) -> (Vec<Expired>, usize) {
        let swept = self.queue.expire(&self.tenant, limit, returns, parked_ms).await;
        match swept.expect("expires") {
            Swept::Done { expired, unparked } => (expired, unparked),
            Swept::NotReady => panic!("the queues are not ready"),
        }
    }

    pub async fn claim(&self, agent: &str, capacities: &[(&str, u32)], count: usize) -> Vec<Offer> {
        self.claim_for(agent, capacities, count, LONG_MS).await
    }

    pub async fn claim_for(&self, agent: &str, capacities: &[(&str, u32)], count: usize, lease_ms: u64) -> Vec<Offer> {
        match try_claim(&self.queue, &self.tenant, agent, capacities, count, lease_ms).await {
            Claimed::Offers(offers) => offers,
            Claimed::NotReady => panic!("the queues are not ready"),
        }
    }
}

pub async fn try_claim(
    queue: &Queue,
    tenant: &str,
    agent: &str,
    capacities: &[(&str, u32)],
    count: usize,
    lease_ms: u64,
) -> Claimed {
    let capacities: Vec<_> = capacities
        .iter()
        .map(|(channel, max)| ((*channel).to_owned(), *max))
        .collect();
    let tokens: Vec<_> = (0..count).map(|_| new_token()).collect();
    let queues = ["default".to_owned()];
    let claim = Claim {
        agent,
        queues: &queues,
        capacities: &capacities,
        lease_ms,
        tokens: &tokens,
    };
    queue.claim(tenant, &claim).await.expect("claims")
}

pub fn new_token() -> String {
    uuid::Uuid::new_v4().to_string()
}

fn at_position(operation: Operation, at: i64) -> Operation {
    match operation {
        Operation::Wait {
            ticket,
            generation,
            waiting,
            ..
        } => Operation::Wait {
            seq: at,
            ticket,
            generation,
            waiting,
        },
        Operation::Leave {
            ticket,
            generation,
            agent,
            slot,
            ..
        } => Operation::Leave {
            seq: at,
            ticket,
            generation,
            agent,
            slot,
        },
    }
}

/// A contact in the default queue; arrival counts microseconds.
pub fn wait(ticket: &str, generation: i64, channel: &str, class: u8, due_ms: i64, arrival_us: i64) -> Operation {
    Operation::Wait {
        seq: 0,
        ticket: ticket.to_owned(),
        generation,
        waiting: Waiting {
            lane: Lane::new("default", channel),
            place: Place {
                class,
                due_ms,
                arrival_us,
            },
            trace: format!("trace-of-{ticket}"),
            data: ticket.as_bytes().to_vec(),
        },
    }
}

pub fn leave(ticket: &str, generation: i64, agent: Option<&str>, slot: Option<&str>) -> Operation {
    Operation::Leave {
        seq: 0,
        ticket: ticket.to_owned(),
        generation,
        agent: agent.map(str::to_owned),
        slot: slot.map(str::to_owned),
    }
}

pub fn lease(offer: &Offer) -> LeaseRef {
    LeaseRef {
        ticket: offer.ticket.clone(),
        token: offer.token.clone(),
    }
}

pub fn tickets(offers: &[Offer]) -> Vec<&str> {
    offers.iter().map(|offer| offer.ticket.as_str()).collect()
}
